//! A system that has no more memory to give ends the program with one message and exit code 2, not with an abort. Everything
//! finished is on the disk by then.

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether this process is a worker: then it is the candidate that takes too much, and no run that goes on.
static IS_WORKER: AtomicBool = AtomicBool::new(false);

/// From now on a lack of memory ends the process with the exit code by which shells and clusters know it: 128 and the number
/// of SIGKILL.
pub(crate) fn is_of_a_worker() {
    IS_WORKER.store(true, Ordering::SeqCst);
}

/// The system's allocator, and an end where it has nothing.
struct OrEnd;

#[global_allocator]
static ALLOCATOR: OrEnd = OrEnd;

// SAFETY: every call is the system allocator's, and what it gives is handed on unless it is null.
unsafe impl GlobalAlloc for OrEnd {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract is the same.
        or_end(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract is the same.
        or_end(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's contract is the same.
        or_end(unsafe { System.realloc(block, layout, size) }, size)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's contract is the same.
        unsafe { System.dealloc(block, layout) }
    }
}

fn or_end(block: *mut u8, size: usize) -> *mut u8 {
    if block.is_null() {
        end(size);
    }
    block
}

/// Nothing here may ask for memory, or wait for what another thread holds.
#[cold]
fn end(size: usize) -> ! {
    let mut line = [0_u8; 320];
    let mut rest = &mut line[..];
    let is_of_a_worker = IS_WORKER.load(Ordering::SeqCst);
    let _ = if is_of_a_worker {
        writeln!(rest, "error: the training needs {size} bytes more than the system has memory")
    } else {
        writeln!(
            rest,
            "error: the system has no memory left for {size} bytes\n  help: give fewer --workers or a smaller batch_size, or \
             allow more memory (ulimit -v); nothing finished is lost: `netsynth resume` goes on"
        )
    };
    let n_left = rest.len();
    let n_written = line.len() - n_left;
    let _ = std::io::stderr().write_all(&line[..n_written]);
    #[cfg(unix)]
    // SAFETY: it has no conditions.
    unsafe {
        libc::_exit(if is_of_a_worker { 137 } else { 2 })
    }
    #[cfg(not(unix))]
    std::process::abort()
}
