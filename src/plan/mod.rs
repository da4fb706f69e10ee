//! Specification plus facts to a plan: all arithmetic lives here, and nothing here touches the world.

mod facts;
mod raster;

pub use facts::{Facts, Size};
pub use raster::{Encode, Paint, RasterPlan, Region, Rounding, Step};
