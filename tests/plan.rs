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

#[test]
fn sizes_are_those_of_the_table() {
    let mut rows = 0;
    let mut wrong = Vec::new();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')).skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [w, h, transformation, out_w, out_h, standing] = cells[..] else {
            panic!("row: {line}")
        };
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

#[test]
fn cutting_and_padding_meets_in_the_middle() {
    // A third of the height is cut at most; what is missing is padded.
    for (transformation, drawn) in [
        ("c_fill_pad,g_auto,w_300,h_200", None),
        ("c_fill_pad,g_auto,w_800,h_400", None),
        ("c_auto_pad,g_auto,w_400,h_100", Some((225, 100))),
        ("c_fill_pad,g_auto,w_80,h_400", Some((80, 80))),
    ] {
        let canvas = steps(transformation, &Hints::default())
            .into_iter()
            .find_map(|step| match step {
                plan::Step::Canvas {
                    size, left, top, ..
                } => {
                    let twice = |n: i32| u32::try_from(n * 2).expect("inside");
                    Some((size.width - twice(left), size.height - twice(top)))
                }
                _ => None,
            });
        let near = |a: u32, b: u32| a.abs_diff(b) <= 1;
        assert!(
            match (canvas, drawn) {
                (Some(a), Some(b)) => near(a.0, b.0) && near(a.1, b.1),
                (a, b) => a == b,
            },
            "{transformation}: {canvas:?}, not {drawn:?}"
        );
    }
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
        Ok(Plan::Original | Plan::Sanitized | Plan::Info(_)) => None,
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
        scaling: plan::Scaling::default(),
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
    let from = match plan.steps[..] {
        [] => plan::Region::whole(plan.window.size),
        [plan::Step::Resample { from, .. }] => from,
        _ => panic!("{:?}", plan.steps),
    };
    let from = plan.window.outside(from);
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

/// The steps of a transformation on a picture of 1200x800, printed short.
fn steps(transformation: &str, hints: &Hints) -> Vec<plan::Step> {
    let rules_of_urls = Rules {
        cloud: CloudRule::InPath,
        ..Rules::default()
    };
    let url = format!("/demo/image/upload/{transformation}/v1/a.png");
    let spec = dialect::read(&rules_of_urls, &url).expect("a URL").spec;
    let facts = facts(Size::new(1200, 800));
    match plan::make(&spec, &facts, &Negotiated::default(), hints, &rules()) {
        Ok(Plan::Raster(plan)) => plan.steps,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_shape_that_asks_for_it_turns_the_picture() {
    use plan::Step::Turn as Turned;
    let clockwise = Turned(Turn::quarters(1));
    for (transformation, turned) in [
        ("c_fill,w_200,h_300,a_auto_right", Some(clockwise.clone())),
        (
            "c_fill,w_200,h_300,a_auto_left",
            Some(Turned(Turn::quarters(-1))),
        ),
        ("c_crop,ar_2:3,a_auto", Some(clockwise)),
        ("c_fill,w_300,h_200,a_auto_right", None),
        ("c_fill,w_300,h_300,a_auto_right", None),
        ("c_scale,w_300,a_auto_right", None),
    ] {
        let found = steps(transformation, &Hints::default())
            .into_iter()
            .find(|step| matches!(step, Turned(_)));
        assert_eq!(found, turned, "{transformation}");
    }
}

#[test]
fn a_pixel_ratio_multiplies_what_is_measured_in_pixels() {
    let round = |transformation: &str, hints: &Hints| {
        let corner = |step: &plan::Step| match step {
            plan::Step::Round(rounding) => Some(rounding.0[0].0),
            _ => None,
        };
        steps(transformation, hints).iter().find_map(corner)
    };
    let none = Hints::default();
    let shown = Hints::read(None, Some("1.5"), None);
    assert_eq!(round("c_fill,w_200,h_200,r_20,dpr_2.0", &none), Some(40.0));
    assert_eq!(round("c_fill,w_200,h_200,r_20/dpr_1.5", &none), Some(30.0));
    assert_eq!(
        round("c_fill,w_200,h_200,r_20,dpr_auto", &shown),
        Some(40.0)
    );
    assert_eq!(round("c_fill,w_200,h_200,r_20,dpr_auto", &none), Some(20.0));
    // Without a size anywhere it does nothing.
    assert_eq!(round("r_20,dpr_2.0", &none), Some(20.0));
    assert_eq!(
        size_of(
            "c_fill,w_200,h_200,bo_5px_solid_black,dpr_2.0",
            Size::new(900, 900)
        ),
        Size::new(420, 420)
    );
    // Offsets too; shares of the input stay what they are.
    for (transformation, expected) in [
        ("c_crop,w_100,h_100,x_10,y_20,dpr_2.0", (20, 40, 200, 200)),
        ("c_fill,w_300,h_100,g_north,y_30", (0, 120, 1200, 400)),
        (
            "c_fill,w_300,h_100,g_north,y_30,dpr_2.0",
            (0, 120, 1200, 400),
        ),
        ("c_fill,w_300,h_100,g_north,y_0.25", (0, 200, 1200, 400)),
        (
            "c_fill,w_300,h_300,g_xy_center,x_500,y_9",
            (100, 0, 800, 800),
        ),
    ] {
        assert_eq!(
            region(transformation, Size::new(1200, 800)),
            expected,
            "{transformation}"
        );
    }
}

#[test]
fn the_width_that_a_client_shows_is_asked_for() {
    let made = |transformation: &str, dpr: Option<&str>, width: Option<&str>| {
        let hints = Hints::read(None, dpr, width);
        steps(transformation, &hints)
            .iter()
            .fold(Size::new(1200, 800), |size, step| step.size_after(size))
            .width
    };
    assert_eq!(made("c_limit,w_auto", None, Some("512")), 600);
    assert_eq!(made("c_limit,w_auto:50", None, Some("512")), 550);
    assert_eq!(made("c_limit,w_auto:50:500", None, None), 500);
    assert_eq!(made("c_limit,w_auto", None, None), 1200);
    // The hint counts device pixels: 700 are 350 of the page's, so 400, and 800 again.
    assert_eq!(made("c_limit,w_auto,dpr_auto", Some("2"), Some("700")), 800);
    assert_eq!(made("c_limit,w_100,dpr_auto", Some("1.2"), None), 200);
}

#[test]
fn chains_become_one_resampling() {
    use plan::Step::{Canvas, Resample, Round, Turn as Turned};
    let kinds = |transformation: &str| -> String {
        steps(transformation, &Hints::default())
            .iter()
            .map(|step| match step {
                Resample { .. } => 'r',
                Turned(_) => 't',
                Canvas { .. } => 'c',
                Round(_) => 'o',
                _ => '?',
            })
            .collect()
    };
    for (transformation, expected) in [
        ("c_crop,w_600,h_600,x_0,y_0", ""),
        ("c_crop,w_600,h_600,x_0,y_0/c_fill,w_300,h_150", "r"),
        ("c_fill,w_400,h_400/c_scale,w_100", "r"),
        ("c_scale,w_800/c_crop,w_200,h_200/c_scale,w_100", "r"),
        ("a_90/c_scale,w_300/a_hflip/c_limit,w_100", "rt"),
        ("a_hflip/a_hflip", ""),
        // Detail that is dropped stays dropped, and enlarging twice is not enlarging once.
        ("c_scale,w_100/c_scale,w_1200", "rr"),
        ("c_scale,w_2400/c_scale,w_4800", "rr"),
        // Nothing moves across another kind of step.
        ("c_scale,w_800/r_20/c_scale,w_400", "ror"),
        ("c_pad,w_800,h_800/c_scale,w_400", "rcr"),
    ] {
        assert_eq!(kinds(transformation), expected, "{transformation}");
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
            Ok(Plan::Original | Plan::Sanitized | Plan::Info(_)) => return Ok(()),
            Err(plan::Error::OverLimit { .. }) => return Ok(()),
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        let mut size = plan.window.size;
        prop_assert!(plan.window.left + size.width <= w && plan.window.top + size.height <= h);
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
            prop_assert!(again.is_none_or(|plan| plan.steps.is_empty() && plan.window.size == once));
        }
    }

    /// Joining steps changes no size, and what is joined already stays as it is.
    #[test]
    fn folding_keeps_sizes(w in 1_u32..2000, h in 1_u32..2000, kinds in proptest::collection::vec((0_u8..4, 1_u32..1500, 1_u32..1500, 0_u8..4), 1..6)) {
        let source = Size::new(w, h);
        let steps = chain(source, &kinds);
        let end = |from: Size, steps: &[plan::Step]| steps.iter().fold(from, |size, step| step.size_after(size));
        let expected = end(source, &steps);
        let (window, folded) = plan::fold(source, steps.clone());
        prop_assert_eq!(end(window.size, &folded), expected);
        prop_assert!(folded.len() <= steps.len() + 1);
        let (again, twice) = plan::fold(window.size, folded.clone());
        prop_assert_eq!(again.size, window.size);
        prop_assert_eq!(twice, folded);
    }
}

/// A chain of cuts, scales and turns that fits a source.
pub fn chain(source: Size, kinds: &[(u8, u32, u32, u8)]) -> Vec<plan::Step> {
    let mut size = source;
    let mut steps = Vec::new();
    for &(kind, a, b, quarters) in kinds {
        let step = match kind {
            0 => plan::Step::Turn(Turn {
                mirror: a % 2 == 0,
                quarters,
            }),
            1 => plan::Step::Resample {
                from: plan::Region::whole(size),
                to: Size::new(a, b),
            },
            2 => plan::Step::Resample {
                from: plan::Region::whole(size),
                to: Size::new(
                    size.width.div_ceil(1 + a % 4),
                    size.height.div_ceil(1 + b % 4),
                ),
            },
            _ => {
                let to = Size::new(a.min(size.width), b.min(size.height));
                plan::Step::Resample {
                    from: plan::Region {
                        x: f64::from((size.width - to.width) / 2),
                        y: f64::from((size.height - to.height) / 3),
                        ..plan::Region::whole(to)
                    },
                    to,
                }
            }
        };
        size = step.size_after(size);
        steps.push(step);
    }
    steps
}
