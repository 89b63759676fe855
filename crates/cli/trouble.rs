use netsynth_store::{RunFolder, StoreError};

use crate::complaint::Complaint;

/// What keeps a session from its end.
pub(crate) enum Trouble {
    /// The run's folder.
    Store(StoreError),
    /// Anything else.
    Said(Complaint),
}

impl Trouble {
    /// What a person is told of it: nothing that the run's folder has is lost, and the command `again` goes on.
    pub(crate) fn told(self, folder: &RunFolder, again: &str) -> Complaint {
        match self {
            Trouble::Store(error @ StoreError::System { .. }) => Complaint::new(
                error.to_string(),
                format!(
                    "see that the disk has room and the folder can be written; nothing finished is lost: `netsynth \
                     {again} {}` goes on",
                    folder.path().display()
                ),
            ),
            Trouble::Store(error) => error.into(),
            Trouble::Said(complaint) => complaint,
        }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Trouble::Store(error)
    }
}

impl From<Complaint> for Trouble {
    fn from(complaint: Complaint) -> Self {
        Trouble::Said(complaint)
    }
}
