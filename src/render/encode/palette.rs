//! Palettes: up to 256 colours that stand for all of a picture's.

use std::collections::HashMap;

use super::learn;
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::raster::{Layout, Raster, scale};

/// Most colours of a palette.
pub(super) const MOST: usize = 256;

/// How many pixels a palette is learnt from at most: more change little and cost time.
const LEARNT_FROM: usize = 60_000;

/// Pixels between two looks at the budget.
const BETWEEN_GLANCES: usize = 1 << 17;

/// Bits of a sample that are told apart where a palette only stands for colours: finer steps than these choose another
/// place of the palette where two lie equally near.
const BITS: u32 = 6;

/// Colours whose very places are kept, at most.
const KEPT: usize = 1 << 16;

/// With no more colours than this the very ones are looked up.
const FEW: usize = 2_048;

/// Colours, and the nearest of them to any colour.
pub(super) struct Palette {
    colours: Vec<[u8; 4]>,
    /// The colours as they are seen: multiplied by their alpha.
    seen: Vec<[u8; 4]>,
    places: Places,
}

/// Where colours were found before: neighbours in a picture ask the same.
enum Places {
    /// Of the very colours.
    Exact(HashMap<[u8; 4], u8>),
    /// Of those that look nearest.
    Near {
        /// By the upper bits of opaque colours: one more than the place, 0 where nobody asked yet.
        /// Empty where colours are few.
        opaque: Vec<u16>,
        /// By the very colour, of others.
        others: HashMap<[u8; 4], u8>,
    },
}

impl Palette {
    /// The colours of a picture themselves, where there are no more than `most`, in their order. One that has more is looked
    /// at no further than to the first that is too many.
    pub fn exact(picture: &Raster, most: usize) -> Option<Self> {
        let pixels = picture.pixels();
        match picture.layout() {
            Layout::Grey => Self::gathered(pixels.iter().map(|&v| [v, v, v, 255]), most),
            Layout::Rgb => {
                let (rgb, _) = pixels.as_chunks::<3>();
                Self::gathered(rgb.iter().map(|&[r, g, b]| [r, g, b, 255]), most)
            }
            Layout::Rgba | Layout::Cmyk => {
                Self::gathered(pixels.as_chunks::<4>().0.iter().copied(), most)
            }
        }
    }

    /// As [`exact`](Self::exact), of pixels.
    pub fn gathered(pixels: impl Iterator<Item = [u8; 4]>, most: usize) -> Option<Self> {
        let mut seen: HashMap<[u8; 4], u8> = HashMap::new();
        let mut colours = Vec::new();
        let mut last = None;
        for pixel in pixels {
            let pixel = visible(pixel);
            if last == Some(pixel) {
                continue;
            }
            last = Some(pixel);
            if seen.contains_key(&pixel) {
                continue;
            }
            if colours.len() == most {
                return None;
            }
            seen.insert(pixel, u8::try_from(colours.len()).ok()?);
            colours.push(pixel);
        }
        Some(Self::new(colours, Places::Exact(seen)))
    }

    /// At most `most` colours that stand for those of `pixels`: the very colours where there are no
    /// more.
    pub fn learnt(pixels: &[[u8; 4]], most: usize) -> Self {
        Self::learnt_from(pixels, most, LEARNT_FROM)
    }

    /// As [`learnt`](Self::learnt), from no more than so many of the pixels.
    pub fn learnt_from(pixels: &[[u8; 4]], most: usize, from: usize) -> Self {
        if let Some(exact) = Self::gathered(pixels.iter().copied(), most) {
            return exact;
        }
        let step = pixels.len().div_ceil(from).max(1);
        let sample: Vec<[u8; 4]> = pixels
            .iter()
            .step_by(step)
            .map(|&pixel| visible(pixel))
            .collect();
        let (colours, distinct) = learn::learnt(&sample, most.min(MOST));
        let cells = if distinct > FEW { 1 << (3 * BITS) } else { 0 };
        let places = Places::Near {
            opaque: vec![0; cells],
            others: HashMap::new(),
        };
        Self::new(colours, places)
    }

    fn new(colours: Vec<[u8; 4]>, places: Places) -> Self {
        Self {
            seen: colours.iter().copied().map(seen).collect(),
            colours,
            places,
        }
    }

    /// Takes up colours that it does not have yet, where it holds the very colours of a picture and
    /// there is room.
    pub fn extend(&mut self, pixels: impl Iterator<Item = [u8; 4]>, most: usize) {
        let Places::Exact(places) = &mut self.places else {
            return;
        };
        for pixel in pixels.map(visible) {
            if places.contains_key(&pixel) {
                continue;
            }
            let Ok(place) = u8::try_from(self.colours.len()) else {
                return;
            };
            if self.colours.len() >= most {
                return;
            }
            places.insert(pixel, place);
            self.colours.push(pixel);
            self.seen.push(seen(pixel));
        }
    }

    pub fn colours(&self) -> &[[u8; 4]] {
        &self.colours
    }

    /// The places of the colours nearest to pixels.
    ///
    /// # Errors
    /// [`Error::Timeout`] and [`Error::Cancelled`] from the budget.
    pub fn places(&mut self, pixels: &[[u8; 4]], budget: &Budget) -> Result<Vec<u8>, Error> {
        let mut places = Vec::with_capacity(pixels.len());
        for some in pixels.chunks(BETWEEN_GLANCES) {
            budget.check()?;
            places.extend(some.iter().map(|&pixel| self.nearest(pixel).0));
        }
        Ok(places)
    }

    /// The colour nearest to a pixel: its place, and the colour.
    pub fn nearest(&mut self, pixel: [u8; 4]) -> (u8, [u8; 4]) {
        let pixel = visible(pixel);
        let index = match &mut self.places {
            Places::Exact(places) => match places.get(&pixel) {
                Some(&index) => index,
                None => search(&self.seen, pixel),
            },
            Places::Near { opaque, others } => match opaque.get_mut(cell(pixel)) {
                Some(place) if pixel[3] == 255 => {
                    if *place == 0 {
                        *place = u16::from(search(&self.seen, middle(pixel))) + 1;
                    }
                    u8::try_from(*place - 1).unwrap_or(u8::MAX)
                }
                _ => match others.get(&pixel) {
                    Some(&index) => index,
                    None => {
                        let index = search(&self.seen, pixel);
                        if others.len() < KEPT {
                            others.insert(pixel, index);
                        }
                        index
                    }
                },
            },
        };
        let colour = self.colours.get(usize::from(index));
        (index, colour.copied().unwrap_or_default())
    }
}

/// The cell that a colour lies in.
fn cell([r, g, b, _]: [u8; 4]) -> usize {
    let upper = |sample: u8| usize::from(sample >> (8 - BITS));
    (upper(r) << BITS | upper(g)) << BITS | upper(b)
}

/// The middle of a colour's cell.
const fn middle([r, g, b, a]: [u8; 4]) -> [u8; 4] {
    const LOWER: u8 = (1 << (8 - BITS)) - 1;
    const HALF: u8 = LOWER.div_ceil(2);
    [r & !LOWER | HALF, g & !LOWER | HALF, b & !LOWER | HALF, a]
}

/// The place of the colour that looks nearest; `colours` as they are seen.
fn search(colours: &[[u8; 4]], pixel: [u8; 4]) -> u8 {
    let pixel = seen(pixel);
    let far = |colour: &[u8; 4]| -> u32 {
        let squares = colour.iter().zip(pixel);
        squares.map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
    };
    let best = (0..=u8::MAX)
        .zip(colours)
        .min_by_key(|(_, colour)| far(colour));
    best.map_or(0, |(index, _)| index)
}

/// A colour multiplied by its alpha, which is what differs to the eye.
fn seen([r, g, b, a]: [u8; 4]) -> [u8; 4] {
    match a {
        255 => [r, g, b, a],
        _ => [scale(r, a), scale(g, a), scale(b, a), a],
    }
}

/// What cannot be seen has no colour.
const fn visible(pixel: [u8; 4]) -> [u8; 4] {
    let [.., a] = pixel;
    if a == 0 { [0; 4] } else { pixel }
}
