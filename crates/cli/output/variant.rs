use netsynth_run::VariantMetrics;
use netsynth_search::Variant;

use crate::output::print::{count, percent};

/// What a variant is and how good, in a line.
pub(crate) fn line(variant: Variant, metrics: &VariantMetrics) -> String {
    format!(
        "{variant}: trial {}, {} parameters, {} on validation folds, {} on {} images of held-out subjects",
        metrics.trial,
        count(metrics.cost.parameters),
        percent(metrics.search_accuracy),
        metrics.held_out_accuracy.map_or("not judged".to_owned(), percent),
        metrics.n_held_out_images
    )
}
