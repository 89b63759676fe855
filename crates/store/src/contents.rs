//! What a run's files were when its work ended: a file that was written anew since, with a seal that fits, is noticed.

use std::collections::BTreeMap;

use netsynth_graph::schema::{SCHEMA, to_ron};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::atomic::system;
use crate::checksum::{digest_of_file, hexadecimal, sealed, sha256};
use crate::listing::list;
use crate::verify::{finding, relative};
use crate::{Entry, FileProblem, Finding, RunFolder, StoreError};

/// The digests of a run's files.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Contents {
    /// The file format's version.
    schema: u32,
    /// SHA-256 by the path in the run's folder.
    files: BTreeMap<String, String>,
}

/// Whether a file is listed: those that are written again, or follow from others, are not.
fn is_listed(entry: Entry) -> bool {
    match entry {
        Entry::Contents
        | Entry::Front
        | Entry::FrontTable
        | Entry::Results
        | Entry::Report
        | Entry::Session(_)
        | Entry::SessionLog(_)
        | Entry::SessionAttempts(_)
        | Entry::Lock => false,
        Entry::Plan
        | Entry::Provenance
        | Entry::SearchSpace
        | Entry::Prototype
        | Entry::DeviceModel
        | Entry::Learned
        | Entry::Generator(_)
        | Entry::Screening(_)
        | Entry::Trial(..)
        | Entry::Network(..)
        | Entry::End
        | Entry::Certificates
        | Entry::Audit { .. }
        | Entry::Summary
        | Entry::Curves
        | Entry::CurvesDrawing => true,
    }
}

impl RunFolder {
    /// Lists the files that the run has and did not list yet. What is listed stays as it is: who resumes a run does not vouch for
    /// files that were changed in the meantime.
    ///
    /// # Errors
    /// The list that is there, or a file, cannot be read, or the system refuses.
    pub fn write_contents(&self) -> Result<(), StoreError> {
        let known: Option<Contents> = self.document(Entry::Contents)?;
        let files =
            self.listed(known.as_ref().map_or_else(BTreeMap::new, |contents| contents.files.clone()))?;
        if known.is_some_and(|known| known.files == files) {
            return Ok(());
        }
        self.write_document(Entry::Contents, &Contents { schema: SCHEMA, files })
    }

    /// Writes the plan of a run that is whole with it, and before it the list of the run's files, which has the plan too.
    ///
    /// # Errors
    /// The system refuses.
    pub fn commit_whole<P: Serialize>(&self, plan: &P) -> Result<(), StoreError> {
        let place = Entry::Plan.path();
        let digest = sha256(sealed(&to_ron(plan), &place));
        // A list that an attempt before this one left is of other files.
        let files = self.listed(BTreeMap::from([(place.display().to_string(), digest)]))?;
        self.write_document(Entry::Contents, &Contents { schema: SCHEMA, files })?;
        self.commit(plan)
    }

    /// What is known of the run's files, and the digests of the rest.
    fn listed(&self, known: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, StoreError> {
        let mut files = known;
        for listed in list(self.path())? {
            let place = relative(self, &listed.path);
            let is_of_run = !listed.is_folder && !listed.is_odd && Entry::parse(place).is_some_and(is_listed);
            let place = place.display().to_string();
            if is_of_run && !files.contains_key(&place) {
                let digest = digest_of_file(&listed.path).map_err(system(&listed.path))?;
                files.insert(place, hexadecimal(&digest));
            }
        }
        Ok(files)
    }

    /// The files that are not what the run's list says, if it has one that can be read.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn check_contents(&self) -> Result<Vec<Finding>, StoreError> {
        let files = match self.document::<Contents>(Entry::Contents) {
            Ok(contents) => contents.map_or_else(BTreeMap::new, |contents| contents.files),
            // A wrong seal is found by whoever looks at all files.
            Err(error) if error.is_of_a_file() => BTreeMap::new(),
            Err(error) => {
                let problem = FileProblem::Unreadable(error.to_string());
                return Ok(vec![finding(self, &self.locate(Entry::Contents), problem)]);
            }
        };
        let mut findings = Vec::new();
        for (place, digest) in files {
            let path = self.path().join(&place);
            let problem = if !path.is_file() {
                FileProblem::Missing
            } else if hexadecimal(&digest_of_file(&path).map_err(system(&path))?) == digest {
                continue;
            } else {
                FileProblem::Changed
            };
            findings.push(finding(self, &path, problem));
        }
        Ok(findings)
    }
}
