//! Hue, saturation and lightness, changed without leaving RGB.
//!
//! All formulas are those of HSL or HSB solved for red, green and blue, in floating point on a block at
//! a time, without branches: twice the lightness of a pixel is its largest plus its smallest channel,
//! and the colour that a saturation of one would give is what that leaves of the range.

use super::point::Block;
use super::simd::{byte, wide};

/// What is changed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Hue {
    /// HSL lightness multiplied.
    Lightness(f32),
    /// HSB value multiplied.
    Value(f32),
    /// HSL saturation multiplied.
    Saturation(f32),
    /// HSL saturation raised where it is low.
    Vibrance(f32),
    /// Hue turned by sixths of a turn, 0 to 6.
    Turn(f32),
}

pub(super) fn run(block: &mut Block, hue: Hue) {
    match hue {
        Hue::Lightness(factor) => lighten(block, factor),
        Hue::Value(factor) => brighten(block, factor),
        Hue::Saturation(factor) => saturate(block, factor),
        Hue::Vibrance(strength) => enliven(block, strength),
        Hue::Turn(sixths) => turn(block, sixths),
    }
}

#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

#[inline(always)]
fn smaller(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

/// Avoids a division by zero where every numerator is zero too.
const LEAST: f32 = 1e-3;

/// The range of a lightness: the chroma that a saturation of one gives.
#[inline(always)]
fn range(twice_lightness: f32) -> f32 {
    255.0 - (twice_lightness - 255.0).abs()
}

/// Changes every pixel by a formula over its channels.
macro_rules! each_pixel {
    ($block:ident, |$r:ident, $g:ident, $b:ident| $formula:expr) => {
        let channels = $block.r.iter_mut().zip(&mut $block.g).zip(&mut $block.b);
        for ((red, green), blue) in channels {
            let ($r, $g, $b) = (f32::from(*red), f32::from(*green), f32::from(*blue));
            let [r, g, b]: [f32; 3] = $formula;
            *red = byte(r);
            *green = byte(g);
            *blue = byte(b);
        }
    };
}

wide! {
    fn lighten(block: &mut Block, factor: f32) {
        each_pixel!(block, |r, g, b| {
            let (top, low) = (larger(larger(r, g), b), smaller(smaller(r, g), b));
            let sum = top + low;
            let lit = smaller(sum * factor, 510.0);
            let ratio = range(lit) / larger(range(sum), LEAST);
            [r, g, b].map(|v| lit * 0.5 + (v - sum * 0.5) * ratio)
        });
    }

    fn brighten(block: &mut Block, factor: f32) {
        each_pixel!(block, |r, g, b| {
            let top = larger(larger(r, g), b);
            let factor = smaller(factor, 255.0 / larger(top, LEAST));
            [r * factor, g * factor, b * factor]
        });
    }

    fn saturate(block: &mut Block, factor: f32) {
        each_pixel!(block, |r, g, b| {
            let (top, low) = (larger(larger(r, g), b), smaller(smaller(r, g), b));
            let middle = (top + low) * 0.5;
            let most = range(top + low) / larger(top - low, LEAST);
            let factor = smaller(factor, most);
            [r, g, b].map(|v| middle + (v - middle) * factor)
        });
    }

    fn enliven(block: &mut Block, strength: f32) {
        each_pixel!(block, |r, g, b| {
            let (top, low) = (larger(larger(r, g), b), smaller(smaller(r, g), b));
            let middle = (top + low) * 0.5;
            let saturation = (top - low) / larger(range(top + low), LEAST);
            let factor = 1.0 + strength * (1.0 - saturation);
            [r, g, b].map(|v| middle + (v - middle) * factor)
        });
    }

    // Largest and smallest channel stay what they are; which one is which, and where the third lies
    // between them, follows the hue around its six sides.
    fn turn(block: &mut Block, sixths: f32) {
        each_pixel!(block, |r, g, b| {
            let (top, low) = (larger(larger(r, g), b), smaller(smaller(r, g), b));
            let chroma = top - low;
            let per = 1.0 / larger(chroma, LEAST);
            let from_red = (g - b) * per;
            let from_green = 2.0 + (b - r) * per;
            let from_blue = 4.0 + (r - g) * per;
            let hue = if top == b { from_blue } else { from_red };
            let hue = if top == g { from_green } else { hue };
            let hue = if top == r { from_red } else { hue };
            // From -1 to 11: once around at most in either direction.
            let hue = hue + sixths;
            let hue = if hue < 0.0 { hue + 6.0 } else { hue };
            let hue = if hue >= 6.0 { hue - 6.0 } else { hue };
            let part = |v: f32| smaller(larger(v, 0.0), 1.0);
            [
                low + chroma * part((hue - 3.0).abs() - 1.0),
                low + chroma * part(2.0 - (hue - 2.0).abs()),
                low + chroma * part(2.0 - (hue - 4.0).abs()),
            ]
        });
    }
}
