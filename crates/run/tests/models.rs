//! Every network that a run keeps is found by its folder, with how it is used.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod small;

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use netsynth_run::{Context, LocalThreads, Model, RunError, Search, model, search};
use netsynth_store::NewRun;
use netsynth_train::InheritFrom;
use small::{NEVER, NO_EVENTS, plan};

/// A search of three trials that inherit, to its end.
fn searched(home: &Path) -> PathBuf {
    let mut plan = plan(Some(InheritFrom::Parent));
    (plan.search.n_trials, plan.search.generation_size) = (3, 3);
    plan.search.indicator.constraints.clear();
    (plan.final_epochs, plan.space) = (1, "emotionnet".to_owned());
    let planned = Search::new(plan, NonZeroUsize::MIN, NO_EVENTS).unwrap();
    let folder = planned.begin(&NewRun::At(home.join("run"))).unwrap();
    let executor = LocalThreads::new(&planned.dataset, &planned.split, planned.n_workers);
    let context = Context { executor: &executor, on_event: NO_EVENTS, stop: NEVER };
    search(&planned, &folder, &context).unwrap();
    home.join("run")
}

fn found(path: &Path) -> Model {
    model(path, None, NO_EVENTS).unwrap_or_else(|error| panic!("{}", error.text()))
}

fn refused(path: &Path) -> RunError {
    model(path, None, NO_EVENTS).err().expect("it is refused")
}

#[test]
fn networks_are_found_where_the_run_keeps_them() {
    let home = tempfile::tempdir().unwrap();
    let run = searched(home.path());

    let variant = found(&run.join("variants/nano-a"));
    assert_eq!(variant.name, "nano-a");
    let usage = variant.usage.unwrap();
    assert_eq!((usage.classes.len(), usage.options.height), (7, 12));
    let lessons = variant.origin.unwrap().lessons(None, NO_EVENTS).unwrap();
    let subjects = |samples: &[usize]| -> Vec<_> {
        samples.iter().map(|&sample| lessons.dataset.samples[sample].subject).collect()
    };
    let trained_on = subjects(&lessons.trained_on);
    assert!(!lessons.judged_on.is_empty());
    assert!(subjects(&lessons.judged_on).iter().all(|judged| !trained_on.contains(judged)));
    // What it reads of a sample is what it was judged on: mean 0 and deviation 1.
    let numbers = usage.prepared(&lessons.dataset.samples[lessons.judged_on[0]].pixels);
    let mean = numbers.iter().sum::<f32>() / numbers.len() as f32;
    assert!(mean.abs() < 1e-4 && numbers.len() == 12 * 12, "{mean}");

    for (place, name) in [("trials/00000", "trial-0"), ("prototype/folds/01", "emotionnet")] {
        let Model { name: found_name, network, usage: found_usage, origin } = found(&run.join(place));
        assert_eq!(found_usage.unwrap(), usage, "{place}");
        assert!(place.starts_with("prototype") || found_name == name, "{found_name}");
        assert_eq!(network.scores(numbers.clone(), 1).len(), 7);
        // The first fold judged both.
        let lessons = origin.unwrap().lessons(None, NO_EVENTS).unwrap();
        assert!(lessons.judged_on.len() < lessons.trained_on.len());
    }

    // A copy elsewhere is a network, but does not say how it is used.
    let copy = home.path().join("copy");
    fs::create_dir(&copy).unwrap();
    for file in ["architecture.ron", "weights.safetensors"] {
        fs::copy(run.join("variants/nano-a").join(file), copy.join(file)).unwrap();
    }
    let copied = found(&copy);
    assert!(copied.usage.is_none() && copied.origin.is_none());
    assert_eq!(copied.network.scores(numbers.clone(), 1), variant.network.scores(numbers, 1));

    let whole = refused(&run);
    assert!(whole.to_string().contains("whole run") && whole.remedy().contains("variants/nano-a"), "{whole}");
    assert!(refused(&run.join("generators")).to_string().contains("holds no network"));
    assert!(refused(&run.join("variants/nano-a/weights.safetensors")).to_string().contains("is a file"));
    assert!(refused(&run.join("nowhere")).remedy().contains("variant"));
    // A bit that changed is noticed before anything is made of it.
    fs::write(run.join("variants/nano-b/weights.safetensors"), b"other").unwrap();
    assert!(refused(&run.join("variants/nano-b")).to_string().contains("damaged"));
}

#[test]
fn a_trial_whose_weights_were_not_kept_is_refused_with_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let run = searched(home.path());
    for file in ["rung-0-fold-01", "rung-1-fold-01"] {
        let _ = fs::remove_file(run.join(format!("trials/00001/{file}.safetensors")));
    }
    let error = refused(&run.join("trials/00001"));
    assert!(
        error.to_string().contains("kept no weights") && error.remedy().contains("netsynth train"),
        "{error}"
    );
}
