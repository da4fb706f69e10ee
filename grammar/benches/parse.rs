//! Nanoseconds and allocations a URL: `cargo bench -p cldgate-grammar`.
//!
//! `CLDGATE_BENCH_URLS` names a file with a URL a line to measure as well as the built-in mix. Times are medians of
//! repeated runs; hostile inputs come in two lengths, so that anything worse than linear shows.
#![allow(
    clippy::disallowed_methods,
    unsafe_code,
    reason = "an allocator that counts cannot be written without"
)]
#![allow(clippy::unwrap_used, reason = "a benchmark may stop")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use cldgate_grammar::{Limits, Options, UrlText, parse};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Made like what sites send: a third without transformation, most with one component.
const MIX: &[&str] = &[
    "https://res.cloudinary.com/demo/image/upload/sample.jpg",
    "https://res.cloudinary.com/demo/image/upload/v1690742443/images/portrait-2x_oct6ih.jpg",
    "https://res.cloudinary.com/demo/image/upload/v1/shop/defaults/avatars/default_avatar_5.png",
    "https://res.cloudinary.com/demo/image/upload/w_800,q_auto,f_auto/v1578269094/mountain-view.jpg",
    "https://res.cloudinary.com/demo/image/upload/c_fill,f_auto,g_auto,h_400,q_auto:good,w_1920/v12/trips/coast.jpg",
    "https://res.cloudinary.com/demo/image/upload/c_limit,w_960/f_auto/q_auto/v1234/assets/images/boat.jpg",
    "https://demo-res.cloudinary.com/image/upload/s--AQcZASMu--/t_full,f_auto,fl_strip_profile.lossy/v1407739219/a-b.jpg",
    "https://res.cloudinary.com/demo/image/fetch/s--JVAjUJYJ--/c_limit%2Cf_auto%2Cfl_progressive%2Cq_auto%2Cw_880/https://site.example/uploads/2018/12/image-1.png",
    "https://images.example.com/image/upload/t_fit-760w,f_auto,q_auto:best/rock/2024-06/concert-fans-1023a.jpg",
    "https://res.cloudinary.com/demo/image/upload/ar_16:9,b_rgb:e6e9ee,c_pad,dpr_2.0,f_auto,q_70,w_600/garden",
];

const CHAIN: &str = "https://res.cloudinary.com/demo/image/upload/$w_300,$t_!hello:world!/c_fill,g_auto,h_400,w_$w_mul_2/e_sepia:80\
/l_text:Arial_40_bold:Hello%20%24(t),co_white/c_scale,w_0.5/fl_layer_apply,g_south_east,x_20,y_20/if_w_gt_400_and_ar_lt_3:4\
/u_backgrounds:paper,c_fill,h_1.0,w_1.0,fl_relative/e_blur:300/if_end/r_20:30,bo_5px_solid_black/f_auto,q_auto:good/v12/folder/photo.jpg";

/// Least and median nanoseconds of a run over all URLs, divided by their number, and the mean of allocations.
fn measure(urls: &[&str], options: &Options<'_>) -> (f64, f64, f64) {
    let run = || {
        for url in urls {
            let text = UrlText::new(black_box(url));
            let _ = black_box(parse(&text, options));
        }
    };
    run();
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    run();
    let allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;
    let rounds = (200_000 / urls.iter().map(|url| url.len()).sum::<usize>()).clamp(1, 200);
    let mut times: Vec<f64> = (0..101)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..rounds {
                run();
            }
            start.elapsed().as_nanos() as f64 / (rounds * urls.len()) as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (times[0], times[50], allocations as f64 / urls.len() as f64)
}

fn report(name: &str, urls: &[&str], options: &Options<'_>) {
    let (least, median, allocations) = measure(urls, options);
    println!(
        "{name:<34} {least:>9.0} least {median:>9.0} median ns/URL {allocations:>7.2} allocations/URL"
    );
}

fn main() {
    let options = Options::default();
    if let Some(path) = std::env::var_os("CLDGATE_BENCH_URLS") {
        let text = std::fs::read_to_string(path).unwrap();
        let urls: Vec<&str> = text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with("# "))
            .collect();
        report("URLs of the file", &urls, &options);
    }
    report("built-in mix", MIX, &options);
    report("twelve components", &[CHAIN], &options);
    let wide = Limits {
        url_bytes: Limits::HARD_URL_BYTES,
        components: usize::MAX,
        params: usize::MAX,
        nesting: usize::MAX,
        operators: usize::MAX,
    };
    let unbounded = Options {
        limits: wide,
        ..options
    };
    type Hostile = (&'static str, fn(usize) -> String);
    let hostile: [Hostile; 8] = [
        ("components", |bytes| "w_1/".repeat(bytes / 4)),
        ("parameters", |bytes| "w_1,".repeat(bytes / 4)),
        ("nested conditions", |bytes| "if_w_gt_1/".repeat(bytes / 10)),
        ("nested layers", |bytes| {
            "l_a/".repeat(bytes / 8) + &"fl_layer_apply/".repeat(bytes / 30)
        }),
        ("operators", |bytes| {
            "w_1".to_owned() + &"_add_1".repeat(bytes / 6)
        }),
        ("parentheses", |bytes| {
            "e_extract:".to_owned() + &"(".repeat(bytes)
        }),
        ("percent signs", |bytes| "%25".repeat(bytes / 3)),
        ("commas in a text", |bytes| {
            "l_text:a_1:".to_owned() + &"x,".repeat(bytes / 2)
        }),
    ];
    for (name, make) in hostile {
        for kilobytes in [8, 64] {
            let url = format!("/demo/image/upload/{}/x", make(kilobytes * 1024 - 64));
            report(
                &format!("{kilobytes} KB of {name}"),
                &[&url],
                &Options {
                    limits: Limits {
                        url_bytes: Limits::HARD_URL_BYTES,
                        ..Limits::default()
                    },
                    ..options
                },
            );
            report(
                &format!("{kilobytes} KB of {name}, no limits"),
                &[&url],
                &unbounded,
            );
        }
    }
}
