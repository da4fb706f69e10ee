//! Layers: where they come from, and the texts and styles of text layers.

use std::borrow::Cow;

use super::{Number, Read, Wrong, expression, number};
use crate::ast::DeliveryType;
use crate::error::ErrorKind;
use crate::text::{cut, decode_again};

/// The source of an overlay or underlay.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer<'a> {
    /// What it is.
    pub kind: LayerKind,
    /// Where its bytes come from; `None` where it is not written and `upload` is meant.
    pub delivery: Option<DeliveryType>,
    /// The ID with colons for slashes, or the base64 text of `fetch`; empty for a text.
    pub source: &'a str,
    /// The style of a text or of subtitles, as written.
    pub style: Option<&'a str>,
    /// The text, decoded once; `None` where a text asset's own text is meant.
    pub text: Option<&'a str>,
}

/// What a layer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // the words of the URL
pub enum LayerKind {
    Image,
    Video,
    Audio,
    Text,
    Subtitles,
    Lut,
}

impl LayerKind {
    /// The word in the URL; images have none.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Text => "text",
            Self::Subtitles => "subtitles",
            Self::Lut => "lut",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "image" => Self::Image,
            "video" => Self::Video,
            "audio" => Self::Audio,
            "text" => Self::Text,
            "subtitles" => Self::Subtitles,
            "lut" => Self::Lut,
            _ => return None,
        })
    }
}

/// Delivery types that may stand before a layer's ID. `upload` and `text` are not among them: folders have such names.
const DELIVERIES: &[DeliveryType] = &[
    DeliveryType::Fetch,
    DeliveryType::Authenticated,
    DeliveryType::Private,
    DeliveryType::Facebook,
    DeliveryType::Twitter,
    DeliveryType::TwitterName,
    DeliveryType::Instagram,
    DeliveryType::InstagramName,
    DeliveryType::Gravatar,
    DeliveryType::Youtube,
    DeliveryType::Vimeo,
];

fn delivery(text: &str) -> Option<(DeliveryType, &str)> {
    let (word, rest) = cut(text, b':')?;
    let found = DeliveryType::from_word(word)?;
    DELIVERIES.contains(&found).then_some((found, rest))
}

/// `layer = text / subtitles / [kind ":"] [delivery ":"] id`
pub(super) fn layer(text: &str) -> Read<'_, Layer<'_>> {
    let (kind, rest) = match cut(text, b':') {
        Some((word, rest)) => match LayerKind::from_word(word) {
            Some(kind) => (kind, rest),
            None => (LayerKind::Image, text),
        },
        None => (LayerKind::Image, text),
    };
    match kind {
        LayerKind::Text => {
            let (style, text) = split_style(rest);
            Ok(Layer {
                kind,
                delivery: None,
                source: "",
                style: Some(style),
                text,
            })
        }
        LayerKind::Subtitles => {
            let styled = rest
                .split_once(':')
                .filter(|(style, _)| TextStyle::read(style).size.is_some());
            let (style, source) =
                styled.map_or((None, rest), |(style, source)| (Some(style), source));
            checked(
                Layer {
                    kind,
                    delivery: None,
                    source,
                    style,
                    text: None,
                },
                text,
            )
        }
        _ => {
            // `l_image:upload:logo`: behind a kind the full form goes on, and `upload` is no folder. It is none before a
            // version either: `l_upload:v12:logo`.
            let written_out = rest.len() < text.len();
            let upload = || {
                let source = rest
                    .strip_prefix("upload:")
                    .filter(|source| written_out || begins_with_version(source))?;
                Some((DeliveryType::Upload, source))
            };
            let (delivery, source) = delivery(rest)
                .or_else(upload)
                .map_or((None, rest), |(delivery, source)| (Some(delivery), source));
            checked(
                Layer {
                    kind,
                    delivery,
                    source,
                    style: None,
                    text: None,
                },
                text,
            )
        }
    }
}

fn begins_with_version(source: &str) -> bool {
    source.split_once(':').is_some_and(|(first, _)| {
        let digits = first.strip_prefix('v').unwrap_or("");
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// An ID must be there, and must not hide another kind of source behind a second percent-encoding.
fn checked<'a>(layer: Layer<'a>, text: &'a str) -> Read<'a, Layer<'a>> {
    let refuse = |expected| {
        Err(Box::new(Wrong {
            kind: ErrorKind::InvalidLayer,
            at: text,
            expected,
            hint: None,
        }))
    };
    if layer.source.is_empty() {
        return refuse("the ID of a layer");
    }
    if let Some((word, _)) = layer.source.split_once(':')
        && word.contains('%')
    {
        let word = decode_again(word);
        let hidden =
            LayerKind::from_word(&word).is_some() || DeliveryType::from_word(&word).is_some();
        if hidden {
            return refuse("the kind of a layer percent-encoded at most once");
        }
    }
    Ok(layer)
}

/// Style and text. Only the first colon is structural, except after the folder of a font file.
fn split_style(text: &str) -> (&str, Option<&str>) {
    let colon_after = |from: usize| {
        text.get(from..)
            .and_then(|rest| rest.find(':'))
            .map_or(text.len(), |at| from + at)
    };
    let mut end = colon_after(0);
    let head = text.get(..end).unwrap_or(text);
    if head.ends_with("_solid_rgb") {
        // `stroke_bo_4px_solid_rgb:ffffff`: the colon is the colour's.
        end = colon_after((end + 1).min(text.len()));
        return (text.get(..end).unwrap_or(text), text.get(end + 1..));
    }
    if TextStyle::read(head).size.is_none()
        && let Some(rest) = text.get(end + 1..)
        && let Some(length) = rest.find(':')
        && let Some(file) = rest.get(..length)
        && [".ttf", ".otf", ".woff2"]
            .iter()
            .any(|extension| file.contains(extension))
        && TextStyle::read(file).size.is_some()
    {
        end += 1 + length;
    }
    (text.get(..end).unwrap_or(text), text.get(end + 1..))
}

impl<'a> Layer<'a> {
    /// The ID with slashes: `logos/acme`. For `fetch` and texts, what [`source`](Self::source) is.
    #[must_use]
    pub fn public_id(&self) -> Cow<'a, str> {
        if self.delivery == Some(DeliveryType::Fetch) || !self.source.contains(':') {
            Cow::Borrowed(self.source)
        } else {
            Cow::Owned(self.source.replace(':', "/"))
        }
    }

    /// The URL of `fetch`: base64 in either alphabet, with or without padding and an extension after it.
    #[must_use]
    pub fn remote(&self) -> Option<String> {
        (self.delivery == Some(DeliveryType::Fetch)).then_some(())?;
        let source = decode_again(self.source);
        // Some SDKs name the kind and the delivery type, which here are the same word.
        let source = source.strip_prefix("fetch:").unwrap_or(&source);
        let digits = source.split(['.', '=']).next()?;
        String::from_utf8(base64(digits)?).ok()
    }

    /// The style, read. Of unknown words in it the first is kept.
    #[must_use]
    pub fn text_style(&self) -> Option<TextStyle<'a>> {
        self.style.map(TextStyle::read)
    }

    /// The text as it shall be drawn: decoded a second time, with variables still in it.
    #[must_use]
    pub fn decoded_text(&self) -> Option<Cow<'a, str>> {
        self.text.map(decode_again)
    }
}

fn base64(digits: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 3);
    let (mut held, mut bits) = (0u32, 0u32);
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'-' | b'+' => 62,
            b'_' | b'/' => 63,
            _ => return None,
        };
        held = held << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).ok()?);
            held &= (1 << bits) - 1;
        }
    }
    Some(bytes)
}

/// A piece of a text with variables in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextPart<'t> {
    /// Characters to draw.
    Literal(&'t str),
    /// `$(name)`, without the marks.
    Variable(&'t str),
}

impl<'t> TextPart<'t> {
    /// The pieces of a decoded text. `$(` with anything but a variable's name stays as it is.
    pub fn split(text: &'t str) -> impl Iterator<Item = TextPart<'t>> {
        let mut rest = text;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let mut from = 0;
            while let Some(at) = rest
                .get(from..)
                .and_then(|tail| tail.find("$("))
                .map(|at| at + from)
            {
                let after = rest.get(at + 2..).unwrap_or("");
                let length = after.bytes().take_while(u8::is_ascii_alphanumeric).count();
                let name = after.get(..length).unwrap_or("");
                if expression::is_variable_name(name)
                    && after.get(length..).is_some_and(|end| end.starts_with(')'))
                {
                    if at > 0 {
                        let literal = rest.get(..at).unwrap_or("");
                        rest = rest.get(at..).unwrap_or("");
                        return Some(TextPart::Literal(literal));
                    }
                    rest = after.get(length + 1..).unwrap_or("");
                    return Some(TextPart::Variable(name));
                }
                from = at + 2;
            }
            let literal = rest;
            rest = "";
            Some(TextPart::Literal(literal))
        })
    }
}

/// The style of a text layer: `Arial_40_bold_italic_underline_center_letter_spacing_2`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TextStyle<'a> {
    /// Family name, file ID or `Name@google`; the name of a stored style where there is no size.
    pub font: &'a str,
    /// Pixels, as written; a number or a `$variable`.
    pub size: Option<&'a str>,
    /// `bold`, `light`, `700`, …
    pub weight: Option<&'a str>,
    /// Whether slanted.
    pub italic: bool,
    /// Whether underlined.
    pub underline: bool,
    /// Whether struck through.
    pub strikethrough: bool,
    /// `left`, `center`, `right`, `start`, `end` or `justify`.
    pub align: Option<&'a str>,
    /// Whether the border is drawn around each letter.
    pub stroke: bool,
    /// Width and colour of that border where the style itself has them: `stroke_bo_4px_solid_black`.
    pub stroke_border: Option<(&'a str, &'a str)>,
    /// Pixels between letters.
    pub letter_spacing: Option<Number>,
    /// Pixels between lines.
    pub line_spacing: Option<Number>,
    /// `none`, `gray`, `subpixel`, `fast`, `good` or `best`.
    pub antialias: Option<&'a str>,
    /// `none`, `slight`, `medium` or `full`.
    pub hinting: Option<&'a str>,
    /// The first word behind the font that is none of the above.
    pub unknown: Option<&'a str>,
}

impl<'a> TextStyle<'a> {
    /// Reads a style. The font ends at the first size; the words after it may come in any order.
    #[must_use]
    pub fn read(text: &'a str) -> Self {
        let mut style = Self {
            font: text,
            ..Self::default()
        };
        let mut rest = text;
        let mut font_ended = false;
        while !rest.is_empty() {
            let at = text.len() - rest.len();
            let (token, after) = rest.split_once('_').unwrap_or((rest, ""));
            rest = after;
            let is_size = number::whole(token).is_some() || token.starts_with('$');
            if style.size.is_none() {
                if at > 0 && is_size {
                    style.size = Some(token);
                    if !font_ended {
                        style.font = text.get(..at - 1).unwrap_or(text);
                    }
                } else if at > 0
                    && !font_ended
                    && matches!(token, "bold" | "italic" | "light" | "thin")
                {
                    // `Montserrat_bold_18`: a weight before the size ends the font too, if a size follows.
                    if after.split('_').any(|token| number::whole(token).is_some()) {
                        style.font = text.get(..at - 1).unwrap_or(text);
                        font_ended = true;
                        style.word(token, &mut rest);
                    }
                } else if font_ended {
                    style.word(token, &mut rest);
                }
            } else {
                style.word(token, &mut rest);
            }
        }
        style
    }

    fn word(&mut self, token: &'a str, rest: &mut &'a str) {
        let mut next = || -> &'a str {
            let (token, after) = rest.split_once('_').unwrap_or((rest, ""));
            *rest = after;
            token
        };
        match token {
            "bold" | "thin" | "light" | "extralight" | "ultralight" | "medium" | "demibold"
            | "semibold" | "extrabold" | "ultrabold" | "black" | "heavy" => {
                self.weight = Some(token)
            }
            "100" | "200" | "300" | "400" | "500" | "600" | "700" | "800" | "900" => {
                self.weight = Some(token)
            }
            "italic" => self.italic = true,
            "underline" => self.underline = true,
            "strikethrough" => self.strikethrough = true,
            "left" | "center" | "right" | "start" | "end" | "justify" => self.align = Some(token),
            "stroke" => self.stroke = true,
            "letter" | "line" if next() == "spacing" => {
                let spacing = next();
                let value = number::whole(spacing);
                if value.is_none() {
                    self.unknown = self.unknown.or(Some(spacing));
                }
                if token == "letter" {
                    self.letter_spacing = value;
                } else {
                    self.line_spacing = value;
                }
            }
            "bo" => {
                let (width, _solid, colour) = (next(), next(), next());
                self.stroke_border = Some((width.strip_suffix("px").unwrap_or(width), colour));
            }
            "antialias" => self.antialias = Some(next()),
            "hinting" => self.hinting = Some(next()),
            // What is so without a word.
            "" | "normal" | "none" | "regular" => {}
            _ => self.unknown = self.unknown.or(Some(token)),
        }
    }
}
