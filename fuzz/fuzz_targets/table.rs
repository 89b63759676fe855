#![no_main]

use netsynth_fuzz::readers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| readers::table(bytes));
