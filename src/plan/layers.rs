//! What a plan has to learn of its layers, and of the pixels of its picture.

use super::Error;
use super::effect::EffectStep;
use super::facts::{Facts, Size};
use super::raster::Step;
use super::seen::{Needs, Seen};
use super::text::Text;
use crate::spec::{AssetRef, Turn};

/// Where a plan learns what its layers are. Whoever makes a plan has fetched them.
pub trait Layers {
    /// A stored picture: its number for the renderer, and what probing tells.
    ///
    /// # Errors
    /// [`Error::NoLayer`] when it is not there, [`Error::BadLayer`] when it is no picture.
    fn picture(&self, asset: &AssetRef) -> Result<(usize, Facts), Error>;

    /// A table that maps colours: its number for the renderer.
    ///
    /// # Errors
    /// As for [`Layers::picture`].
    fn colour_table(&self, asset: &AssetRef) -> Result<usize, Error>;

    /// A text: its number for the renderer, and its size once it is drawn. `most` is the most pixels
    /// that it may have.
    ///
    /// # Errors
    /// [`Error::BadLayer`] when it cannot be drawn.
    fn text(&self, text: &Text, most: u64) -> Result<(usize, Size), Error>;

    /// The size that a trim leaves: of the picture itself (`None`) or of a layer's source, after these
    /// steps. `None` where the pixels are not at hand; the rest of the chain is then planned as if
    /// nothing were cut off.
    fn trimmed(&self, of: Option<usize>, steps: &[Step], trim: &EffectStep) -> Option<Size> {
        let _ = (of, steps, trim);
        None
    }

    /// What a look at the base picture finds, upright by `orientation`. Nothing where nobody looks.
    fn look(&self, needs: Needs, orientation: Turn) -> Seen {
        let _ = (needs, orientation);
        Seen::default()
    }
}

/// No layer is there.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLayers;

impl Layers for NoLayers {
    fn picture(&self, asset: &AssetRef) -> Result<(usize, Facts), Error> {
        Err(Error::NoLayer(asset.clone()))
    }

    fn colour_table(&self, asset: &AssetRef) -> Result<usize, Error> {
        Err(Error::NoLayer(asset.clone()))
    }

    fn text(&self, text: &Text, _: u64) -> Result<(usize, Size), Error> {
        Err(Error::BadLayer {
            layer: text.text.chars().take(40).collect(),
            reason: "texts are not drawn here".into(),
        })
    }
}
