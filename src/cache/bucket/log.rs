//! What a gateway has to remember so that purges of others reach it, and so that nothing it writes
//! escapes one.
//!
//! A purge is written into the bucket before it begins and again when it is done. Every gateway looks
//! every [`EVERY`] for what it does not know, and does the same to its memory and to what it wrote
//! since its last look ([`Log::take_written`]); what it wrote before that was there for the purge
//! itself to find. One may still read what another has not taken back yet: each purge of the memory
//! is made once more after [`ONCE_MORE`].

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::cache::{Purge, Record};

/// How often a gateway looks for purges of others.
pub(super) const EVERY: Duration = Duration::from_secs(5);

/// Without a look for so long, nothing more is written: it might escape a purge.
const BLIND: Duration = Duration::from_secs(15);

/// When a purge of the memory is made again.
const ONCE_MORE: Duration = Duration::from_secs(30);

/// How far back a look goes: more than clocks may differ for S3 to take a request at all.
const BACK: Duration = Duration::from_secs(3600);

/// How long a purge stays in the bucket.
pub(super) const LIFE: Duration = Duration::from_secs(86_400);

/// How often those that have had their time are removed.
const SWEEP: Duration = Duration::from_secs(3600);

/// Records written between two looks; no more are written until the next.
const MAX_WRITTEN: usize = 16_384;

/// What was written since the last look.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) object: String,
    /// The first bytes of the record, which tell its owner.
    head: Box<[u8]>,
    /// None while it is on its way.
    done: Option<Instant>,
    number: u64,
}

impl Written {
    fn is_meant(&self, purge: &Purge) -> bool {
        Record::owner_of(&self.head).is_none_or(|owner| purge.takes(&owner))
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Log {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// When the last look that succeeded began.
    looked: Instant,
    looked_at: SystemTime,
    /// Purges that are known, with their time.
    seen: HashMap<String, SystemTime>,
    written: VecDeque<Written>,
    next: u64,
    again: VecDeque<(Instant, Purge)>,
    swept: Option<Instant>,
}

/// What a look should do.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) began: Instant,
    pub(super) began_at: SystemTime,
    /// Purges before this are of no concern any more.
    pub(super) from: SystemTime,
    /// What has been purged a while ago, and is to be again.
    pub(super) again: Vec<Purge>,
    /// Whether old purges should be removed.
    pub(super) sweep: bool,
    /// Purges may have come and gone since the last look.
    pub(super) late: bool,
}

impl Log {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                looked: Instant::now(),
                looked_at: SystemTime::now(),
                seen: HashMap::new(),
                written: VecDeque::new(),
                next: 0,
                again: VecDeque::new(),
                swept: None,
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what is about to be written; `None` when it must not be.
    pub(super) fn begin(&self, object: &str, record: &Record) -> Option<u64> {
        let bytes = record.as_bytes();
        let head = Record::owner_length(bytes).and_then(|length| bytes.get(..length))?;
        let mut state = self.lock();
        if state.looked.elapsed() > BLIND || state.written.len() >= MAX_WRITTEN {
            return None;
        }
        let number = state.next;
        state.next += 1;
        state.written.push_back(Written {
            object: object.to_owned(),
            head: head.into(),
            done: None,
            number,
        });
        Some(number)
    }

    /// It is written, or was tried in vain.
    pub(super) fn end(&self, number: u64) {
        let mut state = self.lock();
        let written = state.written.iter_mut();
        for written in written.filter(|written| written.number == number) {
            written.done = Some(Instant::now());
        }
    }

    /// Takes what was written lately and is meant by a purge.
    pub(super) fn take_written(&self, purge: &Purge) -> Vec<Written> {
        let mut state = self.lock();
        let (meant, rest) = std::mem::take(&mut state.written)
            .into_iter()
            .partition(|written| written.is_meant(purge));
        state.written = rest;
        Vec::from(meant)
    }

    /// Puts back what could not be removed.
    pub(super) fn put_back(&self, written: Written) {
        self.lock().written.push_back(written);
    }

    /// A purge of this gateway's own, under this key: it is not told to itself.
    pub(super) fn know(&self, key: String, at: SystemTime) {
        self.lock().seen.insert(key, at);
    }

    /// Makes a purge of the memory again, later.
    pub(super) fn once_more(&self, purge: Purge) {
        let now = Instant::now();
        let due = now.checked_add(ONCE_MORE).unwrap_or(now);
        self.lock().again.push_back((due, purge));
    }

    /// A look begins.
    pub(super) fn look(&self) -> Look {
        let (began, began_at) = (Instant::now(), SystemTime::now());
        let mut state = self.lock();
        let mut again = Vec::new();
        while let Some((due, _)) = state.again.front()
            && *due <= began
        {
            again.extend(state.again.pop_front().map(|(_, purge)| purge));
        }
        let sweep = state.swept.is_none_or(|swept| swept.elapsed() > SWEEP);
        if sweep {
            state.swept = Some(began);
        }
        let back = |from: SystemTime| from.checked_sub(BACK).unwrap_or(SystemTime::UNIX_EPOCH);
        Look {
            began,
            began_at,
            from: back(state.looked_at),
            again,
            sweep,
            late: state.looked.elapsed() > LIFE.saturating_sub(BACK),
        }
    }

    /// Whether a purge is new to this gateway; from now on it is not.
    pub(super) fn is_news(&self, key: &str, at: SystemTime) -> bool {
        self.lock().seen.insert(key.to_owned(), at).is_none()
    }

    /// Forgets that a purge is known: it could not be read.
    pub(super) fn unknow(&self, key: &str) {
        self.lock().seen.remove(key);
    }

    /// A look has succeeded, and all that it found is done.
    pub(super) fn looked(&self, look: &Look) {
        let mut state = self.lock();
        state.looked = look.began;
        state.looked_at = look.began_at;
        state.seen.retain(|_, at| *at >= look.from);
        // The purges of this look were begun when these were there to be found.
        state
            .written
            .retain(|written| written.done.is_none_or(|done| done >= look.began));
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::cache::{DerivedKey, KeyParts, Owner};

    fn record(public_id: &str) -> Record {
        let key = DerivedKey::new(&KeyParts::of(public_id, "o"));
        let owner = Owner {
            endpoint: "demo",
            public_ids: vec![public_id],
        };
        Record::new(&key, UNIX_EPOCH, &owner, b"", b"body")
    }

    fn of(public_id: &str) -> Purge {
        Purge {
            public_ids: vec![public_id.into()],
            ..Purge::default()
        }
    }

    fn ago(log: &Log, time: Duration) {
        let mut state = log.lock();
        state.looked = state.looked.checked_sub(time).unwrap();
    }

    #[test]
    fn what_was_written_since_a_look_can_be_taken_back() {
        let log = Log::new();
        for (object, id) in [("1", "a"), ("2", "b"), ("3", "a")] {
            let number = log.begin(object, &record(id)).unwrap();
            if object != "3" {
                log.end(number);
            }
        }
        let taken = log.take_written(&of("b"));
        assert_eq!(taken.len(), 1);
        log.put_back(taken[0].clone());
        // Whatever was there when a look began is there for a purge that it did not find; what is
        // still on its way is not.
        let look = log.look();
        let number = log.begin("4", &record("a")).unwrap();
        log.end(number);
        log.looked(&look);
        let taken = log.take_written(&of("a"));
        let taken: Vec<_> = taken.iter().map(|written| &*written.object).collect();
        assert_eq!(taken, ["3", "4"]);
        assert!(log.take_written(&of("b")).is_empty());
    }

    #[test]
    fn nothing_is_written_blind() {
        let log = Log::new();
        ago(&log, BLIND + Duration::from_secs(1));
        assert!(log.begin("1", &record("a")).is_none());
        let look = log.look();
        assert!(!look.late);
        log.looked(&look);
        assert!(log.begin("1", &record("a")).is_some());
        ago(&log, LIFE);
        assert!(log.look().late);
    }

    #[test]
    fn written_down_is_bounded() {
        let log = Log::new();
        let record = record("a");
        for n in 0..MAX_WRITTEN {
            assert!(log.begin(&n.to_string(), &record).is_some());
        }
        assert!(log.begin("more", &record).is_none());
    }

    #[test]
    fn a_purge_is_news_once() {
        let log = Log::new();
        let at = SystemTime::now();
        assert!(log.is_news("1", at));
        assert!(!log.is_news("1", at));
        log.unknow("1");
        assert!(log.is_news("1", at));
        log.know("own".to_owned(), at);
        assert!(!log.is_news("own", at));
        let look = log.look();
        log.looked(&look);
        assert!(!log.is_news("1", at), "listed again for an hour");
    }
}
