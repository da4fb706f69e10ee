//! Animated WebP: each frame encoded on its own, as the part of it that has changed, and the container
//! written around them. libwebp's own assembler encodes every frame several times to choose; this is
//! one encoding a frame.

use super::animated::{Part, Settings, rgba};
use super::webp;
use crate::plan::Encode;
use crate::render::budget::Budget;
use crate::render::codec_webp;
use crate::render::error::Error;
use crate::render::raster::Raster;
use crate::spec::Format;

/// Effort for lossless files, from 0 to 100.
const LOSSLESS_EFFORT: f32 = 40.0;
/// What a frame's 24 bits can say, in milliseconds.
const LONGEST: u32 = (1 << 24) - 1;

const ALPHA: u8 = 0x10;
const ANIMATION: u8 = 0x02;
/// The frame replaces what lies under it, alpha included.
const REPLACES: u8 = 0x02;

pub(in crate::render) struct MovingWebP {
    settings: Settings,
    how: codec_webp::Settings,
    /// Finished frames, as chunks.
    chunks: Vec<u8>,
    /// The frame that is shown until a different one comes.
    shown: Option<Waiting>,
    before: Vec<[u8; 4]>,
    now: Vec<[u8; 4]>,
    alpha: bool,
}

/// An encoded frame that may still be shown for longer.
struct Waiting {
    part: Part,
    data: Vec<u8>,
    delay: u32,
}

impl MovingWebP {
    pub fn new(settings: Settings, how: &Encode) -> Self {
        Self {
            settings,
            how: webp::settings(how, LOSSLESS_EFFORT),
            chunks: Vec::new(),
            shown: None,
            before: Vec::new(),
            now: Vec::new(),
            alpha: false,
        }
    }

    pub fn add(&mut self, frame: &Raster, delay: u32, budget: &Budget) -> Result<(), Error> {
        let size = self.settings.size;
        let width = size.width as usize;
        rgba(frame, &mut self.now);
        let part = if self.shown.is_none() {
            Some(Part::whole(size))
        } else {
            Part::changed(&self.before, &self.now, width)
        };
        let Some(part) = part.map(even) else {
            if let Some(shown) = &mut self.shown {
                shown.delay = shown.delay.saturating_add(delay);
            }
            return Ok(());
        };
        let data = self.encode(part, width, budget)?;
        if let Some(shown) = self.shown.replace(Waiting { part, data, delay }) {
            self.write(&shown);
        }
        std::mem::swap(&mut self.before, &mut self.now);
        Ok(())
    }

    /// The frame's bitstream, with its alpha in front where it has any.
    fn encode(&mut self, part: Part, width: usize, budget: &Budget) -> Result<Vec<u8>, Error> {
        let opaque = part
            .rows(&self.now, width)
            .all(|row| row.iter().all(|&[.., a]| a == 255));
        self.alpha |= !opaque;
        let rows = part.rows(&self.now, width);
        let pixels: Vec<u8> = if opaque {
            let rgb = rows.flatten().map(|&[r, g, b, _]| [r, g, b]);
            rgb.collect::<Vec<_>>().into_flattened()
        } else {
            rows.flatten().copied().collect::<Vec<_>>().into_flattened()
        };
        let side = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let size = crate::plan::Size::new(side(part.width), side(part.height));
        let file = codec_webp::encode(size, &pixels, !opaque, self.how, budget);
        let file = file.map_err(|reason| match budget.check() {
            Err(stopped) => stopped,
            Ok(()) => Error::encoder(Format::WebP, reason),
        })?;
        // What stands behind the file's head, without a head of its own for alpha.
        let body = file.get(12..).unwrap_or_default();
        Ok(match body.strip_prefix(b"VP8X") {
            Some(_) => body.get(18..).unwrap_or_default().to_vec(),
            None => body.to_vec(),
        })
    }

    fn write(&mut self, frame: &Waiting) {
        let Waiting { part, data, delay } = frame;
        let mut head = Vec::with_capacity(16);
        for n in [part.left / 2, part.top / 2, part.width - 1, part.height - 1] {
            head.extend_from_slice(&le24(u32::try_from(n).unwrap_or(0)));
        }
        head.extend_from_slice(&le24((*delay).min(LONGEST)));
        head.push(REPLACES);
        self.chunks.extend_from_slice(b"ANMF");
        self.chunks
            .extend_from_slice(&le32(head.len() + data.len()));
        self.chunks.extend_from_slice(&head);
        self.chunks.extend_from_slice(data);
        if data.len() % 2 == 1 {
            self.chunks.push(0);
        }
    }

    pub fn finish(mut self, budget: &Budget) -> Result<(Vec<u8>, bool), Error> {
        budget.check()?;
        if let Some(shown) = self.shown.take() {
            self.write(&shown);
        }
        let size = self.settings.size;
        let flags = ANIMATION | if self.alpha { ALPHA } else { 0 };
        let mut file = Vec::with_capacity(self.chunks.len() + 44);
        file.extend_from_slice(b"RIFF");
        file.extend_from_slice(&le32(4 + 18 + 14 + self.chunks.len()));
        file.extend_from_slice(b"WEBPVP8X\x0A\0\0\0");
        file.extend_from_slice(&[flags, 0, 0, 0]);
        file.extend_from_slice(&le24(size.width - 1));
        file.extend_from_slice(&le24(size.height - 1));
        file.extend_from_slice(b"ANIM\x06\0\0\0\0\0\0\0");
        file.extend_from_slice(&self.settings.plays.to_le_bytes());
        file.extend_from_slice(&self.chunks);
        Ok((file, self.alpha))
    }
}

/// A part that begins on even pixels, which is what the container can say.
const fn even(part: Part) -> Part {
    let (x, y) = (part.left % 2, part.top % 2);
    Part {
        left: part.left - x,
        top: part.top - y,
        width: part.width + x,
        height: part.height + y,
    }
}

const fn le24(n: u32) -> [u8; 3] {
    let [a, b, c, _] = n.to_le_bytes();
    [a, b, c]
}

fn le32(n: usize) -> [u8; 4] {
    u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes()
}
