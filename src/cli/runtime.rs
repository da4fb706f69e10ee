//! The threads that wait for networks and files, and how memory comes back from them.
//!
//! What one thread has freed of another's memory the other must look for itself, so when nothing is rendered every thread is asked to: render
//! threads by [`render::when_idle`], async threads by a task each. Threads for file calls end by themselves before that.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

use super::Error;
use crate::render::{self, Idle};

/// Threads for file calls, which come and go: as many as disks can well be asked at once, for each holds a quarter of a megabyte.
const FILE_THREADS: usize = 128;

/// How long one of them waits for another call: less than render threads wait until they give memory back.
const FILE_THREADS_WAIT: Duration = Duration::from_secs(1);

/// How long the tasks of a round look for a thread that has not given back yet. It may be busy with something else.
const ROUND: Duration = Duration::from_millis(50);

/// Threads for a command.
///
/// # Errors
/// [`Error::Io`] when the system gives no thread.
pub(super) fn start() -> Result<Runtime, Error> {
    Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(FILE_THREADS)
        .thread_keep_alive(FILE_THREADS_WAIT)
        .build()
        .map_err(Error::io("async threads"))
}

/// Threads for a gateway; they call `give_back` once nothing has been rendered for a while: see [`render::when_idle`].
///
/// # Errors
/// As [`start`].
pub(super) fn start_with(give_back: fn()) -> Result<Runtime, Error> {
    let runtime = start()?;
    let threads = runtime.handle().clone();
    let rounds = AtomicU64::new(0);
    render::when_idle(move |who| {
        give_back();
        if who == Idle::Pool {
            let round = Arc::new(Round {
                number: 1 + rounds.fetch_add(1, Ordering::Relaxed),
                threads: threads.metrics().num_workers(),
                given: AtomicUsize::new(0),
            });
            for _ in 0..round.threads {
                drop(threads.spawn(round.clone().give_back(give_back)));
            }
        }
    });
    Ok(runtime)
}

/// One time that every async thread gives memory back.
struct Round {
    number: u64,
    threads: usize,
    /// Threads that have.
    given: AtomicUsize,
}

impl Round {
    /// Gives back on the thread that it runs on, unless that has been done, and stays until all have: a thread that is free takes one of several tasks
    /// that wait on another, so each gets one.
    async fn give_back(self: Arc<Self>, give_back: fn()) {
        thread_local!(static LAST: Cell<u64> = const { Cell::new(0) });
        let start = Instant::now();
        while start.elapsed() < ROUND {
            if LAST.replace(self.number) != self.number {
                give_back();
                // An allocator may let only one of two at once give to the system, so the last one does it once more.
                if self.given.fetch_add(1, Ordering::Relaxed) + 1 == self.threads {
                    give_back();
                }
            }
            if self.given.load(Ordering::Relaxed) >= self.threads {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
}
