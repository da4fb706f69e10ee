//! The system's allocator, counting for each thread: shared by a benchmark and a test.
#![allow(
    unsafe_code,
    reason = "an allocator that counts cannot be written without; every call goes on unchanged"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    /// Allocations and bytes of this thread. Needs no allocation and no destructor itself.
    static COUNTED: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

fn count(bytes: usize) {
    // A thread that ends may allocate after its locals are gone.
    let _gone = COUNTED.try_with(|counted| {
        let (calls, sum) = counted.get();
        counted.set((calls + 1, sum + bytes as u64));
    });
}

// SAFETY: every call goes to the system's allocator with the arguments that it came with.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations and bytes asked for by this thread while it does something.
pub fn during(work: impl FnOnce()) -> (u64, u64) {
    let before = COUNTED.get();
    work();
    let after = COUNTED.get();
    (after.0 - before.0, after.1 - before.1)
}
