//! How far a picture is made smaller, and which coefficients that needs.

/// Into how many samples, along each side, a block of 8x8 is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scale {
    /// One: the block's mean.
    Eighth,
    /// Two.
    Quarter,
    /// Four.
    Half,
    /// Eight: as the picture is stored.
    Full,
}

impl Scale {
    /// All of them, smallest picture first.
    pub const ALL: [Self; 4] = [Self::Eighth, Self::Quarter, Self::Half, Self::Full];

    /// Samples of a block along each side: 1, 2, 4 or 8.
    #[must_use]
    pub const fn samples(self) -> u32 {
        match self {
            Self::Eighth => 1,
            Self::Quarter => 2,
            Self::Half => 4,
            Self::Full => 8,
        }
    }

    /// How many times smaller: 8, 4, 2 or 1.
    #[must_use]
    pub const fn reduction(self) -> u32 {
        8 / self.samples()
    }

    /// The last coefficient, in zigzag order, of the top left square of as many.
    pub(crate) const fn last_coefficient(self) -> usize {
        match self {
            Self::Eighth => 0,
            Self::Quarter => 4,
            Self::Half => 24,
            Self::Full => 63,
        }
    }

    /// Where a coefficient goes, by its place in zigzag order: into a square of the scale's size, column
    /// by column; what the scale does not need, and what a broken run puts behind the block, into
    /// [`WASTE`].
    pub(crate) const fn places(self) -> &'static [u8; 128] {
        const EIGHTH: [u8; 128] = places(1);
        const QUARTER: [u8; 128] = places(2);
        const HALF: [u8; 128] = places(4);
        const FULL: [u8; 128] = places(8);
        match self {
            Self::Eighth => &EIGHTH,
            Self::Quarter => &QUARTER,
            Self::Half => &HALF,
            Self::Full => &FULL,
        }
    }
}

/// The place of coefficients that nobody reads.
pub(crate) const WASTE: u8 = 64;

/// Walks the zigzag over a block and notes what lies in its top left square of `side`.
const fn places(side: u8) -> [u8; 128] {
    let mut places = [WASTE; 128];
    let (mut x, mut y) = (0_u8, 0_u8);
    let mut k = 0;
    while k < 64 {
        if x < side && y < side {
            places[k] = x * side + y;
        }
        // Even diagonals rise to the right, odd ones fall to the left; both turn at the edges.
        if (x + y) % 2 == 0 {
            if x == 7 {
                y += 1;
            } else if y == 0 {
                x += 1;
            } else {
                x += 1;
                y -= 1;
            }
        } else if y == 7 {
            x += 1;
        } else if x == 0 {
            y += 1;
        } else {
            x -= 1;
            y += 1;
        }
        k += 1;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_needed_coefficient_has_a_place_and_stands_before_the_last() {
        for scale in Scale::ALL {
            let count = (scale.samples() * scale.samples()) as usize;
            let mut seen = vec![false; count];
            let mut last = 0;
            for (k, &place) in scale.places().iter().enumerate() {
                if place != WASTE {
                    assert!(!std::mem::replace(&mut seen[usize::from(place)], true));
                    last = k;
                }
            }
            assert!(seen.into_iter().all(|seen| seen));
            assert_eq!(last, scale.last_coefficient());
        }
    }

    #[test]
    fn the_zigzag_is_that_of_the_standard() {
        // Figure A.6 of ITU-T T.81, its first and last diagonals; here a place is x * 8 + y.
        let places = Scale::Full.places();
        assert_eq!(places[..6], [0, 8, 1, 2, 9, 16]);
        assert_eq!(places[61..64], [62, 55, 63]);
    }
}
