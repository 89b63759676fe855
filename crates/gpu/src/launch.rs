//! One kernel launch as data: what it reads and writes, and what it is specialised for.

use crate::kernels::weight_tile::WeightTile;
use crate::kernels::window::Window;

/// A buffer of a step, before it has a place in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Value(pub(crate) usize);

/// Channels, and rows times columns, of an activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Planes {
    pub(crate) channels: usize,
    pub(crate) area: usize,
}

/// A batch norm, and the ReLU after it if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Norm {
    pub(crate) planes: Planes,
    pub(crate) relu: bool,
    pub(crate) scale_at: usize,
    pub(crate) shift_at: usize,
    /// Its first channel among the running statistics.
    pub(crate) running_at: usize,
    /// Mean and inverse deviation of the batch.
    pub(crate) statistics: Value,
    /// Cubes that share a channel.
    pub(crate) parts: usize,
}

/// A dense layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dense {
    pub(crate) planes: Planes,
    pub(crate) units: usize,
    pub(crate) weight_at: usize,
    pub(crate) bias_at: usize,
}

/// One launch of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Launch {
    Take { image: Value },
    Window { pass: Window, source: Value, target: Value, weight_at: usize, bias_at: usize },
    WeightGradient { tile: WeightTile, x: Value, gradient: Value, weight_at: usize, parts: usize },
    BiasGradient { planes: Planes, gradient: Value, bias_at: usize },
    Moments { norm: Norm, z: Value, partial: Value },
    Normalise { norm: Norm, z: Value, partial: Value, y: Value },
    NormSums { norm: Norm, z: Value, gradient: Value, partial: Value },
    NormGradient { norm: Norm, z: Value, gradient: Value, partial: Value, z_gradient: Value },
    Sum { planes: Planes, inputs: Vec<Value>, output: Value, relu: bool },
    ReluGradient { planes: Planes, y: Value, gradient: Value, output: Value },
    Mean { planes: Planes, x: Value, output: Value },
    MeanGradient { planes: Planes, gradient: Value, output: Value },
    Dense { dense: Dense, x: Value, output: Value },
    DenseInputGradient { dense: Dense, gradient: Value, output: Value },
    DenseWeightGradient { dense: Dense, x: Value, gradient: Value },
    Loss { logits: Value, gradient: Value },
    Adam,
    Advance,
}

impl Launch {
    /// What it is called in tables.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Take { .. } => "take batch",
            Self::Window { pass, .. } => match pass.direction {
                crate::kernels::window::Direction::Forward => "convolution",
                crate::kernels::window::Direction::InputGradient => "convolution, input gradient",
            },
            Self::WeightGradient { .. } => "convolution, weight gradient",
            Self::BiasGradient { .. } => "convolution, bias gradient",
            Self::Moments { .. } => "norm, sums",
            Self::Normalise { .. } => "norm",
            Self::NormSums { .. } => "norm gradient, sums",
            Self::NormGradient { .. } => "norm gradient",
            Self::Sum { .. } => "sum",
            Self::ReluGradient { .. } => "relu gradient",
            Self::Mean { .. } | Self::MeanGradient { .. } => "pool",
            Self::Dense { .. } | Self::DenseInputGradient { .. } | Self::DenseWeightGradient { .. } => {
                "dense"
            }
            Self::Loss { .. } => "loss",
            Self::Adam => "adam",
            Self::Advance => "advance",
        }
    }

    /// The buffers it touches.
    pub(crate) fn values(&self) -> Vec<Value> {
        match self {
            Self::Take { image } => vec![*image],
            Self::Window { source, target, .. } => vec![*source, *target],
            Self::WeightGradient { x, gradient, .. } => vec![*x, *gradient],
            Self::BiasGradient { gradient, .. } => vec![*gradient],
            Self::Moments { z, partial, .. } => vec![*z, *partial],
            Self::Normalise { norm, z, partial, y } => vec![norm.statistics, *z, *partial, *y],
            Self::NormSums { norm, z, gradient, partial } => vec![norm.statistics, *z, *gradient, *partial],
            Self::NormGradient { norm, z, gradient, partial, z_gradient } => {
                vec![norm.statistics, *z, *gradient, *partial, *z_gradient]
            }
            Self::Sum { inputs, output, .. } => inputs.iter().copied().chain([*output]).collect(),
            Self::ReluGradient { y, gradient, output, .. } => vec![*y, *gradient, *output],
            Self::Mean { x, output, .. } => vec![*x, *output],
            Self::MeanGradient { gradient, output, .. } => vec![*gradient, *output],
            Self::Dense { x, output, .. } => vec![*x, *output],
            Self::DenseInputGradient { gradient, output, .. } => vec![*gradient, *output],
            Self::DenseWeightGradient { x, gradient, .. } => vec![*x, *gradient],
            Self::Loss { logits, gradient } => vec![*logits, *gradient],
            Self::Adam | Self::Advance => Vec::new(),
        }
    }
}
