//! Arguments of effects: numbers held to their documented range, colours, words; and the effects that
//! take several.

use std::cell::Cell;

use super::component::Reader;
use super::effect::{RED, colour};
use super::expression::{argument, ink, length_argument, saturated};
use super::size;
use crate::grammar::params::{Args, EffectName};
use crate::grammar::value::{Arg, Effect as Written};
use crate::spec::{
    Amount, Colour, Curve, Decimal, Effect, FadeMode, Hundredths, Ink, Kernel, Length, Loudness,
    Morph, Offset, Op, OutlineMode, Stop, Trim,
};

/// The arguments of one effect. What is asked for is remembered, so that the rest can be noted.
pub(super) struct Arguments<'w, 'u> {
    /// The effect.
    pub(super) written: &'w Written<'u>,
    /// A number was outside its documented range.
    pub(super) held: bool,
    /// One bit for each argument that was understood.
    read: Cell<u64>,
}

impl<'w, 'u> Arguments<'w, 'u> {
    pub(super) const fn of(written: &'w Written<'u>) -> Self {
        Self {
            written,
            held: false,
            read: Cell::new(0),
        }
    }

    /// Whether an argument was written that nobody asked for, or that says nothing to whom asked.
    pub(super) fn has_unread(&self) -> bool {
        self.all()
            .any(|(index, arg)| !arg.value.is_empty() && self.read.get() & bit(index) == 0)
    }

    /// All arguments, unread.
    pub(super) fn all(&self) -> impl Iterator<Item = (usize, Arg<'u>)> + use<'u> {
        self.written.args().enumerate()
    }

    fn mark(&self, index: usize) {
        self.read.set(self.read.get() | bit(index));
    }

    fn mark_value(&self, value: &str) {
        self.all()
            .filter(|(_, arg)| std::ptr::eq(arg.value, value))
            .for_each(|(index, _)| self.mark(index));
    }

    /// What each argument says to `read`, of those to which it says something.
    pub(super) fn each<T>(&self, read: impl Fn(&Arg<'u>) -> Option<T>) -> impl Iterator<Item = T> {
        self.all().filter_map(move |(index, arg)| {
            let said = read(&arg);
            if said.is_some() {
                self.mark(index);
            }
            said
        })
    }

    /// An argument by its name.
    pub(super) fn named(&self, name: &str) -> Option<Arg<'u>> {
        self.written.named(name)
    }

    /// An argument by its place among those without a name.
    pub(super) fn positional(&self, index: usize) -> Option<Arg<'u>> {
        self.written.positional(index)
    }

    /// An argument by its name, or by its place among those without one.
    pub(super) fn find(&self, name: &str, index: usize) -> Option<Arg<'u>> {
        self.named(name).or_else(|| self.positional(index))
    }

    /// A number of one argument, read.
    pub(super) fn measured(&self, arg: &Arg<'u>) -> Option<Amount> {
        let amount = argument(arg);
        if amount.is_some() {
            self.mark_value(arg.value);
        }
        amount
    }

    /// A colour of one argument, read.
    pub(super) fn coloured(&self, arg: &Arg<'u>) -> Option<Ink> {
        let colour = ink(&arg.colour()?);
        self.mark_value(arg.value);
        Some(colour)
    }

    /// The text of one argument, read whatever it is.
    pub(super) fn said(&self, arg: Option<Arg<'u>>) -> Option<&'u str> {
        let value = arg?.value;
        self.mark_value(value);
        Some(value)
    }

    pub(super) fn hold(&mut self, amount: Amount, least: i32, most: i32) -> Amount {
        let Amount::Fixed(number) = amount else {
            return amount;
        };
        let bound = |n: i32| Decimal::from_billionths(i64::from(n) * Decimal::SCALE);
        let kept = number.clamp(bound(least), bound(most.max(least)));
        self.held |= kept != number;
        Amount::Fixed(kept)
    }

    pub(super) fn amount(
        &mut self,
        arg: Option<Arg<'u>>,
        range: (i32, i32),
        default: i32,
    ) -> Amount {
        match arg.and_then(|arg| self.measured(&arg)) {
            Some(amount) => self.hold(amount, range.0, range.1),
            None => Amount::whole(default),
        }
    }

    /// The only argument, in the range that the grammar's table gives.
    pub(super) fn level(&mut self, default: i32) -> Amount {
        self.optional_level().unwrap_or(Amount::whole(default))
    }

    pub(super) fn optional_level(&mut self) -> Option<Amount> {
        let amount = self.measured(&self.positional(0)?)?;
        match self.written.name().map(EffectName::args) {
            Some(Args::Level { min, max }) => Some(self.hold(amount, min, max)),
            _ => Some(amount),
        }
    }

    pub(super) fn percent(&mut self, default: i32) -> Hundredths {
        Hundredths(self.level(default))
    }

    pub(super) fn has(&self, word: &str) -> bool {
        self.each(|arg| (arg.value == word).then_some(())).count() > 0
    }

    /// The numbers among the arguments without a name.
    pub(super) fn number(&self, index: usize) -> Option<Arg<'u>> {
        self.written
            .args()
            .filter(|arg| arg.name.is_none() && argument(arg).is_some())
            .nth(index)
    }

    /// All of them, as written.
    pub(super) fn options(&self) -> Box<str> {
        self.read.set(u64::MAX);
        self.written.text.into()
    }

    /// Whether the argument of this name says `value`; `other` is what it may say else.
    pub(super) fn named_is(&self, name: &str, value: &str, other: &str) -> bool {
        let said = self
            .named(name)
            .filter(|arg| [value, other].contains(&arg.value));
        self.said(said) == Some(value)
    }

    pub(super) fn colour_at(&self, index: usize) -> Option<Ink> {
        self.coloured(&self.positional(index)?)
    }

    /// The first argument without a name that is a colour and no number.
    pub(super) fn colour_argument(&self) -> Option<Ink> {
        self.all()
            .filter(|(_, arg)| arg.name.is_none())
            .find_map(|(_, arg)| self.coloured(&arg))
    }

    /// A share of one, or a number up to `whole`.
    pub(super) fn share(&mut self, arg: Option<Arg<'u>>, whole: i32, default: i32) -> Amount {
        match arg.and_then(|arg| arg.number()) {
            Some(number) if number.dotted && number.to_f64() <= 1.0 => {
                self.said(arg);
                let share = saturated(number).billionths();
                Amount::Fixed(Decimal::from_billionths(
                    share.saturating_mul(i64::from(whole)),
                ))
            }
            _ => self.amount(arg, (0, whole), default),
        }
    }

    /// The tolerance and the colour, either alone too.
    pub(super) fn trim(&mut self) -> Op {
        let tolerance = self.number(0);
        let colour = self
            .all()
            .filter(|(_, arg)| {
                tolerance.is_none_or(|number| !std::ptr::eq(number.value, arg.value))
            })
            .find_map(|(_, arg)| self.coloured(&arg));
        Op::Trim(Box::new(Trim {
            tolerance: self.amount(tolerance, (0, 100), 10),
            colour,
        }))
    }

    pub(super) fn contrast(&mut self) -> Effect {
        let kind = |arg: &Arg<'_>| ["linear", "sigmoidal"].contains(&arg.value);
        let curve = match self.said(self.find("type", 1).filter(kind)) {
            Some("linear") => Curve::Linear,
            _ => Curve::Sigmoidal,
        };
        let (range, default) = match curve {
            Curve::Linear => ((1, 200), 100),
            Curve::Sigmoidal => ((-100, 100), 0),
        };
        Effect::Contrast {
            level: Hundredths(self.amount(self.find("level", 0), range, default)),
            curve,
        }
    }

    pub(super) fn distort(&mut self) -> Effect {
        if self.has("arc") {
            return Effect::Arc {
                level: self.amount(self.number(0), (-360, 360), 0),
            };
        }
        Effect::Distort {
            corners: self.each(length_argument).collect(),
        }
    }

    pub(super) fn gradient_fade(&mut self, reader: &mut Reader<'_, '_>) -> Effect {
        let (mode, default) = if self.has("symmetric_pad") {
            (FadeMode::SymmetricPad, (Some(300_000_000), None))
        } else if self.has("symmetric") {
            (FadeMode::Symmetric, (None, Some(500_000_000)))
        } else {
            (FadeMode::Edge, (None, Some(500_000_000)))
        };
        let share = |billionths| Length::Share(Decimal::from_billionths(billionths));
        Effect::GradientFade {
            level: Hundredths(self.amount(self.number(0), (0, 100), 20)),
            mode,
            offset: Some(size::offset(reader))
                .filter(|offset| !offset.is_empty())
                .unwrap_or(Offset {
                    x: default.0.map(share),
                    y: default.1.map(share),
                }),
        }
    }

    pub(super) fn morphology(&mut self) -> Effect {
        let method = [Morph::Erode, Morph::Dilate, Morph::Convolve]
            .into_iter()
            .find(|method| self.has(method.word()));
        let kernel = Kernel::ALL
            .iter()
            .copied()
            .find(|kernel| self.has(kernel.word()));
        Effect::Morphology {
            method: method.unwrap_or(Morph::Erode),
            iterations: self.amount(self.named("iterations").or(self.number(0)), (1, 5), 1),
            kernel: kernel.unwrap_or(Kernel::Disk),
            radius: self.amount(self.named("radius").or(self.number(1)), (0, 100), 2),
        }
    }

    pub(super) fn outline(&mut self, reader: &mut Reader<'_, '_>) -> Effect {
        let mode = OutlineMode::ALL
            .iter()
            .copied()
            .find(|mode| self.has(mode.word()));
        let named = self.named("color").and_then(|arg| self.coloured(&arg));
        Effect::Outline {
            mode: mode.unwrap_or(OutlineMode::Both),
            width: self.amount(self.named("width").or(self.number(0)), (1, 100), 5),
            blur: self.amount(self.named("blur").or(self.number(1)), (0, 2000), 0),
            colour: named
                .or_else(|| colour(reader))
                .unwrap_or(Ink::Colour(Colour::BLACK)),
        }
    }

    /// `equalize`, then the amount, then colours that each may have a position with a `p`.
    pub(super) fn tint(&mut self) -> Effect {
        let mut level = None;
        let mut stops: Vec<Stop> = Vec::new();
        for (index, arg) in self.all() {
            let number = argument(&arg).filter(|_| arg.number().is_some());
            let is_position = arg.value.ends_with(['p', '%']);
            match number {
                Some(position) if is_position => {
                    self.mark(index);
                    if let Some(stop) = stops.last_mut() {
                        stop.at = Some(Hundredths(position));
                    }
                }
                Some(amount) if stops.is_empty() && level.is_none() => {
                    self.mark(index);
                    level = Some(self.hold(amount, 0, 100));
                }
                _ => stops.extend(self.coloured(&arg).map(|colour| Stop { colour, at: None })),
            }
        }
        if stops.is_empty() {
            stops.push(Stop {
                colour: Ink::Colour(RED),
                at: Some(Hundredths(Amount::whole(50))),
            });
        }
        Effect::Tint {
            level: Hundredths(level.unwrap_or(Amount::whole(60))),
            equalize: self.has("equalize"),
            stops: stops.into(),
        }
    }

    pub(super) fn loudness(&mut self) -> Loudness {
        let Some(arg) = self.positional(0) else {
            return Loudness::By(Hundredths(Amount::whole(0)));
        };
        match arg.value {
            "mute" | "auto" => {
                self.said(Some(arg));
                if arg.value == "auto" {
                    Loudness::Auto
                } else {
                    Loudness::Mute
                }
            }
            value => match value
                .strip_suffix("dB")
                .or_else(|| value.strip_suffix("db"))
            {
                Some(value) => {
                    self.said(Some(arg));
                    let decibels = Arg { name: None, value };
                    Loudness::Decibels(self.amount(Some(decibels), (-1000, 1000), 0))
                }
                None => Loudness::By(Hundredths(self.amount(Some(arg), (-100, 400), 0))),
            },
        }
    }
}

/// An argument's place in a set of them; the grammar lets no more through than it has.
const fn bit(index: usize) -> u64 {
    if index < 64 { 1 << index } else { 0 }
}
