//! Trials that start with what others have learned, through the program.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod workplace;

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use workplace::{PLAN, assert_same, contents, ended, netsynth, start, workplace};

/// A search whose trials take over from others, to its end.
fn searched(folder: &Path, from: &str, name: &str, workers: &str) {
    let arguments = ["search", "--plan", "plan.ron", "--inherit", from, "--name", name, "--workers", workers];
    let (code, _, stderr) = netsynth(folder, &arguments);
    assert_eq!(code, 0, "{stderr}");
}

/// What the first epoch of each trial's first rung lost, in nats.
fn first_losses(run: &Path) -> Vec<f64> {
    let trials = (0..6).map(|trial| run.join(format!("trials/{trial:05}/rung-0.ron")));
    let loss = |path| {
        let text = fs::read_to_string(path).unwrap();
        let (_, rest) = text.split_once("losses:").unwrap();
        let number: String = rest
            .chars()
            .skip_while(|c| !c.is_ascii_digit())
            .take_while(|c| "0123456789.e-".contains(*c))
            .collect();
        number.parse().unwrap()
    };
    trials.map(loss).collect()
}

#[test]
fn heirs_begin_where_their_ancestors_ended() {
    let folder = workplace();
    let folder = folder.path();
    fs::write(folder.join("plan.ron"), PLAN.replace("held_out: 0.2", "held_out: 0.0")).unwrap();
    for from in ["nothing", "prototype", "parent"] {
        searched(folder, from, from, "2");
    }
    let run = |from: &str| folder.join("runs").join(from);
    let mean = |losses: Vec<f64>| losses.iter().sum::<f64>() / losses.len() as f64;
    let [scratch, prototype, parent] =
        ["nothing", "prototype", "parent"].map(|from| mean(first_losses(&run(from))));
    assert!(prototype < scratch - 0.15 && parent < scratch - 0.15, "{scratch} {prototype} {parent}");
    // Every training's network is kept, where others can go on with it.
    let weights = |from: &str| {
        let files = contents(&run(from)).into_iter().map(|(name, _)| name);
        files.filter(|name| name.starts_with("trials") && name.ends_with(".safetensors")).collect::<Vec<_>>()
    };
    assert!(weights("nothing").is_empty());
    for from in ["prototype", "parent"] {
        assert!(weights(from).iter().any(|name| name.contains("rung-1-fold-02")), "{:?}", weights(from));
    }
    for from in ["prototype", "parent"] {
        let (code, stdout, stderr) =
            netsynth(folder, &["verify", &format!("runs/{from}"), "--retrain", "6", "--workers", "2"]);
        assert_eq!(code, 0, "{stdout}{stderr}");
        assert!(stdout.matches(": the same").count() >= 9, "{stdout}");
    }
}

#[test]
fn heirs_are_audited_from_scratch_and_the_report_says_what_they_began_with() {
    let folder = workplace();
    let folder = folder.path();
    searched(folder, "prototype", "heirs", "2");
    let (code, stdout, stderr) = netsynth(folder, &["audit", "runs/heirs"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("In the search: 2 epochs on 2 folds after what was inherited."), "{stdout}");
    assert!(stdout.contains("From scratch: 2 epochs on 2 folds;"), "{stdout}");
    let (code, _, stderr) = netsynth(folder, &["report", "runs/heirs"]);
    assert_eq!(code, 0, "{stderr}");
    let page = fs::read_to_string(folder.join("runs/heirs/report.html")).unwrap();
    assert!(page.contains(
        "Trials did not begin from scratch: each took over the most salient channels of the trained prototype"
    ));
    assert!(page.contains("after what was inherited"));
    // The variants go on with what their trials learned, so even an epoch of them is well begun.
    let metrics = |name: &str| {
        fs::read_to_string(folder.join("runs").join(name).join("variants/nano-a/metrics.ron")).unwrap()
    };
    assert!(
        metrics("heirs").contains("inherits: true")
            && page.contains("epochs on from what the trial had learned")
    );
    searched(folder, "nothing", "scratch", "2");
    assert!(!metrics("scratch").contains("inherits"));
}

#[test]
fn a_search_of_heirs_that_is_killed_ends_as_if_nothing_had_happened() {
    let folder = workplace();
    let folder = folder.path();
    // With candidates that are screened before they are trained: whatever a search can do at once.
    let plan = PLAN.replace("seed: 3,", "seed: 3, newborns: (factor: 2, by: Naswot),");
    fs::write(folder.join("plan.ron"), plan).unwrap();
    let begun = Instant::now();
    searched(folder, "parent", "whole", "2");
    let whole = begun.elapsed();
    let expected = contents(&folder.join("runs/whole"));
    let mut n_killed = 0;
    for instant in 0.. {
        let name = format!("cut-{instant}");
        let run = format!("runs/{name}");
        let workers = ["1", "2", "3"][instant % 3];
        let mut arguments: Vec<&str> = vec![
            "search",
            "--plan",
            "plan.ron",
            "--inherit",
            "parent",
            "--name",
            &name,
            "--workers",
            workers,
        ];
        loop {
            let mut child = start(folder, &arguments);
            sleep(
                whole
                    .mul_f64(0.15 + 0.11 * ((3 * instant + n_killed) % 7) as f64)
                    .max(Duration::from_millis(5)),
            );
            if child.try_wait().unwrap().is_some() {
                let (code, stderr) = ended(child);
                assert_eq!(code, Some(0), "{stderr}");
                break;
            }
            child.kill().unwrap();
            ended(child);
            n_killed += 1;
            if folder.join(&run).join("plan.ron").exists() {
                arguments = vec!["resume", &run, "--workers", workers];
            }
        }
        assert_same(&contents(&folder.join(&run)), &expected, &format!("after {n_killed} kills"));
        if n_killed >= 12 {
            break;
        }
    }
}

#[test]
fn strategies_are_compared_on_heirs_of_one_prototype_a_seed() {
    let folder = workplace();
    let folder = folder.path();
    let plan = PLAN.replace("final_epochs: 2", "final_epochs: 2, inheritance: (from: Parent, epochs: 3)");
    fs::write(folder.join("plan.ron"), plan).unwrap();
    let compared = |workers: &str| {
        let budget = ["--seeds", "1..2", "--evaluations", "4", "--workers", workers];
        let who = ["compare", "--plan", "plan.ron", "--strategies", "synthesis,nsga2"];
        let (code, stdout, stderr) = netsynth(folder, &[&who[..], &budget].concat());
        assert_eq!(code, 0, "{stderr}");
        // Two folds and two seeds.
        assert_eq!(stderr.matches("after 3 epochs").count(), 4, "{stderr}");
        stdout
    };
    assert_eq!(compared("1"), compared("2"));
}

#[test]
fn weights_that_others_start_from_must_be_there_and_whole() {
    let folder = workplace();
    let folder = folder.path();
    searched(folder, "parent", "whole", "2");
    let run = folder.join("runs/whole");
    let expected = contents(&run);
    let prototype = run.join("prototype/folds/01/weights.safetensors");
    let good = fs::read(&prototype).unwrap();
    let mut bad = good.clone();
    *bad.last_mut().unwrap() ^= 1;
    fs::write(&prototype, &bad).unwrap();
    fs::remove_dir_all(run.join("trials/00001")).unwrap();
    let (code, _, stderr) = netsynth(folder, &["resume", "runs/whole"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("prototype/folds/01/weights.safetensors"), "{stderr}");
    fs::write(&prototype, &good).unwrap();
    let (code, _, stderr) = netsynth(folder, &["resume", "runs/whole"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(contents(&run) == expected);
    // The second rung of a trial goes on where its first ended, which is trained again for it.
    let (name, _) = expected.iter().find(|(name, _)| name.ends_with("rung-1.ron")).unwrap();
    fs::remove_file(run.join(name)).unwrap();
    let weights = name.replace("rung-1.ron", "rung-0-fold-01.safetensors");
    fs::remove_file(run.join(&weights)).unwrap();
    let (code, _, stderr) = netsynth(folder, &["resume", "runs/whole"]);
    assert_eq!(code, 0, "{stderr}");
    assert_same(&contents(&run), &expected, "after weights were missing");
}
