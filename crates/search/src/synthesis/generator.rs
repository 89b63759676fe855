use netsynth_random::Stream;
use netsynth_space::{Decisions, Domain, Genome};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The probability with which a decision is drawn from its whole domain, so that nothing is ever decided for good.
const OPEN: f64 = 0.03;

/// The generator G(s; theta_G): a distribution over the choices of a space. The network of a seed `s` is a pure
/// function of theta_G and `s`.
///
/// Each decision has a law of its own. What decisions have to do with each other is in the couplings: hidden
/// normal numbers of a network, each of which moves many laws at once, so that one generator emits networks along
/// a whole front and keeps together what was good together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Generator {
    /// How many generations it has learned from: G_0, G_1, ...
    pub number: usize,
    /// theta_G, a law for each decision in the space's order.
    pub laws: Vec<Law>,
    /// theta_G, the strongest coupling first.
    pub couplings: Vec<Coupling>,
}

/// The law of one decision, and why it is what it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Law {
    /// The decision's name.
    pub decision: String,
    /// Its distribution in a network of middle couplings.
    pub theta: Theta,
    /// What the inquisitor predicted that one step up, or a yes, changes U by, when this law was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicted: Option<f64>,
    /// What one step up, or a yes, changed U by among the trials of the generator before: the outcome of what was predicted
    /// for its law (the slope of least squares on this decision alone, so others that vary with it have their share).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<f64>,
}

/// The distribution of one decision, in numbers of choices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Theta {
    /// A normal law, rounded and kept in the domain.
    Ordinal {
        /// Its centre.
        mean: f64,
        /// Standard deviation around it, couplings left out.
        spread: f64,
    },
    /// A yes or no, with the probability of yes.
    Switch(f64),
    /// One of several, with the probability of each.
    Alternatives(Vec<f64>),
}

/// How one hidden number moves the laws: for each decision the change that one standard deviation brings to an
/// ordinal's mean, a switch's log-odds, or each alternative's log-probability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Coupling(pub Vec<Vec<f64>>);

impl Generator {
    /// G_0: around the prototype, wide enough to reach most of the space.
    pub fn around_prototype(decisions: &Decisions) -> Self {
        let laws = decisions.iter().map(|decision| {
            let theta = match &decision.domain {
                Domain::Ordinal(values) => {
                    let range = (values.len() - 1) as f64;
                    // Smaller networks are what is looked for: the centre lies between prototype and middle.
                    let mean = 0.5 * (decision.prototype as f64 + 0.5 * range);
                    Theta::Ordinal { mean, spread: 0.2 * range }
                }
                Domain::Switch => Theta::Switch(if decision.prototype == 1 { 0.85 } else { 0.08 }),
                Domain::Alternatives(count) => Theta::Alternatives(vec![1.0 / *count as f64; *count]),
            };
            Law { decision: decision.name.clone(), theta, predicted: None, measured: None }
        });
        // Widths, kernels and depths that go together make small networks and large ones.
        let size = decisions.iter().map(|decision| match &decision.domain {
            Domain::Ordinal(values) => vec![0.2 * (values.len() - 1) as f64],
            Domain::Switch => vec![0.0],
            Domain::Alternatives(count) => vec![0.0; *count],
        });
        Self { number: 0, laws: laws.collect(), couplings: vec![Coupling(size.collect())] }
    }

    /// The choices of the network whose random numbers these are.
    pub fn sample(&self, decisions: &Decisions, random: &mut Stream) -> Genome {
        let hidden: Vec<f64> = self.couplings.iter().map(|_| random.normal()).collect();
        let moved = |number: usize, part: usize| -> f64 {
            self.couplings.iter().zip(&hidden).map(|(coupling, z)| coupling.0[number][part] * z).sum()
        };
        decisions.genome(|number, decision| {
            let count = decision.domain.choices();
            // Every decision takes the same number of draws, so that one choice leaves the next alone.
            let (open, any, drawn, unit) =
                (random.unit(), random.below(count), random.normal(), random.unit());
            if open < OPEN {
                return any;
            }
            match &self.laws[number].theta {
                Theta::Ordinal { mean, spread } => {
                    let value = libm::round(mean + moved(number, 0) + spread * drawn);
                    value.clamp(0.0, (count - 1) as f64) as usize
                }
                Theta::Switch(probability) => {
                    let odds = probability / (1.0 - probability) * libm::exp(moved(number, 0));
                    usize::from(unit * (1.0 + odds) < odds)
                }
                Theta::Alternatives(probabilities) => {
                    let weights: Vec<f64> = probabilities
                        .iter()
                        .enumerate()
                        .map(|(choice, probability)| probability * libm::exp(moved(number, choice)))
                        .collect();
                    let mut left = unit * weights.iter().sum::<f64>();
                    let chosen = weights.iter().position(|weight| {
                        left -= weight;
                        left < 0.0
                    });
                    chosen.unwrap_or(count - 1)
                }
            }
        })
    }
}

/// A few decisions of a genome changed: an ordered one often by a step, any other to anything else.
pub(crate) fn edited(decisions: &Decisions, genome: &Genome, random: &mut Stream) -> Genome {
    let mut edited = genome.clone();
    let n_edits = 1 + random.below(3);
    for _ in 0..n_edits {
        let number = random.below(decisions.len());
        let domain = &decisions[number].domain;
        let (choice, count) = (edited.choice(number), domain.choices());
        if count == 1 {
            continue;
        }
        let other = random.below(count - 1);
        let (up, length, near) = (random.unit() < 0.5, 1 + random.below(2), random.unit() < 0.5);
        let stepped = if up { (choice + length).min(count - 1) } else { choice.saturating_sub(length) };
        let changed = match domain {
            Domain::Ordinal(_) if near && stepped != choice => stepped,
            Domain::Ordinal(_) | Domain::Switch | Domain::Alternatives(_) => {
                other + usize::from(other >= choice)
            }
        };
        edited = decisions.with(&edited, number, changed);
    }
    edited
}
