//! What a command line asks for. What is not given is `None` and leaves a plan, or its default, as it is: "not given" and
//! "given the default" are two things. Each group has one function that merges it into what it is a part of.

pub(crate) mod bounds;
pub(crate) mod count;
pub(crate) mod data;
pub(crate) mod device;
pub(crate) mod executor;
pub(crate) mod recipe;
pub(crate) mod search;
pub(crate) mod seeds;
pub(crate) mod simulation;
pub(crate) mod strategy;
pub(crate) mod training;
pub(crate) mod workers;
