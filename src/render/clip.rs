//! The clipping path that a picture carries, as Photoshop stores it in JPEG and TIFF: curves in shares
//! of the picture's sides.

use super::photoshop::{NAME, PATHS, RECORD, Resources, SIGNATURE, pascal};
use super::probe;
use crate::plan::{EffectStep, Knot, Outline, RasterPlan, Step};
use crate::spec::Format;

const APP13: u8 = 0xED;
/// Knots that are followed; a path with more is not used.
const MOST_KNOTS: usize = 50_000;
/// Shares of a side, beyond which a point is not taken.
const FARTHEST: f64 = 8.0;

/// The plan with the path of this file in place of what asks for it; `None` where nothing asks. A file
/// without one is not clipped.
pub(super) fn filled(plan: &RasterPlan, source: &[u8]) -> Option<RasterPlan> {
    let asks = |step: &Step| matches!(step, Step::Effect(effect) if matches!(**effect, EffectStep::Clip(_)));
    if !plan.steps.iter().any(asks) {
        return None;
    }
    let found = path(source);
    let mut plan = plan.clone();
    plan.steps.retain_mut(|step| {
        let Step::Effect(effect) = step else {
            return true;
        };
        let EffectStep::Clip(outline) = &mut **effect else {
            return true;
        };
        let Some(found) = &found else {
            return false;
        };
        *outline = Outline {
            even_odd: outline.even_odd,
            ..found.clone()
        };
        true
    });
    Some(plan)
}

/// Whether a file carries a clipping path.
#[must_use]
pub fn has_clipping_path(source: &[u8]) -> bool {
    path(source).is_some()
}

/// The path that the file names for clipping, or else its first.
fn path(source: &[u8]) -> Option<Outline> {
    let block = match probe::sniff(source)? {
        Format::Jpeg => probe::jpeg_segments(source)
            .filter(|(marker, _)| *marker == APP13)
            .filter_map(|(_, body)| body.strip_prefix(SIGNATURE))
            .collect::<Vec<_>>()
            .concat(),
        Format::Tiff => probe::photoshop_in_tiff(source)?.to_vec(),
        _ => return None,
    };
    let found = Resources::new(&block);
    let named = found.clone().find(|found| found.id == NAME);
    let named = named.and_then(|found| pascal(found.data));
    let mut paths = found.filter(|found| PATHS.contains(&found.id));
    let path = match named.filter(|name| !name.is_empty()) {
        Some(name) => paths.find(|path| path.name == name),
        None => paths.next(),
    };
    outline(path?.data)
}

/// The records of a path. `None` where it encloses nothing, or has too many knots.
fn outline(records: &[u8]) -> Option<Outline> {
    let mut loops: Vec<Vec<Knot>> = Vec::new();
    let mut inverted = false;
    let mut knots = 0;
    for record in records.as_chunks::<RECORD>().0 {
        let [kind_high, kind, body @ ..] = record;
        match (kind_high, kind) {
            // A new run of knots, closed or open: what is filled is closed.
            (0, 0 | 3) => loops.push(Vec::new()),
            (0, 1 | 2 | 4 | 5) => {
                knots += 1;
                if knots > MOST_KNOTS {
                    return None;
                }
                loops.last_mut()?.push(knot(body)?);
            }
            // Whether everything is inside to begin with.
            (0, 8) => inverted = body.starts_with(&[0, 1]),
            _ => {}
        }
    }
    loops.retain(|knots| knots.len() > 1);
    (!loops.is_empty()).then_some(Outline {
        even_odd: false,
        inverted,
        loops,
    })
}

/// The control point before a knot, the knot, and the control point after it; each stored as down and
/// along, in shares with 24 bits behind the point.
fn knot(body: &[u8]) -> Option<Knot> {
    let (numbers, _) = body.as_chunks::<4>();
    let share = |at: usize| {
        let number = i32::from_be_bytes(*numbers.get(at)?);
        Some((f64::from(number) / f64::from(1 << 24)).clamp(-FARTHEST, FARTHEST))
    };
    Some(Knot {
        before: (share(1)?, share(0)?),
        at: (share(3)?, share(2)?),
        after: (share(5)?, share(4)?),
    })
}
