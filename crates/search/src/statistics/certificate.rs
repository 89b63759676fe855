//! How sure an accuracy is over people: a lower bound from what a network made of each of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a network made of one person's images, none of which it was trained on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonScore {
    /// Images of this person.
    pub n_images: u32,
    /// Those that were taken for what they are.
    pub n_correct: u32,
}

/// An accuracy on people, and the bound that it is above with a confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// The share of all images that was taken for what it is.
    pub accuracy: f64,
    /// The accuracy on people like these that is exceeded with the confidence.
    pub at_least: f64,
    /// How many people were judged.
    pub n_people: usize,
    /// How many images of them.
    pub n_images: u64,
}

impl Certificate {
    /// The certificate of what a network made of people, at a confidence such as 0.95; none of fewer than two people.
    ///
    /// Images of one person are alike, so they count for fewer than they are: the effective number of images is that of
    /// independent ones with the variance that the share has over people (ratio estimator; Kish 1965), at least the
    /// number of people and at most that of images. The bound is Wilson's (1927) for that number, so that it is of use near one,
    /// too.
    pub fn of(people: &[PersonScore], confidence: f64) -> Option<Self> {
        let n_people = people.len();
        let n_images: u64 = people.iter().map(|person| u64::from(person.n_images)).sum();
        if n_people < 2 || n_images == 0 {
            return None;
        }
        let n_correct: u64 = people.iter().map(|person| u64::from(person.n_correct)).sum();
        let (m, n) = (n_people as f64, n_images as f64);
        let accuracy = n_correct as f64 / n;
        let squares: f64 = people
            .iter()
            .map(|person| {
                let beyond = f64::from(person.n_correct) - accuracy * f64::from(person.n_images);
                beyond * beyond
            })
            .sum();
        let variance = squares * m / (m - 1.0) / (n * n);
        let effective = if variance > 0.0 { accuracy * (1.0 - accuracy) / variance } else { m };
        let effective = effective.clamp(m.min(n), n);
        // Few people tell little of how people differ: Student's t in the place of the normal law, by its second-order expansion.
        let z = normal_quantile(confidence);
        let t = z + (z * z * z + z) / (4.0 * (m - 1.0));
        Some(Self { accuracy, at_least: wilson(accuracy, effective, t), n_people, n_images })
    }
}

/// Wilson's lower bound of a share among so many images.
fn wilson(share: f64, n: f64, z: f64) -> f64 {
    let square = z * z / n;
    let centre = share + square / 2.0;
    let half = z * libm::sqrt(share * (1.0 - share) / n + square / (4.0 * n));
    ((centre - half) / (1.0 + square)).clamp(0.0, 1.0)
}

/// The number that a standard normal one is below with this probability, found by bisection.
fn normal_quantile(probability: f64) -> f64 {
    let below = |z: f64| 0.5 * libm::erfc(-z / std::f64::consts::SQRT_2);
    let (mut low, mut high) = (-10.0, 10.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if below(middle) < probability { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use netsynth_random::{Stream, stream};

    use super::*;

    #[test]
    fn quantiles_are_those_of_tables() {
        for (probability, z) in [(0.5, 0.0), (0.95, 1.644_853_6), (0.975, 1.959_964), (0.995, 2.575_829_3)] {
            assert!((normal_quantile(probability) - z).abs() < 1e-6, "{probability}");
        }
    }

    #[test]
    fn people_count_for_no_more_than_their_images_and_no_less_than_one() {
        let person = |n_images: u32, n_correct: u32| PersonScore { n_images, n_correct };
        // Every person all right or all wrong: each counts as one image.
        let alike = [vec![person(7, 7); 18], vec![person(7, 0); 2]].concat();
        let single = [vec![person(1, 1); 18], vec![person(1, 0); 2]].concat();
        let [alike, single] = [alike, single].map(|people| Certificate::of(&people, 0.95).unwrap());
        assert!((alike.at_least - single.at_least).abs() < 0.01, "{alike:?} {single:?}");
        // Without a mistake the bound is that of as many images as there are people.
        let flawless = Certificate::of(&[person(7, 7); 20], 0.95).unwrap();
        assert!(flawless.accuracy == 1.0 && (0.8..0.9).contains(&flawless.at_least), "{flawless:?}");
        assert_eq!(Certificate::of(&[person(7, 7)], 0.95), None);
        assert_eq!(Certificate::of(&[], 0.95), None);
    }

    /// So many people, each with an accuracy of its own around the mean: Beta by the ratio of gamma numbers, as sums of
    /// exponential ones.
    fn drawn(
        random: &mut Stream,
        n_people: usize,
        n_images: u32,
        shapes: (usize, usize),
    ) -> Vec<PersonScore> {
        let person = |random: &mut Stream| {
            let gamma = |random: &mut Stream, shape: usize| -> f64 {
                (0..shape).map(|_| -libm::log(1.0 - random.unit())).sum()
            };
            let (right, wrong) = (gamma(random, shapes.0), gamma(random, shapes.1));
            let own = right / (right + wrong);
            let n_correct = (0..n_images).filter(|_| random.unit() < own).count() as u32;
            PersonScore { n_images, n_correct }
        };
        (0..n_people).map(|_| person(random)).collect()
    }

    #[test]
    fn the_accuracy_on_all_people_is_above_the_bound_as_often_as_is_said() {
        // People that differ much, little and hardly; few and many; of middling and of high accuracy.
        for (case, (n_people, n_images, shapes)) in [
            (20, 7, (9, 1)),
            (20, 7, (4, 1)),
            (60, 7, (19, 1)),
            (60, 4, (38, 2)),
            (118, 8, (18, 2)),
            (12, 7, (3, 2)),
            (40, 1, (9, 1)),
        ]
        .into_iter()
        .enumerate()
        {
            let truth = shapes.0 as f64 / (shapes.0 + shapes.1) as f64;
            for confidence in [0.95, 0.99] {
                let n_runs = 4000;
                let holds = (0..n_runs).filter(|&run| {
                    let people =
                        drawn(&mut stream(5, "people", &[case as u64, run]), n_people, n_images, shapes);
                    Certificate::of(&people, confidence).unwrap().at_least <= truth
                });
                let share = holds.count() as f64 / n_runs as f64;
                assert!(share >= confidence - 0.012, "case {case} at {confidence}: {share}");
                println!("case {case} at {confidence}: {share}");
            }
        }
    }
}
