//! Animated GIF: one palette for all frames where it serves, and of each frame only what has changed.

use std::borrow::Cow;

use gif::{DisposalMethod, Encoder, Frame, Repeat};

use super::animated::{Part, Settings, rgba};
use super::palette::{MOST, Palette};
use super::sides16;
use crate::plan::Encode;
use crate::render::error::Error;
use crate::render::raster::Raster;
use crate::spec::Format;

/// The place in every palette that shows what lies under it.
const CLEAR: u8 = u8::MAX;

/// A frame whose pixels are on average this far from the common palette, in squares of a sample's steps
/// summed over the channels, gets a palette of its own.
const OWN_PALETTE_ABOVE: u64 = 150;

/// As is one with a pixel that is this far from it, where a palette can hold the frame's very
/// colours.
const WRONG_ABOVE: u64 = 3 * 24 * 24;

/// Where the common palette stands in the file: behind signature and screen.
const COMMON_AT: usize = 13;

/// Viewers show a frame of fewer hundredths of a second for ten...
const SHORTEST: i64 = 2;
/// ...unless it is asked for no more than so many milliseconds, which they show for ten hundredths
/// in all formats.
const NO_TIME: u32 = 10;

/// How many pixels a frame's own palette is learnt from.
const OWN_LEARNT_FROM: usize = 20_000;

/// How far a sample may be from what is shown already and count as unchanged, where loss is welcome.
const UNCHANGED: u8 = 8;

pub(in crate::render) struct MovingGif {
    encoder: Encoder<Vec<u8>>,
    settings: Settings,
    lossy: bool,
    common: Palette,
    /// The frame that is shown until a different one comes.
    waiting: Option<Waiting>,
    /// Milliseconds that the frames written so far are shown too short.
    owed: i64,
    /// What is on the canvas, as the palettes show it.
    canvas: Vec<[u8; 4]>,
    before: Vec<[u8; 4]>,
    now: Vec<[u8; 4]>,
    alpha: bool,
}

/// A frame that may still be shown for longer, or be asked to leave the canvas empty.
struct Waiting {
    frame: Frame<'static>,
    milliseconds: u32,
}

fn bad(error: impl std::fmt::Display) -> Error {
    Error::encoder(Format::Gif, error)
}

impl MovingGif {
    pub fn new(settings: Settings, how: &Encode, seen: &[Raster]) -> Result<Self, Error> {
        let (width, height) = sides16(settings.size)?;
        let mut all = Vec::new();
        let mut one = Vec::new();
        for frame in seen {
            rgba(frame, &mut one);
            all.extend(one.iter().filter_map(|&pixel| seen_or_not(pixel)));
        }
        let common = Palette::learnt(&all, MOST - 1);
        let mut encoder = Encoder::new(Vec::new(), width, height, &bytes(&common)).map_err(bad)?;
        let repeat = match settings.plays {
            0 => Some(Repeat::Infinite),
            // Played once is said by saying nothing.
            1 => None,
            n => Some(Repeat::Finite(n - 1)),
        };
        if let Some(repeat) = repeat {
            encoder.set_repeat(repeat).map_err(bad)?;
        }
        let pixels = usize::from(width) * usize::from(height);
        Ok(Self {
            encoder,
            settings,
            lossy: how.lossy,
            common,
            waiting: None,
            owed: 0,
            canvas: vec![[0; 4]; pixels],
            before: vec![[0; 4]; pixels],
            now: Vec::new(),
            alpha: false,
        })
    }

    pub fn add(&mut self, frame: &Raster, delay: u32) -> Result<(), Error> {
        let width = self.settings.size.width as usize;
        rgba(frame, &mut self.now);
        for pixel in &mut self.now {
            *pixel = seen_or_not(*pixel).unwrap_or_default();
        }
        if self.lossy {
            for (pixel, shown) in self.now.iter_mut().zip(&self.canvas) {
                if pixel
                    .iter()
                    .zip(shown)
                    .all(|(a, b)| a.abs_diff(*b) <= UNCHANGED)
                {
                    *pixel = *shown;
                }
            }
        }
        // A frame only ever covers: what it wants empty must be emptied before it comes.
        let empties = self
            .canvas
            .iter()
            .zip(&self.now)
            .any(|(shown, wanted)| shown[3] != 0 && wanted[3] == 0);
        if empties {
            self.empty();
        }
        let before = if self.lossy || empties {
            &self.canvas
        } else {
            &self.before
        };
        let part = match (&mut self.waiting, Part::changed(before, &self.now, width)) {
            (None, _) => Part::whole(self.settings.size),
            (Some(_), Some(part)) => part,
            (Some(_), None) if empties => Part {
                width: 1,
                height: 1,
                ..Part::whole(self.settings.size)
            },
            (Some(waiting), None) => {
                waiting.milliseconds = waiting.milliseconds.saturating_add(delay);
                return Ok(());
            }
        };
        let frame = self.draw(part, width);
        if let Some(waiting) = self.waiting.replace(Waiting {
            frame,
            milliseconds: delay,
        }) {
            self.write(waiting)?;
        }
        self.alpha |= self.now.iter().any(|&[.., a]| a == 0);
        std::mem::swap(&mut self.before, &mut self.now);
        Ok(())
    }

    /// Has the frame that is shown take everything with it when it goes.
    fn empty(&mut self) {
        let width = self.settings.size.width as usize;
        if let Some(waiting) = &mut self.waiting {
            // It must lie over the whole canvas for that.
            let frame = &mut waiting.frame;
            let size = self.settings.size;
            let (wide, high) = (usize::from(frame.width), usize::from(frame.height));
            let mut grown = vec![CLEAR; width * size.height as usize];
            let rows = grown.chunks_exact_mut(width.max(1)).skip(frame.top.into());
            for (row, line) in rows.zip(frame.buffer.chunks_exact(wide.max(1))).take(high) {
                let left = usize::from(frame.left);
                if let Some(row) = row.get_mut(left..left + wide) {
                    row.copy_from_slice(line);
                }
            }
            frame.buffer = Cow::Owned(grown);
            (frame.left, frame.top) = (0, 0);
            (frame.width, frame.height) = (
                u16::try_from(size.width).unwrap_or(u16::MAX),
                u16::try_from(size.height).unwrap_or(u16::MAX),
            );
            frame.dispose = DisposalMethod::Background;
        }
        self.canvas.fill([0; 4]);
    }

    /// A part of the frame at hand in the colours of a palette; what is shown already is left clear.
    fn draw(&mut self, part: Part, width: usize) -> Frame<'static> {
        let rows = part.rows(&self.now, width).flatten().copied();
        let seen = rows.filter(|&[.., a]| a != 0);
        self.common.extend(seen.clone(), MOST - 1);
        let (mut buffer, off) = indexed(&self.now, &self.canvas, part, width, &mut self.common);
        let own = if off.mean > OWN_PALETTE_ABOVE {
            let seen: Vec<[u8; 4]> = seen.collect();
            Some(Palette::learnt_from(&seen, MOST - 1, OWN_LEARNT_FROM))
        } else if off.most > WRONG_ABOVE {
            Palette::gathered(seen, MOST - 1)
        } else {
            None
        };
        let mut palette = None;
        if let Some(mut own) = own {
            (buffer, _) = indexed(&self.now, &self.canvas, part, width, &mut own);
            palette = Some(bytes(&own));
            show(&mut self.canvas, &buffer, part, width, &own);
        } else {
            show(&mut self.canvas, &buffer, part, width, &self.common);
        }
        let side = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        Frame {
            left: side(part.left),
            top: side(part.top),
            width: side(part.width),
            height: side(part.height),
            dispose: DisposalMethod::Keep,
            transparent: Some(CLEAR),
            palette,
            buffer: Cow::Owned(buffer),
            ..Frame::default()
        }
    }

    fn write(&mut self, waiting: Waiting) -> Result<(), Error> {
        let mut frame = waiting.frame;
        // Hundredths of a second, the nearest to where the next frame is to begin: rounding does not add up.
        let due = i64::from(waiting.milliseconds) + self.owed;
        let least = if waiting.milliseconds > NO_TIME {
            SHORTEST
        } else {
            0
        };
        let hundredths = (due + 5).div_euclid(10).clamp(least, u16::MAX.into());
        // What a frame cannot be shown for is not added to the next.
        self.owed = (due - hundredths * 10).clamp(-5, 5);
        frame.delay = u16::try_from(hundredths).unwrap_or(u16::MAX);
        self.encoder.write_frame(&frame).map_err(bad)
    }

    pub fn finish(mut self) -> Result<(Vec<u8>, bool), Error> {
        if let Some(waiting) = self.waiting.take() {
            self.write(waiting)?;
        }
        let mut file = self.encoder.into_inner().map_err(bad)?;
        // Colours may have been added since it was written.
        let common = bytes(&self.common);
        if let Some(written) = file.get_mut(COMMON_AT..COMMON_AT + common.len()) {
            written.copy_from_slice(&common);
        }
        Ok((file, self.alpha))
    }
}

/// A pixel as the format knows it: seen or not, half decides.
const fn seen_or_not(pixel: [u8; 4]) -> Option<[u8; 4]> {
    let [r, g, b, a] = pixel;
    if a < 128 { None } else { Some([r, g, b, 255]) }
}

/// A palette as the file has it, without alpha.
fn bytes(palette: &Palette) -> Vec<u8> {
    let colours = palette.colours().iter();
    let rgb = colours.map(|&[r, g, b, _]| [r, g, b]);
    // The clear place is the last of 256, so that many there are.
    let mut all: Vec<[u8; 3]> = rgb.take(MOST - 1).collect();
    all.resize(MOST, [0; 3]);
    all.into_flattened()
}

/// How far a palette is from pixels, in squares.
#[derive(Clone, Copy)]
struct Off {
    mean: u64,
    most: u64,
}

/// The places of the pixels of a part in a palette, clear where the canvas shows the same colour or
/// nothing is wanted; and how far the palette is from the pixels.
fn indexed(
    now: &[[u8; 4]],
    canvas: &[[u8; 4]],
    part: Part,
    width: usize,
    palette: &mut Palette,
) -> (Vec<u8>, Off) {
    let mut places = Vec::with_capacity(part.width * part.height);
    let (mut sum, mut most) = (0, 0);
    let rows = part.rows(now, width).zip(part.rows(canvas, width));
    for (pixel, shown) in rows.flat_map(|(row, shown)| row.iter().zip(shown)) {
        if pixel[3] == 0 {
            places.push(CLEAR);
            continue;
        }
        let (place, colour) = palette.nearest(*pixel);
        let squares = pixel
            .iter()
            .zip(colour)
            .map(|(a, b)| u64::from(a.abs_diff(b)).pow(2));
        let off = squares.sum::<u64>();
        sum += off;
        most = off.max(most);
        places.push(if colour == *shown { CLEAR } else { place });
    }
    let count = (places.len() as u64).max(1);
    let mean = sum / count;
    (places, Off { mean, most })
}

/// Puts a drawn part on the canvas.
fn show(canvas: &mut [[u8; 4]], places: &[u8], part: Part, width: usize, palette: &Palette) {
    let rows = canvas.chunks_exact_mut(width.max(1)).skip(part.top);
    for (row, line) in rows.zip(places.chunks_exact(part.width.max(1))) {
        let row = row.get_mut(part.left..part.left + part.width);
        for (pixel, &place) in row.into_iter().flatten().zip(line) {
            if place != CLEAR {
                let colour = palette.colours().get(usize::from(place));
                *pixel = colour.copied().unwrap_or_default();
            }
        }
    }
}
