//! The pool: bounded, refusing at once, outliving what it runs.

use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use cldgate::render::{Budget, Config, Error, Idle, Lane, Pool, when_idle};

fn pool(threads: usize, queue: usize) -> Pool {
    Pool::new(Config {
        threads: NonZeroUsize::new(threads).unwrap(),
        queue,
    })
    .unwrap()
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

/// Polls once: a job is queued by its first poll.
fn start<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

#[test]
fn work_comes_back() {
    let pool = pool(2, 4);
    let answer = wait(pool.run(Budget::unlimited(), Lane::default(), |_| Ok(6 * 7)));
    assert_eq!(answer, Ok(42));
}

#[test]
fn a_panic_is_one_jobs_error() {
    let pool = pool(1, 4);
    let crashed: Result<(), _> = wait(pool.run(Budget::unlimited(), Lane::default(), |_| {
        panic!("on purpose")
    }));
    assert_eq!(crashed, Err(Error::Crashed));
    assert_eq!(
        wait(pool.run(Budget::unlimited(), Lane::default(), |_| Ok("alive"))),
        Ok("alive")
    );
}

#[test]
fn a_full_queue_refuses_at_once_and_the_absent_make_room() {
    let pool = pool(1, 1);
    let (open_gate, gate) = mpsc::channel::<()>();
    let (running, is_running) = mpsc::channel();
    let mut first = pin!(pool.run(Budget::unlimited(), Lane::default(), move |_| {
        running.send(()).unwrap();
        gate.recv().unwrap();
        Ok(1)
    }));
    assert!(start(first.as_mut()).is_none());
    is_running.recv().unwrap();
    let mut second = Box::pin(pool.run(Budget::unlimited(), Lane::default(), |_| Ok(2)));
    assert!(start(second.as_mut()).is_none());
    assert_eq!(pool.counters().queued, 1);
    let mut third = pin!(pool.run(Budget::unlimited(), Lane::default(), |_| Ok(3)));
    assert_eq!(start(third.as_mut()), Some(Err(Error::Busy { queued: 1 })));
    // The second caller leaves: its place is free, and its work never runs.
    drop(second);
    let mut fourth = pin!(pool.run(Budget::unlimited(), Lane::default(), |_| Ok(4)));
    assert!(start(fourth.as_mut()).is_none());
    open_gate.send(()).unwrap();
    assert_eq!(wait(first), Ok(1));
    assert_eq!(wait(fourth), Ok(4));
    let counters = pool.counters();
    assert_eq!((counters.refused, counters.abandoned), (1, 1));
}

#[test]
fn leaving_cancels_what_runs() {
    let pool = pool(1, 1);
    let (report, reported) = mpsc::channel();
    let (running, is_running) = mpsc::channel();
    let mut job = Box::pin(
        pool.run(Budget::unlimited(), Lane::default(), move |budget| {
            running.send(()).unwrap();
            while budget.check().is_ok() {
                std::thread::yield_now();
            }
            report.send(budget.check()).unwrap();
            Ok(())
        }),
    );
    assert!(start(job.as_mut()).is_none());
    is_running.recv().unwrap();
    drop(job);
    assert_eq!(reported.recv().unwrap(), Err(Error::Cancelled));
}

#[test]
fn who_has_nothing_to_do_gives_memory_back_each_time() {
    static GIVEN: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];
    when_idle(|who| {
        GIVEN[usize::from(who == Idle::Pool)].fetch_add(1, Ordering::Relaxed);
    });
    let pool = pool(2, 4);
    for work in 0..2 {
        assert_eq!(
            wait(pool.run(Budget::unlimited(), Lane::default(), move |_| Ok(work))),
            Ok(work)
        );
        // The first time one goes to rest and then the other, the second time only who was awake.
        let of_pool = GIVEN[1].load(Ordering::Relaxed);
        while GIVEN[1].load(Ordering::Relaxed) == of_pool {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(GIVEN[0].load(Ordering::Relaxed) > 0);
    }
}
