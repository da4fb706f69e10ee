#![no_main]

#[path = "../checks/jpeg.rs"]
#[allow(dead_code)] // each target uses one of the checks
mod jpeg;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| match bytes {
    [kind, rest @ ..] if kind & 1 == 0 => jpeg::agrees(rest),
    [_, rest @ ..] => jpeg::twins_agree(rest),
    [] => {}
});
