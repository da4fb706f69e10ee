//! A clipping path along the outline of a mask, as Photoshop's image resources.

use crate::plan::{Region, Size, Step};
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::photoshop::{NAME, PATHS, RECORD, Resource, Resources};
use crate::render::raster::Raster;
use crate::render::sources::{Source, Sources};
use crate::render::{draw, probe};
use crate::spec::Turn;

/// The longer side of a mask as it is followed, in pixels.
const MASK_SIDE: u32 = 1024;
/// From where on a pixel is inside, of 255: of opacity where anything is transparent, else of light
/// (assumed).
const INSIDE: u8 = 128;
/// How far a line may lie from the pixels that it follows, in pixels of the mask.
const NEAR: f64 = 0.75;
/// Records that a path has at most, one for each knot and each outline, so that it fits into one segment of a
/// JPEG.
const MOST_RECORDS: usize = 2400;
/// Corners between two that are kept in any case: bounds the work on a long outline.
const STRETCH: usize = 1024;
const PATH_NAME: &[u8] = b"Path 1";

/// A corner between pixels.
type Corner = (u32, u32);

/// The path along a mask's outline, stretched over the picture (assumed); nothing where everything or
/// nothing is inside.
///
/// # Errors
/// Those of decoding and reducing the mask.
pub(in crate::render) fn of_mask(
    mask: usize,
    sources: &Sources<'_>,
    budget: &Budget,
) -> Result<Option<Vec<u8>>, Error> {
    let Some(Source::Stored(bytes)) = sources.get(mask) else {
        return Err(Error::Crashed);
    };
    let facts = probe(bytes)?;
    let mut steps = Vec::new();
    if facts.orientation != Turn::NONE {
        steps.push(Step::Turn(facts.orientation));
    }
    let upright = facts.upright();
    let reduced = upright.reduced_to(MASK_SIDE);
    if reduced != upright {
        steps.push(Step::Resample {
            from: Region::whole(upright),
            to: reduced,
        });
    }
    let mask = draw::stepped(bytes, &steps, sources, budget)?;
    let size = mask.size();
    let loops = Lattice::new(&mask).loops();
    let kept = simple(&loops, budget)?;
    Ok((!kept.is_empty()).then(|| resources(&kept, size)))
}

/// The resources of a picture with this path in place of its own.
pub(super) fn joined(own: Option<Vec<u8>>, path: Vec<u8>) -> Vec<u8> {
    let mut all = Vec::new();
    for resource in Resources::new(own.as_deref().unwrap_or_default()) {
        if resource.id != NAME && !PATHS.contains(&resource.id) {
            resource.write(&mut all);
        }
    }
    all.extend(path);
    all
}

/// Directions in which an edge leaves a corner, clockwise.
const RIGHT: usize = 0;
const DOWN: usize = 1;
const LEFT: usize = 2;
const UP: usize = 3;

/// Edges between inside and outside, by the corner that each begins at; inside lies to their right.
struct Lattice {
    /// Corners along the width.
    columns: usize,
    /// A bit for each direction.
    edges: Vec<u8>,
}

impl Lattice {
    fn new(mask: &Raster) -> Self {
        let Size { width, height } = mask.size();
        let (width, height) = (width as usize, height as usize);
        let mask = mask.clone().into_rgba();
        let (pixels, _) = mask.pixels().as_chunks::<4>();
        let by_opacity = pixels.iter().any(|&[.., a]| a < u8::MAX);
        let inside = |x: usize, y: usize| {
            let Some(&[r, g, b, a]) = pixels.get(y * width + x) else {
                return false;
            };
            let light = (299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b)) / 1000;
            if by_opacity {
                a >= INSIDE
            } else {
                light >= INSIDE.into()
            }
        };
        let columns = width + 1;
        let mut edges = vec![0_u8; columns * (height + 1)];
        let mut edge = |x: usize, y: usize, direction: usize| {
            if let Some(edges) = edges.get_mut(y * columns + x) {
                *edges |= 1 << direction;
            }
        };
        for y in 0..height {
            for x in 0..width {
                if !inside(x, y) {
                    continue;
                }
                if y == 0 || !inside(x, y - 1) {
                    edge(x, y, RIGHT);
                }
                if x + 1 == width || !inside(x + 1, y) {
                    edge(x + 1, y, DOWN);
                }
                if y + 1 == height || !inside(x, y + 1) {
                    edge(x + 1, y + 1, LEFT);
                }
                if x == 0 || !inside(x - 1, y) {
                    edge(x, y + 1, UP);
                }
            }
        }
        Self { columns, edges }
    }

    /// All outlines, each as the corners where it turns. Every edge is walked once.
    fn loops(mut self) -> Vec<Vec<Corner>> {
        let mut loops = Vec::new();
        for start in 0..self.edges.len() {
            while self.edges.get(start).is_some_and(|edges| *edges != 0) {
                loops.push(self.walk(start));
            }
        }
        loops
    }

    fn walk(&mut self, start: usize) -> Vec<Corner> {
        let mut corners = Vec::new();
        let (mut at, mut before) = (start, None);
        while let Some(direction) = self.leave(at, before) {
            if before != Some(direction) {
                let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
                corners.push((number(at % self.columns), number(at / self.columns)));
            }
            at = match direction {
                RIGHT => at + 1,
                DOWN => at + self.columns,
                LEFT => at.saturating_sub(1),
                _ => at.saturating_sub(self.columns),
            };
            before = Some(direction);
            if at == start {
                break;
            }
        }
        corners
    }

    /// Takes an edge out: where two leave a corner the one to the right, which stays with its pixel.
    fn leave(&mut self, at: usize, before: Option<usize>) -> Option<usize> {
        let edges = self.edges.get_mut(at)?;
        let first = before.unwrap_or(RIGHT);
        let order = [first + 1, first, first + 3, first + 2].map(|direction| direction % 4);
        let direction = order
            .into_iter()
            .find(|direction| *edges & 1 << direction != 0)?;
        *edges &= !(1 << direction);
        Some(direction)
    }
}

/// Outlines with as few corners as lie near enough, and few enough in all; the smallest are left out where
/// they are still too many.
fn simple(loops: &[Vec<Corner>], budget: &Budget) -> Result<Vec<Vec<Corner>>, Error> {
    const TRIES: i32 = 6;
    let mut kept: Vec<Vec<Corner>> = Vec::new();
    for attempt in 0..TRIES {
        let near = NEAR * 2_f64.powi(attempt);
        let mut found = Vec::new();
        for corners in loops {
            budget.check()?;
            let simple = simplified(corners, near);
            if simple.len() > 2 {
                found.push(simple);
            }
        }
        // Rather some outlines of many than none of any.
        if found.is_empty() {
            break;
        }
        kept = found;
        if kept.iter().map(|corners| records(corners)).sum::<usize>() <= MOST_RECORDS {
            break;
        }
    }
    kept.sort_by_key(|corners| std::cmp::Reverse(twice_area(corners)));
    let mut all = 0;
    kept.retain(|corners| {
        all += records(corners);
        all <= MOST_RECORDS
    });
    Ok(kept)
}

/// Of an outline: one that begins it, and one for each corner.
const fn records(corners: &[Corner]) -> usize {
    corners.len() + 1
}

/// Twice the area inside.
fn twice_area(corners: &[Corner]) -> u64 {
    let after = corners.iter().cycle().skip(1);
    let signed = |(x, y): Corner| (i64::from(x), i64::from(y));
    let sum: i64 = corners
        .iter()
        .zip(after)
        .map(|(&a, &b)| (signed(a), signed(b)))
        .map(|((ax, ay), (bx, by))| ax * by - bx * ay)
        .sum();
    sum.unsigned_abs()
}

/// Corners of a closed outline without those that lie near the line between others (Ramer, Douglas, Peucker).
fn simplified(corners: &[Corner], near: f64) -> Vec<Corner> {
    let Some(&first) = corners.first() else {
        return Vec::new();
    };
    let closed: Vec<Corner> = corners.iter().copied().chain([first]).collect();
    let mut keep = vec![false; closed.len()];
    // Two ends of a closed outline are one place: its farthest corner halves it first.
    let far = (0..closed.len()).max_by_key(|&at| {
        closed.get(at).map_or(0, |&(x, y)| {
            let (dx, dy) = (x.abs_diff(first.0), y.abs_diff(first.1));
            u64::from(dx).pow(2) + u64::from(dy).pow(2)
        })
    });
    let mut fixed: Vec<usize> = (0..closed.len()).step_by(STRETCH).collect();
    fixed.extend([far.unwrap_or(0), closed.len() - 1]);
    fixed.sort_unstable();
    fixed.dedup();
    let mut open: Vec<(usize, usize)> = fixed
        .windows(2)
        .filter_map(|pair| Some((*pair.first()?, *pair.last()?)))
        .collect();
    for at in fixed {
        if let Some(keep) = keep.get_mut(at) {
            *keep = true;
        }
    }
    while let Some((from, to)) = open.pop() {
        let (Some(&a), Some(&b)) = (closed.get(from), closed.get(to)) else {
            continue;
        };
        let farthest = (from + 1..to)
            .filter_map(|at| Some((at, off(*closed.get(at)?, a, b))))
            .max_by(|x, y| x.1.total_cmp(&y.1));
        if let Some((at, distance)) = farthest.filter(|(_, distance)| *distance > near) {
            debug_assert!(distance > near);
            if let Some(keep) = keep.get_mut(at) {
                *keep = true;
            }
            open.extend([(from, at), (at, to)]);
        }
    }
    let kept = closed.iter().zip(&keep).filter(|(_, keep)| **keep);
    let mut simple: Vec<Corner> = kept.map(|(corner, _)| *corner).collect();
    // The end is the beginning.
    simple.pop();
    simple
}

/// How far a corner lies from the line between two others.
fn off(corner: Corner, a: Corner, b: Corner) -> f64 {
    let point = |(x, y): Corner| (f64::from(x), f64::from(y));
    let ((x, y), (ax, ay), (bx, by)) = (point(corner), point(a), point(b));
    let length = (bx - ax).hypot(by - ay);
    if length == 0.0 {
        return (x - ax).hypot(y - ay);
    }
    ((bx - ax) * (y - ay) - (by - ay) * (x - ax)).abs() / length
}

/// The path as a resource, and the one that names it for clipping.
fn resources(loops: &[Vec<Corner>], size: Size) -> Vec<u8> {
    let mut records = Vec::new();
    // Every path begins with its rule for filling.
    record(&mut records, 6, &[]);
    for corners in loops {
        let count = u16::try_from(corners.len()).unwrap_or(u16::MAX);
        record(&mut records, 0, &count.to_be_bytes());
        for &(x, y) in corners {
            let point = [share(y, size.height), share(x, size.width)].concat();
            // A corner without curves: its control points lie on it.
            record(&mut records, 2, &point.repeat(3));
        }
    }
    let mut block = Vec::new();
    let path = Resource {
        id: *PATHS.start(),
        name: PATH_NAME,
        data: &records,
    };
    path.write(&mut block);
    let mut name = vec![u8::try_from(PATH_NAME.len()).unwrap_or(0)];
    name.extend(PATH_NAME);
    let named = Resource {
        id: NAME,
        name: b"",
        data: &name,
    };
    named.write(&mut block);
    block
}

fn record(records: &mut Vec<u8>, kind: u16, body: &[u8]) {
    let end = records.len() + RECORD;
    records.extend(kind.to_be_bytes());
    records.extend(body);
    records.resize(end, 0);
}

/// A share of a side with 24 bits behind the point.
fn share(at: u32, side: u32) -> [u8; 4] {
    let share = (u64::from(at) << 24) / u64::from(side.max(1));
    u32::try_from(share).unwrap_or(u32::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::raster::Layout;

    fn mask(rows: &[&str]) -> Raster {
        let size = Size::new(rows[0].len() as u32, rows.len() as u32);
        let text = rows.concat();
        let pixels = text.bytes().map(|c| if c == b'#' { 255 } else { 0 });
        Raster::new(size, Layout::Grey, pixels.collect()).unwrap()
    }

    #[test]
    fn outlines_go_around_what_is_inside() {
        // Rows, corners of each outline, twice the area of each.
        for (rows, corners, areas) in [
            (&["...", "...", "..."][..], &[][..], &[][..]),
            (&["###", "###", "###"], &[4], &[18]),
            (&["....", ".##.", ".#..", "...."], &[6], &[6]),
            // A hole, the other way around.
            (&["###", "#.#", "###"], &[4, 4], &[18, 2]),
            // Two that touch at a corner stay two.
            (&["#.", ".#"], &[4, 4], &[2, 2]),
            (&[".#", "#."], &[4, 4], &[2, 2]),
        ] {
            let loops = Lattice::new(&mask(rows)).loops();
            let found: Vec<usize> = loops.iter().map(Vec::len).collect();
            assert_eq!(found, corners, "{rows:?}");
            let found: Vec<u64> = loops.iter().map(|corners| twice_area(corners)).collect();
            assert_eq!(found, areas, "{rows:?}");
        }
    }

    #[test]
    fn a_slope_is_a_line_and_a_square_stays_one() {
        let slope: Vec<String> = (0..40)
            .map(|n| "#".repeat(n + 1) + &".".repeat(39 - n))
            .collect();
        let rows: Vec<&str> = slope.iter().map(String::as_str).collect();
        let loops = Lattice::new(&mask(&rows)).loops();
        assert!(loops[0].len() > 70);
        let simple = simple(&loops, &Budget::unlimited()).unwrap();
        assert!(simple[0].len() <= 5, "{simple:?}");
        let square = vec![(0, 0), (10, 0), (10, 10), (0, 10)];
        assert_eq!(simplified(&square, NEAR), square);
    }

    #[test]
    fn a_path_is_never_longer_than_fits() {
        let side = 512_u32;
        let noise = (0..side * side).map(|n| {
            let mixed = n.wrapping_mul(2_654_435_761) >> 13;
            if mixed % 3 == 0 { 255 } else { 0 }
        });
        let noise = Raster::new(Size::new(side, side), Layout::Grey, noise.collect()).unwrap();
        let loops = Lattice::new(&noise).loops();
        assert!(loops.iter().map(|corners| records(corners)).sum::<usize>() > 10 * MOST_RECORDS);
        let simple = simple(&loops, &Budget::unlimited()).unwrap();
        let all = simple.iter().map(|corners| records(corners)).sum::<usize>();
        assert!(all <= MOST_RECORDS && all > 0, "{all}");
        assert!(resources(&simple, Size::new(side, side)).len() < 65_000);
    }
}
