//! Plans that are about other metrics than accuracy, through the program: they run to their end, and so does every
//! command that reads what they found.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod workplace;

use std::fs;
use std::path::Path;

use serde_json::Value;
use workplace::{PLAN, assert_same, contents, netsynth, workplace};

/// Twelve trials, so that the inquisitor is asked, with this indicator and these objectives.
fn write_plan(folder: &Path, indicator: &str, objectives: &str) {
    let plan = PLAN
        .replace("n_trials: 6, generation_size: 3", "n_trials: 12, generation_size: 4")
        .replace("[AtLeast(Accuracy, 0.01), AtMost(Parameters, 6000.0)]", indicator)
        .replace("[Maximise(Accuracy), Minimise(Parameters)]", objectives);
    fs::write(folder.join("plan.ron"), plan).unwrap();
}

/// Searches by the folder's plan; the exit code and the front as JSON.
fn searched(folder: &Path, workers: &str) -> (i32, Value) {
    let name = format!("found-{workers}");
    let arguments = ["search", "--plan", "plan.ron", "--name", &name, "--workers", workers, "--json"];
    let (code, stdout, stderr) = netsynth(folder, &arguments);
    assert!(code == 0 || code == 1, "{stderr}");
    (code, serde_json::from_str(&stdout).unwrap())
}

/// Every command that reads a run, on one that has been searched.
fn asked(folder: &Path, run: &str, quality: &str, label: &str) {
    let done = |arguments: &[&str]| {
        let (code, stdout, stderr) = netsynth(folder, arguments);
        assert_eq!(code, 0, "{arguments:?}: {stdout}{stderr}");
        stdout
    };
    assert!(done(&["front", "show", run]).contains(label));
    let condition = format!("{quality} >= 0 and weight_bytes <= 1 MiB");
    let listed = done(&["front", "query", run, "--trials", "--where", &condition, "--csv"]);
    assert!(listed.lines().next().unwrap().contains("worst_recall"), "{listed}");
    assert!(listed.lines().count() > 8, "{listed}");
    assert!(done(&["front", "plot", run, "--ascii", "--x", "weight_bytes"]).contains(label));
    done(&["front", "diff", &format!("{run}:nano-a"), &format!("{run}:nano-b")]);
    assert!(done(&["explain", run]).contains(&format!("parameters against {label}")));
    done(&["report", run]);
    done(&["verify", run, "--retrain", "2"]);
}

#[test]
fn a_plan_that_maximises_balanced_accuracy_runs_to_its_end() {
    let folder = workplace();
    let folder = folder.path();
    write_plan(folder, "[\"parameters <= 6k\"]", "[Maximise(BalancedAccuracy), Minimise(Parameters)]");
    let (code, front) = searched(folder, "2");
    assert_eq!(code, 0);
    let members = front["members"].as_array().unwrap();
    let balanced =
        |member: &Value| member["measured"]["balanced_accuracy"].as_f64().expect("every fold was judged");
    assert!(members.windows(2).all(|pair| balanced(&pair[0]) > balanced(&pair[1])), "{front}");
    assert!(members[0]["variants"].as_array().unwrap().contains(&Value::from("NanoA")), "{front}");
    searched(folder, "1");
    assert_same(
        &contents(&folder.join("runs/found-2")),
        &contents(&folder.join("runs/found-1")),
        "other workers",
    );
    asked(folder, "runs/found-1", "balanced_accuracy", "balanced accuracy");
}

#[test]
fn a_plan_with_a_bound_on_the_worst_recall_runs_to_its_end() {
    let folder = workplace();
    let folder = folder.path();
    write_plan(
        folder,
        "[\"worst_recall >= 0.7\", \"peak_activations <= 256 KiB\", AtMost(Parameters, 6000.0)]",
        "[Maximise(Accuracy), Minimise(Parameters)]",
    );
    // Two epochs are too few for seven classes: nothing is feasible, and the program names the bound.
    let arguments = ["search", "--plan", "plan.ron", "--name", "far", "--workers", "2"];
    let (code, _, stderr) = netsynth(folder, &arguments);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("the binding constraint is worst_recall >= 0.7"), "{stderr}");
    assert!(stderr.contains("worst recall 0.00 %"), "{stderr}");
    // A bound that is kept by all leaves a front.
    let plan = fs::read_to_string(folder.join("plan.ron")).unwrap();
    fs::write(folder.join("plan.ron"), plan.replace("worst_recall >= 0.7", "worst_recall >= 0 %")).unwrap();
    let (code, front) = searched(folder, "2");
    assert_eq!(code, 0);
    assert!(!front["members"].as_array().unwrap().is_empty());
    // What a bound is about is a column.
    let (_, shown, _) = netsynth(folder, &["front", "show", "runs/found-2"]);
    assert!(shown.contains("worst recall") && shown.contains("peak activations"), "{shown}");
    asked(folder, "runs/found-2", "accuracy", "accuracy");
}

#[test]
fn a_plan_of_three_objectives_of_which_two_are_learned_runs_to_its_end() {
    let folder = workplace();
    let folder = folder.path();
    write_plan(
        folder,
        "[\"macro_f1 >= 0\", \"weight_bytes <= 24 KiB\"]",
        "[Maximise(MacroF1), Maximise(Accuracy), Minimise(Macs)]",
    );
    let (code, front) = searched(folder, "2");
    assert_eq!(code, 0);
    assert!(!front["members"].as_array().unwrap().is_empty());
    assert!(front["hypervolume"].is_null(), "accuracy has no bound: {front}");
    searched(folder, "4");
    assert_same(
        &contents(&folder.join("runs/found-2")),
        &contents(&folder.join("runs/found-4")),
        "other workers",
    );
    asked(folder, "runs/found-2", "macro_f1", "macro F1");
}

#[test]
fn bounds_have_one_grammar_in_plans_and_on_the_command_line() {
    let folder = workplace();
    let folder = folder.path();
    write_plan(folder, "[\"accuracy >= 192 %\"]", "[Maximise(Accuracy)]");
    let (code, _, stderr) = netsynth(folder, &["search", "--plan", "plan.ron"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("no accuracy is above 1") && stderr.contains("^^^"), "{stderr}");
    let compare = ["compare", "--table", "none.json", "--indicator", "acuracy >= 92 %"];
    let (code, _, stderr) = netsynth(folder, &compare);
    assert_eq!(code, 2);
    assert!(stderr.contains("`acuracy` is no metric") && stderr.contains("^^^^^^^"), "{stderr}");
    assert!(stderr.contains("write one of accuracy, balanced_accuracy, macro_f1, worst_recall"), "{stderr}");
}
