//! A picture in many kinds: each is rendered, or refused clearly.

use super::orientation::exif;
use super::sources::{Picture, encode, open, png_of, run, run_frame, scaled};
use cldgate::plan::{Encode, Size};
use cldgate::render::{self, Error};
use cldgate::spec::{Format, Turn};

/// How far the picture may be from what it shows, in samples of 255.
const EXACT: f64 = 0.0;
const LOSSY: f64 = 4.0;

struct Kind {
    name: String,
    file: Vec<u8>,
    picture: Picture,
    tolerance: f64,
}

fn kind(name: impl Into<String>, file: Vec<u8>, picture: &Picture, tolerance: f64) -> Kind {
    Kind {
        name: name.into(),
        file,
        picture: picture.clone(),
        tolerance,
    }
}

fn grey(picture: &Picture) -> Picture {
    Picture {
        pixels: picture
            .pixels
            .iter()
            .map(|p| [p[0], p[0], p[0], p[3]])
            .collect(),
        ..picture.clone()
    }
}

fn jpeg(
    picture: &Picture,
    adjust: impl FnOnce(&mut jpeg_encoder::Encoder<&mut Vec<u8>>),
    colour: jpeg_encoder::ColorType,
) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, 95);
    adjust(&mut encoder);
    let data: Vec<u8> = match colour {
        jpeg_encoder::ColorType::Luma => picture.pixels.iter().map(|p| p[0]).collect(),
        jpeg_encoder::ColorType::Rgb => picture.rgb(),
        _ => picture
            .pixels
            .iter()
            .flat_map(|p| [255 - p[0], 255 - p[1], 255 - p[2], 0])
            .collect(),
    };
    let (w, h) = (picture.size.width as u16, picture.size.height as u16);
    encoder.encode(&data, w, h, colour).unwrap();
    file
}

fn general(
    picture: &Picture,
    format: image::ImageFormat,
    colour: image::ExtendedColorType,
) -> Vec<u8> {
    let data = match colour {
        image::ExtendedColorType::L8 => picture.pixels.iter().map(|p| p[0]).collect(),
        image::ExtendedColorType::L16 => picture.pixels.iter().flat_map(|p| [p[0], p[0]]).collect(),
        image::ExtendedColorType::Rgb8 => picture.rgb(),
        image::ExtendedColorType::Rgb16 => picture.rgb().iter().flat_map(|&v| [v, v]).collect(),
        image::ExtendedColorType::Rgba16 => picture.rgba().iter().flat_map(|&v| [v, v]).collect(),
        _ => picture.rgba(),
    };
    let mut file = std::io::Cursor::new(Vec::new());
    let (w, h) = (picture.size.width, picture.size.height);
    image::write_buffer_with_format(&mut file, &data, w, h, colour, format).unwrap();
    file.into_inner()
}

fn gallery() -> Vec<Kind> {
    let photo = Picture::gradient(61, 45);
    let clear = Picture::circle(40);
    let shade = grey(&photo);
    let mut kinds = jpegs(&photo, &shade);
    kinds.extend(pngs(&photo, &shade, &clear));
    for (format, colours) in [
        (
            image::ImageFormat::Bmp,
            &[
                (image::ExtendedColorType::Rgb8, &photo),
                (image::ExtendedColorType::Rgba8, &photo),
                (image::ExtendedColorType::L8, &shade),
            ][..],
        ),
        (
            image::ImageFormat::Tiff,
            &[
                (image::ExtendedColorType::L8, &shade),
                (image::ExtendedColorType::L16, &shade),
                (image::ExtendedColorType::Rgb8, &photo),
                (image::ExtendedColorType::Rgb16, &photo),
                (image::ExtendedColorType::Rgba8, &clear),
                (image::ExtendedColorType::Rgba16, &clear),
            ][..],
        ),
        (
            image::ImageFormat::Ico,
            &[(image::ExtendedColorType::Rgba8, &clear)][..],
        ),
    ] {
        for (colour, picture) in colours {
            kinds.push(kind(
                format!("{format:?} {colour:?}"),
                general(picture, format, *colour),
                picture,
                EXACT,
            ));
        }
    }
    for format in [Format::WebP, Format::Avif] {
        for (name, picture, quality) in [
            ("lossy", &photo, 95),
            ("lossless", &photo, 100),
            ("clear", &clear, 95),
        ] {
            if render::can_write(format) {
                let file = run(&picture.png(), &[], encode(format, quality))
                    .unwrap()
                    .body
                    .to_vec();
                kinds.push(kind(format!("{format:?} {name}"), file, picture, LOSSY));
            }
        }
    }
    let mut gif = Vec::new();
    let mut pixels = clear.rgba();
    let mut frame = gif::Frame::from_rgba_speed(40, 40, &mut pixels, 1);
    frame.delay = 9;
    let mut encoder = gif::Encoder::new(&mut gif, 40, 40, &[]).unwrap();
    encoder.write_frame(&frame).unwrap();
    drop(encoder);
    kinds.push(kind("GIF clear", gif, &clear, EXACT));
    kinds
}

fn jpegs(photo: &Picture, shade: &Picture) -> Vec<Kind> {
    use jpeg_encoder::ColorType::{Cmyk, CmykAsYcck, Luma, Rgb};
    use jpeg_encoder::SamplingFactor::{F_1_1, F_1_2, F_2_1, F_2_2, F_4_1};
    let mut kinds = Vec::new();
    for (name, sampling) in [
        ("444", F_1_1),
        ("440", F_1_2),
        ("422", F_2_1),
        ("420", F_2_2),
        ("411", F_4_1),
    ] {
        for progressive in [false, true] {
            let file = jpeg(
                photo,
                |e| {
                    e.set_sampling_factor(sampling);
                    e.set_progressive(progressive);
                },
                Rgb,
            );
            kinds.push(kind(
                format!("JPEG {name} {progressive}"),
                file,
                photo,
                LOSSY,
            ));
        }
    }
    kinds.push(kind(
        "JPEG restarts",
        jpeg(photo, |e| e.set_restart_interval(2), Rgb),
        photo,
        LOSSY,
    ));
    kinds.push(kind(
        "JPEG tables",
        jpeg(photo, |e| e.set_optimized_huffman_tables(true), Rgb),
        photo,
        LOSSY,
    ));
    kinds.push(kind("JPEG grey", jpeg(shade, |_| {}, Luma), shade, LOSSY));
    kinds.push(kind("JPEG CMYK", jpeg(photo, |_| {}, Cmyk), photo, LOSSY));
    kinds.push(kind(
        "JPEG YCCK",
        jpeg(photo, |_| {}, CmykAsYcck),
        photo,
        LOSSY,
    ));
    kinds
}

fn pngs(photo: &Picture, shade: &Picture, clear: &Picture) -> Vec<Kind> {
    use png::BitDepth::{Eight, Sixteen};
    use png::ColorType::{Grayscale, GrayscaleAlpha, Indexed, Rgb, Rgba};
    let wide = |bytes: Vec<u8>| -> Vec<u8> { bytes.iter().flat_map(|&v| [v, v]).collect() };
    let light: Vec<u8> = shade.pixels.iter().map(|p| p[0]).collect();
    let pairs: Vec<u8> = shade.pixels.iter().flat_map(|p| [p[0], p[3]]).collect();
    let flat = Picture::new(61, 45, |x, _| {
        if x % 2 == 0 {
            [9, 8, 7, 255]
        } else {
            [0, 0, 0, 0]
        }
    });
    let places: Vec<u8> = flat.pixels.iter().map(|p| u8::from(p[3] == 0)).collect();
    vec![
        kind(
            "PNG grey",
            png_of(shade.size, Grayscale, Eight, &light, |_| {}),
            shade,
            EXACT,
        ),
        kind(
            "PNG grey 16",
            png_of(shade.size, Grayscale, Sixteen, &wide(light.clone()), |_| {}),
            shade,
            EXACT,
        ),
        kind(
            "PNG grey alpha",
            png_of(shade.size, GrayscaleAlpha, Eight, &pairs, |_| {}),
            shade,
            EXACT,
        ),
        kind(
            "PNG RGB",
            png_of(photo.size, Rgb, Eight, &photo.rgb(), |_| {}),
            photo,
            EXACT,
        ),
        kind(
            "PNG RGB 16",
            png_of(photo.size, Rgb, Sixteen, &wide(photo.rgb()), |_| {}),
            photo,
            EXACT,
        ),
        kind(
            "PNG RGBA",
            png_of(clear.size, Rgba, Eight, &clear.rgba(), |_| {}),
            clear,
            EXACT,
        ),
        kind(
            "PNG RGBA 16",
            png_of(clear.size, Rgba, Sixteen, &wide(clear.rgba()), |_| {}),
            clear,
            EXACT,
        ),
        kind(
            "PNG palette",
            png_of(flat.size, Indexed, Eight, &places, |info| {
                info.palette = Some(vec![9, 8, 7, 0, 0, 0].into());
                info.trns = Some(vec![255, 0].into());
            }),
            &flat,
            EXACT,
        ),
    ]
}

#[test]
fn forty_kinds_are_rendered() {
    let kinds = gallery();
    assert!(kinds.len() >= 40, "{}", kinds.len());
    for Kind {
        name,
        file,
        picture,
        tolerance,
    } in kinds
    {
        let made =
            run(&file, &[], encode(Format::Png, 80)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let off = open(&made.body, Format::Png).mean(&picture);
        assert!(off <= tolerance, "{name}: {off}");
        // Scaled too, and into what has no transparency.
        let small = scaled(
            picture.size,
            Size::new(picture.size.width / 2, picture.size.height / 3),
        );
        let made = run(&file, &[small], encode(Format::Jpeg, 80))
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(open(&made.body, Format::Jpeg).size, made.size, "{name}");
        // Cut anywhere: rendered as far as it goes, or refused as damaged.
        for keep in [1, 3, 6, 9].map(|tenths| file.len() * tenths / 10) {
            match run(&file[..keep], &[], encode(Format::Png, 80)) {
                Ok(_) | Err(Error::BadSource { .. } | Error::UnknownFormat) => {}
                Err(error) => panic!("{name} cut at {keep}: {error}"),
            }
        }
    }
}

#[test]
fn eight_orientations_of_every_format_that_has_them() {
    let stored = Picture::gradient(24, 16);
    for value in 1..=8 {
        let jpeg = jpeg(
            &stored,
            |e| {
                let block = [b"Exif\0\0", exif(value, false).as_slice()].concat();
                e.add_app_segment(1, block).unwrap();
            },
            jpeg_encoder::ColorType::Rgb,
        );
        let facts = render::probe(&jpeg).unwrap();
        assert_eq!(
            facts.upright(),
            if value >= 5 {
                Size::new(16, 24)
            } else {
                Size::new(24, 16)
            }
        );
        assert_eq!(facts.orientation == Turn::NONE, value == 1);
    }
}

#[test]
fn sides_from_one_pixel_to_the_longest() {
    for (w, h) in [
        (1, 1),
        (1, 2),
        (2, 1),
        (3, 3),
        (7, 1),
        (1, 9),
        (17, 5),
        (8, 8),
        (9, 9),
        (16, 16),
        (15, 33),
        (65_500, 1),
        (1, 65_500),
    ] {
        let picture = Picture::new(w, h, |x, y| [(x % 251) as u8, (y % 241) as u8, 90, 255]);
        for from in [
            Format::Png,
            Format::Jpeg,
            Format::WebP,
            Format::Gif,
            Format::Bmp,
            Format::Tiff,
        ] {
            if w.max(h) > from.max_side() {
                continue;
            }
            let file = run(&picture.png(), &[], encode(from, 95)).unwrap().body;
            let facts = render::probe(&file).unwrap();
            assert_eq!(facts.size, picture.size, "{from:?}");
            let made = run(&file, &[], encode(Format::Png, 80)).unwrap();
            assert_eq!(open(&made.body, Format::Png).size, picture.size, "{from:?}");
            let to = Size::new(w.min(40), h.min(40));
            let small = run(&file, &[scaled(picture.size, to)], encode(Format::Jpeg, 80)).unwrap();
            assert_eq!(open(&small.body, Format::Jpeg).size, to, "{from:?}");
        }
        let webp = run(&picture.png(), &[], encode(Format::WebP, 80));
        assert_eq!(webp.is_ok(), w.max(h) <= 16_383);
    }
}

#[test]
fn jpeg_xl_is_read() {
    for (file, picture, tolerance) in [
        (
            &include_bytes!("../fixtures/gradient.jxl")[..],
            Picture::gradient(48, 32),
            LOSSY,
        ),
        (
            &include_bytes!("../fixtures/circle.jxl")[..],
            Picture::circle(40),
            EXACT,
        ),
    ] {
        let facts = render::probe(file).unwrap();
        assert_eq!((facts.format, facts.size), (Format::Jxl, picture.size));
        let made = run(file, &[], encode(Format::Png, 80)).unwrap();
        let off = open(&made.body, Format::Png).mean(&picture);
        assert!(off <= tolerance, "{off}");
        for keep in 0..file.len() {
            if let Err(error) = run(&file[..keep], &[], encode(Format::Png, 80)) {
                assert!(
                    matches!(error, Error::BadSource { .. } | Error::UnknownFormat),
                    "{error}"
                );
            }
        }
    }
    let error = run(&Picture::gradient(9, 9).png(), &[], encode(Format::Jxl, 80)).unwrap_err();
    assert_eq!(
        error,
        Error::NoCodec {
            format: Format::Jxl
        }
    );
}

#[test]
fn what_is_not_read_is_refused_by_name() {
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";
    let error = run(heic, &[], encode(Format::Png, 80)).unwrap_err();
    assert_eq!(
        error,
        Error::NoCodec {
            format: Format::Heic
        }
    );
    let error = run(b"%PDF-1.7\n", &[], encode(Format::Png, 80)).unwrap_err();
    assert_eq!(
        error,
        Error::NoCodec {
            format: Format::Pdf
        }
    );
    assert_eq!(
        run(b"hello", &[], encode(Format::Png, 80)).unwrap_err(),
        Error::UnknownFormat
    );
    let frame = run_frame(
        &Picture::gradient(9, 9).png(),
        3,
        &[],
        encode(Format::Png, 80),
    );
    assert!(matches!(frame, Err(Error::BadSource { .. })), "{frame:?}");
}

#[test]
fn transparency_goes_where_it_can() {
    let circle = Picture::circle(40);
    let formats = [
        Format::Png,
        Format::WebP,
        Format::Avif,
        Format::Tiff,
        Format::Ico,
        Format::Gif,
        Format::Jpeg,
        Format::Bmp,
    ];
    let written = || {
        formats
            .into_iter()
            .filter(|&format| render::can_write(format))
    };
    for from in written().filter(|format| format.has_alpha()) {
        let file = run(&circle.png(), &[], encode(from, 95)).unwrap().body;
        for to in written() {
            let made = run(&file, &[], encode(to, 95)).unwrap();
            assert_eq!(made.alpha, to.has_alpha(), "{from:?} to {to:?}");
            let corner = open(&made.body, to).at(0, 0);
            if to.has_alpha() {
                assert!(corner[3] < 8, "{from:?} to {to:?}: {corner:?}");
            } else {
                assert!(
                    corner.iter().all(|&v| v > 247),
                    "{from:?} to {to:?}: {corner:?}"
                );
            }
            let middle = open(&made.body, to).at(20, 20);
            let near = middle
                .iter()
                .zip([220, 60, 20, 255])
                .all(|(&a, b)| a.abs_diff(b) < 14);
            assert!(near, "{from:?} to {to:?}: {middle:?}");
        }
    }
    let behind = Encode {
        background: cldgate::spec::Colour::rgb(0, 0, 255),
        ..encode(Format::Jpeg, 95)
    };
    let made = run(&circle.png(), &[], behind).unwrap().body;
    let corner = open(&made, Format::Jpeg).at(0, 0);
    assert!(corner[2] > 240 && corner[0] < 12, "{corner:?}");
}
