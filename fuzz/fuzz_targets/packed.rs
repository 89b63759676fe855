#![no_main]

use netsynth_fuzz::trained;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| trained::packed(bytes));
