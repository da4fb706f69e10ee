//! The gateway's binary; everything is in the library.

use std::process::ExitCode;

/// Large buffers come and go with every picture; this one has the next at hand, for a second by itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cldgate::cli::main(give_back)
}

/// Gives the system what the allocator keeps: this thread's empty pages, and all freed memory of all threads.
fn give_back() {
    #[allow(
        unsafe_code,
        reason = "the one call into the allocator; it takes no pointer and gives none"
    )]
    // SAFETY: may be called at any time on any thread; it touches only what nobody holds.
    unsafe {
        libmimalloc_sys::mi_collect(true);
    }
}
