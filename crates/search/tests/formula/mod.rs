//! A benchmark whose answers a formula gives.

use std::fmt::Write;

use netsynth_random::stream;
use netsynth_search::{
    Constraint, Indicator, Limits, Metric, Objective, Performance, Rung, SearchPlan, StrategyKind, Table,
};

/// A benchmark of `n_decisions` of three alternatives: each has its worth, and so has each pair of neighbours.
pub(crate) fn table(n_decisions: usize, keep: impl Fn(usize) -> bool) -> Table {
    on_data(n_decisions, keep, 0.0, 1)
}

/// The same networks on other data: so much of each worth is another than in [`table`].
pub(crate) fn on_data(n_decisions: usize, keep: impl Fn(usize) -> bool, other: f64, data: u64) -> Table {
    let mut random = stream(11, "table", &[]);
    let mut here = stream(data, "data", &[]);
    let kept = libm::sqrt(1.0 - other * other);
    let mut worth = || {
        let shared = random.normal();
        if other == 0.0 { shared } else { kept * shared + other * here.normal() }
    };
    let alone: Vec<f64> = (0..3 * n_decisions).map(|_| worth()).collect();
    let pairs: Vec<f64> = (0..9 * n_decisions).map(|_| worth()).collect();
    let mut text = "{".to_owned();
    for number in (0..3usize.pow(n_decisions as u32)).filter(|number| keep(*number)) {
        let choices: Vec<usize> = (0..n_decisions).map(|at| number / 3usize.pow(at as u32) % 3).collect();
        let mut odds = 1.5;
        let mut parameters = 1000;
        for (at, choice) in choices.iter().enumerate() {
            odds += 0.4 * alone[3 * at + choice] + 0.2 * *choice as f64;
            odds += 0.2 * pairs[9 * at + 3 * choice + choices[(at + 1) % n_decisions]];
            parameters += choice * choice * 1000 * (at + 1);
        }
        let accuracy = 100.0 / (1.0 + libm::exp(-odds));
        let key: String = choices.iter().map(ToString::to_string).collect();
        let comma = if text.len() > 1 { "," } else { "" };
        write!(
            text,
            "{comma}\"{key}\":{{\"mean_acc\":{accuracy},\"params\":{parameters},\"flops\":{parameters}}}"
        )
        .unwrap();
    }
    Table::from_json("formula", &(text + "}")).unwrap()
}

/// What is asked of its networks.
pub(crate) fn plan(strategy: StrategyKind, n_trials: usize, generation_size: usize, seed: u64) -> SearchPlan {
    SearchPlan {
        seed,
        n_trials,
        generation_size,
        strategy,
        indicator: Indicator { constraints: vec![Constraint::AtMost(Metric::Parameters, 40_000.0)] },
        performance: Performance::default(),
        objectives: vec![Objective::Maximise(Metric::Accuracy), Objective::Minimise(Metric::Parameters)],
        rungs: vec![Rung { epochs: 1, macs: None, folds: 1, keep: 1.0 }],
        pruning: None,
        screening: None,
        asynchronous: false,
        prior: None,
        limits: Limits::default(),
    }
}
