//! What can be done to a picture.

use super::unit::{Angle, Colour, Compass, Decimal, Ink, Length, Percent, Ratio};
use super::{Amount, Effect, Expr, Overlay, TransformSpec};

/// One step of a chain. The order of a chain is kept, always.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// Cut a box out, without scaling.
    Crop(Crop),
    /// Bring the picture to a box.
    Resize(Resize),
    /// Quarter turns and mirrors: no pixel is changed.
    Turn(Turn),
    /// Turn by any other angle; the canvas grows to the bounding box.
    Rotate(Angle),
    /// Turn by degrees that are known when the step is reached.
    RotateBy(Box<Expr>),
    /// A quarter turn where the picture lies and the shape wanted stands, or the other way round.
    TurnToShape(Box<TurnToShape>),
    /// Round the corners; what falls outside becomes transparent.
    Round(Radii),
    /// A solid line around the picture; the canvas grows by its width on every side.
    Border(Border),
    /// Multiply the opacity.
    Opacity(Percent),
    /// Multiply the opacity by a percentage that is known when the step is reached.
    OpacityBy(Box<Expr>),
    /// Put a colour behind everything transparent.
    Background(Fill),
    /// Leave the stored orientation tag unapplied, wherever in the chain it stands.
    IgnoreOrientation,
    /// Cut off edges of one colour.
    Trim(Box<Trim>),
    /// An effect.
    Effect(Box<Effect>),
    /// Another picture, a text or a sound laid over or under.
    Overlay(Box<Overlay>),
    /// Keep a stretch of time.
    Clip(Box<Clip>),
    /// A resize or crop whose mode a variable holds.
    ResizeBy(Box<ResizeBy>),
    /// Do one thing or another.
    When(Box<When>),
    /// Give a variable its value, for the steps after this one.
    Let(Box<Let>),
}

/// Turn to the shape wanted: see [`Op::TurnToShape`]. Stands before the resize that it is decided by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TurnToShape {
    /// Clockwise; otherwise counter-clockwise.
    pub clockwise: bool,
    /// The shape wanted.
    pub area: Area,
}

/// Cut off edges of one colour; transparent edges always.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Trim {
    /// How far a colour may be from the edge's, 0 to 100; default 10.
    pub tolerance: Amount,
    /// `None`: the colour of the corners.
    pub colour: Option<Ink>,
}

/// A stretch of time on the step's input. What is `None` reaches to that end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Clip {
    /// Where it begins.
    pub start: Option<Time>,
    /// Where it ends.
    pub end: Option<Time>,
    /// How long it is: from the start, or up to the end where only that is given (assumed).
    pub duration: Option<Time>,
}

impl Clip {
    /// Whether nothing is cut.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.start.is_none() && self.end.is_none() && self.duration.is_none()
    }
}

/// A moment or a length of time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Time {
    /// Seconds.
    Seconds(Amount),
    /// A share of the duration, 0 to 100.
    Share(Decimal),
    /// The moment that shows most.
    Auto,
}

/// See [`Op::ResizeBy`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ResizeBy {
    /// The variable that holds the mode.
    pub mode: Box<str>,
    /// The box.
    pub area: Area,
}

/// Do one thing or another. A branch's output settings, where it names any, win over earlier ones.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct When {
    /// What decides, on the step's input.
    pub condition: Expr,
    /// Done where it holds.
    pub then: TransformSpec,
    /// Done where it does not.
    pub otherwise: TransformSpec,
}

/// See [`Op::Let`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Let {
    /// Letters and digits.
    pub name: Box<str>,
    /// Worked out when the step is reached.
    pub value: Expr,
}

/// The box asked for, before facts about the source complete it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Area {
    /// The width asked for.
    pub width: Option<Length>,
    /// The height asked for.
    pub height: Option<Length>,
    /// Completes a missing side, or alone asks for the largest (or smallest) box of this shape.
    pub ratio: Option<Ratio>,
    /// The same, known when the step is reached. At most one of the two is given.
    pub ratio_by: Option<Box<Expr>>,
    /// The missing side keeps the input's value, instead of following the shape of the picture.
    pub ignore_aspect: bool,
    /// Device pixels a CSS pixel: both sides are multiplied. [`Decimal::ONE`] where nothing is said.
    pub dpr: Dpr,
}

/// A pixel ratio that defaults to one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Dpr {
    /// A number above zero.
    Fixed(Decimal),
    /// What the client says (client hints), rounded up to a whole number; one when it says nothing.
    Shown,
    /// Known when the step is reached.
    Expr(Box<Expr>),
}

impl Default for Dpr {
    fn default() -> Self {
        Self::Fixed(Decimal::ONE)
    }
}

impl Area {
    /// A box of whole pixels.
    #[must_use]
    pub fn px(width: u16, height: u16) -> Self {
        Self {
            width: Some(Length::Px(i32::from(width))),
            height: Some(Length::Px(i32::from(height))),
            ..Self::default()
        }
    }

    /// Whether nothing about the size is asked.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.width.is_none()
            && self.height.is_none()
            && self.ratio.is_none()
            && self.ratio_by.is_none()
    }
}

/// How the picture meets the box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Frame {
    /// Each axis on its own: exactly the box, shape not kept.
    Stretch,
    /// The whole picture inside the box, shape kept.
    Inside,
    /// The whole box inside the picture, nothing cut.
    Outside,
    /// Fills the box, what hangs over is cut.
    Cover,
    /// The whole picture inside the box, the rest of the box filled.
    Pad,
    /// Fills the box as far as little of the picture is cut, and pads where that is not far enough.
    CoverPad,
}

/// In which direction a resize may scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Both.
    Any,
    /// Never enlarges.
    Down,
    /// Never reduces.
    Up,
}

/// Bring a picture to a box: two independent questions, [`Frame`] and [`Direction`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Resize {
    /// How the picture meets the box.
    pub frame: Frame,
    /// In which direction it may scale. [`Frame::Pad`] with [`Direction::Up`] never scales at all,
    /// it only widens the canvas.
    pub direction: Direction,
    /// The box.
    pub area: Area,
    /// Where the box sits in the picture (cover), or the picture in the box (pad).
    pub gravity: Gravity,
    /// Moves the box from there.
    pub offset: Offset,
    /// `Some` crops tightly to the subject found by `gravity`, its box divided by this factor;
    /// without a subject it has no effect.
    pub zoom: Option<Amount>,
    /// What fills the rest of the box ([`Frame::Pad`]); `None`: transparent where the format can,
    /// white elsewhere.
    pub background: Option<Fill>,
}

impl Resize {
    /// A resize at the centre.
    #[must_use]
    pub fn new(frame: Frame, direction: Direction, area: Area) -> Self {
        Self {
            frame,
            direction,
            area,
            gravity: Gravity::Compass(Compass::Center),
            offset: Offset::default(),
            zoom: None,
            background: None,
        }
    }
}

/// Cut a box out of a picture, without scaling.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Crop {
    /// The box; a missing side is the whole side.
    pub area: Area,
    /// Where the box sits; [`Gravity::Corner`] measures the offset from the top left.
    pub gravity: Gravity,
    /// Moves the box from there.
    pub offset: Offset,
    /// As in [`Resize::zoom`]; only without any size in `area`.
    pub zoom: Option<Amount>,
}

/// Where a box sits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Gravity {
    /// One of nine fixed places; the offset points inward from there.
    Compass(Compass),
    /// The top left corner plus the offset; the box is clipped at the far edges, not moved.
    Corner,
    /// Centred on the point that the offset names.
    Point,
    /// On something found in the picture, else at the fallback.
    Subject {
        /// What is looked for.
        subject: Subject,
        /// Where the box sits when nothing is found.
        fallback: Otherwise,
    },
    /// Where a variable says.
    Variable(Box<str>),
}

/// Where a box sits when what its gravity looks for is not in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Otherwise {
    /// One of nine fixed places.
    Compass(Compass),
    /// On the most interesting region.
    Salient,
}

impl Otherwise {
    /// The fixed place; the centre where nothing draws the eye either.
    #[must_use]
    pub const fn compass(self) -> Compass {
        match self {
            Self::Compass(compass) => compass,
            Self::Salient => Compass::Center,
        }
    }
}

/// What a smart gravity looks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The most interesting region.
    Salient,
    /// The largest face.
    Face,
    /// The box around all faces.
    Faces,
    /// Anything else, by its native word.
    Named(Box<str>),
}

/// A distance from a gravity's anchor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Offset {
    /// Along the width.
    pub x: Option<Length>,
    /// Along the height.
    pub y: Option<Length>,
}

impl Offset {
    /// Whether nothing is moved.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.x.is_none() && self.y.is_none()
    }
}

/// A mirror followed by clockwise quarter turns: every way to lay a picture down unchanged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Turn {
    /// Left and right exchanged, before turning.
    pub mirror: bool,
    /// Clockwise quarter turns, 0 to 3.
    pub quarters: u8,
}

impl Turn {
    /// Nothing changes.
    pub const NONE: Self = Self {
        mirror: false,
        quarters: 0,
    };
    /// Left and right exchanged.
    pub const MIRROR: Self = Self {
        mirror: true,
        quarters: 0,
    };
    /// Top and bottom exchanged.
    pub const FLIP: Self = Self {
        mirror: true,
        quarters: 2,
    };

    /// Clockwise quarter turns, any number, negative ones counter-clockwise.
    #[must_use]
    pub fn quarters(n: i32) -> Self {
        Self {
            mirror: false,
            quarters: u8::try_from(n.rem_euclid(4)).unwrap_or(0),
        }
    }

    /// This turn, then another.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        // A mirror reverses the sense of the quarter turns made before it.
        let before = if next.mirror {
            (4 - self.quarters) % 4
        } else {
            self.quarters
        };
        Self {
            mirror: self.mirror != next.mirror,
            quarters: (before + next.quarters) % 4,
        }
    }

    /// Whether width and height change places.
    #[must_use]
    pub const fn swaps(self) -> bool {
        self.quarters % 2 == 1
    }
}

/// The radius of one corner.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Corner {
    /// Pixels.
    Px(u32),
    /// As round as the picture allows: a circle or an ellipse.
    Max,
    /// Pixels, known when the step is reached.
    Expr(Box<Expr>),
}

/// The radii of the corners.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Radii {
    /// Clockwise from the top left.
    pub corners: [Corner; 4],
    /// Multiplies what is in pixels. Assumed: published for width and height only.
    pub dpr: Dpr,
}

/// A solid line around a picture.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Border {
    /// Pixels, or an expression.
    pub width: Length,
    /// Its colour; may be translucent.
    pub colour: Ink,
    /// The radii that the same component asks for; the line then follows the corners.
    pub radii: Option<Radii>,
    /// Multiplies the width. Assumed: published for width and height of the picture only.
    pub dpr: Dpr,
}

/// What an area is filled with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Fill {
    /// One colour.
    Colour(Colour),
    /// The most common colour of the picture's outermost pixels.
    EdgeColour,
    /// Another colour, or a gradient, of the picture's own.
    Derived(Box<Derived>),
    /// The picture itself, enlarged and blurred: strength 1 to 2000 (default 100, assumed), brightness
    /// -300 to 100 (default 0, assumed).
    Blurred(Box<(Amount, Amount)>),
    /// The picture continued by a model; the arguments as written.
    Generated(Box<str>),
    /// The colour that a variable holds.
    Variable(Box<str>),
}

/// A fill made from a picture's own colours.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Derived {
    /// From the edges alone; otherwise from the whole picture.
    pub edges: bool,
    /// A colour that stands out against the one found.
    pub contrast: bool,
    /// 1 for one colour, 2 or 4 for a gradient.
    pub colours: u8,
    /// `horizontal`, `vertical`, `diagonal_desc` or `diagonal_asc`; `None`: chosen for the picture.
    pub direction: Option<Box<str>>,
    /// The only colours to choose from.
    pub palette: Box<[Ink]>,
}
