/// How a square convolution moves over its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvOptions {
    /// The step, both ways.
    pub stride: usize,
    /// Zeros on every side; `(kernel - 1) / 2` keeps the size at stride 1.
    pub padding: usize,
    /// Groups of channels that do not see each other; as many as channels for a depthwise convolution.
    pub groups: usize,
}
