//! Aligned storage that is used again: a training step frees and asks for the same sizes every time, and fresh
//! pages from the operating system would cost it a tenth of its time.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut};

use burn::tensor::DType;
use burn_flex::{FlexTensor, Layout};
use burn_std::{AccessError, AccessPolicy, AllocationController, AllocationProperty, Bytes, Shape};

/// Sixteen floats on a cache line of their own.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; 16]);

/// What a thread may keep in any case, in lines: 8 MiB, which hold all that the inference of a small network asks for. It has
/// few blocks in use at a time, of many sizes.
const SMALL: usize = (8 << 20) / size_of::<Line>();

/// Blocks a thread has freed. Together with those in use they never take more than were once in use at a time, or
/// [`SMALL`]; the least recently freed goes first.
#[derive(Default)]
struct Pool {
    /// By size, and of one size the last one freed first: it is still in the cache.
    free: BTreeMap<(usize, Reverse<u64>), Vec<Line>>,
    clock: u64,
    free_lines: usize,
    used_lines: usize,
    most_used_lines: usize,
}

/// Before all blocks of a size.
const LAST: Reverse<u64> = Reverse(u64::MAX);

impl Pool {
    /// The smallest kept block of at least `lines` that is not far too large.
    fn take(&mut self, lines: usize) -> Vec<Line> {
        let fitting =
            self.free.range((lines, LAST)..(lines + lines / 4 + 1, LAST)).next().map(|(key, _)| *key);
        let block = match fitting.and_then(|key| self.free.remove(&key)) {
            Some(block) => {
                self.free_lines -= block.len();
                block
            }
            None => vec![Line([0.0; 16]); lines],
        };
        self.used_lines += block.len();
        self.most_used_lines = self.most_used_lines.max(self.used_lines);
        block
    }

    fn give(&mut self, block: Vec<Line>) {
        self.clock += 1;
        // A block may come from another thread, which then has it in use for ever.
        self.used_lines = self.used_lines.saturating_sub(block.len());
        self.free_lines += block.len();
        self.free.insert((block.len(), Reverse(self.clock)), block);
        while self.free_lines + self.used_lines > self.most_used_lines.max(SMALL) {
            let Some(oldest) = self.free.keys().max_by_key(|key| key.1).copied() else { return };
            if let Some(block) = self.free.remove(&oldest) {
                self.free_lines -= block.len();
            }
        }
    }
}

thread_local! {
    static POOL: RefCell<Pool> = RefCell::default();
}

/// Floats on cache-line boundaries, from the thread's pool. The contents are whatever was there before.
pub(crate) struct Buffer {
    lines: Vec<Line>,
    len: usize,
}

impl Buffer {
    /// Room for `len` floats, holding old values.
    pub(crate) fn stale(len: usize) -> Self {
        let needed = len.div_ceil(16).max(1);
        Self { lines: POOL.with_borrow_mut(|pool| pool.take(needed)), len }
    }

    /// `len` zeros.
    pub(crate) fn zeros(len: usize) -> Self {
        let mut buffer = Self::stale(len);
        buffer.fill(0.0);
        buffer
    }

    /// Hands the floats to Burn as a dense tensor, without a copy.
    pub(crate) fn into_tensor(self, shape: impl Into<Shape>) -> FlexTensor {
        let shape = shape.into();
        assert_eq!(shape.num_elements(), self.len, "a buffer must fill its tensor");
        let bytes = self.len * size_of::<f32>();
        // SAFETY: the controller owns at least `bytes` bytes, all of them initialised.
        let bytes = unsafe { Bytes::from_controller(Box::new(self), bytes) };
        FlexTensor::new(bytes, Layout::contiguous(shape), DType::F32)
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        // At the end of a thread the pool may be gone already: then the block is simply freed.
        let _ = POOL.try_with(|pool| pool.borrow_mut().give(lines));
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // SAFETY: `lines` holds at least `len` initialised floats.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: `lines` holds at least `len` initialised floats, borrowed mutably with `self`.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}

impl AllocationController for Buffer {
    fn alloc_align(&self) -> usize {
        align_of::<Line>()
    }

    fn property(&self) -> AllocationProperty {
        AllocationProperty::Other
    }

    unsafe fn memory_mut(&mut self, _policy: AccessPolicy) -> Result<&mut [MaybeUninit<u8>], AccessError> {
        let bytes = size_of_val(self.lines.as_slice());
        // SAFETY: the whole of `lines`, borrowed mutably with `self`; the caller writes initialised bytes only.
        Ok(unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), bytes) })
    }

    fn memory(&self, _policy: AccessPolicy) -> Result<&[MaybeUninit<u8>], AccessError> {
        let bytes = size_of_val(self.lines.as_slice());
        // SAFETY: the whole of `lines`, borrowed with `self`.
        Ok(unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), bytes) })
    }
}
