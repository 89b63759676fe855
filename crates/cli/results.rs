//! What came of a training on folds.

use netsynth_data::SplitBy;
use netsynth_graph::schema::SCHEMA;
use netsynth_graph::{ArchitectureId, Cost, Expectation, Graph};
use netsynth_report::{Cell, Column, Table};
use netsynth_search::{Estimate, Metrics, Performance, mean_and_deviation};
use netsynth_store::{FrontFile, FrontRow};
use netsynth_train::Confusion;
use serde::{Deserialize, Serialize};

use crate::complaint::Complaint;
use crate::training::TrainPlan;
use crate::words::{count, estimate, millions, percent, print_table, say};

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
        let metrics = Metrics { accuracy: self.mean_accuracy, cost: self.cost };
        let row = FrontRow {
            trial: 0,
            id: self.id,
            accuracy: self.mean_accuracy,
            cost: self.cost,
            net_score: Performance::default().of(&metrics),
            variants: Vec::new(),
        };
        FrontFile { schema: SCHEMA, members: vec![row], hypervolume: None }
    }

    /// The accuracy with its interval.
    pub(crate) fn accuracy(&self) -> String {
        estimate(self.mean_accuracy, self.half_width)
    }

    /// The folds with their accuracies.
    fn table(&self) -> Table {
        let columns = [
            Column::right("seed", |fold: &FoldResult| Cell::whole(fold.seed)),
            Column::right("fold", |fold: &FoldResult| Cell::whole(fold.fold)),
            Column::right("images", |fold: &FoldResult| Cell::whole(fold.n_images)),
            Column::accuracy(|fold: &FoldResult| Some(fold.accuracy)),
        ];
        Table::new(&columns, &self.folds)
    }

    /// Prints folds, classes, and what was measured beside what was published.
    pub(crate) fn show(&self) -> Result<(), Complaint> {
        print_table(&self.table())?;
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
        type Class<'a> = (&'a String, &'a Vec<usize>, Option<f64>);
        let mut columns = vec![Column::left("is \\ taken for", |(name, ..): &Class<'_>| Cell::text(*name))];
        columns.extend(self.classes.iter().enumerate().map(|(class, name)| {
            Column::right(name, move |(_, counts, _): &Class<'_>| Cell::dotted(counts[class]))
        }));
        columns.push(Column::right("recall", |(.., recall): &Class<'_>| {
            recall.map_or(Cell::missing("none"), Cell::share)
        }));
        let classes = self.classes.iter().zip(&self.confusion.0).zip(self.confusion.recalls());
        let rows: Vec<Class<'_>> = classes.map(|((name, counts), recall)| (name, counts, recall)).collect();
        print_table(&Table::new(&columns, &rows))
    }

    /// Prints measured, published and difference.
    fn show_published(&self) -> Result<(), Complaint> {
        let mut rows: Vec<[Cell; 4]> = Vec::new();
        let accuracy = || Cell::estimate(self.mean_accuracy, self.half_width);
        for (number, expectation) in self.published.iter().enumerate() {
            let mark = format!("[{}]", number + 1);
            if let Some(known) = expectation.accuracy {
                let difference = self.mean_accuracy - known;
                rows.push([
                    Cell::text("accuracy"),
                    accuracy(),
                    Cell::new(known, format!("{} {mark}", percent(known))),
                    Cell::new(difference, format!("{:+.2} points", 100.0 * difference)),
                ]);
            }
            let counts = [
                ("parameters", self.cost.parameters, expectation.parameters, count as fn(u64) -> String),
                ("MACs", self.cost.macs, expectation.macs, millions),
            ];
            for (name, found, known, words) in counts {
                if let Some(known) = known {
                    // Rounded first, or a hair below would print as -0.00.
                    let difference = (1e4 * (found as f64 / known as f64 - 1.0)).round() / 100.0 + 0.0;
                    rows.push([
                        Cell::text(name),
                        Cell::new(found, words(found)),
                        Cell::new(known, format!("{} {mark}", words(known))),
                        Cell::new(difference / 100.0, format!("{difference:+.2} %")),
                    ]);
                }
            }
        }
        if self.published.iter().all(|expectation| expectation.accuracy.is_none()) {
            rows.push([
                Cell::text("accuracy"),
                accuracy(),
                Cell::missing("not published"),
                Cell::missing(""),
            ]);
        }
        let columns = [
            Column::left("", |row: &[Cell; 4]| row[0].clone()),
            Column::right("measured", |row: &[Cell; 4]| row[1].clone()),
            Column::right("published", |row: &[Cell; 4]| row[2].clone()),
            Column::right("difference", |row: &[Cell; 4]| row[3].clone()),
        ];
        print_table(&Table::new(&columns, &rows))?;
        for (number, expectation) in self.published.iter().enumerate() {
            say(format!("[{}] {}", number + 1, expectation.source))?;
        }
        Ok(())
    }
}
