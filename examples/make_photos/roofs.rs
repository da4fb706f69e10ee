//! What stands above the eaves on the quay: gables, tiles, dormers, chimneys.

use crate::facades::{FLOOR, Gable, House, SHOP, lit, plaster, window};
use crate::harbour::Hour;
use crate::math::*;

/// The colour `up` metres above the eaves, `side` from -1 to 1 across the house, or nothing where the sky shows.
pub fn above_eaves(house: &House, u: f32, up: f32, side: f32, hour: &Hour) -> Option<V3> {
    let half = house.wide * 0.5;
    let x = house.left + u;
    let (y, a) = (up + SHOP + FLOOR * house.floors as f32, side.abs());
    let (top, front) = match house.gable {
        Gable::Pointed => (half * 1.35 * (1.0 - a), true),
        Gable::Stepped => (half * 1.25 * (1.0 - (a * 5.0).floor() / 5.0) - 0.1, true),
        Gable::Round => {
            let shoulder = if a > 0.62 {
                0.9 * (1.0 - a)
            } else {
                0.55 + half * 0.95 * (1.0 - (a / 0.62).powi(2)).sqrt().powf(0.8)
            };
            (shoulder, true)
        }
        Gable::Eaves => (2.0 - 0.9 * step(0.93, 1.0, a), false),
    };
    if up > top {
        // A chimney with two pots.
        let at = house.wide * (0.22 + 0.5 * rand1(house.seed as i32, 90));
        let (cu, tall) = ((u - at).abs(), if front { half * 1.15 } else { 3.1 });
        let pot = cu > 0.08 && cu < 0.2 && up < tall + 0.35;
        let stack = cu < 0.30 && up < tall || pot || cu < 0.36 && inside(up, tall - 0.16, tall);
        let wide_enough = up < half * 1.35 * (1.0 - side.abs()) + 1.6 || !front;
        return (stack && wide_enough).then(|| {
            let brick = if (up / 0.12).fract() < 0.2 { 0.7 } else { 1.0 };
            lit(
                hex(0x964f38) * brick,
                if u < at { 1.0 } else { 0.5 },
                x,
                y,
                hour,
            )
        });
    }
    if front {
        if top - up < 0.17 {
            return Some(lit(
                house.trim,
                if side < 0.0 { 1.1 } else { 0.7 },
                x,
                y,
                hour,
            ));
        }
        if let Some(c) =
            window(house, u - half, up - 0.95, 9, 9, (x, y), hour).filter(|_| top > 1.0)
        {
            return Some(c);
        }
        return Some(lit(
            plaster(house, u, y),
            0.8 + 0.2 * step(0.1, 0.4, top - up),
            x,
            y,
            hour,
        ));
    }
    // Tiles, with two dormers.
    for c in [-0.45_f32, 0.45] {
        let (du, dv) = (u - half - c * half, up - 0.75);
        if du.abs() < 0.62 && dv < 0.62 - du.abs() * 0.75 + 0.25 && dv > -0.45 {
            if du.abs() > 0.5 || dv > 0.60 - du.abs() * 0.75 {
                return Some(lit(house.trim, 0.9, x, y, hour));
            }
            return Some(
                window(house, du, dv * 1.5, 5, c.signum() as i32 + 3, (x, y), hour)
                    .unwrap_or_else(|| lit(house.trim * 0.8, 0.8, x, y, hour)),
            );
        }
    }
    let row = (up / 0.17).floor();
    let tone = rand2((x / 0.24 + row * 0.5).floor() as i32, row as i32, 21);
    let round = 0.65 + 0.35 * (up / 0.17).fract();
    let slate = if house.seed.is_multiple_of(2) {
        hex(0x4c525c)
    } else {
        hex(0x9a4830)
    };
    Some(lit(slate * (0.7 + 0.5 * tone) * round, 1.05, x, y, hour))
}
