//! An animation that fades from and to black.

use std::borrow::Cow;

use super::budget::Budget;
use super::error::Error;
use super::raster::Raster;
use crate::plan::{EffectStep, Point, Step};
use crate::spec::Colour;

/// How much of each frame is black, by its place in the order in which they are shown.
#[derive(Debug, Default)]
pub(super) struct Fades {
    shares: Vec<f64>,
}

impl Fades {
    /// Of fades over milliseconds, negative ones at the end, when frames are shown for `delays`: the first
    /// frame is black, or the last.
    pub fn new(fades: &[i32], delays: &[u32]) -> Self {
        let whole: u64 = delays.iter().map(|delay| u64::from(*delay)).sum();
        let mut begins = 0;
        let shares = delays.iter().map(|&delay| {
            let ends = begins + u64::from(delay);
            let light = fades.iter().map(|&fade| {
                let since = if fade < 0 { whole - ends } else { begins };
                light(since, fade.unsigned_abs())
            });
            let dark = 1.0 - light.product::<f64>();
            begins = ends;
            dark
        });
        Self {
            shares: shares.collect(),
        }
    }

    /// A frame at a place, as it is shown there.
    pub fn shown<'r>(
        &self,
        frame: &'r Raster,
        place: usize,
        budget: &Budget,
    ) -> Result<Cow<'r, Raster>, Error> {
        match self.shares.get(place) {
            Some(&share) if share > 0.0 => {
                let black = EffectStep::Point(Point::Mix {
                    colour: Colour::BLACK,
                    share,
                });
                let dark = frame
                    .clone()
                    .into_colour()
                    .apply(&Step::Effect(Box::new(black)), budget)?;
                Ok(Cow::Owned(dark))
            }
            _ => Ok(Cow::Borrowed(frame)),
        }
    }
}

/// The share of light so many milliseconds from the dark end of a fade.
#[allow(clippy::cast_precision_loss, reason = "milliseconds of one animation")]
fn light(since: u64, lasts: u32) -> f64 {
    (since as f64 / f64::from(lasts.max(1))).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn light_comes_and_goes_evenly() {
        let delays = [100; 10];
        // Fades, dark shares of the first, the third, the last but two, and the last frame.
        for (fades, shares) in [
            (&[][..], [0.0, 0.0, 0.0, 0.0]),
            (&[400], [1.0, 0.5, 0.0, 0.0]),
            (&[-400], [0.0, 0.0, 0.5, 1.0]),
            (&[400, -400], [1.0, 0.5, 0.5, 1.0]),
            // Longer than all of it.
            (&[4000], [1.0, 0.95, 0.825, 0.775]),
            (&[1000, -1000], [1.0, 0.86, 0.86, 1.0]),
        ] {
            let made = Fades::new(fades, &delays);
            let found = [0, 2, 7, 9].map(|place| made.shares[place]);
            let near = |(a, b): (f64, f64)| (a - b).abs() < 1e-9;
            assert!(
                found.into_iter().zip(shares).all(near),
                "{fades:?}: {found:?}"
            );
        }
        assert!(Fades::new(&[400], &[]).shares.is_empty());
        assert!(Fades::new(&[400], &[0]).shares[0] == 1.0);
    }
}
