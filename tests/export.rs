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
    assert!(printed.contains("images that it has not seen, as photographs of four sizes: 100"), "{printed}");
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
    for (reads, operators) in [("levels", ["ReduceMean", "ArgMax"].as_slice()), ("numbers", &[])] {
        exported(folder, MODEL, &["--to", "onnx", "--out", "bare.onnx", "--preprocessing", reads]);
        let bare = fs::read(folder.join("bare.onnx")).unwrap();
        for operator in ["MatMul", "ReduceMean", "ArgMax"] {
            let is_there = String::from_utf8_lossy(&bare).contains(operator);
            assert_eq!(is_there, operators.contains(&operator), "{reads}: {operator}");
        }
    }

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
    assert!(printed.contains("images of noise, as photographs of four sizes: 100"), "{printed}");
    assert_eq!(fs::read(folder.join("again.onnx")).unwrap(), plain);
    // Nothing of the run was touched.
    assert!(contents(&folder.join("runs/it")) == run);
}

/// A picture as binary PNM, gray or in colour, with edges and a slope.
fn picture(width: usize, height: usize, is_gray: bool) -> Vec<u8> {
    let level = |at: usize, colour: usize| {
        let (x, y) = (at % width, at / width);
        let part = 60 * usize::from((5 * x / width + 3 * y / height).is_multiple_of(2));
        (part + 120 * x / width + 15 * colour + 7 * (at * 7919 % 5)) as u8
    };
    let (kind, colours) = if is_gray { ("P5", 1) } else { ("P6", 3) };
    let pixels = (0..width * height).flat_map(|at| (0..colours).map(move |colour| level(at, colour)));
    [format!("{kind}\n{width} {height}\n255\n").into_bytes(), pixels.collect()].concat()
}

/// Prints the label and the probabilities that a model gives for each picture: nothing is done but to decode them.
const BY_ONNXRUNTIME: &str = r#"
import sys
import numpy
import onnxruntime
onnxruntime.set_default_logger_severity(3)
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
for name in sys.argv[2:]:
    kind, size, most, pixels = open(name, "rb").read().split(b"\n", 3)
    width, height = map(int, size.split())
    pixels = numpy.frombuffer(pixels, numpy.uint8).reshape(height, width, -1)
    image = numpy.broadcast_to(pixels, (height, width, 3))[None]
    label, probabilities = session.run(["label", "probabilities"], {"image": image})
    print(label[0], *map(float, probabilities[0]))
"#;

#[test]
fn onnxruntime_says_of_photographs_what_netsynth_says_of_them() {
    if !Command::new("python3")
        .args(["-c", "import numpy, onnxruntime"])
        .output()
        .is_ok_and(|run| run.status.success())
    {
        eprintln!("skipped: python3 has no onnxruntime");
        return;
    }
    let home = workplace();
    let folder = home.path();
    // One that looks at mirror images, too, and one that looks at the square in the middle.
    for (name, flip, crop) in [("both", true, "Whole"), ("one", false, "Centre")] {
        let plan = fs::read_to_string(folder.join("plan.ron")).unwrap();
        let plan = plan
            .replace("batch_size: 16,", &format!("batch_size: 16, flip_averaging: {flip},"))
            .replace("width: 24, frames: 1", &format!("width: 24, frames: 1, crop: {crop}"));
        let plan_file = format!("{name}.ron");
        fs::write(folder.join(&plan_file), plan).unwrap();
        let (code, _, stderr) = netsynth(folder, &["search", "--plan", &plan_file, "--name", name]);
        assert_eq!(code, 0, "{stderr}");
        let kept = fs::read_to_string(folder.join("runs").join(name).join("plan.ron")).unwrap();
        assert!(kept.contains(&format!("flip_averaging: {flip}")) && kept.contains(crop), "{kept}");
    }
    let sizes =
        [(24, 24, true), (19, 21, true), (200, 97, true), (31, 64, false), (640, 480, false), (24, 9, false)];
    let names: Vec<String> = sizes
        .iter()
        .map(|&(width, height, is_gray)| {
            let name = format!("{width}x{height}.pnm");
            fs::write(folder.join(&name), picture(width, height, is_gray)).unwrap();
            name
        })
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for run in ["both", "one"] {
        let model = format!("runs/{run}/variants/nano-a");
        let (code, stdout, stderr) =
            netsynth(folder, &[&["classify", &model][..], &names, &["--csv"]].concat());
        assert_eq!(code, 0, "{stderr}");
        let rows: Vec<Vec<&str>> = stdout.lines().skip(1).map(|line| line.split(',').collect()).collect();
        for (options, tolerance) in [(&[][..], 2e-3), (&["--opset", "13"], 2e-3), (&["--int8"], 0.1)] {
            exported(folder, &model, &[&["--to", "onnx", "--out", "it.onnx"], options].concat());
            let mut python = Command::new("python3");
            python.current_dir(folder).args(["-c", BY_ONNXRUNTIME, "it.onnx"]).args(&names);
            let output = python.output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let text = String::from_utf8(output.stdout).unwrap();
            assert_eq!(text.lines().count(), rows.len());
            for (line, row) in text.lines().zip(&rows) {
                let (label, probabilities) = line.split_once(' ').unwrap();
                let found = probabilities.split(' ').map(|share| share.parse::<f64>().unwrap());
                let expected = row[3..].iter().map(|share| share.parse::<f64>().unwrap());
                let apart = found.zip(expected).map(|(one, other)| (one - other).abs()).fold(0.0, f64::max);
                assert!(apart <= tolerance, "{run} {options:?} {row:?}: {line}");
                assert!(label == row[1] || !options.is_empty(), "{run} {options:?} {row:?}: {line}");
            }
        }
    }
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
        (
            &["--to", "dot", "--preprocessing", "levels"],
            "--preprocessing means something with --to onnx only",
        ),
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
    let complaint = refused(folder, "copy", &["--to", "onnx", "--preprocessing", "photograph", "--out", "x"]);
    assert!(complaint.contains("nothing says which classes copy tells apart"), "{complaint}");
    exported(folder, "copy", &["--to", "onnx", "--out", "alone.onnx"]);
    let alone = fs::read(folder.join("alone.onnx")).unwrap();
    assert!(String::from_utf8_lossy(&alone).contains("how they are made of an image is not known"));
    let header = fs::read_to_string(folder.join("alone/network.h")).unwrap();
    assert!(header.contains("const float image[NETWORK_INPUT]") && header.contains("not known"), "{header}");

    // What integers cost decides whether they are written.
    let loss = ["export", MODEL, "--to", "onnx", "--int8", "--accuracy-loss", "0", "--out", "exact.onnx"];
    let (code, stdout, stderr) = netsynth(folder, &loss);
    assert!(!stdout.contains("-0.00"), "{stdout}");
    let costs = stdout.contains("(-");
    assert_eq!(
        (code, folder.join("exact.onnx").exists()),
        if costs { (2, false) } else { (0, true) },
        "{stdout}"
    );
    assert!(!costs || stderr.contains("are allowed"), "{stderr}");
}
