//! Searches on simulated workers: a table has the answers and the times, and a simulated clock says when they come.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod workplace;

use std::fs;
use std::path::Path;

use serde_json::Value;

use workplace::{complaint, netsynth};

/// A table of 81 networks; every other one has its time.
fn table(folder: &Path) {
    let entry = |number: usize| {
        let digits: Vec<usize> = (0..4).map(|at| number / 3_usize.pow(at) % 3).collect();
        let key: String = digits.iter().map(ToString::to_string).collect();
        let size = digits.iter().sum::<usize>() + 1;
        let secs = if number.is_multiple_of(2) {
            format!(", \"train_secs\": {}", 600 * size)
        } else {
            String::new()
        };
        let accuracy = 60 + 3 * size + number % 5;
        format!(
            "\"{key}\": {{\"mean_acc\": {accuracy}, \"params\": {}, \"flops\": {}{secs}}}",
            1000 * size,
            9000 * size
        )
    };
    let entries: Vec<String> = (0..81).map(entry).collect();
    fs::write(folder.join("table.json"), format!("{{{}}}", entries.join(","))).unwrap();
}

fn simulated(folder: &Path, clusters: &[&str], options: &[&str]) -> Vec<Value> {
    let clusters: Vec<&str> = clusters.iter().flat_map(|cluster| ["--simulate", cluster]).collect();
    let basis = ["compare", "--table", "table.json", "--strategies", "random", "--seeds", "1..3", "--json"];
    let (code, stdout, stderr) = netsynth(folder, &[&basis[..], &clusters, options].concat());
    assert_eq!(code, 0, "{stderr}");
    assert!(!folder.join("runs").exists(), "nothing is written");
    let summary: Value = serde_json::from_str(&stdout).unwrap();
    summary["rows"].as_array().unwrap().clone()
}

#[test]
fn more_workers_take_fewer_hours_and_nobody_waits_without_generations() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    table(folder);
    let clusters =
        ["workers=1,train=1h", "workers=9,train=1h,slowest=4", "workers=9,train=1h,slowest=4,failures=50%/h"];
    let rows = simulated(folder, &clusters, &["--evaluations", "60"]);
    let of = |at: usize, field: &str| rows[at][field].as_f64().unwrap();
    let modes: Vec<bool> = rows.iter().map(|row| row["asynchronous"].as_bool().unwrap()).collect();
    assert_eq!(modes, [false, true, false, true, false, true]);
    // One worker is always busy, and the order in which it works is no matter.
    assert!(
        (of(0, "busy") - 1.0).abs() < 1e-9
            && (of(0, "hours_in_all") - of(1, "hours_in_all")).abs() < 0.2 * of(0, "hours_in_all")
    );
    // Nine are faster, though not nine times where the slowest holds up each generation.
    assert!(
        of(2, "hours_in_all") < of(0, "hours_in_all") && of(3, "hours_in_all") < of(0, "hours_in_all") / 2.0
    );
    assert!(of(3, "hours_in_all") < of(2, "hours_in_all") && of(3, "busy") > of(2, "busy") + 0.1);
    // What is lost is paid for, and comes to an end all the same.
    assert!(
        of(3, "lost_hours") == 0.0
            && of(5, "lost_hours") > 1.0
            && of(5, "hours_in_all") > of(3, "hours_in_all")
    );
    // All but the engine's own time repeats.
    let again = simulated(folder, &clusters, &["--evaluations", "60"]);
    let without_engine = |rows: &[Value]| {
        let mut rows = rows.to_vec();
        rows.iter_mut().for_each(|row| drop(row.as_object_mut().unwrap().remove("engine_millis")));
        rows
    };
    assert_eq!(without_engine(&again), without_engine(&rows));
    // A network's own time is what it takes.
    let longer = fs::read_to_string(folder.join("table.json"))
        .unwrap()
        .replace("\"train_secs\": ", "\"train_secs\": 9");
    fs::write(folder.join("table.json"), longer).unwrap();
    assert!(
        simulated(folder, &clusters[..1], &["--evaluations", "60"])[0]["hours_in_all"].as_f64().unwrap()
            > 3.0 * of(0, "hours_in_all")
    );
}

#[test]
fn what_is_no_kind_of_workers_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    table(folder);
    let basis = ["compare", "--table", "table.json", "--simulate"];
    let stderr = complaint(folder, &[&basis[..], &["workers=10,failures=often"]].concat());
    assert!(
        stderr.contains("`failures=often` is not understood") && stderr.contains("failures=1%/h"),
        "{stderr}"
    );
    let stderr = complaint(folder, &["compare", "--plan", "plan.ron", "--simulate", "workers=1"]);
    assert!(stderr.contains("--simulate"), "{stderr}");
}
