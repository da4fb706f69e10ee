//! Symbolic ops to settled ones: once a step is reached, everything in it is a number or a colour.

use super::evaluate::{Fault, Value, View, decimal, length, out_of_range, ratio, whole};
use crate::dialect;
use crate::spec::{
    Amount, Angle, Area, Border, Clip, Colour, Corner, Crop, Decimal, Dpr, Expr, Fill, Ink, Length,
    Op, Percent, Resize, Setting, Symbolic, Symbols, Time, Turn,
};

/// Largest pixel ratio that an expression may give.
const MAX_DPR: f64 = 100.0;

/// The step with everything worked out that is symbolic in it. What it leaves as it was is not
/// rendered.
pub(super) fn settle(op: &Op, view: &View<'_>) -> Result<Op, Fault> {
    let mut settling = Settling(view);
    let mut op = op.clone();
    match &mut op {
        Op::Crop(Crop {
            area, offset, zoom, ..
        }) => {
            area.show(&mut settling)?;
            offset.show(&mut settling)?;
            zoom.show(&mut settling)?;
        }
        Op::Resize(Resize {
            area,
            offset,
            zoom,
            background,
            ..
        }) => {
            area.show(&mut settling)?;
            offset.show(&mut settling)?;
            zoom.show(&mut settling)?;
            background.show(&mut settling)?;
        }
        Op::ResizeBy(by) => by.area.show(&mut settling)?,
        Op::TurnToShape(turn) => turn.area.show(&mut settling)?,
        Op::RotateBy(expr) => op = turned(settling.0.number(expr, Some(0.0))?, expr)?,
        Op::OpacityBy(expr) => op = opacity(settling.0.number(expr, Some(100.0))?),
        Op::Round(radii) => radii.show(&mut settling)?,
        Op::Border(Border {
            width,
            colour,
            radii,
            dpr,
        }) => {
            dpr.show(&mut settling)?;
            settling.length(width, 0)?;
            colour.show(&mut settling)?;
            radii.show(&mut settling)?;
        }
        Op::Background(fill) => fill.show(&mut settling)?,
        Op::Trim(trim) => trim.show(&mut settling)?,
        Op::Effect(effect) => effect.show(&mut settling)?,
        Op::Clip(clip) => settling.clip(clip)?,
        // An overlay is settled piece by piece where its own facts are known.
        Op::Turn(_)
        | Op::Rotate(_)
        | Op::Opacity(_)
        | Op::IgnoreOrientation
        | Op::Overlay(_)
        | Op::When(_)
        | Op::Let(_) => {}
    }
    Ok(op)
}

/// A setting of the output with everything worked out; quality is settled by its own.
pub(super) fn setting(setting: &mut Setting, view: &View<'_>) -> Result<(), Fault> {
    let mut settling = Settling(view);
    match setting {
        Setting::Density(amount)
        | Setting::Delay(amount)
        | Setting::Sampling { amount, .. }
        | Setting::SampleRate(amount)
        | Setting::BitRate { bits: amount, .. }
        | Setting::SoundBitRate(amount)
        | Setting::KeyframeInterval(amount)
        | Setting::Quantiser(amount) => amount.show(&mut settling),
        Setting::FrameRate { low, high } => {
            low.show(&mut settling)?;
            high.show(&mut settling)
        }
        Setting::QualityBy(_)
        | Setting::Format(_)
        | Setting::ColourSpace(_)
        | Setting::Animated(_)
        | Setting::VideoCodec(_)
        | Setting::AudioCodec(_)
        | Setting::DynamicRange(_)
        | Setting::Stream(_)
        | Setting::Switch(..) => Ok(()),
    }
}

/// A quality, 1 to 100.
pub(super) fn quality(expr: &Expr, view: &View<'_>) -> Result<u8, Fault> {
    let number = view.number(expr, None)?;
    u8::try_from(whole(number, expr)?)
        .ok()
        .filter(|q| (1..=100).contains(q))
        .ok_or_else(|| out_of_range(expr, number, "1 to 100"))
}

/// A page, counted from 1.
pub(super) fn page(expr: &Expr, view: &View<'_>) -> Result<u32, Fault> {
    let number = view.number(expr, Some(1.0))?;
    u32::try_from(whole(number, expr)?)
        .ok()
        .filter(|page| *page > 0)
        .ok_or_else(|| out_of_range(expr, number, "a page, from 1 on"))
}

/// Degrees to quarter turns where they are such, else to any angle.
fn turned(degrees: f64, expr: &Expr) -> Result<Op, Fault> {
    let quarters = degrees / 90.0;
    if quarters.fract() == 0.0 {
        return Ok(Op::Turn(Turn::quarters(whole(quarters % 4.0, expr)?)));
    }
    let thousandths = whole((degrees % 360.0) * 1000.0, expr)?;
    Ok(Op::Rotate(Angle(thousandths)))
}

/// A percentage held to 0 and 100.
fn opacity(percent: f64) -> Op {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let percent = percent.round().clamp(0.0, 100.0) as u8;
    // The range has just been held.
    Percent::new(percent).map_or(Op::Turn(Turn::NONE), Op::Opacity)
}

/// Puts values in the place of what is symbolic.
pub(super) struct Settling<'a, 'v>(pub &'a View<'v>);

impl Settling<'_, '_> {
    fn colour(&self, name: &str) -> Result<Colour, Fault> {
        let text = self.0.variables.get(name)?.text();
        dialect::colour(&text).ok_or(Fault::NoColour(text))
    }

    pub fn clip(&mut self, clip: &mut Clip) -> Result<(), Fault> {
        let times = [&mut clip.start, &mut clip.end, &mut clip.duration];
        for time in times.into_iter().flatten() {
            if let Time::Seconds(seconds) = time {
                seconds.show(self)?;
            }
        }
        Ok(())
    }
}

impl Symbols for Settling<'_, '_> {
    type Error = Fault;

    fn amount(&mut self, amount: &mut Amount) -> Result<(), Fault> {
        if let Amount::Expr(expr) = amount {
            let number = self.0.number(expr, None)?;
            *amount = Amount::Fixed(decimal(number, expr)?);
        }
        Ok(())
    }

    fn length(&mut self, length: &mut Length, least: i32) -> Result<(), Fault> {
        if let Length::Expr(expr) = length {
            let number = self.0.number(expr, None)?;
            *length = self::length(number, expr, least)?;
        }
        Ok(())
    }

    fn ink(&mut self, ink: &mut Ink) -> Result<(), Fault> {
        if let Ink::Variable(name) = ink {
            *ink = Ink::Colour(self.colour(name)?);
        }
        Ok(())
    }

    fn corner(&mut self, corner: &mut Corner) -> Result<(), Fault> {
        let Corner::Expr(expr) = corner else {
            return Ok(());
        };
        *corner = match self.0.value(expr, None)? {
            Value::Text(text) if &*text == "max" => Corner::Max,
            value => {
                let number = match value {
                    Value::Number(number) => number,
                    Value::Text(_) => self.0.number(expr, None)?,
                };
                let pixels = u32::try_from(whole(number, expr)?)
                    .map_err(|_| out_of_range(expr, number, "from 0 on"))?;
                Corner::Px(pixels)
            }
        };
        Ok(())
    }

    fn fill(&mut self, fill: &mut Fill) -> Result<(), Fault> {
        match fill {
            Fill::Variable(name) => *fill = Fill::Colour(self.colour(name)?),
            Fill::Derived(derived) => derived.show(self)?,
            Fill::Blurred(levels) => {
                levels.0.show(self)?;
                levels.1.show(self)?;
            }
            Fill::Colour(_) | Fill::EdgeColour | Fill::Generated(_) => {}
        }
        Ok(())
    }

    fn area(&mut self, area: &mut Area) -> Result<(), Fault> {
        for side in [&mut area.width, &mut area.height].into_iter().flatten() {
            self.length(side, 1)?;
        }
        if let Some(expr) = area.ratio_by.take() {
            area.ratio = Some(ratio(self.0.number(&expr, None)?, &expr)?);
        }
        self.dpr(&mut area.dpr)
    }

    fn dpr(&mut self, dpr: &mut Dpr) -> Result<(), Fault> {
        let Dpr::Expr(expr) = dpr else {
            return Ok(());
        };
        let number = self.0.number(expr, Some(1.0))?;
        if !(number > 0.0 && number <= MAX_DPR) {
            return Err(out_of_range(expr, number, "above 0, at most 100"));
        }
        *dpr = Dpr::Fixed(decimal(number, expr)?.max(Decimal::from_billionths(1)));
        Ok(())
    }
}
