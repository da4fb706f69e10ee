//! Records on their way to a store: a bounded queue and one thread, so that no answer waits for a
//! disk.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::{DerivedKey, Record};

/// Bytes that may wait. Beyond it a record is dropped: it can be made again.
const MAX_WAITING: u64 = 64 << 20;

/// A queue with a thread that empties it.
pub(super) struct Writer {
    queue: Arc<Queue>,
}

struct Queue {
    state: Mutex<State>,
    /// Something was put, or the end has come.
    filled: Condvar,
    /// The queue is empty and nothing is being written.
    idle: Condvar,
    /// Held while one record is written, so that a purge never overlaps it.
    gate: Mutex<()>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<(DerivedKey, Record)>,
    bytes: u64,
    writing: bool,
    closed: bool,
}

impl Writer {
    /// Starts the thread; `write` is called on it for each record.
    pub(super) fn start(
        write: impl Fn(&DerivedKey, &Record) + Send + 'static,
    ) -> std::io::Result<Self> {
        let queue = Arc::new(Queue {
            state: Mutex::default(),
            filled: Condvar::new(),
            idle: Condvar::new(),
            gate: Mutex::new(()),
        });
        let theirs = queue.clone();
        std::thread::Builder::new()
            .name("store-write".to_owned())
            .spawn(move || theirs.work(&write))?;
        Ok(Self { queue })
    }

    /// Puts a record into the queue; `false` when it is full.
    pub(super) fn put(&self, key: DerivedKey, record: Record) -> bool {
        let mut state = self.queue.lock();
        let bytes = state.bytes.saturating_add(record.len());
        if bytes > MAX_WAITING {
            return false;
        }
        state.bytes = bytes;
        state.waiting.push_back((key, record));
        drop(state);
        self.queue.filled.notify_one();
        true
    }

    /// A record that is not written yet.
    pub(super) fn waiting(&self, key: &DerivedKey) -> Option<Record> {
        let state = self.queue.lock();
        let mut waiting = state.waiting.iter();
        waiting
            .find(|(own, _)| own == key)
            .map(|(_, record)| record.clone())
    }

    /// Records that wait.
    pub(super) fn len(&self) -> usize {
        self.queue.lock().waiting.len()
    }

    /// Drops what is meant from the queue and waits for the record that is being written. How many
    /// were dropped.
    pub(super) fn purge(&self, meant: impl Fn(&Record) -> bool) -> u64 {
        let mut state = self.queue.lock();
        let before = state.waiting.len();
        state.waiting.retain(|(_, record)| !meant(record));
        state.bytes = state.waiting.iter().map(|(_, record)| record.len()).sum();
        let gone = before.saturating_sub(state.waiting.len());
        drop(state);
        drop(
            self.queue
                .gate
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        gone as u64
    }

    /// Waits until the queue is empty and its last record is written.
    pub(super) fn flush(&self) {
        let mut state = self.queue.lock();
        while !state.waiting.is_empty() || state.writing {
            state = self
                .queue
                .idle
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Writer {
    /// What still waits is written first, by the thread that nobody holds any more.
    fn drop(&mut self) {
        self.queue.lock().closed = true;
        self.queue.filled.notify_all();
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self, write: &dyn Fn(&DerivedKey, &Record)) {
        loop {
            let mut state = self.lock();
            state.writing = false;
            if state.waiting.is_empty() {
                self.idle.notify_all();
            }
            let (key, record) = loop {
                if let Some(next) = state.waiting.pop_front() {
                    break next;
                }
                if state.closed {
                    return;
                }
                state = self
                    .filled
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            };
            state.bytes = state.bytes.saturating_sub(record.len());
            state.writing = true;
            // Taken before the queue is let go: a purge that comes now waits for this record.
            let gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
            drop(state);
            write(&key, &record);
            drop(gate);
        }
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Writer({} waiting)", self.len())
    }
}
