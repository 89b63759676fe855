//! Finding a GPU, and what is known about it.

use cubecl::__private::Runtime;
use cubecl::client::Client;
use cubecl::future::block_on;
use cubecl::wgpu::wgpu::{AdapterInfo, Backends, DeviceType, Instance, InstanceDescriptor};
use cubecl::wgpu::{
    AutoCompiler, RuntimeOptions, Vulkan, WgpuDevice, WgpuRuntime, WgslCompiler, try_init_setup,
};

use crate::GpuError;

/// Launches that are encoded before they are handed to the driver.
const LAUNCHES_A_SUBMISSION: usize = 256;

/// An opened GPU. Cloning shares it.
#[derive(Clone)]
pub struct Device {
    pub(crate) client: Client,
    description: Description,
}

/// What provenance says of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The card, as its driver names it.
    pub name: String,
    /// The driver, with its version.
    pub driver: String,
    /// The graphics interface, such as `vulkan`.
    pub backend: String,
    /// `DiscreteGpu`, `IntegratedGpu`, or `Cpu` for a software driver.
    pub kind: String,
    /// How kernels are compiled.
    pub compiler: String,
    /// Units that run in step: the fewest and the most.
    pub subgroup: (u32, u32),
    /// Bytes that a kernel may see of one buffer.
    pub binding_bytes: u64,
    /// Bytes of memory that the units of a cube share.
    pub shared_bytes: u64,
}

impl Device {
    /// Opens a Vulkan device, a real GPU before a software driver. Once a process: clone the result.
    ///
    /// `VK_DRIVER_FILES` selects a driver. Kernels are compiled to SPIR-V, or to WGSL if `NETSYNTH_GPU_COMPILER` is
    /// `wgsl` or the driver is a software one, as lavapipe of Mesa 22 fails on them.
    pub fn open() -> Result<Self, GpuError> {
        let info = adapter()?;
        let wgsl = std::env::var("NETSYNTH_GPU_COMPILER")
            .map_or(info.device_type == DeviceType::Cpu, |name| name == "wgsl");
        let device = WgpuDevice::default();
        let client = if wgsl {
            WgpuRuntime::<WgslCompiler>::client(&device)
        } else {
            let options = RuntimeOptions::with_tasks_max(Some(LAUNCHES_A_SUBMISSION));
            let options = options.map_err(|error| GpuError::Device(error.to_string()))?;
            try_init_setup::<Vulkan>(&device, options)
                .map_err(|error| GpuError::Device(error.to_string()))?;
            WgpuRuntime::<AutoCompiler>::client(&device)
        };
        let properties = client.properties();
        let description = Description {
            driver: format!("{} {}", info.driver, info.driver_info).trim().to_owned(),
            backend: info.backend.to_string(),
            kind: format!("{:?}", info.device_type),
            compiler: client.name().to_owned(),
            subgroup: (properties.hardware.plane_size_min, properties.hardware.plane_size_max),
            binding_bytes: properties.memory.max_page_size,
            shared_bytes: properties.hardware.max_shared_memory_size as u64,
            name: info.name,
        };
        Ok(Self { client, description })
    }

    /// What it is.
    pub fn description(&self) -> &Description {
        &self.description
    }
}

/// What the driver says of the device that will be opened.
fn adapter() -> Result<AdapterInfo, GpuError> {
    let instance = Instance::new(InstanceDescriptor {
        backends: Backends::VULKAN,
        ..InstanceDescriptor::new_without_display_handle()
    });
    let adapters = block_on(instance.enumerate_adapters(Backends::VULKAN));
    let mut found: Vec<AdapterInfo> = adapters.iter().map(|adapter| adapter.get_info()).collect();
    found.sort_by_key(|info| info.device_type == DeviceType::Cpu);
    found.into_iter().next().ok_or_else(|| GpuError::Device("there is no Vulkan driver".to_owned()))
}
