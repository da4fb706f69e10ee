//! The order of blocks in a scan, restart markers, and what happens where the bits end too early.

use crate::error::Error;
use crate::reader::Reader;

/// What is done with each block.
pub(crate) trait Visitor {
    /// Takes a block's bits. `part` counts the components of the scan.
    fn block(&mut self, part: usize, column: u32, row: u32, reader: &mut Reader<'_>);
    /// Forgets what earlier blocks said: a restart marker was passed.
    fn restart(&mut self);
}

/// A scan to be walked through.
pub(crate) struct Walk<'a, 'f> {
    /// Blocks of an MCU for each component, across and down.
    pub samplings: Vec<(u32, u32)>,
    /// MCUs across, and rows of them that anyone needs.
    pub mcus: (u32, u32),
    /// MCUs between restart markers; 0 for none.
    pub interval: u32,
    pub reader: &'a mut Reader<'f>,
    /// Asked before every row of MCUs.
    pub stop: &'a mut dyn FnMut() -> bool,
}

impl Walk<'_, '_> {
    /// Visits every block, up to the last row that anyone needs. Where the bits end early, the rest of the
    /// blocks up to the next restart marker are left as they are.
    #[inline(always)]
    pub fn run<V: Visitor>(self, visitor: &mut V) -> Result<(), Error> {
        let Self {
            samplings,
            mcus,
            interval,
            reader,
            stop,
        } = self;
        let mut left = interval;
        let mut marker = 0;
        let mut over = false;
        for row in 0..mcus.1 {
            if stop() {
                return Err(Error::Stopped);
            }
            for column in 0..mcus.0 {
                if interval > 0 {
                    if left == 0 {
                        reader.restart(marker);
                        visitor.restart();
                        marker = (marker + 1) & 7;
                        left = interval;
                        over = false;
                    }
                    left -= 1;
                }
                if over {
                    if interval == 0 {
                        return Ok(());
                    }
                    continue;
                }
                reader.ready();
                for (part, &(across, down)) in samplings.iter().enumerate() {
                    for y in 0..down {
                        for x in 0..across {
                            visitor.block(part, column * across + x, row * down + y, reader);
                        }
                    }
                }
                if reader.overrun() {
                    reader.damaged = true;
                    over = true;
                }
            }
        }
        Ok(())
    }
}
