//! Searches that wait for no generation: the order in which measurements came is recorded, and all else follows from it.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod workplace;

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use workplace::{PLAN, assert_same, contents, ended, netsynth, start, workplace};

/// A folder with a small plan, asynchronous, with so many trials.
fn folder(n_trials: usize) -> tempfile::TempDir {
    let folder = workplace();
    let plan = PLAN.replace("n_trials: 6", &format!("n_trials: {n_trials}, asynchronous: true"));
    fs::write(folder.path().join("plan.ron"), plan).unwrap();
    folder
}

fn search(folder: &Path, name: &str, options: &[&str]) -> PathBuf {
    let (code, _, stderr) =
        netsynth(folder, &[&["search", "--plan", "plan.ron", "--name", name], options].concat());
    assert_eq!(code, 0, "{stderr}");
    folder.join("runs").join(name)
}

fn verified(folder: &Path, run: &Path, retrain: &str) {
    let (code, stdout, stderr) =
        netsynth(folder, &["verify", &run.display().to_string(), "--retrain", retrain]);
    assert_eq!(code, 0, "{stdout}{stderr}");
}

/// The measurements of a run: of each file how many came before.
fn places(run: &Path) -> Vec<(usize, String)> {
    let files =
        contents(run).into_iter().filter(|(name, _)| name.contains("rung-") && name.ends_with(".ron"));
    let place = |(name, bytes): (String, Vec<u8>)| {
        let text = String::from_utf8(bytes).unwrap();
        let place = text.lines().find_map(|line| line.trim().strip_prefix("place: ")).unwrap();
        let place = place.trim_start_matches("Some(").trim_end_matches(&[',', ')'][..]).parse().unwrap();
        (place, name)
    };
    let mut places: Vec<(usize, String)> = files.map(place).collect();
    places.sort();
    places
}

#[test]
fn the_same_order_gives_the_same_files_whoever_is_at_work() {
    let folder = folder(9);
    let folder = folder.path();
    let run = search(folder, "one", &["--workers", "3"]);
    let expected = contents(&run);
    let places = places(&run);
    assert!(places.iter().enumerate().all(|(at, (place, _))| at == *place) && places.len() > 9, "{places:?}");
    verified(folder, &run, "2");
    // All that follows from the measurements is made again, and nothing is measured.
    let is_given = |name: &str| {
        let inputs = ["plan.ron", "provenance.ron", "search-space.ron", "prototype.ron"];
        inputs.iter().any(|input| name.starts_with(input)) || name.contains("rung-")
    };
    for (name, _) in expected.iter().filter(|(name, _)| !is_given(name)) {
        fs::remove_file(run.join(name)).unwrap();
    }
    let (code, _, stderr) = netsynth(folder, &["resume", "runs/one", "--executor", "processes"]);
    assert_eq!(code, 0, "{stderr}");
    assert_same(&contents(&run), &expected, "from its measurements");
    // On one thread results come in the order in which they are begun, so the same twice.
    let once = contents(&search(folder, "two", &["--workers", "1"]));
    verified(folder, &folder.join("runs/two"), "1");
    assert_eq!(once.iter().filter(|(name, _)| name.ends_with("candidate.ron")).count(), 9);
    for command in [
        &["front", "show", "runs/one"][..],
        &["report", "runs/one"],
        &["explain", "runs/one"],
        &["watch", "runs/one"],
    ] {
        let (code, _, stderr) = netsynth(folder, command);
        assert_eq!(code, 0, "{command:?}: {stderr}");
    }
}

#[test]
fn a_search_that_is_killed_and_resumed_keeps_the_order_that_was_recorded() {
    let folder = folder(12);
    let folder = folder.path();
    let mut recorded: Vec<(usize, String)> = Vec::new();
    let run = folder.join("runs/cut");
    for round in 0.. {
        let command: &[&str] = if run.join("plan.ron").exists() {
            &["resume", "runs/cut"]
        } else {
            &["search", "--plan", "plan.ron", "--name", "cut"]
        };
        let executor = if round % 2 == 0 { "local" } else { "processes" };
        let mut child = start(folder, &[command, &["--workers", "3", "--executor", executor]].concat());
        if round < 6 {
            sleep(Duration::from_millis(60 + 45 * round));
            let _ = child.kill();
            ended(child);
        } else {
            let (code, stderr) = ended(child);
            assert_eq!(code, Some(0), "{stderr}");
            break;
        }
        if run.join("plan.ron").exists() {
            let now = places(&run);
            assert!(now.starts_with(&recorded), "{recorded:?} is not how {now:?} begins");
            recorded = now;
        }
    }
    assert!(places(&run).starts_with(&recorded));
    verified(folder, &run, "2");
}

#[test]
fn nobody_waits_for_a_slow_trial() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/own-trainer");
    for name in ["space.ron", "layers.ron", "channels.sh"] {
        fs::copy(examples.join(name), folder.join(name)).unwrap();
    }
    let plan = fs::read_to_string(examples.join("digits.ron")).unwrap();
    let plan = plan.replace("\"python3\", \"digits.py\"", "\"sh\", \"slow.sh\"");
    fs::write(folder.join("plan.ron"), &plan).unwrap();
    let slow = "read -r asked\ncase $asked in *trial-00000-rung-0*) sleep 3;; esac\nprintf '%s\\n' \"$asked\" | sh channels.sh";
    fs::write(folder.join("slow.sh"), slow).unwrap();
    let run = search(folder, "free", &["--asynchronous", "--workers", "4"]);
    let places = places(&run);
    let slow = places.iter().position(|(_, name)| name == "trials/00000/rung-0.ron").unwrap();
    // All eight trials were measured on their first rung meanwhile.
    assert!(slow >= 7, "{places:?}");
    verified(folder, &run, "2");
    // Whoever asks and tells is not waited for by anybody.
    let (code, _, stderr) = netsynth(folder, &["ask", "runs/free"]);
    assert!(code == 2 && stderr.contains("not `asynchronous`"), "{code}: {stderr}");
    // Without the option nothing of it is in a plan.
    let (_, plan, _) = netsynth(folder, &["search", "--plan", "plan.ron", "--dry-run"]);
    assert!(!plan.contains("asynchronous"), "{plan}");
    let whole = search(folder, "generations", &["--workers", "4"]);
    assert!(!fs::read_to_string(whole.join("trials/00000/rung-0.ron")).unwrap().contains("place"));
}

#[test]
fn a_measurement_that_others_came_after_cannot_be_made_again() {
    let folder = folder(6);
    let folder = folder.path();
    let run = search(folder, "lost", &["--workers", "2"]);
    let (_, second) = places(&run).swap_remove(1);
    fs::remove_file(run.join(&second)).unwrap();
    let (code, stdout, stderr) = netsynth(folder, &["verify", "runs/lost"]);
    assert!(code == 1 && format!("{stdout}{stderr}").contains(&second), "{code}: {stdout}{stderr}");
    // The search has not ended for whoever goes on with it without its end.
    for name in ["end.ron", "front.ron", "front.csv"] {
        fs::remove_file(run.join(name)).unwrap();
    }
    let before = contents(&run);
    let (code, _, stderr) = netsynth(folder, &["resume", "runs/lost"]);
    assert!(code == 2 && stderr.contains("came as number 2 is not there"), "{code}: {stderr}");
    assert_same(&contents(&run), &before, "nothing is measured");
}
