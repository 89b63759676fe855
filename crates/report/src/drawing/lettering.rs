//! What stands beside a node, and how much room it takes.

use netsynth_graph::ops::{Conv, Pool};
use netsynth_graph::{Graph, Node, Op};

/// Size of letters in the picture.
pub(super) const LETTER: f64 = 11.0;

/// The most letters of a name that are drawn; all of them are in the node's title.
const MAX_LETTERS: usize = 24;

/// The room that a text takes at most in a common sans-serif face.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    let share = |letter: char| match letter {
        'i' | 'j' | 'l' | 't' | 'f' | '.' | ',' | ':' | ';' | '|' | '!' | '\'' | ' ' => 0.4,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' => 1.0,
        'A'..='Z' | '+' | '<' | '>' | '=' | '×' => 0.74,
        letter if letter.is_ascii() => 0.63,
        _ => 1.05,
    };
    size * text.chars().map(share).sum::<f64>()
}

/// A name, cut where it would be too long.
pub(super) fn short(name: &str) -> String {
    if name.chars().count() <= MAX_LETTERS {
        return name.to_owned();
    }
    name.chars().take(MAX_LETTERS - 1).chain(['…']).collect()
}

/// Whether a node joins what it reads and has no block of its own.
pub(super) fn is_joint(op: &Op) -> bool {
    match op {
        Op::Add(_) | Op::Concat(_) => true,
        Op::Conv(_)
        | Op::MaxPool(_)
        | Op::AvgPool(_)
        | Op::GlobalAvgPool(_)
        | Op::SqueezeExcite(_)
        | Op::Dropout(_)
        | Op::Dense(_) => false,
    }
}

/// What sets a block apart from a plain 3x3 convolution, a word a line.
pub(super) fn notes(graph: &Graph, node: &Node) -> Vec<String> {
    let stride = |stride: usize| (stride > 1).then(|| format!("/{stride}"));
    let window = |what: &str, pool: &Pool| vec![what.to_owned(), format!("{}×{}", pool.kernel, pool.kernel)];
    match &node.op {
        Op::Conv(conv) => {
            let kernel = (conv.kernel != 3).then(|| format!("{}×{}", conv.kernel, conv.kernel));
            [kernel, grouped(conv, graph, node), stride(conv.stride)].into_iter().flatten().collect()
        }
        Op::MaxPool(pool) => window("max", pool).into_iter().chain(stride(pool.stride)).collect(),
        Op::AvgPool(pool) => window("mean", pool).into_iter().chain(stride(pool.stride)).collect(),
        Op::GlobalAvgPool(_) => vec!["mean".to_owned()],
        Op::SqueezeExcite(attention) => vec!["SE".to_owned(), format!("→{}", attention.reduced)],
        Op::Dropout(_) => vec!["drop".to_owned()],
        Op::Dense(_) => vec!["dense".to_owned()],
        Op::Add(_) | Op::Concat(_) => Vec::new(),
    }
}

fn grouped(conv: &Conv, graph: &Graph, node: &Node) -> Option<String> {
    let read = graph.shape(node.inputs[0]);
    if conv.groups == 1 {
        None
    } else if conv.groups == read.channels {
        Some("dw".to_owned())
    } else {
        Some(format!("g{}", conv.groups))
    }
}
