//! Networks as crates: built with warnings denied, and tested on samples by their own tests.

#![allow(clippy::unwrap_used)]

mod networks;

use std::fs;
use std::process::Command;

use netsynth_data::Normalisation;
use netsynth_export::{File, Interface, Plan, Sample, rust};
use networks::{ALL_OPERATORS, image, network};

fn written(text: &str, normalisation: Option<Normalisation>) -> Vec<File> {
    let network = network(text, 5);
    let plan = Plan::new(&network).unwrap();
    let labels = (0..plan.classes()).map(|class| format!("\"{class}\" \\ ü")).collect();
    let interface = Interface { labels, normalisation, preparation: "It is cut out.".to_owned() };
    let sample = |seed: usize| {
        let numbers = image(&network, seed);
        let Some(normalisation) = normalisation else {
            return Sample::of_planes(&numbers, plan.input(), network.scores(numbers.clone(), 1));
        };
        let levels: Vec<f32> = numbers.iter().map(|x| ((x + 1.0) * 120.0).floor()).collect();
        let mut prepared = levels.clone();
        normalisation.apply(&mut prepared);
        Sample::of_planes(&levels, plan.input(), network.scores(prepared, 1))
    };
    rust(&plan, &interface, &[sample(0), sample(1), sample(2)]).files
}

/// Writes the crate and runs its tests, with a compiler's every warning denied.
fn tested(files: &[File]) {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        let path = folder.path().join(&file.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &file.bytes).unwrap();
    }
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["test", "--offline", "--examples", "--tests", "--lib"]).current_dir(folder.path());
    cargo
        .env("CARGO_TARGET_DIR", folder.path().join("target"))
        .env("RUSTFLAGS", "-D warnings -C opt-level=1");
    let output = cargo.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    assert!(text(&output.stdout).contains("the_logits_of_samples_are_known ... ok"));
}

#[test]
fn every_operator_as_a_crate_gives_the_logits() {
    tested(&written(ALL_OPERATORS, None));
    tested(&written(ALL_OPERATORS, Some(Normalisation::PerImage)));
}

#[test]
fn a_published_network_as_a_crate_gives_the_logits() {
    tested(&written(include_str!("../../../prototypes/nano-b.ron"), Some(Normalisation::UnitInterval)));
}
