//! What is symbolic in a specification, found wherever it stands.
//!
//! A [`Symbols`] sees every number, length and colour of a value in place, so that it can put there
//! what each works out to.

use super::{
    Amount, Area, AssetRef, ColourVision, Corner, Curve, Derived, Dpr, FadeMode, Fill, Hundredths,
    Ink, Kernel, Length, Loudness, Morph, Offset, OutlineMode, Radii, Region, Scene, Sight, Stop,
    Trim,
};

/// Sees what is symbolic, and may replace it.
pub trait Symbols {
    /// Why something cannot be replaced.
    type Error;

    /// A number.
    ///
    /// # Errors
    /// What the implementation says.
    fn amount(&mut self, amount: &mut Amount) -> Result<(), Self::Error>;

    /// A length; `least` is the smallest value that makes sense in its place, in pixels.
    ///
    /// # Errors
    /// What the implementation says.
    fn length(&mut self, length: &mut Length, least: i32) -> Result<(), Self::Error>;

    /// A colour.
    ///
    /// # Errors
    /// What the implementation says.
    fn ink(&mut self, ink: &mut Ink) -> Result<(), Self::Error>;

    /// The radius of a corner.
    ///
    /// # Errors
    /// What the implementation says.
    fn corner(&mut self, corner: &mut Corner) -> Result<(), Self::Error>;

    /// What an area is filled with.
    ///
    /// # Errors
    /// What the implementation says.
    fn fill(&mut self, fill: &mut Fill) -> Result<(), Self::Error>;

    /// A box.
    ///
    /// # Errors
    /// What the implementation says.
    fn area(&mut self, area: &mut Area) -> Result<(), Self::Error>;

    /// A pixel ratio.
    ///
    /// # Errors
    /// What the implementation says.
    fn dpr(&mut self, dpr: &mut Dpr) -> Result<(), Self::Error>;
}

/// Shows what is symbolic in it.
pub trait Symbolic {
    /// Shows each part, in the order in which it is printed.
    ///
    /// # Errors
    /// The first that `symbols` gives.
    fn show<S: Symbols>(&mut self, symbols: &mut S) -> Result<(), S::Error>;
}

/// Nothing in them can be symbolic.
macro_rules! settled {
    ($($name:ty),* $(,)?) => {
        $(impl Symbolic for $name {
            fn show<S: Symbols>(&mut self, _: &mut S) -> Result<(), S::Error> {
                Ok(())
            }
        })*
    };
}

settled!(
    bool,
    Box<AssetRef>,
    Box<str>,
    ColourVision,
    Curve,
    FadeMode,
    Kernel,
    Morph,
    OutlineMode,
    Scene,
);

impl Symbolic for Amount {
    fn show<S: Symbols>(&mut self, symbols: &mut S) -> Result<(), S::Error> {
        symbols.amount(self)
    }
}

impl Symbolic for Hundredths {
    fn show<S: Symbols>(&mut self, symbols: &mut S) -> Result<(), S::Error> {
        symbols.amount(&mut self.0)
    }
}

impl Symbolic for Length {
    fn show<S: Symbols>(&mut self, symbols: &mut S) -> Result<(), S::Error> {
        symbols.length(self, i32::MIN)
    }
}

impl Symbolic for Ink {
    fn show<S: Symbols>(&mut self, symbols: &mut S) -> Result<(), S::Error> {
        symbols.ink(self)
    }
}

impl Symbolic for Corner {
    fn show<S: Symbols>(&mut self, symbols: &mut S) -> Result<(), S::Error> {
        symbols.corner(self)
    }
}

impl Symbolic for Fill {
    fn show<S: Symbols>(&mut self, symbols: &mut S) -> Result<(), S::Error> {
        symbols.fill(self)
    }
}

impl Symbolic for Area {
    fn show<S: Symbols>(&mut self, symbols: &mut S) -> Result<(), S::Error> {
        symbols.area(self)
    }
}

impl<T: Symbolic> Symbolic for Option<T> {
    fn show<S: Symbols>(&mut self, symbols: &mut S) -> Result<(), S::Error> {
        self.as_mut().map_or(Ok(()), |inner| inner.show(symbols))
    }
}

impl<T: Symbolic> Symbolic for Box<[T]> {
    fn show<S: Symbols>(&mut self, symbols: &mut S) -> Result<(), S::Error> {
        self.iter_mut().try_for_each(|item| item.show(symbols))
    }
}

impl Symbolic for Offset {
    fn show<S: Symbols>(&mut self, symbols: &mut S) -> Result<(), S::Error> {
        self.x.show(symbols)?;
        self.y.show(symbols)
    }
}

impl Symbolic for Dpr {
    fn show<S: Symbols>(&mut self, symbols: &mut S) -> Result<(), S::Error> {
        let mut area = Area {
            dpr: std::mem::take(self),
            ..Area::default()
        };
        let shown = symbols.area(&mut area);
        *self = area.dpr;
        shown
    }
}

impl Symbolic for Radii {
    fn show<S: Symbols>(&mut self, symbols: &mut S) -> Result<(), S::Error> {
        self.dpr.show(symbols)?;
        self.corners
            .iter_mut()
            .try_for_each(|corner| corner.show(symbols))
    }
}

impl Symbolic for Trim {
    fn show<S: Symbols>(&mut self, symbols: &mut S) -> Result<(), S::Error> {
        self.tolerance.show(symbols)?;
        self.colour.show(symbols)
    }
}

impl Symbolic for Derived {
    fn show<S: Symbols>(&mut self, symbols: &mut S) -> Result<(), S::Error> {
        self.palette.show(symbols)
    }
}

impl Symbolic for Region {
    fn show<S: Symbols>(&mut self, symbols: &mut S) -> Result<(), S::Error> {
        self.offset.show(symbols)?;
        for side in [&mut self.width, &mut self.height].into_iter().flatten() {
            symbols.length(side, 0)?;
        }
        Ok(())
    }
}

impl Symbolic for Sight {
    fn show<S: Symbols>(&mut self, symbols: &mut S) -> Result<(), S::Error> {
        self.zoom.show(symbols)?;
        self.middle.show(symbols)
    }
}

impl Symbolic for Stop {
    fn show<S: Symbols>(&mut self, symbols: &mut S) -> Result<(), S::Error> {
        self.colour.show(symbols)?;
        self.at.show(symbols)
    }
}

impl Symbolic for Loudness {
    fn show<S: Symbols>(&mut self, symbols: &mut S) -> Result<(), S::Error> {
        match self {
            Self::By(change) => change.show(symbols),
            Self::Decibels(change) => change.show(symbols),
            Self::Mute | Self::Auto => Ok(()),
        }
    }
}
