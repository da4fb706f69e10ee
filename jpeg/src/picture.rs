//! What is asked for, and what is given.

use crate::plane::Plane;
use crate::scale::Scale;

/// The part of a picture that is asked for, and how small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Columns of source pixels, `start..end`; cut to the picture.
    pub columns: (u32, u32),
    /// Rows of source pixels.
    pub rows: (u32, u32),
    /// The scale of the components that are sampled most finely: light, or all.
    pub scale: Scale,
    /// The least scale of the components that are sampled more coarsely than others, where they would come
    /// out with fewer than that many samples for each of `scale`'s. `false`: every component at `scale`.
    pub colour_alike: bool,
    /// Most bytes for planes and coefficients.
    pub memory: u64,
}

impl Request {
    /// All of a picture at a scale, in at most a gibibyte.
    #[must_use]
    pub const fn whole(scale: Scale) -> Self {
        Self {
            columns: (0, u32::MAX),
            rows: (0, u32::MAX),
            scale,
            colour_alike: false,
            memory: 1 << 30,
        }
    }
}

/// What the components mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// One: light.
    Grey,
    /// Light and the differences of blue and red, full range, ITU-R BT.601.
    YCbCr,
    /// Red, green, blue.
    Rgb,
    /// Inks, 255 for none: so Adobe's programs write them, and browsers read them in every file.
    Cmyk,
    /// Inks likewise, the first three as YCbCr.
    Ycck,
}

/// A decoded picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Source pixels, across and down.
    pub size: (u32, u32),
    /// What the planes mean.
    pub model: Model,
    /// One for each component, in the file's order.
    pub planes: Vec<Plane>,
    /// The embedded ICC profile.
    pub profile: Option<Vec<u8>>,
    /// Something was missing or wrong behind the headers; what could not be decoded is grey.
    pub damaged: bool,
}
