//! What a codec process may take, and whom it may outlive.

/// Bytes of address space that any process gets: the program, stacks, and what the allocator reserves at once.
#[cfg(target_os = "linux")]
const ANY: u64 = 2 << 30;
/// Bytes of address space for each pixel, some times what the hungriest codec takes.
#[cfg(target_os = "linux")]
const A_PIXEL: u64 = 100;

/// The process ends with the thread that started it, and leaves no image of its memory behind when it crashes.
#[cfg(target_os = "linux")]
pub(super) fn bound_to_parent() {
    use rustix::process::{Resource, Signal, set_parent_process_death_signal};
    // A system that refuses either is no reason not to work: the process still ends when a pipe breaks.
    let _told = set_parent_process_death_signal(Some(Signal::KILL));
    limit(Resource::Core, 0);
}

/// The process gets no more memory than a picture of so many pixels can need: a codec that runs wild is refused it, not the
/// machine.
#[cfg(target_os = "linux")]
pub(super) fn bound_to(pixels: u64) {
    let bytes = pixels.saturating_mul(A_PIXEL).saturating_add(ANY);
    limit(rustix::process::Resource::As, bytes);
}

#[cfg(target_os = "linux")]
fn limit(resource: rustix::process::Resource, most: u64) {
    let most = rustix::process::Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    // Refused where a lower limit is in force already.
    let _set = rustix::process::setrlimit(resource, most);
}

/// Where it cannot be asked for.
#[cfg(not(target_os = "linux"))]
pub(super) const fn bound_to_parent() {}

/// Where it cannot be asked for.
#[cfg(not(target_os = "linux"))]
pub(super) const fn bound_to(_pixels: u64) {}
