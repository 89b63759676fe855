//! An audit's finalists as the cells of a table, and what it says in words.

use netsynth_store::{Audit, Extent, Finalist, FromScratch};

use crate::numbers::{count, estimate, percent};

/// The columns of an audit's table: the third and all after it hold numbers.
pub const AUDIT_HEADER: [&str; 6] =
    ["trial", "variant", "parameters", "in the search", "from scratch", "difference"];

/// A finalist's row: accuracies, and from scratch the folds' deviation.
pub fn audit_cells(finalist: &Finalist) -> [String; 6] {
    let Finalist { member, from_scratch } = finalist;
    let variants: Vec<String> = member.variants.iter().map(ToString::to_string).collect();
    let (accuracy, difference) = match from_scratch {
        FromScratch::Judged { mean, deviation, fold_accuracies } => (
            estimate(*mean, (fold_accuracies.len() > 1).then_some(*deviation)),
            format!("{:+.2}", 100.0 * (mean - member.accuracy)),
        ),
        FromScratch::Failed { fold, .. } => (format!("failed on fold {fold}"), String::new()),
        FromScratch::Open { n_trained } => (format!("{n_trained} folds so far"), String::new()),
    };
    [
        member.trial.to_string(),
        variants.join(", "),
        count(member.cost.parameters),
        percent(member.accuracy),
        accuracy,
        difference,
    ]
}

/// What was done, how far the two rankings agree, why finalists failed, and what follows from it, in sentences.
pub fn audit_words(audit: &Audit) -> Vec<String> {
    let Audit { search, from_scratch, n_members, finalists, tau } = audit;
    let n_finalists = finalists.len();
    let which = if n_finalists < *n_members {
        format!("{n_finalists} of the front's {n_members} members, from end to end")
    } else {
        format!("the front's {}", networks(n_finalists))
    };
    let mut words = vec![format!(
        "Audit of {which}. In the search: {}. From scratch: {}; mean and standard deviation over the folds.",
        extent(*search),
        extent(*from_scratch)
    )];
    for Finalist { member, from_scratch } in finalists {
        if let FromScratch::Failed { fold, reason } = from_scratch {
            words.push(format!("Trial {} failed on fold {fold}, and is not ranked: {reason}.", member.trial));
        }
    }
    let n_ranked = audit.n_ranked();
    words.push(match tau {
        Some(tau) => format!("Kendall's tau of the two rankings is {tau:+.2} over {n_ranked} networks."),
        None if n_ranked < 3 => {
            format!("Of the ranks of {} a correlation would say nothing.", networks(n_ranked))
        }
        None => "One of the two rankings ties throughout, so that they have no correlation.".to_owned(),
    });
    words.push("The audit informs: front and variants are as the search chose them.".to_owned());
    words
}

fn networks(number: usize) -> String {
    if number == 1 { "1 network".to_owned() } else { format!("{number} networks") }
}

fn extent(Extent { epochs, folds, inherits }: Extent) -> String {
    let folds = if folds == 1 { "1 fold".to_owned() } else { format!("{folds} folds") };
    format!("{epochs} epochs on {folds}{}", if inherits { " after what was inherited" } else { "" })
}
