//! CPU time, bytes and quality of whole jobs on real photographs.
//!
//! `cargo bench --bench render -- DIR [RUNS] [NAME]`, best under `taskset -c 1`. `DIR` holds
//! `photo-12mp.jpg`, its progressive twin `photo-12mp-prog.jpg`, `photo-24mp.jpg`, `photo-0.5mp.jpg`
//! `alpha-2mp.png` and `anim-24f.gif`; what is missing is skipped. A line for each job: median and least CPU
//! milliseconds of this thread, the stages' share of a run, bytes, and SSIMULACRA2 against a full
//! decode, by another decoder, scaled with Lanczos3.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods
)]

use std::path::Path;

use cldgate::plan::{Encode, Frames, Motion, RasterPlan, Region, Size, Step, Window};
use cldgate::render::{self, Budget, Rendered};
use cldgate::spec::Format;
use fast_image_resize::images::Image;
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use fast_ssim2::{PixelDescriptor, PixelSlice, compute_ssimulacra2};

struct Job {
    name: &'static str,
    file: &'static str,
    /// Width, and height where the picture is cut to a box.
    to: (u32, Option<u32>),
    format: Format,
    quality: u8,
}

const JOBS: &[Job] = &[
    job(
        "12MP->300x300 fill jpg q80",
        "photo-12mp.jpg",
        (300, Some(300)),
        Format::Jpeg,
        80,
    ),
    job(
        "12MP progressive->300x300 jpg q80",
        "photo-12mp-prog.jpg",
        (300, Some(300)),
        Format::Jpeg,
        80,
    ),
    job(
        "24MP->300x300 fill jpg q80",
        "photo-24mp.jpg",
        (300, Some(300)),
        Format::Jpeg,
        80,
    ),
    job(
        "12MP->800w webp q75",
        "photo-12mp.jpg",
        (800, None),
        Format::WebP,
        75,
    ),
    job(
        "12MP->800w jpg q80",
        "photo-12mp.jpg",
        (800, None),
        Format::Jpeg,
        80,
    ),
    job(
        "12MP->800w avif q50",
        "photo-12mp.jpg",
        (800, None),
        Format::Avif,
        50,
    ),
    job(
        "2MP rgba png->400w png",
        "alpha-2mp.png",
        (400, None),
        Format::Png,
        80,
    ),
    job(
        "0.5MP->200w jpg q80",
        "photo-0.5mp.jpg",
        (200, None),
        Format::Jpeg,
        80,
    ),
    job(
        "gif 24 frames->200w webp q75",
        "anim-24f.gif",
        (200, None),
        Format::WebP,
        75,
    ),
];

const fn job(
    name: &'static str,
    file: &'static str,
    to: (u32, Option<u32>),
    format: Format,
    quality: u8,
) -> Job {
    Job {
        name,
        file,
        to,
        format,
        quality,
    }
}

/// Milliseconds that this thread has spent on a CPU.
fn thread_time() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e6
}

/// Milliseconds that all threads have spent on CPUs, those that have ended too, in steps of ten.
fn process_time() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, behind_name) = text.rsplit_once(')').unwrap();
    let ticks = |field: usize| -> f64 {
        behind_name
            .split_whitespace()
            .nth(field)
            .unwrap()
            .parse()
            .unwrap()
    };
    (ticks(11) + ticks(12)) * 10.0
}

fn plan(source: Size, job: &Job) -> RasterPlan {
    let (w, h) = (f64::from(source.width), f64::from(source.height));
    let (width, height) = job.to;
    let (from, to) = match height {
        None => {
            let height = (f64::from(width) * h / w).round() as u32;
            (
                Region {
                    x: 0.0,
                    y: 0.0,
                    width: w,
                    height: h,
                },
                Size::new(width, height),
            )
        }
        Some(height) => {
            let ratio = f64::from(width) / f64::from(height);
            let (cut_w, cut_h) = if w / h > ratio {
                (h * ratio, h)
            } else {
                (w, w / ratio)
            };
            let (x, y) = ((w - cut_w) / 2.0, (h - cut_h) / 2.0);
            (
                Region {
                    x,
                    y,
                    width: cut_w,
                    height: cut_h,
                },
                Size::new(width, height),
            )
        }
    };
    RasterPlan {
        source,
        window: Window::whole(source),
        frames: match job.file.ends_with(".gif") {
            true => Frames::All(Motion::default()),
            false => Frames::One(0),
        },
        steps: vec![Step::Resample { from, to }],
        encode: Encode::new(job.format, job.quality),
    }
}

/// A source as RGB pixels, decoded in full by another decoder where there is one.
fn open_source(bytes: &[u8]) -> (Size, Vec<u8>) {
    use zune_jpeg::zune_core::{
        bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions,
    };
    let facts = render::probe(bytes).unwrap();
    if facts.format == Format::Jpeg {
        let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGB);
        let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(bytes), options);
        return (facts.size, decoder.decode().unwrap());
    }
    (facts.size, open(bytes))
}

/// A result as RGB pixels.
fn open(bytes: &[u8]) -> Vec<u8> {
    let facts = render::probe(bytes).unwrap();
    let plan = RasterPlan {
        source: facts.size,
        window: Window::whole(facts.size),
        frames: Frames::One(0),
        steps: Vec::new(),
        encode: Encode::new(Format::Bmp, 100),
    };
    let file = render::run(&plan, bytes, &Budget::unlimited()).unwrap();
    let picture = image::load_from_memory_with_format(&file.body, image::ImageFormat::Bmp).unwrap();
    picture.into_rgb8().into_raw()
}

fn quality(source: &[u8], plan: &RasterPlan, result: &Rendered) -> f64 {
    let (size, mut pixels) = open_source(source);
    let source =
        Image::from_slice_u8(size.width, size.height, &mut pixels, PixelType::U8x3).unwrap();
    let Some(Step::Resample { from, to }) = plan.steps.first() else {
        return f64::NAN;
    };
    let mut reference = Image::new(to.width, to.height, PixelType::U8x3);
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
        .crop(from.x, from.y, from.width, from.height);
    Resizer::new()
        .resize(&source, &mut reference, &options)
        .unwrap();
    let seen = open(&result.body);
    let (width, height) = (to.width, to.height);
    let picture = |pixels| {
        let stride = width as usize * 3;
        PixelSlice::new(pixels, width, height, stride, PixelDescriptor::RGB8_SRGB).unwrap()
    };
    compute_ssimulacra2(&picture(reference.buffer()), &picture(&seen)).unwrap()
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|a| !a.starts_with("--"));
    let Some(folder) = arguments.next() else {
        println!("usage: cargo bench --bench render -- DIR [RUNS] [NAME]");
        return;
    };
    let runs: usize = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(15);
    let only = arguments.next();
    println!("job\truns\tmedian ms\tleast ms\tdecode\ttransform\tencode\tbytes\tssimulacra2");
    for job in JOBS {
        if only
            .as_deref()
            .is_some_and(|only| !job.name.starts_with(only))
            || !render::can_write(job.format)
        {
            continue;
        }
        let Ok(source) = std::fs::read(Path::new(&folder).join(job.file)) else {
            println!("{}\tno {}", job.name, job.file);
            continue;
        };
        measure(job, &source, runs);
    }
}

fn measure(job: &Job, source: &[u8], runs: usize) {
    let facts = render::probe(source).unwrap();
    let plan = plan(facts.size, job);
    let once = || render::run(&plan, source, &Budget::unlimited()).unwrap();
    let result = once();
    // The slow encoder has threads of its own.
    let slow = result.timings.encode.as_millis() > 200;
    let (clock, runs): (fn() -> f64, _) = if slow {
        (process_time, runs.min(3))
    } else {
        (thread_time, runs)
    };
    let mut times: Vec<f64> = (0..runs.max(1))
        .map(|_| {
            let start = clock();
            let _file = once();
            clock() - start
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let ms = |time: std::time::Duration| time.as_secs_f64() * 1e3;
    println!(
        "{}\t{}\t{:.1}\t{:.1}\t{:.1}\t{:.1}\t{:.1}\t{}\t{:.1}",
        job.name,
        times.len(),
        times[times.len() / 2],
        times[0],
        ms(result.timings.decode),
        ms(result.timings.transform),
        ms(result.timings.encode),
        result.body.len(),
        quality(source, &plan, &result)
    );
}
