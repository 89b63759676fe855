//! The contract of executors whose workers are elsewhere: whatever happens to workers, controllers and answers, each task is
//! answered once and as on threads of one process, or the command ends with an error and goes on later.

#![cfg(unix)]
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::expect_used)]

mod fake_ray;
mod workplace;

use std::collections::BTreeSet;
use std::fs;
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread::sleep;
use std::time::{Duration, Instant};

use netsynth_data::Dataset;
use netsynth_graph::{ArchitectureSpec, Graph};
use netsynth_run::{
    Answer, Dispatch, Executor, Heartbeat, InMemory, JudgedOn, LocalThreads, Plan, Processes, Ray, RunError,
    RunEvent, Slurm, Task, TaskId, TrainingTask,
};
use netsynth_store::{AttemptFile, Attempts, Fold};

use fake_ray::{FakeRay, TOKEN};
use workplace::{PLAN, PROTOTYPE, assert_same, contents, ended, netsynth, start, workplace};

/// Where attempts are made, for the one suite. A new kind of site is added here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Processes,
    Slurm,
    Ray,
}

const KINDS: [Kind; 3] = [Kind::Processes, Kind::Slurm, Kind::Ray];

/// Slurm's three commands as scripts, for jobs that run at once on this machine: a job has a file, of its group of processes,
/// as long as it lives; every job that was ever submitted has a line in `submitted`. While there is a file `down` the controller
/// does not answer, and while there is one named `full` jobs wait for their turn.
const FAKE_SLURM: [(&str, &str); 3] = [
    (
        "sbatch",
        r#"#!/bin/sh
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$here/jobs"
[ -e "$here/down" ] && echo "sbatch: error: Unable to contact slurm controller (connect failure)" >&2 && exit 1
for word in "$@"; do
    case $word in --job-name=*) name=${word#*=} ;; --output=*) log=${word#*=} ;; esac
    script=$word
done
echo "$name" >> "$here/submitted"
echo "$*" | head -1 >> "$here/asked"
[ -e "$here/full" ] && touch "$here/jobs/$name" && exit 0
printf '%s\n' "$script" > "$here/jobs/.$name.sh"
setsid sh -c 'echo $$ > "$3.new"; mv "$3.new" "$3"; sh "$1" > "$2" 2>&1; rm -f "$3"' job \
    "$here/jobs/.$name.sh" "$log" "$here/jobs/$name" < /dev/null > /dev/null 2>&1 &
while [ ! -e "$here/jobs/$name" ] && kill -0 $! 2> /dev/null; do sleep 0.01; done
echo 1
"#,
    ),
    (
        "squeue",
        r#"#!/bin/sh
here=$(cd "$(dirname "$0")" && pwd)
[ -e "$here/down" ] && echo "slurm_load_jobs error: Unable to contact slurm controller" >&2 && exit 1
for job in "$here"/jobs/*; do
    [ -e "$job" ] || continue
    if [ ! -s "$job" ]; then echo "${job##*/}|PENDING|Resources"; continue; fi
    if kill -0 -"$(cat "$job")" 2> /dev/null; then echo "${job##*/}|RUNNING|None"; else rm -f "$job"; fi
done
"#,
    ),
    (
        "scancel",
        r#"#!/bin/sh
here=$(cd "$(dirname "$0")" && pwd)
for word in "$@"; do
    case $word in --name=*) job=$here/jobs/${word#*=} ;; esac
done
[ -s "$job" ] && kill -9 -"$(cat "$job")"
rm -f "$job"
exit 0
"#,
    ),
];

/// Writes Slurm's commands into a folder.
fn fake_slurm(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for (name, script) in FAKE_SLURM {
        fs::write(folder.join(name), script).unwrap();
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// A folder with attempts, the data, and what the same tasks answer on a thread.
struct Stage {
    home: tempfile::TempDir,
    dataset: Dataset,
    tasks: Vec<Task>,
    expected: Vec<Answer>,
    ray: FakeRay,
}

/// What a run of tasks left: the answers, and how often attempts were lost.
struct Done {
    answers: Vec<Option<Answer>>,
    lost: Vec<String>,
    /// The machines that answers are from.
    hosts: BTreeSet<String>,
    result: Result<(), RunError>,
}

fn program() -> PathBuf {
    assert_cmd::cargo::cargo_bin("netsynth")
}

impl Stage {
    fn new(n_tasks: usize, epochs: usize) -> Self {
        let home = workplace();
        let plan = Plan::read(&home.path().join("plan.ron")).unwrap();
        let dataset = plan.data.load(&|_| {}).unwrap();
        let graph = Graph::new(&ArchitectureSpec::from_ron(PROTOTYPE).unwrap()).unwrap();
        let task = |trial: usize| {
            let training = TrainingTask {
                judged_on: JudgedOn::Fold(Fold::from_index(0)),
                epochs,
                seed: trial as u64,
                start: None,
                is_probed: trial == 0,
            };
            let id = TaskId::Trial { trial, rung: 0, fold: Fold::from_index(0) };
            Task { is_scored: trial == 1, ..plan.task(id, &graph, &dataset.digest, Some(training)) }
        };
        let tasks: Vec<Task> = (0..n_tasks).map(task).collect();
        fake_slurm(&home.path().join("slurm"));
        let mut stage = Self { home, dataset, tasks, expected: Vec::new(), ray: FakeRay::begin(8) };
        let split = plan.data.split(&stage.dataset).unwrap();
        let done = stage.run(&LocalThreads::new(&stage.dataset, &split, NonZeroUsize::MIN));
        stage.expected = done.answers.into_iter().map(Option::unwrap).collect();
        stage
    }

    fn attempts(&self) -> Attempts {
        Attempts::at(self.home.path().join("attempts"))
    }

    fn executor(&self, kind: Kind, program: PathBuf) -> Box<dyn Executor + '_> {
        let n_workers = NonZeroUsize::new(3).unwrap();
        match kind {
            Kind::Processes => {
                Box::new(Dispatch::new(&self.dataset, self.attempts(), Processes::new(program, n_workers)))
            }
            Kind::Slurm => {
                let slurm = Slurm::new(program, None, n_workers, &self.attempts()).unwrap();
                let slurm = slurm.with_commands(self.home.path().join("slurm"), Duration::from_millis(20));
                Box::new(Dispatch::new(&self.dataset, self.attempts(), slurm))
            }
            Kind::Ray => {
                let token = Some(TOKEN.to_owned());
                let ray = Ray::new(program, &self.ray.address, n_workers, token, &self.attempts()).unwrap();
                let ray = ray.with_pause(Duration::from_millis(20));
                Box::new(Dispatch::new(&self.dataset, self.attempts(), ray))
            }
        }
    }

    /// A program in the place of netsynth: a shell script with `$OUT`, the attempt's folder, `$ATTEMPT`, its last part, and
    /// `worker`, which does what netsynth would.
    fn faulty(&self, script: &str) -> PathBuf {
        let path = self.home.path().join("faulty.sh");
        let text = format!(
            "#!/bin/sh\nOUT=\"$4\"\nATTEMPT=\"${{OUT##*/}}\"\nTASK=\"$2\"\nnetsynth() {{ '{}' \"$@\"; }}\nworker() {{ netsynth work \"$TASK\" --out \"$OUT\"; }}\n{script}\n",
            program().display()
        );
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn run(&self, executor: &dyn Executor) -> Done {
        self.run_until(executor, &|| false)
    }

    fn run_until(&self, executor: &dyn Executor, stop: &(dyn Fn() -> bool + Sync)) -> Done {
        let answers = Mutex::new(vec![None; self.tasks.len()]);
        let lost = Mutex::new(Vec::new());
        // Every attempt is listed as it ends: who made it, and the reason if it was lost.
        let listed = Mutex::new(Vec::new());
        let on_event = |event: RunEvent<'_>| match event {
            RunEvent::Lost { reason, .. } => lost.lock().unwrap().push(reason.to_owned()),
            RunEvent::Attempted(attempted) => listed.lock().unwrap().push(attempted.clone()),
            _ => {}
        };
        let keep = |index: usize, answer| {
            let before = answers.lock().unwrap()[index].replace(answer);
            assert!(before.is_none(), "task {index} is answered twice");
            Ok(())
        };
        let result = executor.run(&self.tasks, &InMemory::default(), &on_event, stop, &keep);
        let lost = lost.into_inner().unwrap();
        let (mut losses, mut n_answers, mut hosts) = (Vec::new(), 0, BTreeSet::new());
        for attempted in listed.into_inner().unwrap() {
            assert!(attempted.part == "rung 0" && attempted.secs < 600.0, "{attempted:?}");
            match attempted.lost {
                Some(reason) => losses.push(reason),
                None => {
                    hosts.extend(attempted.host);
                    n_answers += 1;
                }
            }
        }
        let answers = answers.into_inner().unwrap();
        assert_eq!(losses, lost, "what was lost is listed with its reason");
        // What was answered before this call is not listed again.
        assert!(n_answers <= answers.iter().flatten().count());
        Done { answers, lost, hosts, result }
    }

    /// Runs the tasks with workers that do what a script says; each kind of site has attempts of its own.
    fn run_with(&self, kind: Kind, script: &str) -> Done {
        self.attempts().end();
        self.run(&*self.executor(kind, self.faulty(script)))
    }

    fn assert_answered(&self, done: &Done, what: &str) {
        if let Err(error) = &done.result {
            panic!("{what}: {}", error.text());
        }
        for (index, (found, expected)) in done.answers.iter().zip(&self.expected).enumerate() {
            assert_eq!(found.as_ref(), Some(expected), "{what}: task {index}");
        }
        assert_eq!(self.attempts().tasks(), [""; 0], "{what}: attempts are left");
    }
}

#[test]
fn workers_answer_as_threads_do_to_the_bit() {
    let stage = Stage::new(4, 2);
    for kind in KINDS {
        let done = stage.run(&*stage.executor(kind, program()));
        stage.assert_answered(&done, &format!("{kind:?}"));
        assert_eq!(done.lost, [""; 0], "{kind:?}");
        assert_eq!(done.hosts.len(), 1, "{kind:?}");
    }
}

#[test]
fn a_worker_that_is_killed_is_lost_and_its_task_tried_again() {
    let stage = Stage::new(3, 1);
    for kind in KINDS {
        let done = stage.run_with(kind, "[ $ATTEMPT = a1 ] && kill -9 $$\nworker");
        stage.assert_answered(&done, &format!("{kind:?}"));
        assert_eq!(done.lost.len(), 3, "{kind:?}: {:?}", done.lost);
    }
}

#[test]
fn a_training_that_was_lost_goes_on_from_its_last_checkpoint() {
    let stage = Stage::new(2, 30);
    for kind in KINDS {
        let done = stage.run_with(
            kind,
            r#"case $ATTEMPT in
    a1) netsynth work "$TASK" --out "$OUT" --checkpoints-every 0 &
        until [ -e "$OUT"/../files/*/checkpoint.safetensors ]; do sleep 0.01; done
        kill -9 $!; kill -9 $$ ;;
    *) [ -e "$OUT"/../files/*/checkpoint.safetensors.sha256 ] || exit 3
        worker ;;
esac"#,
        );
        stage.assert_answered(&done, &format!("{kind:?}"));
        assert_eq!(done.lost.len(), 2, "{kind:?}: {:?}", done.lost);
    }
}

#[test]
fn workers_that_are_lost_again_and_again_end_the_command_and_are_no_answer() {
    let stage = Stage::new(1, 1);
    for kind in KINDS {
        let done = stage.run_with(kind, "kill -9 $$");
        let error = done.result.as_ref().unwrap_err().text();
        assert!(error.contains("its worker was lost 4 times"), "{kind:?}: {error}");
        assert_eq!((done.answers, done.lost.len()), (vec![None], 4), "{kind:?}");
        // Whoever goes on begins with an attempt of the next number.
        let done = stage.run(&*stage.executor(kind, stage.faulty("[ $ATTEMPT = a5 ] && worker")));
        stage.assert_answered(&done, &format!("{kind:?}"));
    }
}

#[test]
fn a_crash_that_comes_again_and_a_lack_of_memory_are_the_candidates_own() {
    let stage = Stage::new(2, 1);
    for (script, reason, n_lost) in [
        ("kill -SEGV $$", "its training crashed with signal 11, twice alike", 2),
        (
            "echo 'error: the training needs 9 bytes more than the system has memory' >&2; exit 137",
            "its training ran out of memory",
            0,
        ),
    ] {
        for kind in KINDS {
            let done = stage.run_with(kind, script);
            done.result.as_ref().unwrap();
            let failed = Some(Answer::Failed(reason.to_owned()));
            assert_eq!((done.answers, done.lost.len()), (vec![failed.clone(), failed], n_lost), "{kind:?}");
        }
    }
    // A crash that does not come again was the machine's.
    for kind in KINDS {
        let done = stage.run_with(kind, "[ $ATTEMPT = a1 ] && kill -SEGV $$\nworker");
        stage.assert_answered(&done, &format!("{kind:?}"));
    }
}

#[test]
fn an_answer_that_is_lost_or_not_whole_is_made_again() {
    let stage = Stage::new(2, 1);
    for script in [
        "[ $ATTEMPT = a1 ] && exit 0\nworker",
        "worker; [ $ATTEMPT = a1 ] && rm $OUT/answer.json; exit 0",
        "worker; [ $ATTEMPT = a1 ] && printf x >> $OUT/weights.safetensors; exit 0",
        "worker; [ $ATTEMPT = a1 ] && mv $OUT/answer.json $OUT/half && head -c 100 $OUT/half > $OUT/answer.json; exit 0",
    ] {
        for kind in KINDS {
            let done = stage.run_with(kind, script);
            // Who looks between the answer and its loss takes it.
            assert!(done.lost.len() <= 2, "{kind:?}: {script}");
            stage.assert_answered(&done, &format!("{kind:?}: {script}"));
        }
    }
}

#[test]
fn an_answer_that_comes_twice_counts_once() {
    let stage = Stage::new(3, 1);
    for kind in KINDS {
        let done = stage.run_with(kind, "worker; worker");
        stage.assert_answered(&done, &format!("{kind:?}"));
        // The first attempt ends without an answer, and answers while the second one works.
        let late = "if [ $ATTEMPT = a1 ]; then (sleep 0.3; rm -f $OUT/fenced; worker) >/dev/null 2>&1 & exit 0; fi\nsleep 1; worker";
        let done = stage.run_with(kind, late);
        stage.assert_answered(&done, &format!("{kind:?}"));
    }
}

#[test]
fn a_slow_worker_holds_up_nobody_else() {
    let stage = Stage::new(4, 1);
    for kind in KINDS {
        let slow = "case $OUT in *trial-00000*) sleep 2;; esac\nworker";
        let done = stage.run_with(kind, slow);
        stage.assert_answered(&done, &format!("{kind:?}"));
        assert_eq!(done.lost, [""; 0], "{kind:?}");
    }
}

#[test]
fn a_full_disk_where_a_worker_writes_is_the_machines_and_no_answer() {
    let stage = Stage::new(2, 1);
    // A limit on files is what a full disk is: writing fails.
    let full = "trap '' XFSZ; ulimit -f 1";
    for kind in KINDS {
        let done = stage.run_with(kind, &format!("if [ $ATTEMPT = a1 ]; then {full}; fi\nworker"));
        stage.assert_answered(&done, &format!("{kind:?}"));
        assert_eq!(done.lost.len(), 2, "{kind:?}");
        let done = stage.run_with(kind, &format!("{full}; worker"));
        let error = done.result.unwrap_err().text();
        assert!(error.contains("was lost 4 times") && error.contains("could not work"), "{kind:?}: {error}");
        assert_eq!(done.answers.iter().flatten().count(), 0, "{kind:?}");
    }
}

#[test]
fn two_controllers_of_one_folder_both_have_every_answer() {
    let stage = Stage::new(4, 2);
    for kind in KINDS {
        stage.attempts().end();
        let (one, other) = (stage.executor(kind, program()), stage.executor(kind, program()));
        let (first, second) = std::thread::scope(|scope| {
            let (one, other) = (&*one, &*other);
            let first = scope.spawn(|| stage.run(one));
            let second = scope.spawn(|| stage.run(other));
            (first.join().unwrap(), second.join().unwrap())
        });
        for done in [first, second] {
            stage.assert_answered(&done, &format!("{kind:?}"));
        }
    }
}

#[test]
fn what_a_controller_that_is_gone_had_done_is_paid_for_once() {
    let stage = Stage::new(3, 1);
    for kind in KINDS {
        // A stop after the first answer leaves what is done where it is.
        stage.attempts().end();
        let executor = stage.executor(kind, program());
        let refused = |_: usize, _: Answer| Err(RunError::new("the run's disk is full", "make room"));
        executor.run(&stage.tasks, &InMemory::default(), &|_| {}, &|| false, &refused).unwrap_err();
        let done: Vec<String> = stage.attempts().tasks();
        assert!(!done.is_empty(), "{kind:?}");
        // Whoever goes on takes it without a worker; only what was never begun needs one.
        let begun: String = done.iter().map(|name| format!("*{name}*|")).collect();
        let script = format!("case $OUT in {begun}none) exit 3;; esac\nworker");
        let again = stage.run(&*stage.executor(kind, stage.faulty(&script)));
        stage.assert_answered(&again, &format!("{kind:?}"));
        assert_eq!(again.lost, [""; 0], "{kind:?}");
    }
}

/// The file of a long training, and its attempt's folder.
fn long_task(stage: &Stage) -> (PathBuf, PathBuf) {
    let mut task = stage.tasks[0].clone();
    task.training.as_mut().unwrap().epochs = 5000;
    let file = netsynth_run::TaskFile {
        schema: 1,
        attempt: "long-a1".to_owned(),
        task,
        data: None,
        start: None,
        files: None,
    };
    let path = stage.home.path().join("long.json");
    fs::write(&path, serde_json::to_string(&file).unwrap()).unwrap();
    (path, stage.home.path().join("long"))
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        sleep(Duration::from_millis(10));
    }
}

fn heartbeat(folder: &Path) -> Option<Heartbeat> {
    serde_json::from_str(&fs::read_to_string(folder.join("heartbeat.json")).ok()?).ok()
}

#[test]
fn a_worker_ends_with_its_parent_and_when_it_is_fenced_off() {
    let stage = Stage::new(1, 1);
    let (task, folder) = long_task(&stage);
    let attempt = netsynth_store::AttemptFolder::at(&folder);
    let line =
        format!("'{}' work '{}' --out '{}' & wait", program().display(), task.display(), folder.display());
    let mut shell = Command::new("sh").arg("-c").arg(&line).spawn().unwrap();
    wait_until("the worker begins", || {
        heartbeat(&folder).is_some_and(|beat| beat.n_done > 0) && attempt.is_held()
    });
    shell.kill().unwrap();
    shell.wait().unwrap();
    wait_until("the worker ends with its parent", || !attempt.is_held());

    let (task, out) = (task.display().to_string(), folder.display().to_string());
    let worker = start(stage.home.path(), &["work", &task, "--out", &out]);
    wait_until("the worker begins", || attempt.is_held());
    // One worker at a time.
    let (code, _, stderr) = netsynth(stage.home.path(), &["work", &task, "--out", &out]);
    assert!(code == 2 && stderr.contains("another worker is at this attempt"), "{stderr}");
    attempt.fence().unwrap();
    let (code, stderr) = ended(worker);
    assert!(code == Some(2) && stderr.contains("fenced off"), "{code:?}: {stderr}");
    let (code, _, stderr) = netsynth(stage.home.path(), &["work", &task, "--out", &out]);
    assert!(code == 2 && stderr.contains("fenced off"), "{stderr}");
    assert!(!attempt.file(AttemptFile::Answer).exists());
    let lines = fs::read_to_string(folder.join("progress.jsonl")).unwrap();
    assert!(lines.lines().next().unwrap().contains("\"epoch\":1,"), "{lines}");
}

#[test]
fn the_task_that_help_shows_is_carried_out_and_its_answer_kept() {
    let home = tempfile::tempdir().unwrap();
    let (_, help, _) = netsynth(home.path(), &["help", "task"]);
    let example =
        help.lines().skip_while(|line| *line != "    {").take_while(|line| line.starts_with("    "));
    let example: Vec<&str> = example.collect();
    fs::write(home.path().join("task.json"), example.join("\n")).unwrap();
    let work = || netsynth(home.path(), &["work", "task.json", "--out", "answer"]);
    let (code, _, stderr) = work();
    assert_eq!(code, 0, "{stderr}");
    let written = || fs::metadata(home.path().join("answer/answer.json")).unwrap().modified().unwrap();
    let before = written();
    assert_eq!((work().0, written()), (0, before));
    let mut checked = Command::new("sha256sum");
    checked.args(["-c", "answer.json.sha256", "weights.safetensors.sha256"]);
    if let Ok(output) = checked.current_dir(home.path().join("answer")).output() {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    // A candidate that fails is told from a task that cannot be carried out.
    let hopeless = example.join("\n").replace("\"channels\": 8,", "\"channels\": 0,");
    fs::write(home.path().join("hopeless.json"), &hopeless).unwrap();
    let (code, _, stderr) = netsynth(home.path(), &["work", "hopeless.json", "--out", "hopeless"]);
    assert!(code == 1 && stderr.contains("the candidate failed"), "{code}: {stderr}");
    assert!(home.path().join("hopeless/answer.json").exists());
    fs::write(home.path().join("broken.json"), hopeless.replace("\"epochs\"", "\"epoch\"")).unwrap();
    let (code, _, stderr) = netsynth(home.path(), &["work", "broken.json", "--out", "broken"]);
    assert!(code == 2 && stderr.contains("broken.json") && stderr.contains("epoch"), "{code}: {stderr}");
}

/// The small plan, and the same with inheritance, whose trainings start from others' weights.
fn plans(folder: &Path) {
    let inheriting = PLAN
        .replace("final_epochs: 2", "final_epochs: 2, inheritance: (from: Parent, epochs: 2), audit: true");
    fs::write(folder.join("inheriting.ron"), inheriting).unwrap();
}

#[test]
fn a_search_on_processes_leaves_the_files_of_one_on_a_thread() {
    let folder = workplace();
    let folder = folder.path();
    plans(folder);
    for plan in ["plan.ron", "inheriting.ron"] {
        let search = |name: &str, who: &[&str]| {
            let (code, _, stderr) =
                netsynth(folder, &[&["search", "--plan", plan, "--name", name], who].concat());
            assert_eq!(code, 0, "{stderr}");
            contents(&folder.join("runs").join(name))
        };
        let stem = plan.trim_end_matches(".ron");
        let one = search(&format!("{stem}-thread"), &["--workers", "1"]);
        let four = search(&format!("{stem}-processes"), &["--workers", "4", "--executor", "processes"]);
        assert_same(&four, &one, plan);
        let (code, stdout, stderr) = netsynth(
            folder,
            &["verify", &format!("runs/{stem}-processes"), "--executor", "processes", "--retrain", "2"],
        );
        assert_eq!(code, 0, "{stdout}{stderr}");
    }
}

#[test]
fn a_search_whose_controller_and_workers_are_killed_ends_as_if_nothing_had_happened() {
    let folder = workplace();
    let folder = folder.path();
    plans(folder);
    let began = Instant::now();
    let (code, _, stderr) = netsynth(folder, &["search", "--plan", "inheriting.ron", "--name", "whole"]);
    assert_eq!(code, 0, "{stderr}");
    // Instants are shares of what a whole search takes here, on a fast machine as on a busy one.
    let millis = began.elapsed().as_millis().max(2) as u64;
    let expected = contents(&folder.join("runs/whole"));
    let run = folder.join("runs/cut");
    let (mut random, mut n_kills) = (0x2545_f491_4f6c_dd1d_u64, 0);
    loop {
        let begun = run.join("plan.ron").exists();
        let command: &[&str] = if begun {
            &["resume", "runs/cut"]
        } else {
            &["search", "--plan", "inheriting.ron", "--name", "cut"]
        };
        let mut child = start(folder, &[command, &["--executor", "processes", "--workers", "3"]].concat());
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        sleep(Duration::from_millis(millis / 20 + random % (millis / 2)));
        // Now and then a worker dies instead.
        let victim = Attempts::at(run.join("attempts"))
            .tasks()
            .into_iter()
            .find_map(|task| heartbeat(Attempts::at(run.join("attempts")).attempt(&task, 1).path()));
        match victim {
            Some(beat) if random % 3 == 0 && n_kills < 30 => {
                let _ = Command::new("kill").args(["-9", &beat.process.to_string()]).status();
                n_kills += 1;
                sleep(Duration::from_millis(300));
                child.kill().unwrap();
                ended(child);
            }
            _ if n_kills < 30 && child.try_wait().unwrap().is_none() => {
                child.kill().unwrap();
                n_kills += 1;
                ended(child);
            }
            _ => {
                let (code, stderr) = ended(child);
                assert_eq!(code, Some(0), "{stderr}");
                assert_same(&contents(&run), &expected, &format!("after {n_kills} kills"));
                if n_kills >= 3 {
                    break;
                }
                // It was over before it was killed as often: once more.
                fs::remove_dir_all(&run).unwrap();
            }
        }
    }
}

/// Does something once a condition of a stage holds, while tasks are carried out.
fn meanwhile(stage: &Stage, kind: Kind, stop: &(dyn Fn() -> bool + Sync), act: impl FnOnce() + Send) -> Done {
    std::thread::scope(|scope| {
        let acting = scope.spawn(act);
        let done = stage.run_until(&*stage.executor(kind, program()), stop);
        acting.join().unwrap();
        done
    })
}

#[test]
fn a_controller_of_slurm_that_is_away_for_a_while_is_waited_for() {
    let stage = Stage::new(4, 20);
    let slurm = stage.home.path().join("slurm");
    let done = meanwhile(&stage, Kind::Slurm, &|| false, || {
        wait_until("a job is submitted", || slurm.join("submitted").exists());
        fs::write(slurm.join("down"), "").unwrap();
        sleep(Duration::from_secs(2));
        fs::remove_file(slurm.join("down")).unwrap();
    });
    stage.assert_answered(&done, "away");
    assert_eq!(done.lost, [""; 0]);

    // One that never answered is not there.
    fs::write(slurm.join("down"), "").unwrap();
    let done = stage.run(&*stage.executor(Kind::Slurm, program()));
    let error = done.result.unwrap_err().text();
    assert!(
        error.contains("Unable to contact slurm controller") && error.contains("see that `sbatch`"),
        "{error}"
    );
}

#[test]
fn what_waits_for_its_turn_is_taken_back_when_the_run_is_stopped() {
    let stage = Stage::new(3, 1);
    let slurm = stage.home.path().join("slurm");
    fs::write(slurm.join("full"), "").unwrap();
    let submitted = || fs::read_to_string(slurm.join("submitted")).unwrap_or_default().lines().count();
    let done = meanwhile(&stage, Kind::Slurm, &|| submitted() == 3, || ());
    assert!(done.result.is_ok() && done.lost.is_empty());
    assert_eq!(done.answers, [const { None }; 3]);
    assert_eq!(fs::read_dir(slurm.join("jobs")).unwrap().count(), 0, "jobs are left in the queue");
    fs::remove_file(slurm.join("full")).unwrap();
    let done = stage.run(&*stage.executor(Kind::Slurm, program()));
    stage.assert_answered(&done, "gone on");
    assert_eq!(done.lost, [""; 0]);
}

/// A search on a cluster whose controller is killed while jobs are at work, and then gone on with: the files, and the jobs that
/// were submitted.
fn cut_and_resumed(
    folder: &Path,
    executor: &str,
    environment: &[(&str, &str)],
    submitted: impl Fn() -> Vec<String>,
) {
    let (code, _, stderr) = netsynth(folder, &["search", "--plan", "plan.ron", "--name", "whole"]);
    assert_eq!(code, 0, "{stderr}");
    let begin = |arguments: &[&str]| {
        let mut command = Command::new(program());
        command.current_dir(folder).args(arguments).envs(environment.iter().copied());
        command.args(["--executor", executor, "--workers", "3"]).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let mut controller = begin(&["search", "--plan", "plan.ron", "--name", "cut"]);
    wait_until("jobs are submitted", || !submitted().is_empty());
    controller.kill().unwrap();
    ended(controller);
    let (code, stderr) = ended(begin(&["resume", "runs/cut"]));
    assert_eq!(code, Some(0), "{stderr}");
    assert_same(&contents(&folder.join("runs/cut")), &contents(&folder.join("runs/whole")), executor);
    let submitted = submitted();
    // An attempt that was named and never submitted has no job; no task has two.
    let mut tasks: Vec<&str> = submitted.iter().filter_map(|job| Some(job.rsplit_once("-a")?.0)).collect();
    let n_submitted = tasks.len();
    tasks.sort_unstable();
    tasks.dedup();
    assert!(n_submitted > 8 && tasks.len() == n_submitted, "a task was submitted twice: {submitted:?}");
}

#[test]
fn a_search_on_slurm_leaves_the_files_of_one_on_a_thread_and_pays_for_nothing_twice() {
    let folder = workplace();
    let folder = folder.path();
    fake_slurm(&folder.join("slurm"));
    let path = format!("{}:{}", folder.join("slurm").display(), std::env::var("PATH").unwrap());
    let submitted = || {
        let listed = fs::read_to_string(folder.join("slurm/submitted")).unwrap_or_default();
        listed.lines().map(str::to_owned).collect()
    };
    let options = format!(
        "(schema: 1, executor: Slurm(partition: \"any\", arguments: [\"--account=faces\"]), program: {:?})",
        program()
    );
    fs::write(folder.join("cluster.ron"), options).unwrap();
    cut_and_resumed(folder, "cluster.ron", &[("PATH", &path)], submitted);
    let asked = fs::read_to_string(folder.join("slurm/asked")).unwrap();
    assert!(asked.lines().all(|line| line.contains("--partition=any --account=faces ")), "{asked}");
}

#[test]
fn a_search_on_ray_leaves_the_files_of_one_on_a_thread_and_pays_for_nothing_twice() {
    let folder = workplace();
    let ray = FakeRay::begin(2);
    let executor = format!("ray:{}", ray.address);
    cut_and_resumed(folder.path(), &executor, &[("RAY_AUTH_TOKEN", TOKEN)], || ray.submitted());
    // Whoever hands in more than there are processors for loses what waits too long.
    assert_eq!(ray.most_at_work(), 2);
}

#[test]
fn a_ray_head_that_cannot_be_used_is_an_error_with_a_remedy_and_the_search_goes_on_later() {
    let folder = workplace();
    let folder = folder.path();
    let ray = FakeRay::begin(2);
    let search = |name: &str, executor: &str, token: &str| {
        let mut command = assert_cmd::Command::new(program());
        command.current_dir(folder).env("RAY_AUTH_TOKEN", token);
        let output = command.args(["search", "--plan", "plan.ron", "--name", name, "--executor", executor]);
        let output = output.output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, stderr) = search("token", &format!("ray:{}", ray.address), "another");
    assert!(code == 2 && stderr.contains("asks for another token"), "{code}: {stderr}");
    assert!(stderr.contains("RAY_AUTH_TOKEN") && stderr.contains("netsynth resume"), "{stderr}");
    let (code, _, stderr) = netsynth(folder, &["resume", "runs/token"]);
    assert_eq!(code, 0, "{stderr}");
    // Nobody listens where a listener was just closed.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, stderr) = search("nobody", &format!("ray:http://{closed}"), TOKEN);
    assert!(
        code == 2 && stderr.contains(&format!("the Ray head http://{closed} does not answer")),
        "{stderr}"
    );
    let (code, stderr) = search("safe", "ray:https://head:8265", TOKEN);
    assert!(
        code == 2 && stderr.contains("over plain HTTP") && !folder.join("runs/safe").exists(),
        "{stderr}"
    );
    let (code, stderr) = search("bare", "ray:head:8265", TOKEN);
    assert!(code == 2 && stderr.contains("ray:http://HEAD:8265"), "{stderr}");
}
