//! How soon a render thread is free after its job was cancelled, for codecs and steps on large pictures.
//!
//! `cargo bench --bench deadlines [-- MEGAPIXELS [NAME]] [--here]`. A generated picture is rendered once in full, and then once for
//! each of seven moments spread over that time at which the job is cancelled. A line for each: milliseconds of the whole, of
//! CPU for that, and the most that passed between cancelling and coming back. Codecs have processes as in the gateway; with
//! `--here` they have none. `--file=PATH` reads that file too: formats that are only read here.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a measurement that cannot go on has failed: it stops and says where"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use cldgate::render::{Budget, Workers};

mod chains;

/// Formats written, at full size from a bitmap.
const WRITTEN: &[&str] = &[
    "f_jpg",
    "f_jpg,fl_progressive",
    "f_png",
    "f_png,fl_png8",
    "f_webp",
    "f_webp,q_100",
    "f_avif",
    "f_gif",
    "f_tiff",
];

/// Formats read, at full size and turned, so that nothing is left out.
const READ: &[(&str, &str)] = &[
    ("jpeg", "f_jpg"),
    ("progressive jpeg", "f_jpg,fl_progressive"),
    ("png", "f_png"),
    ("webp", "f_webp"),
    ("lossless webp", "f_webp,q_100"),
    ("avif", "f_avif"),
    ("gif", "f_gif"),
    ("tiff", "f_tiff"),
    ("bmp", "f_bmp"),
];

/// Steps, between bitmaps.
const STEPS: &[&str] = &[
    "w_0.5",
    "a_90",
    "a_20",
    "e_sepia",
    "e_auto_contrast",
    "e_improve",
    "e_blur:200",
    "e_blur:2000",
    "e_sharpen",
    "e_unsharp_mask",
    "e_pixelate:20",
    "e_vignette:50",
    "e_replace_color:red:50:60a0e0",
    "e_outline",
    "e_shadow",
    "e_gradient_fade",
    "e_morphology",
    "e_oil_paint",
    "e_cartoonify",
    "e_distort:40:30:1800:20:1900:1000:10:1000",
    "e_distort:arc:90",
    "e_shear:20:0",
    "e_trim",
    "r_max",
    "l_layer,o_50",
    "c_fill,g_auto,w_500,h_500",
    "c_fill,g_face,w_500,h_500",
];

fn bitmap(width: u32, height: u32) -> Vec<u8> {
    chains::bitmap(width, height, |x, y, grain| {
        [
            x * 200 / width + grain,
            y * 200 / height + grain,
            (x / 40 + y / 30) % 7 * 30 + grain,
        ]
    })
}

fn render(chain: &str, source: &[u8], budget: &Budget) -> Option<Bytes> {
    let layer = Bytes::from(bitmap(800, 600));
    Some(chains::render(chain, source, &layer, budget)?.body)
}

/// CPU time of this process and of those that it has started and that have ended, in steps of the system's clock; nothing where
/// the system does not tell.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name: the state is the first field, times the twelfth to fifteenth.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(4);
    Duration::from_millis(ticks.map(|n| n.parse::<u64>().unwrap_or(0) * 10).sum())
}

/// Renders in full and cancelled, and prints the line.
fn line(name: &str, chain: &str, source: &[u8], workers: Option<&Arc<Workers>>) {
    let budget = || Budget::unlimited().with_workers(workers.cloned());
    let (start, before) = (Instant::now(), cpu());
    if render(chain, source, &budget()).is_none() {
        println!("{name}\tis not rendered");
        return;
    }
    let (whole, spent) = (start.elapsed(), cpu() - before);
    let mut worst = Duration::ZERO;
    for eighth in 1..8 {
        let budget = budget();
        let theirs = budget.clone();
        let wait = whole * eighth / 8;
        let canceller = std::thread::spawn(move || {
            std::thread::sleep(wait);
            theirs.cancel();
            Instant::now()
        });
        let _stopped = render(chain, source, &budget);
        let end = Instant::now();
        let cancelled = canceller.join().unwrap();
        worst = worst.max(end.saturating_duration_since(cancelled));
    }
    println!(
        "{name}\t{:.0}\t{:.0}\t{:.0}",
        whole.as_secs_f64() * 1e3,
        spent.as_secs_f64() * 1e3,
        worst.as_secs_f64() * 1e3
    );
}

fn main() {
    let here = std::env::args().any(|argument| argument == "--here");
    let workers = (!here).then(|| Workers::new(env!("CARGO_BIN_EXE_cldgate").into()));
    let workers = workers.as_ref();
    let mut arguments = std::env::args().skip(1).filter(|a| !a.starts_with("--"));
    let megapixels: u32 = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(12);
    let only = arguments.next().unwrap_or_default();
    let height = f64::from(megapixels * 1_000_000 * 3 / 4).sqrt() as u32;
    let source = bitmap(height * 4 / 3, height);
    println!("{megapixels} megapixels\twhole ms\tCPU ms\tmost ms until free");
    for chain in WRITTEN.iter().filter(|chain| chain.contains(&only)) {
        line(
            &format!("written: {chain}"),
            &format!("a_180/{chain}"),
            &source,
            workers,
        );
    }
    for (name, chain) in READ.iter().filter(|(name, _)| name.contains(&only)) {
        let file = render(&format!("a_180/{chain}"), &source, &Budget::unlimited()).unwrap();
        line(&format!("read: {name}"), "a_180/f_bmp", &file, workers);
    }
    for path in std::env::args().filter_map(|a| Some(a.strip_prefix("--file=")?.to_owned())) {
        let file = std::fs::read(&path).unwrap();
        line(&format!("read: {path}"), "a_180/f_bmp", &file, workers);
    }
    for chain in STEPS.iter().filter(|chain| chain.contains(&only)) {
        line(
            &format!("step: {chain}"),
            &format!("{chain}/f_bmp"),
            &source,
            workers,
        );
    }
}
