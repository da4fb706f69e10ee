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
mod effect;
mod expr;
mod op;
mod output;
mod overlay;
mod setting;
mod support;
mod symbol;
mod unit;

pub use asset::{AssetRef, AssetType, DeliveryType};
pub use display::OneLine;
pub use effect::{
    ColourVision, Curve, Effect, FadeMode, Kernel, Loudness, Morph, OutlineMode, Region, Scene,
    Sight, Stop,
};
pub use expr::{Amount, Binary, Expr, Fact, Hundredths, Operator};
pub use op::{
    Area, Border, Clip, Corner, Crop, Derived, Direction, Dpr, Fill, Frame, Gravity, Let, Offset,
    Op, Otherwise, Radii, Resize, ResizeBy, Subject, Time, Trim, Turn, TurnToShape, When,
};
pub use output::{Chroma, Format, FormatChoice, Level, Metadata, Output, Progressive, Quality};
pub use overlay::{Align, Blend, Overlay, Source, Style, Text, TextPiece};
pub use setting::Setting;
pub use support::Support;
pub use symbol::{Symbolic, Symbols};
pub use unit::{Angle, Colour, Compass, Decimal, Ink, Length, Percent, Ratio, Side};

/// What to make of one asset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TransformSpec {
    /// Which part of the source is the picture to start from.
    pub select: Select,
    /// What is done to it, in this order.
    pub ops: Vec<Op>,
    /// How the result is written.
    pub output: Output,
    /// Stands in for the asset where that is missing.
    pub default_image: Option<Box<AssetRef>>,
}

impl TransformSpec {
    /// Whether nothing at all is asked: the bytes go out as they are stored.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        self.select == Select::Whole && self.ops.is_empty() && self.output == Output::default()
    }

    /// The assets that it needs beside its own: those of layers, in the order of the chain, and then
    /// the one that stands in for a missing asset.
    #[must_use]
    pub fn sources(&self) -> Vec<&AssetRef> {
        let mut found = Vec::new();
        self.gather(&mut found);
        found
    }

    /// Those of layers alone.
    #[must_use]
    pub fn layers(&self) -> Vec<&AssetRef> {
        let mut found = Vec::new();
        layers(&self.ops, &mut found);
        found
    }

    fn gather<'a>(&'a self, found: &mut Vec<&'a AssetRef>) {
        layers(&self.ops, found);
        found.extend(self.default_image.as_deref());
    }
}

fn layers<'a>(ops: &'a [Op], found: &mut Vec<&'a AssetRef>) {
    for op in ops {
        match op {
            Op::Overlay(overlay) => {
                found.extend(overlay.source.asset());
                if let Source::Text(text) = &overlay.source {
                    found.extend(&text.font_files);
                }
                layers(&overlay.ops, found);
            }
            Op::Effect(effect) => {
                if let Effect::ClippingPath { mask } = &**effect {
                    found.extend(mask.as_deref());
                }
            }
            Op::When(when) => {
                when.then.gather(found);
                when.otherwise.gather(found);
            }
            _ => {}
        }
    }
}

/// Which part of a source with several pictures is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Select {
    /// The whole source: its first page, all its frames.
    #[default]
    Whole,
    /// One page, layer or frame, counted from 1.
    Page(u32),
    /// Several, each range with its first and last; without a last it goes on to the end.
    Pages(Box<[(u32, Option<u32>)]>),
    /// Layers of the source by their names, or objects in it (`embedded`) by name or number.
    Named {
        /// Objects instead of layers.
        embedded: bool,
        /// Their names.
        names: Box<[Box<str>]>,
    },
    /// The page that an expression gives when the chain begins.
    PageBy(Box<Expr>),
}
