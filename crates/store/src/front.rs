use netsynth_graph::schema::SCHEMA;
use netsynth_graph::{ArchitectureId, Cost};
use netsynth_search::{ParetoFront, Performance, Trial, Variant, variants};
use serde::{Deserialize, Serialize};

/// The Pareto front as a file: derived from the trials, and rebuilt from them at any time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrontFile {
    /// The file format's version.
    pub schema: u32,
    /// The members, the most accurate first.
    pub members: Vec<FrontRow>,
}

/// One member of the front.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrontRow {
    /// The trial.
    pub trial: usize,
    /// What the network is.
    pub id: ArchitectureId,
    /// Share of validation images classified rightly.
    pub accuracy: f64,
    /// What the network costs.
    pub cost: Cost,
    /// The performance U, in decibels.
    pub net_score: f64,
    /// The variants that this member is.
    pub variants: Vec<Variant>,
}

impl FrontFile {
    /// The front of these trials.
    pub fn new(front: &ParetoFront, trials: &[Trial], performance: Performance) -> Self {
        let picks = variants(front);
        let members = front.members.iter().filter_map(|(number, metrics)| {
            let trial = trials.iter().find(|trial| trial.number == *number)?;
            Some(FrontRow {
                trial: *number,
                id: trial.id,
                accuracy: metrics.accuracy,
                cost: metrics.cost,
                net_score: performance.of(metrics),
                variants: picks
                    .iter()
                    .filter(|(_, pick)| pick == number)
                    .map(|(variant, _)| *variant)
                    .collect(),
            })
        });
        Self { schema: SCHEMA, members: members.collect() }
    }

    /// The front as comma-separated values with a header line.
    pub fn csv(&self) -> String {
        let mut text = "trial,id,accuracy,parameters,macs,peak_activations,net_score,variants\n".to_owned();
        for row in &self.members {
            let Cost { parameters, macs, peak_activations } = row.cost;
            let variants: Vec<String> = row.variants.iter().map(ToString::to_string).collect();
            text += &format!(
                "{},{},{},{parameters},{macs},{peak_activations},{},{}\n",
                row.trial,
                row.id,
                row.accuracy,
                row.net_score,
                variants.join(" ")
            );
        }
        text
    }
}
