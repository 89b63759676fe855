//! Networks in C: compiled with every warning and the sanitizers of the compilers that are there, and run on samples.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod networks;

use std::fs;
use std::path::{Path, PathBuf};
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

/// A compiler, the options that it knows, and what runs its programs, if not this machine.
struct Compiler {
    name: &'static str,
    options: Vec<&'static str>,
    runner: Option<&'static str>,
}

impl Compiler {
    fn compile(&self, sources: &[PathBuf], program: &Path) -> Command {
        let mut compile = Command::new(self.name);
        compile.args(&self.options).args(sources).arg("-o").arg(program).arg("-lm");
        compile
    }

    fn run(&self, program: &Path) -> Command {
        match self.runner {
            None => Command::new(program),
            Some(runner) => {
                let mut run = Command::new(runner);
                run.arg(program);
                run
            }
        }
    }
}

/// The compilers that are there: not every one has sanitizers, and another machine's needs an emulator.
fn compilers() -> &'static [Compiler] {
    static FOUND: OnceLock<Vec<Compiler>> = OnceLock::new();
    FOUND.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let (source, program) = (folder.path().join("empty.c"), folder.path().join("empty"));
        fs::write(&source, "int main(void)\n{\n    return 0;\n}\n").unwrap();
        let works = |compiler: &Compiler| {
            let succeeds =
                |mut command: Command| command.output().is_ok_and(|output| output.status.success());
            succeeds(compiler.compile(std::slice::from_ref(&source), &program))
                && succeeds(compiler.run(&program))
        };
        let with = |name, more: &[&'static str], runner| {
            let options = [&STRICT[..], more].concat();
            Some(Compiler { name, options, runner }).filter(works)
        };
        let here =
            ["gcc", "clang"].map(|name| with(name, &SANITIZERS, None).or_else(|| with(name, &[], None)));
        let arm = with("aarch64-linux-gnu-gcc", &["-static"], Some("qemu-aarch64"));
        let found: Vec<Compiler> = here.into_iter().chain([arm]).flatten().collect();
        let names: Vec<&str> = found.iter().map(|compiler| compiler.name).collect();
        eprintln!("of gcc, clang and, with qemu-aarch64, aarch64-linux-gnu-gcc there are {names:?}");
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
    for compiler in compilers() {
        let program = folder.path().join(compiler.name);
        let sources = ["network.c", "test.c"].map(|file| folder.path().join(file));
        let what = format!("{}: {what}", compiler.name);
        run(&mut compiler.compile(&sources, &program), &what);
        printed = String::from_utf8(run(&mut compiler.run(&program), &what).stdout).unwrap();
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
        .map(|program| program.files)
}

#[test]
fn every_operator_in_c_gives_the_logits_without_a_warning() {
    let kinds =
        [None, Some(Normalisation::PerImage), Some(Normalisation::Dataset { mean: 100.25, sd: 41.5 })];
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
    let mut runner = TestRunner::new(Config { cases: 3, ..Config::default() });
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
