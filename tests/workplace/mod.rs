//! A folder with a small search in it, and the program in that folder.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::path::Path;
use std::process::{self, Child, Stdio};

use assert_cmd::Command;
use tempfile::TempDir;

/// Runs `netsynth` in a folder; the exit code, standard output and standard error.
pub fn netsynth(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::cargo_bin("netsynth")
        .unwrap()
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// The standard output of a command that does all that was asked.
pub fn done(folder: &Path, arguments: &[&str]) -> String {
    let (code, stdout, stderr) = netsynth(folder, arguments);
    assert_eq!(code, 0, "{arguments:?}: {stdout}{stderr}");
    stdout
}

/// Makes a comparison on a table of two networks: the run `c`.
pub fn compared(folder: &Path) {
    let table =
        r#"{"0": {"mean_acc": 60, "params": 3, "flops": 9}, "1": {"mean_acc": 70, "params": 5, "flops": 9}}"#;
    fs::write(folder.join("table.json"), table).unwrap();
    done(folder, &["compare", "--table", "table.json", "--seeds", "1..2", "--name", "c"]);
}

/// The complaint of a command that must fail before it writes anything.
pub fn complaint(folder: &Path, arguments: &[&str]) -> String {
    let (code, stdout, stderr) = netsynth(folder, arguments);
    assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
    assert!(!folder.join("runs").exists(), "a failed command left a run");
    stderr
}

/// A plan small enough for a test: tiny images, two rungs, two generations.
pub const PLAN: &str = r#"(
    schema: 1,
    space: "tiny.ron",
    data: (
        source: Synthetic(subjects: 10, seed: 1, side: 24, frames: 2),
        options: (height: 24, width: 24, frames: 1),
        n_folds: 2,
        held_out: 0.2,
    ),
    search: (
        seed: 3, n_trials: 6, generation_size: 3, strategy: Synthesis,
        indicator: [AtLeast(Accuracy, 0.01), AtMost(Parameters, 6000.0)],
        performance: (alpha: 2.0, beta: 0.5, gamma: 0.5),
        objectives: [Maximise(Accuracy), Minimise(Parameters)],
        rungs: [(epochs: 1, folds: 1, keep: 0.5), (epochs: 2, folds: 2, keep: 1.0)],
    ),
    recipe: (
        batch_size: 16, optimiser: AdamW(decay: 0.01), learning_rate: 0.01, schedule: Cosine(0.1),
        augmentation: (rotation_degrees: 5.0, flip: true), normalisation: PerImage,
    ),
    final_epochs: 2,
)"#;

pub const SPACE: &str = r#"(schema: 1, name: "tiny", prototype: "tiny-prototype.ron",
    widths: (least: 0.5, most: 1.5), kernels: [1, 3], links: (summands: true, projections: true))"#;

pub const PROTOTYPE: &str = r#"(schema: 1, name: "tiny", input: (channels: 1, height: 24, width: 24), nodes: [
    (name: "stem", from: ["input"], op: Conv(channels: 8, stride: 2, norm: Batch, activation: Relu)),
    (name: "a", from: ["stem"], op: Conv(channels: 8, norm: Batch, activation: Relu)),
    (name: "b", from: ["a"], op: Conv(channels: 8, norm: Batch)),
    (name: "sum", from: ["b", "stem"], op: Add(activation: Relu)),
    (name: "pool", from: ["sum"], op: GlobalAvgPool()),
    (name: "classes", from: ["pool"], op: Dense(units: 7)),
])"#;

/// An empty folder with the small plan in it.
pub fn workplace() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("plan.ron", PLAN), ("tiny.ron", SPACE), ("tiny-prototype.ron", PROTOTYPE)] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// Every file below a run's folder by relative path, but for the times of its sessions.
pub fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                if !name.starts_with("sessions") {
                    files.push((name, fs::read(&path).unwrap()));
                }
            }
        }
    }
    files.sort();
    files
}

/// Starts `netsynth` in a folder and does not wait for it.
pub fn start(folder: &Path, arguments: &[&str]) -> Child {
    process::Command::new(assert_cmd::cargo::cargo_bin("netsynth"))
        .current_dir(folder)
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Exit code and standard error of a child that ends.
pub fn ended(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// Two runs have the same files.
pub fn assert_same(found: &[(String, Vec<u8>)], expected: &[(String, Vec<u8>)], what: &str) {
    let names = |files: &[(String, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(found), names(expected), "{what}");
    for ((name, one), (_, other)) in found.iter().zip(expected) {
        assert!(one == other, "{name} differs: {what}");
    }
}
