//! Files that are cut, bent or lie.

use cldgate_jpeg::{Error, Request, Scale, decode};
use jpeg_encoder::{ColorType, SamplingFactor};
use proptest::prelude::*;

use super::compare::decoded;
use super::sources::{SAMPLINGS, waves};

fn file(progressive: bool, interval: u16) -> Vec<u8> {
    waves(67, 45, ColorType::Rgb).file(85, |encoder| {
        encoder.set_sampling_factor(SamplingFactor::F_2_2);
        encoder.set_progressive(progressive);
        if interval > 0 {
            encoder.set_restart_interval(interval);
        }
    })
}

/// Whatever comes of it, both builds say the same and nothing panics.
fn survive(file: &[u8]) {
    for scale in Scale::ALL {
        let request = Request {
            memory: 1 << 22,
            ..Request::whole(scale)
        };
        if decode(file, &request, &mut || false).is_ok() {
            decoded(file, &request);
        }
    }
}

#[test]
fn a_file_that_ends_early_is_shown_as_far_as_it_goes() {
    let file = file(false, 0);
    let whole = decoded(&file, &Request::whole(Scale::Full));
    let cut = decoded(&file[..file.len() * 2 / 3], &Request::whole(Scale::Full));
    assert!(cut.damaged && !whole.damaged);
    let (seen, all) = (&cut.planes[0].samples, &whole.planes[0].samples);
    assert_eq!(seen[..67 * 8], all[..67 * 8], "the first rows are there");
    assert!(
        seen[67 * 40..].iter().all(|&sample| sample == 128),
        "the last are grey"
    );
}

#[test]
fn behind_a_damaged_segment_the_next_one_is_found() {
    let file = file(false, 2);
    let whole = decoded(&file, &Request::whole(Scale::Full));
    let marks: Vec<usize> = (0..file.len() - 1)
        .filter(|&at| file[at] == 0xFF && (0xD0..=0xD7).contains(&file[at + 1]))
        .collect();
    let mut without = file.clone();
    without.drain(marks[1]..marks[2]);
    let seen = decoded(&without, &Request::whole(Scale::Full));
    assert!(seen.damaged);
    let last = 67 * 32..;
    assert_eq!(
        seen.planes[0].samples[last.clone()],
        whole.planes[0].samples[last]
    );
}

#[test]
fn every_length_of_a_file() {
    for (progressive, interval) in [(false, 0), (false, 3), (true, 0), (true, 3)] {
        let file = file(progressive, interval);
        for length in (0..file.len()).step_by(7) {
            survive(&file[..length]);
        }
    }
}

#[test]
fn memory_is_asked_for_before_it_is_taken() {
    let request = Request {
        memory: 1000,
        ..Request::whole(Scale::Full)
    };
    for progressive in [false, true] {
        let file = file(progressive, 0);
        assert_eq!(decode(&file, &request, &mut || false), Err(Error::TooLarge));
    }
    // 65,500 pixels a side in 700 bytes of file.
    let mut large = file(false, 0);
    let at = large
        .windows(2)
        .position(|pair| pair == [0xFF, 0xC0])
        .unwrap();
    large[at + 5..at + 9].copy_from_slice(&[0xFF, 0xDC, 0xFF, 0xDC]);
    let request = Request::whole(Scale::Full);
    assert_eq!(
        decode(&large, &request, &mut || false),
        Err(Error::TooLarge)
    );
}

#[test]
fn who_asks_to_stop_is_heard() {
    for progressive in [false, true] {
        for after in 0..3 {
            let mut rows = 0;
            let mut stop = || {
                rows += 1;
                rows > after
            };
            let result = decode(
                &file(progressive, 0),
                &Request::whole(Scale::Full),
                &mut stop,
            );
            assert_eq!(result.err(), Some(Error::Stopped));
        }
    }
}

#[test]
fn kinds_that_no_browser_shows_are_unsupported() {
    let file = file(false, 0);
    let at = file
        .windows(2)
        .position(|pair| pair == [0xFF, 0xC0])
        .unwrap();
    let changed = |changes: &[(usize, u8)]| {
        let mut file = file.clone();
        for &(offset, byte) in changes {
            file[at + offset] = byte;
        }
        decode(&file, &Request::whole(Scale::Full), &mut || false)
    };
    for marker in [0xC3, 0xC5, 0xCB, 0xCF] {
        assert!(matches!(
            changed(&[(1, marker)]),
            Err(Error::Unsupported(_))
        ));
    }
    assert!(
        matches!(changed(&[(4, 12)]), Err(Error::Unsupported(_))),
        "12 bits"
    );
    assert!(
        matches!(
            changed(&[(11, 0x31), (14, 0x21)]),
            Err(Error::Unsupported(_))
        ),
        "three samples beside two"
    );
    assert!(
        matches!(changed(&[(9, 2)]), Err(Error::Unsupported(_))),
        "two components"
    );
    assert!(
        matches!(changed(&[(11, 0x50)]), Err(Error::Malformed(_))),
        "no sampling"
    );
    assert!(matches!(
        decode(b"", &Request::whole(Scale::Full), &mut || false),
        Err(Error::Malformed(_))
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn bent_files(
        progressive: bool,
        interval in 0_u16..4,
        sampling in 0..SAMPLINGS.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut file = waves(40, 33, ColorType::Rgb).file(80, |encoder| {
            encoder.set_sampling_factor(SAMPLINGS[sampling]);
            encoder.set_progressive(progressive);
            if interval > 0 {
                encoder.set_restart_interval(interval);
            }
        });
        for (place, byte) in changes {
            let at = place.index(file.len());
            file[at] = byte;
        }
        survive(&file);
    }
}
