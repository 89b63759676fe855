//! Run folders that earlier versions wrote are read, verified, shown and continued.
//!
//! Accuracies of new trainings depend on the processor, so nothing here compares them with those in the folders.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod workplace;

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use workplace::{assert_same, contents, netsynth};

/// An empty folder with a copy of this golden run in `runs/`.
fn copy_of(name: &str) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    copy_folder(&golden, &home.path().join("runs").join(name));
    home
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            fs::copy(&path, target).unwrap();
        }
    }
}

/// Standard output of a command that must succeed.
fn printed(folder: &Path, arguments: &[&str]) -> String {
    let (code, stdout, stderr) = netsynth(folder, arguments);
    assert_eq!(code, 0, "{arguments:?}: {stdout}{stderr}");
    stdout
}

/// The report of a run, without any complaint of damage.
fn report_of(folder: &Path, run: &str) -> String {
    printed(folder, &["report", run, "--out", "page.html"]);
    let page = fs::read_to_string(folder.join("page.html")).unwrap();
    assert!(!page.contains("Parts of this run cannot be read."), "{run}");
    page
}

#[test]
fn the_reference_run_is_whole_small_and_shows_itself_on_a_fresh_clone() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    let run = "runs/reference";
    copy_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join(run), &folder.join(run));
    let n_bytes: usize = contents(&folder.join(run)).iter().map(|(_, bytes)| bytes.len()).sum();
    assert!((100_000..2_000_000).contains(&n_bytes), "{n_bytes} bytes");
    let verified = printed(folder, &["verify", run, "--retrain", "0"]);
    assert!(verified.contains("60 trials") && verified.contains("the search has ended"), "{verified}");
    let shown = printed(folder, &["front", "show", run, "--csv"]);
    assert!(shown.lines().count() >= 4 && shown.contains("nano-a") && shown.contains("nano-b"), "{shown}");
    assert!(report_of(folder, run).contains("nano-b"));
    let front = fs::read_to_string(folder.join(run).join("front.csv")).unwrap();
    let smallest = front.lines().find(|row| row.contains("nano-b")).unwrap();
    let explained = printed(folder, &["explain", run, smallest.split(',').next().unwrap()]);
    assert!(explained.contains("predicted U against U"), "{explained}");
    // Its networks are used as those of any run.
    let exported =
        ["export", "runs/reference/variants/nano-b", "--to", "netsynth", "--out", "nano-b.netsynth"];
    printed(folder, &exported);
    let measured = printed(folder, &["bench", "nano-b.netsynth", "--seconds", "0.1", "--csv"]);
    assert!(measured.lines().count() > 2, "{measured}");
}

#[test]
fn a_search_that_has_ended_is_verified_and_shown_and_nothing_is_left_to_do() {
    let home = copy_of("searched");
    let folder = home.path();
    let before = contents(&folder.join("runs/searched"));
    let verified = printed(folder, &["verify", "runs/searched", "--retrain", "0"]);
    assert_eq!(
        verified,
        "replayed: 8 trials, a front of 2, hypervolume 0.0074; the search has ended\nruns/searched holds: 90 files\n"
    );
    // What file managers leave is no part of a run, and what else is there is named.
    let left_behind = [
        ".DS_Store",
        "trials/Thumbs.db",
        "trials/00001/._candidate.ron",
        "audit/desktop.ini",
        "trials/.nfs0001",
    ];
    for left in left_behind {
        fs::write(folder.join("runs/searched").join(left), "left").unwrap();
    }
    assert_eq!(printed(folder, &["verify", "runs/searched", "--retrain", "0"]), verified);
    let stranger = folder.join("runs/searched/trials/00001/notes.txt");
    fs::write(&stranger, "mine").unwrap();
    let (code, stdout, _) = netsynth(folder, &["verify", "runs/searched", "--retrain", "0"]);
    assert!(code == 1 && stdout.contains("trials/00001/notes.txt"), "{stdout}");
    fs::remove_file(stranger).unwrap();
    for left in left_behind {
        fs::remove_file(folder.join("runs/searched").join(left)).unwrap();
    }
    let front = printed(folder, &["front", "show", "runs/searched"]);
    for part in ["91154c5b08cf6b91", "15.71 %", "nano-a", "67a8025bb1ed70a7", "15.36 %", "nano-b"] {
        assert!(front.contains(part), "{part} in {front}");
    }
    let explained = printed(folder, &["explain", "runs/searched", "4"]);
    assert!(
        explained.contains("Trial 4") && explained.contains("Before any training: NASWOT "),
        "{explained}"
    );
    let drawn = printed(folder, &["sample", "runs/searched", "--generator", "1", "--seeds", "1"]);
    assert!(drawn.contains("8de3a9f4c767b20b"), "{drawn}");
    let page = report_of(folder, "runs/searched");
    for part in ["<section id=\"audit\">", "nano-b", "NASWOT against accuracy"] {
        assert!(page.contains(part), "{part}");
    }
    let audit = printed(folder, &["audit", "runs/searched"]);
    assert!(audit.contains("11.07 % ± 0.51") && audit.contains("16.43 % ± 13.13"), "{audit}");
    printed(folder, &["resume", "runs/searched"]);
    assert_same(&contents(&folder.join("runs/searched")), &before, "after an audit and a resume");
}

#[test]
fn a_search_that_was_killed_is_verified_and_goes_on_to_its_end() {
    let home = copy_of("interrupted");
    let folder = home.path();
    let run = folder.join("runs/interrupted");
    let before = contents(&run);
    let verified = printed(folder, &["verify", "runs/interrupted", "--retrain", "0"]);
    assert!(verified.contains("the search has not ended\nruns/interrupted holds: 41 files"), "{verified}");
    assert!(printed(folder, &["front", "show", "runs/interrupted"]).contains("032219d22d9d9f72"));
    assert!(printed(folder, &["explain", "runs/interrupted", "1"]).contains("Trial 1, drawn afresh"));
    report_of(folder, "runs/interrupted");

    let (code, _, stderr) = netsynth(folder, &["resume", "runs/interrupted", "--workers", "2"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.contains("5 trainings of 3 trials are there already"), "{stderr}");
    let after = contents(&run);
    let is_kept = |file: &(String, Vec<u8>)| after.contains(file);
    assert!(before.iter().all(is_kept), "a file was changed");
    // Trial 3 is trained again, which this processor trained.
    let verified = printed(folder, &["verify", "runs/interrupted", "--retrain", "1"]);
    assert!(
        verified.contains("replayed: 6 trials") && verified.contains("the search has ended"),
        "{verified}"
    );
    assert!(run.join("newborns/000.ron").is_file() && run.join("screening/001.ron").is_file());
    assert!(run.join("variants/nano-a/weights.safetensors").is_file());
}

#[test]
fn a_training_with_two_seeds_is_shown_and_what_it_lacks_is_trained() {
    let home = copy_of("trained");
    let folder = home.path();
    printed(folder, &["data", "synth", "faces", "--subjects", "4", "--side", "24", "--frames", "2"]);
    let run = folder.join("runs/trained");
    let before = contents(&run);
    assert!(printed(folder, &["front", "show", "runs/trained"]).contains("8603104029105960"));
    assert!(printed(folder, &["compare-table", "runs/trained"]).contains("4 trainings of 2 epochs on folds"));
    assert!(report_of(folder, "runs/trained").contains("tiny"));
    let resumed = printed(folder, &["resume", "runs/trained"]);
    assert!(resumed.contains("standard deviation over 4 folds"), "{resumed}");
    assert_same(&contents(&run), &before, "after nothing was left to train");

    fs::remove_dir_all(run.join("seeds/6/folds/02")).unwrap();
    fs::remove_file(run.join("results.ron")).unwrap();
    let (code, _, stderr) = netsynth(folder, &["resume", "runs/trained"]);
    assert_eq!((code, stderr.contains("3 trainings are there already")), (0, true), "{stderr}");
    let names = |files: &[(String, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&contents(&run)), names(&before));
}
