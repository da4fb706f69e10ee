//! Records on their way to a store: a bounded queue and its own threads, so that no answer waits for
//! a disk or a network.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::{DerivedKey, Record};
use crate::trace;

/// Bytes that may wait. Beyond it a record is dropped: it can be made again.
const MAX_WAITING: u64 = 64 << 20;

/// A queue with threads that empty it.
pub(super) struct Writer {
    queue: Arc<Queue>,
}

struct Queue {
    state: Mutex<State>,
    /// Something was put, or the end has come.
    filled: Condvar,
    /// A record is written.
    written: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Waiting>,
    bytes: u64,
    /// Numbers of the records that are being written, each higher than those before it.
    writing: Vec<u64>,
    next: u64,
    closed: bool,
}

struct Waiting {
    key: DerivedKey,
    record: Record,
    /// The request that it was made for.
    trace: Option<trace::Context>,
}

impl Writer {
    /// Starts so many threads; `write` is called on one of them for each record.
    pub(super) fn start(
        threads: usize,
        write: impl Fn(&DerivedKey, &Record) + Clone + Send + 'static,
    ) -> std::io::Result<Self> {
        let queue = Arc::new(Queue {
            state: Mutex::default(),
            filled: Condvar::new(),
            written: Condvar::new(),
        });
        let writer = Self { queue };
        for _ in 0..threads {
            let (queue, write) = (writer.queue.clone(), write.clone());
            std::thread::Builder::new()
                .name("store-write".to_owned())
                .spawn(move || queue.work(&write))?;
        }
        Ok(writer)
    }

    /// Puts a record into the queue; `false` when it is full.
    pub(super) fn put(&self, key: DerivedKey, record: Record) -> bool {
        let mut state = self.queue.lock();
        let bytes = state.bytes.saturating_add(record.len());
        if bytes > MAX_WAITING {
            return false;
        }
        state.bytes = bytes;
        state.waiting.push_back(Waiting {
            key,
            record,
            trace: trace::current(),
        });
        drop(state);
        self.queue.filled.notify_one();
        true
    }

    /// A record that is not written yet.
    pub(super) fn waiting(&self, key: &DerivedKey) -> Option<Record> {
        let state = self.queue.lock();
        let mut waiting = state.waiting.iter();
        waiting
            .find(|waiting| waiting.key == *key)
            .map(|waiting| waiting.record.clone())
    }

    /// Records that wait.
    pub(super) fn len(&self) -> usize {
        self.queue.lock().waiting.len()
    }

    /// Drops what is meant from the queue and waits for those that are being written. How many were
    /// dropped. Blocks.
    pub(super) fn purge(&self, meant: impl Fn(&Record) -> bool) -> u64 {
        let mut state = self.queue.lock();
        let before = state.waiting.len();
        state.waiting.retain(|waiting| !meant(&waiting.record));
        let left = state.waiting.iter();
        state.bytes = left.map(|waiting| waiting.record.len()).sum();
        let gone = before.saturating_sub(state.waiting.len());
        let from = state.next;
        self.wait_while(state, |state| state.writing.iter().any(|n| *n < from));
        gone as u64
    }

    /// Waits until the queue is empty and every record is written. Blocks.
    pub(super) fn flush(&self) {
        let state = self.queue.lock();
        self.wait_while(state, |state| {
            !state.waiting.is_empty() || !state.writing.is_empty()
        });
    }

    fn wait_while(&self, state: MutexGuard<'_, State>, busy: impl Fn(&State) -> bool) {
        let done = self.queue.written.wait_while(state, |state| busy(state));
        drop(done.unwrap_or_else(PoisonError::into_inner));
    }
}

impl Drop for Writer {
    /// What still waits is written first, by the threads that nobody holds any more.
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
            let Waiting { key, record, trace } = loop {
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
            let own = state.next;
            state.next += 1;
            state.writing.push(own);
            drop(state);
            let mut writing = trace::child_of(trace.as_ref(), "store write");
            writing.set("cldgate.bytes", record.len());
            write(&key, &record);
            drop(writing);
            self.lock().writing.retain(|n| *n != own);
            self.written.notify_all();
        }
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Writer({} waiting)", self.len())
    }
}
