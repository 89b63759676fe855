//! Networks in C: compiled with every warning and the sanitizers of the compilers that are there, and run on samples.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod networks;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use netsynth_data::Normalisation;
use netsynth_export::File;
use networks::{ALL_OPERATORS, both, drawn, shapes};
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
    fn description(&self) -> String {
        format!("{} {}", self.name, self.options[STRICT.len()..].join(" "))
    }

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

/// The options by which this machine's compilers take each form of the convolutions that it can run.
fn forms() -> Vec<Vec<&'static str>> {
    let mut forms = vec![vec![], vec!["-DNETWORK_PLAIN"]];
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            forms.push(vec!["-mavx2", "-mfma"]);
        }
        if is_x86_feature_detected!("avx512vnni") && is_x86_feature_detected!("avx512vl") {
            forms.push(vec!["-mavx2", "-mfma", "-mavx512vl", "-mavx512vnni"]);
        }
    }
    forms
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
        let here = |name, form: &[&'static str]| {
            with(name, &[form, &SANITIZERS].concat(), None).or_else(|| with(name, form, None))
        };
        let arm = |form| with("aarch64-linux-gnu-gcc", &["-static", form], Some("qemu-aarch64"));
        let forms = forms().into_iter().map(|form| here("gcc", &form));
        let others = [
            here("clang", &[]),
            here("clang", &["-DNETWORK_PLAIN"]),
            arm("-march=armv8-a"),
            arm("-march=armv8.2-a+dotprod"),
            arm("-DNETWORK_PLAIN"),
        ];
        let found: Vec<Compiler> = forms.chain(others).flatten().collect();
        let names: Vec<String> = found.iter().map(Compiler::description).collect();
        eprintln!("of gcc, clang and, with qemu-aarch64, aarch64-linux-gnu-gcc there are {names:#?}");
        found
    })
}

fn run(command: &mut Command, what: &str) -> Output {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{what}\n{}\n{}", text(&output.stdout), text(&output.stderr));
    output
}

/// Writes the files, compiles them with each of these compilers and runs their test; what it prints.
fn tested(files: &[File], what: &str, compilers: &[Compiler]) -> String {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        fs::write(folder.path().join(&file.path), &file.bytes).unwrap();
    }
    let mut printed = String::new();
    for compiler in compilers {
        let program = folder.path().join(compiler.name);
        let sources = ["network.c", "test.c"].map(|file| folder.path().join(file));
        let what = format!("{}: {what}", compiler.description());
        run(&mut compiler.compile(&sources, &program), &what);
        printed = String::from_utf8(run(&mut compiler.run(&program), &what).stdout).unwrap();
    }
    printed
}

#[test]
fn every_operator_in_c_gives_the_logits_without_a_warning() {
    let all = compilers();
    // How an image is read is one function, the same in every form.
    let kinds = [
        (Some(Normalisation::PerImage), all),
        (None, &all[..all.len().min(1)]),
        (Some(Normalisation::Dataset { mean: 100.25, sd: 41.5 }), &all[..all.len().min(1)]),
    ];
    for (normalisation, compilers) in kinds {
        for files in both(ALL_OPERATORS, 5, normalisation) {
            let printed = tested(&files, &format!("{normalisation:?}"), compilers);
            assert!(printed.is_empty() || printed.starts_with("4 of 4 classes equal"), "{printed}");
        }
    }
}

#[test]
fn a_published_network_in_c_gives_the_logits_in_the_arena_that_was_planned() {
    let nano_b = include_str!("../../../prototypes/nano-b.ron");
    for (files, bytes) in both(nano_b, 1, Some(Normalisation::PerImage)).iter().zip([474_216, 118_557]) {
        let printed = tested(files, "nano-b", compilers());
        assert!(printed.is_empty() || printed.ends_with(&format!("arena {bytes} bytes\n")), "{printed}");
    }
}

/// What an object has for all that changes, in bytes.
fn bss(object: &Path) -> usize {
    let printed = run(Command::new("size").arg(object), "size").stdout;
    let printed = String::from_utf8(printed).unwrap();
    // text, data, bss
    printed.lines().nth(1).unwrap().split_whitespace().nth(2).unwrap().parse().unwrap()
}

#[test]
fn what_changes_in_c_is_as_large_as_it_says() {
    let nano_b = include_str!("../../../prototypes/nano-b.ron");
    let is_there = Command::new("size").arg("--version").output().is_ok();
    let folder = tempfile::tempdir().unwrap();
    let [floats, _] = both(nano_b, 1, None);
    for file in &floats {
        fs::write(folder.path().join(&file.path), &file.bytes).unwrap();
    }
    let header = String::from_utf8(floats[0].bytes.clone()).unwrap();
    let words: Vec<&str> = header.split_whitespace().collect();
    let more = words.windows(3).find(|words| words[1..] == ["bytes", "more,"]).unwrap()[0];
    let more: usize = more.parse().unwrap();
    for compiler in compilers().iter().filter(|compiler| compiler.name == "gcc" && is_there) {
        for small in [None, Some("-DNETWORK_SMALL")] {
            let object = folder.path().join("network.o");
            let mut compile = Command::new(compiler.name);
            let options = compiler.options.iter().filter(|option| !option.starts_with("-fsanitize"));
            compile.args(options).args(small).arg("-c").arg(folder.path().join("network.c"));
            let what = format!("{} {small:?}", compiler.description());
            run(compile.arg("-o").arg(&object), &what);
            let has_winograd = small.is_none() && !compiler.options.contains(&"-DNETWORK_PLAIN");
            let (taken, said) = (bss(&object), 474_216 + if has_winograd { more } else { 0 });
            assert!(taken <= said + 64 && taken + 40_000 >= said, "{what}: {taken} and {said}");
        }
    }
}

#[test]
fn every_shape_of_a_convolution_in_c_gives_the_logits() {
    for (seed, text) in shapes().iter().enumerate() {
        for files in both(text, seed as u64, Some(Normalisation::PerImage)) {
            let printed = tested(&files, text, compilers());
            assert!(printed.is_empty() || printed.starts_with("4 of 4 classes equal"), "{printed}");
        }
    }
}

#[test]
fn random_networks_in_c_give_their_logits() {
    let mut runner = TestRunner::new(Config { cases: 2, ..Config::default() });
    let networks = (proptest::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), 0..12), 0u64..100);
    let outcome = runner.run(&networks, |(numbers, seed)| {
        let text = drawn(&numbers);
        for files in both(&text, seed, Some(Normalisation::PerImage)) {
            tested(&files, &text, compilers());
        }
        Ok(())
    });
    outcome.unwrap();
}
