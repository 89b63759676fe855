//! The audit of a search: finalists trained from scratch on all folds, shown beside what the search said of them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod workplace;

use std::fs;
use std::path::Path;

use workplace::{PLAN, contents, netsynth, workplace};

/// The files of a run's audit.
fn audited(run: &Path) -> Vec<(String, Vec<u8>)> {
    contents(run).into_iter().filter(|(name, _)| name.starts_with("audit/")).collect()
}

#[test]
fn a_search_is_audited_at_its_end_or_later_and_the_files_are_the_same() {
    let folder = workplace();
    let path = folder.path();
    let search = |name: &str, more: &[&str]| {
        let arguments = ["search", "--plan", "plan.ron", "--name", name];
        let (code, stdout, stderr) = netsynth(path, &[&arguments[..], more].concat());
        assert_eq!(code, 0, "{stderr}");
        (stdout, stderr)
    };
    let (stdout, stderr) = search("at-once", &["--audit", "--workers", "2"]);
    let run = path.join("runs/at-once");
    let front = fs::read_to_string(run.join("front.csv")).unwrap();
    let n_members = front.lines().count() - 1;
    assert_eq!(audited(&run).len(), 2 * n_members, "a file for each finalist and fold");
    let n_places = 2 * n_members;
    let told =
        format!("audit: {n_places} of {n_places} trainings from scratch are to be done, 2 epochs each");
    assert!(stderr.contains(&told), "{stderr}");
    for words in
        ["from scratch", "In the search: 2 epochs on 2 folds", "From scratch: 2 epochs on 2 folds", " ± "]
    {
        assert!(stdout.contains(words), "{words} in {stdout}");
    }
    assert!(stdout.contains("front and variants are as the search chose them"), "{stdout}");
    assert!(stdout.find("nano-a: trial") < stdout.find("in the search"), "the result comes first: {stdout}");

    // Asked for later, with another number of workers.
    let (stdout, _) = search("later", &[]);
    assert!(!stdout.contains("from scratch"), "{stdout}");
    let later = path.join("runs/later");
    let before = contents(&later);
    let (code, table, stderr) = netsynth(path, &["audit", "runs/later", "--workers", "1"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(audited(&later) == audited(&run), "the audit depends on when it was asked for");
    let others = contents(&later).into_iter().filter(|(name, _)| !name.starts_with("audit/"));
    let is_kept = |(name, _): &(String, Vec<u8>)| name != "contents.ron";
    let (others, kept) = (others.filter(is_kept), before.into_iter().filter(is_kept));
    assert!(others.eq(kept), "the audit changed another file");

    // Again, nothing is trained, and the same is printed.
    let before = contents(&later);
    let (_, again, _) = netsynth(path, &["audit", "runs/later"]);
    assert!(again == table && contents(&later) == before, "{again}");
    let (_, json, _) = netsynth(path, &["audit", "runs/later", "--json"]);
    let audit: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(audit["from_scratch"], serde_json::json!({"epochs": 2, "folds": 2, "inherits": false }));
    let finalists = audit["finalists"].as_array().unwrap();
    assert_eq!(finalists.len(), n_members);
    let folds = &finalists[0]["from_scratch"]["Judged"]["fold_accuracies"];
    assert_eq!(folds.as_array().unwrap().len(), 2);

    let (_, json, _) = netsynth(path, &["resume", "runs/at-once", "--json"]);
    let ended: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&ended["audit"], ended["members"].as_array().unwrap().len()), (&audit, n_members));
    let (_, watched, _) = netsynth(path, &["watch", "runs/at-once"]);
    assert!(watched.contains("runs/at-once: ended") && watched.contains("from scratch"), "{watched}");

    // The report has it, and has no such section without one.
    let html = reported(path, "later");
    assert!(html.contains("<section id=\"audit\">") && html.contains("front and variants are as"), "{html}");
    assert_eq!(html.matches("trainings begin from scratch too").count(), 1);
    fs::remove_dir_all(later.join("audit")).unwrap();
    assert!(!reported(path, "later").contains("id=\"audit\""));
}

/// The trials that are picks of a run's front, by the column of its table.
fn picks(run: &Path) -> Vec<(String, String)> {
    let table = fs::read_to_string(run.join("front.csv")).unwrap();
    let rows = table.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    rows.map(|cells| (cells[0].clone(), cells[7].clone())).collect()
}

#[test]
fn nano_b_is_the_smallest_network_that_is_shown_to_meet_the_indicator() {
    let folder = workplace();
    let path = folder.path();
    // The second fold judges nothing in the search. The bound is one that some of these networks are shown to keep, and not the
    // smallest of the front.
    let plan = PLAN
        .replace("(epochs: 1, folds: 1, keep: 0.5), (epochs: 2, folds: 2,", "(epochs: 12, folds: 1,")
        .replace("subjects: 10", "subjects: 40")
        .replace("final_epochs: 2", "final_epochs: 12");
    fs::write(path.join("plan.ron"), plan).unwrap();
    let search = |name: &str, bound: &str| {
        let bound = format!("accuracy >= {bound} and parameters <= 6000");
        let arguments = ["search", "--plan", "plan.ron", "--certify", "--name", name, "--indicator", &bound];
        netsynth(path, &arguments)
    };
    let (code, stdout, stderr) = search("low", "0.01");
    assert_eq!(code, 0, "{stderr}");
    let run = path.join("runs/low");
    let certificates = fs::read_to_string(run.join("certificates.ron")).unwrap();
    let bounds: Vec<f64> = certificates
        .lines()
        .filter_map(|line| line.split_once("at_least: ")?.1.split_once(',')?.0.parse().ok())
        .collect();
    let n_members = picks(&run).len();
    assert!(n_members > 1 && bounds.len() == n_members, "{certificates}");
    assert!(stdout.contains("at least") && stdout.contains("is shown to meet the indicator"), "{stdout}");
    // All are shown to keep the lowest bound, so nano-b is the smallest, as it would be without certificates.
    assert_eq!(certificates.matches("is_shown: true").count(), n_members, "{certificates}");
    assert_eq!(picks(&run).last().unwrap().1, "nano-b");

    // The search is a function of its own bound, so one network that is shown, and one that is not, are made by hand.
    let (text, _) = certificates.rsplit_once("// sha256").unwrap();
    let smallest_shown = text.rfind("is_shown: true").unwrap();
    let mut altered = text.to_owned();
    altered.replace_range(smallest_shown..smallest_shown + "is_shown: true".len(), "is_shown: false");
    fs::write(run.join("certificates.ron"), altered).unwrap();
    let (code, stdout, _) = netsynth(path, &["front", "show", "runs/low", "--csv"]);
    let rows: Vec<&str> = stdout.lines().skip(1).collect();
    assert!(code == 0 && rows[n_members - 2].contains("nano-b"), "{stdout}");
    assert!(!rows[n_members - 1].contains("nano-b"), "{stdout}");
    // It is not what the audit says.
    let (code, stdout, stderr) = netsynth(path, &["verify", "runs/low"]);
    assert!(code == 1 && format!("{stdout}{stderr}").contains("certificates.ron"), "{stdout}{stderr}");

    // Killed between the two, it goes on to the same bytes.
    fs::write(run.join("certificates.ron"), &certificates).unwrap();
    let whole = contents(&run);
    for lost in ["certificates.ron", "front.ron", "front.csv", "front.csv.sha256"] {
        fs::remove_file(run.join(lost)).unwrap();
    }
    fs::remove_dir_all(run.join("variants")).unwrap();
    assert_eq!(netsynth(path, &["resume", "runs/low"]).0, 0);
    assert!(contents(&run) == whole, "resumed to other files");
    assert_eq!(netsynth(path, &["verify", "runs/low"]).0, 0);
    fs::remove_file(run.join("certificates.ron")).unwrap();
    let (code, stdout, stderr) = netsynth(path, &["verify", "runs/low"]);
    assert!(
        code == 1 && format!("{stdout}{stderr}").contains("certificates.ron is missing"),
        "{stdout}{stderr}"
    );
    assert!(reported(path, "low").contains("id=\"audit\""));
}

fn reported(folder: &Path, name: &str) -> String {
    let run = format!("runs/{name}");
    let (code, _, stderr) = netsynth(folder, &["report", &run]);
    assert_eq!(code, 0, "{stderr}");
    fs::read_to_string(folder.join(run).join("report.html")).unwrap()
}

#[test]
fn a_training_that_fails_is_recorded_and_told() {
    let folder = workplace();
    let path = folder.path();
    assert_eq!(netsynth(path, &["search", "--plan", "plan.ron", "--name", "one"]).0, 0);
    // The run's own plan would not: each step makes its weights a hundred times larger.
    let plan = path.join("runs/one/plan.ron");
    let text = fs::read_to_string(&plan).unwrap();
    let mut text = text[..text.rfind("// sha256 ").unwrap()].to_owned();
    for (from, to) in [
        ("learning_rate: 0.01", "learning_rate: 10.0"),
        ("decay: 0.01", "decay: 10.0"),
        ("final_epochs: 2", "final_epochs: 40"),
    ] {
        assert!(text.contains(from), "{from} in {text}");
        text = text.replace(from, to);
    }
    fs::write(&plan, text).unwrap();
    let (code, stdout, stderr) = netsynth(path, &["audit", "runs/one"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.contains(" from scratch, fold 2 failed: the loss became "), "{stderr}");
    assert!(
        stdout.contains("failed on fold 1") && stdout.contains(", and is not ranked: the loss"),
        "{stdout}"
    );
    assert!(stdout.contains("Of the ranks of 0 networks a correlation would say nothing."), "{stdout}");
    let fold = &audited(&path.join("runs/one"))[0].1;
    assert!(String::from_utf8_lossy(fold).contains("Failed(\"the loss became"), "{fold:?}");
}

#[test]
fn what_cannot_be_audited_gets_one_clear_error() {
    let folder = workplace();
    let path = folder.path();
    let faces = ["data", "synth", "faces", "--subjects", "4", "--side", "24", "--frames", "2"];
    assert_eq!(netsynth(path, &faces).0, 0);
    let train =
        ["train", "tiny-prototype.ron", "--data", "faces", "--folds", "2", "--epochs", "1", "--name", "t"];
    assert_eq!(netsynth(path, &train).0, 0);
    let strict = PLAN
        .replace("AtLeast(Accuracy, 0.01)", "AtLeast(Accuracy, 1.0)")
        .replace("n_trials: 6", "n_trials: 3");
    fs::write(path.join("strict.ron"), strict).unwrap();
    assert_eq!(netsynth(path, &["search", "--plan", "strict.ron", "--name", "empty", "--audit"]).0, 1);
    assert_eq!(netsynth(path, &["search", "--plan", "plan.ron", "--name", "open"]).0, 0);
    fs::remove_file(path.join("runs/open/end.ron")).unwrap();
    let cases = ["runs/nowhere", "runs/t", "runs/empty", "runs/open"].map(|run| {
        let (code, stdout, stderr) = netsynth(path, &["audit", run]);
        assert_eq!((code, stdout.as_str()), (2, ""), "{run}: {stderr}");
        assert!(!path.join(run).join("audit").exists(), "{run}");
        stderr
    });
    insta::assert_snapshot!(cases.join("\n"));
}

#[test]
fn strategies_are_compared_by_what_their_networks_reach_from_scratch() {
    let folder = workplace();
    let folder = folder.path();
    let compared = |strategies: &str, workers: &str| {
        let who = ["compare", "--plan", "plan.ron", "--strategies", strategies, "--seeds", "1..2"];
        let how = ["--evaluations", "4", "--workers", workers, "--audit", "--json"];
        let (code, stdout, stderr) = netsynth(folder, &[&who[..], &how].concat());
        assert_eq!(code, 0, "{stderr}");
        assert!(stderr.contains("trainings from scratch are to be done, 2 epochs each"), "{stderr}");
        stdout
    };
    let both = compared("random,scaling", "1");
    assert_eq!(both, compared("random,scaling", "2"));
    let judged = |json: &str, row: usize| -> serde_json::Value {
        let summary: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(summary["from_scratch"]["folds"], 2);
        summary["from_scratch"]["rows"][row].clone()
    };
    let (code, _, stderr) = netsynth(folder, &["compare", "--table", "known.json", "--audit"]);
    assert!(code == 2 && stderr.contains("cannot be used with"), "{stderr}");
    // What a network reaches does not depend on whose others are judged beside it.
    let (alone, beside) = (judged(&compared("scaling", "2"), 0), judged(&both, 1));
    assert_eq!(alone["best"], beside["best"]);
    assert_eq!(beside["n_feasible"], 2);
    let ahead = judged(&both, 0)["hypervolume"]["mean"].as_f64().unwrap()
        - beside["hypervolume"]["mean"].as_f64().unwrap();
    assert!((beside["behind"]["mean"].as_f64().unwrap() - ahead).abs() < 1e-12, "{beside}");
    // The networks are those of the fronts of the same searches.
    let members: usize = ["1", "2"]
        .map(|seed| {
            let search =
                ["search", "--plan", "plan.ron", "--strategy", "scaling", "--trials", "4", "--name", seed];
            let (code, stdout, stderr) =
                netsynth(folder, &[&search[..], &["--seed", seed, "--csv"]].concat());
            assert_eq!(code, 0, "{stderr}");
            stdout.lines().count() - 1
        })
        .iter()
        .sum();
    assert_eq!(beside["networks"]["mean"].as_f64().unwrap(), members as f64 / 2.0);
}
