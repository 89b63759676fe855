//! The prototype with its sums unrolled: what is fixed, and where a decision goes.

use std::collections::BTreeSet;

use netsynth_graph::{Graph, MAX_CHANNELS, MAX_SIDE, Op, Shape};

use crate::blocks::{Block, residual_blocks};
use crate::drafts::{Draft, linear_pointwise, nodes_of, resolution, tied_widths, with_new_projections};
use crate::sums::{projections, terms, unrolled_operators, width_sources};
use crate::{Decision, Domain, Kind, SearchSpaceSpec, SpaceError};

/// The most nodes of a prototype (its links grow with their square), and the most choices of a decision.
const MAX_NODES: usize = 2000;
const MAX_CHOICES: usize = 1 << 12;

/// How many times as wide as the prototype's a width may be.
pub(crate) const MAX_WIDTH_FACTOR: f64 = 64.0;

/// The prototype as slots for nodes, sums left out: they follow from what each slot reads.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    pub(crate) input: Shape,
    pub(crate) slots: Vec<Slot>,
    pub(crate) classes: Vec<WidthClass>,
    pub(crate) stages: Vec<Stage>,
}

/// Room for one node. Slots only read slots before them.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    pub(crate) name: String,
    pub(crate) op: Op,
    /// Shape of the prototype's output here.
    pub(crate) shape: Shape,
    /// Rows and columns of the prototype's input here.
    pub(crate) reads: (usize, usize),
    /// What it reads, for each of its input positions.
    pub(crate) inputs: Vec<Vec<Term>>,
    /// The class of its output's width, an index into [`Template::classes`].
    pub(crate) class: Option<usize>,
    pub(crate) kernel_decision: Option<usize>,
    pub(crate) is_projection: bool,
}

/// One possible summand of an input.
#[derive(Debug, Clone)]
pub(crate) struct Term {
    /// The slot read, `None` for the image.
    pub(crate) source: Option<usize>,
    /// Whether the prototype reads it.
    pub(crate) in_prototype: bool,
    /// The decision whether it is read; without one it is read as the prototype does.
    pub(crate) decision: Option<usize>,
}

/// Convolutions with widths that the prototype's sums tie together.
#[derive(Debug, Clone)]
pub(crate) struct WidthClass {
    pub(crate) channels: usize,
    pub(crate) n_members: usize,
    pub(crate) decision: Option<usize>,
}

/// The residual blocks of one resolution.
#[derive(Debug, Clone)]
pub(crate) struct Stage {
    /// Slots of each block that can be left out, in order; the last block goes first.
    pub(crate) removable: Vec<Vec<usize>>,
    pub(crate) n_fixed: usize,
    pub(crate) decision: Option<usize>,
}

impl Template {
    /// Unrolls a prototype and enumerates the decisions of a space around it.
    pub(crate) fn new(
        spec: &SearchSpaceSpec,
        prototype: &Graph,
    ) -> Result<(Self, Vec<Decision>), SpaceError> {
        if prototype.len() > MAX_NODES {
            let what = "nodes in the prototype".to_owned();
            return Err(SpaceError::TooLarge { found: prototype.len(), what, limit: MAX_NODES });
        }
        let mut template = Self::unroll(spec, prototype)?;
        let mut decisions = Vec::new();
        template.decide_depth(spec, prototype, &mut decisions);
        for slot in 0..template.slots.len() {
            template.decide_channels(spec, slot, &mut decisions)?;
            template.decide_kernel(spec, slot, &mut decisions)?;
            template.decide_links(spec, slot, &mut decisions);
        }
        Ok((template, decisions))
    }

    /// The template without decisions.
    fn unroll(spec: &SearchSpaceSpec, prototype: &Graph) -> Result<Self, SpaceError> {
        let is_projection = projections(prototype);
        let operators = unrolled_operators(prototype, &is_projection)?;
        let sources = width_sources(prototype);
        let ties = tied_widths(prototype, &sources)?;
        let drafts = if spec.links.projections {
            with_new_projections(prototype, &sources, &ties)
        } else {
            nodes_of(prototype).map(Draft::Node).collect()
        };

        let mut slot_of = vec![None; prototype.len()];
        for (slot, draft) in drafts.iter().enumerate() {
            if let Draft::Node(number) = draft {
                slot_of[*number] = Some(slot);
            }
        }
        let roots: Vec<usize> = (0..prototype.len())
            .filter(|&number| sources[number] == Some(number) && ties.class(number) == number)
            .collect();
        let class_of = |source: usize| roots.iter().position(|&root| root == ties.class(source));
        let mut classes: Vec<WidthClass> = roots
            .iter()
            .map(|&root| WidthClass {
                channels: prototype.node(root).shape.channels,
                n_members: 0,
                decision: None,
            })
            .collect();
        let slots: Vec<Slot> = drafts
            .into_iter()
            .map(|draft| match draft {
                Draft::Node(number) => {
                    let node = prototype.node(number);
                    let read = |input: &Option<usize>| {
                        terms(prototype, *input)
                            .into_iter()
                            .map(|term| Term {
                                source: term.and_then(|source| slot_of[source]),
                                in_prototype: true,
                                decision: None,
                            })
                            .collect()
                    };
                    Slot {
                        name: node.name.clone(),
                        op: operators[number].clone(),
                        shape: node.shape,
                        reads: resolution(prototype.input_shape(number)),
                        inputs: node.inputs.iter().map(read).collect(),
                        class: sources[number].and_then(class_of),
                        kernel_decision: None,
                        is_projection: is_projection[number],
                    }
                }
                Draft::Projection { stride, shape, from, width_source } => Slot {
                    name: format!("project{}to{}", from.height, shape.height),
                    op: Op::Conv(linear_pointwise(shape.channels, stride)),
                    shape,
                    reads: resolution(from),
                    // Nothing, unless decided.
                    inputs: vec![Vec::new()],
                    class: class_of(width_source),
                    kernel_decision: None,
                    is_projection: true,
                },
            })
            .collect();
        for slot in slots.iter().filter(|slot| matches!(slot.op, Op::Conv(_))) {
            if let Some(class) = slot.class {
                classes[class].n_members += 1;
            }
        }
        for slot in &slots {
            let sum = format!("{}.sum", slot.name);
            if slots.iter().any(|other| other.name == sum) {
                return Err(SpaceError::Prototype {
                    node: sum,
                    reason: format!("has the name of the sum that `{}` may get", slot.name),
                    remedy: "rename it: names that end in .sum are for sums".to_owned(),
                });
            }
        }
        Ok(Self { input: prototype.input(), slots, classes, stages: stages(prototype, &slot_of) })
    }

    fn decide_depth(&mut self, spec: &SearchSpaceSpec, prototype: &Graph, decisions: &mut Vec<Decision>) {
        let Some(least) = spec.least_depth else { return };
        let resolutions = stage_resolutions(prototype);
        for (stage, resolution) in self.stages.iter_mut().zip(resolutions) {
            let most = stage.n_fixed + stage.removable.len();
            let depths: Vec<usize> = (least.max(stage.n_fixed).min(most)..=most).collect();
            if depths.len() > 1 {
                stage.decision = Some(decisions.len());
                decisions.push(Decision {
                    name: format!("depth {}x{}", resolution.0, resolution.1),
                    kind: Kind::Depth,
                    nodes: stage
                        .removable
                        .iter()
                        .flatten()
                        .map(|&slot| self.slots[slot].name.clone())
                        .collect(),
                    prototype: depths.len() - 1,
                    domain: Domain::Ordinal(depths),
                });
            }
        }
    }

    fn decide_channels(
        &mut self,
        spec: &SearchSpaceSpec,
        slot: usize,
        decisions: &mut Vec<Decision>,
    ) -> Result<(), SpaceError> {
        let (Some(widths), Some(class)) = (&spec.widths, self.slots[slot].class) else { return Ok(()) };
        let is_member = |slot: &&Slot| slot.class == Some(class) && matches!(slot.op, Op::Conv(_));
        let nodes = self.slots.iter().filter(is_member).map(|slot| slot.name.clone()).collect();
        let class = &mut self.classes[class];
        if class.decision.is_some() {
            return Ok(());
        }
        let refused = SpaceError::Widths { least: widths.least, most: widths.most, step: widths.step };
        let range = 0.0 < widths.least
            && widths.least <= 1.0
            && 1.0 <= widths.most
            && widths.most <= MAX_WIDTH_FACTOR;
        if !range || widths.step == 0 {
            return Err(refused);
        }
        let (least, most) = (class.channels as f64 * widths.least, class.channels as f64 * widths.most);
        let (least, most) = ((least.round() as usize).max(1), (most.round() as usize).min(MAX_CHANNELS));
        // Steps are counted from the prototype's width, so that it is always one of the choices.
        let values: Vec<usize> =
            (least..=most).filter(|width| width.abs_diff(class.channels) % widths.step == 0).collect();
        if values.len() > MAX_CHOICES {
            let what = format!("widths of `{}`", self.slots[slot].name);
            return Err(SpaceError::TooLarge { found: values.len(), what, limit: MAX_CHOICES });
        }
        if values.len() > 1 {
            class.decision = Some(decisions.len());
            let prototype = values.iter().position(|&width| width == class.channels).ok_or(refused)?;
            decisions.push(Decision {
                name: format!("channels {}", self.slots[slot].name),
                kind: Kind::Channels,
                nodes,
                prototype,
                domain: Domain::Ordinal(values),
            });
        }
        Ok(())
    }

    fn decide_kernel(
        &mut self,
        spec: &SearchSpaceSpec,
        slot: usize,
        decisions: &mut Vec<Decision>,
    ) -> Result<(), SpaceError> {
        let slot = &mut self.slots[slot];
        let Op::Conv(conv) = &slot.op else { return Ok(()) };
        if spec.kernels.is_empty() || conv.kernel == 1 {
            return Ok(());
        }
        let refuse = |reason: &str| {
            Err(SpaceError::Kernels { kernels: spec.kernels.clone(), reason: reason.to_owned() })
        };
        if spec.kernels.iter().any(|kernel| kernel.is_multiple_of(2)) {
            return refuse("an even side would change the resolution");
        }
        if spec.kernels.iter().any(|&kernel| kernel > MAX_SIDE) {
            return refuse(&format!("a side is above {MAX_SIDE}"));
        }
        if !spec.kernels.is_sorted_by(|one, next| one < next) {
            return refuse("the sides do not rise");
        }
        let Some(prototype) = spec.kernels.iter().position(|&kernel| kernel == conv.kernel) else {
            return refuse(&format!("the prototype's {} of `{}` is missing", conv.kernel, slot.name));
        };
        if spec.kernels.len() > 1 {
            slot.kernel_decision = Some(decisions.len());
            decisions.push(Decision {
                name: format!("kernel {}", slot.name),
                kind: Kind::Kernel,
                nodes: vec![slot.name.clone()],
                prototype,
                domain: Domain::Ordinal(spec.kernels.clone()),
            });
        }
        Ok(())
    }

    /// A slot that reads a stream of tied widths may read any earlier convolution of that resolution, and may
    /// leave out any that it reads.
    fn decide_links(&mut self, spec: &SearchSpaceSpec, reader: usize, decisions: &mut Vec<Decision>) {
        if !self.reads_stream(reader) {
            return;
        }
        let read: BTreeSet<usize> = self.slots[reader].inputs[0]
            .iter()
            .filter(|term| term.in_prototype)
            .filter_map(|term| term.source)
            .collect();
        let candidates: Vec<usize> = (0..reader)
            .filter(|&source| {
                let slot = &self.slots[source];
                let fits =
                    resolution(slot.shape) == self.slots[reader].reads && matches!(slot.op, Op::Conv(_));
                read.contains(&source) || fits
            })
            .collect();
        let mut inputs = Vec::new();
        for &source in &candidates {
            let crosses = self.slots[reader].is_projection || self.slots[source].is_projection;
            let (kind, varies) = if crosses {
                (Kind::Projection, spec.links.projections)
            } else {
                (Kind::Link, spec.links.summands)
            };
            let in_prototype = read.contains(&source);
            // A single candidate that the prototype reads is no choice: the node would read nothing.
            let is_choice = varies && !(in_prototype && candidates.len() == 1);
            if !in_prototype && !is_choice {
                continue;
            }
            let decision = is_choice.then(|| {
                decisions.push(Decision {
                    name: format!("{} <- {}", self.slots[reader].name, self.slots[source].name),
                    kind,
                    nodes: vec![self.slots[reader].name.clone(), self.slots[source].name.clone()],
                    prototype: usize::from(in_prototype),
                    domain: Domain::Switch,
                });
                decisions.len() - 1
            });
            inputs.push(Term { source: Some(source), in_prototype, decision });
        }
        self.slots[reader].inputs[0] = inputs;
    }

    /// Whether a slot reads a residual stream: a width that several convolutions write. A new projection does.
    fn reads_stream(&self, reader: usize) -> bool {
        match self.slots[reader].inputs.as_slice() {
            [terms] => match terms.first() {
                Some(term) => term.source.is_some_and(|source| {
                    self.slots[source].class.is_some_and(|class| self.classes[class].n_members > 1)
                }),
                None => true,
            },
            _ => false,
        }
    }
}

/// The resolutions that have residual blocks, in order of their first.
fn stage_resolutions(prototype: &Graph) -> Vec<(usize, usize)> {
    let mut resolutions: Vec<(usize, usize)> = Vec::new();
    for block in residual_blocks(prototype) {
        if !resolutions.contains(&block.resolution) {
            resolutions.push(block.resolution);
        }
    }
    resolutions
}

fn stages(prototype: &Graph, slot_of: &[Option<usize>]) -> Vec<Stage> {
    let blocks = residual_blocks(prototype);
    stage_resolutions(prototype)
        .into_iter()
        .map(|resolution| {
            let here: Vec<&Block> = blocks.iter().filter(|block| block.resolution == resolution).collect();
            let removable: Vec<Vec<usize>> = here
                .iter()
                .filter_map(|block| block.removable.as_ref())
                .map(|nodes| nodes.iter().filter_map(|&node| slot_of[node]).collect())
                .collect();
            Stage { n_fixed: here.len() - removable.len(), removable, decision: None }
        })
        .collect()
}
