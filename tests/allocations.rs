//! How much does reading a URL cost, counted without a clock?

#[path = "../benches/allocations.rs"]
mod counting;
#[path = "../benches/hostile.rs"]
mod hostile;

use std::hint::black_box;

use cldgate::dialect::{self, Rules};
use cldgate::grammar::{Limits, Options, UrlText, parse};

const MIX: &str = include_str!("../benches/mix.urls");

#[test]
fn ordinary_urls_take_few_allocations() {
    let rules = Rules::default();
    let urls: Vec<&str> = MIX.lines().collect();
    let (mut all, mut most) = (0, 0);
    for url in &urls {
        let (allocations, _) = counting::during(|| {
            let _ = black_box(dialect::read(&rules, url));
        });
        all += allocations;
        most = most.max(allocations);
    }
    let mean = all as f64 / urls.len() as f64;
    assert!(mean <= 5.0, "{mean} allocations a URL");
    assert!(most <= 12, "{most} allocations for one URL");
}

#[test]
fn work_grows_with_the_length_of_the_text_and_no_faster() {
    let wide = Options {
        limits: Limits {
            url_bytes: Limits::HARD_URL_BYTES,
            components: usize::MAX,
            params: usize::MAX,
            nesting: usize::MAX,
            operators: usize::MAX,
        },
        ..Options::default()
    };
    for &(name, make) in hostile::HOSTILE {
        let cost = |bytes: usize| {
            let url = hostile::url(make, bytes);
            counting::during(|| {
                let _ = black_box(parse(&UrlText::new(&url), &wide));
            })
        };
        let (small, large) = (cost(8 << 10), cost(32 << 10));
        // Lists double as they grow, so four times the text may take a little more than four times the room.
        let bound = |small: u64| 6 * small + 4096;
        assert!(
            large.0 <= bound(small.0) && large.1 <= bound(small.1),
            "{name}: {small:?} for 8 KB, {large:?} for 32 KB"
        );
    }
}

#[test]
fn hostile_texts_within_the_limits_stay_cheap() {
    let rules = Rules::default();
    for &(name, make) in hostile::HOSTILE {
        let url = hostile::url(make, 8 << 10);
        let (allocations, bytes) = counting::during(|| {
            let _ = black_box(dialect::read(&rules, &url));
        });
        assert!(
            allocations <= 4096 && bytes <= 2 << 20,
            "{name}: {allocations} allocations, {bytes} bytes"
        );
    }
}
