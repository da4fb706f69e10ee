//! `logo`: a cloud with a gate in it and its name, flat, on nothing, with a shadow that is half transparent.

use crate::canvas::each_row;
use crate::font::Text;
use crate::math::*;

/// Samples along each side of a pixel.
const GRID: i32 = 4;

/// Distance to the cloud: three discs on a bar; the unit is the picture's height.
fn cloud(x: f32, y: f32) -> f32 {
    let disc = |cx: f32, cy: f32, r: f32| (x - cx).hypot(y - cy) - r;
    let base = {
        let (dx, dy) = ((x.abs() - 0.29).max(0.0), y + 0.13);
        dx.hypot(dy) - 0.15
    };
    base.min(disc(-0.17, 0.02, 0.19))
        .min(disc(0.07, 0.10, 0.25))
        .min(disc(0.29, -0.03, 0.16))
}

/// Distance to the gate: an arch with a straight foot.
fn gate(x: f32, y: f32) -> f32 {
    let arch = if y > -0.06 {
        x.hypot(y + 0.06) - 0.125
    } else {
        x.abs() - 0.125
    };
    arch.max(-0.30 - y)
}

/// Colour and opacity at a point; x from the left and y up, in picture heights.
fn sample(x: f32, y: f32, name: &Text, motto: &Text) -> (V3, f32) {
    let (cx, cy) = (x - 0.60, y - 0.50);
    if gate(cx - 0.02, cy) < 0.0 {
        // Through the gate: a sun over two hills.
        if cy < -0.20 + 0.10 * (cx * 9.0 + 1.0).sin() * 0.4 {
            return (hex(0x1f6f5c), 1.0);
        }
        if cy < -0.12 + 0.04 * (cx * 14.0).cos() {
            return (hex(0x2f9a78), 1.0);
        }
        let sun = (cx - 0.05).hypot(cy + 0.07);
        return (
            if sun < 0.055 {
                hex(0xfff3c4)
            } else {
                mix(hex(0xffb347), hex(0xff7e5f), step(-0.1, 0.08, cy))
            },
            1.0,
        );
    }
    let c = cloud(cx, cy);
    if c < 0.0 {
        let ring = (gate(cx - 0.02, cy) - 0.022).abs() < 0.012;
        let body = mix(
            hex(0x1c4fc4),
            hex(0x3fa0f5),
            step(-0.25, 0.35, cy + 0.15 * cx),
        );
        return (if ring { hex(0xffffff) } else { body }, 1.0);
    }
    let letters = name.distance((x - 1.20) / 0.255, (y - 0.47) / 0.255) * 0.255;
    if letters < 0.026 {
        return (hex(0x162a56), 1.0);
    }
    let small = motto.distance((x - 1.205) / 0.071, (y - 0.315) / 0.071) * 0.071;
    if small < 0.0085 {
        return (hex(0x2f7ddc), 1.0);
    }
    // The shadow: black, and the softer the further from the cloud.
    let shade = cloud(cx - 0.015, cy + 0.035).min(gate(cx - 0.035, cy + 0.035).abs() + 0.02);
    (V3::ZERO, 0.34 * step(0.07, -0.01, shade))
}

/// Renders the logo as straight RGBA.
pub fn render(w: usize, h: usize) -> Vec<u8> {
    let (name, motto) = (
        Text::new("CLDGATE"),
        Text::new("YOUR PICTURES - YOUR HOUSE"),
    );
    let mut out = vec![0_u8; w * h * 4];
    each_row(&mut out, w * 4, |py, row| {
        for (px, rgba) in row.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let (mut colour, mut alpha) = (V3::ZERO, 0.0);
            for i in 0..GRID * GRID {
                let (sx, sy) = (
                    ((i % GRID) as f32 + 0.5) / GRID as f32,
                    ((i / GRID) as f32 + 0.5) / GRID as f32,
                );
                let (c, a) = sample(
                    (px as f32 + sx) / h as f32,
                    1.0 - (py as f32 + sy) / h as f32,
                    &name,
                    &motto,
                );
                colour += c * a;
                alpha += a;
            }
            let c = colour / f32::max(alpha, 1e-6);
            let byte = |v: f32| (v * 255.0 + 0.5).clamp(0.0, 255.0) as u8;
            *rgba = [
                byte(linear_to_srgb(c.x)),
                byte(linear_to_srgb(c.y)),
                byte(linear_to_srgb(c.z)),
                byte(alpha / (GRID * GRID) as f32),
            ];
        }
    });
    out
}
