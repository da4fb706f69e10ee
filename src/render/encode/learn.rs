//! A palette learnt from pixels: boxes of colours are split where that lowers the squared error
//! most, then every colour moves to the mean of those that are nearest to it (Wu's way of cutting,
//! and Lloyd's rounds).

/// Distinct colours that are told apart; of more, neighbours are taken together.
const DISTINCT: usize = 12_000;

/// Rounds of moving colours to the mean of what they stand for. Further ones gain less than one
/// part in a hundred.
const ROUNDS: usize = 3;

/// A colour with its samples multiplied by its alpha, as it is seen, and how many pixels have it.
#[derive(Clone, Copy, Debug)]
struct Entry {
    colour: [f32; 4],
    weight: f32,
}

/// At most `most` colours that stand for those of `pixels`, alpha straight; and how many distinct
/// ones they stand for.
pub(super) fn learnt(pixels: &[[u8; 4]], most: usize) -> (Vec<[u8; 4]>, usize) {
    let mut entries = gathered(pixels);
    let distinct = entries.len();
    let mut means: Vec<[f32; 4]> = cut(&mut entries, most).iter().map(Part::mean).collect();
    for _ in 0..ROUNDS {
        move_to_means(&entries, &mut means);
    }
    let mut colours: Vec<[u8; 4]> = means.into_iter().map(straight).collect();
    colours.sort_unstable();
    colours.dedup();
    (colours, distinct)
}

/// A colour as it is seen: its samples multiplied by its alpha.
pub(super) fn seen([r, g, b, a]: [u8; 4]) -> [f32; 4] {
    let alpha = f32::from(a);
    [r, g, b, 255].map(|sample| f32::from(sample) * alpha / 255.0)
}

/// The colour that is seen so.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates"
)]
fn straight([r, g, b, a]: [f32; 4]) -> [u8; 4] {
    let alpha = (a + 0.5) as u8;
    if alpha == 0 {
        return [0; 4];
    }
    let [r, g, b] = [r, g, b].map(|sample| (sample * 255.0 / a + 0.5) as u8);
    [r, g, b, alpha]
}

/// The distinct colours of pixels; of very many, the mean of those that share their upper bits.
fn gathered(pixels: &[[u8; 4]]) -> Vec<Entry> {
    let mut sorted = pixels.to_vec();
    let mut entries = Vec::new();
    for bits in [8, 6, 5, 4] {
        let mask = u32::from_ne_bytes([0xFF << (8 - bits); 4]);
        let key = |&pixel: &[u8; 4]| u32::from_ne_bytes(pixel) & mask;
        sorted.sort_unstable_by_key(key);
        entries.clear();
        entries.extend(sorted.chunk_by(|a, b| key(a) == key(b)).map(|alike| {
            let weight = alike.len() as f32;
            let mut colour = [0.0; 4];
            for &pixel in alike {
                add(&mut colour, seen(pixel), 1.0);
            }
            Entry {
                colour: colour.map(|sum| sum / weight),
                weight,
            }
        }));
        if entries.len() <= DISTINCT {
            break;
        }
    }
    entries
}

fn add(sums: &mut [f32; 4], colour: [f32; 4], weight: f32) {
    for (sum, sample) in sums.iter_mut().zip(colour) {
        *sum += sample * weight;
    }
}

fn squares(a: [f32; 4], b: [f32; 4]) -> f32 {
    let [p, q, r, s] = std::array::from_fn(|n: usize| {
        let off = a.get(n).unwrap_or(&0.0) - b.get(n).unwrap_or(&0.0);
        off * off
    });
    p + q + r + s
}

/// Sums over entries, in 64 bits: differences of large numbers are taken of them.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    weight: f64,
    first: [f64; 4],
    second: [f64; 4],
}

impl Sums {
    fn add(&mut self, entry: &Entry) {
        let weight = f64::from(entry.weight);
        self.weight += weight;
        let sums = self.first.iter_mut().zip(&mut self.second);
        for ((first, second), sample) in sums.zip(entry.colour.map(f64::from)) {
            *first += sample * weight;
            *second += sample * sample * weight;
        }
    }

    /// Squared differences from the mean along each axis.
    fn errors(&self) -> [f64; 4] {
        let mut errors = self.second;
        for (error, first) in errors.iter_mut().zip(self.first) {
            *error = (*error - first * first / self.weight.max(1.0)).max(0.0);
        }
        errors
    }

    /// The square of the sum along an axis, for each unit of weight: the more of it two halves
    /// have, the less error they have.
    fn gain(&self, axis: usize) -> f64 {
        let first = self.first.get(axis).copied().unwrap_or(0.0);
        first * first / self.weight.max(f64::MIN_POSITIVE)
    }

    fn less(&self, other: &Self) -> Self {
        let minus = |a: [f64; 4], b: [f64; 4]| {
            let mut out = a;
            out.iter_mut().zip(b).for_each(|(a, b)| *a -= b);
            out
        };
        Self {
            weight: self.weight - other.weight,
            first: minus(self.first, other.first),
            second: minus(self.second, other.second),
        }
    }
}

/// Entries that one colour stands for.
struct Part<'a> {
    entries: &'a mut [Entry],
    sums: Sums,
    /// Along which axis the entries differ most.
    axis: usize,
    /// The squared error of all axes together.
    error: f64,
}

impl<'a> Part<'a> {
    fn new(entries: &'a mut [Entry]) -> Self {
        let mut sums = Sums::default();
        entries.iter().for_each(|entry| sums.add(entry));
        let errors = sums.errors();
        let axis = (0..errors.len()).max_by(|&a, &b| {
            errors
                .get(a)
                .unwrap_or(&0.0)
                .total_cmp(errors.get(b).unwrap_or(&0.0))
        });
        Self {
            axis: axis.unwrap_or(0),
            error: if entries.len() > 1 {
                errors.iter().sum()
            } else {
                0.0
            },
            entries,
            sums,
        }
    }

    #[allow(clippy::cast_possible_truncation, reason = "samples of 255 at most")]
    fn mean(&self) -> [f32; 4] {
        self.sums
            .first
            .map(|sum| (sum / self.sums.weight.max(1.0)) as f32)
    }

    /// In two, where that leaves the least error along the axis.
    fn split(self) -> (Self, Self) {
        let axis = self.axis;
        let along = |entry: &Entry| entry.colour.get(axis).copied().unwrap_or(0.0);
        self.entries
            .sort_unstable_by(|a, b| along(a).total_cmp(&along(b)));
        let (mut below, mut best, mut at) = (Sums::default(), f64::MIN, 1);
        for (n, entry) in self.entries.iter().enumerate().take(self.entries.len() - 1) {
            below.add(entry);
            let gain = below.gain(axis) + self.sums.less(&below).gain(axis);
            if gain > best {
                (best, at) = (gain, n + 1);
            }
        }
        let (low, high) = self.entries.split_at_mut(at);
        (Self::new(low), Self::new(high))
    }
}

/// Entries in at most `most` parts: again and again the one with the largest error is split.
fn cut(entries: &mut [Entry], most: usize) -> Vec<Part<'_>> {
    let mut parts = vec![Part::new(entries)];
    while parts.len() < most {
        let worst = parts
            .iter()
            .enumerate()
            .max_by(|(_, a), (_, b)| a.error.total_cmp(&b.error));
        let Some((at, _)) = worst.filter(|(_, part)| part.error > 0.0) else {
            break;
        };
        let (low, high) = parts.swap_remove(at).split();
        parts.extend([low, high]);
    }
    parts
}

/// One round: each mean to the middle of the entries that are nearest to it.
fn move_to_means(entries: &[Entry], means: &mut [[f32; 4]]) {
    let mut sums = vec![([0.0; 4], 0.0); means.len()];
    for entry in entries {
        let mut best = (f32::MAX, 0);
        for (n, mean) in means.iter().enumerate() {
            let off = squares(entry.colour, *mean);
            if off < best.0 {
                best = (off, n);
            }
        }
        if let Some((sum, weight)) = sums.get_mut(best.1) {
            add(sum, entry.colour, entry.weight);
            *weight += entry.weight;
        }
    }
    for (mean, (sum, weight)) in means.iter_mut().zip(sums) {
        if weight > 0.0 {
            *mean = sum.map(|sum| sum / weight);
        }
    }
}
