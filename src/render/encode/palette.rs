//! Palettes: up to 256 colours that stand for all of a picture's.

use std::collections::HashMap;

use color_quant::NeuQuant;

/// Most colours of a palette.
pub(super) const MOST: usize = 256;

/// How many pixels a palette is learnt from at most: more change little and cost time.
const LEARNT_FROM: usize = 60_000;

/// Answers that are remembered; a power of two.
const ANSWERS: usize = 1 << 14;

/// Colours, and the nearest of them to any colour.
pub(super) struct Palette {
    colours: Vec<[u8; 4]>,
    /// Answers given before: a colour, and the place of the nearest. Neighbours in a picture ask the same.
    answers: Vec<Option<([u8; 4], u8)>>,
}

impl Palette {
    /// The colours themselves, where there are no more than `most`, in their order.
    pub fn exact(pixels: &[[u8; 4]], most: usize) -> Option<Self> {
        let mut seen: HashMap<[u8; 4], u8> = HashMap::new();
        let mut colours = Vec::new();
        let mut last = None;
        for &pixel in pixels {
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
        Some(Self::of(colours))
    }

    /// At most `most` colours, at least 64, that stand for those of `pixels`.
    pub fn learnt(pixels: &[[u8; 4]], most: usize) -> Self {
        if let Some(exact) = Self::exact(pixels, most) {
            return exact;
        }
        let step = pixels.len().div_ceil(LEARNT_FROM).max(1);
        let sample: Vec<[u8; 4]> = pixels
            .iter()
            .step_by(step)
            .map(|&pixel| visible(pixel))
            .collect();
        let learnt = NeuQuant::new(1, most.clamp(64, MOST), sample.as_flattened());
        let colours = learnt.color_map_rgba();
        Self::of(colours.as_chunks::<4>().0.to_vec())
    }

    fn of(colours: Vec<[u8; 4]>) -> Self {
        Self {
            colours,
            answers: vec![None; ANSWERS],
        }
    }

    pub fn colours(&self) -> &[[u8; 4]] {
        &self.colours
    }

    /// The colour nearest to a pixel: its place, and the colour.
    pub fn nearest(&mut self, pixel: [u8; 4]) -> (u8, [u8; 4]) {
        let pixel = visible(pixel);
        let known = self.answers.get_mut(place(pixel));
        let index = match known {
            Some(Some((asked, index))) if *asked == pixel => *index,
            slot => {
                let index = search(&self.colours, pixel);
                if let Some(slot) = slot {
                    *slot = Some((pixel, index));
                }
                index
            }
        };
        let colour = self.colours.get(usize::from(index));
        (index, colour.copied().unwrap_or_default())
    }
}

/// Where the answer for a colour is remembered.
fn place(pixel: [u8; 4]) -> usize {
    let mixed = u32::from_le_bytes(pixel).wrapping_mul(0x9E37_79B1);
    (mixed >> 18) as usize % ANSWERS
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
