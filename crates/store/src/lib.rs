//! What is remembered: the run folder.
