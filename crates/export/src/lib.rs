//! How a network is **shipped**: a trained graph as ONNX, C99 and Rust.
//!
//! A [`Plan`] is the network as steps on values in one arena; every format is written from it.

mod c;
mod file;
mod interface;
mod loops;
mod onnx;
mod plan;
mod quantised;
mod run;
mod rust;
mod samples;
mod verify;

pub use c::{c, timer};
pub use file::{File, Program};
pub use interface::Interface;
pub use onnx::{OPSET, OPSETS, OnnxOptions, Reads, onnx};
pub use plan::{Activation, Conv, Kernel, Numbers, Plan, Step, Value, Window};
pub use quantised::{QuantisationError, Quantised, QuantisedConv, QuantisedStep, Scale};
pub use run::{Observer, run};
pub use rust::rust;
pub use samples::Sample;
pub use verify::{Agreement, Given, averaged, best, by_rten};
