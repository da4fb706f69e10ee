//! Drawings: sharp at any size, with nothing fetched, and not to be broken.

use super::sources::{Picture, encode, open, plan, run, scaled};
use cldgate::plan::{Region, Size, Step};
use cldgate::render::{self, Budget, Error};
use cldgate::spec::Format;

fn drawn(svg: &str, steps: &[Step]) -> Picture {
    let made = run(svg.as_bytes(), steps, encode(Format::Png, 80)).unwrap();
    open(&made.body, Format::Png)
}

const HALVES: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10">
    <rect width="10" height="10" fill="#c81e1e"/><rect x="10" width="10" height="10" fill="#1e1ec8" opacity="0.5"/></svg>"##;

#[test]
fn a_cleaned_drawing_looks_the_same_and_can_only_show() {
    let pixel = Picture::new(1, 1, |_, _| [10, 200, 30, 255]).png();
    let pixel = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, pixel);
    let dirty = format!(
        r##"<!DOCTYPE svg [<!ENTITY e "x">]><?xml-stylesheet href="https://evil.example/a.css"?>
        <svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="40" height="20"
          onload="alert(1)"><script>alert(2)</script><style>@import url(https://evil.example/b.css);</style>
        <defs><linearGradient id="g&quot; onclick=&quot;alert(3)"><stop stop-color="#f00"/><stop offset="1" stop-color="#00f"/></linearGradient></defs>
        <a xlink:href="javascript:alert(4)"><rect width="20" height="20" fill="#c81e1e" onclick="alert(5)"/></a>
        <rect x="20" width="10" height="20" fill="url('#g&quot; onclick=&quot;alert(3)')"/>
        <image x="30" width="10" height="20" preserveAspectRatio="none" href="data:image/png;base64,{pixel}"/>
        <image width="9" height="9" href="https://evil.example/c.png"/><use href="https://evil.example/d.svg#x"/>
        <image width="9" height="9" href="data:image/svg+xml,%3Csvg onload='alert(6)'/%3E"/>
        <foreignObject width="9" height="9"><body xmlns="http://www.w3.org/1999/xhtml"><script>alert(7)</script></body></foreignObject>
        <set attributeName="href" to="javascript:alert(8)"/><text y="9" font-size="4">alert is a word</text></svg>"##
    );
    let cleaned = render::sanitized(dirty.as_bytes(), &Budget::unlimited()).unwrap();
    assert_eq!(
        (cleaned.format, cleaned.size),
        (Format::Svg, Size::new(40, 20))
    );
    let text = std::str::from_utf8(&cleaned.body).unwrap();
    for evil in [
        "<script",
        "evil",
        "javascript",
        " onload",
        " onclick=\"",
        "foreignObject",
        "<set",
        "<a ",
        "<style",
        "ENTITY",
    ] {
        assert!(!text.contains(evil), "{evil}: {text}");
    }
    assert!(drawn(text, &[]).mean(&drawn(&dirty, &[])) < 1.0);
    assert!(drawn(text, &[]).at(35, 10)[1] > 190);
    // What is no drawing is none cleaned either.
    assert!(render::sanitized(b"<svg", &Budget::unlimited()).is_err());
}

#[test]
fn a_drawing_is_drawn_at_the_size_wanted() {
    let facts = render::probe(HALVES.as_bytes()).unwrap();
    assert_eq!(
        (facts.format, facts.size, facts.alpha),
        (Format::Svg, Size::new(20, 10), true)
    );
    let own = drawn(HALVES, &[]);
    assert_eq!(
        (own.size, own.at(9, 5)),
        (Size::new(20, 10), [200, 30, 30, 255])
    );
    assert_eq!(own.at(10, 5)[3], 128);
    // Enlarged a hundred times the edge is as sharp as before.
    let large = drawn(HALVES, &[scaled(Size::new(20, 10), Size::new(2000, 1000))]);
    assert_eq!(large.at(999, 500), [200, 30, 30, 255]);
    assert_eq!(large.at(1000, 500)[3], 128);
    // And so is a part of it.
    let part = Step::Resample {
        from: Region {
            x: 9.0,
            y: 2.0,
            width: 2.0,
            height: 4.0,
        },
        to: Size::new(200, 400),
    };
    let part = drawn(HALVES, &[part]);
    assert_eq!(
        (part.at(99, 5), part.at(100, 5)[3]),
        ([200, 30, 30, 255], 128)
    );
    // A cut without a scale, and what comes after.
    let cut = Step::Resample {
        from: Region {
            x: 8.0,
            y: 0.0,
            width: 4.0,
            height: 4.0,
        },
        to: Size::new(4, 4),
    };
    assert_eq!(drawn(HALVES, &[cut]).at(1, 1), [200, 30, 30, 255]);
}

#[test]
fn text_is_written_without_any_font_installed() {
    let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40"><text x="4" y="30" font-family="Nowhere" font-size="30">Wij</text></svg>"#;
    let inked = drawn(svg, &[]).pixels.iter().filter(|p| p[3] > 128).count();
    assert!(inked > 150, "{inked}");
}

#[test]
fn nothing_outside_is_looked_at() {
    let folder = crate::gateway::scratch("svg");
    let file = folder.join("secret.png");
    std::fs::write(&file, Picture::new(10, 10, |_, _| [255, 0, 0, 255]).png()).unwrap();
    for href in [
        file.display().to_string(),
        format!("file://{}", file.display()),
        "http://127.0.0.1:9/a.png".to_owned(),
        "#self".to_owned(),
    ] {
        let svg = format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" id="self" width="10" height="10"><image width="10" height="10" xlink:href="{href}"/></svg>"##
        );
        let seen = drawn(&svg, &[]);
        assert!(seen.pixels.iter().all(|p| p[3] == 0), "{href}");
    }
    let entity = format!(
        r#"<!DOCTYPE svg [<!ENTITY x SYSTEM "file://{}">]><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>&x;</text></svg>"#,
        file.display()
    );
    let made = run(entity.as_bytes(), &[], encode(Format::Png, 80));
    assert!(
        made.is_err()
            || open(&made.unwrap().body, Format::Png)
                .pixels
                .iter()
                .all(|p| p[3] == 0)
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_picture_inside_is_shown() {
    use base64::Engine;
    let inside = Picture::new(4, 4, |_, _| [10, 200, 30, 255]).png();
    let inside = base64::engine::general_purpose::STANDARD.encode(inside);
    let svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><image width="8" height="8" href="data:image/png;base64,{inside}"/></svg>"#
    );
    assert_eq!(drawn(&svg, &[]).at(4, 4), [10, 200, 30, 255]);
}

#[test]
fn hostile_drawings_are_refused_or_drawn() {
    let deep = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{}{}</svg>"#,
        "<g opacity=\"0.9\">".repeat(5000),
        "</g>".repeat(5000)
    );
    let uses: String = (1..30)
        .map(|n| {
            format!(
                r##"<g id="a{n}"><use href="#a{0}"/><use href="#a{0}"/></g>"##,
                n - 1
            )
        })
        .collect();
    let bomb = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><defs><rect id="a0" width="1" height="1"/>{uses}</defs><use href="#a29"/></svg>"##
    );
    let laughs = r#"<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;"><!ENTITY f "&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;">]><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>&f;&f;&f;&f;</text></svg>"#;
    for svg in [
        deep.as_str(),
        &bomb,
        laughs,
        "<svg",
        "<svg/>",
        "<svg xmlns='http://www.w3.org/2000/svg' width='0' height='5'/>",
        "<svg xmlns='http://www.w3.org/2000/svg' width='-1' height='5'/>",
        "<svg xmlns='http://www.w3.org/2000/svg' width='1e30' height='1e30'/>",
        "<svg xmlns='http://www.w3.org/2000/svg' width='NaN' height='5'/>",
    ] {
        match run(svg.as_bytes(), &[], encode(Format::Png, 80)) {
            Ok(_) | Err(Error::BadSource { .. } | Error::OverLimit { .. }) => {}
            Err(error) => panic!("{error}: {}", &svg[..svg.len().min(80)]),
        }
    }
    // A size over the limits is refused before anything is drawn.
    let huge = "<svg xmlns='http://www.w3.org/2000/svg' width='40000' height='40000'/>";
    let how = encode(Format::Png, 80);
    let planned = plan(Size::new(40_000, 40_000), &[], how);
    let made = render::run(&planned, huge.as_bytes(), &Budget::unlimited());
    assert!(matches!(made, Err(Error::OverLimit { .. })), "{made:?}");
}

const RED: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="8" height="6"><rect width="8" height="6" fill="#c81e1e"/></svg>"##;

fn is_red(drawing: &[u8]) {
    let made = run(drawing, &[], encode(Format::Png, 80)).unwrap();
    assert!(!made.damaged);
    let shown = open(&made.body, Format::Png);
    let start = String::from_utf8_lossy(&drawing[..drawing.len().min(60)]);
    assert_eq!(shown.size, Size::new(8, 6), "{start}");
    assert!(
        shown.pixels.iter().all(|p| *p == [200, 30, 30, 255]),
        "{start}"
    );
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut file = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    file.write_all(bytes).unwrap();
    file.finish().unwrap()
}

fn data_url(kind: &str, bytes: &[u8]) -> String {
    let data = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
    format!("data:image/{kind};base64,{data}")
}

/// A drawing with this picture in it, and nothing else.
fn around(href: &str) -> String {
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="8" height="6"><image width="8" height="6" href="{href}"/></svg>"#
    )
}

#[test]
fn drawings_come_packed_and_in_other_encodings() {
    let declared = |name: &str| format!("<?xml version=\"1.0\" encoding=\"{name}\"?>{RED}");
    let wide = |text: &str, bytes: fn(u16) -> [u8; 2]| {
        text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>()
    };
    is_red(RED.as_bytes());
    is_red(&gzipped(RED.as_bytes()));
    is_red(&wide(RED, u16::to_le_bytes));
    is_red(&wide(RED, u16::to_be_bytes));
    is_red(&wide(
        &format!("\u{FEFF}{}", declared("UTF-16")),
        u16::to_le_bytes,
    ));
    is_red(&gzipped(&wide(&format!("\u{FEFF}{RED}"), u16::to_be_bytes)));
    let latin = declared("ISO-8859-1").replace("</svg>", "");
    is_red(&[latin.as_bytes(), b"<!-- \xE9 --></svg>"].concat());
    is_red(format!("<!--{}-->{RED}", " x".repeat(50_000)).as_bytes());
    let entities = RED
        .replace("#c81e1e", "&red;")
        .replace("http://www.w3.org/2000/svg", "&ns;");
    is_red(
        format!("<!DOCTYPE svg [<!ENTITY red \"#c81e1e\"><!ENTITY ns \"http://www.w3.org/2000/svg\">]>{entities}")
            .as_bytes(),
    );
    let prefixed = RED
        .replace("<svg", "<s:svg")
        .replace("</svg", "</s:svg")
        .replace("<rect", "<s:rect")
        .replace("xmlns=", "xmlns:s=");
    is_red(prefixed.as_bytes());
    let clean =
        render::sanitized(&gzipped(&wide(RED, u16::to_le_bytes)), &Budget::unlimited()).unwrap();
    is_red(&clean.body);
}

#[test]
fn sizes_are_rounded_as_browsers_round_them() {
    // naturalWidth and naturalHeight of <img> in Chromium 156; and no last row or column may be
    // pale.
    for (width, height, expected) in [
        ("99.4", "66.2", (99, 66)),
        ("99.5", "66.5", (100, 67)),
        ("99.6", "66.6", (100, 67)),
        ("0.6", "1.5", (1, 2)),
        ("1.4", "2.5", (1, 3)),
        ("100px", "50.49px", (100, 50)),
        ("12pt", "13pt", (16, 17)),
        ("10mm", "11mm", (38, 42)),
        ("1in", "1.3in", (96, 125)),
        ("2cm", "2.1cm", (76, 79)),
        ("2em", "3em", (32, 48)),
        ("2pc", "3pc", (32, 48)),
    ] {
        let svg = format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"><rect width="100%" height="100%" fill="#000"/></svg>"##
        );
        let seen = drawn(&svg, &[]);
        assert_eq!(
            (seen.size.width, seen.size.height),
            expected,
            "{width} {height}"
        );
        assert!(
            seen.pixels.iter().all(|p| *p == [0, 0, 0, 255]),
            "{width} {height}"
        );
    }
    for (attributes, expected) in [
        (r#"width=" 40 " height="20 ""#, (40, 20)),
        (r#"width="100" height="50%" viewBox="0 0 30 20""#, (100, 67)),
        (r#"width="50%" height="90" viewBox="0 0 30 20""#, (135, 90)),
        (r#"width="90.3" viewBox="0 0 30 21""#, (90, 63)),
        (r#"width="90""#, (90, 150)),
        (r#"height="90" width="100%""#, (300, 90)),
        (r#"width="NaN" height="10""#, (300, 10)),
        (r#"width="2rem" height="12Q""#, (32, 11)),
        (r#"width="1e2" height="5E+1px""#, (100, 50)),
        // Chromium fits these two into 300x150; libraries take the box, and so does this.
        (r#"viewBox="0 0 30 20""#, (30, 20)),
        (r#"width="100%" height="50%" viewBox="0 0 30 20""#, (30, 20)),
    ] {
        let svg = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" {attributes}><rect width="9" height="9"/></svg>"#
        );
        let size = render::probe(svg.as_bytes()).unwrap().size;
        assert_eq!((size.width, size.height), expected, "{attributes}");
    }
    // Chromium shows nothing of less than half a pixel; here there is always one.
    let tiny = RED.replace("width=\"8\" height=\"6\"", "width=\"0.2\" height=\"0.2\"");
    assert_eq!(
        render::probe(tiny.as_bytes()).unwrap().size,
        Size::new(1, 1)
    );
}

#[test]
fn drawings_inside_drawings_are_drawn_to_a_depth() {
    let mut inside = RED.to_owned();
    for _ in 0..4 {
        inside = around(&data_url("svg+xml", inside.as_bytes()));
        is_red(inside.as_bytes());
        let clean = render::sanitized(inside.as_bytes(), &Budget::unlimited()).unwrap();
        is_red(&clean.body);
    }
    is_red(around(&data_url("svg+xml", &gzipped(RED.as_bytes()))).as_bytes());
    // One deeper is left out, and that is told.
    let deep = around(&data_url("svg+xml", inside.as_bytes()));
    let made = run(deep.as_bytes(), &[], encode(Format::Png, 80)).unwrap();
    assert!(made.damaged);
    assert!(
        open(&made.body, Format::Png)
            .pixels
            .iter()
            .all(|p| p[3] == 0)
    );
}

#[test]
fn nothing_active_is_left_in_drawings_inside_a_cleaned_one() {
    let dirty = RED.replace(
        "<rect",
        "<script>alert(1)</script><a href='javascript:alert(2)'><text y='3'>x</text></a><image href='https://evil.example/a.png'/><rect onclick='alert(3)'",
    );
    let cleaned = render::sanitized(
        around(&data_url("svg+xml", dirty.as_bytes())).as_bytes(),
        &Budget::unlimited(),
    );
    let cleaned = String::from_utf8(cleaned.unwrap().body.to_vec()).unwrap();
    let inner = cleaned
        .split("base64,")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let inner =
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, inner.trim()).unwrap();
    let inner = String::from_utf8(inner).unwrap();
    assert!(inner.contains("<path"), "{inner}");
    for evil in ["<script", "evil", "alert", "<a"] {
        assert!(!inner.contains(evil), "{evil}: {inner}");
    }
}

#[test]
fn drawings_that_explode_are_refused() {
    let bomb = gzipped(&[b"<svg>".to_vec(), vec![b' '; 64 << 20]].concat());
    assert!(matches!(render::probe(&bomb), Err(Error::OverLimit { .. })));
    let entities = format!(
        "<!DOCTYPE svg [<!ENTITY a \"{}\">]><svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><text>{}</text></svg>",
        "x".repeat(100_000),
        "&a;".repeat(10_000)
    );
    assert!(matches!(
        render::probe(entities.as_bytes()),
        Err(Error::BadSource { .. })
    ));
    // Many drawings inside are as many canvases.
    let one = format!(
        "<image width='1' height='1' href='{}'/>",
        data_url("svg+xml", RED.as_bytes())
    );
    let many = RED.replace("<rect", &format!("{}<rect", one.repeat(300)));
    let made = run(many.as_bytes(), &[], encode(Format::Png, 80)).unwrap();
    assert!(made.damaged);
}

#[test]
fn pictures_inside_have_their_colours_and_any_common_format() {
    let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let png = super::sources::png_of(
        Size::new(1, 1),
        png::ColorType::Rgb,
        png::BitDepth::Eight,
        &[128, 190, 100],
        |info| info.icc_profile = Some(profile.into()),
    );
    let shown = drawn(&around(&data_url("png", &png)), &[]).at(4, 3);
    // By the matrices of both spaces and their curve.
    let off = shown
        .iter()
        .zip([108, 192, 87, 255])
        .map(|(a, b)| a.abs_diff(b));
    assert!(off.max() <= Some(2), "{shown:?}");
    let bmp = run(
        &Picture::new(2, 2, |_, _| [7, 80, 90, 255]).png(),
        &[],
        encode(Format::Bmp, 80),
    );
    let shown = drawn(&around(&data_url("bmp", &bmp.unwrap().body)), &[]);
    assert_eq!(shown.at(4, 3), [7, 80, 90, 255]);
    // Of what browsers do not show there is nothing, and that is told.
    let tiff = run(
        &Picture::gradient(2, 2).png(),
        &[],
        encode(Format::Tiff, 80),
    )
    .unwrap();
    let made = run(
        around(&data_url("tiff", &tiff.body)).as_bytes(),
        &[],
        encode(Format::Png, 80),
    );
    assert!(made.unwrap().damaged);
}
