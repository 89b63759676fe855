//! Every option of every command that makes a plan reaches the plan, and what is not given stays as the plan has it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use assert_cmd::Command;

/// Options that are no part of a plan: they say where it is from, who works on it, and what is printed.
const APART: [&str; 10] = [
    "--plan",
    "--workers",
    "--executor",
    "--name",
    "--csv",
    "--json",
    "--dry-run",
    "--help",
    "--verbose",
    "--quiet",
];

fn netsynth(home: &Path, arguments: &[&str]) -> String {
    let output = Command::cargo_bin("netsynth").unwrap().args(arguments).current_dir(home).assert().success();
    String::from_utf8(output.get_output().stdout.clone()).unwrap()
}

/// The options that a command's help lists.
fn listed(home: &Path, command: &[&str]) -> BTreeSet<String> {
    let help = netsynth(home, &[command, &["--help"]].concat());
    let options = help.lines().filter_map(|line| {
        let line = line.trim_start();
        let option = line.split_once("--").filter(|(short, _)| short.is_empty() || short.starts_with('-'))?.1;
        let end = option.find(|letter: char| !(letter.is_ascii_lowercase() || letter == '-'));
        Some(format!("--{}", &option[..end.unwrap_or(option.len())]))
    });
    options.collect()
}

/// Each option with a value that is no default, and what the plan has then. `None` is an option that needs another.
type Expected = [(&'static [&'static str], &'static str)];

const READING: &Expected = &[
    (&["--layout", "class-folders"], "layout: ClassFolders,"),
    (&["--frames", "2"], "frames: 2,"),
    (&["--labels", "eight"], "labels: Eight,"),
    (&["--crop", "face"], "crop: Face"),
    (&["--crop", "face", "--margin", "0.25"], "margin: 0.25"),
    (&["--colour", "rgb"], "colour: Rgb,"),
    (&["--subject-pattern", "^(x+)"], r#"subject_pattern: "^(x+)","#),
    (&["--split", "random"], "split: Random,"),
    (&["--folds", "4"], "n_folds: 4,"),
    (&["--recipe", "paper"], "batch_size: 32"),
    (&["--without", "flip"], "flip: false"),
    (&["--balanced"], "balanced_classes: true"),
];

fn check(home: &Path, command: &[&str], basis: &[&str], expected: &[&Expected]) {
    check_beside(home, command, basis, expected, &[]);
}

/// The same of a command that refuses some of the options that its help lists: they are for another form of it.
fn check_beside(home: &Path, command: &[&str], basis: &[&str], expected: &[&Expected], refused: &[&[&str]]) {
    let mut reached: BTreeSet<String> = APART.map(str::to_owned).into();
    for given in refused {
        let all = [command, basis, given, &["--dry-run"]].concat();
        let output = Command::cargo_bin("netsynth").unwrap().args(all).current_dir(home).assert().code(2);
        let said = String::from_utf8(output.get_output().stderr.clone()).unwrap();
        assert!(said.starts_with(&format!("error: {}: it is for ", given[0])), "{said}");
        reached.insert(given[0].to_owned());
    }
    let plain = netsynth(home, &[command, basis, &["--dry-run"]].concat());
    for (given, needle) in expected.iter().copied().flatten() {
        let plan = netsynth(home, &[command, basis, given, &["--dry-run"]].concat());
        assert!(plan.contains(needle), "{command:?} {given:?} should give {needle}:\n{plan}");
        assert_ne!(plan, plain, "{command:?} {given:?} changes nothing");
        let named = given.iter().filter(|word| word.starts_with("--"));
        reached.extend(named.map(|word| word.split('=').next().unwrap_or(word).to_owned()));
    }
    reached.extend(basis.iter().filter(|word| word.starts_with("--")).map(|word| (*word).to_owned()));
    let listed = listed(home, command);
    assert!(listed.len() > 10, "{listed:?}");
    let missing: Vec<&String> = listed.difference(&reached).collect();
    assert!(missing.is_empty(), "{command:?}: nothing shows that {missing:?} reach the plan");
    let unknown: Vec<&String> = reached.iter().filter(|known| !APART.contains(&known.as_str())).collect();
    assert!(unknown.iter().all(|known| listed.contains(*known)), "{command:?}: {unknown:?}");
}

#[test]
fn every_option_of_search_reaches_the_plan() {
    let home = tempfile::tempdir().unwrap();
    netsynth(home.path(), &["data", "synth", "faces", "--subjects", "10", "--side", "24", "--frames", "2"]);
    let own: &Expected = &[
        (&["--data", "faces"], r#"source: Folder("faces")"#),
        (&["--side", "32"], "height: 32"),
        (&["--device", "wgpu:1"], "device: Wgpu(1)"),
        (&["--space", "other.ron"], r#"space: "other.ron""#),
        (&["--trials", "7"], "n_trials: 7"),
        (&["--device-model", "pi4.ron"], r#"device_model: "pi4.ron""#),
        (&["--learn-from", "prior.ron"], r#""prior.ron""#),
        // What the time pays for is measured on the data, so they must be there.
        (&["--budget", "2h"], "macs: "),
        (&["--seed", "9"], "seed: 9,"),
        (&["--inherit", "prototype"], "from: Prototype"),
        (&["--audit"], "audit: true"),
        (&["--certify=false"], "certify: false"),
        (&["--asynchronous"], "asynchronous: true"),
        (&["--indicator", "worst_recall >= 70 %"], "AtLeast(WorstRecall, 0.7)"),
        (&["--objectives", "balanced_accuracy,macs"], "BalancedAccuracy"),
        (&["--strategy", "nsga2"], "strategy: Nsga2"),
    ];
    check(home.path(), &["search"], &[], &[READING, own]);
    check(home.path(), &["search"], &["--data", "faces"], &[READING, own.split_at(1).1]);
}

#[test]
fn a_budget_of_years_is_a_plan_that_can_be_followed() {
    let home = tempfile::tempdir().unwrap();
    netsynth(home.path(), &["data", "synth", "faces", "--subjects", "10", "--side", "24", "--frames", "2"]);
    let plan = netsynth(home.path(), &["search", "--data", "faces", "--budget", "100000h", "--dry-run"]);
    assert!(plan.contains("n_trials: 1000000,"), "{plan}");
    std::fs::write(home.path().join("plan.ron"), &plan).unwrap();
    assert_eq!(netsynth(home.path(), &["search", "--plan", "plan.ron", "--dry-run"]), plan);
}

#[test]
fn every_option_of_train_and_reproduce_reaches_the_plan() {
    let home = tempfile::tempdir().unwrap();
    let own: &Expected = &[
        (&["--only", "3"], "n_trained_folds: 3"),
        (&["--device", "wgpu:1"], "device: Wgpu(1)"),
        (&["--start", "weights"], r#"start: "weights""#),
        (&["--seed", "9"], "seed: 9,"),
        (&["--epochs", "17"], "epochs: 17"),
    ];
    let recipe_of_paper = READING.iter().filter(|(given, _)| given != &["--recipe", "paper"]);
    let reading: Vec<_> =
        recipe_of_paper.copied().chain([(&["--recipe", "strong"][..], "learning_rate: 0.005")]).collect();
    check(home.path(), &["train", "nano-b"], &["--data", "faces"], &[READING, own]);
    let seeds: &Expected = &[(&["--seeds", "3"], "n_seeds: 3")];
    // What `reproduce paper` alone has is checked below.
    let refused: [&[&str]; 3] = [&["--trials", "60"], &["--budget", "2h"], &["--nested"]];
    check_beside(
        home.path(),
        &["reproduce", "nano-b"],
        &["--data", "faces"],
        &[&reading, own, seeds],
        &refused,
    );
    let plan =
        netsynth(home.path(), &["reproduce", "paper", "--data", "faces", "--trials", "7", "--dry-run"]);
    assert!(plan.contains("n_trials: 7") && plan.contains("held_out: 0.2"), "{plan}");
    let plan = netsynth(home.path(), &["reproduce", "paper", "--data", "faces", "--nested", "--dry-run"]);
    assert!(plan.contains("outer_fold: (") && plan.contains("held_out: 0.0"), "{plan}");
}

#[test]
fn what_is_not_given_stays_as_the_plan_has_it() {
    let home = tempfile::tempdir().unwrap();
    let all = [
        "--data",
        "elsewhere",
        "--frames",
        "2",
        "--labels",
        "eight",
        "--crop",
        "face",
        "--margin",
        "0.25",
        "--colour",
        "rgb",
        "--subject-pattern",
        "^(x+)",
        "--split",
        "random",
        "--folds",
        "4",
        "--side",
        "32",
        "--trials",
        "7",
        "--seed",
        "9",
        "--inherit",
        "prototype",
        "--audit",
        "--certify",
        "--without",
        "flip",
        "--balanced",
    ];
    let plan = netsynth(home.path(), &[&["search"][..], &all, &["--dry-run"]].concat());
    fs::write(home.path().join("plan.ron"), &plan).unwrap();
    let again = netsynth(home.path(), &["search", "--plan", "plan.ron", "--dry-run"]);
    assert_eq!(again, plan);
    // Each option changes what it says and nothing else.
    for (given, changed) in [
        (&["--data", "faces"][..], "source: Folder(\"faces\")"),
        (&["--audit=false"], "audit: false"),
        (&["--certify=false"], "certify: false"),
        (&["--balanced=false"], "balanced_classes: false"),
        (&["--labels", "six"], "labels: Six"),
        (&["--margin", "0.5"], "margin: 0.5"),
        (&["--inherit", "parent"], "from: Parent"),
    ] {
        let other =
            netsynth(home.path(), &[&["search", "--plan", "plan.ron", "--dry-run"][..], given].concat());
        assert!(other.contains(changed), "{given:?}:\n{other}");
        let differing = other.lines().zip(plan.lines()).filter(|(one, other)| one != other).count();
        assert_eq!((differing, other.lines().count()), (1, plan.lines().count()), "{given:?}:\n{other}");
    }
}

#[test]
fn the_plan_that_is_printed_is_the_plan_that_is_followed() {
    let home = tempfile::tempdir().unwrap();
    let options = ["--side", "12", "--trials", "1", "--inherit", "nothing", "--seed", "4"];
    let plan = netsynth(home.path(), &[&["search"][..], &options, &["--dry-run"]].concat());
    assert!(!home.path().join("runs").exists());
    let quick = plan
        .replace("subjects: 150", "subjects: 8")
        .replace("epochs: 60", "epochs: 1")
        .replace("epochs: 10", "epochs: 1");
    fs::write(home.path().join("quick.ron"), &quick).unwrap();
    let mut search = Command::cargo_bin("netsynth").unwrap();
    search.args(["search", "--plan", "quick.ron", "--name", "it"]).current_dir(home.path()).assert().code(1);
    let followed = fs::read_to_string(home.path().join("runs/it/plan.ron")).unwrap();
    assert_eq!(followed.split("// sha256").next().unwrap(), quick);
}

/// Every count and share of a command line: the command that takes it, and the option.
const COUNTED: [(&[&str], &str); 26] = [
    (&["search"], "--trials"),
    (&["search"], "--folds"),
    (&["search"], "--workers"),
    (&["train", "nano-b", "--data", "faces"], "--epochs"),
    (&["train", "nano-b", "--data", "faces"], "--folds"),
    (&["train", "nano-b", "--data", "faces"], "--only"),
    (&["train", "nano-b", "--data", "faces"], "--workers"),
    (&["reproduce", "nano-b", "--data", "faces"], "--epochs"),
    (&["reproduce", "nano-b", "--data", "faces"], "--seeds"),
    (&["reproduce", "paper", "--data", "faces"], "--trials"),
    (&["compare", "--table", "table.json"], "--evaluations"),
    (&["compare", "--table", "table.json"], "--generation-size"),
    (&["compare", "--table", "table.json"], "--at"),
    (&["compare", "--table", "table.json"], "--target"),
    (&["compare", "--table", "table.json"], "--workers"),
    (&["resume", "runs/one"], "--workers"),
    (&["audit", "runs/one"], "--workers"),
    (&["verify", "runs/one"], "--workers"),
    (&["verify", "runs/one"], "--retrain"),
    (&["data", "preview", "faces", "out"], "--images"),
    (&["classify", "model", "image"], "--workers"),
    (&["bench", "train", "nano-b"], "--batch"),
    (&["bench", "train", "nano-b"], "--epochs"),
    (&["bench", "train", "nano-b"], "--workers"),
    (&["bench", "infer", "nano-b"], "--batch"),
    (&["bench", "device", "--out", "device.ron"], "--networks"),
];

#[test]
fn counts_without_bound_are_refused_before_anything_is_read() {
    let home = tempfile::tempdir().unwrap();
    for (command, option) in COUNTED {
        for value in ["0", "-1", "99999999999", "18446744073709551616", "1e3", "NaN", ""] {
            // No trial need be trained again, and no share be reached.
            if value == "0" && ["--retrain", "--target"].contains(&option) {
                continue;
            }
            let mut netsynth = Command::cargo_bin("netsynth").unwrap();
            let given = format!("{option}={value}");
            let output = netsynth.args(command).arg(&given).current_dir(home.path()).assert().code(2);
            let stderr = String::from_utf8(output.get_output().stderr.clone()).unwrap();
            let says = stderr.contains(&format!("'{option} <")) && stderr.contains(" to ");
            assert!(says && stderr.lines().count() < 5, "{command:?} {given}:\n{stderr}");
        }
    }
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn many_seeds_and_many_folds_together_are_refused() {
    let home = tempfile::tempdir().unwrap();
    let mut netsynth = Command::cargo_bin("netsynth").unwrap();
    netsynth.args(["reproduce", "nano-b", "--data", "faces", "--seeds", "10000", "--folds", "1000"]);
    let output = netsynth.current_dir(home.path()).assert().code(2);
    let stderr = String::from_utf8(output.get_output().stderr.clone()).unwrap();
    assert!(stderr.contains("10000000 trainings are asked for") && stderr.contains("give 1 to "), "{stderr}");
    let mut netsynth = Command::cargo_bin("netsynth").unwrap();
    netsynth.args(["compare", "--table", "table.json", "--seeds", "0..18446744073709551615"]);
    let output = netsynth.current_dir(home.path()).assert().code(2);
    let stderr = String::from_utf8(output.get_output().stderr.clone()).unwrap();
    assert!(stderr.contains("seeds are asked for; give 1 to 10000 seeds"), "{stderr}");
}

#[test]
fn every_option_of_compare_reaches_its_plan_or_its_summary() {
    let home = tempfile::tempdir().unwrap();
    let entries: Vec<String> = (0..27)
        .map(|number| {
            let key = format!("{}{}{}", number / 9, number / 3 % 3, number % 3);
            format!(
                r#""{key}": {{"mean_acc": {}, "params": {}, "flops": {}}}"#,
                60 + number,
                1000 + 10 * number,
                5000 - number
            )
        })
        .collect();
    fs::write(home.path().join("table.json"), format!("{{{}}}", entries.join(","))).unwrap();
    let basis = ["compare", "--table", "table.json", "--name", "it"];
    let found = |given: &[&str], file: &str| {
        netsynth(home.path(), &[&basis[..], given].concat());
        let run = home.path().join("runs/it");
        let text = fs::read_to_string(run.join(file)).unwrap();
        fs::remove_dir_all(run).unwrap();
        text
    };
    let own: [(&[&str], &str, &str); 8] = [
        (&["--strategies", "random,nsga2"], "plan.ron", "Nsga2"),
        (&["--seeds", "3..4"], "plan.ron", "seeds: (3, 4)"),
        (&["--evaluations", "7"], "plan.ron", "n_trials: 7"),
        (&["--generation-size", "2"], "plan.ron", "generation_size: 2"),
        (&["--objectives", "accuracy,macs"], "plan.ron", "Minimise(Macs)"),
        (&["--indicator", "accuracy >= 70 %"], "plan.ron", "AtLeast(Accuracy, 0.7)"),
        (&["--at", "5"], "summary.ron", "evaluations: 5"),
        (&["--target", "0.8"], "summary.ron", "target: 0.8"),
    ];
    let mut reached: BTreeSet<String> = APART.map(str::to_owned).into();
    // What is trained from scratch, and what is simulated, is another test's.
    reached.extend(["--table", "--audit", "--simulate"].map(str::to_owned));
    let quick = ["--strategies", "random", "--seeds", "1", "--evaluations", "9"];
    let plain = [found(&quick, "plan.ron"), found(&quick, "summary.ron")];
    for (given, file, needle) in own {
        // An option that is given twice is refused, so the quick basis goes without it.
        let rest: Vec<&str> = quick.chunks(2).filter(|pair| pair[0] != given[0]).flatten().copied().collect();
        let text = found(&[&rest[..], given].concat(), file);
        assert!(text.contains(needle), "{given:?} should give {needle}:\n{text}");
        assert!(!plain.contains(&text), "{given:?} changes nothing");
        reached.insert(given[0].to_owned());
    }
    let missing: Vec<String> = listed(home.path(), &["compare"]).difference(&reached).cloned().collect();
    assert!(missing.is_empty(), "nothing shows that {missing:?} have an effect");
}

#[test]
fn the_plans_that_come_along_can_be_followed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for plan in ["examples/microcontroller.ron", "benches/equal-compute.ron"] {
        let planned = netsynth(root, &["search", "--plan", plan, "--dry-run"]);
        assert!(planned.contains("n_trials"), "{plan}: {planned}");
    }
}
