//! The gateway's binary; everything is in the library.

use std::process::ExitCode;

/// Large buffers come and go with every picture; this one gives them back fast.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cldgate::cli::main()
}
