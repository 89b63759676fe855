use crate::{Decisions, Domain, Genome};

impl Decisions {
    /// Coordinate descent: changes one decision at a time, to an end of an ordinal domain or to any choice of another one,
    /// while that lowers the measure and it is above `enough`. Gives the genome found and its measure.
    ///
    /// # Errors
    /// The first that `measure` gives.
    pub fn descend<M: PartialOrd, E>(
        &self,
        start: Genome,
        enough: M,
        mut measure: impl FnMut(&Genome) -> Result<M, E>,
    ) -> Result<(Genome, M), E> {
        let mut least = measure(&start)?;
        let mut best = start;
        let mut has_improved = true;
        while least > enough && has_improved {
            has_improved = false;
            for (number, decision) in self.iter().enumerate() {
                let choices = match &decision.domain {
                    Domain::Ordinal(values) => vec![0, values.len() - 1],
                    Domain::Switch | Domain::Alternatives(_) => (0..decision.domain.choices()).collect(),
                };
                for choice in choices {
                    let genome = self.with(&best, number, choice);
                    let found = measure(&genome)?;
                    if found < least {
                        (best, least, has_improved) = (genome, found, true);
                    }
                }
            }
        }
        Ok((best, least))
    }
}
