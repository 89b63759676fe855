//! Laws of tasks: how trials become tasks, and what is made of their answers, for any executor.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use netsynth_data::synth::SynthOptions;
use netsynth_data::{Dataset, Split};
use netsynth_graph::{ArchitectureId, ArchitectureSpec, Graph};
use netsynth_run::{
    Answer, Context, DataSource, Executor, InMemory, Job, JudgedOn, LocalThreads, OnAnswer, OnEvent, Plan,
    RunError, RunEvent, Task, TaskId, TaskResult, TrainingTask, Trials, WeightKey, Weights, do_all,
};
use netsynth_search::{Candidate, Confusion, Evaluator, Measured, Rung};
use netsynth_space::{SearchSpace, SearchSpaceSpec};
use netsynth_store::Fold;
use netsynth_train::{Deployed, Device, InheritFrom, Inheritance};
use proptest::prelude::*;

const NO_EVENTS: &OnEvent<'static> = &|_| {};
const NEVER: &(dyn Fn() -> bool + Sync) = &|| false;

fn network() -> ArchitectureSpec {
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

fn space() -> SearchSpace {
    let spec = r#"(schema: 1, name: "s", prototype: "p", widths: (least: 0.5, most: 2.0))"#;
    SearchSpace::new(&SearchSpaceSpec::from_ron(spec).unwrap(), &Graph::new(&network()).unwrap()).unwrap()
}

/// The built-in plan on few small faces, with rungs of one fold and of two.
fn plan(from: Option<InheritFrom>) -> Plan {
    let mut plan = Plan::built_in();
    plan.data.source = DataSource::Synthetic(SynthOptions { subjects: 10, ..SynthOptions::default() });
    (plan.data.options.height, plan.data.options.width) = (12, 12);
    plan.search.rungs =
        vec![Rung { epochs: 1, folds: 1, keep: 1.0 }, Rung { epochs: 1, folds: 2, keep: 1.0 }];
    plan.inheritance = from.map(|from| Inheritance { from, epochs: 1 });
    plan
}

fn data(plan: &Plan) -> (Dataset, Split) {
    let dataset = plan.data.load(NO_EVENTS).unwrap();
    let split = plan.data.split(&dataset).unwrap();
    (dataset, split)
}

fn candidate(space: &SearchSpace, trial: usize, parent: Option<usize>) -> Candidate {
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
struct Fake {
    n_threads: usize,
    asked: Mutex<Vec<Task>>,
}

fn answer_of(task: &Task) -> Answer {
    let TaskId::Trial { trial, rung, fold } = task.id else { return Answer::Failed(task.id.to_string()) };
    let fold = fold.index();
    let mut confusion = Confusion::new(2);
    confusion.0 = vec![vec![trial + 1, fold], vec![rung, 1]];
    Answer::Trained(Box::new(TaskResult {
        confusion,
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

fn task(number: usize) -> Task {
    let plan = Plan::built_in();
    Task {
        id: TaskId::Trial { trial: number, rung: 0, fold: Fold::from_index(0) },
        architecture: network(),
        data: plan.data,
        data_digest: "digest".into(),
        recipe: plan.recipe,
        device: plan.device,
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

fn number_of(answer: &Answer) -> usize {
    match answer {
        Answer::Trained(trained) => trained.losses[0] as usize,
        Answer::Scored(_) | Answer::Failed(_) => panic!("{answer:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Results come in the order of the jobs, each made once from its own answers, for any executor.
    #[test]
    fn all_is_done_once_and_in_order(sizes in prop::collection::vec(0usize..4, 0..12), n_threads in 1usize..5) {
        let n_finished = AtomicUsize::new(0);
        let mut next = 0;
        let jobs: Vec<Job<'_, Vec<usize>>> = sizes
            .iter()
            .map(|&size| {
                let numbers: Vec<usize> = (next..next + size).collect();
                next += size;
                if size == 0 {
                    return Job::Known(vec![999]);
                }
                let finish = |answers: Vec<Answer>| {
                    n_finished.fetch_add(1, Ordering::SeqCst);
                    Ok(answers.iter().map(number_of).collect())
                };
                Job::Open { tasks: numbers.into_iter().map(task).collect(), finish: Box::new(finish) }
            })
            .collect();
        let executor = Fake { n_threads, ..Fake::default() };
        let context = Context { executor: &executor, on_event: NO_EVENTS, stop: NEVER };
        let results = do_all(&context, &InMemory::default(), jobs).unwrap();
        let mut next = 0;
        for (size, result) in sizes.iter().zip(&results) {
            let expected: Vec<usize> = if *size == 0 { vec![999] } else { (next..next + size).collect() };
            prop_assert_eq!(result, &expected);
            next += size;
        }
        prop_assert_eq!(results.len(), sizes.len());
        prop_assert_eq!(n_finished.into_inner(), sizes.iter().filter(|size| **size > 0).count());
        // What is known is asked of nobody.
        prop_assert_eq!(executor.asked.lock().unwrap().len(), sizes.iter().sum::<usize>());
    }

    /// Once it is asked to stop, nothing is half done: what has all its answers is finished, the rest is not.
    #[test]
    fn a_stop_leaves_whole_results(n_jobs in 1usize..8, n_answers in 0usize..16) {
        let (n_given, finished) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let stop = || n_given.fetch_add(1, Ordering::SeqCst) >= n_answers;
        let finished_here = &finished;
        let jobs = (0..n_jobs).map(|job| Job::Open {
            tasks: vec![task(2 * job), task(2 * job + 1)],
            finish: Box::new(move |answers: Vec<Answer>| {
                finished_here.lock().unwrap().push((job, answers.len()));
                Ok(job)
            }),
        });
        let executor = Fake::default();
        let context = Context { executor: &executor, on_event: NO_EVENTS, stop: &stop };
        let done = do_all(&context, &InMemory::default(), jobs.collect());
        let finished = finished.into_inner().unwrap();
        prop_assert!(finished.iter().all(|(_, n_answers)| *n_answers == 2));
        prop_assert_eq!(finished.len(), n_jobs.min(n_answers / 2));
        prop_assert_eq!(done.is_ok(), n_answers >= 2 * n_jobs);
        prop_assert!(done.is_ok() || matches!(done, Err(RunError::Stopped)));
    }
}

#[test]
fn an_error_of_a_result_ends_the_work_and_is_returned() {
    let jobs = (0..4).map(|number| Job::Open {
        tasks: vec![task(number)],
        finish: Box::new(move |_| match number {
            2 => Err(RunError::new("the disk is full", "make room")),
            number => Ok(number),
        }),
    });
    let executor = Fake::default();
    let context = Context { executor: &executor, on_event: NO_EVENTS, stop: NEVER };
    let error = do_all(&context, &InMemory::default(), jobs.collect()).unwrap_err();
    assert_eq!(error.text(), "error: the disk is full\n  help: make room");
}

#[test]
fn a_task_and_an_answer_travel_as_documents() {
    let task = task(7);
    let text = serde_json::to_string(&task).unwrap();
    assert_eq!(serde_json::from_str::<Task>(&text).unwrap(), task);
    let answer = answer_of(&task);
    let Answer::Trained(mut trained) = answer.clone() else { panic!("{answer:?}") };
    let text = serde_json::to_string(&answer).unwrap();
    // Weights travel beside it.
    trained.weights.clear();
    assert_eq!(serde_json::from_str::<Answer>(&text).unwrap(), Answer::Trained(trained));
}

/// What each fold of a trial on a rung starts from.
fn starts(trials: &Trials<'_>, executor: &Fake, candidate: &Candidate, rung: usize) -> Vec<WeightKey> {
    trials.evaluate(&[candidate], rung, &|_, _| Ok(())).unwrap();
    let asked = std::mem::take(&mut *executor.asked.lock().unwrap());
    asked.into_iter().filter_map(|task| task.training?.start).collect()
}

fn of(trial: usize, rung: usize, fold: usize) -> WeightKey {
    WeightKey::Trial { trial, rung, fold: Fold::from_index(fold) }
}

fn prototype(fold: usize) -> WeightKey {
    WeightKey::Prototype { fold: Fold::from_index(fold) }
}

#[test]
fn each_fold_inherits_from_the_nearest_network_that_was_trained_for_it() {
    let (space, plan, weights, executor) =
        (space(), plan(Some(InheritFrom::Parent)), InMemory::default(), Fake::default());
    (0..2).for_each(|fold| weights.save(prototype(fold), &network(), b"").unwrap());
    let context = Context { executor: &executor, on_event: NO_EVENTS, stop: NEVER };
    let trials = Trials { plan: &plan, space: &space, data_digest: "digest", weights: &weights, context };
    // A trial without a parent starts from the prototype, on its second rung from its first where that trained the fold.
    let first = candidate(&space, 0, None);
    assert_eq!(starts(&trials, &executor, &first, 0), [prototype(0)]);
    assert_eq!(starts(&trials, &executor, &first, 1), [of(0, 0, 0), prototype(1)]);
    // Its child starts from its highest rung.
    let child = candidate(&space, 1, Some(0));
    assert_eq!(starts(&trials, &executor, &child, 0), [of(0, 1, 0)]);
    assert_eq!(starts(&trials, &executor, &child, 1), [of(1, 0, 0), of(0, 1, 1)]);
    // A child of one that never climbed starts from where that stood, and on the other fold from the prototype.
    let stopped = candidate(&space, 2, None);
    starts(&trials, &executor, &stopped, 0);
    let child = candidate(&space, 3, Some(2));
    assert_eq!(starts(&trials, &executor, &child, 0), [of(2, 0, 0)]);
    assert_eq!(starts(&trials, &executor, &child, 1), [of(3, 0, 0), prototype(1)]);
}

#[test]
fn trials_that_inherit_from_the_prototype_never_start_from_a_parent() {
    let (space, weights, executor) = (space(), InMemory::default(), Fake::default());
    (0..2).for_each(|fold| weights.save(prototype(fold), &network(), b"").unwrap());
    let context = Context { executor: &executor, on_event: NO_EVENTS, stop: NEVER };
    let inheriting = plan(Some(InheritFrom::Prototype));
    let trials =
        Trials { plan: &inheriting, space: &space, data_digest: "digest", weights: &weights, context };
    starts(&trials, &executor, &candidate(&space, 0, None), 1);
    let child = candidate(&space, 1, Some(0));
    assert_eq!(starts(&trials, &executor, &child, 0), [prototype(0)]);
    let expected = [of(1, 0, 0), prototype(1)];
    assert_eq!(starts(&trials, &executor, &child, 1), expected);
    let alone = plan(None);
    let trials = Trials { plan: &alone, ..trials };
    assert_eq!(starts(&trials, &executor, &child, 1), []);
}

/// What two candidates have on the second rung, with so many workers, and the tasks that it took.
fn measured(n_workers: usize) -> (Vec<Option<Measured>>, usize) {
    let (space, plan, weights) = (space(), plan(None), InMemory::default());
    let (dataset, split) = data(&plan);
    let workers = NonZeroUsize::new(n_workers).unwrap();
    let executor = LocalThreads::new(&dataset, &split, workers);
    let n_answered = AtomicUsize::new(0);
    let on_event = |event: RunEvent<'_>| {
        if let RunEvent::Answered { .. } = event {
            n_answered.fetch_add(1, Ordering::SeqCst);
        }
    };
    let context = Context { executor: &executor, on_event: &on_event, stop: NEVER };
    let trials =
        Trials { plan: &plan, space: &space, data_digest: &dataset.digest, weights: &weights, context };
    let (one, other) = (candidate(&space, 0, None), candidate(&space, 1, None));
    let found = Mutex::new(vec![None; 2]);
    let keep = |index: usize, measured| {
        found.lock().unwrap()[index] = Some(measured);
        Ok(())
    };
    trials.evaluate(&[&one, &other], 1, &keep).unwrap();
    (found.into_inner().unwrap(), n_answered.into_inner())
}

#[test]
fn folds_are_tasks_of_their_own_and_results_do_not_depend_on_the_workers() {
    let (one, n_tasks) = measured(1);
    assert_eq!(n_tasks, 4);
    assert_eq!(measured(3).0, one);
    for measured in one {
        let Some(Measured::Trained(trained)) = measured else { panic!("{measured:?}") };
        assert_eq!((trained.folds.len(), trained.losses.len()), (2, 2));
        assert!(trained.reactions.is_some() && trained.scores.is_none());
    }
}

#[test]
fn the_first_fold_that_fails_says_why_a_trial_failed() {
    let (space, weights) = (space(), InMemory::default());
    let mut plan = plan(None);
    plan.recipe.learning_rate = 1e30;
    let (dataset, split) = data(&plan);
    let n_workers = NonZeroUsize::new(2).unwrap();
    let executor = LocalThreads::new(&dataset, &split, n_workers);
    let context = Context { executor: &executor, on_event: NO_EVENTS, stop: NEVER };
    let trials =
        Trials { plan: &plan, space: &space, data_digest: &dataset.digest, weights: &weights, context };
    let reason = |rung: usize| {
        let found = Mutex::new(None);
        let keep = |_, measured| {
            *found.lock().unwrap() = Some(measured);
            Ok(())
        };
        trials.evaluate(&[&candidate(&space, 0, None)], rung, &keep).unwrap();
        match found.into_inner().unwrap() {
            Some(Measured::Failed(reason)) => reason,
            found => panic!("{found:?}"),
        }
    };
    // The first rung trains the first fold, the second rung both for as long.
    assert!(!reason(0).is_empty());
    assert_eq!(reason(1), reason(0));
}

#[test]
fn a_task_for_other_data_is_an_error_and_no_result() {
    let (plan, weights) = (plan(None), InMemory::default());
    let (dataset, split) = data(&plan);
    let executor = LocalThreads::new(&dataset, &split, NonZeroUsize::MIN);
    let error =
        executor.run(&[task(0)], &weights, NO_EVENTS, NEVER, &|_, answer| panic!("{answer:?}")).unwrap_err();
    assert!(error.to_string().contains("is a task for other data"), "{error}");
}

#[test]
fn nobody_who_is_held_out_has_a_part_in_a_training_from_scratch() {
    let plan = plan(None);
    let (mut dataset, split) = data(&plan);
    let graph = Graph::new(&network()).unwrap();
    let answer = |dataset: &Dataset, fold: usize| {
        let training = TrainingTask {
            judged_on: JudgedOn::Fold(Fold::from_index(fold)),
            epochs: 1,
            seed: 9,
            start: None,
            is_probed: false,
        };
        let task = Task {
            id: TaskId::Audit { trial: 3, fold: Fold::from_index(fold) },
            architecture: graph.spec(),
            data_digest: dataset.digest.clone(),
            is_scored: false,
            training: Some(training),
            ..task(0)
        };
        let weights = InMemory::default();
        let executor = LocalThreads::new(dataset, &split, NonZeroUsize::MIN);
        let found = Mutex::new(None);
        let keep = |_, answer| {
            *found.lock().unwrap() = Some(answer);
            Ok(())
        };
        executor.run(&[task], &weights, NO_EVENTS, NEVER, &keep).unwrap();
        found.into_inner().unwrap().unwrap()
    };
    let folds = 0..split.folds.len();
    let before: Vec<Answer> = folds.clone().map(|fold| answer(&dataset, fold)).collect();
    let blacken = |dataset: &mut Dataset, samples: &[usize]| {
        for &sample in samples {
            dataset.samples[sample].pixels.fill(0);
            dataset.samples[sample].class = 0;
        }
    };
    assert!(!split.held_out.is_empty());
    blacken(&mut dataset, &split.held_out);
    let after: Vec<Answer> = folds.map(|fold| answer(&dataset, fold)).collect();
    assert_eq!(after, before);
    // The others do have one: a fold's faces in the trainings on the other folds.
    blacken(&mut dataset, &split.folds[0]);
    assert_ne!(answer(&dataset, 1), before[1]);
}

/// Every executor, for this data. A new one is added here.
fn executors<'a>(dataset: &'a Dataset, split: &'a Split) -> Vec<(&'static str, Box<dyn Executor + 'a>)> {
    let local = |n_workers| LocalThreads::new(dataset, split, NonZeroUsize::new(n_workers).unwrap());
    vec![
        ("one thread", Box::new(local(1))),
        ("three threads", Box::new(local(3))),
        ("a fake", Box::new(Fake { n_threads: 2, ..Fake::default() })),
    ]
}

/// Short trainings of one network, each with another seed.
fn trainings(plan: &Plan, dataset: &Dataset) -> Vec<Task> {
    let graph = Graph::new(&network()).unwrap();
    (0..5)
        .map(|trial| Task {
            architecture: graph.spec(),
            data: plan.data.clone(),
            data_digest: dataset.digest.clone(),
            is_scored: trial == 0,
            training: Some(TrainingTask {
                judged_on: JudgedOn::Fold(Fold::from_index(0)),
                epochs: 1,
                seed: trial as u64,
                start: None,
                is_probed: trial == 1,
            }),
            ..task(trial)
        })
        .collect()
}

#[test]
fn every_executor_answers_each_task_once_and_alike() {
    let plan = plan(None);
    let (dataset, split) = data(&plan);
    let tasks = trainings(&plan, &dataset);
    let mut local: Option<Vec<Answer>> = None;
    for (name, executor) in executors(&dataset, &split) {
        let answers = Mutex::new(vec![None; tasks.len()]);
        let keep = |index: usize, answer| {
            let before = answers.lock().unwrap()[index].replace(answer);
            assert!(before.is_none(), "{name} answers task {index} twice");
            Ok(())
        };
        executor.run(&tasks, &InMemory::default(), NO_EVENTS, NEVER, &keep).unwrap();
        let answers: Vec<Answer> =
            answers.into_inner().unwrap().into_iter().map(|answer| answer.expect(name)).collect();
        if name.ends_with("threads") || name.ends_with("thread") {
            assert_eq!(*local.get_or_insert_with(|| answers.clone()), answers, "{name}");
        }
    }
}

#[test]
fn no_executor_begins_anything_after_a_stop_or_an_error() {
    let plan = plan(None);
    let (dataset, split) = data(&plan);
    let tasks = trainings(&plan, &dataset);
    for (name, executor) in executors(&dataset, &split) {
        let weights = InMemory::default();
        let none = |index: usize, _| panic!("{name} answers task {index} after a stop");
        executor.run(&tasks, &weights, NO_EVENTS, &|| true, &none).unwrap();
        let n_answers = AtomicUsize::new(0);
        let refused = |_: usize, _| {
            n_answers.fetch_add(1, Ordering::SeqCst);
            Err(RunError::new("the disk is full", "make room"))
        };
        let error = executor.run(&tasks, &weights, NO_EVENTS, NEVER, &refused).unwrap_err();
        assert_eq!(error.to_string(), "the disk is full", "{name}");
        // What was at work may end; nothing more is begun.
        assert!(n_answers.into_inner() <= 3, "{name}");
    }
}

/// Counts how many tasks are at work at once.
#[derive(Default)]
struct Counting {
    at_work: AtomicUsize,
    most: AtomicUsize,
}

impl Weights for Counting {
    fn contains(&self, _: &WeightKey) -> Result<bool, RunError> {
        Ok(true)
    }

    fn load(&self, _: &WeightKey, _: Device) -> Result<Deployed, RunError> {
        let at_work = self.at_work.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(at_work, Ordering::SeqCst);
        std::thread::sleep(std::time::Duration::from_millis(10));
        self.at_work.fetch_sub(1, Ordering::SeqCst);
        Err(RunError::new("there are no weights", "none are needed"))
    }

    fn save(&self, _: WeightKey, _: &ArchitectureSpec, _: &[u8]) -> Result<(), RunError> {
        Ok(())
    }
}

#[test]
fn calls_side_by_side_share_the_cores_of_local_threads() {
    let plan = plan(None);
    let (dataset, split) = data(&plan);
    let inherits = |task: Task| {
        let training = TrainingTask { start: Some(prototype(0)), ..task.training.clone().unwrap() };
        Task { training: Some(training), ..task }
    };
    let tasks: Vec<Task> = trainings(&plan, &dataset).into_iter().map(inherits).collect();
    let executor = LocalThreads::new(&dataset, &split, NonZeroUsize::new(2).unwrap());
    let weights = Counting::default();
    std::thread::scope(|scope| {
        for task in &tasks {
            let (executor, weights) = (&executor, &weights);
            scope.spawn(move || {
                executor.run(std::slice::from_ref(task), weights, NO_EVENTS, NEVER, &|_, _| Ok(()))
            });
        }
    });
    assert!((1..=2).contains(&weights.most.into_inner()));
}
