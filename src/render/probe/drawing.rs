//! SVG as text: unpacked, in UTF-8, and whether it is SVG at all.

use std::borrow::Cow;
use std::io::Read;

use crate::render::error::Error;
use crate::spec::Format;

/// Bytes of a drawing, unpacked.
const MOST_BYTES: usize = 16 << 20;

/// Bytes that are unpacked to see whether there is a drawing.
const HEAD: usize = 1 << 18;

const GZIP: &[u8] = b"\x1F\x8B";

/// Characters of Windows-1252 from 0x80 on, where it differs from Latin-1.
const WINDOWS: [char; 32] = [
    '\u{20AC}', '\u{81}', '\u{201A}', '\u{192}', '\u{201E}', '\u{2026}', '\u{2020}', '\u{2021}',
    '\u{2C6}', '\u{2030}', '\u{160}', '\u{2039}', '\u{152}', '\u{8D}', '\u{17D}', '\u{8F}',
    '\u{90}', '\u{2018}', '\u{2019}', '\u{201C}', '\u{201D}', '\u{2022}', '\u{2013}', '\u{2014}',
    '\u{2DC}', '\u{2122}', '\u{161}', '\u{203A}', '\u{153}', '\u{9D}', '\u{17E}', '\u{178}',
];

/// Whether there is a document with `svg` as its root.
pub(super) fn is_drawing(bytes: &[u8]) -> bool {
    let Some(head) = unpacked(bytes, HEAD) else {
        return false;
    };
    match wide(&head) {
        Some(order) => {
            let head = sixteen(head.get(..HEAD).unwrap_or(&head), order);
            root(head.as_bytes()) == Some("svg")
        }
        None => root(&head) == Some("svg"),
    }
}

/// The document, unpacked and in UTF-8.
pub(in crate::render) fn text(bytes: &[u8]) -> Result<Cow<'_, str>, Error> {
    let bad = |reason: &str| Error::bad(Format::Svg, reason);
    let bytes = unpacked(bytes, MOST_BYTES + 1).ok_or_else(|| bad("its compression is broken"))?;
    if bytes.len() > MOST_BYTES {
        return Err(Error::OverLimit {
            what: "drawing in bytes",
            value: bytes.len() as u64,
            limit: MOST_BYTES as u64,
        });
    }
    let text = match bytes {
        Cow::Borrowed(bytes) => in_utf8(bytes),
        Cow::Owned(bytes) => in_utf8(&bytes).map(|text| Cow::Owned(text.into_owned())),
    };
    let text = text.ok_or_else(|| bad("its text is neither UTF-8 nor what it says"))?;
    if expands(&text) {
        return Err(bad("its entities are too large"));
    }
    Ok(text)
}

/// The bytes, unpacked where they are packed: at most so many of those.
fn unpacked(bytes: &[u8], most: usize) -> Option<Cow<'_, [u8]>> {
    if !bytes.starts_with(GZIP) {
        return Some(Cow::Borrowed(bytes));
    }
    let mut unpacked = Vec::new();
    let decoder = flate2::read::MultiGzDecoder::new(bytes);
    let read = decoder.take(most as u64).read_to_end(&mut unpacked);
    (read.is_ok() || !unpacked.is_empty() && most == HEAD).then_some(Cow::Owned(unpacked))
}

fn in_utf8(bytes: &[u8]) -> Option<Cow<'_, str>> {
    if let Some(order) = wide(bytes) {
        return Some(Cow::Owned(sixteen(bytes, order)));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if !bytes.is_ascii() && is_latin(bytes) {
        let character = |&byte: &u8| match byte {
            0x80..0xA0 => *WINDOWS.get(usize::from(byte - 0x80)).unwrap_or(&' '),
            _ => char::from(byte),
        };
        return Some(Cow::Owned(bytes.iter().map(character).collect()));
    }
    std::str::from_utf8(bytes).ok().map(Cow::Borrowed)
}

/// Whether the declaration names one of the encodings that browsers read as Windows-1252.
fn is_latin(bytes: &[u8]) -> bool {
    let head = bytes.get(..200).unwrap_or(bytes).to_ascii_lowercase();
    let head = String::from_utf8_lossy(&head);
    let named = head
        .strip_prefix("<?xml")
        .and_then(|rest| rest.split_once("?>"))
        .and_then(|(declaration, _)| declaration.split_once("encoding"))
        .map(|(_, name)| name.trim_start_matches([' ', '=', '\t', '\r', '\n', '"', '\'']));
    named.is_some_and(|name| {
        [
            "iso-8859-1\"",
            "iso-8859-1'",
            "latin1",
            "windows-1252",
            "us-ascii",
        ]
        .iter()
        .any(|latin| name.starts_with(latin))
    })
}

/// How UTF-16 is written.
#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

/// UTF-16, by its mark or by its first character.
fn wide(bytes: &[u8]) -> Option<Order> {
    match bytes {
        [0xFF, 0xFE, ..] | [b'<', 0, ..] => Some(Order::Little),
        [0xFE, 0xFF, ..] | [0, b'<', ..] => Some(Order::Big),
        _ => None,
    }
}

fn sixteen(bytes: &[u8], order: Order) -> String {
    let units = bytes.as_chunks::<2>().0.iter().map(|&unit| match order {
        Order::Little => u16::from_le_bytes(unit),
        Order::Big => u16::from_be_bytes(unit),
    });
    char::decode_utf16(units)
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .skip_while(|&unit| unit == '\u{FEFF}')
        .collect()
}

/// The name of the root without its prefix, behind declarations, comments and instructions.
fn root(bytes: &[u8]) -> Option<&str> {
    let mut rest = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    loop {
        rest = rest.trim_ascii_start();
        if rest.starts_with(b"<?") {
            rest = behind(rest, b"?>")?;
        } else if rest.starts_with(b"<!--") {
            rest = behind(rest.get(4..)?, b"-->")?;
        } else if rest.starts_with(b"<!") {
            rest = behind_doctype(rest)?;
        } else {
            let name = rest.strip_prefix(b"<")?;
            let ends = |&c: &u8| c.is_ascii_whitespace() || matches!(c, b'>' | b'/');
            let end = name.iter().position(ends).unwrap_or(name.len());
            let name = std::str::from_utf8(name.get(..end)?).ok()?;
            return Some(name.rsplit(':').next().unwrap_or(name));
        }
    }
}

fn behind<'a>(bytes: &'a [u8], end: &[u8]) -> Option<&'a [u8]> {
    let at = bytes.windows(end.len()).position(|part| part == end)?;
    bytes.get(at + end.len()..)
}

/// What follows a document type, which may hold declarations in brackets and anything in quotes.
fn behind_doctype(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes.get(2..)?;
    let mut open = 0usize;
    loop {
        let (&first, after) = rest.split_first()?;
        rest = match first {
            b'"' | b'\'' => behind(after, &[first])?,
            b'<' if after.starts_with(b"!--") => behind(after, b"-->")?,
            b'[' | b'<' => {
                open += 1;
                after
            }
            b']' => {
                open = open.saturating_sub(1);
                after
            }
            b'>' if open == 0 => return Some(after),
            b'>' => {
                open -= 1;
                after
            }
            _ => after,
        };
    }
}

/// Whether entities could make a document much longer: the parser copies them wherever they are
/// named.
fn expands(text: &str) -> bool {
    /// Names in an entity that the parser follows at most.
    const NESTED: usize = 256;
    let entities = || text.split("<!ENTITY").skip(1);
    let longest = entities()
        .map(|rest| rest.find('>').unwrap_or(rest.len()))
        .max();
    let Some(longest) = longest else {
        return false;
    };
    let nests = entities().any(|rest| rest.split('>').next().is_some_and(|e| e.contains('&')));
    let named = text.matches('&').count() * if nests { NESTED } else { 1 };
    longest.saturating_mul(named) > MOST_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_is_known_by_its_root() {
        let long = format!("<!-- {} --><svg/>", "x".repeat(100_000));
        let drawings = [
            "<svg/>",
            " \n<svg xmlns='a'>",
            "<?xml version='1.0'?><?a b?><!-- <html> --><svg\n>",
            "<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"http://a/b>c.dtd\"><svg>",
            "<!DOCTYPE svg [<!-- ]> --><!ENTITY a \"]>\"><!ENTITY b '<html>'>]><svg>",
            "<svg:svg xmlns:svg='http://www.w3.org/2000/svg'>",
            "\u{FEFF}<svg>",
            &long,
        ];
        for drawing in drawings {
            assert!(is_drawing(drawing.as_bytes()), "{drawing:.80}");
            let wide: Vec<u8> = drawing.encode_utf16().flat_map(u16::to_le_bytes).collect();
            assert!(
                is_drawing(&wide[wide.len() % 2..]) || drawing.starts_with(' '),
                "{drawing:.80}"
            );
        }
        for other in [
            "",
            "<",
            "svg",
            "<html><svg/></html>",
            "<!-- <svg>",
            "<!DOCTYPE svg [<svg>",
            "<svgx>",
        ] {
            assert!(!is_drawing(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn text_comes_in_any_common_encoding() {
        let latin = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><svg>\xE9\x80</svg>";
        assert!(text(latin).unwrap().ends_with("<svg>\u{E9}\u{20AC}</svg>"));
        let big: Vec<u8> = "\u{FEFF}<svg>\u{E9}\u{1F600}</svg>"
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect();
        assert_eq!(text(&big).unwrap(), "<svg>\u{E9}\u{1F600}</svg>");
        assert!(text(b"<svg>\xE9</svg>").is_err());
    }

    #[test]
    fn entities_that_explode_are_refused() {
        let bomb = |length: usize, times: usize| {
            let (value, names) = ("x".repeat(length), "&a;".repeat(times));
            text(format!("<!DOCTYPE svg [<!ENTITY a \"{value}\">]><svg>{names}</svg>").as_bytes())
                .is_ok()
        };
        assert!(bomb(100, 100));
        assert!(!bomb(100_000, 1_000));
    }
}
