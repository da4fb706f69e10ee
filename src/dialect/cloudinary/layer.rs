//! Layers: where they come from, and how they are placed and blended.
//!
//! What stands in a layer's components is its own, except where it goes (`g_ x_ y_` of the closing
//! component, or of the only one), when it is seen (`so_ eo_ du_` there) and how it is blended.

use super::component::{Reader, nearest};
use super::expression::{ink, length, saturated};
use super::variables::{Texts, with_param};
use super::{delivery_type, effect, size, stored, video};
use crate::dialect::{Error, Note, NoteLevel, Notes, Rules};
use crate::grammar::params::{CropMode, FlagName};
use crate::grammar::value::{Arg, Layer, LayerKind, Number, TextPart, TextStyle, decode_again};
use crate::grammar::{
    self, Component, KeySet, LayerScope, Limits, Param, ParamKey, UrlText, Value,
};
use crate::spec::{
    Align, Amount, Area, AssetRef, AssetType, Blend, Clip, Colour, Compass, DeliveryType, Dpr,
    Fact, Gravity, Ink, Length, Offset, Op, Overlay, Source, Style, Text, TextPiece, TransformSpec,
};

/// What places a layer in space and time instead of working on it.
const PLACING: KeySet = KeySet::of(&[
    ParamKey::Gravity,
    ParamKey::X,
    ParamKey::Y,
    ParamKey::StartOffset,
    ParamKey::EndOffset,
    ParamKey::Duration,
]);
/// What says where a text's lines end, in its own component.
const LINES: KeySet = KeySet::of(&[ParamKey::Crop, ParamKey::Width, ParamKey::Height]);
/// The box behind a text.
const BOX: KeySet = KeySet::of(&[ParamKey::Background]);
const STROKE: KeySet = KeySet::of(&[ParamKey::Border]);
const EFFECT: KeySet = KeySet::of(&[ParamKey::Effect]);

/// The components of a layer that say how it is laid.
pub(super) struct Frame<'a, 'u> {
    pub(super) opening: &'a Component<'u>,
    /// The same where the layer stands in one component.
    pub(super) closing: &'a Component<'u>,
    /// Those between the two, layers inside this one with them.
    pub(super) inner: &'a [Component<'u>],
    /// Where the first of those stands in its chain.
    pub(super) first: usize,
    pub(super) alone: bool,
}

impl<'a, 'u> Frame<'a, 'u> {
    /// The parameter that names the layer, and whether it goes under the picture.
    pub(super) fn named(&self) -> Option<(&'a Param<'u>, &'a Layer<'u>, bool)> {
        let param = self
            .opening
            .params
            .iter()
            .rev()
            .find(|param| matches!(param.key, ParamKey::Overlay | ParamKey::Underlay))?;
        match &param.value {
            Value::Layer(layer) => Some((param, &**layer, param.key == ParamKey::Underlay)),
            _ => None,
        }
    }

    /// What of a component is not for the layer's own chain.
    pub(super) fn hidden(&self, component: &Component<'u>) -> KeySet {
        let opening = std::ptr::eq(component, self.opening);
        let mut hidden = KeySet::default();
        if !opening || self.alone || self.opening_places() {
            hidden = hidden.and(PLACING);
        }
        if effect::blend(component).is_some() {
            hidden = hidden.and(EFFECT);
        }
        if let (true, Some((_, layer, _))) = (opening, self.named())
            && matches!(layer.kind, LayerKind::Text | LayerKind::Subtitles)
        {
            hidden = hidden.and(BOX);
            if self.wraps() {
                hidden = hidden.and(LINES);
            }
            if strokes(layer) {
                hidden = hidden.and(STROKE);
            }
        }
        hidden
    }

    /// An opening component without a crop has no other use for a gravity than the layer's place.
    /// Assumed.
    fn opening_places(&self) -> bool {
        self.is_text() || self.opening.last(ParamKey::Crop).is_none()
    }

    /// A parameter about the layer's place: of the closing component, else of the opening one.
    fn place(&self, key: ParamKey) -> Option<&'a Param<'u>> {
        let opening = || self.opening.last(key).filter(|_| self.opening_places());
        self.closing.last(key).or_else(opening)
    }

    /// Whether a text's size is where its lines end. Documented for `c_fit`; without a crop mode
    /// assumed.
    fn wraps(&self) -> bool {
        self.opening
            .last(ParamKey::Crop)
            .is_none_or(|param| param.value == Value::Crop(CropMode::Fit))
    }

    fn is_text(&self) -> bool {
        self.named()
            .is_some_and(|(_, layer, _)| layer.kind == LayerKind::Text)
    }

    fn flag(&self, wanted: FlagName) -> Option<&'u str> {
        [self.closing, self.opening]
            .into_iter()
            .flat_map(|component| component.all(ParamKey::Flags))
            .find_map(|param| match &param.value {
                Value::Flags(flags) => flags
                    .iter()
                    .find(|flag| flag.name == Some(wanted))
                    .map(|flag| flag.argument.unwrap_or_default()),
                _ => None,
            })
    }

    /// Whether the closing or opening component has a flag, or one of those between that are the layer's own:
    /// `l_logo/c_scale,fl_relative,w_0.3/fl_layer_apply`.
    fn flag_anywhere(&self, wanted: FlagName) -> bool {
        let mut at = 0;
        while let Some(component) = self.inner.get(at) {
            if size::has_flag(component, wanted) {
                return true;
            }
            at = match component.layer {
                LayerScope::Opens { close } => usize::try_from(close)
                    .unwrap_or(usize::MAX)
                    .saturating_sub(self.first)
                    .max(at),
                _ => at,
            } + 1;
        }
        self.flag(wanted).is_some()
    }

    fn blend(&self) -> Blend {
        if let Some(transition) = self.flag(FlagName::Splice) {
            return Blend::Splice(transition.into());
        }
        if self.flag(FlagName::Cutter).is_some() {
            return Blend::Cutter;
        }
        effect::blend(self.closing)
            .or_else(|| effect::blend(self.opening))
            .unwrap_or_default()
    }

    /// Whether shares in the sizes of the layer's own components are of the picture below.
    pub(super) fn is_relative(&self) -> bool {
        is_relative(self.opening) || is_relative(self.closing)
    }

    /// The layer, once its own chain is read.
    pub(super) fn overlay(
        &self,
        source: Source,
        under: bool,
        inner: TransformSpec,
        texts: &Texts,
        notes: &mut Notes,
    ) -> Overlay {
        let along = |key, current| length(&self.place(key)?.value, current);
        let time = |key| video::time_of(&self.place(key)?.value);
        let placing = [self.closing, self.opening]
            .into_iter()
            .find(|component| component.last(ParamKey::Gravity).is_some());
        let gravity = placing
            .filter(|component| std::ptr::eq(*component, self.closing) || self.opening_places())
            .and_then(|component| {
                size::gravity_of(&mut Reader {
                    component,
                    hidden: KeySet::default(),
                    layer: true,
                    texts,
                    leading: None,
                    spec: &mut TransformSpec::default(),
                    notes,
                })
            });
        let fallback = match source {
            Source::Subtitles(..) => Compass::South,
            _ => Compass::Center,
        };
        Overlay {
            under,
            select: inner.select,
            ops: inner.ops,
            gravity: gravity.unwrap_or(Gravity::Compass(fallback)),
            offset: Offset {
                x: along(ParamKey::X, Fact::X),
                y: along(ParamKey::Y, Fact::Y),
            },
            blend: self.blend(),
            of_region: self.flag_anywhere(FlagName::RegionRelative),
            tiled: self.flag_anywhere(FlagName::Tiled),
            no_overflow: self.flag_anywhere(FlagName::NoOverflow),
            clip: Clip {
                start: time(ParamKey::StartOffset),
                end: time(ParamKey::EndOffset),
                duration: time(ParamKey::Duration),
            },
            source,
        }
    }

    /// Where the layer comes from.
    pub(super) fn source(
        &self,
        param: &Param<'_>,
        layer: &Layer<'_>,
        rules: &Rules,
        texts: &Texts,
        notes: &mut Notes,
    ) -> Result<Source, Error> {
        if let Some(name) = layer.source.strip_prefix('$') {
            let known = texts.get(name).and_then(|text| {
                with_param("l", text, |param| match &param.value {
                    Value::Layer(held) if !held.source.starts_with('$') => {
                        Some(self.source(param, held, rules, texts, notes))
                    }
                    _ => None,
                })
            });
            return known
                .flatten()
                .unwrap_or_else(|| Ok(Source::Variable(name.into())));
        }
        let held = layer.style.and_then(|style| style.strip_prefix('$'));
        if let Some(style) = held
            .and_then(|name| texts.get(name))
            .filter(|style| !style.starts_with('$'))
        {
            let styled = Layer {
                style: Some(style),
                ..layer.clone()
            };
            return self.source(param, &styled, rules, texts, notes);
        }
        if let Some(style) = layer.text_style()
            && style.size.is_some()
            && style.unknown.is_some()
        {
            notes.push(Note {
                level: NoteLevel::Approximated,
                parameter: param.text.into(),
                message: "a word of the style is not known: left out".into(),
            });
        }
        Ok(match layer.kind {
            LayerKind::Image => Source::Picture(asset(param, layer, AssetType::Image)?),
            LayerKind::Video => Source::Video(asset(param, layer, AssetType::Video)?),
            // Sounds are stored as videos are.
            LayerKind::Audio => Source::Sound(asset(param, layer, AssetType::Video)?),
            LayerKind::Lut => Source::ColourTable(asset(param, layer, AssetType::Raw)?),
            LayerKind::Subtitles => {
                let mut style = self.style(layer, rules, Colour::WHITE);
                if layer.style.is_none() {
                    style.font = "Arial".into();
                    style.size = Some(Amount::whole(15));
                }
                Source::Subtitles(asset(param, layer, AssetType::Raw)?, Box::new(style))
            }
            LayerKind::Text => {
                let wrap = size::area(&mut Reader {
                    component: self.opening,
                    hidden: KeySet::default(),
                    layer: true,
                    texts,
                    leading: None,
                    spec: &mut TransformSpec::default(),
                    notes,
                })?;
                let decoded = layer.decoded_text();
                Source::Text(Box::new(Text {
                    pieces: decoded
                        .as_deref()
                        .into_iter()
                        .flat_map(TextPart::split)
                        .map(|part| match part {
                            TextPart::Literal(text) => TextPiece::Literal(text.into()),
                            TextPart::Variable(name) => TextPiece::Variable(name.into()),
                        })
                        .collect(),
                    style: self.style(layer, rules, Colour::BLACK),
                    wrap: if self.wraps() {
                        let mut wrap = Area {
                            dpr: Dpr::default(),
                            ..wrap
                        };
                        if self.is_relative() {
                            of_base(&mut wrap);
                        }
                        wrap
                    } else {
                        Area::default()
                    },
                    untrimmed: self.flag(FlagName::TextNoTrim).is_some(),
                    must_fit: self.flag(FlagName::TextDisallowOverflow).is_some(),
                    font_files: font_files(layer),
                }))
            }
        })
    }

    /// A stored style with what the URL says beside its name.
    fn over(&self, stored: Style, layer: &Layer<'_>) -> Style {
        let own = self.style(
            &Layer {
                style: Some(""),
                ..layer.clone()
            },
            &Rules::default(),
            Colour::BLACK,
        );
        Style {
            colour: if self.opening.last(ParamKey::Colour).is_some() {
                own.colour
            } else {
                stored.colour
            },
            background: own.background.or(stored.background),
            stroke: own.stroke.or(stored.stroke),
            ..stored
        }
    }

    fn style(&self, layer: &Layer<'_>, rules: &Rules, default: Colour) -> Style {
        let written = layer.text_style().unwrap_or_default();
        if written.size.is_none()
            && let Some(stored) = layer.style.and_then(|name| rules.styles.get(name))
            && let Some(style) = stored_style(stored, default)
        {
            return self.over(style, layer);
        }
        let colour = |key| match &self.opening.last(key)?.value {
            Value::Colour(colour) => Some(ink(colour)),
            _ => None,
        };
        let border = self
            .opening
            .last(ParamKey::Border)
            .and_then(|param| match &param.value {
                Value::Border(border) => Some((
                    super::expression::literal(&border.width).map_or_else(
                        || Length::Expr(super::expression::boxed(&border.width, None)),
                        |width| Length::Px(i32::try_from(nearest(width)).unwrap_or(i32::MAX)),
                    ),
                    ink(&border.colour),
                )),
                _ => None,
            });
        Style {
            font: decode_again(written.font).into(),
            size: written.size.and_then(amount),
            weight: weight(written.weight),
            italic: written.italic,
            underline: written.underline,
            strikethrough: written.strikethrough,
            align: align(&written),
            letter_spacing: written.letter_spacing.map(fixed),
            line_spacing: written.line_spacing.map(fixed),
            colour: colour(ParamKey::Colour).unwrap_or(Ink::Colour(default)),
            background: colour(ParamKey::Background),
            stroke: written
                .stroke_border
                .and_then(own_stroke)
                .or(border.filter(|_| strokes(layer))),
            antialias: written.antialias.map(Into::into),
            hinting: written.hinting.map(Into::into),
        }
    }
}

/// Whether a text can be a stored style: one that names a font and a size, with parameters behind it.
#[must_use]
pub fn is_text_style(style: &str) -> bool {
    stored_style(style, Colour::BLACK).is_some_and(|style| style.size.is_some())
}

/// `Arial_40_bold,co_white` as the style that it stands for.
fn stored_style(written: &str, default: Colour) -> Option<Style> {
    let (style, rest) = written.split_once(',').unwrap_or((written, ""));
    let text = format!("l_text:{style}:x,{rest}");
    let text = UrlText::chain(text.trim_end_matches(','));
    let chain = grammar::parse_chain(&text, &Limits::default()).ok()?;
    let [opening] = chain.components.as_slice() else {
        return None;
    };
    let frame = Frame {
        opening,
        closing: opening,
        alone: true,
        inner: &[],
        first: 0,
    };
    let (_, layer, _) = frame.named()?;
    layer.text_style()?.size?;
    Some(frame.style(layer, &Rules::default(), default))
}

/// Whether a component of a layer has sizes that are shares of the picture below, or of a region of it.
pub(super) fn is_relative(component: &Component<'_>) -> bool {
    component
        .all(ParamKey::Flags)
        .any(|param| match &param.value {
            Value::Flags(flags) => flags.iter().any(|flag| {
                let name = flag.name;
                name == Some(FlagName::Relative) || name == Some(FlagName::RegionRelative)
            }),
            _ => false,
        })
}

/// Shares in the sizes of a component's ops become shares of the picture below.
pub(super) fn relate(ops: &mut [Op]) {
    for op in ops {
        match op {
            Op::Resize(resize) => of_base(&mut resize.area),
            Op::Crop(crop) => of_base(&mut crop.area),
            _ => {}
        }
    }
}

fn of_base(area: &mut Area) {
    for side in [&mut area.width, &mut area.height].into_iter().flatten() {
        if let Length::Share(share) = *side {
            *side = Length::OfBase(share);
        }
    }
}

/// The picture that an argument names, by a variable or itself, as a layer would be named.
pub(super) fn referred(value: &str, texts: &Texts) -> Option<AssetRef> {
    let id = match value.strip_prefix('$') {
        Some(name) => texts.get(name)?,
        None => value,
    };
    with_param("l", id, |param| match &param.value {
        Value::Layer(layer) if layer.kind == LayerKind::Image && !layer.source.is_empty() => {
            asset(param, layer, AssetType::Image).ok()
        }
        _ => None,
    })
    .flatten()
}

fn asset(param: &Param<'_>, layer: &Layer<'_>, kind: AssetType) -> Result<AssetRef, Error> {
    if layer.delivery == Some(grammar::DeliveryType::Fetch) {
        let remote = layer.remote().ok_or_else(|| Error::Conflict {
            parameter: param.text.into(),
            reason: "a fetched layer's URL is written in base64".into(),
        })?;
        return Ok(AssetRef {
            asset_type: kind,
            delivery_type: DeliveryType::Fetch,
            public_id: remote.into(),
            extension: None,
            version: None,
        });
    }
    let delivery = layer.delivery.map_or(DeliveryType::Upload, delivery_type);
    Ok(stored(kind, delivery, layer.source))
}

fn fixed(number: Number) -> Amount {
    Amount::Fixed(saturated(number))
}

fn amount(value: &str) -> Option<Amount> {
    super::expression::argument(&Arg { name: None, value })
}

/// Where a style's font may be stored, if it names a file. Fonts are kept as authenticated files, and
/// are used by everyone.
fn font_files(layer: &Layer<'_>) -> Box<[AssetRef]> {
    let font = layer.text_style().map_or("", |style| style.font);
    let lower = font.to_ascii_lowercase();
    if ![".ttf", ".otf", ".ttc"]
        .iter()
        .any(|kind| lower.ends_with(kind))
    {
        return Box::default();
    }
    [DeliveryType::Authenticated, DeliveryType::Upload]
        .map(|delivery| stored(AssetType::Raw, delivery, font))
        .into()
}

/// A weight's word as a number, 400 where there is none.
fn weight(word: Option<&str>) -> u16 {
    match word {
        Some("thin") => 100,
        Some("extralight" | "ultralight") => 200,
        Some("light") => 300,
        Some("medium") => 500,
        Some("demibold" | "semibold") => 600,
        Some("bold") => 700,
        Some("extrabold" | "ultrabold") => 800,
        Some("black" | "heavy") => 900,
        Some(number) => number.parse().unwrap_or(400),
        None => 400,
    }
}

fn align(style: &TextStyle<'_>) -> Align {
    match style.align {
        Some("center") => Align::Center,
        Some("right") => Align::Right,
        Some("start") => Align::Start,
        Some("end") => Align::End,
        Some("justify") => Align::Justify,
        _ => Align::Left,
    }
}

/// Whether a border is drawn around each letter, instead of around the box.
fn strokes(layer: &Layer<'_>) -> bool {
    layer.kind == LayerKind::Subtitles || layer.text_style().is_some_and(|style| style.stroke)
}

/// `stroke_bo_4px_solid_black` inside the style.
fn own_stroke((width, colour): (&str, &str)) -> Option<(Length, Ink)> {
    let argument = |value| Arg { name: None, value };
    let width = super::expression::length_argument(&argument(width))?;
    Some((width, ink(&argument(colour).colour()?)))
}
