//! The order of blocks in a scan, restart markers, and what happens where the bits end too early.

use crate::error::Error;

/// The coded bytes of a scan, from one restart marker to the next.
pub(crate) trait Source {
    /// Makes sure that the bytes of a whole MCU are at hand, or the end of the segment.
    fn ready(&mut self);
    /// Goes to the segment behind restart marker `expected` (0 to 7).
    fn restart(&mut self, expected: u8);
    /// Whether more was taken than the segment has.
    fn spent(&self) -> bool;
    /// Notes that something was not as it should be.
    fn damage(&mut self);
}

/// What is done with each block.
pub(crate) trait Visitor<S> {
    /// Takes a block's bits. `part` counts the components of the scan.
    fn block(&mut self, part: usize, column: u32, row: u32, source: &mut S);
    /// Forgets what earlier blocks said: a restart marker was passed.
    fn restart(&mut self);
}

/// A scan to be walked through.
pub(crate) struct Walk<'a, S> {
    /// Blocks of an MCU for each component, across and down.
    pub samplings: Vec<(u32, u32)>,
    /// MCUs across, and rows of them that anyone needs.
    pub mcus: (u32, u32),
    /// MCUs between restart markers; 0 for none.
    pub interval: u32,
    pub source: &'a mut S,
    /// Asked before every row of MCUs.
    pub stop: &'a mut dyn FnMut() -> bool,
}

impl<S: Source> Walk<'_, S> {
    /// Visits every block, up to the last row that anyone needs. Where the bits end early, the rest of the
    /// blocks up to the next restart marker are left as they are.
    #[inline(always)]
    pub fn run<V: Visitor<S>>(self, visitor: &mut V) -> Result<(), Error> {
        let Self {
            samplings,
            mcus,
            interval,
            source,
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
                        source.restart(marker);
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
                source.ready();
                for (part, &(across, down)) in samplings.iter().enumerate() {
                    for y in 0..down {
                        for x in 0..across {
                            visitor.block(part, column * across + x, row * down + y, source);
                        }
                    }
                }
                if source.spent() {
                    source.damage();
                    over = true;
                }
            }
        }
        Ok(())
    }
}
