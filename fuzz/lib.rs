//! The readers of files from outside, for libFuzzer.

pub mod readers;
#[cfg(feature = "burn")]
pub mod trained;

/// Where the readers of files put them.
pub fn folder() -> std::path::PathBuf {
    std::env::temp_dir().join(format!("netsynth-fuzz-{}", std::process::id()))
}
