//! PNG with 16 bits a sample: brought to 8 bits through its colours, so that dark tones do not
//! band.

use crate::render::raster::{ColourSpace, Deep};

/// Rows of 16 bits a sample on their way to eight.
pub(super) struct Wide {
    /// A row as it is stored, the high byte first.
    pub row: Vec<u8>,
    samples: usize,
    pub deep: Option<Deep>,
    rgb: Vec<u16>,
    seen: Vec<u8>,
}

impl Wide {
    pub fn new(colours: &ColourSpace, width: usize, samples: usize) -> Self {
        let deep = colours.deep(samples < 3);
        let three = if deep.is_some() { width * 3 } else { 0 };
        Self {
            row: vec![0; width * samples * 2],
            samples,
            deep,
            rgb: vec![0; three],
            seen: vec![0; three],
        }
    }

    /// The row in sRGB, as RGB or RGBA; the high bytes of its samples where they are sRGB already.
    pub fn narrow(&mut self, out: &mut [u8]) {
        let pixels = self.row.len() / (2 * self.samples).max(1);
        self.narrow_first(pixels, out);
    }

    /// The first pixels of the row, likewise.
    pub fn narrow_first(&mut self, pixels: usize, out: &mut [u8]) {
        let stored = self.row.get(..pixels * self.samples * 2);
        let (samples, _) = stored.unwrap_or_default().as_chunks::<2>();
        let Some(deep) = &mut self.deep else {
            for (out, [high, _]) in out.iter_mut().zip(samples) {
                *out = *high;
            }
            return;
        };
        let colours = if self.samples < 3 { 1 } else { 3 };
        let pixels = samples.chunks_exact(self.samples);
        for (rgb, pixel) in self
            .rgb
            .as_chunks_mut::<3>()
            .0
            .iter_mut()
            .zip(pixels.clone())
        {
            let stored = pixel.iter().take(colours).cycle();
            for (to, from) in rgb.iter_mut().zip(stored) {
                *to = u16::from_be_bytes(*from);
            }
        }
        deep.row(&self.rgb, &mut self.seen);
        let bytes = if self.samples.is_multiple_of(2) { 4 } else { 3 };
        let seen = self.seen.as_chunks::<3>().0.iter();
        for ((out, seen), pixel) in out.chunks_exact_mut(bytes).zip(seen).zip(pixels) {
            let alpha = pixel.last().map(|[high, _]| high);
            for (to, from) in out.iter_mut().zip(seen.iter().chain(alpha)) {
                *to = *from;
            }
        }
    }
}
