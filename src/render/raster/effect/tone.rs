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

/// The colours of three tables, each in the low bytes of a word.
pub(super) fn woven(tables: &Tables) -> Box<[u32; 256]> {
    let [r, g, b] = tables;
    let mut words = Box::new([0; 256]);
    for (((word, &r), &g), &b) in words.iter_mut().zip(r).zip(g).zip(b) {
        *word = u32::from_le_bytes([r, g, b, 0]);
    }
    words
}

/// Every sample as a colour of three bytes.
pub(super) fn look_up_colours(out: &mut [u8], samples: &[u8], colours: &[u32; 256]) {
    // Four colours are three words.
    let (fours, rest) = out.as_chunks_mut::<12>();
    let (samples, rest_samples) = samples.as_chunks::<4>();
    let done = fours.len();
    for (out, samples) in fours.iter_mut().zip(samples) {
        let [a, b, c, d] = samples.map(|v| colours[usize::from(v)]);
        let words = [a | b << 24, b >> 8 | c << 16, c >> 16 | d << 8];
        for (out, word) in out.as_chunks_mut::<4>().0.iter_mut().zip(words) {
            *out = word.to_le_bytes();
        }
    }
    let left = samples
        .get(done)
        .map_or(rest_samples, |four| four.as_slice());
    for (out, &v) in rest.as_chunks_mut::<3>().0.iter_mut().zip(left) {
        let [r, g, b, _] = colours[usize::from(v)].to_le_bytes();
        *out = [r, g, b];
    }
}
