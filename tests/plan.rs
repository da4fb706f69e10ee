//! Does a transformation give the size it should, whatever the source?

use cldgate::dialect::{self, CloudRule, Rules};
use cldgate::plan::{self, Facts, Hints, Limits, Negotiated, Plan, Size, Writable};
use cldgate::spec::{
    Area, Compass, Crop, Direction, Format, Frame, Gravity, Length, Offset, Op, Quality, Resize,
    TransformSpec, Turn,
};
use proptest::prelude::*;
use smallvec::smallvec;

const TABLE: &str = include_str!("tables/geometry.tsv");

/// Rows whose op is not rendered yet: turning by an angle that is no quarter turn.
const NOT_YET: &[&str] = &["a_45"];

#[test]
fn sizes_are_those_of_the_table() {
    let mut rows = 0;
    let mut wrong = Vec::new();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')).skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [w, h, transformation, out_w, out_h, standing] = cells[..] else {
            panic!("row: {line}")
        };
        if NOT_YET.contains(&transformation) {
            continue;
        }
        let number = |text: &str| -> u32 { text.parse().expect("a number") };
        let expected = Size::new(number(out_w), number(out_h));
        let made = size_of(transformation, Size::new(number(w), number(h)));
        if made != expected {
            wrong.push(format!(
                "{w}x{h} {transformation}: {made:?}, not {out_w}x{out_h} ({standing})"
            ));
        }
        rows += 1;
    }
    assert!(
        wrong.is_empty(),
        "{} of {rows} rows:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(rows > 120, "only {rows} rows were read");
}

fn size_of(transformation: &str, source: Size) -> Size {
    let rules = Rules {
        cloud: CloudRule::InPath,
        ..Rules::default()
    };
    let delivery = dialect::read(
        &rules,
        &format!("/demo/image/upload/{transformation}/v1/a.png"),
    )
    .unwrap_or_else(|error| panic!("{transformation}: {error}"));
    made(&delivery.spec, source).map_or(source, |plan| plan.output())
}

fn made(spec: &TransformSpec, source: Size) -> Option<plan::RasterPlan> {
    match plan::make(
        spec,
        &facts(source),
        &Negotiated::default(),
        &Hints::default(),
        &rules(),
    ) {
        Ok(Plan::Raster(plan)) => Some(plan),
        Ok(Plan::Original) => None,
        Err(error) => panic!("{spec}: {error}"),
    }
}

fn rules() -> plan::Rules {
    plan::Rules {
        limits: Limits::default(),
        quality: Quality::default(),
        writable: Writable(smallvec![
            Format::Jpeg,
            Format::Png,
            Format::WebP,
            Format::Avif
        ]),
    }
}

fn facts(size: Size) -> Facts {
    Facts {
        format: Format::Png,
        size,
        orientation: Turn::NONE,
        alpha: false,
        frames: 1,
        bytes: 1000,
    }
}

/// The kept region of a one-step plan, in whole pixels.
fn region(transformation: &str, source: Size) -> (u32, u32, u32, u32) {
    let rules = Rules {
        cloud: CloudRule::InPath,
        ..Rules::default()
    };
    let url = format!("/demo/image/upload/{transformation}/v1/a.png");
    let delivery = dialect::read(&rules, &url).expect("a URL");
    let plan = made(&delivery.spec, source).expect("a plan");
    let [plan::Step::Resample { from, .. }] = plan.steps[..] else {
        panic!("{:?}", plan.steps)
    };
    let whole = |n: f64| n.round() as u32;
    (
        whole(from.x),
        whole(from.y),
        whole(from.width),
        whole(from.height),
    )
}

#[test]
fn the_kept_region_is_the_documented_one() {
    let source = Size::new(1200, 800);
    for (transformation, expected) in [
        ("c_crop,w_200,h_150", (500, 325, 200, 150)),
        ("c_crop,w_200,h_150,g_south_east", (1000, 650, 200, 150)),
        (
            "c_crop,w_200,h_150,g_south_east,x_10,y_20",
            (990, 630, 200, 150),
        ),
        ("c_crop,w_200,h_150,x_80,y_30", (80, 30, 200, 150)),
        (
            "c_crop,w_200,h_150,g_xy_center,x_300,y_400",
            (200, 325, 200, 150),
        ),
        ("c_crop,w_0.5,h_0.5,x_0.25,y_0.25", (300, 200, 600, 400)),
        ("c_fill,w_300,h_300", (200, 0, 800, 800)),
        ("c_fill,w_300,h_300,g_west", (0, 0, 800, 800)),
        ("c_fill,w_300,h_100,g_north", (0, 0, 1200, 400)),
        ("c_lfill,w_2000,h_400", (0, 200, 1200, 400)),
    ] {
        assert_eq!(region(transformation, source), expected, "{transformation}");
    }
}

#[test]
fn the_picture_lies_where_padding_says() {
    let source = Size::new(1200, 800);
    for (transformation, expected) in [
        ("c_pad,w_300,h_300", (0, 50)),
        ("c_pad,w_300,h_300,g_north", (0, 0)),
        ("c_pad,w_300,h_300,g_south", (0, 100)),
        ("c_lpad,w_2000,h_1000", (400, 100)),
    ] {
        let rules = Rules {
            cloud: CloudRule::InPath,
            ..Rules::default()
        };
        let url = format!("/demo/image/upload/{transformation}/v1/a.png");
        let delivery = dialect::read(&rules, &url).expect("a URL");
        let plan = made(&delivery.spec, source).expect("a plan");
        let Some(plan::Step::Canvas { left, top, .. }) = plan.steps.last().cloned() else {
            panic!("{transformation}: {:?}", plan.steps)
        };
        assert_eq!((left, top), expected, "{transformation}");
    }
}

#[test]
fn a_crop_beside_the_picture_is_refused() {
    let area = Area::px(10, 10);
    let offset = Offset {
        x: Some(Length::Px(500)),
        y: None,
    };
    let mut spec = TransformSpec::default();
    spec.ops.push(Op::Crop(Crop {
        area,
        gravity: Gravity::Corner,
        offset,
        zoom: None,
    }));
    let facts = facts(Size::new(100, 100));
    let plan = plan::make(
        &spec,
        &facts,
        &Negotiated::default(),
        &Hints::default(),
        &rules(),
    );
    assert!(
        matches!(plan, Err(plan::Error::EmptyRegion { x: 500, .. })),
        "{plan:?}"
    );
}

#[test]
fn what_is_too_large_is_refused_before_work() {
    let mut spec = TransformSpec::default();
    spec.ops.push(Op::Resize(Resize::new(
        Frame::Stretch,
        Direction::Any,
        Area::px(60_000, 60_000),
    )));
    let facts = facts(Size::new(100, 100));
    let plan = plan::make(
        &spec,
        &facts,
        &Negotiated::default(),
        &Hints::default(),
        &rules(),
    );
    assert!(
        matches!(
            plan,
            Err(plan::Error::OverLimit {
                what: "output pixels",
                ..
            })
        ),
        "{plan:?}"
    );
}

#[test]
fn turns_compose() {
    let all: Vec<Turn> = [false, true]
        .into_iter()
        .flat_map(|mirror| (0..4).map(move |quarters| Turn { mirror, quarters }))
        .collect();
    // A picture of four corners, laid down both ways.
    let lay = |turn: Turn, corners: [u8; 4]| {
        let [mut tl, mut tr, mut br, mut bl] = corners;
        if turn.mirror {
            (tl, tr, br, bl) = (tr, tl, bl, br);
        }
        let mut corners = [tl, tr, br, bl];
        corners.rotate_right(usize::from(turn.quarters));
        corners
    };
    for first in &all {
        for second in &all {
            let corners = [1, 2, 3, 4];
            assert_eq!(
                lay(*second, lay(*first, corners)),
                lay(first.then(*second), corners)
            );
        }
    }
}

fn any_resize() -> impl Strategy<Value = Resize> {
    let frame = prop_oneof![
        Just(Frame::Stretch),
        Just(Frame::Inside),
        Just(Frame::Outside),
        Just(Frame::Cover),
        Just(Frame::Pad)
    ];
    let direction = prop_oneof![
        Just(Direction::Any),
        Just(Direction::Down),
        Just(Direction::Up)
    ];
    let side = prop_oneof![
        Just(None),
        (1_i32..5000).prop_map(|n| Some(Length::Px(n))),
        (1_i64..3_000_000_000)
            .prop_map(|n| Some(Length::Share(cldgate::spec::Decimal::from_billionths(n))))
    ];
    let gravity = prop_oneof![
        Just(Gravity::Compass(Compass::Center)),
        Just(Gravity::Compass(Compass::SouthEast)),
        Just(Gravity::Point)
    ];
    let offset = prop_oneof![
        Just(None),
        (-9000_i32..9000).prop_map(|n| Some(Length::Px(n)))
    ];
    (
        frame,
        direction,
        side.clone(),
        side,
        gravity,
        offset.clone(),
        offset,
    )
        .prop_map(|(frame, direction, width, height, gravity, x, y)| {
            let area = Area {
                width,
                height,
                ..Area::default()
            };
            Resize {
                gravity,
                offset: Offset { x, y },
                ..Resize::new(frame, direction, area)
            }
        })
}

proptest! {
    /// Never empty, never outside the input, and a direction is kept.
    #[test]
    fn every_resize_is_sound(w in 1_u32..5000, h in 1_u32..5000, resize in any_resize()) {
        let source = Size::new(w, h);
        let mut spec = TransformSpec::default();
        spec.ops.push(Op::Resize(resize.clone()));
        let plan = plan::make(&spec, &facts(source), &Negotiated::default(), &Hints::default(), &rules());
        let plan = match plan {
            Ok(Plan::Raster(plan)) => plan,
            Ok(Plan::Original) => return Ok(()),
            Err(plan::Error::OverLimit { .. }) => return Ok(()),
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        let mut size = source;
        for step in &plan.steps {
            if let plan::Step::Resample { from, to } = step {
                prop_assert!(from.x >= 0.0 && from.y >= 0.0 && from.width > 0.0 && from.height > 0.0);
                prop_assert!(from.x + from.width <= f64::from(size.width) + 1e-6, "{from:?} in {size:?}");
                prop_assert!(from.y + from.height <= f64::from(size.height) + 1e-6, "{from:?} in {size:?}");
                if resize.direction == Direction::Down {
                    prop_assert!(to.width <= size.width && to.height <= size.height || resize.frame == Frame::Stretch);
                }
            }
            size = step.size_after(size);
            prop_assert!(size.width > 0 && size.height > 0);
        }
    }

    /// A picture that already is what is asked for is left alone.
    #[test]
    fn a_second_pass_changes_no_size(w in 1_u32..3000, h in 1_u32..3000, bw in 1_u16..3000, bh in 1_u16..3000) {
        for frame in [Frame::Stretch, Frame::Cover, Frame::Pad] {
            let mut spec = TransformSpec::default();
            spec.ops.push(Op::Resize(Resize::new(frame, Direction::Any, Area::px(bw, bh))));
            let once = made(&spec, Size::new(w, h)).map_or(Size::new(w, h), |plan| plan.output());
            prop_assert_eq!(once, Size::new(bw.into(), bh.into()));
            let again = made(&spec, once);
            prop_assert!(again.is_none_or(|plan| plan.steps.is_empty()));
        }
    }
}
