//! GIF: frames put on their canvas one after the other.
//!
//! A frame whose data end early shows the rows that there are, as in browsers.

use std::io::{Chain, Cursor, Read as _};
use std::num::NonZeroU64;

use gif::{
    ColorOutput, DecodeOptions, Decoder, DecodingError, DisposalMethod, MemoryLimit, Repeat,
};

use super::frames::{Animation, Place, Shown};
use crate::plan::Size;
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::raster::ColourSpace;
use crate::render::watched::Watched;
use crate::spec::Format;

/// Viewers show a frame that asks for less than this...
const SHORTEST_DELAY: u32 = 20;
/// ...for this long, in milliseconds.
const DEFAULT_DELAY: u32 = 100;

fn bad(error: DecodingError) -> Error {
    Error::bad(Format::Gif, error)
}

/// Bytes of signature and screen, before the colours of all frames.
const HEADER: usize = 13;
/// The byte among them that says whether there are such colours.
const FLAGS: usize = 10;

/// A file whose header may be another one.
type Source<'a> = Watched<'a, Chain<Cursor<Vec<u8>>, &'a [u8]>>;

/// A GIF being played.
pub(super) struct Gif<'a> {
    decoder: Decoder<Source<'a>>,
    budget: &'a Budget,
    size: Size,
    canvas: Vec<[u8; 4]>,
    /// The canvas as it was before a frame that leaves no trace.
    before: Vec<[u8; 4]>,
    /// The frame's pixels as places in its palette.
    indices: Vec<u8>,
    /// What happens to the frame on the canvas before the next one comes.
    dispose: DisposalMethod,
    place: Place,
    /// Most pixels of a frame.
    most: u64,
    /// Frames that have been shown.
    shown: u32,
    /// What is wrong with the last one, so that none follows.
    broken: Option<Error>,
    damaged: bool,
}

impl<'a> Gif<'a> {
    pub fn open(bytes: &'a [u8], size: Size, budget: &'a Budget) -> Result<Self, Error> {
        let most = budget.limits().source_pixels;
        let mut options = DecodeOptions::new();
        options.set_color_output(ColorOutput::Indexed);
        options.set_memory_limit(MemoryLimit::Bytes(
            NonZeroU64::new(most).unwrap_or(NonZeroU64::MIN),
        ));
        options.allow_unknown_blocks(true);
        let (header, rest) = with_colours(bytes);
        let source = Cursor::new(header).chain(rest);
        let decoder = options
            .read_info(Watched::new(source, budget))
            .map_err(bad)?;
        let pixels = usize::try_from(size.pixels())
            .map_err(|_| Error::bad(Format::Gif, "picture does not fit into memory"))?;
        Ok(Self {
            decoder,
            budget,
            size,
            canvas: vec![[0; 4]; pixels],
            before: Vec::new(),
            indices: Vec::new(),
            dispose: DisposalMethod::Keep,
            place: Place::default(),
            most,
            shown: 0,
            broken: None,
            damaged: false,
        })
    }

    /// Takes the frame on the canvas away, as it asked for.
    fn dispose(&mut self) {
        match self.dispose {
            DisposalMethod::Any | DisposalMethod::Keep => {}
            // Browsers clear to nothing, whatever background colour the file names.
            DisposalMethod::Background => self.place.clear(&mut self.canvas, self.size),
            DisposalMethod::Previous => self.canvas.copy_from_slice(&self.before),
        }
    }
}

/// The header, with black for all colours where the file has none for all frames, and what stands
/// behind it.
fn with_colours(bytes: &[u8]) -> (Vec<u8>, &[u8]) {
    let (header, rest) = bytes.split_at_checked(HEADER).unwrap_or((bytes, &[]));
    let mut header = header.to_vec();
    if let Some(flags) = header.get_mut(FLAGS)
        && *flags & 0x80 == 0
    {
        // Two colours.
        *flags = 0x80;
        header.extend([0; 6]);
    }
    (header, rest)
}

/// The rows of an interlaced frame in the order in which they are stored, each with how many it
/// stands for meanwhile.
fn rows(height: usize) -> impl Iterator<Item = (usize, usize)> {
    let pass = move |from: usize, apart: usize, tall: usize| {
        (from..height).step_by(apart).map(move |row| (row, tall))
    };
    let early = pass(0, 8, 8).chain(pass(4, 8, 4));
    early.chain(pass(2, 4, 2)).chain(pass(1, 2, 1))
}

impl Gif<'_> {
    /// Reads the frame at hand as far as its data go: of each row, how many pixels there are.
    /// `clear` is the place of the transparent colour.
    fn fill(&mut self, interlaced: bool, clear: Option<u8>) -> Result<Vec<usize>, Error> {
        let Place { width, height, .. } = self.place;
        if width as u64 * height as u64 > self.most {
            return Err(Error::bad(Format::Gif, "frame is too large"));
        }
        let unused = clear.unwrap_or(u8::MAX);
        self.indices.clear();
        self.indices.resize(width * height, unused);
        if self.indices.is_empty() {
            return Ok(vec![0; height]);
        }
        let read = self.decoder.fill_buffer(&mut self.indices);
        // A file that broke because the budget has ended is not a damaged one.
        self.budget.check()?;
        let there = match read {
            Ok(true) => self.indices.len(),
            // All that is known of the rest is that it was not touched.
            _ => {
                let last = self.indices.iter().rposition(|&n| n != unused);
                last.map_or(0, |n| n + 1)
            }
        };
        match read {
            Ok(true) => {}
            Ok(false) => self.damaged = true,
            Err(error) => self.broken = Some(bad(error)),
        }
        let in_row = |n: usize| there.saturating_sub(n * width).min(width);
        if !interlaced {
            return Ok((0..height).map(in_row).collect());
        }
        let stored = std::mem::replace(&mut self.indices, vec![unused; width * height]);
        let mut seen = vec![0; height];
        for (n, (line, (row, tall))) in stored.chunks_exact(width).zip(rows(height)).enumerate() {
            let pixels = in_row(n);
            // Browsers let a whole row stand for others, but where something is transparent.
            let stands = pixels == width && clear.is_none();
            let tall = if stands { tall } else { 1 };
            let below = self.indices.chunks_exact_mut(width).zip(&mut seen);
            for (indices, seen) in below.skip(row).take(tall) {
                for (index, &read) in indices.iter_mut().zip(line).take(pixels) {
                    *index = read;
                }
                *seen = pixels.max(*seen);
            }
        }
        Ok(seen)
    }
}

impl Animation for Gif<'_> {
    fn next(&mut self) -> Result<Option<Shown<'_>>, Error> {
        self.dispose();
        // Whatever comes of this frame, it is taken away no second time.
        self.dispose = DisposalMethod::Keep;
        if let Some(broken) = self.broken.take() {
            return Err(broken);
        }
        let global = self.decoder.global_palette().map(<[u8]>::to_vec);
        let frame = self.decoder.next_frame_info();
        self.budget.check()?;
        let Some(frame) = frame.map_err(bad)? else {
            return Ok(None);
        };
        let palette = frame.palette.as_deref().or(global.as_deref());
        let (palette, _) = palette.unwrap_or_default().as_chunks::<3>();
        // An index past the palette is black, as in browsers.
        let mut colours = [Some([0, 0, 0, 255]); 256];
        for (slot, &[r, g, b]) in colours.iter_mut().zip(palette) {
            *slot = Some([r, g, b, 255]);
        }
        if let Some(clear) = frame
            .transparent
            .and_then(|n| colours.get_mut(usize::from(n)))
        {
            *clear = None;
        }
        let (dispose, delay) = (frame.dispose, u32::from(frame.delay) * 10);
        let (interlaced, clear) = (frame.interlaced, frame.transparent);
        self.place = Place {
            left: frame.left.into(),
            top: frame.top.into(),
            width: frame.width.into(),
            height: frame.height.into(),
        };
        let seen = self.fill(interlaced, clear)?;
        if let Some(broken) = self.broken.take() {
            // Of a file that breaks off, frames are shown while they are whole, and always the
            // first.
            if self.shown > 0 || seen.iter().all(|&pixels| pixels == 0) {
                return Err(broken);
            }
            (self.broken, self.damaged) = (Some(broken), true);
        }
        self.shown += 1;
        self.dispose = dispose;
        if dispose == DisposalMethod::Previous {
            self.before.clone_from(&self.canvas);
        }
        let rows = self
            .place
            .rows(&mut self.canvas, self.size, &self.indices)
            .zip(seen);
        for ((row, line), seen) in rows {
            for (pixel, &index) in row.iter_mut().zip(line.iter().take(seen)) {
                if let Some(Some(colour)) = colours.get(usize::from(index)) {
                    *pixel = *colour;
                }
            }
        }
        Ok(Some(Shown {
            canvas: &self.canvas,
            delay: if delay < SHORTEST_DELAY {
                DEFAULT_DELAY
            } else {
                delay
            },
        }))
    }

    fn damaged(&self) -> bool {
        self.damaged
    }

    fn plays(&self) -> u16 {
        match self.decoder.repeat() {
            Repeat::Infinite => 0,
            Repeat::Finite(again) => again.saturating_add(1),
        }
    }

    fn colours(&self) -> ColourSpace {
        ColourSpace::of_profile(self.decoder.icc_profile())
    }
}
