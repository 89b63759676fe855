//! An audit, as a table and in sentences.

use netsynth_report::{audit_sentences, audit_table};
use netsynth_run::RunError;
use netsynth_store::Audit;

use crate::output::print::{print, print_table};

/// Prints what the finalists had in the search and have from scratch, and how far the two rankings agree.
pub(crate) fn show(audit: &Audit) -> Result<(), RunError> {
    print_table(&audit_table(audit))?;
    audit_sentences(audit).iter().try_for_each(print)
}
