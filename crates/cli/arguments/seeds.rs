use netsynth_search::Count;

/// The seeds from the first to the last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seeds {
    pub(crate) first: u64,
    pub(crate) last: u64,
}

/// Reads seeds: a number, or the first and the last as in `1..30`.
pub(crate) fn seeds(text: &str) -> Result<Seeds, String> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let number = |text: &str| text.trim_start_matches('=').parse::<u64>().map_err(|error| error.to_string());
    let (first, last) = (number(first)?, number(last)?);
    if last < first {
        return Err("give the first seed and the last, such as 1..30".to_owned());
    }
    let many = usize::try_from(last - first).unwrap_or(usize::MAX).saturating_add(1);
    Count::SEEDS.check(many).map_err(|error| format!("{error}; give {}", error.count))?;
    Ok(Seeds { first, last })
}
