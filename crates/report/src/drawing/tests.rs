//! Laws of a drawing: nothing is missing, nothing covers a label, and the same network gives the same bytes.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use netsynth_graph::prototypes::Prototype;
use netsynth_graph::{ArchitectureSpec, Graph, INPUT, Shape};
use netsynth_random::stream;
use netsynth_space::{SearchSpace, SearchSpaceSpec};
use proptest::prelude::*;
use roxmltree::Document;

use super::labels::{Label, Part};
use super::layout::Layout;
use super::lettering::{LETTER, text_width};
use super::{dot, drawing, drawing_in_page};

const FACES: Shape = Shape { channels: 1, height: 48, width: 48 };

/// Branches, a concatenation, a twin, a sum that only branches read, and names that would end a tag.
const STRANGE: &str = r#"(schema: 1, name: "</svg><script>", input: (channels: 1, height: 9, width: 9), nodes: [
    (name: "\"a\" & 'b'", from: ["input"], op: Conv(channels: 4)),
    (name: "<b>", from: ["input"], op: Conv(channels: 4, kernel: 1)),
    (name: "</title>", from: ["<b>"], op: Conv(channels: 4, kernel: 5, groups: 2)),
    (name: "顔の特徴を集める層", from: ["</title>", "<b>"], op: Add()),
    (name: "twin", from: ["\"a\" & 'b'", "\"a\" & 'b'"], op: Add(activation: Relu)),
    (name: "x\\\\n", from: ["twin", "顔の特徴を集める層", "<b>"], op: Concat()),
    (name: "a name that is much longer than any label has room for, and then some", from: ["x\\\\n"],
        op: MaxPool(kernel: 2, stride: 2)),
    (name: "pool", from: ["a name that is much longer than any label has room for, and then some"],
        op: GlobalAvgPool()),
    (name: "drop", from: ["pool"], op: Dropout(rate: 0.5)),
    (name: "classes", from: ["drop"], op: Dense(units: 3)),
])"#;

fn graph(text: &str) -> Graph {
    Graph::new(&ArchitectureSpec::from_ron(text).unwrap()).unwrap()
}

fn resnet20() -> Graph {
    graph(include_str!("../../../../prototypes/resnet20.ron"))
}

fn networks() -> Vec<Graph> {
    let files = [
        include_str!("../../../../prototypes/nano-b.ron"),
        include_str!("../../../../prototypes/nano-a-class.ron"),
        STRANGE,
    ];
    let generated = Prototype::ALL.map(|network| Graph::new(&network.spec(FACES, 7)).unwrap());
    files.map(graph).into_iter().chain([resnet20()]).chain(generated).collect()
}

fn check(graph: &Graph) {
    everything_is_there(graph);
    nothing_covers_a_label(graph);
    assert_eq!(drawing(graph), drawing(&Graph::new(&graph.spec()).unwrap()));
}

fn everything_is_there(graph: &Graph) {
    for svg in [drawing(graph), drawing_in_page(graph)] {
        let document = Document::parse(&svg).unwrap();
        let with = |attribute: &'static str| {
            document.descendants().filter(move |element| element.has_attribute(attribute))
        };
        let mut drawn: Vec<&str> =
            with("data-node").map(|node| node.attribute("data-node").unwrap()).collect();
        let mut nodes: Vec<&str> = graph.nodes().map(|node| node.name.as_str()).chain([INPUT]).collect();
        drawn.sort_unstable();
        nodes.sort_unstable();
        assert_eq!(drawn, nodes);

        let ends = |wire: roxmltree::Node<'_, '_>| {
            let end = |name| wire.attribute(name).unwrap().to_owned();
            (end("data-from"), end("data-to"))
        };
        let mut drawn: Vec<(String, String)> = with("data-from").map(ends).collect();
        let name = |input: &Option<usize>| input.map_or(INPUT, |source| &graph.node(source).name).to_owned();
        let mut wires: Vec<(String, String)> = graph
            .nodes()
            .flat_map(|node| node.inputs.iter().map(move |input| (name(input), node.name.clone())))
            .collect();
        drawn.sort_unstable();
        wires.sort_unstable();
        assert_eq!(drawn, wires);
    }
}

/// Left, top, right and bottom of what a label takes.
fn room(label: &Label) -> [f64; 4] {
    let width = text_width(&format!("{} {}", label.text, label.rest), LETTER) - text_width(" ", LETTER);
    let (x, y) = (label.x, label.y);
    if label.is_upright {
        return [x - 0.8 * LETTER, y, x + 0.2 * LETTER, y + width];
    }
    let left = match label.part {
        Part::Heading | Part::Whole => x,
        Part::Name | Part::Channels | Part::Note => x - 0.5 * width,
    };
    [left, y - 0.8 * LETTER, left + width, y + 0.2 * LETTER]
}

fn meet(one: &[f64; 4], other: &[f64; 4]) -> bool {
    one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3]
}

fn nothing_covers_a_label(graph: &Graph) {
    let layout = Layout::new(graph);
    let rooms: Vec<[f64; 4]> = layout.labels.iter().map(room).collect();
    let nodes = layout.positions.iter().map(|position| {
        let (x, y) = (position.x, position.y);
        [x - position.half_width, y - position.half_height, x + position.half_width, y + position.half_height]
    });
    let nodes: Vec<[f64; 4]> = nodes.collect();
    for (at, one) in rooms.iter().enumerate() {
        let text = &layout.labels[at].text;
        assert!(
            one[0] >= 0.0 && one[1] >= 0.0 && one[2] <= layout.width && one[3] <= layout.height,
            "`{text}` leaves the picture of {}",
            graph.name()
        );
        let other = rooms[..at].iter().position(|other| meet(one, other));
        assert!(other.is_none(), "`{text}` and `{}` in {}", layout.labels[other.unwrap()].text, graph.name());
        assert!(!nodes.iter().any(|node| meet(one, node)), "`{text}` and a node in {}", graph.name());
    }
    for (at, one) in nodes.iter().enumerate() {
        assert!(!nodes[..at].iter().any(|other| meet(one, other)), "two nodes in {}", graph.name());
    }
}

#[test]
fn the_picture_in_the_docs_is_this_one() {
    let nano_b = graph(include_str!("../../../../prototypes/nano-b.ron"));
    assert!(include_str!("../../../../docs/nano-b.svg") == drawing(&nano_b));
}

#[test]
fn known_networks_are_drawn_whole() {
    networks().iter().for_each(check);
}

#[test]
fn wires_of_two_nodes_share_no_lane() {
    for graph in networks() {
        let layout = Layout::new(&graph);
        // The level part of a wire, where it leaves the line: from the first corner to the last.
        let mut level: Vec<(Option<usize>, f64, f64, f64)> = Vec::new();
        for wire in layout.wires.iter().filter(|wire| wire.path.matches('Q').count() == 2) {
            let numbers: Vec<f64> = wire
                .path
                .split(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'))
                .filter_map(|word| word.parse().ok())
                .collect();
            // M x y V y Q x y x y H x ...
            level.push((wire.from, numbers[6], numbers[5], numbers[7]));
        }
        for (at, (from, y, left, right)) in level.iter().enumerate() {
            for (other, other_y, other_left, other_right) in &level[..at] {
                let is_apart = y != other_y || right <= other_left || other_right <= left;
                assert!(from == other || is_apart, "{from:?} and {other:?} in {}", graph.name());
            }
        }
    }
}

#[test]
fn the_dot_file_names_every_wire() {
    for graph in networks() {
        let text = dot(&graph);
        let n_wires: usize = graph.nodes().map(|node| node.inputs.len()).sum();
        assert_eq!(text.matches(" -> ").count(), n_wires, "{text}");
        assert_eq!(text.matches("[label=").count(), graph.len() + 1);
    }
    assert!(dot(&graph(STRANGE)).contains(r#"  "\"a\" & 'b'" -> "twin";"#));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn found_networks_are_drawn_whole(seed: u64) {
        let spec =
            SearchSpaceSpec::from_ron(include_str!("../../../../search-spaces/emotionnet.ron")).unwrap();
        let space = SearchSpace::new(&spec, &resnet20()).unwrap();
        let mut random = stream(seed, "drawing", &[]);
        let genome = space.decisions().genome(|_, decision| random.below(decision.domain.choices()));
        check(&space.decode(&genome, "found").unwrap());
    }
}
