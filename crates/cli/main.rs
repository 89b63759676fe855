//! The netsynth program.
fn main() {}
