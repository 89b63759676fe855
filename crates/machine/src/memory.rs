//! The memory of this process, as Linux tells it.

use std::fs;
use std::path::Path;

use netsynth_files::read;

/// The most bytes of a status file.
const MAX_BYTES: u64 = 1 << 16;

/// The most memory that this process had at once since it began, or since [`reset_peak_memory`], in bytes.
///
/// # Errors
/// Why the system does not tell.
pub fn peak_memory(root: &Path) -> Result<u64, String> {
    let path = root.join("proc/self/status");
    let at_path = |reason: &dyn std::fmt::Display| format!("{}: {reason}", path.display());
    let bytes = read(&path, MAX_BYTES).map_err(|cause| at_path(&cause))?;
    let text = String::from_utf8_lossy(&bytes);
    let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    let kibibytes = peak.and_then(|number| number.trim().parse::<u64>().ok());
    kibibytes.map(|number| number * 1024).ok_or_else(|| at_path(&"it has no VmHWM"))
}

/// Forgets how much memory this process had: its peak begins with what it has now.
///
/// # Errors
/// Why the system refuses.
pub fn reset_peak_memory(root: &Path) -> Result<(), String> {
    let path = root.join("proc/self/clear_refs");
    fs::write(&path, "5").map_err(|cause| format!("{}: {cause}", path.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_peak_is_read_or_said_to_be_missing() {
        let root = tempfile::tempdir().unwrap();
        assert!(peak_memory(root.path()).unwrap_err().contains("proc/self/status"));
        fs::create_dir_all(root.path().join("proc/self")).unwrap();
        let status = root.path().join("proc/self/status");
        fs::write(&status, "Name:\tx\nVmHWM:\t   12345 kB\nVmRSS:\t 99 kB\n").unwrap();
        assert_eq!(peak_memory(root.path()), Ok(12_345 * 1024));
        fs::write(&status, "Name:\tx\n").unwrap();
        assert!(peak_memory(root.path()).unwrap_err().contains("it has no VmHWM"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_allocated_shows_in_this_process_peak() {
        const SIZE: u64 = 64 << 20;
        let root = Path::new("/");
        let before = peak_memory(root).unwrap();
        let block = vec![1_u8; SIZE as usize];
        assert!(std::hint::black_box(&block).iter().step_by(4096).all(|byte| *byte == 1));
        assert!(peak_memory(root).unwrap() >= before.min(SIZE));
    }
}
