//! What came of a training on folds, as tables.

use netsynth_report::{Cell, Column, Table};
use netsynth_run::{FoldResult, Results, RunError};

use crate::output::print::{count, estimate, millions, percent, print, print_table};

/// The accuracy with its interval.
pub(crate) fn accuracy(results: &Results) -> String {
    estimate(results.mean_accuracy, results.interval())
}

/// The folds with their accuracies.
pub(crate) fn table(results: &Results) -> Table {
    let columns = [
        Column::right("seed", |fold: &FoldResult| Cell::whole(fold.seed)),
        Column::right("fold", |fold: &FoldResult| Cell::whole(fold.fold.number())),
        Column::right("images", |fold: &FoldResult| Cell::whole(fold.n_images)),
        Column::accuracy(|fold: &FoldResult| Some(fold.accuracy)),
    ];
    Table::new(&columns, &results.folds)
}

/// Prints folds, classes, and what was measured beside what was published.
pub(crate) fn show(results: &Results) -> Result<(), RunError> {
    print_table(&table(results))?;
    let measured = match results.folds.len() {
        1 => format!("accuracy {} on one fold", accuracy(results)),
        n_folds => {
            let deviation = percent(results.standard_deviation);
            format!(
                "accuracy {} mean, {deviation} standard deviation over {n_folds} folds",
                accuracy(results)
            )
        }
    };
    let (parameters, macs) = (count(results.cost.parameters), millions(results.cost.macs));
    print(format!("{measured}; {parameters} parameters, {macs} MACs"))?;
    let measured: Vec<String> =
        results.measured().iter().map(|(metric, value)| format!("{metric} {}", percent(value))).collect();
    if !measured.is_empty() {
        print(format!("mean over the folds: {}", measured.join(", ")))?;
    }
    show_confusion(results)?;
    if !results.published.is_empty() {
        show_published(results)?;
    }
    match results.split.caveat() {
        Some(caveat) => print(caveat),
        None => Ok(()),
    }
}

/// Prints what was taken for what, and each class's recall.
fn show_confusion(results: &Results) -> Result<(), RunError> {
    type Class<'a> = (&'a String, &'a Vec<usize>, Option<f64>);
    let mut columns = vec![Column::left("is \\ taken for", |(name, ..): &Class<'_>| Cell::text(*name))];
    columns.extend(results.classes.iter().enumerate().map(|(class, name)| {
        Column::right(name, move |(_, counts, _): &Class<'_>| Cell::dotted(counts[class]))
    }));
    columns.push(Column::right("recall", |(.., recall): &Class<'_>| {
        recall.map_or(Cell::missing("none"), Cell::share)
    }));
    let classes = results.classes.iter().zip(&results.confusion.0).zip(results.confusion.recalls());
    let rows: Vec<Class<'_>> = classes.map(|((name, counts), recall)| (name, counts, recall)).collect();
    print_table(&Table::new(&columns, &rows))
}

/// Prints measured, published and difference.
fn show_published(results: &Results) -> Result<(), RunError> {
    let mut rows: Vec<[Cell; 4]> = Vec::new();
    let accuracy = || Cell::estimate(results.mean_accuracy, results.interval());
    for (number, expectation) in results.published.iter().enumerate() {
        let mark = format!("[{}]", number + 1);
        if let Some(known) = expectation.accuracy {
            let difference = results.mean_accuracy - known;
            rows.push([
                Cell::text("accuracy"),
                accuracy(),
                Cell::new(known, format!("{} {mark}", percent(known))),
                Cell::new(difference, format!("{:+.2} points", 100.0 * difference)),
            ]);
        }
        let counts = [
            ("parameters", results.cost.parameters, expectation.parameters, count as fn(u64) -> String),
            ("MACs", results.cost.macs, expectation.macs, millions),
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
    if results.published.iter().all(|expectation| expectation.accuracy.is_none()) {
        rows.push([Cell::text("accuracy"), accuracy(), Cell::missing("not published"), Cell::missing("")]);
    }
    let columns = [
        Column::left("", |row: &[Cell; 4]| row[0].clone()),
        Column::right("measured", |row: &[Cell; 4]| row[1].clone()),
        Column::right("published", |row: &[Cell; 4]| row[2].clone()),
        Column::right("difference", |row: &[Cell; 4]| row[3].clone()),
    ];
    print_table(&Table::new(&columns, &rows))?;
    for (number, expectation) in results.published.iter().enumerate() {
        print(format!("[{}] {}", number + 1, expectation.source))?;
    }
    Ok(())
}
