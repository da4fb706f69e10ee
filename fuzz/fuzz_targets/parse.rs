#![no_main]

#[path = "../checks/grammar.rs"]
#[allow(dead_code)] // each target uses one of the checks
mod grammar;

libfuzzer_sys::fuzz_target!(|url: &str| grammar::parses_or_points(url));
