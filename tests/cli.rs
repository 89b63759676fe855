//! The program as its users meet it: run in an empty folder, read on both streams.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod workplace;

use std::fs;

use workplace::{PLAN, PROTOTYPE, complaint, contents, netsynth, workplace};

#[test]
fn a_search_leaves_a_front_and_its_variants_and_repeats_to_the_bit() {
    let folder = workplace();
    let (code, stdout, stderr) =
        netsynth(folder.path(), &["search", "--plan", "plan.ron", "--name", "one", "--workers", "1"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("nano-a") && stdout.contains("held-out subjects"), "{stdout}");
    assert!(stderr.contains("generation 1: 6 trials"), "{stderr}");
    let run = folder.path().join("runs/one");
    for file in [
        "plan.ron",
        "provenance.ron",
        "generators/000.ron",
        "generators/001.ron",
        "trials/00005/rung-0.ron",
        "front.ron",
        "front.csv",
        "variants/nano-a/architecture.ron",
        "variants/nano-a/weights.safetensors",
        "variants/nano-b/metrics.ron",
    ] {
        assert!(run.join(file).is_file(), "{file}");
    }
    let arguments = ["search", "--plan", "plan.ron", "--name", "two", "--workers", "3"];
    assert_eq!(netsynth(folder.path(), &arguments).0, 0);
    let (one, two) = (contents(&run), contents(&folder.path().join("runs/two")));
    assert_eq!(
        one.iter().map(|(name, _)| name).collect::<Vec<_>>(),
        two.iter().map(|(n, _)| n).collect::<Vec<_>>()
    );
    for ((name, one), (_, two)) in one.iter().zip(&two) {
        assert!(one == two, "{name} differs between one worker and three");
    }

    let (code, stdout, _) = netsynth(folder.path(), &["front", "show", "runs/one", "--json"]);
    let front: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(code, 0);
    let members = front["members"].as_array().unwrap();
    assert!(members.iter().all(|member| member["cost"]["parameters"].as_u64().unwrap() <= 6000));

    let again = ["search", "--plan", "plan.ron", "--name", "one"];
    let (code, _, stderr) = netsynth(folder.path(), &again);
    assert_eq!(code, 2);
    assert!(
        stderr.contains("the run runs/one exists") && stderr.contains("netsynth resume runs/one"),
        "{stderr}"
    );
}

#[test]
fn a_search_that_finds_nothing_feasible_says_what_was_nearest() {
    let folder = workplace();
    let strict = PLAN.replace("AtLeast(Accuracy, 0.01)", "AtLeast(Accuracy, 1.0)");
    fs::write(folder.path().join("plan.ron"), strict).unwrap();
    let (code, _, stderr) = netsynth(folder.path(), &["search", "--plan", "plan.ron", "--trials", "3"]);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("Nearest miss: trial "), "{stderr}");
    assert!(stderr.contains("the binding constraint is accuracy >= 1"), "{stderr}");
    assert!(folder.path().join("runs/search-001/front.ron").is_file());
}

#[test]
fn a_training_prints_folds_and_leaves_weights() {
    let folder = workplace();
    let faces = ["data", "synth", "faces", "--subjects", "6", "--side", "24", "--frames", "3"];
    assert_eq!(netsynth(folder.path(), &faces).0, 0);
    let (code, stdout, stderr) = netsynth(
        folder.path(),
        &["train", "tiny-prototype.ron", "--data", "faces", "--folds", "3", "--epochs", "1", "--name", "t"],
    );
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("standard deviation over 3 folds"), "{stdout}");
    assert!(stderr.contains("training images/s"), "{stderr}");
    assert!(folder.path().join("runs/t/results.ron").is_file());
    assert!(folder.path().join("runs/t/folds/03/weights.safetensors").is_file());
    let (_, json, _) = netsynth(
        folder.path(),
        &["train", "tiny-prototype.ron", "--data", "faces", "--folds", "3", "--epochs", "1", "--json"],
    );
    let results: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(results["folds"].as_array().unwrap().len(), 3);
}

#[test]
fn every_command_says_what_it_does_and_gives_an_example() {
    let folder = tempfile::tempdir().unwrap();
    let help = |command: &[&str]| netsynth(folder.path(), &[command, &["--help"]].concat()).1;
    let commands = |text: &str| -> Vec<String> {
        let listed = text.lines().skip_while(|line| *line != "Commands:").skip(1);
        let named = listed.take_while(|line| !line.is_empty()).filter(|line| !line.starts_with("   "));
        named.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
    };
    let all = commands(&help(&[]));
    assert!(all.len() > 10, "{all:?}");
    for command in all.iter().filter(|command| *command != "help") {
        let text = help(&[command]);
        let below: Vec<String> = commands(&text).into_iter().filter(|name| name != "help").collect();
        if below.is_empty() {
            assert!(text.contains(&format!("Example: netsynth {command} ")), "{command}: {text}");
        }
        for name in below {
            let text = help(&[command, &name]);
            assert!(
                text.contains(&format!("Example: netsynth {command} {name} ")),
                "{command} {name}: {text}"
            );
        }
    }
}

#[test]
fn a_reproduction_prints_measured_beside_published() {
    let folder = workplace();
    let faces = ["data", "synth", "faces", "--subjects", "4", "--side", "48", "--frames", "2"];
    assert_eq!(netsynth(folder.path(), &faces).0, 0);
    let reproduce = |more: &[&str]| {
        let arguments = ["reproduce", "nano-b", "--data", "faces", "--folds", "2", "--epochs", "1"];
        netsynth(folder.path(), &[&arguments[..], more].concat())
    };
    let (code, stdout, stderr) = reproduce(&["--only", "1", "--name", "one"]);
    assert_eq!(code, 0, "{stderr}");
    for words in ["141,098   136,000 [2]", "+3.75 %", "92.70 % [2]", "recall", "[1] counted from Figure 1"] {
        assert!(stdout.contains(words), "{words} in {stdout}");
    }
    let plan = fs::read_to_string(folder.path().join("runs/one/plan.ron")).unwrap();
    assert!(plan.contains("Adam(") && plan.contains("averaging: None"), "the recipe as published: {plan}");
    let (_, json, _) = reproduce(&["--seeds", "2", "--json", "--name", "two"]);
    let found: serde_json::Value = serde_json::from_str(&json).unwrap();
    let folds = found["folds"].as_array().unwrap();
    let accuracies: Vec<f64> = folds.iter().map(|fold| fold["accuracy"].as_f64().unwrap()).collect();
    assert_eq!(accuracies.len(), 4);
    let mean = accuracies.iter().sum::<f64>() / 4.0;
    let half_width = found["half_width"].as_f64().unwrap();
    let squares: f64 = accuracies.iter().map(|accuracy| (accuracy - mean).powi(2)).sum();
    assert!((half_width - 3.1824 * (squares / 12.0).sqrt()).abs() < 1e-9, "{found}");
    assert!(folder.path().join("runs/two/seeds/2/folds/02/weights.safetensors").is_file());
}

#[test]
fn the_paper_is_reproduced_by_one_command_which_goes_on_where_it_stopped() {
    let folder = workplace();
    let faces = ["data", "synth", "faces", "--subjects", "6", "--side", "48", "--frames", "2"];
    assert_eq!(netsynth(folder.path(), &faces).0, 0);
    let reproduce = |more: &[&str]| {
        let common =
            ["reproduce", "paper", "--data", "faces", "--folds", "2", "--epochs", "1", "--trials", "1"];
        netsynth(folder.path(), &[&common[..], more].concat())
    };
    // One epoch makes nothing that is right in 92 of 100 cases.
    let (code, stdout, stderr) = reproduce(&[]);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("Nearest miss") && stderr.contains("accuracy >= 0.92"), "{stderr}");
    assert!(stderr.contains("about ") && stderr.contains(" are expected"), "{stderr}");
    assert!(stdout.contains("EmotionNet Nano-B") && stdout.contains("92.70 %"), "{stdout}");
    let (code, again, stderr) = reproduce(&["--json"]);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("3 trainings of 1 trials are there already"), "{stderr}");
    let table: serde_json::Value = serde_json::from_str(&again).unwrap();
    assert_eq!(table["published"].as_array().unwrap().len(), 9);
    // A budget is for what is begun: what is there was begun with another speed of the machine.
    let paper = ["reproduce", "paper", "--data", "faces", "--folds", "2", "--budget", "30m"];
    let (code, _, stderr) = netsynth(folder.path(), &paper);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("3 trainings of 1 trials are there already"), "{stderr}");
    let (code, plan, stderr) =
        netsynth(folder.path(), &[&paper[..], &["--name", "new", "--dry-run"]].concat());
    assert_eq!(code, 0, "{stderr}");
    assert!(
        stderr.contains("30m of ") && plan.contains("kind: Search") && plan.contains("macs: "),
        "{plan}{stderr}"
    );
    assert!(!folder.path().join("runs/new").exists());
    let (code, _, stderr) = reproduce(&["--seed", "2"]);
    assert_eq!(code, 2);
    assert_eq!(
        stderr,
        "error: runs/paper: it was begun with other options\n  help: repeat the options it was begun with, or give \
         another --name\n"
    );
}

#[test]
fn the_paper_is_searched_for_once_without_each_fold() {
    let folder = workplace();
    let faces = ["data", "synth", "faces", "--subjects", "6", "--side", "24", "--frames", "2"];
    assert_eq!(netsynth(folder.path(), &faces).0, 0);
    let nested = |more: &[&str]| {
        let common = ["reproduce", "paper", "--nested", "--data", "faces", "--folds", "2"];
        netsynth(folder.path(), &[&common[..], more].concat())
    };
    let (code, plan, stderr) = nested(&["--dry-run"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(plan.contains("held_out: 0.0") && plan.contains("outer_fold: ("), "{plan}");
    // A budget is that of all searches together, in what is advised too.
    let (code, _, stderr) = nested(&["--budget", "1s"]);
    assert!(code == 2 && stderr.contains("--budget: the budget pays for no generation"), "{stderr}");
    let advised = stderr.split("give at least ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
    let (code, _, stderr) =
        nested(&["--budget", &format!("{}m", 2 * advised.parse::<u64>().unwrap()), "--dry-run"]);
    assert!(code == 0 && stderr.contains(" for 2 searches of "), "{stderr}");
    assert!(!folder.path().join("runs").exists());
    let short = ["--epochs", "1", "--trials", "1"];
    let (code, stdout, stderr) = nested(&short);
    assert_eq!(code, 1, "{stderr}");
    assert!(stdout.contains("0 of 2 searches found a network."), "{stdout}");
    let (code, found, stderr) = nested(&[&short[..], &["--json"]].concat());
    assert_eq!(code, 1, "{stderr}");
    assert_eq!(stderr.matches("trainings of 1 trials are there already").count(), 2, "{stderr}");
    let found: serde_json::Value = serde_json::from_str(&found).unwrap();
    assert_eq!(found["folds"][1]["run"], "runs/paper-outer-02");
    // Nobody is in both searches' held-out parts, and everybody is in one.
    for run in ["runs/paper-outer-01", "runs/paper-outer-02"] {
        assert!(stderr.contains(&format!("{run}: 84 images of 6 subjects")), "{stderr}");
        assert_eq!(netsynth(folder.path(), &["verify", run]).0, 0);
        assert_eq!(netsynth(folder.path(), &["report", run]).0, 0);
    }
    let (code, _, stderr) = nested(&[&short[..], &["--seed", "2"]].concat());
    assert!(code == 2 && stderr.contains("runs/paper-outer-01: it was begun with other options"), "{stderr}");
    let (code, _, stderr) = netsynth(folder.path(), &["reproduce", "nano-b", "--data", "faces", "--nested"]);
    assert!(code == 2 && stderr.contains("--nested: it is for `reproduce paper` alone"), "{stderr}");
    let plan = plan.replace("held_out: 0.0", "held_out: 0.1");
    fs::write(folder.path().join("both.ron"), plan).unwrap();
    let (code, _, stderr) = netsynth(folder.path(), &["search", "--plan", "both.ron"]);
    assert!(code == 2 && stderr.contains("both.ron") && stderr.contains("`outer_fold`"), "{stderr}");
}

#[test]
fn a_training_starts_from_the_weights_of_another() {
    let folder = workplace();
    let faces = ["data", "synth", "faces", "--subjects", "6", "--side", "24", "--frames", "3"];
    assert_eq!(netsynth(folder.path(), &faces).0, 0);
    let train = |epochs: &str, folds: &str, more: &[&str]| {
        let common = ["train", "tiny-prototype.ron", "--data", "faces", "--epochs", epochs, "--folds", folds];
        netsynth(folder.path(), &[&common[..], more].concat())
    };
    assert_eq!(train("30", "2", &["--name", "long"]).0, 0);
    let first_loss = |run: &str| -> f64 {
        let file = fs::read_to_string(folder.path().join(run).join("folds/01/metrics.ron")).unwrap();
        let losses = file.split("losses: [").nth(1).unwrap();
        losses.split([',', ']']).next().unwrap().trim().parse().unwrap()
    };
    let (code, _, stderr) = train("1", "2", &["--start", "runs/long", "--name", "on"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(
        first_loss("runs/on") < first_loss("runs/long") - 0.1,
        "a start that helps from the first epoch on"
    );
    assert_eq!(train("1", "2", &["--start", "runs/long/folds/02", "--name", "one"]).0, 0);
    let (code, _, stderr) = train("1", "3", &["--start", "runs/long"]);
    assert_eq!((code, stderr.contains("start from a run with the same --folds")), (2, true), "{stderr}");
    let (code, _, stderr) = train("1", "2", &["--start", "nowhere"]);
    assert_eq!((code, stderr.contains("nowhere/architecture.ron")), (2, true), "{stderr}");
}

#[test]
fn a_training_starts_from_a_run_with_several_seeds() {
    let folder = workplace();
    let faces = ["data", "synth", "faces", "--subjects", "6", "--side", "24", "--frames", "3"];
    assert_eq!(netsynth(folder.path(), &faces).0, 0);
    let reproduce = |seed: &str, seeds: &str, more: &[&str]| {
        let common =
            ["reproduce", "tiny-prototype.ron", "--recipe", "strong", "--data", "faces", "--folds", "2"];
        let seeds = ["--epochs", "1", "--seed", seed, "--seeds", seeds];
        netsynth(folder.path(), &[&common[..], &seeds, more].concat())
    };
    assert_eq!(reproduce("4", "2", &["--name", "both"]).0, 0);
    let folds = |run: &str| {
        let metrics =
            |fold: &str| fs::read(folder.path().join("runs").join(run).join(fold).join("metrics.ron"));
        ["folds/01", "folds/02"].map(|fold| metrics(fold).unwrap())
    };
    let started = |name: &str, seed: &str, start: &str| {
        let (code, _, stderr) = reproduce(seed, "1", &["--start", start, "--name", name]);
        assert_eq!(code, 0, "{stderr}");
        folds(name)
    };
    // The same seed where the run has it, and the first one otherwise.
    let fifth = started("fifth", "5", "runs/both");
    assert_eq!(fifth[0], started("fifth-1", "5", "runs/both/seeds/5/folds/01")[0]);
    assert_eq!(fifth[1], started("fifth-2", "5", "runs/both/seeds/5/folds/02")[1]);
    let ninth = started("ninth", "9", "runs/both");
    assert_eq!(ninth[1], started("ninth-2", "9", "runs/both/seeds/4/folds/02")[1]);
    assert_ne!(ninth[1], started("ninth-3", "9", "runs/both/seeds/5/folds/02")[1]);

    assert_eq!(reproduce("4", "1", &["--only", "1", "--name", "less"]).0, 0);
    let (code, _, stderr) = reproduce("4", "1", &["--start", "runs/less"]);
    assert_eq!((code, stderr.contains("it has no network for fold 2")), (2, true), "{stderr}");
    let weights = folder.path().join("runs/both/seeds/4/folds/01/weights.safetensors");
    let mut bytes = fs::read(&weights).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&weights, bytes).unwrap();
    let (code, _, stderr) = reproduce("4", "1", &["--start", "runs/both"]);
    assert_eq!((code, stderr.contains("weights.safetensors is damaged")), (2, true), "{stderr}");
}

#[test]
fn what_the_paper_search_finds_is_trained_on_folds_and_stands_in_table_1() {
    let folder = tempfile::tempdir().unwrap();
    // Two classes that anything tells apart: stripes down and stripes across.
    for subject in 0..10_u32 {
        for (class, is_down) in [("across", false), ("down", true)] {
            let class = folder.path().join("faces").join(class);
            fs::create_dir_all(&class).unwrap();
            for number in 0..4_u32 {
                let stripe = |x: u32, y: u32| {
                    let along = if is_down { x } else { y };
                    let is_dark = (along + subject + number) / 4 % 2 == 0;
                    image::Luma([if is_dark { 40 + subject as u8 } else { 200 + number as u8 }])
                };
                let path = class.join(format!("S{subject:03}_{number}.png"));
                image::GrayImage::from_fn(48, 48, stripe).save(path).unwrap();
            }
        }
    }
    let reproduce = |more: &[&str]| {
        let pattern = "(?:^|/)(S[0-9]+)_[^/]*$";
        let common = ["reproduce", "paper", "--data", "faces", "--subject-pattern", pattern, "--folds", "2"];
        let small = ["--epochs", "3", "--trials", "2", "--seed", "2", "--name", "p"];
        let recipe = ["--recipe", "strong", "--without", "averaging,annealing,mixup,erasing"];
        netsynth(folder.path(), &[&common[..], &small, &recipe, more].concat())
    };
    let (code, stdout, stderr) = reproduce(&[]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("found-nano-") && stdout.contains("2 trainings of "), "{stdout}");
    let runs: Vec<String> = fs::read_dir(folder.path().join("runs"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(runs.iter().any(|run| run.starts_with("p-nano-a")), "{runs:?}");
    // All of it is there already: only the table is printed again.
    let (code, json, stderr) = reproduce(&["--json"]);
    assert_eq!(code, 0, "{stderr}");
    let table: serde_json::Value = serde_json::from_str(&json).unwrap();
    let measured = table["measured"].as_array().unwrap();
    assert!(
        !measured.is_empty() && measured.iter().all(|row| row["accuracy"].as_f64().unwrap() > 0.5),
        "{json}"
    );
    assert!(stderr.contains("2 trainings are there already"), "{stderr}");
}

#[test]
fn table_1_has_trainings_and_searches_measured_here() {
    let folder = workplace();
    let faces = ["data", "synth", "faces", "--subjects", "6", "--side", "24", "--frames", "3"];
    assert_eq!(netsynth(folder.path(), &faces).0, 0);
    let train =
        ["train", "tiny-prototype.ron", "--data", "faces", "--folds", "2", "--epochs", "1", "--name", "t"];
    assert_eq!(netsynth(folder.path(), &train).0, 0);
    assert_eq!(netsynth(folder.path(), &["search", "--plan", "plan.ron", "--name", "s"]).0, 0);
    let (code, stdout, stderr) = netsynth(folder.path(), &["compare-table", "runs/t", "runs/s"]);
    assert_eq!(code, 0, "{stderr}");
    for words in
        ["58,000,000*", "80.60 % to 81.60 %", "runs/t, 2 trainings of 1 epochs on folds", "nano-b, trial"]
    {
        assert!(stdout.contains(words), "{words} in {stdout}");
    }
    let (code, stdout, _) = netsynth(folder.path(), &["front", "show", "runs/t"]);
    assert_eq!(code, 0);
    assert!(stdout.contains("NetScore"), "{stdout}");
    fs::remove_file(folder.path().join("runs/t/results.ron")).unwrap();
    let (code, _, stderr) = netsynth(folder.path(), &["compare-table", "runs/t"]);
    assert_eq!((code, stderr.contains("finish it with `netsynth resume runs/t`")), (2, true), "{stderr}");
}

#[test]
fn a_recipe_is_read_back_from_a_run_and_ingredients_are_left_out() {
    let folder = workplace();
    let faces = ["data", "synth", "faces", "--subjects", "6", "--side", "24", "--frames", "3"];
    assert_eq!(netsynth(folder.path(), &faces).0, 0);
    let train = |more: &[&str]| {
        let arguments = ["train", "tiny-prototype.ron", "--data", "faces", "--folds", "3", "--epochs", "1"];
        netsynth(folder.path(), &[&arguments[..], more].concat())
    };
    let (code, _, stderr) = train(&["--without", "mixup,averaging", "--balanced", "--name", "less"]);
    assert_eq!(code, 0, "{stderr}");
    let plan = fs::read_to_string(folder.path().join("runs/less/plan.ron")).unwrap();
    for line in ["mixup: 0.0", "averaging: None", "balanced_classes: true", "label_smoothing: 0.1"] {
        assert!(plan.contains(line), "{line} in {plan}");
    }
    assert_eq!(train(&["--recipe", "runs/less/plan.ron", "--name", "again"]).0, 0);
    assert_eq!(plan, fs::read_to_string(folder.path().join("runs/again/plan.ron")).unwrap());
    let (code, _, stderr) = train(&["--recipe", "nowhere.ron"]);
    assert_eq!((code, stderr.contains("give `strong`, `paper`, or a file")), (2, true), "{stderr}");
}

#[test]
fn the_space_that_the_documentation_writes_is_one() {
    let text = include_str!("../docs/extending.md");
    let space = text.split("```ron\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("narrow.ron"), space).unwrap();
    let (code, stdout, stderr) = netsynth(folder.path(), &["check", "narrow.ron"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("12 widths, 0 kernels, 3 depths, 0 links"), "{stdout}");
}

#[test]
fn what_the_paper_counts_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let (code, stdout, _) = netsynth(folder.path(), &["check", "nano-b"]);
    assert_eq!(code, 0);
    assert!(stdout.contains("parameters 141,098") && stdout.contains("MACs 44.21 M"), "{stdout}");
    let (code, stdout, _) = netsynth(folder.path(), &["check", "emotionnet"]);
    assert_eq!(code, 0);
    assert!(stdout.contains("can be met by counts"), "{stdout}");
}

#[test]
fn bad_input_gets_one_clear_error_before_any_training() {
    let folder = workplace();
    let path = folder.path();
    fs::create_dir(path.join("empty")).unwrap();
    fs::write(path.join("typo.ron"), PROTOTYPE.replace("channels: 8, norm", "chanels: 8, norm")).unwrap();
    fs::write(path.join("broken.ron"), PROTOTYPE.replace("])", "")).unwrap();
    fs::write(
        path.join("sum.ron"),
        PROTOTYPE.replace("channels: 8, norm: Batch)", "channels: 9, norm: Batch)"),
    )
    .unwrap();
    fs::write(path.join("eight.ron"), PROTOTYPE.replace("units: 7", "units: 8")).unwrap();
    fs::write(path.join("plan-typo.ron"), PLAN.replace("n_trials", "trials")).unwrap();
    netsynth(path, &["data", "synth", "faces", "--subjects", "3", "--side", "24", "--frames", "2"]);
    fs::create_dir_all(path.join("one/happy")).unwrap();
    fs::copy(
        path.join("faces/cohn-kanade-images/S001/001/S001_001_00000001.png"),
        path.join("one/happy/S010_001_00000001.png"),
    )
    .unwrap();

    let train = |architecture: &str, data: &str, folds: &str| {
        complaint(path, &["train", architecture, "--data", data, "--folds", folds, "--epochs", "1"])
    };
    let all = [
        ("a missing architecture", train("nowhere.ron", "faces", "2")),
        ("a missing folder", train("nano-b", "nowhere", "2")),
        ("no faces", train("nano-b", "empty", "2")),
        ("one class only", train("nano-b", "one", "2")),
        ("malformed RON", train("broken.ron", "faces", "2")),
        ("an unknown field", train("typo.ron", "faces", "2")),
        ("a sum that disagrees", train("sum.ron", "faces", "2")),
        ("another number of classes", train("eight.ron", "faces", "2")),
        ("more folds than subjects", train("tiny-prototype.ron", "faces", "10")),
        ("a plan's unknown field", complaint(path, &["search", "--plan", "plan-typo.ron"])),
        ("no workers", complaint(path, &["search", "--plan", "plan.ron", "--workers", "0"])),
        ("no run", complaint(path, &["front", "show", "faces"])),
    ];
    let text: Vec<String> = all.iter().map(|(what, message)| format!("{what}:\n{message}")).collect();
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn an_unreadable_image_among_good_ones_is_skipped_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let faces = ["data", "synth", "faces", "--subjects", "3", "--side", "24", "--frames", "2"];
    assert_eq!(netsynth(folder.path(), &faces).0, 0);
    let bad = folder.path().join("faces/cohn-kanade-images/S001/001/S001_001_00000002.png");
    fs::write(&bad, b"not an image").unwrap();
    let (code, stdout, _) = netsynth(folder.path(), &["data", "show", "faces"]);
    assert_eq!(code, 0);
    assert!(stdout.contains("1 that cannot be used") && stdout.contains("S001_001_00000002.png"), "{stdout}");
}

/// A benchmark small enough for a test: 27 networks, in the form that NAS-Bench-Macro is published in.
fn benchmark() -> String {
    let networks = (0..27).map(|number| {
        let key = format!("{}{}{}", number / 9, number / 3 % 3, number % 3);
        let (accuracy, parameters) = (80 + number % 9 + number / 9, 1000 * (1 + number));
        format!(
            r#""{key}": {{"test_acc": [1, 2, 3], "mean_acc": {accuracy}, "std": 0.1, "params": {parameters}, "flops": 7}}"#
        )
    });
    format!("{{{}}}", networks.collect::<Vec<_>>().join(", "))
}

#[test]
fn strategies_are_compared_on_a_table_and_the_number_of_workers_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("table.json"), benchmark()).unwrap();
    let compared = |workers: &str, name: &str| {
        let arguments = [
            "compare",
            "--table",
            "table.json",
            "--seeds",
            "1..3",
            "--evaluations",
            "12",
            "--workers",
            workers,
        ];
        let (code, stdout, stderr) = netsynth(folder.path(), &[&arguments[..], &["--name", name]].concat());
        assert_eq!(code, 0, "{stderr}");
        stdout
    };
    let stdout = compared("1", "one");
    assert!(stdout.contains("synthesis") && stdout.contains("Student's t over 3 seeds"), "{stdout}");
    assert!(stdout.contains("Seed by seed, how far synthesis is ahead:"), "{stdout}");
    assert_eq!(stdout, compared("3", "three"));
    let (one, three) = (folder.path().join("runs/one"), folder.path().join("runs/three"));
    let names: Vec<String> = contents(&one).into_iter().map(|(name, _)| name).collect();
    let names: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| !name.ends_with(".sha256")).collect();
    assert_eq!(
        names,
        ["contents.ron", "curves.csv", "curves.svg", "lock", "plan.ron", "provenance.ron", "summary.ron"]
    );
    assert_eq!(contents(&one), contents(&three));
    let arguments =
        ["compare", "--table", "table.json", "--strategies", "random,synthesis", "--seeds", "4..6", "--json"];
    let (_, json, _) = netsynth(folder.path(), &arguments);
    let summary: serde_json::Value = serde_json::from_str(&json).unwrap();
    // All 27 networks were evaluated, so the whole front was found.
    let last = &summary["rows"][3];
    assert_eq!(last["evaluations"], 27);
    assert!((last["hypervolume"]["mean"].as_f64().unwrap() - 1.0).abs() < 1e-12, "{last}");
    // How far one is ahead is the mean difference, and nobody is once all is known.
    for mark in 0..4 {
        let mean = |row: usize| summary["rows"][row]["hypervolume"]["mean"].as_f64().unwrap();
        let lead = &summary["leads"][mark];
        let ahead = lead["hypervolume"]["mean"].as_f64().unwrap();
        assert!((ahead - (mean(mark) - mean(4 + mark))).abs() < 1e-12, "{lead}");
        assert_eq!(lead["over"], "synthesis");
        assert!(mark < 3 || lead["n_ahead"] == 0, "{lead}");
    }
}

#[test]
fn a_comparison_that_cannot_be_gets_one_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("table.json"), benchmark()).unwrap();
    fs::write(folder.path().join("list.json"), "[1, 2]").unwrap();
    fs::write(folder.path().join("bare.json"), r#"{"0": {"mean_acc": 50}, "1": {"mean_acc": 60}}"#).unwrap();
    let compare = |arguments: &[&str]| complaint(folder.path(), &[&["compare"], arguments].concat());
    let all = [
        ("no table", compare(&["--table", "nowhere.json"])),
        ("no object", compare(&["--table", "list.json"])),
        ("no counts", compare(&["--table", "bare.json"])),
        ("out of reach", compare(&["--table", "table.json", "--indicator", "parameters<=10"])),
    ];
    let text: Vec<String> = all.iter().map(|(what, message)| format!("{what}:\n{message}")).collect();
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn a_finished_search_is_asked_for_more_networks_and_for_reasons() {
    let folder = workplace();
    assert_eq!(netsynth(folder.path(), &["search", "--plan", "plan.ron", "--name", "one"]).0, 0);
    let draw = ["sample", "runs/one", "--generator", "1", "--seeds", "5..7", "--out", "drawn"];
    let (code, stdout, stderr) = netsynth(folder.path(), &draw);
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(stdout, netsynth(folder.path(), &draw[..6]).1, "the same seeds draw the same networks");
    let (code, checked, _) = netsynth(folder.path(), &["check", "drawn/g001-seed-6.ron"]);
    assert_eq!(code, 0, "{checked}");
    let (code, stdout, stderr) = netsynth(folder.path(), &["explain", "runs/one", "4"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("Trial 4, nearest to trial") && stdout.contains("channels stem"), "{stdout}");
    assert!(stdout.contains("predicted U against U"), "{stdout}");
    let (code, _, stderr) = netsynth(folder.path(), &["explain", "runs/one", "6"]);
    assert_eq!((code, stderr.contains("there is no trial 6")), (2, true), "{stderr}");
}
