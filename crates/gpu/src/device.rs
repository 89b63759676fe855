//! Finding a GPU, and what is known about it.

use std::sync::OnceLock;

use cubecl::__private::Runtime;
use cubecl::client::Client;
use cubecl::future::block_on;
use cubecl::wgpu::wgpu::{AdapterInfo, Backends, DeviceType, Instance, InstanceDescriptor};
use cubecl::wgpu::{
    AutoCompiler, RuntimeOptions, Vulkan, WgpuBackend, WgpuDevice, WgpuDeviceKind, WgpuRuntime, WgslCompiler,
    try_init_setup,
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

/// A device that the drivers name, not opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The card, as its driver names it.
    pub name: String,
    /// The driver, with its version.
    pub driver: String,
    /// Whether it is the processor after all, under a software driver.
    pub is_software: bool,
}

/// The devices that [`Device::open`] can open, in the order of their numbers.
pub fn devices() -> Vec<Listed> {
    let listed = |(info, _): &(AdapterInfo, WgpuDeviceKind)| Listed {
        name: info.name.clone(),
        driver: driver(info),
        is_software: info.device_type == DeviceType::Cpu,
    };
    adapters().iter().map(listed).collect()
}

impl Device {
    /// Opens the Vulkan device of this number: real GPUs come first, software drivers after them. Once a process and
    /// number: clone the result.
    ///
    /// `VK_DRIVER_FILES` selects drivers. Kernels are compiled to SPIR-V, or to WGSL if `NETSYNTH_GPU_COMPILER` is
    /// `wgsl` or the driver is a software one, as lavapipe of Mesa 22 fails on them.
    pub fn open(number: usize) -> Result<Self, GpuError> {
        let adapters = adapters();
        let Some((info, kind)) = adapters.get(number) else {
            return Err(GpuError::Missing { number, n_devices: adapters.len() });
        };
        let wgsl = std::env::var("NETSYNTH_GPU_COMPILER")
            .map_or(info.device_type == DeviceType::Cpu, |name| name == "wgsl");
        let device = WgpuDevice::new(kind.clone()).on(WgpuBackend::Vulkan);
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
            driver: driver(info),
            backend: info.backend.to_string(),
            kind: format!("{:?}", info.device_type),
            compiler: client.name().to_owned(),
            subgroup: (properties.hardware.plane_size_min, properties.hardware.plane_size_max),
            binding_bytes: properties.memory.max_page_size,
            shared_bytes: properties.hardware.max_shared_memory_size as u64,
            name: info.name.clone(),
        };
        Ok(Self { client, description })
    }

    /// What it is.
    pub fn description(&self) -> &Description {
        &self.description
    }
}

/// The driver with its version.
fn driver(info: &AdapterInfo) -> String {
    format!("{} {}", info.driver, info.driver_info).trim().to_owned()
}

/// What the drivers say of their devices, with the name that the runtime has for each. They are asked once.
fn adapters() -> &'static [(AdapterInfo, WgpuDeviceKind)] {
    static ADAPTERS: OnceLock<Vec<(AdapterInfo, WgpuDeviceKind)>> = OnceLock::new();
    ADAPTERS.get_or_init(found_adapters)
}

fn found_adapters() -> Vec<(AdapterInfo, WgpuDeviceKind)> {
    let instance = Instance::new(InstanceDescriptor {
        backends: Backends::VULKAN,
        ..InstanceDescriptor::new_without_display_handle()
    });
    let adapters = block_on(instance.enumerate_adapters(Backends::VULKAN));
    let mut found: Vec<(AdapterInfo, WgpuDeviceKind)> = Vec::new();
    for info in adapters.iter().map(|adapter| adapter.get_info()) {
        // The runtime counts the devices of each type by themselves, and knows one software driver.
        let of_type = found.iter().filter(|(other, _)| other.device_type == info.device_type).count();
        let kind = match info.device_type {
            DeviceType::DiscreteGpu => WgpuDeviceKind::DiscreteGpu(of_type),
            DeviceType::IntegratedGpu => WgpuDeviceKind::IntegratedGpu(of_type),
            DeviceType::VirtualGpu => WgpuDeviceKind::VirtualGpu(of_type),
            DeviceType::Cpu if of_type == 0 => WgpuDeviceKind::Cpu,
            DeviceType::Cpu | DeviceType::Other => continue,
        };
        found.push((info, kind));
    }
    found.sort_by_key(|(info, _)| info.device_type == DeviceType::Cpu);
    found
}
