//! Is what people look at found in a picture?

use std::path::PathBuf;
use std::process::Command;

use cldgate::plan::{Needs, Seen};
use cldgate::render::{Budget, look, probe};
use cldgate::spec::{Subject, Turn};

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
