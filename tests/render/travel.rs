//! Does a still in motion show, frame by frame, what the URL says?

use super::animation::{Shown, play};
use super::effects::try_rendered;
use super::sources::{Picture, open};
use cldgate::plan::Size;
use cldgate::spec::Format;

/// Each half of each side in a colour of its own, and a grey field in the middle.
fn quarters() -> Picture {
    Picture::new(120, 80, |x, y| {
        if x.abs_diff(60) < 12 && y.abs_diff(40) < 8 {
            return [128, 128, 128, 255];
        }
        match (x < 60, y < 40) {
            (true, true) => [220, 30, 30, 255],
            (false, true) => [30, 200, 30, 255],
            (true, false) => [30, 30, 220, 255],
            (false, false) => [230, 220, 40, 255],
        }
    })
}

fn film(chain: &str) -> (Vec<Shown>, u32) {
    let made = try_rendered(chain, &quarters()).unwrap_or_else(|error| panic!("{chain}: {error}"));
    play(&made.body, made.format)
}

/// The four corners and the middle, as letters.
fn corners(picture: &Picture) -> String {
    let Size { width, height } = picture.size;
    let letter = |x: u32, y: u32| match picture.at(x, y) {
        [200..=255, ..=60, ..=60, 255] => 'r',
        [..=60, 170..=255, ..=60, 255] => 'g',
        [..=60, ..=60, 200..=255, 255] => 'b',
        [200..=255, 190..=255, ..=80, 255] => 'y',
        [110..=146, 110..=146, 110..=146, 255] => '.',
        other => panic!("no colour of the picture: {other:?}"),
    };
    [
        letter(2, 2),
        letter(width - 3, 2),
        letter(2, height - 3),
        letter(width - 3, height - 3),
        letter(width / 2, height / 2),
    ]
    .iter()
    .collect()
}

#[test]
fn a_motion_goes_from_one_sight_to_another() {
    let whole = "rgby.";
    // Chain, the first frame, the last.
    for (chain, first, last) in [
        ("e_zoompan:maxzoom_8;du_1;fps_10", whole, "....."),
        ("e_zoompan:mode_ofc;maxzoom_8;du_1;fps_10", ".....", whole),
        ("e_zoompan:mode_ztl;maxzoom_4;du_1;fps_10", whole, "rrbb?"),
        ("e_zoompan:mode_ofr;maxzoom_4;du_1;fps_10", "ggyy?", whole),
        ("e_zoompan:mode_plr;maxzoom_4;du_1;fps_10", "rrbb?", "ggyy?"),
        ("e_zoompan:mode_prl;maxzoom_4;du_1;fps_10", "ggyy?", "rrbb?"),
        (
            "e_zoompan:from_(zoom_4;x_0.0;y_0.0);to_(zoom_4;x_1.0;y_1.0);du_1;fps_10",
            "rrrrr",
            "yyyyy",
        ),
        (
            "e_zoompan:from_(g_north_east;zoom_4);du_1;fps_10",
            "ggggg",
            whole,
        ),
        // Pixels of the picture at this place of the chain; outside is moved inside.
        (
            "e_zoompan:to_(zoom_4;x_90;y_1000);du_1;fps_10",
            whole,
            "yyyyy",
        ),
        // An end that is named goes before the mode's.
        (
            "e_zoompan:mode_ztc;maxzoom_8;from_(zoom_4;x_0.0;y_0.0);du_1;fps_10",
            "rrrrr",
            ".....",
        ),
        (
            "$z_4/e_zoompan:from_(zoom_$z;x_0.0;y_0.0);du_1;fps_10",
            "rrrrr",
            whole,
        ),
        // What stands behind it is done to every frame.
        ("e_zoompan:maxzoom_8;du_1;fps_10/a_180", "ybgr.", "....."),
        ("e_zoompan:maxzoom_8;du_1;fps_10/e_reverse", ".....", whole),
    ] {
        let (shown, plays) = film(&format!("{chain}/f_gif"));
        assert_eq!(plays, 1, "{chain}");
        let same = |picture: &Picture, wanted: &str| {
            // The line between two halves has no colour of its own.
            let middle = wanted.ends_with('?');
            let seen = if middle {
                let at = |x, y| picture.at(x, y);
                let (w, h) = (picture.size.width - 3, picture.size.height - 3);
                let [a, b, c, d] = [at(2, 2), at(w, 2), at(2, h), at(w, h)];
                a == b && c == d && a != c
            } else {
                corners(picture) == wanted
            };
            assert!(seen, "{chain}: {wanted}");
        };
        same(&shown[0].picture, first);
        same(&shown.last().unwrap().picture, last);
    }
}

#[test]
fn frames_and_time_are_those_asked_for() {
    for (chain, format, frames, lasts, plays) in [
        ("e_zoompan/f_gif", Format::Gif, 100, 4000, 1),
        ("e_zoompan:du_2;fps_30/f_gif", Format::Gif, 60, 2000, 1),
        ("e_zoompan:du_2;fps_30/f_webp", Format::WebP, 60, 2000, 1),
        (
            "e_zoompan:du_1;fps_30/f_png,fl_apng",
            Format::Png,
            30,
            1000,
            1,
        ),
        ("e_zoompan:du_1/e_loop/f_gif", Format::Gif, 25, 1000, 0),
        ("e_zoompan:du_1/e_loop:2/f_gif", Format::Gif, 25, 1000, 3),
        ("e_zoompan:du_1/e_boomerang/f_gif", Format::Gif, 50, 2000, 1),
        (
            "e_zoompan:du_1/e_accelerate:100/f_webp",
            Format::WebP,
            25,
            500,
            1,
        ),
        ("e_zoompan:du_1/dl_100/f_gif", Format::Gif, 25, 2500, 1),
        // Held to the documented range.
        ("e_zoompan:du_1;fps_1/f_gif", Format::Gif, 5, 1000, 1),
    ] {
        let made = try_rendered(chain, &quarters()).unwrap();
        assert_eq!(made.format, format, "{chain}");
        assert_eq!(made.size, Size::new(120, 80), "{chain}");
        let (shown, played) = play(&made.body, format);
        let whole: u32 = shown.iter().map(|shown| shown.milliseconds).sum();
        // Equal neighbours may be one frame.
        assert!(
            shown.len() <= frames && shown.len() > frames / 3,
            "{chain}: {}",
            shown.len()
        );
        assert!(whole.abs_diff(lasts) <= 10, "{chain}: {whole} ms");
        assert_eq!(played, plays, "{chain}");
    }
}

#[test]
fn a_film_fades_from_and_to_black() {
    let light = |shown: &Shown| {
        let all = shown.picture.pixels.iter().flatten().map(|&v| u64::from(v));
        all.sum::<u64>() / shown.picture.pixels.len() as u64 - 255
    };
    let still = "e_zoompan:from_(zoom_1);to_(zoom_1);du_1;fps_10";
    let (plain, _) = film(&format!("{still}/f_webp,q_100"));
    for (fades, dark) in [
        ("e_fade:300", [true, false, false]),
        ("e_fade:-300", [false, false, true]),
        ("e_fade:300/e_fade:-300", [true, false, true]),
        ("e_fade", [true, true, false]),
    ] {
        for format in ["f_gif", "f_webp,q_100", "f_png,fl_apng"] {
            let (shown, _) = film(&format!("{still}/{fades}/{format}"));
            // Equal neighbours are one frame: they are found by their time.
            let at = |wanted: u32| {
                let mut ends = 0;
                let frame = shown.iter().find(|shown| {
                    ends += shown.milliseconds;
                    ends > wanted
                });
                frame.unwrap()
            };
            let found = [0, 450, 950].map(|ms| light(at(ms)) * 10 < light(&plain[0]) * 8);
            assert_eq!(found, dark, "{fades} {format}");
        }
    }
}

#[test]
fn without_frames_the_beginning_is_shown() {
    for (chain, size) in [
        ("e_zoompan:from_(zoom_4;x_0.0;y_0.0)/f_png", (120, 80)),
        (
            "e_zoompan:from_(zoom_4;x_0.0;y_0.0)/c_scale,w_30/f_png",
            (30, 20),
        ),
        (
            "c_scale,w_60/e_zoompan:from_(zoom_4;x_0.0;y_0.0)/f_png",
            (60, 40),
        ),
    ] {
        let made = try_rendered(chain, &quarters()).unwrap();
        let picture = open(&made.body, Format::Png);
        assert_eq!(picture.size, Size::new(size.0, size.1), "{chain}");
        assert_eq!(corners(&picture), "rrrrr", "{chain}");
    }
}

/// What is cut or scaled of the frames is made in one pass, and looks like what the single steps make.
#[test]
fn what_stands_behind_a_motion_is_joined_to_it() {
    let motion = "e_zoompan:maxzoom_3;du_1;fps_5";
    let (whole, _) = film(&format!("{motion}/f_webp,q_100"));
    let (cut, _) = film(&format!(
        "{motion}/c_crop,w_60,h_40,g_south_east/f_webp,q_100"
    ));
    assert_eq!((whole.len(), cut.len()), (5, 5));
    for (whole, cut) in whole.iter().zip(&cut) {
        assert_eq!(cut.picture.size, Size::new(60, 40));
        let mut far = 0.0;
        for y in 2..38 {
            for x in 2..58 {
                let (a, b) = (whole.picture.at(x + 60, y + 40), cut.picture.at(x, y));
                let step = (0..3).map(|n| f64::from(a[n].abs_diff(b[n]))).sum::<f64>();
                far += step / 3.0 / (56.0 * 36.0);
            }
        }
        assert!(far < 3.0, "{far}");
    }
}

#[test]
fn too_many_pixels_are_refused() {
    let large = Picture::new(1200, 1200, |x, _| [x as u8, 0, 0, 255]);
    let error = try_rendered("e_zoompan:du_30;fps_60/f_gif", &large).unwrap_err();
    assert!(error.contains("pixels of all frames"), "{error}");
}
