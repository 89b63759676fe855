use netsynth_files::Shown;
use netsynth_search::{Candidate, Measured, Problem};
use netsynth_store::{
    Certificates, Entry, FileProblem, Finding, NetworkFile, Replay, RunFolder, RunKind, TrainedNetwork,
    TrialFile, check_audit, check_files, digest, replay,
};
use serde::Serialize;

use crate::audit::known_audit;
use crate::open::{Inputs, search_plan};
use crate::trials::Trials;
use crate::variants::known;
use crate::verify_training::check_training;
use crate::whole::Whole;
use crate::{ComparisonPlan, Context, Plan, RunError, RunEvent, RunWeights, Search, do_all};

/// What was found out about a run.
#[derive(Debug, Serialize)]
pub struct Verification {
    /// What the run does; absent if its plan cannot be read.
    pub kind: Option<RunKind>,
    /// Files that were checked.
    pub n_files: usize,
    /// What is wrong, by file; empty if the run is whole.
    pub findings: Vec<Finding>,
    /// Trials that the search replayed; absent if it could not be.
    pub n_trials: Option<usize>,
    /// Of a training on folds, how many trainings are there, and of how many.
    pub n_trainings: Option<(usize, usize)>,
    /// Whether the search, or the training, has ended.
    pub has_ended: bool,
    /// Members of the front.
    pub n_front_members: usize,
    /// The front's, if the indicator bounds it.
    pub hypervolume: Option<f64>,
    /// The trainings that were done again.
    pub retrained: Vec<Retrained>,
    /// The candidates of the run, and of each trial its number and the rungs that measured it.
    #[serde(skip)]
    replayed: (Vec<Candidate>, Vec<(usize, usize)>),
}

/// One training that was done again.
#[derive(Debug, Serialize)]
pub struct Retrained {
    /// The trial.
    pub trial: usize,
    /// The rung.
    pub rung: usize,
    /// SHA-256 of what the run recorded.
    pub recorded: String,
    /// SHA-256 of what was measured now.
    pub measured: String,
}

/// Checks a run: its files against their checksums, what it must hold, and everything that follows from its measurements,
/// those of a search by a replay. An error if nothing in particular is wrong with a file, and the run still cannot be
/// replayed.
pub fn verify(folder: &RunFolder) -> Result<Verification, RunError> {
    let (n_files, mut findings) = check_files(folder)?;
    findings.extend(folder.check_contents()?);
    let mut verification = Verification {
        kind: None,
        n_files,
        findings,
        n_trials: None,
        n_trainings: None,
        has_ended: false,
        n_front_members: 0,
        hypervolume: None,
        retrained: Vec::new(),
        replayed: Default::default(),
    };
    let checked = verification.check_kind(folder);
    match checked {
        // Whatever keeps the search from being replayed is reported once: as a file, if one is to blame.
        Err(error) if verification.findings.is_empty() => return Err(error),
        _ => {}
    }
    verification.sort();
    Ok(verification)
}

fn replayed(folder: &RunFolder) -> Result<(Plan, Replay), RunError> {
    let plan = search_plan(folder)?;
    let inputs = Inputs::recorded(folder, &plan)?;
    let space = inputs.searched(&plan.space)?;
    let problem = Problem::new(&space, &plan.search)?.knowing(inputs.past(&space)?);
    let replay = replay(folder, &space, &problem, plan.inheritance.is_some())?;
    Ok((plan, replay))
}

impl Verification {
    /// What a run of its kind must hold.
    fn check_kind(&mut self, folder: &RunFolder) -> Result<(), RunError> {
        let kind = folder.kind()?;
        self.kind = Some(kind);
        let required = match kind {
            RunKind::Search => &[Entry::Plan, Entry::Provenance, Entry::SearchSpace, Entry::Prototype][..],
            RunKind::Training => &[Entry::Plan, Entry::Provenance],
            RunKind::Comparison => {
                &[Entry::Plan, Entry::Provenance, Entry::Summary, Entry::Curves, Entry::CurvesDrawing]
            }
        };
        let mut whole = Whole::new(folder, required)?;
        let checked = match kind {
            RunKind::Search => self.check_search(folder, &mut whole),
            RunKind::Training => check_training(folder, &mut whole).map(|trained| {
                self.n_trainings = Some((trained.n_done, trained.n_planned));
                self.has_ended = trained.has_ended;
            }),
            RunKind::Comparison => {
                whole.check_contents(true);
                ComparisonPlan::of_run(folder).map(drop)
            }
        };
        self.findings.append(&mut whole.findings);
        checked
    }

    fn check_search(&mut self, folder: &RunFolder, whole: &mut Whole<'_>) -> Result<(), RunError> {
        let (plan, replay) = replayed(folder)?;
        self.findings.extend(replay.findings.iter().cloned());
        self.findings.extend(variant_findings(folder, &plan, &replay)?);
        let is_whole = self.findings.is_empty() && whole.findings.is_empty();
        whole.check_search(&plan, &replay, is_whole);
        // Whose audit it is follows from the front, which only whole files give.
        if self.findings.is_empty() && replay.has_ended {
            self.findings.extend(check_audit(folder, &replay.front, plan.data.n_folds)?);
            let (audit, damaged) = known_audit(folder, &plan, &replay.front);
            let certificates = folder.certificates()?.filter(|_| damaged.is_empty());
            if certificates.is_some_and(|known| known != Certificates::of(&audit)) {
                whole.note(Entry::Certificates, FileProblem::Differs);
            }
        }
        self.n_trials = Some(replay.trials.len());
        self.has_ended = replay.has_ended;
        self.n_front_members = replay.front.members.len();
        self.hypervolume = replay.front.hypervolume;
        let trials = replay.trials.iter().map(|trial| (trial.number, trial.readings.len())).collect();
        self.replayed = (replay.candidates, trials);
        Ok(())
    }

    /// Whether there is a trial to train again.
    pub fn has_trials(&self) -> bool {
        !self.replayed.1.is_empty()
    }

    /// Trains so many of the run's trials again, evenly spread, on all rungs that they climbed, and compares what is
    /// measured with what is recorded. The run's folder is only read.
    pub fn retrain(
        &mut self,
        n_trials: usize,
        search: &Search,
        folder: &RunFolder,
        context: &Context<'_>,
    ) -> Result<(), RunError> {
        let (candidates, trials) = &self.replayed;
        let n_drawn = n_trials.min(trials.len());
        let sample = (0..n_drawn).map(|index| trials[(2 * index + 1) * trials.len() / (2 * n_drawn)]);
        let places: Vec<(&Candidate, usize)> = sample
            .filter_map(|(trial, n_rungs)| {
                Some((candidates.iter().find(|candidate| candidate.trial == trial)?, n_rungs))
            })
            .flat_map(|(candidate, n_rungs)| (0..n_rungs).map(move |rung| (candidate, rung)))
            .collect();
        let plan = &search.plan.search;
        let epochs =
            places.iter().map(|(_, rung)| plan.most_epochs_of(rung + 1) - plan.most_epochs_of(*rung)).sum();
        (context.on_event)(RunEvent::Planned { epochs });
        let weights = RunWeights::read_only(folder);
        let trials = Trials {
            plan: &search.plan,
            space: &search.space,
            data_digest: &search.dataset.digest,
            weights: &weights,
            context: *context,
        };
        let jobs: Result<Vec<_>, RunError> = places
            .iter()
            .map(|&(candidate, rung)| {
                trials.job(candidate, rung, move |measured| {
                    let Some(recorded) = folder.rung(candidate.trial, rung)? else { return Ok(None) };
                    Ok(Some(Retrained {
                        trial: candidate.trial,
                        rung,
                        measured: digest(&comparable(measured, &recorded)),
                        recorded: digest(&recorded),
                    }))
                })
            })
            .collect();
        self.retrained = do_all(context, &weights, jobs?)?.into_iter().flatten().collect();
        let differing = self.retrained.iter().filter(|again| again.recorded != again.measured);
        self.findings.extend(differing.map(|again| Finding {
            path: Entry::Trial(again.trial, TrialFile::Rung(again.rung)).path().shown(),
            problem: FileProblem::Unreadable("is not what its training gives on this machine".to_owned()),
        }));
        self.sort();
        Ok(())
    }

    /// In the order of the files; a damaged file also differs from what it should be, and the first says why.
    fn sort(&mut self) {
        self.findings.sort();
        self.findings.dedup_by(|one, other| one.path == other.path);
    }
}

/// A new measurement without what the run that recorded another one did not record yet: the first versions kept no
/// learning curves and no scores, and of the metrics accuracy alone.
fn comparable(mut measured: Measured, recorded: &Measured) -> Measured {
    if let (Measured::Trained(before), Measured::Trained(now)) = (recorded, &mut measured) {
        if before.losses.is_empty() {
            now.losses.clear();
        }
        now.scores = now.scores.filter(|_| before.scores.is_some());
        for (now, before) in now.folds.iter_mut().zip(&before.folds) {
            *now = now.iter().filter(|(metric, _)| before.get(*metric).is_some()).collect();
        }
    }
    measured
}

/// Compares what is written of the variants with what the front says of them.
fn variant_findings(folder: &RunFolder, plan: &Plan, replay: &Replay) -> Result<Vec<Finding>, RunError> {
    let mut findings = Vec::new();
    for member in &replay.front.members {
        for variant in &member.variants {
            let metrics = match known(folder, *variant) {
                Ok(Some(metrics)) => metrics,
                // Not trained yet, or found by its checksum.
                Ok(None) => continue,
                Err(error) if error.is_of_a_file() => continue,
                Err(error) => return Err(error.into()),
            };
            if !metrics.agrees(member, plan.final_length()) && replay.has_ended {
                let entry = Entry::Network(TrainedNetwork::Variant(*variant), NetworkFile::Metrics);
                let path = entry.path().shown();
                findings.push(Finding { path, problem: FileProblem::Differs });
            }
        }
    }
    Ok(findings)
}
