#![no_main]

#[path = "../checks/read.rs"]
mod read;

// The two pure floors alone, as they stand in the gateway: its other floors take long to build with a sanitizer.
pub use cldgate_grammar as grammar;
#[allow(dead_code)]
#[path = "../../src/dialect/mod.rs"]
pub mod dialect;
#[allow(dead_code)]
#[path = "../../src/spec/mod.rs"]
pub mod spec;

libfuzzer_sys::fuzz_target!(|url: &str| read::reads_or_refuses(url));
