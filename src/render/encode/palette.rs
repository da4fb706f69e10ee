//! Palettes: up to 256 colours that stand for all of a picture's.

use std::collections::HashMap;

use color_quant::NeuQuant;

use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::raster::{Layout, Raster};

/// Most colours of a palette.
pub(super) const MOST: usize = 256;

/// How many pixels a palette is learnt from at most: more change little and cost time.
const LEARNT_FROM: usize = 60_000;

/// Pixels between two looks at the budget.
const BETWEEN_GLANCES: usize = 1 << 17;

/// Bits of a sample that are told apart where a palette only stands for colours: finer steps than these choose another
/// place of the palette where two lie equally near.
const BITS: u32 = 6;

/// Colours, and the nearest of them to any colour.
pub(super) struct Palette {
    colours: Vec<[u8; 4]>,
    places: Places,
}

/// Where colours were found before: neighbours in a picture ask the same.
enum Places {
    /// Of the very colours.
    Exact(HashMap<[u8; 4], u8>),
    /// By the upper bits of opaque colours: one more than the place, 0 where nobody asked yet.
    Near(Vec<u16>),
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

    fn gathered(pixels: impl Iterator<Item = [u8; 4]>, most: usize) -> Option<Self> {
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
        Some(Self {
            colours,
            places: Places::Exact(seen),
        })
    }

    /// At most `most` colours, at least 64, that stand for those of `pixels`.
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
        let learnt = NeuQuant::new(1, most.clamp(64, MOST), sample.as_flattened());
        let colours = learnt.color_map_rgba();
        Self {
            colours: colours.as_chunks::<4>().0.to_vec(),
            places: Places::Near(vec![0; 1 << (3 * BITS)]),
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
                None => search(&self.colours, pixel),
            },
            Places::Near(places) => match places.get_mut(cell(pixel)) {
                Some(place) if pixel[3] == 255 => {
                    if *place == 0 {
                        *place = u16::from(search(&self.colours, middle(pixel))) + 1;
                    }
                    u8::try_from(*place - 1).unwrap_or(u8::MAX)
                }
                _ => search(&self.colours, pixel),
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

fn search(colours: &[[u8; 4]], pixel: [u8; 4]) -> u8 {
    let far = |colour: &[u8; 4]| -> u32 {
        let squares = colour.iter().zip(pixel);
        squares.map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
    };
    let best = (0..=u8::MAX)
        .zip(colours)
        .min_by_key(|(_, colour)| far(colour));
    best.map_or(0, |(index, _)| index)
}

/// What cannot be seen has no colour.
const fn visible(pixel: [u8; 4]) -> [u8; 4] {
    let [.., a] = pixel;
    if a == 0 { [0; 4] } else { pixel }
}
