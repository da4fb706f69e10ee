//! Do codecs and steps notice in their midst that nobody waits any more?

use std::time::Duration;

use super::sources::{Picture, encode, plan, run};
use cldgate::plan::{PngKind, Rounding, Step};
use cldgate::render::{self, Budget, Error};
use cldgate::spec::Format;

/// Large enough that a core is busy for tens of milliseconds with any of them.
fn busy() -> Picture {
    Picture::new(2000, 1500, |x, y| {
        let mixed = (x + 1).wrapping_mul(0x9E37_79B1) ^ (y + 1).wrapping_mul(0x85EB_CA6B);
        let noise = (mixed >> 28) as u8;
        [(x / 8) as u8 ^ noise, (y / 6) as u8, noise * 9, 255]
    })
}

/// What comes of a job that is cancelled once it is at work: the file is whole only where nothing looked.
fn cancelled(source: &[u8], size: cldgate::plan::Size, steps: &[Step], how: cldgate::plan::Encode) -> Error {
    let budget = Budget::unlimited();
    let theirs = budget.clone();
    let canceller = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(2));
        theirs.cancel();
    });
    let made = render::run(&plan(size, steps, how), source, &budget);
    canceller.join().unwrap();
    made.expect_err("nothing looked at the budget")
}

#[test]
fn encoders_stop() {
    let picture = busy();
    let source = picture.plain_png();
    for format in [
        Format::Jpeg,
        Format::Png,
        Format::WebP,
        Format::Gif,
        Format::Bmp,
        Format::Tiff,
    ] {
        let stopped = cancelled(&source, picture.size, &[], encode(format, 80));
        assert_eq!(stopped, Error::Cancelled, "{format:?}");
    }
    let palette = cldgate::plan::Encode {
        png: PngKind::Palette,
        ..encode(Format::Png, 80)
    };
    assert_eq!(cancelled(&source, picture.size, &[], palette), Error::Cancelled);
}

#[test]
fn decoders_stop() {
    let picture = busy();
    for format in [Format::Jpeg, Format::Png, Format::Tiff, Format::Bmp] {
        let file = run(&picture.plain_png(), &[], encode(format, 80)).unwrap().body;
        let stopped = cancelled(&file, picture.size, &[], encode(Format::Bmp, 80));
        assert_eq!(stopped, Error::Cancelled, "{format:?}");
    }
}

#[test]
fn steps_stop() {
    let picture = busy();
    let file = picture.plain_png();
    let round = Step::Round(Rounding([(700.0, 700.0); 4]));
    let stopped = cancelled(&file, picture.size, &[round], encode(Format::Bmp, 80));
    assert_eq!(stopped, Error::Cancelled);
}
