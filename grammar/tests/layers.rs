//! What a layer's source, style and text say.

use cldgate_grammar::value::{Colour, Layer, TextPart, TextStyle};
use cldgate_grammar::{Options, ParamKey, UrlText, Value, parse};

fn with_layer(source: &str, check: impl Fn(&Layer<'_>)) {
    let url = format!("/demo/image/upload/l_{source}/x");
    let text = UrlText::new(&url);
    let tree = parse(&text, &Options::default()).unwrap_or_else(|error| panic!("{error:#}"));
    match &tree.chain[0].last(ParamKey::Overlay).unwrap().value {
        Value::Layer(layer) => check(layer),
        other => panic!("{other:?}"),
    }
}

#[test]
fn styles() {
    let style = TextStyle::read(
        "Times New Roman_40_bold_italic_underline_center_letter_spacing_-2_line_spacing_1.5",
    );
    assert_eq!(
        (style.font, style.size, style.weight, style.align),
        ("Times New Roman", Some("40"), Some("bold"), Some("center"))
    );
    assert!(style.italic && style.underline && !style.strikethrough && !style.stroke);
    assert_eq!(
        style.letter_spacing.map(|n| n.to_string()).as_deref(),
        Some("-2")
    );
    assert_eq!(
        style.line_spacing.map(|n| n.to_string()).as_deref(),
        Some("1.5")
    );

    // Words in any order, unknown ones left out; a font with an underscore; a weight before the size.
    let style = TextStyle::read("helvetica_72_bold_normal_left");
    assert_eq!(
        (style.font, style.weight, style.align),
        ("helvetica", Some("bold"), Some("left"))
    );
    let style = TextStyle::read("my_font.ttf_$size_style_700_strikethrough_stroke");
    assert_eq!(
        (style.font, style.size, style.weight),
        ("my_font.ttf", Some("$size"), Some("700"))
    );
    assert!(style.strikethrough && style.stroke);
    let style = TextStyle::read("Montserrat_bold_18");
    assert_eq!(
        (style.font, style.size, style.weight),
        ("Montserrat", Some("18"), Some("bold"))
    );
    let style = TextStyle::read("Arial_18_antialias_best_hinting_medium");
    assert_eq!(
        (style.antialias, style.hinting),
        (Some("best"), Some("medium"))
    );

    // Without a size it is the name of a stored style.
    let style = TextStyle::read("my_bold_style");
    assert_eq!(
        (style.font, style.size, style.weight),
        ("my_bold_style", None, None)
    );
}

#[test]
fn only_structural_colons_separate() {
    let parts = |source: &'static str, style: &'static str, text: Option<&'static str>| {
        with_layer(source, |layer| {
            assert_eq!((layer.style, layer.text), (Some(style), text))
        });
    };
    parts("text:Arial_20:10:30", "Arial_20", Some("10:30"));
    parts("text:fonts:mine.ttf_20:Hi", "fonts:mine.ttf_20", Some("Hi"));
    parts(
        "text:Arial_20_stroke_bo_4px_solid_rgb:fff:Hi:there",
        "Arial_20_stroke_bo_4px_solid_rgb:fff",
        Some("Hi:there"),
    );
    parts("text:my_style", "my_style", None);
    with_layer("text:Arial_20_stroke_bo_4px_solid_rgb:fff:Hi", |layer| {
        assert_eq!(
            layer.text_style().unwrap().stroke_border,
            Some(("4", "rgb:fff"))
        );
    });
}

#[test]
fn variables_in_texts() {
    let parts: Vec<_> = TextPart::split("$(a)Hello $(b2)$(no )$( no) $(c").collect();
    use TextPart::{Literal, Variable};
    assert_eq!(
        parts,
        [
            Variable("a"),
            Literal("Hello "),
            Variable("b2"),
            Literal("$(no )$( no) $(c")
        ]
    );
}

#[test]
fn remotes_in_either_alphabet() {
    let remote = |source: &'static str, expected: Option<&'static str>| {
        with_layer(source, |layer| {
            assert_eq!(layer.remote().as_deref(), expected, "{source}")
        });
    };
    remote("fetch:aHR0cDovL2EvP8O_", Some("http://a/?ÿ"));
    remote("fetch:aHR0cDovL2EvP8O%2BYg%3D%3D.png", Some("http://a/?þb"));
    remote("fetch:not*base64", None);
    remote("logo", None);
}

#[test]
fn colours_have_values() {
    let rgba = |text: &'static str| Colour::read(text).unwrap().rgba();
    assert_eq!(rgba("rgb:fa0"), Some([255, 170, 0, 255]));
    assert_eq!(rgba("rgb:fa08"), Some([255, 170, 0, 136]));
    assert_eq!(rgba("2F4F4F"), Some([0x2f, 0x4f, 0x4f, 255]));
    assert_eq!(rgba("Green"), Some([0, 128, 0, 255]));
    assert_eq!(rgba("maroon"), Some([176, 48, 96, 255]));
    assert_eq!(rgba("none"), Some([0, 0, 0, 0]));
    assert_eq!(rgba("$c"), None);
    assert!(Colour::read("rgb:12345").is_none() && Colour::read("").is_none());
}
