//! What came of a training on folds.

use netsynth_data::SplitBy;
use netsynth_graph::schema::SCHEMA;
use netsynth_graph::{ArchitectureId, Cost, Expectation, Graph};
use netsynth_search::{Confusion, Estimate, Metrics, Performance, mean_and_deviation};
use netsynth_store::{FrontFile, FrontRow};
use serde::{Deserialize, Serialize};

use crate::complaint::Complaint;
use crate::training::TrainPlan;
use crate::words::{count, estimate, millions, percent, say, table};

/// One fold's training, as its folder has it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FoldFile {
    pub(crate) schema: u32,
    pub(crate) seed: u64,
    /// From 1.
    pub(crate) fold: usize,
    pub(crate) confusion: Confusion,
    /// The mean training loss of each epoch, in nats.
    pub(crate) losses: Vec<f32>,
}

/// What came of all folds and seeds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Results {
    schema: u32,
    pub(crate) network: String,
    id: ArchitectureId,
    pub(crate) cost: Cost,
    pub(crate) classes: Vec<String>,
    pub(crate) split: SplitBy,
    pub(crate) epochs: usize,
    pub(crate) folds: Vec<FoldResult>,
    /// Over folds and seeds.
    pub(crate) mean_accuracy: f64,
    standard_deviation: f64,
    /// Half the width of the mean's 95 % interval (Student's t over folds and seeds); absent for a single training.
    pub(crate) half_width: Option<f64>,
    /// Over folds and seeds: row the true class, column the predicted one.
    confusion: Confusion,
    /// What was published of the network.
    published: Vec<Expectation>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FoldResult {
    pub(crate) seed: u64,
    fold: usize,
    n_images: usize,
    accuracy: f64,
}

impl Results {
    /// Of these folds, which are all of the plan's.
    pub(crate) fn new(plan: &TrainPlan, graph: &Graph, classes: &[String], folds: &[FoldFile]) -> Self {
        let accuracies: Vec<f64> = folds.iter().map(|fold| fold.confusion.accuracy()).collect();
        let (mean_accuracy, standard_deviation) = mean_and_deviation(&accuracies);
        let mut confusion = Confusion::new(classes.len());
        folds.iter().for_each(|fold| confusion.add(&fold.confusion));
        let folds = folds.iter().map(|fold| FoldResult {
            seed: fold.seed,
            fold: fold.fold,
            n_images: fold.confusion.n_images(),
            accuracy: fold.confusion.accuracy(),
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
            mean_accuracy,
            standard_deviation,
            half_width: Estimate::of(&accuracies).and_then(|estimate| estimate.half_width),
            confusion,
            published: plan.architecture.expect.clone(),
        }
    }

    /// The front that this one network is, for whoever reads fronts.
    pub(crate) fn front(&self) -> FrontFile {
        let row = FrontRow {
            trial: 0,
            id: self.id,
            accuracy: self.mean_accuracy,
            cost: self.cost,
            net_score: Performance::default().of(self.mean_accuracy, &self.cost),
            variants: Vec::new(),
            measured: Metrics::default(),
        };
        FrontFile { schema: SCHEMA, members: vec![row], hypervolume: None }
    }

    /// The accuracy with its interval.
    pub(crate) fn accuracy(&self) -> String {
        estimate(self.mean_accuracy, self.half_width)
    }

    /// Prints folds, classes, and what was measured beside what was published.
    pub(crate) fn show(&self) -> Result<(), Complaint> {
        let mut rows = table(&["seed", "fold", "images", "accuracy"], 0);
        for fold in &self.folds {
            rows.add_row([
                fold.seed.to_string(),
                fold.fold.to_string(),
                fold.n_images.to_string(),
                percent(fold.accuracy),
            ]);
        }
        say(rows)?;
        say(format!(
            "accuracy {} mean, {} standard deviation over {} folds; {} parameters, {} MACs",
            self.accuracy(),
            percent(self.standard_deviation),
            self.folds.len(),
            count(self.cost.parameters),
            millions(self.cost.macs)
        ))?;
        self.show_confusion()?;
        if !self.published.is_empty() {
            self.show_published()?;
        }
        match self.split.caveat() {
            Some(caveat) => say(caveat),
            None => Ok(()),
        }
    }

    /// Prints what was taken for what, and each class's recall.
    fn show_confusion(&self) -> Result<(), Complaint> {
        let names = self.classes.iter().map(String::as_str);
        let header: Vec<&str> = ["is \\ taken for"].into_iter().chain(names).chain(["recall"]).collect();
        let mut rows = table(&header, 1);
        for ((class, counts), recall) in
            self.classes.iter().zip(&self.confusion.0).zip(self.confusion.recalls())
        {
            let cells =
                counts.iter().map(|count| if *count == 0 { ".".to_owned() } else { count.to_string() });
            let recall = recall.map_or("none".to_owned(), percent);
            rows.add_row([class.clone()].into_iter().chain(cells).chain([recall]));
        }
        say(rows)
    }

    /// Prints measured, published and difference.
    fn show_published(&self) -> Result<(), Complaint> {
        let mut rows = table(&["", "measured", "published", "difference"], 1);
        let accuracy = self.accuracy();
        for (number, expectation) in self.published.iter().enumerate() {
            let mark = format!("[{}]", number + 1);
            if let Some(known) = expectation.accuracy {
                let points = 100.0 * (self.mean_accuracy - known);
                let cells =
                    [accuracy.clone(), format!("{} {mark}", percent(known)), format!("{points:+.2} points")];
                rows.add_row(["accuracy".to_owned()].into_iter().chain(cells));
            }
            let counts = [
                ("parameters", self.cost.parameters, expectation.parameters, count as fn(u64) -> String),
                ("MACs", self.cost.macs, expectation.macs, millions),
            ];
            for (name, found, known, words) in counts {
                if let Some(known) = known {
                    // Rounded first, or a hair below would print as -0.00.
                    let difference = (1e4 * (found as f64 / known as f64 - 1.0)).round() / 100.0 + 0.0;
                    let cells =
                        [words(found), format!("{} {mark}", words(known)), format!("{difference:+.2} %")];
                    rows.add_row([name.to_owned()].into_iter().chain(cells));
                }
            }
        }
        if self.published.iter().all(|expectation| expectation.accuracy.is_none()) {
            rows.add_row(["accuracy", &accuracy, "not published", ""]);
        }
        say(rows)?;
        for (number, expectation) in self.published.iter().enumerate() {
            say(format!("[{}] {}", number + 1, expectation.source))?;
        }
        Ok(())
    }
}
