//! A queue in which nobody waits behind a crowd.
//!
//! Work belongs to an endpoint and an asset. Endpoints take turns, and within an endpoint its assets do,
//! so a thousand pictures of one customer, or a thousand sizes of one picture, delay another's first
//! picture by one turn and not by a thousand.

use std::collections::VecDeque;

/// Whose work it is. Hashes are enough: two that collide share their turns, nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Lane {
    /// Stands for the endpoint.
    pub endpoint: u64,
    /// Stands for the asset.
    pub asset: u64,
}

/// Waiting work, a turn for each endpoint and in it for each asset.
#[derive(Debug)]
pub(super) struct Fair<T> {
    endpoints: Ring<Ring<VecDeque<T>>>,
    len: usize,
}

impl<T> Default for Fair<T> {
    fn default() -> Self {
        Self {
            endpoints: Ring::default(),
            len: 0,
        }
    }
}

impl<T> Fair<T> {
    /// Work that waits.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Puts work at the end of its lane.
    pub(super) fn push(&mut self, lane: Lane, work: T) {
        self.endpoints.with_lane(lane.endpoint, |assets| {
            assets.with_lane(lane.asset, |works| works.push_back(work));
        });
        self.len += 1;
    }

    /// The next work, by turns.
    pub(super) fn pop(&mut self) -> Option<T> {
        let work = self.endpoints.turn(
            |assets| assets.turn(VecDeque::pop_front, VecDeque::is_empty),
            Ring::is_empty,
        )?;
        self.len -= 1;
        Some(work)
    }

    /// Whether another endpoint has more work waiting than that of `lane` would have with one more:
    /// whoever crowds the queue gives way to who does not.
    pub(super) fn gives_way(&self, lane: Lane) -> bool {
        let lanes = &self.endpoints.lanes;
        let own = lanes.iter().find(|(id, _)| *id == lane.endpoint);
        let own = own.map_or(0, |(_, assets)| waiting(assets));
        let most = lanes.iter().map(|(_, assets)| waiting(assets)).max();
        most.is_some_and(|most| most > own + 1)
    }

    /// Takes back the latest work of the endpoint with most of it, where that gives way.
    pub(super) fn make_room(&mut self, lane: Lane) -> Option<T> {
        if !self.gives_way(lane) {
            return None;
        }
        let (_, crowd) = self
            .endpoints
            .lanes
            .iter_mut()
            .max_by_key(|(_, assets)| waiting(assets))?;
        let (_, longest) = crowd
            .lanes
            .iter_mut()
            .max_by_key(|(_, works)| works.len())?;
        let work = longest.pop_back()?;
        self.len -= 1;
        self.tidy();
        Some(work)
    }

    /// Drops the work for which `keep` says no, and tells how much it was.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) -> usize {
        let before = self.len;
        for (_, assets) in &mut self.endpoints.lanes {
            for (_, works) in &mut assets.lanes {
                works.retain(&mut keep);
            }
        }
        self.tidy();
        self.len = self
            .endpoints
            .lanes
            .iter()
            .flat_map(|(_, assets)| &assets.lanes)
            .map(|(_, works)| works.len())
            .sum();
        before - self.len
    }

    fn tidy(&mut self) {
        for (_, assets) in &mut self.endpoints.lanes {
            assets.lanes.retain(|(_, works)| !works.is_empty());
        }
        self.endpoints
            .lanes
            .retain(|(_, assets)| !assets.is_empty());
    }
}

/// Work of all assets of an endpoint.
fn waiting<T>(assets: &Ring<VecDeque<T>>) -> usize {
    assets.lanes.iter().map(|(_, works)| works.len()).sum()
}

/// Lanes that take turns. Never holds an empty one between calls. Looked through one by one: there are
/// as many as the queue is long at most, and that is bounded.
#[derive(Debug)]
struct Ring<L> {
    lanes: VecDeque<(u64, L)>,
}

impl<L> Default for Ring<L> {
    fn default() -> Self {
        Self {
            lanes: VecDeque::new(),
        }
    }
}

impl<L: Default> Ring<L> {
    fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }

    /// Works on the lane of an id; a new one gets its turn last.
    fn with_lane<T>(&mut self, id: u64, work: impl FnOnce(&mut L) -> T) -> T {
        if let Some((_, lane)) = self.lanes.iter_mut().find(|(own, _)| *own == id) {
            return work(lane);
        }
        let mut lane = L::default();
        let done = work(&mut lane);
        self.lanes.push_back((id, lane));
        done
    }

    /// Takes from the lane whose turn it is and sends it to the end, or away when nothing is left.
    fn turn<T>(
        &mut self,
        take: impl FnOnce(&mut L) -> Option<T>,
        done: impl FnOnce(&L) -> bool,
    ) -> Option<T> {
        let (id, mut lane) = self.lanes.pop_front()?;
        let taken = take(&mut lane);
        if !done(&lane) {
            self.lanes.push_back((id, lane));
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(endpoint: u64, asset: u64) -> Lane {
        Lane { endpoint, asset }
    }

    fn drain(queue: &mut Fair<&'static str>) -> Vec<&'static str> {
        std::iter::from_fn(|| queue.pop()).collect()
    }

    #[test]
    fn endpoints_and_then_assets_take_turns() {
        let mut queue = Fair::default();
        for work in ["a1", "a2", "a3"] {
            queue.push(lane(1, 1), work);
        }
        queue.push(lane(1, 2), "b1");
        queue.push(lane(2, 1), "other");
        assert_eq!(queue.len(), 5);
        assert_eq!(drain(&mut queue), ["a1", "other", "b1", "a2", "a3"]);
        assert_eq!(queue.len(), 0);
    }

    #[test]
    fn a_crowd_gives_way_and_never_the_other_way_round() {
        let mut queue = Fair::default();
        for work in ["a1", "a2", "a3"] {
            queue.push(lane(1, 1), work);
        }
        assert_eq!(
            queue.make_room(lane(1, 9)),
            None,
            "the crowd's own endpoint"
        );
        assert_eq!(
            queue.make_room(lane(2, 1)),
            Some("a3"),
            "the latest of the crowd"
        );
        queue.push(lane(2, 1), "b1");
        assert_eq!(queue.make_room(lane(2, 2)), None, "both have their share");
        assert_eq!(drain(&mut queue), ["a1", "b1", "a2"]);
    }

    #[test]
    fn what_nobody_waits_for_is_dropped() {
        let mut queue = Fair::default();
        for (endpoint, work) in [(1, "keep"), (1, "drop"), (2, "drop")] {
            queue.push(lane(endpoint, 1), work);
        }
        assert_eq!(queue.retain(|work| *work == "keep"), 2);
        assert_eq!(queue.len(), 1);
        assert_eq!(drain(&mut queue), ["keep"]);
    }
}
