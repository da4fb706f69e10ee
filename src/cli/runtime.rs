//! The threads that wait for networks and files, and how memory comes back from them.
//!
//! What one thread has freed of another's memory the other must look for itself, so when renderings have ended for a while every
//! thread is asked to: render threads by [`render::when_idle`], async threads when they next have nothing to do. Threads for
//! file calls end by themselves before that.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use super::Error;
use crate::render::{self, Idle};

/// Threads for file calls, which come and go: as many as disks can well be asked at once, for each holds a quarter of a megabyte.
const FILE_THREADS: usize = 128;

/// How long one of them waits for another call: less than render threads wait until they give memory back.
const FILE_THREADS_WAIT: Duration = Duration::from_secs(1);

fn builder() -> Builder {
    let mut builder = Builder::new_multi_thread();
    builder
        .enable_all()
        .max_blocking_threads(FILE_THREADS)
        .thread_keep_alive(FILE_THREADS_WAIT);
    builder
}

/// Threads for a command that ends.
///
/// # Errors
/// [`Error::Io`] when the system gives no thread.
pub(super) fn start() -> Result<Runtime, Error> {
    builder().build().map_err(Error::io("async threads"))
}

/// Threads for a gateway, which call `give_back` after renderings have ended for a while: see [`render::when_idle`].
///
/// # Errors
/// As [`start`].
pub(super) fn start_with(give_back: fn()) -> Result<Runtime, Error> {
    thread_local!(static SEEN: Cell<u64> = const { Cell::new(0) });
    let pauses = Arc::new(AtomicU64::new(0));
    let told = Arc::clone(&pauses);
    let runtime = builder()
        .on_thread_park(move || {
            let now = told.load(Ordering::Relaxed);
            if SEEN.replace(now) != now {
                give_back();
            }
        })
        .build()
        .map_err(Error::io("async threads"))?;
    let threads = runtime.handle().clone();
    render::when_idle(move |who| {
        give_back();
        if who == Idle::Pool {
            pauses.fetch_add(1, Ordering::Relaxed);
            // Work for each of them, for who sleeps must wake to look. One that stays busy looks once it is not.
            for _ in 0..threads.metrics().num_workers() {
                drop(threads.spawn(async {}));
            }
        }
    });
    Ok(runtime)
}
