//! A look at a small copy of the source: where faces are, and where the eye goes.
//!
//! | file | what |
//! | --- | --- |
//! | `attention.rs` | a classical measure of what stands out; no trained model |
//! | `faces.rs` | a detector of frontal faces, with the model of the package that it comes in |

mod attention;
mod faces;

use super::budget::Budget;
use super::draw::stepped;
use super::error::Error;
use super::raster::{Layout, Raster};
use super::text::Fonts;
use super::{Sources, guarded};
use crate::plan::{Facts, Needs, Region, Seen, Size, Step, inspection_memory};
use crate::spec::{Colour, Turn};

/// Longest side of the copy that is looked at, in pixels. The detector misses faces at half of it and
/// takes four times as long at twice.
const LONGEST: u32 = 640;

/// Looks for what is needed. `orientation`: how the stored picture is laid down first, so that places
/// are those of the upright picture.
///
/// # Errors
///
/// As [`run`](super::run): the source may not decode, and the budget may end.
pub fn look(
    source: &[u8],
    facts: &Facts,
    orientation: Turn,
    needs: Needs,
    budget: &Budget,
) -> Result<Seen, Error> {
    if needs.is_none() {
        return Ok(Seen::default());
    }
    budget.limits().source(facts.size)?;
    let copy = small_copy(source, facts, orientation, budget)?;
    let faces = if needs.faces {
        // The detector is code of others that may give up on a picture; then there is no face.
        guarded(|| Ok(faces::find(&copy)), || Error::Crashed).unwrap_or_default()
    } else {
        Vec::new()
    };
    budget.check()?;
    Ok(Seen {
        faces,
        attention: needs.attention.then(|| attention::of(&copy)).flatten(),
    })
}

/// Bytes for what the detectors keep beside the small copy: grey levels at several sizes, cells.
const DETECTOR_BYTES: u64 = 8 << 20;

/// Bytes that [`look`] takes at most.
pub(super) fn look_memory(facts: &Facts, orientation: Turn) -> u64 {
    inspection_memory(facts, &to_small_copy(facts, orientation)) + DETECTOR_BYTES
}

/// The steps that make the small copy, upright, its longest side [`LONGEST`] at most.
fn to_small_copy(facts: &Facts, orientation: Turn) -> [Step; 2] {
    let upright = facts.size.turned(orientation);
    let longest = u64::from(upright.width.max(upright.height));
    let side = |n: u32| {
        let scaled = u64::from(n) * u64::from(LONGEST) / longest.max(1);
        u32::try_from(scaled).unwrap_or(LONGEST).min(n)
    };
    [
        Step::Turn(orientation),
        Step::Resample {
            from: Region::whole(upright),
            to: Size::new(side(upright.width), side(upright.height)),
        },
    ]
}

/// The picture upright, in RGB, opaque, its longest side [`LONGEST`] at most.
fn small_copy(
    source: &[u8],
    facts: &Facts,
    orientation: Turn,
    budget: &Budget,
) -> Result<Raster, Error> {
    let steps = to_small_copy(facts, orientation);
    let fonts = Fonts::default();
    let nothing = Sources::new(&[], &fonts, budget);
    let copy = stepped(source, &steps, &nothing, budget)?.into_colour();
    Ok(match copy.layout() {
        Layout::Rgba => copy.flattened(crate::plan::Paint::Colour(Colour::WHITE)),
        _ => copy,
    })
}
