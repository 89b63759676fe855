//! Every command that writes is interrupted at random instants, by a kill or a signal, and done again until it ends. What
//! it leaves then is what it leaves uninterrupted, to the byte.
//!
//! NETSYNTH_INTERRUPTIONS says how many interruptions there are in all; 100 if it is not set.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod workplace;

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use workplace::{PLAN, assert_same, contents, ended, netsynth, start, workplace};

/// What a command makes is called the same each time: a report shows it.
const NAME: &str = "cut";

/// A command that can be interrupted, and the one that goes on with what it left. `NAME` stands for the name of what it
/// makes.
struct Interrupted {
    what: &'static str,
    begin: Vec<&'static str>,
    again: Vec<&'static str>,
    /// What it makes.
    folder: &'static str,
    /// A run that it works on, of which each round has a copy.
    base: Option<&'static str>,
}

impl Interrupted {
    fn begun(what: &'static str, begin: &str, again: &str) -> Self {
        Self::of(what, begin, again, None)
    }

    fn of(what: &'static str, begin: &str, again: &str, base: Option<&'static str>) -> Self {
        let words = |text: &str| text.to_owned().leak().split(' ').collect();
        let folder = if begin.starts_with("data") { "NAME" } else { "runs/NAME" };
        Self { what, begin: words(begin), again: words(again), folder, base }
    }

    fn path(&self, folder: &Path, name: &str) -> PathBuf {
        folder.join(self.folder.replace("NAME", name))
    }

    /// The command that is next: a run that has its plan is gone on with.
    fn next(&self, folder: &Path, name: &str) -> Vec<String> {
        let is_begun = self.path(folder, name).join("plan.ron").exists();
        let words = if is_begun { &self.again } else { &self.begin };
        words.iter().map(|word| word.replace("NAME", name)).collect()
    }

    /// Whether a command that only begins says that what it makes is there already.
    fn is_there(&self, stderr: &str) -> bool {
        let says = if self.folder == "NAME" { "cut is not empty" } else { "the run runs/cut exists" };
        self.again[0] != "resume" && stderr.contains(says)
    }

    /// What it works on.
    fn prepare(&self, folder: &Path, name: &str) {
        if let Some(base) = self.base {
            copy(&folder.join("runs").join(base), &self.path(folder, name));
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, target).unwrap();
        }
    }
}

/// xorshift64: what matters is that the instants are spread, and the machine adds its own chance.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

fn commands() -> Vec<Interrupted> {
    let train = "train tiny-prototype.ron --data faces --folds 3 --epochs 12 --name NAME";
    let reproduce = "reproduce tiny-prototype.ron --data faces --folds 2 --epochs 8 --seeds 2 --name NAME";
    let compare =
        "compare --plan plan.ron --strategies random,nsga2 --seeds 1..2 --evaluations 3 --name NAME";
    let on_table = "compare --table table.json --seeds 1..4 --evaluations 9 --name NAME";
    vec![
        Interrupted::begun("search", "search --plan plan.ron --name NAME", "resume runs/NAME"),
        Interrupted::begun("search with heirs", "search --plan heirs.ron --name NAME", "resume runs/NAME"),
        Interrupted::begun(
            "search with certificates",
            "search --plan plan.ron --certify --name NAME",
            "resume runs/NAME",
        ),
        Interrupted::begun("train", train, "resume runs/NAME"),
        Interrupted::begun("reproduce", reproduce, "resume runs/NAME"),
        Interrupted::begun("compare", compare, compare),
        Interrupted::begun("compare on a table", on_table, on_table),
        Interrupted::begun("synth", "data synth NAME --subjects 9 --side 32 --frames 4", "data synth NAME"),
        Interrupted::of("audit", "audit runs/NAME", "audit runs/NAME", Some("whole")),
        Interrupted::of("report", "report runs/NAME", "report runs/NAME", Some("whole")),
    ]
}

/// A folder with all that the commands need.
fn prepared() -> tempfile::TempDir {
    let home = workplace();
    let folder = home.path();
    let heirs = PLAN.replace("final_epochs: 2", "final_epochs: 2, inheritance: (from: Parent, epochs: 2)");
    fs::write(folder.join("heirs.ron"), heirs).unwrap();
    let networks = (0..9).map(|at| {
        format!(r#""{}{}": {{"mean_acc": {}, "params": {}, "flops": 9}}"#, at / 3, at % 3, 60 + at, 100 + at)
    });
    fs::write(folder.join("table.json"), format!("{{{}}}", networks.collect::<Vec<_>>().join(","))).unwrap();
    for arguments in [
        &["data", "synth", "faces", "--subjects", "6", "--side", "24", "--frames", "3"][..],
        &["search", "--plan", "plan.ron", "--name", "whole"],
    ] {
        let (code, _, stderr) = netsynth(folder, arguments);
        assert_eq!(code, 0, "{stderr}");
    }
    home
}

#[test]
fn every_command_ends_as_if_it_had_not_been_interrupted() {
    let asked = std::env::var("NETSYNTH_INTERRUPTIONS").ok().and_then(|number| number.parse().ok());
    let commands = commands();
    let n_each = asked.unwrap_or(100usize).div_ceil(commands.len());
    let home = prepared();
    let folder = home.path();
    let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ n_each as u64);
    let mut counts = Vec::new();
    for command in &commands {
        command.prepare(folder, NAME);
        let begun = Instant::now();
        let words = command.next(folder, NAME);
        let (code, _, stderr) = netsynth(folder, &words.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(code, 0, "{}: {stderr}", command.what);
        let whole = begun.elapsed();
        let path = command.path(folder, NAME);
        let expected = contents(&path);
        fs::remove_dir_all(&path).unwrap();
        let (mut n_interrupted, mut n_finished) = (0, 0);
        while n_interrupted < n_each {
            command.prepare(folder, NAME);
            n_interrupted += interrupted(command, folder, whole, &mut random);
            assert_same(&contents(&path), &expected, &format!("{} after {n_interrupted}", command.what));
            fs::remove_dir_all(&path).unwrap();
            n_finished += 1;
        }
        counts.push(format!("{}: {n_interrupted} in {n_finished}", command.what));
    }
    // Shown with --nocapture, for the record.
    #[allow(clippy::print_stdout)]
    {
        println!("interruptions: {}", counts.join("; "));
    }
}

/// Does a command to its end through interruptions, and counts them.
fn interrupted(command: &Interrupted, folder: &Path, whole: Duration, random: &mut Random) -> usize {
    let mut n_interrupted = 0;
    loop {
        let words = command.next(folder, NAME);
        let mut child = start(folder, &words.iter().map(String::as_str).collect::<Vec<_>>());
        // Ever later, so that each comes to its end.
        let most = whole.mul_f64(0.7 + 0.1 * n_interrupted as f64);
        sleep(most.mul_f64((random.next() >> 11) as f64 / (1u64 << 53) as f64));
        let signal = ["KILL", "KILL", "INT", "TERM"][(random.next() % 4) as usize];
        if child.try_wait().unwrap().is_none() {
            let kill = format!("kill -{signal} {} 2>/dev/null", child.id());
            let _ = Command::new("sh").arg("-c").arg(kill).status().unwrap();
        }
        let status = child.wait().unwrap();
        let (_, stderr) = ended(child);
        match (status.code(), status.signal()) {
            (Some(0), _) => return n_interrupted,
            (Some(130), _) | (None, Some(_)) => n_interrupted += 1,
            // It was killed between its last write and its end: what it made is there, and is not overwritten.
            (Some(2), _) if n_interrupted > 0 && command.is_there(&stderr) => return n_interrupted,
            other => panic!("{words:?} ended with {other:?}: {stderr}"),
        }
    }
}
