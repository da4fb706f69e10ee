//! Generated files through libjpeg-turbo's programs, where they are installed.
#![allow(
    clippy::disallowed_methods,
    reason = "the programs are what the decoder is held against"
)]

use std::io::Write;
use std::process::{Command, Stdio};

use cldgate_jpeg::{Request, Scale};

use super::compare::decoded;
use super::fuzz_replay::checks::{coefficients::Noise, made};

/// What a program makes of a file, without a word of complaint.
fn through(program: &str, arguments: &[&str], file: &[u8]) -> Vec<u8> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || input.write_all(file).unwrap());
        let output = child.wait_with_output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && words.is_empty(),
            "{program}: {words}"
        );
        output.stdout
    })
}

/// Samples of a binary PGM.
fn samples(pgm: &[u8]) -> (usize, usize, &[u8]) {
    let text = pgm.get(..20).unwrap_or(pgm);
    let mut words = text.split(u8::is_ascii_whitespace);
    let mut word = || std::str::from_utf8(words.next().unwrap()).unwrap();
    assert_eq!(word(), "P5");
    let (width, height): (usize, usize) = (word().parse().unwrap(), word().parse().unwrap());
    assert_eq!(word(), "255");
    (width, height, &pgm[pgm.len() - width * height..])
}

#[test]
fn djpeg_and_jpegtran_show_the_same() {
    let installed = |program| Command::new(program).arg("-version").output().is_ok();
    if !installed("djpeg") || !installed("jpegtran") {
        println!("skipped: djpeg and jpegtran are not installed");
        return;
    }
    let mut noise = Noise(1);
    for n in 0..150 {
        let bytes: Vec<u8> = (0..80).map(|_| noise.next() as u8).collect();
        let settings = *bytes.first_chunk().unwrap();
        let (picture, interval) = made(settings, &bytes[5..]);
        let script = picture.script(&mut noise);
        let file = if n % 3 == 0 {
            picture.sequential(&picture.scans(), interval, &mut noise)
        } else {
            picture.progressive(&script, interval, &mut noise)
        };
        // The program writes one scan, which not all samplings fit.
        if picture.scans().len() == 1 {
            let twin = through("jpegtran", &["-optimize"], &file);
            for scale in Scale::ALL {
                let request = Request::whole(scale);
                let (a, b) = (decoded(&file, &request), decoded(&twin, &request));
                assert!(!a.damaged && !b.damaged, "{settings:?} {script:?}");
                assert!(a.planes == b.planes, "{settings:?} {script:?}");
            }
        }
        for (scale, name, most) in [(Scale::Full, "1/1", 1), (Scale::Eighth, "1/8", 0)] {
            let planes = decoded(&file, &Request::whole(scale)).planes;
            let light = &planes[0];
            // Inks have no light, and where it is not the finest component the program enlarges it.
            let step = 8 / scale.samples();
            if planes.len() == 4 || light.step != (step, step) {
                continue;
            }
            let how = ["-dct", "int", "-nosmooth", "-grayscale", "-scale", name];
            let shown = through("djpeg", &how, &file);
            let (width, height, theirs) = samples(&shown);
            assert_eq!((light.width, light.height), (width, height));
            let far = light
                .samples
                .iter()
                .zip(theirs)
                .find(|(ours, theirs)| ours.abs_diff(**theirs) > most);
            assert_eq!(far, None, "{settings:?} {name}");
        }
    }
}
