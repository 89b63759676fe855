//! What a user of an exported network has to know of it.

use netsynth_data::Normalisation;

/// What goes into an exported network, and what comes out.
#[derive(Debug, Clone, PartialEq)]
pub struct Interface {
    /// The names of the classes, in the order of the logits.
    pub labels: Vec<String>,
    /// What is done to gray or colour levels of the network's size, 0 to 255, before the network; absent, it is not known, and
    /// the exported network reads the numbers that its first operator does.
    pub normalisation: Option<Normalisation>,
    /// How a photograph becomes an image of the network's size, in a sentence.
    pub preparation: String,
}

impl Interface {
    /// What the exported network reads, in a sentence.
    pub fn reads(&self, channels: usize) -> String {
        let planes = match channels {
            1 => "gray levels".to_owned(),
            3 => "levels of red, green and blue".to_owned(),
            n => format!("levels of {n} channels"),
        };
        match self.normalisation {
            None => "It reads the numbers that its first operator does; how they are made of an image is not known.".to_owned(),
            Some(_) => format!("It reads {planes}, 0 to 255. {}", self.preparation),
        }
    }

    /// The numbers that the network reads of levels, 0 to 255, as exported programs compute them: sums of levels are exact.
    pub fn numbers(&self, levels: &[u8]) -> Vec<f32> {
        let shifted =
            |mean: f32, scale: f32| levels.iter().map(|&level| (f32::from(level) - mean) * scale).collect();
        match self.normalisation {
            None => levels.iter().copied().map(f32::from).collect(),
            Some(Normalisation::UnitInterval) => shifted(0.0, 1.0 / 255.0),
            Some(Normalisation::Dataset { mean, sd }) => shifted(mean, 1.0 / sd),
            Some(Normalisation::PerImage) => {
                let count = levels.len() as u64;
                let sum: u64 = levels.iter().copied().map(u64::from).sum();
                let squares: u64 = levels.iter().map(|&level| u64::from(level) * u64::from(level)).sum();
                let deviation = libm::sqrt((squares * count - sum * sum) as f64) / count as f64;
                shifted((sum as f64 / count as f64) as f32, 1.0 / deviation.max(1.0) as f32)
            }
        }
    }

    /// What is done to levels before the network, in a sentence.
    pub fn normalised(&self) -> String {
        match self.normalisation {
            None => "nothing is known of how levels become numbers".to_owned(),
            Some(Normalisation::UnitInterval) => "levels are divided by 255".to_owned(),
            Some(Normalisation::PerImage) => {
                "the mean of each image is subtracted, and it is divided by its standard deviation, which is at least 1".to_owned()
            }
            Some(Normalisation::Dataset { mean, sd }) => {
                format!("{mean} is subtracted from each level, and it is divided by {sd}")
            }
        }
    }
}
