//! What probing a source tells, before anything is decoded.

use crate::spec::{Format, Turn};

/// Width and height in pixels, both at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Size {
    /// Left to right.
    pub width: u32,
    /// Top to bottom.
    pub height: u32,
}

impl Size {
    /// A size; zero becomes one, for no picture is empty.
    #[must_use]
    pub fn new(width: u32, height: u32) -> Self {
        Self {
            width: width.max(1),
            height: height.max(1),
        }
    }

    /// Pixels in all.
    #[must_use]
    pub fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// Reduced, its shape kept, so that its longer side has at most so many pixels.
    #[must_use]
    pub fn reduced_to(self, most: u32) -> Self {
        let longer = self.width.max(self.height);
        if longer <= most {
            return self;
        }
        let side = |side: u32| {
            let reduced = u64::from(side) * u64::from(most) / u64::from(longer);
            u32::try_from(reduced).unwrap_or(most)
        };
        Self::new(side(self.width), side(self.height))
    }

    /// Width and height exchanged where the turn exchanges them.
    #[must_use]
    pub const fn turned(self, turn: Turn) -> Self {
        if turn.swaps() {
            Self {
                width: self.height,
                height: self.width,
            }
        } else {
            self
        }
    }
}

/// What probing tells about a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The format of the bytes themselves, whatever their name says.
    pub format: Format,
    /// The size as stored, before any orientation tag is applied.
    pub size: Size,
    /// How the stored picture is to be laid down to stand upright (EXIF orientation).
    pub orientation: Turn,
    /// Whether any pixel may be transparent.
    pub alpha: bool,
    /// Frames; 1 for a still.
    pub frames: u32,
    /// Bytes of the file.
    pub bytes: u64,
}

impl Facts {
    /// The size as it is meant to be seen.
    #[must_use]
    pub const fn upright(&self) -> Size {
        self.size.turned(self.orientation)
    }
}
