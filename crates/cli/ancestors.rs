//! The trained networks of a search that others start from, and the prototype before all of them.

use std::sync::Mutex;

use netsynth_graph::schema::SCHEMA;
use netsynth_graph::{ArchitectureSpec, Graph};
use netsynth_search::{Measured, side_by_side};
use netsynth_store::{Entry, Fold, NetworkFile, RunFolder, StoreError, TrainedNetwork, TrialFile};
use netsynth_train::{
    Deployed, Device, EpochReport, FoldReport, Inheritance, Nursery, OutOfOrder, Owner, TrainEvaluator, read,
    save,
};

use crate::complaint::Complaint;
use crate::finished::required;
use crate::interrupt;
use crate::progress::Progress;
use crate::results::FoldFile;
use crate::session::Session;
use crate::trouble::Trouble;
use crate::words::percent;

/// A search's trained networks, in its run's folder.
pub(crate) struct InFolder<'a> {
    folder: &'a RunFolder,
    device: Device,
    /// A run that is only looked at keeps what it has.
    is_read_only: bool,
    /// The first time that reading or writing failed.
    trouble: Mutex<Option<Trouble>>,
}

impl<'a> InFolder<'a> {
    pub(crate) fn new(folder: &'a RunFolder, device: Device) -> Self {
        Self { folder, device, is_read_only: false, trouble: Mutex::new(None) }
    }

    pub(crate) fn read_only(folder: &'a RunFolder, device: Device) -> Self {
        Self { is_read_only: true, ..Self::new(folder, device) }
    }

    /// Why it is out of order, if it is.
    pub(crate) fn trouble(&self) -> Option<Trouble> {
        self.trouble.lock().ok()?.take()
    }

    fn in_order<T>(&self, result: Result<T, Trouble>) -> Result<T, OutOfOrder> {
        result.map_err(|trouble| {
            if let Ok(mut first) = self.trouble.lock() {
                first.get_or_insert(trouble);
            }
            OutOfOrder
        })
    }

    /// The network of this owner that was trained for this fold; none if it was not trained for it.
    pub(crate) fn known(&self, owner: Owner, fold: usize) -> Result<Option<Deployed>, Trouble> {
        let spec: ArchitectureSpec = match owner {
            Owner::Prototype => required(self.folder, prototype(fold, NetworkFile::Architecture))?,
            Owner::Trial { trial, rung } => match self.folder.rung(trial, rung)? {
                Some(Measured::Trained(_)) => self.folder.architecture(trial)?,
                Some(Measured::Failed(_)) | None => return Ok(None),
            },
        };
        // What was measured was trained, so its weights were written.
        let remedy = "restore it from a copy of the run, or delete the trial's files that begin with `rung-` to have it \
                      trained again";
        Ok(Some(trained_network(self.folder, &spec, weights(owner, fold), remedy, self.device)?))
    }

    fn keep_whole(&self, owner: Owner, fold: usize, network: &Deployed) -> Result<(), Trouble> {
        let bytes = save(network).map_err(Complaint::from)?;
        Ok(self.folder.write_file(weights(owner, fold), &bytes)?)
    }
}

impl Nursery for InFolder<'_> {
    fn recall(&self, owner: Owner, fold: usize) -> Result<Option<Deployed>, OutOfOrder> {
        self.in_order(self.known(owner, fold))
    }

    fn keep(&self, owner: Owner, fold: usize, network: &Deployed) -> Result<(), OutOfOrder> {
        if self.is_read_only { Ok(()) } else { self.in_order(self.keep_whole(owner, fold, network)) }
    }
}

/// Reads a trained network that a training starts from; its weights must be there, and their checksum must fit.
pub(crate) fn trained_network(
    folder: &RunFolder,
    spec: &ArchitectureSpec,
    weights: Entry,
    remedy_if_missing: &str,
    device: Device,
) -> Result<Deployed, Complaint> {
    let at_weights = |complaint: Complaint| complaint.at(folder.locate(weights).display().to_string());
    let bytes = folder.file(weights)?.ok_or_else(|| {
        let reason = "the weights are missing, and others start from them";
        at_weights(Complaint::new(reason, remedy_if_missing))
    })?;
    let graph = Graph::new(spec).map_err(|error| at_weights(error.into()))?;
    read(&bytes, &graph, device).map_err(|error| at_weights(error.into()))
}

/// A file of the prototype as it was trained for a fold.
fn prototype(fold: usize, file: NetworkFile) -> Entry {
    Entry::Network(TrainedNetwork::Prototype(Fold::from_index(fold)), file)
}

/// Whether all files of the prototype as it was trained for a fold are there; metrics are the last that is written.
fn is_trained(folder: &RunFolder, fold: usize) -> Result<bool, StoreError> {
    let metrics: Option<FoldFile> = folder.document(prototype(fold, NetworkFile::Metrics))?;
    let spec: Option<ArchitectureSpec> = folder.document(prototype(fold, NetworkFile::Architecture))?;
    let weights = folder.file(prototype(fold, NetworkFile::Weights))?;
    Ok(metrics.is_some() && spec.is_some() && weights.is_some())
}

/// The weights of a network that others start from.
fn weights(owner: Owner, fold: usize) -> Entry {
    match owner {
        Owner::Prototype => prototype(fold, NetworkFile::Weights),
        Owner::Trial { trial, rung } => {
            Entry::Trial(trial, TrialFile::Weights { rung, fold: Fold::from_index(fold) })
        }
    }
}

/// Trains the prototype on each fold that a rung trains, where the run does not have it yet. False if somebody asked to
/// stop before all of them were.
pub(crate) fn train_prototypes(
    Inheritance { epochs, .. }: Inheritance,
    session: &Session,
    evaluator: &TrainEvaluator<'_>,
    folder: &RunFolder,
    progress: &Progress,
) -> Result<bool, Trouble> {
    let mut open = Vec::new();
    for fold in 0..session.plan.n_lines() {
        if is_trained(folder, fold)? {
            progress.skip(epochs as u64);
        } else {
            open.push(fold);
        }
    }
    let outcomes = side_by_side(open.len(), session.workers, |at| -> Result<bool, Trouble> {
        let fold = open[at];
        if interrupt::is_asked() {
            return Ok(false);
        }
        let mut losses = Vec::with_capacity(epochs);
        let number = Fold::from_index(fold);
        let label = format!("the prototype, fold {number}");
        let mut tell = |report: EpochReport| {
            losses.push(report.loss);
            progress.epoch(&label, report);
        };
        let trained = evaluator.train_prototype(epochs, fold, &mut tell).map_err(|reason| {
            let remedy = "lower the recipe's learning_rate, or search without inheritance";
            Complaint::new(reason, remedy).at(label.clone())
        })?;
        let FoldReport { confusion, network } = trained;
        progress.note(format!("{label}: {} after {epochs} epochs", percent(confusion.accuracy())));
        let weights = save(&network).map_err(Complaint::from)?;
        let seed = session.plan.search.seed;
        let metrics = FoldFile { schema: SCHEMA, seed, fold: number, confusion, losses };
        let place = TrainedNetwork::Prototype(number);
        folder.write_network(place, &network.graph().spec(), &weights, &metrics)?;
        Ok(true)
    });
    let outcomes = outcomes.into_iter().collect::<Result<Vec<bool>, Trouble>>()?;
    Ok(outcomes.into_iter().all(|is_trained| is_trained))
}
