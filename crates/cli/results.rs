//! What came of a training on folds, as tables.

use netsynth_run::{Results, RunError};

use crate::words::{count, estimate, millions, percent, say, table};

/// The accuracy with its interval.
pub(crate) fn accuracy(results: &Results) -> String {
    estimate(results.mean_accuracy, results.half_width)
}

/// Prints folds, classes, and what was measured beside what was published.
pub(crate) fn show(results: &Results) -> Result<(), RunError> {
    let mut rows = table(&["seed", "fold", "images", "accuracy"], 0);
    for fold in &results.folds {
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
        accuracy(results),
        percent(results.standard_deviation),
        results.folds.len(),
        count(results.cost.parameters),
        millions(results.cost.macs)
    ))?;
    show_confusion(results)?;
    if !results.published.is_empty() {
        show_published(results)?;
    }
    match results.split.caveat() {
        Some(caveat) => say(caveat),
        None => Ok(()),
    }
}

/// Prints what was taken for what, and each class's recall.
fn show_confusion(results: &Results) -> Result<(), RunError> {
    let names = results.classes.iter().map(String::as_str);
    let header: Vec<&str> = ["is \\ taken for"].into_iter().chain(names).chain(["recall"]).collect();
    let mut rows = table(&header, 1);
    for ((class, counts), recall) in
        results.classes.iter().zip(&results.confusion.0).zip(results.confusion.recalls())
    {
        let cells = counts.iter().map(|count| if *count == 0 { ".".to_owned() } else { count.to_string() });
        let recall = recall.map_or("none".to_owned(), percent);
        rows.add_row([class.clone()].into_iter().chain(cells).chain([recall]));
    }
    say(rows)
}

/// Prints measured, published and difference.
fn show_published(results: &Results) -> Result<(), RunError> {
    let mut rows = table(&["", "measured", "published", "difference"], 1);
    let found = accuracy(results);
    for (number, expectation) in results.published.iter().enumerate() {
        let mark = format!("[{}]", number + 1);
        if let Some(known) = expectation.accuracy {
            let points = 100.0 * (results.mean_accuracy - known);
            let cells = [found.clone(), format!("{} {mark}", percent(known)), format!("{points:+.2} points")];
            rows.add_row(["accuracy".to_owned()].into_iter().chain(cells));
        }
        let counts = [
            ("parameters", results.cost.parameters, expectation.parameters, count as fn(u64) -> String),
            ("MACs", results.cost.macs, expectation.macs, millions),
        ];
        for (name, found, known, words) in counts {
            if let Some(known) = known {
                // Rounded first, or a hair below would print as -0.00.
                let difference = (1e4 * (found as f64 / known as f64 - 1.0)).round() / 100.0 + 0.0;
                let cells = [words(found), format!("{} {mark}", words(known)), format!("{difference:+.2} %")];
                rows.add_row([name.to_owned()].into_iter().chain(cells));
            }
        }
    }
    if results.published.iter().all(|expectation| expectation.accuracy.is_none()) {
        rows.add_row(["accuracy", &found, "not published", ""]);
    }
    say(rows)?;
    for (number, expectation) in results.published.iter().enumerate() {
        say(format!("[{}] {}", number + 1, expectation.source))?;
    }
    Ok(())
}
