use crate::RunError;

/// What a training gives, or the panic in which it ends each time. A panic that does not come again, or that is for want of
/// something of the system, says nothing of the training and is an error.
pub(crate) fn unless_of_the_system<T>(
    mut train: impl FnMut() -> Result<Result<T, String>, RunError>,
) -> Result<Result<T, String>, RunError> {
    let panic = match train()? {
        Ok(trained) => return Ok(Ok(trained)),
        Err(panic) => panic,
    };
    match train()? {
        Ok(trained) => Ok(Ok(trained)),
        Err(again) if again == panic && !names_the_system(&panic) => Ok(Err(panic)),
        Err(again) => {
            let remedy = "see that there are memory, threads and open files for it (ulimit -a), and go on with `netsynth \
                          resume`: nothing finished is lost";
            Err(RunError::new(format!("the training broke off: {again}"), remedy))
        }
    }
}

/// Whether a panic says that the operating system refused something.
fn names_the_system(panic: &str) -> bool {
    ["os error", "Os {", "memory"].iter().any(|sign| panic.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of trainings that end like this, the first at first.
    fn outcome(ends: &[Result<u8, &str>]) -> Result<Result<u8, String>, String> {
        let mut ends = ends.iter();
        let mut next = || ends.next().map(|end| end.map_err(str::to_owned));
        unless_of_the_system(|| next().ok_or_else(|| RunError::new("trained too often", "")))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_panic_is_an_outcome_only_if_it_comes_again() {
        assert_eq!(outcome(&[Ok(1)]), Ok(Ok(1)));
        assert_eq!(outcome(&[Err("a"), Ok(1)]), Ok(Ok(1)));
        assert_eq!(outcome(&[Err("a"), Err("a")]), Ok(Err("a".to_owned())));
        assert!(outcome(&[Err("a"), Err("b")]).is_err_and(|error| error.contains("broke off: b")));
        let thread = "failed to spawn thread: Os { code: 11, kind: WouldBlock }";
        assert!(outcome(&[Err(thread), Err(thread)]).is_err());
    }
}
