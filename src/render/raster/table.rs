//! Tables that map colours to colours: `.cube` and `.3dl` files.

use super::simd::byte;
use super::{Layout, Raster};
use crate::render::budget::Budget;
use crate::render::error::Error;

/// Longest side of a table.
const MAX_SIDE: usize = 128;

/// A cube of colours, red the fastest to change.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::render) struct Table {
    side: usize,
    /// In samples of 255; the last number says nothing, but four are read as fast as three.
    colours: Vec<[f32; 4]>,
    /// For a sample the step of the table below it, and how far it is towards the next.
    steps: Vec<(usize, f32)>,
}

impl Table {
    /// Reads a file of either kind.
    pub(in crate::render) fn read(bytes: &[u8]) -> Result<Self, &'static str> {
        let text = std::str::from_utf8(bytes).map_err(|_| "this table of colours is no text")?;
        let lines = || {
            text.lines()
                .map(str::trim)
                .filter(|line| !line.is_empty() && !line.starts_with('#'))
        };
        if lines().any(|line| line.starts_with("LUT_3D_SIZE")) {
            cube(lines())
        } else {
            mesh(lines())
        }
    }

    /// Takes the colours if there are as many as the sides ask for.
    fn new(side: usize, colours: Vec<[f32; 3]>) -> Result<Self, &'static str> {
        if !(2..=MAX_SIDE).contains(&side) {
            return Err("a table of colours has 2 to 128 steps a side");
        }
        if colours.len() != side * side * side {
            return Err("the table of colours is not complete");
        }
        let scale = (side - 1) as f32 / 255.0;
        let step = |v: u8| {
            let at = f32::from(v) * scale;
            let low = (at as usize).min(side - 2);
            (low, at - low as f32)
        };
        Ok(Self {
            side,
            colours: colours
                .into_iter()
                .map(|[r, g, b]| [r, g, b, 0.0].map(|v| v * 255.0))
                .collect(),
            steps: (0..=255).map(step).collect(),
        })
    }

    /// A table of as many steps a side as five samples are one, by a function of its colours; `None` for
    /// those that stay.
    pub(super) fn of(colour: impl Fn([u8; 3]) -> Option<[u8; 3]>) -> Result<Self, &'static str> {
        const SIDE: u8 = 52;
        let mut colours = Vec::with_capacity(usize::from(SIDE).pow(3));
        for b in 0..SIDE {
            for g in 0..SIDE {
                for r in 0..SIDE {
                    let own = [r * 5, g * 5, b * 5];
                    colours.push(colour(own).unwrap_or(own).map(|v| f32::from(v) / 255.0));
                }
            }
        }
        Self::new(usize::from(SIDE), colours)
    }

    /// The colour for a colour, between the table's own by tetrahedra.
    #[inline]
    pub(super) fn map(&self, [r, g, b]: [u8; 3]) -> [u8; 3] {
        let step = |v: u8| self.steps.get(usize::from(v)).copied().unwrap_or((0, 0.0));
        let ((r, fr), (g, fg), (b, fb)) = (step(r), step(g), step(b));
        // What one step more of each is.
        let (red, green, blue) = (1, self.side, self.side * self.side);
        let base = r + g * green + b * blue;
        // The path from the low corner to the high one along the largest share first.
        let (first, second, w1, w2, w3) = if fr >= fg {
            if fg >= fb {
                (red, red + green, fr, fg, fb)
            } else if fr >= fb {
                (red, red + blue, fr, fb, fg)
            } else {
                (blue, red + blue, fb, fr, fg)
            }
        } else if fb >= fg {
            (blue, green + blue, fb, fg, fr)
        } else if fb >= fr {
            (green, green + blue, fg, fb, fr)
        } else {
            (green, red + green, fg, fr, fb)
        };
        let corner = |more: usize| self.colours.get(base + more).copied().unwrap_or_default();
        let (low, high) = (corner(0), corner(red + green + blue));
        let (first, second) = (corner(first), corner(second));
        let part = |n: usize| {
            byte(low[n] * (1.0 - w1) + first[n] * (w1 - w2) + second[n] * (w2 - w3) + high[n] * w3)
        };
        [part(0), part(1), part(2)]
    }
}

impl Raster {
    /// Every colour mapped; opacity stays.
    ///
    /// # Errors
    ///
    /// Those of the budget.
    pub(in crate::render) fn mapped(self, table: &Table, budget: &Budget) -> Result<Self, Error> {
        const PIXELS_A_LOOK: usize = 1 << 16;
        let mut mapped = self.into_colour();
        if mapped.layout == Layout::Rgb {
            let (pixels, _) = mapped.pixels.as_chunks_mut::<3>();
            for band in pixels.chunks_mut(PIXELS_A_LOOK) {
                budget.check()?;
                for pixel in band {
                    *pixel = table.map(*pixel);
                }
            }
        } else {
            let (pixels, _) = mapped.pixels.as_chunks_mut::<4>();
            for band in pixels.chunks_mut(PIXELS_A_LOOK) {
                budget.check()?;
                for pixel in band {
                    let [r, g, b, a] = *pixel;
                    let [r, g, b] = table.map([r, g, b]);
                    *pixel = [r, g, b, a];
                }
            }
        }
        Ok(mapped)
    }
}

/// Three numbers of a line.
fn triple(line: &str) -> Option<[f32; 3]> {
    let mut numbers = line.split_whitespace().map(str::parse::<f32>);
    let mut next = || numbers.next()?.ok().filter(|n| n.is_finite());
    Some([next()?, next()?, next()?])
}

/// `LUT_3D_SIZE n`, then lines of three numbers from 0 to 1.
fn cube<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Table, &'static str> {
    let mut side = 0;
    let mut colours = Vec::new();
    for line in lines {
        if let Some(size) = line.strip_prefix("LUT_3D_SIZE") {
            side = size
                .trim()
                .parse()
                .map_err(|_| "LUT_3D_SIZE is no number")?;
        } else if line.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '.')) {
            colours.push(triple(line).ok_or("a line of the table is not three numbers")?);
            if colours.len() > MAX_SIDE * MAX_SIDE * MAX_SIDE {
                return Err("a table of colours has 2 to 128 steps a side");
            }
        }
    }
    Table::new(side, colours)
}

/// A line of steps, then lines of three whole numbers, blue the fastest to change.
fn mesh<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Table, &'static str> {
    let mut lines = lines.filter(|line| line.starts_with(|c: char| c.is_ascii_digit()));
    let steps = lines.next().ok_or("the table of colours is empty")?;
    let side = steps.split_whitespace().count();
    if !(2..=MAX_SIDE).contains(&side) {
        return Err("a table of colours has 2 to 128 steps a side");
    }
    let mut numbers = Vec::new();
    for line in lines.take(side * side * side) {
        numbers.push(triple(line).ok_or("a line of the table is not three numbers")?);
    }
    // The largest number tells how many bits a colour has.
    let largest = numbers.iter().flatten().copied().fold(0.0_f32, f32::max);
    let full = [255.0, 1023.0, 4095.0, 65_535.0]
        .into_iter()
        .find(|full| largest <= *full)
        .ok_or("a number of the table is too large")?;
    let mut colours = vec![[0.0; 3]; numbers.len()];
    for (index, colour) in numbers.into_iter().enumerate() {
        let (r, g, b) = (index / side / side, index / side % side, index % side);
        if let Some(place) = colours.get_mut((b * side + g) * side + r) {
            *place = colour.map(|n| n / full);
        }
    }
    Table::new(side, colours)
}
