//! The laws of random streams, and the bits that recorded runs depend on.

use netsynth_random::{shuffle, stream};
use proptest::prelude::*;

#[test]
fn streams_differ_in_every_part_of_their_name() {
    let first = |seed, purpose, counters: &[u64]| stream(seed, purpose, counters).next_u64();
    let words = [
        first(1, "order", &[0]),
        first(2, "order", &[0]),
        first(1, "orders", &[0]),
        first(1, "order", &[1]),
        first(1, "order", &[0, 0]),
        first(1, "order", &[]),
    ];
    assert!((1..words.len()).all(|at| !words[..at].contains(&words[at])));
}

#[test]
fn the_bits_of_a_stream_never_change() {
    let random = || stream(1, "order", &[0]);
    assert_eq!(random().next_u64(), 16_163_366_513_089_771_796);
    assert_eq!(random().next_u32(), 16_163_366_513_089_771_796_u64 as u32);
    assert_eq!(random().unit().to_bits(), GOLDEN.0);
    assert_eq!(random().unit_f32().to_bits(), GOLDEN.1);
    assert_eq!(random().normal().to_bits(), GOLDEN.2);
    assert_eq!(random().below(1000), GOLDEN.3);
    assert_eq!(random().shuffled(8), GOLDEN.4);
}

/// Of `stream(1, "order", &[0])`: unit, unit_f32, normal, below 1000, and eight numbers shuffled.
const GOLDEN: (u64, u32, u64, usize, [usize; 8]) =
    (4_606_067_488_350_496_031, 1_062_938_873, 4_602_723_314_054_656_976, 876, [6, 1, 3, 0, 4, 5, 2, 7]);

#[test]
fn draws_have_the_mean_and_the_variance_of_their_law() {
    const COUNT: usize = 10_000;
    let moments = |draw: &mut dyn FnMut() -> f64| {
        let draws: Vec<f64> = (0..COUNT).map(|_| draw()).collect();
        let mean = draws.iter().sum::<f64>() / COUNT as f64;
        (mean, draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / COUNT as f64)
    };
    let mut random = stream(0, "moments", &[]);
    let laws = [
        (moments(&mut || random.unit()), 0.5, 1.0 / 12.0),
        (moments(&mut || random.unit_f32().into()), 0.5, 1.0 / 12.0),
        (moments(&mut || random.signed_f32().into()), 0.0, 1.0 / 3.0),
        (moments(&mut || random.below(2) as f64), 0.5, 0.25),
        (moments(&mut || random.normal()), 0.0, 1.0),
    ];
    for ((mean, variance), true_mean, true_variance) in laws {
        // Four standard deviations of the mean; the variance's error is smaller than twice that for all of these.
        let error = 4.0 * (true_variance / COUNT as f64).sqrt();
        assert!((mean - true_mean).abs() < error, "the mean is {mean}, not {true_mean}");
        assert!(
            (variance / true_variance - 1.0).abs() < 0.06,
            "the variance is {variance}, not {true_variance}"
        );
    }
}

proptest! {
    #[test]
    fn draws_are_in_their_ranges(seed: u64, bound in 1..usize::MAX) {
        let mut random = stream(seed, "ranges", &[]);
        prop_assert!((0.0..1.0).contains(&random.unit()));
        prop_assert!((0.0..1.0).contains(&random.unit_f32()));
        prop_assert!((-1.0..1.0).contains(&random.signed_f32()));
        prop_assert!(random.below(bound) < bound);
        prop_assert!(random.normal().abs() <= 6.0);
    }

    #[test]
    fn a_shuffle_keeps_every_item_once(seed: u64, count in 0..200usize) {
        let mut order = stream(seed, "shuffle", &[]).shuffled(count);
        order.sort_unstable();
        prop_assert_eq!(order, (0..count).collect::<Vec<_>>());
    }

    #[test]
    fn draws_decide_a_shuffle(items in proptest::collection::vec(any::<u8>(), 0..50)) {
        let mut shuffled = items.clone();
        shuffle(&mut shuffled, |bound| bound - 1);
        prop_assert_eq!(&shuffled, &items);
        // The first item goes to the end, and the rest moves up, if 0 is drawn each time.
        shuffle(&mut shuffled, |_| 0);
        let mut rotated = items;
        if !rotated.is_empty() {
            rotated.rotate_left(1);
        }
        prop_assert_eq!(shuffled, rotated);
    }
}

#[test]
fn every_order_of_three_is_as_likely() {
    let mut counts = std::collections::BTreeMap::new();
    for draw in 0..6000 {
        *counts.entry(stream(5, "orders", &[draw]).shuffled(3)).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), 6);
    // A thousand each, give or take five standard deviations.
    assert!(counts.values().all(|&count: &i32| (count - 1000).abs() < 145), "{counts:?}");
}
