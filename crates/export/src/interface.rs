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

    /// What is done to levels before the network, in a sentence.
    pub fn normalised(&self) -> String {
        match self.normalisation {
            None => "nothing is known of how levels become numbers".to_owned(),
            Some(Normalisation::UnitInterval) => "levels are divided by 255".to_owned(),
            Some(Normalisation::PerImage) => {
                "each image's mean is subtracted, and it is divided by its standard deviation, which is at least 1".to_owned()
            }
            Some(Normalisation::Dataset { mean, sd }) => {
                format!("{mean} is subtracted from each level, and it is divided by {sd}")
            }
        }
    }
}
