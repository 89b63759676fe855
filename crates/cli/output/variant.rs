use netsynth_run::VariantMetrics;
use netsynth_search::{Certificate, Variant};
use netsynth_store::CONFIDENCE;

use crate::output::print::{count, percent};

/// What a variant is and how good, in a line.
pub(crate) fn line(variant: Variant, metrics: &VariantMetrics) -> String {
    let sure = Certificate::of(&metrics.held_out_people, CONFIDENCE).map(|certificate| {
        format!(" (at least {} at {:.0} %)", percent(certificate.at_least), 100.0 * CONFIDENCE)
    });
    format!(
        "{variant}: trial {}, {} parameters, {} on validation folds, {}{} on {} images of held-out subjects",
        metrics.trial,
        count(metrics.cost.parameters),
        percent(metrics.search_accuracy),
        metrics.held_out_accuracy.map_or("not judged".to_owned(), percent),
        sure.unwrap_or_default(),
        metrics.n_held_out_images
    )
}
