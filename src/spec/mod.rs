//! What to make, in native words only: the language of the house.
//!
//! A [`TransformSpec`] is what every dialect reads into and what everything above works from. It is
//! plain data (`Eq`, `Hash`), prints as one line, and that line is at once the snapshot, the log
//! field, the `explain` output and the text behind the cache key:
//!
//! ```
//! use cldgate::spec::{Area, Direction, Format, FormatChoice, Frame, Op, Resize, TransformSpec};
//!
//! let mut spec = TransformSpec::default();
//! spec.ops.push(Op::Resize(Resize::new(Frame::Cover, Direction::Any, Area::px(300, 300))));
//! spec.output.format = FormatChoice::Named(Format::WebP);
//! assert_eq!(spec.to_string(), "resize 300x300 cover @center | encode webp");
//! ```
//!
//! Defaults are filled, aliases folded and units native. What depends on the source (`w_0.5`, `iw`)
//! stays symbolic until [`crate::plan`] has facts.

mod asset;
mod display;
mod op;
mod output;
mod unit;

pub use asset::{AssetRef, AssetType, DeliveryType};
pub use op::{
    Area, Border, Corner, Crop, Direction, Dpr, Fill, Frame, Gravity, Offset, Op, Radii, Resize,
    Subject, Turn,
};
pub use output::{Chroma, Format, FormatChoice, Level, Metadata, Output, Progressive, Quality};
pub use unit::{Angle, Colour, Compass, Decimal, Length, Percent, Ratio, Side};

/// What to make of one asset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TransformSpec {
    /// Which part of the source is the picture to start from.
    pub select: Select,
    /// What is done to it, in this order.
    pub ops: Vec<Op>,
    /// How the result is written.
    pub output: Output,
}

impl TransformSpec {
    /// Whether nothing at all is asked: the bytes go out as they are stored.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        self.select == Select::Whole && self.ops.is_empty() && self.output == Output::default()
    }
}

/// Which part of a source with several pictures is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Select {
    /// The whole source: its first page, all its frames.
    #[default]
    Whole,
    /// One page, layer or frame, counted from 1.
    Page(u32),
}
