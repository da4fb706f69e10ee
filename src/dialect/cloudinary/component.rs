//! One component to ops.
//!
//! Order inside a component means nothing in the URL. Its work is done in this order, here and
//! nowhere else: page · crop or resize · effects · rounding and border · turning · opacity ·
//! background · format, quality and flags. (Cloudinary does not publish its own order; this one is
//! listed in `docs/compatibility.md` as assumed.)

use super::{output, size};
use crate::dialect::{Error, Note, NoteLevel, Notes};
use crate::grammar::value::{
    AngleStep, AngleWord, Corner as WrittenCorner, Fill as WrittenFill, Operand,
};
use crate::grammar::{Component, Expr, Number, Param, ParamKey, Value};
use crate::spec::{
    Angle, Border, Colour, Corner, Decimal, Fill, Op, Percent, Radii, Select, TransformSpec, Turn,
};

/// Widest border, in pixels.
const MAX_BORDER: i64 = 10_000;

/// Reads one component into a specification.
pub(super) struct Reader<'a, 'u> {
    pub(super) component: &'a Component<'u>,
    pub(super) spec: &'a mut TransformSpec,
    pub(super) notes: &'a mut Notes,
}

impl<'u> Reader<'_, 'u> {
    pub(super) fn read(mut self) -> Result<(), Error> {
        self.page();
        let fill = self.background();
        let resized = size::read(&mut self, fill)?;
        self.effects();
        self.corners();
        self.turns();
        self.opacity();
        // Padding has its fill already; everything transparent in the picture gets it too.
        if let Some(fill @ Fill::Colour(colour)) = fill
            && colour.a > 0
        {
            self.spec.ops.push(Op::Background(fill));
        } else if let Some(Fill::EdgeColour) = fill
            && !resized
        {
            self.spec.ops.push(Op::Background(Fill::EdgeColour));
        }
        output::read(&mut self)
    }

    /// The parameter that counts for a key.
    pub(super) fn param(&self, key: ParamKey) -> Option<&Param<'u>> {
        self.component.last(key)
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

    fn page(&mut self) {
        let Some(param) = self.param(ParamKey::Page) else {
            return;
        };
        match param.value_text().parse() {
            Ok(1) => {}
            Ok(page) if page > 0 => {
                self.spec.select = Select::Page(page);
                self.note_key(
                    ParamKey::Page,
                    NoteLevel::Unsupported,
                    "only the first page is rendered",
                );
            }
            _ => self.note_key(
                ParamKey::Page,
                NoteLevel::Unsupported,
                "only the first page is rendered",
            ),
        }
    }

    fn background(&mut self) -> Option<Fill> {
        let param = self.param(ParamKey::Background)?;
        match &param.value {
            Value::Colour(colour) => match colour.rgba() {
                Some([r, g, b, a]) => Some(Fill::Colour(Colour { r, g, b, a })),
                None => {
                    self.note_key(
                        ParamKey::Background,
                        NoteLevel::Unsupported,
                        "variables are not evaluated",
                    );
                    None
                }
            },
            Value::Fill(WrittenFill::Auto(words)) => {
                if !matches!(words.as_str(), "" | "border") {
                    self.note_key(
                        ParamKey::Background,
                        NoteLevel::Approximated,
                        "the most common colour of the edge is used",
                    );
                }
                Some(Fill::EdgeColour)
            }
            _ => {
                self.note_key(
                    ParamKey::Background,
                    NoteLevel::Unsupported,
                    "this background cannot be made",
                );
                None
            }
        }
    }

    fn effects(&mut self) {
        self.note_key(
            ParamKey::Effect,
            NoteLevel::Unsupported,
            "effects are not rendered: left out",
        );
        self.note_key(
            ParamKey::Function,
            NoteLevel::Unsupported,
            "custom functions are not run: left out",
        );
    }

    fn corners(&mut self) {
        let radii = self.radii();
        let border = self.border(radii);
        self.spec.ops.extend(radii.map(Op::Round));
        self.spec.ops.extend(border.map(Op::Border));
    }

    fn radii(&mut self) -> Option<Radii> {
        let param = self.param(ParamKey::Radius)?;
        let Value::Radius(radius) = &param.value else {
            return None;
        };
        let read: Option<Vec<Corner>> = radius
            .corners()
            .map(|corner| match corner {
                WrittenCorner::Max => Some(Corner::Max),
                WrittenCorner::Pixels(number) => {
                    Some(Corner::Px(u32::try_from(nearest(number)).unwrap_or(0)))
                }
                WrittenCorner::Expr(_) => None,
            })
            .collect();
        let Some(corners) = read else {
            self.note_key(
                ParamKey::Radius,
                NoteLevel::Unsupported,
                "expressions are not evaluated",
            );
            return None;
        };
        // Two: the diagonals. Three: top left, the other diagonal, bottom right.
        let radii = match *corners.as_slice() {
            [all] => Radii([all; 4]),
            [a, b] => Radii([a, b, a, b]),
            [a, b, c] => Radii([a, b, c, b]),
            [a, b, c, d] => Radii([a, b, c, d]),
            _ => return None,
        };
        (radii != Radii([Corner::Px(0); 4])).then_some(radii)
    }

    fn border(&mut self, radii: Option<Radii>) -> Option<Border> {
        let param = self.param(ParamKey::Border)?;
        let Value::Border(border) = &param.value else {
            return None;
        };
        let width = literal(&border.width).map(nearest);
        match (width, border.colour.rgba()) {
            (Some(0), Some(_)) => None,
            (Some(width), Some([r, g, b, a])) => Some(Border {
                width: u32::try_from(width.clamp(0, MAX_BORDER)).unwrap_or(0),
                colour: Colour { r, g, b, a },
                radii,
            }),
            _ => {
                self.note_key(
                    ParamKey::Border,
                    NoteLevel::Unsupported,
                    "expressions are not evaluated",
                );
                None
            }
        }
    }

    fn turns(&mut self) {
        let Some(param) = self.param(ParamKey::Angle) else {
            return;
        };
        let Value::Angle(angle) = &param.value else {
            return;
        };
        let steps: Vec<AngleStep<'u>> = angle.steps().collect();
        let mut turn = Turn::NONE;
        for step in steps {
            turn = turn.then(match step {
                AngleStep::Word(AngleWord::HorizontalFlip) => Turn::MIRROR,
                AngleStep::Word(AngleWord::VerticalFlip) => Turn::FLIP,
                AngleStep::Word(AngleWord::Ignore) => {
                    self.spec.ops.insert(0, Op::IgnoreOrientation);
                    Turn::NONE
                }
                // The orientation tag is applied before anything else in any case.
                AngleStep::Word(AngleWord::Exif) => Turn::NONE,
                AngleStep::Word(AngleWord::Auto | AngleWord::AutoLeft | AngleWord::AutoRight) => {
                    self.note_key(
                        ParamKey::Angle,
                        NoteLevel::Unsupported,
                        "turning by the shape asked for is left out",
                    );
                    Turn::NONE
                }
                AngleStep::Degrees(number) => match quarters(number) {
                    Some(quarters) => Turn::quarters(quarters),
                    None => {
                        self.spec.ops.push(Op::Rotate(angle_of(number)));
                        self.note_key(
                            ParamKey::Angle,
                            NoteLevel::Unsupported,
                            "only quarter turns are rendered: left out",
                        );
                        Turn::NONE
                    }
                },
                AngleStep::Expr(_) => {
                    self.note_key(
                        ParamKey::Angle,
                        NoteLevel::Unsupported,
                        "expressions are not evaluated",
                    );
                    Turn::NONE
                }
            });
        }
        if turn != Turn::NONE {
            self.spec.ops.push(Op::Turn(turn));
        }
    }

    fn opacity(&mut self) {
        let Some(param) = self.param(ParamKey::Opacity) else {
            return;
        };
        match &param.value {
            Value::Number(number) => {
                let percent = u8::try_from(nearest(*number).clamp(0, 100)).unwrap_or(100);
                if percent < 100 {
                    self.spec.ops.extend(Percent::new(percent).map(Op::Opacity));
                }
            }
            _ => self.note_key(
                ParamKey::Opacity,
                NoteLevel::Unsupported,
                "expressions are not evaluated",
            ),
        }
    }
}

/// An expression that is only a number.
fn literal(expr: &Expr<'_>) -> Option<Number> {
    match expr {
        Expr::Operand(Operand::Number(number)) => Some(*number),
        _ => None,
    }
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
