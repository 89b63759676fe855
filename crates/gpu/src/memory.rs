//! Where the buffers of a step lie: those that are never alive together share memory.

use crate::launch::{Launch, Value};

/// Memory of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Memory {
    /// Numbers in each slot.
    pub(crate) slots: Vec<usize>,
    /// The slot of each value.
    pub(crate) slot_of: Vec<usize>,
}

impl Memory {
    /// Gives each value a slot for as long as a launch still touches it.
    pub(crate) fn new(launches: &[Launch], sizes: &[usize]) -> Self {
        let mut last = vec![0; sizes.len()];
        for (number, launch) in launches.iter().enumerate() {
            launch.values().into_iter().for_each(|value| last[value.0] = number);
        }
        let mut memory = Self { slots: Vec::new(), slot_of: vec![usize::MAX; sizes.len()] };
        let mut free: Vec<usize> = Vec::new();
        for (number, launch) in launches.iter().enumerate() {
            let values = launch.values();
            for &Value(value) in &values {
                if memory.slot_of[value] == usize::MAX {
                    memory.slot_of[value] = memory.take(&mut free, sizes[value]);
                }
            }
            let mut done: Vec<usize> = values
                .iter()
                .filter(|value| last[value.0] == number)
                .map(|value| memory.slot_of[value.0])
                .collect();
            done.sort_unstable();
            done.dedup();
            free.extend(done);
        }
        memory
    }

    /// The smallest free slot that is large enough, else the largest, grown.
    fn take(&mut self, free: &mut Vec<usize>, size: usize) -> usize {
        let fitting = (0..free.len()).filter(|&at| self.slots[free[at]] >= size);
        let best = fitting
            .min_by_key(|&at| self.slots[free[at]])
            .or_else(|| (0..free.len()).max_by_key(|&at| self.slots[free[at]]));
        match best {
            Some(at) => {
                let slot = free.swap_remove(at);
                self.slots[slot] = self.slots[slot].max(size);
                slot
            }
            None => {
                self.slots.push(size);
                self.slots.len() - 1
            }
        }
    }
}
