//! The kinds of file that one format name covers.

use super::sources::{Picture, encode, open, png_of, run};
use cldgate::plan::Size;
use cldgate::render;
use cldgate::spec::{Chroma, Format, Progressive};

const SMALL: Size = Size {
    width: 4,
    height: 2,
};

fn seen(file: &[u8]) -> Picture {
    let rendered = run(file, &[], encode(Format::Png, 80)).unwrap();
    open(&rendered.body, Format::Png)
}

#[test]
fn png_kinds() {
    use png::{BitDepth, ColorType};
    let grey = png_of(
        SMALL,
        ColorType::Grayscale,
        BitDepth::Eight,
        &[0, 50, 100, 150, 160, 170, 180, 255],
        |_| {},
    );
    assert_eq!(seen(&grey).at(1, 0), [50, 50, 50, 255]);
    assert!(!render::probe(&grey).unwrap().alpha);

    let bits = png_of(
        SMALL,
        ColorType::Grayscale,
        BitDepth::One,
        &[0b1010_0000, 0b0101_0000],
        |_| {},
    );
    assert_eq!(seen(&bits).at(0, 0), [255, 255, 255, 255]);
    assert_eq!(seen(&bits).at(0, 1), [0, 0, 0, 255]);

    let pairs: Vec<u8> = (0..8).flat_map(|n| [n * 10, 255 - n]).collect();
    let with_alpha = png_of(
        SMALL,
        ColorType::GrayscaleAlpha,
        BitDepth::Eight,
        &pairs,
        |_| {},
    );
    assert_eq!(seen(&with_alpha).at(3, 1), [70, 70, 70, 248]);
    assert!(render::probe(&with_alpha).unwrap().alpha);

    let deep: Vec<u8> = (0..24_u8).flat_map(|n| [n * 10, 77]).collect();
    let sixteen = png_of(SMALL, ColorType::Rgb, BitDepth::Sixteen, &deep, |_| {});
    assert_eq!(seen(&sixteen).at(1, 0), [30, 40, 50, 255]);

    let palette = png_of(
        SMALL,
        ColorType::Indexed,
        BitDepth::Two,
        &[0b0001_1011, 0b1110_0100],
        |info| {
            info.palette = Some(vec![1, 2, 3, 10, 20, 30, 100, 110, 120, 200, 210, 220].into());
            info.trns = Some(vec![0, 128].into());
        },
    );
    assert_eq!(seen(&palette).at(2, 0), [100, 110, 120, 255]);
    assert_eq!(seen(&palette).at(1, 0), [10, 20, 30, 128]);
    assert_eq!(seen(&palette).at(0, 0)[3], 0);
    assert!(render::probe(&palette).unwrap().alpha);
}

#[test]
fn jpeg_kinds() {
    let picture = Picture::gradient(61, 45);
    let cases: [(&str, jpeg_encoder::ColorType, Vec<u8>); 4] = [
        (
            "grey",
            jpeg_encoder::ColorType::Luma,
            picture.pixels.iter().map(|p| p[0]).collect(),
        ),
        ("rgb", jpeg_encoder::ColorType::Rgb, picture.rgb()),
        ("cmyk", jpeg_encoder::ColorType::Cmyk, inks(&picture)),
        ("ycck", jpeg_encoder::ColorType::CmykAsYcck, inks(&picture)),
    ];
    for (name, kind, data) in cases {
        for progressive in [false, true] {
            let mut file = Vec::new();
            let mut encoder = jpeg_encoder::Encoder::new(&mut file, 95);
            encoder.set_progressive(progressive);
            encoder.set_restart_interval(3);
            encoder.encode(&data, 61, 45, kind).unwrap();
            let expected = match name {
                "grey" => Picture::new(61, 45, |x, y| {
                    let v = picture.at(x, y)[0];
                    [v, v, v, 255]
                }),
                _ => picture.clone(),
            };
            let off = seen(&file).mean(&expected);
            assert!(off < 2.5, "{name}, progressive {progressive}: {off}");
        }
    }
}

/// A JPEG without its segments of a marker.
fn without(file: &[u8], marker: u8) -> Vec<u8> {
    let (mut out, mut at) = (file[..2].to_vec(), 2);
    while file[at + 1] != 0xDA {
        let length = 2 + usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]));
        if file[at + 1] != marker {
            out.extend(&file[at..at + length]);
        }
        at += length;
    }
    out.extend(&file[at..]);
    out
}

/// Chromium and Pillow show yellow at the corner of such a file where it would be black as a
/// positive.
#[test]
fn inks_are_inverted_with_and_without_adobes_marker() {
    let picture = Picture::gradient(61, 45);
    let mut file = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut file, 95);
    let kind = jpeg_encoder::ColorType::Cmyk;
    encoder.encode(&inks(&picture), 61, 45, kind).unwrap();
    let bare = without(&file, 0xEE);
    assert!(bare.len() < file.len());
    assert!(seen(&bare).mean(&picture) < 2.5);
    assert_eq!(seen(&bare), seen(&file));
}

#[test]
fn motion_jpeg_without_tables_is_shown() {
    let picture = Picture::gradient(61, 45);
    let mut file = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut file, 95);
    let kind = jpeg_encoder::ColorType::Rgb;
    encoder.encode(&picture.rgb(), 61, 45, kind).unwrap();
    let bare = without(&file, 0xC4);
    assert!(bare.len() < file.len());
    assert_eq!(seen(&bare), seen(&file));
}

/// Files of `cjpeg` and `jpegtran` from the decoder's tests.
#[test]
fn jpeg_codings_and_samplings_that_browsers_show() {
    let read = |name: &str| std::fs::read(format!("jpeg/tests/files/{name}.jpg")).unwrap();
    for (arithmetic, plain) in [
        ("arithmetic-422", "sequential-422"),
        ("arithmetic-progressive-444", "sequential-444"),
    ] {
        assert_eq!(seen(&read(arithmetic)), seen(&read(plain)), "{arithmetic}");
    }
    // `djpeg` is 1.9, 2.8 and 2.5 away from the picture that the files were made from.
    let picture = Picture::gradient(61, 45);
    for (sampled, most) in [("3x1", 1.9), ("1x3", 2.9), ("3x2", 2.6)] {
        let off = seen(&read(&format!("gradient-{sampled}"))).mean(&picture);
        assert!(off < most, "{sampled}: {off}");
    }
}

/// An even picture takes a few bytes when it is arithmetic-coded, whatever its size.
#[test]
fn a_short_file_of_an_even_picture_is_shown() {
    // 2000x2000, grey, quality 50, by `cjpeg -arithmetic -grayscale`: no coefficient differs from
    // the one before.
    let even = std::fs::read("jpeg/tests/files/arithmetic-even.jpg").unwrap();
    assert!(even.len() < 2000 * 2000 / 8192);
    let picture = seen(&even);
    assert_eq!(picture.size, Size::new(2000, 2000));
    assert!(
        picture
            .pixels
            .iter()
            .all(|pixel| *pixel == [90, 90, 90, 255])
    );
}

/// Ink without black, 255 for all of it.
fn inks(picture: &Picture) -> Vec<u8> {
    picture
        .pixels
        .iter()
        .flat_map(|p| [255 - p[0], 255 - p[1], 255 - p[2], 0])
        .collect()
}

#[test]
fn jpeg_progressive_and_chroma_as_asked() {
    let source = Picture::gradient(64, 48).png();
    for (progressive, frame) in [
        (Progressive::Off, 0xC0),
        (Progressive::On, 0xC2),
        (Progressive::Semi, 0xC2),
        (Progressive::Steep, 0xC2),
    ] {
        for (chroma, sampling) in [(Chroma::Half, 0x22), (Chroma::Full, 0x11)] {
            let how = cldgate::plan::Encode {
                progressive,
                chroma,
                ..encode(Format::Jpeg, 80)
            };
            let body = run(&source, &[], how).unwrap().body;
            let at = body.windows(2).position(|w| w == [0xFF, frame]).unwrap();
            assert_eq!(body[at + 11], sampling, "{progressive:?} {chroma:?}");
            assert_eq!(open(&body, Format::Jpeg).size, Size::new(64, 48));
        }
    }
}

#[test]
fn grey_stays_grey() {
    let grey = Picture::new(30, 20, |x, _| {
        [u8::try_from(x * 8).unwrap(); 3]
            .into_iter()
            .chain([255])
            .collect::<Vec<_>>()
            .try_into()
            .unwrap()
    });
    let mut file = Vec::new();
    let data: Vec<u8> = grey.pixels.iter().map(|p| p[0]).collect();
    jpeg_encoder::Encoder::new(&mut file, 95)
        .encode(&data, 30, 20, jpeg_encoder::ColorType::Luma)
        .unwrap();
    let png = run(&file, &[], encode(Format::Png, 80)).unwrap().body;
    // IHDR's colour type: 0 is grey.
    assert_eq!(png[25], 0);
}

#[test]
fn gif_frames_are_counted_and_the_first_is_shown() {
    let mut file = Vec::new();
    {
        let mut encoder = gif::Encoder::new(&mut file, 8, 6, &[255, 0, 0, 0, 0, 255]).unwrap();
        for n in 0..3 {
            let frame = gif::Frame {
                left: 2,
                top: 1,
                width: 4,
                height: 3,
                buffer: vec![n % 2; 12].into(),
                ..gif::Frame::default()
            };
            encoder.write_frame(&frame).unwrap();
        }
    }
    let facts = render::probe(&file).unwrap();
    assert_eq!(
        (facts.frames, facts.size, facts.alpha),
        (3, Size::new(8, 6), true)
    );
    let first = seen(&file);
    assert_eq!(first.at(0, 0)[3], 0);
    assert_eq!(first.at(2, 1), [255, 0, 0, 255]);
    assert_eq!(first.at(5, 3), [255, 0, 0, 255]);
    assert_eq!(first.at(6, 3)[3], 0);
}

#[test]
fn lossless_at_a_hundred() {
    let picture = Picture::circle(40);
    let webp = run(&picture.png(), &[], encode(Format::WebP, 100)).unwrap();
    assert!(webp.alpha);
    assert_eq!(open(&webp.body, Format::WebP).worst(&picture), 0);
}

#[test]
fn a_wide_gamut_profile_is_applied() {
    let p3 = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let srgb = moxcms::ColorProfile::new_srgb().encode().unwrap();
    let of = |profile: Vec<u8>| {
        png_of(
            SMALL,
            png::ColorType::Rgb,
            png::BitDepth::Eight,
            &[200, 60, 60].repeat(8),
            |info| {
                info.icc_profile = Some(profile.into());
            },
        )
    };
    assert_eq!(seen(&of(srgb)).at(0, 0), [200, 60, 60, 255]);
    let [r, g, b, _] = seen(&of(p3)).at(0, 0);
    // The same red is further out in sRGB.
    assert!(r > 210 && g < 55 && b < 60, "{r} {g} {b}");
}
