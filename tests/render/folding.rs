//! Is a joined chain the picture that its single steps give?

use super::sources::{Picture, encode, open};
use crate::plan::chain;
use cldgate::plan::{self, Frames, RasterPlan, Region, Size, Step, Window};
use cldgate::render::{self, Budget};
use cldgate::spec::{Format, Turn};
use proptest::prelude::*;

/// Follows the steps one by one, or joined.
fn drawn(picture: &Picture, steps: &[Step], joined: bool) -> Picture {
    let (window, steps) = if joined {
        plan::fold(picture.size, steps.to_vec())
    } else {
        (Window::whole(picture.size), steps.to_vec())
    };
    let plan = RasterPlan {
        source: picture.size,
        window,
        frames: Frames::One(0),
        steps,
        encode: encode(Format::Png, 80),
        scaling: plan::Scaling::default(),
    };
    let made = render::run(&plan, &picture.png(), &Budget::unlimited()).unwrap();
    open(&made.body, Format::Png)
}

/// Smooth, with a different slope everywhere.
fn waves(width: u32, height: u32) -> Picture {
    Picture::new(width, height, |x, y| {
        let wave = |n: f64| ((n.sin() + 1.0) * 127.0).round() as u8;
        let (x, y) = (f64::from(x), f64::from(y));
        [wave(x / 19.0), wave(y / 23.0), wave((x + y) / 31.0), 255]
    })
}

#[test]
fn cuts_and_turns_are_joined_exactly() {
    let picture = Picture::gradient(90, 70);
    let cut = |x: f64, y: f64, w: u32, h: u32| Step::Resample {
        from: Region {
            x,
            y,
            ..Region::whole(Size::new(w, h))
        },
        to: Size::new(w, h),
    };
    for quarters in 0..4 {
        for mirror in [false, true] {
            let steps = [
                cut(5.0, 6.0, 60, 50),
                Step::Turn(Turn { mirror, quarters }),
                cut(3.0, 1.0, 40, 45),
                Step::Turn(Turn::FLIP),
                cut(0.0, 7.0, 33, 30),
            ];
            assert_eq!(
                drawn(&picture, &steps, true),
                drawn(&picture, &steps, false),
                "{mirror} {quarters}"
            );
        }
    }
}

#[test]
fn nothing_beside_a_cut_is_seen() {
    // A white field in black: whoever looks past its edge sees grey.
    let picture = Picture::new(100, 100, |x, y| {
        let inside = (40..60).contains(&x) && (40..60).contains(&y);
        [if inside { 255 } else { 0 }; 3]
            .into_iter()
            .chain([255])
            .collect::<Vec<u8>>()
            .try_into()
            .unwrap()
    });
    let field = Size::new(20, 20);
    let cut = Step::Resample {
        from: Region {
            x: 40.0,
            y: 40.0,
            ..Region::whole(field)
        },
        to: field,
    };
    for to in [Size::new(90, 90), Size::new(7, 7)] {
        let scale = Step::Resample {
            from: Region::whole(field),
            to,
        };
        let made = drawn(&picture, &[cut.clone(), scale], true);
        assert!(made.pixels.iter().all(|p| *p == [255; 4]), "{to:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn joined_chains_look_alike(
        kinds in proptest::collection::vec((0_u8..4, 20_u32..200, 20_u32..200, 0_u8..4), 1..5),
    ) {
        let picture = waves(160, 120);
        let steps = chain(picture.size, &kinds);
        let (one, other) = (drawn(&picture, &steps, true), drawn(&picture, &steps, false));
        prop_assert_eq!(one.size, other.size);
        let off = one.mean(&other);
        prop_assert!(off < 2.0, "{}: {:?}", off, steps);
    }
}
