//! What is done to regions that were found in a picture: effects on faces, and layers laid on them.

use super::Error;
use super::effect::Rect;
use super::facts::Size;
use super::make::Walk;
use super::seen::Seen;
use crate::spec::{Effect, Overlay};

/// Most faces that something is done to.
const MOST_FACES: usize = 32;

/// Whether an effect is done to faces.
pub(super) fn is_of_faces(effect: &Effect) -> bool {
    match effect {
        Effect::BlurFaces { .. } | Effect::PixelateFaces { .. } => true,
        Effect::BlurRegion { region, .. } | Effect::PixelateRegion { region, .. } => {
            matches!(region.subject.as_deref(), Some("face" | "faces"))
        }
        _ => false,
    }
}

/// Where a layer lies that would be at `place` if it were centred on the picture of `size`: the same, centred
/// on a region.
pub(super) fn centred((x, y): (i64, i64), region: Rect, size: Size) -> (i64, i64) {
    let moved = |from: u32, length: u32, all: u32| {
        i64::from(from) + i64::from(length / 2) - i64::from(all / 2)
    };
    (
        x + moved(region.left, region.width, size.width),
        y + moved(region.top, region.height, size.height),
    )
}

impl Seen {
    /// The regions of faces in pixels of a picture of `size`, each grown by a share of its sides on each
    /// side and cut to the picture.
    #[must_use]
    pub fn faces_in(&self, size: Size, only_largest: bool, grow: f64) -> Vec<Rect> {
        let (w, h) = (f64::from(size.width), f64::from(size.height));
        let most = if only_largest { 1 } else { MOST_FACES };
        let pixels = |from: f64, to: f64, side: f64| {
            let (from, to) = (from.clamp(0.0, side).round(), to.clamp(0.0, side).round());
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "inside a picture, whose sides are 32-bit"
            )]
            (from as u32, (to - from) as u32)
        };
        let faces = self.faces.iter().take(most).map(|face| {
            let (more_x, more_y) = (face.width * grow, face.height * grow);
            let (right, bottom) = (face.x + face.width, face.y + face.height);
            let (left, width) = pixels((face.x - more_x) * w, (right + more_x) * w, w);
            let (top, height) = pixels((face.y - more_y) * h, (bottom + more_y) * h, h);
            Rect {
                left,
                top,
                width,
                height,
            }
        });
        faces.filter(|r| r.width > 0 && r.height > 0).collect()
    }
}

impl Walk<'_> {
    /// One copy on every face, or on the largest; none where there is no face.
    pub(super) fn on_faces(&mut self, overlay: &Overlay, only_largest: bool) -> Result<(), Error> {
        let count = self.seen.faces_in(self.size, only_largest, 0.0).len();
        for n in 0..count {
            // A copy may have made the canvas larger.
            let faces = self.seen.faces_in(self.size, only_largest, 0.0);
            if let Some(face) = faces.get(n) {
                self.lay(overlay, Some(*face))?;
            }
        }
        Ok(())
    }
}
