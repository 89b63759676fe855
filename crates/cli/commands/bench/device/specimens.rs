//! The networks that a device is measured with.

use netsynth_graph::ops::{Add, Concat, Conv, Dense, GlobalAvgPool, Pool, SqueezeExcite};
use netsynth_graph::program::Largest;
use netsynth_graph::schema::SCHEMA;
use netsynth_graph::{Activation, ArchitectureSpec, Graph, INPUT, NodeSpec, Norm, Op, Shape};
use netsynth_random::{Stream, stream};
use netsynth_run::RunError;
use netsynth_run::networks::{adapted, architecture, read, space, space_specs};
use netsynth_space::{Links, SearchSpace, SearchSpaceSpec, Shape as Scale, Widths};

/// A network that is measured.
pub(super) struct Specimen {
    /// Networks that are alike: a model is judged on those of a kind that it was not fitted to.
    pub(super) kind: String,
    pub(super) graph: Graph,
}

/// Networks of every routine, whatever the spaces have.
const N_DRAWN_KINDS: usize = 4;

/// The built-in spaces, and built-in networks whose widths and kernels are varied.
const SPACES: [&str; 2] = ["emotionnet", "micro"];
const PROTOTYPES: [&str; 6] =
    ["nano-b", "nano-a-class", "resnet50", "mobilenet-v1", "efficientnet-b0", "micro-exp-net"];

/// The same networks each time: every second one is drawn operator by operator, the others from spaces in turn.
pub(super) fn specimens(n_networks: usize) -> Result<Vec<Specimen>, RunError> {
    let varied_ones: Vec<&str> = SPACES.into_iter().chain(PROTOTYPES).collect();
    (0..n_networks)
        .map(|number| {
            let mut random = stream(0, "device", &[number as u64]);
            let place = number / 2;
            if number % 2 == 0 {
                let kind = format!("drawn {}", place % N_DRAWN_KINDS + 1);
                return Ok(Specimen { kind, graph: drawn(&mut random)? });
            }
            let name = varied_ones[place % varied_ones.len()];
            Ok(Specimen { kind: name.to_owned(), graph: varied(name, &mut random)? })
        })
        .collect()
}

/// Whether a run takes milliseconds and its source little room.
fn is_small(graph: &Graph) -> bool {
    Largest::default().holds(&graph.cost())
}

fn one_of<T: Copy>(random: &mut Stream, all: &[T]) -> T {
    all[random.below(all.len())]
}

/// Images of a size and a number of channels.
fn image(random: &mut Stream) -> Shape {
    let side = one_of(random, &[16, 24, 32, 48, 64]);
    Shape { channels: one_of(random, &[1, 3]), height: side, width: side }
}

/// A network of a space, or around a built-in network; it is made narrower until it is small.
fn varied(name: &str, random: &mut Stream) -> Result<Graph, RunError> {
    let (input, n_classes) = (image(random), 2 + random.below(9));
    let space = space_of(name, input, n_classes)?;
    let decisions = space.decisions();
    let mut genome = decisions.genome(|_, decision| random.below(decision.domain.choices()));
    loop {
        let graph = space.decode(&genome, name)?;
        let narrower = decisions.shaped(&genome, &Scale::scaled(0.8, 1.0));
        if is_small(&graph) || narrower == genome {
            return Ok(graph);
        }
        genome = narrower;
    }
}

fn space_of(name: &str, input: Shape, n_classes: usize) -> Result<SearchSpace, RunError> {
    let source = read(name)?;
    if SPACES.contains(&name) {
        let (spec, prototype) = space_specs(&source)?;
        return space(name, &spec, &adapted(prototype, input, n_classes));
    }
    let (prototype, graph) = architecture(&source)?;
    let kernels = graph.nodes().filter_map(|node| match &node.op {
        Op::Conv(conv) => Some(conv.kernel),
        _ => None,
    });
    let are_odd = kernels.into_iter().all(|kernel| [1, 3, 5, 7].contains(&kernel));
    let spec = SearchSpaceSpec {
        schema: SCHEMA,
        name: name.to_owned(),
        about: String::new(),
        prototype: name.to_owned(),
        widths: Some(Widths { least: 0.04, most: 1.0, step: 1 }),
        kernels: if are_odd { vec![1, 3, 5, 7] } else { Vec::new() },
        least_depth: None,
        links: Links::default(),
    };
    space(name, &spec, &adapted(prototype, input, n_classes))
}

/// A chain of operators, with sums and joined branches.
fn drawn(random: &mut Stream) -> Result<Graph, RunError> {
    loop {
        let input = image(random);
        let mut chain = Chain { nodes: Vec::new(), end: INPUT.to_owned(), shape: input };
        chain.conv(random, 1);
        for _ in 0..3 + random.below(6) {
            chain.grow(random);
        }
        // Either over means, or over all that is there.
        if random.below(4) > 0 || chain.shape.elements() > 1024 {
            chain.then(Op::GlobalAvgPool(GlobalAvgPool {}), Shape::vector(chain.shape.channels));
        }
        let units = 2 + random.below(9);
        chain.then(Op::Dense(Dense { units, activation: Activation::Linear }), Shape::vector(units));
        let graph = Graph::new(&ArchitectureSpec::new("drawn", input, chain.nodes))?;
        if is_small(&graph) {
            return Ok(graph);
        }
    }
}

/// Nodes in a row, of which the last has this shape.
struct Chain {
    nodes: Vec<NodeSpec>,
    end: String,
    shape: Shape,
}

impl Chain {
    fn joined(&mut self, from: Vec<String>, op: Op, shape: Shape) {
        self.end = format!("x{}", self.nodes.len());
        self.nodes.push(NodeSpec { name: self.end.clone(), from, op });
        self.shape = shape;
    }

    fn then(&mut self, op: Op, shape: Shape) {
        self.joined(vec![self.end.clone()], op, shape);
    }

    fn convolved(
        &mut self,
        random: &mut Stream,
        channels: usize,
        groups: usize,
        kernel: usize,
        stride: usize,
    ) {
        use Activation::{Linear, Relu, Relu6, Swish};
        let activation = one_of(random, &[Linear, Relu, Relu, Relu6, Swish]);
        let conv = Conv { channels, kernel, stride, groups, bias: true, norm: Norm::None, activation };
        let after = |side: usize| side.div_ceil(stride);
        let shape = Shape { channels, height: after(self.shape.height), width: after(self.shape.width) };
        self.then(Op::Conv(conv), shape);
    }

    /// A convolution of 3 to 66 channels, more often of few; some step by 2.
    fn conv(&mut self, random: &mut Stream, groups: usize) {
        let most = 4 << random.below(5);
        let channels = 3 + random.below(most);
        let kernel = one_of(random, &[1, 1, 3, 3, 3, 5, 7]);
        let stride = if self.shape.height > 8 && random.below(3) == 0 { 2 } else { 1 };
        self.convolved(random, channels.div_ceil(groups) * groups, groups, kernel, stride);
    }

    fn grow(&mut self, random: &mut Stream) {
        let (shape, before) = (self.shape, self.end.clone());
        match random.below(9) {
            0..3 => self.conv(random, 1),
            3 => {
                let (kernel, stride) = (one_of(random, &[3, 5]), one_of(random, &[1, 1, 2]));
                self.convolved(random, shape.channels, shape.channels, kernel, stride);
            }
            4 if shape.channels % 2 == 0 => self.conv(random, 2),
            5 => {
                let kernel = one_of(random, &[1, 3]);
                self.convolved(random, shape.channels, 1, kernel, 1);
                let sum = Op::Add(Add { norm: Norm::None, activation: Activation::Relu });
                self.joined(vec![self.end.clone(), before], sum, shape);
            }
            6 => {
                let branch = 3 + random.below(14);
                self.convolved(random, branch, 1, 1, 1);
                let channels = shape.channels + branch;
                self.joined(
                    vec![before, self.end.clone()],
                    Op::Concat(Concat {}),
                    Shape { channels, ..shape },
                );
            }
            7 if shape.height > 4 => {
                let pool = Pool { kernel: 3, stride: 2 };
                let after =
                    Shape { height: shape.height.div_ceil(2), width: shape.width.div_ceil(2), ..shape };
                let op = if random.below(2) == 0 { Op::MaxPool(pool) } else { Op::AvgPool(pool) };
                self.then(op, after);
            }
            8 => {
                let reduced = shape.channels.div_ceil(4);
                self.then(Op::SqueezeExcite(SqueezeExcite { reduced, activation: Activation::Relu }), shape);
            }
            _ => self.conv(random, 1),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use netsynth_graph::program::{Program, Routine, Work};

    use super::*;

    #[test]
    fn every_routine_is_measured_in_several_kinds_and_the_same_each_time() {
        let specimens = specimens(64).unwrap();
        for routine in Routine::ALL {
            let is_in = |specimen: &&Specimen| {
                let program = Program::new(&specimen.graph);
                program.steps.iter().any(|step| Work::of(&program, step).routine == routine)
            };
            let kinds: BTreeSet<&str> =
                specimens.iter().filter(is_in).map(|specimen| specimen.kind.as_str()).collect();
            assert!(kinds.len() > 1, "{routine:?}: {kinds:?}");
        }
        assert!(specimens.iter().all(|specimen| is_small(&specimen.graph)));
        let again = super::specimens(64).unwrap();
        assert!(specimens.iter().zip(&again).all(|(one, other)| one.graph.spec() == other.graph.spec()));
    }
}
