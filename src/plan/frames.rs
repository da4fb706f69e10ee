//! Which frames of a source become the result, and how they play.

use super::effect::Travel;
use super::facts::{Facts, Size};
use super::playback::{self, Order};
use super::{Error, Limits};
use crate::spec::{Amount, Decimal, Effect, Format, FormatChoice, Output, Select, Setting};

/// Which frames of a source become the result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frames {
    /// One, counted from 0.
    One(u32),
    /// All or several, one after the other.
    All(Motion),
    /// One, counted from 0, in motion: each frame of the result shows what the plan's
    /// [`Travel`](super::EffectStep::Travel) says.
    Over(u32, Motion),
}

/// How frames play.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Motion {
    /// Milliseconds that each is shown; `None`: as stored.
    pub delay: Option<u32>,
    /// How often all are played, 0 for ever; `None`: as stored.
    pub plays: Option<u16>,
    /// Thousandths of that speed; `None`: just that.
    pub pace: Option<u32>,
    /// Which frames are shown one after the other; `None`: all, as stored.
    pub order: Option<Order>,
    /// Fades from black at the beginning (positive) and to black at the end (negative), over milliseconds as played.
    pub fades: Vec<i32>,
}

impl Motion {
    /// Milliseconds that a frame is shown which is stored with so many.
    #[must_use]
    pub fn shown_for(&self, stored: u32) -> u32 {
        let delay = self.delay.unwrap_or(stored);
        let Some(pace) = self.pace.map(u64::from).filter(|pace| *pace > 0) else {
            return delay;
        };
        let scaled = (u64::from(delay) * 1000 + pace / 2) / pace;
        let scaled = scaled.clamp(
            SHORTEST_DELAY.min(delay).into(),
            LONGEST_DELAY.unsigned_abs(),
        );
        u32::try_from(scaled).unwrap_or(delay)
    }
}

/// The longest that one frame may be told to stand, in milliseconds: what every format can say.
const LONGEST_DELAY: i64 = 655_350;
/// The shortest that a frame becomes by being played faster: viewers take less for a mistake.
const SHORTEST_DELAY: u32 = 20;

/// What a chain says about frames.
#[derive(Clone, Copy, Debug)]
pub(super) struct Film<'a> {
    /// The one frame asked for, counted from 1.
    pub page: Option<u32>,
    /// The frames asked for.
    pub select: &'a Select,
    /// How the result is written.
    pub output: &'a Output,
    /// What the chain has come to of effects on how it plays, every number settled.
    pub played: &'a [Effect],
    /// The motion over the picture, where there is one.
    pub travel: Option<&'a Travel>,
}

impl Film<'_> {
    /// Whether the result may have frames; the format decides. Pages of a document are none, and
    /// those of JPEG XL are shown one at a time.
    pub fn moves(&self, facts: &Facts) -> bool {
        let plays = !matches!(facts.format, Format::Tiff | Format::Jxl);
        let all = facts.frames > 1 && plays && self.page.is_none();
        all || self.travel.is_some()
    }

    /// Whether a format is asked for as an animation, for a source that is one. GIF always is; WebP and
    /// PNG where a flag or the automatic choice asks for it, and where the source is of that format
    /// itself (assumed). A still in motion is one in WebP too (assumed).
    fn asks_for_animation(&self, facts: &Facts, format: Format) -> bool {
        let mut settings = self.output.settings.iter();
        let flagged = settings.any(|setting| match setting {
            Setting::Animated(None) => true,
            Setting::Animated(Some(word)) => *word == format.word(),
            _ => false,
        });
        match format {
            Format::Gif => true,
            Format::WebP if self.travel.is_some() => true,
            Format::Png if self.travel.is_some() => flagged,
            Format::WebP | Format::Png => {
                let automatic = matches!(self.output.format, FormatChoice::Auto { .. });
                flagged || facts.format == format || (automatic && format == Format::WebP)
            }
            _ => false,
        }
    }

    /// The frames that a result in this format has.
    ///
    /// # Errors
    /// [`Error::OverLimit`] when all of them together are too many pixels; [`Error::NoSuchPage`]. `size`
    /// is the result's.
    pub fn frames(
        &self,
        facts: &Facts,
        format: Format,
        size: Size,
        limits: &Limits,
    ) -> Result<Frames, Error> {
        if let Some(travel) = self.travel
            && self.asks_for_animation(facts, format)
        {
            let page = self.page.or_else(|| playback::first(self.select));
            let motion = Motion {
                order: playback::over(travel, self.played, size, limits)?,
                ..self.motion()
            };
            return Ok(Frames::Over(Self::one(page, facts)?, motion));
        }
        if let Some(page) = self.page {
            return Ok(Frames::One(page.saturating_sub(1)));
        }
        if !self.moves(facts) || !self.asks_for_animation(facts, format) {
            let page = playback::first(self.select);
            return Ok(Frames::One(Self::one(page, facts)?));
        }
        limits.frames(facts)?;
        Ok(Frames::All(Motion {
            order: playback::order(self.select, self.played, facts, size, limits)?,
            ..self.motion()
        }))
    }

    /// The number, counted from 0, of a frame that is shown alone; the first where none is named.
    fn one(page: Option<u32>, facts: &Facts) -> Result<u32, Error> {
        let page = page.unwrap_or(1);
        if (1..=facts.frames.max(1)).contains(&page) {
            return Ok(page - 1);
        }
        Err(Error::NoSuchPage {
            page,
            pages: facts.frames,
        })
    }

    /// How frames play, but for their order.
    fn motion(&self) -> Motion {
        let delay = self
            .output
            .settings
            .iter()
            .find_map(|setting| match setting {
                Setting::Delay(Amount::Fixed(ms)) => {
                    u32::try_from(whole(*ms).clamp(0, LONGEST_DELAY)).ok()
                }
                _ => None,
            });
        let plays = self.played.iter().rev().find_map(|effect| match effect {
            Effect::Loop { level: None } => Some(0),
            // Played once, and again as often as it says.
            Effect::Loop {
                level: Some(Amount::Fixed(again)),
            } => u16::try_from(whole(*again).saturating_add(1).max(1)).ok(),
            _ => None,
        });
        Motion {
            delay,
            plays,
            pace: playback::pace(self.played),
            order: None,
            fades: playback::fades(self.played),
        }
    }
}

/// The whole part of a number that is not negative.
const fn whole(number: Decimal) -> i64 {
    number.billionths() / Decimal::SCALE
}
