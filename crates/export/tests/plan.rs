//! The plan computes what the deployed network does, in its arena: of all operators, and of random networks.

#![allow(clippy::unwrap_used)]

mod networks;

use netsynth_data::Normalisation;
use netsynth_export::{Interface, Plan, Quantised, c, run};
use netsynth_graph::program::Program;
use networks::{ALL_OPERATORS, close, drawn, image, network, shapes};
use proptest::prelude::*;

#[test]
fn the_plan_has_every_operator_and_computes_what_the_network_does() {
    let network = network(ALL_OPERATORS, 5);
    let plan = Plan::new(&network).unwrap();
    for seed in 0..3 {
        let image = image(&network, seed);
        let (planned, expected) = (run(&plan, &image, &mut |_, _, _| {}), network.scores(image, 1));
        assert!(close(&planned, &expected), "{planned:?} {expected:?}");
    }
    let (weights, biases) = plan.parameters();
    // A convolution without bias has zeros.
    assert_eq!((weights + biases) as u64, network.n_parameters() + 6);
}

#[test]
fn the_memory_that_is_counted_of_a_graph_is_what_c_takes() {
    let others = [ALL_OPERATORS, include_str!("../../../prototypes/nano-b.ron")];
    for text in others.map(str::to_owned).into_iter().chain(shapes()) {
        let network = network(&text, 1);
        let plan = Plan::new(&network).unwrap();
        let integers = Quantised::new(&plan, &[image(&network, 1)]).unwrap();
        let interface = Interface {
            labels: (0..plan.classes()).map(|class| class.to_string()).collect(),
            normalisation: None,
            preparation: String::new(),
        };
        let taken = |integers| {
            let program = c(&plan, integers, &interface, &[]);
            (program.arena_bytes as u64, program.constant_bytes as u64)
        };
        let counted = network.graph().cost().memory;
        assert_eq!(taken(None), (counted.arena, counted.flash));
        assert_eq!(taken(Some(&integers)), (counted.arena_int8, counted.flash_int8));
    }
}

#[test]
fn the_arena_of_a_published_network_is_what_liveness_needs() {
    let text = include_str!("../../../prototypes/nano-b.ron");
    let network = network(text, 1);
    let plan = Plan::new(&network).unwrap();
    assert!(plan.arena as u64 <= network.graph().cost().peak_activations, "{}", plan.arena);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_two_live_values_overlap_and_the_arena_gives_the_logits(
        numbers in proptest::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), 0..12),
        seed in 0usize..100,
    ) {
        let network = network(&drawn(&numbers), seed as u64);
        let plan = Plan::new(&network).unwrap();
        let program = Program::new(network.graph());
        let lifetimes = program.lifetimes();
        let range = |value: usize| {
            let offset = plan.values[value].offset;
            offset..offset + plan.values[value].shape.elements() as usize
        };
        for one in 0..plan.values.len() {
            prop_assert!(range(one).end <= plan.arena);
            for other in one + 1..plan.values.len() {
                let overwrites = program.overwritten(other - 1, &lifetimes) == Some(one);
                let overlap = range(one).start < range(other).end && range(other).start < range(one).end;
                prop_assert!(!overlap || overwrites || !lifetimes[one].meets(&lifetimes[other]));
                // What is overwritten is overwritten number by number.
                prop_assert!(!overwrites || range(one) == range(other));
            }
        }
        let image = image(&network, seed);
        let (planned, expected) = (run(&plan, &image, &mut |_, _, _| {}), network.scores(image, 1));
        prop_assert!(close(&planned, &expected), "{planned:?} {expected:?}");
    }

    #[test]
    fn levels_become_the_numbers_that_a_training_makes_of_them(
        levels in proptest::collection::vec(any::<u8>(), 1..400), mean in 0.0_f32..255.0, sd in 1.0_f32..100.0
    ) {
        for normalisation in
            [Normalisation::UnitInterval, Normalisation::PerImage, Normalisation::Dataset { mean, sd }]
        {
            let interface =
                Interface { labels: vec![], normalisation: Some(normalisation), preparation: String::new() };
            let mut expected: Vec<f32> = levels.iter().copied().map(f32::from).collect();
            normalisation.apply(&mut expected);
            prop_assert!(close(&interface.numbers(&levels), &expected), "{normalisation:?}");
        }
    }
}
