//! Where decoded blocks go: planes of just the samples that are asked for.

use crate::error::Error;
use crate::frame::Component;
use crate::scale::Scale;

/// The samples of one component.
///
/// Sample `(x, y)` of the plane is the mean of the source pixels from `((left + x) * step.0, (top + y) *
/// step.1)`, `step` wide and high: samples lie in the middle of what they stand for, at every sampling and
/// scale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plane {
    /// Samples a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Samples of the whole scaled component to the left of this plane.
    pub left: usize,
    /// Rows of the whole scaled component above this plane.
    pub top: usize,
    /// Source pixels for each sample, to the right and downwards.
    pub step: (u32, u32),
    /// Rows without padding, 0 to 255.
    pub samples: Vec<u8>,
}

/// The blocks of a component that are asked for, and their samples as far as they are decoded.
pub(crate) struct Canvas {
    pub scale: Scale,
    /// Blocks from left to right, `start..end`.
    pub columns: (u32, u32),
    /// Blocks from top to bottom.
    pub rows: (u32, u32),
    /// Samples a row, whole blocks.
    stride: usize,
    samples: Vec<u8>,
}

/// What the middle of the range looks like: where nothing can be decoded.
const GREY: u8 = 128;

impl Canvas {
    /// Blocks of a component that source pixels `x` and `y` touch (`start..end`, inside the picture).
    pub fn new(component: &Component, scale: Scale, x: (u32, u32), y: (u32, u32)) -> Self {
        let span = |(start, end): (u32, u32), pixels: u32, blocks: u32| {
            // `pixels` source pixels make a block.
            let end = end.div_ceil(pixels).clamp(1, blocks);
            ((start / pixels).min(end - 1), end)
        };
        let (step_x, step_y) = component.step;
        let columns = span(x, step_x * 8, component.blocks.0);
        let rows = span(y, step_y * 8, component.blocks.1);
        Self {
            scale,
            columns,
            rows,
            stride: (columns.1 - columns.0) as usize * scale.samples() as usize,
            samples: Vec::new(),
        }
    }

    /// Bytes that [`allocate`](Self::allocate) takes.
    pub fn bytes(&self) -> u64 {
        self.stride as u64 * u64::from(self.rows.1 - self.rows.0) * u64::from(self.scale.samples())
    }

    pub fn allocate(&mut self) -> Result<(), Error> {
        let bytes = usize::try_from(self.bytes()).map_err(|_| Error::TooLarge)?;
        self.samples
            .try_reserve_exact(bytes)
            .map_err(|_| Error::TooLarge)?;
        self.samples.resize(bytes, GREY);
        Ok(())
    }

    /// Whether a block is asked for.
    #[inline(always)]
    pub fn contains(&self, column: u32, row: u32) -> bool {
        column.wrapping_sub(self.columns.0) < self.columns.1 - self.columns.0
            && row.wrapping_sub(self.rows.0) < self.rows.1 - self.rows.0
    }

    /// Puts a block's samples in their place. The block must be one that is asked for.
    #[inline(always)]
    pub fn put<const N: usize>(&mut self, column: u32, row: u32, block: &[[u8; N]; N]) {
        let mut at = self.place::<N>(column, row);
        for line in block {
            if let Some(target) = self.samples.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
                *target = *line;
            }
            at += self.stride;
        }
    }

    #[inline(always)]
    fn place<const N: usize>(&self, column: u32, row: u32) -> usize {
        let (x, y) = (
            column.wrapping_sub(self.columns.0),
            row.wrapping_sub(self.rows.0),
        );
        y as usize * N * self.stride + x as usize * N
    }

    /// The plane, without the samples that only fill the last blocks.
    pub fn finish(mut self, component: &Component) -> Plane {
        let n = self.scale.samples();
        let side = |blocks: (u32, u32), size: u32| {
            let whole = (u64::from(size) * u64::from(n)).div_ceil(8);
            let start = u64::from(blocks.0 * n);
            (
                start as usize,
                (whole.min(u64::from(blocks.1 * n)) - start) as usize,
            )
        };
        let (left, width) = side(self.columns, component.size.0);
        let (top, height) = side(self.rows, component.size.1);
        if width < self.stride {
            // Rows only ever move towards the front.
            for row in 1..height {
                let from = row * self.stride;
                self.samples.copy_within(from..from + width, row * width);
            }
        }
        self.samples.truncate(width * height);
        let reduction = self.scale.reduction();
        Plane {
            width,
            height,
            left,
            top,
            step: (component.step.0 * reduction, component.step.1 * reduction),
            samples: self.samples,
        }
    }
}
