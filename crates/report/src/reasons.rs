//! Why decisions of a network are what they are, and how well its trial was ranked beforehand, as tables.

use netsynth_search::{Ranking, Reason, VertexReaction};
use netsynth_space::Domain;

use crate::tables::{Cell, Column, Table};

/// A decision's value as people write it.
pub(crate) fn value(domain: &Domain, value: usize) -> String {
    match domain {
        Domain::Switch => if value == 1 { "yes" } else { "no" }.to_owned(),
        Domain::Ordinal(_) | Domain::Alternatives(_) => value.to_string(),
    }
}

/// For each decision its value, the prototype's and the parent's; saliency, dead share and effective rank that probes found there, the loss
/// of a cut in nats; the change of U in decibels as predicted, in hindsight, and of one choice more. What is unknown is empty.
pub fn reason_table<'a>(reasons: impl IntoIterator<Item = &'a Reason>) -> Table {
    let shown = |reason: &Reason, number: usize| Cell::text(value(&reason.decision.domain, number));
    let probed = |heading: &str, cell: fn(&VertexReaction) -> Cell| {
        Column::right(heading, move |reason: &Reason| Cell::or_empty(reason.reaction.as_ref(), cell))
    };
    let change = |heading: &str, of: fn(&Reason) -> Option<f64>| {
        Column::right(heading, move |reason: &Reason| {
            Cell::or_empty(of(reason), |change| Cell::signed(change, 2))
        })
    };
    let columns = [
        Column::left("decision", |reason: &Reason| Cell::text(&reason.decision.name)),
        Column::right("value", move |reason: &Reason| shown(reason, reason.value)),
        Column::right("prototype", move |reason: &Reason| shown(reason, reason.prototype)),
        Column::right("parent", move |reason: &Reason| {
            Cell::or_empty(reason.parent, |parent| shown(reason, parent))
        }),
        probed("saliency", |reaction| Cell::fixed(reaction.saliency, 2)),
        probed("dead", |reaction| Cell::share(reaction.dead)),
        probed("rank", |reaction| Cell::fixed(reaction.effective_rank, 2)),
        Column::right("cut", |reason: &Reason| Cell::or_empty(reason.cut, |cut| Cell::signed(cut, 3))),
        change("predicted dU", |reason| reason.predicted),
        change("hindsight dU", |reason| reason.hindsight),
        change("one more", |reason| reason.per_step),
    ];
    Table::new(&columns, reasons)
}

/// How well what was known before a training ranked the trials, for each rung.
pub fn ranking_table(rankings: &[Ranking]) -> Table {
    let columns = [
        Column::left("how well it ranked the trials", |ranking: &Ranking| Cell::text(&ranking.what))
            .named("what"),
        Column::right("rung", |ranking: &Ranking| Cell::whole(ranking.rung)),
        Column::right("trials", |ranking: &Ranking| Cell::whole(ranking.n_trials)),
        Column::right("Kendall's tau", |ranking: &Ranking| {
            Cell::known(ranking.tau, |tau| Cell::signed(tau, 2))
        })
        .named("tau"),
    ];
    Table::new(&columns, rankings)
}
