//! The ground floors of the quay: name boards, awnings, doors, windows full of goods.

use crate::facades::{House, lit, plaster};
use crate::font::stroke;
use crate::harbour::Hour;
use crate::math::*;

/// The ground floor at (u from the house's left, v above the quay).
pub fn shop(house: &House, u: f32, v: f32, hour: &Hour) -> V3 {
    let (x, wood) = (
        house.left + u,
        mix(
            house.paint * 0.30,
            hex(0x1f2f38),
            rand1(house.seed as i32, 4),
        ),
    );
    // The name board under the first floor.
    if inside(v, 2.62, 3.16) {
        let size = (0.30_f32).min((house.wide - 0.9) / house.sign.width);
        let d = house.sign.centred(u, v, house.wide * 0.5, 2.885, size);
        let board = lit(wood * (1.0 + 0.1 * (v * 60.0).sin()), 0.9, x, v, hour);
        let gold = if hour.night {
            v3(2.3, 1.7, 0.85)
        } else {
            lit(hex(0xf6dfa0), 1.2, x, v, hour)
        };
        let edge = (v - 2.62)
            .min(3.16 - v)
            .min(u - 0.16)
            .min(house.wide - 0.16 - u);
        return if edge < 0.035 {
            lit(hex(0xc9a55c), 1.0, x, v, hour)
        } else {
            stroke(board, gold, d, size * 0.085, 0.008)
        };
    }
    // A striped awning over the window.
    let door = (house.wide - 1.35, house.wide - 0.45);
    let awning = house.seed % 2 == 1;
    let scallop = 2.02 + 0.06 * (u * std::f32::consts::TAU / 0.34).sin().abs();
    if awning && inside(u, 0.3, door.0 - 0.1) && inside(v, scallop, 2.60) {
        let stripe = (u / 0.34).rem_euclid(1.0) < 0.5;
        let cloth = if stripe {
            mix(house.paint, hex(0xb02a2a), 0.4)
        } else {
            hex(0xf3ecdc)
        };
        return lit(
            cloth,
            if v < 2.12 {
                0.55
            } else {
                0.9 + 0.5 * (v - 2.1)
            },
            x,
            v,
            hour,
        );
    }
    let shade = if awning {
        step(1.2, 0.7, v) * 0.75 + 0.2
    } else {
        0.85
    };
    if inside(u, door.0, door.1) && v < 2.45 {
        let (du, frame) = (u - door.0, (u - door.0).min(door.1 - u).min(2.45 - v));
        if frame < 0.07 {
            return lit(house.trim * 0.9, 0.9, x, v, hour);
        }
        if v > 1.15 && frame > 0.2 {
            return if hour.night {
                v3(1.3, 0.78, 0.3) * (0.5 + 0.3 * v)
            } else {
                hour.ambient * (0.2 + 0.2 * v)
            };
        }
        let knob = (du - 0.15) * (du - 0.15) + (v - 1.05) * (v - 1.05) < 0.0015;
        let panel = if inside(v, 0.2, 0.95) && frame > 0.2 {
            0.75
        } else {
            1.0
        };
        return lit(
            if knob {
                hex(0xe2b85a)
            } else {
                wood * (1.4 * panel)
            },
            0.8,
            x,
            v,
            hour,
        );
    }
    if inside(u, 0.42, door.0 - 0.22) && inside(v, 0.62, 2.45) {
        let (du, frame) = (
            (u - 0.42).rem_euclid(0.85),
            (u - 0.42)
                .min(door.0 - 0.22 - u)
                .min(v - 0.62)
                .min(2.45 - v),
        );
        if frame < 0.06 || du < 0.035 {
            return lit(house.trim * 0.85, shade, x, v, hour);
        }
        // Goods on shelves behind the glass.
        let shelf = ((v - 0.7) / 0.55).floor();
        let (d1, _, id) = cells(
            x * 4.2,
            shelf * 3.0 + ((v - 0.7) / 0.55).fract() * 1.1,
            house.seed,
        );
        let goods = mix(hex(0xc87a3a), hex(0x4f8f8a), id) * (1.15 - 1.3 * d1).max(0.05);
        let base = if ((v - 0.7) / 0.55).fract() < 0.07 {
            hex(0x6a4a2c)
        } else {
            goods
        };
        return if hour.night {
            base * v3(1.9, 1.25, 0.6) + v3(0.65, 0.38, 0.13) * (0.3 + 0.5 * step(0.6, 2.4, v))
        } else {
            base * hour.ambient * 0.8
                + hour.ambient * (0.10 + 0.22 * step(0.9, 0.4, (u * 0.6 + v * 0.5).rem_euclid(1.0)))
        };
    }
    if v < 0.45 {
        return lit(
            hex(0x777066) * (0.7 + 0.5 * fbm(x * 4.0, v * 4.0, 4, 5)),
            shade,
            x,
            v,
            hour,
        );
    }
    lit(
        mix(plaster(house, u, v), wood * 1.6, 0.35),
        shade,
        x,
        v,
        hour,
    )
}
