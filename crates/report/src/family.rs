//! What a search brought beyond the scaled family, in a sentence.

use netsynth_search::{Lead, Metric};

use crate::numbers::count;

/// How far the ends and the middle of a front lie above the scaled family; nothing where no member can be compared with it.
pub fn above_family(leads: &[Lead], quality: Metric) -> Option<String> {
    let mut shown: Vec<usize> = match leads.len() {
        0 => return None,
        n_leads => vec![0, n_leads / 2, n_leads - 1],
    };
    shown.dedup();
    let points = shown.iter().map(|&at| {
        let Lead { parameters, gain, .. } = leads[at];
        format!("{:+.1} points at {} parameters", 100.0 * gain, count(parameters))
    });
    let points: Vec<String> = points.collect();
    Some(format!(
        "Against the prototype with all widths and depths scaled, as this search measured both in {quality}: {}.",
        points.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_names_the_ends_and_the_middle() {
        let lead = |trial: usize, parameters: u64, gain: f64| Lead { trial, parameters, gain };
        let leads =
            [lead(1, 90_000, 0.031), lead(2, 33_000, 0.02), lead(3, 9000, 0.01), lead(4, 5000, -0.004)];
        assert_eq!(
            above_family(&leads, Metric::Accuracy).as_deref(),
            Some(
                "Against the prototype with all widths and depths scaled, as this search measured both in accuracy: \
                 +3.1 points at 90,000 parameters, +1.0 points at 9,000 parameters, -0.4 points at 5,000 parameters."
            )
        );
        assert_eq!(
            above_family(&leads[..1], Metric::Accuracy).map(|text| text.matches("points").count()),
            Some(1)
        );
        assert_eq!(above_family(&[], Metric::Accuracy), None);
    }
}
