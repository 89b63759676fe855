//! Laws of executors: each task is answered once and alike, and nothing that is not its own doing is an answer.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::expect_used)]

mod small;

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use netsynth_data::{Dataset, Split};
use netsynth_graph::{ArchitectureSpec, Graph};
use netsynth_run::{
    Answer, Context, Executor, InMemory, JudgedOn, LocalThreads, Plan, Remembered, RunError, RunEvent, Task,
    TaskId, TrainingTask, Trials, WeightKey, Weights,
};
use netsynth_search::{Evaluator, Measured};
use netsynth_store::{Attempts, Fold};
use netsynth_train::{Deployed, Device};

use small::*;

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

/// A task whose network begins at random.
fn from_scratch(number: usize) -> Task {
    let task = task(number);
    let training = task.training.map(|training| TrainingTask { start: None, ..training });
    Task { training, ..task }
}

#[test]
fn what_was_answered_before_a_command_was_cut_off_is_not_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let kept = Attempts::at(folder.path().join("kept"));
    let answers_of = |fake: &Fake, tasks: &[Task], most: usize| {
        let found = Mutex::new(vec![None; tasks.len()]);
        let n_found = AtomicUsize::new(0);
        let keep = |index: usize, answer| {
            n_found.fetch_add(1, Ordering::SeqCst);
            found.lock().unwrap()[index] = Some(answer);
            Ok(())
        };
        let stop = || n_found.load(Ordering::SeqCst) >= most;
        let remembered = Remembered::new(fake, kept.clone());
        remembered.run(tasks, &InMemory::default(), NO_EVENTS, &stop, &keep).unwrap();
        found.into_inner().unwrap()
    };
    let asked = |fake: Fake| fake.asked.into_inner().unwrap();
    // The last starts from another network, which may be another the next time.
    let tasks = [from_scratch(0), from_scratch(1), from_scratch(2), task(3)];
    let expected: Vec<Option<Answer>> = tasks.iter().map(|task| Some(answer_of(task))).collect();

    // Answered from the last on: two are there when it is cut off.
    let first = Fake::default();
    let found = answers_of(&first, &tasks, 2);
    assert_eq!(found, [None, None, expected[2].clone(), expected[3].clone()]);
    let again = Fake::default();
    assert_eq!(answers_of(&again, &tasks, usize::MAX), expected);
    assert_eq!(asked(again), [tasks[0].clone(), tasks[1].clone(), tasks[3].clone()]);

    // Another recipe is another task, and what is not whole is no answer.
    let mut other = from_scratch(0);
    other.recipe.learning_rate /= 2.0;
    let damaged = kept.attempt(&tasks[1].name().unwrap(), 1).path().join("answer.json");
    std::fs::write(damaged, "{").unwrap();
    let third = Fake::default();
    answers_of(&third, &[other.clone(), tasks[1].clone(), tasks[2].clone()], usize::MAX);
    assert_eq!(asked(third), [other, tasks[1].clone()]);
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
