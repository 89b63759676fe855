//! A small network, a small plan with few faces, and an executor that trains nothing.

#![allow(dead_code, clippy::disallowed_methods, clippy::unwrap_used, clippy::expect_used)]

use std::sync::Mutex;

use netsynth_data::synth::SynthOptions;
use netsynth_data::{Dataset, Split};
use netsynth_graph::{ArchitectureId, ArchitectureSpec, Graph};
use netsynth_run::{
    Answer, DataSource, Executor, JudgedOn, OnAnswer, OnEvent, Plan, RunError, Task, TaskId, TaskResult,
    TrainingTask, WeightKey, Weights,
};
use netsynth_search::{Candidate, Confusion, Rung};
use netsynth_space::{SearchSpace, SearchSpaceSpec};
use netsynth_store::Fold;
use netsynth_train::{InheritFrom, Inheritance};

pub(crate) const NO_EVENTS: &OnEvent<'static> = &|_| {};
pub(crate) const NEVER: &(dyn Fn() -> bool + Sync) = &|| false;

pub(crate) fn network() -> ArchitectureSpec {
    ArchitectureSpec::from_ron(
        r#"(schema: 1, name: "p", input: (channels: 1, height: 12, width: 12), nodes: [
            (name: "a", from: ["input"], op: Conv(channels: 4, stride: 2, norm: Batch, activation: Relu)),
            (name: "b", from: ["a"], op: Conv(channels: 4, norm: Batch, activation: Relu)),
            (name: "pool", from: ["b"], op: GlobalAvgPool()),
            (name: "classes", from: ["pool"], op: Dense(units: 7)),
        ])"#,
    )
    .unwrap()
}

pub(crate) fn space() -> SearchSpace {
    let spec = r#"(schema: 1, name: "s", prototype: "p", widths: (least: 0.5, most: 2.0))"#;
    SearchSpace::new(&SearchSpaceSpec::from_ron(spec).unwrap(), &Graph::new(&network()).unwrap()).unwrap()
}

/// The built-in plan on few small faces, with rungs of one fold and of two.
pub(crate) fn plan(from: Option<InheritFrom>) -> Plan {
    let mut plan = Plan::built_in();
    plan.data.source = DataSource::Synthetic(SynthOptions { subjects: 10, ..SynthOptions::default() });
    (plan.data.options.height, plan.data.options.width) = (12, 12);
    plan.search.rungs = vec![
        Rung { epochs: 1, macs: None, folds: 1, keep: 1.0 },
        Rung { epochs: 1, macs: None, folds: 2, keep: 1.0 },
    ];
    plan.inheritance = from.map(|from| Inheritance { from, epochs: 1 });
    (plan.final_epochs, plan.final_macs) = (80, None);
    plan
}

pub(crate) fn data(plan: &Plan) -> (Dataset, Split) {
    let dataset = plan.data.load(NO_EVENTS).unwrap();
    let split = plan.data.split(&dataset).unwrap();
    (dataset, split)
}

pub(crate) fn candidate(space: &SearchSpace, trial: usize, parent: Option<usize>) -> Candidate {
    let genome = space.decisions().genome(|_, decision| trial % decision.domain.choices());
    let graph = space.decode(&genome, "candidate").unwrap();
    Candidate {
        trial,
        generation: trial,
        id: ArchitectureId::of(&graph),
        cost: graph.cost(),
        genome,
        parent,
        predicted: None,
    }
}

/// Answers from so many threads, the last task first, with an accuracy that tells the tasks apart; remembers the tasks.
#[derive(Default)]
pub(crate) struct Fake {
    pub n_threads: usize,
    pub asked: Mutex<Vec<Task>>,
}

pub(crate) fn answer_of(task: &Task) -> Answer {
    let TaskId::Trial { trial, rung, fold } = task.id else { return Answer::Failed(task.id.to_string()) };
    let fold = fold.index();
    let mut confusion = Confusion::new(2);
    confusion.0 = vec![vec![trial + 1, fold], vec![rung, 1]];
    Answer::Trained(Box::new(TaskResult {
        confusion,
        people: Vec::new(),
        losses: vec![trial as f32, rung as f32, fold as f32],
        reactions: None,
        scores: None,
        weights: vec![trial as u8, rung as u8, fold as u8],
    }))
}

impl Executor for Fake {
    fn run(
        &self,
        tasks: &[Task],
        _: &dyn Weights,
        _: &OnEvent<'_>,
        stop: &(dyn Fn() -> bool + Sync),
        on_answer: &OnAnswer<'_>,
    ) -> Result<(), RunError> {
        self.asked.lock().unwrap().extend_from_slice(tasks);
        let n_threads = self.n_threads.max(1);
        let share = |thread: usize| {
            let mut own = (0..tasks.len()).rev().filter(|index| index % n_threads == thread);
            own.try_for_each(|index| if stop() { Ok(()) } else { on_answer(index, answer_of(&tasks[index])) })
        };
        let share = &share;
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..n_threads).map(|thread| scope.spawn(move || share(thread))).collect();
            threads.into_iter().try_for_each(|thread| thread.join().unwrap())
        })
    }
}

pub(crate) fn task(number: usize) -> Task {
    let plan = Plan::built_in();
    Task {
        id: TaskId::Trial { trial: number, rung: 0, fold: Fold::from_index(0) },
        architecture: network(),
        data: plan.data,
        data_digest: "digest".into(),
        recipe: plan.recipe,
        device: plan.device,
        evaluator: plan.evaluator,
        training_secs: None,
        run_seed: 1,
        is_scored: true,
        training: Some(TrainingTask {
            judged_on: JudgedOn::Fold(Fold::from_index(3)),
            epochs: 2,
            seed: 5,
            start: Some(WeightKey::Trial { trial: 0, rung: 1, fold: Fold::from_index(3) }),
            is_probed: true,
        }),
    }
}

/// The prototype as it was trained for a fold.
pub(crate) fn prototype(fold: usize) -> WeightKey {
    WeightKey::Prototype { fold: Fold::from_index(fold) }
}
