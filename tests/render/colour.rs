//! Are colours what a browser shows?
//!
//! `tests/tables/colour.tsv` holds the pixels that headless Chromium shows of the pictures in
//! `tests/fixtures/colour`, and other programs where it shows none; `just colour-table` writes it
//! anew.

use std::path::Path;

use cldgate::plan::{Colours, Encode, Size};
use cldgate::spec::Format;

use super::sources::{Picture, encode, open, png_of, run, scaled};

struct Row {
    name: String,
    by: String,
    expected: Picture,
}

fn rows() -> Vec<Row> {
    let table = include_str!("../tables/colour.tsv").lines();
    let rows = table.filter(|line| !line.starts_with('#')).map(|line| {
        let [name, by, width, height, pixels] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let size = Size::new(width.parse().unwrap(), height.parse().unwrap());
        let samples: Vec<u8> = pixels
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect();
        let each = samples.len() / size.pixels() as usize;
        let pixel = |p: &[u8]| [p[0], p[1], p[2], p.get(3).copied().unwrap_or(255)];
        let pixels: Vec<_> = samples.chunks(each).map(pixel).collect();
        Row {
            name: name.to_owned(),
            by: by.to_owned(),
            expected: Picture { size, pixels },
        }
    });
    rows.collect()
}

fn file(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/colour");
    std::fs::read(folder.join(name)).unwrap()
}

/// What pixels may differ by: on the mean, and most.
fn tolerance(row: &Row) -> (f64, u8) {
    let name = &row.name;
    if row.expected.pixels.iter().any(|pixel| pixel[3] < 255) {
        // A canvas holds colours multiplied by alpha: at an alpha of 64 each step of it is four.
        return (1.0, 8);
    }
    if name.contains("table") {
        // Between the points of a table every library draws other lines.
        return (1.0, 8);
    }
    if name == "profile_srgb_linear.avif" {
        // Chromium rounds to eight bits first: near black a step of linear light is 13 of sRGB.
        return (1.0, 13);
    }
    if name.ends_with("_limited.avif") || name.contains("_9_") || name.contains("_screen") {
        // libyuv's sums of BT.2020 in video range, and the eight points by which Chromium follows
        // the curve of a bright picture.
        return (1.0, 9);
    }
    (1.0, 4)
}

#[test]
fn colours_are_what_a_browser_shows() {
    let mut wrong = Vec::new();
    for row in rows() {
        let rendered = match run(&file(&row.name), &[], encode(Format::Png, 100)) {
            Ok(rendered) => rendered,
            Err(error) => {
                wrong.push(format!("{}: {error}", row.name));
                continue;
            }
        };
        let seen = open(&rendered.body, Format::Png);
        let (mean, most) = (seen.mean(&row.expected), seen.worst(&row.expected));
        let (mean_allowed, most_allowed) = tolerance(&row);
        if std::env::var_os("CLDGATE_SHOW").is_some() {
            println!("{}\t{}\t{mean:.2}\t{most}", row.name, row.by);
        }
        if mean > mean_allowed || most > most_allowed {
            let Row { name, by, .. } = row;
            wrong.push(format!(
                "{name} ({by}): {mean:.2} on the mean, {most} at most"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The shadows of linear light need more than eight bits: sRGB by its formula, without steps.
#[test]
fn sixteen_bits_of_linear_light_have_all_shadows() {
    use png::{BitDepth, ColorType, ScaledFloat};
    let size = Size::new(256, 4);
    let light: Vec<u16> = (0..1024_u32).map(|n| (n * 16) as u16).collect();
    let stored: Vec<u8> = light.iter().flat_map(|n| n.to_be_bytes()).collect();
    let file = png_of(
        size,
        ColorType::Grayscale,
        BitDepth::Sixteen,
        &stored,
        |info| {
            info.source_gamma = Some(ScaledFloat::new(1.0));
        },
    );
    let rendered = run(&file, &[], encode(Format::Png, 100)).unwrap();
    let seen = open(&rendered.body, Format::Png);
    for (pixel, light) in seen.pixels.iter().zip(light) {
        let light = f64::from(light) / 65535.0;
        let sample = match light <= 0.003_130_8 {
            true => light * 12.92,
            false => 1.055 * light.powf(1.0 / 2.4) - 0.055,
        };
        let off = (f64::from(pixel[1]) - sample * 255.0).abs();
        assert!(off <= 1.0, "{pixel:?} for {light}");
    }
}

/// What `cs_copy` keeps: samples with a profile that says what their numbers said.
#[test]
fn kept_colours_come_with_a_profile() {
    let how = Encode {
        colours: Colours::Copy,
        ..encode(Format::Png, 100)
    };
    for (name, kept) in [
        ("cicp_p3.png", true),
        ("gama_linear.png", true),
        ("cicp_pq.png", false),
    ] {
        let rendered = run(&file(name), &[], how.clone()).unwrap();
        let plain = run(&file("plain.png"), &[], encode(Format::Png, 100)).unwrap();
        let (seen, stored) = (
            open(&rendered.body, Format::Png),
            open(&plain.body, Format::Png),
        );
        let info = png::Decoder::new(std::io::Cursor::new(&rendered.body))
            .read_info()
            .unwrap();
        let profile = info.info().icc_profile.clone();
        assert_eq!(
            (profile.is_some(), seen.worst(&stored) == 0),
            (kept, kept),
            "{name}"
        );
        // Read again, it is the colour that the source has.
        let again = run(&rendered.body, &[], encode(Format::Png, 100)).unwrap();
        let row = rows().into_iter().find(|row| row.name == name).unwrap();
        assert!(
            open(&again.body, Format::Png).worst(&row.expected) <= 4,
            "{name}"
        );
    }
}

/// Half as wide, a pixel is about the mean of two: nothing is left unconverted, and nothing
/// converted twice.
#[test]
fn a_reduced_picture_has_the_colours_of_the_whole() {
    let mut wrong = Vec::new();
    for row in rows()
        .into_iter()
        .filter(|row| !row.name.starts_with("inks_"))
    {
        let (whole, half) = (row.expected.size, row.expected.size.width / 2);
        let small = Size::new(half, whole.height);
        let expected = Picture::new(half, whole.height, |x, y| {
            let (a, b) = (row.expected.at(2 * x, y), row.expected.at(2 * x + 1, y));
            std::array::from_fn(|n| a[n].midpoint(b[n]))
        });
        let how = encode(Format::Png, 100);
        let Ok(rendered) = run(&file(&row.name), &[scaled(whole, small)], how) else {
            wrong.push(row.name);
            continue;
        };
        let mean = open(&rendered.body, Format::Png).mean(&expected);
        if mean > 4.0 {
            wrong.push(format!("{}: {mean:.2} on the mean", row.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
