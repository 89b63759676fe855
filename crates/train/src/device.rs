use std::fmt;
use std::str::FromStr;

use netsynth_graph::Graph;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where networks are trained: a field of the plan. Trained networks are judged on the CPU, whatever trained them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Device {
    /// The CPU, through Burn's Flex backend and this workspace's kernels. Repeats to the bit.
    #[default]
    Flex,
    /// The GPU of this number, from 0, as `netsynth devices` counts them, through wgpu and kernels of our own. Repeats to the
    /// bit on the same card with the same driver.
    Wgpu(usize),
}

/// Why nothing can be trained on a device.
#[derive(Debug, Clone, PartialEq, thiserror::Error, miette::Diagnostic)]
pub enum DeviceError {
    /// The program was compiled without GPUs.
    #[error("this netsynth was built without support for GPUs")]
    #[diagnostic(help("build it with `cargo build --release --features gpu`, or begin with --device cpu"))]
    NotBuilt,
    /// There is no such GPU, or its driver failed.
    #[error("{0}")]
    #[diagnostic(help("see `netsynth devices` for the devices that are there, or begin with --device cpu"))]
    Failed(String),
}

/// What is known of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceDescription {
    /// The card, or the processor's kernels.
    pub name: String,
    /// The driver with its version, and the interface that it is reached by.
    pub driver: String,
    /// Whether a GPU is the processor after all, under a software driver.
    pub is_software: bool,
}

impl Device {
    /// The GPUs of this machine, in the order of their numbers: none where the program was built without them.
    pub fn gpus() -> Vec<DeviceDescription> {
        #[cfg(feature = "gpu")]
        return crate::gpu::devices();
        #[cfg(not(feature = "gpu"))]
        Vec::new()
    }

    /// Whether the program was built with GPUs.
    pub fn has_gpu_support() -> bool {
        cfg!(feature = "gpu")
    }

    /// What is known of it, if networks can be trained on it.
    ///
    /// # Errors
    /// It is not there, or the program was built without it.
    pub fn description(self) -> Result<DeviceDescription, DeviceError> {
        match self {
            Device::Flex => Ok(DeviceDescription {
                name: format!("the CPU, {} kernels", crate::instruction_sets().1),
                driver: String::new(),
                is_software: false,
            }),
            #[cfg(feature = "gpu")]
            Device::Wgpu(number) => crate::gpu::description(number),
            #[cfg(not(feature = "gpu"))]
            Device::Wgpu(_) => Err(DeviceError::NotBuilt),
        }
    }

    /// Refuses a network with an operator that the device has no kernel for.
    ///
    /// # Errors
    /// Names the operator.
    pub fn supports(self, graph: &Graph) -> Result<(), String> {
        match self {
            Device::Flex => Ok(()),
            #[cfg(feature = "gpu")]
            Device::Wgpu(_) => netsynth_gpu::supports(graph).map_err(|error| error.to_string()),
            #[cfg(not(feature = "gpu"))]
            Device::Wgpu(_) => {
                let _ = graph;
                Ok(())
            }
        }
    }

    /// The Burn device on which networks are made and judged, without autodiff.
    pub(crate) fn burn(self) -> burn::tensor::Device {
        match self {
            Device::Flex | Device::Wgpu(_) => burn::tensor::Device::flex(),
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Device::Flex => f.write_str("cpu"),
            Device::Wgpu(number) => write!(f, "wgpu:{number}"),
        }
    }
}

impl FromStr for Device {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "cpu" => Ok(Device::Flex),
            None if text == "wgpu" => Ok(Device::Wgpu(0)),
            Some(("wgpu", number)) if number.parse::<u16>().is_ok() => {
                Ok(Device::Wgpu(number.parse().unwrap_or_default()))
            }
            _ => Err("it is no device: give cpu, wgpu, or wgpu:1 for the second of several GPUs".to_owned()),
        }
    }
}
