//! What a render thread does once it has had nothing to do for a while: memory goes back to the system.
//!
//! An allocator keeps what was freed, for the next picture wants as much again, and most look after it only when somebody allocates:
//! after the last picture of a busy hour nobody does. Which allocator there is the binary knows, not this library.

use std::sync::OnceLock;
use std::time::Duration;

/// How long a thread has been without work before it gives memory back. Far more than the pause between two pictures under load, where what
/// is given back would be asked for again at once; and more than threads for file calls wait for another one, for what they hold can be
/// given back once they have ended.
pub(super) const AFTER: Duration = Duration::from_secs(2);

/// Who has nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// This thread; others may be at work.
    Thread,
    /// This one was the last: nothing is rendered at all.
    Pool,
}

static GIVE_BACK: OnceLock<Box<dyn Fn(Idle) + Send + Sync>> = OnceLock::new();

/// Says what every render thread calls, once each time that it has been idle for two seconds: something that gives what the allocator keeps back to
/// the system. It may take some milliseconds and must not panic. Only the first that is said counts.
pub fn when_idle(give_back: impl Fn(Idle) + Send + Sync + 'static) {
    let _set_before = GIVE_BACK.set(Box::new(give_back));
}

/// Calls it, where there is something to call.
pub(super) fn give_back(idle: Idle) {
    if let Some(give_back) = GIVE_BACK.get() {
        give_back(idle);
    }
}
