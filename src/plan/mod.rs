//! Specification plus facts to a plan: all arithmetic lives here, and nothing here touches the world.

mod attention;
mod client;
mod density;
mod effect;
mod evaluate;
mod facts;
mod fold;
mod frames;
mod geometry;
mod hints;
mod layers;
mod limits;
mod make;
mod measure;
mod memory;
mod negotiate;
mod overlay;
mod playback;
mod raster;
mod region;
mod seen;
mod settle;
mod text;
mod vary;

use std::borrow::Cow;

use thiserror::Error as ThisError;

pub use attention::Attention;
pub use client::{Varies, relevant, varies};
pub use effect::{
    Arc, Balance, EffectStep, Fade, Knot, Outline, Point, Rect, Sight, Travel, Veil, Warp,
};
pub use evaluate::Fault;
pub use facts::{Facts, Size};
pub use fold::fold;
pub use frames::{Frames, Motion};
pub use hints::Hints;
pub use layers::{Layers, NoLayers};
pub use limits::Limits;
pub use make::{Rules, is_original, make, make_with};
pub use memory::{drawn_memory, inspection_memory};
pub use negotiate::{Negotiated, Writable, negotiate};
pub use overlay::{Layer, Mix};
pub use playback::{Order, Pass};
pub use raster::{
    Colours, Encode, OwnColours, Paint, Palette, PngKind, RasterPlan, Region, Rounding, Scaling,
    Step, TiffKind, Towards, Window, shrink,
};
pub use seen::{Needs, Seen};
pub use text::Text;

use make::paint;

use crate::spec::AssetRef;

/// How a request is answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Plan {
    /// The stored bytes, untouched.
    Original,
    /// The stored drawing, without what could do more than show.
    Sanitized,
    /// Pixels.
    Raster(RasterPlan),
    /// Not the picture but facts about it, as JSON.
    Info(InfoPlan),
}

/// What facts are wanted about.
#[derive(Clone, Debug, PartialEq)]
pub struct InfoPlan {
    /// What would be delivered; `None`: the stored bytes.
    pub picture: Option<RasterPlan>,
    /// The part of the upright source that an automatic gravity has kept, where one was used.
    pub salient: Option<Region>,
}

/// Why no plan can be made.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[allow(missing_docs, reason = "the messages are the documentation")]
pub enum Error {
    #[error("{what}: {asked} is over the limit of {limit}")]
    OverLimit {
        what: &'static str,
        asked: u64,
        limit: u64,
    },
    #[error("crop at {x},{y} lies outside the picture of {width}x{height}")]
    EmptyRegion {
        x: i64,
        y: i64,
        width: u32,
        height: u32,
    },
    #[error("page {page} asked for, the source has {pages}")]
    NoSuchPage { page: u32, pages: u32 },
    /// A layer's source that nobody has.
    #[error("no origin has the layer {0}")]
    NoLayer(AssetRef),
    /// A layer that cannot be made.
    #[error("layer {layer}: {reason}")]
    BadLayer {
        layer: Box<str>,
        reason: Cow<'static, str>,
    },
    /// An expression, a condition or a variable.
    #[error(transparent)]
    Expression(#[from] Fault),
}
