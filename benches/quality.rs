//! What qualities reach on real photographs: SSIMULACRA2, bytes and CPU of automatic levels beside fixed qualities.
//!
//! `cargo bench --bench quality -- DIR [FORMAT]`; `just bench-quality` fetches photographs first. Every picture below `DIR` is
//! taken 800 pixels wide, each third one 400 wide too, and written at the levels of `q_auto` and at fixed qualities of
//! about the same size. A line for each: mean, standard deviation and least score against the picture before
//! it was written, kilobytes of all together, and CPU milliseconds of reading and writing all.
//!
//! Behind the table: by how much the smallest JPEG is larger than the modern file of the same level, for pictures of up to a bit
//! a pixel, which is what `f_auto` relies on when it does not try one.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a measurement that cannot go on has failed: it stops and says where"
)]

use std::path::{Path, PathBuf};

use cldgate::plan::{Encode, Frames, RasterPlan, Region, Size, Step, Window};
use cldgate::render::{self, Budget};
use cldgate::spec::Format;
use fast_ssim2::{PixelDescriptor, PixelSlice, compute_ssimulacra2};

/// The levels of `q_auto`, and the scores they aim at (`plan/negotiate.rs`).
const LEVELS: [(&str, u8); 4] = [("best", 80), ("good", 76), ("eco", 70), ("low", 64)];

/// Fixed qualities of about the size of each level.
const FIXED: [(Format, [u8; 4]); 3] = [
    (Format::Jpeg, [82, 75, 65, 55]),
    (Format::WebP, [87, 80, 72, 50]),
    (Format::Avif, [85, 77, 63, 54]),
];

/// A picture as it is before it is written.
struct Picture {
    size: Size,
    rgb: Vec<u8>,
    bmp: Vec<u8>,
}

fn thread_time() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let first = text.split(' ').next().and_then(|t| t.parse::<f64>().ok());
    first.unwrap_or(0.0) / 1e6
}

fn run(source: &[u8], size: Size, to: Size, encode: Encode) -> Vec<u8> {
    let from = Region {
        x: 0.0,
        y: 0.0,
        width: size.width.into(),
        height: size.height.into(),
    };
    let plan = RasterPlan {
        source: size,
        window: Window::whole(size),
        frames: Frames::One(0),
        steps: if size == to {
            Vec::new()
        } else {
            vec![Step::Resample { from, to }]
        },
        encode,
        scaling: cldgate::plan::Scaling::default(),
    };
    let made = render::run(&plan, source, &Budget::unlimited()).unwrap();
    made.body.to_vec()
}

fn rgb(bmp: &[u8]) -> Vec<u8> {
    let picture = image::load_from_memory_with_format(bmp, image::ImageFormat::Bmp).unwrap();
    picture.into_rgb8().into_raw()
}

fn opened(file: &[u8]) -> Vec<u8> {
    let size = render::probe(file).unwrap().size;
    rgb(&run(file, size, size, Encode::new(Format::Bmp, 100)))
}

fn score(picture: &Picture, file: &[u8]) -> f64 {
    let Size { width, height } = picture.size;
    let seen = opened(file);
    let slice = |pixels| {
        let stride = width as usize * 3;
        PixelSlice::new(pixels, width, height, stride, PixelDescriptor::RGB8_SRGB).unwrap()
    };
    compute_ssimulacra2(&slice(&picture.rgb), &slice(&seen)).unwrap()
}

fn below(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            below(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn pictures(folder: &Path) -> Vec<Picture> {
    let mut files = Vec::new();
    below(folder, &mut files);
    let mut pictures = Vec::new();
    for (n, path) in files.iter().enumerate() {
        let file = std::fs::read(path).unwrap();
        let Ok(facts) = render::probe(&file) else {
            println!("{}: no picture", path.display());
            continue;
        };
        for width in [800, 400] {
            if facts.size.width < 2 * width || width == 400 && n % 3 > 0 {
                continue;
            }
            let height =
                (u64::from(width) * u64::from(facts.size.height)).div_ceil(facts.size.width.into());
            let size = Size::new(width, u32::try_from(height).unwrap());
            let bmp = run(&file, facts.size, size, Encode::new(Format::Bmp, 100));
            pictures.push(Picture {
                size,
                rgb: rgb(&bmp),
                bmp,
            });
        }
    }
    pictures
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|a| !a.starts_with("--"));
    let Some(folder) = arguments.next() else {
        println!("usage: cargo bench --bench quality -- DIR [FORMAT]");
        return;
    };
    let only = arguments.next();
    let pictures = pictures(Path::new(&folder));
    println!("{} pictures", pictures.len());
    println!("format\tquality\tmean\tdeviation\tleast\tKB\tms");
    let mut sizes: Vec<(Format, u8, Vec<usize>)> = Vec::new();
    for (format, fixed) in FIXED {
        if !render::can_write(format) || only.as_ref().is_some_and(|only| only != format.word()) {
            continue;
        }
        for ((level, aim), quality) in LEVELS.into_iter().zip(fixed) {
            let aimed = Encode {
                aim: Some(aim),
                ..Encode::new(format, quality)
            };
            let lengths = line(&pictures, &format!("q_auto:{level} ({aim})"), aimed);
            sizes.push((format, aim, lengths));
            line(
                &pictures,
                &quality.to_string(),
                Encode::new(format, quality),
            );
        }
    }
    let jpeg = |aim| {
        let found = sizes
            .iter()
            .find(|(f, a, _)| *f == Format::Jpeg && *a == aim);
        found.map(|(_, _, lengths)| lengths)
    };
    for (format, aim, lengths) in &sizes {
        let Some(plain) = jpeg(*aim).filter(|_| *format != Format::Jpeg) else {
            continue;
        };
        let sparse = pictures
            .iter()
            .zip(lengths)
            .zip(plain)
            .filter(|((p, l), _)| (**l as u64) * 8 <= p.size.pixels());
        let ratios: Vec<f64> = sparse.map(|((_, l), j)| *j as f64 / *l as f64).collect();
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        println!(
            "JPEG beside {} at {aim}: least {least:.2} times the bytes, {} pictures of up to a bit a pixel",
            format.word(),
            ratios.len()
        );
    }
}

/// Prints a line, and tells the lengths of the files.
fn line(pictures: &[Picture], name: &str, how: Encode) -> Vec<usize> {
    let mut scores = Vec::new();
    let mut lengths = Vec::new();
    let mut spent = 0.0;
    for picture in pictures {
        let start = thread_time();
        let file = run(&picture.bmp, picture.size, picture.size, how.clone());
        spent += thread_time() - start;
        scores.push(score(picture, &file));
        lengths.push(file.len());
    }
    let count = scores.len().max(1) as f64;
    let mean = scores.iter().sum::<f64>() / count;
    let spread = scores.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / count;
    println!(
        "{}\t{name}\t{mean:.1}\t{:.1}\t{:.1}\t{}\t{spent:.0}",
        how.format.word(),
        spread.sqrt(),
        scores.iter().copied().fold(f64::INFINITY, f64::min),
        lengths.iter().sum::<usize>() / 1000,
    );
    lengths
}
