//! The network for Graphviz.

use std::fmt::Write;

use netsynth_graph::{Graph, INPUT};

use super::lettering::{is_joint, notes};

/// The network for Graphviz, nodes in execution order.
pub fn dot(graph: &Graph) -> String {
    let mut text = format!("digraph {} {{\n  rankdir=LR;\n  node [shape=box];\n", quoted(graph.name()));
    let _ = writeln!(text, "  {} [label={}];", quoted(INPUT), quoted(&format!("{INPUT}\n{}", graph.input())));
    for node in graph.nodes() {
        let label = if is_joint(&node.op) {
            node.op.name().to_owned()
        } else {
            let words: Vec<String> =
                [node.shape.channels.to_string()].into_iter().chain(notes(graph, node)).collect();
            format!("{}\n{}", node.name, words.join(" "))
        };
        let shape = if is_joint(&node.op) { ", shape=circle" } else { "" };
        let _ = writeln!(text, "  {} [label={}{shape}];", quoted(&node.name), quoted(&label));
    }
    for node in graph.nodes() {
        for input in &node.inputs {
            let source = input.map_or(INPUT, |source| graph.node(source).name.as_str());
            let _ = writeln!(text, "  {} -> {};", quoted(source), quoted(&node.name));
        }
    }
    text + "}\n"
}

/// A quoted identifier: Graphviz has only the quote to escape, and reads a backslash before n as a line's end.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
