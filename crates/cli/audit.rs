//! How far a search's ranking can be trusted: its finalists trained from scratch on all folds.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use netsynth_graph::Graph;
use netsynth_report::{AUDIT_HEADER, audit_cells, audit_words};
use netsynth_search::{Measured, Metric, Metrics, ParetoFront, Trained, caught, side_by_side};
use netsynth_store::{Audit, Extent, FrontFile, RunFolder, StoreError, audit_trainings};
use netsynth_train::{EpochReport, Training, derived_seed, fit_fold, on_one_thread};
use serde::Serialize;
use tracing::{debug, info, warn};

use crate::clock::Clock;
use crate::complaint::Complaint;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::resume::reopened;
use crate::session::{Output, Session, logged};
use crate::trouble::Trouble;
use crate::words::{say, say_json, table};
use crate::workers::worker_count;
use crate::{Ending, interrupt};

/// Train the finalists of a search from scratch on all folds: how far can its ranking be trusted?
///
/// A search ranks networks by short trainings, often on one fold. The finalists are the members of its front; of a front of more than
/// twelve, twelve from end to end. Each is trained with the plan's recipe for its `final_epochs`, once for every fold: on all others, to be
/// judged on that one. Nobody who is held out is seen, and front and variants stay as they are. What is trained already is kept. A
/// search whose plan has `audit: true` does the same at its end.
///
/// Example: netsynth audit runs/search-001
#[derive(Args)]
pub(crate) struct Arguments {
    /// The folder of a search that has ended
    run: PathBuf,
    /// Trainings side by side, each on one core; all cores if not given. Changes no result
    #[arg(long)]
    workers: Option<usize>,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, Complaint> {
    let workers = worker_count(arguments.workers)?;
    let folder = RunFolder::resume(&arguments.run)?;
    let session = reopened(&folder, workers, Output::asked(arguments.json))?;
    let front = ended_front(&session, &folder)
        .map_err(|complaint| complaint.at(folder.path().display().to_string()))?;
    interrupt::listen()?;
    logged(&folder, "audit", || {
        let clock = Clock::begin(&session.plan, &folder, workers)?;
        let progress = Progress::new(session.plan.most_audited_epochs());
        let audit = train_finalists(&session, &front, &folder, &progress)?;
        clock.tick()?;
        progress.finish();
        let path = folder.path().display();
        let Some(audit) = audit else {
            progress.note(format!("stopped; `netsynth audit {path}` goes on"));
            return Ok(Ending::Stopped);
        };
        match session.output {
            Output::Tables => {
                show(&audit)?;
                session.plan.data.split.caveat().map_or(Ok(()), say)?;
            }
            Output::Json => say_json(&audit)?,
            Output::Nothing => {}
        }
        progress.note(format!("written to {path}"));
        Ok(Ending::Done)
    })
}

/// The front of a search that has ended.
fn ended_front(session: &Session, folder: &RunFolder) -> Result<FrontFile, Complaint> {
    if folder.end()?.is_none() {
        let remedy = format!("end it first: `netsynth resume {}`", folder.path().display());
        return Err(Complaint::new("its search has not ended, so it has no finalists yet", remedy));
    }
    let search = &session.plan.search;
    let trials = folder.trials(&session.space)?;
    let front = ParetoFront::of(&trials, &search.objectives, &search.indicator, search.rungs.len());
    if front.members.is_empty() {
        let reason = "its front is empty, so it has no finalists: no trial met the indicator";
        return Err(Complaint::new(reason, "search longer (--trials), or loosen the indicator"));
    }
    Ok(FrontFile::new(&front, &trials, search))
}

/// What a run's folder has of its audit, and what of that cannot be read.
pub(crate) fn known(folder: &RunFolder, plan: &Plan, front: &FrontFile) -> (Audit, Vec<StoreError>) {
    let (epochs, folds) = plan.search.rungs.last().map_or((0, 0), |rung| (rung.epochs, rung.folds));
    let search = Extent { epochs, folds, inherits: plan.inheritance.is_some() };
    let from_scratch = Extent { epochs: plan.final_epochs, folds: plan.data.n_folds, inherits: false };
    Audit::read(folder, front, search, from_scratch)
}

/// Trains what is left to train for the audit; nothing comes back if somebody asked to stop before its end.
pub(crate) fn train_finalists(
    session: &Session,
    front: &FrontFile,
    folder: &RunFolder,
    progress: &Progress,
) -> Result<Option<Audit>, Trouble> {
    let Session { plan, workers, .. } = session;
    let places = audit_trainings(front, plan.data.n_folds);
    let mut open = Vec::new();
    for &(trial, fold) in &places {
        if folder.audited(trial, fold)?.is_none() {
            open.push((trial, fold));
        }
    }
    progress.skip(plan.most_audited_epochs() - (open.len() * plan.final_epochs) as u64);
    let told = format!(
        "audit: {} of {} trainings from scratch are to be done, {} epochs each",
        open.len(),
        places.len(),
        plan.final_epochs
    );
    info!("{told}");
    progress.note(told);
    // Trainings that cannot be written down would be for nothing.
    let is_broken = AtomicBool::new(false);
    let goes_on = || !interrupt::is_asked() && !is_broken.load(Ordering::Relaxed);
    let outcomes = side_by_side(open.len(), *workers, |index| {
        let (trial, fold) = open[index];
        let graph = Graph::new(&folder.architecture(trial)?).map_err(Complaint::from)?;
        let measured = caught(|| goes_on().then(|| judged(session, &graph, trial, fold, progress)));
        let Some(measured) = measured else { return Ok(()) };
        match &measured {
            Measured::Trained(trained) => {
                info!(
                    "trial {trial} from scratch, fold {fold}: accuracy {:.4}",
                    trained.mean(Metric::Accuracy).unwrap_or_default()
                );
            }
            Measured::Failed(reason) => {
                warn!("trial {trial} from scratch failed on fold {fold}: {reason}");
                progress.note(format!("trial {trial} from scratch failed on fold {fold}: {reason}"));
            }
        }
        let written = folder.write_audited(trial, fold, &measured);
        is_broken.fetch_or(written.is_err(), Ordering::Relaxed);
        Ok(written?)
    });
    outcomes.into_iter().collect::<Result<Vec<()>, Trouble>>()?;
    let (audit, damaged) = known(folder, plan, front);
    match damaged.into_iter().next() {
        Some(error) => Err(error.into()),
        None => Ok(audit.is_over().then_some(audit)),
    }
}

/// Trains a finalist on all folds but one, and judges it on that one.
fn judged(session: &Session, graph: &Graph, trial: usize, fold: usize, progress: &Progress) -> Measured {
    let Session { plan, dataset, split, .. } = session;
    let training = Training {
        graph,
        dataset,
        recipe: &plan.recipe,
        n_epochs: plan.final_epochs,
        // Not the trial's: chance that favoured it in the search is not to favour it again.
        seed: derived_seed(plan.search.seed, "audit", trial),
        device: plan.device,
        start: None,
    };
    let label = format!("trial {trial:3} from scratch, fold {fold}");
    let mut losses = Vec::with_capacity(plan.final_epochs);
    let mut tell = |report: EpochReport| {
        debug!("{label}: epoch {} of {}, loss {:.4}", report.epoch + 1, report.n_epochs, report.loss);
        losses.push(report.loss);
        progress.epoch(&label, report);
    };
    let outcome = on_one_thread(|| fit_fold(&training, split, fold, &mut tell))
        .and_then(|outcome| outcome.map_err(|failure| failure.to_string()));
    match outcome {
        Err(reason) => Measured::Failed(reason),
        Ok(report) => Measured::Trained(Trained {
            folds: vec![Metrics::measured(&report.confusion)],
            losses: vec![losses],
            reactions: None,
            scores: None,
        }),
    }
}

/// What a search with an audit prints as JSON.
#[derive(Serialize)]
pub(crate) struct WithAudit<'a> {
    #[serde(flatten)]
    pub(crate) front: &'a FrontFile,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) audit: Option<Audit>,
}

/// Prints what the finalists had in the search and have from scratch, and how far the two rankings agree.
pub(crate) fn show(audit: &Audit) -> Result<(), Complaint> {
    let mut rows = table(&AUDIT_HEADER, 2);
    rows.add_rows(audit.finalists.iter().map(audit_cells));
    say(rows)?;
    audit_words(audit).iter().try_for_each(say)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use std::num::NonZeroUsize;

    use netsynth_data::synth::SynthOptions;
    use netsynth_graph::ArchitectureSpec;
    use netsynth_space::SearchSpaceSpec;

    use super::*;
    use crate::plan::DataSource;

    /// The built-in plan on few faces, and a network for them.
    fn session() -> (Session, Graph) {
        let mut plan = Plan { final_epochs: 1, ..Plan::built_in() };
        plan.data.source = DataSource::Synthetic(SynthOptions { subjects: 10, ..SynthOptions::default() });
        let dataset = plan.data.load().unwrap();
        let space = SearchSpaceSpec::from_ron(include_str!("../../search-spaces/emotionnet.ron")).unwrap();
        let prototype = ArchitectureSpec::from_ron(include_str!("../../prototypes/resnet20.ron")).unwrap();
        let network = ArchitectureSpec::from_ron(
            r#"(schema: 1, name: "tiny", input: (channels: 1, height: 24, width: 24), nodes: [
                (name: "stem", from: ["input"], op: Conv(channels: 4, stride: 2, norm: Batch, activation: Relu)),
                (name: "pool", from: ["stem"], op: GlobalAvgPool()),
                (name: "classes", from: ["pool"], op: Dense(units: 7)),
            ])"#,
        );
        let workers = NonZeroUsize::MIN;
        let session = Session::new(plan, dataset, &space, &prototype, workers, Output::Nothing).unwrap();
        (session, Graph::new(&network.unwrap()).unwrap())
    }

    #[test]
    fn nobody_who_is_held_out_has_a_part_in_it() {
        let (mut session, graph) = session();
        let judged = |session: &Session, fold| judged(session, &graph, 3, fold, &Progress::new(0));
        let folds = 0..session.split.folds.len();
        let before: Vec<Measured> = folds.clone().map(|fold| judged(&session, fold)).collect();
        let blacken = |session: &mut Session, samples: &[usize]| {
            for &sample in samples {
                session.dataset.samples[sample].pixels.fill(0);
                session.dataset.samples[sample].class = 0;
            }
        };
        let held_out = session.split.held_out.clone();
        assert!(!held_out.is_empty());
        blacken(&mut session, &held_out);
        let after: Vec<Measured> = folds.map(|fold| judged(&session, fold)).collect();
        assert_eq!(after, before);
        // The others do have one: a fold's faces in the trainings on the other folds.
        let fold = session.split.folds[0].clone();
        blacken(&mut session, &fold);
        assert_ne!(judged(&session, 1), before[1]);
    }
}
