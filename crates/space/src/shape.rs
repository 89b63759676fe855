use crate::{Decisions, Domain, Genome, Kind};

/// A change of a network as a whole by a few numbers, before any layer is looked at alone.
///
/// A width `w` becomes `w * width * (w / g)^taper`, where `g` is the geometric mean of the network's widths; where it is tied to
/// no other's, as that of the first convolution of a residual block, `inner` times that. A stage keeps `depth` times its
/// blocks. All else stays.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// The factor of all widths.
    pub width: f64,
    /// How much faster than before widths grow from narrow layers to wide ones; 0 keeps their proportions.
    pub taper: f64,
    /// The factor of widths inside blocks, beside the others.
    pub inner: f64,
    /// The factor of the number of blocks of each stage.
    pub depth: f64,
}

impl Shape {
    /// All widths scaled by one factor, and all depths by another.
    pub fn scaled(width: f64, depth: f64) -> Self {
        Self { width, taper: 0.0, inner: 1.0, depth }
    }
}

impl Decisions {
    /// The genome nearest to another one's network in this shape.
    pub fn shaped(&self, genome: &Genome, shape: &Shape) -> Genome {
        let mean = self.mean_log_width(genome);
        self.genome(|number, decision| {
            let choice = genome.choice(number);
            let Domain::Ordinal(values) = &decision.domain else { return choice };
            let before = values[choice] as f64;
            match decision.kind {
                Kind::Channels => {
                    let inner = if decision.nodes.len() == 1 { shape.inner } else { 1.0 };
                    let growth = libm::exp(shape.taper * (libm::log(before) - mean));
                    nearest(values, shape.width * inner * growth * before)
                }
                Kind::Depth => nearest(values, shape.depth * before),
                Kind::Kernel | Kind::Link | Kind::Projection | Kind::Alternative => choice,
            }
        })
    }

    /// Whether a genome is the prototype's with all widths scaled by one factor and all depths by another.
    pub fn is_scaled(&self, genome: &Genome) -> bool {
        let (prototype, depths) = (self.prototype(), self.factors(genome, Kind::Depth));
        self.factors(genome, Kind::Channels).iter().any(|&width| {
            depths.iter().any(|&depth| self.shaped(&prototype, &Shape::scaled(width, depth)) == *genome)
        })
    }

    /// The range of factors by which the prototype's widths can be scaled; none where no width is to be chosen.
    pub fn width_factors(&self) -> Option<(f64, f64)> {
        self.range(Kind::Channels)
    }

    /// The range of factors by which the prototype's depths can be scaled; none where no depth is to be chosen.
    pub fn depth_factors(&self) -> Option<(f64, f64)> {
        self.range(Kind::Depth)
    }

    fn range(&self, kind: Kind) -> Option<(f64, f64)> {
        let ends = self.iter().filter(|decision| decision.kind == kind).filter_map(|decision| {
            let Domain::Ordinal(values) = &decision.domain else { return None };
            let of_prototype = values[decision.prototype] as f64;
            Some((*values.first()? as f64 / of_prototype, *values.last()? as f64 / of_prototype))
        });
        ends.reduce(|(least, most), (low, high)| (least.min(low), most.max(high)))
    }

    /// Factors of which one scales the prototype's decisions of a kind to a genome's choices, if any factor does: for each
    /// decision the factor that gives its choice, and those just inside both ends of the interval of factors that do.
    fn factors(&self, genome: &Genome, kind: Kind) -> Vec<f64> {
        let mut factors = vec![1.0];
        for (number, decision) in self.iter().enumerate().filter(|(_, decision)| decision.kind == kind) {
            let Domain::Ordinal(values) = &decision.domain else { continue };
            let choice = genome.choice(number);
            let of_prototype = values[decision.prototype] as f64;
            let here = values[choice] as f64;
            let below = choice.checked_sub(1).map_or(here, |at| 0.5 * (values[at] as f64 + here));
            let above = values.get(choice + 1).map_or(here, |&next| 0.5 * (next as f64 + here));
            for value in [below * (1.0 + EDGE), here, above * (1.0 - EDGE)] {
                factors.push(value / of_prototype);
            }
        }
        factors
    }

    /// The mean of the logarithms of a genome's widths.
    fn mean_log_width(&self, genome: &Genome) -> f64 {
        let logs =
            self.iter().zip(genome.choices()).filter_map(|(decision, choice)| match &decision.domain {
                Domain::Ordinal(values) if decision.kind == Kind::Channels => {
                    Some(libm::log(values[choice] as f64))
                }
                Domain::Ordinal(_) | Domain::Switch | Domain::Alternatives(_) => None,
            });
        let logs: Vec<f64> = logs.collect();
        logs.iter().sum::<f64>() / logs.len().max(1) as f64
    }
}

/// How far inside the end of an interval of factors one is tried.
const EDGE: f64 = 1e-9;

/// The choice whose value is nearest to a number, the smaller of two equally near.
fn nearest(values: &[usize], wanted: f64) -> usize {
    let apart = |choice: usize| (values[choice] as f64 - wanted).abs();
    (0..values.len()).min_by(|&one, &other| apart(one).total_cmp(&apart(other))).unwrap_or_default()
}
