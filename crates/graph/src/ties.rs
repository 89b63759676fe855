use std::ops::Range;

/// Numbers tied into classes, such as the channels that a sum makes one: a union-find that names each class by
/// its smallest member.
#[derive(Debug, Clone, Default)]
pub struct Ties(Vec<usize>);

impl Ties {
    /// The numbers below `count`, each a class of its own.
    pub fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    /// How many numbers there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the next `count` numbers, each a class of its own.
    pub fn grow(&mut self, count: usize) -> Range<usize> {
        let new = self.len()..self.len() + count;
        self.0.extend(new.clone());
        new
    }

    /// The smallest member of a number's class.
    ///
    /// # Panics
    /// If there is no such number.
    pub fn class(&self, mut member: usize) -> usize {
        while self.0[member] != member {
            member = self.0[member];
        }
        member
    }

    /// Makes the classes of two numbers one.
    ///
    /// # Panics
    /// If there is no such number.
    pub fn tie(&mut self, one: usize, other: usize) {
        let (one, other) = (self.class(one), self.class(other));
        self.0[one.max(other)] = one.min(other);
    }
}
