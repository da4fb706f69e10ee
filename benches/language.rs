//! Nanoseconds and allocations a URL, for reading it and for reading what it means:
//! `cargo bench --bench language`, best under `taskset -c 1`.
//!
//! `CLDGATE_BENCH_URLS` names a file with a URL a line to measure as well as the built-in mix. Times are medians of
//! repeated runs, with the least beside them. Hostile texts come in two lengths: what is too long is refused, and
//! without limits nothing may grow faster than the text.
#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a benchmark reads the clock and may stop"
)]

mod allocations;
mod hostile;

use std::hint::black_box;
use std::time::Instant;

use cldgate::dialect::{self, Rules};
use cldgate::grammar::{Limits, Options, UrlText, parse, split};

/// Two components of every kind that costs.
const CHAIN: &str = "https://res.cloudinary.com/demo/image/upload/$w_300,$t_!hello:world!/c_fill,g_auto,h_400,w_$w_mul_2\
/e_sepia:80/l_text:Arial_40_bold:Hello%20%24(t),co_white/c_scale,w_0.5/fl_layer_apply,g_south_east,x_20,y_20\
/if_w_gt_400_and_ar_lt_3:4/u_backgrounds:paper,c_fill,h_1.0,w_1.0,fl_relative/e_blur:300/if_end\
/r_20:30,bo_5px_solid_black/f_auto,q_auto:good/v12/folder/photo.jpg";

fn report(name: &str, urls: &[&str], read: &dyn Fn(&str)) {
    let run = || urls.iter().for_each(|url| read(black_box(url)));
    run();
    let (allocations, _) = allocations::during(run);
    let rounds = (200_000 / urls.iter().map(|url| url.len()).sum::<usize>()).clamp(1, 200);
    let mut times: Vec<f64> = (0..101)
        .map(|_| {
            let start = Instant::now();
            (0..rounds).for_each(|_| run());
            start.elapsed().as_nanos() as f64 / (rounds * urls.len()) as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!(
        "{name:<46} {:>8.0} least {:>8.0} median ns/URL {:>7.2} allocations/URL",
        times[0],
        times[50],
        allocations as f64 / urls.len() as f64
    );
}

fn main() {
    let (options, rules) = (Options::default(), Rules::default());
    let file =
        std::env::var_os("CLDGATE_BENCH_URLS").map(|path| std::fs::read_to_string(path).unwrap());
    let lines = |text: &'static str| {
        text.lines()
            .filter(|line| !line.is_empty() && !line.starts_with("# "))
    };
    let mut sets = vec![
        (
            "built-in mix",
            lines(include_str!("mix.urls")).collect::<Vec<_>>(),
        ),
        ("twelve components", vec![CHAIN]),
    ];
    if let Some(text) = file {
        sets.push(("URLs of the file", lines(text.leak()).collect()));
    }
    for (name, urls) in &sets {
        report(&format!("{name}: cut"), urls, &|url| {
            let _ = black_box(split(&UrlText::new(url), &options));
        });
        report(&format!("{name}: parse"), urls, &|url| {
            let _ = black_box(parse(&UrlText::new(url), &options));
        });
        report(&format!("{name}: parse and dialect"), urls, &|url| {
            let _ = black_box(dialect::read(&rules, url));
        });
    }
    let wide = Options {
        limits: Limits {
            url_bytes: Limits::HARD_URL_BYTES,
            components: usize::MAX,
            params: usize::MAX,
            nesting: usize::MAX,
            operators: usize::MAX,
        },
        ..options
    };
    for &(name, make) in hostile::HOSTILE {
        for kilobytes in [8, 64] {
            let url = hostile::url(make, kilobytes * 1024);
            report(&format!("{kilobytes} KB of {name}"), &[&url], &|url| {
                let _ = black_box(dialect::read(&rules, url));
            });
            report(
                &format!("{kilobytes} KB of {name}, no limits, parse"),
                &[&url],
                &|url| {
                    let _ = black_box(parse(&UrlText::new(url), &wide));
                },
            );
        }
    }
}
