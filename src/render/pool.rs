//! The only threads that decode or compress, behind a queue that refuses instead of growing.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::budget::Budget;
use super::error::Error;
use super::fair::{Fair, Lane};
use super::idle::{self, Idle};

/// How large a pool is.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Worker threads.
    pub threads: NonZeroUsize,
    /// Jobs that may wait, at least one; one more is refused.
    pub queue: usize,
}

impl Default for Config {
    /// A thread for every core, and sixteen waiting jobs for each thread.
    fn default() -> Self {
        let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self {
            threads,
            queue: threads.get().saturating_mul(16),
        }
    }
}

/// What a pool is doing, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Jobs waiting now.
    pub queued: u64,
    /// Jobs on a thread now.
    pub running: u64,
    /// Jobs finished since the start, whatever came of them.
    pub done: u64,
    /// Jobs refused because the queue was full.
    pub refused: u64,
    /// Jobs dropped from the queue because nobody waited any more.
    pub abandoned: u64,
}

/// A bounded pool of render threads. Dropping it finishes the jobs that run and refuses the rest.
#[derive(Debug)]
pub struct Pool {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
    threads: usize,
    length: usize,
    running: AtomicU64,
    done: AtomicU64,
    refused: AtomicU64,
    abandoned: AtomicU64,
}

#[derive(Default)]
struct Queue {
    jobs: Fair<Box<dyn Job>>,
    /// Threads that have waited so long for work that they gave memory back.
    resting: usize,
    closed: bool,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Queue({} jobs)", self.jobs.len())
    }
}

/// A piece of work with the channel that its result goes to.
trait Job: Send {
    /// Whether nobody waits for the result any more.
    fn is_abandoned(&self) -> bool;
    /// Does the work and sends what came of it.
    fn run(self: Box<Self>);
    /// Says that there is no room for it after all.
    fn refuse(self: Box<Self>, queued: usize);
}

struct Work<T, F> {
    work: F,
    reply: oneshot::Sender<Result<T, Error>>,
}

impl<T, F> Job for Work<T, F>
where
    T: Send,
    F: FnOnce() -> Result<T, Error> + Send,
{
    fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    fn run(self: Box<Self>) {
        // What the closure captured is dropped with it, so nothing half-changed is seen afterwards.
        let result = catch_unwind(AssertUnwindSafe(self.work)).unwrap_or(Err(Error::Crashed));
        // A failed send means that the caller has left in the meantime.
        let _left = self.reply.send(result);
    }

    fn refuse(self: Box<Self>, queued: usize) {
        let _left = self.reply.send(Err(Error::Busy { queued }));
    }
}

/// Cancels a job's budget when the future that waits for it is dropped.
struct CancelOnDrop<'a>(&'a Budget);

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl Pool {
    /// Starts the threads.
    ///
    /// # Errors
    ///
    /// What the system says when it gives no thread.
    pub fn new(config: Config) -> std::io::Result<Self> {
        let mut pool = Self {
            shared: Arc::new(Shared {
                queue: Mutex::default(),
                wake: Condvar::new(),
                threads: config.threads.get(),
                length: config.queue.max(1),
                running: AtomicU64::new(0),
                done: AtomicU64::new(0),
                refused: AtomicU64::new(0),
                abandoned: AtomicU64::new(0),
            }),
            threads: Vec::with_capacity(config.threads.get()),
        };
        for n in 0..config.threads.get() {
            let shared = Arc::clone(&pool.shared);
            let thread = std::thread::Builder::new()
                .name(format!("render-{n}"))
                .spawn(move || {
                    step_back();
                    shared.work();
                })?;
            pool.threads.push(thread);
        }
        Ok(pool)
    }

    /// Does `work` on a render thread and waits for the result. Work waits in its `lane`: those of
    /// different endpoints and assets take turns. The budget is cancelled when this
    /// future is dropped, so a job that nobody waits for stops at its next check, and never starts if
    /// it is still queued.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] when the queue is full and this endpoint has its share of it, at once or when
    /// another endpoint needs the place; [`Error::Cancelled`] when the pool shuts down,
    /// [`Error::Crashed`] when the work panicked, and whatever the work itself answers.
    pub async fn run<T, F>(&self, budget: Budget, lane: Lane, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Budget) -> Result<T, Error> + Send + 'static,
    {
        let guard = CancelOnDrop(&budget);
        let (reply, answer) = oneshot::channel();
        let theirs = budget.clone();
        let work = Work {
            work: move || {
                theirs.check()?;
                work(&theirs)
            },
            reply,
        };
        self.shared.push(lane, Box::new(work))?;
        let result = answer.await.unwrap_or(Err(Error::Cancelled));
        drop(guard);
        result
    }

    /// Whether work of a lane would be taken now: asked before anything is fetched for it.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run) would answer at once.
    pub fn admits(&self, lane: Lane) -> Result<(), Error> {
        self.shared.admits(&mut self.shared.lock(), lane)
    }

    /// What the pool is doing.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let shared = &self.shared;
        Counters {
            queued: shared.lock().jobs.len() as u64,
            running: shared.running.load(Ordering::Relaxed),
            done: shared.done.load(Ordering::Relaxed),
            refused: shared.refused.load(Ordering::Relaxed),
            abandoned: shared.abandoned.load(Ordering::Relaxed),
        }
    }
}

/// Steps on Linux's scale of niceness that render threads stand behind the others: a third of the time that an
/// async thread gets where both want a core, and all of it where nobody else does.
#[cfg(target_os = "linux")]
const BEHIND: i32 = 5;

/// Lets async threads go first: what is at hand is answered in the midst of renderings.
fn step_back() {
    // On Linux it is the thread's alone. Where it is not allowed, all threads are alike, as elsewhere.
    #[cfg(target_os = "linux")]
    let _refused = rustix::process::nice(BEHIND);
}

impl Drop for Pool {
    fn drop(&mut self) {
        let waiting = {
            let mut queue = self.shared.lock();
            queue.closed = true;
            std::mem::take(&mut queue.jobs)
        };
        // Dropping a job drops its channel: whoever waits is told `Cancelled`.
        drop(waiting);
        self.shared.wake.notify_all();
        for thread in self.threads.drain(..) {
            // A worker catches every panic of a job, so there is nothing to hear here.
            let _ended = thread.join();
        }
    }
}

impl Shared {
    /// The queue; a panic while it was held leaves nothing half-done in it.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is room for work of a lane, or another gives way.
    fn admits(&self, queue: &mut Queue, lane: Lane) -> Result<(), Error> {
        if queue.closed {
            return Err(Error::Cancelled);
        }
        if queue.jobs.len() >= self.length {
            // Those who left make room before anyone is refused.
            let left = queue.jobs.retain(|job| !job.is_abandoned());
            self.abandoned.fetch_add(left as u64, Ordering::Relaxed);
        }
        let queued = queue.jobs.len();
        if queued >= self.length && !queue.jobs.gives_way(lane) {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return Err(Error::Busy { queued });
        }
        Ok(())
    }

    fn push(&self, lane: Lane, job: Box<dyn Job>) -> Result<(), Error> {
        let mut queue = self.lock();
        self.admits(&mut queue, lane)?;
        let queued = queue.jobs.len();
        let mut displaced = None;
        if queued >= self.length {
            self.refused.fetch_add(1, Ordering::Relaxed);
            displaced = queue.jobs.make_room(lane);
        }
        queue.jobs.push(lane, job);
        drop(queue);
        if let Some(displaced) = displaced {
            displaced.refuse(queued);
        }
        self.wake.notify_one();
        Ok(())
    }

    fn work(&self) {
        while let Some(job) = self.next() {
            if job.is_abandoned() {
                self.abandoned.fetch_add(1, Ordering::Relaxed);
            } else {
                job.run();
                self.done.fetch_add(1, Ordering::Relaxed);
            }
            self.running.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// The next job, already counted as running; `None` once the pool is closed. Who waits long for one gives memory back.
    fn next(&self) -> Option<Box<dyn Job>> {
        let mut queue = self.lock();
        let mut rests = false;
        loop {
            if let Some(job) = queue.jobs.pop() {
                queue.resting -= usize::from(rests);
                self.running.fetch_add(1, Ordering::Relaxed);
                return Some(job);
            }
            if queue.closed {
                return None;
            }
            if rests {
                queue = self
                    .wake
                    .wait(queue)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let (waited, timeout) = self
                .wake
                .wait_timeout(queue, idle::AFTER)
                .unwrap_or_else(PoisonError::into_inner);
            queue = waited;
            if timeout.timed_out() && queue.jobs.len() == 0 {
                rests = true;
                queue.resting += 1;
                let who = if queue.resting == self.threads {
                    Idle::Pool
                } else {
                    Idle::Thread
                };
                drop(queue);
                idle::give_back(who);
                queue = self.lock();
            }
        }
    }
}
