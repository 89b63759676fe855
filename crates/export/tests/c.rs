//! Networks in C: compiled with every warning and the sanitizers of the compilers that are there, and run on samples.

#![allow(clippy::unwrap_used)]

mod networks;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::OnceLock;

use netsynth_data::Normalisation;
use netsynth_export::{File, Interface, Plan, Quantised, Sample, c};
use networks::{ALL_OPERATORS, drawn, image, network};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

const STRICT: [&str; 7] =
    ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O1", "-ffp-contract=fast"];

const SANITIZERS: [&str; 2] = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

/// The compilers that are there, with the options that they know: not every one has sanitizers.
fn compilers() -> &'static [(&'static str, Vec<&'static str>)] {
    static FOUND: OnceLock<Vec<(&str, Vec<&str>)>> = OnceLock::new();
    FOUND.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("empty.c");
        fs::write(&source, "int main(void)\n{\n    return 0;\n}\n").unwrap();
        let compiles = |compiler: &str, options: &[&str]| {
            let mut compile = Command::new(compiler);
            compile.args(options).arg(&source).arg("-o").arg(folder.path().join("empty"));
            compile.output().is_ok_and(|output| output.status.success())
        };
        let sanitized = [&STRICT[..], &SANITIZERS].concat();
        let options_of = |compiler| {
            [sanitized.clone(), STRICT.to_vec()].into_iter().find(|options| compiles(compiler, options))
        };
        let found: Vec<_> =
            ["gcc", "clang"].into_iter().filter_map(|name| Some((name, options_of(name)?))).collect();
        if found.is_empty() {
            eprintln!("skipped: there is neither gcc nor clang");
        }
        found
    })
}

fn run(command: &mut Command, what: &str) -> Output {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{what}\n{}\n{}", text(&output.stdout), text(&output.stderr));
    output
}

/// Writes the files, compiles them with each compiler and runs their test; what it prints.
fn tested(files: &[File], what: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        fs::write(folder.path().join(&file.path), &file.bytes).unwrap();
    }
    let mut printed = String::new();
    for (compiler, options) in compilers() {
        let program = folder.path().join(compiler);
        let sources = ["network.c", "test.c"].map(|file| folder.path().join(file));
        let mut compile = Command::new(compiler);
        compile.args(options).args(&sources).arg("-o").arg(&program).arg("-lm");
        run(&mut compile, &format!("{compiler}: {what}"));
        let output = run(&mut Command::new(Path::new(&program)), &format!("{compiler}: {what}"));
        printed = String::from_utf8(output.stdout).unwrap();
    }
    printed
}

/// Levels pixel by pixel of an image, so that their mean and deviation are no round numbers.
fn levels(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().map(|x| ((x + 1.0) * 120.0) as u8).collect()
}

/// Both kinds of program of a network, with samples.
fn both(text: &str, seed: u64, normalisation: Option<Normalisation>) -> [Vec<File>; 2] {
    let network = network(text, seed);
    let plan = Plan::new(&network).unwrap();
    let labels = (0..plan.classes()).map(|class| format!("\"{class}\" \\ ?\u{3f}/ ü */")).collect();
    let interface = Interface { labels, normalisation, preparation: "It is cut out. */".to_owned() };
    let levels: Vec<Vec<u8>> = (0..4).map(|seed| levels(&image(&network, seed))).collect();
    let numbers: Vec<Vec<f32>> = levels
        .iter()
        .enumerate()
        .map(|(seed, levels)| match normalisation {
            Some(_) => interface.numbers(levels),
            None => image(&network, seed),
        })
        .collect();
    let integers = Quantised::new(&plan, &numbers).unwrap();
    let sample = |(levels, numbers): (&Vec<u8>, &Vec<f32>), logits: Vec<f32>| {
        let planes: Vec<f32> = match normalisation {
            Some(_) => levels.iter().copied().map(f32::from).collect(),
            None => numbers.clone(),
        };
        Sample::of_planes(&planes, plan.input(), logits)
    };
    let pairs = || levels.iter().zip(&numbers);
    let floats: Vec<Sample> = pairs().map(|pair| sample(pair, network.scores(pair.1.clone(), 1))).collect();
    let exact: Vec<Sample> =
        pairs().map(|pair| sample(pair, integers.logits(&plan, &integers.run(&plan, pair.1)))).collect();
    [c(&plan, None, &interface, &floats), c(&plan, Some(&integers), &interface, &exact)]
}

#[test]
fn every_operator_in_c_gives_the_logits_without_a_warning() {
    let kinds = [
        None,
        Some(Normalisation::UnitInterval),
        Some(Normalisation::PerImage),
        Some(Normalisation::Dataset { mean: 100.25, sd: 41.5 }),
    ];
    for normalisation in kinds {
        for files in both(ALL_OPERATORS, 5, normalisation) {
            let printed = tested(&files, &format!("{normalisation:?}"));
            assert!(printed.is_empty() || printed.starts_with("4 of 4 classes equal"), "{printed}");
        }
    }
}

#[test]
fn a_published_network_in_c_gives_the_logits_in_the_arena_that_was_planned() {
    let nano_b = include_str!("../../../prototypes/nano-b.ron");
    for (files, bytes) in both(nano_b, 1, Some(Normalisation::PerImage)).iter().zip([4 * 117504, 117504]) {
        let printed = tested(files, "nano-b");
        assert!(printed.is_empty() || printed.ends_with(&format!("arena {bytes} bytes\n")), "{printed}");
    }
}

#[test]
fn random_networks_in_c_give_their_logits() {
    let mut runner = TestRunner::new(Config { cases: 6, ..Config::default() });
    let networks = (proptest::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), 0..12), 0u64..100);
    let outcome = runner.run(&networks, |(numbers, seed)| {
        let text = drawn(&numbers);
        for files in both(&text, seed, Some(Normalisation::PerImage)) {
            tested(&files, &text);
        }
        Ok(())
    });
    outcome.unwrap();
}
