use std::str::FromStr;

use netsynth_train::Device;

/// Where to train, as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum DeviceChoice {
    /// This one.
    Named(Device),
    /// Whichever is faster, as measured.
    Auto,
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            named => named.parse().map(Self::Named).map_err(|error| format!("{error}; or auto")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_read_as_it_is_shown() {
        for device in [Device::Flex, Device::Wgpu(0), Device::Wgpu(7)] {
            assert_eq!(device.to_string().parse(), Ok(DeviceChoice::Named(device)));
        }
        assert_eq!("wgpu".parse(), Ok(DeviceChoice::Named(Device::Wgpu(0))));
        assert_eq!("auto".parse(), Ok(DeviceChoice::Auto));
        for wrong in ["", "gpu", "cuda", "wgpu:", "wgpu:-1", "wgpu:x", "cpu:0", "CPU", "wgpu:99999999"] {
            let error = wrong.parse::<DeviceChoice>().unwrap_err();
            assert!(error.contains("wgpu") && error.contains("auto"), "{wrong}: {error}");
        }
    }
}
