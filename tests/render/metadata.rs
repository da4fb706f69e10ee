//! What stays with a picture when it is written anew, and which colours its samples mean.

use super::orientation::exif;
use super::sources::{Picture, encode, open, run, scaled};
use cldgate::plan::{Colours, Encode, PngKind, Size};
use cldgate::render;
use cldgate::spec::{Format, Metadata, Turn};

/// A JPEG with Exif (turned, with an author), XMP and IPTC.
fn described() -> Vec<u8> {
    let picture = Picture::gradient(40, 30);
    let mut file = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, 90);
    let xmp = [&b"http://ns.adobe.com/xap/1.0/\0"[..], b"<x:xmpmeta/>"].concat();
    encoder
        .add_app_segment(1, [b"Exif\0\0", block().as_slice()].concat())
        .unwrap();
    encoder.add_app_segment(1, xmp).unwrap();
    encoder
        .add_app_segment(13, b"Photoshop 3.0\x008BIM-records".to_vec())
        .unwrap();
    let kind = jpeg_encoder::ColorType::Rgb;
    encoder.encode(&picture.rgb(), 40, 30, kind).unwrap();
    file
}

/// Orientation 6, an artist, a camera and a second directory.
fn block() -> Vec<u8> {
    let mut block = b"II*\0\x08\0\0\0\x03\0".to_vec();
    block.extend(b"\x10\x01\x02\0\x04\0\0\0Cam\0");
    block.extend(b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0");
    block.extend(b"\x3B\x01\x02\0\x09\0\0\0\x32\0\0\0");
    block.extend(b"\x40\0\0\0");
    block.extend(b"Jo Clerk\0");
    block
}

fn has(file: &[u8], text: &[u8]) -> bool {
    file.windows(text.len()).any(|window| window == text)
}

#[test]
fn nothing_is_kept_unless_asked() {
    let source = described();
    for format in [Format::Jpeg, Format::Png, Format::WebP, Format::Avif] {
        let made = run(&source, &[], encode(format, 80)).unwrap().body;
        assert!(
            !has(&made, b"Clerk") && !has(&made, b"xmpmeta"),
            "{format:?}"
        );
    }
}

#[test]
fn all_is_kept_and_the_picture_stands_upright() {
    let source = described();
    assert_eq!(
        render::probe(&source).unwrap().orientation,
        Turn::quarters(1)
    );
    for format in [Format::Jpeg, Format::Png, Format::WebP] {
        let how = Encode {
            metadata: Metadata::Keep,
            ..encode(format, 80)
        };
        let made = run(&source, &[], how).unwrap().body;
        assert!(
            has(&made, b"Jo Clerk") && has(&made, b"xmpmeta") && has(&made, b"Cam"),
            "{format:?}"
        );
        assert_eq!(has(&made, b"8BIM"), format == Format::Jpeg);
        let facts = render::probe(&made).unwrap();
        assert_eq!(facts.orientation, Turn::NONE, "{format:?}");
        assert_eq!(facts.size, Size::new(40, 30));
        // Other programs read the file still, and kept metadata goes on from it.
        let seen = open(&made, format);
        assert!(seen.mean(&Picture::gradient(40, 30)) < 4.0, "{format:?}");
        let again = Encode {
            metadata: Metadata::Keep,
            ..encode(Format::Jpeg, 80)
        };
        assert!(
            has(&run(&made, &[], again).unwrap().body, b"Jo Clerk"),
            "{format:?}"
        );
    }
}

#[test]
fn attribution_alone() {
    let source = described();
    for format in [Format::Jpeg, Format::Png, Format::WebP] {
        let how = Encode {
            metadata: Metadata::Attribution,
            ..encode(format, 80)
        };
        let made = run(&source, &[], how).unwrap().body;
        assert!(has(&made, b"Jo Clerk"), "{format:?}");
        assert!(
            !has(&made, b"Cam\0") && !has(&made, b"xmpmeta"),
            "{format:?}"
        );
        assert_eq!(render::probe(&made).unwrap().orientation, Turn::NONE);
    }
    // Damaged blocks say nothing, and break nothing.
    for cut in 0..block().len() {
        let mut file = described();
        let at = file.windows(3).position(|w| w == b"II*").unwrap();
        file.drain(at + cut..at + block().len());
        let how = Encode {
            metadata: Metadata::Attribution,
            ..encode(Format::WebP, 80)
        };
        let _ = run(&file, &[], how);
    }
    let _ = exif(6, true);
}

/// The profile is one of three colours, and a file of one sample may only have one of grey.
#[test]
fn a_grey_picture_with_a_profile_is_written_in_colour() {
    let grey = Picture::new(20, 10, |x, _| {
        let v = (x * 9) as u8;
        [v, v, v, 255]
    });
    for (profile, png, jpeg) in [(false, 0, 1), (true, 2, 3)] {
        let how = |format| Encode {
            profile,
            ..encode(format, 90)
        };
        let made = run(&grey.plain_png(), &[], how(Format::Png)).unwrap().body;
        assert_eq!(made[25], png);
        let made = run(&grey.plain_png(), &[], how(Format::Jpeg)).unwrap().body;
        assert_eq!(components(&made), jpeg);
    }
}

#[test]
fn density_and_profile_are_written() {
    let source = Picture::gradient(20, 20).png();
    let how = |format| Encode {
        density: Some(300),
        profile: true,
        ..encode(format, 80)
    };
    let jpeg = run(&source, &[], how(Format::Jpeg)).unwrap().body;
    assert!(has(&jpeg, b"ICC_PROFILE\0\x01\x01") && has(&jpeg, &[1, 1, 44, 1, 44]));
    assert!(open(&jpeg, Format::Jpeg).mean(&Picture::gradient(20, 20)) < 4.0);
    let png = run(&source, &[], how(Format::Png)).unwrap().body;
    // 300 dots an inch are 11811 a metre.
    assert!(has(&png, b"pHYs\0\0\x2E\x23\0\0\x2E\x23\x01"));
    let reader = png::Decoder::new(std::io::Cursor::new(&png[..]))
        .read_info()
        .unwrap();
    let profile = reader.info().icc_profile.clone().expect("a profile");
    assert!(moxcms::ColorProfile::new_from_slice(&profile).is_ok());
    assert_eq!(open(&png, Format::Png), Picture::gradient(20, 20));
    let webp = run(&source, &[], how(Format::WebP)).unwrap().body;
    assert!(has(&webp, b"ICCP"));
    assert!(open(&webp, Format::WebP).mean(&Picture::gradient(20, 20)) < 4.0);
}

fn of_inks() -> Vec<u8> {
    let picture = Picture::gradient(40, 30);
    let inks: Vec<u8> = picture
        .pixels
        .iter()
        .flat_map(|p| [255 - p[0], 255 - p[1], 255 - p[2], 0])
        .collect();
    let mut file = Vec::new();
    let kind = jpeg_encoder::ColorType::Cmyk;
    jpeg_encoder::Encoder::new(&mut file, 95)
        .encode(&inks, 40, 30, kind)
        .unwrap();
    file
}

/// Components of a JPEG.
fn components(file: &[u8]) -> u8 {
    let at = file.windows(2).position(|w| w == [0xFF, 0xC0]).unwrap();
    file[at + 9]
}

#[test]
fn inks_are_kept_mixed_or_made() {
    let source = of_inks();
    let picture = Picture::gradient(40, 30);
    let rgb = Picture::gradient(40, 30).png();
    let how = |format, colours| Encode {
        colours,
        ..encode(format, 95)
    };
    for (from, colours, format, count) in [
        (&source, Colours::Srgb, Format::Jpeg, 3),
        (&source, Colours::KeepInks, Format::Jpeg, 4),
        (&source, Colours::Copy, Format::Jpeg, 4),
        (&source, Colours::Inks, Format::Jpeg, 4),
        (&rgb, Colours::KeepInks, Format::Jpeg, 3),
        (&rgb, Colours::Inks, Format::Jpeg, 4),
    ] {
        let made = run(
            from,
            &[scaled(picture.size, Size::new(20, 15))],
            how(format, colours),
        );
        let made = made.unwrap().body;
        assert_eq!(components(&made), count, "{colours:?}");
        let seen = run(&made, &[], encode(Format::Png, 80)).unwrap().body;
        let off = open(&seen, Format::Png).mean(&Picture::gradient(20, 15));
        assert!(off < 6.0, "{colours:?}: {off}");
    }
    // What holds no inks is sRGB.
    let made = run(&source, &[], how(Format::WebP, Colours::KeepInks))
        .unwrap()
        .body;
    assert!(open(&made, Format::WebP).mean(&picture) < 6.0);
}

#[test]
fn a_copied_profile_goes_with_its_samples() {
    let p3 = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let picture = Picture::new(16, 16, |_, _| [200, 60, 60, 255]);
    let mut source = Vec::new();
    let mut info = png::Info::with_size(16, 16);
    info.color_type = png::ColorType::Rgb;
    info.bit_depth = png::BitDepth::Eight;
    info.icc_profile = Some(p3.clone().into());
    let mut writer = png::Encoder::with_info(&mut source, info)
        .unwrap()
        .write_header()
        .unwrap();
    writer.write_image_data(&picture.rgb()).unwrap();
    writer.finish().unwrap();
    let how = Encode {
        colours: Colours::Copy,
        ..encode(Format::Png, 80)
    };
    let made = run(&source, &[], how).unwrap().body;
    assert_eq!(open(&made, Format::Png), picture);
    let reader = png::Decoder::new(std::io::Cursor::new(&made[..]))
        .read_info()
        .unwrap();
    assert_eq!(reader.info().icc_profile.as_deref(), Some(&p3[..]));
}

/// Colour type and bit depth of a PNG.
fn kind(file: &[u8]) -> (u8, u8) {
    (file[25], file[24])
}

#[test]
fn kinds_of_png() {
    let how = |png| Encode {
        png,
        ..encode(Format::Png, 80)
    };
    let photo = Picture::gradient(120, 90);
    let few = Picture::new(30, 20, |x, _| {
        if x < 11 {
            [9, 8, 7, 255]
        } else {
            [0, 0, 255, 99]
        }
    });
    let two = Picture::new(13, 5, |x, y| {
        [if (x + y) % 2 == 0 { 0 } else { 200 }; 3]
            .map(|v: u8| v)
            .into_iter()
            .chain([255])
            .collect::<Vec<_>>()
            .try_into()
            .unwrap()
    });
    let circle = Picture::circle(40);
    for (picture, wanted, expected) in [
        (&photo, PngKind::AsIs, (2, 8)),
        (&photo, PngKind::Rgba, (6, 8)),
        (&photo, PngKind::Colour, (2, 8)),
        (&photo, PngKind::Palette, (3, 8)),
        (&photo, PngKind::PaletteIfExact, (2, 8)),
        (&few, PngKind::PaletteIfExact, (3, 1)),
        (&two, PngKind::Palette, (3, 1)),
        (&circle, PngKind::Palette, (3, 1)),
        (&circle, PngKind::Colour, (6, 8)),
    ] {
        let made = run(&picture.png(), &[], how(wanted)).unwrap().body;
        assert_eq!(kind(&made), expected, "{wanted:?}");
        let off = open(&made, Format::Png).mean(picture);
        let allowed = if picture == &photo && wanted == PngKind::Palette {
            5.0
        } else {
            0.0
        };
        assert!(off <= allowed, "{wanted:?}: {off}");
    }
}
