use netsynth_graph::{Graph, GraphError};

use crate::decode::decode;
use crate::template::Template;
use crate::{Decision, Genome, NamedGenome, SearchSpaceSpec, SpaceError};

/// Everything that may vary around a prototype, found by rule.
#[derive(Debug, Clone)]
pub struct SearchSpace {
    name: String,
    template: Template,
    decisions: Vec<Decision>,
}

impl SearchSpace {
    /// Enumerates the decisions of a spec around its prototype.
    pub fn new(spec: &SearchSpaceSpec, prototype: &Graph) -> Result<Self, SpaceError> {
        let (template, decisions) = Template::new(spec, prototype)?;
        if decisions.is_empty() {
            return Err(SpaceError::Empty);
        }
        Ok(Self { name: spec.name.clone(), template, decisions })
    }

    /// What people call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The decisions, stages first, then in the order of the prototype's nodes.
    pub fn decisions(&self) -> &[Decision] {
        &self.decisions
    }

    /// The decimal logarithm of the number of genomes.
    pub fn log10_size(&self) -> f64 {
        self.decisions.iter().map(|decision| (decision.domain.choices() as f64).log10()).sum()
    }

    /// The genome whose choice for each decision is `choose(its number, the decision)`.
    ///
    /// # Panics
    /// If a choice is outside its domain.
    pub fn genome(&self, mut choose: impl FnMut(usize, &Decision) -> usize) -> Genome {
        let choices = self.decisions.iter().enumerate().map(|(number, decision)| {
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
        assert!(choice < self.decisions[decision].domain.choices(), "no choice {choice}");
        let mut changed = genome.clone();
        changed.0[decision] = choice as u16;
        changed
    }

    /// The graph that a genome describes. Every genome of this space has one; an error is a defect of netsynth.
    pub fn decode(&self, genome: &Genome, name: &str) -> Result<Graph, GraphError> {
        decode(&self.template, &self.decisions, genome, name)
    }

    /// The genome as files hold it.
    pub fn named(&self, genome: &Genome) -> NamedGenome {
        let entries = self.decisions.iter().zip(genome.choices());
        NamedGenome(
            entries
                .map(|(decision, choice)| (decision.name.clone(), decision.domain.value(choice)))
                .collect(),
        )
    }

    /// The genome that a file holds.
    pub fn genome_of(&self, named: &NamedGenome) -> Result<Genome, SpaceError> {
        let known = |name: &String| self.decisions.iter().any(|decision| decision.name == *name);
        if let Some(stranger) = named.0.keys().find(|name| !known(name)) {
            return Err(SpaceError::Genome { reason: format!("there is no decision `{stranger}`") });
        }
        let choices = self.decisions.iter().map(|decision| {
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
