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
    /// The folders and files that it makes. What is not finished has other names.
    makes: Vec<&'static str>,
    /// A run that it works on, of which each round has a copy.
    base: Option<&'static str>,
    /// How many times as long as others it takes: it is interrupted as many times less often.
    length: usize,
}

impl Interrupted {
    /// A command that makes a run.
    fn begun(what: &'static str, begin: &str, again: &str) -> Self {
        Self::making(what, "runs/NAME", begin, again)
    }

    /// A command that makes what it is done again to make.
    fn written(what: &'static str, makes: &'static str, command: &str) -> Self {
        Self::making(what, makes, command, command)
    }

    fn making(what: &'static str, makes: &'static str, begin: &str, again: &str) -> Self {
        let words = |text: &str| text.to_owned().leak().split(' ').collect();
        let makes = makes.split(' ').collect();
        Self { what, begin: words(begin), again: words(again), makes, base: None, length: 1 }
    }

    fn on(self, base: &'static str) -> Self {
        Self { base: Some(base), ..self }
    }

    fn of_length(self, length: usize) -> Self {
        Self { length, ..self }
    }

    fn places(&self, folder: &Path) -> Vec<PathBuf> {
        self.makes.iter().map(|place| folder.join(place.replace("NAME", NAME))).collect()
    }

    /// All that it made.
    fn made(&self, folder: &Path) -> Vec<(String, Vec<u8>)> {
        let files = |place: PathBuf| match place.is_dir() {
            true => contents(&place),
            false => vec![(place.display().to_string(), fs::read(&place).unwrap())],
        };
        self.places(folder).into_iter().flat_map(files).collect()
    }

    fn remove(&self, folder: &Path) {
        for place in self.places(folder) {
            if place.is_dir() {
                fs::remove_dir_all(place).unwrap();
            } else {
                fs::remove_file(place).unwrap();
            }
        }
    }

    /// The command that is next: a run that has its plan is gone on with.
    fn next(&self, folder: &Path) -> Vec<String> {
        let is_begun = self.places(folder)[0].join("plan.ron").exists();
        let words = if is_begun { &self.again } else { &self.begin };
        words.iter().map(|word| word.replace("NAME", NAME)).collect()
    }

    /// Whether a command that only begins says that what it makes is there already.
    fn is_there(&self, stderr: &str) -> bool {
        let says = ["cut is not empty", "cut: it is not empty", "the run runs/cut exists"];
        self.again[0] != "resume" && says.iter().any(|says| stderr.contains(says))
    }

    /// What it works on.
    fn prepare(&self, folder: &Path) {
        if let Some(base) = self.base {
            copy(&folder.join("runs").join(base), &self.places(folder)[0]);
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
    let paper = "reproduce paper --data faces --folds 2 --trials 1 --epochs 1 --name NAME";
    let nested = "reproduce paper --nested --data faces --folds 2 --trials 1 --epochs 1 --name NAME";
    let model = "runs/whole/variants/nano-a";
    let export = |to: &str, out: &str| format!("export {model} --to {to} --out {out}");
    vec![
        Interrupted::begun("search", "search --plan plan.ron --name NAME", "resume runs/NAME"),
        Interrupted::begun("search with heirs", "search --plan heirs.ron --name NAME", "resume runs/NAME"),
        Interrupted::begun(
            "search with certificates",
            "search --plan plan.ron --certify --name NAME",
            "resume runs/NAME",
        ),
        Interrupted::begun(
            "search that learns",
            "search --plan plan.ron --learn-from runs/whole --name NAME",
            "resume runs/NAME",
        ),
        Interrupted::begun("train", train, "resume runs/NAME"),
        Interrupted::begun("reproduce", reproduce, "resume runs/NAME"),
        Interrupted::begun("reproduce paper", paper, paper).of_length(5),
        Interrupted::written("reproduce paper, nested", "runs/NAME-outer-01 runs/NAME-outer-02", nested)
            .of_length(10),
        Interrupted::begun("compare", compare, compare),
        Interrupted::begun("compare on a table", on_table, on_table),
        Interrupted::making(
            "synth",
            "NAME",
            "data synth NAME --subjects 9 --side 32 --frames 4",
            "data synth NAME",
        ),
        Interrupted::written("preview", "NAME", "data preview faces NAME"),
        Interrupted::written(
            "classify",
            "NAME NAME-why",
            &format!("classify {model} some --annotate NAME --explain NAME-why"),
        ),
        Interrupted::written("export as C", "NAME", &export("c", "NAME")),
        Interrupted::written("export as ONNX", "NAME.onnx", &export("onnx", "NAME.onnx")),
        Interrupted::written("export as a file", "NAME.netsynth", &export("netsynth", "NAME.netsynth")),
        Interrupted::written("prior", "NAME.ron", "prior runs/whole --out NAME.ron"),
        Interrupted::written("draw", "NAME.png", "draw tiny-prototype.ron --out NAME.png"),
        Interrupted::written("audit", "runs/NAME", "audit runs/NAME").on("whole"),
        Interrupted::written("report", "runs/NAME", "report runs/NAME").on("whole"),
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
        &["data", "synth", "some", "--subjects", "2", "--side", "24", "--frames", "2"],
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
        command.prepare(folder);
        let begun = Instant::now();
        let words = command.next(folder);
        let (code, _, stderr) = netsynth(folder, &words.iter().map(String::as_str).collect::<Vec<_>>());
        // Of one trial, and of trainings of an epoch, nothing may come that meets the indicator.
        assert!(code < 2, "{}: {stderr}", command.what);
        let whole = (begun.elapsed(), code);
        let expected = command.made(folder);
        command.remove(folder);
        let (mut n_interrupted, mut n_finished) = (0, 0);
        while n_interrupted < n_each.div_ceil(command.length) {
            command.prepare(folder);
            n_interrupted += interrupted(command, folder, whole, &mut random);
            assert_same(&command.made(folder), &expected, &format!("{} after {n_interrupted}", command.what));
            command.remove(folder);
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
///
/// `whole` is how long it takes uninterrupted, and its exit code then.
fn interrupted(command: &Interrupted, folder: &Path, whole: (Duration, i32), random: &mut Random) -> usize {
    let (length, end) = whole;
    let mut n_interrupted = 0;
    loop {
        let words = command.next(folder);
        let mut child = start(folder, &words.iter().map(String::as_str).collect::<Vec<_>>());
        // Ever later, so that each comes to its end.
        let most = length.mul_f64(0.7 + 0.1 * n_interrupted as f64);
        sleep(most.mul_f64((random.next() >> 11) as f64 / (1u64 << 53) as f64));
        let signal = ["KILL", "KILL", "INT", "TERM"][(random.next() % 4) as usize];
        if child.try_wait().unwrap().is_none() {
            let kill = format!("kill -{signal} {} 2>/dev/null", child.id());
            let _ = Command::new("sh").arg("-c").arg(kill).status().unwrap();
        }
        let status = child.wait().unwrap();
        let (_, stderr) = ended(child);
        match (status.code(), status.signal()) {
            (Some(code), _) if code == end => return n_interrupted,
            (Some(130), _) | (None, Some(_)) => n_interrupted += 1,
            // It was killed between its last write and its end: what it made is there, and is not overwritten.
            (Some(2), _) if n_interrupted > 0 && command.is_there(&stderr) => return n_interrupted,
            other => panic!("{words:?} ended with {other:?}: {stderr}"),
        }
    }
}
