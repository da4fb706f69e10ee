//! Cuts, scales, and what the filter may not do.

use super::sources::{Picture, encode, open, plan, run, scaled, through_png};
use cldgate::plan::{Region, Size, Step};
use cldgate::render::{self, Budget, Error, Limits};
use cldgate::spec::Format;

fn region(x: f64, y: f64, width: f64, height: f64) -> Region {
    Region {
        x,
        y,
        width,
        height,
    }
}

#[test]
fn a_plain_cut_changes_no_pixel() {
    let picture = Picture::gradient(50, 40);
    let step = Step::Resample {
        from: region(7.0, 11.0, 20.0, 9.0),
        to: Size::new(20, 9),
    };
    let expected = Picture::new(20, 9, |x, y| picture.at(x + 7, y + 11));
    assert_eq!(through_png(&picture, &[step]), expected);
}

#[test]
fn a_plain_cut_of_every_format_is_at_its_place() {
    let picture = Picture::gradient(80, 60);
    let step = Step::Resample {
        from: region(31.0, 17.0, 24.0, 21.0),
        to: Size::new(24, 21),
    };
    let expected = Picture::new(24, 21, |x, y| picture.at(x + 31, y + 17));
    for format in [Format::Jpeg, Format::WebP, Format::Png] {
        let file = run(&picture.png(), &[], encode(format, 97)).unwrap().body;
        let cut = run(&file, std::slice::from_ref(&step), encode(Format::Png, 80)).unwrap();
        let off = open(&cut.body, Format::Png).mean(&expected);
        assert!(off < 2.0, "{format:?}: {off}");
    }
}

#[test]
fn decoders_that_reduce_keep_things_in_place() {
    // A step edge at a third: any shift of the region by half a pixel shows.
    let picture = Picture::new(600, 400, |x, y| {
        if x < 200 && y < 133 {
            [250, 250, 250, 255]
        } else {
            [5, 5, 5, 255]
        }
    });
    let step = Step::Resample {
        from: region(100.5, 33.25, 300.0, 300.0),
        to: Size::new(30, 30),
    };
    let expected = through_png(&picture, std::slice::from_ref(&step));
    for format in [Format::Jpeg, Format::WebP] {
        let file = run(&picture.png(), &[], encode(format, 95)).unwrap().body;
        let seen = open(
            &run(&file, std::slice::from_ref(&step), encode(Format::Png, 80))
                .unwrap()
                .body,
            Format::Png,
        );
        let off = seen.mean(&expected);
        assert!(off < 2.5, "{format:?}: {off}");
    }
}

#[test]
fn odd_sizes_come_out_exactly() {
    for (width, height) in [(1, 1), (1, 300), (300, 1), (17, 13), (2, 3)] {
        let picture = Picture::gradient(width, height);
        for format in [
            Format::Jpeg,
            Format::Png,
            Format::WebP,
            Format::Gif,
            Format::Avif,
        ] {
            if !render::can_write(format) {
                continue;
            }
            let file = run(&picture.png(), &[], encode(format, 90)).unwrap();
            assert_eq!(open(&file.body, format).size, picture.size, "{format:?}");
            for to in [Size::new(1, 1), Size::new(5, 9), Size::new(40, 2)] {
                let step = scaled(picture.size, to);
                let rendered = run(&file.body, &[step], encode(format, 90)).unwrap();
                assert_eq!(rendered.size, to);
                assert_eq!(open(&rendered.body, format).size, to, "{format:?}");
            }
        }
    }
}

#[test]
fn what_is_invisible_does_not_bleed() {
    // Red beside fully transparent green: scaled, every visible pixel stays red.
    let picture = Picture::new(64, 64, |x, _| {
        if x < 32 {
            [255, 0, 0, 255]
        } else {
            [0, 255, 0, 0]
        }
    });
    for side in [7, 20, 150] {
        let step = scaled(picture.size, Size::new(side, side));
        for format in [Format::Png, Format::WebP] {
            let file = run(&picture.png(), &[], encode(format, 100)).unwrap().body;
            let seen = open(
                &run(&file, std::slice::from_ref(&step), encode(Format::Png, 80))
                    .unwrap()
                    .body,
                Format::Png,
            );
            for pixel in seen.pixels.iter().filter(|p| p[3] > 8) {
                assert!(
                    pixel[0] > 240 && pixel[1] < 12,
                    "{format:?} {side}: {pixel:?}"
                );
            }
        }
    }
}

#[test]
fn a_region_outside_the_picture_is_cut_to_it() {
    let picture = Picture::gradient(20, 20);
    for from in [
        region(-5.0, -5.0, 100.0, 100.0),
        region(19.9, 19.9, 50.0, 50.0),
        region(1e9, 0.0, 1.0, 1.0),
        region(0.0, 0.0, 1e-9, 1e-9),
    ] {
        let step = Step::Resample {
            from,
            to: Size::new(4, 4),
        };
        assert_eq!(through_png(&picture, &[step]).size, Size::new(4, 4));
    }
}

#[test]
fn limits_hold_before_any_work() {
    let file = Picture::gradient(100, 100).png();
    let limits = |source_pixels, source_side, picture_pixels| {
        Budget::unlimited().with_limits(Limits {
            source_pixels,
            source_side,
            picture_pixels,
        })
    };
    let huge = Size::new(60_000, 60_000);
    let steps = [scaled(Size::new(100, 100), huge)];
    let how = encode(Format::Png, 80);
    let size = Size::new(100, 100);
    for (budget, steps, what) in [
        (
            limits(9_999, 1000, 1 << 20),
            &[][..],
            "source size in pixels",
        ),
        (limits(10_000, 99, 1 << 20), &[], "source width in pixels"),
        (
            limits(10_000, 100, 9_999),
            &steps[..],
            "picture size in pixels",
        ),
    ] {
        let result = render::run(&plan(size, steps, how.clone()), &file, &budget);
        assert!(
            matches!(result, Err(Error::OverLimit { what: w, .. }) if w == what),
            "{result:?}"
        );
    }
    let icon = run(
        &Picture::gradient(300, 2).png(),
        &[],
        encode(Format::Ico, 80),
    );
    assert!(matches!(
        icon,
        Err(Error::OverLimit {
            what: "output width in pixels",
            ..
        })
    ));
}

#[test]
fn a_plan_for_another_source_is_refused() {
    let plan = plan(Size::new(9, 9), &[], encode(Format::Png, 80));
    let result = render::run(&plan, &Picture::gradient(8, 8).png(), &Budget::unlimited());
    assert!(matches!(result, Err(Error::Mismatch { .. })));
}

#[test]
fn a_cancelled_budget_stops_every_format() {
    let file = Picture::gradient(64, 64).png();
    let budget = Budget::unlimited();
    budget.clone().cancel();
    let plan = plan(Size::new(64, 64), &[], encode(Format::WebP, 80));
    assert_eq!(
        render::run(&plan, &file, &budget).err(),
        Some(Error::Cancelled)
    );
    let late = Budget::lasting(std::time::Duration::ZERO);
    assert_eq!(render::run(&plan, &file, &late).err(), Some(Error::Timeout));
}

#[test]
fn fast_scaling_leaves_less_to_the_filter_and_shows_the_same() {
    use cldgate::plan::{RasterPlan, Scaling};

    let picture = Picture::gradient(800, 600);
    let file = run(&picture.png(), &[], encode(Format::Jpeg, 95))
        .unwrap()
        .body;
    let (steps, expected) = (
        [scaled(picture.size, Size::new(100, 75))],
        Picture::gradient(100, 75),
    );
    let shown = [Scaling::Quality, Scaling::Fast].map(|scaling| {
        let plan = RasterPlan {
            scaling,
            ..plan(picture.size, &steps, encode(Format::Png, 80))
        };
        let made = render::run(&plan, &file, &Budget::unlimited()).unwrap();
        let seen = open(&made.body, Format::Png);
        assert!(seen.mean(&expected) < 1.5, "{scaling:?}");
        (plan.shrink(scaling.margin()), seen)
    });
    assert_eq!(shown.each_ref().map(|(shrink, _)| *shrink), [4, 8]);
    assert_ne!(shown[0].1, shown[1].1, "the decoder was asked for the same");
}
