//! The trained networks of a search that others start from, and the prototype before all of them.

use std::sync::Mutex;

use netsynth_graph::schema::SCHEMA;
use netsynth_graph::{ArchitectureSpec, Graph};
use netsynth_search::{Measured, side_by_side};
use netsynth_store::{RunFolder, StoreError};
use netsynth_train::{
    Deployed, Device, EpochReport, FoldReport, Inheritance, TrainEvaluator, WeightKey, WeightStore,
    WeightStoreError, read, save,
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

    fn in_order<T>(&self, result: Result<T, Trouble>) -> Result<T, WeightStoreError> {
        result.map_err(|trouble| {
            if let Ok(mut first) = self.trouble.lock() {
                first.get_or_insert(trouble);
            }
            WeightStoreError::new("the run's folder")
        })
    }

    /// The network that this training gave for this fold; none if the fold was not trained.
    pub(crate) fn known(&self, key: WeightKey, fold: usize) -> Result<Option<Deployed>, Trouble> {
        let spec: ArchitectureSpec = match key {
            WeightKey::Prototype => {
                required(self.folder, &format!("{}/architecture.ron", prototype_place(fold)))?
            }
            WeightKey::Trial { trial, rung } => match self.folder.rung(trial, rung)? {
                Some(Measured::Trained(_)) => self.folder.architecture(trial)?,
                Some(Measured::Failed(_)) | None => return Ok(None),
            },
        };
        let name = weights_name(key, fold);
        let told = |complaint: Complaint| complaint.at(self.folder.path().join(&name).display().to_string());
        // What was measured was trained, so its weights were written.
        let bytes = self.folder.file(&name)?.ok_or_else(|| {
            let remedy = "restore it from a copy of the run, or delete the trial's files that begin with `rung-` to \
                          have it trained again";
            told(Complaint::new("the weights are missing, and others start from them", remedy))
        })?;
        let graph = Graph::new(&spec).map_err(|error| told(error.into()))?;
        let network = read(&bytes, &graph, self.device).map_err(|error| told(error.into()))?;
        Ok(Some(network))
    }

    fn keep_whole(&self, key: WeightKey, fold: usize, network: &Deployed) -> Result<(), Trouble> {
        let bytes = save(network).map_err(Complaint::from)?;
        Ok(self.folder.write_file(&weights_name(key, fold), &bytes)?)
    }
}

impl WeightStore for InFolder<'_> {
    fn load(&self, key: WeightKey, fold: usize) -> Result<Option<Deployed>, WeightStoreError> {
        self.in_order(self.known(key, fold))
    }

    fn save(&self, key: WeightKey, fold: usize, network: &Deployed) -> Result<(), WeightStoreError> {
        if self.is_read_only { Ok(()) } else { self.in_order(self.keep_whole(key, fold, network)) }
    }
}

fn prototype_place(fold: usize) -> String {
    format!("prototype/folds/{:02}", fold + 1)
}

/// Whether all files of the prototype as it was trained for a fold are there; metrics are the last that is written.
fn is_trained(folder: &RunFolder, fold: usize) -> Result<bool, StoreError> {
    let place = prototype_place(fold);
    let metrics: Option<FoldFile> = folder.document(&format!("{place}/metrics.ron"))?;
    let spec: Option<ArchitectureSpec> = folder.document(&format!("{place}/architecture.ron"))?;
    let weights = folder.file(&weights_name(WeightKey::Prototype, fold))?;
    Ok(metrics.is_some() && spec.is_some() && weights.is_some())
}

fn weights_name(key: WeightKey, fold: usize) -> String {
    match key {
        WeightKey::Prototype => format!("{}/weights.safetensors", prototype_place(fold)),
        WeightKey::Trial { trial, rung } => {
            format!("trials/{trial:05}/rung-{rung}-fold-{:02}.safetensors", fold + 1)
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
        let label = format!("the prototype, fold {}", fold + 1);
        let mut tell = |report: EpochReport| {
            losses.push(report.loss);
            progress.epoch(&label, report);
        };
        let trained = evaluator.train_prototype(epochs, fold, &mut tell).map_err(|error| {
            let remedy = "lower the recipe's learning_rate, or search without inheritance";
            Complaint::new(error.to_string(), remedy).at(label.clone())
        })?;
        let FoldReport { confusion, network } = trained;
        progress.note(format!("{label}: {} after {epochs} epochs", percent(confusion.accuracy())));
        let weights = save(&network).map_err(Complaint::from)?;
        let seed = session.plan.search.seed;
        let metrics = FoldFile { schema: SCHEMA, seed, fold: fold + 1, confusion, losses };
        folder.write_network(&prototype_place(fold), &network.graph().spec(), &weights, &metrics)?;
        Ok(true)
    });
    let outcomes = outcomes.into_iter().collect::<Result<Vec<bool>, Trouble>>()?;
    Ok(outcomes.into_iter().all(|is_trained| is_trained))
}
