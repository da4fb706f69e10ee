//! Does automatic quality look at the picture, and does the result look as good as the level promises?

use cldgate::plan::{Encode, Frames, RasterPlan, Region, Size, Step, Window};
use cldgate::render::{self, Budget};
use cldgate::spec::Format;
use fast_ssim2::{PixelDescriptor, PixelSlice, compute_ssimulacra2};

/// Photographs of the demo, 480 pixels wide; drawn scenes, so that noise and flat skies are both among them.
const PHOTOS: [&str; 3] = [
    "sample/1312461204.jpg",
    "folder/photo/1312461204.jpg",
    "people/portrait/1371281596.jpg",
];
const WIDTH: u32 = 480;

fn photo(name: &str) -> Vec<u8> {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/examples/photos/res/demo/image/upload/"
    );
    std::fs::read(format!("{folder}{name}")).unwrap()
}

/// The photograph at its small size, written so.
fn written(source: &[u8], encode: Encode) -> Vec<u8> {
    let size = render::probe(source).unwrap().size;
    let from = Region {
        x: 0.0,
        y: 0.0,
        width: size.width.into(),
        height: size.height.into(),
    };
    let to = Size::new(WIDTH, WIDTH * size.height / size.width);
    let plan = RasterPlan {
        source: size,
        window: Window::whole(size),
        frames: Frames::One(0),
        steps: vec![Step::Resample { from, to }],
        encode,
        scaling: cldgate::plan::Scaling::default(),
    };
    let file = render::run(&plan, source, &Budget::unlimited()).unwrap();
    file.body.to_vec()
}

fn aimed(format: Format, aim: u8) -> Encode {
    Encode {
        aim: Some(aim),
        ..Encode::new(format, 80)
    }
}

/// RGB as this build reads it.
fn opened(file: &[u8]) -> (Size, Vec<u8>) {
    let size = render::probe(file).unwrap().size;
    let plan = RasterPlan {
        source: size,
        window: Window::whole(size),
        frames: Frames::One(0),
        steps: Vec::new(),
        encode: Encode::new(Format::Bmp, 100),
        scaling: cldgate::plan::Scaling::default(),
    };
    let bmp = render::run(&plan, file, &Budget::unlimited()).unwrap();
    let picture = image::load_from_memory_with_format(&bmp.body, image::ImageFormat::Bmp).unwrap();
    (size, picture.into_rgb8().into_raw())
}

fn score(reference: &[u8], file: &[u8]) -> f64 {
    let ((size, a), (other, b)) = (opened(reference), opened(file));
    assert_eq!(size, other);
    let slice = |pixels| {
        let stride = size.width as usize * 3;
        PixelSlice::new(
            pixels,
            size.width,
            size.height,
            stride,
            PixelDescriptor::RGB8_SRGB,
        )
        .unwrap()
    };
    compute_ssimulacra2(&slice(&a), &slice(&b)).unwrap()
}

#[test]
fn photographs_come_near_the_score_aimed_at() {
    // The model is a line through photographs; one of them may be this far off.
    const OFF: f64 = 10.0;
    for name in PHOTOS {
        let source = photo(name);
        let reference = written(&source, Encode::new(Format::Png, 100));
        for format in [Format::Jpeg, Format::WebP] {
            for aim in [64, 76] {
                let file = written(&source, aimed(format, aim));
                let score = score(&reference, &file);
                println!(
                    "{name} {format:?} aim {aim}: {score:.1}, {} bytes",
                    file.len()
                );
                assert!(
                    (score - f64::from(aim)).abs() < OFF,
                    "{name} {format:?}: {score:.1} where {aim} was aimed at"
                );
            }
        }
    }
}

#[test]
fn what_hides_faults_is_written_with_fewer_bytes_than_what_shows_them() {
    // Not the file's size, which the picture's detail decides, but the quality: seen in the bytes beside those of fixed ones.
    let quality = |name: &str| {
        let source = photo(name);
        let length = written(&source, aimed(Format::Jpeg, 76)).len();
        (40..=90)
            .find(|&q| written(&source, Encode::new(Format::Jpeg, q)).len() >= length)
            .unwrap()
    };
    let found: Vec<u8> = PHOTOS.iter().map(|name| quality(name)).collect();
    println!("{found:?}");
    assert!(
        found.iter().any(|&q| q != found[0]),
        "one quality for all: {found:?}"
    );
}
