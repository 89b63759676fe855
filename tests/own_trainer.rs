//! Trainers of the user's own, as a plan's `evaluator` or driven by `ask` and `tell`.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod workplace;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use netsynth_export::{Given, by_rten};
use netsynth_graph::{ArchitectureSpec, Graph};
use serde_json::Value;

use workplace::{assert_same, contents, netsynth};

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/own-trainer");

/// A copy of the examples, with the shell script as the plan's trainer.
fn examples() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(EXAMPLES).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    let plan = fs::read_to_string(folder.path().join("digits.ron")).unwrap();
    let plan = plan.replace("\"python3\", \"digits.py\"", "\"sh\", \"channels.sh\"");
    assert!(plan.contains("channels.sh"));
    fs::write(folder.path().join("plan.ron"), plan).unwrap();
    folder
}

/// The example's plan with another script as its trainer.
fn with_script(folder: &Path, name: &str, script: &str, change: (&str, &str)) {
    fs::write(folder.join(format!("{name}.sh")), script).unwrap();
    let plan = fs::read_to_string(folder.join("plan.ron")).unwrap();
    let plan = plan.replace("channels.sh", &format!("{name}.sh")).replace(change.0, change.1);
    fs::write(folder.join(format!("{name}.ron")), plan).unwrap();
}

fn search(folder: &Path, plan: &str, name: &str, options: &[&str]) -> (i32, String, String) {
    netsynth(folder, &[&["search", "--plan", plan, "--name", name], options].concat())
}

#[test]
fn a_shell_script_is_a_trainer_and_leaves_the_same_files_on_any_executor() {
    let folder = examples();
    let folder = folder.path();
    let (code, stdout, stderr) = search(folder, "plan.ron", "one", &["--workers", "1"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("macro F1") && !stdout.contains("nano-b:"), "{stdout}");
    let expected = contents(&folder.join("runs/one"));
    let rung = expected.iter().find(|(name, _)| name == "trials/00000/rung-0.ron").unwrap();
    let rung = String::from_utf8(rung.1.clone()).unwrap();
    assert!(rung.contains("\"macro_f1\"") && rung.contains("[1.0],"), "{rung}");
    for (name, options) in
        [("three", &["--workers", "3"][..]), ("processes", &["--workers", "3", "--executor", "processes"])]
    {
        let (code, _, stderr) = search(folder, "plan.ron", name, options);
        assert_eq!(code, 0, "{stderr}");
        assert_same(&contents(&folder.join("runs").join(name)), &expected, name);
    }
    // Whatever reads runs reads this one.
    let (code, stdout, stderr) = netsynth(folder, &["verify", "runs/one", "--retrain", "2"]);
    assert_eq!(code, 0, "{stdout}{stderr}");
    for command in [
        &["watch", "runs/one"][..],
        &["report", "runs/one"],
        &["explain", "runs/one"],
        &["resume", "runs/one"],
    ] {
        let (code, _, stderr) = netsynth(folder, command);
        assert_eq!(code, 0, "{command:?}: {stderr}");
    }
    let (code, stdout, stderr) = netsynth(folder, &["audit", "runs/one", "--json"]);
    assert_eq!(code, 0, "{stdout}{stderr}");
    let (code, stdout, stderr) = netsynth(folder, &["verify", "runs/one", "--retrain", "0"]);
    assert_eq!(code, 0, "{stdout}{stderr}");
}

#[test]
fn the_network_lies_beside_as_onnx_the_same_on_any_executor() {
    let folder = examples();
    let folder = folder.path();
    let script = r#"read -r asked
field() { printf %s "$asked" | sed "s/.*\"$1\":\"\([^\"]*\)\".*/\1/"; }
mkdir -p KEPT; cp "$(field onnx)" "KEPT/$(field task).onnx"
printf '%s\n' "$asked" | sh channels.sh"#;
    let kept = |name: &str, options: &[&str]| {
        with_script(folder, name, &script.replace("KEPT", &format!("{name}-onnx")), ("", ""));
        let (code, _, stderr) = search(folder, &format!("{name}.ron"), name, options);
        assert_eq!(code, 0, "{stderr}");
        // A name's last part says which trainer the task is for.
        let of_task = |name: &str| name.rsplit_once('-').unwrap().0.to_owned();
        let files = fs::read_dir(folder.join(format!("{name}-onnx"))).unwrap().map(Result::unwrap);
        let file = |entry: fs::DirEntry| {
            (of_task(entry.file_name().to_str().unwrap()), fs::read(entry.path()).unwrap())
        };
        files.map(file).collect::<BTreeMap<String, Vec<u8>>>()
    };
    let threads = kept("threads", &[]);
    assert!(threads.len() > 8, "{:?}", threads.keys());
    for (task, model) in &threads {
        let logits = by_rten(model, &[Given::Numbers([1, 1, 8, 8], vec![0.5; 64])]).unwrap();
        assert!(logits[0].len() == 10 && logits[0].iter().all(|logit| logit.is_finite()), "{task}");
    }
    assert!(kept("processes", &["--executor", "processes"]) == threads, "the files differ");
}

/// Whether Python is there with this package; a test says so where it is not.
fn has_python_with(package: &str) -> bool {
    let found = Command::new("python3").args(["-c", &format!("import {package}")]).output();
    let is_there = found.is_ok_and(|found| found.status.success());
    if !is_there {
        eprintln!("skipped: Python with {package} is not there");
    }
    is_there
}

#[test]
fn the_reader_for_pytorch_builds_every_operator_as_it_is_counted() {
    if !has_python_with("torch") {
        return;
    }
    let spec = ArchitectureSpec::from_ron(
        r#"(schema: 1, name: "all", input: (channels: 1, height: 16, width: 16), nodes: [
            (name: "stem", from: ["input"], op: Conv(channels: 8, stride: 2, norm: Batch, activation: Relu6)),
            (name: "side", from: ["stem"], op: Conv(channels: 8, kernel: 5, groups: 8, bias: true, activation: Swish)),
            (name: "sum", from: ["stem", "side"], op: Add(norm: Batch, activation: Relu)),
            (name: "gate", from: ["sum"], op: SqueezeExcite(reduced: 2, activation: Relu)),
            (name: "both", from: ["stem", "gate"], op: Concat()),
            (name: "most", from: ["both"], op: MaxPool(kernel: 3, stride: 2)),
            (name: "mean", from: ["most"], op: AvgPool(kernel: 3, stride: 1)),
            (name: "drop", from: ["mean"], op: Dropout(rate: 0.5)),
            (name: "pool", from: ["drop"], op: GlobalAvgPool()),
            (name: "classes", from: ["pool"], op: Dense(units: 7)),
        ])"#,
    )
    .unwrap();
    let script = "import json, sys, torch\nfrom torch_network import Network\n\
                  network = Network(json.load(sys.stdin))\n\
                  print(*network(torch.zeros(3, 1, 16, 16)).shape, sum(p.numel() for p in network.parameters()))";
    let mut python = assert_cmd::Command::new("python3");
    let output = python.args(["-c", script]).current_dir(EXAMPLES).env("PYTHONDONTWRITEBYTECODE", "1");
    let output = output.write_stdin(serde_json::to_string(&spec).unwrap()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // As shipped, the scale of a convolution's norm is in the convolution: here it is a number for each channel of the stem.
    let parameters = Graph::new(&spec).unwrap().cost().parameters + 8;
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), format!("3 7 {parameters}"));
}

#[test]
fn scikit_learns_digits_are_learned() {
    if !has_python_with("sklearn") {
        return;
    }
    let folder = examples();
    let (code, stdout, stderr) = search(folder.path(), "digits.ron", "digits", &["--executor", "processes"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("macro F1"), "{stdout}");
    let front = fs::read_to_string(folder.path().join("runs/digits/front.ron")).unwrap();
    assert!(front.contains("\"macro_f1\": 0.9") || front.contains("\"macro_f1\": 0.8"), "{front}");
}

#[test]
fn what_a_trainer_cannot_train_costs_its_trial_and_says_why() {
    let folder = examples();
    let folder = folder.path();
    let cases = [
        ("refuses", "echo '{\"failed\": \"too narrow\"}'", "too narrow"),
        ("ends", "echo what is wrong >&2; exit 3", "its trainer ended with exit code 3: what is wrong"),
        ("silent", "read -r line", "its trainer ended without a line that has `metrics`"),
        (
            "garbled",
            "echo '{\"metrics\": {\"accuracy\": }}'",
            "without a line that has `metrics` (expected value",
        ),
        ("beyond", "echo '{\"metrics\": {\"accuracy\": 92}}'", "named 92 for accuracy, which is a share"),
        ("short", "echo '{\"metrics\": {\"accuracy\": 0.9}}'", "its trainer named no macro_f1"),
        ("crashes", "kill -SEGV $$", "its trainer crashed with signal 11"),
    ];
    for (name, script, reason) in cases {
        with_script(folder, name, script, ("training_secs: 600", "failures_in_a_row: 4"));
        let (code, _, stderr) = search(folder, &format!("{name}.ron"), name, &[]);
        assert!(
            code == 2 && stderr.contains("trials failed one after the other"),
            "{name}: {code}: {stderr}"
        );
        let rung =
            fs::read_to_string(folder.join("runs").join(name).join("trials/00000/rung-0.ron")).unwrap();
        let rung = rung.replace("\\\"", "\"");
        assert!(rung.contains("Failed") && rung.contains(reason), "{name}: {rung}");
    }
}

#[test]
fn a_trainer_that_takes_too_long_is_stopped_and_so_is_what_it_began() {
    let folder = examples();
    let folder = folder.path();
    with_script(
        folder,
        "slow",
        "sleep 1000 & echo $! > sleeper.txt; wait",
        ("training_secs: 600", "training_secs: 1, failures_in_a_row: 4"),
    );
    let begun = Instant::now();
    let (code, _, stderr) = search(folder, "slow.ron", "slow", &["--workers", "4"]);
    assert!(code == 2 && begun.elapsed() < Duration::from_secs(60), "{stderr}");
    assert!(stderr.contains("its training took more than 1 s"), "{stderr}");
    let sleeper = fs::read_to_string(folder.join("sleeper.txt")).unwrap();
    let lives = Command::new("kill").args(["-0", sleeper.trim()]).output().unwrap().status.success();
    // A process that nobody waited for may still have its number.
    let is_dead = || {
        fs::read_to_string(format!("/proc/{}/stat", sleeper.trim())).is_ok_and(|stat| stat.contains(") Z "))
    };
    assert!(!lives || is_dead(), "the trainer's own process goes on");
}

#[test]
fn a_trainer_that_is_killed_says_nothing_of_the_network() {
    let folder = examples();
    let folder = folder.path();
    // Each training is killed at its first try, and finds at the second what it left.
    let script = "read -r asked\nfolder=$(printf %s \"$asked\" | sed 's/.*\"folder\":\"\\([^\"]*\\)\".*/\\1/')\n\
                  if [ ! -e \"$folder/begun\" ]; then touch \"$folder/begun\"; kill -9 $$; fi\n\
                  printf '%s\\n' \"$asked\" | sh channels.sh";
    with_script(folder, "killed", script, ("", ""));
    let (code, _, stderr) = search(folder, "killed.ron", "killed", &["--executor", "processes"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.contains("the trainer was killed by signal 9"), "{stderr}");
    let (code, _, stderr) = search(folder, "plan.ron", "plain", &[]);
    assert_eq!(code, 0, "{stderr}");
    let front = |name: &str| fs::read(folder.join("runs").join(name).join("front.csv")).unwrap();
    assert_eq!(front("killed"), front("plain"));
    // Threads cannot begin a training again; the run goes on where it was.
    let (code, _, stderr) = search(folder, "killed.ron", "threads", &["--workers", "1"]);
    assert!(code == 2 && stderr.contains("was killed by signal 9"), "{stderr}");
    let rungs = |name: &str| folder.join("runs").join(name).join("trials/00000/rung-0.ron").exists();
    assert!(!rungs("threads"));
}

#[test]
fn a_metric_of_ones_own_is_an_objective_and_a_bound_like_any_other() {
    let folder = examples();
    let folder = folder.path();
    let plan = fs::read_to_string(folder.join("plan.ron")).unwrap();
    let plan = plan
        .replace("channels.sh", "speed.sh")
        .replace("Maximise(MacroF1)", "Maximise(Own(\"own_speed\")), Maximise(Accuracy)")
        .replace("\"macro_f1 >= 80 %\"", "\"own_speed >= 5 %\"");
    fs::write(folder.join("speed.ron"), plan).unwrap();
    // The wider, the slower: a share that falls as accuracy rises.
    let script = "read -r asked\nn=$(printf '%s' \"$asked\" | tr ',{' '\\n\\n' | awk -F: '/\"channels\"/ { n += $2 } END { print n }')\n\
                  awk -v n=\"$n\" 'BEGIN { printf \"{\\\"metrics\\\": {\\\"accuracy\\\": %.4f, \\\"own_speed\\\": %.4f, \\\"unheard\\\": 7}}\\n\", n / (n + 9), 9 / (n + 9) }'";
    fs::write(folder.join("speed.sh"), script).unwrap();
    let (code, stdout, stderr) = search(folder, "speed.ron", "speed", &["--executor", "processes"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("own_speed"), "{stdout}");
    let front = fs::read_to_string(folder.join("runs/speed/front.csv")).unwrap();
    assert!(front.lines().next().unwrap().ends_with(",own_speed"), "{front}");
    let (code, stdout, stderr) = netsynth(folder, &["verify", "runs/speed", "--retrain", "2"]);
    assert_eq!(code, 0, "{stdout}{stderr}");
    for command in [
        &["front", "show", "runs/speed", "--json"][..],
        &["report", "runs/speed"],
        &["front", "query", "runs/speed", "--where", "own_speed >= 10 %"],
    ] {
        let (code, stdout, stderr) = netsynth(folder, command);
        assert_eq!(code, 0, "{command:?}: {stdout}{stderr}");
    }
    // A name that is none is refused where the plan is read.
    let plan =
        fs::read_to_string(folder.join("speed.ron")).unwrap().replace("Own(\"own_speed\")", "Own(\"speed\")");
    fs::write(folder.join("odd.ron"), plan).unwrap();
    let (code, _, stderr) = search(folder, "odd.ron", "odd", &[]);
    assert!(code == 2 && stderr.contains("begin it with `own_`"), "{stderr}");
}

#[test]
fn plans_that_no_trainer_of_ones_own_could_follow_are_refused() {
    let folder = examples();
    let folder = folder.path();
    let plan = fs::read_to_string(folder.join("plan.ron")).unwrap();
    let refused = |name: &str, from: &str, to: &str| {
        assert!(plan.contains(from), "{from}");
        fs::write(folder.join(format!("{name}.ron")), plan.replace(from, to)).unwrap();
        let (code, _, stderr) = search(folder, &format!("{name}.ron"), name, &[]);
        assert_eq!(code, 2, "{stderr}");
        assert!(!folder.join("runs").join(name).exists(), "{name}");
        stderr
    };
    let evaluator = "evaluator: Command([\"sh\", \"channels.sh\"]),";
    let nobody = refused("nobody", evaluator, "");
    assert!(nobody.contains("the plan's data are its evaluator's own, and netsynth is to train"), "{nobody}");
    let empty = refused("empty", evaluator, "evaluator: Command([]),");
    assert!(empty.contains("`evaluator` names no program"), "{empty}");
    let heirs =
        refused("heirs", "final_epochs: 40,", "final_epochs: 40, inheritance: (from: Parent, epochs: 2),");
    assert!(heirs.contains("`inheritance` and an `evaluator` of its own"), "{heirs}");
    let missing = {
        fs::write(folder.join("missing.ron"), plan.replace("\"sh\"", "\"no-such-program\"")).unwrap();
        search(folder, "missing.ron", "missing", &[])
    };
    assert!(
        missing.0 == 2 && missing.2.contains("the trainer `no-such-program` could not be started"),
        "{}",
        missing.2
    );
}

/// What the shell script would say of a candidate, on each of its folds.
fn said(asked: &Value) -> String {
    let nodes = asked["architecture"]["nodes"].as_array().unwrap();
    let widths = nodes.iter().filter_map(|node| node["op"]["Conv"]["channels"].as_u64());
    let n = (widths.sum::<u64>() + asked["architecture"]["input"]["channels"].as_u64().unwrap()) as f64;
    let fold = format!("{{\"accuracy\": {:.4}, \"macro_f1\": {:.4}}}", n / (n + 9.0), n / (n + 10.0));
    let n_folds = asked["folds"].as_u64().unwrap() as usize;
    let losses = vec!["[1.0]"; n_folds].join(", ");
    format!("{{\"folds\": [{}], \"losses\": [{losses}]}}", vec![fold; n_folds].join(", "))
}

#[test]
fn a_run_that_is_asked_and_told_has_the_files_of_one_that_trains_itself() {
    let folder = examples();
    let folder = folder.path();
    let (code, _, stderr) = search(folder, "plan.ron", "itself", &[]);
    assert_eq!(code, 0, "{stderr}");
    let ask = |options: &[&str]| {
        let (code, stdout, stderr) = netsynth(folder, &[&["ask", "runs/told"], options].concat());
        let asked: Vec<Value> = stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (code, asked, stderr)
    };
    let tell = |trial: &Value, text: &str| {
        fs::write(folder.join("metrics.json"), text).unwrap();
        netsynth(folder, &["tell", "runs/told", &trial.to_string(), "metrics.json"])
    };
    let (code, first, stderr) = ask(&["--plan", "plan.ron", "--n", "3"]);
    assert!(code == 0 && first.len() == 3, "{stderr}");
    // The fourth of the generation is left; then all are handed out, and handed out again on request.
    assert_eq!(ask(&["--n", "3"]).1.len(), 1);
    let (code, none, stderr) = ask(&[]);
    assert!(code == 1 && none.is_empty() && stderr.contains("4 candidates are handed out"), "{stderr}");
    assert_eq!(ask(&["--n", "2", "--again"]).1, first[..2]);
    // What is no result is refused, and nothing is written.
    for (text, reason) in [
        ("{\"accuracy\": 92, \"macro_f1\": 0.9}", "which is a share"),
        ("{\"accuracy\": 0.9}", "no macro_f1"),
        ("{\"folds\": [{}, {}]}", "2 folds are told, and its rung has 1"),
        ("{\"fold\": []}", "metrics.json"),
    ] {
        let (code, _, stderr) = tell(&first[0]["trial"], text);
        assert!(code == 2 && stderr.contains(reason), "{text}: {stderr}");
    }
    let (code, _, stderr) = tell(&Value::from(77), "{\"accuracy\": 0.9}");
    assert!(code == 2 && stderr.contains("no result of trial 77 is waited for"), "{stderr}");

    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    loop {
        let (code, asked, stderr) = ask(&["--n", "2", "--again"]);
        assert_eq!(code, 0, "{stderr}");
        if asked.is_empty() {
            assert!(stderr.contains("the search has ended"), "{stderr}");
            break;
        }
        // In any order.
        for asked in asked.iter().rev() {
            let (code, _, stderr) = tell(&asked["trial"], &said(asked));
            assert_eq!(code, 0, "{stderr}");
            *told.entry(asked["trial"].to_string()).or_default() += 1;
        }
    }
    assert_eq!(told.len(), 8);
    assert_same(
        &contents(&folder.join("runs/told")),
        &contents(&folder.join("runs/itself")),
        "asked and told",
    );
    let (code, _, stderr) = tell(&Value::from(0), "{\"accuracy\": 0.9, \"macro_f1\": 0.9}");
    assert!(code == 2 && stderr.contains("its search has ended"), "{stderr}");
    let (code, stdout, stderr) = netsynth(folder, &["verify", "runs/told", "--retrain", "1"]);
    assert_eq!(code, 0, "{stdout}{stderr}");
}

#[test]
fn a_run_that_nobody_trains_is_driven_by_hand_and_only_so() {
    let folder = examples();
    let folder = folder.path();
    let plan = fs::read_to_string(folder.join("plan.ron")).unwrap();
    let plan =
        plan.replace("Command([\"sh\", \"channels.sh\"])", "Told").replace("n_trials: 8", "n_trials: 2");
    fs::write(folder.join("told.ron"), plan).unwrap();
    let (code, _, stderr) = search(folder, "told.ron", "nobody", &[]);
    assert!(code == 2 && stderr.contains("netsynth ask") && !folder.join("runs").exists(), "{stderr}");
    let ask = ["ask", "runs/nobody", "--plan", "told.ron", "--n", "9"];
    let (code, stdout, stderr) = netsynth(folder, &ask);
    assert!(code == 0 && stdout.lines().count() == 2, "{stderr}");
    // Nobody else can go on with it.
    let (code, _, stderr) = netsynth(folder, &["resume", "runs/nobody"]);
    assert!(code == 2 && stderr.contains("netsynth ask"), "{stderr}");
    let inheriting = ["search", "--inherit", "parent", "--trials", "1", "--dry-run"];
    let (_, built_in, _) = netsynth(folder, &inheriting);
    fs::write(folder.join("heirs.ron"), built_in).unwrap();
    let (code, _, stderr) = netsynth(folder, &["ask", "runs/heirs", "--plan", "heirs.ron"]);
    assert!(code == 2 && stderr.contains("start from each other's weights"), "{stderr}");
    assert!(!folder.join("runs/heirs").exists());
}
