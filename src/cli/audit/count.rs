//! How many different URLs: counted while they are few, estimated when they are many.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// Bits of a hash that choose a register: 16,384 of them, a standard error of 0.8 %.
const CHOICE: u32 = 14;
/// Largest value of a register: all other bits are zero.
const TOP: usize = (64 - CHOICE) as usize + 1;

/// A URL as a number. The same in every run, so that reports can be compared.
#[must_use]
pub fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// A HyperLogLog sketch (Flajolet et al. 2007) with the estimator of Ertl (2017), which needs no
/// tables of corrections and holds from one to billions. 16 KiB, however much it has seen.
#[derive(Clone, Debug)]
pub struct Sketch {
    registers: Box<[u8]>,
}

impl Default for Sketch {
    fn default() -> Self {
        Self {
            registers: vec![0; 1 << CHOICE].into(),
        }
    }
}

impl Sketch {
    /// Takes a hash; one that was there before changes nothing.
    pub fn insert(&mut self, hash: u64) {
        let choice = usize::try_from(hash >> (64 - CHOICE)).unwrap_or_default();
        // The bit set behind the rest ends the count of zeros where all of them are.
        let rest = hash << CHOICE | 1 << (CHOICE - 1);
        let rank = u8::try_from(rest.leading_zeros() + 1).unwrap_or(u8::MAX);
        if let Some(register) = self.registers.get_mut(choice) {
            *register = rank.max(*register);
        }
    }

    /// How many different hashes there were.
    #[must_use]
    pub fn estimate(&self) -> u64 {
        let mut counts = [0.0; TOP + 1];
        for register in &self.registers {
            if let Some(count) = counts.get_mut(usize::from(*register)) {
                *count += 1.0;
            }
        }
        let all = f64::from(1 << CHOICE);
        let [zeros, middle @ .., full] = &counts;
        let mut sum = all * tau(1.0 - full / all);
        for count in middle.iter().rev() {
            sum = 0.5 * (sum + count);
        }
        sum += all * sigma(zeros / all);
        let estimate = all * all / (2.0 * std::f64::consts::LN_2 * sum);
        // Conversion saturates: an empty sketch has an infinite sum and gives zero.
        estimate.round() as u64
    }
}

/// What registers without any hash add.
fn sigma(mut x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let (mut weight, mut sum) = (1.0, x);
    loop {
        x *= x;
        let before = sum;
        sum += x * weight;
        weight += weight;
        if sum <= before {
            return sum;
        }
    }
}

/// What full registers take away.
fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut weight, mut sum) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = sum;
        weight *= 0.5;
        sum -= (1.0 - x) * (1.0 - x) * weight;
        if sum >= before {
            return sum / 3.0;
        }
    }
}
