use netsynth_graph::Cost;
use netsynth_space::{Domain, Genome};

use crate::front::climb::Climbs;
use crate::front::rank::best_first;
use crate::statistics::share_law::{Normal, ShareLaw, log_odds};
use crate::synthesis::covariance::{Covariance, Observation, Point};
use crate::synthesis::gaussian_process::GaussianProcess;
use crate::synthesis::prior::SizeRange;
use crate::synthesis::probe_features::{features, reactions};
use crate::{Metric, PastSearch, PastTrial, Problem, Reactions, SearchError, Trial};

/// From how many trained trials on the inquisitor's predictions are used.
const ENOUGH: usize = 8;

/// By what factor the trials grow before the covariance is fitted again; between fits it only takes in what is new.
const GROWTH: f64 = 1.2;

/// How many trials the surrogates know at most when the covariances are fitted: what conditioning on them takes grows with
/// the cube of their number, and a proposal with its square.
pub(crate) const MOST_KNOWN: usize = 2000;

/// How many trials of earlier searches they know at most.
const MOST_EARLIER: usize = 500;

/// The inquisitor I(G; theta_I): from trained networks and the reactions of their vertices it predicts the measured
/// metrics of the plan, and with them what a change of each decision does to U.
///
/// U has two parts. What a change does to the cost part is counted exactly. Each measured metric has a surrogate of its
/// own: theta_I are their covariances, fitted to what was observed, and what was observed. Where an evaluator can probe,
/// the reactions at the changed vertices of the best probed network times the size of each change are features of all.
pub(crate) struct Inquisitor<'a> {
    problem: &'a Problem<'a>,
    /// Between which costs sizes are measured, where the process has a law of sizes.
    sizes: Option<SizeRange>,
    surrogates: Vec<Surrogate>,
    /// The best trained network that was probed when the covariances were last fitted.
    probed: Option<(Genome, Reactions)>,
    /// How many trials were observed.
    n_observed: usize,
    /// Which of them the surrogates know, and how many those were when the covariances were last fitted.
    known: Vec<usize>,
    n_fitted: usize,
}

/// What is learned of one measured metric: a Gaussian process on its standardised log-odds.
pub(crate) struct Surrogate {
    metric: Metric,
    process: GaussianProcess,
    /// Those of earlier searches, then those of this one.
    observations: Vec<Observation>,
    n_earlier: usize,
    /// Mean and standard deviation of the observed log-odds.
    scale: (f64, f64),
}

impl<'a> Inquisitor<'a> {
    pub(crate) fn new(problem: &'a Problem<'a>, has_sizes: bool) -> Result<Self, SearchError> {
        let covariance = Covariance::new(problem.space.decisions());
        let sizes = if has_sizes { Some(SizeRange::of(problem)?) } else { None };
        let surrogate = |metric: Metric| {
            let observations = earlier(problem.used_past(), metric, sizes);
            let covariance = covariance.fitted(&observations);
            Surrogate {
                metric,
                process: GaussianProcess::new(covariance, &observations),
                n_earlier: observations.len(),
                observations,
                scale: (0.0, 1.0),
            }
        };
        let surrogates = problem.plan.measured().into_iter().map(surrogate).collect();
        Ok(Self { problem, sizes, surrogates, probed: None, n_observed: 0, known: Vec::new(), n_fitted: 0 })
    }

    /// Whether it has seen enough for predictions.
    pub(crate) fn is_informed(&self) -> bool {
        self.n_observed >= self.enough()
    }

    /// From how many trials on its predictions are used: of a taught one fewer, which say on what scale these data lie.
    fn enough(&self) -> usize {
        if self.n_earlier() > 0 { ENOUGH / 2 } else { ENOUGH }
    }

    /// A surrogate for each measured metric of the plan, in the order of [`crate::SearchPlan::measured`].
    pub(crate) fn surrogates(&self) -> &[Surrogate] {
        &self.surrogates
    }

    /// How many trials of earlier searches each surrogate knows at most.
    pub(crate) fn n_earlier(&self) -> usize {
        self.surrogates.iter().map(|surrogate| surrogate.n_earlier).max().unwrap_or(0)
    }

    /// Learns from all trials so far.
    pub(crate) fn learn(&mut self, trials: &[Trial]) {
        let plan = self.problem.plan;
        let climbs = Climbs::of_each(trials, plan);
        // A trial of which one of the metrics is not known teaches nothing.
        let is_known = |trial: &&Trial| climbs.iter().all(|climbs| climbs.top(trial).is_some());
        let trained: Vec<&Trial> = trials.iter().filter(is_known).collect();
        if trained.is_empty() {
            return;
        }
        self.known.extend(self.n_observed..trained.len());
        let fits = trained.len() >= self.enough() && self.known.len() as f64 >= GROWTH * self.n_fitted as f64;
        let mut n_new = trained.len() - self.n_observed;
        if fits {
            let order = best_first(&trained, plan, &climbs);
            let probed = order.iter().map(|&at| trained[at]);
            self.probed =
                probed.filter_map(|trial| Some((trial.genome.clone(), reactions(trial)?.clone()))).next();
            self.known = worth_knowing(&order);
            self.n_fitted = self.known.len();
            n_new = self.n_fitted;
        }
        let known: Vec<&Trial> = self.known.iter().map(|&at| trained[at]).collect();
        let points = known[known.len() - n_new..].iter().map(|trial| self.point(&trial.genome, &trial.cost));
        let points: Vec<Point> = points.collect();
        self.n_observed = trained.len();
        for (surrogate, climbs) in self.surrogates.iter_mut().zip(&climbs) {
            surrogate.learn(&known, climbs, points.clone(), fits);
        }
    }

    /// A genome of this cost as the surrogates see it.
    pub(crate) fn point(&self, genome: &Genome, cost: &Cost) -> Point {
        let features = self
            .probed
            .as_ref()
            .map(|(probed, reactions)| features(self.problem.space.decisions(), reactions, probed, genome));
        let sizes = self.sizes.map(|range| range.features(cost));
        Point {
            search: None,
            genome: genome.clone(),
            features: features.unwrap_or_default(),
            sizes: sizes.unwrap_or_default(),
        }
    }

    /// The predicted U of a genome.
    fn predicted(&self, genome: &Genome) -> Result<f64, SearchError> {
        let quality = self.problem.plan.quality();
        let Some(surrogate) = self.surrogates.iter().find(|surrogate| surrogate.metric == quality) else {
            unreachable!("the quality is among the plan's measured metrics")
        };
        let cost = self.problem.space.count(genome)?.cost;
        let point = self.point(genome, &cost);
        let mean = surrogate.process.mean(&surrogate.process.covariances(&point));
        let law = surrogate.law(Normal { mean, deviation: 0.0 });
        Ok(self.problem.plan.performance.of(law.middle(), &cost))
    }

    /// The predicted change of U if this decision of a network were this choice.
    pub(crate) fn change(&self, genome: &Genome, decision: usize, choice: usize) -> Result<f64, SearchError> {
        let changed = self.problem.space.decisions().with(genome, decision, choice);
        Ok(self.predicted(&changed)? - self.predicted(genome)?)
    }

    /// For each decision what the inquisitor expects a change of it in this network to bring.
    pub(crate) fn advice(&self, genome: &Genome) -> Result<Vec<Advice>, SearchError> {
        let decisions = self.problem.space.decisions();
        let predicted =
            |number: usize, choice: usize| self.predicted(&decisions.with(genome, number, choice));
        let mut advice = Vec::with_capacity(decisions.len());
        for (number, decision) in decisions.iter().enumerate() {
            let choice = genome.choice(number);
            advice.push(match decision.domain {
                Domain::Ordinal(_) => {
                    let (down, up) =
                        (choice.saturating_sub(1), (choice + 1).min(decision.domain.choices() - 1));
                    let n_steps = (up - down).max(1) as f64;
                    Advice::PerStep((predicted(number, up)? - predicted(number, down)?) / n_steps)
                }
                Domain::Switch => Advice::PerStep(predicted(number, 1)? - predicted(number, 0)?),
                Domain::Alternatives(count) => {
                    let worths = (0..count).map(|choice| predicted(number, choice));
                    Advice::Each(worths.collect::<Result<_, _>>()?)
                }
            });
        }
        Ok(advice)
    }
}

impl Surrogate {
    /// The metric that it predicts.
    pub(crate) fn metric(&self) -> Metric {
        self.metric
    }

    /// The process on standardised log-odds.
    pub(crate) fn process(&self) -> &GaussianProcess {
        &self.process
    }

    /// The law of the metric that one of standardised log-odds means.
    pub(crate) fn law(&self, standardised: Normal) -> ShareLaw {
        let (mean, deviation) = self.scale;
        ShareLaw {
            odds: Normal {
                mean: mean + deviation * standardised.mean,
                deviation: deviation * standardised.deviation,
            },
        }
    }

    /// Learns from trained trials: `points` are those of the trials that are new to it, or of all where the covariance is
    /// fitted again.
    fn learn(&mut self, trained: &[&Trial], climbs: &Climbs, points: Vec<Point>, fits: bool) {
        let tops: Vec<_> = trained.iter().filter_map(|trial| climbs.top(trial)).collect();
        let values: Vec<f64> = tops.iter().map(|(value, _)| log_odds(*value)).collect();
        let (mean, deviation) = scale(&values);
        self.scale = (mean, deviation);
        let standardised = values.iter().map(|value| (value - mean) / deviation);
        let n_known = trained.len() - points.len();
        self.observations.truncate(self.n_earlier + n_known);
        for (observation, value) in self.observations[self.n_earlier..].iter_mut().zip(standardised.clone()) {
            observation.value = value;
        }
        let new = points.into_iter().zip(standardised.zip(&tops).skip(n_known));
        self.observations.extend(new.map(|(point, (value, (_, climb)))| Observation {
            point,
            value,
            variance: climb.variance / (deviation * deviation),
        }));
        if fits {
            let covariance = self.process.covariance().fitted(&self.observations);
            self.process = GaussianProcess::new(covariance, &self.observations);
        } else {
            self.process.extend(&self.observations[self.n_earlier + n_known..]);
            self.process.revalue(self.observations.iter().map(|observation| observation.value).collect());
        }
    }
}

/// What earlier searches measured of a metric: each on a scale of its own, as data differ in how hard they are.
fn earlier<'p>(past: &'p [PastSearch], metric: Metric, sizes: Option<SizeRange>) -> Vec<Observation> {
    let mut observations = Vec::new();
    let n_trials: usize = past.iter().map(|past| past.trials.len()).sum();
    let stride = n_trials.div_ceil(MOST_EARLIER).max(1);
    for (number, past) in past.iter().enumerate() {
        let measured = |trial: &'p PastTrial| Some((trial, log_odds(trial.measured.get(metric)?)));
        let known: Vec<(&PastTrial, f64)> = past.trials.iter().filter_map(measured).collect();
        let (mean, deviation) = scale(&known.iter().map(|(_, odds)| *odds).collect::<Vec<_>>());
        observations.extend(known.iter().step_by(stride).map(|(trial, odds)| Observation {
            point: Point {
                search: Some(number),
                genome: trial.genome.clone(),
                features: Vec::new(),
                sizes: sizes.map(|range| range.features(&trial.cost)).unwrap_or_default(),
            },
            value: (odds - mean) / deviation,
            variance: trial.variances.get(metric).unwrap_or(0.0) / (deviation * deviation),
        }));
    }
    observations
}

/// Mean and standard deviation of log-odds.
fn scale(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (mean, libm::sqrt(squares / values.len() as f64).max(1e-6))
}

/// Which trials the surrogates are to know, of all from the best to the worst: all of a few; of many the better ones, and an even
/// share of the rest.
fn worth_knowing(order: &[usize]) -> Vec<usize> {
    let (best, rest) = order.split_at(order.len().min(MOST_KNOWN / 2));
    let stride = rest.len().div_ceil(MOST_KNOWN / 2).max(1);
    let mut known: Vec<usize> = best.iter().chain(rest.iter().step_by(stride)).copied().collect();
    known.sort_unstable();
    known
}

/// What the inquisitor expects of a decision, in decibels of U.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Advice {
    /// The change that one choice more, or a yes, brings.
    PerStep(f64),
    /// U with each alternative.
    Each(Vec<f64>),
}
