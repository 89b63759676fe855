//! What a person sees of a long run while it works: the view of another process, the log, silence.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod workplace;

use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use workplace::{contents, netsynth, workplace};

#[test]
fn a_run_of_another_process_is_followed_until_it_ends() {
    let folder = workplace();
    let path = folder.path();
    let mut search = Command::new(assert_cmd::cargo::cargo_bin("netsynth"))
        .current_dir(path)
        .args(["search", "--plan", "plan.ron", "--name", "one", "--workers", "1"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while !path.join("runs/one/plan.ron").is_file() {
        assert!(begun.elapsed() < Duration::from_secs(60), "the run never began");
        sleep(Duration::from_millis(2));
    }
    let (code, stdout, stderr) = netsynth(path, &["watch", "runs/one"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(search.wait().unwrap().success(), "watching it broke the search");
    let last = "runs/one: ended; 6 of 6 trials measured";
    assert!(stdout.contains(last) && stdout.contains("nano-a: trial "), "{stdout}");
    assert!(stdout.matches("runs/one: ended").count() == 1, "{stdout}");

    // A run that has ended is shown once, and nothing in it is touched.
    let before = contents(&path.join("runs/one"));
    let (code, again, _) = netsynth(path, &["watch", "runs/one"]);
    assert_eq!(code, 0);
    assert!(again.starts_with(last), "{again}");
    assert!(contents(&path.join("runs/one")) == before);
    let (code, _, stderr) = netsynth(path, &["watch", "nowhere"]);
    assert_eq!((code, stderr.contains("is no run folder")), (2, true), "{stderr}");
}

#[test]
fn a_session_leaves_a_log_and_says_as_much_as_it_is_asked() {
    let folder = workplace();
    let path = folder.path();
    let search = |name: &str, how: &str| {
        let arguments = ["search", "--plan", "plan.ron", "--name", name, how];
        let (code, _, stderr) = netsynth(path, &arguments);
        assert_eq!(code, 0, "{stderr}");
        stderr
    };
    let log = |name: &str| fs::read_to_string(path.join("runs").join(name).join("sessions/001.log")).unwrap();

    let quiet = search("quiet", "--quiet");
    assert_eq!(quiet, "", "nothing but results and errors");
    let kept = log("quiet");
    let plan = fs::read_to_string(path.join("runs/quiet/plan.ron")).unwrap();
    let digest = plan.trim_end().rsplit(' ').next().unwrap();
    for words in [
        "session 1 of runs/quiet begins: netsynth ",
        &format!("plan {digest}"),
        "generation 0 proposes trials 0 to 2",
        "trial 5 is proposed: ",
        "rung 0: 3 candidates",
        "trial 0, rung 0: accuracy 0.",
        "rung 1: 2 candidates",
        "trial 0, rung 1: accuracy 0.",
        "session ends",
    ] {
        assert!(kept.contains(words), "{words}: {kept}");
    }
    assert!(!kept.contains("DEBUG") && kept.lines().all(|line| line.contains("INFO")), "{kept}");

    let loud = search("loud", "-v");
    assert!(loud.contains("INFO generation 1 proposes trials 3 to 5"), "{loud}");
    let louder = search("louder", "-vv");
    assert!(louder.contains("DEBUG") && log("louder").contains("epoch 2 of 2, loss "), "{louder}");

    // The log is no part of what a run promises: it has no checksum, and changing it changes nothing.
    fs::write(path.join("runs/quiet/sessions/001.log"), "another\n").unwrap();
    let (code, stdout, stderr) = netsynth(path, &["verify", "runs/quiet", "--retrain", "0"]);
    assert_eq!(code, 0, "{stdout}{stderr}");
    assert_eq!(contents(&path.join("runs/quiet")), contents(&path.join("runs/louder")));
    let (code, _, stderr) = netsynth(path, &["search", "-v", "--quiet"]);
    assert_eq!((code, stderr.contains("cannot be used with")), (2, true), "{stderr}");
}
