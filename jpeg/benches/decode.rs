//! CPU time of decoding alone: `cargo bench -p cldgate-jpeg --bench decode -- FILE...`, best under `taskset`.
//! A line for each file and scale: median and least milliseconds of this thread, and the second decoder's at
//! full size.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a measurement that cannot go on has failed: it stops and says where"
)]

use cldgate_jpeg::{Request, Scale, decode};
use zune_jpeg::zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};

/// Milliseconds that this thread has spent on a CPU.
fn thread_time() -> f64 {
    // The kernel brings its account up to date when a thread steps back, otherwise only at its ticks.
    std::thread::yield_now();
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e6
}

fn measure(name: &str, mut once: impl FnMut()) {
    once();
    let mut times: Vec<f64> = (0..15)
        .map(|_| {
            let start = thread_time();
            once();
            thread_time() - start
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("{name}\t{:.2}\t{:.2}", times[times.len() / 2], times[0]);
}

fn main() {
    println!("file, scale\tmedian ms\tleast ms");
    for path in std::env::args().skip(1).filter(|a| !a.starts_with("--")) {
        let file = std::fs::read(&path).unwrap();
        for scale in Scale::ALL {
            if let Err(error) = decode(&file, &Request::whole(scale), &mut || false) {
                println!("{path}: {error}");
                continue;
            }
            measure(&format!("{path} 1/{}", scale.reduction()), || {
                decode(&file, &Request::whole(scale), &mut || false).unwrap();
            });
        }
        measure(&format!("{path} zune-jpeg, planes"), || {
            let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::YCbCr);
            let mut decoder =
                zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(file.as_slice()), options);
            decoder.decode().unwrap();
        });
    }
}
