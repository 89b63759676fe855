//! What docs/reliability.md promises of a run, through the program: it survives anything, and repeats to the bit.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod workplace;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use workplace::{PLAN, assert_same, contents, ended, netsynth, start, workplace};

/// Sends a signal by its name.
fn signal(child: &Child, name: &str) {
    let sent = Command::new("sh").arg("-c").arg(format!("kill -{name} {}", child.id())).status().unwrap();
    assert!(sent.success());
}

/// Waits until a file of a run is there.
fn wait_for(path: &Path) {
    let begun = Instant::now();
    while !path.exists() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{} never came", path.display());
        sleep(Duration::from_millis(2));
    }
}

/// The files of the uninterrupted search, and how long it took.
fn uninterrupted(folder: &Path) -> (Vec<(String, Vec<u8>)>, Duration) {
    let begun = Instant::now();
    let (code, _, stderr) =
        netsynth(folder, &["search", "--plan", "plan.ron", "--name", "whole", "--workers", "2"]);
    assert_eq!(code, 0, "{stderr}");
    (contents(&folder.join("runs/whole")), begun.elapsed())
}

/// The small plan with an audit.
fn audited(folder: &Path) {
    fs::write(folder.join("plan.ron"), PLAN.replace("final_epochs: 2", "final_epochs: 2, audit: true"))
        .unwrap();
}

/// The small plan with fewer trials, each of so many epochs.
fn long(folder: &Path, epochs: usize) {
    let plan = PLAN
        .replace("epochs: 1, folds: 1", &format!("epochs: {epochs}, folds: 1"))
        .replace("n_trials: 6", "n_trials: 3");
    fs::write(folder.join("plan.ron"), plan).unwrap();
}

/// What a killed process left holds, as far as it came.
fn half_a_run_holds(folder: &Path, run: &str) {
    if folder.join(run).join("plan.ron").exists() {
        let (code, stdout, stderr) = netsynth(folder, &["verify", run, "--retrain", "0"]);
        assert_eq!(code, 0, "{stdout}{stderr}");
    }
}

#[test]
fn a_search_killed_at_fifty_instants_ends_as_if_nothing_had_happened() {
    let folder = workplace();
    let folder = folder.path();
    audited(folder);
    let (expected, whole) = uninterrupted(folder);
    let mut random: u64 = 0x9e37_79b9_7f4a_7c15;
    let (mut n_killed, mut n_resumed) = (0, 0);
    for number in 0.. {
        if n_killed >= 50 {
            break;
        }
        let name = format!("cut-{number}");
        let run = format!("runs/{name}");
        loop {
            // xorshift64: what matters is that the instants are spread, and the machine adds its own chance.
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let workers = ["1", "2", "4"][(random % 3) as usize];
            let is_begun = folder.join(&run).join("plan.ron").exists();
            let mut child = if is_begun {
                n_resumed += 1;
                start(folder, &["resume", &run, "--workers", workers])
            } else {
                start(folder, &["search", "--plan", "plan.ron", "--name", &name, "--workers", workers])
            };
            sleep(whole.mul_f64(0.6 * (random >> 11) as f64 / (1u64 << 53) as f64));
            if child.try_wait().unwrap().is_some() {
                let (code, stderr) = ended(child);
                assert_eq!(code, Some(0), "{stderr}");
                break;
            }
            child.kill().unwrap();
            n_killed += usize::from(ended(child).0.is_none());
            half_a_run_holds(folder, &run);
        }
        assert_same(&contents(&folder.join(&run)), &expected, &format!("after {n_killed} kills"));
    }
    assert!(n_resumed >= 20, "only {n_resumed} of {n_killed} kills left something to go on with");
}

#[test]
fn a_training_that_was_killed_keeps_its_folds_and_ends_as_if_nothing_had_happened() {
    let folder = workplace();
    let folder = folder.path();
    let faces = ["data", "synth", "faces", "--subjects", "6", "--side", "24", "--frames", "3"];
    assert_eq!(netsynth(folder, &faces).0, 0);
    let train =
        ["train", "tiny-prototype.ron", "--data", "faces", "--folds", "5", "--epochs", "150", "--name"];
    let train = |name| [&train[..], &[name, "--workers", "1"]].concat();
    assert_eq!(netsynth(folder, &train("whole")).0, 0);
    let mut child = start(folder, &train("cut"));
    wait_for(&folder.join("runs/cut/folds/02/metrics.ron"));
    child.kill().unwrap();
    ended(child);
    assert!(!folder.join("runs/cut/results.ron").exists(), "it was over before it was killed");
    half_a_run_holds(folder, "runs/cut");
    let (code, stdout, stderr) = netsynth(folder, &["resume", "runs/cut", "--workers", "2"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.contains(" trainings are there already"), "{stderr}");
    assert!(stdout.contains("standard deviation over 5 folds"), "{stdout}");
    let whole = contents(&folder.join("runs/whole"));
    assert_same(&contents(&folder.join("runs/cut")), &whole, "after a kill");
}

#[test]
fn one_two_and_four_workers_leave_the_same_files() {
    let folder = workplace();
    audited(folder.path());
    let (expected, _) = uninterrupted(folder.path());
    for workers in ["1", "4"] {
        let arguments = ["search", "--plan", "plan.ron", "--name", workers, "--workers", workers];
        assert_eq!(netsynth(folder.path(), &arguments).0, 0);
        assert_same(&contents(&folder.path().join("runs").join(workers)), &expected, workers);
    }
}

#[test]
fn screened_candidates_are_chosen_alike_by_any_number_of_workers_after_a_kill_and_in_a_proof() {
    let folder = workplace();
    let folder = folder.path();
    let plan = PLAN.replace("        rungs:", "        screening: (factor: 3, by: Naswot),\n        rungs:");
    fs::write(folder.join("plan.ron"), plan).unwrap();
    let (expected, _) = uninterrupted(folder);
    let text = |name: &str| fs::read_to_string(folder.join("runs/whole").join(name)).unwrap();
    assert_eq!(text("screening/000.ron").matches("id: ").count(), 9);
    // What was scored before it was chosen is what the trial keeps.
    let screening = text("screening/001.ron");
    let fifth = screening.split("        (\n").find(|candidate| candidate.contains("trial: 5")).unwrap();
    let score = fifth.split_once("naswot: ").unwrap().1.split_once(',').unwrap().0;
    assert!(text("trials/00005/rung-0.ron").contains(&format!("naswot: {score},")), "{screening}");

    let mut child = start(folder, &["search", "--plan", "plan.ron", "--name", "cut", "--workers", "1"]);
    wait_for(&folder.join("runs/cut/screening/001.ron"));
    child.kill().unwrap();
    ended(child);
    assert_eq!(netsynth(folder, &["resume", "runs/cut", "--workers", "4"]).0, 0);
    assert_same(&contents(&folder.join("runs/cut")), &expected, "after a kill");
    let (code, stdout, stderr) = netsynth(folder, &["verify", "runs/cut", "--retrain", "1"]);
    assert_eq!(code, 0, "{stdout}{stderr}");
    let (code, stdout, stderr) = netsynth(folder, &["explain", "runs/cut", "5"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(
        stdout.contains("Before any training: NASWOT ") && stdout.contains("SNIP against accuracy"),
        "{stdout}"
    );
    assert_eq!(netsynth(folder, &["report", "runs/cut"]).0, 0);
    let page = fs::read_to_string(folder.join("runs/cut/report.html")).unwrap();
    assert!(page.contains("NASWOT against accuracy") && page.contains("Of every 3 networks"));
}

#[cfg(unix)]
#[test]
fn a_signal_stops_after_the_trainings_in_flight() {
    let folder = workplace();
    let folder = folder.path();
    // Seconds each: a signal sent soon after they begin finds them in flight.
    long(folder, 4000);
    let (expected, _) = uninterrupted(folder);
    for name in ["INT", "TERM"] {
        let run = folder.join("runs").join(name);
        let child = start(folder, &["search", "--plan", "plan.ron", "--name", name, "--workers", "2"]);
        wait_for(&run.join("trials/00001"));
        sleep(Duration::from_millis(300));
        signal(&child, name);
        let (code, stderr) = ended(child);
        assert_eq!(code, Some(130), "{stderr}");
        assert!(stderr.contains("stopping after the trainings in flight"), "{stderr}");
        assert!(stderr.contains(&format!("`netsynth resume runs/{name}` goes on")), "{stderr}");
        let has_rung = |trial: usize| run.join(format!("trials/{trial:05}/rung-0.ron")).exists();
        assert!(has_rung(0) || has_rung(1), "the trainings in flight were cut off");
        assert!(!has_rung(2), "another training was begun");
        let (code, stdout, stderr) = netsynth(folder, &["resume", &format!("runs/{name}"), "--workers", "1"]);
        assert_eq!(code, 0, "{stderr}");
        assert!(stdout.contains("nano-a"), "{stdout}");
        assert_same(&contents(&run), &expected, name);
    }
}

#[cfg(unix)]
#[test]
fn an_audit_that_is_stopped_or_killed_keeps_its_folds_and_goes_on() {
    let folder = workplace();
    let folder = folder.path();
    // A second or so each: a signal sent soon after one begins finds it in flight.
    let plan = PLAN.replace("final_epochs: 2", "final_epochs: 800").replace("n_trials: 6", "n_trials: 3");
    fs::write(folder.join("plan.ron"), plan).unwrap();
    uninterrupted(folder);
    let (code, whole, stderr) = netsynth(folder, &["audit", "runs/whole"]);
    assert_eq!(code, 0, "{stderr}");
    let expected = contents(&folder.join("runs/whole"));
    let front = fs::read_to_string(folder.join("runs/whole/front.csv")).unwrap();
    let first: usize = front.lines().nth(1).unwrap().split(',').next().unwrap().parse().unwrap();

    let run = folder.join("runs/cut");
    assert_eq!(netsynth(folder, &["search", "--plan", "plan.ron", "--name", "cut"]).0, 0);
    let child = start(folder, &["audit", "runs/cut", "--workers", "1"]);
    wait_for(&run.join(format!("audit/{first:05}/folds/01.ron")));
    signal(&child, "INT");
    let (code, stderr) = ended(child);
    assert_eq!(code, Some(130), "{stderr}");
    assert!(stderr.contains("stopped; `netsynth audit runs/cut` goes on"), "{stderr}");
    let mut child = start(folder, &["audit", "runs/cut", "--workers", "2"]);
    sleep(Duration::from_millis(300));
    child.kill().unwrap();
    ended(child);
    assert!(contents(&run).len() < expected.len(), "it was over before it was killed");
    let (code, stdout, stderr) = netsynth(folder, &["audit", "runs/cut", "--workers", "2"]);
    assert_eq!((code, &stdout), (0, &whole), "{stderr}");
    assert_same(&contents(&run), &expected, "after a stop and a kill");
}

/// How many trainings of a comparison are kept until it is written.
#[cfg(unix)]
fn n_kept(folder: &Path) -> usize {
    let below = |path: &Path| -> Vec<_> {
        fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
    };
    let is_hidden = |path: &Path| path.file_name().unwrap().to_str().unwrap().starts_with(".compare-");
    let kept = below(&folder.join("runs")).into_iter().filter(|path| is_hidden(path));
    kept.flat_map(|path| below(&path)).filter(|task| task.join("a1/answer.json").exists()).count()
}

#[cfg(unix)]
#[test]
fn a_comparison_that_is_stopped_or_killed_goes_on_with_what_it_trained() {
    let folder = workplace();
    let folder = folder.path();
    let command = |name: &'static str| {
        let options = ["--strategies", "random,nsga2", "--seeds", "1..2", "--evaluations", "3", "--audit"];
        [&["compare", "--plan", "plan.ron"][..], &options, &["--workers", "1", "--name", name]].concat()
    };
    let (code, whole, stderr) = netsynth(folder, &command("one"));
    assert_eq!((code, n_kept(folder)), (0, 0), "{stderr}");
    let expected = contents(&folder.join("runs/one"));
    fs::remove_dir_all(folder.join("runs/one")).unwrap();

    let more_than = |n: usize| {
        let begun = Instant::now();
        while n_kept(folder) <= n {
            assert!(begun.elapsed() < Duration::from_secs(60), "nothing is kept");
            sleep(Duration::from_millis(2));
        }
    };
    let child = start(folder, &command("one"));
    more_than(0);
    signal(&child, "INT");
    let (code, stderr) = ended(child);
    assert_eq!(code, Some(130), "{stderr}");
    assert!(stderr.contains("stopped; the same command goes on with what was trained"), "{stderr}");
    let kept = n_kept(folder);
    let mut child = start(folder, &command("one"));
    more_than(kept);
    child.kill().unwrap();
    ended(child);
    // Another comparison has nothing of it.
    let (_, _, stderr) = netsynth(folder, &[&command("two")[..], &["--generation-size", "1"]].concat());
    assert!(!stderr.contains("what was trained before"), "{stderr}");

    let (code, stdout, stderr) = netsynth(folder, &command("one"));
    assert!(stderr.contains("goes on with what was trained before"), "{stderr}");
    assert_eq!((code, &stdout, n_kept(folder)), (0, &whole, 0), "{stderr}");
    assert_same(&contents(&folder.join("runs/one")), &expected, "after a stop and a kill");
}

#[cfg(unix)]
#[test]
fn a_second_signal_stops_at_once_and_a_second_process_is_refused() {
    let folder = workplace();
    let folder = folder.path();
    // Far longer than any test waits: only a signal ends it.
    long(folder, 100_000);
    let run = folder.join("runs/twice");
    let mut child = start(folder, &["search", "--plan", "plan.ron", "--name", "twice", "--workers", "2"]);
    wait_for(&run.join("trials/00001"));
    let (code, _, stderr) = netsynth(folder, &["resume", "runs/twice"]);
    assert_eq!(code, 2);
    assert_eq!(
        stderr,
        "error: another netsynth is at work on runs/twice\n  help: wait until it is done, or stop it with Ctrl-C; \
         then `netsynth resume runs/twice`\n"
    );
    signal(&child, "INT");
    let stops = |line: &String| line.starts_with("stopping after the trainings in flight");
    let mut said = Vec::new();
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        said.push(line.unwrap());
        if said.iter().any(stops) {
            break;
        }
    }
    assert!(said.iter().any(stops), "{said:?}");
    signal(&child, "INT");
    assert_eq!(ended(child).0, Some(130));
    assert!(!run.join("trials/00000/rung-0.ron").exists(), "the trainings in flight were not cut off");
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_written_gives_one_error_and_the_run_goes_on() {
    let folder = workplace();
    let folder = folder.path();
    let (expected, _) = uninterrupted(folder);
    let program = assert_cmd::cargo::cargo_bin("netsynth");
    // No file may grow beyond four blocks of 512 bytes: the weights of the variants do.
    let script = format!(
        "trap '' XFSZ; ulimit -f 4; exec '{}' search --plan plan.ron --name full --workers 2",
        program.display()
    );
    let child =
        Command::new("sh").arg("-c").arg(script).current_dir(folder).stderr(Stdio::piped()).spawn().unwrap();
    let (code, stderr) = ended(child);
    assert_eq!(code, Some(2), "{stderr}");
    let errors: Vec<&str> = stderr.lines().skip_while(|line| !line.starts_with("error")).collect();
    assert_eq!(errors.len(), 2, "{stderr}");
    assert!(errors[0].starts_with("error: runs/full/") && errors[0].contains("File too large"), "{stderr}");
    assert!(errors[1].contains("`netsynth resume runs/full` goes on"), "{stderr}");
    assert_eq!(netsynth(folder, &["resume", "runs/full"]).0, 0);
    assert_same(&contents(&folder.join("runs/full")), &expected, "after a full disk");

    fs::rename(folder.join("runs"), folder.join("elsewhere")).unwrap();
    fs::write(folder.join("runs"), "a file").unwrap();
    let (code, _, stderr) = netsynth(folder, &["search", "--plan", "plan.ron"]);
    assert_eq!(code, 2);
    assert!(stderr.starts_with("error: runs is no folder"), "{stderr}");
}

#[test]
fn verify_names_the_file_of_which_one_byte_was_changed_and_the_rest_goes_on() {
    let folder = workplace();
    let folder = folder.path();
    audited(folder);
    let (expected, _) = uninterrupted(folder);
    let run = folder.join("runs/whole");
    let (code, stdout, stderr) = netsynth(folder, &["verify", "runs/whole", "--retrain", "2"]);
    assert_eq!(code, 0, "{stdout}{stderr}");
    assert!(stdout.contains("hypervolume") && stdout.contains("runs/whole holds"), "{stdout}");
    assert!(stdout.contains("trained again: trial 1, rung 0: the same"), "{stdout}");

    for (number, (name, bytes)) in expected.iter().filter(|(_, bytes)| !bytes.is_empty()).enumerate() {
        let mut changed = bytes.clone();
        changed[(number * 7919 + 100) % bytes.len()] ^= 1 << (number % 8);
        fs::write(run.join(name), changed).unwrap();
        let (code, stdout, stderr) = netsynth(folder, &["verify", "runs/whole", "--retrain", "0"]);
        fs::write(run.join(name), bytes).unwrap();
        assert_eq!(code, 1, "{name}: {stdout}{stderr}");
        let line = stdout.lines().next().unwrap();
        assert!(line.starts_with(name.trim_end_matches(".sha256")), "{name}: {stdout}");
        assert!(stdout.contains("1 of "), "{name}: {stdout}");
    }

    let fold = &expected.iter().find(|(name, _)| name.starts_with("audit/")).unwrap().0;
    fs::remove_file(run.join(fold)).unwrap();
    assert_eq!(netsynth(folder, &["resume", "runs/whole"]).0, 0);
    assert_same(&contents(&run), &expected, "after a fold of the audit was deleted");

    let damaged = run.join("trials/00004/rung-0.ron");
    fs::write(&damaged, fs::read_to_string(&damaged).unwrap().replacen("0.", "1.", 1)).unwrap();
    let (code, _, stderr) = netsynth(folder, &["resume", "runs/whole"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("runs/whole/trials/00004/rung-0.ron is damaged"), "{stderr}");
    assert_eq!(netsynth(folder, &["front", "show", "runs/whole"]).0, 0);
    fs::remove_file(&damaged).unwrap();
    let (code, _, stderr) = netsynth(folder, &["resume", "runs/whole"]);
    assert_eq!(code, 0, "{stderr}");
    assert_same(&contents(&run), &expected, "after a damaged file was deleted");
}

#[test]
fn trials_that_keep_failing_stop_the_run_with_a_summary() {
    let folder = workplace();
    let folder = folder.path();
    let plan = PLAN.replace("n_trials: 6", "limits: (memory_mib: 1, failures_in_a_row: 3), n_trials: 6");
    fs::write(folder.join("plan.ron"), plan.replace("batch_size: 16", "batch_size: 256")).unwrap();
    let (code, _, stderr) = netsynth(folder, &["search", "--plan", "plan.ron", "--name", "f"]);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("trial 0 failed on rung 0: its training needs "), "{stderr}");
    assert!(
        stderr.contains("error: runs/f: 3 trials failed one after the other, the plan's limit: "),
        "{stderr}"
    );
    assert!(folder.join("runs/f/front.ron").is_file());
    assert!(!folder.join("runs/f/trials/00003").exists());
    // Going on changes nothing: the plan is the same.
    assert_eq!(netsynth(folder, &["resume", "runs/f"]).0, 2);
    assert!(!folder.join("runs/f/trials/00003").exists());
}

#[test]
fn a_search_ends_in_order_when_its_epochs_or_its_time_are_spent() {
    let folder = workplace();
    let folder = folder.path();
    fs::write(folder.join("epochs.ron"), PLAN.replace("n_trials: 6", "limits: (epochs: 12), n_trials: 6"))
        .unwrap();
    let (code, stdout, stderr) = netsynth(folder, &["search", "--plan", "epochs.ron", "--name", "epochs"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("nano-a"), "{stdout}");
    assert!(stderr.contains("the plan's epochs are spent: the search ends with 3 trials"), "{stderr}");

    let plan = PLAN.replace("epochs: 1, folds: 1", "epochs: 30, folds: 1");
    let plan = plan.replace("n_trials: 6", "limits: (wall_clock_secs: 2), n_trials: 900");
    fs::write(folder.join("time.ron"), plan).unwrap();
    let (_, _, stderr) = netsynth(folder, &["search", "--plan", "time.ron", "--name", "time"]);
    assert!(stderr.contains("the plan's wall-clock time is spent: the search ends with "), "{stderr}");
    let run = folder.join("runs/time");
    assert!(fs::read_to_string(run.join("end.ron")).unwrap().contains("reason: WallClock"));
    let before = contents(&run);
    netsynth(folder, &["resume", "runs/time"]);
    assert_same(&contents(&run), &before, "a search that its time has ended goes on");
    let (code, stdout, stderr) = netsynth(folder, &["verify", "runs/time", "--retrain", "0"]);
    assert_eq!(code, 0, "{stdout}{stderr}");
}

#[test]
fn older_runs_load_or_are_refused_for_a_reason() {
    let folder = workplace();
    let folder = folder.path();
    let (expected, _) = uninterrupted(folder);
    let run = folder.join("runs/whole");
    // Before there were checksums and ends.
    for (name, bytes) in &expected {
        let path = run.join(name);
        if name.ends_with(".ron") {
            let text = String::from_utf8(bytes.clone()).unwrap();
            fs::write(path, &text[..text.rfind("// sha256 ").unwrap()]).unwrap();
        } else if name.ends_with(".sha256") {
            fs::remove_file(path).unwrap();
        }
    }
    fs::remove_file(run.join("end.ron")).unwrap();
    assert_eq!(netsynth(folder, &["front", "show", "runs/whole"]).0, 0);
    let (code, _, stderr) = netsynth(folder, &["resume", "runs/whole"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(
        stderr.contains("9 trainings of 6 trials are there already") || stderr.contains("trainings of 6"),
        "{stderr}"
    );

    let plan = fs::read_to_string(run.join("plan.ron")).unwrap();
    fs::write(run.join("plan.ron"), plan.replace("schema: 1", "schema: 7")).unwrap();
    let (code, _, stderr) = netsynth(folder, &["resume", "runs/whole"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("plan.ron: it follows schema 7, and this netsynth reads schema 1"), "{stderr}");
}

#[test]
fn a_run_goes_on_only_with_its_own_faces() {
    let folder = workplace();
    let folder = folder.path();
    let faces = ["data", "synth", "faces", "--subjects", "10", "--side", "24", "--frames", "2"];
    assert_eq!(netsynth(folder, &faces).0, 0);
    let arguments = ["search", "--plan", "plan.ron", "--data", "faces", "--name", "f"];
    assert_eq!(netsynth(folder, &arguments).0, 0);
    let image = |subject: &str| {
        folder.join(format!("faces/cohn-kanade-images/{subject}/001/{subject}_001_00000002.png"))
    };
    fs::copy(image("S002"), image("S001")).unwrap();
    let (code, _, stderr) = netsynth(folder, &["resume", "runs/f"]);
    assert_eq!(code, 2);
    assert!(stderr.starts_with("error: runs/f: the faces are not those of the run"), "{stderr}");
}

#[test]
fn nobody_reading_standard_error_changes_nothing() {
    let folder = workplace();
    let folder = folder.path();
    let (expected, _) = uninterrupted(folder);
    for (name, more) in [("plain", &[][..]), ("loud", &["-v"]), ("louder", &["-vv"])] {
        let search = ["search", "--plan", "plan.ron", "--name", name, "--workers", "2"];
        let mut child = start(folder, &[&search[..], more].concat());
        // The reader goes away before anything is written.
        drop(child.stderr.take());
        let (code, _) = ended(child);
        assert_eq!(code, Some(0), "{name}");
        assert_same(&contents(&folder.join("runs").join(name)), &expected, name);
    }
    // An error that nobody reads is still one.
    let mut child = start(folder, &["check", "no-such-file.ron"]);
    drop(child.stderr.take());
    assert_eq!(ended(child).0, Some(2));
}
