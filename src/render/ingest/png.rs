//! PNG: every kind brought to 8 bits, row by row as far as rows are needed.

use std::io::Cursor;

use png::{BlendOp, ColorType, Decoder, DecodingError, DisposeOp, FrameControl, Transformations};

use super::frames::{Animation, Place, Shown};
use super::{Decoded, Packed, Request, buffer, raster};
use crate::plan::{Facts, Size};
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::raster::{Layout, over};
use crate::spec::Format;

/// An animated PNG being played.
pub(super) struct Apng<'a> {
    reader: png::Reader<Cursor<&'a [u8]>>,
    size: Size,
    canvas: Vec<[u8; 4]>,
    before: Vec<[u8; 4]>,
    frame: Vec<u8>,
    dispose: DisposeOp,
    place: Place,
    left: u32,
}

impl<'a> Apng<'a> {
    pub fn open(bytes: &'a [u8], size: Size) -> Result<Self, Error> {
        let mut decoder = Decoder::new(Cursor::new(bytes));
        decoder.set_ignore_text_chunk(true);
        decoder
            .set_transformations(Transformations::normalize_to_color8() | Transformations::ALPHA);
        let reader = decoder.read_info().map_err(bad)?;
        if reader.info().size() != (size.width, size.height) {
            return Err(Error::bad(Format::Png, "size differs between headers"));
        }
        let left = reader.info().animation_control.map_or(0, |a| a.num_frames);
        let pixels = usize::try_from(size.pixels())
            .map_err(|_| Error::bad(Format::Png, "picture does not fit into memory"))?;
        Ok(Self {
            reader,
            size,
            canvas: vec![[0; 4]; pixels],
            before: Vec::new(),
            frame: Vec::new(),
            dispose: DisposeOp::None,
            place: Place::default(),
            left,
        })
    }

    /// The next frame that belongs to the animation: a first picture may stand apart from it.
    fn read(&mut self) -> Result<FrameControl, Error> {
        let size = self
            .reader
            .output_buffer_size()
            .ok_or_else(|| Error::bad(Format::Png, "picture does not fit into memory"))?;
        self.frame.resize(size, 0);
        loop {
            let read = self.reader.next_frame(&mut self.frame).map_err(bad)?;
            if let Some(control) = self.reader.info().frame_control {
                self.frame.truncate(read.buffer_size());
                return Ok(control);
            }
        }
    }
}

impl Animation for Apng<'_> {
    fn next(&mut self) -> Result<Option<Shown<'_>>, Error> {
        match self.dispose {
            DisposeOp::None => {}
            DisposeOp::Background => self.place.clear(&mut self.canvas, self.size),
            DisposeOp::Previous => self.canvas.copy_from_slice(&self.before),
        }
        self.dispose = DisposeOp::None;
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let control = self.read()?;
        let frame: Vec<[u8; 4]> = match self.reader.output_color_type().0 {
            ColorType::GrayscaleAlpha => {
                let (pairs, _) = self.frame.as_chunks::<2>();
                pairs.iter().map(|&[v, a]| [v, v, v, a]).collect()
            }
            ColorType::Rgba => self.frame.as_chunks::<4>().0.to_vec(),
            _ => return Err(Error::bad(Format::Png, "frame was not expanded")),
        };
        self.dispose = control.dispose_op;
        self.place = Place {
            left: control.x_offset as usize,
            top: control.y_offset as usize,
            width: control.width as usize,
            height: control.height as usize,
        };
        if control.dispose_op == DisposeOp::Previous {
            self.before.clone_from(&self.canvas);
        }
        for (row, line) in self.place.rows(&mut self.canvas, self.size, &frame) {
            match control.blend_op {
                BlendOp::Source => row.copy_from_slice(line),
                BlendOp::Over => {
                    for (below, above) in row.iter_mut().zip(line) {
                        *below = over(*above, *below);
                    }
                }
            }
        }
        let of = u32::from(control.delay_den);
        Ok(Some(Shown {
            canvas: &self.canvas,
            delay: u32::from(control.delay_num) * 1000 / if of == 0 { 100 } else { of },
        }))
    }

    fn plays(&self) -> u16 {
        let control = self.reader.info().animation_control;
        u16::try_from(control.map_or(0, |control| control.num_plays)).unwrap_or(u16::MAX)
    }

    fn profile(&self) -> Option<Vec<u8>> {
        profile(self.reader.info())
    }
}

/// The embedded profile, unless the file says that it is plain sRGB.
fn profile(info: &png::Info<'_>) -> Option<Vec<u8>> {
    match info.srgb {
        Some(_) => None,
        None => info.icc_profile.as_ref().map(|profile| profile.to_vec()),
    }
}

/// Rows between two looks at the budget.
const BAND: usize = 64;

fn bad(error: DecodingError) -> Error {
    Error::bad(Format::Png, error)
}

pub(super) fn decode(
    bytes: &[u8],
    facts: &Facts,
    request: &Request,
    budget: &Budget,
) -> Result<Decoded, Error> {
    let mut decoder = Decoder::new(Cursor::new(bytes));
    decoder.set_ignore_text_chunk(true);
    decoder.set_transformations(Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(bad)?;
    let info = reader.info();
    if info.size() != (facts.size.width, facts.size.height) {
        return Err(Error::bad(Format::Png, "size differs between headers"));
    }
    let interlaced = info.interlaced;
    let profile = profile(info);
    let (kind, _) = reader.output_color_type();
    // Grey with alpha is rare enough to be widened afterwards.
    let (layout, samples) = match kind {
        ColorType::Grayscale => (Layout::Grey, 1),
        ColorType::GrayscaleAlpha => (Layout::Rgba, 2),
        ColorType::Rgb => (Layout::Rgb, 3),
        ColorType::Rgba => (Layout::Rgba, 4),
        ColorType::Indexed => return Err(Error::bad(Format::Png, "palette was not expanded")),
    };
    let (top, size) = if interlaced {
        (0, facts.size)
    } else {
        // Rows above the part needed are decoded and dropped, rows below it never read.
        (
            request.top,
            Size::new(facts.size.width, request.size.height),
        )
    };
    let mut pixels = buffer(Format::Png, size, layout)?;
    let stride = facts.size.width as usize * samples;
    pixels.truncate(stride * size.height as usize);
    if interlaced {
        reader.next_frame(&mut pixels).map_err(bad)?;
    } else {
        let mut dropped = vec![0; stride];
        for n in 0..top as usize {
            if n % BAND == 0 {
                budget.check()?;
            }
            reader.read_row(&mut dropped).map_err(bad)?;
        }
        for (n, row) in pixels.chunks_exact_mut(stride).enumerate() {
            if n % BAND == 0 {
                budget.check()?;
            }
            reader.read_row(row).map_err(bad)?;
        }
    }
    if kind == ColorType::GrayscaleAlpha {
        let (pairs, _) = pixels.as_chunks::<2>();
        let wide: Vec<[u8; 4]> = pairs.iter().map(|&[v, a]| [v, v, v, a]).collect();
        pixels = wide.into_flattened();
    }
    let packed = Packed {
        raster: raster(Format::Png, size, layout, pixels)?,
        origin: (0.0, f64::from(top)),
        scale: (1.0, 1.0),
    };
    Ok(Decoded::packed(packed, profile))
}
