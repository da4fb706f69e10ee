//! The binding to libwebp: the one place that speaks to it.
#![allow(
    unsafe_code,
    reason = "libwebp is a C library. Every call here is given buffers that it may read or write for \
              exactly the lengths it is told, and everything it allocates has an owner that frees it"
)]

use std::ffi::c_int;
use std::marker::PhantomData;

use libwebp_sys as sys;

use super::budget::Budget;
use crate::plan::Size;

/// What the header tells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Features {
    pub size: Size,
    pub alpha: bool,
    pub animated: bool,
}

/// A rectangle in stored pixels, with even left and top.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub left: u32,
    pub top: u32,
    pub size: Size,
}

/// How a picture is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// 0 to 100; for lossless files the effort.
    pub quality: f32,
    pub lossless: bool,
    /// Effort, 0 to 6.
    pub method: u8,
}

/// Reads the header.
pub(super) fn features(bytes: &[u8]) -> Result<Features, &'static str> {
    let mut config = sys::WebPDecoderConfig::new().map_err(|()| VERSION)?;
    // SAFETY: the pointer and the length are those of a live slice, the target is a live struct.
    let status =
        unsafe { sys::WebPGetFeatures(bytes.as_ptr(), bytes.len(), &raw mut config.input) };
    accepted(status)?;
    let side = |n: c_int| u32::try_from(n).map_err(|_| "header names an empty picture");
    Ok(Features {
        size: Size::new(side(config.input.width)?, side(config.input.height)?),
        alpha: config.input.has_alpha != 0,
        animated: config.input.has_animation != 0,
    })
}

/// Decodes a part of a still, scaled to `out`, into `pixels`: RGBA with `alpha`, else RGB, rows
/// without padding. `part` must lie inside the picture.
pub(super) fn decode(
    bytes: &[u8],
    part: Part,
    out: Size,
    alpha: bool,
    pixels: &mut [u8],
) -> Result<(), &'static str> {
    let mut config = sys::WebPDecoderConfig::new().map_err(|()| VERSION)?;
    let options = &mut config.options;
    options.use_cropping = 1;
    options.crop_left = int(part.left)?;
    options.crop_top = int(part.top)?;
    options.crop_width = int(part.size.width)?;
    options.crop_height = int(part.size.height)?;
    options.use_scaling = c_int::from(out != part.size);
    options.scaled_width = int(out.width)?;
    options.scaled_height = int(out.height)?;
    let (mode, pixel) = if alpha {
        (sys::WEBP_CSP_MODE::MODE_RGBA, 4)
    } else {
        (sys::WEBP_CSP_MODE::MODE_RGB, 3)
    };
    config.output.colorspace = mode;
    config.output.is_external_memory = 1;
    config.output.u.RGBA = sys::WebPRGBABuffer {
        rgba: pixels.as_mut_ptr(),
        stride: stride(out, pixel, pixels.len())?,
        size: pixels.len(),
    };
    // SAFETY: input pointer and length belong to a live slice. The output is memory of ours, whose
    // length libwebp knows and checks against the stride and the size it will write.
    let status = unsafe { sys::WebPDecode(bytes.as_ptr(), bytes.len(), &raw mut config) };
    // SAFETY: the buffer was initialised by `new`; memory of ours in it is not freed.
    unsafe { sys::WebPFreeDecBuffer(&raw mut config.output) };
    accepted(status)
}

/// An animation being played, with the canvases that libwebp keeps for it.
pub(super) struct Animation<'a> {
    decoder: *mut sys::WebPAnimDecoder,
    pixels: usize,
    plays: u16,
    /// When the frame before ended, in milliseconds.
    shown: c_int,
    bytes: PhantomData<&'a [u8]>,
}

impl Drop for Animation<'_> {
    fn drop(&mut self) {
        // SAFETY: made by `WebPAnimDecoderNew` and deleted only here.
        unsafe { sys::WebPAnimDecoderDelete(self.decoder) };
    }
}

impl<'a> Animation<'a> {
    /// Opens an animation with this canvas.
    pub fn open(bytes: &'a [u8], canvas: Size) -> Result<Self, &'static str> {
        let data = sys::WebPData {
            bytes: bytes.as_ptr(),
            size: bytes.len(),
        };
        // SAFETY: all-zero bytes are a valid value of this struct of integers (its mode 0 is
        // `MODE_RGB`), and the initialiser fills it.
        let mut options: sys::WebPAnimDecoderOptions = unsafe { std::mem::zeroed() };
        // SAFETY: the pointer is to a live struct.
        if unsafe { sys::WebPAnimDecoderOptionsInit(&raw mut options) } == 0 {
            return Err(VERSION);
        }
        options.color_mode = sys::WEBP_CSP_MODE::MODE_RGBA;
        // SAFETY: `data` points into a slice that outlives the decoder, as the lifetime says.
        let decoder = unsafe { sys::WebPAnimDecoderNew(&raw const data, &raw const options) };
        if decoder.is_null() {
            return Err("animation cannot be read");
        }
        let mut animation = Self {
            decoder,
            pixels: usize::try_from(canvas.pixels())
                .map_err(|_| "canvas does not fit into memory")?,
            plays: 0,
            shown: 0,
            bytes: PhantomData,
        };
        let mut info = sys::WebPAnimInfo::default();
        // SAFETY: the decoder is live, the target is a live struct.
        if unsafe { sys::WebPAnimDecoderGetInfo(animation.decoder, &raw mut info) } == 0
            || (info.canvas_width, info.canvas_height) != (canvas.width, canvas.height)
        {
            return Err("size differs between headers");
        }
        animation.plays = u16::try_from(info.loop_count).unwrap_or(u16::MAX);
        Ok(animation)
    }

    /// How often it is played; 0 for ever.
    pub const fn plays(&self) -> u16 {
        self.plays
    }

    /// The next frame on the whole canvas, RGBA, and the milliseconds that it is shown.
    #[allow(clippy::type_complexity, reason = "a frame and a number")]
    pub fn next(&mut self) -> Result<Option<(&[[u8; 4]], u32)>, &'static str> {
        // SAFETY: the decoder is live.
        if unsafe { sys::WebPAnimDecoderHasMoreFrames(self.decoder) } == 0 {
            return Ok(None);
        }
        let mut pixels = std::ptr::null_mut();
        let mut end = 0;
        // SAFETY: the decoder is live, both targets are live variables.
        let got =
            unsafe { sys::WebPAnimDecoderGetNext(self.decoder, &raw mut pixels, &raw mut end) };
        if got == 0 || pixels.is_null() {
            return Err("frame cannot be read");
        }
        let delay = u32::try_from(end.saturating_sub(self.shown)).unwrap_or(0);
        self.shown = end;
        // SAFETY: the decoder's canvas has four bytes for each of the pixels that `open` has compared,
        // lives as long as the decoder and is written only by the next call, which needs `self`.
        let canvas = unsafe { std::slice::from_raw_parts(pixels.cast::<[u8; 4]>(), self.pixels) };
        Ok(Some((canvas, delay)))
    }
}

/// What the encoder's callbacks are given.
struct Sink<'a> {
    file: Vec<u8>,
    budget: &'a Budget,
}

/// A picture being encoded, freed with the planes that libwebp makes for it.
struct Picture(sys::WebPPicture);

impl Drop for Picture {
    fn drop(&mut self) {
        // SAFETY: initialised by `WebPPicture::new`; freeing one without planes does nothing.
        unsafe { sys::WebPPictureFree(&raw mut self.0) };
    }
}

/// Encodes RGBA with `alpha`, else RGB, rows without padding. Stops early when the budget says so.
pub(super) fn encode(
    size: Size,
    pixels: &[u8],
    alpha: bool,
    settings: Settings,
    budget: &Budget,
) -> Result<Vec<u8>, &'static str> {
    let mut config =
        sys::WebPConfig::new_with_preset(sys::WebPPreset::WEBP_PRESET_DEFAULT, settings.quality)
            .map_err(|()| VERSION)?;
    config.method = settings.method.into();
    config.lossless = c_int::from(settings.lossless);
    let mut picture = Picture(sys::WebPPicture::new().map_err(|()| VERSION)?);
    let mut sink = Sink {
        file: Vec::with_capacity(pixels.len() / 16 + 1024),
        budget,
    };
    picture.0.use_argb = c_int::from(settings.lossless);
    picture.0.width = int(size.width)?;
    picture.0.height = int(size.height)?;
    picture.0.writer = Some(write);
    picture.0.custom_ptr = (&raw mut sink).cast();
    picture.0.progress_hook = Some(go_on);
    picture.0.user_data = (&raw mut sink).cast();
    let pixel = if alpha { 4 } else { 3 };
    let stride = stride(size, pixel, pixels.len())?;
    // SAFETY: `stride` has made sure that the slice holds `height` rows of `width` pixels; libwebp
    // copies them into planes of its own.
    let imported = unsafe {
        if alpha {
            sys::WebPPictureImportRGBA(&raw mut picture.0, pixels.as_ptr(), stride)
        } else {
            sys::WebPPictureImportRGB(&raw mut picture.0, pixels.as_ptr(), stride)
        }
    };
    if imported == 0 {
        return Err("out of memory");
    }
    // SAFETY: configuration and picture are initialised; both callbacks are given `sink`, which lives
    // until after this call and is touched by nothing else meanwhile.
    if unsafe { sys::WebPEncode(&raw const config, &raw mut picture.0) } == 0 {
        return Err(match picture.0.error_code {
            sys::WebPEncodingError::VP8_ENC_ERROR_OUT_OF_MEMORY
            | sys::WebPEncodingError::VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY => "out of memory",
            sys::WebPEncodingError::VP8_ENC_ERROR_INVALID_CONFIGURATION => "invalid settings",
            sys::WebPEncodingError::VP8_ENC_ERROR_BAD_DIMENSION => "size out of range",
            sys::WebPEncodingError::VP8_ENC_ERROR_PARTITION0_OVERFLOW
            | sys::WebPEncodingError::VP8_ENC_ERROR_PARTITION_OVERFLOW => "partition overflow",
            sys::WebPEncodingError::VP8_ENC_ERROR_USER_ABORT => "stopped",
            _ => "unknown failure",
        });
    }
    Ok(sink.file)
}

/// Called by the encoder with each piece of the file.
unsafe extern "C" fn write(
    data: *const u8,
    length: usize,
    picture: *const sys::WebPPicture,
) -> c_int {
    if length > 0 {
        // SAFETY: `custom_ptr` is the `Sink` that `encode` has set and keeps; no other reference to
        // it exists during the call, for the encoder runs on one thread. `data` holds `length` bytes.
        unsafe {
            let sink = &mut *(*picture).custom_ptr.cast::<Sink<'_>>();
            sink.file
                .extend_from_slice(std::slice::from_raw_parts(data, length));
        }
    }
    1
}

/// Called by the encoder now and then; zero stops it.
unsafe extern "C" fn go_on(_percent: c_int, picture: *const sys::WebPPicture) -> c_int {
    // SAFETY: as in `write`; only the budget is read.
    let sink = unsafe { &*(*picture).user_data.cast::<Sink<'_>>() };
    c_int::from(sink.budget.check().is_ok())
}

const VERSION: &str = "library and header versions differ";

fn int(n: u32) -> Result<c_int, &'static str> {
    c_int::try_from(n).map_err(|_| "size out of range")
}

/// Bytes a row, once the buffer is known to hold all rows.
fn stride(size: Size, pixel: u32, length: usize) -> Result<c_int, &'static str> {
    let row = u64::from(size.width) * u64::from(pixel);
    if row.checked_mul(size.height.into()) != u64::try_from(length).ok() {
        return Err("buffer does not fit the size");
    }
    c_int::try_from(row).map_err(|_| "size out of range")
}

fn accepted(status: sys::VP8StatusCode) -> Result<(), &'static str> {
    match status {
        sys::VP8StatusCode::VP8_STATUS_OK => Ok(()),
        sys::VP8StatusCode::VP8_STATUS_OUT_OF_MEMORY => Err("out of memory"),
        sys::VP8StatusCode::VP8_STATUS_INVALID_PARAM => Err("part lies outside the picture"),
        sys::VP8StatusCode::VP8_STATUS_BITSTREAM_ERROR => Err("damaged data"),
        sys::VP8StatusCode::VP8_STATUS_UNSUPPORTED_FEATURE => Err("unsupported feature"),
        sys::VP8StatusCode::VP8_STATUS_SUSPENDED
        | sys::VP8StatusCode::VP8_STATUS_NOT_ENOUGH_DATA => Err("file ends early"),
        sys::VP8StatusCode::VP8_STATUS_USER_ABORT => Err("stopped"),
    }
}
