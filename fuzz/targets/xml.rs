#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| dray_fuzz::xml(input));
