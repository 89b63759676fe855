use super::{Kernel, Nonlinearity, Program};

/// The bytes that a network takes of a device: of what changes, the arena, and of what never does, weights and other numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Memory {
    /// The arena of 32-bit floats.
    pub arena: u64,
    /// The constants of 32-bit floats.
    pub flash: u64,
    /// The arena of 8-bit integers.
    pub arena_int8: u64,
    /// The constants of 8-bit integers.
    pub flash_int8: u64,
}

/// The most sums of a vector register: behind the last output there are numbers for as many, which are read and not used.
pub const MAX_LANES: usize = 8;

/// Products of 8-bit integers that are added to a sum at once.
pub const GROUP: usize = 4;

impl Memory {
    /// Of a program as it is written in C.
    ///
    /// In integers a bias and a multiplier have four bytes each, an activation that is no clamp has a table, and some integers may
    /// be read behind the last of the arena.
    pub fn of<N>(program: &Program<N>) -> Self {
        let floats = counted(program, 1, |weights, outputs, _| 4 * (weights + outputs));
        let integers = counted(program, GROUP, |weights, outputs, has_table| {
            weights + 8 * outputs + if has_table { 256 } else { 0 }
        });
        Self {
            arena: 4 * program.arena as u64,
            flash: floats as u64,
            arena_int8: (program.arena + GROUP - 1) as u64,
            flash_int8: integers as u64,
        }
    }
}

/// The sum over steps of what `of` makes of the numbers of weights and of outputs, and whether an exponential follows.
fn counted<N>(program: &Program<N>, group: usize, of: impl Fn(usize, usize, bool) -> usize) -> usize {
    let of_step = |step: &super::Step<N>| {
        let has_table = match step.kernel.activation() {
            Nonlinearity::Linear | Nonlinearity::Relu | Nonlinearity::Relu6 => false,
            Nonlinearity::Swish | Nonlinearity::Sigmoid => true,
        };
        let (from, to) = (program.values[step.inputs[0]].shape, program.values[step.output].shape);
        match &step.kernel {
            Kernel::Conv(conv) => {
                let (rows, columns) = conv.window.size;
                if conv.is_alone(from, to) {
                    return of(rows * columns * to.channels, to.channels, has_table);
                }
                let (inputs, outputs) = (from.channels / conv.groups, to.channels / conv.groups);
                let weights = rows * (columns * inputs).next_multiple_of(group) * to.channels;
                let behind = MAX_LANES.saturating_sub(outputs);
                of(weights + group * behind, to.channels + behind, has_table)
            }
            Kernel::Sum(_)
            | Kernel::Concat
            | Kernel::MaxPool(_)
            | Kernel::AvgPool(_)
            | Kernel::GlobalAvgPool
            | Kernel::Gate => of(0, 0, has_table),
        }
    };
    program.steps.iter().map(of_step).sum()
}
