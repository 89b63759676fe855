//! The seam to Burn: a tensor is opened to the slice behind it, and a fused operator is recorded for the backward
//! pass.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::{
    Autodiff, AutodiffBackend, BackendTypes, DispatchAutodiffContext, DispatchTensorKind, Flex,
};
use burn::tensor::{DType, GradientCheckpointingStrategy, Tensor};
use burn_flex::FlexTensor;

/// A tensor that autodiff follows, on Flex.
type Tracked = <Autodiff<Flex> as BackendTypes>::FloatTensorPrimitive;

/// A tensor on the CPU, opened.
pub(crate) struct Operand {
    /// The values: f32, dense.
    pub(crate) values: FlexTensor,
    tracked: Option<Tracked>,
}

impl Operand {
    /// Opens a tensor, which must be [`covered`].
    pub(crate) fn open<const D: usize>(tensor: Tensor<D>) -> Self {
        let (values, tracked) = if tensor.is_autodiff() {
            let tracked = tensor.try_into_primitive::<Autodiff<Flex>>().expect("a covered tensor is on Flex");
            (tracked.primitive().clone(), Some(tracked))
        } else {
            (tensor.try_into_primitive::<Flex>().expect("a covered tensor is on Flex"), None)
        };
        Self { values: values.to_contiguous(), tracked }
    }

    /// The values as a slice.
    pub(crate) fn as_slice(&self) -> &[f32] {
        floats(&self.values)
    }
}

/// The values of a covered tensor outside autodiff: f32, dense, and the only handle if `tensor` was.
pub(crate) fn dense<const D: usize>(tensor: Tensor<D>) -> FlexTensor {
    let values = tensor.try_into_primitive::<Flex>().expect("a covered tensor is on Flex");
    values.to_contiguous()
}

/// The floats of a dense tensor.
pub(crate) fn floats(tensor: &FlexTensor) -> &[f32] {
    tensor.as_slice().expect("a dense tensor of f32")
}

/// Whether the fused operators apply: f32 on the Flex CPU backend, with or without plain autodiff.
pub(crate) fn covered<const D: usize>(tensor: &Tensor<D>) -> bool {
    let tensor = tensor.clone().into_dispatch();
    let on_flex = match &tensor.kind {
        DispatchTensorKind::Flex(_) => true,
        DispatchTensorKind::Autodiff(inner) => matches!(**inner, DispatchTensorKind::Flex(_)),
        #[allow(unreachable_patterns, reason = "the other backends are features of Burn")]
        _ => false,
    };
    let plain = match tensor.autodiff {
        DispatchAutodiffContext::Disabled => true,
        DispatchAutodiffContext::Enabled(strategy) => strategy == GradientCheckpointingStrategy::Disabled,
    };
    on_flex && plain && burn::backend::TensorMetadata::dtype(&tensor) == DType::F32
}

/// A fused operator with what it kept for its backward pass.
pub(crate) trait Operator<const N: usize>: Clone + Send + std::fmt::Debug + 'static {
    /// The gradients of the inputs that `wanted` marks, from the gradient of the output (dense).
    fn backward(self, gradient: FlexTensor, wanted: [bool; N]) -> [Option<FlexTensor>; N];
}

#[derive(Debug)]
struct Step<O>(std::marker::PhantomData<fn() -> O>);

impl<O: Operator<N>, const N: usize> Backward<Flex, N> for Step<O> {
    type State = O;

    fn backward(self, ops: Ops<O, N>, gradients: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let gradient = gradients.consume::<Flex>(&ops.node).to_contiguous();
        let wanted = ops.parents.each_ref().map(Option::is_some);
        for (parent, gradient) in ops.parents.into_iter().zip(ops.state.backward(gradient, wanted)) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                gradients.register::<Flex>(parent.id, gradient);
            }
        }
    }
}

/// The output as a Burn tensor, with `operator` recorded if any input belongs to autodiff.
pub(crate) fn record<const N: usize, const D: usize, O: Operator<N>>(
    inputs: [Operand; N],
    output: FlexTensor,
    operator: impl FnOnce() -> O,
) -> Tensor<D> {
    if inputs.iter().all(|input| input.tracked.is_none()) {
        return Tensor::from_primitive::<Flex>(output);
    }
    let guards = inputs.map(|input| input.tracked.unwrap_or_else(|| constant(input.values)).node());
    let step = Step::<O>(std::marker::PhantomData);
    let output = match step.prepare::<NoCheckpointing>(guards).compute_bound().stateful() {
        OpsKind::Tracked(preparation) => preparation.finish(operator(), output),
        OpsKind::UnTracked(preparation) => preparation.finish(output),
    };
    Tensor::from_primitive::<Autodiff<Flex>>(output)
}

/// A result without gradient, on the same side of autodiff as `like`.
pub(crate) fn untracked<const D: usize>(values: FlexTensor, autodiff: bool) -> Tensor<D> {
    if autodiff {
        Tensor::from_primitive::<Autodiff<Flex>>(constant(values))
    } else {
        Tensor::from_primitive::<Flex>(values)
    }
}

fn constant(values: FlexTensor) -> Tracked {
    <Autodiff<Flex> as AutodiffBackend>::from_inner(values)
}
