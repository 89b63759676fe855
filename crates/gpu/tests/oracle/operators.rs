//! Operators over `[images, channels, height, width]`, forward and backward.

/// A batch of feature maps.
#[derive(Clone)]
pub(crate) struct Map {
    pub(crate) images: usize,
    pub(crate) channels: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) values: Vec<f64>,
}

impl Map {
    fn zeros(images: usize, channels: usize, height: usize, width: usize) -> Self {
        Self { images, channels, height, width, values: vec![0.0; images * channels * height * width] }
    }

    fn at(&self, image: usize, channel: usize, row: usize, column: usize) -> usize {
        ((image * self.channels + channel) * self.height + row) * self.width + column
    }

    /// All places of a channel.
    fn places(&self, channel: usize) -> impl Iterator<Item = usize> + use<> {
        let (area, stride, images) = (self.height * self.width, self.channels, self.images);
        (0..images).flat_map(move |image| {
            let start = (image * stride + channel) * area;
            start..start + area
        })
    }

    pub(crate) fn channel_sum(&self, channel: usize) -> f64 {
        self.places(channel).map(|place| self.values[place]).sum()
    }
}

pub(crate) fn add_into(sum: &mut Map, other: &Map) {
    sum.values.iter_mut().zip(&other.values).for_each(|(sum, value)| *sum += value);
}

pub(crate) fn relu(map: &mut Map) {
    map.values.iter_mut().for_each(|value| *value = value.max(0.0));
}

pub(crate) fn relu_gradient(gradient: &mut Map, y: &Map) {
    for (gradient, y) in gradient.values.iter_mut().zip(&y.values) {
        if *y <= 0.0 {
            *gradient = 0.0;
        }
    }
}

/// Every pair of an output place and an input place that a weight connects: output row and column, input row and
/// column, kernel row and column.
fn taps(
    [out_height, out_width]: [usize; 2],
    [height, width]: [usize; 2],
    [kernel, stride, padding]: [usize; 3],
) -> impl Iterator<Item = [usize; 6]> {
    (0..out_height * out_width * kernel * kernel).filter_map(move |at| {
        let (tap, place) = (at % (kernel * kernel), at / (kernel * kernel));
        let (row, column) = (place / out_width, place % out_width);
        let (tap_row, tap_column) = (tap / kernel, tap % kernel);
        let from_row = (row * stride + tap_row).checked_sub(padding)?;
        let from_column = (column * stride + tap_column).checked_sub(padding)?;
        (from_row < height && from_column < width).then_some([
            row,
            column,
            from_row,
            from_column,
            tap_row,
            tap_column,
        ])
    })
}

pub(crate) fn conv(
    x: &Map,
    weights: &[f64],
    bias: Option<&[f64]>,
    outputs: usize,
    kernel: usize,
    stride: usize,
    padding: usize,
) -> Map {
    let side = |length: usize| (length + 2 * padding - kernel) / stride + 1;
    let mut y = Map::zeros(x.images, outputs, side(x.height), side(x.width));
    let pairs: Vec<[usize; 6]> =
        taps([y.height, y.width], [x.height, x.width], [kernel, stride, padding]).collect();
    for image in 0..x.images {
        for output in 0..outputs {
            for input in 0..x.channels {
                let filter = &weights[(output * x.channels + input) * kernel * kernel..];
                for [row, column, from_row, from_column, tap_row, tap_column] in &pairs {
                    let value = x.values[x.at(image, input, *from_row, *from_column)];
                    let place = y.at(image, output, *row, *column);
                    y.values[place] += filter[tap_row * kernel + tap_column] * value;
                }
            }
            if let Some(bias) = bias {
                let start = y.at(image, output, 0, 0);
                let area = y.height * y.width;
                y.values[start..start + area].iter_mut().for_each(|value| *value += bias[output]);
            }
        }
    }
    y
}

/// Gradients of the input and of the weights.
pub(crate) fn conv_gradient(
    x: &Map,
    gradient: &Map,
    weights: &[f64],
    kernel: usize,
    stride: usize,
    padding: usize,
) -> (Map, Vec<f64>) {
    let mut into = Map::zeros(x.images, x.channels, x.height, x.width);
    let mut of_weights = vec![0.0; weights.len()];
    let pairs: Vec<[usize; 6]> =
        taps([gradient.height, gradient.width], [x.height, x.width], [kernel, stride, padding]).collect();
    for image in 0..x.images {
        for output in 0..gradient.channels {
            for input in 0..x.channels {
                let filter = (output * x.channels + input) * kernel * kernel;
                for [row, column, from_row, from_column, tap_row, tap_column] in &pairs {
                    let weight = filter + tap_row * kernel + tap_column;
                    let reached = gradient.values[gradient.at(image, output, *row, *column)];
                    let place = x.at(image, input, *from_row, *from_column);
                    into.values[place] += weights[weight] * reached;
                    of_weights[weight] += x.values[place] * reached;
                }
            }
        }
    }
    (into, of_weights)
}

/// The output, and each channel's mean and biased variance.
pub(crate) fn batch_norm(z: &Map, scale: &[f64], shift: &[f64], epsilon: f64) -> (Map, Vec<(f64, f64)>) {
    let mut y = z.clone();
    let count = (z.images * z.height * z.width) as f64;
    let statistics = (0..z.channels).map(|channel| {
        let mean = z.channel_sum(channel) / count;
        let variance = z.places(channel).map(|place| (z.values[place] - mean).powi(2)).sum::<f64>() / count;
        for place in z.places(channel) {
            y.values[place] =
                (z.values[place] - mean) / (variance + epsilon).sqrt() * scale[channel] + shift[channel];
        }
        (mean, variance)
    });
    let statistics = statistics.collect();
    (y, statistics)
}

/// Gradients of the input, the scales and the shifts. `statistics` are means and inverse deviations.
pub(crate) fn batch_norm_gradient(
    z: &Map,
    gradient: &Map,
    statistics: &[(f64, f64)],
    scale: &[f64],
) -> (Map, Vec<f64>, Vec<f64>) {
    let mut into = z.clone();
    let count = (z.images * z.height * z.width) as f64;
    let (mut of_scale, mut of_shift) = (Vec::new(), Vec::new());
    for (channel, &(mean, inverse)) in statistics.iter().enumerate() {
        let normal = |place: usize| (z.values[place] - mean) * inverse;
        let sum = gradient.channel_sum(channel);
        let product: f64 = z.places(channel).map(|place| gradient.values[place] * normal(place)).sum();
        for place in z.places(channel) {
            into.values[place] = scale[channel]
                * inverse
                * (gradient.values[place] - sum / count - normal(place) * product / count);
        }
        of_scale.push(product);
        of_shift.push(sum);
    }
    (into, of_scale, of_shift)
}

pub(crate) fn mean(x: &Map) -> Map {
    let area = x.height * x.width;
    let values = x.values.chunks(area).map(|plane| plane.iter().sum::<f64>() / area as f64).collect();
    Map { values, height: 1, width: 1, ..*x }
}

pub(crate) fn mean_gradient(x: &Map, gradient: &Map) -> Map {
    let area = x.height * x.width;
    let values = (0..x.values.len()).map(|at| gradient.values[at / area] / area as f64).collect();
    Map { values, ..*x }
}

/// Weights are `[inputs, units]`.
pub(crate) fn dense(x: &Map, weights: &[f64], bias: &[f64], units: usize) -> Map {
    let inputs = x.values.len() / x.images;
    let mut y = Map::zeros(x.images, units, 1, 1);
    for image in 0..x.images {
        for unit in 0..units {
            let row = &x.values[image * inputs..(image + 1) * inputs];
            y.values[image * units + unit] = bias[unit]
                + row.iter().enumerate().map(|(at, value)| value * weights[at * units + unit]).sum::<f64>();
        }
    }
    y
}

/// Gradients of the input, the weights and the biases.
pub(crate) fn dense_gradient(x: &Map, gradient: &Map, weights: &[f64]) -> (Map, Vec<f64>, Vec<f64>) {
    let (inputs, units) = (x.values.len() / x.images, gradient.channels);
    let mut into = Map { values: vec![0.0; x.values.len()], ..*x };
    let (mut of_weights, mut of_bias) = (vec![0.0; weights.len()], vec![0.0; units]);
    for image in 0..x.images {
        for unit in 0..units {
            let reached = gradient.values[image * units + unit];
            of_bias[unit] += reached;
            for at in 0..inputs {
                into.values[image * inputs + at] += weights[at * units + unit] * reached;
                of_weights[at * units + unit] += x.values[image * inputs + at] * reached;
            }
        }
    }
    (into, of_weights, of_bias)
}
