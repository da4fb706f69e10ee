//! Is what people look at found in a picture?

use std::path::PathBuf;
use std::process::Command;

use bytes::Bytes;
use cldgate::dialect;
use cldgate::plan::{
    self, Hints, Limits, Needs, Negotiated, Plan, RasterPlan, Rules, Seen, Step, Writable,
};
use cldgate::render::{Budget, Fonts, Sources, look, probe};
use cldgate::spec::{
    Amount, Area, Compass, Decimal, Direction, Format, Frame, Gravity, Op, Otherwise, Quality,
    Resize, Subject, TransformSpec, Turn,
};

const FACES: Needs = Needs {
    faces: true,
    attention: false,
};
const ATTENTION: Needs = Needs {
    faces: false,
    attention: true,
};

fn seen(file: &[u8], needs: Needs) -> Seen {
    let facts = probe(file).unwrap();
    look(file, &facts, Turn::NONE, needs, &Budget::unlimited()).unwrap()
}

/// The group portrait that the detector's package comes with, where the package has kept it.
fn portrait() -> Option<image::RgbImage> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--offline", "--locked"])
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let path = text
        .split("\"manifest_path\":\"")
        .filter_map(|rest| rest.split('"').next())
        .find(|path| path.contains("/rustface-"))?;
    let file = std::fs::read(PathBuf::from(path).with_file_name("test.png")).ok()?;
    decoded(&file)
}

fn decoded(png: &[u8]) -> Option<image::RgbImage> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png))
        .read_info()
        .ok()?;
    let mut pixels = vec![0; reader.output_buffer_size()?];
    let info = reader.next_frame(&mut pixels).ok()?;
    image::RgbImage::from_raw(info.width, info.height, pixels)
}

fn bmp(picture: &image::RgbImage) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut file, image::ImageFormat::Bmp)
        .unwrap();
    file.into_inner()
}

#[test]
fn faces_of_a_group_are_found() {
    let Some(portrait) = portrait() else {
        println!("skipped: the group portrait is not in the package's folder");
        return;
    };
    // Three rows of people in the middle of it.
    let group = image::imageops::crop_imm(&portrait, 560, 80, 480, 300).to_image();
    let faces = seen(&bmp(&group), FACES).faces;
    assert!((4..=9).contains(&faces.len()), "{faces:?}");
    for face in &faces {
        let (w, h) = (face.width * 480.0, face.height * 300.0);
        assert!(
            (30.0..110.0).contains(&w) && (30.0..110.0).contains(&h),
            "{face:?}"
        );
    }
}

/// The plan of a chain over a picture, made as the gateway makes it.
fn plan(file: &[u8], ops: Vec<Op>) -> RasterPlan {
    let facts = probe(file).unwrap();
    let (fonts, budget) = (Fonts::default(), Budget::unlimited());
    let sources = Sources::new(&[], &fonts, &budget).below(file);
    let spec = TransformSpec {
        ops,
        ..TransformSpec::default()
    };
    let rules = Rules {
        limits: Limits::default(),
        quality: Quality::Fixed(80),
        writable: Writable([Format::Bmp].into_iter().collect()),
        scaling: plan::Scaling::default(),
    };
    let (negotiated, hints) = (Negotiated::default(), Hints::default());
    let plan = plan::make_with(&spec, &facts, &sources, &negotiated, &hints, &rules);
    match plan.unwrap() {
        Plan::Raster(plan) => plan,
        other => panic!("{other:?}"),
    }
}

fn on_face(zoom: Option<Amount>) -> Op {
    let mut resize = Resize::new(Frame::Cover, Direction::Any, Area::px(100, 100));
    resize.gravity = Gravity::Subject {
        subject: Subject::Face,
        fallback: Otherwise::Compass(Compass::North),
    };
    resize.zoom = zoom;
    Op::Resize(resize)
}

#[test]
fn a_box_goes_to_the_face_and_a_thumbnail_shows_little_else() {
    let Some(portrait) = portrait() else {
        println!("skipped: the group portrait is not in the package's folder");
        return;
    };
    // One head, alone at the right end of a grey wall.
    let head = image::imageops::crop_imm(&portrait, 850, 190, 130, 140).to_image();
    let mut wall = image::RgbImage::from_pixel(600, 200, image::Rgb([128; 3]));
    image::imageops::replace(&mut wall, &head, 440, 30);
    let file = bmp(&wall);
    let from = |plan: &RasterPlan| match plan.steps.as_slice() {
        [Step::Resample { from, .. }] => *from,
        steps => panic!("{steps:?}"),
    };
    let whole = from(&plan(&file, vec![on_face(None)]));
    assert!(
        whole.x > 350.0 && (whole.width - 200.0).abs() < 1.0,
        "{whole:?}"
    );
    let tight = from(&plan(&file, vec![on_face(Some(Amount::whole(1)))]));
    assert!(tight.width < 120.0 && tight.x > 440.0, "{tight:?}");
    let wide = from(&plan(
        &file,
        vec![on_face(Some(Amount::Fixed(Decimal::from_billionths(
            Decimal::SCALE / 2,
        ))))],
    ));
    assert!((wide.width / tight.width - 2.0).abs() < 0.1, "{wide:?}");

    let blank = bmp(&image::RgbImage::from_pixel(200, 600, image::Rgb([128; 3])));
    let north = from(&plan(&blank, vec![on_face(None)]));
    assert!(north.y.abs() < 1e-9, "no face: the fallback, {north:?}");
}

#[test]
fn without_a_face_the_box_goes_where_its_fallback_looks() {
    let mut tower = image::RgbImage::from_pixel(200, 600, image::Rgb([128; 3]));
    for (x, y, pixel) in tower.enumerate_pixels_mut() {
        if (40..160).contains(&x) && (430..550).contains(&y) && (x / 8 + y / 8) % 2 == 0 {
            *pixel = image::Rgb([250, 40, 20]);
        }
    }
    let file = bmp(&tower);
    let top = |chain: &str| match planned(&file, chain).steps.as_slice() {
        [Step::Resample { from, .. }] => from.y,
        steps => panic!("{steps:?}"),
    };
    assert!(top("c_fill,g_face,w_100,h_100").abs() < 1e-9);
    assert!((top("c_fill,g_faces:center,w_100,h_100") - 200.0).abs() < 1e-9);
    assert!(top("c_fill,g_faces:auto,w_100,h_100") > 340.0);
    // An area that the URL itself names needs no look.
    assert!((top("c_fill,g_auto:aoi_50_100_20_60,w_100,h_100") - 30.0).abs() < 1e-9);
}

/// One head, alone at the right end of a grey wall.
fn head_on_a_wall() -> Option<image::RgbImage> {
    let head = image::imageops::crop_imm(&portrait()?, 850, 190, 130, 140).to_image();
    let mut wall = image::RgbImage::from_pixel(600, 200, image::Rgb([128; 3]));
    image::imageops::replace(&mut wall, &head, 440, 30);
    Some(wall)
}

/// The plan of a chain of a URL, every layer of it a white square.
fn planned(file: &[u8], chain: &str) -> RasterPlan {
    let square = bmp(&image::RgbImage::from_pixel(20, 20, image::Rgb([255; 3])));
    let url = format!("/demo/image/upload/{chain}/x");
    let (delivery, _) = dialect::interpret(&dialect::Rules::default(), &url).unwrap();
    let stored: Vec<_> = delivery
        .spec
        .layers()
        .into_iter()
        .map(|asset| (asset.clone(), Some(Bytes::from(square.clone()))))
        .collect();
    let facts = probe(file).unwrap();
    let (fonts, budget) = (Fonts::default(), Budget::unlimited());
    let sources = Sources::new(&stored, &fonts, &budget).below(file);
    let rules = Rules {
        limits: Limits::default(),
        quality: Quality::Fixed(80),
        writable: Writable([Format::Bmp].into_iter().collect()),
        scaling: plan::Scaling::default(),
    };
    let (negotiated, hints) = (Negotiated::default(), Hints::default());
    let spec = &delivery.spec;
    match plan::make_with(spec, &facts, &sources, &negotiated, &hints, &rules).unwrap() {
        Plan::Raster(plan) => plan,
        other => panic!("{other:?}"),
    }
}

#[test]
fn faces_are_made_unrecognizable_and_nothing_else_changes() {
    let Some(wall) = head_on_a_wall() else {
        println!("skipped: the group portrait is not in the package's folder");
        return;
    };
    let file = bmp(&wall);
    let face = seen(&file, FACES).faces[0];
    let (x, y) = (
        ((face.x + face.width / 2.0) * 600.0) as u32,
        ((face.y + face.height / 2.0) * 200.0) as u32,
    );
    // Steps between neighbours around the middle of the face.
    let detail = |picture: &image::RgbImage| -> u32 {
        let at = |x: u32, y: u32| u32::from(picture.get_pixel(x, y).0[1]);
        (0..20 * 20)
            .map(|n| (x - 10 + n % 20, y - 10 + n / 20))
            .map(|(x, y)| at(x, y).abs_diff(at(x + 1, y)))
            .sum()
    };
    for chain in [
        "e_blur_faces",
        "e_pixelate_faces:15",
        "e_blur_region:800,g_faces",
        "e_pixelate_region:12,g_face",
    ] {
        let plan = planned(&file, &format!("{chain}/f_bmp"));
        let made = cldgate::render::run(&plan, &file, &Budget::unlimited()).unwrap();
        let made = image::load_from_memory(&made.body).unwrap().into_rgb8();
        assert!(detail(&made) * 2 < detail(&wall), "{chain}");
        for (x, y, pixel) in wall.enumerate_pixels().filter(|(x, ..)| *x < 430) {
            assert_eq!(made.get_pixel(x, y), pixel, "{chain} at {x},{y}");
        }
    }
    // Nobody there: nothing is done.
    let blank = bmp(&image::RgbImage::from_pixel(200, 200, image::Rgb([128; 3])));
    let plan = planned(&blank, "e_blur_faces/l_square/fl_layer_apply,g_face/f_bmp");
    assert!(plan.steps.is_empty(), "{:?}", plan.steps);
}

#[test]
fn layers_are_laid_on_faces() {
    let Some(wall) = head_on_a_wall() else {
        println!("skipped: the group portrait is not in the package's folder");
        return;
    };
    let file = bmp(&wall);
    let face = seen(&file, FACES).faces[0];
    let layer = |chain: &str| match planned(&file, chain).steps.pop() {
        Some(Step::Overlay(layer)) => layer,
        step => panic!("{chain}: {step:?}"),
    };
    let middle = (face.x + face.width / 2.0) * 600.0;
    let small = layer("l_square/fl_layer_apply,g_face");
    assert!(
        (f64::from(small.left) + 10.0 - middle).abs() < 2.0,
        "{small:?}"
    );
    let height = (face.y + face.height / 2.0) * 200.0;
    assert!(
        (f64::from(small.top) + 10.0 - height).abs() < 2.0,
        "{small:?}"
    );
    let moved = layer("l_square,g_face,x_7,y_-5");
    assert_eq!((moved.left - small.left, moved.top - small.top), (7, -5));
    let wide = layer("l_square/c_scale,fl_region_relative,w_1.5/fl_layer_apply,g_face");
    let side = wide
        .steps
        .iter()
        .fold(wide.stored, |size, step| step.size_after(size));
    assert!(
        (f64::from(side.width) - face.width * 600.0 * 1.5).abs() < 3.0,
        "{side:?}"
    );
    assert!(
        (f64::from(wide.left) + f64::from(side.width) / 2.0 - middle).abs() < 2.0,
        "{wide:?}"
    );
    let all = planned(&file, "l_square/fl_layer_apply,g_faces").steps;
    assert_eq!(all.len(), seen(&file, FACES).faces.len());
    // After a cut the face lies elsewhere, and is as large.
    let cut = layer("c_crop,g_east,w_300,h_200/l_square/fl_layer_apply,g_face");
    assert!(
        (f64::from(small.left - cut.left) - 300.0).abs() < 2.0,
        "{cut:?}"
    );
}

#[test]
fn a_picture_without_faces_has_none() {
    let noise = image::RgbImage::from_fn(300, 200, |x, y| {
        let v = u8::try_from((x * 7 + y * 13) % 251).unwrap();
        image::Rgb([v, 255 - v, v / 2])
    });
    assert_eq!(seen(&bmp(&noise), FACES).faces, []);
    let tiny = image::RgbImage::new(3, 3);
    let seen = seen(
        &bmp(&tiny),
        Needs {
            faces: true,
            attention: true,
        },
    );
    assert_eq!(seen, Seen::default(), "smaller than a cell");
}

#[test]
fn the_eye_goes_to_the_one_thing_in_the_field() {
    for (cx, cy) in [(60, 60), (330, 60), (60, 230), (330, 230)] {
        let field = image::RgbImage::from_fn(400, 300, |x, y| {
            let (dx, dy) = (x.abs_diff(cx), y.abs_diff(cy));
            if dx * dx + dy * dy < 900 {
                image::Rgb([220, if (x + y) % 8 < 4 { 40 } else { 90 }, 30])
            } else {
                let shade = u8::try_from(90 + y / 10).unwrap();
                image::Rgb([60, shade, 60])
            }
        });
        let seen = seen(&bmp(&field), ATTENTION);
        let (x, y) = seen.place(&Subject::Salient, 0.4, 0.4).unwrap();
        let (fx, fy) = (f64::from(cx) / 400.0, f64::from(cy) / 300.0);
        assert!(
            (x..x + 0.4).contains(&fx) && (y..y + 0.4).contains(&fy),
            "{cx},{cy}: {x},{y}"
        );
    }
}
