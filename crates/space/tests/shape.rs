//! Networks changed as a whole.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use netsynth_graph::{ArchitectureSpec, Graph};
use netsynth_space::{Decisions, Domain, Genome, Kind, SearchSpace, SearchSpaceSpec, Shape};
use proptest::prelude::*;

fn emotionnet() -> SearchSpace {
    let prototype = ArchitectureSpec::from_ron(include_str!("../../../prototypes/resnet20.ron")).unwrap();
    let spec = SearchSpaceSpec::from_ron(include_str!("../../../search-spaces/emotionnet.ron")).unwrap();
    SearchSpace::new(&spec, &Graph::new(&prototype).unwrap()).unwrap()
}

fn values(decisions: &Decisions, genome: &Genome, kind: Kind) -> Vec<usize> {
    let of_kind = decisions.iter().zip(genome.choices()).filter(|(decision, _)| decision.kind == kind);
    of_kind.map(|(decision, choice)| decision.domain.value(choice)).collect()
}

#[test]
fn scaled_by_one_is_the_prototype() {
    let space = emotionnet();
    let decisions = space.decisions();
    assert_eq!(decisions.shaped(&decisions.prototype(), &Shape::scaled(1.0, 1.0)), decisions.prototype());
    assert!(decisions.is_scaled(&decisions.prototype()));
}

#[test]
fn a_taper_narrows_the_first_stage_and_widens_the_last() {
    let space = emotionnet();
    let decisions = space.decisions();
    let tapered = Shape { taper: 0.5, ..Shape::scaled(0.5, 1.0) };
    let [even, tapered] = [Shape::scaled(0.5, 1.0), tapered]
        .map(|shape| decisions.shaped(&decisions.prototype(), &shape))
        .map(|genome| values(decisions, &genome, Kind::Channels));
    let (narrow, wide) = (even.iter().min().unwrap(), even.iter().max().unwrap());
    for (even, tapered) in even.iter().zip(&tapered) {
        if even == narrow {
            assert!(tapered < even);
        }
        if even == wide {
            assert!(tapered > even);
        }
    }
}

proptest! {
    #[test]
    fn what_two_factors_make_is_known_as_scaled(width in 0.2..1.3f64, depth in 0.2..1.1f64) {
        let space = emotionnet();
        let decisions = space.decisions();
        let scaled = decisions.shaped(&decisions.prototype(), &Shape::scaled(width, depth));
        prop_assert!(decisions.is_scaled(&scaled));
    }

    #[test]
    fn no_width_and_no_depth_falls_when_its_factor_grows(
        width in 0.2..1.3f64, depth in 0.2..1.1f64, more in 1.0..2.0f64,
    ) {
        let space = emotionnet();
        let decisions = space.decisions();
        let [less, more] = [1.0, more]
            .map(|factor| decisions.shaped(&decisions.prototype(), &Shape::scaled(width * factor, depth * factor)));
        prop_assert!(less.choices().zip(more.choices()).all(|(less, more)| less <= more));
    }

    #[test]
    fn what_one_more_change_makes_is_not_scaled(width in 0.3..1.0f64, at in any::<prop::sample::Index>()) {
        let space = emotionnet();
        let decisions = space.decisions();
        let scaled = decisions.shaped(&decisions.prototype(), &Shape::scaled(width, 1.0));
        let others: Vec<usize> = (0..decisions.len())
            .filter(|&number| !matches!(decisions[number].kind, Kind::Channels | Kind::Depth))
            .collect();
        let number = others[at.index(others.len())];
        let other = (scaled.choice(number) + 1) % decisions[number].domain.choices();
        prop_assert!(matches!(decisions[number].domain, Domain::Ordinal(_) | Domain::Switch));
        prop_assert!(!decisions.is_scaled(&decisions.with(&scaled, number, other)));
    }
}
