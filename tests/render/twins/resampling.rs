//! Resampling, held against Lanczos' filter in 64-bit floats, written from its formula.

use std::f64::consts::PI;

use super::{Alpha, Dice, far, filled};
use crate::render::sources::{Picture, encode, open, run, scaled};
use cldgate::plan::Size;
use cldgate::spec::Format;

fn lanczos3(x: f64) -> f64 {
    let sinc = |x: f64| {
        if x == 0.0 {
            1.0
        } else {
            (PI * x).sin() / (PI * x)
        }
    };
    if x.abs() < 3.0 {
        sinc(x) * sinc(x / 3.0)
    } else {
        0.0
    }
}

/// The weights of `from` samples for each of `to`: the filter as wide as a sample of the result,
/// where that is the wider.
fn weights(from: u32, to: u32) -> Vec<Vec<(usize, f64)>> {
    let scale = f64::from(from) / f64::from(to);
    let wide = scale.max(1.0);
    let sample = |n: u32| {
        let middle = (f64::from(n) + 0.5) * scale;
        let weight = |i: u32| lanczos3((f64::from(i) + 0.5 - middle) / wide);
        let sum: f64 = (0..from).map(weight).sum();
        (0..from)
            .map(|i| (i as usize, weight(i) / sum))
            .filter(|(_, w)| *w != 0.0)
            .collect()
    };
    (0..to).map(sample).collect()
}

type Seen = Vec<[f64; 4]>;

/// Rows at another width, rounded to 8 bits; and their columns turned to rows.
fn rows(picture: &Seen, width: usize, weights: &[Vec<(usize, f64)>]) -> Seen {
    let height = picture.len() / width;
    let mut out = vec![[0.0; 4]; weights.len() * height];
    for (y, row) in picture.chunks(width).enumerate() {
        for (x, weights) in weights.iter().enumerate() {
            let mut sums = [0.0; 4];
            for &(column, weight) in weights {
                for (sum, sample) in sums.iter_mut().zip(row[column]) {
                    *sum += sample * weight;
                }
            }
            out[x * height + y] = sums.map(|sum: f64| sum.round().clamp(0.0, 255.0));
        }
    }
    out
}

/// A picture at another size: its samples multiplied by their alpha, rounded to 8 bits first down
/// and then across, as `fast_image_resize` does it. Pillow goes across first, which differs where
/// both passes overshoot: in noise.
fn exact(picture: &Picture, to: Size) -> Picture {
    let (width, height) = (picture.size.width, picture.size.height);
    let columns = (0..width).flat_map(|x| (0..height).map(move |y| picture.at(x, y)));
    let seen = |[r, g, b, a]: [u8; 4]| {
        [r, g, b, 255].map(|v: u8| (f64::from(v) * f64::from(a) / 255.0).round())
    };
    let turned: Seen = columns.map(seen).collect();
    let upright = rows(&turned, height as usize, &weights(height, to.height));
    let made = rows(&upright, width as usize, &weights(width, to.width));
    Picture::new(to.width, to.height, |x, y| {
        let [r, g, b, a] = made[(x * to.height + y) as usize];
        let straight = |sample: f64| (sample * 255.0 / a.max(1.0)).round().clamp(0.0, 255.0) as u8;
        [straight(r), straight(g), straight(b), a as u8]
    })
}

#[test]
fn pictures_are_scaled_as_the_formula_says() {
    for seed in 0..120 {
        let mut dice = Dice::new(14_000 + seed);
        let size = Size::new(2 + dice.below(60), 2 + dice.below(60));
        // A step of the first pass may become two in the second; multiplying by alpha and dividing
        // again rounds twice more.
        let (alpha, near) = [(Alpha::Opaque, 2.0), (Alpha::Any, 3.0)][seed as usize % 2];
        let picture = filled(&mut dice, size.width, size.height, alpha);
        let to = Size::new(1 + dice.below(80), 1 + dice.below(80));
        let made = run(
            &picture.plain_png(),
            &[scaled(size, to)],
            encode(Format::Png, 90),
        )
        .unwrap();
        let off = far(&open(&made.body, Format::Png), &exact(&picture, to));
        assert!(off <= near, "{seed}: {size:?} to {to:?} is off by {off}");
    }
}
