#![no_main]

use netsynth_fuzz::{folder, readers};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| readers::checksum(bytes, &folder()));
