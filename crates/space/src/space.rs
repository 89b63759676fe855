use netsynth_graph::program::DeviceModel;
use netsynth_graph::{ArchitectureId, Cost, Graph, GraphError};

use crate::decode::decode;
use crate::template::Template;
use crate::{Decisions, Genome, SearchSpaceSpec, SpaceError};

/// What counting finds out about a network before any training.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// What the network is.
    pub id: ArchitectureId,
    /// What it costs.
    pub cost: Cost,
}

/// Decisions, and what counting finds out about every network that they can make.
///
/// That is all a strategy needs to know of a space: one around a prototype and a benchmark's table look alike.
pub trait Space: Sync {
    /// What people call it.
    fn name(&self) -> &str;

    /// The decisions, in the order of a genome's choices.
    fn decisions(&self) -> &Decisions;

    /// The network that a genome describes. Every genome has one; several may share it.
    fn count(&self, genome: &Genome) -> Result<Counted, GraphError>;
}

/// Everything that may vary around a prototype, found by rule.
#[derive(Debug, Clone)]
pub struct SearchSpace {
    name: String,
    template: Template,
    decisions: Decisions,
    device: Option<DeviceModel>,
}

impl SearchSpace {
    /// Enumerates the decisions of a spec around its prototype.
    pub fn new(spec: &SearchSpaceSpec, prototype: &Graph) -> Result<Self, SpaceError> {
        let (template, decisions) = Template::new(spec, prototype)?;
        if decisions.is_empty() {
            return Err(SpaceError::Empty);
        }
        Ok(Self { name: spec.name.clone(), template, decisions: Decisions::new(decisions), device: None })
    }

    /// The space of networks for a device, whose time for each is predicted, if there is one.
    #[must_use]
    pub fn on_device(self, device: Option<DeviceModel>) -> Self {
        Self { device, ..self }
    }

    /// What predicts a network's time, if there is such a device.
    pub fn device(&self) -> Option<&DeviceModel> {
        self.device.as_ref()
    }

    /// What a network of the space costs.
    pub fn cost(&self, graph: &Graph) -> Cost {
        graph.cost_on(self.device.as_ref())
    }

    /// What people call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The decisions, stages first, then in the order of the prototype's nodes.
    pub fn decisions(&self) -> &Decisions {
        &self.decisions
    }

    /// The graph that a genome describes. Every genome of this space has one; an error is a defect of netsynth.
    pub fn decode(&self, genome: &Genome, name: &str) -> Result<Graph, GraphError> {
        decode(&self.template, &self.decisions, genome, name)
    }
}

impl Space for SearchSpace {
    fn name(&self) -> &str {
        self.name()
    }

    fn decisions(&self) -> &Decisions {
        self.decisions()
    }

    fn count(&self, genome: &Genome) -> Result<Counted, GraphError> {
        let graph = self.decode(genome, "counted")?;
        Ok(Counted { id: ArchitectureId::of(&graph), cost: self.cost(&graph) })
    }
}
