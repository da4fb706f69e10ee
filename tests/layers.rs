//! Do layers and texts lie where the URL says, and look as they should?

use std::fmt::Write as _;

use bytes::Bytes;
use cldgate::dialect::Rules;
use cldgate::render::{FontFile, Fonts};
use cldgate::spec::{AssetRef, DeliveryType};

use crate::gateway::Gateway;
use crate::picture::{FONTS, Made, differs, make};
use crate::render::sources::Picture;

/// A picture with something at every place: two gradients and a few hard edges.
fn base(width: u32, height: u32) -> Picture {
    Picture::new(width, height, |x, y| {
        let part = |n: u32, of: u32| u8::try_from(n * 200 / of).unwrap();
        let check = if (x / 20 + y / 20) % 2 == 0 { 40 } else { 0 };
        [
            part(x, width) + check,
            90 + check,
            200 - part(y, height) + check,
            255,
        ]
    })
}

fn asset(asset: &AssetRef) -> Option<Vec<u8>> {
    let inside = |x: u32, y: u32, w: u32, h: u32| x > 2 && y > 2 && x < w - 3 && y < h - 3;
    Some(match &*asset.public_id {
        "logo" => Picture::new(40, 30, |x, y| match (inside(x, y, 40, 30), x < 20) {
            (false, _) => [0, 0, 0, 0],
            (true, true) => [250, 200, 20, 255],
            (true, false) => [20, 30, 40, 160],
        })
        .png(),
        "dot" | "https://site.example/dot.png" => Picture::circle(12).png(),
        "paper" => Picture::gradient(150, 100).png(),
        "map" => Picture::new(60, 60, |x, y| {
            [
                u8::try_from(x * 4).unwrap(),
                u8::try_from(y * 4).unwrap(),
                128,
                255,
            ]
        })
        .png(),
        "fonts/mine.ttf" if asset.delivery_type == DeliveryType::Authenticated => {
            dejavu::serif::bold().to_vec()
        }
        "bad.ttf" => b"no font".to_vec(),
        "broken" => b"\x89PNG\r\n\x1a\nand nothing more".to_vec(),
        "look.cube" => {
            // Red and blue exchanged.
            let mut text = String::from("TITLE \"swap\"\nLUT_3D_SIZE 2\n");
            for n in 0..8 {
                let (r, g, b) = (n & 1, n >> 1 & 1, n >> 2 & 1);
                writeln!(text, "{b}.0 {g}.0 {r}.0").unwrap();
            }
            text.into_bytes()
        }
        _ => return None,
    })
}

fn made(chain: &str) -> Result<Made, String> {
    make(&Rules::default(), chain, &base(120, 80), &asset, &FONTS)
}

fn wrong_rows(table: &str, topic: &str, source: &Picture) -> Vec<String> {
    let mut wrong = Vec::new();
    for line in table.lines().filter(|line| !line.starts_with('#')).skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [name, size, chain] = cells[..] else {
            panic!("row: {line}")
        };
        match make(&Rules::default(), chain, source, &asset, &FONTS) {
            Err(error) => wrong.push(format!("{name}: {error}")),
            Ok(Made { picture, .. }) => {
                let found = format!("{}x{}", picture.size.width, picture.size.height);
                if found != size {
                    wrong.push(format!("{name}: {found}, not {size}"));
                }
                wrong.extend(differs(topic, name, &picture));
            }
        }
    }
    wrong
}

#[test]
fn layers_look_like_their_golden_pictures() {
    let wrong = wrong_rows(include_str!("tables/layers.tsv"), "layers", &base(120, 80));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn texts_look_like_their_golden_pictures() {
    let wrong = wrong_rows(include_str!("tables/texts.tsv"), "texts", &base(240, 120));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_layer_covers_what_lies_below_and_leaves_the_rest() {
    let before = base(120, 80);
    let after = made("l_logo,g_north_west,x_10,y_20").unwrap().picture;
    assert_eq!(after.at(0, 0), before.at(0, 0));
    assert_eq!(
        after.at(10, 20),
        before.at(10, 20),
        "its edge is transparent"
    );
    assert_eq!(after.at(15, 30), [250, 200, 20, 255]);
    let mixed = after.at(40, 30);
    assert!(
        mixed != before.at(40, 30) && mixed != [20, 30, 40, 255],
        "{mixed:?}"
    );
}

#[test]
fn blends_are_what_their_names_say() {
    let over = |chain: &str, below: [u8; 4], layer: [u8; 4]| {
        let source = Picture::new(8, 8, |_, _| below);
        let assets = |_: &AssetRef| Some(Picture::new(8, 8, |_, _| layer).png());
        make(&Rules::default(), chain, &source, &assets, &FONTS)
            .unwrap()
            .picture
            .at(4, 4)
    };
    let (below, layer) = ([200, 100, 40, 255], [50, 128, 255, 255]);
    for (chain, expected) in [
        ("l_a", [50, 128, 255, 255]),
        ("l_a,e_multiply", [39, 50, 40, 255]),
        ("l_a,e_screen", [211, 178, 255, 255]),
        ("l_a,e_overlay", [167, 100, 80, 255]),
        ("l_a,o_0", [200, 100, 40, 255]),
        ("u_a", [200, 100, 40, 255]),
    ] {
        let found = over(chain, below, layer);
        let off = found.iter().zip(expected).map(|(a, b)| a.abs_diff(b)).max();
        assert!(off <= Some(1), "{chain}: {found:?}, not {expected:?}");
    }
    // What is seen of a transparent picture comes out as transparent as both are.
    assert_eq!(
        over("l_a", [200, 0, 0, 0], [0, 0, 250, 128]),
        [0, 0, 250, 128]
    );
    assert_eq!(over("u_a", [0, 0, 0, 0], layer), layer);
    assert_eq!(over("l_a,e_cut_out", below, [0, 0, 0, 64])[3], 191);
    assert_eq!(over("l_a,fl_cutter", below, [0, 0, 0, 64])[3], 64);
    assert_eq!(over("l_a/e_mask,fl_layer_apply", below, [255; 4])[3], 255);
    assert_eq!(
        over("l_a/e_mask,fl_layer_apply", below, [0, 0, 0, 255])[3],
        0
    );
}

#[test]
fn a_colour_table_maps_colours() {
    let before = base(120, 80);
    let after = made("l_lut:look.cube").unwrap().picture;
    let [r, g, b, a] = before.at(33, 44);
    assert_eq!(after.at(33, 44), [b, g, r, a]);
}

/// What costs too much, or is not there, is told before pixels are made.
#[test]
fn hostile_layers_are_refused_with_reasons() {
    let open = "l_dot/".repeat(100) + "w_10";
    let many = "l_dot/fl_layer_apply/".repeat(100) + "w_10";
    let large = "l_dot,w_9000,h_9000,fl_no_overflow/fl_layer_apply/".repeat(2) + "w_10";
    let deep = "l_dot/".repeat(8) + &"fl_layer_apply/".repeat(7) + "fl_layer_apply";
    let long = format!("l_text:Arial_20:{}", "word%20".repeat(1400));
    let lines = format!("l_text:Arial_20:{}", "a%0A".repeat(700));
    let wide = format!("l_text:Arial_1900:{}", "W".repeat(900));
    for (chain, reason) in [
        (open.as_str(), "nested deeper than allowed"),
        (&many, "layers: 65 is over the limit of 64"),
        (&deep, "layers inside layers"),
        (&long, "URL"),
        (&large, "pixels of all layers"),
        (&lines, "more than 500 lines"),
        (&wide, "pixels"),
        ("l_nobody", "no origin has the layer image/upload/nobody"),
        ("l_broken", "image/upload/broken"),
        ("l_logo,x_5000000", "offset"),
        ("l_logo,g_west,x_-900000", "offset"),
        ("l_logo,g_north_west,x_-60000,y_-60000", "output pixels"),
        ("l_logo,w_60000,h_60000", "output pixels"),
        ("l_lut:nobody.cube", "nobody.cube"),
        ("l_text:Arial_20:%20", "no text"),
        ("l_text:Arial_5000:Hi", "1 to 2000"),
        ("l_text:Arial_20:$(nothing)", "$nothing has no value"),
        (
            "l_text:Arial_90:Much%20too%20long,fl_text_disallow_overflow",
            "larger than the picture",
        ),
    ] {
        let result = made(chain);
        let error = result
            .err()
            .unwrap_or_else(|| panic!("{chain:.60} is made"));
        assert!(error.contains(reason), "{chain:.60}: {error}");
    }
}

/// A missing layer is no fault where the condition does not ask for it.
#[test]
fn only_layers_that_are_laid_must_be_there() {
    assert!(made("if_w_gt_500/l_nobody/fl_layer_apply/if_end/w_60").is_ok());
    assert!(made("if_w_gt_50/l_nobody/fl_layer_apply/if_end/w_60").is_err());
}

#[test]
fn a_family_that_is_not_there_is_noted() {
    let notes = |chain: &str| made(chain).unwrap().notes;
    assert_eq!(
        notes("l_text:Arial_12:Hi"),
        ["the font \"Arial\" is not here: DejaVu Sans is used"]
    );
    assert_eq!(
        notes("l_text:Georgia_12:Hi/fl_layer_apply/l_text:Georgia_14:Ho"),
        ["the font \"Georgia\" is not here: DejaVu Serif is used"]
    );
    assert!(notes("l_text:DejaVu%20Sans_12:Hi").is_empty());
    assert!(notes("l_text:dejavu%20sans%20mono_12:Hi").is_empty());
}

#[test]
fn the_owners_fonts_are_found_by_family_and_by_file() {
    let file = |name: &str, bytes: &'static [u8]| FontFile {
        name: name.into(),
        bytes: Bytes::from_static(bytes),
    };
    let fonts = Fonts::new(
        vec![
            file("brand/Own.ttf", dejavu::serif::bold()),
            file("broken.ttf", b"no font at all"),
            file("cut.ttf", &dejavu::serif::regular()[..20_000]),
        ],
        false,
    );
    let with = |chain: &str| make(&Rules::default(), chain, &base(120, 80), &asset, &fonts);
    let own = with("l_text:brand:Own.ttf_20:Hi").unwrap();
    assert!(own.notes.is_empty());
    let serif = with("l_text:DejaVu%20Serif_20:Hi").unwrap();
    assert_eq!(own.picture.size, serif.picture.size);
    let error = with("l_text:broken.ttf_20:Hi").err().unwrap();
    assert!(
        error.contains("no font can be read from broken.ttf"),
        "{error}"
    );
    // Whatever a damaged file does, the worker lives on.
    let _ = with("l_text:cut.ttf_20:Hi");
    assert!(with("l_text:brand:Own.ttf_20:Hi").is_ok());
}

#[test]
fn a_font_may_be_a_stored_file() {
    let stored = made("l_text:fonts:mine.ttf_20:Hi").unwrap();
    let family = made("l_text:DejaVu%20Serif_20_bold:Hi").unwrap();
    assert!(stored.notes.is_empty(), "{:?}", stored.notes);
    assert!(stored.picture.mean(&family.picture) < 1.0);
    let missing = made("l_text:fonts:other.ttf_20:Hi").unwrap();
    assert_eq!(missing.notes.len(), 1, "{:?}", missing.notes);
    let error = made("l_text:bad.ttf_20:Hi").err().unwrap();
    assert!(
        error.contains("no font can be read from bad.ttf"),
        "{error}"
    );
}

#[test]
fn stored_styles_have_their_names() {
    let rules = Rules {
        styles: [("headline".into(), "DejaVu Sans_30_bold,co_red".into())].into(),
        ..Rules::default()
    };
    let with = |chain: &str| make(&rules, chain, &base(120, 80), &asset, &FONTS);
    let stored = with("l_text:headline:Hi").unwrap().picture;
    let written = with("l_text:DejaVu%20Sans_30_bold:Hi,co_red")
        .unwrap()
        .picture;
    assert_eq!(stored, written);
    let blue = with("l_text:headline:Hi,co_blue").unwrap().picture;
    assert!(blue != stored);
    let unknown = with("l_text:no_such_style:Hi/w_60").unwrap().picture;
    assert_eq!(unknown, with("w_60").unwrap().picture);
}

/// Over HTTP: layers come through the endpoint's origins, and what is wrong with one is told.
#[tokio::test]
async fn a_gateway_lays_what_its_origins_have() {
    let gateway = Gateway::demo("");
    let bare = gateway.get("/demo/image/upload/w_300/sample.jpg").await;
    let laid = gateway
        .get("/demo/image/upload/w_300/l_logo,w_50,g_south_east/l_text:Arial_20:Hi/sample.jpg")
        .await;
    assert_eq!(laid.status(), 200);
    let note = laid
        .headers()
        .get("x-cldgate-notes")
        .expect("the font is noted");
    assert!(note.to_str().unwrap().contains("Arial"), "{note:?}");
    let laid = laid.bytes().await.unwrap();
    assert_ne!(bare.bytes().await.unwrap(), laid);
    for (url, status, reason) in [
        (
            "/demo/image/upload/l_nobody/sample.jpg",
            400,
            "Unknown or invalid referenced image nobody of type upload",
        ),
        (
            "/demo/image/upload/l_authenticated:logo/sample.jpg",
            401,
            "deny or ACL failure",
        ),
        (
            "/demo/image/upload/w_$x/sample.jpg",
            400,
            "variable $x has no value",
        ),
        (
            "/demo/image/upload/w_iw_div_0/sample.jpg",
            400,
            "division by zero",
        ),
    ] {
        let answer = gateway.get(url).await;
        assert_eq!(answer.status(), status, "{url}");
        let told = answer
            .headers()
            .get("x-cld-error")
            .expect(url)
            .to_str()
            .unwrap();
        assert!(told.contains(reason), "{url}: {told}");
    }
}

/// `cargo nextest run --run-ignored only -E 'test(measure_text)' --no-capture` prints what a line of
/// text takes once the fonts are warm.
#[test]
#[ignore = "a measurement, not a test"]
fn measure_text() {
    let stored = [];
    let budget = cldgate::render::Budget::unlimited();
    let text = |size: f64| cldgate::plan::Text {
        text: "A line of text over a photograph".into(),
        font: "DejaVu Sans".into(),
        font_files: Box::default(),
        size,
        weight: 700,
        italic: false,
        underline: false,
        strikethrough: false,
        align: cldgate::spec::Align::Left,
        letter_spacing: 0.0,
        line_spacing: 0.0,
        colour: cldgate::spec::Colour::WHITE,
        background: None,
        stroke: None,
        width: None,
        height: None,
        untrimmed: false,
        smooth: true,
    };
    for size in [24.0, 48.0, 96.0] {
        let mut took: Vec<f64> = (0..50)
            .map(|_| {
                let sources = cldgate::render::Sources::new(&stored, &FONTS, &budget);
                let start = std::time::Instant::now();
                cldgate::plan::Layers::text(&sources, &text(size), 100_000_000).unwrap();
                start.elapsed().as_secs_f64() * 1e3
            })
            .collect();
        let first = took[0];
        took.sort_by(f64::total_cmp);
        println!(
            "{size} px: first {first:.2} ms, median {:.2} ms, least {:.2} ms",
            took[25], took[0]
        );
    }
}

/// `cargo nextest run --run-ignored only -E 'test(measure_layer)' --no-capture` prints what a layer of
/// 400x400 with alpha on two megapixels takes beyond decoding and encoding.
#[test]
#[ignore = "a measurement, not a test"]
fn measure_layer() {
    let source = base(1920, 1080);
    let layer = Picture::new(400, 400, |x, y| {
        [
            u8::try_from(x / 2).unwrap(),
            u8::try_from(y / 2).unwrap(),
            90,
            u8::try_from((x + y) % 256).unwrap(),
        ]
    });
    let assets = |_: &AssetRef| Some(layer.png());
    let median = |chain: &str| {
        let mut took: Vec<f64> = (0..9)
            .map(|_| {
                let made = make(&Rules::default(), chain, &source, &assets, &FONTS).unwrap();
                made.transform.as_secs_f64() * 1e3
            })
            .collect();
        took.sort_by(f64::total_cmp);
        took[4]
    };
    let alone = median("q_90");
    for chain in [
        "l_a",
        "l_a,e_multiply",
        "l_a,g_south_east,x_-9",
        "u_a",
        "l_a,fl_tiled",
    ] {
        println!("{chain}: median {:.2} ms", median(chain) - alone);
    }
}
