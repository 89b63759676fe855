//! What a page shows of a search, read from its folder as far as it can be read.

use netsynth_graph::Graph;
use netsynth_search::{
    Explanation, Generator, Problem, Ranking, StopReason, Trial, Variant, explain, rankings,
};
use netsynth_space::SearchSpace;
use netsynth_store::{FrontFile, RunFolder, StoreError};

/// The most trials whose inquisitor is replayed: its exact Gaussian process takes time with the cube of them.
const MAX_EXPLAINED: usize = 250;

/// The most members of the front that are drawn.
const MAX_DRAWN: usize = 30;

/// A search's run, whether it is finished, cut off or damaged.
#[derive(Debug)]
pub struct Run {
    /// Every trial that could be read, in order of its number.
    pub trials: Vec<Trial>,
    /// Every generator that could be read, in order.
    pub generators: Vec<Generator>,
    /// The front of those trials.
    pub front: FrontFile,
    /// Networks of the front by trial, the most accurate first and the smallest among them.
    pub networks: Vec<(usize, Graph)>,
    /// Why the search ended; none if it did not, or stopped so that it can go on.
    pub end: Option<StopReason>,
    /// Why the variants are what they are, where the run is small enough to replay.
    pub explanations: Vec<(Variant, Explanation)>,
    /// How well predictions ranked the trials.
    pub rankings: Vec<Ranking>,
    /// What could not be read, a sentence each.
    pub damage: Vec<String>,
}

impl Run {
    /// Reads a folder. Only a folder that cannot be listed is an error: the page lists what is damaged in it.
    pub fn read(folder: &RunFolder, space: &SearchSpace, problem: &Problem<'_>) -> Result<Self, StoreError> {
        let plan = problem.plan;
        let (trials, damaged) = folder.readable_trials(space)?;
        let mut damage: Vec<String> = damaged.iter().map(ToString::to_string).collect();
        let mut generators = Vec::new();
        for number in folder.generator_numbers()? {
            generators.extend(readable(folder.generator(number), &mut damage));
        }
        let certified = readable(folder.front_of(&trials, plan), &mut damage);
        let front = certified.unwrap_or_else(|| FrontFile::of(&trials, plan));
        let mut networks = Vec::new();
        for (at, row) in front.members.iter().enumerate() {
            if at < MAX_DRAWN || !row.variants.is_empty() {
                let spec = readable(folder.architecture(row.trial), &mut damage);
                networks.extend(spec.and_then(|spec| Some((row.trial, Graph::new(&spec).ok()?))));
            }
        }
        let mut explanations = Vec::new();
        let mut found = Vec::new();
        // A trial that is missing would change what the inquisitor saw.
        if damage.is_empty() && (1..=MAX_EXPLAINED).contains(&trials.len()) {
            for (variant, number) in front.variants() {
                explanations.extend(explain(problem, &trials, number)?.map(|reason| (variant, reason)));
            }
            found = rankings(problem, &trials);
        }
        let end = readable(folder.end(), &mut damage).flatten().map(|end| end.reason);
        Ok(Self { trials, generators, front, networks, end, explanations, rankings: found, damage })
    }
}

/// What was read, or nothing and a line that says why.
fn readable<T>(read: Result<T, StoreError>, damage: &mut Vec<String>) -> Option<T> {
    read.map_err(|error| damage.push(error.to_string())).ok()
}
