//! The checking side of `just jpeg-campaign`: reads records of `campaign/peer.c` from stdin and
//! holds this decoder against what libjpeg-turbo says of each file. Prints counts; exits with 1 if
//! anything differs.
//!
//! Must hold for every file, and for its lossless sequential twin:
//! - it is not damaged, with and without vector instructions, and both files show the same samples;
//! - at full size a sample is within 1 of libjpeg-turbo's, unless the inverse transform overflows;
//! - at every scale it is within 1 of the exact transform of libjpeg-turbo's coefficients; at 1/8
//!   it is libjpeg-turbo's sample;
//! - a part is cut out of the whole;
//! - recoded files show the same in `zune-jpeg`; the pairs are written to the path in the first
//!   argument for `peer same`.
//!
//! With `pairs` as its argument it reads pairs of files of any encoder, which must show the same.
//!
//! At 1/2 and 1/4 libjpeg-turbo averages the samples of the full size, where this decoder takes the
//! transform of as many points. The two differ by exactly what the transforms differ, so each is
//! held against its own in floating point, of the same coefficients: libjpeg-turbo within 1 of the
//! averages, this decoder within 1 of the transform.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a campaign that cannot go on has failed: it stops and says where"
)]

use std::collections::BTreeMap;
use std::io::{BufReader, BufWriter, Read, Write};

use cldgate_jpeg::{Model, Picture, Plane, Request, Scale, decode, decode_portable, recode};
use zune_jpeg::zune_core::{bytestream::ZCursor, options::DecoderOptions};

/// One component as libjpeg-turbo read it.
struct Component {
    blocks: (usize, usize),
    steps: Vec<u16>,
    /// In natural order, 64 a block.
    coefficients: Vec<i16>,
    /// At 1/8, 1/4, 1/2 and 1/1.
    planes: Vec<TheirPlane>,
}

struct TheirPlane {
    /// Samples a block, along each side.
    samples: usize,
    width: usize,
    height: usize,
    bytes: Vec<u8>,
}

struct Record {
    seed: u64,
    words: String,
    file: Vec<u8>,
    twin: Vec<u8>,
    size: (u32, u32),
    model: Model,
    components: Vec<Component>,
}

struct Input<R>(R);

impl<R: Read> Input<R> {
    fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes).expect("a whole record");
        bytes
    }

    fn number(&mut self) -> usize {
        u32::from_ne_bytes(self.bytes(4).try_into().unwrap()) as usize
    }

    fn counted(&mut self) -> Vec<u8> {
        let length = self.number();
        self.bytes(length)
    }

    fn record(&mut self) -> Option<Record> {
        let mut magic = [0; 4];
        self.0.read_exact(&mut magic).ok()?;
        assert_eq!(&magic, b"JPEG");
        let seed = u64::from_ne_bytes(self.bytes(8).try_into().unwrap());
        let words = String::from_utf8(self.counted()).unwrap();
        let (file, twin) = (self.counted(), self.counted());
        let size = (self.number() as u32, self.number() as u32);
        let model = match self.number() {
            1 => Model::Grey,
            2 => Model::Rgb,
            3 => Model::YCbCr,
            4 => Model::Cmyk,
            5 => Model::Ycck,
            other => panic!("seed {seed}: colour space {other}"),
        };
        let count = self.number();
        let mut components: Vec<Component> = (0..count)
            .map(|_| {
                let blocks = (self.number(), self.number());
                Component {
                    blocks,
                    steps: words_of(&self.bytes(128), u16::from_ne_bytes),
                    coefficients: words_of(
                        &self.bytes(blocks.0 * blocks.1 * 128),
                        i16::from_ne_bytes,
                    ),
                    planes: Vec::new(),
                }
            })
            .collect();
        for _ in Scale::ALL {
            for component in &mut components {
                let (samples, width, height) = (self.number(), self.number(), self.number());
                component.planes.push(TheirPlane {
                    samples,
                    width,
                    height,
                    bytes: self.bytes(width * height),
                });
            }
        }
        Some(Record {
            seed,
            words,
            file,
            twin,
            size,
            model,
            components,
        })
    }
}

fn words_of<T>(bytes: &[u8], word: impl Fn([u8; 2]) -> T) -> Vec<T> {
    bytes.as_chunks::<2>().0.iter().map(|&b| word(b)).collect()
}

/// The waves of a transform of `N` points: `waves[x][u]`.
fn waves<const N: usize>() -> [[f32; N]; N] {
    std::array::from_fn(|x| {
        std::array::from_fn(|u| {
            let scale = if u == 0 { 0.5_f64.sqrt() } else { 1.0 };
            let angle = (2 * x + 1) as f64 * u as f64 / (2 * N) as f64;
            (scale * (angle * std::f64::consts::PI).cos() / 2.0) as f32
        })
    })
}

/// The exact samples of a block at `N` points, of any range, and whether a sum between the two
/// passes is beyond what 16 bits hold with two bits of fraction.
fn exact<const N: usize>(
    waves: &[[f32; N]; N],
    steps: &[u16],
    coefficients: &[i16],
) -> ([[f32; N]; N], bool) {
    let mut middle = [[0.0_f32; N]; N];
    for v in 0..N {
        let line: [f32; N] = std::array::from_fn(|u| {
            f32::from(coefficients[v * 8 + u]) * f32::from(steps[v * 8 + u])
        });
        for (sums, wave) in middle.iter_mut().zip(waves) {
            for (sum, value) in sums.iter_mut().zip(line) {
                *sum += value * wave[v];
            }
        }
    }
    // The fixed-point passes leave a factor of the square root of eight to the end.
    let most = middle
        .as_flattened()
        .iter()
        .fold(0.0_f32, |most, sum| most.max(sum.abs()));
    let out = middle.map(|sums| {
        std::array::from_fn(|x| {
            let sum: f32 = sums
                .iter()
                .zip(&waves[x])
                .map(|(sum, wave)| sum * wave)
                .sum();
            sum + 128.0
        })
    });
    (out, most * 8_f32.sqrt() * 4.0 > 32_000.0)
}

/// The means of the samples at full size that a sample of `N` stands for.
fn means<const N: usize>(fine: &[[f32; 8]; 8]) -> [[f32; N]; N] {
    let side = 8 / N;
    std::array::from_fn(|y| {
        std::array::from_fn(|x| {
            let rows = fine.iter().skip(y * side).take(side);
            let sum: f32 = rows.flat_map(|row| &row[x * side..(x + 1) * side]).sum();
            (sum / (side * side) as f32).clamp(0.0, 255.0)
        })
    })
}

/// Differences of a kind: how many of how large, and the largest.
#[derive(Default)]
struct Spread {
    count: u64,
    sum: f64,
    worst: f64,
}

impl Spread {
    fn add(&mut self, difference: f64) {
        self.count += 1;
        self.sum += difference;
        self.worst = self.worst.max(difference);
    }
}

#[derive(Default)]
struct Totals {
    files: u64,
    kinds: BTreeMap<&'static str, u64>,
    spreads: BTreeMap<String, Spread>,
    overflows: u64,
    recoded: u64,
    recoded_in_zune: u64,
    failures: u64,
}

struct Campaign {
    totals: Totals,
    pairs: Option<BufWriter<std::fs::File>>,
}

impl Campaign {
    fn check(&mut self, record: &Record) -> Result<(), String> {
        let full = self.sound(&record.file, &Request::whole(Scale::Full))?;
        let steps: Vec<_> = full.planes.iter().map(|plane| plane.step).collect();
        for (n, scale) in Scale::ALL.into_iter().enumerate() {
            let mut before = None;
            for colour_alike in [false, true] {
                let request = Request {
                    colour_alike,
                    ..Request::whole(scale)
                };
                let shown = self.sound(&record.file, &request)?;
                if colour_alike && before.as_ref() == Some(&shown) {
                    continue;
                }
                if shown.size != record.size || shown.model != record.model {
                    return Err(format!("size or model: {:?} {:?}", shown.size, shown.model));
                }
                let twin = decode(&record.twin, &request, &mut || false);
                if twin.as_ref() != Ok(&shown) {
                    return Err(format!("the twin differs at {scale:?}"));
                }
                if shown.planes.len() != record.components.len() {
                    return Err("planes are missing".to_owned());
                }
                for ((plane, component), step) in
                    shown.planes.iter().zip(&record.components).zip(&steps)
                {
                    let theirs = &component.planes[n];
                    self.plane(plane, component, theirs, scale, *step)?;
                }
                part(record, &shown, &request)?;
                before = Some(shown);
            }
        }
        self.recoded(record)
    }

    /// Decodes twice; the file must be sound.
    fn sound(&self, file: &[u8], request: &Request) -> Result<Picture, String> {
        let picture = decode(file, request, &mut || false).map_err(|error| error.to_string())?;
        if picture.damaged {
            return Err(format!("called damaged at {:?}", request.scale));
        }
        let portable = decode_portable(file, request, &mut || false);
        if portable.as_ref() != Ok(&picture) {
            return Err(format!("the portable code differs at {:?}", request.scale));
        }
        Ok(picture)
    }

    fn plane(
        &mut self,
        plane: &Plane,
        component: &Component,
        theirs: &TheirPlane,
        scale: Scale,
        step: (u32, u32),
    ) -> Result<(), String> {
        let n = (8 * step.0 / plane.step.0) as usize;
        let full = &component.planes[3];
        let side = |whole: usize| (whole * n).div_ceil(8);
        if (plane.width, plane.height) != (side(full.width), side(full.height)) {
            return Err(format!(
                "{}x{} samples at {scale:?}",
                plane.width, plane.height
            ));
        }
        match n {
            1 => self.samples::<1>(plane, component, theirs),
            2 => self.samples::<2>(plane, component, theirs),
            4 => self.samples::<4>(plane, component, theirs),
            _ => self.samples::<8>(plane, component, theirs),
        }
    }

    fn samples<const N: usize>(
        &mut self,
        plane: &Plane,
        component: &Component,
        theirs: &TheirPlane,
    ) -> Result<(), String> {
        let (waves, fine_waves) = (waves::<N>(), waves::<8>());
        let mut off_means = Spread::default();
        let (mut off_exact, mut off_theirs, mut off_large) =
            (Spread::default(), Spread::default(), Spread::default());
        // Elsewhere libjpeg-turbo averages: see above.
        let compared = theirs.samples == N && (N == 1 || N == 8);
        if theirs.samples == N && (theirs.width, theirs.height) != (plane.width, plane.height) {
            return Err(format!("{}x{} samples", plane.width, plane.height));
        }
        for row in 0..component.blocks.1 {
            for column in 0..component.blocks.0 {
                let at = (row * component.blocks.0 + column) * 64;
                let coefficients = &component.coefficients[at..at + 64];
                let (exact, large) = exact(&waves, &component.steps, coefficients);
                self.totals.overflows += u64::from(large);
                if theirs.samples == N && (N == 2 || N == 4) && !large {
                    let (fine, _) = self::exact(&fine_waves, &component.steps, coefficients);
                    let means = means::<N>(&fine);
                    for (y, means) in means.iter().enumerate().take(plane.height - row * N) {
                        for (x, mean) in means.iter().enumerate().take(plane.width - column * N) {
                            let at = (row * N + y) * plane.width + column * N + x;
                            off_means.add((f32::from(theirs.bytes[at]) - mean).abs().into());
                        }
                    }
                }
                for y in 0..N.min(plane.height - row * N) {
                    let width = N.min(plane.width - column * N);
                    let at = (row * N + y) * plane.width + column * N;
                    let ours = &plane.samples[at..at + width];
                    if !large {
                        for (&ours, exact) in ours.iter().zip(exact[y]) {
                            off_exact.add((f32::from(ours) - exact.clamp(0.0, 255.0)).abs().into());
                        }
                    }
                    if compared {
                        for (&ours, &theirs) in ours.iter().zip(&theirs.bytes[at..]) {
                            let spread = if large {
                                &mut off_large
                            } else {
                                &mut off_theirs
                            };
                            spread.add(ours.abs_diff(theirs).into());
                        }
                    }
                }
            }
        }
        let most = if N == 1 { 0.0 } else { 1.0 };
        if off_exact.worst > 1.0 {
            return Err(format!("{} from exact at {N} a block", off_exact.worst));
        }
        if off_theirs.worst > most {
            return Err(format!(
                "{} from libjpeg-turbo at {N} a block",
                off_theirs.worst
            ));
        }
        if off_means.worst > 1.0 {
            return Err(format!(
                "libjpeg-turbo is {} from its averages",
                off_means.worst
            ));
        }
        self.spread(format!("exact transform of {N}"), &off_exact);
        self.spread(
            format!("libjpeg-turbo from averages, {N} a block"),
            &off_means,
        );
        self.spread(format!("libjpeg-turbo, {N} a block"), &off_theirs);
        self.spread(format!("libjpeg-turbo, {N} a block, overflows"), &off_large);
        Ok(())
    }

    fn spread(&mut self, kind: String, more: &Spread) {
        if more.count > 0 {
            let spread = self.totals.spreads.entry(kind).or_default();
            spread.count += more.count;
            spread.sum += more.sum;
            spread.worst = spread.worst.max(more.worst);
        }
    }

    fn recoded(&mut self, record: &Record) -> Result<(), String> {
        for file in [&record.file, &record.twin] {
            let Some(recoded) = recode(file, &mut || false) else {
                continue;
            };
            self.totals.recoded += 1;
            if recoded.len() >= file.len() {
                return Err("the recoded file is longer".to_owned());
            }
            if let (Some(a), Some(b)) = (zune(file), zune(&recoded)) {
                self.totals.recoded_in_zune += 1;
                if a != b {
                    return Err("the recoded file differs in zune-jpeg".to_owned());
                }
            }
            if let Some(pairs) = &mut self.pairs {
                pairs.write_all(&record.seed.to_ne_bytes()).unwrap();
                for file in [file, &recoded] {
                    pairs.write_all(&(file.len() as u32).to_ne_bytes()).unwrap();
                    pairs.write_all(file).unwrap();
                }
            }
        }
        Ok(())
    }
}

/// A part of the picture is that part of the whole.
fn part(record: &Record, whole: &Picture, request: &Request) -> Result<(), String> {
    let (width, height) = record.size;
    let seed = record.seed as u32;
    let (x, y) = (
        seed.wrapping_mul(2_654_435_761) % width,
        seed.wrapping_mul(40_503) % height,
    );
    let request = Request {
        columns: (x, (x + 1 + seed % 50).min(width)),
        rows: (y, (y + 1 + seed % 70).min(height)),
        ..*request
    };
    let part = decode(&record.file, &request, &mut || false).map_err(|error| error.to_string())?;
    if part.damaged {
        return Err(format!("a part is called damaged at {:?}", request.scale));
    }
    for (part, whole) in part.planes.iter().zip(&whole.planes) {
        for y in 0..part.height {
            let from = (y + part.top) * whole.width + part.left;
            if part.samples[y * part.width..][..part.width] != whole.samples[from..][..part.width] {
                return Err(format!("a part differs at {:?}", request.scale));
            }
        }
    }
    Ok(())
}

fn zune(file: &[u8]) -> Option<Vec<u8>> {
    zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(file), DecoderOptions::default())
        .decode()
        .ok()
}

/// Kinds of files that are counted.
const KINDS: [&str; 22] = [
    "sequential",
    "progressive",
    "searched",
    "script",
    "arithmetic",
    "restart",
    "grey",
    "ycc",
    "rgb",
    "cmyk",
    "ycck",
    "flat",
    "slopes",
    "waves",
    "noise",
    "graphic",
    "photograph",
    "dim",
    "wide",
    "filled",
    "bare",
    "no-adobe",
];

/// Pairs of files that must show the same, undamaged.
fn pairs(mut input: Input<impl Read>) -> bool {
    let (mut count, mut wrong) = (0, 0);
    let mut seed = [0; 8];
    while input.0.read_exact(&mut seed).is_ok() {
        let (a, b) = (input.counted(), input.counted());
        let alike = Scale::ALL.into_iter().all(|scale| {
            let shown = |file| decode(file, &Request::whole(scale), &mut || false);
            let (a, b) = (shown(&a), shown(&b));
            a.as_ref().is_ok_and(|a| !a.damaged) && a.map(|a| a.planes) == b.map(|b| b.planes)
        });
        count += 1;
        if !alike {
            wrong += 1;
            println!("seed {}: the two files differ", u64::from_ne_bytes(seed));
        }
    }
    println!("pairs {count}, different {wrong}");
    count > 0 && wrong == 0
}

fn main() {
    let input = Input(BufReader::with_capacity(1 << 20, std::io::stdin().lock()));
    if std::env::args().nth(1).is_some_and(|word| word == "pairs") {
        std::process::exit(i32::from(!pairs(input)));
    }
    campaign(input);
}

fn campaign(mut input: Input<impl Read>) {
    let pairs = std::env::args().nth(1);
    let mut campaign = Campaign {
        totals: Totals::default(),
        pairs: pairs.map(|path| BufWriter::new(std::fs::File::create(path).unwrap())),
    };
    while let Some(record) = input.record() {
        campaign.totals.files += 1;
        for kind in KINDS {
            if record.words.split(' ').any(|word| word == kind) {
                *campaign.totals.kinds.entry(kind).or_default() += 1;
            }
        }
        if let Err(why) = campaign.check(&record) {
            campaign.totals.failures += 1;
            println!("seed {}: {why}: {}", record.seed, record.words);
        }
    }
    let totals = campaign.totals;
    println!("files {}, failures {}", totals.files, totals.failures);
    for (kind, count) in totals.kinds {
        println!("  {kind} {count}");
    }
    for (kind, spread) in totals.spreads {
        let mean = spread.sum / spread.count as f64;
        println!(
            "{kind}: {} samples, mean {mean:.4}, worst {:.3}",
            spread.count, spread.worst
        );
    }
    println!(
        "blocks that overflow between the passes: {}",
        totals.overflows
    );
    println!(
        "recoded {}, compared in zune-jpeg {}",
        totals.recoded, totals.recoded_in_zune
    );
    drop(campaign.pairs);
    if totals.failures > 0 || totals.files == 0 {
        std::process::exit(1);
    }
}
