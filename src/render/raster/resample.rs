//! Cutting and scaling in one pass.

use std::cell::RefCell;

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::{U8, U8x3, U8x4};
use fast_image_resize::{FilterType, MulDiv, PixelTrait, ResizeAlg, ResizeOptions, Resizer};

use super::{Layout, Raster, buffer_len};
use crate::plan::{Region, Size};
use crate::render::error::Error;

thread_local! {
    // A resizer keeps its intermediate buffer: one for each worker saves the allocation.
    static RESIZER: RefCell<Resizer> = RefCell::new(Resizer::new());
}

/// Intermediate buffers above this are given back after the job that needed them.
const KEPT_BUFFER: usize = 16 << 20;

impl Raster {
    /// Cuts `from` out and scales it to `to` with a Lanczos filter of three lobes. What `from` says
    /// outside the picture is ignored. Colours are weighted by their alpha, so that what is invisible
    /// does not bleed into what is seen.
    pub(in crate::render) fn resampled(self, from: Region, to: Size) -> Result<Self, Error> {
        self.resampled_by(from, to, FilterType::Lanczos3)
    }

    /// As [`resampled`](Self::resampled), of a picture that is still needed: only what the filter looks at
    /// is copied.
    pub(in crate::render) fn glimpse(&self, from: Region, to: Size) -> Result<Self, Error> {
        /// Pixels of the result to each side that the filter looks at, and one for rounding.
        const REACH: f64 = 4.0;
        let from = clipped(from, self.size);
        let span = |start: f64, length: f64, made: u32, side: u32| {
            let reach = (length / f64::from(made.max(1))).max(1.0) * REACH;
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "inside a picture"
            )]
            let pixel = |at: f64| at.clamp(0.0, f64::from(side)) as u32;
            let (first, end) = (pixel(start - reach), pixel((start + length + reach).ceil()));
            (first, end.saturating_sub(first))
        };
        let (left, width) = span(from.x, from.width, to.width, self.size.width);
        let (top, height) = span(from.y, from.height, to.height, self.size.height);
        let (start, length) = (
            left as usize * self.layout.bytes(),
            width as usize * self.layout.bytes(),
        );
        let rows = self.pixels.chunks_exact(self.stride().max(1));
        let part = Self {
            size: Size::new(width, height),
            layout: self.layout,
            pixels: rows
                .skip(top as usize)
                .take(height as usize)
                .filter_map(|row| row.get(start..start + length))
                .collect::<Vec<_>>()
                .concat(),
        };
        let from = Region {
            x: from.x - f64::from(left),
            y: from.y - f64::from(top),
            ..from
        };
        part.resampled(from, to)
    }

    /// [`resampled`](Self::resampled) with another filter.
    pub(super) fn resampled_by(
        mut self,
        from: Region,
        to: Size,
        filter: FilterType,
    ) -> Result<Self, Error> {
        let from = clipped(from, self.size);
        if let Some((left, top)) = plain_cut(from, to) {
            return Ok(self.cut(left, top, to));
        }
        let length = buffer_len(to, self.layout).ok_or(Error::OverLimit {
            what: "picture size in pixels",
            value: to.pixels(),
            limit: usize::MAX as u64,
        })?;
        let mut pixels = vec![0; length];
        match self.layout {
            Layout::Grey => convolve::<U8>(&mut self, from, &mut pixels, to, filter)?,
            Layout::Rgb => convolve::<U8x3>(&mut self, from, &mut pixels, to, filter)?,
            Layout::Rgba | Layout::Cmyk => {
                convolve::<U8x4>(&mut self, from, &mut pixels, to, filter)?
            }
        }
        Ok(Self {
            size: to,
            pixels,
            layout: self.layout,
        })
    }

    /// Cuts a rectangle out that lies inside the picture.
    fn cut(mut self, left: usize, top: usize, to: Size) -> Self {
        if to == self.size {
            return self;
        }
        let stride = self.stride();
        let start = left * self.layout.bytes();
        let length = to.width as usize * self.layout.bytes();
        // Rows only ever move towards the front, so the buffer serves as its own target.
        for (n, row) in (top..top + to.height as usize).enumerate() {
            let at = row * stride + start;
            self.pixels.copy_within(at..at + length, n * length);
        }
        self.pixels.truncate(to.height as usize * length);
        self.size = to;
        self
    }
}

/// One pass of the filter. Monomorphic on purpose: the library's untyped entry would instantiate its
/// kernels for every pixel type it knows, minutes of compile time for three that are used.
fn convolve<P: PixelTrait + Default>(
    source: &mut Raster,
    from: Region,
    pixels: &mut [u8],
    to: Size,
    filter: FilterType,
) -> Result<(), Error> {
    let Size { width, height } = source.size;
    let weighted = source.layout == Layout::Rgba;
    let alpha = MulDiv::new();
    if weighted {
        let mut view =
            TypedImage::<P>::from_buffer(width, height, &mut source.pixels).map_err(internal)?;
        alpha
            .multiply_alpha_inplace_typed(&mut view)
            .map_err(internal)?;
    }
    let view = TypedImageRef::<P>::from_buffer(width, height, &source.pixels).map_err(internal)?;
    let mut target = TypedImage::<P>::from_buffer(to.width, to.height, pixels).map_err(internal)?;
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(filter))
        .use_alpha(false)
        .crop(from.x, from.y, from.width, from.height);
    RESIZER.with_borrow_mut(|resizer| {
        let result = resizer.resize_typed(&view, &mut target, &options);
        if resizer.size_of_internal_buffers() > KEPT_BUFFER {
            resizer.reset_internal_buffers();
        }
        result.map_err(internal)
    })?;
    if weighted {
        alpha
            .divide_alpha_inplace_typed(&mut target)
            .map_err(internal)?;
    }
    Ok(())
}

/// A resampling that fails on sizes checked before is a mistake of ours, not of the source.
fn internal(error: impl std::fmt::Display) -> Error {
    Error::Resample {
        reason: error.to_string(),
    }
}

/// The part of a region inside the picture, at least a sliver.
fn clipped(from: Region, size: Size) -> Region {
    const SLIVER: f64 = 1.0 / 64.0;
    let span = |start: f64, length: f64, side: u32| {
        let side = f64::from(side);
        let start = start.clamp(0.0, side - SLIVER);
        let mut length = length.clamp(SLIVER, (side - start).max(SLIVER));
        if start + length > side {
            // A rounding error past the edge would be refused.
            length -= side * f64::EPSILON;
        }
        (start, length)
    };
    let (x, width) = span(from.x, from.width, size.width);
    let (y, height) = span(from.y, from.height, size.height);
    Region {
        x,
        y,
        width,
        height,
    }
}

/// Left and top of a region of whole pixels that is not scaled.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole and not negative, by the test before"
)]
fn plain_cut(from: Region, to: Size) -> Option<(usize, usize)> {
    const NEAR: f64 = 1e-6;
    let whole = |n: f64| (n - n.round()).abs() < NEAR;
    let same = (from.width - f64::from(to.width)).abs() < NEAR
        && (from.height - f64::from(to.height)).abs() < NEAR;
    (same && whole(from.x) && whole(from.y))
        .then(|| (from.x.round() as usize, from.y.round() as usize))
}
