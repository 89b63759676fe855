//! A corpus of bad input, each with the one message it gets and exit code 2, before any work and within bounds.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod workplace;

use std::fs;

use workplace::{PLAN, PROTOTYPE, SPACE, complaint, netsynth, workplace};

/// The messages of commands that must fail, as one text.
fn messages(folder: &std::path::Path, cases: &[(&str, &[&str])]) -> String {
    let text = cases.iter().map(|(what, arguments)| format!("{what}:\n{}", complaint(folder, arguments)));
    text.collect::<Vec<_>>().join("\n")
}

#[test]
fn files_that_are_no_documents() {
    let folder = workplace();
    let path = folder.path();
    fs::write(path.join("empty.ron"), "").unwrap();
    fs::write(path.join("binary.ron"), [b'(', 0xff, 0xfe]).unwrap();
    fs::File::create(path.join("huge.ron")).unwrap().set_len(1 << 31).unwrap();
    fs::create_dir(path.join("folder.ron")).unwrap();
    fs::write(path.join("deep.ron"), "(schema: 1, nodes: ".to_owned() + &"[".repeat(100_000)).unwrap();
    fs::write(path.join("later.ron"), "(schema: 9, layers: 3)").unwrap();
    fs::write(path.join("headless.ron"), "(nodes: [])").unwrap();
    fs::write(path.join("other.ron"), "(schema: 1)").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("loop.ron", path.join("loop.ron")).unwrap();
    insta::assert_snapshot!(messages(
        path,
        &[
            ("an empty file", &["check", "empty.ron"]),
            ("bytes that are no text", &["check", "binary.ron"]),
            ("2 GiB", &["check", "huge.ron"]),
            ("a folder", &["check", "folder.ron"]),
            ("a device that never ends", &["check", "/dev/zero"]),
            ("a link to itself", &["check", "loop.ron"]),
            ("deep nesting", &["check", "deep.ron"]),
            ("a later schema", &["check", "later.ron"]),
            ("no schema", &["check", "headless.ron"]),
            ("neither architecture nor space", &["check", "other.ron"]),
            ("an architecture as a plan", &["search", "--plan", "tiny-prototype.ron"]),
            ("2 GiB as a plan", &["search", "--plan", "huge.ron"]),
        ]
    ));
}

#[test]
fn a_file_of_another_kind_is_answered_with_what_belongs_there() {
    let folder = workplace();
    let path = folder.path();
    fs::write(path.join("notes.ron"), "hello world").unwrap();
    fs::write(path.join("object.ron"), "{\"a\": 1}").unwrap();
    fs::write(path.join("empty.ron"), "").unwrap();
    fs::write(path.join("face.pgm"), "P5 1 1 255\n1").unwrap();
    let search = |option: &'static str| vec!["search", "--plan", "plan.ron", option, "FILE"];
    let takers: [(Vec<&str>, &str); 10] = [
        (
            search("--learn-from"),
            "give the folder of a search, or a file that `netsynth prior RUN... --out FILE` wrote",
        ),
        (vec!["prior", "FILE", "--out", "prior.ron"], "a file that `netsynth prior RUN... --out FILE` wrote"),
        (search("--device-model"), "give a file that `netsynth bench device --out FILE` wrote"),
        (search("--space"), "`netsynth help space`"),
        (search("--recipe"), "`netsynth help recipe`"),
        (search("--executor"), "a file of options is such as (schema: 1, executor: "),
        (vec!["search", "--plan", "FILE"], "`netsynth help plan`"),
        (vec!["train", "FILE", "--data", "faces"], "`netsynth help architecture`"),
        (vec!["draw", "FILE", "--dot"], "`netsynth help architecture`"),
        (vec!["classify", "FILE", "face.pgm"], "give a run's variant, trial or fold"),
    ];
    for (arguments, says) in takers {
        for file in ["notes.ron", "object.ron", "empty.ron"] {
            let arguments: Vec<&str> =
                arguments.iter().map(|argument| if *argument == "FILE" { file } else { argument }).collect();
            let (code, stdout, stderr) = netsynth(path, &arguments);
            assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}: {stderr}");
            assert!(stderr.contains(file) && stderr.contains(says), "{arguments:?}: {stderr}");
        }
    }
    // A folder with a plan in it is no run.
    fs::create_dir(path.join("faces")).unwrap();
    let stderr = complaint(path, &["classify", "faces", "face.pgm"]);
    assert!(!stderr.contains("folder of a run"), "{stderr}");
    let stderr = complaint(path, &["front", "diff", "faces", "tiny-prototype.ron"]);
    assert!(stderr.contains("write RUN:12 for trial 12"), "{stderr}");
    // What only netsynth writes has no fields that anybody would mend.
    for option in ["--learn-from", "--device-model"] {
        let stderr = complaint(path, &["search", "--plan", "plan.ron", option, "tiny.ron"]);
        assert!(stderr.contains("help: give ") && !stderr.contains("fields known here"), "{stderr}");
    }
    let stderr = complaint(path, &["search", "--plan", "plan.ron", "--recipe", "tiny.ron"]);
    assert!(stderr.contains("tiny.ron: there is no recipe in it"), "{stderr}");
}

#[test]
fn a_file_in_the_place_of_the_runs_is_named() {
    let folder = workplace();
    fs::write(folder.path().join("runs"), "").unwrap();
    for name in [&[][..], &["--name", "x"]] {
        let arguments = [&["search", "--plan", "plan.ron"], name].concat();
        let (code, _, stderr) = netsynth(folder.path(), &arguments);
        assert!(
            code == 2 && stderr.contains("error: runs is no folder, and runs are kept in one"),
            "{stderr}"
        );
    }
}

#[test]
fn absurd_architectures_and_spaces() {
    let folder = workplace();
    let path = folder.path();
    let write = |name: &str, text: &str, from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        fs::write(path.join(name), text.replacen(from, to, 1)).unwrap();
    };
    write("wide.ron", PROTOTYPE, "channels: 8", "channels: 1000000000");
    write("negative.ron", PROTOTYPE, "channels: 8", "channels: -8");
    write(
        "dear.ron",
        &PROTOTYPE.replace("height: 24, width: 24", "height: 4096, width: 4096"),
        "channels: 8, stride: 2",
        "channels: 65536, kernel: 4095",
    );
    write("image.ron", PROTOTYPE, "height: 24", "height: 18446744073709551615");
    write("long-name.ron", PROTOTYPE, "\"stem\"", &format!("{:?}", "x".repeat(1 << 20)));
    write("bell.ron", PROTOTYPE, "\"stem\"", "\"st\\u{7}em\"");
    write("long-wire.ron", PROTOTYPE, "\"input\"]", &format!("{:?}]", "y".repeat(200)));
    let many: String = (0..10_001)
        .map(|number| format!("(name: \"n{number}\", from: [\"input\"], op: GlobalAvgPool()),"))
        .collect();
    fs::write(
        path.join("many.ron"),
        format!("(schema: 1, name: \"m\", input: (channels: 1, height: 8, width: 8), nodes: [{many}])"),
    )
    .unwrap();
    write("nan-space.ron", SPACE, "least: 0.5", "least: NaN");
    write("wide-space.ron", SPACE, "most: 1.5", "most: 1e9");
    write("still-space.ron", SPACE, "most: 1.5", "most: 1.5, step: 0");
    write("kernel-space.ron", SPACE, "[1, 3]", "[1, 3, 1000001]");
    write("lost-space.ron", SPACE, "tiny-prototype.ron", "../../../nowhere.ron");
    insta::assert_snapshot!(messages(
        path,
        &[
            ("a 10^9 channel layer", &["check", "wide.ron"]),
            ("negative channels", &["check", "negative.ron"]),
            ("more multiply-accumulates than can be counted", &["check", "dear.ron"]),
            ("an endless image", &["check", "image.ron"]),
            ("a name of a mebibyte", &["check", "long-name.ron"]),
            ("a name that rings the bell", &["check", "bell.ron"]),
            ("a long wire to nowhere", &["check", "long-wire.ron"]),
            ("too many nodes", &["check", "many.ron"]),
            ("widths that are no number", &["check", "nan-space.ron"]),
            ("widths beyond any network", &["check", "wide-space.ron"]),
            ("widths that do not step", &["check", "still-space.ron"]),
            ("a kernel beyond any image", &["check", "kernel-space.ron"]),
            ("a prototype that is not there", &["check", "lost-space.ron"]),
        ]
    ));
}

#[test]
fn absurd_plans_and_names() {
    let folder = workplace();
    let path = folder.path();
    let huge = "18446744073709551615";
    let changes = [
        ("trials", "n_trials: 6", format!("n_trials: {huge}")),
        ("generation", "generation_size: 3", "generation_size: 1000000000".to_owned()),
        ("epochs", "epochs: 1,", format!("epochs: {huge},")),
        ("final", "final_epochs: 2", format!("final_epochs: {huge}")),
        ("bound", "Parameters, 6000.0", "Parameters, NaN".to_owned()),
        ("rate", "learning_rate: 0.01", "learning_rate: NaN".to_owned()),
        ("held", "held_out: 0.2", "held_out: NaN".to_owned()),
        ("folds", "n_folds: 2", format!("n_folds: {huge}")),
        ("faces", "subjects: 10", format!("subjects: {huge}")),
        (
            "memory",
            "subjects: 10, seed: 1, side: 24, frames: 2",
            "subjects: 999, seed: 1, side: 512, frames: 99".to_owned(),
        ),
        ("failures", "n_trials: 6", "limits: (failures_in_a_row: 0), n_trials: 6".to_owned()),
    ];
    for (name, from, to) in &changes {
        assert!(PLAN.contains(from), "{from}");
        let mut plan = PLAN.replacen(from, to, 1);
        if *name == "memory" {
            plan =
                plan.replace("(height: 24, width: 24, frames: 1)", "(height: 1024, width: 1024, frames: 99)");
        }
        fs::write(path.join(format!("{name}.ron")), plan).unwrap();
    }
    let plans: Vec<String> = changes.iter().map(|(name, ..)| format!("{name}.ron")).collect();
    let arguments: Vec<[&str; 3]> = plans.iter().map(|plan| ["search", "--plan", plan]).collect();
    let mut cases: Vec<(&str, &[&str])> =
        changes.iter().zip(&arguments).map(|((name, ..), arguments)| (*name, &arguments[..])).collect();
    let named = |name: &'static str| ["search", "--plan", "plan.ron", "--name", name];
    let names = [named("../../elsewhere"), named("/etc/run"), named(".hidden"), named("")];
    cases.extend(names.iter().map(|arguments| ("a name that leads elsewhere", &arguments[..])));
    let text = messages(path, &cases);
    insta::assert_snapshot!(text);
}

#[test]
fn runs_that_are_none() {
    let folder = workplace();
    let path = folder.path();
    let cases: [(&str, &[&str]); 3] = [
        ("no folder", &["resume", "runs/nowhere"]),
        ("a folder without a plan", &["verify", "."]),
        ("no run to verify", &["verify", "nowhere"]),
    ];
    // The folder of the corpus has a plan.ron of its own.
    fs::rename(path.join("plan.ron"), path.join("small.ron")).unwrap();
    let mut text = messages(path, &cases);
    let faces = ["data", "synth", "faces", "--subjects", "4", "--side", "24", "--frames", "2"];
    assert_eq!(netsynth(path, &faces).0, 0);
    let train =
        ["train", "tiny-prototype.ron", "--data", "faces", "--folds", "2", "--epochs", "1", "--name", "t"];
    assert_eq!(netsynth(path, &train).0, 0);
    fs::create_dir_all(path.join("runs/mine")).unwrap();
    fs::write(path.join("runs/mine/notes.txt"), "mine").unwrap();
    assert_eq!(netsynth(path, &["search", "--plan", "small.ron", "--name", "s"]).0, 0);
    let plan = path.join("runs/s/plan.ron");
    fs::write(&plan, fs::read_to_string(&plan).unwrap().replace("n_trials: 6", "n_trials: 7")).unwrap();
    let later: [(&str, &[&str]); 4] = [
        ("a training to audit", &["audit", "runs/t"]),
        ("somebody's folder", &["search", "--plan", "small.ron", "--name", "mine"]),
        ("a run that is there", &["search", "--plan", "small.ron", "--name", "s"]),
        ("a plan that was changed", &["resume", "runs/s"]),
    ];
    for (what, arguments) in later {
        let (code, _, stderr) = netsynth(path, arguments);
        assert_eq!(code, 2, "{what}: {stderr}");
        text += &format!("\n{what}:\n{stderr}");
    }
    insta::assert_snapshot!(text);
}

/// Runs every command that reads a run, each of which must name the run's plan and stop.
fn every_reader_names_the_plan(folder: &std::path::Path, run: &str, commands: &[&[&str]], what: &str) {
    for command in commands {
        let (code, stdout, stderr) = netsynth(folder, &[&command[..1], &[run], &command[1..]].concat());
        assert!(code == 2 || (command[0] == "verify" && code == 1), "{command:?}, {what}: {code} {stderr}");
        let text = format!("{stdout}{stderr}");
        assert!(text.contains("plan.ron") && !text.contains("panicked"), "{command:?}, {what}: {text}");
    }
}

#[test]
fn plans_inside_run_folders_are_checked_as_given_ones_are() {
    let folder = workplace();
    let path = folder.path();
    let faces = ["data", "synth", "faces", "--subjects", "6", "--side", "24", "--frames", "2"];
    assert_eq!(netsynth(path, &faces).0, 0);
    let train =
        ["train", "tiny-prototype.ron", "--data", "faces", "--folds", "3", "--epochs", "1", "--name", "t"];
    assert_eq!(netsynth(path, &train).0, 0);
    assert_eq!(netsynth(path, &["search", "--plan", "plan.ron", "--name", "s"]).0, 0);
    let huge = "18446744073709551615";
    // Without its last line a document has no checksum, and is read.
    let plan_of = |run: &str| {
        let text = fs::read_to_string(path.join("runs").join(run).join("plan.ron")).unwrap();
        text[..text.rfind("// sha256").unwrap()].to_owned()
    };
    let (searched, trained) = (plan_of("s"), plan_of("t"));
    fs::remove_file(path.join("runs/s/end.ron")).unwrap();
    fs::remove_file(path.join("runs/t/results.ron")).unwrap();
    let change = |run: &str, text: &str, from: &str, to: &str| {
        assert!(text.contains(from), "{from}: {text}");
        fs::write(path.join("runs").join(run).join("plan.ron"), text.replacen(from, to, 1)).unwrap();
    };
    for (from, to) in [
        ("n_folds: 2", format!("n_folds: {huge}")),
        ("n_folds: 2", "n_folds: 0".to_owned()),
        ("generation_size: 3", "generation_size: 0".to_owned()),
        ("n_trials: 6", format!("n_trials: {huge}")),
        ("epochs: 1,", format!("epochs: {huge},")),
        ("final_epochs: 2", "final_epochs: 0".to_owned()),
        ("held_out: 0.2", "held_out: NaN".to_owned()),
        ("subjects: 10", "subjects: 0".to_owned()),
        ("batch_size: 16", "batch_size: 0".to_owned()),
        ("height: 24", format!("height: {huge}")),
        ("failures_in_a_row: 12", "wall_clock_secs: Some(0), failures_in_a_row: 12".to_owned()),
    ] {
        change("s", &searched, from, &to);
        let commands: [&[&str]; 7] = [
            &["resume"],
            &["watch"],
            &["report", "--out", "page.html"],
            &["explain", "--json"],
            &["sample"],
            &["audit"],
            &["verify", "--retrain", "0"],
        ];
        every_reader_names_the_plan(path, "runs/s", &commands, &to);
    }
    for (from, to) in [
        ("n_trained_folds: 3", "n_trained_folds: 30".to_owned()),
        ("n_trained_folds: 3", "n_trained_folds: 0".to_owned()),
        ("n_folds: 3", format!("n_folds: {huge}")),
        ("epochs: 1,", format!("epochs: {huge},")),
        ("n_seeds: 1", "n_seeds: 1000000000".to_owned()),
    ] {
        change("t", &trained, from, &to);
        every_reader_names_the_plan(path, "runs/t", &[&["resume"], &["report", "--out", "page.html"]], &to);
    }
    assert!(!path.join("page.html").exists());
}

#[test]
fn a_plan_that_no_network_satisfies_is_refused_before_it_has_a_folder() {
    let folder = workplace();
    let path = folder.path();
    for (from, to, says) in [
        ("6000.0", "1.0", "no network of the space `tiny` can meet parameters <= 1"),
        ("n_trials: 6", "limits: (epochs: 2), n_trials: 6", "one trial can take 5"),
        ("n_trials: 6", "limits: (wall_clock_secs: 0), n_trials: 6", "0 seconds are asked for"),
    ] {
        assert!(PLAN.contains(from));
        fs::write(path.join("lost.ron"), PLAN.replacen(from, to, 1)).unwrap();
        for command in ["search", "compare"] {
            let stderr = complaint(path, &[command, "--plan", "lost.ron", "--name", "it"]);
            assert!(
                stderr.lines().any(|line| line.starts_with("error: lost.ron: ") && line.contains(says)),
                "{stderr}"
            );
        }
    }
    // The name is still free.
    assert_eq!(netsynth(path, &["search", "--plan", "plan.ron", "--name", "it"]).0, 0);
}

#[test]
fn whatever_is_wrong_with_a_plan_is_said_with_its_file() {
    let folder = workplace();
    let path = folder.path();
    for (from, to) in [
        ("held_out: 0.2", "held_out: 0.99"),
        ("held_out: 0.2", "held_out: -1"),
        ("subjects: 10", "subjects: 0"),
        ("n_folds: 2", "n_folds: 9"),
        ("n_folds: 2", "n_folds: 1"),
        ("\"tiny.ron\"", "\"\""),
        ("\"tiny.ron\"", "\"nowhere.ron\""),
        ("\"tiny.ron\"", "\"plan.ron\""),
        ("Synthetic(subjects: 10, seed: 1, side: 24, frames: 2)", "Folder(\"nowhere\")"),
        ("frames: 1)", "frames: 1, crop: Box(left: 0, top: 0, width: 99, height: 99))"),
        ("frames: 1)", "frames: 0)"),
        ("folds: 2, keep", "folds: 3, keep"),
        ("Cosine(0.1)", "Cosine(2.0)"),
    ] {
        assert!(PLAN.contains(from), "{from}");
        fs::write(path.join("m.ron"), PLAN.replacen(from, to, 1)).unwrap();
        for command in ["search", "compare"] {
            let stderr = complaint(path, &[command, "--plan", "m.ron"]);
            let error = stderr.lines().find(|line| line.starts_with("error: ")).unwrap_or_default();
            assert!(error.starts_with("error: m.ron: "), "{command} {to}: {stderr}");
        }
    }
}

#[test]
fn what_a_terminal_would_obey_is_shown_in_names_from_anywhere() {
    let folder = workplace();
    let path = folder.path();
    fs::write(path.join("named.ron"), SPACE.replace("\"tiny\"", "\"\\u{1b}[31mred\"")).unwrap();
    fs::write(path.join("lost.ron"), SPACE.replace("tiny-prototype.ron", "\\u{1b}[31mred")).unwrap();
    fs::write(path.join("net.ron"), PROTOTYPE.replace("\"tiny\"", "\"\\u{9b}31mred\"")).unwrap();
    fs::write(path.join("plan-red.ron"), PLAN.replace("tiny.ron", "\\u{1b}]0;title\\u{7}")).unwrap();
    let key = "\u{1b}";
    fs::write(
        path.join("table.json"),
        format!("{{\"{}\": {{\"mean_acc\": -1}}, \"b\": {{\"mean_acc\": 2}}}}", "\\u001b"),
    )
    .unwrap();
    let picture = [b"P5 8 8 255\n".as_slice(), &[128; 64]].concat();
    for class in ["one", "t\u{1b}[31mwo"] {
        fs::create_dir_all(path.join("faces").join(class)).unwrap();
        fs::write(path.join("faces").join(class).join("a.pgm"), &picture).unwrap();
        fs::write(path.join("faces").join(class).join("b\u{1b}[2J.png"), "no image").unwrap();
    }
    let red = format!("{key}[31mred");
    let commands: [&[&str]; 12] = [
        &["check", "named.ron"],
        &["check", "lost.ron"],
        &["check", "net.ron"],
        &["check", "net.ron", "--csv"],
        &["draw", "net.ron", "--dot"],
        &["check", &red],
        &["search", "--plan", "plan-red.ron"],
        &["search", "--strategy", &red],
        &["front", "query", &red],
        &["compare", "--table", "table.json"],
        &["data", "show", "faces"],
        &["data", "show", "faces", "--json"],
    ];
    for command in commands {
        let (_, stdout, stderr) = netsynth(path, command);
        let text = format!("{stdout}{stderr}");
        assert!(!text.is_empty());
        let obeyed = text.chars().find(|character| character.is_control() && !"\n\t".contains(*character));
        assert_eq!(obeyed, None, "{command:?}: {text:?}");
    }
    let (_, stdout, _) = netsynth(path, &["check", "named.ron"]);
    assert!(stdout.contains("\\u{1b}[31mred"), "{stdout}");
}

#[cfg(unix)]
#[test]
fn a_name_of_several_lines_is_shown_on_one() {
    let folder = workplace();
    let path = folder.path();
    let picture = |level: u8| [b"P5 24 24 255\n".as_slice(), &[level; 576]].concat();
    let odd = "a\nerror: b\u{1b}[2J\u{202e}";
    for (number, place) in
        ["one/x", "one/y", &format!("{odd}/x"), &format!("{odd}/{odd}")].into_iter().enumerate()
    {
        let file = path.join("faces").join(format!("{place}.pgm"));
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, picture(40 * number as u8)).unwrap();
    }
    fs::write(path.join(format!("faces/{odd}/bad{odd}.png")), "no image").unwrap();
    fs::create_dir_all(path.join(format!("faces/{odd}{odd}"))).unwrap();
    let two = PROTOTYPE.replace("units: 7", "units: 2").replace("\"tiny\"", "\"a\\nerror: b\"");
    fs::write(path.join("two.ron"), two).unwrap();
    fs::write(path.join("space.ron"), SPACE.replace("\"tiny\"", "\"a\\nerror: b\"")).unwrap();
    let (code, _, stderr) = netsynth(path, &["search", "--plan", "plan.ron", "--name", "x"]);
    assert_eq!(code, 0, "{stderr}");
    fs::rename(path.join("runs/x"), path.join("runs").join(odd)).unwrap();
    fs::write(path.join("runs").join(odd).join(odd), "a stranger").unwrap();
    let run = format!("runs/{odd}");
    let model = format!("{run}/variants/nano-a");
    let page = format!("{odd}.html");
    let commands: [&[&str]; 25] = [
        &["check", "two.ron"],
        &["check", "space.ron"],
        &["search", "--plan", "plan.ron", "--space", "space.ron", "--name", "spaced"],
        &["front", "diff", "two.ron", "two.ron"],
        &["data", "show", "faces"],
        &["data", "show", "faces", "--csv"],
        &["data", "preview", "faces", "look"],
        &["data", "show", odd],
        &["train", "two.ron", "--data", "faces", "--split", "random", "--folds", "2", "--epochs", "1"],
        &["train", odd, "--data", "faces"],
        &["search", "--plan", odd],
        &["search", "--plan", "plan.ron", "--name", odd],
        &["resume", odd],
        &["resume", &run],
        &["verify", &run, "--retrain", "0"],
        &["front", "show", &run],
        &["front", "query", &run],
        &["report", &run, "--out", &page],
        &["sample", &run],
        &["compare-table", &run],
        &["bench", &run],
        &["classify", &model, "faces"],
        &["classify", &model, "faces", "--csv"],
        &["prior", &run, "--out", &format!("{odd}/p.ron")],
        &["export", &model, "--to", "onnx", "--out", &format!("{odd}.onnx"), "--no-verify"],
    ];
    for command in commands {
        let (_, stdout, stderr) = netsynth(path, command);
        let text = format!("{stdout}{stderr}");
        let is_raw = |line: &str| line.starts_with("error: b") || line.contains(['\u{1b}', '\u{202e}']);
        assert!(!text.lines().any(is_raw), "{command:?}: {text:?}");
    }
    // What is shown is not what is opened.
    fs::create_dir(path.join(format!("{odd}spaces"))).unwrap();
    for (name, text) in [("tiny.ron", SPACE), ("tiny-prototype.ron", PROTOTYPE)] {
        fs::write(path.join(format!("{odd}spaces/{name}")), text).unwrap();
    }
    let (code, _, stderr) = netsynth(path, &["check", &format!("{odd}spaces/tiny.ron")]);
    assert_eq!(code, 0, "{stderr}");
    // JSON has its own way to write them.
    let (_, shown, _) = netsynth(path, &["data", "show", "faces", "--json"]);
    let (_, lines, _) = netsynth(path, &["classify", &model, "faces", "--json"]);
    assert!(lines.contains("\\u202e") && !lines.contains("\\u{"), "{lines}");
    for text in std::iter::once(shown.as_str()).chain(lines.lines()) {
        serde_json::from_str::<serde_json::Value>(text).unwrap();
    }
}
