//! Finding markers: an FF followed by neither a zero, which stuffs it, nor another FF.

/// How many bytes stand before the first FF; all of them where there is none.
pub(crate) fn first_ff(bytes: &[u8]) -> usize {
    // In steps that compile to vector compares: most bytes of a picture stand before no FF.
    let (chunks, _) = bytes.as_chunks::<32>();
    let clean = chunks
        .iter()
        .take_while(|chunk| !chunk.iter().fold(false, |found, &b| found | (b == 0xFF)))
        .count()
        * 32;
    let rest = bytes.get(clean..).unwrap_or_default();
    clean + rest.iter().position(|&b| b == 0xFF).unwrap_or(rest.len())
}

/// The next marker at or behind `from`, and where its last FF stands.
pub(crate) fn find_marker(bytes: &[u8], from: usize) -> Option<(u8, usize)> {
    let mut at = from;
    loop {
        let rest = bytes.get(at..)?;
        at += first_ff(rest);
        match *bytes.get(at + 1)? {
            0 => at += 2,
            0xFF => at += 1,
            marker => return Some((marker, at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_ff_is_found_wherever_it_stands() {
        for length in 0..100 {
            for place in 0..length {
                let mut bytes = vec![7; length];
                bytes[place] = 0xFF;
                assert_eq!(first_ff(&bytes), place);
            }
            assert_eq!(first_ff(&vec![0xFE; length]), length);
        }
    }

    #[test]
    fn stuffing_and_fill_bytes_are_no_markers() {
        let bytes = [0xFF, 0, 0xFF, 0xFF, 0xFF, 0xD8, 0xFF];
        assert_eq!(find_marker(&bytes, 0), Some((0xD8, 4)));
        assert_eq!(find_marker(&bytes, 5), None);
    }
}
