//! A trained network on this machine, by the program; what the machine tells comes from files that a test writes.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod workplace;

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use serde_json::Value;
use tempfile::TempDir;
use workplace::{netsynth, workplace};

const FOLD: &str = "runs/t/folds/01";

static TRAINED: LazyLock<TempDir> = LazyLock::new(|| {
    let home = workplace();
    let faces = ["data", "synth", "faces", "--subjects", "4", "--side", "24", "--frames", "2"];
    assert_eq!(netsynth(home.path(), &faces).0, 0);
    let train =
        ["train", "tiny-prototype.ron", "--data", "faces", "--folds", "2", "--only", "1", "--epochs", "1"];
    let (code, _, stderr) = netsynth(home.path(), &[&train[..], &["--name", "t"]].concat());
    assert_eq!(code, 0, "{stderr}");
    home
});

/// The folder of a machine that tells what these files have.
fn machine(files: &[(&str, &str)]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

fn measured(root: &Path, more: &[&str]) -> String {
    let root = root.display().to_string();
    let bench = ["bench", FOLD, "--seconds", "0.05", "--system", &root];
    let (code, stdout, stderr) = netsynth(TRAINED.path(), &[&bench[..], more].concat());
    assert_eq!(code, 0, "{stderr}");
    stdout
}

#[test]
fn times_are_measured_and_what_the_machine_does_not_tell_is_said() {
    let empty = tempfile::tempdir().unwrap();
    let found: Value = serde_json::from_str(&measured(empty.path(), &["--json"])).unwrap();
    let rows = found["rows"].as_array().unwrap();
    let batches: Vec<u64> = rows.iter().map(|row| row["batch_size"].as_u64().unwrap()).collect();
    assert_eq!(batches[..7], [1, 2, 4, 8, 16, 32, 64]);
    assert_eq!(rows.len(), 8);
    let number = |row: &Value, name: &str| row[name].as_f64().unwrap();
    for row in &rows[..7] {
        let rate = number(row, "batch_size") / (1e-3 * number(row, "median_ms"));
        assert!((rate / number(row, "images_per_sec") - 1.0).abs() < 1e-9);
        assert!(number(row, "p95_ms") >= number(row, "median_ms"));
        let macs = found["macs"].as_f64().unwrap();
        assert!((rate * macs * 1e-9 / number(row, "gmacs_per_sec") - 1.0).abs() < 1e-9);
        assert!((0.0..1.5).contains(&number(row, "share_of_peak")), "{row}");
        assert!(row["watts"].is_null() && row["peak_memory"].is_null(), "{row}");
    }
    // The last is of the best batch, on all cores.
    let best =
        rows[..7].iter().max_by(|a, b| number(a, "images_per_sec").total_cmp(&number(b, "images_per_sec")));
    assert_eq!(
        (&rows[7]["batch_size"], rows[7]["median_ms"].is_null()),
        (&best.unwrap()["batch_size"], true)
    );
    for name in ["energy", "memory"] {
        assert!(found[name]["cannot_be_measured_here"].is_string(), "{name}: {}", found[name]);
    }
    assert_eq!(found["published"]["rows"][3]["images_per_sec"], 72.9);
}

#[test]
fn energy_and_memory_are_those_that_the_machine_tells() {
    let root = machine(&[
        ("sys/class/hwmon/hwmon0/name", "ina3221\n"),
        ("sys/class/hwmon/hwmon0/in1_label", "VDD_IN\n"),
        ("sys/class/hwmon/hwmon0/in1_input", "5000\n"),
        ("sys/class/hwmon/hwmon0/curr1_input", "3000\n"),
        ("proc/self/status", "VmHWM:\t    2048 kB\n"),
        ("proc/self/clear_refs", ""),
    ]);
    let csv = measured(root.path(), &["--csv"]);
    let header = "batch_size,n_cores,images_per_sec,median_ms,p95_ms,gmacs_per_sec,share_of_peak,peak_memory,watts,images_per_sec_per_watt";
    assert_eq!(csv.lines().next().unwrap(), header);
    for row in csv.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let watts: f64 = cells[8].parse().unwrap();
        // Five volts times three amperes.
        assert!((7.0..15.1).contains(&watts), "{row}");
        assert!(cells[9].parse::<f64>().unwrap() > 0.0, "{row}");
        assert!(cells[7] == "2097152" || cells[3].is_empty(), "{row}");
    }
    let text = measured(root.path(), &[]);
    for part in [
        "median ms",
        "GMAC/s",
        "energy is of the board's rails VDD_IN",
        "Table 2",
        "Nano-B",
        "32.9",
        "remembered",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let empty = tempfile::tempdir().unwrap();
    let text = measured(empty.path(), &[]);
    assert!(text.contains("energy cannot be measured here: neither"), "{text}");
    assert!(text.contains("memory cannot be measured here: "), "{text}");
}

#[test]
fn a_model_is_asked_for() {
    let home = TRAINED.path();
    let (code, _, stderr) = netsynth(home, &["bench"]);
    assert!(code == 2 && stderr.contains("Usage: netsynth bench"), "{stderr}");
    let (code, _, stderr) = netsynth(home, &["bench", "nano-b"]);
    assert!(code == 2 && stderr.contains("nano-b: "), "{stderr}");
    let (code, _, stderr) = netsynth(home, &["bench", FOLD, "--seconds", "0"]);
    assert!(code == 2 && stderr.contains("from 0.001 to 3600"), "{stderr}");
}
