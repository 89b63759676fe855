//! Laws of tasks: how trials become tasks, and what is made of their answers, for any executor.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod small;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use netsynth_run::{Answer, Context, InMemory, Job, RunError, Task, Trials, WeightKey, Weights, do_all};
use netsynth_search::{Candidate, Evaluator};
use netsynth_store::Fold;
use netsynth_train::InheritFrom;
use proptest::prelude::*;

use small::*;

fn number_of(answer: &Answer) -> usize {
    match answer {
        Answer::Trained(trained) => trained.losses[0] as usize,
        Answer::Told(_) | Answer::Scored(_) | Answer::Failed(_) => panic!("{answer:?}"),
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
