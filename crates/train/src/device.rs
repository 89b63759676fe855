use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where networks are trained: a field of the plan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Device {
    /// The CPU, through Burn's Flex backend and this workspace's kernels. Repeats to the bit.
    #[default]
    Flex,
}

impl Device {
    /// The Burn device, without autodiff.
    pub(crate) fn burn(self) -> burn::tensor::Device {
        match self {
            Device::Flex => burn::tensor::Device::flex(),
        }
    }
}
