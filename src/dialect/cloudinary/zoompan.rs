//! `e_zoompan`: a still in motion, by a mode or from one sight of it to another.

use super::arguments::Arguments;
use super::component::Reader;
use super::expression::{argument, length_argument};
use super::size;
use super::variables::with_param;
use crate::dialect::NoteLevel;
use crate::grammar::Value;
use crate::grammar::value::Arg;
use crate::spec::{Amount, Decimal, Effect, Gravity, Length, Offset, Sight};

/// How close, of both ends of a motion.
const ZOOM: (i32, i32) = (1, 8);
/// How close a mode comes without `maxzoom`, in billionths. Documented.
const CLOSE: i64 = 1_400_000_000;

const LEFT: f64 = 0.0;
const MIDDLE: f64 = 0.5;
const RIGHT: f64 = 1.0;
const ZOOM_IN: [(bool, f64); 2] = [(false, MIDDLE), (true, MIDDLE)];

/// Modes: how each end is seen, close or whole, and the middle along the width. Pans stay close all the
/// way (assumed), and all modes at half the height (assumed).
const MODES: [(&str, [(bool, f64); 2]); 8] = [
    ("ztc", ZOOM_IN),
    ("ztl", [(false, MIDDLE), (true, LEFT)]),
    ("ztr", [(false, MIDDLE), (true, RIGHT)]),
    ("ofc", [(true, MIDDLE), (false, MIDDLE)]),
    ("ofl", [(true, LEFT), (false, MIDDLE)]),
    ("ofr", [(true, RIGHT), (false, MIDDLE)]),
    ("plr", [(true, LEFT), (true, RIGHT)]),
    ("prl", [(true, RIGHT), (true, LEFT)]),
];

impl<'u> Arguments<'_, 'u> {
    /// Without mode and ends it is a zoom to the centre (assumed); an end that is named goes before
    /// the mode's.
    pub(super) fn zoompan(&mut self, reader: &mut Reader<'_, '_>) -> Effect {
        if reader.layer {
            let message = "a layer does not move: the beginning of the motion is shown";
            reader.note(NoteLevel::Approximated, "e_zoompan", message);
        }
        let close = match self.named("maxzoom").and_then(|arg| self.measured(&arg)) {
            Some(zoom) => self.hold(zoom, ZOOM.0, ZOOM.1),
            None => Amount::Fixed(Decimal::from_billionths(CLOSE)),
        };
        let (from, to) = (self.named("from"), self.named("to"));
        self.said(from);
        self.said(to);
        let mode = self.said(self.named("mode"));
        let known = |word| MODES.iter().find(|(name, _)| *name == word);
        let [start, end] = match mode.map(known) {
            Some(Some((_, ends))) => *ends,
            Some(None) => {
                let message = "no mode of this effect has this name: a zoom to the centre";
                reader.note(NoteLevel::Approximated, mode.unwrap_or_default(), message);
                ZOOM_IN
            }
            None if from.is_some() || to.is_some() => [(false, MIDDLE); 2],
            None => ZOOM_IN,
        };
        let mut seen = |named: Option<Arg<'u>>, otherwise| match named {
            Some(arg) => self.sight(&arg, reader),
            None => sight(otherwise, &close),
        };
        Effect::Zoompan {
            from: seen(from, start),
            to: seen(to, end),
            duration: self.amount(self.named("du"), (1, 30), 4),
            rate: self.amount(self.named("fps"), (5, 60), 25),
        }
    }

    /// `(g_face;zoom_2;x_0.5;y_0.5)`: each part may be missing.
    fn sight(&mut self, written: &Arg<'u>, reader: &mut Reader<'_, '_>) -> Sight {
        let mut sight = sight((false, MIDDLE), &Amount::whole(1));
        for item in written.items().filter(|item| !item.is_empty()) {
            let (key, value) = item.split_once('_').unwrap_or((item, ""));
            let arg = Arg { name: None, value };
            let read = match key {
                "zoom" => argument(&arg).map(|zoom| sight.zoom = self.hold(zoom, ZOOM.0, ZOOM.1)),
                "x" => length_argument(&arg).map(|x| sight.middle.x = Some(x)),
                "y" => length_argument(&arg).map(|y| sight.middle.y = Some(y)),
                "g" => gravity(value, reader).map(|found| sight.gravity = Some(found)),
                _ => None,
            };
            if read.is_none() {
                let message = "not known at an end of this effect: left out";
                reader.note(NoteLevel::Approximated, item, message);
            }
        }
        sight
    }
}

fn sight((near, along): (bool, f64), close: &Amount) -> Sight {
    let x = (along != MIDDLE).then(|| {
        let whole = if along > MIDDLE { Decimal::SCALE } else { 0 };
        Length::Share(Decimal::from_billionths(whole))
    });
    Sight {
        zoom: if near {
            close.clone()
        } else {
            Amount::whole(1)
        },
        middle: Offset { x, y: None },
        gravity: None,
    }
}

fn gravity(value: &str, reader: &Reader<'_, '_>) -> Option<Gravity> {
    let value = match value.strip_prefix('$') {
        Some(name) => reader.texts.get(name)?,
        None => value,
    };
    with_param("g", value, |param| match &param.value {
        Value::Gravity(written) => Some(size::place(written)),
        _ => None,
    })
    .flatten()
}
