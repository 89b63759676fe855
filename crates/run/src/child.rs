//! What processes that this one begins leave, and why they end.

use std::fs;
use std::process::Child;

/// How many processes this machine has killed for memory since it was started, as Linux counts them; elsewhere none.
///
/// A kill looks the same from outside whoever sends it: one that falls between two counts that differ was for memory.
pub(crate) fn memory_kills() -> u64 {
    let of_group = count("/sys/fs/cgroup/memory.events", "oom_kill ");
    count("/proc/vmstat", "oom_kill ").saturating_add(of_group)
}

fn count(path: &str, name: &str) -> u64 {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok()).unwrap_or_default()
}

/// Whether a signal is what a process does to itself.
#[cfg(unix)]
pub(crate) fn is_crash(signal: i32) -> bool {
    let crashes =
        [libc::SIGILL, libc::SIGTRAP, libc::SIGABRT, libc::SIGBUS, libc::SIGFPE, libc::SIGSEGV, libc::SIGSYS];
    crashes.contains(&signal)
}

#[cfg(not(unix))]
pub(crate) fn is_crash(_: i32) -> bool {
    false
}

/// Ends what a child that leads its group, and that is over, has begun and left.
#[cfg(unix)]
pub(crate) fn end_group(child: &Child) {
    let Ok(group) = i32::try_from(child.id()) else { return };
    // SAFETY: the call has no conditions; where the group is gone it does nothing.
    #[allow(unsafe_code)]
    unsafe {
        libc::kill(-group, libc::SIGKILL);
    }
}

#[cfg(not(unix))]
pub(crate) fn end_group(_: &Child) {}
