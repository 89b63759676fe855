//! Where buffers lie in one arena, so that those that live at the same time do not overlap.

/// The steps between which a buffer's numbers are needed, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// The step that writes it.
    pub first: usize,
    /// The last step that reads it.
    pub last: usize,
}

impl Lifetime {
    /// Whether there is a step at which both are needed.
    pub fn meets(&self, other: &Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// The offset of each buffer, given with its lifetime and length, and the length of the arena.
///
/// Each order of placing buffers at the lowest free offset gives a plan; the shortest of three is taken: the largest
/// first (Pisarchyk and Lee 2020), the longest-lived first, and as they come.
pub(super) fn placed(buffers: &[(Lifetime, usize)]) -> (Vec<usize>, usize) {
    let by = |key: &dyn Fn(usize) -> usize| {
        let mut order: Vec<usize> = (0..buffers.len()).collect();
        order.sort_by_key(|&buffer| std::cmp::Reverse(key(buffer)));
        in_order(buffers, &order)
    };
    let length = |buffer: usize| buffers[buffer].1;
    let duration = |buffer: usize| buffers[buffer].0.last - buffers[buffer].0.first;
    let plans = [by(&length), by(&|buffer| duration(buffer) * length(buffer)), by(&|_| 0)];
    let [first, others @ ..] = plans;
    others.into_iter().fold(first, |best, other| if other.1 < best.1 { other } else { best })
}

fn in_order(buffers: &[(Lifetime, usize)], order: &[usize]) -> (Vec<usize>, usize) {
    let mut offsets = vec![0; buffers.len()];
    let mut done: Vec<usize> = Vec::new();
    let mut end = 0;
    for &buffer in order {
        let (lifetime, length) = buffers[buffer];
        let mut taken: Vec<(usize, usize)> = done
            .iter()
            .filter(|&&other| buffers[other].0.meets(&lifetime))
            .map(|&other| (offsets[other], offsets[other] + buffers[other].1))
            .collect();
        taken.sort_unstable();
        let mut offset = 0;
        for (start, stop) in taken {
            if offset + length <= start {
                break;
            }
            offset = offset.max(stop);
        }
        offsets[buffer] = offset;
        end = end.max(offset + length);
        done.push(buffer);
    }
    (offsets, end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_two_buffers_that_live_at_one_step_overlap(
            drawn in proptest::collection::vec((0usize..30, 0usize..8, 1usize..500), 1..40)
        ) {
            let buffers: Vec<(Lifetime, usize)> = drawn
                .into_iter()
                .map(|(first, more, length)| (Lifetime { first, last: first + more }, length))
                .collect();
            let (offsets, arena) = placed(&buffers);
            for (one, (lifetime, length)) in buffers.iter().enumerate() {
                prop_assert!(offsets[one] + length <= arena);
                for (other, (other_lifetime, other_length)) in buffers.iter().enumerate().skip(one + 1) {
                    let apart = offsets[one] + length <= offsets[other]
                        || offsets[other] + other_length <= offsets[one];
                    prop_assert!(apart || !lifetime.meets(other_lifetime));
                }
            }
            // What lives at one step needs its place, and no plan takes more than all of them.
            let at = |step: usize| -> usize {
                let alive = buffers.iter().filter(|(life, _)| life.first <= step && step <= life.last);
                alive.map(|(_, length)| length).sum()
            };
            let least = (0..40).map(at).max().unwrap_or_default();
            prop_assert!(arena >= least && arena <= buffers.iter().map(|(_, length)| length).sum());
        }
    }
}
