use netsynth_graph::schema::SCHEMA;
use netsynth_search::{Certificate, SearchPlan, Trial, Variant};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Audit, CONFIDENCE, Entry, FrontFile, RunFolder, StoreError};

/// How sure the accuracies of a search's finalists are, written once, before its variants are trained: of a run that has
/// them nano-b is the smallest finalist that is shown to meet the indicator, if one is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Certificates {
    /// The file format's version.
    pub schema: u32,
    /// With what confidence all bounds hold together.
    pub confidence: f64,
    /// The accuracy that the indicator asks for, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<f64>,
    /// The finalists whose accuracy is judged by people who judged nothing in the search, in the front's order.
    pub finalists: Vec<CertifiedTrial>,
}

/// A finalist and how sure its accuracy is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CertifiedTrial {
    /// The trial.
    pub trial: usize,
    /// Its accuracy from scratch on people whom it was not trained on, and its bound.
    pub certificate: Certificate,
    /// Whether the bound keeps the indicator's accuracy; nothing where it asks for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_shown: Option<bool>,
}

impl Certificates {
    /// What an audit has shown. Where all people judged networks in the search that is nothing.
    pub fn of(audit: &Audit) -> Self {
        let finalists = audit.finalists.iter().filter(|_| audit.is_of_new_people).filter_map(|finalist| {
            let is_shown = audit.floor.and_then(|floor| finalist.is_shown(floor));
            Some(CertifiedTrial {
                trial: finalist.member.trial,
                certificate: finalist.certificate?,
                is_shown,
            })
        });
        Self { schema: SCHEMA, confidence: CONFIDENCE, floor: audit.floor, finalists: finalists.collect() }
    }

    /// The certificate of a trial, if it has one.
    pub fn of_trial(&self, trial: usize) -> Option<&CertifiedTrial> {
        self.finalists.iter().find(|finalist| finalist.trial == trial)
    }
}

impl FrontFile {
    /// The front with these certificates, and with the smallest member that is shown to meet the indicator as nano-b; where none
    /// is, nano-b stays the smallest.
    #[must_use]
    pub fn certified(mut self, certificates: &Certificates) -> Self {
        for row in &mut self.members {
            row.certificate = certificates.of_trial(row.trial).cloned();
        }
        let shown = self.members.iter().filter(|row| row.is_shown() == Some(true));
        if let Some(smallest) = shown.min_by_key(|row| (row.cost.parameters, row.trial)).map(|row| row.trial)
        {
            for row in &mut self.members {
                row.variants.retain(|variant| *variant != Variant::NanoB);
                if row.trial == smallest {
                    row.variants.push(Variant::NanoB);
                }
            }
        }
        self
    }
}

impl RunFolder {
    /// The run's certificates, if it has come to them.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn certificates(&self) -> Result<Option<Certificates>, StoreError> {
        self.document(Entry::Certificates)
    }

    /// The front of trials, with the certificates that the run has.
    ///
    /// # Errors
    /// These cannot be read.
    pub fn front_of(&self, trials: &[Trial], plan: &SearchPlan) -> Result<FrontFile, StoreError> {
        let front = FrontFile::of(trials, plan);
        Ok(match self.certificates()? {
            Some(certificates) => front.certified(&certificates),
            None => front,
        })
    }
}
