//! The whole search inside each of the protocol's folds.

use std::path::Path;

use netsynth_data::OuterFold;
use netsynth_files::Shown;
use netsynth_report::{Cell, Column, Table};
use netsynth_run::{DataPlan, RunError, known_variant, paper_plan};
use netsynth_search::{Estimate, Variant};
use netsynth_store::RunFolder;
use netsynth_train::Recipe;
use serde::Serialize;

use super::{Arguments, Share, begun, price};
use crate::Ending;
use crate::output::print::{Format, Output, percent, print, print_json, print_table};
use crate::output::progress::Progress;
use crate::work::search::work_on;

/// What the search found that never saw a fold, and what that is worth on it.
#[derive(Serialize)]
struct Outer {
    fold: usize,
    run: String,
    /// Nothing if no trial met the indicator.
    nano_b: Option<Judged>,
}

/// A network, trained on all other folds.
#[derive(Serialize)]
struct Judged {
    trial: usize,
    parameters: u64,
    macs: u64,
    accuracy: f64,
    images: usize,
    people: usize,
}

/// What all of them together say.
#[derive(Serialize)]
struct Document<'a> {
    folds: &'a [Outer],
    /// The mean of the accuracies, and half of its 95 % interval.
    accuracy: Option<f64>,
    half_width: Option<f64>,
}

/// Searches once for each fold of the protocol, without it, and judges what is found by it. What is there already is kept.
pub(super) fn run(arguments: &Arguments, data: DataPlan, recipe: Recipe) -> Result<Ending, RunError> {
    let of = data.n_folds;
    let name = arguments.training.name.as_deref().unwrap_or("paper");
    let (epochs, trials) = price(arguments);
    let mut outer = Vec::new();
    for fold in 1..=of {
        let progress = Progress::new();
        progress.note(format!("outer fold {fold} of {of}"));
        let data = DataPlan { outer_fold: Some(OuterFold { fold, of }), ..data.clone() };
        let plan = paper_plan(data, recipe.clone(), epochs, trials, arguments.training.seed())?;
        let path = RunFolder::path_of(Path::new("runs"), &format!("{name}-outer-{fold:02}"))?;
        let Some((search, folder)) = begun(arguments, plan, path, Share { of, after: 0 }, &progress)? else {
            return Ok(Ending::Done);
        };
        let ending = work_on(&search, &folder, &arguments.training.workers, Output::Nothing, &progress)?;
        if ending == Ending::Stopped {
            return Ok(ending);
        }
        let found = known_variant(&folder, Variant::NanoB)?;
        let nano_b = found.and_then(|found| {
            Some(Judged {
                trial: found.trial,
                parameters: found.cost.parameters,
                macs: found.cost.macs,
                accuracy: found.held_out_accuracy?,
                images: found.n_held_out_images,
                people: found.held_out_people.len(),
            })
        });
        outer.push(Outer { fold, run: folder.path().shown(), nano_b });
    }
    show(&outer, arguments.format)?;
    let found_all = outer.iter().all(|outer| outer.nano_b.is_some());
    Ok(if found_all { Ending::Done } else { Ending::Missed })
}

fn show(outer: &[Outer], format: Format) -> Result<(), RunError> {
    let accuracies: Vec<f64> =
        outer.iter().filter_map(|outer| Some(outer.nano_b.as_ref()?.accuracy)).collect();
    let estimate = Estimate::of(&accuracies);
    match format {
        Format { json: true, .. } => print_json(&Document {
            folds: outer,
            accuracy: estimate.map(|estimate| estimate.mean),
            half_width: estimate.and_then(|estimate| estimate.half_width),
        }),
        Format { csv: true, .. } => print(table(outer).csv()),
        Format { csv: false, json: false } => {
            print_table(&table(outer))?;
            let found = format!("{} of {} searches found a network", accuracies.len(), outer.len());
            let Some(Estimate { mean, half_width }) = estimate else { return print(format!("{found}.")) };
            let half = half_width.map_or(String::new(), |half| format!(" ± {}", percent(half)));
            print(format!("{found}; on the folds that their searches never saw: {}{half}.", percent(mean)))?;
            print(
                "± is half of a 95 % interval: Student's t over the folds. Searches share people, so it is narrower than new \
                 people would give.",
            )
        }
    }
}

fn table(outer: &[Outer]) -> Table {
    let of = |cell: fn(&Judged) -> Cell| move |outer: &Outer| Cell::known(outer.nano_b.as_ref(), cell);
    let columns = [
        Column::right("fold", |outer: &Outer| Cell::whole(outer.fold)),
        Column::left("run", |outer: &Outer| Cell::text(&outer.run)),
        Column::right("nano-b", of(|found| Cell::trial(found.trial))),
        Column::right("parameters", of(|found| Cell::count(found.parameters))),
        Column::right("macs", of(|found| Cell::millions(found.macs))),
        Column::right("accuracy", of(|found| Cell::share(found.accuracy))),
        Column::right("people", of(|found| Cell::whole(found.people))),
        Column::right("images", of(|found| Cell::whole(found.images))),
    ];
    Table::new(&columns, outer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fold_without_a_network_has_an_empty_row() {
        let judged =
            Judged { trial: 7, parameters: 12_345, macs: 1_200_000, accuracy: 0.9, images: 40, people: 4 };
        let row = |fold: usize, nano_b: Option<Judged>| Outer {
            fold,
            run: format!("runs/x-outer-{fold:02}"),
            nano_b,
        };
        let csv = table(&[row(1, Some(judged)), row(2, None)]).csv();
        assert_eq!(
            csv.lines().collect::<Vec<_>>(),
            [
                "fold,run,nano_b,parameters,macs,accuracy,people,images",
                "1,runs/x-outer-01,7,12345,1200000,0.9,4,40",
                "2,runs/x-outer-02,,,,,,",
            ]
        );
    }
}
