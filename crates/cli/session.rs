use std::num::NonZeroUsize;
use std::sync::Arc;

use netsynth_data::{Dataset, Split};
use netsynth_graph::ArchitectureSpec;
use netsynth_search::{
    Candidate, Evaluator, Event, Found, Measured, ParetoFront, ScreenedCandidate, StopReason, Trial, Variant,
    side_by_side,
};
use netsynth_space::{SearchSpace, SearchSpaceSpec};
use netsynth_store::{self as store, Audit, EndFile, FrontFile, RunFolder, StoreError};
use netsynth_train::{EpochReport, Inheritance, Lineage, Nursery, Stimulus, TrainEvaluator};
use tracing::{debug, error, info};

use crate::ancestors::{InFolder, train_prototypes};
use crate::attended::Attended;
use crate::audit::{self, WithAudit, train_finalists};
use crate::clock::Clock;
use crate::complaint::Complaint;
use crate::data::cautions;
use crate::networks::space;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::standing::{failures, nearest_miss, out_of_reach, picture, standing};
use crate::trouble::Trouble;
use crate::variants::{VariantMetrics, Variants, train_variants};
use crate::words::{say, say_json};
use crate::{Ending, front, interrupt, log};

/// One sitting of work on a run: `search` begins the first, `resume` the next. What it needs to know is read, and
/// nothing is trained yet.
pub(crate) struct Session {
    pub(crate) plan: Plan,
    pub(crate) dataset: Dataset,
    pub(crate) split: Split,
    pub(crate) space: SearchSpace,
    pub(crate) workers: NonZeroUsize,
    pub(crate) output: Output,
}

/// What a session writes to standard output at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    Tables,
    Json,
    /// Another part of the command prints what came of it.
    Nothing,
}

impl Output {
    /// What a command's `--json` asks for.
    pub(crate) fn asked(json: bool) -> Self {
        if json { Output::Json } else { Output::Tables }
    }
}

impl Session {
    /// Loads the plan's faces and unrolls the space around the prototype that is made for them.
    pub(crate) fn new(
        plan: Plan,
        dataset: Dataset,
        space_spec: &SearchSpaceSpec,
        prototype: &ArchitectureSpec,
        workers: NonZeroUsize,
        output: Output,
    ) -> Result<Self, Complaint> {
        let split = plan.data.split(&dataset)?;
        let space = space(&plan.space, space_spec, prototype)?;
        Ok(Self { plan, dataset, split, space, workers, output })
    }

    /// Does what is left to do in the run's folder, and shows what came of it.
    pub(crate) fn work(&self, folder: &RunFolder) -> Result<Ending, Complaint> {
        logged(folder, "resume", || self.try_work(folder))
    }

    fn try_work(&self, folder: &RunFolder) -> Result<Ending, Trouble> {
        let Self { plan, dataset, split, .. } = self;
        let progress = Progress::new(plan.planned_epochs());
        self.greet(folder, &progress)?;
        let clock = Clock::begin(plan, folder, self.workers)?;
        let stopped = |folder: &RunFolder, progress: &Progress| {
            progress.finish();
            progress.note(format!("stopped; `netsynth resume {}` goes on", folder.path().display()));
            Ok(Ending::Stopped)
        };

        let Some(found) = self.search(folder, &clock, &progress)? else {
            return stopped(folder, &progress);
        };
        clock.tick()?;
        let reason = match found.stopped_by {
            StopReason::Asked if folder.end()?.is_some() => StopReason::WallClock,
            StopReason::Asked if clock.is_up() && !interrupt::is_asked() => StopReason::WallClock,
            StopReason::Asked => return stopped(folder, &progress),
            reason => reason,
        };
        // A generation that the clock cut off counts with what was measured of it.
        let trials = match reason {
            StopReason::WallClock => folder.trials(&self.space)?,
            _ => found.trials,
        };
        folder.write_end(&EndFile::new(reason, &trials))?;
        let search = &plan.search;
        let front = ParetoFront::of(&trials, &search.objectives, &search.indicator, search.rungs.len());
        let file = FrontFile::new(&front, &trials, search);
        folder.write_front(&file)?;
        self.tell_end(reason, &trials, &progress);

        if front.members.is_empty() || reason == StopReason::Failures {
            progress.finish();
            if self.output == Output::Json {
                say_json(&file)?;
            }
        }
        if reason == StopReason::Failures {
            let reason = format!(
                "{} trials failed one after the other, the plan's limit: {}",
                search.limits.failures_in_a_row,
                failures(&trials)
            );
            let remedy = "change what makes them fail (learning_rate, limits) in a copy of the run's plan.ron and \
                          begin again: `netsynth search --plan COPY`";
            return Err(Complaint::new(reason, remedy).at(folder.path().display().to_string()).into());
        }
        if front.members.is_empty() {
            progress.note(nearest_miss(&trials, search));
            return Ok(Ending::Missed);
        }
        let finals = match train_variants(plan, &front, dataset, split, self.workers, folder, &progress)? {
            Variants::Trained(finals) => finals,
            Variants::Stopped => return stopped(folder, &progress),
        };
        clock.tick()?;
        let audit = match plan.audit {
            false => None,
            true => match train_finalists(self, &file, folder, &progress)? {
                Some(audit) => Some(audit),
                None => return stopped(folder, &progress),
            },
        };
        clock.tick()?;
        progress.finish();
        match self.output {
            Output::Tables => self.show(&file, &finals, audit.as_ref())?,
            Output::Json => say_json(&WithAudit { front: &file, audit })?,
            Output::Nothing => {}
        }
        progress.note(format!("written to {}", folder.path().display()));
        if plan.inheritance.is_some() && !plan.audit {
            let path = folder.path().display();
            progress.note(format!(
                "the accuracies of trials are of inherited weights; `netsynth audit {path}` trains the front from scratch"
            ));
        }
        Ok(Ending::Done)
    }

    fn show(
        &self,
        front: &FrontFile,
        finals: &[(Variant, VariantMetrics)],
        audit: Option<&Audit>,
    ) -> Result<(), Complaint> {
        front::show(front, &self.plan.search.measured())?;
        for (variant, metrics) in finals {
            say(metrics.line(*variant))?;
        }
        audit.map_or(Ok(()), audit::show)?;
        match self.plan.data.split.caveat() {
            Some(caveat) => say(caveat),
            None => Ok(()),
        }
    }

    fn greet(&self, folder: &RunFolder, progress: &Progress) -> Result<(), StoreError> {
        let Self { plan, dataset, split, space, .. } = self;
        progress.note(format!(
            "{}: {} images of {} subjects, {} classes; {} images held out; {} folds",
            folder.path().display(),
            dataset.samples.len(),
            dataset.subjects.len(),
            dataset.classes.len(),
            split.held_out.len(),
            split.folds.len()
        ));
        for caution in cautions(dataset, split) {
            progress.note(format!("warning: {caution}"));
        }
        progress.note(format!(
            "{}: {} decisions, 10^{:.0} networks; {} trials in generations of {}",
            space.name(),
            space.decisions().len(),
            space.decisions().log10_size(),
            plan.search.n_trials,
            plan.search.generation_size
        ));
        let rungs = 0..plan.search.rungs.len();
        let done: Vec<usize> = folder
            .trial_numbers()?
            .into_iter()
            .map(|trial| rungs.clone().take_while(|&rung| folder.has_rung(trial, rung)).count())
            .collect();
        progress.skip(done.iter().map(|&n_rungs| plan.search.epochs_of(n_rungs)).sum());
        let n_done: usize = done.iter().sum();
        if n_done > 0 {
            progress.note(format!("{n_done} trainings of {} trials are there already", done.len()));
        }
        Ok(())
    }

    /// Searches, and says how it stands after each generation. None if somebody asked to stop before the first one.
    fn search(
        &self,
        folder: &RunFolder,
        clock: &Clock<'_>,
        progress: &Progress,
    ) -> Result<Option<Found>, Trouble> {
        let plan = &self.plan;
        let tell = |trial: usize, rung: usize, fold: usize, report: EpochReport| {
            let label = format!("trial {trial:3} rung {rung} fold {fold}");
            debug!("{label}: epoch {} of {}, loss {:.4}", report.epoch + 1, report.n_epochs, report.loss);
            progress.epoch(&label, report);
        };
        let stimulus = self.stimulus();
        let nursery = Arc::new(InFolder::new(folder, plan.device));
        let inner = self.evaluator(&stimulus, nursery.clone(), &tell);
        if let Some(inheritance) = plan.inheritance
            && !train_prototypes(inheritance, self, &inner, folder, progress)?
        {
            return Ok(None);
        }
        let evaluator = Attended { inner, plan, progress };
        // Where the clock once ended the search, it stays ended.
        let is_over = folder.end()?.is_some_and(|end| end.reason == StopReason::WallClock);
        let stop = || is_over || interrupt::is_asked() || clock.is_up();
        let mut observed: Vec<Trial> = Vec::new();
        let mut trouble = None;
        let found = store::search(
            folder,
            &self.space,
            &plan.search,
            &evaluator,
            self.workers,
            &stop,
            &mut |event| match event {
                Event::Generator(generator) => debug!("generator {}", generator.number),
                Event::Screened { candidates, .. } => log_screened(candidates),
                Event::Proposed(candidates) => log_proposed(candidates),
                Event::Rung { rung, n_candidates } => {
                    info!("rung {rung}: {n_candidates} candidates");
                    progress.stage(rung, plan.search.rungs.len(), n_candidates);
                }
                Event::Pruned { rung, trials } => {
                    let saved =
                        plan.search.epochs_of(plan.search.rungs.len()) - plan.search.epochs_of(rung + 1);
                    progress.skip(saved * trials.len() as u64);
                    let line = out_of_reach(rung, trials, &plan.search);
                    info!("{line}");
                    progress.note(line);
                }
                Event::Observed(trials) => {
                    observed.extend_from_slice(trials);
                    let standing = standing(&observed, &plan.search);
                    progress.standing(standing.clone());
                    progress.picture(|columns, rows| picture(&observed, &plan.search, columns, rows));
                    info!("{} trials, {standing}", observed.len());
                    let generation = trials.first().map_or(0, |trial| trial.generation);
                    progress.note(format!("generation {generation}: {} trials, {standing}", observed.len()));
                    trouble = trouble.take().or(clock.tick().err());
                }
            },
        )?;
        match trouble.map(Trouble::from).or(nursery.trouble()) {
            Some(trouble) => Err(trouble),
            None => Ok(Some(found)),
        }
    }

    /// Measures candidates on rungs again, whatever the run's folder says of them.
    pub(crate) fn measured_again(
        &self,
        folder: &RunFolder,
        places: &[(&Candidate, usize)],
    ) -> Result<Vec<Option<Measured>>, Complaint> {
        let n_epochs = |&(_, rung): &(&Candidate, usize)| {
            self.plan.search.epochs_of(rung + 1) - self.plan.search.epochs_of(rung)
        };
        let progress = Progress::new(places.iter().map(n_epochs).sum());
        let tell = |trial: usize, rung: usize, fold: usize, report: EpochReport| {
            progress.epoch(&format!("trial {trial:3} rung {rung} fold {fold} again"), report);
        };
        let stimulus = self.stimulus();
        let nursery = Arc::new(InFolder::read_only(folder, self.plan.device));
        let inner = self.evaluator(&stimulus, nursery.clone(), &tell);
        let evaluator = Attended { inner, plan: &self.plan, progress: &progress };
        let measured = side_by_side(places.len(), self.workers, |index| {
            let (candidate, rung) = places[index];
            evaluator.evaluate(candidate, rung)
        });
        progress.finish();
        match nursery.trouble() {
            Some(trouble) => Err(trouble.told(folder, "verify")),
            None => Ok(measured),
        }
    }

    /// What the inquisitor's probes are shown.
    fn stimulus(&self) -> Stimulus {
        let Self { plan, dataset, split, .. } = self;
        Stimulus::new(dataset, &split.train(0), &plan.recipe, plan.search.seed)
    }

    /// Who measures.
    fn evaluator<'a>(
        &'a self,
        stimulus: &'a Stimulus,
        nursery: Arc<dyn Nursery + 'a>,
        tell: &'a (dyn Fn(usize, usize, usize, EpochReport) + Sync),
    ) -> TrainEvaluator<'a> {
        TrainEvaluator {
            space: &self.space,
            dataset: &self.dataset,
            split: &self.split,
            recipe: &self.plan.recipe,
            rungs: &self.plan.search.rungs,
            stimulus,
            seed: self.plan.search.seed,
            device: self.plan.device,
            lineage: self.plan.inheritance.map(|Inheritance { from, .. }| Lineage { from, nursery }),
            tell,
        }
    }

    fn tell_end(&self, reason: StopReason, trials: &[Trial], progress: &Progress) {
        let limit = match reason {
            StopReason::Space => "the space has no network left that is new and within the bounds",
            StopReason::Epochs => "the plan's epochs are spent",
            StopReason::WallClock => "the plan's wall-clock time is spent",
            StopReason::Trials | StopReason::Failures | StopReason::Asked => return,
        };
        info!("{limit}");
        progress.note(format!("{limit}: the search ends with {} trials", trials.len()));
    }
}

/// Works on a run's folder, and ends the log that this began there.
pub(crate) fn logged(
    folder: &RunFolder,
    again: &str,
    work: impl FnOnce() -> Result<Ending, Trouble>,
) -> Result<Ending, Complaint> {
    let ending = work().map_err(|trouble| trouble.told(folder, again));
    match &ending {
        Ok(Ending::Done | Ending::Missed) => info!("session ends"),
        Ok(Ending::Stopped) => info!("session was asked to stop"),
        Err(complaint) => error!("session breaks off: {}", complaint.text()),
    }
    log::keep_in(None);
    ending
}

/// Logs what a generation will try.
fn log_proposed(candidates: &[Candidate]) {
    if let (Some(first), Some(last)) = (candidates.first(), candidates.last()) {
        info!("generation {} proposes trials {} to {}", first.generation, first.trial, last.trial);
    }
    for Candidate { trial, id, cost, parent, predicted, .. } in candidates {
        info!(
            "trial {trial} is proposed: {id}, {} parameters, {} MACs{}{}",
            cost.parameters,
            cost.macs,
            parent.map_or(String::new(), |parent| format!(", from trial {parent}")),
            predicted.map_or(String::new(), |predicted| format!(", predicted U {predicted:.2}"))
        );
    }
}

/// Logs which of the screened candidates will be trained.
fn log_screened(candidates: &[ScreenedCandidate]) {
    let n_trained = candidates.iter().filter(|screened| screened.trial.is_some()).count();
    info!("{} candidates are screened, the best {n_trained} will be trained", candidates.len());
    for ScreenedCandidate { id, scored, trial } in candidates {
        let fate = trial.map_or("not trained".to_owned(), |trial| format!("trial {trial}"));
        debug!("screened {id}, {fate}: {scored:?}");
    }
}
