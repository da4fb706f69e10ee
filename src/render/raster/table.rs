//! Tables that map colours to colours: `.cube` and `.3dl` files.

use super::{Layout, Raster};

/// Longest side of a table.
const MAX_SIDE: usize = 128;

/// A cube of colours, red the fastest to change.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::render) struct Table {
    side: usize,
    colours: Vec<[f32; 3]>,
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
        Ok(Self { side, colours })
    }

    fn at(&self, r: usize, g: usize, b: usize) -> [f32; 3] {
        let index = (b * self.side + g) * self.side + r;
        self.colours.get(index).copied().unwrap_or([0.0; 3])
    }

    /// The colour for a colour, between the table's own by tetrahedra.
    fn map(&self, colour: [u8; 3]) -> [u8; 3] {
        #[allow(clippy::cast_precision_loss)]
        let scale = (self.side - 1) as f32 / 255.0;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let split = |v: u8| {
            let at = f32::from(v) * scale;
            let low = (at as usize).min(self.side - 2);
            #[allow(clippy::cast_precision_loss)]
            (low, at - low as f32)
        };
        let [(r, fr), (g, fg), (b, fb)] = colour.map(split);
        let low = self.at(r, g, b);
        let high = self.at(r + 1, g + 1, b + 1);
        // The path from the low corner to the high one along the largest share first.
        let (first, second, weights) = if fr >= fg {
            if fg >= fb {
                (self.at(r + 1, g, b), self.at(r + 1, g + 1, b), [fr, fg, fb])
            } else if fr >= fb {
                (self.at(r + 1, g, b), self.at(r + 1, g, b + 1), [fr, fb, fg])
            } else {
                (self.at(r, g, b + 1), self.at(r + 1, g, b + 1), [fb, fr, fg])
            }
        } else if fb >= fg {
            (self.at(r, g, b + 1), self.at(r, g + 1, b + 1), [fb, fg, fr])
        } else if fb >= fr {
            (self.at(r, g + 1, b), self.at(r, g + 1, b + 1), [fg, fb, fr])
        } else {
            (self.at(r, g + 1, b), self.at(r + 1, g + 1, b), [fg, fr, fb])
        };
        let [w1, w2, w3] = weights;
        let mut out = [0; 3];
        for (i, out) in out.iter_mut().enumerate() {
            let part = |corner: [f32; 3]| corner.get(i).copied().unwrap_or(0.0);
            let sum = part(low) * (1.0 - w1)
                + part(first) * (w1 - w2)
                + part(second) * (w2 - w3)
                + part(high) * w3;
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let value = (sum.clamp(0.0, 1.0) * 255.0).round() as u8;
            *out = value;
        }
        out
    }
}

impl Raster {
    /// Every colour mapped; opacity stays.
    pub(in crate::render) fn mapped(self, table: &Table) -> Self {
        let mut mapped = self.into_colour();
        if mapped.layout == Layout::Rgb {
            let (pixels, _) = mapped.pixels.as_chunks_mut::<3>();
            for pixel in pixels {
                *pixel = table.map(*pixel);
            }
        } else {
            let (pixels, _) = mapped.pixels.as_chunks_mut::<4>();
            for pixel in pixels {
                let [r, g, b, a] = *pixel;
                let [r, g, b] = table.map([r, g, b]);
                *pixel = [r, g, b, a];
            }
        }
        mapped
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
