//! The two networks of the benchmark, straight from the operators: Nano-B and Keras' resnet20.

use std::collections::BTreeMap;

use burn::module::{Module, Param};
use burn::tensor::{Device, Distribution, Tensor};
use netsynth_kernels::{
    Activation, ConvOptions, FeatureMap, PreparedConv, batch_norm, batch_norm_affine, composition,
    conv_batch_norm, conv2d, fold_affine, global_avg_pool, sum,
};

/// How the network is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Path {
    Fused,
    /// Convolution and normalisation apart.
    Apart,
    Burn,
}

#[derive(Module, Debug)]
pub(crate) struct Layer {
    weight: Param<Tensor<4>>,
    /// gamma and beta, or a bias alone.
    gamma: Option<Param<Tensor<1>>>,
    beta: Param<Tensor<1>>,
}

#[derive(Module, Debug)]
pub(crate) struct Network {
    layers: Vec<Layer>,
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
    #[module(skip)]
    steps: Vec<Step>,
}

/// A layer by name: the sum of `inputs`, then a convolution of `width` channels.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    name: String,
    inputs: Vec<String>,
    width: usize,
    kernel: usize,
    stride: usize,
    norm: bool,
    relu: bool,
}

fn step(name: &str, inputs: &str, width: usize, kernel: usize, stride: usize, relu: bool) -> Step {
    Step {
        name: name.into(),
        inputs: inputs.split('+').map(str::to_owned).collect(),
        width,
        kernel,
        stride,
        norm: kernel == 3,
        relu,
    }
}

pub(crate) fn nano_b() -> Vec<Step> {
    let three = |name, inputs, width, stride| step(name, inputs, width, 3, stride, true);
    vec![
        three("x1", "input", 11, 1),
        three("x2", "x1", 9, 1),
        three("x3", "x2", 11, 1),
        three("x4", "x1+x3", 8, 1),
        three("x5", "x4", 11, 1),
        three("x6", "x1+x3+x5", 7, 1),
        three("x7", "x6", 11, 1),
        three("x8", "x1+x5+x7", 27, 2),
        step("id1", "x1+x3+x5", 27, 1, 2, false),
        three("y1", "x8", 27, 1),
        three("y2", "y1+id1", 19, 1),
        three("y3", "y2", 27, 1),
        three("y4", "y1+y3", 26, 1),
        three("y5", "y4", 27, 1),
        three("y6", "y1+y3+y5+id1", 36, 2),
        step("id2", "y3+y5+id1+x8", 64, 1, 2, false),
        three("z1", "y6", 64, 1),
        three("z2", "z1+id2", 39, 1),
        three("z3", "z2", 64, 1),
        three("z4", "z1+z3+id2", 24, 1),
        three("z5", "z4", 64, 1),
        step("pool", "z1+z3+z5+id2", 0, 0, 0, false),
    ]
}

pub(crate) fn resnet20() -> Vec<Step> {
    let mut steps = vec![step("b0", "input", 16, 3, 1, true)];
    let mut before = "b0".to_owned();
    let mut index = 0;
    for width in [16, 32, 64] {
        for block in 0..3 {
            index += 1;
            let stride = if block == 0 && width > 16 { 2 } else { 1 };
            let (first, second) = (format!("a{index}"), format!("c{index}"));
            steps.push(step(&first, &before, width, 3, stride, true));
            steps.push(step(&second, &first, width, 3, 1, false));
            let mut shortcut = before.clone();
            if stride == 2 {
                shortcut = format!("p{index}");
                steps.push(step(&shortcut, &before, width, 1, 2, false));
            }
            before = format!("b{index}");
            // Width 0: a sum with activation only.
            steps.push(step(&before, &format!("{second}+{shortcut}"), 0, 0, 0, true));
        }
    }
    steps.push(step("pool", &before, 0, 0, 0, false));
    steps
}

impl Network {
    pub(crate) fn new(steps: Vec<Step>, device: &Device) -> Self {
        let mut widths = BTreeMap::from([("input".to_owned(), 1)]);
        let mut layers = Vec::new();
        for step in &steps {
            let inputs = widths[&step.inputs[0]];
            let width = if step.width == 0 { inputs } else { step.width };
            widths.insert(step.name.clone(), width);
            if step.width > 0 {
                let deviation = (2.0 / (inputs * step.kernel * step.kernel) as f64).sqrt();
                let shape = [width, inputs, step.kernel, step.kernel];
                let weight = Tensor::random(shape, Distribution::Normal(0.0, deviation), device);
                layers.push(Layer {
                    weight: Param::from_tensor(weight),
                    gamma: step.norm.then(|| Param::from_tensor(Tensor::ones([width], device))),
                    beta: Param::from_tensor(Tensor::zeros([width], device)),
                });
            }
        }
        let features = widths[&steps[steps.len() - 1].name];
        Self {
            layers,
            weight: Param::from_tensor(Tensor::random([features, 7], Distribution::Normal(0.0, 0.1), device)),
            bias: Param::from_tensor(Tensor::zeros([7], device)),
            steps,
        }
    }

    /// Multiply-accumulates of one image of 48x48 in the convolutions.
    pub(crate) fn macs(&self) -> usize {
        let mut sides = BTreeMap::from([("input".to_owned(), 48)]);
        let mut layers = self.layers.iter();
        let mut macs = 0;
        for step in &self.steps {
            let side: usize = sides[&step.inputs[0]];
            let side = if step.width > 0 { side.div_ceil(step.stride) } else { side };
            sides.insert(step.name.clone(), side);
            if step.width > 0 {
                let layer = layers.next().expect("a layer for each convolution");
                macs += layer.weight.dims().iter().product::<usize>() * side * side;
            }
        }
        macs
    }

    /// Logits in training.
    pub(crate) fn forward(&self, images: Tensor<4>, path: Path) -> Tensor<2> {
        if path == Path::Burn {
            return self.forward_burn(images);
        }
        let mut values = BTreeMap::from([("input".to_owned(), FeatureMap::from_tensor(images))]);
        let mut layers = self.layers.iter();
        for step in &self.steps {
            let activation = if step.relu { Activation::Relu } else { Activation::Linear };
            let inputs: Vec<_> = step.inputs.iter().map(|input| values[input].clone()).collect();
            let output = if step.width == 0 {
                sum(inputs, activation)
            } else {
                let x = if inputs.len() > 1 { sum(inputs, Activation::Linear) } else { inputs[0].clone() };
                let layer = layers.next().expect("a layer for each convolution");
                let options = ConvOptions { stride: step.stride, padding: step.kernel / 2, groups: 1 };
                let (weight, beta) = (layer.weight.val(), layer.beta.val());
                match (&layer.gamma, path) {
                    (None, _) => conv2d(x, weight, Some(beta), options, activation),
                    (Some(gamma), Path::Apart) => {
                        let x = conv2d(x, weight, None, options, Activation::Linear);
                        batch_norm(x, gamma.val(), beta, 1e-3, activation).output
                    }
                    (Some(gamma), _) => {
                        conv_batch_norm(x, weight, gamma.val(), beta, options, 1e-3, activation).output
                    }
                }
            };
            values.insert(step.name.clone(), output);
        }
        let features = global_avg_pool(values["pool"].clone());
        features.matmul(self.weight.val()) + self.bias.val().unsqueeze()
    }

    fn forward_burn(&self, images: Tensor<4>) -> Tensor<2> {
        let mut values = BTreeMap::from([("input".to_owned(), images)]);
        let mut layers = self.layers.iter();
        for step in &self.steps {
            let activation = if step.relu { Activation::Relu } else { Activation::Linear };
            let inputs: Vec<_> = step.inputs.iter().map(|input| values[input].clone()).collect();
            let output = if step.width == 0 {
                composition::sum(inputs, activation)
            } else {
                let x = composition::sum(inputs, Activation::Linear);
                let layer = layers.next().expect("a layer for each convolution");
                let options = ConvOptions { stride: step.stride, padding: step.kernel / 2, groups: 1 };
                let (weight, beta) = (layer.weight.val(), layer.beta.val());
                match &layer.gamma {
                    None => composition::conv2d(x, weight, Some(beta), options, activation),
                    Some(gamma) => {
                        let x = composition::conv2d(x, weight, None, options, Activation::Linear);
                        composition::batch_norm(x, gamma.val(), beta, 1e-3, activation).0
                    }
                }
            };
            values.insert(step.name.clone(), output);
        }
        let features = composition::global_avg_pool(values["pool"].clone());
        features.matmul(self.weight.val()) + self.bias.val().unsqueeze()
    }

    /// Logits in evaluation: normalisations folded into their convolutions.
    pub(crate) fn infer(&self, folded: &[PreparedConv], images: Tensor<4>) -> Tensor<2> {
        let mut values = BTreeMap::from([("input", FeatureMap::from_tensor(images))]);
        let mut layers = folded.iter();
        for step in &self.steps {
            let activation = if step.relu { Activation::Relu } else { Activation::Linear };
            let inputs: Vec<_> = step.inputs.iter().map(|input| values[input.as_str()].clone()).collect();
            let output = if step.width == 0 {
                sum(inputs, activation)
            } else {
                let x = if inputs.len() > 1 { sum(inputs, Activation::Linear) } else { inputs[0].clone() };
                layers.next().expect("a layer for each convolution").forward(x)
            };
            values.insert(&step.name, output);
        }
        let features = global_avg_pool(values["pool"].clone());
        features.matmul(self.weight.val().inner()) + self.bias.val().inner().unsqueeze()
    }

    /// The convolutions for [`Self::infer`].
    pub(crate) fn fold(&self) -> Vec<PreparedConv> {
        let fold = |(layer, step): (&Layer, &Step)| {
            let (weight, beta) = (layer.weight.val().inner(), layer.beta.val().inner());
            let (weight, bias) = match &layer.gamma {
                None => (weight, beta),
                Some(gamma) => {
                    let gamma = gamma.val().inner();
                    let (mean, variance) = (gamma.zeros_like(), gamma.ones_like());
                    fold_affine(weight, None, batch_norm_affine(gamma, beta, mean, variance, 1e-3))
                }
            };
            let options = ConvOptions { stride: step.stride, padding: step.kernel / 2, groups: 1 };
            let activation = if step.relu { Activation::Relu } else { Activation::Linear };
            PreparedConv::new(weight, Some(bias), options, activation)
        };
        let steps = self.steps.iter().filter(|step| step.width > 0);
        self.layers.iter().zip(steps).map(fold).collect()
    }
}
