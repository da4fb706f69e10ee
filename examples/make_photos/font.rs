//! A stroke font of our own: capitals, digits and a few marks as polylines on a grid 4 wide and 6 high.

use crate::math::V3;

/// Strokes parted by `/`, points as two digits: x from the left, y from the base line.
fn strokes(c: char) -> &'static str {
    match c {
        'A' => "00 26 40/12 32",
        'B' => "00 06 26 35 34 23 03/23 33 42 41 30 00",
        'C' => "45 36 16 05 01 10 30 41",
        'D' => "00 06 26 44 42 20 00",
        'E' => "46 06 00 40/03 33",
        'F' => "46 06 00/03 33",
        'G' => "45 36 16 05 01 10 30 41 43 23",
        'H' => "00 06/40 46/03 43",
        'I' => "20 26",
        'J' => "46 41 30 10 01",
        'K' => "00 06/46 03 40",
        'L' => "06 00 40",
        'M' => "00 06 23 46 40",
        'N' => "00 06 40 46",
        'O' | '0' => "16 05 01 10 30 41 45 36 16",
        'P' => "00 06 36 45 44 33 03",
        'Q' => "16 05 01 10 30 41 45 36 16/31 50",
        'R' => "00 06 36 45 44 33 03/23 40",
        'S' => "45 36 16 05 04 13 33 42 41 30 10 01",
        'T' => "06 46/26 20",
        'U' => "06 01 10 30 41 46",
        'V' => "06 20 46",
        'W' => "06 10 24 30 46",
        'X' => "00 46/06 40",
        'Y' => "06 23 46/23 20",
        'Z' => "06 46 00 40",
        '1' => "15 26 20/10 30",
        '2' => "05 16 36 45 44 00 40",
        '3' => "06 46 23 33 42 41 30 10 01",
        '4' => "30 36 02 42",
        '5' => "46 06 03 33 42 41 30 10 01",
        '6' => "46 26 04 01 10 30 41 42 33 03",
        '7' => "06 46 10",
        '8' => "13 04 05 16 36 45 44 33 13 02 01 10 30 41 42 33",
        '9' => "00 20 42 45 36 16 05 04 13 43",
        '-' => "13 33",
        '+' => "13 33/24 22",
        '.' => "20 20",
        '&' => "40 05 16 25 24 02 01 10 20 42",
        '/' => "00 46",
        _ => "",
    }
}

/// A line of text as segments. Letters are 1 high and start at the origin; y points up.
pub struct Text {
    segments: Vec<[f32; 4]>,
    /// Width from the first stroke to the last, in letter heights.
    pub width: f32,
}

impl Text {
    /// Lays out `text` from left to right.
    pub fn new(text: &str) -> Text {
        let (mut segments, mut pen) = (Vec::new(), 0.0);
        for c in text.chars() {
            let (left, right) = lay(c, &mut segments, pen, 0.0);
            pen += if right > left {
                right - left + 1.8 / 6.0
            } else {
                0.4
            };
        }
        Text {
            segments,
            width: (pen - 1.8 / 6.0).max(0.0),
        }
    }

    /// Lays out `text` from top to bottom, letters upright and centred on x = 0, 1.35 heights apart, from y = 0 down.
    pub fn vertical(text: &str) -> Text {
        let mut segments = Vec::new();
        for (i, c) in text.chars().enumerate() {
            let first = segments.len();
            let (left, right) = lay(c, &mut segments, 0.0, -1.35 * i as f32 - 1.0);
            for s in segments.iter_mut().skip(first) {
                s[0] -= (right - left) * 0.5;
                s[2] -= (right - left) * 0.5;
            }
        }
        Text {
            segments,
            width: 4.0 / 6.0,
        }
    }

    /// Distance from a point to the nearest stroke, in letter heights.
    pub fn distance(&self, x: f32, y: f32) -> f32 {
        let mut best = f32::MAX;
        for &[ax, ay, bx, by] in &self.segments {
            let (dx, dy, px, py) = (bx - ax, by - ay, x - ax, y - ay);
            let t = ((px * dx + py * dy) / (dx * dx + dy * dy).max(1e-9)).clamp(0.0, 1.0);
            let (ex, ey) = (px - dx * t, py - dy * t);
            best = best.min(ex * ex + ey * ey);
        }
        best.sqrt()
    }

    /// Distance when the text is centred at (cx, cy) with letters `size` high, in the caller's units.
    pub fn centred(&self, x: f32, y: f32, cx: f32, cy: f32, size: f32) -> f32 {
        self.distance((x - cx) / size + self.width * 0.5, (y - cy) / size + 0.5) * size
    }
}

/// Adds a glyph whose left edge stands at `pen`; returns its left and right extent.
fn lay(c: char, out: &mut Vec<[f32; 4]>, pen: f32, base: f32) -> (f32, f32) {
    let lines: Vec<Vec<(f32, f32)>> = strokes(c)
        .split('/')
        .map(|line| {
            line.split(' ')
                .filter_map(|p| p.parse::<u8>().ok())
                .map(|n| (f32::from(n / 10) / 6.0, f32::from(n % 10) / 6.0))
                .collect()
        })
        .collect();
    let xs = || lines.iter().flatten().map(|p| p.0);
    let (left, right) = (xs().fold(f32::MAX, f32::min), xs().fold(f32::MIN, f32::max));
    for line in &lines {
        for (a, b) in line.iter().zip(line.iter().skip(1)) {
            out.push([pen + a.0 - left, base + a.1, pen + b.0 - left, base + b.1]);
        }
    }
    if left > right {
        (0.0, 0.0)
    } else {
        (left, right.max(left + 0.02))
    }
}

/// Paints `ink` over `under` where `distance` is below `half`, with a soft edge.
pub fn stroke(under: V3, ink: V3, distance: f32, half: f32, soft: f32) -> V3 {
    crate::math::mix(
        under,
        ink,
        crate::math::step(half + soft, half - soft, distance),
    )
}
