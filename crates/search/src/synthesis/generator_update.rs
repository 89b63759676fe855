//! How theta_G is learned from elite trials and advice.

use netsynth_space::{Decisions, Domain, Genome};

use crate::synthesis::cholesky::dot;
use crate::synthesis::generator::{Coupling, Law};
use crate::synthesis::inquisitor::Advice;
use crate::{Generator, Theta};

/// How far theta_G goes towards the elites in one generation.
const RATE: f64 = 0.6;

/// The trust region: the farthest a centre moves in one generation, as a share of the domain, or a probability.
const TRUST: f64 = 0.2;

/// The least spread, as a share of the domain, and the least probability: the search never closes.
const LEAST_SPREAD: f64 = 0.05;
const LEAST_PROBABILITY: f64 = 0.02;

/// How far the inquisitor's advice alone may move a centre, in spreads, and a probability.
const ADVICE: f64 = 0.5;
const ADVICE_SWITCH: f64 = 0.15;

/// How many couplings are kept.
const N_COUPLINGS: usize = 3;

/// theta_G after a step towards the elites, and along the inquisitor's advice where there is any.
pub(crate) fn stepped(
    generator: &Generator,
    decisions: &Decisions,
    elites: &[&Genome],
    advice: Option<&[Advice]>,
    outcomes: &[Option<f64>],
) -> Generator {
    let couplings = couplings(decisions, elites);
    let laws = decisions.iter().enumerate().map(|(number, decision)| {
        let advice = advice.map(|advice| &advice[number]);
        let per_step = advice.and_then(|advice| match advice {
            Advice::PerStep(change) => Some(*change),
            Advice::Each(_) => None,
        });
        let share = |choice: usize| -> f64 {
            elites.iter().filter(|elite| elite.choice(number) == choice).count() as f64 / elites.len() as f64
        };
        let theta = match (&generator.laws[number].theta, &decision.domain) {
            (Theta::Ordinal { mean, spread }, Domain::Ordinal(values)) => {
                let range = (values.len() - 1) as f64;
                let seen: Vec<f64> = elites.iter().map(|elite| elite.choice(number) as f64).collect();
                let centre = average(&seen);
                let variance = average(&seen.iter().map(|c| (c - centre) * (c - centre)).collect::<Vec<_>>());
                let coupled: f64 =
                    couplings.iter().map(|coupling| coupling.0[number][0] * coupling.0[number][0]).sum();
                // A decibel a spread is already strong advice; tanh keeps more from counting for more.
                let push = per_step.map_or(0.0, |change| ADVICE * spread * libm::tanh(change * spread));
                let step = RATE * (centre - mean) + push;
                Theta::Ordinal {
                    mean: (mean + step.clamp(-TRUST * range, TRUST * range)).clamp(0.0, range),
                    spread: blend(*spread, libm::sqrt((variance - coupled).max(0.0)))
                        .max(LEAST_SPREAD * range),
                }
            }
            (Theta::Switch(probability), Domain::Switch) => {
                let push = per_step.map_or(0.0, |change| ADVICE_SWITCH * libm::tanh(change));
                let step = (RATE * (share(1) - probability) + push).clamp(-TRUST, TRUST);
                Theta::Switch((probability + step).clamp(LEAST_PROBABILITY, 1.0 - LEAST_PROBABILITY))
            }
            (Theta::Alternatives(probabilities), Domain::Alternatives(_)) => {
                let mut moved: Vec<f64> = probabilities
                    .iter()
                    .enumerate()
                    .map(|(choice, probability)| {
                        let push = match advice {
                            Some(Advice::Each(worths)) => {
                                ADVICE_SWITCH * libm::tanh(worths[choice] - average(worths))
                            }
                            Some(Advice::PerStep(_)) | None => 0.0,
                        };
                        let step = (RATE * (share(choice) - probability) + push).clamp(-TRUST, TRUST);
                        (probability + step).max(LEAST_PROBABILITY)
                    })
                    .collect();
                let total: f64 = moved.iter().sum();
                moved.iter_mut().for_each(|probability| *probability /= total);
                Theta::Alternatives(moved)
            }
            // A law and its domain are made together.
            (theta, Domain::Ordinal(_) | Domain::Switch | Domain::Alternatives(_)) => theta.clone(),
        };
        Law { decision: decision.name.clone(), theta, predicted: per_step, measured: outcomes[number] }
    });
    Generator { number: generator.number + 1, laws: laws.collect(), couplings: couplings.clone() }
}

/// What one step up of each decision, or a yes, changed U by among trials with these choices and this U: the slope of
/// least squares on that decision alone. None where all chose alike, and for alternatives, which have no order.
pub(crate) fn outcomes(decisions: &Decisions, trials: &[(&Genome, f64)]) -> Vec<Option<f64>> {
    let mean = average(&trials.iter().map(|(_, performance)| *performance).collect::<Vec<_>>());
    let slope = |number: usize| -> Option<f64> {
        let choices: Vec<f64> = trials.iter().map(|(genome, _)| genome.choice(number) as f64).collect();
        let centre = average(&choices);
        let apart: Vec<f64> = choices.iter().map(|choice| choice - centre).collect();
        let changes: Vec<f64> = trials.iter().map(|(_, performance)| performance - mean).collect();
        let variation = dot(&apart, &apart);
        (variation > 0.0).then(|| dot(&apart, &changes) / variation)
    };
    let ordered = |domain: &Domain| match domain {
        Domain::Ordinal(_) | Domain::Switch => true,
        Domain::Alternatives(_) => false,
    };
    let numbered = decisions.iter().enumerate();
    numbered.map(|(number, decision)| ordered(&decision.domain).then(|| slope(number)).flatten()).collect()
}

/// The directions in which elites differ together: principal components of their choices, each choice measured in
/// its own standard deviation.
fn couplings(decisions: &Decisions, elites: &[&Genome]) -> Vec<Coupling> {
    let n = elites.len() as f64;
    // Residuals of each law's moving parts, and their standard deviations.
    let parts: Vec<Vec<(Vec<f64>, f64)>> = decisions
        .iter()
        .enumerate()
        .map(|(number, decision)| {
            let residuals = |value: &dyn Fn(usize) -> f64, scale: &dyn Fn(f64) -> f64| {
                let values: Vec<f64> = elites.iter().map(|elite| value(elite.choice(number))).collect();
                let mean = average(&values);
                let residuals: Vec<f64> = values.iter().map(|value| (value - mean) / scale(mean)).collect();
                let deviation = libm::sqrt(dot(&residuals, &residuals) / n);
                (residuals, deviation)
            };
            // A probability's change as a change of log-odds.
            let odds = |mean: f64| (mean * (1.0 - mean)).max(0.1);
            match &decision.domain {
                Domain::Ordinal(_) => vec![residuals(&|choice| choice as f64, &|_| 1.0)],
                Domain::Switch => vec![residuals(&|choice| choice as f64, &odds)],
                Domain::Alternatives(count) => (0..*count)
                    .map(|known| residuals(&|choice| f64::from(u8::from(choice == known)), &odds))
                    .collect(),
            }
        })
        .collect();
    let mut gram = vec![vec![0.0; elites.len()]; elites.len()];
    for (residuals, deviation) in parts.iter().flatten().filter(|(_, deviation)| *deviation > 1e-9) {
        for (row, a) in gram.iter_mut().zip(residuals) {
            for (entry, b) in row.iter_mut().zip(residuals) {
                *entry += a * b / (deviation * deviation * n);
            }
        }
    }
    let mut found = Vec::new();
    for _ in 0..N_COUPLINGS.min(elites.len().saturating_sub(1)) {
        let Some((direction, strength)) = principal(&gram) else { break };
        for (row, a) in gram.iter_mut().zip(&direction) {
            for (entry, b) in row.iter_mut().zip(&direction) {
                *entry -= strength * a * b;
            }
        }
        let loading = |(residuals, _): &(Vec<f64>, f64)| dot(residuals, &direction) / libm::sqrt(n);
        found.push(Coupling(parts.iter().map(|parts| parts.iter().map(loading).collect()).collect()));
    }
    found
}

/// The eigenvector of the largest eigenvalue of a symmetric matrix without negative ones, by powers; none of zero.
fn principal(matrix: &[Vec<f64>]) -> Option<(Vec<f64>, f64)> {
    let mut direction: Vec<f64> = (0..matrix.len()).map(|at| 1.0 + 0.1 * at as f64).collect();
    let mut strength = 0.0;
    for _ in 0..60 {
        let next: Vec<f64> = matrix.iter().map(|row| dot(row, &direction)).collect();
        strength = libm::sqrt(dot(&next, &next));
        if strength < 1e-9 {
            return None;
        }
        direction = next.into_iter().map(|value| value / strength).collect();
    }
    Some((direction, strength))
}

fn blend(old: f64, new: f64) -> f64 {
    old + RATE * (new - old)
}

fn average(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len().max(1) as f64
}
