//! The audit: what the finalists had in the search, and what they have when trained from scratch.

use netsynth_store::{Audit, Finalist};

use crate::audit::{audit_sentences, audit_table};
use crate::charts::slopes;
use crate::markup::escaped;

/// Both accuracies of each finalist as lines and as a table, and how far the two rankings agree.
pub(super) fn audit(audit: &Audit) -> String {
    let sentences: String =
        audit_sentences(audit).iter().map(|sentence| format!("{} ", escaped(sentence))).collect();
    let lines: Vec<(usize, f64, f64)> = audit.finalists.iter().filter_map(line).collect();
    let picture = match lines.is_empty() {
        true => String::new(),
        false => format!(
            "<figure><figcaption>Accuracy, a line for each network</figcaption>{}</figure>\n",
            slopes(&lines, ["in the search", "from scratch"])
        ),
    };
    format!(
        "<section id=\"audit\">\n<h2>Audit</h2>\n<p>{sentences}</p>\n<p class=\"hint\">With a tau of +1 training from scratch on \
         all folds ranks the networks as the search did, with 0 the search's order says nothing of theirs; lines that cross are \
         pairs that change places. Differences within the deviation may be chance, and few networks make tau coarse.</p>\n\
         {picture}{}</section>\n",
        audit_table(audit).html()
    )
}

fn line(finalist: &Finalist) -> Option<(usize, f64, f64)> {
    let (search, from_scratch) = finalist.accuracies()?;
    Some((finalist.member.trial, search, from_scratch))
}
