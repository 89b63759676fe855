//! Why a decision of a network is what it is, as the cells of a table.

use netsynth_search::{Reason, VertexReaction};
use netsynth_space::Domain;

use crate::numbers::percent;

/// A decision's value as people say it.
pub(crate) fn value(domain: &Domain, value: usize) -> String {
    match domain {
        Domain::Switch => if value == 1 { "yes" } else { "no" }.to_owned(),
        Domain::Ordinal(_) | Domain::Alternatives(_) => value.to_string(),
    }
}

/// The decision, its value, the prototype's and the parent's; saliency, dead share and effective rank as felt there, the
/// loss of a cut; the change of U as predicted, in hindsight, and of one choice more. What is unknown is empty.
pub fn reason_cells(reason: &Reason) -> [String; 11] {
    let value = |number: usize| value(&reason.decision.domain, number);
    let signed = |number: Option<f64>| number.map_or(String::new(), |number| format!("{number:+.2}"));
    let felt = |of: &dyn Fn(&VertexReaction) -> String| reason.reaction.as_ref().map_or(String::new(), of);
    [
        reason.decision.name.clone(),
        value(reason.value),
        value(reason.prototype),
        reason.parent.map_or(String::new(), value),
        felt(&|reaction| format!("{:.2}", reaction.saliency)),
        felt(&|reaction| percent(reaction.dead)),
        felt(&|reaction| format!("{:.2}", reaction.effective_rank)),
        reason.cut.map_or(String::new(), |cut| format!("{cut:+.3}")),
        signed(reason.predicted),
        signed(reason.hindsight),
        signed(reason.per_step),
    ]
}
