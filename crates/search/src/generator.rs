use netsynth_space::{Domain, Genome, SearchSpace, Stream};
use serde::{Deserialize, Serialize};

/// The share by which a switch stays open to the other answer, so that nothing is ever decided for good.
const OPEN: f64 = 0.03;

/// The generator G(s; theta_G): a distribution over the choices of a search space. The network of a seed `s` is a
/// pure function of theta_G and `s`.
///
/// One hidden number for each network, its size, is shared by all decisions: `slope` says how a decision goes
/// with it. It is the coupling by which one generator emits networks along a whole front.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generator {
    /// How many generations it has learned from: G_0, G_1, ...
    pub number: usize,
    /// theta_G, a law for each decision in the space's order.
    pub laws: Vec<Law>,
}

/// The law of one decision, and why it is what it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Law {
    /// The decision's name.
    pub decision: String,
    /// Its distribution.
    pub theta: Theta,
    /// What the inquisitor predicted that one step up, or a yes, changes U by, when this law was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicted: Option<f64>,
}

/// The distribution of one decision, in numbers of choices.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Theta {
    /// A normal law, rounded and kept in the domain.
    Ordinal {
        /// Centre for a network of middle size.
        mean: f64,
        /// Standard deviation around it.
        spread: f64,
        /// Change of the centre for one standard deviation of size.
        slope: f64,
    },
    /// A yes or no.
    Switch {
        /// Probability of yes for a network of middle size.
        probability: f64,
        /// Change of it for one standard deviation of size.
        slope: f64,
    },
}

impl Generator {
    /// G_0: around the prototype, wide enough to reach most of the space.
    pub fn around_prototype(space: &SearchSpace) -> Self {
        let laws = space.decisions().iter().map(|decision| {
            let theta = match &decision.domain {
                Domain::Ordinal(values) => {
                    let range = (values.len() - 1) as f64;
                    // Smaller networks are what is looked for: the centre lies between prototype and middle.
                    let mean = 0.5 * (decision.prototype as f64 + 0.5 * range);
                    Theta::Ordinal { mean, spread: 0.2 * range, slope: 0.2 * range }
                }
                Domain::Switch if decision.prototype == 1 => Theta::Switch { probability: 0.85, slope: 0.0 },
                Domain::Switch => Theta::Switch { probability: 0.08, slope: 0.0 },
            };
            Law { decision: decision.name.clone(), theta, predicted: None }
        });
        Self { number: 0, laws: laws.collect() }
    }

    /// The network's choices for the seed whose random numbers these are.
    pub fn sample(&self, space: &SearchSpace, random: &mut Stream) -> Genome {
        let size = random.normal();
        space.genome(|number, decision| {
            let last = decision.domain.choices() - 1;
            match self.laws[number].theta {
                Theta::Ordinal { mean, spread, slope } => {
                    let drawn = libm::round(mean + slope * size + spread * random.normal());
                    drawn.clamp(0.0, last as f64) as usize
                }
                Theta::Switch { probability, slope } => {
                    let probability = (probability + slope * size).clamp(OPEN, 1.0 - OPEN);
                    usize::from(random.unit() < probability)
                }
            }
        })
    }
}
