//! Searches by predicted latency, and the measurements that predict and check it, by the program.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod workplace;

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use workplace::{PLAN, assert_same, complaint, contents, done, netsynth, workplace};

const ROUTINES: [&str; 12] = [
    "Pointwise",
    "Conv3x3",
    "Conv",
    "StridedConv",
    "Dense",
    "Depthwise",
    "Grouped",
    "Sum",
    "Concat",
    "Pool",
    "Mean",
    "Gate",
];

/// A device on which every step takes 10 us, a multiply-accumulate 1 ns and two bytes as much.
fn device_model() -> String {
    let rates = ROUTINES.map(|routine| format!("{routine}: (step: 10000.0, operation: 1.0, byte: 0.5)"));
    format!(
        r#"(schema: 1, device: "a slow board", error: (n_networks: 96, median: 0.06, worst: 0.31, repeat: 0.01),
            network: 0.0, exponential: 0.0, routines: {{{}}})"#,
        rates.join(", ")
    )
}

/// The small search with a bound on latency in the place of one on parameters.
fn plan() -> String {
    PLAN.replace("AtMost(Parameters, 6000.0)", "\"latency <= 250 us\"")
        .replace("Minimise(Parameters)", "Minimise(Latency)")
        .replace("space: \"tiny.ron\",", "space: \"tiny.ron\", device_model: \"board.ron\",")
}

/// The small search, which predicts latency and asks for none.
fn plan_without_latency() -> String {
    PLAN.replace("space: \"tiny.ron\",", "space: \"tiny.ron\", device_model: \"board.ron\",")
}

/// A workplace with that plan and the model that it names.
fn with_a_model() -> TempDir {
    let home = workplace();
    fs::write(home.path().join("plan.ron"), plan()).unwrap();
    fs::write(home.path().join("board.ron"), device_model()).unwrap();
    home
}

#[test]
fn a_search_by_latency_needs_its_folder_alone_and_says_what_a_prediction_is_worth() {
    let home = with_a_model();
    let folder = home.path();
    let found = done(folder, &["search", "--plan", "plan.ron", "--name", "x", "--workers", "2"]);
    assert!(
        found.contains("predicted latency") && found.contains("Latency is predicted, not measured"),
        "{found}"
    );
    done(folder, &["search", "--plan", "plan.ron", "--name", "y", "--workers", "1"]);
    let run = folder.join("runs/x");
    let expected = contents(&run);
    assert_same(&contents(&folder.join("runs/y")), &expected, "other workers");
    // What the plan names is not needed any more.
    fs::remove_file(folder.join("board.ron")).unwrap();

    let front: Value = serde_json::from_str(&done(folder, &["front", "show", "runs/x", "--json"])).unwrap();
    let members = front["members"].as_array().unwrap();
    let latency = |member: &Value| member["metrics"]["latency"].as_f64().expect("it is predicted");
    assert!(members.iter().all(|member| (20_000.0..=250_000.0).contains(&latency(member))), "{front}");
    assert!(members.windows(2).all(|pair| latency(&pair[0]) > latency(&pair[1])), "{front}");
    let (_, beyond, _) =
        netsynth(folder, &["front", "query", "runs/x", "--trials", "--where", "latency > 0.25 ms"]);
    assert!(beyond.contains("No trial meets the condition"), "{beyond}");
    let shown = done(folder, &["front", "show", "runs/x"]);
    let queried = done(folder, &["front", "query", "runs/x", "--where", "latency > 0 ms"]);
    for part in [
        "predicted latency",
        " ms ",
        "not measured",
        "a slow board, for networks of up to 150,000 parameters and 50.00 M MACs",
        "6.00 % off and the worst 31.00 %",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
        assert!(queried.contains(part), "{part}: {queried}");
    }
    // The table in the folder has the column, and so has its document.
    let table = fs::read_to_string(run.join("front.csv")).unwrap();
    let (header, rows) = table.split_once('\n').unwrap();
    assert!(header.ends_with(",latency"), "{header}");
    let found: Vec<f64> = rows.lines().map(|row| row.rsplit(',').next().unwrap().parse().unwrap()).collect();
    assert_eq!(found, members.iter().map(latency).collect::<Vec<_>>());
    assert!(fs::read_to_string(run.join("front.ron")).unwrap().contains("\"latency\": "));
    assert!(done(folder, &["explain", "runs/x"]).contains("Predicted latency 0."));
    assert!(
        done(folder, &["front", "plot", "runs/x", "--ascii", "--x", "latency"]).contains("predicted latency")
    );
    done(folder, &["report", "runs/x"]);
    let page = fs::read_to_string(run.join("report.html")).unwrap();
    assert!(page.contains("predicted latency") && page.contains("a slow board"));
    fs::remove_file(run.join("report.html")).unwrap();
    fs::remove_file(run.join("report.html.sha256")).unwrap();
    done(folder, &["verify", "runs/x", "--retrain", "1"]);

    // A search that was cut off goes on with the copy.
    for late in ["end.ron", "front.ron", "front.csv", "front.csv.sha256", "contents.ron"] {
        fs::remove_file(run.join(late)).unwrap();
    }
    for late in ["trials/00005", "trials/00004", "variants"] {
        fs::remove_dir_all(run.join(late)).unwrap();
    }
    done(folder, &["resume", "runs/x"]);
    assert_same(&contents(&run), &expected, "resumed");
}

#[test]
fn a_search_keeps_to_networks_whose_latency_is_known() {
    let home = with_a_model();
    let folder = home.path();
    let with_largest = |parameters: u64| {
        let largest = format!("largest: (parameters: {parameters}, macs: 9000000), network:");
        fs::write(folder.join("board.ron"), device_model().replace("network:", &largest)).unwrap();
    };
    with_largest(1500);
    done(folder, &["search", "--plan", "plan.ron", "--name", "x"]);
    let plan = fs::read_to_string(folder.join("runs/x/plan.ron")).unwrap();
    assert!(
        plan.contains("AtMost(Parameters, 1500.0)") && plan.contains("AtMost(Macs, 9000000.0)"),
        "{plan}"
    );
    let trials = done(folder, &["front", "query", "runs/x", "--trials", "--json"]);
    let trials: Value = serde_json::from_str(&trials).unwrap();
    let trials = trials["members"].as_array().unwrap();
    assert_eq!(trials.len(), 6);
    for trial in trials {
        assert!(trial["metrics"]["parameters"].as_f64().unwrap() <= 1500.0, "{trial}");
        assert!(trial["metrics"]["latency"].as_f64().unwrap() > 0.0, "{trial}");
    }
    done(folder, &["verify", "runs/x", "--retrain", "0"]);

    with_largest(1);
    let (code, _, stderr) = netsynth(folder, &["search", "--plan", "plan.ron", "--name", "y"]);
    assert!(code == 2 && stderr.contains("parameters <= 1"), "{stderr}");
    assert!(!folder.join("runs/y").exists());
    // A search that asks for no latency is as free as ever.
    let plan = plan_without_latency();
    fs::write(folder.join("free.ron"), plan).unwrap();
    done(folder, &["search", "--plan", "free.ron", "--name", "z"]);
    assert!(!fs::read_to_string(folder.join("runs/z/plan.ron")).unwrap().contains("Macs"));
}

#[test]
fn a_run_whose_device_model_is_damaged_is_refused_by_its_name() {
    let home = with_a_model();
    let folder = home.path();
    done(folder, &["search", "--plan", "plan.ron", "--name", "x"]);
    let path = folder.join("runs/x/device-model.ron");
    let whole = fs::read_to_string(&path).unwrap();
    fs::write(&path, whole.replace("10000.0", "20000.0")).unwrap();
    let (code, stdout, _) = netsynth(folder, &["verify", "runs/x"]);
    assert!(code == 1 && stdout.contains("device-model.ron damaged"), "{code} {stdout}");
    for command in [&["front", "show", "runs/x"][..], &["resume", "runs/x"], &["report", "runs/x"]] {
        let (code, _, stderr) = netsynth(folder, command);
        assert!(code == 2 && stderr.contains("device-model.ron"), "{command:?} {code} {stderr}");
    }
    fs::remove_file(&path).unwrap();
    let (code, stdout, stderr) = netsynth(folder, &["verify", "runs/x"]);
    assert!(code != 0 && (stdout + &stderr).contains("device-model.ron"), "{code}");
    let (code, _, stderr) = netsynth(folder, &["resume", "runs/x"]);
    assert!(code == 2 && stderr.contains("device-model.ron: the file is missing"), "{stderr}");
}

#[test]
fn a_plan_that_nothing_predicts_is_refused_before_a_run_begins() {
    let home = workplace();
    let folder = home.path();
    let search = ["search", "--plan", "plan.ron"];
    fs::write(folder.join("plan.ron"), plan().replace("device_model: \"board.ron\",", "")).unwrap();
    let said = complaint(folder, &search);
    assert!(said.contains("plan.ron: the plan asks for `latency` and has no `device_model`"), "{said}");
    assert!(said.contains("netsynth bench device --out"), "{said}");

    fs::write(folder.join("plan.ron"), plan()).unwrap();
    assert!(complaint(folder, &search).contains("board.ron"));
    for (model, reason) in [
        ("(schema: 1, device: 3)".to_owned(), "board.ron: line 1"),
        (device_model().replace("Gate: (step: 10000.0", "Gate: (step: -1.0"), "it has -1"),
        (
            device_model().replace(", Gate: (step: 10000.0, operation: 1.0, byte: 0.5)", ""),
            "`routines` has no Gate",
        ),
        (device_model().replace("Gate", "Gait"), "there is no `Gait`"),
        (device_model().replace("schema: 1", "schema: 7"), "schema 7"),
    ] {
        fs::write(folder.join("board.ron"), model).unwrap();
        let said = complaint(folder, &search);
        assert!(said.contains(reason) && said.contains("board.ron"), "{reason}: {said}");
    }
    // No network of the space is so fast.
    fs::write(folder.join("board.ron"), device_model()).unwrap();
    let said = complaint(folder, &["search", "--plan", "plan.ron", "--indicator", "latency <= 5 us"]);
    assert!(said.contains("can meet latency <= 5000ns"), "{said}");
    assert!(
        complaint(folder, &["search", "--plan", "plan.ron", "--indicator", "latency <= 5"])
            .contains("needs a unit")
    );
    // Both may be given beside a plan.
    let given = ["search", "--indicator", "latency <= 5 us", "--device-model", "board.ron"];
    assert!(complaint(folder, &given).contains("can meet latency <= 5000ns"));
    assert!(complaint(folder, &given[..3]).contains("--device-model"));
}

/// A compiler whose programs tell these times.
#[cfg(unix)]
fn compiler(folder: &Path, name: &str, program: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join(name);
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = --version ] && echo 'a compiler 1.0' && echo more && exit 0\n\
         [ -f network.c ] && [ -f network.h ] || exit 9\n\
         printf '#!/bin/sh\\n{program}\\n' > time\nchmod +x time\n"
    );
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.display().to_string()
}

#[cfg(unix)]
#[test]
fn a_board_is_measured_by_a_command_and_what_fails_there_is_said() {
    let home = workplace();
    let folder = home.path();
    let cc = compiler(folder, "cc", "echo 2000000 2500000 300");
    let bench = ["bench", "device", "--out", "board.ron", "--networks", "48", "--on"];
    let stdout = done(folder, &[&bench[..], &["env TMPDIR=.", "--cc", &cc]].concat());
    assert!(stdout.contains("networks of a kind") && stdout.contains("a compiler 1.0"), "{stdout}");
    let model = fs::read_to_string(folder.join("board.ron")).unwrap();
    assert!(
        model.contains("n_networks: 48") && model.contains("Linux, C by") && !model.contains("more"),
        "{model}"
    );
    assert!(
        !fs::read_dir(folder).unwrap().any(|entry| entry
            .unwrap()
            .file_name()
            .to_string_lossy()
            .starts_with("netsynth-"))
    );

    let refused = |arguments: &[&str]| {
        let (code, stdout, stderr) = netsynth(folder, &[&bench[..], arguments].concat());
        assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
        stderr
    };
    let broken = compiler(folder, "broken", "echo no such instruction >&2; exit 4");
    for (arguments, parts) in [
        (&["/no/such/command"][..], &["/no/such/command sh: ", "cannot be started", "ssh board"][..]),
        (&["false"], &["false sh: it starts no shell that reads a script"]),
        (&["true"], &["true sh: its answer is cut off"]),
        (&["env TMPDIR=/no/such/folder"], &["it could not make a folder", "free room"]),
        (&["env", "--cc", "false"], &["it could not build network 0", "--cc"]),
        (&["env", "--cc", &broken], &["it could not time network 0", "no such instruction"]),
        (&[" "], &["--on <COMMAND>"]),
    ] {
        let said = refused(arguments);
        assert!(parts.iter().all(|part| said.contains(part)), "{arguments:?}: {said}");
    }
    let (code, _, stderr) = netsynth(folder, &["bench", "device", "--out", "no/such/board.ron"]);
    assert!(code == 2 && stderr.contains("no/such/board.ron: no file can be written there"), "{stderr}");
    let (code, _, stderr) = netsynth(folder, &["bench", "device", "--out", "b.ron", "--cc", "cc"]);
    assert!(code == 2 && stderr.contains("--on <COMMAND>"), "{stderr}");
}

#[test]
fn a_model_is_measured_here_and_on_a_board_beside_what_was_predicted() {
    let home = workplace();
    let folder = home.path();
    done(folder, &["data", "synth", "faces", "--subjects", "4", "--side", "24", "--frames", "2"]);
    let train =
        ["train", "tiny-prototype.ron", "--data", "faces", "--folds", "2", "--only", "1", "--epochs", "1"];
    done(folder, &[&train[..], &["--name", "t"]].concat());
    let device = ["bench", "device", "--out", "here.ron", "--networks", "48", "--seconds", "0.01", "--json"];
    let found: Value = serde_json::from_str(&done(folder, &device)).unwrap();
    assert_eq!(found["networks"].as_array().unwrap().len(), 48);
    assert!(found["model"]["error"]["median"].as_f64().unwrap() > 0.0, "{found}");

    let fold = "runs/t/folds/01";
    let here = done(folder, &["bench", fold, "--seconds", "0.02", "--device-model", "here.ron"]);
    assert!(here.contains("predicted 0.") && here.contains("measured 0."), "{here}");
    let whole = fs::read_to_string(folder.join("here.ron")).unwrap();
    let small = whole.replace("parameters: 150000", "parameters: 1");
    assert!(small != whole, "{whole}");
    fs::write(folder.join("small.ron"), small).unwrap();
    let beyond = done(folder, &["bench", fold, "--seconds", "0.02", "--device-model", "small.ron"]);
    assert!(beyond.contains("no prediction: the model knows networks of up to 1 parameters"), "{beyond}");
    let (code, _, stderr) = netsynth(folder, &["bench", fold, "--device-model", "plan.ron"]);
    assert!(code == 2 && stderr.contains("plan.ron: "), "{stderr}");

    if Command::new("cc").arg("--version").output().is_err() {
        return;
    }
    let on = ["bench", fold, "--on", "env", "--seconds", "0.05", "--device-model", "here.ron"];
    let text = done(folder, &on);
    for part in ["32-bit floats", "median ms", "one core: the exported C", "cc -O3", "predicted 0."] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let found: Value = serde_json::from_str(&done(folder, &[&on[..], &["--json"]].concat())).unwrap();
    let number = |name: &str| found["rows"][0][name].as_f64().unwrap();
    assert!(number("p95_ms") >= number("median_ms") && number("n_runs") >= 20.0, "{found}");
    assert!((1e3 / number("images_per_sec") / number("median_ms") - 1.0).abs() < 1e-9, "{found}");
    assert!(
        done(folder, &[&on[..], &["--csv"]].concat()).starts_with("numbers,images_per_sec,median_ms,p95_ms")
    );
    // Integers beside floats, with what they cost; no model predicts them.
    let both: Value =
        serde_json::from_str(&done(folder, &[&on[..], &["--int8", "--json"]].concat())).unwrap();
    let rows = both["rows"].as_array().unwrap();
    let numbers: Vec<&str> = rows.iter().map(|row| row["numbers"].as_str().unwrap()).collect();
    assert_eq!(numbers, ["32-bit floats", "8-bit integers"]);
    assert!(rows.iter().all(|row| row["median_ms"].as_f64().unwrap() > 0.0), "{both}");
    assert!(rows[0]["predicted_ms"].is_number() && rows[1]["predicted_ms"].is_null(), "{both}");
    assert!(both["integers"].as_str().unwrap().contains("in 8-bit integers ("), "{both}");
    fs::rename(folder.join("faces"), folder.join("moved")).unwrap();
    let complaint = netsynth(folder, &[&on[..], &["--int8"]].concat()).2;
    assert!(complaint.contains("cannot be read"), "{complaint}");
    let text = done(folder, &[&on[..], &["--int8", "--data", "moved"]].concat());
    assert!(text.contains("8-bit integers") && text.contains("of their labels are equal"), "{text}");
    let (code, _, stderr) = netsynth(folder, &["bench", fold, "--int8"]);
    assert!(code == 2 && stderr.contains("--on <COMMAND>"), "{stderr}");
}
