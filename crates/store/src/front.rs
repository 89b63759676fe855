use std::collections::BTreeSet;

use netsynth_graph::schema::SCHEMA;
use netsynth_graph::{ArchitectureId, Cost};
use netsynth_search::{
    Constraint, Metric, Metrics, Objective, ParetoFront, SearchPlan, Source, Trial, Unit, Variant,
    hypervolume, variants,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::CertifiedTrial;

/// The Pareto front as a file: derived from the trials, and rebuilt from them at any time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FrontFile {
    /// The file format's version.
    pub schema: u32,
    /// The members, the best in the plan's first measured objective first, or the most accurate.
    pub members: Vec<FrontRow>,
    /// The share of its area that the front dominates, by [`dominated_share`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hypervolume: Option<f64>,
}

/// One member of the front.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// The other measured metrics, by their names; earlier versions measured accuracy alone.
    #[serde(default, skip_serializing_if = "Metrics::is_empty")]
    pub measured: Metrics,
    /// The counted metrics that the plan asks for and the cost does not keep.
    #[serde(default, skip_serializing_if = "Metrics::is_empty")]
    pub counted: Metrics,
    /// How sure its accuracy is, where the run has certificates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertifiedTrial>,
}

impl FrontRow {
    /// Whether it is shown to meet the indicator's accuracy; nothing where it is not known.
    pub fn is_shown(&self) -> Option<bool> {
        self.certificate.as_ref()?.is_shown
    }

    /// All metrics that are known of the member.
    pub fn metrics(&self) -> Metrics {
        let accuracy = Metrics::from([(Metric::Accuracy, self.accuracy)]);
        Metrics::counted(&self.cost).and(self.counted).and(self.measured).and(accuracy)
    }
}

impl FrontFile {
    /// The front that these trials have by their plan.
    pub fn of(trials: &[Trial], plan: &SearchPlan) -> Self {
        let front = ParetoFront::of(trials, &plan.objectives, &plan.indicator, plan.rungs.len());
        Self::new(&front, trials, plan)
    }

    /// The front of these trials.
    pub fn new(front: &ParetoFront, trials: &[Trial], plan: &SearchPlan) -> Self {
        let picks = variants(front);
        let kept = [Metric::Parameters, Metric::Macs, Metric::PeakActivations];
        let asked: BTreeSet<Metric> = plan.counted().filter(|metric| !kept.contains(metric)).collect();
        let members = front.members.iter().filter_map(|(number, metrics)| {
            let trial = trials.iter().find(|trial| trial.number == *number)?;
            Some(FrontRow {
                trial: *number,
                id: trial.id,
                accuracy: metrics.get(Metric::Accuracy)?,
                cost: trial.cost,
                net_score: plan.performance.of(metrics.get(plan.quality())?, &trial.cost),
                variants: picks
                    .iter()
                    .filter(|(_, pick)| pick == number)
                    .map(|(variant, _)| *variant)
                    .collect(),
                measured: metrics.of_source(Source::Measured).without(Metric::Accuracy),
                counted: asked
                    .iter()
                    .filter_map(|&metric| Some((metric, metric.counted(&trial.cost)?)))
                    .collect(),
                certificate: None,
            })
        });
        Self { schema: SCHEMA, members: members.collect(), hypervolume: dominated_share(front, plan) }
    }

    /// The variants with the numbers of their trials; one trial can be both.
    pub fn variants(&self) -> Vec<(Variant, usize)> {
        let of = |variant: Variant| {
            let row = self.members.iter().find(|row| row.variants.contains(&variant))?;
            Some((variant, row.trial))
        };
        Variant::ALL.into_iter().filter_map(of).collect()
    }

    /// The front as comma-separated values with a header line. A metric beside the cost has a column if a member has a value.
    pub fn csv(&self) -> String {
        let named = self.members.iter().flat_map(|row| row.measured.iter().chain(row.counted.iter()));
        let more: BTreeSet<Metric> = named.map(|(metric, _)| metric).collect();
        let mut text = "trial,id,accuracy,parameters,macs,peak_activations,net_score,variants".to_owned();
        more.iter().for_each(|metric| text += &format!(",{}", metric.name()));
        text.push('\n');
        for row in &self.members {
            let Cost { parameters, macs, peak_activations, .. } = row.cost;
            let variants: Vec<String> = row.variants.iter().map(ToString::to_string).collect();
            text += &format!(
                "{},{},{},{parameters},{macs},{peak_activations},{},{}",
                row.trial,
                row.id,
                row.accuracy,
                row.net_score,
                variants.join(" ")
            );
            let known = row.measured.and(row.counted);
            for metric in &more {
                let value = known.get(*metric).map_or(String::new(), |value| value.to_string());
                text += &format!(",{value}");
            }
            text.push('\n');
        }
        text
    }
}

/// The share that a front dominates of the area between a plan's bounds and an ideal network, one of which every
/// share is 1 and that costs nothing; `None` where an objective has no bound.
pub fn dominated_share(front: &ParetoFront, plan: &SearchPlan) -> Option<f64> {
    let losses = |metrics: &Metrics| -> Option<Vec<f64>> {
        plan.objectives.iter().map(|objective| scaled_loss(*objective, metrics, plan)).collect()
    };
    let points: Option<Vec<Vec<f64>>> = front.members.iter().map(|(_, metrics)| losses(metrics)).collect();
    Some(hypervolume(&points?, &vec![1.0; plan.objectives.len()]))
}

/// An objective's loss between 0, the ideal, and 1, the indicator's bound; `None` where there is no bound.
fn scaled_loss(objective: Objective, metrics: &Metrics, plan: &SearchPlan) -> Option<f64> {
    let metric = objective.metric();
    let value = metrics.get(metric)?;
    plan.indicator.constraints.iter().find_map(|constraint| match (objective, constraint) {
        (Objective::Maximise(_), Constraint::AtLeast(bounded, bound))
            if *bounded == metric && metric.unit() == Unit::Share =>
        {
            (*bound < 1.0).then(|| (1.0 - value) / (1.0 - bound))
        }
        (Objective::Minimise(_), Constraint::AtMost(bounded, bound)) if *bounded == metric => {
            Some(value / bound)
        }
        _ => None,
    })
}
