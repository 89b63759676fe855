//! What came of a training on folds.

use netsynth_data::SplitBy;
use netsynth_graph::schema::SCHEMA;
use netsynth_graph::{ArchitectureId, Cost, Expectation, Graph};
use netsynth_search::{Confusion, Estimate, Metric, Metrics, Performance, mean_and_deviation};
use netsynth_store::{FailureFile, Fold, FrontFile, FrontRow};
use serde::{Deserialize, Serialize};

use crate::TrainPlan;

/// One fold's training, as its folder has it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoldFile {
    /// The file format's version.
    pub schema: u32,
    /// The seed of the training.
    pub seed: u64,
    /// The fold that judged it.
    pub fold: Fold,
    /// What the network took for what on the fold.
    pub confusion: Confusion,
    /// The mean training loss of each epoch, in nats.
    pub losses: Vec<f32>,
}

/// What came of all folds and seeds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Results {
    /// The file format's version.
    pub schema: u32,
    /// The network's name.
    pub network: String,
    /// What the network is.
    pub id: ArchitectureId,
    /// What counting the network gives.
    pub cost: Cost,
    /// The names of the classes.
    pub classes: Vec<String>,
    /// What the folds keep together.
    pub split: SplitBy,
    /// Epochs of each training.
    pub epochs: usize,
    /// Each training that came to its end.
    pub folds: Vec<FoldResult>,
    /// Those that failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<FailureFile>,
    /// Over folds and seeds.
    pub mean_accuracy: f64,
    /// Of the accuracies over folds and seeds.
    pub standard_deviation: f64,
    /// Half the width of the mean's 95 % interval (Student's t over folds and seeds); absent for one training or two.
    pub half_width: Option<f64>,
    /// Over folds and seeds: row the true class, column the predicted one.
    pub confusion: Confusion,
    /// What was published of the network.
    pub published: Vec<Expectation>,
}

/// One training of a network on folds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoldResult {
    /// The seed of the training.
    pub seed: u64,
    /// The fold that judged it.
    pub fold: Fold,
    /// Images that judged it.
    pub n_images: usize,
    /// Share of them classified rightly.
    pub accuracy: f64,
    /// The other measured metrics; earlier versions measured accuracy alone.
    #[serde(default, skip_serializing_if = "Metrics::is_empty")]
    pub measured: Metrics,
}

impl Results {
    /// Of these folds and failures, which are all of the plan's.
    pub fn new(
        plan: &TrainPlan,
        graph: &Graph,
        classes: &[String],
        folds: &[FoldFile],
        failed: Vec<FailureFile>,
    ) -> Self {
        let accuracies: Vec<f64> = folds.iter().map(|fold| fold.confusion.accuracy()).collect();
        let (mean_accuracy, standard_deviation) = mean_and_deviation(&accuracies);
        let mut confusion = Confusion::new(classes.len());
        folds.iter().for_each(|fold| confusion.add(&fold.confusion));
        let folds = folds.iter().map(|fold| FoldResult {
            seed: fold.seed,
            fold: fold.fold,
            n_images: fold.confusion.n_images(),
            accuracy: fold.confusion.accuracy(),
            measured: Metrics::measured(&fold.confusion).without(Metric::Accuracy),
        });
        Self {
            schema: SCHEMA,
            network: graph.name().to_owned(),
            id: ArchitectureId::of(graph),
            cost: graph.cost(),
            classes: classes.to_vec(),
            split: plan.data.split,
            epochs: plan.epochs,
            folds: folds.collect(),
            failed,
            mean_accuracy,
            standard_deviation,
            half_width: Estimate::of(&accuracies).and_then(|estimate| estimate.half_width),
            confusion,
            published: plan.architecture.expect.clone(),
        }
    }

    /// Half the width of the mean's interval, where it says anything: earlier versions gave two trainings one.
    pub fn interval(&self) -> Option<f64> {
        self.half_width.filter(|_| self.folds.len() > 2)
    }

    /// Whether these are the same; earlier versions kept fewer metrics.
    pub(crate) fn agrees(&self, other: &Self) -> bool {
        let fold = |fold: &FoldResult| (fold.seed, fold.fold, fold.n_images, fold.accuracy);
        self.folds.iter().map(fold).eq(other.folds.iter().map(fold))
            && (self.id, self.cost, self.epochs) == (other.id, other.cost, other.epochs)
            && (self.mean_accuracy, self.standard_deviation)
                == (other.mean_accuracy, other.standard_deviation)
            && (&self.confusion, &self.failed) == (&other.confusion, &other.failed)
    }

    /// The means over folds and seeds of the measured metrics but accuracy, as far as they are known.
    pub fn measured(&self) -> Metrics {
        let folds: Vec<Metrics> = self.folds.iter().map(|fold| fold.measured).collect();
        Metrics::mean(&folds)
    }

    /// The front that this one network is, for whoever reads fronts.
    pub fn front(&self) -> FrontFile {
        let row = FrontRow {
            trial: 0,
            id: self.id,
            accuracy: self.mean_accuracy,
            cost: self.cost,
            net_score: Performance::default().of(self.mean_accuracy, &self.cost),
            variants: Vec::new(),
            measured: self.measured(),
            counted: Metrics::default(),
            certificate: None,
        };
        FrontFile { schema: SCHEMA, members: vec![row], hypervolume: None }
    }
}
