//! An audit's finalists as a table, and what it found in sentences.

use netsynth_search::Variant;
use netsynth_store::{Audit, CONFIDENCE, Extent, Finalist, FromScratch};

use crate::numbers::{count, percent};
use crate::tables::{Cell, Column, Table};

/// The finalists: accuracies, and from scratch the folds' deviation.
pub fn audit_table(audit: &Audit) -> Table {
    let columns = [
        Column::left("trial", |finalist: &Finalist| Cell::trial(finalist.member.trial)),
        Column::left("variant", |finalist: &Finalist| {
            Cell::list(finalist.member.variants.iter().map(ToString::to_string).collect())
        }),
        Column::parameters(|finalist: &Finalist| finalist.member.cost.parameters),
        Column::right("in the search", |finalist: &Finalist| Cell::share(finalist.member.accuracy)),
        Column::right("from scratch", |finalist: &Finalist| from_scratch(&finalist.from_scratch)),
        Column::hidden("deviation", |finalist: &Finalist| match &finalist.from_scratch {
            FromScratch::Judged { deviation, .. } => Cell::share(*deviation),
            FromScratch::Failed { .. } | FromScratch::Open { .. } => Cell::missing(""),
        }),
        Column::right("at least", |finalist: &Finalist| {
            Cell::or_empty(finalist.certificate, |certificate| Cell::share(certificate.at_least))
        }),
        Column::right("difference", |finalist: &Finalist| {
            Cell::or_empty(finalist.accuracies(), |(search, from_scratch)| {
                let difference = from_scratch - search;
                Cell::new(difference, format!("{:+.2}", 100.0 * difference))
            })
        }),
    ];
    Table::new(&columns, &audit.finalists)
}

fn from_scratch(accuracy: &FromScratch) -> Cell {
    match accuracy {
        FromScratch::Judged { mean, deviation, fold_accuracies } => {
            Cell::estimate(*mean, (fold_accuracies.len() > 1).then_some(*deviation))
        }
        FromScratch::Failed { fold, .. } => Cell::missing(&format!("failed on fold {fold}")),
        FromScratch::Open { n_trained } => Cell::missing(&format!("{n_trained} folds so far")),
    }
}

/// What was done, how far the two rankings agree, why finalists failed, and what follows from it, in sentences.
pub fn audit_sentences(audit: &Audit) -> Vec<String> {
    let Audit { search, from_scratch, n_members, finalists, tau, .. } = audit;
    let n_finalists = finalists.len();
    let which = if n_finalists < *n_members {
        format!("{n_finalists} of the front's {n_members} members, from end to end")
    } else {
        format!("the front's {}", networks(n_finalists))
    };
    let mut sentences = vec![format!(
        "Audit of {which}. In the search: {}. From scratch: {}; mean and standard deviation over the folds.",
        extent(*search),
        extent(*from_scratch)
    )];
    for Finalist { member, from_scratch, .. } in finalists {
        if let FromScratch::Failed { fold, reason } = from_scratch {
            sentences
                .push(format!("Trial {} failed on fold {fold}, and is not ranked: {reason}.", member.trial));
        }
    }
    let n_ranked = audit.n_ranked();
    sentences.push(match tau {
        Some(tau) => format!("Kendall's tau of the two rankings is {tau:+.2} over {n_ranked} networks."),
        None if n_ranked < 3 => {
            format!("Of the ranks of {} a correlation would say nothing.", networks(n_ranked))
        }
        None => "One of the two rankings ties throughout, so that they have no correlation.".to_owned(),
    });
    sentences.extend(certified(audit));
    let is_certified = finalists.iter().any(|finalist| finalist.member.certificate.is_some());
    let nano_b = finalists.iter().find(|finalist| finalist.member.variants.contains(&Variant::NanoB));
    sentences.push(match nano_b.and_then(|finalist| finalist.member.is_shown()) {
        Some(true) => "nano-b is the smallest network that is shown to meet the indicator.".to_owned(),
        _ if is_certified && audit.floor.is_some() => {
            "nano-b is the smallest network of the front, as none is shown to meet the indicator.".to_owned()
        }
        _ => "The audit informs: front and variants are as the search chose them.".to_owned(),
    });
    sentences
}

/// Which finalists are shown to meet the indicator, and the smallest of them.
fn certified(audit: &Audit) -> Option<String> {
    let certificate = audit.finalists.iter().find_map(|finalist| finalist.certificate)?;
    let whose = if audit.is_of_new_people {
        "none of whom judged a network in the search"
    } else {
        "who also judged networks in the search, which flatters what it chose"
    };
    let mut text = format!(
        "\"At least\" is a lower bound of the accuracy from scratch on people like the {} judged here, {whose}; all bounds hold \
         together with {:.0} % confidence.",
        certificate.n_people,
        100.0 * CONFIDENCE
    );
    if let Some(floor) = audit.floor {
        let with = |shown: bool| {
            let trials = audit.finalists.iter().filter(|finalist| finalist.is_shown(floor) == Some(shown));
            trials.map(|finalist| finalist.member.trial.to_string()).collect::<Vec<_>>().join(", ")
        };
        let (met, open) = (with(true), with(false));
        let shown = audit.finalists.iter().filter(|finalist| finalist.is_shown(floor) == Some(true));
        let smallest = shown.min_by_key(|finalist| finalist.member.cost.parameters);
        let floor = percent(floor);
        if met.is_empty() {
            text += &format!(" The indicator's {floor} is not shown for any.");
        } else {
            text += &format!(" The indicator's {floor} is met at that confidence: {met}.");
            if let Some(Finalist { member, .. }) = smallest {
                text += &format!(
                    " The smallest is trial {}, with {} parameters.",
                    member.trial,
                    count(member.cost.parameters)
                );
            }
            if !open.is_empty() {
                text += &format!(" Not shown: {open}.");
            }
        }
    }
    Some(text)
}

fn networks(number: usize) -> String {
    if number == 1 { "1 network".to_owned() } else { format!("{number} networks") }
}

fn extent(Extent { length, folds, inherits }: Extent) -> String {
    let folds = if folds == 1 { "1 fold".to_owned() } else { format!("{folds} folds") };
    format!("{length} on {folds}{}", if inherits { " after what was inherited" } else { "" })
}
