//! The binding to libaom: the one place that speaks to it.
#![allow(
    unsafe_code,
    reason = "libaom is a C library. Every call here is given buffers that it may read or write for \
              exactly the lengths it is told, and everything it allocates has an owner that frees it"
)]

use std::ffi::{CStr, c_int, c_uint};
use std::mem::MaybeUninit;
use std::ptr;

use libaom_sys as sys;

use crate::plan::Size;

/// A decoded picture, one plane or three, in rows of `stride` bytes.
pub(super) struct Picture {
    pub size: Size,
    /// Bits a sample. Above 8 a sample is two bytes, in native order.
    pub depth: usize,
    /// Whether colour planes have half the width, half the height.
    pub halved: (bool, bool),
    /// Whether samples use all values.
    pub full: bool,
    /// Colour primaries, transfer characteristics and matrix coefficients by their numbers in ITU-T
    /// H.273.
    pub primaries: u16,
    pub transfer: u16,
    pub matrix: u16,
    /// Bytes and stride.
    pub planes: Vec<(Vec<u8>, usize)>,
}

/// What is encoded: full-range 8-bit planes, rows without padding.
pub(super) struct Planes<'a> {
    pub size: Size,
    /// Light, then two colour differences; only light for a plane of alpha.
    pub light: &'a [u8],
    pub colour: Option<Colour<'a>>,
}

/// Colour differences of BT.601.
pub(super) struct Colour<'a> {
    pub blue: &'a [u8],
    pub red: &'a [u8],
    /// Half the width and half the height, rounded up.
    pub halved: bool,
}

/// How a picture is written.
#[derive(Clone, Copy)]
pub(super) struct Settings {
    /// 0 (without loss) to 63.
    pub quantizer: u8,
    /// Effort: 0 (slowest) to 9.
    pub speed: u8,
}

/// A codec context, destroyed with everything it has allocated. Boxed, for libaom keeps its address.
struct Context(Box<sys::aom_codec_ctx_t>);

impl Context {
    /// An initialised context; `open` does that and says whether it has.
    fn open(
        open: impl FnOnce(*mut sys::aom_codec_ctx_t) -> sys::aom_codec_err_t,
    ) -> Result<Self, String> {
        let mut context = Box::new(MaybeUninit::<sys::aom_codec_ctx_t>::zeroed());
        accepted(open(context.as_mut_ptr()))?;
        // SAFETY: zeroed bytes are a valid value (pointers and integers), and `open` has filled them.
        Ok(Self(unsafe { context.assume_init() }))
    }

    fn as_mut(&mut self) -> *mut sys::aom_codec_ctx_t {
        &raw mut *self.0
    }

    /// Sets a whole number.
    fn set(&mut self, control: sys::aome_enc_control_id, value: c_int) -> Result<(), String> {
        let control = c_int::try_from(control).map_err(|_| "unknown control")?;
        // SAFETY: each control used in this module takes one `int` or one `unsigned int`, which are
        // passed alike; the values are not negative.
        accepted(unsafe { sys::aom_codec_control(self.as_mut(), control, value) })
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: initialised by `open`, destroyed only here.
        unsafe { sys::aom_codec_destroy(self.as_mut()) };
    }
}

/// A decoder, which is given one picture's data after the other.
pub(super) struct Decoder(Context);

impl Decoder {
    pub fn open() -> Result<Self, String> {
        let config = sys::aom_codec_dec_cfg_t {
            threads: 1,
            w: 0,
            h: 0,
            allow_lowbitdepth: 1,
        };
        let version = abi(sys::AOM_DECODER_ABI_VERSION)?;
        // SAFETY: the context is zeroed memory for libaom to fill, the configuration a live struct.
        let context = Context::open(|context| unsafe {
            sys::aom_codec_dec_init_ver(
                context,
                sys::aom_codec_av1_dx(),
                &raw const config,
                0,
                version,
            )
        })?;
        Ok(Self(context))
    }

    /// Decodes the data of a picture: of one in layers, the last. The data name no larger picture
    /// than is allowed.
    pub fn picture(&mut self, data: &[u8]) -> Result<Picture, String> {
        // SAFETY: the context is initialised, pointer and length are those of a live slice.
        accepted(unsafe {
            sys::aom_codec_decode(self.0.as_mut(), data.as_ptr(), data.len(), ptr::null_mut())
        })?;
        let mut iterator: sys::aom_codec_iter_t = ptr::null();
        // SAFETY: the context is initialised and the iterator starts as null, as the call wants it.
        let image = unsafe { sys::aom_codec_get_frame(self.0.as_mut(), &raw mut iterator) };
        // SAFETY: null or a picture that the context owns until the next call; the reference ends
        // before that.
        let image = unsafe { image.as_ref() }.ok_or("no picture in the data")?;
        copied(image)
    }
}

/// The planes of a picture that libaom owns.
fn copied(image: &sys::aom_image_t) -> Result<Picture, String> {
    let wide = image.fmt & sys::AOM_IMG_FMT_HIGHBITDEPTH != 0;
    let size = Size::new(image.d_w, image.d_h);
    let halved = (image.x_chroma_shift > 0, image.y_chroma_shift > 0);
    let count = if image.monochrome != 0 { 1 } else { 3 };
    let planes = image
        .planes
        .iter()
        .zip(image.stride)
        .take(count)
        .enumerate()
        .map(|(n, (&plane, stride))| {
            let side = |n_pixels: u32, half: bool| {
                let shown = if n > 0 && half {
                    n_pixels.div_ceil(2)
                } else {
                    n_pixels
                };
                shown as usize
            };
            let row = side(size.width, halved.0) * if wide { 2 } else { 1 };
            let stride = usize::try_from(stride).map_err(|_| "negative stride")?;
            if plane.is_null() || stride < row {
                return Err("missing plane".to_owned());
            }
            let mut bytes = Vec::with_capacity(row * side(size.height, halved.1));
            for y in 0..side(size.height, halved.1) {
                // SAFETY: the plane has a row of at least `row` bytes at each multiple of its stride,
                // for as many rows as the picture shows.
                bytes.extend_from_slice(unsafe {
                    std::slice::from_raw_parts(plane.add(y * stride), row)
                });
            }
            Ok((bytes, row))
        })
        .collect::<Result<_, String>>()?;
    Ok(Picture {
        size,
        depth: if wide { image.bit_depth as usize } else { 8 },
        halved,
        full: image.range == sys::AOM_CR_FULL_RANGE,
        primaries: u16::try_from(image.cp).unwrap_or(2),
        transfer: u16::try_from(image.tc).unwrap_or(2),
        matrix: u16::try_from(image.mc).unwrap_or(2),
        planes,
    })
}

/// Encodes one picture as AV1 data.
pub(super) fn encode(planes: &Planes<'_>, settings: Settings) -> Result<Vec<u8>, String> {
    let mut config = configuration(planes, settings)?;
    let version = abi(sys::AOM_ENCODER_ABI_VERSION)?;
    // SAFETY: the context is zeroed memory for libaom to fill, the configuration an initialised struct.
    let mut context = Context::open(|context| unsafe {
        sys::aom_codec_enc_init_ver(
            context,
            sys::aom_codec_av1_cx(),
            &raw mut config,
            0,
            version,
        )
    })?;
    context.set(sys::AOME_SET_CPUUSED, settings.speed.into())?;
    context.set(sys::AOME_SET_CQ_LEVEL, settings.quantizer.into())?;
    context.set(sys::AV1E_SET_COLOR_RANGE, 1)?;
    // Alpha is an amount and not seen as light: every step of it counts alike.
    if planes.colour.is_some() {
        context.set(
            sys::AOME_SET_TUNING,
            c_int::try_from(sys::AOM_TUNE_SSIM).unwrap_or(1),
        )?;
        // Coarser steps for frequencies that show less: at equal score a sixth fewer bytes for no
        // time at all (docs/performance.md). The range of strengths is the one that later versions
        // take for still pictures.
        context.set(sys::AV1E_SET_ENABLE_QM, 1)?;
        context.set(sys::AV1E_SET_QM_MIN, 2)?;
        context.set(sys::AV1E_SET_QM_MAX, 10)?;
        context.set(sys::AV1E_SET_COLOR_PRIMARIES, 1)?;
        context.set(sys::AV1E_SET_TRANSFER_CHARACTERISTICS, 13)?;
        context.set(sys::AV1E_SET_MATRIX_COEFFICIENTS, 6)?;
    }
    let image = filled(planes)?;
    let mut data = Vec::new();
    // SAFETY: the context is initialised, the picture is live and of the configured size.
    accepted(unsafe { sys::aom_codec_encode(context.as_mut(), image.0, 0, 1, 0) })?;
    // Packets are gone with the next call to the encoder: they are taken after each.
    drain(&mut context, &mut data);
    loop {
        let before = data.len();
        // SAFETY: as above; no picture means the end.
        accepted(unsafe { sys::aom_codec_encode(context.as_mut(), ptr::null(), 0, 1, 0) })?;
        drain(&mut context, &mut data);
        if data.len() == before {
            break;
        }
    }
    if data.is_empty() {
        return Err("no data".to_owned());
    }
    Ok(data)
}

fn configuration(
    planes: &Planes<'_>,
    settings: Settings,
) -> Result<sys::aom_codec_enc_cfg_t, String> {
    let mut config = MaybeUninit::zeroed();
    // SAFETY: the target is memory for libaom to fill.
    accepted(unsafe {
        sys::aom_codec_enc_config_default(
            sys::aom_codec_av1_cx(),
            config.as_mut_ptr(),
            sys::AOM_USAGE_ALL_INTRA,
        )
    })?;
    // SAFETY: filled by the call before, which has succeeded.
    let mut config: sys::aom_codec_enc_cfg_t = unsafe { config.assume_init() };
    let full_colour = planes.colour.as_ref().is_some_and(|colour| !colour.halved);
    config.g_w = planes.size.width;
    config.g_h = planes.size.height;
    config.g_threads = 1;
    config.g_limit = 1;
    config.g_lag_in_frames = 0;
    config.g_profile = full_colour.into();
    config.monochrome = planes.colour.is_none().into();
    config.rc_end_usage = sys::AOM_Q;
    config.rc_min_quantizer = settings.quantizer.into();
    config.rc_max_quantizer = settings.quantizer.into();
    Ok(config)
}

/// A picture that libaom has allocated, freed by it.
struct Image(*mut sys::aom_image_t);

impl Drop for Image {
    fn drop(&mut self) {
        // SAFETY: made by `aom_img_alloc`, freed only here.
        unsafe { sys::aom_img_free(self.0) };
    }
}

/// The planes in a picture of libaom's own, whose rows have the padding it wants.
fn filled(planes: &Planes<'_>) -> Result<Image, String> {
    const ALIGN: c_uint = 32;
    let Size { width, height } = planes.size;
    let full_colour = planes.colour.as_ref().is_some_and(|colour| !colour.halved);
    let format = if full_colour {
        sys::AOM_IMG_FMT_I444
    } else {
        sys::AOM_IMG_FMT_I420
    };
    // SAFETY: a null target makes libaom allocate the descriptor as well.
    let image = unsafe { sys::aom_img_alloc(ptr::null_mut(), format, width, height, ALIGN) };
    if image.is_null() {
        return Err("out of memory".to_owned());
    }
    let image = Image(image);
    // SAFETY: not null, and nothing else refers to it.
    let descriptor = unsafe { &mut *image.0 };
    descriptor.range = sys::AOM_CR_FULL_RANGE;
    descriptor.monochrome = planes.colour.is_none().into();
    let (colour_width, colour_height) = if full_colour {
        (width, height)
    } else {
        (width.div_ceil(2), height.div_ceil(2))
    };
    let parts = [
        (Some(planes.light), width, height),
        (
            planes.colour.as_ref().map(|c| c.blue),
            colour_width,
            colour_height,
        ),
        (
            planes.colour.as_ref().map(|c| c.red),
            colour_width,
            colour_height,
        ),
    ];
    for ((part, width, height), (&plane, stride)) in parts
        .into_iter()
        .zip(descriptor.planes.iter().zip(descriptor.stride))
    {
        let (width, height) = (width as usize, height as usize);
        let stride = usize::try_from(stride).map_err(|_| "negative stride")?;
        if plane.is_null() || stride < width {
            return Err("missing plane".to_owned());
        }
        if part.is_some_and(|part| part.len() != width * height) {
            return Err("buffer does not fit the size".to_owned());
        }
        for y in 0..height {
            // SAFETY: the plane has a row of at least `width` bytes at each multiple of its stride.
            let row = unsafe { std::slice::from_raw_parts_mut(plane.add(y * stride), width) };
            match part.and_then(|part| part.get(y * width..(y + 1) * width)) {
                Some(source) => row.copy_from_slice(source),
                // No colour.
                None => row.fill(128),
            }
        }
    }
    Ok(image)
}

/// Takes what the encoder has finished.
fn drain(context: &mut Context, data: &mut Vec<u8>) {
    let mut iterator: sys::aom_codec_iter_t = ptr::null();
    loop {
        // SAFETY: the context is initialised; the iterator is null at first and libaom's afterwards.
        let packet = unsafe { sys::aom_codec_get_cx_data(context.as_mut(), &raw mut iterator) };
        // SAFETY: null or a packet that lives until the next call to the encoder.
        let Some(packet) = (unsafe { packet.as_ref() }) else {
            return;
        };
        if packet.kind == sys::AOM_CODEC_CX_FRAME_PKT {
            // SAFETY: a frame packet fills this member of the union; its buffer has the given length.
            data.extend_from_slice(unsafe {
                std::slice::from_raw_parts(packet.data.frame.buf.cast(), packet.data.frame.sz)
            });
        }
    }
}

fn abi(version: u32) -> Result<c_int, String> {
    c_int::try_from(version).map_err(|_| "library and header versions differ".to_owned())
}

fn accepted(status: sys::aom_codec_err_t) -> Result<(), String> {
    if status == sys::AOM_CODEC_OK {
        return Ok(());
    }
    // SAFETY: libaom answers with a string that lives as long as the program.
    let text = unsafe { CStr::from_ptr(sys::aom_codec_err_to_string(status)) };
    Err(text.to_string_lossy().into_owned())
}
