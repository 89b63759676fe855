//! Nothing that surrounds a run changes its results: signals, terminals, shortages, other processes, other machines.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod workplace;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use workplace::{PLAN, assert_same, contents, ended, netsynth, start, workplace};

/// Runs a line of a shell in which `$N` is the program.
fn shell(folder: &Path, line: &str) -> (i32, String, String) {
    let output = shell_command(folder, line).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

fn shell_command(folder: &Path, line: &str) -> Command {
    let mut command = Command::new("bash");
    command.args(["-c", line]).current_dir(folder).env("N", assert_cmd::cargo::cargo_bin("netsynth"));
    command
}

fn wait_for(path: &Path) {
    let begun = Instant::now();
    while !path.exists() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{} never came", path.display());
        sleep(Duration::from_millis(2));
    }
}

/// The small plan with three trials of so many epochs.
fn long(folder: &Path, epochs: usize) {
    let plan = PLAN.replace("epochs: 1, folds: 1", &format!("epochs: {epochs}, folds: 1"));
    fs::write(folder.join("plan.ron"), plan.replace("n_trials: 6", "n_trials: 3")).unwrap();
}

fn searched(folder: &Path, name: &str) -> Vec<(String, Vec<u8>)> {
    let (code, _, stderr) = netsynth(folder, &["search", "--plan", "plan.ron", "--name", name]);
    assert_eq!(code, 0, "{stderr}");
    contents(&folder.join("runs").join(name))
}

#[test]
fn searches_that_are_begun_at_once_have_folders_of_their_own() {
    let folder = workplace();
    let search = || start(folder.path(), &["search", "--plan", "plan.ron", "--workers", "1"]);
    let searches: Vec<Child> = (0..4).map(|_| search()).collect();
    for search in searches {
        let (code, stderr) = ended(search);
        assert_eq!(code, Some(0), "{stderr}");
    }
    let runs: Vec<_> = (1..=4).map(|number| folder.path().join(format!("runs/search-{number:03}"))).collect();
    runs.iter().for_each(|run| assert_same(&contents(run), &contents(&runs[0]), "begun at once"));
}

#[test]
fn a_request_to_stop_that_comes_twice_at_once_is_one() {
    let folder = workplace();
    let folder = folder.path();
    // A signal that is handled here is handled by default in a child, also where these tests run under `nohup`.
    signal_hook::flag::register(signal_hook::consts::SIGHUP, Default::default()).unwrap();
    long(folder, 8000);
    let expected = searched(folder, "whole");
    // A terminal that closes, its shell, and `timeout` send a signal to a process and to its group.
    for (name, kill) in [
        ("hup", "kill -HUP $P; kill -HUP $P; sleep 0.3; kill -HUP $P"),
        ("int", "kill -INT $P; kill -INT $P"),
    ] {
        let run = folder.join("runs").join(name);
        let child = start(folder, &["search", "--plan", "plan.ron", "--name", name, "--workers", "2"]);
        wait_for(&run.join("trials/00001"));
        sleep(Duration::from_millis(300));
        shell(folder, &format!("P={}; {kill}", child.id()));
        let (code, stderr) = ended(child);
        assert_eq!(code, Some(130), "{stderr}");
        let has_rung = |trial: usize| run.join(format!("trials/{trial:05}/rung-0.ron")).exists();
        assert!(has_rung(0) || has_rung(1), "{name} cut the trainings in flight off");
        assert_eq!(netsynth(folder, &["resume", &format!("runs/{name}")]).0, 0);
        assert_same(&contents(&run), &expected, name);
    }
    // Whoever ignores the end of the terminal (`nohup`) is left alone by it.
    let line =
        "trap '' HUP; $N -q search --plan plan.ron --name nohup & P=$!; sleep 1; kill -HUP $P; wait $P";
    assert_eq!(shell(folder, line).0, 0);
    assert_same(&contents(&folder.join("runs/nohup")), &expected, "nohup");
}

#[test]
fn a_request_to_stop_is_heard_while_networks_are_proposed() {
    let folder = workplace();
    let folder = folder.path();
    let plan = PLAN.replace("n_trials: 6, generation_size: 3", "n_trials: 1000000, generation_size: 10000");
    fs::write(folder.join("plan.ron"), plan).unwrap();
    let child = start(folder, &["search", "--plan", "plan.ron", "--name", "large", "--workers", "1"]);
    wait_for(&folder.join("runs/large/generators/000.ron"));
    sleep(Duration::from_millis(300));
    let asked = Instant::now();
    shell(folder, &format!("kill -INT {}", child.id()));
    let (code, stderr) = ended(child);
    assert_eq!(code, Some(130), "{stderr}");
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    assert!(stderr.contains("stopped; `netsynth resume runs/large` goes on"), "{stderr}");
}

#[test]
fn what_the_system_cannot_give_is_an_error_and_no_result() {
    let folder = workplace();
    let folder = folder.path();
    let expected = searched(folder, "whole");
    // Room for the stack of one thread, that which hears signals, and for all else.
    let threads = "ulimit -v 1500000; RUST_MIN_STACK=1000000000 $N search --plan plan.ron --name threads";
    let (code, _, stderr) = shell(folder, threads);
    assert_eq!(code, 2, "{stderr}");
    assert!(
        stderr.contains("the threads that read images could not be started") && !stderr.contains("panicked")
    );

    for kibibytes in [60_000, 90_000, 120_000, 150_000, 180_000] {
        let name = format!("memory-{kibibytes}");
        let line = format!("ulimit -v {kibibytes}; $N search --plan plan.ron --workers 2 --name {name}");
        let (code, _, stderr) = shell(folder, &line);
        assert!(code == 0 || (code == 2 && stderr.contains("help: ")), "{kibibytes}: {code} {stderr}");
        let run = folder.join("runs").join(&name);
        if run.join("plan.ron").exists() {
            assert_eq!(netsynth(folder, &["resume", &format!("runs/{name}")]).0, 0);
            assert_same(&contents(&run), &expected, &name);
        }
    }
}

#[test]
fn a_benchmark_that_gets_no_thread_is_an_error() {
    let folder = workplace();
    let folder = folder.path();
    searched(folder, "whole");
    for what in [
        "train tiny-prototype.ron --workers 3 --batch 32 --epochs 1",
        "infer tiny-prototype.ron --batch 1",
        "runs/whole/variants/nano-a --seconds 0.05",
    ] {
        // Room for the stacks of no thread, one, and so on, until it is enough.
        let rooms = (1..).map(|stacks| 500_000 + 1_000_000 * stacks);
        let ended = rooms.map(|room| {
            shell(folder, &format!("ulimit -v {room}; RUST_MIN_STACK=1000000000 $N bench {what}"))
        });
        let mut n_refusals = 0;
        for (code, _, stderr) in ended.take(40) {
            assert!(!stderr.contains("panicked"), "{what}: {stderr}");
            if code == 0 {
                break;
            }
            assert_eq!(code, 2, "{what}: {stderr}");
            assert!(stderr.contains("ulimit -u"), "{what}: {stderr}");
            n_refusals += 1;
        }
        assert!((1..40).contains(&n_refusals), "{what}: {n_refusals} refusals");
    }
}

#[test]
fn images_that_cannot_be_opened_for_want_of_descriptors_are_not_left_out() {
    let folder = workplace();
    let folder = folder.path();
    let faces = ["data", "synth", "faces", "--subjects", "6", "--side", "24", "--frames", "3"];
    assert_eq!(netsynth(folder, &faces).0, 0);
    let (code, expected, _) = netsynth(folder, &["data", "show", "faces"]);
    assert_eq!(code, 0);
    for n_files in 4..10 {
        let (code, stdout, stderr) = shell(folder, &format!("ulimit -n {n_files}; $N data show faces"));
        assert!(code != 0 || stdout == expected, "{n_files}: {stdout}");
        assert!(
            code == 0 || (code == 2 && stderr.contains("help: ")) || code == 127,
            "{n_files}: {code} {stderr}"
        );
    }
}

#[test]
fn a_standard_output_or_error_that_takes_nothing_changes_no_result() {
    let folder = workplace();
    let folder = folder.path();
    let expected = searched(folder, "whole");
    let places = [
        ">&-",
        "2>&-",
        ">&- 2>&-",
        ">/dev/full",
        "2>/dev/full",
        "-v 2>/dev/full",
        "-v 2>&-",
        "| true",
        "2>&1 | true",
    ];
    for (number, place) in places.into_iter().enumerate() {
        let name = format!("out-{number}");
        shell(folder, &format!("$N search --plan plan.ron --name {name} {place}"));
        assert_same(&contents(&folder.join("runs").join(&name)), &expected, place);
    }
    let (code, ..) = shell(folder, "$N check nowhere.ron 2>/dev/full");
    assert_eq!(code, 2);
}

#[test]
fn a_run_that_goes_on_with_other_instructions_says_so() {
    let folder = workplace();
    let folder = folder.path();
    searched(folder, "one");
    let known = fs::read_to_string(folder.join("runs/one/provenance.ron")).unwrap();
    assert!(known.contains("processor: ") && known.contains("kernels: "), "{known}");
    if known.contains("kernels: \"portable\"") {
        return;
    }
    let (code, _, stderr) = shell(folder, "NETSYNTH_SIMD=portable $N resume runs/one");
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.contains("warning: the run began elsewhere (kernels: "), "{stderr}");
    let (_, stdout, stderr) = shell(folder, "NETSYNTH_SIMD=portable $N verify runs/one");
    assert!(stderr.contains("portable now"), "{stdout}{stderr}");
    let (_, _, stderr) = netsynth(folder, &["resume", "runs/one"]);
    assert!(!stderr.contains("began elsewhere"), "{stderr}");
}

#[test]
fn nobody_at_work_is_said_and_ends_the_watch() {
    let folder = workplace();
    let folder = folder.path();
    long(folder, 100_000);
    let mut child = start(folder, &["search", "--plan", "plan.ron", "--name", "cut", "--workers", "1"]);
    wait_for(&folder.join("runs/cut/trials/00001"));
    let watch = start(folder, &["watch", "runs/cut"]);
    sleep(Duration::from_millis(700));
    child.kill().unwrap();
    ended(child);
    let output = watch.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("nobody is at work on it: `netsynth resume runs/cut` goes on"), "{said}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("runs/cut: generation 0"));
}

#[test]
fn data_that_were_moved_are_named_and_given_again() {
    let folder = workplace();
    let folder = folder.path();
    let faces = ["data", "synth", "faces", "--subjects", "10", "--side", "24", "--frames", "2"];
    assert_eq!(netsynth(folder, &faces).0, 0);
    let plan = PLAN.replace("Synthetic(subjects: 10, seed: 1, side: 24, frames: 2)", "Folder(\"faces\")");
    fs::write(folder.join("plan.ron"), plan).unwrap();
    let expected = searched(folder, "x");
    fs::rename(folder.join("faces"), folder.join("moved")).unwrap();
    fs::remove_dir_all(folder.join("runs/x/variants")).unwrap();
    for command in ["resume", "verify", "audit"] {
        let (code, _, stderr) = netsynth(folder, &[command, "runs/x"]);
        assert!(code != 0 && !stderr.contains("data synth"), "{command}: {stderr}");
    }
    let (code, _, stderr) = netsynth(folder, &["resume", "runs/x"]);
    assert_eq!(code, 2);
    assert_eq!(
        stderr,
        "error: runs/x/plan.ron: the run's data faces are not there\n  help: go to the folder where the run was begun, or \
         say where the data are now with --data\n"
    );
    let (code, _, stderr) = netsynth(folder, &["resume", "runs/x", "--data", "moved"]);
    assert_eq!(code, 0, "{stderr}");
    assert_same(&contents(&folder.join("runs/x")), &expected, "with moved data");
    let (code, stdout, stderr) = netsynth(folder, &["verify", "runs/x", "--data", "moved"]);
    assert_eq!(code, 0, "{stdout}{stderr}");
    // What could be checked is shown before the error.
    let (code, stdout, stderr) = netsynth(folder, &["verify", "runs/x"]);
    assert!(
        code == 2 && stdout.contains("runs/x holds") && stderr.contains("--retrain 0"),
        "{stdout}{stderr}"
    );

    let other = ["data", "synth", "other", "--subjects", "9", "--side", "24", "--frames", "2"];
    assert_eq!(netsynth(folder, &other).0, 0);
    let (code, _, stderr) = netsynth(folder, &["resume", "runs/x", "--data", "other"]);
    assert!(code == 2 && stderr.contains("the faces are not those of the run"), "{stderr}");
}

#[test]
fn nothing_is_written_through_a_link_and_nothing_waits_for_a_pipe() {
    let folder = workplace();
    let folder = folder.path();
    let expected = searched(folder, "x");
    let run = folder.join("runs/x");
    let outside = folder.join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("victim"), "mine").unwrap();
    let log = run.join("sessions/002.log");
    let cases: [(&Path, &dyn Fn()); 3] = [
        (&log, &|| symlink(outside.join("victim"), &log).unwrap()),
        (&log, &|| assert_eq!(shell(folder, "mkfifo runs/x/sessions/002.log").0, 0)),
        (&run.join("lock"), &|| {
            fs::remove_file(run.join("lock")).unwrap();
            symlink(outside.join("made"), run.join("lock")).unwrap();
        }),
    ];
    for (odd, make) in cases {
        make();
        for command in ["resume", "report", "audit"] {
            let (code, _, stderr) = shell(folder, &format!("timeout -s KILL 20 $N {command} runs/x"));
            assert_eq!(code, 2, "{command}: {stderr}");
            let name = odd.strip_prefix(folder).unwrap().display().to_string();
            assert!(stderr.contains(&format!("{name} is a link or a pipe")), "{command}: {stderr}");
        }
        let (code, stdout, _) = shell(folder, "timeout -s KILL 20 $N verify runs/x --retrain 0");
        assert!(code == 1 && stdout.contains("is a link"), "{code} {stdout}");
        fs::remove_file(odd).unwrap();
    }
    fs::remove_dir_all(run.join("variants")).unwrap();
    symlink(&outside, run.join("variants")).unwrap();
    assert_eq!(netsynth(folder, &["resume", "runs/x"]).0, 2);
    let left: Vec<String> = contents(&outside).into_iter().map(|(name, _)| name).collect();
    assert_eq!(left, ["victim"]);
    assert_eq!(fs::read(outside.join("victim")).unwrap(), b"mine");
    fs::remove_file(run.join("variants")).unwrap();
    assert_eq!(netsynth(folder, &["resume", "runs/x"]).0, 0);
    assert_same(&contents(&run), &expected, "after the links were removed");

    // Pipes in the place of files that are read.
    for file in ["trials/00000/rung-0.ron", "variants/nano-a/weights.safetensors", "front.csv"] {
        fs::remove_file(run.join(file)).unwrap();
        assert_eq!(shell(folder, &format!("mkfifo runs/x/{file}")).0, 0);
    }
    for command in [
        "verify",
        "front show",
        "report --out page.html",
        "watch",
        "resume",
        "train tiny-prototype.ron --start",
    ] {
        let (code, ..) = shell(folder, &format!("timeout -s KILL 20 $N {command} runs/x"));
        assert!((0..=2).contains(&code), "{command}: {code}");
    }
}

#[test]
fn an_output_is_whole_or_as_it_was() {
    let folder = workplace();
    let folder = folder.path();
    searched(folder, "x");
    assert_eq!(netsynth(folder, &["report", "runs/x"]).0, 0);
    assert_eq!(netsynth(folder, &["report", "runs/x", "--out", "page.html"]).0, 0);
    let before = (contents(&folder.join("runs/x")), fs::read(folder.join("page.html")).unwrap());
    let limited = "trap '' XFSZ; ulimit -f 4; $N report runs/x; $N report runs/x --out page.html; $N report runs/x --out new.html";
    let (code, _, stderr) = shell(folder, limited);
    assert_eq!((code, stderr.matches("File too large").count()), (2, 3), "{stderr}");
    assert!((contents(&folder.join("runs/x")), fs::read(folder.join("page.html")).unwrap()) == before);
    assert!(!folder.join("new.html").exists());
    assert_eq!(netsynth(folder, &["verify", "runs/x", "--retrain", "0"]).0, 0);
    let piped = shell(
        folder,
        "$N draw nano-b --dot --out /dev/stdout | head -c 7; $N draw nano-b --dot --out /dev/null",
    );
    assert_eq!((piped.0, piped.1.as_str()), (0, "digraph"));
    let child = Command::new("sh").args(["-c", "ls -a"]).current_dir(folder).stdout(Stdio::piped()).output();
    assert!(!String::from_utf8(child.unwrap().stdout).unwrap().contains("unfinished"));
}
