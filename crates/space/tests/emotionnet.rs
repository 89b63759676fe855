//! The space of the main job: the prototype and Nano-B are points of it, and every genome is a network.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use netsynth_graph::{ArchitectureId, ArchitectureSpec, Graph};
use netsynth_random::stream;
use netsynth_space::{Genome, Kind, SearchSpace, SearchSpaceSpec, survey};
use proptest::prelude::*;

fn architecture(text: &str) -> Graph {
    Graph::new(&ArchitectureSpec::from_ron(text).unwrap()).unwrap()
}

fn resnet20() -> Graph {
    architecture(include_str!("../../../prototypes/resnet20.ron"))
}

fn emotionnet() -> SearchSpace {
    let spec = SearchSpaceSpec::from_ron(include_str!("../../../search-spaces/emotionnet.ron")).unwrap();
    SearchSpace::new(&spec, &resnet20()).unwrap()
}

/// The genome that differs from the prototype's in these values.
fn genome(space: &SearchSpace, values: &[(&str, usize)]) -> Genome {
    let mut named = space.decisions().named(&space.decisions().prototype());
    for (name, value) in values {
        assert!(named.0.insert((*name).to_owned(), *value).is_some(), "no decision `{name}`");
    }
    space.decisions().genome_of(&named).unwrap()
}

#[test]
fn the_prototype_costs_the_same_unrolled() {
    let space = emotionnet();
    let unrolled = space.decode(&space.decisions().prototype(), "unrolled").unwrap().cost();
    let prototype = resnet20().cost();
    assert_eq!((unrolled.parameters, unrolled.macs), (prototype.parameters, prototype.macs));
}

#[test]
fn nano_b_is_a_point_of_the_space() {
    let space = emotionnet();
    let nano_b = genome(
        &space,
        &[
            ("channels stem", 11),
            ("channels s1.b1.conv1", 9),
            ("channels s1.b2.conv1", 8),
            ("channels s1.b3.conv1", 7),
            ("channels s2.b1.conv2", 27),
            ("channels s2.b2.conv1", 19),
            ("channels s2.b3.conv1", 26),
            ("channels s3.b1.conv1", 36),
            ("channels s3.b1.conv2", 64),
            ("channels s3.b2.conv1", 39),
            ("channels s3.b3.conv1", 24),
            // x8 <- x1+x5+x7, id1 <- x1+x3+x5
            ("s2.b1.conv1 <- s1.b1.conv2", 0),
            ("s2.b1.project <- s1.b3.conv2", 0),
            // y4 <- y1+y3
            ("s2.b3.conv1 <- s2.b1.project", 0),
            // id2 <- y3+y5+id1+x8, and x8 takes the stream's width
            ("s3.b1.project <- s2.b1.conv2", 0),
            ("s3.b1.project <- s2.b1.conv1", 1),
        ],
    );
    let found = space.decode(&nano_b, "found").unwrap();
    let figure = architecture(include_str!("../../../prototypes/nano-b.ron"));
    assert_eq!(ArchitectureId::of(&found), ArchitectureId::of(&figure));
    assert_eq!(found.cost().parameters, 141_098);
}

#[test]
fn widths_that_sums_tie_are_one_decision() {
    let space = emotionnet();
    let widths: Vec<&str> = space
        .decisions()
        .iter()
        .filter(|decision| decision.kind == Kind::Channels)
        .map(|decision| decision.name.as_str())
        .collect();
    insta::assert_debug_snapshot!(widths, @r#"
    [
        "channels stem",
        "channels s1.b1.conv1",
        "channels s1.b2.conv1",
        "channels s1.b3.conv1",
        "channels s2.b1.conv1",
        "channels s2.b1.conv2",
        "channels s2.b2.conv1",
        "channels s2.b3.conv1",
        "channels s3.b1.conv1",
        "channels s3.b1.conv2",
        "channels s3.b2.conv1",
        "channels s3.b3.conv1",
    ]
    "#);
}

#[test]
fn links_are_enumerated_by_rule() {
    let space = emotionnet();
    let links: Vec<&str> = space
        .decisions()
        .iter()
        .filter(|decision| decision.name.starts_with("s2.b2.conv1 <-") || decision.name.contains("project48"))
        .map(|decision| decision.name.as_str())
        .collect();
    insta::assert_debug_snapshot!(links, @r#"
    [
        "s2.b2.conv1 <- s2.b1.conv1",
        "s2.b2.conv1 <- s2.b1.conv2",
        "s2.b2.conv1 <- s2.b1.project",
        "project48to12 <- stem",
        "project48to12 <- s1.b1.conv1",
        "project48to12 <- s1.b1.conv2",
        "project48to12 <- s1.b2.conv1",
        "project48to12 <- s1.b2.conv2",
        "project48to12 <- s1.b3.conv1",
        "project48to12 <- s1.b3.conv2",
        "s3.b2.conv1 <- project48to12",
        "s3.b3.conv1 <- project48to12",
        "pool <- project48to12",
    ]
    "#);
}

#[test]
fn a_stage_without_its_last_blocks_is_shallower() {
    let space = emotionnet();
    let full = space.decode(&space.decisions().prototype(), "full").unwrap();
    let shallow = space.decode(&genome(&space, &[("depth 24x24", 1)]), "shallow").unwrap();
    assert!(full.nodes().any(|node| node.name == "s2.b2.conv1"));
    assert!(!shallow.nodes().any(|node| node.name.starts_with("s2.b2") || node.name.starts_with("s2.b3")));
}

#[test]
fn the_survey_brackets_the_draws() {
    let space = emotionnet();
    let survey = survey(&space, 200, 1).unwrap();
    assert!(survey.parameters.least < 10_000, "{survey:?}");
    assert!(survey.parameters.most > 1_000_000, "{survey:?}");
    assert!(survey.macs.least < survey.macs.median && survey.macs.median < survey.macs.most);
}

proptest! {
    #[test]
    fn any_genome_decodes_to_a_valid_graph_inside_the_space(seed in any::<u64>(), extreme in any::<bool>()) {
        let space = emotionnet();
        let mut random = stream(seed, "any genome", &[]);
        let drawn = space.decisions().genome(|_, decision| {
            let choices = decision.domain.choices();
            if extreme { (choices - 1) * random.below(2) } else { random.below(choices) }
        });
        let graph = space.decode(&drawn, "any").unwrap();
        prop_assert_eq!(graph.classes(), 7);
        prop_assert_eq!(space.decisions().genome_of(&space.decisions().named(&drawn)).unwrap(), drawn);
    }
}
