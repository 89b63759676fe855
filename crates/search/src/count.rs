/// A count that a plan or a command asks for, and how many there may be: far more than any run has that ends, and few
/// enough that no sum or product of counts is too large for a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    what: &'static str,
    least: usize,
    most: usize,
}

/// More or fewer are asked for than there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[error("{asked} {} are asked for", count.what)]
#[diagnostic(help("give {count}"))]
pub struct CountError {
    /// How many are asked for.
    pub asked: usize,
    /// How many there may be.
    pub count: Count,
}

impl Count {
    /// Trials of a search, and evaluations of a strategy.
    pub const TRIALS: Self = Self::new("trials", 1, 1_000_000);
    /// Candidates that are proposed before any of them is observed.
    pub const GENERATION: Self = Self::new("candidates a generation", 1, 10_000);
    /// Steps of the ladder that trials climb.
    pub const RUNGS: Self = Self::new("rungs", 1, 32);
    /// Epochs of a trial's training on a rung.
    pub const RUNG_EPOCHS: Self = Self::new("epochs of a rung", 1, 100_000);
    /// Folds that a rung trains.
    pub const RUNG_FOLDS: Self = Self::new("folds of a rung", 1, 1000);
    /// Trials in a row that may fail.
    pub const FAILURES: Self = Self::new("failures in a row", 1, 1_000_000);
    /// Seconds of a search's work.
    pub const SECONDS: Self = Self::new("seconds", 1, 1_000_000_000);
    /// Memory of a training, by estimate.
    pub const MEBIBYTES: Self = Self::new("MiB", 1, 1 << 30);
    /// Epochs of a variant's training.
    pub const FINAL_EPOCHS: Self = Self::new("epochs of the variants", 1, 100_000);
    /// Epochs of the training that trials inherit from.
    pub const PROTOTYPE_EPOCHS: Self = Self::new("epochs of the prototype", 1, 100_000);
    /// Epochs of a training.
    pub const EPOCHS: Self = Self::new("epochs", 1, 100_000);
    /// Classes of data that netsynth does not have.
    pub const CLASSES: Self = Self::new("classes", 2, 10_000);
    /// Folds that the data is cut into.
    pub const FOLDS: Self = Self::new("folds", 1, 1000);
    /// Seeds with which the same is done again.
    pub const SEEDS: Self = Self::new("seeds", 1, 10_000);
    /// Trainings of one network: a fold with a seed.
    pub const TRAININGS: Self = Self::new("trainings", 1, 100_000);
    /// Pieces of work side by side.
    pub const WORKERS: Self = Self::new("workers", 1, 1024);
    /// Trials that are trained again to be compared.
    pub const RETRAINED: Self = Self::new("trials", 0, 1_000_000);

    /// The count that may be which is nearest to what is wanted.
    pub fn nearest(self, wanted: f64) -> usize {
        (wanted as usize).clamp(self.least, self.most)
    }

    /// A count of so many, in the plural.
    pub const fn new(what: &'static str, least: usize, most: usize) -> Self {
        Self { what, least, most }
    }

    /// What is asked for, if there may be so many.
    ///
    /// # Errors
    /// There may not.
    pub fn check(self, asked: usize) -> Result<usize, CountError> {
        if (self.least..=self.most).contains(&asked) {
            Ok(asked)
        } else {
            Err(CountError { asked, count: self })
        }
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} to {} {}", self.least, self.most, self.what)
    }
}
