use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::Args;
use netsynth_files::Shown;
use netsynth_report::{
    Axis, Glyphs, Kind, Notation, Point, Scale, Scatter, Series, letter, png, scatter, terminal,
};
use netsynth_search::{Metric, Source, Unit};

use super::listing::Row;
use super::runs::{Runs, gather};
use crate::Ending;
use crate::arguments::bounds::read_metric;
use crate::output::print::{print, terminal_width, write_to};
use netsynth_run::RunError;

/// Draw the trials of runs and their fronts: accuracy, or the first measured objective, over a cost.
///
/// Prints the plot, in braille where the terminal shows it; with --out writes it as SVG or PNG, by the file's ending. A
/// member of a front is a disc, or the letter of its run where there are several.
///
/// Example: netsynth front plot runs/search-001 --out front.svg
#[derive(Args)]
pub(crate) struct Arguments {
    /// Folders of searches
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// A file for the plot, ending in .svg or .png; one that is there is replaced
    #[arg(long)]
    out: Option<PathBuf>,
    /// The axis from left to right: the name of a counted metric
    #[arg(long, value_name = "METRIC", default_value = "parameters", value_parser = read_counted)]
    x: Metric,
    /// Print letters and signs that every terminal has
    #[arg(long)]
    ascii: bool,
}

/// Reads the name of a counted metric.
fn read_counted(text: &str) -> Result<Metric, String> {
    let metric = read_metric(text)?;
    match metric.source() {
        Source::Counted => Ok(metric),
        Source::Measured => {
            let names: Vec<&str> = Metric::of_source(Source::Counted).map(Metric::name).collect();
            Err(format!("it is measured; write one of {}", names.join(", ")))
        }
    }
}

/// What a picture is written as.
pub(crate) enum Format {
    Svg,
    Png,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    let out = match &arguments.out {
        Some(path) => Some((path, format(path)?)),
        None => None,
    };
    let runs = gather(&arguments.runs)?;
    let plot = plotted(&runs, arguments.x);
    if plot.series.iter().all(|series| series.points.is_empty()) {
        print("No trial is measured yet, so there is nothing to draw.")?;
        return Ok(Ending::Missed);
    }
    if let Some((path, format)) = out {
        write(path, &format, &scatter(&plot))?;
    }
    let columns = terminal_width().unwrap_or(80).min(120);
    print(terminal(&plot, columns, (columns / 4).clamp(12, 28), glyphs(arguments.ascii)))?;
    if let several @ [_, _, ..] = plot.series.as_slice() {
        let names =
            several.iter().enumerate().map(|(number, run)| format!("{} {}", letter(number), run.name));
        print(names.collect::<Vec<_>>().join("\n"))?;
    }
    Ok(Ending::Done)
}

/// Braille, unless ASCII is asked for or the locale is not in Unicode.
pub(crate) fn glyphs(is_ascii_asked: bool) -> Glyphs {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let is_unicode = locale.map_or(cfg!(not(unix)), |locale| {
        let locale = locale.to_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    });
    if is_unicode && !is_ascii_asked { Glyphs::Braille } else { Glyphs::Ascii }
}

/// What a picture in a file of this name is.
pub(crate) fn format(path: &Path) -> Result<Format, RunError> {
    match path.extension().and_then(OsStr::to_str).map(str::to_lowercase).as_deref() {
        Some("svg") => Ok(Format::Svg),
        Some("png") => Ok(Format::Png),
        _ => {
            let complaint = RunError::new("its ending names no kind of picture", "end it in .svg or .png");
            Err(complaint.at(path.shown()))
        }
    }
}

/// Writes a drawing as a picture.
pub(crate) fn write(path: &Path, format: &Format, svg: &str) -> Result<(), RunError> {
    let bytes = match format {
        Format::Svg => svg.as_bytes().to_vec(),
        Format::Png => png(svg).map_err(RunError::of)?,
    };
    write_to(path, &bytes)
}

/// Every run's trials; what is labelled are the picks of the front of them all.
fn plotted(runs: &Runs, across: Metric) -> Scatter {
    let quality = runs.quality();
    let names: Vec<&str> = runs.runs.iter().map(|run| run.name.as_str()).collect();
    let series = runs.runs.iter().enumerate().map(|(number, run)| {
        let is_member = |row: &Row| run.front.members.iter().any(|(trial, _)| *trial == row.trial);
        let points = runs.rows_of(number).into_iter().filter_map(|row| {
            let kind = match is_member(&row) {
                true => Kind::Member,
                false if row.is_stopped => Kind::Partial,
                false => Kind::Complete,
            };
            let label = row.picks().join(", ");
            Some(Point { x: row.metrics.get(across)?, y: row.metrics.get(quality)?, kind, label })
        });
        Series { name: run.name.clone(), points: points.collect() }
    });
    plot_of(names.join(", "), [across, quality], series.collect())
}

/// Points of two metrics, with axes that have room for them.
pub(crate) fn plot_of(title: String, [across, up]: [Metric; 2], series: Vec<Series>) -> Scatter {
    let points = || series.iter().flat_map(|series| &series.points);
    let (least, most) = points()
        .fold((f64::INFINITY, 1.0f64), |(least, most), point| (least.min(point.x), most.max(point.x)));
    // Costs of one size stand apart better by their differences.
    let scale = if most > 5.0 * least { Scale::Logarithmic } else { Scale::Linear };
    Scatter {
        title,
        x: Axis::new(across.label(), notation(across), scale, points().map(|point| point.x)),
        y: Axis::new(up.label(), notation(up), Scale::Linear, points().map(|point| point.y)),
        series,
    }
}

/// How the values of a metric are written along an axis.
fn notation(metric: Metric) -> Notation {
    match metric.unit() {
        Unit::Share => Notation::Percent,
        Unit::Count | Unit::Operations | Unit::Bytes => Notation::Count,
        Unit::Activations => Notation::Kibibytes,
        Unit::Time => Notation::Milliseconds,
    }
}
