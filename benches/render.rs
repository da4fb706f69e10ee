//! CPU time, peak memory, bytes and quality of whole jobs on real photographs, and of the peers' results.
//!
//! `cargo bench --bench render -- DIR [RUNS [NAME [RESULTS]]]`, best under `taskset -c 1`; `just bench-peers`
//! prepares and runs all of it. `DIR` holds `photo-12mp.jpg`, its progressive twin `photo-12mp-prog.jpg`,
//! `photo-24mp.jpg`, `photo-0.5mp.jpg`, `alpha-2mp.png` and `anim-24f.gif`; what is missing is skipped. A line
//! for each job: median and least CPU milliseconds of this thread, bytes, megabytes of peak memory beyond what
//! the process held before, SSIMULACRA2 against a full decode, by another decoder, scaled with
//! Lanczos3, and the stages of one run.
//!
//! `RESULTS` holds what the programs in `peers/` have written. A line for each of their files that is found:
//! bytes and SSIMULACRA2 by the same measure, and what ours takes where it is at least as good.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a measurement that cannot go on has failed: it stops and says where"
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
    quality: u8,
}

/// The names are those of the files that the peers' programs in `peers/` write.
const JOBS: &[Job] = &[
    job("12mp-fill-300.jpg", "photo-12mp.jpg", (300, Some(300)), 80),
    job(
        "12mp-progressive-fill-300.jpg",
        "photo-12mp-prog.jpg",
        (300, Some(300)),
        80,
    ),
    job("24mp-fill-300.jpg", "photo-24mp.jpg", (300, Some(300)), 80),
    job("12mp-800.webp", "photo-12mp.jpg", (800, None), 75),
    job("12mp-800.jpg", "photo-12mp.jpg", (800, None), 80),
    job("12mp-800.avif", "photo-12mp.jpg", (800, None), 50),
    job("2mp-rgba-400.png", "alpha-2mp.png", (400, None), 80),
    job("0.5mp-200.jpg", "photo-0.5mp.jpg", (200, None), 80),
    job("gif-24-frames-200.webp", "anim-24f.gif", (200, None), 75),
    job("gif-24-frames-200.gif", "anim-24f.gif", (200, None), 75),
];

const fn job(name: &'static str, file: &'static str, to: (u32, Option<u32>), quality: u8) -> Job {
    Job {
        name,
        file,
        to,
        quality,
    }
}

impl Job {
    /// The format that the name ends with.
    fn format(&self) -> Format {
        let (_, ending) = self.name.rsplit_once('.').unwrap();
        Format::from_extension(ending).unwrap()
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

fn plan(source: Size, job: &Job, quality: u8) -> RasterPlan {
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
        encode: Encode::new(job.format(), quality),
        scaling: cldgate::plan::Scaling::default(),
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
        scaling: cldgate::plan::Scaling::default(),
    };
    let file = render::run(&plan, bytes, &Budget::unlimited()).unwrap();
    let picture = image::load_from_memory_with_format(&file.body, image::ImageFormat::Bmp).unwrap();
    picture.into_rgb8().into_raw()
}

fn quality(source: &[u8], plan: &RasterPlan, result: &[u8]) -> f64 {
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
    let seen = open(result);
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
        println!("usage: cargo bench --bench render -- DIR [RUNS [NAME [RESULTS]]]");
        return;
    };
    let runs: usize = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(15);
    let only = arguments.next().unwrap_or_default();
    let results = arguments.next();
    println!(
        "who\tjob\tmedian ms\tleast ms\tbytes\tpeak MB\tssimulacra2\tdecode, transform, encode ms"
    );
    for job in JOBS {
        if !job.name.starts_with(&only) || !render::can_write(job.format()) {
            continue;
        }
        let Ok(source) = std::fs::read(Path::new(&folder).join(job.file)) else {
            println!("cldgate\t{}\tno {}", job.name, job.file);
            continue;
        };
        measure(job, &source, runs);
        for peer in ["sharp", "vips"] {
            let file = results
                .as_ref()
                .map(|results| Path::new(results).join(format!("{peer}-{}", job.name)));
            if let Some(Ok(file)) = file.map(std::fs::read) {
                compare(peer, job, &source, &file);
            }
        }
    }
}

fn measure(job: &Job, source: &[u8], runs: usize) {
    let facts = render::probe(source).unwrap();
    let plan = plan(facts.size, job, job.quality);
    let once = || render::run(&plan, source, &Budget::unlimited()).unwrap();
    let result = once();
    // The slow encoder has threads of its own.
    let slow = result.timings.encode.as_millis() > 200;
    let (clock, runs): (fn() -> f64, _) = if slow {
        (process_time, runs.min(3))
    } else {
        (thread_time, runs)
    };
    // Some systems count CPU time in steps of four milliseconds: short jobs are done several times for each figure.
    let wall = std::time::Instant::now();
    let _warm = once();
    let each = (60.0 / (wall.elapsed().as_secs_f64() * 1e3)).clamp(1.0, 30.0) as u32;
    let before = reset_peak();
    let mut times: Vec<f64> = (0..runs.max(1))
        .map(|_| {
            let start = clock();
            for _ in 0..each {
                let _file = once();
            }
            (clock() - start) / f64::from(each)
        })
        .collect();
    let beyond = peak() - before;
    times.sort_by(f64::total_cmp);
    let ms = |time: std::time::Duration| time.as_secs_f64() * 1e3;
    println!(
        "cldgate\t{}\t{:.1}\t{:.1}\t{}\t{:.1}\t{:.1}\t{:.1}, {:.1}, {:.1}",
        job.name,
        times[times.len() / 2],
        times[0],
        result.body.len(),
        beyond,
        quality(source, &plan, &result.body),
        ms(result.timings.decode),
        ms(result.timings.transform),
        ms(result.timings.encode),
    );
}

/// A peer's file by our measure, and the smallest of ours that is at least as good.
fn compare(peer: &str, job: &Job, source: &[u8], file: &[u8]) {
    let facts = render::probe(source).unwrap();
    let theirs = quality(source, &plan(facts.size, job, job.quality), file);
    let ours = |quality: u8| -> Rendered {
        let plan = plan(facts.size, job, quality);
        render::run(&plan, source, &Budget::unlimited()).unwrap()
    };
    let lossy = matches!(job.format(), Format::Jpeg | Format::WebP | Format::Avif);
    let moving = job.file.ends_with(".gif");
    let equal = if lossy && !moving {
        // The least quality that reaches theirs: scores grow with it, but for noise.
        let (mut low, mut high) = (1, 99);
        while low < high {
            let middle = low + (high - low) / 2;
            let plan = plan(facts.size, job, middle);
            if quality(source, &plan, &ours(middle).body) < theirs {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let length = ours(low).body.len();
        format!(
            "cldgate as good: quality {low}, {length} bytes, {:.3} of theirs",
            length as f64 / file.len() as f64
        )
    } else {
        String::new()
    };
    println!(
        "{peer}\t{}\t\t\t{}\t\t{theirs:.1}\t{equal}",
        job.name,
        file.len()
    );
}

/// The highest resident size since it was last reset, in megabytes; 0 where the system does not tell.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kilobytes.unwrap_or(0.0) / 1024.0
}

/// Starts the highest resident size anew, and tells it.
fn reset_peak() -> f64 {
    if std::fs::write("/proc/self/clear_refs", "5").is_err() {
        println!("peak memory cannot be reset on this system: it is that of the whole process");
    }
    peak()
}
