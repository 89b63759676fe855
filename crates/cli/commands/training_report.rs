//! The report of a training on folds.

use netsynth_files::Shown;
use netsynth_graph::{Graph, schema};
use netsynth_report::{TrainedFold, TrainingReport, training_page};
use netsynth_store::{Entry, NetworkFile, RunFolder};

use crate::commands::environment::{environment, name};
use netsynth_run::DataSource;
use netsynth_run::RunError;
use netsynth_run::training_plan;
use netsynth_run::{FoldFile, Results};

/// The page of the training in this folder, whether it is finished or not.
pub(crate) fn page_of_training(folder: &RunFolder) -> Result<String, RunError> {
    let plan = training_plan(folder)?;
    let place = || folder.locate(Entry::Plan).shown();
    let network = Graph::new(&plan.architecture).map_err(|error| RunError::from(error).at(place()))?;
    let mut damage = Vec::new();
    let mut folds = Vec::new();
    let trainings = plan.trainings();
    for &(_, _, network) in &trainings {
        match folder.document::<FoldFile>(Entry::Network(network, NetworkFile::Metrics)) {
            Ok(fold) => folds.extend(fold.map(|FoldFile { seed, fold, confusion, losses, .. }| {
                TrainedFold { seed, fold: fold.number(), confusion: confusion.0, losses }
            })),
            Err(error) => damage.push(error.to_string()),
        }
    }
    let classes = match folder.document::<Results>(Entry::Results) {
        Ok(results) => results.map(|results| results.classes),
        Err(error) => {
            damage.push(error.to_string());
            None
        }
    };
    // Only a finished training has the names of its classes.
    let numbered = || (1..=network.classes()).map(|number| format!("class {number}")).collect();
    Ok(training_page(&TrainingReport {
        name: name(folder.path()),
        epochs: plan.epochs,
        n_planned: trainings.len(),
        folds,
        classes: classes.unwrap_or_else(numbered),
        published: plan.architecture.expect.clone(),
        plan_text: schema::to_ron(&plan),
        environment: environment(folder, plan.seed, &mut damage),
        notes: notes(&plan),
        damage,
        network,
    }))
}

/// What must be known to read the numbers of this training rightly.
fn notes(plan: &netsynth_run::TrainPlan) -> Vec<String> {
    let mut notes = Vec::new();
    if let DataSource::Synthetic(_) = plan.data.source {
        notes.push(
            "The faces are drawn by netsynth: accuracies on them say nothing of real faces.".to_owned(),
        );
    }
    notes.extend(plan.data.split.caveat().map(|caveat| format!("This run's accuracies are {caveat}.")));
    if plan.n_trained_folds < plan.data.n_folds {
        notes.push(format!(
            "Only {} of {} folds are trained: the accuracy is of those people alone.",
            plan.n_trained_folds, plan.data.n_folds
        ));
    }
    if plan.n_trained_folds * plan.n_seeds > 2 {
        notes.push(
            "The interval is Student's t at 95 % over folds and seeds. Folds share training images, so it is narrower than \
             independent measurements would give."
                .to_owned(),
        );
    }
    notes.push(match &plan.start {
        None => "Each training begins from scratch.".to_owned(),
        Some(start) => format!("Each training begins with the weights of {}.", start.shown()),
    });
    notes.push(
        "A training ends after the planned epochs; no epoch is picked by its fold. A network that a search found on the same \
         faces was chosen by them, and its accuracy here flatters."
            .to_owned(),
    );
    notes
}
