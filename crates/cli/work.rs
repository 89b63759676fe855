//! Work of this process: on a run, as several commands begin it or go on with it, and on images.

pub(crate) mod data;
pub(crate) mod device;
pub(crate) mod executor;
pub(crate) mod images;
pub(crate) mod in_order;
pub(crate) mod search;
pub(crate) mod speed;
pub(crate) mod training;
