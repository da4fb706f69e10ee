//! The format of a picture that may be transparent by its header and is not by its pixels.

use super::sources::{Picture, png_of};
use cldgate::dialect::{self, CloudRule, Rules};
use cldgate::plan::{self, Hints, Limits, Negotiated, Plan, Size, Writable};
use cldgate::render::{self, Budget};
use cldgate::spec::{Format, Quality};
use smallvec::smallvec;

fn plan_of(chain: &str, facts: &plan::Facts, modern: &[Format]) -> Option<plan::RasterPlan> {
    let url = format!("/demo/image/upload/{chain}/v1/base");
    let rules = Rules {
        cloud: CloudRule::InPath,
        ..Rules::default()
    };
    let delivery = dialect::read(&rules, &url).unwrap();
    let rules = plan::Rules {
        limits: Limits::default(),
        quality: Quality::default(),
        writable: Writable(smallvec![
            Format::Jpeg,
            Format::Png,
            Format::WebP,
            Format::Gif,
            Format::Avif
        ]),
        scaling: plan::Scaling::default(),
    };
    let negotiated = Negotiated {
        modern: modern.iter().copied().collect(),
    };
    let made = plan::make(
        &delivery.spec,
        facts,
        &negotiated,
        &Hints::default(),
        &rules,
    );
    match made {
        Ok(Plan::Raster(plan)) => Some(plan),
        _ => None,
    }
}

fn format(chain: &str, file: &[u8]) -> Format {
    let facts = render::probe(file).unwrap();
    let plan = plan_of(chain, &facts, &[]).unwrap();
    render::run(&plan, file, &Budget::unlimited())
        .unwrap()
        .format
}

/// More colours than a palette has.
fn photo(alpha: u8) -> Picture {
    Picture::new(90, 70, |x, y| {
        let n = (x * 7919 + y * 104_729) % 31;
        [(x * 2 + n) as u8, (y * 3) as u8, (x + y + n) as u8, alpha]
    })
}

#[test]
fn photo_with_idle_alpha_is_a_jpeg() {
    let opaque = photo(255).png();
    assert!(render::probe(&opaque).unwrap().alpha);
    for chain in [
        "w_60/f_auto/q_auto",
        "f_auto,q_auto",
        "c_fill,w_40,h_40,f_auto,q_auto",
    ] {
        assert_eq!(format(chain, &opaque), Format::Jpeg, "{chain}");
        assert_eq!(format(chain, &photo(254).png()), Format::Png, "{chain}");
    }
    // Made transparent on the way, or not to be a JPEG.
    assert_eq!(format("w_60,r_20/f_auto/q_auto", &opaque), Format::Png);
    assert_eq!(format("w_60,q_auto", &opaque), Format::Png);
    assert_eq!(format("w_60,f_png", &opaque), Format::Png);
    assert_eq!(format("w_60,fl_lossy", &opaque), Format::Jpeg);
    // A colour that nothing has, said to be transparent.
    let size = Size::new(90, 70);
    let (colour, depth) = (png::ColorType::Rgb, png::BitDepth::Eight);
    let trns = png_of(size, colour, depth, &photo(255).rgb(), |info| {
        info.trns = Some(vec![0, 1, 0, 2, 0, 250].into());
    });
    assert_eq!(format("w_60/f_auto/q_auto", &trns), Format::Jpeg);
}

#[test]
fn no_format_is_chosen_for_a_side_that_browsers_do_not_show() {
    let chosen = |width: u32, height: u32, chain: &str, alpha: bool| {
        let facts = plan::Facts {
            format: Format::Png,
            size: Size::new(width, height),
            orientation: cldgate::spec::Turn::NONE,
            alpha,
            frames: 1,
            bytes: 1000,
        };
        let modern = [Format::Avif, Format::WebP];
        plan_of(chain, &facts, &modern).map(|plan| plan.encode.format)
    };
    let auto = "e_grayscale,f_auto,q_auto";
    assert_eq!(chosen(32_768, 8, auto, false), Some(Format::Avif));
    assert_eq!(chosen(32_769, 8, auto, false), Some(Format::Jpeg));
    assert_eq!(chosen(8, 65_500, auto, false), Some(Format::Jpeg));
    assert_eq!(chosen(8, 65_501, auto, false), Some(Format::Png));
    assert_eq!(chosen(8, 50_000, auto, true), Some(Format::Png));
    // By name it is an error, with the bound.
    for (named, most) in [("avif", 32_768), ("jpg", 65_500), ("webp", 16_383)] {
        let chain = format!("e_grayscale,f_{named}");
        assert!(chosen(most, 8, &chain, false).is_some(), "{named}");
        assert_eq!(chosen(most + 1, 8, &chain, false), None, "{named}");
    }
}

#[test]
fn gain_map_is_found() {
    let jpeg = |segment: &[u8]| {
        let length = u16::try_from(segment.len() + 1).unwrap().to_be_bytes();
        let marked = [&segment[..1], &length, &segment[1..]].concat();
        [b"\xFF\xD8\xFF", &marked[..], b"\xFF\xD9"].concat()
    };
    let xmp = b"\xE1http://ns.adobe.com/xap/1.0/\0<x xmlns:hdrgm=\"http://ns.adobe.com/hdr-gain-map/1.0/\"/>";
    assert!(render::has_gain_map(&jpeg(xmp)));
    assert!(render::has_gain_map(&jpeg(
        b"\xE2urn:iso:std:iso:ts:21496:-1\0\0\0"
    )));
    assert!(!render::has_gain_map(&jpeg(
        b"\xE1http://ns.adobe.com/xap/1.0/\0<x/>"
    )));
    assert!(!render::has_gain_map(super::sequences::GRID));
}
