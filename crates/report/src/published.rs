//! Tables 1 and 2 of the paper, as far as they are known.

use std::fmt;

/// Where the numbers were published, and what was measured.
pub const SOURCE: &str = "Lee, Wang, Wong 2021 (Front. Artif. Intell. 3:609673), Table 1: CK+, 7 classes, average \
                          accuracy over ten subject-independent folds";

/// How well a published number is known to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// The paper's text states it.
    Stated,
    /// Recalled from the paper's table; every ratio that the paper's text states agrees with it.
    Remembered,
    /// It follows from what the text states of other networks.
    Inferred,
}

impl Standing {
    /// All of them, the surest first.
    pub const ALL: [Standing; 3] = [Standing::Stated, Standing::Remembered, Standing::Inferred];

    /// What the word means, in a sentence's half.
    pub fn meaning(self) -> &'static str {
        match self {
            Standing::Stated => "in the paper's text",
            Standing::Remembered => "recalled from the table, in agreement with every ratio in the text",
            Standing::Inferred => "follows from what the text says of other networks",
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Standing::Stated => "stated",
            Standing::Remembered => "remembered",
            Standing::Inferred => "inferred",
        })
    }
}

/// A published number, or the bounds between which it lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    /// It is this or more.
    pub least: f64,
    /// It is this or less; the same as `least` where the number itself is known.
    pub most: f64,
    /// How well it is known.
    pub standing: Standing,
}

impl Figure {
    /// The number, or the middle between its bounds.
    pub fn middle(self) -> f64 {
        0.5 * (self.least + self.most)
    }
}

/// A row of Table 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Published {
    /// The network, or the paper that it is from.
    pub network: &'static str,
    /// The built-in network that is it, or stands in for it.
    pub built_in: Option<&'static str>,
    /// Number of parameters; none where we know only that the row exists.
    pub parameters: Option<Figure>,
    /// Accuracy as a share of one; none where the text says only that it is far below the Nano networks'.
    pub accuracy: Option<Figure>,
}

/// The rows, in the order in which the paper's text compares them.
pub const TABLE_1: [Published; 9] = {
    use Standing::{Inferred, Remembered, Stated};
    [
        row("Ouellet 2014", None, Some(exactly(58e6, Remembered)), Some(exactly(0.944, Stated))),
        row("Feng and Ren 2018", None, Some(exactly(332e6, Remembered)), Some(exactly(0.923, Stated))),
        row("Wang and Gong 2019", None, Some(exactly(5.4e6, Remembered)), Some(exactly(0.972, Stated))),
        row("Otberdout et al. 2019", None, Some(exactly(11e6, Remembered)), Some(exactly(0.984, Stated))),
        row("ResNet-50", Some("resnet50"), None, None),
        row("MobileNetV1", Some("mobilenet-v1"), None, None),
        row(
            "EfficientNet-B0",
            Some("efficientnet-b0"),
            Some(exactly(4.06e6, Inferred)),
            Some(Figure { least: 0.806, most: 0.816, standing: Stated }),
        ),
        row(
            "EmotionNet Nano-A",
            Some("nano-a-class"),
            Some(exactly(232e3, Stated)),
            Some(exactly(0.976, Stated)),
        ),
        row(
            "EmotionNet Nano-B",
            Some("nano-b"),
            Some(exactly(136e3, Remembered)),
            Some(exactly(0.927, Stated)),
        ),
    ]
};

const fn row(
    network: &'static str,
    built_in: Option<&'static str>,
    parameters: Option<Figure>,
    accuracy: Option<Figure>,
) -> Published {
    Published { network, built_in, parameters, accuracy }
}

/// Where the speeds were published, and what was measured.
pub const SPEED_SOURCE: &str = "Lee, Wang, Wong 2021 (Front. Artif. Intell. 3:609673), Table 2: an ARM v8.2 processor in two power modes; \
                                images/s/W are images/s over the watts of the mode";

/// A speed of Table 2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PublishedSpeed {
    /// The network.
    pub network: &'static str,
    /// The power mode of the device, in watts.
    pub watts: f64,
    /// Images a second.
    pub images_per_sec: Figure,
    /// Images a second and watt.
    pub images_per_sec_per_watt: Figure,
}

/// The speeds, network by network.
pub const TABLE_2: [PublishedSpeed; 4] = [
    speed("EmotionNet Nano-A", 15.0, 25.8, 1.72),
    speed("EmotionNet Nano-A", 30.0, 70.1, 2.34),
    speed("EmotionNet Nano-B", 15.0, 32.9, 2.19),
    speed("EmotionNet Nano-B", 30.0, 72.9, 2.43),
];

const fn speed(network: &'static str, watts: f64, rate: f64, rate_per_watt: f64) -> PublishedSpeed {
    let (images_per_sec, images_per_sec_per_watt) =
        (exactly(rate, Standing::Remembered), exactly(rate_per_watt, Standing::Remembered));
    PublishedSpeed { network, watts, images_per_sec, images_per_sec_per_watt }
}

const fn exactly(value: f64, standing: Standing) -> Figure {
    Figure { least: value, most: value, standing }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{Figure, Standing, TABLE_1, TABLE_2};

    #[test]
    fn images_a_second_and_watt_are_those_of_the_power_mode() {
        for speed in TABLE_2 {
            let rate = speed.images_per_sec.middle() / speed.watts;
            assert!((rate - speed.images_per_sec_per_watt.middle()).abs() < 0.006, "{speed:?}");
        }
    }

    #[test]
    fn the_nano_networks_keep_the_papers_indicator_and_no_bound_is_crossed() {
        for row in TABLE_1.iter().filter(|row| row.network.contains("Nano")) {
            assert!(row.accuracy.unwrap().least >= 0.92 && row.parameters.unwrap().most <= 1e6);
        }
        let figures = TABLE_1.iter().flat_map(|row| [row.parameters, row.accuracy]).flatten();
        assert!(figures.clone().all(|Figure { least, most, .. }| 0.0 < least && least <= most));
        assert!(figures.filter(|figure| figure.standing == Standing::Stated).count() == 8);
    }
}
