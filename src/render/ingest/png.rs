//! PNG: every kind brought to 8 bits, row by row as far as rows are needed.

#[path = "png_rows.rs"]
mod rows;
#[path = "png_wide.rs"]
mod wide;

use std::io::Cursor;

use png::{
    BitDepth, BlendOp, ColorType, Decoder, DecodingError, DisposeOp, FrameControl, Transformations,
};

use wide::Wide;

use super::frames::{Animation, Place, Shown};
use super::{Decoded, Packed, Request, buffer, raster};
use crate::plan::{Facts, Size};
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::probe::png_chunks;
use crate::render::raster::{ColourSpace, Layout, Raster, over, to_srgb};
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
    is_first: bool,
    /// What broke the first frame off, of which a part was shown.
    broken: Option<Error>,
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
            is_first: true,
            broken: None,
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
            let read = match self.reader.next_frame(&mut self.frame) {
                Ok(read) => read.buffer_size(),
                // Nothing follows what there is of the first frame.
                Err(error) if self.is_first && self.frame.iter().any(|&sample| sample > 0) => {
                    self.broken = Some(bad(error));
                    self.frame.len()
                }
                Err(error) => return Err(bad(error)),
            };
            if let Some(control) = self.reader.info().frame_control {
                self.is_first = false;
                self.frame.truncate(read);
                return Ok(control);
            }
            if let Some(broken) = self.broken.take() {
                return Err(broken);
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
        if let Some(broken) = self.broken.take() {
            return Err(broken);
        }
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

    fn colours(&self) -> ColourSpace {
        colours(self.reader.info())
    }
}

/// What the samples mean, by the chunk that goes first: `cICP`, `iCCP`, `sRGB`, then `gAMA` with
/// `cHRM`. A chunk that cannot be used leaves it to the next one.
fn colours(info: &png::Info<'_>) -> ColourSpace {
    let coded = info.coding_independent_code_points.and_then(|chunk| {
        let full_range = chunk.is_video_full_range_image;
        ColourSpace::of_png(chunk.color_primaries, chunk.transfer_function, full_range)
    });
    if let Some(coded) = coded {
        // Both in ten-thousandths of a candela.
        let content = info.content_light_level.map(|l| l.max_content_light_level);
        let screen = info.mastering_display_color_volume.map(|v| v.max_luminance);
        let peak = content.filter(|peak| *peak > 0).or(screen);
        return coded.with_peak(peak.map(|peak| peak as f32 / 10_000.0));
    }
    if let Some(profile) = info.icc_profile.as_deref()
        && ColourSpace::is_readable(profile)
    {
        return ColourSpace::Icc(profile.to_vec());
    }
    let (None, Some(gamma)) = (info.srgb, info.gama_chunk) else {
        return ColourSpace::Srgb;
    };
    let places = info.chrm_chunk.map(|chunk| {
        [chunk.white, chunk.red, chunk.green, chunk.blue]
            .map(|(x, y)| (x.into_value(), y.into_value()))
    });
    ColourSpace::of_power(gamma.into_value(), places)
}

/// Whether samples of 16 bits come with something about their colours, so that rounding must wait.
fn is_deep(bytes: &[u8]) -> bool {
    const DEPTH: usize = 8;
    let mut chunks = png_chunks(bytes);
    let header = chunks.next();
    header.is_some_and(|(name, body)| name == b"IHDR" && body.get(DEPTH) == Some(&16))
        && chunks
            .map(|(name, _)| name)
            .take_while(|name| *name != b"IDAT")
            .any(|name| [b"cICP", b"iCCP", b"gAMA"].into_iter().any(|of| name == of))
}

fn bad(error: DecodingError) -> Error {
    Error::bad(Format::Png, error)
}

pub(super) fn decode(
    bytes: &[u8],
    facts: &Facts,
    request: &Request,
    budget: &Budget,
) -> Result<Decoded, Error> {
    let bytes = &*rows::masked(bytes);
    let deep = is_deep(bytes) && !request.keeps_colours;
    let open = |checked: bool| {
        let mut decoder = Decoder::new(Cursor::new(bytes));
        decoder.set_ignore_text_chunk(true);
        if !checked {
            decoder.ignore_checksums(true);
        }
        decoder.set_transformations(match deep {
            true => Transformations::EXPAND,
            false => Transformations::normalize_to_color8(),
        });
        decoder.read_info().map_err(bad)
    };
    let reader = open(true)?;
    let info = reader.info();
    if info.size() != (facts.size.width, facts.size.height) {
        return Err(Error::bad(Format::Png, "size differs between headers"));
    }
    let interlaced = info.interlaced;
    let colours = colours(info);
    let (kind, depth) = reader.output_color_type();
    // Grey with alpha is rare enough to be widened afterwards.
    let (layout, samples) = match kind {
        ColorType::Grayscale => (Layout::Grey, 1),
        ColorType::GrayscaleAlpha => (Layout::Rgba, 2),
        ColorType::Rgb => (Layout::Rgb, 3),
        ColorType::Rgba => (Layout::Rgba, 4),
        ColorType::Indexed => return Err(Error::bad(Format::Png, "palette was not expanded")),
    };
    let width = facts.size.width as usize;
    let mut wide = (depth == BitDepth::Sixteen).then(|| Wide::new(&colours, width, samples));
    let (mut layout, samples) = match &wide {
        Some(Wide { deep: Some(_), .. }) if samples.is_multiple_of(2) => (Layout::Rgba, 4),
        Some(Wide { deep: Some(_), .. }) => (Layout::Rgb, 3),
        _ => (layout, samples),
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
    let stride = width * samples;
    pixels.truncate(stride * size.height as usize);
    let part = rows::Part {
        top: top as usize,
        rows: size.height as usize,
        stride,
        samples,
        interlaced,
    };
    let seen = rows::read(reader, open, part, (&mut pixels, wide.as_mut()), budget)?;
    if let (0, Some(broken)) = (seen.rows, &seen.broken) {
        return Err(broken.clone());
    }
    if kind == ColorType::GrayscaleAlpha && samples == 2 {
        let (pairs, _) = pixels.as_chunks::<2>();
        let wide: Vec<[u8; 4]> = pairs.iter().map(|&[v, a]| [v, v, v, a]).collect();
        pixels = wide.into_flattened();
    }
    let damaged = seen.broken.is_some();
    if damaged {
        let rows = seen.rows.saturating_sub(part.top);
        pixels = rows::opened(&pixels, layout, rows * width);
        layout = Layout::Rgba;
    }
    let raster = raster(Format::Png, size, layout, pixels)?;
    let (raster, colours) = if wide.is_some_and(|wide| wide.deep.is_some()) {
        (raster, ColourSpace::Srgb)
    } else if colours.is_hdr() {
        // Before it is reduced: light of that range has other means.
        (in_bands(&raster, &colours, budget)?, ColourSpace::Srgb)
    } else {
        (raster, colours)
    };
    let packed = Packed {
        raster,
        origin: (0.0, f64::from(top)),
        scale: (1.0, 1.0),
    };
    Ok(Decoded {
        damaged,
        ..Decoded::packed(packed, colours)
    })
}

/// A picture in sRGB, some rows at a time, so that it can be stopped.
fn in_bands(picture: &Raster, colours: &ColourSpace, budget: &Budget) -> Result<Raster, Error> {
    let (size, mut layout) = (picture.size(), picture.layout());
    let mut pixels = Vec::with_capacity(picture.pixels().len());
    for band in picture
        .pixels()
        .chunks(picture.stride().max(1) * rows::BAND)
    {
        budget.check()?;
        let height = u32::try_from(band.len() / picture.stride().max(1)).unwrap_or(0);
        let part = Size::new(size.width, height);
        let part = raster(Format::Png, part, picture.layout(), band.to_vec())?;
        let part = to_srgb(part, colours);
        layout = part.layout();
        pixels.extend(part.into_pixels());
    }
    raster(Format::Png, size, layout, pixels)
}
