//! What a client says about itself: formats it can show, pixels it will show.

use std::fmt;

use smallvec::SmallVec;

use crate::spec::{Decimal, Format};

/// Longest side a hint is believed for, in pixels.
const MAX_HINTED: u32 = 16_384;

/// Client hints and the formats of `Accept`, read once a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// Formats that the client names itself (never through `*/*`).
    pub accepts: SmallVec<[Format; 4]>,
    /// Device pixels a CSS pixel, as sent.
    pub dpr: Option<Decimal>,
    /// Width that the picture will take on the screen, in device pixels.
    pub width: Option<u32>,
}

impl Hints {
    /// Reads the headers' values. What cannot be read is as if it had not been sent.
    #[must_use]
    pub fn read(accept: Option<&str>, dpr: Option<&str>, width: Option<&str>) -> Self {
        let mut accepts = SmallVec::new();
        for range in accept.unwrap_or_default().split(',').take(32) {
            let mut parts = range.split(';').map(str::trim);
            let format = match parts.next().unwrap_or_default() {
                "image/avif" => Format::Avif,
                "image/webp" => Format::WebP,
                "image/jxl" => Format::Jxl,
                _ => continue,
            };
            let refused = parts.any(|p| {
                p.strip_prefix("q=")
                    .is_some_and(|q| q.trim_end_matches('0').trim_end_matches('.').is_empty())
            });
            if !refused && !accepts.contains(&format) {
                accepts.push(format);
            }
        }
        Self {
            accepts,
            dpr: dpr
                .and_then(decimal)
                .filter(|d| *d > Decimal::default() && d.as_f64() <= 16.0),
            width: width
                .and_then(|w| w.trim().parse().ok())
                .filter(|w| (1..=MAX_HINTED).contains(w)),
        }
    }

    /// The pixel ratio rounded up to a whole number; 1 when nothing is said.
    #[must_use]
    pub fn dpr_up(&self) -> Decimal {
        let one = Decimal::SCALE;
        let up = self
            .dpr
            .map_or(one, |d| d.billionths().saturating_add(one - 1) / one * one);
        Decimal::from_billionths(up.max(one))
    }

    /// The width divided by a pixel ratio of `ratio / one`, rounded up; 0 when nothing is said.
    pub(super) fn width_over(&self, ratio: u128, one: u128) -> u32 {
        let width = u128::from(self.width.unwrap_or(0)) * one;
        u32::try_from(width.div_ceil(ratio.max(1))).unwrap_or(u32::MAX)
    }
}

impl fmt::Display for Hints {
    /// What is known, for cache keys: `dpr=2 width=400`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(dpr) = self.dpr {
            write!(f, "dpr={dpr} ")?;
        }
        match self.width {
            Some(width) => write!(f, "width={width}"),
            None => Ok(()),
        }
    }
}

fn decimal(text: &str) -> Option<Decimal> {
    let text = text.trim();
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if text.len() > 10
        || !(whole
            .bytes()
            .chain(part.bytes())
            .all(|b| b.is_ascii_digit()))
    {
        return None;
    }
    let mantissa = format!("{whole}{part}").parse().ok()?;
    Decimal::from_parts(mantissa, u8::try_from(part.len()).ok()?)
}
