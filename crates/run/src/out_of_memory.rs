//! Whether the system kills processes for their memory.

use std::fs;

/// How many processes this machine has killed for memory since it was started, as Linux counts them; elsewhere none.
///
/// A kill looks the same from outside whoever sends it: one that falls between two counts that differ was for memory.
pub(crate) fn kills() -> u64 {
    let of_group = count("/sys/fs/cgroup/memory.events", "oom_kill ");
    count("/proc/vmstat", "oom_kill ").saturating_add(of_group)
}

fn count(path: &str, name: &str) -> u64 {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok()).unwrap_or_default()
}
