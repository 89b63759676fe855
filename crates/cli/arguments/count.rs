use netsynth_search::Count;

/// Reads a count of the command line, which may be as large as the same count of a plan.
pub(crate) fn counted(count: Count) -> impl Fn(&str) -> Result<usize, String> + Clone {
    move |text| {
        let asked = text.parse().ok().and_then(|asked| count.check(asked).ok());
        asked.ok_or_else(|| format!("give {count}"))
    }
}

/// Reads a share of 1.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "give a share from 0 to 1".to_owned())
}
