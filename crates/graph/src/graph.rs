use std::collections::{BTreeMap, BTreeSet};

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

use crate::cost::NodeCost;
use crate::ops::Dense;
use crate::program::{DeviceModel, Memory, Program};
use crate::{Activation, ArchitectureSpec, Cost, GraphError, INPUT, NodeSpec, Op, Shape};

/// The most nodes a network may have.
const MAX_NODES: usize = 10_000;

/// The most bytes a node's name may have.
const MAX_NAME: usize = 128;

/// The most parameters or multiply-accumulates a node may have: the sum over [`MAX_NODES`] fits into 64 bits.
const MAX_COUNT: u64 = 1 << 50;

/// A valid network: acyclic, every shape agrees, one input, one classifier, nothing unread.
///
/// Nodes are numbered in execution order; the classifier is the last. The image is not a node.
#[derive(Debug, Clone)]
pub struct Graph {
    name: String,
    input: Shape,
    /// Node indices are execution order; an edge weighs the reader's input position.
    dag: DiGraph<Node, usize>,
}

/// An operator of a network, with what it reads.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The name the spec gave it.
    pub name: String,
    /// What it computes.
    pub op: Op,
    /// What it reads: `None` is the image, `Some` the number of an earlier node.
    pub inputs: Vec<Option<usize>>,
    /// The shape of its output.
    pub shape: Shape,
    /// What it costs.
    pub cost: NodeCost,
}

impl Graph {
    /// Checks a spec and makes the network of it.
    ///
    /// # Errors
    /// The first violation of the rules above, with the node and a remedy.
    pub fn new(spec: &ArchitectureSpec) -> Result<Self, GraphError> {
        if let Some(reason) = spec.input.problem() {
            return Err(GraphError::Input { reason });
        }
        if spec.nodes.is_empty() {
            return Err(GraphError::Empty);
        }
        if spec.nodes.len() > MAX_NODES {
            return Err(GraphError::TooManyNodes { found: spec.nodes.len(), limit: MAX_NODES });
        }
        let order = execution_order(spec)?;
        let mut dag: DiGraph<Node, usize> = DiGraph::new();
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        for node in order {
            let inputs: Vec<Option<usize>> =
                node.from.iter().map(|name| numbers.get(name.as_str()).copied()).collect();
            let checked = check_node(node, &dag, spec.input, inputs)?;
            let index = dag.add_node(checked);
            for (position, name) in node.from.iter().enumerate() {
                if let Some(&source) = numbers.get(name.as_str()) {
                    dag.add_edge(NodeIndex::new(source), index, position);
                }
            }
            numbers.insert(&node.name, index.index());
        }
        let graph = Self { name: spec.name.clone(), input: spec.input, dag };
        graph.check_end()?;
        Ok(graph)
    }

    /// The name that the spec gave it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Shape of the image.
    pub fn input(&self) -> Shape {
        self.input
    }

    /// The shape of a node's output; of the image where there is no node.
    ///
    /// # Panics
    /// If there is no node of this number.
    pub fn shape(&self, source: Option<usize>) -> Shape {
        source.map_or(self.input, |number| self.node(number).shape)
    }

    /// The shape of what a node reads: of its first input, where it reads several.
    ///
    /// # Panics
    /// If there is no node of this number.
    pub fn input_shape(&self, number: usize) -> Shape {
        self.shape(self.node(number).inputs[0])
    }

    /// The nodes in execution order: every node comes after all it reads.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = &Node> {
        (0..self.len()).map(|number| self.node(number))
    }

    /// The node of this number.
    ///
    /// # Panics
    /// If there is no such node.
    pub fn node(&self, number: usize) -> &Node {
        &self.dag[NodeIndex::new(number)]
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.dag.node_count()
    }

    /// Never: a network has at least its classifier.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The numbers of the nodes that read a node, each once, in execution order.
    pub fn readers(&self, number: usize) -> Vec<usize> {
        let readers: BTreeSet<usize> = self
            .dag
            .edges_directed(NodeIndex::new(number), Direction::Outgoing)
            .map(|edge| edge.target().index())
            .collect();
        readers.into_iter().collect()
    }

    /// How many classes the classifier has.
    pub fn classes(&self) -> usize {
        self.node(self.len() - 1).shape.channels
    }

    /// What the deployed network costs for one image.
    pub fn cost(&self) -> Cost {
        self.cost_on(None)
    }

    /// The same, with the time that a device is predicted to take.
    pub fn cost_on(&self, device: Option<&DeviceModel>) -> Cost {
        let program = Program::new(self);
        let total: NodeCost = self.nodes().map(|node| node.cost).sum();
        Cost {
            parameters: total.parameters,
            macs: total.macs,
            peak_activations: self.activations().into_iter().max().unwrap_or_default(),
            memory: Memory::of(&program),
            latency: device.map(|device| device.latency(&program)),
        }
    }

    /// Numbers an optimiser trains: batch norm has a scale and a shift where the deployed network has a bias.
    pub fn trainable_parameters(&self) -> u64 {
        self.nodes().map(|node| node.cost.trainable_parameters).sum()
    }

    /// Activation numbers alive while each node runs, in execution order: its output, its inputs, and
    /// whatever a later node still reads. A dropout is nothing at inference and shares its input.
    pub fn activations(&self) -> Vec<u64> {
        // Where a value really lives: None is the image.
        let mut home: Vec<Option<usize>> = Vec::with_capacity(self.len());
        for (number, node) in self.nodes().enumerate() {
            home.push(match node.op {
                Op::Dropout(_) => node.inputs[0].and_then(|source| home[source]),
                _ => Some(number),
            });
        }
        let mut last_read: BTreeMap<Option<usize>, usize> = BTreeMap::new();
        for (number, node) in self.nodes().enumerate() {
            last_read.insert(home[number], number);
            for input in &node.inputs {
                last_read.insert(input.and_then(|source| home[source]), number);
            }
        }
        let mut alive: BTreeSet<Option<usize>> = BTreeSet::from([None]);
        (0..self.len())
            .map(|number| {
                alive.insert(home[number]);
                let total = alive.iter().map(|&value| self.shape(value).elements()).sum();
                alive.retain(|value| last_read.get(value).is_some_and(|&last| last > number));
                total
            })
            .collect()
    }

    /// The network as a spec, nodes in execution order.
    pub fn spec(&self) -> ArchitectureSpec {
        let nodes = self
            .nodes()
            .map(|node| NodeSpec {
                name: node.name.clone(),
                from: node.inputs.iter().map(|input| self.input_name(*input).to_owned()).collect(),
                op: node.op.clone(),
            })
            .collect();
        ArchitectureSpec::new(self.name.clone(), self.input, nodes)
    }

    fn input_name(&self, input: Option<usize>) -> &str {
        input.map_or(INPUT, |source| &self.node(source).name)
    }

    /// One end, and it is a linear Dense.
    fn check_end(&self) -> Result<(), GraphError> {
        let ends: Vec<usize> = (0..self.len()).filter(|&number| self.readers(number).is_empty()).collect();
        let is_classifier =
            |node: &Node| matches!(node.op, Op::Dense(Dense { activation: Activation::Linear, .. }));
        let classifier = ends.iter().rev().map(|&end| self.node(end)).find(|node| is_classifier(node));
        match (classifier, ends.as_slice()) {
            (Some(_), [_]) => Ok(()),
            (Some(classifier), ends) => {
                let loose = ends.iter().map(|&end| self.node(end)).find(|node| node.name != classifier.name);
                Err(GraphError::Unread {
                    node: loose.unwrap_or(classifier).name.clone(),
                    classifier: classifier.name.clone(),
                })
            }
            (None, ends) => {
                let last = self.node(ends.last().copied().unwrap_or(self.len() - 1));
                Err(GraphError::NoClassifier { node: last.name.clone(), op: last.op.name() })
            }
        }
    }
}

/// Infers one node's shape and cost from those it reads.
fn check_node(
    spec: &NodeSpec,
    dag: &DiGraph<Node, usize>,
    image: Shape,
    inputs: Vec<Option<usize>>,
) -> Result<Node, GraphError> {
    let shapes: Vec<Shape> =
        inputs.iter().map(|input| input.map_or(image, |source| dag[NodeIndex::new(source)].shape)).collect();
    let shape = spec.op.infer(&shapes).map_err(|refusal| GraphError::Refused {
        node: spec.name.clone(),
        op: spec.op.name(),
        inputs: described(&spec.from, &shapes),
        refusal,
    })?;
    if let Some(reason) = shape.problem() {
        return Err(GraphError::TooLarge { node: spec.name.clone(), reason });
    }
    let cost = spec.op.cost(&shapes, shape);
    for (count, what) in [(cost.trainable_parameters, "parameters"), (cost.macs, "multiply-accumulates")] {
        if count > MAX_COUNT {
            let reason = format!("{shape} takes more than {MAX_COUNT} {what}");
            return Err(GraphError::TooLarge { node: spec.name.clone(), reason });
        }
    }
    Ok(Node { name: spec.name.clone(), op: spec.op.clone(), inputs, shape, cost })
}

fn described(names: &[String], shapes: &[Shape]) -> String {
    match names {
        [] => "nothing".to_owned(),
        _ => {
            let each: Vec<String> =
                names.iter().zip(shapes).map(|(name, shape)| format!("`{name}` {shape}")).collect();
            each.join(", ")
        }
    }
}

/// The spec's nodes such that each comes after all it reads; among those ready, the earliest in the file.
fn execution_order(spec: &ArchitectureSpec) -> Result<Vec<&NodeSpec>, GraphError> {
    let mut positions: BTreeMap<&str, usize> = BTreeMap::new();
    for (position, node) in spec.nodes.iter().enumerate() {
        if let Some(reason) = name_problem(&node.name) {
            return Err(GraphError::Name { node: node.name.chars().take(24).collect(), reason });
        }
        if node.name == INPUT || positions.insert(&node.name, position).is_some() {
            return Err(GraphError::NameTaken { node: node.name.clone() });
        }
    }
    let mut waiting_for = vec![0usize; spec.nodes.len()];
    let mut readers: Vec<Vec<usize>> = vec![Vec::new(); spec.nodes.len()];
    for (position, node) in spec.nodes.iter().enumerate() {
        for input in node.from.iter().filter(|input| *input != INPUT) {
            let Some(&source) = positions.get(input.as_str()) else {
                return Err(unknown_input(node, input, &positions));
            };
            waiting_for[position] += 1;
            readers[source].push(position);
        }
    }
    let mut ready: BTreeSet<usize> =
        (0..spec.nodes.len()).filter(|&position| waiting_for[position] == 0).collect();
    let mut order = Vec::with_capacity(spec.nodes.len());
    while let Some(position) = ready.pop_first() {
        order.push(&spec.nodes[position]);
        for &reader in &readers[position] {
            waiting_for[reader] -= 1;
            if waiting_for[reader] == 0 {
                ready.insert(reader);
            }
        }
    }
    match waiting_for.iter().position(|&inputs| inputs > 0) {
        None => Ok(order),
        Some(stuck) => Err(cycle(spec, &positions, &waiting_for, stuck)),
    }
}

/// Why a node cannot have this name, if it cannot: names appear in messages, tables and file headers.
fn name_problem(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("is empty".to_owned());
    }
    if name.len() > MAX_NAME {
        return Some(format!("begins a name of more than {MAX_NAME} bytes"));
    }
    name.chars().any(char::is_control).then(|| "has a control character".to_owned())
}

fn unknown_input(node: &NodeSpec, input: &str, positions: &BTreeMap<&str, usize>) -> GraphError {
    // A longer name is no misspelling, and its distances would take long to compute.
    let input: String = input.chars().take(MAX_NAME).collect();
    let nearest = positions.keys().copied().chain([INPUT]).min_by_key(|name| edit_distance(name, &input));
    GraphError::UnknownInput {
        node: node.name.clone(),
        input: input.escape_debug().to_string(),
        remedy: format!("did you mean `{}`?", nearest.unwrap_or(INPUT)),
    }
}

/// Walks back from a node that never became ready until a node repeats.
fn cycle(
    spec: &ArchitectureSpec,
    positions: &BTreeMap<&str, usize>,
    waiting_for: &[usize],
    stuck: usize,
) -> GraphError {
    let mut path = vec![stuck];
    loop {
        let node = &spec.nodes[path[path.len() - 1]];
        let stuck_input = node
            .from
            .iter()
            .filter_map(|name| positions.get(name.as_str()))
            .find(|&&source| waiting_for[source] > 0);
        let Some(&next) = stuck_input else { break };
        if let Some(start) = path.iter().position(|&seen| seen == next) {
            path.drain(..start);
            path.push(next);
            break;
        }
        path.push(next);
    }
    let name = |position: &usize| format!("`{}`", spec.nodes[*position].name);
    GraphError::Cycle { node: spec.nodes[path[0]].name.clone(), path: path.iter().map(name).collect() }
}

/// Levenshtein's distance, for "did you mean".
fn edit_distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}
