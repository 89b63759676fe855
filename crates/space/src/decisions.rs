use std::ops::Deref;

use crate::{Decision, Genome, NamedGenome, SpaceError};

/// The decisions of a space, in the order of a genome's choices.
#[derive(Debug, Clone, PartialEq)]
pub struct Decisions(Vec<Decision>);

impl Deref for Decisions {
    type Target = [Decision];

    fn deref(&self) -> &[Decision] {
        &self.0
    }
}

impl Decisions {
    /// These decisions, in this order.
    pub fn new(decisions: Vec<Decision>) -> Self {
        Self(decisions)
    }

    /// The decimal logarithm of the number of genomes.
    pub fn log10_size(&self) -> f64 {
        self.0.iter().map(|decision| (decision.domain.choices() as f64).log10()).sum()
    }

    /// The genome with the choice `choose(its number, the decision)` for each decision.
    ///
    /// # Panics
    /// If a choice is outside its domain.
    pub fn genome(&self, mut choose: impl FnMut(usize, &Decision) -> usize) -> Genome {
        let choices = self.0.iter().enumerate().map(|(number, decision)| {
            let choice = choose(number, decision);
            assert!(choice < decision.domain.choices(), "`{}` has no choice {choice}", decision.name);
            choice as u16
        });
        Genome(choices.collect())
    }

    /// The choices that the prototype made.
    pub fn prototype(&self) -> Genome {
        self.genome(|_, decision| decision.prototype)
    }

    /// The genome with one choice changed.
    ///
    /// # Panics
    /// If the choice is outside its domain.
    pub fn with(&self, genome: &Genome, decision: usize, choice: usize) -> Genome {
        assert!(choice < self.0[decision].domain.choices(), "no choice {choice}");
        let mut changed = genome.clone();
        changed.0[decision] = choice as u16;
        changed
    }

    /// The genome as files hold it.
    pub fn named(&self, genome: &Genome) -> NamedGenome {
        let entries = self.0.iter().zip(genome.choices());
        NamedGenome(
            entries
                .map(|(decision, choice)| (decision.name.clone(), decision.domain.value(choice)))
                .collect(),
        )
    }

    /// The genome that a file holds.
    pub fn genome_of(&self, named: &NamedGenome) -> Result<Genome, SpaceError> {
        let known = |name: &String| self.0.iter().any(|decision| decision.name == *name);
        if let Some(unknown) = named.0.keys().find(|name| !known(name)) {
            return Err(SpaceError::Genome { reason: format!("there is no decision `{unknown}`") });
        }
        let choices = self.0.iter().map(|decision| {
            let value = *named.0.get(&decision.name).ok_or_else(|| SpaceError::Genome {
                reason: format!("it has no value for `{}`", decision.name),
            })?;
            let choice = decision.domain.choice(value).ok_or_else(|| SpaceError::Genome {
                reason: format!("`{}` cannot be {value}", decision.name),
            })?;
            Ok(choice as u16)
        });
        Ok(Genome(choices.collect::<Result<_, _>>()?))
    }
}
