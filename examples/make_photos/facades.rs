//! The houses of the quay: the row, walls and windows.

use crate::font::Text;
use crate::harbour::{Hour, lamplight};
use crate::math::*;
use crate::roofs::above_eaves;
use crate::shops::shop;

/// One house, seen from the front; lengths in metres.
pub struct House {
    pub left: f32,
    pub wide: f32,
    pub floors: i32,
    pub columns: i32,
    pub paint: V3,
    pub trim: V3,
    pub gable: Gable,
    pub sign: Text,
    pub seed: u32,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Gable {
    Pointed,
    Stepped,
    Round,
    Eaves,
}

/// The row of houses.
pub struct Row(Vec<House>);

/// Height of the ground floor and of the floors above it, in metres.
pub const SHOP: f32 = 3.3;
pub const FLOOR: f32 = 2.55;

impl Row {
    pub fn new() -> Row {
        let plan: [(f32, i32, i32, u32, u32, Gable, &str); 9] = [
            (5.2, 2, 3, 0xc95b3c, 0xf2e8d6, Gable::Eaves, "BOOKS & MAPS"),
            (4.2, 3, 2, 0xe3b44c, 0xfaf2e2, Gable::Pointed, "CAFE ALBA"),
            (4.6, 2, 3, 0x5d869c, 0xf0ece0, Gable::Stepped, "BAKERY"),
            (5.4, 3, 3, 0xb23c34, 0xf6ead8, Gable::Round, "HARBOUR HOTEL"),
            (3.9, 2, 2, 0xe8dcc2, 0x6d4a30, Gable::Pointed, "FLOWERS"),
            (4.7, 3, 3, 0x6d8f64, 0xf4eede, Gable::Eaves, "DEMO GALLERY"),
            (4.3, 2, 2, 0xd98a52, 0xfbf1e0, Gable::Stepped, "RADIO 1312"),
            (
                4.9,
                3,
                3,
                0x8a5f7d,
                0xf1e6de,
                Gable::Pointed,
                "SAILS - ROPES",
            ),
            (5.6, 2, 3, 0xd2b88a, 0xf8f2e4, Gable::Round, "FISH MARKET"),
        ];
        let mut left = -21.3;
        let houses = plan.into_iter().zip(1..).map(
            |((wide, floors, columns, paint, trim, gable, sign), seed)| {
                let house = House {
                    left,
                    wide,
                    floors,
                    columns,
                    paint: hex(paint),
                    trim: hex(trim),
                    gable,
                    sign: Text::new(sign),
                    seed,
                };
                left += wide;
                house
            },
        );
        Row(houses.collect())
    }
}

/// The colour of the row at (x, y above the quay), or nothing where the sky shows.
pub fn facade(x: f32, y: f32, hour: &Hour, row: &Row) -> Option<V3> {
    let house = row.0.iter().find(|h| x >= h.left && x < h.left + h.wide)?;
    let (u, v) = (x - house.left, y);
    let eaves = SHOP + FLOOR * house.floors as f32 + 0.25;
    let side = (u - house.wide * 0.5) / (house.wide * 0.5);
    if v < 0.0 {
        return None;
    }
    let up = v - eaves;
    if up > 0.0 {
        return above_eaves(house, u, up, side, hour);
    }
    Some(wall(house, u, v, eaves, hour))
}

/// A colour in the light of the hour; `shade` is 1 in full sun.
pub fn lit(c: V3, shade: f32, x: f32, y: f32, hour: &Hour) -> V3 {
    let lamps = if hour.night {
        v3(1.0, 0.60, 0.27) * (lamplight(x, y + 1.15, 0.0) * 1.1)
    } else {
        V3::ZERO
    };
    c * (hour.sun * (0.62 * shade) + hour.ambient * (0.75 + 0.25 * shade) + lamps)
}

/// The wall's colour: plaster or bricks.
pub fn plaster(house: &House, u: f32, v: f32) -> V3 {
    let brick = house.seed.is_multiple_of(4) || house.gable == Gable::Stepped;
    let stain = fbm(u * 0.9 + house.left, v * 0.35, 5, house.seed + 30);
    let mut c = house.paint * (0.78 + 0.36 * stain) * (0.92 + 0.16 * fbm(u * 9.0, v * 9.0, 3, 12));
    if brick {
        let row = (v / 0.13).floor();
        let (bu, bv) = (
            (u / 0.42 + row * 0.5).rem_euclid(1.0),
            (v / 0.13).rem_euclid(1.0),
        );
        let tone = rand2(
            (u / 0.42 + row * 0.5).floor() as i32,
            row as i32,
            house.seed,
        );
        let mortar = step(0.0, 0.07, bu.min(1.0 - bu)) * step(0.0, 0.18, bv.min(1.0 - bv));
        c = mix(hex(0xb8ac9a) * 0.8, c * (0.72 + 0.5 * tone), mortar);
    }
    mix(c, hex(0x5b544a), step(0.7, 0.0, v) * 0.5)
}

fn wall(house: &House, u: f32, v: f32, eaves: f32, hour: &Hour) -> V3 {
    let (x, edge) = (house.left + u, u.min(house.wide - u));
    let mut shade = step(0.02, 0.10, edge) * 0.5 + 0.5;
    // The cornice throws a shadow to the right and down.
    shade *= 1.0 - 0.65 * step(0.75, 0.45, eaves - v - 0.15);
    if eaves - v < 0.22 {
        let teeth = if ((x / 0.22).rem_euclid(1.0) < 0.5) && eaves - v > 0.12 {
            0.55
        } else {
            1.0
        };
        return lit(house.trim * teeth, 1.0, x, v, hour);
    }
    if edge < 0.16 {
        let joint = if (v / 0.4).rem_euclid(1.0) < 0.08 {
            0.7
        } else {
            1.0
        };
        return lit(
            house.trim * (0.8 * joint),
            if u < house.wide * 0.5 { 1.0 } else { 0.8 },
            x,
            v,
            hour,
        );
    }
    if v < SHOP {
        return shop(house, u, v, hour);
    }
    if v - SHOP < 0.16 {
        return lit(house.trim * 0.9, 1.0, x, v, hour);
    }
    let floor = ((v - SHOP) / FLOOR).floor();
    let pitch = (house.wide - 0.5) / house.columns as f32;
    let column = ((u - 0.25) / pitch).floor();
    let (cu, cv) = (
        (u - 0.25) - (column + 0.5) * pitch,
        (v - SHOP) - floor * FLOOR - 1.35,
    );
    if column >= 0.0 && column < house.columns as f32 {
        if let Some(c) = window(house, cu, cv, column as i32, floor as i32, (x, v), hour) {
            return c;
        }
        // Shadow of the frame and the sill on the wall.
        if inside(cu, -0.45, 0.68) && inside(cv, -1.12, -0.70) {
            shade *= 0.55;
        }
    }
    lit(plaster(house, u, v), shade, x, v, hour)
}

/// A window centred on the origin: frame, bars, glass, curtains, a flower box now and then.
pub fn window(
    house: &House,
    u: f32,
    v: f32,
    column: i32,
    floor: i32,
    (x, y): (f32, f32),
    hour: &Hour,
) -> Option<V3> {
    let id = rand2(column, floor, house.seed * 7);
    let (hw, hh) = (0.46, 0.78);
    let arch = if house.seed % 3 == 1 {
        0.16 * (u / hw) * (u / hw)
    } else {
        0.0
    };
    if id > 0.45 && inside(v, -1.02, -0.62) && u.abs() < 0.55 {
        let bloom = cells(x * 9.0, y * 9.0, 5);
        if v < -0.86 {
            return Some(lit(hex(0x7a4a2a), 0.9, x, y, hour));
        }
        if v + 0.62 < -0.12 + 0.28 * (fbm(x * 4.0, 1.0, 2, 9) - 0.3) {
            let petal = if bloom.2 > 0.55 {
                mix(hex(0xd82d3c), hex(0xf09ab8), (bloom.2 - 0.55) * 2.2)
            } else {
                hex(0x3f6a2a)
            };
            return Some(lit(petal * (1.1 - bloom.0), 1.0, x, y, hour));
        }
    }
    if u.abs() > hw + 0.12 || v.abs() > hh + 0.14 {
        // Shutters on some houses.
        if house.seed % 3 == 2 && inside(u.abs(), hw + 0.12, hw + 0.40) && v.abs() < hh {
            let slat = 0.65 + 0.35 * (v / 0.075).rem_euclid(1.0);
            return Some(lit(
                mix(house.paint * 0.35, hex(0x2c4a48), 0.6) * slat * 1.3,
                0.9,
                x,
                y,
                hour,
            ));
        }
        return None;
    }
    if u.abs() > hw || v < -hh || v > hh - arch {
        return Some(lit(
            house.trim * if v < -hh { 1.0 } else { 0.88 },
            1.0,
            x,
            y,
            hour,
        ));
    }
    let bar = u.abs() < 0.035
        || (v - 0.22).abs() < 0.03
        || u.abs() > hw - 0.05
        || v.abs() > hh - 0.05
        || (v + 0.28).abs() < 0.018;
    if bar {
        let shadow = if v > hh - 0.16 - arch || u < -hw + 0.10 {
            0.35
        } else {
            1.0
        };
        return Some(lit(hex(0xf4f0e6), shadow, x, y, hour));
    }
    let curtain = inside(u.abs(), 0.27 + 0.05 * (v * 2.0).cos(), hw);
    let fold = 0.75 + 0.25 * (u * 70.0).sin();
    if hour.night && id > 0.38 {
        let warm = mix(
            v3(2.1, 1.12, 0.36),
            v3(1.8, 1.3, 0.7),
            rand2(column, floor, 77),
        );
        let depth = 0.55 + 0.45 * step(-0.9, 0.7, v) + 0.25 * fbm(x * 2.0, y * 2.0, 3, 15);
        return Some(
            warm * (depth
                * if curtain { 0.55 * fold } else { 1.0 }
                * (0.35 + 0.65 * rand2(floor, column, 78))),
        );
    }
    let sky = mix(
        hour.ambient * 0.22,
        hour.ambient * 1.15,
        step(
            -0.9,
            1.1,
            v + 0.5 * (fbm(x * 0.7 + id * 9.0, y * 0.5, 3, 4) - 0.5),
        ),
    );
    let glass = if curtain {
        hex(0xe4dcca) * (hour.ambient * (0.7 * fold)) + sky * 0.2
    } else {
        sky
    };
    Some(
        glass
            * if v > hh - 0.17 - arch || u < -hw + 0.11 {
                0.5
            } else {
                1.0
            },
    )
}
