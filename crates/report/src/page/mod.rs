//! A run as one HTML file that needs nothing else: no network, no other file.
//!
//! What is long or interactive (the plot, the table of trials, the log of moves) is drawn by the script from one block
//! of JSON; everything else is plain HTML. All text of a run is escaped: names of classes, nodes and runs may be anything.

mod audit;
mod bounds;
mod data;
mod explained;
mod log;
mod run;
mod sections;
#[cfg(test)]
mod tests;
mod training;
mod variants;
mod work;

use netsynth_search::{SearchPlan, Variant};
use netsynth_space::Decisions;
use netsynth_store::{Attempted, Audit};

pub use explained::{Explained, ExplainedFace, Removed};
pub use run::Run;
pub use training::{TrainedFold, TrainingReport, training_page};

use crate::drawing::{DRAWING_RULES, Theme};
use crate::markup::escaped;

const STYLE: &str = include_str!("style.css");
const THEME_SCRIPT: &str = include_str!("script/theme.js");
/// The parts of one script, in the order in which they need each other.
const SCRIPT: &str = concat!(
    include_str!("script/run.js"),
    include_str!("script/plot.js"),
    include_str!("script/chosen.js"),
    include_str!("script/tables.js"),
    include_str!("script/start.js"),
);

/// What the page says of a variant that was trained for good.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Which it is.
    pub variant: Variant,
    /// The trial that it is of.
    pub trial: usize,
    /// Accuracy on validation folds, by which it was chosen.
    pub search_accuracy: f64,
    /// Whether its last training went on with what the trial had learned; it began from scratch otherwise.
    pub inherits: bool,
    /// Accuracy on held-out subjects after its last training, if there are any.
    pub held_out_accuracy: Option<f64>,
    /// Epochs of that training.
    pub epochs: usize,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// How often each class (row) of held-out images was taken for each (column).
    pub confusion: Vec<Vec<usize>>,
}

/// Everything that a page shows.
#[derive(Debug)]
pub struct Report<'a> {
    /// What people call the run.
    pub name: String,
    /// How it was searched.
    pub plan: &'a SearchPlan,
    /// What could vary.
    pub decisions: &'a Decisions,
    /// What came of it.
    pub run: Run,
    /// Its variants, as far as they are trained.
    pub judged: Vec<Judged>,
    /// Labels of a variant with what they rest on, if faces are to be shown.
    pub explained: Option<Explained>,
    /// What its audit found, if there is one.
    pub audit: Option<Audit>,
    /// The attempts at tasks in each session of work, where the run has them.
    pub sessions: Vec<Vec<Attempted>>,
    /// The plan's file.
    pub plan_text: String,
    /// With what and on what it was made: a name and a value each.
    pub environment: Vec<(String, String)>,
    /// What must be known to read the numbers rightly.
    pub notes: Vec<String>,
}

/// The page of a search. The same report gives the same bytes.
pub fn page(report: &Report<'_>) -> String {
    let body = [
        sections::head(report),
        sections::plot(report.plan, &report.run.trials),
        sections::front(report),
        variants::variants(report),
        report.explained.as_ref().map_or(String::new(), explained::explained),
        report.audit.as_ref().map_or(String::new(), audit::audit),
        sections::progress(report),
        variants::reasons(report),
        sections::log(report),
        sections::trials(report),
        work::work(report),
        sections::made_with(&report.notes, &report.environment, &report.plan_text),
        format!(
            "<script type=\"application/json\" id=\"run\">{}</script>\n<script>\n'use strict';\n(() => {{\n{SCRIPT}}})();\n</script>\n",
            data::json(&report.run, report.plan, report.decisions)
        ),
    ];
    shell(&report.name, &body.concat())
}

/// What is around every page's body: its style, its policy that nothing is fetched, and its light and dark.
fn shell(name: &str, body: &str) -> String {
    let [light, dark] = [Theme::Light, Theme::Dark].map(Theme::declarations);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         img-src data:; script-src 'unsafe-inline'\">\n<title>{} - netsynth</title>\n<style>\n\
         :root{{color-scheme:light dark;{light}}}\n\
         @media(prefers-color-scheme:dark){{:root{{{dark}}}}}\n\
         :root[data-theme=light]{{color-scheme:light;{light}}}\n\
         :root[data-theme=dark]{{color-scheme:dark;{dark}}}\n{DRAWING_RULES}\n{STYLE}</style>\n</head>\n<body>\n\
         {body}<script>\n{THEME_SCRIPT}</script>\n</body>\n</html>\n",
        escaped(name),
    )
}
