//! Every network that a run keeps is found by its folder, with how it is used.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod small;

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use netsynth_run::{
    Context, LocalThreads, Method, Model, RunError, Search, attribution, known_variant, model, pack, search,
    unpack,
};
use netsynth_search::{Confusion, Variant};
use netsynth_store::{NewRun, RunFolder};
use netsynth_train::{InheritFrom, likeliest};
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
        let Model { name: found_name, network, usage: found_usage, origin, .. } = found(&run.join(place));
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
    let alone = refused(&run.join("variants/nano-a/weights.safetensors"));
    assert!(alone.to_string().contains("weights.safetensors: it holds weights and nothing else"), "{alone}");
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

#[test]
fn a_variant_says_of_the_held_out_images_what_was_recorded() {
    let home = tempfile::tempdir().unwrap();
    let run = searched(home.path());
    let variant = found(&run.join("variants/nano-b"));
    let (usage, lessons) =
        (variant.usage.unwrap(), variant.origin.unwrap().lessons(None, NO_EVENTS).unwrap());
    let mut confusion = Confusion::new(usage.classes.len());
    for &sample in &lessons.judged_on {
        let sample = &lessons.dataset.samples[sample];
        let probabilities = usage.probabilities(&variant.network, &sample.pixels);
        assert!((probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        confusion.0[sample.class][likeliest(&probabilities)] += 1;
    }
    let metrics = known_variant(&RunFolder::open(&run).unwrap(), Variant::NanoB).unwrap().unwrap();
    assert_eq!(confusion, metrics.held_out_confusion);
    let certificate = variant.certificate.unwrap();
    assert_eq!(Some(certificate.accuracy), metrics.held_out_accuracy);
    assert_eq!((certificate.n_people, certificate.n_images), (2, metrics.n_held_out_images as u64));
}

#[test]
fn a_packed_model_is_read_whole_and_any_damage_is_noticed() {
    let home = tempfile::tempdir().unwrap();
    let run = searched(home.path());
    let variant = found(&run.join("variants/nano-a"));
    let packed = pack(&variant).unwrap();
    let path = home.path().join("nano-a.netsynth");
    fs::write(&path, &packed).unwrap();
    let again = found(&path);
    assert_eq!((again.name.as_str(), again.certificate), ("nano-a", variant.certificate));
    let usage = variant.usage.as_ref().unwrap();
    let read = again.usage.as_ref().unwrap();
    assert_eq!((&read.classes, read.normalisation), (&usage.classes, usage.normalisation));
    let sample = vec![90; 12 * 12];
    assert_eq!(read.probabilities(&again.network, &sample), usage.probabilities(&variant.network, &sample));
    assert_eq!(pack(&again).unwrap(), packed);

    for length in (0..packed.len()).step_by(packed.len() / 200) {
        assert!(unpack(&packed[..length]).is_err(), "cut to {length}");
    }
    for at in (0..packed.len()).step_by(packed.len() / 400) {
        for bit in [0, 5] {
            let mut damaged = packed.clone();
            damaged[at] ^= 1 << bit;
            assert!(unpack(&damaged).is_err(), "bit {bit} of byte {at}");
        }
    }
    // What is missing in the document is named.
    let text = String::from_utf8_lossy(&packed);
    let start = text.find("    usage: (").unwrap_or_else(|| text.find("usage: (").unwrap());
    let mut without = packed.clone();
    without[start..start + 12].copy_from_slice(b"    ubage: (");
    fs::write(&path, without).unwrap();
    let error = refused(&path);
    assert!(
        error.to_string().contains("ubage") && error.to_string().contains("nano-a.netsynth: "),
        "{error}"
    );
}

#[test]
fn what_a_label_rests_on_is_found_and_measured() {
    let home = tempfile::tempdir().unwrap();
    let run = searched(home.path());
    let variant = found(&run.join("variants/nano-a"));
    let (usage, network) = (variant.usage.unwrap(), variant.network);
    let lessons = variant.origin.unwrap().lessons(None, NO_EVENTS).unwrap();
    let levels = &lessons.dataset.samples[lessons.judged_on[0]].pixels;
    let probabilities = usage.probabilities(&network, levels);
    let class = likeliest(&probabilities);
    for method in Method::ALL {
        let found = attribution(method, &network, &usage, levels, class, 1);
        assert_eq!((found.map.len(), found.removals.len()), (12 * 12, 3));
        assert!(
            found.map.iter().any(|value| *value != 0.0) && found.map.iter().all(|value| value.is_finite())
        );
        for removal in &found.removals {
            for after in [removal.named, removal.moved, removal.random] {
                assert!((0.0..=1.0).contains(&after.probability) && (0.0..=1.0).contains(&after.kept));
            }
        }
        // The same again.
        assert_eq!(attribution(method, &network, &usage, levels, class, 1), found);
    }

    // The gradient is the slope of the logarithm of the probability.
    let pixels = usage.prepared(levels);
    let gradient = network.gradient(pixels.clone(), class);
    let logarithm = |pixels: Vec<f32>| f64::from(network.predict(pixels, 1)[class]).ln();
    let step = 1e-2_f32;
    for at in [30, 66, 77, 100] {
        let moved = |by: f32| {
            let mut pixels = pixels.clone();
            pixels[at] += by;
            logarithm(pixels)
        };
        let slope = (moved(step) - moved(-step)) / f64::from(2.0 * step);
        assert!(
            (slope - f64::from(gradient[at])).abs() < 2e-3 + 0.1 * slope.abs(),
            "{at}: {slope} {}",
            gradient[at]
        );
    }
}
