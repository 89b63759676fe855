//! From a genome to a graph.

use std::collections::{BTreeMap, BTreeSet};

use netsynth_graph::ops::Add;
use netsynth_graph::{ArchitectureSpec, Graph, GraphError, INPUT, NodeSpec, Op, Ties};

use crate::template::{Template, Term};
use crate::{Decision, Genome};

/// Builds the graph that a genome describes.
///
/// Blocks beyond a stage's depth and nodes that nothing reads are left out. A node for which every term was
/// decided against reads its nearest one. Terms of one sum have one width: that of the largest class among
/// them, so a link can tie a width that was free.
pub(crate) fn decode(
    template: &Template,
    decisions: &[Decision],
    genome: &Genome,
    name: &str,
) -> Result<Graph, GraphError> {
    let value = |decision: usize| decisions[decision].domain.value(genome.choice(decision));
    let removed = removed_slots(template, value);
    let inputs: Vec<Vec<Vec<Option<usize>>>> = template
        .slots
        .iter()
        .map(|slot| slot.inputs.iter().map(|terms| chosen(terms, &removed, value)).collect())
        .collect();
    let alive = alive(&inputs);
    let widths = widths(template, &inputs, &alive, value);

    let mut nodes: Vec<NodeSpec> = Vec::new();
    let mut sums: BTreeMap<Vec<Option<usize>>, String> = BTreeMap::new();
    for &number in &alive {
        let slot = &template.slots[number];
        let mut from = Vec::new();
        for terms in &inputs[number] {
            from.push(match terms.as_slice() {
                [term] => term_name(template, *term),
                several => match sums.get(several) {
                    Some(known) => known.clone(),
                    None => {
                        let sum = format!("{}.sum", slot.name);
                        sums.insert(several.to_vec(), sum.clone());
                        nodes.push(NodeSpec {
                            name: sum.clone(),
                            from: several.iter().map(|&term| term_name(template, term)).collect(),
                            op: Op::Add(Add::default()),
                        });
                        sum
                    }
                },
            });
        }
        let mut op = slot.op.clone();
        if let Op::Conv(conv) = &mut op {
            let depthwise = conv.groups > 1;
            conv.channels = slot.class.map_or(conv.channels, |class| widths[class]);
            if depthwise {
                conv.groups = conv.channels;
            }
            conv.kernel = slot.kernel_decision.map_or(conv.kernel, value);
        }
        nodes.push(NodeSpec { name: slot.name.clone(), from, op });
    }
    Graph::new(&ArchitectureSpec::new(name, template.input, nodes))
}

fn term_name(template: &Template, term: Option<usize>) -> String {
    term.map_or(INPUT, |slot| &template.slots[slot].name).to_owned()
}

/// The slots of the blocks beyond each stage's depth.
fn removed_slots(template: &Template, value: impl Fn(usize) -> usize) -> BTreeSet<usize> {
    let mut removed = BTreeSet::new();
    for stage in &template.stages {
        if let Some(decision) = stage.decision {
            let kept = value(decision) - stage.n_fixed;
            removed.extend(stage.removable.iter().skip(kept).flatten().copied());
        }
    }
    removed
}

/// The terms that an input reads. A projection that nothing is decided for reads nothing, and is then dead.
fn chosen(terms: &[Term], removed: &BTreeSet<usize>, value: impl Fn(usize) -> usize) -> Vec<Option<usize>> {
    let there: Vec<&Term> =
        terms.iter().filter(|term| term.source.is_none_or(|source| !removed.contains(&source))).collect();
    let is_read = |term: &&Term| term.decision.map_or(term.in_prototype, |decision| value(decision) == 1);
    let read: Vec<Option<usize>> = there.iter().copied().filter(is_read).map(|term| term.source).collect();
    if !read.is_empty() {
        return read;
    }
    // The nearest term that the prototype reads; a new projection reads the nearest of all.
    let nearest = there.iter().rfind(|term| term.in_prototype).or(there.last());
    nearest.map(|term| term.source).into_iter().collect()
}

/// The slots that the classifier, which is the last, depends on, in order.
fn alive(inputs: &[Vec<Vec<Option<usize>>>]) -> Vec<usize> {
    let mut is_alive = vec![false; inputs.len()];
    if let Some(last) = is_alive.last_mut() {
        *last = true;
    }
    for slot in (0..inputs.len()).rev() {
        if is_alive[slot] {
            for source in inputs[slot].iter().flatten().copied().flatten() {
                is_alive[source] = true;
            }
        }
    }
    (0..inputs.len()).filter(|&slot| is_alive[slot]).collect()
}

/// The width of each class, once the sums that are there have tied classes together.
fn widths(
    template: &Template,
    inputs: &[Vec<Vec<Option<usize>>>],
    alive: &[usize],
    value: impl Fn(usize) -> usize,
) -> Vec<usize> {
    let class_of = |term: Option<usize>| term.and_then(|source| template.slots[source].class);
    let is_depthwise = |slot: usize| matches!(&template.slots[slot].op, Op::Conv(conv) if conv.groups > 1);
    let mut ties = Ties::new(template.classes.len());
    for &slot in alive {
        for terms in &inputs[slot] {
            let classes: Vec<usize> = terms.iter().filter_map(|&term| class_of(term)).collect();
            for pair in classes.windows(2) {
                ties.tie(pair[0], pair[1]);
            }
            if let (true, Some(own), Some(&read)) =
                (is_depthwise(slot), template.slots[slot].class, classes.first())
            {
                ties.tie(own, read);
            }
        }
    }
    (0..template.classes.len())
        .map(|class| {
            let tied = (0..template.classes.len()).filter(|&other| ties.class(other) == ties.class(class));
            // The largest class speaks for all; among equals the first.
            let speaker = tied.max_by_key(|&other| (template.classes[other].n_members, usize::MAX - other));
            let speaker = &template.classes[speaker.unwrap_or(class)];
            speaker.decision.map_or(speaker.channels, &value)
        })
        .collect()
}
