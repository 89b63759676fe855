//! Laws of a run folder, with an evaluator whose answers are known: what a full disk, a crash or a changed bit does.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use netsynth_graph::{ArchitectureSpec, Graph};
use netsynth_search::{
    Answered, Candidate, Constraint, Evaluator, Indicator, Limits, Measured, Metric, Metrics, Objective,
    ParetoFront, Performance, Problem, Rung, Scored, Scorer, Screening, SearchPlan, StopReason, StrategyKind,
    Trained, Variant, ZeroCostProxy, ZeroCostScores, unless_panicked,
};
use netsynth_space::{SearchSpace, SearchSpaceSpec};

use crate::atomic::write;
use crate::checksum::{sealed, write_bytes};
use crate::document::text;
use crate::failure::{fail_after, steps_left};
use crate::listing::list;
use crate::{
    EndFile, Entry, FileProblem, Fold, FrontFile, NewRun, Replay, RunFolder, RunKind, StoreError,
    TrainedNetwork, TrialFile, check_files, read_text, replay, search,
};

fn space() -> SearchSpace {
    let prototype = ArchitectureSpec::from_ron(include_str!("../../../prototypes/resnet20.ron")).unwrap();
    let spec = SearchSpaceSpec::from_ron(include_str!("../../../search-spaces/emotionnet.ron")).unwrap();
    SearchSpace::new(&spec, &Graph::new(&prototype).unwrap()).unwrap()
}

fn plan() -> SearchPlan {
    SearchPlan {
        seed: 7,
        n_trials: 6,
        generation_size: 3,
        strategy: StrategyKind::Synthesis,
        indicator: Indicator {
            constraints: vec![
                Constraint::AtLeast(Metric::Accuracy, 0.5),
                Constraint::AtMost(Metric::Parameters, 150_000.0),
            ],
        },
        performance: Performance::default(),
        objectives: vec![Objective::Maximise(Metric::Accuracy), Objective::Minimise(Metric::Parameters)],
        rungs: vec![
            Rung { epochs: 1, macs: None, folds: 1, keep: 0.5 },
            Rung { epochs: 4, macs: None, folds: 1, keep: 1.0 },
        ],
        pruning: None,
        screening: Some(Screening { factor: 2, by: ZeroCostProxy::Naswot }),
        asynchronous: false,
        prior: None,
        limits: Limits::default(),
    }
}

/// Accuracy that follows from the network's size; trial 1 fails, trial 2 panics. Counts what it is asked.
#[derive(Default)]
struct Formula {
    n_asked: AtomicUsize,
    /// Threads that answer; 0 is one.
    n_threads: usize,
}

/// Hands over what `measure` gives for each candidate, from so many threads and the last first; a panic is a failure.
fn answer_each<E: Send>(
    n_threads: usize,
    candidates: &[&Candidate],
    answered: &Answered<'_, E>,
    measure: impl Fn(&Candidate) -> Measured + Sync,
) -> Result<(), E> {
    let failed = |panic| Measured::Failed(format!("the training panicked: {panic}"));
    let measured = |index: usize| unless_panicked(|| measure(candidates[index])).unwrap_or_else(failed);
    let share = |thread: usize| {
        let mut own = (0..candidates.len()).rev().filter(|index| index % n_threads == thread);
        own.try_for_each(|index| answered(index, measured(index)))
    };
    let share = &share;
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..n_threads).map(|thread| scope.spawn(move || share(thread))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap())
    })
}

impl Evaluator for Formula {
    type Error = StoreError;

    fn evaluate(
        &self,
        candidates: &[&Candidate],
        rung: usize,
        answered: &Answered<'_, StoreError>,
    ) -> Result<(), StoreError> {
        answer_each(self.n_threads.max(1), candidates, answered, |candidate| self.measured(candidate, rung))
    }

    fn scorer(&self) -> Option<&dyn Scorer<StoreError>> {
        Some(self)
    }
}

impl Formula {
    fn measured(&self, candidate: &Candidate, rung: usize) -> Measured {
        self.n_asked.fetch_add(1, Ordering::SeqCst);
        if candidate.trial == 1 {
            return Measured::Failed("the loss became NaN in epoch 1".to_owned());
        }
        assert!(candidate.trial != 2, "a worker panics");
        let size = (candidate.cost.parameters as f64 / 150_000.0).min(1.0);
        let folds = vec![Metrics::from([(Metric::Accuracy, 0.5 + 0.2 * rung as f64 + 0.3 * size)])];
        Measured::Trained(Trained { folds, ..Trained::default() })
    }
}

impl Scorer<StoreError> for Formula {
    fn score(&self, candidates: &[Candidate]) -> Result<Vec<Scored>, StoreError> {
        Ok(candidates.iter().map(|candidate| self.scored(candidate)).collect())
    }
}

impl Formula {
    fn scored(&self, candidate: &Candidate) -> Scored {
        self.n_asked.fetch_add(1, Ordering::SeqCst);
        if candidate.cost.parameters.is_multiple_of(5) {
            return Scored::Failed("its untrained network has no loss".to_owned());
        }
        let size = candidate.cost.parameters as f64;
        Scored::Scores(ZeroCostScores { naswot: size.ln(), snip: 1.0 / size, gradient_norm: 0.5 })
    }
}

/// Begins a run or goes on with it, from the first file to the last.
fn work(path: &Path, plan: &SearchPlan, evaluator: &Formula) -> Result<EndFile, StoreError> {
    let folder = if path.join("plan.ron").is_file() {
        RunFolder::resume(path)?
    } else {
        let folder = RunFolder::begin(path)?;
        folder.write_document(Entry::Provenance, &BTreeMap::from([("schema", 1)]))?;
        folder.commit(&BTreeMap::from([("schema", 1)]))?;
        folder
    };
    let space = space();
    let problem = Problem::new(&space, plan).unwrap();
    let found = search(&folder, &space, &problem, evaluator, false, &|| false, &mut |_| Ok(()))?;
    let end = EndFile::new(found.stopped_by, &found.trials);
    folder.write_end(&end)?;
    let front = ParetoFront::of(&found.trials, &plan.objectives, &plan.indicator, plan.rungs.len());
    folder.write_front(&FrontFile::new(&front, &found.trials, plan))?;
    let first = front.members[0].0;
    let network = folder.architecture(first)?;
    let variant = TrainedNetwork::Variant(Variant::NanoA);
    folder.write_network(variant, &network, b"weights", &BTreeMap::from([("trial", first)]))?;
    folder.write_audited(
        first,
        Fold::from_index(0),
        &Measured::Failed("the loss became NaN in epoch 1".to_owned()),
    )?;
    Ok(end)
}

/// Every file below a folder by relative path.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = list(folder).unwrap().into_iter().filter(|listed| !listed.is_folder);
    files
        .map(|listed| (listed.path.strip_prefix(folder).unwrap().to_owned(), fs::read(&listed.path).unwrap()))
        .collect()
}

fn replay_of(folder: &RunFolder) -> Result<Replay, StoreError> {
    let (space, plan) = (space(), plan());
    replay(folder, &space, &Problem::new(&space, &plan).unwrap(), false)
}

#[test]
fn a_run_cut_off_at_any_step_of_any_write_goes_on_to_the_same_files() {
    let home = tempfile::tempdir().unwrap();
    let plan = SearchPlan { n_trials: 4, generation_size: 2, ..plan() };
    let whole = home.path().join("whole");
    fail_after(&whole, usize::MAX);
    work(&whole, &plan, &Formula { n_threads: 2, ..Formula::default() }).unwrap();
    let n_steps = usize::MAX - steps_left(&whole);
    assert!(n_steps > 100, "{n_steps}");
    let expected = contents(&whole);

    // Several at a time, for most of the time is the disk's.
    let cut_off_after = |n_taken: usize| {
        let path = home.path().join(format!("cut-{n_taken}"));
        fail_after(&path, n_taken);
        let error =
            work(&path, &plan, &Formula { n_threads: 1 + n_taken % 2, ..Formula::default() }).unwrap_err();
        steps_left(&path);
        assert!(matches!(error, StoreError::System { .. }), "step {n_taken}: {error}");
        let kept = contents(&path);
        for (name, bytes) in kept.iter().filter(|(name, _)| !name.to_string_lossy().ends_with(".unfinished"))
        {
            assert_eq!(Some(bytes), expected.get(name), "step {n_taken} left half of {}", name.display());
        }
        work(&path, &plan, &Formula { n_threads: 1 + n_taken % 3, ..Formula::default() }).unwrap();
        assert!(contents(&path) == expected, "step {n_taken} changed the end");
        fs::remove_dir_all(&path).unwrap();
    };
    std::thread::scope(|scope| {
        for lane in 0..4 {
            let cut_off_after = &cut_off_after;
            scope.spawn(move || (lane..n_steps).step_by(4).for_each(cut_off_after));
        }
    });
}

#[test]
fn nothing_is_measured_twice() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("run");
    let evaluator = Formula::default();
    work(&path, &plan(), &evaluator).unwrap();
    let n_asked = evaluator.n_asked.load(Ordering::SeqCst);
    work(&path, &plan(), &evaluator).unwrap();
    assert_eq!(evaluator.n_asked.load(Ordering::SeqCst), n_asked);
    fs::remove_file(path.join("trials/00004/rung-0.ron")).unwrap();
    let expected = contents(&path).len() + 1;
    work(&path, &plan(), &evaluator).unwrap();
    assert_eq!(evaluator.n_asked.load(Ordering::SeqCst), n_asked + 1);
    assert_eq!(contents(&path).len(), expected);
}

#[test]
fn a_failure_and_a_panic_are_recorded_with_their_reasons() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("run");
    work(&path, &plan(), &Formula { n_threads: 2, ..Formula::default() }).unwrap();
    let folder = RunFolder::open(&path).unwrap();
    let reason = |trial: usize| match folder.rung(trial, 0).unwrap().unwrap() {
        Measured::Failed(reason) => reason,
        Measured::Trained(_) => "trained".to_owned(),
    };
    assert_eq!(reason(1), "the loss became NaN in epoch 1");
    assert_eq!(reason(2), "the training panicked: a worker panics");
    assert_eq!(reason(3), "trained");
}

#[test]
fn a_run_ends_in_order_at_its_epochs_and_at_its_failures() {
    let home = tempfile::tempdir().unwrap();
    let ended = |name: &str, limits: Limits| {
        let plan = SearchPlan { limits, n_trials: 9, ..plan() };
        work(&home.path().join(name), &plan, &Formula { n_threads: 2, ..Formula::default() }).unwrap()
    };
    // The first generation, with two failures, takes 1 + 4 + 1 + 1 epochs and the second 3 + 2 x 4; of the 22, four
    // are left, and a trial may need 1 + 4.
    let end = ended("epochs", Limits { epochs: Some(22), ..Limits::default() });
    assert_eq!((end.reason, end.n_trials), (StopReason::Epochs, 6));
    let end = ended("trials", Limits::default());
    assert_eq!((end.reason, end.n_trials), (StopReason::Trials, 9));
    // Trials 1 and 2 fail, and they are the last of the first generation.
    let end = ended("failures", Limits { failures_in_a_row: 2, ..Limits::default() });
    assert_eq!((end.reason, end.n_trials), (StopReason::Failures, 3));
}

#[test]
fn a_changed_bit_in_any_file_is_found_and_named() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("run");
    work(&path, &plan(), &Formula { n_threads: 2, ..Formula::default() }).unwrap();
    let folder = RunFolder::open(&path).unwrap();
    assert_eq!(check_files(&folder).unwrap().1, []);
    let replayed = replay_of(&folder).unwrap();
    assert_eq!((replayed.findings.len(), replayed.trials.len(), replayed.has_ended), (0, 6, true));
    assert_eq!(replayed.front, folder.front().unwrap());

    for (number, (name, bytes)) in
        contents(&path).into_iter().filter(|(_, bytes)| !bytes.is_empty()).enumerate()
    {
        let named_file = name.display().to_string().replace(".sha256", "");
        for position in [0, bytes.len() / 2, bytes.len() - 1, (number * 7919) % bytes.len()] {
            let mut changed = bytes.clone();
            changed[position] ^= 1 << (number % 8);
            fs::write(path.join(&name), &changed).unwrap();
            let (_, findings) = check_files(&folder).unwrap();
            let files: Vec<&str> = findings.iter().map(|finding| finding.path.as_str()).collect();
            assert_eq!(files, [named_file.as_str()], "byte {position} of {}", name.display());
            // The replay blames no other file for it.
            let replayed = replay_of(&folder);
            let others = replayed.map_or(Vec::new(), |replayed| replayed.findings);
            assert!(others.iter().all(|other| other.path == named_file), "{named_file}: {others:?}");
        }
        fs::write(path.join(&name), &bytes).unwrap();
    }
}

#[test]
fn a_forged_file_is_found_by_what_the_trials_give() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("run");
    work(&path, &plan(), &Formula { n_threads: 1, ..Formula::default() }).unwrap();
    let folder = RunFolder::open(&path).unwrap();
    // With a right checksum of its own, so that only the replay can tell.
    let forged = |name: &str, from: &str, to: &str| {
        let original = fs::read(path.join(name)).unwrap();
        let text = text(&path.join(name), Path::new(name)).unwrap().unwrap();
        assert!(text.contains(from), "{name}: {text}");
        fs::remove_file(path.join(name)).unwrap();
        let text = text.replacen(from, to, 1);
        if name.ends_with(".ron") {
            write(&path.join(name), sealed(&text, Path::new(name)).as_bytes()).unwrap();
        } else {
            write_bytes(&path.join(name), Path::new(name), text.as_bytes()).unwrap();
        }
        assert_eq!(check_files(&folder).unwrap().1, [], "{name}");
        let findings = replay_of(&folder).unwrap().findings;
        fs::write(path.join(name), original).unwrap();
        findings.into_iter().map(|finding| (finding.path, finding.problem)).collect::<Vec<_>>()
    };
    let differs = |name: &str| vec![(name.to_owned(), FileProblem::Differs)];
    assert_eq!(forged("generators/001.ron", "mean: ", "mean: 1"), differs("generators/001.ron"));
    assert_eq!(
        forged("trials/00003/candidate.ron", "generation: 1", "generation: 0"),
        differs("trials/00003/candidate.ron")
    );
    // Which candidate became a trial follows from the scores, and the other way round.
    assert_eq!(forged("screening/001.ron", "trial: 3", "trial: 4"), differs("screening/001.ron"));
    assert!(forged("screening/001.ron", "naswot: ", "naswot: -").len() > 1);
    assert_eq!(forged("front.ron", "net_score: ", "net_score: 1"), differs("front.ron"));
    assert_eq!(
        forged("variants/nano-a/architecture.ron", "channels: ", "channels: 1"),
        differs("variants/nano-a/architecture.ron")
    );
    // A better accuracy on the last rung changes everything that follows from it.
    let findings = forged("trials/00000/rung-1.ron", "0.", "0.9");
    assert!(!findings.is_empty());
    let screening = fs::read(path.join("screening/001.ron")).unwrap();
    fs::remove_file(path.join("screening/001.ron")).unwrap();
    let findings = replay_of(&folder).unwrap().findings;
    assert_eq!(
        (findings[0].path.as_str(), &findings[0].problem),
        ("screening/001.ron", &FileProblem::Missing)
    );
    fs::write(path.join("screening/001.ron"), screening).unwrap();
    fs::remove_file(path.join("trials/00005/candidate.ron")).unwrap();
    let findings = replay_of(&folder).unwrap().findings;
    assert_eq!(findings[0].problem, FileProblem::Missing);
}

#[test]
fn one_process_at_a_time() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("run");
    work(&path, &plan(), &Formula { n_threads: 1, ..Formula::default() }).unwrap();
    let first = RunFolder::resume(&path).unwrap();
    assert!(matches!(RunFolder::resume(&path), Err(StoreError::Locked { .. })));
    assert!(matches!(RunFolder::begin(&path), Err(StoreError::Exists { .. })));
    RunFolder::open(&path).unwrap().front().unwrap();
    drop(first);
    RunFolder::resume(&path).unwrap();
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let runs = Path::new("runs");
    for name in ["../x", "a/b", "/etc/x", "..", ".hidden", "", "-x", "a\0b", "übung", &"x".repeat(101)] {
        let path = NewRun::named(runs, Some(name), "");
        assert!(matches!(path, Err(StoreError::Name { .. })), "{name:?}");
    }
    let home = tempfile::tempdir().unwrap();
    let free = |name, prefix| {
        let run = NewRun::named(home.path(), name, prefix).unwrap().begin().unwrap();
        let path = run.path().to_owned();
        drop(run);
        fs::remove_dir_all(&path).unwrap();
        path
    };
    assert_eq!(free(Some("ck-2.1_b"), ""), home.path().join("ck-2.1_b"));
    assert_eq!(free(None, "../../etc/x y"), home.path().join("etc-x-y-001"));
    assert_eq!(free(None, "///"), home.path().join("run-001"));
}

#[test]
fn of_many_that_are_begun_at_once_without_a_name_each_has_its_own() {
    let home = tempfile::tempdir().unwrap();
    let begun = std::thread::scope(|scope| {
        let begin = || NewRun::named(home.path(), None, "search").unwrap().begin().unwrap();
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(begin)).collect();
        // All of them are held: a folder that is let go before it has a plan may be begun again.
        let runs: Vec<RunFolder> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        let mut paths: Vec<PathBuf> = runs.iter().map(|run| run.path().to_owned()).collect();
        paths.sort();
        paths.dedup();
        paths
    });
    assert_eq!(begun.len(), 16, "{begun:?}");
}

#[test]
fn a_document_is_a_file_of_text_of_some_size() {
    let home = tempfile::tempdir().unwrap();
    let reason = |path: &Path| read_text(path).unwrap_err().reason;
    assert_eq!(reason(home.path()), "it is not a file");
    assert_eq!(reason(Path::new("/dev/zero")), "it is not a file");
    let path = home.path().join("x.ron");
    fs::write(&path, [b'a', 0xff, b'b']).unwrap();
    assert_eq!(reason(&path), "it is not text: byte 1 is not UTF-8");
    fs::File::create(&path).unwrap().set_len(1 << 30).unwrap();
    assert_eq!(reason(&path), "it has more than the 16777216 bytes a netsynth document may have");
}

#[cfg(unix)]
#[test]
fn links_and_odd_names_are_named_and_not_followed() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("run");
    work(&path, &plan(), &Formula { n_threads: 1, ..Formula::default() }).unwrap();
    std::os::unix::fs::symlink(&path, path.join("trials/loop")).unwrap();
    fs::write(path.join(OsStr::from_bytes(b"na\xffme.ron")), "x").unwrap();
    let (_, findings) = check_files(&RunFolder::open(&path).unwrap()).unwrap();
    let lines: Vec<String> =
        findings.iter().map(|finding| format!("{} {}", finding.path, finding.problem)).collect();
    assert_eq!(
        lines,
        [
            "na\u{fffd}me.ron is of no run: another program wrote it, or it is a copy",
            "trials/loop is a link, or lies too deep, and is not followed"
        ]
    );
}

#[test]
fn a_run_of_an_earlier_version_keeps_its_paths_and_is_the_same() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("run");
    work(&path, &plan(), &Formula { n_threads: 2, ..Formula::default() }).unwrap();
    let moved = |from: Entry| {
        let earlier = path.join(from.earlier_path().unwrap());
        fs::create_dir_all(earlier.parent().unwrap()).unwrap();
        fs::rename(path.join(from.path()), earlier).unwrap();
    };
    moved(Entry::Screening(0));
    let expected = contents(&path);
    let evaluator = Formula::default();
    work(&path, &plan(), &evaluator).unwrap();
    assert_eq!(evaluator.n_asked.load(Ordering::SeqCst), 0);
    assert!(contents(&path) == expected);
    let folder = RunFolder::open(&path).unwrap();
    assert_eq!(check_files(&folder).unwrap().1, []);
    assert_eq!(replay_of(&folder).unwrap().findings, []);
}

#[test]
fn a_plan_says_what_its_run_does_and_one_of_the_first_version_shows_it() {
    let home = tempfile::tempdir().unwrap();
    let plans = [
        ("(schema: 1, kind: Search, search: ())", RunKind::Search),
        ("(schema: 1, kind: Training, architecture: (schema: 1))", RunKind::Training),
        ("(schema: 1, kind: Comparison, strategies: [])", RunKind::Comparison),
        ("(schema: 1, space: \"emotionnet\", search: ())", RunKind::Search),
        ("(schema: 1, architecture: (schema: 1), epochs: 2)", RunKind::Training),
        ("(schema: 1, table: None, strategies: [Random])", RunKind::Comparison),
    ];
    for (plan, kind) in plans {
        fs::write(home.path().join("plan.ron"), plan).unwrap();
        assert_eq!(RunFolder::open(home.path()).unwrap().kind().unwrap(), kind, "{plan}");
    }
    fs::write(home.path().join("plan.ron"), "(schema: 1, kind: Race)").unwrap();
    let error = RunFolder::open(home.path()).unwrap().kind().unwrap_err().to_string();
    assert!(error.contains("there is no `Race`"), "{error}");
}

#[test]
fn a_file_at_another_place_a_copy_and_changed_line_ends_are_named_as_what_they_are() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("run");
    work(&path, &plan(), &Formula { n_threads: 1, ..Formula::default() }).unwrap();
    let folder = RunFolder::open(&path).unwrap();
    let found = || -> Vec<String> {
        let (_, findings) = check_files(&folder).unwrap();
        findings.iter().map(|finding| format!("{}: {:?}", finding.path, finding.problem)).collect()
    };
    let read = |name: &str| fs::read(path.join(name)).unwrap();
    let (third, fourth) = ("trials/00003/candidate.ron", "trials/00004/candidate.ron");
    let (one, other) = (read(third), read(fourth));
    fs::write(path.join(third), &other).unwrap();
    assert_eq!(found(), [format!("{third}: Moved({fourth:?})")]);
    let error = folder.text(Entry::Trial(3, TrialFile::Candidate)).unwrap_err().to_string();
    assert!(error.contains("was written as trials/00004/candidate.ron"), "{error}");
    fs::write(path.join(third), String::from_utf8(one.clone()).unwrap().replace('\n', "\r\n")).unwrap();
    assert_eq!(found(), [format!("{third}: LineEnds")]);
    fs::write(path.join(third), one).unwrap();

    let table = read("front.csv");
    fs::write(path.join("front.csv"), String::from_utf8(table.clone()).unwrap().replace('\n', "\r\n"))
        .unwrap();
    assert_eq!(found(), ["front.csv: LineEnds"]);
    fs::write(path.join("front.csv"), table).unwrap();

    fs::create_dir(path.join("trials/00001 (1)")).unwrap();
    fs::write(path.join("trials/00001 (1)/rung-0.ron"), read("trials/00003/rung-0.ron")).unwrap();
    fs::write(path.join("plan (copy).ron"), read("plan.ron")).unwrap();
    fs::create_dir(path.join("end.ron.d")).unwrap();
    let strangers = ["end.ron.d", "plan (copy).ron", "trials/00001 (1)", "trials/00001 (1)/rung-0.ron"];
    assert_eq!(found(), strangers.map(|name| format!("{name}: Stranger")));
    fs::remove_dir_all(path.join("trials/00001 (1)")).unwrap();
    fs::remove_file(path.join("plan (copy).ron")).unwrap();
    fs::remove_dir(path.join("end.ron.d")).unwrap();

    fs::remove_file(path.join("end.ron")).unwrap();
    fs::create_dir(path.join("end.ron")).unwrap();
    fs::write(path.join("audit/00009"), "x").unwrap();
    assert_eq!(found(), ["audit/00009: IsFile", "end.ron: IsFolder"]);
}

#[test]
fn what_is_missing_although_the_run_went_on_is_named_in_half_a_run_too() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("run");
    work(&path, &plan(), &Formula { n_threads: 1, ..Formula::default() }).unwrap();
    let folder = RunFolder::open(&path).unwrap();
    // As a run that was killed in its second generation, after a training of it.
    for later in ["end.ron", "front.ron", "front.csv", "front.csv.sha256", "variants", "audit"] {
        let later = path.join(later);
        if later.is_dir() { fs::remove_dir_all(later) } else { fs::remove_file(later) }.unwrap();
    }
    for rung in ["trials/00003/rung-0.ron", "trials/00004/rung-0.ron"] {
        fs::remove_file(path.join(rung)).unwrap();
    }
    for trial in 3..6 {
        let _ = fs::remove_file(path.join(format!("trials/0000{trial}/rung-1.ron")));
    }
    let _ = fs::remove_file(path.join("generators/002.ron"));
    let found = || -> Vec<String> {
        let findings = replay_of(&folder).unwrap().findings;
        findings.iter().map(|finding| format!("{}: {:?}", finding.path, finding.problem)).collect()
    };
    assert_eq!(found(), Vec::<String>::new());
    for name in ["generators/001.ron", "trials/00001/candidate.ron", "trials/00000/rung-0.ron"] {
        let bytes = fs::read(path.join(name)).unwrap();
        fs::remove_file(path.join(name)).unwrap();
        assert_eq!(found(), [format!("{name}: Missing")]);
        fs::write(path.join(name), bytes).unwrap();
    }
}

#[test]
fn a_new_version_that_has_its_seal_but_not_its_name_is_whole_and_takes_it() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("run");
    work(&path, &plan(), &Formula { n_threads: 1, ..Formula::default() }).unwrap();
    let folder = RunFolder::resume(&path).unwrap();
    folder.write_file(Entry::Report, b"one").unwrap();
    let seal = fs::read(path.join("report.html.sha256")).unwrap();
    folder.write_file(Entry::Report, b"two").unwrap();
    // As it was cut off between the two names.
    fs::write(path.join("report.html.unfinished"), "one").unwrap();
    fs::write(path.join("report.html.sha256"), seal).unwrap();
    assert_eq!(check_files(&folder).unwrap().1, []);
    drop(folder);
    let folder = RunFolder::resume(&path).unwrap();
    assert_eq!(folder.file(Entry::Report).unwrap().unwrap(), b"one");
    assert!(!path.join("report.html.unfinished").exists());
}
