//! How a machine is **measured**: times on a core of its own, memory, energy, scripts on a board, rates fitted to times.
//!
//! What a machine does not tell is an error with the reason, never a guess. Everything that the system tells in files is read
//! below a root, which is `/` but in tests.
//!
//! ```
//! use netsynth_machine::Times;
//!
//! let times = Times::of(0.01, || std::hint::black_box((0..1000).sum::<u64>()));
//! assert!(times.n_runs >= 100 && times.median <= times.p95);
//! ```

mod board;
mod cores;
mod energy;
mod fit;
mod memory;
mod times;

pub use board::Board;
pub use cores::{cores, pin};
pub use energy::Meter;
pub use fit::fitted;
pub use memory::{peak_memory, reset_peak_memory};
pub use times::Times;
