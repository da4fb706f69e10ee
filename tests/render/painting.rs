//! Canvas, corners, lines, opacity: pixels at known places.

use super::sources::{Picture, encode, open, run, through_png};
use cldgate::plan::{Paint, Rounding, Size, Step};
use cldgate::spec::{Colour, Format};

const RED: Colour = Colour::rgb(255, 0, 0);

fn plain(width: u32, height: u32, colour: [u8; 4]) -> Picture {
    Picture::new(width, height, |_, _| colour)
}

#[test]
fn canvas_places_fills_and_cuts() {
    let grey = plain(10, 10, [90, 90, 90, 255]);
    let step = Step::Canvas {
        size: Size::new(20, 8),
        left: 5,
        top: -3,
        fill: Paint::Colour(RED),
    };
    let seen = through_png(&grey, &[step]);
    assert_eq!(seen.size, Size::new(20, 8));
    assert_eq!(seen.at(4, 0), [255, 0, 0, 255]);
    assert_eq!(seen.at(5, 0), [90, 90, 90, 255]);
    assert_eq!(seen.at(14, 6), [90, 90, 90, 255]);
    assert_eq!(seen.at(14, 7), [255, 0, 0, 255]);
    assert_eq!(seen.at(15, 0), [255, 0, 0, 255]);
}

#[test]
fn canvas_far_away_shows_only_its_fill() {
    for (left, top) in [(i32::MIN, 0), (i32::MAX, i32::MAX), (0, -10), (20, 0)] {
        let step = Step::Canvas {
            size: Size::new(20, 8),
            left,
            top,
            fill: Paint::Colour(RED),
        };
        let seen = through_png(&plain(10, 10, [90, 90, 90, 255]), &[step]);
        assert!(
            seen.pixels.iter().all(|&p| p == [255, 0, 0, 255]),
            "{left} {top}"
        );
    }
}

#[test]
fn canvas_without_colour_is_transparent() {
    let step = Step::Canvas {
        size: Size::new(4, 4),
        left: 1,
        top: 1,
        fill: Paint::Colour(Colour::TRANSPARENT),
    };
    let seen = through_png(&plain(2, 2, [1, 2, 3, 255]), &[step]);
    assert_eq!(seen.at(0, 0)[3], 0);
    assert_eq!(seen.at(1, 1), [1, 2, 3, 255]);
}

#[test]
fn edge_colour_is_the_one_most_of_the_rim_has() {
    let framed = Picture::new(20, 20, |x, y| match (x, y) {
        (19, _) => [0, 0, 255, 255],
        (0, _) | (_, 0 | 19) => [250, 240, 30, 255],
        _ => [0, 200, 0, 255],
    });
    let step = Step::Canvas {
        size: Size::new(30, 20),
        left: 5,
        top: 0,
        fill: Paint::EdgeColour,
    };
    assert_eq!(through_png(&framed, &[step]).at(0, 10), [250, 240, 30, 255]);
}

#[test]
fn round_to_an_ellipse() {
    let full = plain(40, 20, [10, 20, 30, 255]);
    let seen = through_png(&full, &[Step::Round(Rounding([(20.0, 10.0); 4]))]);
    for (x, y) in [(0, 0), (39, 0), (0, 19), (39, 19), (3, 2)] {
        assert_eq!(seen.at(x, y)[3], 0, "{x},{y}");
    }
    for (x, y) in [(20, 0), (0, 10), (20, 10), (39, 9)] {
        assert!(seen.at(x, y)[3] > 200, "{x},{y}");
    }
    assert_eq!(seen.at(20, 10), [10, 20, 30, 255]);
    // The area of an ellipse, in pixels, by what is left of the opacity.
    let area: f64 = seen.pixels.iter().map(|p| f64::from(p[3]) / 255.0).sum();
    let exact = std::f64::consts::PI * 20.0 * 10.0;
    assert!((area - exact).abs() < exact * 0.005, "{area} for {exact}");
}

#[test]
fn corners_round_one_by_one() {
    let full = plain(40, 40, [10, 20, 30, 255]);
    let corners = Rounding([(12.0, 12.0), (0.0, 0.0), (12.0, 12.0), (0.0, 0.0)]);
    let seen = through_png(&full, &[Step::Round(corners)]);
    assert_eq!(seen.at(0, 0)[3], 0);
    assert_eq!(seen.at(39, 0)[3], 255);
    assert_eq!(seen.at(39, 39)[3], 0);
    assert_eq!(seen.at(0, 39)[3], 255);
}

#[test]
fn border_grows_the_picture() {
    let step = Step::Border {
        width: 3,
        colour: RED,
        corners: None,
    };
    let seen = through_png(&plain(10, 6, [9, 9, 9, 255]), &[step]);
    assert_eq!(seen.size, Size::new(16, 12));
    assert_eq!(seen.at(0, 0), [255, 0, 0, 255]);
    assert_eq!(seen.at(2, 11), [255, 0, 0, 255]);
    assert_eq!(seen.at(3, 3), [9, 9, 9, 255]);
    assert_eq!(seen.at(12, 8), [9, 9, 9, 255]);
    assert_eq!(seen.at(13, 8), [255, 0, 0, 255]);
}

#[test]
fn border_follows_round_corners() {
    let corners = Rounding([(20.0, 20.0); 4]);
    let border = Step::Border {
        width: 5,
        colour: RED,
        corners: Some(corners),
    };
    let full = plain(40, 40, [0, 0, 255, 255]);
    let alone = through_png(&full, std::slice::from_ref(&border));
    let after = through_png(&full, &[Step::Round(corners), border]);
    // Rounding first changes nothing: the line cuts the picture by the same curve. Where the curve
    // crosses a pixel the share of each may be off by a rounding.
    assert!(alone.worst(&after) <= 2, "{}", alone.worst(&after));
    assert_eq!(alone.size, Size::new(50, 50));
    assert_eq!(alone.at(0, 0)[3], 0);
    assert_eq!(alone.at(25, 2), [255, 0, 0, 255]);
    assert_eq!(alone.at(25, 25), [0, 0, 255, 255]);
    // Between line and picture nothing shines through.
    assert!((2..48).all(|x| alone.at(x, 25)[3] == 255));
}

#[test]
fn opacity_and_flatten() {
    let half = through_png(&plain(2, 2, [200, 100, 0, 255]), &[Step::Opacity(128)]);
    assert_eq!(half.at(0, 0), [200, 100, 0, 128]);
    let steps = [
        Step::Opacity(128),
        Step::Flatten(Paint::Colour(Colour::WHITE)),
    ];
    let flat = through_png(&plain(2, 2, [200, 100, 0, 255]), &steps);
    assert_eq!(flat.at(0, 0), [227, 177, 127, 255]);
}

#[test]
fn jpeg_shows_the_background_behind_transparency() {
    let mut how = encode(Format::Jpeg, 95);
    how.background = Colour::rgb(0, 128, 0);
    let rendered = run(&Picture::circle(64).png(), &[], how).unwrap();
    assert!(!rendered.alpha);
    let seen = open(&rendered.body, Format::Jpeg);
    let [r, g, b, _] = seen.at(0, 0);
    assert!(r < 8 && g.abs_diff(128) < 8 && b < 8, "{r} {g} {b}");
}

#[test]
fn an_opaque_picture_is_written_without_alpha() {
    let rendered = run(&Picture::gradient(8, 8).png(), &[], encode(Format::Png, 80)).unwrap();
    assert!(!rendered.alpha);
    // IHDR's colour type: 2 is RGB.
    assert_eq!(rendered.body[25], 2);
    let clear = run(&Picture::circle(8).png(), &[], encode(Format::Png, 80)).unwrap();
    assert!(clear.alpha);
    assert_eq!(clear.body[25], 6);
}
