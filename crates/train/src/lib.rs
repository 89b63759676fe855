//! How a candidate is measured: graph -> Burn network, recipe, folds, probes, the evaluator.
