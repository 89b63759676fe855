//! The paper's measurement: the search, and its variants on the protocol's folds.

use std::path::Path;

use netsynth_data::{DataOptions, Expression};
use netsynth_files::Shown;
use netsynth_graph::{ArchitectureSpec, Graph, Shape};
use netsynth_search::{Indicator, Rung, SearchPlan};
use netsynth_store::RunFolder;
use netsynth_train::Recipe;

use crate::networks::{Source, adapted, architecture, read};
use crate::open::training_plan;
use crate::{CrossValidation, DataPlan, OnEvent, Plan, RunError, TrainPlan};

/// For how many epochs a network is trained at most, unless Nano-B is for more.
const LONGEST: usize = 3000;

/// The search under the paper's indicator. Every network has the multiply-accumulates that Nano-B takes in so many epochs, and
/// each rung a share of them: networks are compared at what they reach for one price, so small ones are trained longer.
pub fn paper_plan(
    data: DataPlan,
    recipe: Recipe,
    epochs: usize,
    n_trials: usize,
    seed: u64,
) -> Result<Plan, RunError> {
    let macs = nano_b_macs(&data)? as f64 * epochs as f64;
    let longest = epochs.max(LONGEST);
    let rung = |share: f64, folds: usize, keep: f64| {
        let epochs = ((share * longest as f64).round() as usize).max(1);
        Rung { epochs, macs: Some((share * macs).round().max(1.0)), folds, keep }
    };
    let n_folds = data.n_folds;
    Ok(Plan {
        data: DataPlan { held_out: if data.outer_fold.is_some() { 0.0 } else { 0.2 }, ..data },
        search: SearchPlan {
            seed,
            n_trials,
            indicator: Indicator::paper(),
            // Ever fewer networks on ever more folds: the indicator speaks of an average over folds.
            rungs: vec![rung(0.1, 1, 0.5), rung(0.4, 1, 0.4), rung(1.0, n_folds.div_ceil(2), 1.0)],
            ..Plan::built_in().search
        },
        recipe,
        final_epochs: longest,
        final_macs: Some(macs.max(1.0)),
        // The protocol trains every fold from scratch, so a network is chosen by what it learns from scratch.
        inheritance: None,
        ..Plan::built_in()
    })
}

/// What Nano-B costs on images of the data's size.
fn nano_b_macs(data: &DataPlan) -> Result<u64, RunError> {
    let DataOptions { height, width, .. } = data.options;
    let (spec, _) = architecture(&read("nano-b")?)?;
    let n_classes = Expression::ALL.len();
    let spec = adapted(spec, Shape { channels: 1, height, width }, n_classes);
    Ok(Graph::new(&spec)?.cost().macs)
}

/// The networks that a search chose as its variants, each with the name of its training on folds: one network can be both.
pub fn found_networks(folder: &RunFolder) -> Result<Vec<(String, ArchitectureSpec)>, RunError> {
    let mut found = Vec::new();
    for member in folder.front()?.members.iter().filter(|member| !member.variants.is_empty()) {
        let variants: Vec<String> = member.variants.iter().map(ToString::to_string).collect();
        let name = variants.join("-and-");
        let spec = ArchitectureSpec { name: format!("found-{name}"), ..folder.architecture(member.trial)? };
        found.push((name, spec));
    }
    Ok(found)
}

/// The training of a plan in the folder `runs/NAME`: begun, or reopened if it is there with the same plan.
pub fn begun_or_reopened(
    plan: TrainPlan,
    name: &str,
    on_event: &OnEvent<'_>,
) -> Result<(CrossValidation, RunFolder), RunError> {
    let source =
        Source { name: plan.architecture.name.clone(), text: plan.architecture.to_ron(), is_built_in: false };
    let training = CrossValidation::new(&source, plan, on_event)?;
    let path = RunFolder::path_of(Path::new("runs"), name)?;
    if RunFolder::open(&path).is_err() {
        let folder = training.begin(Some(name))?;
        return Ok((training, folder));
    }
    let folder = RunFolder::resume(&path)?;
    refuse_other(&folder, training_plan(&folder)? == training.plan)?;
    Ok((training, folder))
}

/// Refuses to go on with a run that was begun with another plan.
pub fn refuse_other(folder: &RunFolder, is_same: bool) -> Result<(), RunError> {
    if is_same {
        return Ok(());
    }
    let remedy = "repeat the options it was begun with, or give another --name";
    let error = RunError::new("it was begun with other options", remedy);
    Err(error.at(folder.path().shown()))
}
