//! What a look at the pixels found, and where a box sits best because of it.
//!
//! The renderer looks once at a small copy of the source ([`Needs`] says what for); everything here is
//! arithmetic over what it found. Places are shares of the upright source, so that they hold at any
//! size, and follow the picture through the steps before a gravity is reached.

use super::attention::Attention;
use super::facts::Size;
use super::raster::{Region, Step};
use super::region::is_of_faces;
use crate::spec::{Decimal, Effect, Expr, Fact, Gravity, Op, Otherwise, Subject, TransformSpec};

/// What has to be looked for before a specification can be planned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Faces.
    pub faces: bool,
    /// Where the eye goes.
    pub attention: bool,
}

impl Needs {
    /// Of a specification, in all its branches.
    #[must_use]
    pub fn of(spec: &TransformSpec) -> Self {
        spec.ops.iter().fold(Self::default(), |needs, op| {
            let own = match op {
                Op::Resize(resize) => Self::of_gravity(&resize.gravity),
                Op::Crop(crop) => Self::of_gravity(&crop.gravity),
                Op::Overlay(overlay) => match &overlay.gravity {
                    Gravity::Subject {
                        subject: Subject::Salient,
                        ..
                    } => Self::default(),
                    gravity => Self::of_gravity(gravity),
                },
                Op::Effect(effect) => match &**effect {
                    Effect::Zoompan { from, to, .. } => [from, to]
                        .into_iter()
                        .filter_map(|sight| sight.gravity.as_ref())
                        .fold(Self::default(), |all, gravity| {
                            all.and(Self::of_gravity(gravity))
                        }),
                    effect => Self {
                        faces: is_of_faces(effect),
                        attention: false,
                    },
                },
                Op::When(when) => Self::of(&when.then)
                    .and(Self::of(&when.otherwise))
                    .and(Self::of_expr(&when.condition)),
                Op::Let(set) => Self::of_expr(&set.value),
                _ => Self::default(),
            };
            needs.and(own)
        })
    }

    /// Whether an expression counts faces.
    fn of_expr(expr: &Expr) -> Self {
        match expr {
            Expr::Fact(fact) => Self {
                faces: *fact == Fact::Faces,
                attention: false,
            },
            Expr::Binary(binary) => Self::of_expr(&binary.left).and(Self::of_expr(&binary.right)),
            Expr::Whole(inner) | Expr::Numeric(inner) => Self::of_expr(inner),
            Expr::Number(_)
            | Expr::Ratio(_)
            | Expr::Text(_)
            | Expr::Variable(_)
            | Expr::Context(_)
            | Expr::Metadata(_)
            | Expr::Picture(_)
            | Expr::Current
            | Expr::Defined(..) => Self::default(),
        }
    }

    fn of_gravity(gravity: &Gravity) -> Self {
        match gravity {
            Gravity::Subject { subject, fallback } => match subject {
                // The documented weighting of automatic gravity is towards faces.
                Subject::Salient => Self {
                    faces: true,
                    attention: true,
                },
                Subject::Face | Subject::Faces => Self {
                    faces: true,
                    attention: *fallback == Otherwise::Salient,
                },
                Subject::Named(_) => Self::default(),
            },
            Gravity::Compass(_) | Gravity::Corner | Gravity::Point | Gravity::Variable(_) => {
                Self::default()
            }
        }
    }

    /// What either needs.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            faces: self.faces || other.faces,
            attention: self.attention || other.attention,
        }
    }

    /// Whether nobody has to look.
    #[must_use]
    pub const fn is_none(self) -> bool {
        !self.faces && !self.attention
    }
}

/// What was found. Nothing by default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// Faces, the largest first: shares of the picture's sides, from 0 to 1.
    pub faces: Vec<Region>,
    /// Where the eye goes.
    pub attention: Option<Attention>,
}

/// A zoom of nothing would show everything; the service names no least.
const LEAST_ZOOM: f64 = 0.01;

impl Seen {
    /// Whether nothing was found or looked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.faces.is_empty() && self.attention.is_none()
    }

    /// The region that a tight crop shows: a subject's box, widened about its middle to the shape of
    /// `shape`, divided by the zoom, and moved into the picture (where it is larger than that, cut to
    /// it, its shape kept). In pixels of a picture of `size`. The recipe is assumed.
    #[must_use]
    pub fn tight(
        &self,
        subject: &Subject,
        zoom: Decimal,
        shape: Size,
        size: Size,
    ) -> Option<Region> {
        let found = self.area(subject)?;
        let (w, h) = sides(size);
        let (sw, sh) = sides(shape);
        let (fw, fh) = (found.width * w, found.height * h);
        let grow = (fw / sw).max(fh / sh) / zoom.as_f64().max(LEAST_ZOOM);
        let fit = (w / sw).min(h / sh);
        let scale = grow.min(fit);
        let (width, height) = ((sw * scale).max(1.0), (sh * scale).max(1.0));
        let middle = |at: f64, length: f64, side: f64, all: f64| {
            (at + length / 2.0 - side / 2.0).clamp(0.0, (all - side).max(0.0))
        };
        Some(Region {
            x: middle(found.x * w, fw, width, w),
            y: middle(found.y * h, fh, height, h),
            width: width.min(w),
            height: height.min(h),
        })
    }

    /// What is seen after a step, in shares of its output. What has left the picture is gone.
    #[must_use]
    pub fn after(&self, step: &Step, before: Size) -> Self {
        let after = step.size_after(before);
        let place = |area: &Region| place_after(area, step, before, after);
        let faces: Vec<_> = self.faces.iter().filter_map(place).collect();
        let attention = self
            .attention
            .as_ref()
            .map(|grid| grid.after(step, before, after));
        Self { faces, attention }
    }

    /// Where a box sits for a subject: the corner of a `width` by `height` box (shares of the
    /// picture), or `None` when the subject was not found.
    #[must_use]
    pub fn place(&self, subject: &Subject, width: f64, height: f64) -> Option<(f64, f64)> {
        let centred = |area: Region| {
            let middle = |at: f64, length: f64, side: f64| {
                (at + length / 2.0 - side / 2.0).clamp(0.0, (1.0 - side).max(0.0))
            };
            (
                middle(area.x, area.width, width),
                middle(area.y, area.height, height),
            )
        };
        match subject {
            Subject::Salient => {
                let grid = self.attention.as_ref()?;
                Some(grid.with_faces(&self.faces).best(width, height))
            }
            Subject::Face | Subject::Faces => self.area(subject).map(centred),
            Subject::Named(_) => None,
        }
    }

    /// As [`place`](Self::place), or by the fallback where that looks for something too.
    #[must_use]
    pub fn placed(&self, subject: &Subject, or: Otherwise, w: f64, h: f64) -> Option<(f64, f64)> {
        self.place(subject, w, h).or_else(|| match or {
            Otherwise::Salient => self.place(&Subject::Salient, w, h),
            Otherwise::Compass(_) => None,
        })
    }

    /// The region of a subject, in shares of the picture.
    #[must_use]
    pub fn area(&self, subject: &Subject) -> Option<Region> {
        match subject {
            Subject::Face => self.faces.first().copied(),
            Subject::Faces => self.faces.iter().copied().reduce(around),
            Subject::Salient | Subject::Named(_) => None,
        }
    }
}

/// A region of a step's input, in the shares of its output.
fn place_after(area: &Region, step: &Step, before: Size, after: Size) -> Option<Region> {
    let (w, h) = sides(before);
    let (aw, ah) = sides(after);
    let moved = match step {
        Step::Resample { from, .. } => Region {
            x: (area.x * w - from.x) / from.width,
            y: (area.y * h - from.y) / from.height,
            width: area.width * w / from.width,
            height: area.height * h / from.height,
        },
        Step::Canvas { left, top, .. } => Region {
            x: (area.x * w + f64::from(*left)) / aw,
            y: (area.y * h + f64::from(*top)) / ah,
            width: area.width * w / aw,
            height: area.height * h / ah,
        },
        Step::Turn(turn) => {
            let mut moved = *area;
            if turn.mirror {
                moved.x = 1.0 - moved.x - moved.width;
            }
            for _ in 0..turn.quarters % 4 {
                moved = Region {
                    x: 1.0 - moved.y - moved.height,
                    y: moved.x,
                    width: moved.height,
                    height: moved.width,
                };
            }
            moved
        }
        Step::Overlay(layer) => Region {
            x: (area.x * w + f64::from(layer.base.0)) / aw,
            y: (area.y * h + f64::from(layer.base.1)) / ah,
            width: area.width * w / aw,
            height: area.height * h / ah,
        },
        // Grown evenly around, or not moved at all.
        _ => Region {
            x: (area.x * w + (aw - w) / 2.0) / aw,
            y: (area.y * h + (ah - h) / 2.0) / ah,
            width: area.width * w / aw,
            height: area.height * h / ah,
        },
    };
    // Half of it still in the picture: still there.
    let middle = (moved.x + moved.width / 2.0, moved.y + moved.height / 2.0);
    ((0.0..=1.0).contains(&middle.0) && (0.0..=1.0).contains(&middle.1)).then_some(moved)
}

/// A region of a step's output, in the shares of its input.
pub(super) fn place_before(area: &Region, step: &Step, before: Size, after: Size) -> Region {
    let (w, h) = sides(before);
    let (aw, ah) = sides(after);
    match step {
        Step::Resample { from, .. } => Region {
            x: (from.x + area.x * from.width) / w,
            y: (from.y + area.y * from.height) / h,
            width: area.width * from.width / w,
            height: area.height * from.height / h,
        },
        Step::Canvas { left, top, .. } => Region {
            x: (area.x * aw - f64::from(*left)) / w,
            y: (area.y * ah - f64::from(*top)) / h,
            width: area.width * aw / w,
            height: area.height * ah / h,
        },
        Step::Turn(turn) => {
            let mut back = *area;
            for _ in 0..turn.quarters % 4 {
                back = Region {
                    x: back.y,
                    y: 1.0 - back.x - back.width,
                    width: back.height,
                    height: back.width,
                };
            }
            if turn.mirror {
                back.x = 1.0 - back.x - back.width;
            }
            back
        }
        _ => Region {
            x: (area.x * aw - (aw - w) / 2.0) / w,
            y: (area.y * ah - (ah - h) / 2.0) / h,
            width: area.width * aw / w,
            height: area.height * ah / h,
        },
    }
}

fn sides(size: Size) -> (f64, f64) {
    (f64::from(size.width), f64::from(size.height))
}

/// The box around two.
fn around(a: Region, b: Region) -> Region {
    let (x, y) = (a.x.min(b.x), a.y.min(b.y));
    Region {
        x,
        y,
        width: (a.x + a.width).max(b.x + b.width) - x,
        height: (a.y + a.height).max(b.y + b.height) - y,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Turn;

    /// A grid of ten by ten with one bright cell.
    fn spot(column: usize, row: usize) -> Attention {
        let mut weights = vec![0.01; 100];
        weights[row * 10 + column] = 10.0;
        Attention::new(10, weights).unwrap()
    }

    fn face(x: f64, y: f64) -> Region {
        Region {
            x,
            y,
            width: 0.1,
            height: 0.1,
        }
    }

    #[test]
    fn a_box_goes_where_the_eye_goes() {
        let seen = Seen {
            faces: Vec::new(),
            attention: Some(spot(8, 2)),
        };
        let (x, y) = seen.place(&Subject::Salient, 0.3, 1.0).unwrap();
        assert!(x <= 0.8 && x + 0.3 >= 0.9, "{x}");
        assert!(y.abs() < 1e-9);
    }

    #[test]
    fn a_face_outweighs_the_rest() {
        let seen = Seen {
            faces: vec![face(0.05, 0.4)],
            attention: Some(spot(8, 2)),
        };
        let (x, _) = seen.place(&Subject::Salient, 0.3, 1.0).unwrap();
        assert!(x <= 0.05, "{x}");
    }

    #[test]
    fn without_anything_to_see_a_box_stays_in_the_middle() {
        let seen = Seen {
            faces: Vec::new(),
            attention: Attention::new(10, vec![1.0; 100]),
        };
        let (x, y) = seen.place(&Subject::Salient, 0.5, 0.5).unwrap();
        assert!(
            (x - 0.25).abs() < 0.02 && (y - 0.25).abs() < 0.02,
            "{x} {y}"
        );
        assert_eq!(seen.place(&Subject::Face, 0.5, 0.5), None);
    }

    #[test]
    fn faces_follow_the_picture() {
        let size = Size::new(200, 100);
        let seen = Seen {
            faces: vec![face(0.6, 0.2)],
            attention: Some(spot(6, 2)),
        };
        let cut = Step::Resample {
            from: Region {
                x: 100.0,
                y: 0.0,
                width: 100.0,
                height: 100.0,
            },
            to: Size::new(50, 50),
        };
        let after = seen.after(&cut, size);
        let moved = after.faces[0];
        assert!(
            (moved.x - 0.2).abs() < 1e-9 && (moved.width - 0.2).abs() < 1e-9,
            "{moved:?}"
        );
        let turned = seen.after(&Step::Turn(Turn::quarters(1)), size).faces[0];
        assert!(
            (turned.x - 0.7).abs() < 1e-9 && (turned.y - 0.6).abs() < 1e-9,
            "{turned:?}"
        );
        let away = Step::Resample {
            from: Region {
                x: 0.0,
                y: 0.0,
                width: 100.0,
                height: 100.0,
            },
            to: Size::new(50, 50),
        };
        assert!(seen.after(&away, size).faces.is_empty());
    }

    #[test]
    fn the_grid_turns_with_the_picture() {
        let seen = Seen {
            faces: Vec::new(),
            attention: Some(spot(9, 0)),
        };
        let turned = seen.after(&Step::Turn(Turn::quarters(1)), Size::new(100, 100));
        let (x, y) = turned.place(&Subject::Salient, 0.2, 0.2).unwrap();
        assert!(
            x >= 0.7 && y >= 0.7,
            "{x} {y}: top right became bottom right"
        );
    }
}
