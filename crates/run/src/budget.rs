//! What a span of time pays for on this machine, in multiply-accumulates.

use std::time::{Duration, Instant};

use netsynth_graph::Graph;
use netsynth_search::{Count, SearchPlan, Variant};
use netsynth_space::Shape;
use netsynth_train::{Device, EpochReport, Inheritance, Training, fit, on_one_thread};

use crate::prototypes::prototype;
use crate::{RunError, Search};

/// Epochs that are timed, after one that is not.
const TIMED: usize = 3;

/// How many members of a front are expected, where they are to be audited.
const FINALISTS: f64 = 6.0;

/// How many trials a budget is to pay for, if need be by shorter trainings: without the members of the scaled family there are
/// three generations of them in the built-in plan.
const TRIALS: f64 = 26.0;

/// The share of the plan's lengths below which trainings are not cut: networks would only be ranked by how fast they start.
const SHORTEST: f64 = 0.25;

/// How much more a budget's plan allows in trials than is expected of it, so that the multiply-accumulates end it.
const ROOM: f64 = 4.0;

/// What a search was given, and what that pays for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    /// What a core of this machine trains, in multiply-accumulates of forward passes a second.
    pub rate: f64,
    /// What is left for trials on the images of a fold, after variants and audit, in multiply-accumulates of forward passes.
    pub macs: f64,
}

impl Search {
    /// Makes the search one that takes about so long with its workers, variants and audit with it: times the trainings of two
    /// networks, and writes into the plan what the time pays for. The plan, not the clock, then ends the
    /// search, so that it can be repeated anywhere. Where it does not pay for trials of the plan's lengths and what comes after them, all
    /// trainings are shorter by one factor. So many trainings as long as a variant's come `after` the search, and are paid for, too. The time is
    /// for `n_searches` alike, of which this is one.
    pub fn limit_to(&mut self, time: Duration, after: usize, n_searches: usize) -> Result<Budget, RunError> {
        let graph = self.middling()?;
        let rate = self.rate(&graph)?;
        let a_second = self.macs_a_second(rate);
        let given = a_second * time.as_secs_f64() / n_searches as f64;
        let wanted = self.reserved(&graph, after)? + TRIALS * expected_price(&self.plan.search, &graph);
        if given < wanted {
            self.plan.lengthen((given / wanted).max(SHORTEST));
        }
        let reserved = self.reserved(&graph, after)?;
        let macs = given - reserved;
        let plan = &mut self.plan.search;
        let of_one = plan.macs_of(&graph.cost(), plan.rungs.len()) as f64;
        let least = of_one * plan.generation_size as f64;
        if macs < least {
            let minutes = (n_searches as f64 * (reserved + least) / a_second / 60.0).ceil();
            let reason = "the budget pays for no generation of trials beside the variants on this machine";
            let remedy = format!("give at least {minutes} minutes, or a plan with shorter trainings");
            return Err(RunError::new(reason, remedy).at("--budget"));
        }
        plan.limits.macs = Some(macs.round());
        let expected = macs / expected_price(plan, &graph);
        plan.n_trials = Count::TRIALS.nearest((ROOM * expected).ceil().max(plan.generation_size as f64));
        Ok(Budget { rate, macs })
    }

    /// How long the search is expected to take with its workers on this machine, variants and audit and so many trainings `after` it
    /// with it: times the trainings of two networks.
    pub fn expected_time(&self, after: usize) -> Result<Duration, RunError> {
        let graph = self.middling()?;
        let plan = &self.plan.search;
        let trials = plan.n_trials as f64 * expected_price(plan, &graph);
        let trials = trials.min(plan.limits.macs.unwrap_or(f64::INFINITY));
        let secs = (trials + self.reserved(&graph, after)?) / self.macs_a_second(self.rate(&graph)?);
        Ok(Duration::try_from_secs_f64(secs).unwrap_or(Duration::MAX))
    }

    /// Multiply-accumulates on each image of a fold that all workers together train in a second, at this rate of a training.
    fn macs_a_second(&self, rate: f64) -> f64 {
        // Trainings side by side have cores of their own, and share a card.
        let n_at_once = match self.plan.device {
            Device::Flex => self.n_workers.get(),
            Device::Wgpu(_) => 1,
        };
        rate * n_at_once as f64 / self.split.train(0).len().max(1) as f64
    }

    /// The prototype with its widths scaled to the middle of what the space has; none is wider than the prototype.
    fn middling(&self) -> Result<Graph, RunError> {
        let (least, most) = self.width_factors();
        self.scaled((least * most.min(1.0)).sqrt())
    }

    /// The least and the most that widths are of the prototype's.
    fn width_factors(&self) -> (f64, f64) {
        self.space.decisions().width_factors().unwrap_or((1.0, 1.0))
    }

    /// The prototype with its widths scaled.
    fn scaled(&self, factor: f64) -> Result<Graph, RunError> {
        let decisions = self.space.decisions();
        let genome = decisions.shaped(&decisions.prototype(), &Shape::scaled(factor, 1.0));
        Ok(self.space.decode(&genome, "scaled")?)
    }

    /// Multiply-accumulates of forward passes a second of a search's trainings. As many are of the smallest networks as of those of middle
    /// size: a search goes to the smallest that still learn, and of these an image costs more than its multiply-accumulates.
    fn rate(&self, middling: &Graph) -> Result<f64, RunError> {
        let smallest = self.scaled(self.width_factors().0)?;
        let rates = [self.rate_of(middling)?, self.rate_of(&smallest)?];
        Ok(rates.len() as f64 / rates.iter().map(|rate| 1.0 / rate).sum::<f64>())
    }

    /// Multiply-accumulates of forward passes a second of a training on one core, augmentation, optimiser and all; on a GPU, of
    /// a training that has it alone.
    fn rate_of(&self, graph: &Graph) -> Result<f64, RunError> {
        let samples = self.split.train(0);
        let training = Training {
            graph,
            dataset: &self.dataset,
            recipe: &self.plan.recipe,
            n_epochs: TIMED + 1,
            seed: 0,
            device: self.plan.device,
            start: None,
            checkpoints: None,
        };
        let mut ends = Vec::with_capacity(TIMED + 1);
        on_one_thread(|| {
            fit(&training, &samples, &mut |_: EpochReport| ends.push(Instant::now())).map(|_| ())
        })
        .map_err(RunError::no_thread)??;
        let secs = ends.last().map_or(f64::MAX, |last| last.duration_since(ends[0]).as_secs_f64());
        Ok((TIMED * samples.len()) as f64 * graph.cost().macs as f64 / secs.max(1e-9))
    }

    /// What variants, prototype, audit and trainings `after` the search are expected to take, as multiply-accumulates on the images of a fold.
    fn reserved(&self, graph: &Graph, after: usize) -> Result<f64, RunError> {
        let plan = &self.plan;
        let of_one = plan.final_length().macs_of(&graph.cost()) as f64;
        let variants = (Variant::ALL.len() + after) as f64 * of_one;
        let audit = if plan.trains_finalists() { FINALISTS * plan.data.n_folds as f64 * of_one } else { 0.0 };
        let prototypes = match plan.inheritance {
            Some(Inheritance { epochs, .. }) => {
                (epochs * plan.n_lines()) as f64 * prototype(&self.space)?.cost().macs as f64
            }
            None => 0.0,
        };
        Ok(variants + audit + prototypes)
    }
}

/// What a trial is expected to cost: not all climb to the last rung.
fn expected_price(plan: &SearchPlan, graph: &Graph) -> f64 {
    let mut climbing = 1.0;
    let mut price = 0.0;
    for rung in &plan.rungs {
        price += climbing * rung.macs_of(&graph.cost()) as f64;
        climbing *= rung.keep;
    }
    price
}
