//! What a person reads when a spec is wrong: the node, the shapes, the remedy.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use miette::Diagnostic;
use netsynth_graph::{ArchitectureSpec, Graph};

/// The message and the remedy for a spec with these nodes.
fn complaint(nodes: &str) -> String {
    let text = format!(
        "(schema: 1, name: \"wrong\", input: (channels: 1, height: 8, width: 8), nodes: [\n{nodes}\n])"
    );
    let error: Box<dyn Diagnostic> = match ArchitectureSpec::from_ron(&text) {
        Err(error) => Box::new(error),
        Ok(spec) => Box::new(Graph::new(&spec).expect_err("the spec is wrong")),
    };
    format!("{error}\nhelp: {}", error.help().expect("every error has a remedy"))
}

const END: &str = r#"(name: "classes", from: ["a"], op: Dense(units: 2))"#;

#[test]
fn a_sum_that_disagrees() {
    insta::assert_snapshot!(complaint(r#"
        (name: "a", from: ["input"], op: Conv(channels: 11)),
        (name: "b", from: ["input"], op: Conv(channels: 9)),
        (name: "s4", from: ["a", "b"], op: Add()),
        (name: "classes", from: ["s4"], op: Dense(units: 2)),"#), @r"
    node `s4` (Add) reads `a` 11x8x8, `b` 9x8x8: its inputs have different numbers of channels
    help: give them the same number of channels, or put a 1x1 Conv before the odd one
    ");
}

#[test]
fn a_sum_across_resolutions() {
    insta::assert_snapshot!(complaint(r#"
        (name: "a", from: ["input"], op: Conv(channels: 4, stride: 2)),
        (name: "b", from: ["input"], op: Conv(channels: 4)),
        (name: "s", from: ["a", "b"], op: Add()),
        (name: "classes", from: ["s"], op: Dense(units: 2)),"#), @r"
    node `s` (Add) reads `a` 4x4x4, `b` 4x8x8: its inputs have different resolutions
    help: bring them to one resolution with a strided 1x1 Conv or a pool
    ");
}

#[test]
fn an_unknown_field() {
    insta::assert_snapshot!(complaint(r#"(name: "a", from: ["input"], op: Conv(chanels: 4)),"#), @r"
    line 2, column 39: there is no field `chanels`
    help: the fields known here are: channels, kernel, stride, groups, bias, norm, activation
    ");
}

#[test]
fn an_unknown_operator() {
    insta::assert_snapshot!(complaint(r#"(name: "a", from: ["input"], op: Convolution(channels: 4)),"#), @r"
    line 2, column 34: there is no `Convolution`
    help: choose one of: Conv, Add, Concat, MaxPool, AvgPool, GlobalAvgPool, SqueezeExcite, Dropout, Dense
    ");
}

#[test]
fn a_wire_to_nowhere() {
    insta::assert_snapshot!(complaint(&format!(
        r#"(name: "a", from: ["inptu"], op: Conv(channels: 4)), {END}"#)), @r"
    node `a` reads `inptu`, which does not exist
    help: did you mean `input`?
    ");
}

#[test]
fn a_loop() {
    insta::assert_snapshot!(complaint(&format!(r#"
        (name: "a", from: ["b"], op: Conv(channels: 4)),
        (name: "b", from: ["a"], op: Conv(channels: 4)), {END}"#)), @r"
    node `a` reads its own output through `a` <- `b` <- `a`
    help: remove one of these wires: a network has no loops
    ");
}

#[test]
fn a_loose_end() {
    insta::assert_snapshot!(complaint(&format!(r#"
        (name: "a", from: ["input"], op: Conv(channels: 4)),
        (name: "b", from: ["a"], op: Conv(channels: 4)), {END}"#)), @r"
    nothing reads node `b`, and the network already ends in `classes`
    help: wire `b` into a later node, or remove it
    ");
}

#[test]
fn no_classifier() {
    insta::assert_snapshot!(complaint(r#"(name: "a", from: ["input"], op: Conv(channels: 4)),"#), @r"
    the network ends in `a` (Conv), which is no classifier
    help: end it with a Dense node of one unit for each class and activation Linear
    ");
}

#[test]
fn a_name_taken() {
    insta::assert_snapshot!(complaint(&format!(r#"
        (name: "a", from: ["input"], op: Conv(channels: 4)),
        (name: "a", from: ["input"], op: Conv(channels: 4)), {END}"#)), @r"
    node `a`: the name is taken
    help: give every node a name of its own; `input` is the image
    ");
}

#[test]
fn an_absurd_width() {
    insta::assert_snapshot!(complaint(&format!(
        r#"(name: "a", from: ["input"], op: Conv(channels: 1000000000)), {END}"#)), @r"
    node `a` (Conv) reads `input` 1x8x8: channels 1000000000, kernel 3, stride 1
    help: stay within 65536 channels and a kernel and stride of 4096
    ");
}

#[test]
fn an_older_or_newer_schema() {
    let error = ArchitectureSpec::from_ron("(schema: 7, name: \"later\", layers: 3)").unwrap_err();
    insta::assert_snapshot!(error, @"it follows schema 7, and this netsynth reads schema 1");
}
