//! What a predicted time is worth, in a sentence.

use netsynth_graph::program::{DeviceModel, ModelError};

use crate::numbers::{count, millions, percent};

/// Where predicted times come from, and how far they are off.
pub fn predicted(model: &DeviceModel) -> String {
    let ModelError { n_networks, median, worst, repeat } = model.error;
    format!(
        "Latency is predicted, not measured: one image on one core of {}, for networks of up to {} parameters and {} MACs. Of {n_networks} networks, each predicted by a model that knew \
         neither it nor its kind, half were at most {} off and the worst {}; times that were measured again differed by {}",
        model.device,
        count(model.largest.parameters),
        millions(model.largest.macs),
        percent(median),
        percent(worst),
        percent(repeat),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use netsynth_graph::program::Largest;

    use super::*;

    #[test]
    fn a_sentence_names_the_device_and_the_error() {
        let model = DeviceModel {
            schema: 1,
            device: "a board".to_owned(),
            error: ModelError { n_networks: 96, median: 0.05, worst: 0.31, repeat: 0.011 },
            largest: Largest::default(),
            network: 0.0,
            exponential: 0.0,
            routines: BTreeMap::new(),
        };
        assert_eq!(
            predicted(&model),
            "Latency is predicted, not measured: one image on one core of a board, for networks of up to 150,000 \
             parameters and 50.00 M MACs. Of 96 networks, each predicted by a model that \
             knew neither it nor its kind, half were at most 5.00 % off and the worst 31.00 %; times that were measured again \
             differed by 1.10 %"
        );
    }
}
