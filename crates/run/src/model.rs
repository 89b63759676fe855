//! A trained network that somebody names, with what is needed to use it.

use std::path::Path;

use netsynth_data::{DataOptions, Dataset, Normalisation};
use netsynth_files::Shown;
use netsynth_graph::Graph;
use netsynth_search::Variant;
use netsynth_store::{
    Entry, FailureFile, Fold, NetworkFile, RunFolder, RunKind, StoreError, TrainedNetwork, TrialFile,
};
use netsynth_train::{Deployed, Device, Recipe, plain_image};
use serde::{Deserialize, Serialize};

use crate::open::required;
use crate::packed::{HeldOut, unpacked};
use crate::provenance::compare_with_begin;
use crate::variants::known;
use crate::weights::{network_in, network_of};
use crate::{DataPlan, JudgedOn, OnEvent, Plan, Provenance, Results, RunError, search_plan, training_plan};

/// A trained network with what is needed to use it.
pub struct Model {
    /// What it is called.
    pub name: String,
    /// Its graph and weights, batch norm folded.
    pub network: Deployed,
    /// How it is used; a folder of weights alone does not say.
    pub usage: Option<Usage>,
    /// Where it was trained; a folder of weights alone does not say, and a file is elsewhere.
    pub origin: Option<Origin>,
    /// With what it was trained, where that is known.
    pub provenance: Option<Provenance>,
    /// How sure it is on people that chose nothing and taught it nothing, where they were judged one by one.
    pub certificate: Option<HeldOut>,
}

/// How a network is used: what is done to an image before it, and what its outputs mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// The names of the classes, in the order of its outputs.
    pub classes: Vec<String>,
    /// How an image became a sample: which part of it, of which size, gray or in colour.
    pub options: DataOptions,
    /// How a sample's levels, 0 to 255, become the numbers that the network reads.
    pub normalisation: Normalisation,
    /// Whether a prediction is the mean over the image and its mirror image.
    pub flip_averaging: bool,
}

/// Where a network was trained.
pub struct Origin {
    folder: RunFolder,
    data: DataPlan,
    judged_on: JudgedOn,
}

/// The samples that a network was trained on and judged on.
pub struct Lessons {
    /// All of them.
    pub dataset: Dataset,
    /// The numbers of those that it was trained on.
    pub trained_on: Vec<usize>,
    /// The numbers of those that it has not seen: the held-out ones of a variant, those of the fold otherwise.
    pub judged_on: Vec<usize>,
}

impl Model {
    /// How it is used, or that nothing says it.
    pub fn known_usage(&self) -> Result<&Usage, RunError> {
        self.usage.as_ref().ok_or_else(|| {
            let reason = format!(
                "nothing says which classes {} tells apart and how its images are prepared: weights alone do not",
                self.name
            );
            let remedy = "give the network in its run's folder, such as runs/search-001/variants/nano-a, or a file that \
                          `netsynth export MODEL --to netsynth` wrote";
            RunError::new(reason, remedy)
        })
    }
}

impl Usage {
    /// What the network reads of a sample of its size: levels 0 to 255, plane by plane, become its numbers.
    pub fn prepared(&self, levels: &[u8]) -> Vec<f32> {
        plain_image(levels, self.normalisation)
    }

    /// The probability of each class for a sample of the network's size, as networks are judged.
    pub fn probabilities(&self, network: &Deployed, levels: &[u8]) -> Vec<f32> {
        let mut probabilities = network.predict(self.prepared(levels), 1);
        if self.flip_averaging {
            let mirrored = network.predict(self.prepared(&self.mirrored(levels)), 1);
            probabilities.iter_mut().zip(mirrored).for_each(|(one, other)| *one = 0.5 * (*one + other));
        }
        probabilities
    }

    /// A sample, or a number for each of its pixels, from right to left.
    pub fn mirrored<T: Copy>(&self, pixels: &[T]) -> Vec<T> {
        pixels.chunks_exact(self.options.width).flat_map(|row| row.iter().rev().copied()).collect()
    }
}

impl Origin {
    /// Reads or draws again what the network was trained on, from `moved` if it is elsewhere now.
    pub fn lessons(&self, moved: Option<&Path>, on_event: &OnEvent<'_>) -> Result<Lessons, RunError> {
        let dataset = self.data.load_again(moved, on_event)?;
        compare_with_begin(&self.folder, &dataset, None, on_event)?;
        let split = self.data.split(&dataset)?;
        let (trained_on, judged_on) = match self.judged_on {
            JudgedOn::Fold(fold) => (split.train(fold.index()), split.validation(fold.index()).to_vec()),
            JudgedOn::HeldOut => (split.all_folds(), split.held_out.clone()),
        };
        Ok(Lessons { dataset, trained_on, judged_on })
    }
}

/// The trained network in a folder: of a run a variant, a training's fold, the prototype's fold or a trial that has
/// weights; any folder of architecture.ron and weights.safetensors; or a file that [`pack`](crate::pack) wrote.
///
/// `moved` is where the run's data are now, if they are elsewhere; they are read only if nothing else names the classes.
pub fn model(path: &Path, moved: Option<&Path>, on_event: &OnEvent<'_>) -> Result<Model, RunError> {
    let refuse = |reason: &str, remedy: &str| RunError::new(reason, remedy).at(path.shown());
    let at_home = path.canonicalize().map_err(|cause| refuse(&cause.to_string(), MODELS))?;
    if !at_home.is_dir() {
        return unpacked(path);
    }
    // A plan alone makes no run: many a folder of work has one.
    let is_run = |folder: &&Path| {
        [Entry::Plan, Entry::Provenance].iter().all(|entry| folder.join(entry.path()).is_file())
    };
    let run = at_home.ancestors().find(is_run);
    let placed = run.and_then(|run| Some((run, at_home.strip_prefix(run).ok()?)));
    let entry = placed.and_then(|(_, place)| Entry::parse(&place.join(NetworkFile::Architecture.name())));
    // A plan may lie anywhere: what is no place of a run is a folder of its own if it has weights.
    let is_own = entry.is_none_or(|entry| !matches!(entry, Entry::Network(..) | Entry::Trial(..)))
        && at_home.join(NetworkFile::Weights.name()).is_file();
    let Some((run, place)) = placed.filter(|_| !is_own) else {
        return Ok(Model {
            name: name_of(&at_home),
            network: network_in(path, DEVICE)?,
            usage: None,
            origin: None,
            provenance: None,
            certificate: None,
        });
    };
    // As the user wrote it where the run's folder ends that, so that messages have the user's paths.
    let depth = place.components().count();
    let written =
        path.ancestors().nth(depth).filter(|folder| folder.canonicalize().is_ok_and(|home| home == run));
    let folder = RunFolder::open(written.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(run))?;
    match entry {
        Some(Entry::Network(network, _)) => trained_network(folder, network, moved, on_event),
        Some(Entry::Trial(trial, _)) => trial_network(folder, trial, moved, on_event),
        _ if depth == 0 => Err(refuse("it is a whole run, not one network of it", &networks_in(&folder)?)),
        _ => Err(refuse("this folder of a run holds no network", &networks_in(&folder)?)),
    }
}

/// What can be given as a trained network.
pub(crate) const MODELS: &str =
    "give a run's variant, trial or fold, a folder with weights.safetensors, or a .netsynth file";

/// Networks are read onto the CPU.
pub(crate) const DEVICE: Device = Device::Flex;

fn name_of(folder: &Path) -> String {
    folder.file_name().map_or_else(|| "network".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Of a run that is whole, which networks there are to name.
fn networks_in(folder: &RunFolder) -> Result<String, RunError> {
    let path = |network| folder.locate(Entry::Network(network, NetworkFile::Weights));
    let networks: Vec<TrainedNetwork> = match folder.kind()? {
        RunKind::Search => Variant::ALL.into_iter().map(TrainedNetwork::Variant).collect(),
        RunKind::Training => {
            training_plan(folder)?.trainings().into_iter().map(|(_, _, network)| network).collect()
        }
        RunKind::Comparison => {
            return Ok("give a network of a search or of a training: a comparison keeps none".into());
        }
    };
    let mut there = networks.into_iter().map(path).filter(|weights| weights.is_file());
    Ok(match there.next().and_then(|weights| Some(weights.parent()?.shown())) {
        Some(first) => format!("give one network of it, such as {first}"),
        None => "let it come to its end with `netsynth resume`, and then give one network of it".to_owned(),
    })
}

/// A network that has a folder of its own: a variant, the prototype's or a training's fold.
fn trained_network(
    folder: RunFolder,
    network: TrainedNetwork,
    moved: Option<&Path>,
    on_event: &OnEvent<'_>,
) -> Result<Model, RunError> {
    let entry = |file| Entry::Network(network, file);
    if let Some(FailureFile { reason, .. }) = folder.document(entry(NetworkFile::Failure))? {
        let remedy = "give another network of the run: this one was not trained to its end";
        let place = folder.locate(entry(NetworkFile::Failure)).shown();
        return Err(RunError::new(reason, remedy).at(place));
    }
    let spec = required(&folder, entry(NetworkFile::Architecture))?;
    let remedy = "let the run come to its end with `netsynth resume`";
    let deployed = network_of(&folder, &spec, entry(NetworkFile::Weights), remedy, DEVICE)?;
    let lesson = match network {
        TrainedNetwork::Variant(variant) => {
            let plan = search_plan(&folder)?;
            let metrics = known(&folder, variant)?;
            let certificate = metrics.as_ref().and_then(|metrics| HeldOut::of(&metrics.held_out_people));
            let classes = metrics.map(|metrics| metrics.classes);
            Lesson {
                data: plan.data,
                recipe: plan.recipe,
                judged_on: JudgedOn::HeldOut,
                classes,
                certificate,
            }
        }
        TrainedNetwork::Prototype(fold) => Lesson::of_search(&folder, search_plan(&folder)?, fold)?,
        TrainedNetwork::Training { fold, .. } => {
            let plan = training_plan(&folder)?;
            let classes = folder.document::<Results>(Entry::Results)?.map(|results| results.classes);
            let judged_on = JudgedOn::Fold(fold);
            Lesson { data: plan.data, recipe: plan.recipe, judged_on, classes, certificate: None }
        }
    };
    let name = match network {
        TrainedNetwork::Variant(variant) => variant.to_string(),
        TrainedNetwork::Prototype(_) | TrainedNetwork::Training { .. } => deployed.graph().name().to_owned(),
    };
    lesson.model(name, deployed, folder, moved, on_event)
}

/// A trial with the weights of the highest rung that it climbed, trained for the first fold.
fn trial_network(
    folder: RunFolder,
    trial: usize,
    moved: Option<&Path>,
    on_event: &OnEvent<'_>,
) -> Result<Model, RunError> {
    let (plan, fold) = (search_plan(&folder)?, Fold::from_index(0));
    let weights = |rung| Entry::Trial(trial, TrialFile::Weights { rung, fold });
    let Some(rung) = (0..plan.search.rungs.len()).rev().find(|&rung| folder.has(weights(rung))) else {
        let place = folder.locate(Entry::Trial(trial, TrialFile::Architecture));
        let remedy = format!(
            "give a variant, or train it: `netsynth train {} --data FACES`; a search keeps its trials' weights where they inherit",
            place.shown()
        );
        return Err(RunError::new("the run kept no weights of this trial", remedy)
            .at(place.parent().unwrap_or(&place).shown()));
    };
    let spec = folder.architecture(trial)?;
    let remedy = "restore it from a copy of the run";
    let deployed = network_of(&folder, &spec, weights(rung), remedy, DEVICE)?;
    let lesson = Lesson::of_search(&folder, plan, fold)?;
    lesson.model(format!("trial-{trial}"), deployed, folder, moved, on_event)
}

/// What a run's plan says of a network's training.
struct Lesson {
    data: DataPlan,
    recipe: Recipe,
    judged_on: JudgedOn,
    /// The classes, if the run wrote them down.
    classes: Option<Vec<String>>,
    certificate: Option<HeldOut>,
}

impl Lesson {
    /// Of a network of a search that a fold judged; its variants' metrics have the classes, once there are any.
    fn of_search(folder: &RunFolder, plan: Plan, fold: Fold) -> Result<Self, RunError> {
        let variants: Result<Vec<_>, StoreError> =
            Variant::ALL.into_iter().map(|one| known(folder, one)).collect();
        let classes = variants?.into_iter().flatten().map(|metrics| metrics.classes).next();
        let judged_on = JudgedOn::Fold(fold);
        Ok(Self { data: plan.data, recipe: plan.recipe, judged_on, classes, certificate: None })
    }

    fn model(
        self,
        name: String,
        network: Deployed,
        folder: RunFolder,
        moved: Option<&Path>,
        on_event: &OnEvent<'_>,
    ) -> Result<Model, RunError> {
        let Self { data, recipe, judged_on, classes, certificate } = self;
        let classes = match classes {
            Some(classes) => classes,
            None => data.load_again(moved, on_event)?.classes,
        };
        refuse_other_classes(&network, &classes, &folder)?;
        let usage = Usage {
            classes,
            options: data.options.clone(),
            normalisation: recipe.normalisation,
            flip_averaging: recipe.flip_averaging,
        };
        let provenance = folder.document(Entry::Provenance)?;
        let origin = Some(Origin { folder, data, judged_on });
        Ok(Model { name, network, usage: Some(usage), origin, provenance, certificate })
    }
}

/// A network tells as many classes apart as there are names for.
fn refuse_other_classes(network: &Deployed, classes: &[String], folder: &RunFolder) -> Result<(), RunError> {
    let graph: &Graph = network.graph();
    if graph.classes() == classes.len() {
        return Ok(());
    }
    let reason =
        format!("its network tells {} classes apart, and it names {}", graph.classes(), classes.len());
    Err(RunError::new(reason, "restore the run from a copy").at(folder.path().shown()))
}
