//! Networks of runs written for devices and for other programs, through the program.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod workplace;

use std::fs;
use std::path::Path;
use std::process::Command;

use workplace::{contents, netsynth, workplace};

/// A small search, to its end.
fn searched(folder: &Path) {
    let (code, _, stderr) = netsynth(folder, &["search", "--plan", "plan.ron", "--name", "it"]);
    assert_eq!(code, 0, "{stderr}");
}

const MODEL: &str = "runs/it/variants/nano-a";

/// What an export prints, which must come to its end.
fn exported(folder: &Path, model: &str, arguments: &[&str]) -> String {
    let (code, stdout, stderr) = netsynth(folder, &[&["export", model][..], arguments].concat());
    assert_eq!(code, 0, "{arguments:?}: {stderr}");
    stdout
}

/// The complaint of an export that must write nothing.
fn refused(folder: &Path, model: &str, arguments: &[&str]) -> String {
    let before = fs::read_dir(folder).unwrap().count();
    let (code, _, stderr) = netsynth(folder, &[&["export", model][..], arguments].concat());
    assert_eq!(code, 2, "{arguments:?}: {stderr}");
    assert_eq!(fs::read_dir(folder).unwrap().count(), before, "{arguments:?} wrote something");
    stderr
}

#[test]
fn a_network_of_a_run_is_written_in_every_format() {
    let home = workplace();
    let folder = home.path();
    searched(folder);
    let run = contents(&folder.join("runs/it"));

    let printed = exported(folder, MODEL, &["--to", "onnx", "--out", "it.onnx"]);
    assert!(
        printed.contains("rten on ") && printed.contains("images that it has not seen: 100"),
        "{printed}"
    );
    let plain = fs::read(folder.join("it.onnx")).unwrap();
    let text = String::from_utf8_lossy(&plain);
    for part in ["ReduceMean", "happiness", "netsynth.labels", "resized to 24x24 by Catmull-Rom"] {
        assert!(text.contains(part), "{part}");
    }
    // Written again, it is the same.
    exported(folder, MODEL, &["--to", "onnx", "--out", "it.onnx", "--no-verify"]);
    assert_eq!(fs::read(folder.join("it.onnx")).unwrap(), plain);
    exported(folder, MODEL, &["--to", "onnx", "--out", "old.onnx", "--opset", "13"]);
    assert_ne!(fs::read(folder.join("old.onnx")).unwrap(), plain);
    exported(folder, MODEL, &["--to", "onnx", "--out", "bare.onnx", "--preprocessing", "metadata"]);
    let bare = fs::read(folder.join("bare.onnx")).unwrap();
    assert!(!String::from_utf8_lossy(&bare).contains("ReduceMean"));

    let small = ["--to", "onnx", "--out", "small.onnx", "--int8", "--accuracy-loss", "100"];
    let printed = exported(folder, MODEL, &small);
    assert!(printed.contains("in floats") && printed.contains("in 8-bit integers"), "{printed}");
    assert!(
        String::from_utf8_lossy(&fs::read(folder.join("small.onnx")).unwrap()).contains("QuantizeLinear")
    );

    for (options, arena) in [(&["--int8"][..], 1), (&[], 4)] {
        let out = format!("c{arena}");
        let printed = exported(folder, MODEL, &[&["--to", "c", "--out", &out], options].concat());
        assert!(printed.contains("arena: ") && printed.contains("network.h: "), "{printed}");
        let source = fs::read_to_string(folder.join(&out).join("network.c")).unwrap();
        assert!(source.contains("\"happiness\"") && !source.contains("malloc"));
        if Command::new("gcc").arg("--version").output().is_ok() {
            let program = folder.join(&out).join("test");
            let sources = ["network.c", "test.c"].map(|file| folder.join(&out).join(file));
            let mut gcc = Command::new("gcc");
            gcc.args(["-std=c99", "-Wall", "-Werror", "-O1"])
                .args(&sources)
                .arg("-o")
                .arg(&program)
                .arg("-lm");
            let compiled = gcc.output().unwrap();
            assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
            let tested = Command::new(&program).output().unwrap();
            assert!(tested.status.success(), "{}", String::from_utf8_lossy(&tested.stdout));
        } else {
            eprintln!("skipped: there is no gcc");
        }
    }
    exported(folder, MODEL, &["--to", "rust", "--out", "crate"]);
    assert!(folder.join("crate/src/lib.rs").is_file() && folder.join("crate/examples/classify.rs").is_file());

    exported(folder, MODEL, &["--to", "safetensors", "--out", "it.safetensors"]);
    let weights = folder.join(MODEL).join("weights.safetensors");
    assert_eq!(fs::read(folder.join("it.safetensors")).unwrap(), fs::read(weights).unwrap());
    exported(folder, MODEL, &["--to", "netsynth", "--out", "it.netsynth"]);
    exported(folder, "it.netsynth", &["--to", "dot", "--out", "it.dot"]);
    assert!(fs::read_to_string(folder.join("it.dot")).unwrap().starts_with("digraph"));
    // The file knows how the network is used, and no data: the model is the same.
    let printed = exported(folder, "it.netsynth", &["--to", "onnx", "--out", "again.onnx"]);
    assert!(printed.contains("images of noise: 100"), "{printed}");
    assert_eq!(fs::read(folder.join("again.onnx")).unwrap(), plain);
    // Nothing of the run was touched.
    assert!(contents(&folder.join("runs/it")) == run);
}

/// The number that follows a word in what was printed.
fn number_after(text: &str, word: &str) -> u64 {
    let rest = text.split_once(word).unwrap().1;
    let digits: String = rest.chars().take_while(|c| c.is_ascii_digit() || *c == ',').collect();
    digits.replace(',', "").parse().unwrap()
}

#[test]
fn a_search_under_bounds_of_memory_ends_in_c_that_takes_what_was_counted() {
    let home = workplace();
    let folder = home.path();
    let plan = fs::read_to_string(folder.join("plan.ron")).unwrap();
    let bounds = r#"indicator: ["accuracy >= 1 %", "arena <= 40 KiB", "flash_int8 < 12 KiB"]"#;
    let plan = plan.replace("indicator: [AtLeast(Accuracy, 0.01), AtMost(Parameters, 6000.0)]", bounds);
    let plan = plan.replace("Minimise(Parameters)", "Minimise(ArenaInt8), Minimise(Flash)");
    assert!(plan.contains(bounds) && plan.contains("Minimise(Flash)"));
    fs::write(folder.join("plan.ron"), plan).unwrap();
    searched(folder);
    let (code, table, stderr) = netsynth(folder, &["front", "query", "runs/it", "--csv"]);
    assert_eq!(code, 0, "{stderr}");
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    let column = |name: &str| rows[0].iter().position(|column| *column == name).unwrap();
    let member = rows[1..].iter().find(|row| row[column("picks")].contains("nano-a")).unwrap();
    let counted = |name: &str| member[column(name)].parse::<u64>().unwrap();
    assert!(counted("arena") <= 40 << 10 && counted("flash_int8") < 12 << 10, "{table}");
    for (options, arena, flash) in [(&[][..], "arena", "flash"), (&["--int8"], "arena_int8", "flash_int8")] {
        let printed = exported(folder, MODEL, &[&["--to", "c", "--out", arena], options].concat());
        let written = (number_after(&printed, "arena: "), number_after(&printed, "constants: "));
        assert_eq!(written, (counted(arena), counted(flash)), "{printed}");
    }
}

#[test]
fn what_cannot_be_exported_is_refused_before_anything_is_written() {
    let home = workplace();
    let folder = home.path();
    searched(folder);
    let whole = refused(folder, "runs/it", &["--to", "dot", "--out", "x.dot"]);
    assert!(whole.contains("whole run") && whole.contains("runs/it/variants/nano-a"), "{whole}");
    for (options, says) in [
        (&["--to", "rust", "--int8"][..], "--int8 means something with --to onnx or c only"),
        (&["--to", "c", "--opset", "18"], "--opset means something with --to onnx only"),
        (&["--to", "dot", "--preprocessing", "graph"], "--preprocessing means something with --to onnx only"),
        (&["--to", "onnx", "--opset", "21"], "13..=20"),
        (&["--to", "onnx", "--accuracy-loss", "0.5"], "--int8"),
        (&["--to", "onnx", "--int8", "--accuracy-loss", "NaN"], "0 to 100 percentage points"),
        (&["--to", "onnx", "--data", "faces"], "drawn, not read"),
    ] {
        let complaint = refused(folder, MODEL, &[options, &["--out", "x"]].concat());
        assert!(complaint.contains(says), "{options:?}: {complaint}");
    }
    // A folder with something in it is nobody's to fill.
    fs::create_dir(folder.join("full")).unwrap();
    fs::write(folder.join("full/mine"), "mine").unwrap();
    let complaint = refused(folder, MODEL, &["--to", "c", "--out", "full"]);
    assert!(complaint.contains("not empty"), "{complaint}");
    assert_eq!(fs::read_dir(folder.join("full")).unwrap().count(), 1);

    // Weights alone do not say how they are used: no data, no scales.
    fs::create_dir(folder.join("copy")).unwrap();
    for file in ["architecture.ron", "weights.safetensors"] {
        fs::copy(folder.join(MODEL).join(file), folder.join("copy").join(file)).unwrap();
    }
    let complaint = refused(folder, "copy", &["--to", "c", "--int8", "--out", "x"]);
    assert!(complaint.contains("images to find their scales on"), "{complaint}");
    exported(folder, "copy", &["--to", "c", "--out", "alone"]);
    let header = fs::read_to_string(folder.join("alone/network.h")).unwrap();
    assert!(header.contains("const float image[NETWORK_INPUT]") && header.contains("not known"), "{header}");

    // What integers cost decides whether they are written.
    let loss = ["export", MODEL, "--to", "onnx", "--int8", "--accuracy-loss", "0", "--out", "exact.onnx"];
    let (code, stdout, stderr) = netsynth(folder, &loss);
    let costs = stdout.contains("(-") && !stdout.contains("(-0.00 points)");
    assert_eq!(
        (code, folder.join("exact.onnx").exists()),
        if costs { (2, false) } else { (0, true) },
        "{stdout}"
    );
    assert!(!costs || stderr.contains("are allowed"), "{stderr}");
}
