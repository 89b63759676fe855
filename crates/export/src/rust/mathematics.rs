//! What `core` lacks, as Rust text.

use crate::plan::Activation;

/// The function of an activation.
pub(super) fn activation(activation: Activation) -> &'static str {
    match activation {
        Activation::Linear => "",
        Activation::Relu => "fn relu(x: f32) -> f32 {\n    x.max(0.0)\n}\n\n",
        Activation::Relu6 => "fn relu6(x: f32) -> f32 {\n    x.clamp(0.0, 6.0)\n}\n\n",
        Activation::Swish => "fn swish(x: f32) -> f32 {\n    x / (1.0 + exponential(-x))\n}\n\n",
        Activation::Sigmoid => "fn sigmoid(x: f32) -> f32 {\n    1.0 / (1.0 + exponential(-x))\n}\n\n",
    }
}

/// The exponential function by 2^n and a Taylor polynomial on half of ln 2: seven digits.
pub(super) const EXPONENTIAL: &str = "fn exponential(x: f32) -> f32 {
    let x = x.clamp(-87.0, 88.0);
    // Adding and subtracting 1.5 * 2^23 rounds to a whole number.
    let n = (x * core::f32::consts::LOG2_E + 12_582_912.0) - 12_582_912.0;
    // ln 2 in two parts, the first of which n times is exact.
    let r = (x - n * 0.693_359_4) + n * 2.121_944_4e-4;
    let tail = 1.0 / 6.0 + r * (1.0 / 24.0 + r * (1.0 / 120.0 + r / 720.0));
    let power = f32::from_bits(((n as i32 + 127) as u32) << 23);
    power * (1.0 + r + r * r * (0.5 + r * tail))
}
";

/// The square root by Newton's iteration from half the exponent.
pub(super) const SQUARE_ROOT: &str = "
fn square_root(x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let mut root = f64::from_bits((x.to_bits() >> 1) + (1023 << 51));
    for _ in 0..5 {
        root = 0.5 * (root + x / root);
    }
    root
}
";
