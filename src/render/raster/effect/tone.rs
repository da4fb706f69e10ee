//! Tables: what a channel becomes by its own value.

/// One table for each of red, green and blue.
pub(super) type Tables = [[u8; 256]; 3];

/// The same curve, over 0 to 1, for every channel.
pub(super) fn same(curve: impl Fn(f64) -> f64) -> Box<Tables> {
    each([0.0; 3], |v, _| curve(v))
}

/// A curve for each channel by a number of its own.
pub(super) fn each(numbers: [f64; 3], curve: impl Fn(f64, f64) -> f64) -> Box<Tables> {
    let mut tables = Box::new([[0; 256]; 3]);
    for (table, number) in tables.iter_mut().zip(numbers) {
        for (n, v) in (0..=255_u8).zip(table.iter_mut()) {
            *v = sample(curve(f64::from(n) / 255.0, number));
        }
    }
    tables
}

/// The nearest sample to a share of full light; what is not a number becomes 0.
pub(super) fn sample(v: f64) -> u8 {
    (v.clamp(0.0, 1.0) * 255.0).round() as u8
}

/// An S through both ends, as steep at the middle as a logistic function of this strength; or its
/// inverse.
pub(super) fn sigmoid(strength: f64, flatten: bool) -> impl Fn(f64) -> f64 {
    let logistic = move |v: f64| 1.0 / (1.0 + (strength * (0.5 - v)).exp());
    let (low, high) = (logistic(0.0), logistic(1.0));
    move |v| {
        if strength <= 0.0 {
            v
        } else if flatten {
            let inner = (low + v * (high - low)).clamp(1e-9, 1.0 - 1e-9);
            0.5 - (1.0 / inner - 1.0).ln() / strength
        } else {
            (logistic(v) - low) / (high - low)
        }
    }
}

/// Every sample through a table.
pub(super) fn look_up(samples: &mut [u8], table: &[u8; 256]) {
    for v in samples {
        *v = table[usize::from(*v)];
    }
}

/// Every sample through a table, into another place.
pub(super) fn look_up_to(out: &mut [u8], samples: &[u8], table: &[u8; 256]) {
    for (out, v) in out.iter_mut().zip(samples) {
        *out = table[usize::from(*v)];
    }
}
