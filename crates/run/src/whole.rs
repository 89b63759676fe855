//! What a run must hold beside the trials of its search, finished or not.

use std::collections::BTreeSet;

use netsynth_files::Shown;
use netsynth_search::{StopReason, Variant};
use netsynth_store::{
    Entry, FileProblem, Finding, Fold, NetworkFile, Replay, RunFolder, TrainedNetwork, audit_trainings,
};

use crate::provenance::lists_contents;
use crate::session::{Work, ended};
use crate::{Plan, RunError};

/// A run's files by name, and what is wrong with them.
pub(crate) struct Whole<'a> {
    folder: &'a RunFolder,
    present: BTreeSet<Entry>,
    pub(crate) findings: Vec<Finding>,
}

impl<'a> Whole<'a> {
    /// Of a run that must have these documents.
    pub(crate) fn new(folder: &'a RunFolder, required: &[Entry]) -> Result<Self, RunError> {
        let mut whole = Self { folder, present: folder.entries()?, findings: Vec::new() };
        whole.require(required);
        whole.check_sessions();
        Ok(whole)
    }

    pub(crate) fn has(&self, entry: Entry) -> bool {
        self.present.contains(&entry)
    }

    pub(crate) fn note(&mut self, entry: Entry, problem: FileProblem) {
        self.findings.push(Finding { path: entry.path().shown(), problem });
    }

    /// Notes those that are missing.
    pub(crate) fn require(&mut self, entries: &[Entry]) {
        let missing: Vec<Entry> = entries.iter().filter(|entry| !self.has(**entry)).copied().collect();
        missing.into_iter().for_each(|entry| self.note(entry, FileProblem::Missing));
    }

    /// Notes the files that are of no entry for which `is_expected` holds; trials and audits are judged elsewhere.
    pub(crate) fn refuse_others(&mut self, is_expected: impl Fn(Entry) -> bool) {
        let others: Vec<Entry> = self.present.iter().filter(|entry| !is_expected(**entry)).copied().collect();
        others.into_iter().for_each(|entry| self.note(entry, FileProblem::Unexpected));
    }

    /// Whether the files of a trained network are there: those that come before its last one must be where that is, and
    /// all of them where the run `is_over`.
    pub(crate) fn check_network(&mut self, network: TrainedNetwork, is_over: bool) {
        let entry = |file| Entry::Network(network, file);
        if self.has(entry(NetworkFile::Failure)) {
            return;
        }
        let metrics = entry(NetworkFile::Metrics);
        if is_over || self.has(metrics) {
            self.require(&[entry(NetworkFile::Architecture), entry(NetworkFile::Weights), metrics]);
        }
    }

    /// The list of contents must be there once the run's work `is_over`, in runs that have one.
    pub(crate) fn check_contents(&mut self, is_over: bool) {
        if is_over && lists_contents(self.folder) {
            self.require(&[Entry::Contents]);
        }
    }

    /// Sessions are numbered without a gap, and a log is of a session.
    fn check_sessions(&mut self) {
        let numbers = self.present.iter().filter_map(|entry| match entry {
            Entry::Session(number) | Entry::SessionLog(number) | Entry::SessionAttempts(number) => {
                Some(*number)
            }
            _ => None,
        });
        let sessions: Vec<Entry> = (1..=numbers.max().unwrap_or(0)).map(Entry::Session).collect();
        self.require(&sessions);
    }

    /// What a search's run must hold of its prototype, its end, its front, its variants and its audit.
    ///
    /// Which the variants and the finalists are follows from the front, which only a run `is_whole` of whose files gives.
    pub(crate) fn check_search(&mut self, plan: &Plan, replay: &Replay, is_whole: bool) {
        let has_begun =
            self.present.iter().any(|entry| matches!(entry, Entry::Generator(_) | Entry::Trial(..)));
        let n_lines = plan.inheritance.map_or(0, |_| plan.n_lines());
        for fold in (0..n_lines).map(Fold::from_index) {
            self.check_network(TrainedNetwork::Prototype(fold), has_begun);
        }

        let works = ended(self.folder);
        let is_over = works.contains(&Work::Search);
        self.check_contents(is_over);
        // Certificates come before the front is written, an audit after.
        let is_after_front = |entry: &Entry| match entry {
            Entry::Network(TrainedNetwork::Variant(_), _) => true,
            Entry::Audit { .. } => !plan.certify,
            _ => false,
        };
        if is_over || self.present.iter().any(is_after_front) {
            self.require(&[Entry::End, Entry::Front, Entry::FrontTable]);
        } else if self.has(Entry::FrontTable) {
            self.require(&[Entry::End, Entry::Front]);
        } else if self.has(Entry::Front) {
            self.require(&[Entry::End]);
        }

        let end = self.folder.end().ok().flatten();
        let picks: Vec<Variant> = if !plan.evaluator.is_netsynth() {
            Vec::new()
        } else if is_whole {
            replay.front.members.iter().flat_map(|member| member.variants.iter().copied()).collect()
        } else {
            Variant::ALL.to_vec()
        };
        let has_failed = end.is_none_or(|end| end.reason == StopReason::Failures);
        let are_trained = is_whole && is_over && !has_failed;
        let is_certified = plan.certify && !has_failed && !replay.front.members.is_empty();
        for variant in &picks {
            self.check_network(TrainedNetwork::Variant(*variant), are_trained);
        }
        if is_certified && is_whole && (are_trained || self.has(Entry::Front)) {
            self.require(&[Entry::Certificates]);
        }
        let is_audited = (are_trained && plan.trains_finalists()) || works.contains(&Work::Audit);
        if is_whole && (is_audited || self.has(Entry::Certificates)) {
            let trainings = audit_trainings(&replay.front, plan.data.n_folds).into_iter();
            let entries: Vec<Entry> = trainings.map(|(trial, fold)| Entry::Audit { trial, fold }).collect();
            self.require(&entries);
        }
        self.refuse_others(|entry| match entry {
            Entry::Network(TrainedNetwork::Prototype(fold), _) => fold.index() < n_lines,
            Entry::Network(TrainedNetwork::Variant(variant), _) => picks.contains(&variant),
            Entry::Network(TrainedNetwork::Training { .. }, _)
            | Entry::Results
            | Entry::Summary
            | Entry::Curves
            | Entry::CurvesDrawing => false,
            Entry::Certificates => plan.certify,
            Entry::DeviceModel => plan.device_model.is_some(),
            Entry::Learned => !plan.learn_from.is_empty(),
            Entry::Plan
            | Entry::Provenance
            | Entry::SearchSpace
            | Entry::Prototype
            | Entry::Generator(_)
            | Entry::Screening(_)
            | Entry::Trial(..)
            | Entry::End
            | Entry::Front
            | Entry::FrontTable
            | Entry::Contents
            | Entry::Report
            | Entry::Audit { .. }
            | Entry::Session(_)
            | Entry::SessionLog(_)
            | Entry::SessionAttempts(_)
            | Entry::Lock => true,
        });
    }
}
