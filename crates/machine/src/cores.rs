//! The cores of this machine.

/// The numbers of the cores that this process may use, rising.
///
/// # Errors
/// Why the system does not tell.
pub fn cores() -> Result<Vec<usize>, String> {
    system::cores()
}

/// Keeps this thread, and those that it starts from now on, on one core.
///
/// # Errors
/// Why it can move.
pub fn pin(core: usize) -> Result<(), String> {
    system::pin(core)
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
mod system {
    use std::io;
    use std::mem::{size_of, zeroed};

    use libc::{CPU_ISSET, CPU_SET, CPU_SETSIZE, cpu_set_t, sched_getaffinity, sched_setaffinity};

    pub(super) fn cores() -> Result<Vec<usize>, String> {
        // SAFETY: all zeros is the empty set, and the call fills as many bytes as the set has.
        let set = unsafe {
            let mut set: cpu_set_t = zeroed();
            if sched_getaffinity(0, size_of::<cpu_set_t>(), &raw mut set) != 0 {
                return Err(format!("the system does not tell its cores: {}", io::Error::last_os_error()));
            }
            set
        };
        // SAFETY: every number is less than the set has bits.
        Ok((0..CPU_SETSIZE as usize).filter(|&core| unsafe { CPU_ISSET(core, &set) }).collect())
    }

    pub(super) fn pin(core: usize) -> Result<(), String> {
        if core >= CPU_SETSIZE as usize {
            return Err(format!("there is no core {core}"));
        }
        // SAFETY: all zeros is the empty set, the number is less than the set has bits, and the call only reads the set.
        let outcome = unsafe {
            let mut set: cpu_set_t = zeroed();
            CPU_SET(core, &mut set);
            sched_setaffinity(0, size_of::<cpu_set_t>(), &raw const set)
        };
        match outcome {
            0 => Ok(()),
            _ => Err(format!("a thread cannot be kept on core {core}: {}", io::Error::last_os_error())),
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    const REASON: &str = "keeping a thread on a core is only known of Linux";

    pub(super) fn cores() -> Result<Vec<usize>, String> {
        Err(REASON.to_owned())
    }

    pub(super) fn pin(_: usize) -> Result<(), String> {
        Err(REASON.to_owned())
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::disallowed_methods, clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_pinned_thread_and_its_children_have_one_core_and_others_keep_theirs() {
        let all = cores().unwrap();
        let last = *all.last().unwrap();
        let (own, child) = std::thread::spawn(move || {
            pin(last).unwrap();
            (cores().unwrap(), std::thread::spawn(cores).join().unwrap().unwrap())
        })
        .join()
        .unwrap();
        assert_eq!((own, child), (vec![last], vec![last]));
        assert_eq!(cores().unwrap(), all);
        assert!(pin(1 << 20).is_err());
    }
}
