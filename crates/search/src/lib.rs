//! What is kept: generator, inquisitor, strategies, rungs, indicator, front.
