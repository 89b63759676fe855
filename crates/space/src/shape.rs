use crate::{Decision, Decisions, Domain, Genome, Kind};

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
        let stays = |(number, decision): (usize, &Decision)| match decision.kind {
            Kind::Channels | Kind::Depth => true,
            Kind::Kernel | Kind::Link | Kind::Projection | Kind::Alternative => {
                genome.choice(number) == decision.prototype
            }
        };
        self.iter().enumerate().all(stays)
            && self.has_one_factor(genome, Kind::Channels)
            && self.has_one_factor(genome, Kind::Depth)
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

    /// Whether some factor scales the prototype's decisions of a kind to a genome's choices: whether the intervals of factors
    /// that give each choice have one in common. A factor at the end of two intervals belongs to the lower one, as
    /// [`nearest`] decides.
    fn has_one_factor(&self, genome: &Genome, kind: Kind) -> bool {
        let (mut above, mut up_to) = (f64::NEG_INFINITY, f64::INFINITY);
        for (number, decision) in self.iter().enumerate().filter(|(_, decision)| decision.kind == kind) {
            let Domain::Ordinal(values) = &decision.domain else { continue };
            let choice = genome.choice(number);
            let middle = |lower: usize| {
                0.5 * (values[lower] + values[lower + 1]) as f64 / values[decision.prototype] as f64
            };
            if choice > 0 {
                above = above.max(middle(choice - 1));
            }
            if choice + 1 < values.len() {
                up_to = up_to.min(middle(choice));
            }
        }
        above < up_to
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

/// The choice whose value is nearest to a number, the smaller of two equally near.
fn nearest(values: &[usize], wanted: f64) -> usize {
    let apart = |choice: usize| (values[choice] as f64 - wanted).abs();
    (0..values.len()).min_by(|&one, &other| apart(one).total_cmp(&apart(other))).unwrap_or_default()
}
