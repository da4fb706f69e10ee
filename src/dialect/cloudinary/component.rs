//! One component to ops.
//!
//! Order inside a component means nothing in the URL. Its work is done in this order, here and
//! nowhere else: variables and named transformations (by the chain) · page · stretch of time ·
//! trimming · turning to a shape · crop or resize · effect · rounding and border · turning · opacity ·
//! background · format, quality and flags. (Cloudinary does not publish its own order; this one is
//! listed in `docs/compatibility.md` as assumed.)

use super::expression::{amount, boxed, ink, literal};
use super::variables::Texts;
use super::{effect, output, size, video};
use crate::dialect::{Error, Note, NoteLevel, Notes};
use crate::grammar::value::{
    AngleStep, AngleWord, Arg, Corner as WrittenCorner, Fill as WrittenFill, PageItem, Words,
};
use crate::grammar::{Component, KeySet, Number, Param, ParamKey, Value};
use crate::spec::{
    Amount, Angle, Border, Corner, Decimal, Derived, Dpr, Effect, Fill, Ink, Length, Op, Percent,
    Radii, Select, Support, TransformSpec, Turn,
};

/// Widest border, in pixels.
const MAX_BORDER: i64 = 10_000;

/// `b_blurred` without a number: its strength, 1 to 2000. Assumed.
const BLURRED_STRENGTH: i32 = 100;

/// What is done before a resize.
const EARLY: KeySet = KeySet::of(&[
    ParamKey::Page,
    ParamKey::StartOffset,
    ParamKey::EndOffset,
    ParamKey::Duration,
]);
/// What is done after it, effects and backgrounds aside.
const LATE: KeySet = KeySet::of(&[
    ParamKey::Function,
    ParamKey::Radius,
    ParamKey::Border,
    ParamKey::Angle,
    ParamKey::Opacity,
]);

/// Reads one component into a specification.
pub(super) struct Reader<'a, 'u> {
    pub(super) component: &'a Component<'u>,
    /// Keys that something else reads: where a layer goes, how a text looks.
    pub(super) hidden: KeySet,
    /// The component is a layer's.
    pub(super) layer: bool,
    /// What variables hold here.
    pub(super) texts: &'a Texts,
    /// The pixel ratio of a component before any that has a size.
    pub(super) leading: Option<&'a Dpr>,
    pub(super) spec: &'a mut TransformSpec,
    pub(super) notes: &'a mut Notes,
}

impl<'a, 'u> Reader<'a, 'u> {
    pub(super) fn read(mut self) -> Result<(), Error> {
        if self.has_any(EARLY) {
            self.page()?;
            video::clip(&mut self);
        }
        let trims = effect::is_trim(self.component);
        if trims {
            effect::read(&mut self);
        }
        let fill = self.background();
        let resized = self.has_any(size::KEYS) && size::read(&mut self, fill.clone())?;
        if !trims {
            effect::read(&mut self);
        }
        if self.has_any(LATE) {
            self.function();
            self.corners();
            self.turns();
            self.opacity();
        }
        // Padding has its fill already; everything transparent in the picture gets it too.
        match fill {
            Some(Fill::Colour(colour)) if colour.a == 0 => {}
            Some(fill @ (Fill::Colour(_) | Fill::Variable(_))) => {
                self.spec.ops.push(Op::Background(fill));
            }
            Some(fill) if !resized => self.spec.ops.push(Op::Background(fill)),
            _ => {}
        }
        output::read(&mut self)
    }

    /// Whether the component has any of these keys: what it has not is not looked for one by one.
    pub(super) const fn has_any(&self, keys: KeySet) -> bool {
        self.component.keys.without(self.hidden).meets(keys)
    }

    /// The parameter that counts for a key.
    pub(super) fn param(&self, key: ParamKey) -> Option<&'a Param<'u>> {
        if self.hidden.has(key) {
            return None;
        }
        self.component.last(key)
    }

    /// Adds an op, and notes what the one table says about it.
    pub(super) fn push(&mut self, op: Op, parameter: &str) {
        self.judge(op.support(), parameter);
        self.spec.ops.push(op);
    }

    /// Notes what the one table says about a parameter.
    pub(super) fn judge(&mut self, support: Support, parameter: &str) {
        self.notes.extend(note_of(support, parameter));
    }

    pub(super) fn note(&mut self, level: NoteLevel, parameter: &str, message: &'static str) {
        self.notes.push(Note {
            level,
            parameter: parameter.into(),
            message: message.into(),
        });
    }

    pub(super) fn note_key(&mut self, key: ParamKey, level: NoteLevel, message: &'static str) {
        if let Some(text) = self.param(key).map(|param| param.text) {
            self.note(level, text, message);
        }
    }

    fn page(&mut self) -> Result<(), Error> {
        let Some(param) = self.param(ParamKey::Page) else {
            return Ok(());
        };
        let Value::Pages(pages) = &param.value else {
            return Ok(());
        };
        let names = |embedded| Select::Named {
            embedded,
            names: pages
                .iter()
                .filter_map(|item| match item {
                    PageItem::Name(name) => Some(name.into()),
                    PageItem::One(number) => Some(number.to_string().into()),
                    PageItem::Range(..) => None,
                })
                .collect(),
        };
        let mut items = pages.iter();
        let select = match (pages.kind(), items.next(), items.next()) {
            (Some(kind), ..) => names(kind == "embedded"),
            (None, Some(PageItem::One(0)), None) => {
                return Err(Error::Conflict {
                    parameter: param.text.into(),
                    reason: "pages are counted from 1".into(),
                });
            }
            (None, Some(PageItem::One(page)), None) => Select::Page(page),
            (None, Some(PageItem::Name(value)), None) => {
                let expr = Arg { name: None, value }.expr();
                expr.map_or_else(
                    || names(false),
                    |expr| Select::PageBy(boxed(&expr, Some(crate::spec::Fact::Page))),
                )
            }
            _ if pages.iter().any(|item| matches!(item, PageItem::Name(_))) => names(false),
            _ => Select::Pages(
                pages
                    .iter()
                    .filter_map(|item| match item {
                        PageItem::One(page) => Some((page, Some(page))),
                        PageItem::Range(first, last) => Some((first, last)),
                        PageItem::Name(_) => None,
                    })
                    .collect(),
            ),
        };
        self.judge(select.support(), param.text);
        self.spec.select = select;
        Ok(())
    }

    fn background(&mut self) -> Option<Fill> {
        let param = self.param(ParamKey::Background)?;
        let fill = match &param.value {
            Value::Colour(colour) => match ink(colour) {
                Ink::Colour(colour) => Fill::Colour(colour),
                Ink::Variable(name) => Fill::Variable(name),
            },
            Value::Fill(WrittenFill::Auto(words)) => derived(*words),
            Value::Fill(WrittenFill::Blurred(words)) => {
                let mut levels = words.iter().map(|value| {
                    let number = Arg { name: None, value }.number();
                    number.map(|number| Amount::Fixed(super::expression::saturated(number)))
                });
                let mut level = |default| levels.next().flatten().unwrap_or(Amount::whole(default));
                Fill::Blurred(Box::new((level(BLURRED_STRENGTH), level(0))))
            }
            Value::Fill(WrittenFill::GenFill(words)) => Fill::Generated(words.as_str().into()),
            _ => return None,
        };
        self.judge(fill.support(), param.text);
        Some(fill)
    }

    fn function(&mut self) {
        if let Some(param) = self.param(ParamKey::Function) {
            let options = param.value_text().into();
            let function = Op::Effect(Box::new(Effect::Function { options }));
            self.push(function, param.text);
        }
    }

    fn corners(&mut self) {
        let radii = self.radii();
        let border = self.border(radii.as_ref());
        self.spec.ops.extend(radii.map(Op::Round));
        self.spec.ops.extend(border.map(Op::Border));
    }

    fn radii(&mut self) -> Option<Radii> {
        let param = self.param(ParamKey::Radius)?;
        let Value::Radius(radius) = &param.value else {
            return None;
        };
        let mut corners = radius.corners().map(|corner| match corner {
            WrittenCorner::Max => Corner::Max,
            WrittenCorner::Pixels(number) => {
                Corner::Px(u32::try_from(nearest(number)).unwrap_or(0))
            }
            WrittenCorner::Expr(expr) => Corner::Expr(boxed(&expr, None)),
        });
        // Two: the diagonals. Three: top left, the other diagonal, bottom right.
        let a = corners.next()?;
        let b = corners.next().unwrap_or_else(|| a.clone());
        let c = corners.next().unwrap_or_else(|| a.clone());
        let d = corners.next().unwrap_or_else(|| b.clone());
        let radii = Radii {
            corners: [a, b, c, d],
            dpr: size::dpr_behind_a_size(self),
        };
        if radii.corners.iter().all(|corner| *corner == Corner::Px(0)) {
            return None;
        }
        self.judge(Op::Round(radii.clone()).support(), param.text);
        Some(radii)
    }

    fn border(&mut self, radii: Option<&Radii>) -> Option<Border> {
        let param = self.param(ParamKey::Border)?;
        let Value::Border(written) = &param.value else {
            return None;
        };
        let border = Border {
            width: match literal(&written.width) {
                Some(width) => {
                    Length::Px(i32::try_from(nearest(width).clamp(0, MAX_BORDER)).unwrap_or(0))
                }
                None => Length::Expr(boxed(&written.width, None)),
            },
            colour: ink(&written.colour),
            radii: radii.cloned(),
            dpr: size::dpr_behind_a_size(self),
        };
        if border.width == Length::Px(0) {
            return None;
        }
        self.judge(Op::Border(border.clone()).support(), param.text);
        Some(border)
    }

    fn turns(&mut self) {
        let Some(param) = self.param(ParamKey::Angle) else {
            return;
        };
        let Value::Angle(angle) = &param.value else {
            return;
        };
        let mut turn = Turn::NONE;
        for step in angle.steps() {
            let other = match step {
                AngleStep::Word(AngleWord::HorizontalFlip) => {
                    turn = turn.then(Turn::MIRROR);
                    continue;
                }
                AngleStep::Word(AngleWord::VerticalFlip) => {
                    turn = turn.then(Turn::FLIP);
                    continue;
                }
                AngleStep::Word(AngleWord::Ignore) => {
                    self.spec.ops.insert(0, Op::IgnoreOrientation);
                    continue;
                }
                // The orientation tag is applied before anything else in any case; turning to a
                // shape has been read with the box.
                AngleStep::Word(
                    AngleWord::Exif | AngleWord::Auto | AngleWord::AutoLeft | AngleWord::AutoRight,
                ) => continue,
                AngleStep::Degrees(number) => match quarters(number) {
                    Some(quarters) => {
                        turn = turn.then(Turn::quarters(quarters));
                        continue;
                    }
                    None => Op::Rotate(angle_of(number)),
                },
                AngleStep::Expr(expr) => Op::RotateBy(boxed(&expr, None)),
            };
            // Steps go from left to right.
            let before = std::mem::take(&mut turn);
            if before != Turn::NONE {
                self.spec.ops.push(Op::Turn(before));
            }
            self.push(other, param.text);
        }
        if turn != Turn::NONE {
            self.spec.ops.push(Op::Turn(turn));
        }
    }

    fn opacity(&mut self) {
        let Some(param) = self.param(ParamKey::Opacity) else {
            return;
        };
        match (&param.value, amount(&param.value)) {
            (Value::Number(number), _) => {
                let level = nearest(*number);
                let percent = u8::try_from(level.clamp(0, 100)).unwrap_or(100);
                if level > 100 {
                    let message = "held to the documented range";
                    self.note(NoteLevel::Approximated, param.text, message);
                }
                if percent < 100 {
                    self.spec.ops.extend(Percent::new(percent).map(Op::Opacity));
                }
            }
            (_, Some(Amount::Expr(expr))) => self.push(Op::OpacityBy(expr), param.text),
            _ => {}
        }
    }
}

/// The note that the one table has for a parameter, if any.
pub(super) fn note_of(support: Support, parameter: &str) -> Option<Note> {
    let (level, reason) = match support {
        Support::Supported => return None,
        Support::Approximated(reason) => (NoteLevel::Approximated, reason),
        Support::Unsupported(reason) => (NoteLevel::Unsupported, reason),
    };
    Some(Note {
        level,
        parameter: parameter.into(),
        message: reason.into(),
    })
}

/// `b_auto` with its mode, number of colours, direction and palette; the border's colour by default.
fn derived(words: Words<'_>) -> Fill {
    let mode = words.first();
    if matches!(mode, "" | "border") && words.iter().count() < 2 {
        return Fill::EdgeColour;
    }
    let gradient = mode.contains("gradient");
    let find = |wanted: &[&str]| words.iter().find(|word| wanted.contains(word));
    Fill::Derived(Box::new(Derived {
        edges: !mode.starts_with("predominant"),
        contrast: mode.contains("contrast"),
        colours: match (gradient, find(&["4"])) {
            (false, _) => 1,
            (true, None) => 2,
            (true, Some(_)) => 4,
        },
        direction: gradient
            .then(|| find(&["horizontal", "vertical", "diagonal_desc", "diagonal_asc"]))
            .flatten()
            .map(Into::into),
        palette: words
            .iter()
            .find_map(|word| word.strip_prefix("palette_"))
            .into_iter()
            .flat_map(|names| names.split('_'))
            .filter_map(|value| Some(ink(&Arg { name: None, value }.colour()?)))
            .collect(),
    }))
}

/// The nearest whole number, halves away from zero; the farthest that fits for what is too large.
pub(super) fn nearest(number: Number) -> i64 {
    let scale = 10_i128.pow(u32::from(number.decimals.min(18)));
    let n = i128::from(number.mantissa);
    let rounded = (n.abs() + scale / 2) / scale * n.signum();
    i64::try_from(rounded).unwrap_or(if n < 0 { i64::MIN } else { i64::MAX })
}

/// A number in billionths.
pub(super) fn decimal(number: Number) -> Option<Decimal> {
    Decimal::from_parts(number.mantissa, number.decimals)
}

fn quarters(degrees: Number) -> Option<i32> {
    let whole = degrees.as_integer()?;
    if whole % 90 == 0 {
        i32::try_from(whole / 90).ok()
    } else {
        None
    }
}

fn angle_of(degrees: Number) -> Angle {
    let full = 360 * i128::from(Decimal::SCALE);
    let billionths = decimal(degrees).map_or(0, |d| i128::from(d.billionths()) % full);
    Angle(i32::try_from(billionths / 1_000_000).unwrap_or(0))
}
