//! What effects on a picture of two megapixels take, without reading and writing it.
//!
//! `cargo bench --bench effects [-- RUNS [NAME]]`, best under `taskset -c 1`. The picture is generated; it comes
//! from a BMP and goes to one, and only what lies between is counted. A line for each effect: median and least
//! milliseconds on the clock, of one thread. On a machine that does other work the least says most, and lines
//! of one run are to be compared; `a_180` is the least that rewriting the picture costs.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a measurement that cannot go on has failed: it stops and says where"
)]

use bytes::Bytes;
use cldgate::render::Budget;

mod chains;

/// The gateway's: what one rendering has freed the next one takes, and no time goes into pages that the system must fill anew.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const WIDTH: u32 = 1920;
const HEIGHT: u32 = 1080;

const CHAINS: &[&str] = &[
    "a_180",
    "e_grayscale",
    "e_sepia",
    "e_negate",
    "e_brightness:40",
    "e_brightness_hsb:40",
    "e_contrast:60",
    "e_saturation:80",
    "e_vibrance:50",
    "e_hue:40",
    "e_gamma:50",
    "e_colorize:50",
    "e_tint",
    "o_50",
    "e_gamma:20/e_saturation:30/e_hue:10/e_contrast:20",
    "e_auto_contrast",
    "e_improve",
    "e_blur:100",
    "e_blur:200",
    "e_blur:400",
    "e_blur:1000",
    "e_blur:2000",
    "e_sharpen",
    "e_unsharp_mask",
    "e_pixelate:20",
    "e_vignette:50",
    "e_replace_color:red:50:60a0e0",
    "e_make_transparent:20",
    "e_outline",
    "e_shadow",
    "e_gradient_fade",
    "e_morphology",
    "e_oil_paint",
    "e_cartoonify",
    "r_max",
    "r_20,bo_5px_solid_red",
    "a_20",
    "e_shear:20:0",
    "e_trim",
    "l_layer,o_50",
];

/// Shapes, ramps and grain.
fn picture(width: u32, height: u32) -> Vec<u8> {
    chains::bitmap(width, height, |x, y, grain| {
        let house = (x / 120 + y / 90) % 5;
        [
            x * 160 / width + house * 12 + grain,
            y * 150 / height + (5 - house) * 10 + grain,
            (x + y) * 120 / (width + height) + house * 18 + grain,
        ]
    })
}

/// Milliseconds of the steps of a chain in every run, sorted.
fn times(chain: &str, source: &[u8], layer: &Bytes, runs: usize) -> Vec<f64> {
    let chain = format!("{chain}/f_bmp");
    let budget = Budget::unlimited();
    let mut times: Vec<f64> = (0..runs)
        .map(|_| {
            let made = chains::render(&chain, source, layer, &budget).unwrap();
            made.timings.transform.as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|a| !a.starts_with("--"));
    let runs: usize = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(15);
    let only = arguments.next();
    let source = picture(WIDTH, HEIGHT);
    let layer = Bytes::from(picture(400, 400));
    println!("effect\tmedian ms\tleast ms");
    for chain in CHAINS {
        if only.as_deref().is_some_and(|only| !chain.contains(only)) {
            continue;
        }
        let _warm = times(chain, &source, &layer, 1);
        let times = times(chain, &source, &layer, runs);
        println!("{chain}\t{:.1}\t{:.1}", times[runs / 2], times[0]);
    }
}
