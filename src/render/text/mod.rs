//! Texts to pictures: shaping, bidirectional order, ligatures and fallback are cosmic-text's; where
//! lines end and what is drawn around letters is ours.

mod fonts;
mod ink;
mod lines;

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;

pub use fonts::{FontFile, Fonts, is_font};

use super::ledger::Share;
use super::raster::Raster;
use crate::plan::{Size, Text};

/// Room between the letters and the edge of a box behind them, as a share of their size. Assumed.
const BOX_PADDING: f64 = 0.15;

/// Most lines of a text.
const MAX_LINES: usize = 500;

/// Why a text is not drawn.
pub(super) type Reason = Cow<'static, str>;

/// Bytes for each pixel of a text while it is drawn: the sheet, the lines around letters, the
/// letters.
const PIXEL_BYTES: u64 = 12;

/// Bytes that drawing a text of this size takes at most.
pub(super) fn memory(size: Size) -> u64 {
    size.pixels().saturating_mul(PIXEL_BYTES)
}

/// Takes memory for a text of some size before it is drawn.
pub(super) type Room<'a> = dyn Fn(Size) -> Result<Option<Share>, Reason> + 'a;

/// A text that is drawn.
pub(super) struct Drawn {
    pub(super) raster: Raster,
    /// Why it looks other than asked.
    pub(super) note: Option<Reason>,
}

/// Draws a text of at most so many pixels, in the font of a file where there is one. What `room`
/// gives is held until the text is drawn.
pub(super) fn draw(
    fonts: &Fonts,
    text: &Text,
    file: Option<&Bytes>,
    most: u64,
    room: &Room<'_>,
) -> Result<Drawn, Reason> {
    let work = || {
        if let Some(file) = file {
            let drawn = fonts.set_in(file, |setter, family, (weight, italic)| {
                // The file is the face: what else the style says of it has no other face to choose.
                let text = Text {
                    weight,
                    italic,
                    ..text.clone()
                };
                let lines = lines::set(setter, &text, family)?;
                ink::draw(setter, &lines, &text, most, room)
            });
            let raster = drawn
                .unwrap_or_else(|| Err(format!("no font can be read from {}", text.font).into()))?;
            return Ok(Drawn { raster, note: None });
        }
        let family = fonts
            .family(&text.font)
            .map_err(|broken| format!("no font can be read from {}", broken.0))?;
        let raster = fonts.set(|setter| {
            let lines = lines::set(setter, text, &family.name)?;
            ink::draw(setter, &lines, text, most, room)
        })?;
        Ok(Drawn {
            note: family.stands_in.then(|| fonts::note(&text.font, &family)),
            raster,
        })
    };
    // Font files come from outside; what reads them must not take the worker with it.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err("this font cannot be used".into()))
}

/// A size that may be drawn.
fn sized(width: f64, height: f64, most: u64) -> Result<Size, Reason> {
    let side = |n: f64| {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let whole = n.clamp(1.0, f64::from(u32::MAX)) as u32;
        whole
    };
    let size = Size::new(side(width.ceil()), side(height.ceil()));
    if size.pixels() > most {
        return Err(format!("it would be {}x{} pixels", size.width, size.height).into());
    }
    Ok(size)
}
