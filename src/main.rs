//! The gateway's binary; everything is in the library.

use std::process::ExitCode;

/// Large buffers come and go with every picture; this one gives them back fast.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Milliseconds after which freed memory goes back to the system. By itself the allocator waits a second: what is held then wanders upwards
/// under mixed requests (54 to 73 MB within six million; 44 to 65 with this, and level). After 10 ms it is 35 MB, and renderings under load are a third
/// fewer, for every one begins with memory that the system has to fill anew. `MIMALLOC_PURGE_DELAY` in the environment wins.
const GIVEN_BACK_AFTER: std::ffi::c_long = 400;

/// `mi_option_purge_delay`, which has this number in all versions of the allocator.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

fn main() -> ExitCode {
    #[allow(
        unsafe_code,
        reason = "the one call into the allocator: it stores a number, and nobody else is running yet"
    )]
    // SAFETY: any number is a delay, and the option exists; one that did not would be ignored.
    unsafe {
        libmimalloc_sys::mi_option_set_default(PURGE_DELAY, GIVEN_BACK_AFTER);
    }
    cldgate::cli::main()
}
