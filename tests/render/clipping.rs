//! Pictures cut along the path that they carry.

use super::effects::try_rendered_with;
use super::sources::{Picture, encode, open, run};
use cldgate::plan::{EffectStep, Outline, Size, Step};
use cldgate::render;
use cldgate::spec::{AssetRef, Format};

/// A record of a knot without curves, in shares of the sides.
fn corner(x: f64, y: f64) -> Vec<u8> {
    let fixed = |n: f64| ((n * f64::from(1 << 24)) as i32).to_be_bytes();
    let point = [fixed(y), fixed(x)].concat();
    [&[0, 1][..], &point, &point, &point].concat()
}

/// A closed run of corners.
fn closed(corners: &[(f64, f64)]) -> Vec<u8> {
    let mut records = vec![0, 0, 0, corners.len() as u8];
    records.resize(26, 0);
    for &(x, y) in corners {
        records.extend(corner(x, y));
    }
    records
}

fn resource(id: u16, name: &str, data: &[u8]) -> Vec<u8> {
    let mut made = b"8BIM".to_vec();
    made.extend(id.to_be_bytes());
    made.push(name.len() as u8);
    made.extend(name.as_bytes());
    if name.len().is_multiple_of(2) {
        made.push(0);
    }
    made.extend((data.len() as u32).to_be_bytes());
    made.extend(data);
    made.resize(made.len().next_multiple_of(2), 0);
    made
}

fn square(from: f64, to: f64) -> Vec<u8> {
    closed(&[(from, from), (to, from), (to, to), (from, to)])
}

/// A red picture with resources of Photoshop's, in one segment or in two.
fn jpeg(resources: &[u8], split: bool) -> Vec<u8> {
    let red = Picture::new(80, 40, |_, _| [200, 30, 30, 255]);
    let file = run(&red.png(), &[], encode(Format::Jpeg, 95)).unwrap().body;
    let mut made = file[..2].to_vec();
    let at = if split { resources.len() / 2 } else { 0 };
    for part in [&resources[..at], &resources[at..]] {
        let length = (2 + 14 + part.len()) as u16;
        made.extend([0xFF, 0xED]);
        made.extend(length.to_be_bytes());
        made.extend(b"Photoshop 3.0\0");
        made.extend(part);
    }
    made.extend(&file[2..]);
    made
}

/// The same as TIFF: the directory of a written file with one more entry, at its end.
fn tiff(resources: &[u8]) -> Vec<u8> {
    let red = Picture::new(80, 40, |_, _| [200, 30, 30, 255]);
    let mut file = run(&red.png(), &[], encode(Format::Tiff, 95))
        .unwrap()
        .body
        .to_vec();
    let word = |file: &[u8], at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    let directory = word(&file, 4) as usize;
    let count = u16::from_le_bytes(file[directory..directory + 2].try_into().unwrap());
    let entries = file[directory + 2..directory + 2 + usize::from(count) * 12].to_vec();
    let stands = file.len() as u32;
    file.extend(resources);
    file.resize(file.len().next_multiple_of(2), 0);
    let moved = file.len() as u32;
    file.extend((count + 1).to_le_bytes());
    file.extend(entries);
    file.extend(34377_u16.to_le_bytes());
    file.extend(1_u16.to_le_bytes());
    file.extend((resources.len() as u32).to_le_bytes());
    file.extend(stands.to_le_bytes());
    file.extend([0; 4]);
    file[4..8].copy_from_slice(&moved.to_le_bytes());
    file
}

fn clip(file: &[u8], even_odd: bool) -> Picture {
    let step = EffectStep::Clip(Outline {
        even_odd,
        ..Outline::default()
    });
    let steps = [Step::Effect(Box::new(step))];
    open(
        &run(file, &steps, encode(Format::Png, 90)).unwrap().body,
        Format::Png,
    )
}

/// Alpha at the edge of the picture, in a ring, in a hole, and on the edge of a path.
fn seen(picture: &Picture) -> [u8; 3] {
    assert_eq!(picture.size, Size::new(80, 40));
    [
        picture.at(2, 2)[3],
        picture.at(14, 7)[3],
        picture.at(40, 20)[3],
    ]
}

#[test]
fn pictures_are_cut_along_their_path() {
    let ring = [square(0.125, 0.875), square(0.25, 0.75)].concat();
    let counter = closed(&[(0.25, 0.25), (0.25, 0.75), (0.75, 0.75), (0.75, 0.25)]);
    let hole = [square(0.125, 0.875), counter].concat();
    let mut inverted = vec![0, 8, 0, 1];
    inverted.resize(26, 0);
    inverted.extend(square(0.125, 0.875));
    let path = |data: &[u8]| resource(2000, "Path 1", data);
    // Resources, alpha by the one rule, and by the other.
    for (resources, winding, even_odd) in [
        (path(&square(0.125, 0.875)), [0, 255, 255], [0, 255, 255]),
        (path(&ring), [0, 255, 255], [0, 255, 0]),
        (path(&hole), [0, 255, 0], [0, 255, 0]),
        (path(&inverted), [255, 0, 0], [255, 0, 0]),
        // The path that is named, not the first.
        (
            [
                resource(1005, "", &[1, 2, 3]),
                path(&ring),
                resource(2001, "Odd", &square(0.0, 0.1)),
                resource(2999, "", b"\x03Odd\0\0"),
            ]
            .concat(),
            [255, 0, 0],
            [255, 0, 0],
        ),
        // None, none that is named, one that ends early, one without knots.
        (Vec::new(), [255; 3], [255; 3]),
        (
            [path(&ring), resource(2999, "", b"\x03Odd\0\0")].concat(),
            [255; 3],
            [255; 3],
        ),
        (path(&ring)[..60].to_vec(), [255; 3], [255; 3]),
        (path(&[0; 26]), [255; 3], [255; 3]),
    ] {
        for file in [
            jpeg(&resources, false),
            jpeg(&resources, true),
            tiff(&resources),
        ] {
            assert_eq!(seen(&clip(&file, false)), winding);
            assert_eq!(seen(&clip(&file, true)), even_odd);
            assert_eq!(render::has_clipping_path(&file), winding != [255; 3]);
        }
    }
}

#[test]
fn the_edge_of_a_path_is_smooth() {
    let half = resource(
        2000,
        "a",
        &closed(&[(0.0, 0.0), (0.50625, 0.0), (0.50625, 1.0), (0.0, 1.0)]),
    );
    let edge = clip(&jpeg(&half, false), false);
    assert_eq!((edge.at(39, 20)[3], edge.at(41, 20)[3]), (255, 0));
    assert!(
        (118..138).contains(&edge.at(40, 20)[3]),
        "{:?}",
        edge.at(40, 20)
    );
}

/// A circle as wide as the picture is high, of four knots: what lies between the chords and the curve is
/// inside.
#[test]
fn curves_are_followed() {
    const REACH: f64 = 0.5523;
    // Around the middle of 80 by 40, radius 16: where a knot stands, and which way the path runs there.
    let around = [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)];
    let mut records = vec![0, 0, 0, 4];
    records.resize(26, 0);
    for (x, y) in around {
        let fixed = |n: f64| ((n * f64::from(1 << 24)) as i32).to_be_bytes();
        let point = |along: f64| {
            let (x, y) = (x - y * along, y + x * along);
            [fixed(0.5 + y * 0.4), fixed(0.5 + x * 0.2)].concat()
        };
        records.extend([0, 1]);
        records.extend([point(-REACH), point(0.0), point(REACH)].concat());
    }
    let round = clip(&jpeg(&resource(2000, "", &records), false), false);
    for y in 0..40 {
        for x in 0..80 {
            let away = (f64::from(x) + 0.5 - 40.0).hypot(f64::from(y) + 0.5 - 20.0);
            let alpha = round.at(x, y)[3];
            assert!(away > 15.0 || alpha == 255, "{x},{y}: {alpha}");
            assert!(away < 17.0 || alpha == 0, "{x},{y}: {alpha}");
        }
    }
}

/// Any bytes behind a marker of Photoshop's: whatever they say, a picture comes out.
#[test]
fn no_path_breaks_a_picture() {
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    for _ in 0..40 {
        let mut records = square(0.1, 0.9);
        for _ in 0..300 {
            records.extend([0, next() % 10]);
            records.extend((0..24).map(|_| next()));
        }
        let file = jpeg(&resource(2000, "x", &records), true);
        assert_eq!(clip(&file, true).size, Size::new(80, 40));
    }
}

/// A mask becomes a path in the file; the file cut along it shows what the mask has inside.
#[test]
fn a_mask_becomes_the_path_of_a_file() {
    let ring = |x: u32, y: u32, wide: u32, high: u32| {
        let share = |n: u32, of: u32| (f64::from(n) + 0.5) / f64::from(of);
        let away = |n: f64| (n - 0.5).abs();
        let far = away(share(x, wide)).max(away(share(y, high)));
        (0.125..0.375).contains(&far)
    };
    let light = Picture::new(300, 150, |x, y| {
        let v = if ring(x, y, 300, 150) { 250 } else { 10 };
        [v, v, v, 255]
    });
    let clear = Picture::new(2400, 1200, |x, y| match ring(x, y, 2400, 1200) {
        true => [0, 0, 0, 255],
        false => [255, 255, 255, 0],
    });
    let red = Picture::new(80, 40, |_, _| [200, 30, 30, 255]);
    let chain = "$img_ref:!masks:ring!/e_embed_clipping_path:mask_$img/f_jpg,q_90";
    for mask in [light, clear] {
        let file = mask.png();
        let layer = |asset: &AssetRef| (&*asset.public_id == "masks/ring").then(|| file.clone());
        let made = try_rendered_with(chain, &red, &layer).unwrap();
        assert_eq!(made.format, Format::Jpeg);
        assert!(render::has_clipping_path(&made.body));
        for even_odd in [false, true] {
            assert_eq!(seen(&clip(&made.body, even_odd)), [0, 255, 0]);
        }
        let plain = try_rendered_with(&chain.replace("f_jpg", "f_webp"), &red, &layer).unwrap();
        assert!(!render::has_clipping_path(&plain.body));
    }
    // Nothing inside, no mask, a broken one.
    let nothing = Picture::new(8, 8, |_, _| [0, 0, 0, 255]).png();
    let made = try_rendered_with(chain, &red, &|_| Some(nothing.clone())).unwrap();
    assert!(!render::has_clipping_path(&made.body));
    let error = try_rendered_with(chain, &red, &|_| None).unwrap_err();
    assert!(error.contains("masks/ring"), "{error}");
    assert!(try_rendered_with(chain, &red, &|_| Some(b"no picture".to_vec())).is_err());
}
