//! Do effects look as they did when someone last looked, and do they keep the rules that hold for all?
//!
//! `tests/tables/effects.tsv` holds a line for each effect and value: its size, the mean colours of six by
//! four cells, and how much detail is left. `UPDATE_TABLES=1` writes the lines anew; `just gallery` shows
//! the pictures.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use super::sources::{Picture, open};
use cldgate::dialect::{self, Rules};
use cldgate::plan::{self, Hints, Limits, Negotiated, Plan, Size, Writable};
use cldgate::render::{self, Budget, Fonts, Rendered, Sources};
use cldgate::spec::{AssetRef, Format, Quality};

/// A small picture with sky, a sun, houses of strong colours, stripes and a ramp of greys: something for
/// every effect to change.
pub fn scene() -> Picture {
    Picture::new(96, 64, |x, y| {
        let (fx, fy) = (f64::from(x), f64::from(y));
        let byte = |v: f64| v.clamp(0.0, 255.0) as u8;
        if (fx - 74.0).hypot(fy - 12.0) < 8.0 {
            return [255, 236, 150, 255];
        }
        if y >= 56 {
            let v = byte(fx * 255.0 / 95.0);
            return [v, v, v, 255];
        }
        if y >= 24 && (8..88).contains(&x) && y >= 24 + (x / 16 * 5) % 11 {
            let wall = [
                [196, 62, 48],
                [226, 178, 70],
                [70, 128, 84],
                [58, 88, 160],
                [205, 150, 128],
            ][(x as usize - 8) / 16];
            let window = x % 16 > 10 && y % 9 > 4;
            let [r, g, b] = if window { [34, 36, 44] } else { wall };
            return [r, g, b, 255];
        }
        if x < 8 {
            let v = if (x + y) % 4 < 2 { 230 } else { 30 };
            return [v, v, v, 255];
        }
        let light = fy / 56.0;
        [
            byte(96.0 + 110.0 * light),
            byte(150.0 + 70.0 * light),
            byte(214.0 + 26.0 * light),
            255,
        ]
    })
}

/// A disk and a bar on nothing, with a soft edge; what is invisible has a colour that must never show.
pub fn badge(hidden: [u8; 3]) -> Picture {
    Picture::new(96, 64, |x, y| {
        let far = (f64::from(x) + 0.5 - 40.0).hypot(f64::from(y) + 0.5 - 32.0);
        let disk = (24.5 - far).clamp(0.0, 1.0);
        let bar = (50..84).contains(&x) && (26..38).contains(&y);
        if bar {
            return [40, 90, 200, 255];
        }
        match (disk * 255.0) as u8 {
            0 => [hidden[0], hidden[1], hidden[2], 0],
            a if y < 32 => [230, 120, 40, a],
            a => [60, 160, 70, a],
        }
    })
}

const HIDDEN: [u8; 3] = [255, 0, 255];

/// A chain done to a PNG; where nothing is to be done, the PNG itself.
pub fn try_rendered(chain: &str, source: &Picture) -> Result<Rendered, String> {
    try_rendered_with(chain, source, &|_| None)
}

/// As [`try_rendered`], with layers.
pub fn try_rendered_with(
    chain: &str,
    source: &Picture,
    layer: &dyn Fn(&AssetRef) -> Option<Vec<u8>>,
) -> Result<Rendered, String> {
    let url = format!("/demo/image/upload/{chain}/x");
    let (delivery, _) = dialect::interpret(&Rules::default(), &url).map_err(|e| e.to_string())?;
    let file = source.plain_png();
    let facts = render::probe(&file).map_err(|e| e.to_string())?;
    let rules = plan::Rules {
        limits: Limits::default(),
        quality: Quality::Fixed(100),
        writable: Writable([Format::Png].into_iter().collect()),
        scaling: plan::Scaling::default(),
    };
    let (negotiated, hints) = (Negotiated::default(), Hints::default());
    let (fonts, budget) = (Fonts::default(), Budget::unlimited());
    let found = |asset: &AssetRef| (asset.clone(), layer(asset).map(Into::into));
    let layers: Vec<_> = delivery.spec.layers().into_iter().map(found).collect();
    let sources = Sources::new(&layers, &fonts, &budget).below(&file);
    let plan = plan::make_with(
        &delivery.spec,
        &facts,
        &sources,
        &negotiated,
        &hints,
        &rules,
    );
    match plan.map_err(|e| e.to_string())? {
        Plan::Raster(plan) => {
            render::run_with(&plan, &file, &sources, &budget).map_err(|e| e.to_string())
        }
        _ => Ok(Rendered::untouched(&file.clone().into(), &facts)),
    }
}

/// What a chain makes of a picture, as PNG.
pub fn try_made(chain: &str, source: &Picture) -> Result<Picture, String> {
    Ok(open(&try_rendered(chain, source)?.body, Format::Png))
}

pub fn made(chain: &str, source: &Picture) -> Picture {
    try_made(chain, source).unwrap_or_else(|e| panic!("{chain}: {e}"))
}

fn table() -> (PathBuf, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tables/effects.tsv");
    let text = fs::read_to_string(&path).unwrap();
    (path, text)
}

/// Chains of the table, each with the name of its source.
fn chains(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let mut columns = line.split('\t');
            (columns.next().unwrap(), columns.next().unwrap())
        })
}

fn source(name: &str) -> Picture {
    match name {
        "scene" => scene(),
        "badge" => badge(HIDDEN),
        "grey" => grey(&scene()),
        other => panic!("no source {other}"),
    }
}

fn grey(picture: &Picture) -> Picture {
    Picture {
        pixels: picture
            .pixels
            .iter()
            .map(|p| [p[1], p[1], p[1], 255])
            .collect(),
        ..picture.clone()
    }
}

/// Colours as they are seen: what is invisible has none.
fn visible(picture: &Picture) -> Vec<[f64; 4]> {
    picture
        .pixels
        .iter()
        .map(|&[r, g, b, a]| {
            let share = f64::from(a) / 255.0;
            [r, g, b, 255].map(|v| f64::from(v) * share)
        })
        .collect()
}

/// What the table keeps of a picture.
#[derive(Debug)]
struct Summary {
    size: Size,
    detail: f64,
    cells: Vec<[f64; 4]>,
}

const COLUMNS: u32 = 6;
const ROWS: u32 = 4;

impl Summary {
    fn of(picture: &Picture) -> Self {
        let Size { width, height } = picture.size;
        let seen = visible(picture);
        let at = |x: u32, y: u32| seen[(y * width + x) as usize];
        let mut cells = Vec::new();
        for row in 0..ROWS {
            for column in 0..COLUMNS {
                let (mut sum, mut count) = ([0.0; 4], 0.0);
                for y in row * height / ROWS..((row + 1) * height / ROWS).max(1) {
                    for x in column * width / COLUMNS..((column + 1) * width / COLUMNS).max(1) {
                        for (sum, v) in sum.iter_mut().zip(at(x, y)) {
                            *sum += v;
                        }
                        count += 1.0;
                    }
                }
                cells.push(sum.map(|v| v / f64::max(count, 1.0)));
            }
        }
        let mut detail = 0.0;
        for y in 0..height {
            for x in 1..width {
                let (a, b) = (at(x - 1, y), at(x, y));
                detail += a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum::<f64>();
            }
        }
        Self {
            size: picture.size,
            detail: detail / (f64::from(width) * f64::from(height) * 4.0),
            cells,
        }
    }

    fn line(&self) -> String {
        let mut line = format!(
            "{}x{}\t{:.2}\t",
            self.size.width, self.size.height, self.detail
        );
        for (n, cell) in self.cells.iter().enumerate() {
            if n > 0 {
                line.push(' ');
            }
            for v in cell {
                write!(line, "{:02x}", v.round() as u8).unwrap();
            }
        }
        line
    }

    fn read(text: &str) -> Self {
        let columns: Vec<&str> = text.split('\t').collect();
        let (width, height) = columns[0].split_once('x').unwrap();
        let cells = columns[2].split(' ').map(|cell| {
            [0, 2, 4, 6].map(|at| f64::from(u8::from_str_radix(&cell[at..at + 2], 16).unwrap()))
        });
        Self {
            size: Size::new(width.parse().unwrap(), height.parse().unwrap()),
            detail: columns[1].parse().unwrap(),
            cells: cells.collect(),
        }
    }

    /// What is off, if anything: sizes exactly, colours by three steps of 255.
    fn differs(&self, kept: &Self) -> Option<String> {
        if self.size != kept.size {
            return Some(format!("size {:?}, was {:?}", self.size, kept.size));
        }
        let worst = self
            .cells
            .iter()
            .zip(&kept.cells)
            .flat_map(|(a, b)| a.iter().zip(b).map(|(a, b)| (a - b).abs()))
            .fold(0.0, f64::max);
        if worst > 3.0 {
            return Some(format!("a cell is off by {worst:.1}"));
        }
        let off = (self.detail - kept.detail).abs();
        (off > 0.3 + kept.detail * 0.05)
            .then(|| format!("detail {:.2}, was {:.2}", self.detail, kept.detail))
    }
}

#[test]
fn effects_look_as_they_did() {
    let (path, text) = table();
    let update = std::env::var_os("UPDATE_TABLES").is_some();
    let (mut written, mut off, mut count) = (String::new(), Vec::new(), 0);
    for line in text.lines() {
        if line.is_empty() || line.starts_with('#') {
            writeln!(written, "{line}").unwrap();
            continue;
        }
        let mut columns = line.splitn(3, '\t');
        let (chain, name) = (columns.next().unwrap(), columns.next().unwrap());
        let summary = Summary::of(&made(chain, &source(name)));
        count += 1;
        writeln!(written, "{chain}\t{name}\t{}", summary.line()).unwrap();
        match columns.next() {
            Some(kept) if !kept.is_empty() => {
                if let Some(what) = summary.differs(&Summary::read(kept)) {
                    off.push(format!("{chain} on {name}: {what}"));
                }
            }
            _ => off.push(format!("{chain} on {name}: not in the table yet")),
        }
    }
    if update {
        fs::write(path, written).unwrap();
        return;
    }
    assert!(count > 120, "only {count} lines were read");
    assert!(
        off.is_empty(),
        "{} of {count}:\n{}",
        off.len(),
        off.join("\n")
    );
}

/// Effects whose table says that they change the size.
fn may_change_size(chain: &str) -> bool {
    [
        "outline", "shadow:", "shadow/", "distort", "shear", "trim", "upscale", "a_", "bo_", "c_",
    ]
    .iter()
    .any(|word| chain.contains(word))
        || chain.ends_with("e_shadow")
}

#[test]
fn no_effect_changes_the_size_unless_its_table_says_so() {
    let (_, text) = table();
    for (chain, name) in chains(&text) {
        if may_change_size(chain) {
            continue;
        }
        assert_eq!(
            made(chain, &source(name)).size,
            Size::new(96, 64),
            "{chain}"
        );
    }
}

#[test]
fn invisible_colours_never_show() {
    let (_, text) = table();
    let (one, other) = (badge(HIDDEN), badge([0, 255, 0]));
    for (chain, _) in chains(&text) {
        let (one, other) = (visible(&made(chain, &one)), visible(&made(chain, &other)));
        let worst = one
            .iter()
            .zip(&other)
            .flat_map(|(a, b)| a.iter().zip(b).map(|(a, b)| (a - b).abs()))
            .fold(0.0, f64::max);
        assert!(worst < 1.5, "{chain}: {worst}");
    }
}

#[test]
fn every_effect_takes_pictures_of_any_shape() {
    let (_, text) = table();
    for (width, height) in [(1, 1), (1, 7), (7, 1), (2, 2), (33, 5)] {
        let opaque = Picture::gradient(width, height);
        let clear = Picture::new(width, height, |x, y| {
            [90, 30, 200, ((x + y) % 2 * 255) as u8]
        });
        let nothing = Picture::new(width, height, |_, _| [1, 2, 3, 0]);
        for (chain, _) in chains(&text) {
            for picture in [&opaque, &clear, &nothing] {
                let made = try_made(chain, picture);
                // What lies outside so small a picture may be refused, in words.
                assert!(
                    made.is_ok() || chain.contains("c_crop"),
                    "{chain} on {width}x{height}: {made:?}"
                );
            }
        }
    }
}

/// A grey file takes shorter ways through the kernels; the result is the same.
#[test]
fn grey_files_look_like_the_same_colours() {
    let (_, text) = table();
    let grey = grey(&scene());
    // One pixel of colour in the last corner makes the file one of three channels.
    let mut colour = grey.clone();
    *colour.pixels.last_mut().unwrap() = [254, 255, 255, 255];
    for (chain, _) in chains(&text) {
        // Measures of the whole picture, and grown shapes, see that pixel.
        if [
            "tint:equalize",
            "auto_",
            "improve",
            "enhance",
            "restore",
            "dilate",
            "replace",
            "vectorize",
            "viesus",
        ]
        .iter()
        .any(|word| chain.contains(word))
        {
            continue;
        }
        let (one, other) = (made(chain, &grey), made(chain, &colour));
        assert_eq!(one.size, other.size, "{chain}");
        let mean = one.mean(&other);
        assert!(mean < 0.6, "{chain}: {mean}");
    }
}

#[test]
fn several_effects_in_one_pass_are_the_same_one_by_one() {
    let steps = [
        "e_gamma:30",
        "e_hue:-40",
        "e_saturation:50",
        "e_negate",
        "e_red:20",
        "e_contrast:40",
        "e_brightness:-20",
    ];
    let together = made(&steps.join("/"), &scene());
    let one_by_one = steps
        .iter()
        .fold(scene(), |picture, step| made(step, &picture));
    assert_eq!(together.worst(&one_by_one), 0);
}

#[test]
fn opacity_at_both_ends() {
    assert_eq!(
        made("o_100/e_negate/e_negate", &badge(HIDDEN)).worst(&badge(HIDDEN)),
        0
    );
    assert!(made("o_0", &scene()).pixels.iter().all(|p| p[3] == 0));
}

#[test]
fn what_is_done_can_be_undone() {
    for chain in [
        "a_90/a_-90",
        "a_180/a_180",
        "a_hflip/a_hflip",
        "a_vflip/a_vflip",
        "e_negate/e_negate",
    ] {
        assert_eq!(made(chain, &scene()).worst(&scene()), 0, "{chain}");
    }
    // Once around the circle of hues, and the inverse of a contrast curve.
    assert!(made("e_hue:100/e_hue:100", &scene()).worst(&scene()) <= 3);
    assert!(made("e_contrast:40/e_contrast:-40", &scene()).mean(&scene()) < 1.0);
    // There and back by an angle: the middle of the picture, smoothed twice.
    let smooth = made("e_blur:100", &scene());
    let back = made("a_20/a_-20", &smooth);
    let (left, top) = ((back.size.width - 96) / 2, (back.size.height - 64) / 2);
    let middle = |x: u32, y: u32| (24..72).contains(&x) && (16..48).contains(&y);
    for y in 0..64 {
        for x in (0..96).filter(|&x| middle(x, y)) {
            let (a, b) = (smooth.at(x, y), back.at(x + left, y + top));
            let off = a.iter().zip(b).map(|(a, b)| a.abs_diff(b)).max().unwrap();
            assert!(off < 24, "{x},{y}: {a:?} {b:?}");
        }
    }
}

/// The mean of what is visible, channel by channel.
fn mean(picture: &Picture) -> [f64; 4] {
    let seen = visible(picture);
    let mut sum = [0.0; 4];
    for pixel in &seen {
        for (sum, v) in sum.iter_mut().zip(pixel) {
            *sum += v;
        }
    }
    sum.map(|v| v / seen.len() as f64)
}

#[test]
fn blur_keeps_the_mean_colour() {
    // A wide margin of one colour, so that nothing is gained or lost at the edges.
    let framed = Picture::new(240, 200, |x, y| {
        if (90..150).contains(&x) && (80..120).contains(&y) {
            [
                (x * 7 % 256) as u8,
                (y * 5 % 256) as u8,
                (x * y % 256) as u8,
                255,
            ]
        } else {
            [90, 120, 60, 255]
        }
    });
    for strength in [20, 100, 250, 400, 1000] {
        let blurred = made(&format!("e_blur:{strength}"), &framed);
        for (a, b) in mean(&framed).iter().zip(mean(&blurred)) {
            assert!((a - b).abs() < 0.6, "e_blur:{strength}: {a} became {b}");
        }
    }
}

/// A blurred edge and a blurred point against the exact bell curve.
#[test]
fn blur_is_gaussian() {
    for strength in [50_u32, 100, 180, 220, 400, 1000, 2000] {
        let sigma = f64::from(strength) / 50.0;
        let side = (sigma * 10.0).max(60.0) as u32;
        let edge = Picture::new(side, 24, |x, _| {
            let v = if x < side / 2 { 10 } else { 250 };
            [v, v, 255 - v, 255]
        });
        let blurred = made(&format!("e_blur:{strength}"), &edge);
        for x in 0..side {
            let at = (f64::from(x) + 0.5 - f64::from(side / 2)) / sigma;
            let exact = 10.0 + 240.0 * normal(at);
            let off = (f64::from(blurred.at(x, 12)[0]) - exact).abs();
            assert!(off < 2.0, "sigma {sigma} at {at:.2}: off by {off:.2}");
        }
    }
}

/// The share of a bell curve left of a point.
fn normal(x: f64) -> f64 {
    let steps = 2000;
    let width = (x + 8.0) / f64::from(steps);
    (0..steps)
        .map(|n| {
            let t = -8.0 + (f64::from(n) + 0.5) * width;
            (-t * t / 2.0).exp() * width / (2.0 * std::f64::consts::PI).sqrt()
        })
        .sum()
}

#[test]
fn blur_leaves_no_dark_fringe() {
    let disk = Picture::circle(80);
    let blurred = made("e_blur:200", &disk);
    for &[r, g, b, a] in blurred.pixels.iter().filter(|p| p[3] > 8) {
        assert!(
            r.abs_diff(220) < 12 && g.abs_diff(60) < 12 && b.abs_diff(20) < 12,
            "{r} {g} {b} {a}"
        );
    }
}

#[test]
fn trimming_finds_the_content() {
    let framed = Picture::new(60, 40, |x, y| {
        if (10..45).contains(&x) && (5..30).contains(&y) {
            [20, 90, 60, 255]
        } else {
            [250, 250, 250, 255]
        }
    });
    assert_eq!(made("e_trim", &framed).size, Size::new(35, 25));
    assert_eq!(made("e_trim:10:white", &framed).size, Size::new(35, 25));
    assert_eq!(made("e_trim:10:black", &framed).size, Size::new(60, 40));
    assert_eq!(made("e_trim", &badge(HIDDEN)).size, Size::new(68, 48));
    // What follows works on what is left.
    assert_eq!(made("e_trim/w_70", &framed).size, Size::new(70, 50));
    assert_eq!(made("a_90/e_trim/w_0.2", &framed).size, Size::new(5, 7));
    assert_eq!(
        made("c_fill,w_20,h_20,e_trim", &framed).size,
        Size::new(20, 20)
    );
    // Nothing but background: left alone.
    let plain = Picture::new(20, 10, |_, _| [9, 9, 9, 255]);
    assert_eq!(made("e_trim", &plain).size, Size::new(20, 10));
}

#[test]
fn large_pictures_are_made_smaller_before_they_turn() {
    let wide = Picture::new(3600, 20, |x, _| [(x % 256) as u8, 80, 90, 255]);
    let turned = made("a_45", &wide);
    let side = ((3000.0 + 17.0) * std::f64::consts::FRAC_1_SQRT_2).round() as u32;
    assert_eq!(turned.size, Size::new(side, side));
    // Quarter turns lose nothing.
    assert_eq!(made("a_90", &wide).size, Size::new(20, 3600));
}
