//! Does every decoder and encoder of our own agree with another implementation, over generated
//! files? `just codec-campaign` asks the same of many more, and of other programs.

mod apng;
mod bitmaps;
mod gif;
mod gif_spec;
mod palette;
mod png;
mod resampling;
mod tiff;
mod webp;

use super::animation::Shown;
use super::sources::{Picture, encode};
use cldgate::plan::{self, Frames, Motion, RasterPlan};
use cldgate::render::{self, Budget, Rendered};
use cldgate::spec::Format;

/// Random numbers that are the same in each run.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03)
    }

    /// A number below `most`.
    pub fn below(&mut self, most: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(most.max(1))) as u32
    }

    pub fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u32) as usize]
    }

    pub fn byte(&mut self) -> u8 {
        self.below(256) as u8
    }
}

/// Kinds of alpha.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alpha {
    Opaque,
    Binary,
    Any,
}

/// A picture of any size up to `most` pixels a side, any content, few colours or many.
pub fn picture(dice: &mut Dice, most: u32, alpha: Alpha) -> Picture {
    let side = |dice: &mut Dice| match dice.below(4) {
        0 => 1,
        1 => 1 + dice.below(9),
        _ => 1 + dice.below(most),
    };
    let (width, height) = (side(dice), side(dice));
    filled(dice, width, height, alpha)
}

/// As [`picture`], of one size.
pub fn filled(dice: &mut Dice, width: u32, height: u32, alpha: Alpha) -> Picture {
    let (content, grey, step) = (dice.below(5), dice.below(5) == 0, 1 + dice.below(9));
    let kind = match alpha {
        Alpha::Opaque => 0,
        Alpha::Binary => dice.below(2),
        Alpha::Any => dice.below(5),
    };
    let seed = dice.0;
    let count = dice.of(&[0, 0, 2, 3, 5, 17, 200, 255]);
    let colours: Vec<[u8; 4]> = (0..count)
        .map(|_| [dice.byte(), dice.byte(), dice.byte(), dice.byte()])
        .collect();
    Picture::new(width, height, |x, y| {
        let mut pixel = Dice::new(seed ^ u64::from(x) << 32 ^ u64::from(y));
        let [r, g, b] = match content {
            0 => [(x * 3 + y) as u8, (y * 2) as u8, (255 - x % 256) as u8],
            1 => [pixel.byte(), pixel.byte(), pixel.byte()],
            2 => [seed as u8, (seed >> 8) as u8, (seed >> 16) as u8],
            3 => [
                ((x + y) / step % 2 * 200) as u8,
                ((x / step) % 3 * 100) as u8,
                40,
            ],
            _ => [
                (x * x / step) as u8 / 4 * 4,
                (y * 5) as u8,
                ((x ^ y) / step) as u8,
            ],
        };
        let a = match kind {
            0 => 255,
            1 => {
                if (x / 3 + y / 2) % 3 == 0 {
                    0
                } else {
                    255
                }
            }
            2 => (x * 255 / width.max(2).saturating_sub(1)).min(255) as u8,
            3 => pixel.byte(),
            _ => (y % 4) as u8,
        };
        let place = usize::from(r) * 7 + usize::from(g) * 31 + usize::from(b) * 3;
        let [r, g, b, a] = match colours.get(place % colours.len().max(1)) {
            None => [r, g, b, a],
            Some(&[r, g, b, c]) => [r, g, b, if kind >= 2 { c } else { a }],
        };
        if grey { [r, r, r, a] } else { [r, g, b, a] }
    })
}

/// Where two pictures differ in what is seen; nothing where they do not.
pub fn difference(got: &Picture, want: &Picture) -> Option<String> {
    if got.size != want.size {
        return Some(format!("{:?} for {:?}", got.size, want.size));
    }
    let pairs = got.pixels.iter().zip(&want.pixels).enumerate();
    let (at, (got, want)) = pairs
        .into_iter()
        .find(|(_, (got, want))| match (got[3], want[3]) {
            (0, 0) => false,
            _ => got != want,
        })?;
    Some(format!("pixel {at}: {got:?} for {want:?}"))
}

/// A file with all its frames, written anew.
pub fn moved(file: &[u8], format: Format, quality: u8) -> Result<Rendered, render::Error> {
    let facts = render::probe(file)?;
    let plan = RasterPlan {
        source: facts.size,
        window: plan::Window::whole(facts.size),
        frames: Frames::All(Motion::default()),
        steps: Vec::new(),
        encode: encode(format, quality),
        scaling: plan::Scaling::default(),
    };
    render::run(&plan, file, &Budget::unlimited())
}

/// A part of a canvas that is shown for a while.
#[derive(Clone, Debug)]
pub struct Part {
    pub left: u32,
    pub top: u32,
    pub picture: Picture,
    pub milliseconds: u32,
    pub dispose: Dispose,
    /// Blended over what is there, or copied.
    pub over: bool,
}

/// What becomes of a frame before the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dispose {
    Keep,
    Clear,
    Restore,
}

/// What is seen of frames on their canvas, by the rules that GIF, APNG and WebP share.
pub fn composed(width: u32, height: u32, parts: &[Part]) -> Vec<Shown> {
    let mut canvas = Picture::new(width, height, |_, _| [0; 4]);
    let mut shown = Vec::new();
    for part in parts {
        let before = canvas.clone();
        let put = |canvas: &mut Picture, pixel: &dyn Fn(u32, u32, [u8; 4]) -> [u8; 4]| {
            for y in 0..part.picture.size.height.min(height - part.top) {
                for x in 0..part.picture.size.width.min(width - part.left) {
                    let at = ((y + part.top) * width + x + part.left) as usize;
                    canvas.pixels[at] = pixel(x, y, canvas.pixels[at]);
                }
            }
        };
        put(&mut canvas, &|x, y, below| {
            let top = part.picture.at(x, y);
            if part.over { blended(top, below) } else { top }
        });
        shown.push(Shown {
            picture: canvas.clone(),
            milliseconds: part.milliseconds,
        });
        match part.dispose {
            Dispose::Keep => {}
            Dispose::Clear => put(&mut canvas, &|_, _, _| [0; 4]),
            Dispose::Restore => canvas = before,
        }
    }
    shown
}

/// One straight-alpha pixel over another, by arithmetic in 64 bits, rounded once.
fn blended(top: [u8; 4], below: [u8; 4]) -> [u8; 4] {
    let (t, b) = (top.map(f64::from), below.map(f64::from));
    let seen = b[3] * (255.0 - t[3]) / 255.0;
    let alpha = t[3] + seen;
    let mut out = [0; 4];
    if alpha > 0.0 {
        for n in 0..3 {
            out[n] = ((t[n] * t[3] + b[n] * seen) / alpha).round() as u8;
        }
        out[3] = alpha.round() as u8;
    }
    out
}

/// Frames on a canvas: parts of it at any place, some like the one before.
pub fn parts(
    dice: &mut Dice,
    alpha: Alpha,
    even: bool,
    whole_first: bool,
) -> (u32, u32, Vec<Part>) {
    let (width, height) = (1 + dice.below(40), 1 + dice.below(30));
    let mut all: Vec<Part> = Vec::new();
    for n in 0..2 + dice.below(6) {
        let (mut left, mut top) = (dice.below(width), dice.below(height));
        if even {
            (left, top) = (left & !1, top & !1);
        }
        let (mut wide, mut high) = (1 + dice.below(width - left), 1 + dice.below(height - top));
        if n == 0 && (whole_first || dice.below(2) == 0) {
            (left, top, wide, high) = (0, 0, width, height);
        }
        let mut picture = filled(dice, wide, high, alpha);
        if let Some(last) = all.last()
            && dice.below(5) == 0
        {
            (left, top, picture) = (last.left, last.top, last.picture.clone());
        }
        all.push(Part {
            left,
            top,
            picture,
            milliseconds: dice.of(&[20, 30, 70, 100, 250, 3000]),
            dispose: dice.of(&[Dispose::Keep, Dispose::Clear, Dispose::Restore]),
            over: true,
        });
    }
    (width, height, all)
}

/// Neighbours that look the same as one.
pub fn merged(shown: Vec<Shown>) -> Vec<Shown> {
    let mut out: Vec<Shown> = Vec::new();
    for next in shown {
        match out.last_mut() {
            Some(last) if difference(&last.picture, &next.picture).is_none() => {
                last.milliseconds += next.milliseconds
            }
            _ => out.push(next),
        }
    }
    out
}

/// Asserts that the same is seen for the same time. `near`: how far a sample may be, multiplied by
/// its alpha.
pub fn assert_alike(got: Vec<Shown>, want: Vec<Shown>, near: f64, what: &str) {
    let (got, want) = if near == 0.0 {
        (merged(got), merged(want))
    } else {
        (got, want)
    };
    let times =
        |shown: &[Shown]| -> Vec<u32> { shown.iter().map(|shown| shown.milliseconds).collect() };
    assert_eq!(times(&got), times(&want), "{what}");
    for (n, (got, want)) in got.iter().zip(&want).enumerate() {
        if near == 0.0 {
            let differs = difference(&got.picture, &want.picture);
            assert_eq!(differs, None, "{what}, frame {n}");
        } else {
            let off = far(&got.picture, &want.picture);
            assert!(off <= near, "{what}, frame {n}: {off}");
        }
    }
}

/// The largest difference of any sample as it is seen: multiplied by its alpha.
pub fn far(got: &Picture, want: &Picture) -> f64 {
    assert_eq!(got.size, want.size);
    let seen = |pixel: &[u8; 4], n: usize| match n {
        3 => f64::from(pixel[3]),
        _ => f64::from(pixel[n]) * f64::from(pixel[3]) / 255.0,
    };
    let pairs = got.pixels.iter().zip(&want.pixels);
    let off = pairs.flat_map(|(a, b)| (0..4).map(move |n| (seen(a, n) - seen(b, n)).abs()));
    off.fold(0.0, f64::max)
}
