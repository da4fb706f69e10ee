//! What about the client an answer depends on.

use super::Hints;
use crate::spec::{Dpr, FormatChoice, Length, Op, TransformSpec};

/// What about the client an answer depends on: what `Vary` must name, and the cache key must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Varies {
    /// The formats that it can show.
    pub accept: bool,
    /// The pixel ratio of its screen.
    pub dpr: bool,
    /// The width at which it will show the picture.
    pub width: bool,
}

/// What about the client the answer to a specification depends on.
#[must_use]
pub fn varies(spec: &TransformSpec) -> Varies {
    let mut varies = Varies::default();
    gather(spec, &mut varies);
    varies
}

fn gather(spec: &TransformSpec, varies: &mut Varies) {
    varies.accept |= matches!(spec.output.format, FormatChoice::Auto { .. });
    gather_ops(&spec.ops, varies);
}

fn gather_ops(ops: &[Op], varies: &mut Varies) {
    let shown = |length: &Option<Length>| matches!(length, Some(Length::Shown { .. }));
    // Radii and borders follow the pixel ratio of a size, which tells all.
    for op in ops {
        let area = match op {
            Op::Resize(resize) => &resize.area,
            Op::Crop(crop) => &crop.area,
            Op::Overlay(overlay) => {
                gather_ops(&overlay.ops, varies);
                continue;
            }
            Op::When(when) => {
                gather(&when.then, varies);
                gather(&when.otherwise, varies);
                continue;
            }
            _ => continue,
        };
        varies.dpr |= area.dpr == Dpr::Shown;
        varies.width |= shown(&area.width) || shown(&area.height);
    }
}

/// The hints that this specification looks at, and no others: part of the cache key.
#[must_use]
pub fn relevant(spec: &TransformSpec, hints: &Hints) -> Hints {
    let varies = varies(spec);
    Hints {
        accepts: smallvec::SmallVec::new(),
        dpr: hints.dpr.filter(|_| varies.dpr).map(|_| hints.dpr_up()),
        width: hints.width.filter(|_| varies.width),
    }
}
