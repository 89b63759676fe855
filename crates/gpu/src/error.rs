/// Why a network is not trained on this device.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GpuError {
    /// A node needs a kernel that there is not.
    #[error("`{node}` is a {operator}, for which there is no GPU kernel")]
    Unsupported {
        /// The node's name.
        node: String,
        /// Its operator, with what is special about it.
        operator: String,
    },
    /// There is more than the device can address at once.
    #[error(
        "{what} needs {needed}, and this device takes at most {limit}: use fewer trainings or smaller batches"
    )]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How large it would be.
        needed: u64,
        /// How large it may be.
        limit: u64,
    },
    /// Numbers handed over do not have the length they should.
    #[error("{what}: {found} numbers were given where {expected} are needed")]
    Length {
        /// What was handed over.
        what: &'static str,
        /// How many there should be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// There is no device of this number.
    #[error("there is no GPU {number}: the Vulkan drivers here name {n_devices}")]
    Missing {
        /// The number, from 0.
        number: usize,
        /// How many there are.
        n_devices: usize,
    },
    /// The driver refused, or the device is gone.
    #[error("the GPU failed: {0}")]
    Device(String),
}
