//! Files that lie, end early or are no pictures at all.

use super::sources::{Picture, WRITTEN, encode, plan, run};
use cldgate::render::{self, Budget, Error, Limits, can_write};
use cldgate::spec::Format;
use proptest::prelude::*;

fn small_files() -> Vec<(Format, Vec<u8>)> {
    let opaque = Picture::gradient(40, 24).png();
    let clear = Picture::circle(24).png();
    let read_alone = [super::sequences::MOVING, super::sequences::GRID];
    let read_alone = read_alone.map(|file| (Format::Avif, file.to_vec()));
    WRITTEN
        .into_iter()
        .filter(|&format| can_write(format))
        .flat_map(|format| {
            [&opaque, &clear].map(|source| {
                let file = run(source, &[], encode(format, 75)).unwrap().body;
                (format, file.to_vec())
            })
        })
        .chain(read_alone)
        .collect()
}

/// Probes and renders with small limits. Whatever comes of it, no codec may have crashed.
fn survive(file: &[u8]) -> Result<render::Rendered, Error> {
    let limits = Limits {
        source_pixels: 1 << 20,
        source_side: 4096,
        picture_pixels: 1 << 20,
    };
    let budget = Budget::unlimited().with_limits(limits);
    let result = render::probe(file).and_then(|facts| {
        let plan = plan(facts.size, &[], encode(Format::Bmp, 75));
        render::run(&plan, file, &budget)
    });
    if let Err(error) = &result {
        let text = error.to_string();
        assert!(!text.contains("crashed"), "{text}");
        assert!(!text.ends_with('.'), "{text}");
    }
    result
}

#[test]
fn files_cut_short() {
    for (format, file) in small_files() {
        for kept in (0..file.len()).step_by(file.len() / 40 + 1) {
            // What is left may be enough for the picture, but never for more than the half.
            if let Ok(rendered) = survive(&file[..kept]) {
                assert!(
                    rendered.damaged || kept > file.len() / 2,
                    "{format:?} at {kept} of {}",
                    file.len()
                );
            }
        }
    }
}

#[test]
fn half_a_jpeg_shows_its_upper_half() {
    let noisy = Picture::new(160, 160, |x, y| {
        let n = u8::try_from((x * 7919 + y * 104_729) % 97).unwrap();
        [100 + n, 60 + n, 40 + n, 255]
    });
    // One scan of all components, as cameras write it.
    let mut file = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, 90);
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_2);
    encoder
        .encode(&noisy.rgb(), 160, 160, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    let rendered = run(&file[..file.len() / 2], &[], encode(Format::Png, 80)).unwrap();
    assert!(rendered.damaged);
    let seen = super::sources::open(&rendered.body, Format::Png);
    let upper = (0..160)
        .map(|x| seen.at(x, 20)[0].abs_diff(noisy.at(x, 20)[0]))
        .max()
        .unwrap();
    assert!(upper < 40, "{upper}");
}

#[test]
fn sizes_that_the_bytes_cannot_hold() {
    // A frame header of 60000 by 60000, and nothing behind it.
    let jpeg = b"\xFF\xD8\xFF\xC0\0\x11\x08\xEA\x60\xEA\x60\x03\x01\x22\0\x02\x11\x01\x03\x11\x01";
    let facts = render::probe(jpeg).unwrap();
    assert_eq!(facts.size.width, 60_000);
    let plan = plan(facts.size, &[], encode(Format::Png, 80));
    let result = render::run(&plan, jpeg, &Budget::unlimited());
    assert!(matches!(result, Err(Error::OverLimit { .. })), "{result:?}");
}

#[test]
fn no_picture_at_all() {
    assert_eq!(render::probe(b"").err(), Some(Error::UnknownFormat));
    assert_eq!(
        render::probe(b"hello, world").err(),
        Some(Error::UnknownFormat)
    );
    for (bytes, format) in [
        (&b"%PDF-1.7"[..], Format::Pdf),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Format::Heic),
    ] {
        assert_eq!(render::probe(bytes).err(), Some(Error::NoCodec { format }));
    }
    for (bytes, format) in [
        (&b"<?xml version='1.0'?><svg xmlns=''/>"[..], Format::Svg),
        (b"\xFF\x0A\0\0", Format::Jxl),
    ] {
        let error = render::probe(bytes).err();
        let named =
            matches!(&error, Some(Error::BadSource { format: named, .. }) if *named == format);
        assert!(named, "{error:?}");
    }
}

/// Files that are read and not written: TIFFs of other programs, bitmaps of runs, icons, drawings.
fn foreign_files() -> Vec<(Format, Vec<u8>)> {
    let tiffs: [&[u8]; 9] = [
        include_bytes!("../fixtures/tiff/float.tif"),
        include_bytes!("../fixtures/tiff/group3.tif"),
        include_bytes!("../fixtures/tiff/group3-2d.tif"),
        include_bytes!("../fixtures/tiff/group4.tif"),
        include_bytes!("../fixtures/tiff/jpeg.tif"),
        include_bytes!("../fixtures/tiff/lzma.tif"),
        include_bytes!("../fixtures/tiff/planar-tiles.tif"),
        include_bytes!("../fixtures/tiff/webp.tif"),
        include_bytes!("../fixtures/tiff/zstd.tif"),
    ];
    let runs = b"BM\0\0\0\0\0\0\0\0\x3e\0\0\0\x28\0\0\0\x07\0\0\0\x02\0\0\0\x01\0\x04\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
        \x02\0\0\0\0\0\0\0\x01\x02\x03\0\x04\x05\x06\0\x03\x12\0\x03\x45\x60\0\0\0\x02\x01\0\x02\x77\0\x01";
    let icon = b"\0\0\x01\0\x01\0\x02\x02\0\0\x01\0\x20\0\x40\0\0\0\x16\0\0\0\x28\0\0\0\x02\0\0\0\x04\0\0\0\x01\0\x20\0\0\0\0\0\
        \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0abcdefghijklmnop\x40\0\0\0\x40\0\0\0";
    let drawing = b"<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY c '#123456'>]><svg xmlns='http://www.w3.org/2000/svg' width='9.4' height='8'>\
        <rect width='5' height='5' fill='&c;'/><image width='3' height='3' href='data:image/svg+xml,%3Csvg/%3E'/></svg>";
    let others = [
        (Format::Bmp, runs.to_vec()),
        (Format::Ico, icon.to_vec()),
        (Format::Svg, drawing.to_vec()),
    ];
    let tiffs = tiffs.into_iter().map(|file| (Format::Tiff, file.to_vec()));
    tiffs.chain(others).collect()
}

#[test]
fn foreign_files_are_read_whole() {
    for (format, file) in foreign_files() {
        let made = survive(&file);
        assert!(made.is_ok(), "{format:?} {made:?}");
    }
}

/// A TIFF of one pixel in a tile of 67 million, with 64 planes of it.
#[test]
fn tiles_far_larger_than_their_picture_are_refused() {
    let entries: [(u16, u16, u32, u32); 10] = [
        (256, 4, 1, 1),
        (257, 4, 1, 1),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (277, 3, 1, 64),
        (284, 3, 1, 2),
        (322, 4, 1, 1 << 26),
        (323, 4, 1, 1),
        (324, 4, 1, 8),
    ];
    let mut file = b"II*\0\x08\0\0\0".to_vec();
    file.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, count, value) in entries {
        file.extend(tag.to_le_bytes());
        file.extend(kind.to_le_bytes());
        file.extend(count.to_le_bytes());
        file.extend(value.to_le_bytes());
    }
    file.extend([0; 4]);
    assert!(survive(&file).is_err());
}

/// Lengths and offsets whose products leave 64 bits.
#[test]
fn apertures_that_cannot_be_are_left_aside() {
    let file = include_bytes!("../fixtures/avif/clap.avif");
    let at = file.windows(4).position(|w| w == b"clap").unwrap() + 4;
    let most = u32::MAX.to_be_bytes();
    let one = 1_u32.to_be_bytes();
    for aperture in [
        [most, one, most, one, [0; 4], most, [0; 4], most],
        [most, one, most, one, [0; 4], one, [0; 4], one],
    ] {
        let mut file = file.to_vec();
        file[at..at + 32].copy_from_slice(aperture.as_flattened());
        let ispe = file.windows(4).position(|w| w == b"ispe").unwrap() + 8;
        let _answer = survive(&file);
        file[ispe..ispe + 8].fill(255);
        let _answer = survive(&file);
    }
}

fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let files = [small_files(), foreign_files()].concat();
    (
        prop::sample::select(files),
        prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        any::<Option<prop::sample::Index>>(),
    )
        .prop_map(|((_, mut file), changes, cut)| {
            for (at, value) in changes {
                let at = at.index(file.len());
                file[at] = value;
            }
            if let Some(cut) = cut {
                file.truncate(cut.index(file.len()));
            }
            file
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn changed_bytes(file in mutated()) {
        // Any answer will do; what counts is that there is one.
        let _answer = survive(&file);
    }

    #[test]
    fn garbage_behind_a_magic_number(
        format in prop::sample::select(vec![
            &b"II+\0\x08\0\0\0"[..], b"MM\0+\0\x08\0\0", b"\x1F\x8B\x08", b"<svg ",
            b"\xFF\xD8\xFF", b"\x89PNG\r\n\x1A\n", b"GIF89a", b"RIFF\0\0\0\0WEBP",
            b"\0\0\0\x14ftypavif", b"II*\0", b"MM\0*", b"\0\0\x01\0", b"BM",
        ]),
        rest in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let _answer = survive(&[format, &rest].concat());
    }
}
