//! The commands: what each is asked with, and what it does. Each has a function `run`.

pub(crate) mod audit;
pub(crate) mod bench;
pub(crate) mod check;
pub(crate) mod classify;
pub(crate) mod compare;
mod comparison;
pub(crate) mod completions;
pub(crate) mod data;
pub(crate) mod draw;
mod environment;
pub(crate) mod explain;
pub(crate) mod front;
pub(crate) mod help;
pub(crate) mod man;
mod preview;
pub(crate) mod prototypes;
pub(crate) mod report;
pub(crate) mod reproduce;
pub(crate) mod resume;
pub(crate) mod sample;
pub(crate) mod search;
pub(crate) mod table_1;
mod topic;
pub(crate) mod train;
mod training_report;
pub(crate) mod verify;
pub(crate) mod watch;
