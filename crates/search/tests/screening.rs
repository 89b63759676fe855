//! Laws of zero-cost screening: candidates are ranked by a score before training, on a benchmark whose answers a formula gives.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Mutex;

use netsynth_random::stream;
use netsynth_search::{
    Answered, Candidate, Evaluator, Event, Indicator, Limits, Measured, Metric, Objective, Performance,
    Problem, Rung, Scored, Scorer, ScreenedCandidate, Screening, SearchError, SearchPlan, StrategyKind,
    Table, Trial, ZeroCostProxy, ZeroCostScores, run,
};

/// A benchmark of six decisions whose score is its accuracy; some networks have none, and some break the scorer.
struct Scoring(Table);

impl Scoring {
    fn new() -> Self {
        let mut random = stream(5, "worth", &[]);
        let worth: Vec<f64> = (0..18).map(|_| random.normal()).collect();
        let mut text = "{".to_owned();
        for number in 0..729 {
            let choices: Vec<usize> = (0..6).map(|at| number / 3usize.pow(at) % 3).collect();
            let odds: f64 = choices.iter().enumerate().map(|(at, choice)| worth[3 * at + choice]).sum();
            let key: String = choices.iter().map(ToString::to_string).collect();
            let accuracy = 100.0 / (1.0 + libm::exp(-odds));
            let parameters = 1000 * choices.iter().sum::<usize>() + 10;
            let comma = if number > 0 { "," } else { "" };
            write!(text, r#"{comma}"{key}":{{"mean_acc":{accuracy},"params":{parameters},"flops":1}}"#)
                .unwrap();
        }
        Self(Table::from_json("formula", &(text + "}")).unwrap())
    }
}

impl Evaluator for Scoring {
    type Error = SearchError;

    fn evaluate(
        &self,
        candidates: &[&Candidate],
        rung: usize,
        answered: &Answered<'_, SearchError>,
    ) -> Result<(), SearchError> {
        self.0.evaluate(candidates, rung, answered)
    }

    fn scorer(&self) -> Option<&dyn Scorer<SearchError>> {
        Some(self)
    }
}

impl Scorer<SearchError> for Scoring {
    fn score(&self, candidates: &[Candidate]) -> Result<Vec<Scored>, SearchError> {
        candidates.iter().map(|candidate| self.scored(candidate)).collect()
    }
}

impl Scoring {
    fn scored(&self, candidate: &Candidate) -> Result<Scored, SearchError> {
        let kind: usize = candidate.genome.choices().sum();
        if kind == 6 || kind == 7 {
            return Ok(Scored::Failed("the score is not finite".to_owned()));
        }
        let found = Mutex::new(None);
        self.0.evaluate(&[candidate], 0, &|_, measured| {
            *found.lock().unwrap() = Some(measured);
            Ok(())
        })?;
        let Some(Measured::Trained(trained)) = found.into_inner().unwrap() else {
            return Ok(Scored::Failed("the table does not know it".to_owned()));
        };
        Ok(Scored::Scores(ZeroCostScores {
            naswot: trained.mean(Metric::Accuracy).unwrap(),
            snip: 1.0,
            gradient_norm: 1.0,
        }))
    }
}

fn plan(strategy: StrategyKind, screening: Option<Screening>) -> SearchPlan {
    SearchPlan {
        seed: 4,
        n_trials: 38,
        generation_size: 5,
        strategy,
        indicator: Indicator { constraints: Vec::new() },
        performance: Performance::default(),
        objectives: vec![Objective::Maximise(Metric::Accuracy), Objective::Minimise(Metric::Parameters)],
        rungs: vec![Rung { epochs: 1, macs: None, folds: 1, keep: 1.0 }],
        pruning: None,
        screening,
        asynchronous: false,
        prior: None,
        limits: Limits::default(),
    }
}

const BY_NASWOT: Option<Screening> = Some(Screening { factor: 3, by: ZeroCostProxy::Naswot });

/// The trials of a search and the screened candidates of each generation.
fn searched(plan: &SearchPlan) -> (Vec<Trial>, Vec<Vec<ScreenedCandidate>>) {
    let evaluator = Scoring::new();
    let mut generations = Vec::new();
    let mut tell = |event: Event<'_>| {
        if let Event::Screened { generation, candidates } = event {
            assert_eq!(generation, generations.len());
            generations.push(candidates.to_vec());
        }
        Ok(())
    };
    (run(&Problem::new(&evaluator.0, plan).unwrap(), &evaluator, &mut tell).unwrap().trials, generations)
}

#[test]
fn a_search_with_screening_keeps_every_law_of_one_without() {
    for strategy in StrategyKind::ALL {
        let plan = plan(strategy, BY_NASWOT);
        let (trials, generations) = searched(&plan);
        assert_eq!((trials.clone(), generations.clone()), searched(&plan), "{strategy}");
        let numbers: Vec<usize> = trials.iter().map(|trial| trial.number).collect();
        assert_eq!(numbers, (0..38).collect::<Vec<_>>(), "{strategy}");
        let networks: BTreeSet<_> = trials.iter().map(|trial| trial.id).collect();
        assert_eq!(networks.len(), 38, "{strategy}");
        // Seven generations of five, and three that are left.
        let sizes: Vec<usize> = generations.iter().map(Vec::len).collect();
        assert_eq!(sizes, [15, 15, 15, 15, 15, 15, 15, 9], "{strategy}");
        let born = generations.iter().flatten().filter_map(|screened| Some((screened.trial?, screened.id)));
        assert!(born.eq(trials.iter().map(|trial| (trial.number, trial.id))), "{strategy}");
    }
}

#[test]
fn the_better_candidates_are_trained_and_those_without_a_score_come_last() {
    let accuracy_alone = SearchPlan {
        objectives: vec![Objective::Maximise(Metric::Accuracy)],
        ..plan(StrategyKind::Random, BY_NASWOT)
    };
    let (trials, generations) = searched(&accuracy_alone);
    let mut n_failed = 0;
    for candidates in &generations {
        let score = |screened: &ScreenedCandidate| screened.scored.scores().map(|scores| scores.naswot);
        // None is less than any number.
        let trained = candidates.iter().filter(|screened| screened.trial.is_some()).map(score);
        let rejected = candidates.iter().filter(|screened| screened.trial.is_none()).map(score);
        let worst = trained.reduce(|a, b| if a < b { a } else { b }).unwrap();
        assert!(rejected.clone().all(|score| score <= worst), "{candidates:?}");
        n_failed += rejected.filter(Option::is_none).count();
    }
    assert!(n_failed > 0);
    let mean = |trials: &[Trial]| {
        trials.iter().map(|trial| trial.at(0, Metric::Accuracy).unwrap()).sum::<f64>() / trials.len() as f64
    };
    let (unranked, _) = searched(&SearchPlan { screening: None, ..accuracy_alone });
    assert!(mean(&trials) > mean(&unranked) + 0.1, "{} {}", mean(&trials), mean(&unranked));
}

#[test]
fn a_small_space_is_searched_to_its_last_network() {
    let (trials, _) = searched(&SearchPlan { n_trials: 1000, ..plan(StrategyKind::Synthesis, BY_NASWOT) });
    assert_eq!(trials.len(), 729);
}

#[test]
fn screening_without_a_scorer_is_refused() {
    let table = Scoring::new().0;
    let plan = plan(StrategyKind::Random, BY_NASWOT);
    let error = run(&Problem::new(&table, &plan).unwrap(), &table, &mut |_| Ok(())).unwrap_err();
    assert!(matches!(error, SearchError::Unscored { .. }));
    insta::assert_snapshot!(error, @"the plan's `screening` ranks by NASWOT, and the evaluator scores no untrained network");
}

#[test]
fn factors_that_make_no_sense_are_refused() {
    let refused = |factor: usize| {
        plan(StrategyKind::Random, Some(Screening { factor, by: ZeroCostProxy::Snip }))
            .check()
            .unwrap_err()
            .to_string()
    };
    assert_eq!(refused(1), "the plan's `screening` has a factor of 1");
    assert_eq!(refused(5000), "25000 candidates a generation are asked for");
    assert_eq!(refused(usize::MAX), format!("{} candidates a generation are asked for", usize::MAX));
}
