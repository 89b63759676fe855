//! How far a search's ranking can be trusted: its finalists trained from scratch on all folds.

use std::collections::BTreeSet;
use std::path::PathBuf;

use netsynth_files::is_unfinished;
use netsynth_search::{Certificate, Length, Measured, Metric, PersonScore, kendall_tau, mean_and_deviation};
use serde::Serialize;

use crate::layout::AUDIT;
use crate::listing::{Listed, list};
use crate::verify::finding;
use crate::{Entry, FileProblem, Finding, Fold, FrontFile, FrontRow, RunFolder, StoreError};

/// The most members of a front that are audited.
pub const MAX_FINALISTS: usize = 12;

/// With what confidence all bounds of an audit hold together.
pub const CONFIDENCE: f64 = 0.95;

/// Of fewer networks every rank correlation is 1 or -1, or one swap away from it.
const MIN_RANKED: usize = 3;

/// How long networks were trained, and on how many folds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Extent {
    /// How long each training is.
    #[serde(flatten)]
    pub length: Length,
    /// How many folds each network was trained and judged on.
    pub folds: usize,
    /// Whether the networks began with weights of others.
    pub inherits: bool,
}

/// What the finalists had in the search, and what they have from scratch.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Audit {
    /// The search's last rung.
    pub search: Extent,
    /// The audit's trainings.
    pub from_scratch: Extent,
    /// Members of the front, finalists or not.
    pub n_members: usize,
    /// Those that are audited, in the front's order.
    pub finalists: Vec<Finalist>,
    /// The accuracy that the indicator asks for, if it does.
    pub floor: Option<f64>,
    /// Whether the people of the certificates judged nothing in the search. Else what chose a network also judges it.
    pub is_of_new_people: bool,
    /// Kendall's tau of the two rankings; none while fewer than three are judged, or where one of them ties throughout.
    pub tau: Option<f64>,
}

/// A member of the front that is trained again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finalist {
    /// What the search found of it.
    pub member: FrontRow,
    /// What the audit did.
    pub from_scratch: FromScratch,
    /// How sure its accuracy from scratch is, where it is judged and people are known. The bounds of all finalists hold
    /// together with [`CONFIDENCE`].
    pub certificate: Option<Certificate>,
}

/// What came of a finalist's trainings from scratch.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum FromScratch {
    /// Every fold was trained and judged.
    Judged {
        /// Mean accuracy over the folds.
        mean: f64,
        /// Their sample standard deviation; 0 for a single fold.
        deviation: f64,
        /// Accuracy on each fold.
        fold_accuracies: Vec<f64>,
    },
    /// A training failed.
    Failed {
        /// The first fold whose training did.
        fold: Fold,
        /// Why.
        reason: String,
    },
    /// Not every fold is trained yet.
    Open {
        /// How many are.
        n_trained: usize,
    },
}

/// The members that an audit trains: all of them, or of a larger front twelve, evenly spread from end to end.
pub fn finalists(front: &FrontFile) -> Vec<&FrontRow> {
    let members = &front.members;
    match members.len() {
        0..=MAX_FINALISTS => members.iter().collect(),
        n_members => {
            let last = MAX_FINALISTS - 1;
            (0..=last).map(|at| &members[(at * (n_members - 1) + last / 2) / last]).collect()
        }
    }
}

/// The trainings of an audit, by trial and fold, finalist after finalist.
pub fn audit_trainings(front: &FrontFile, n_folds: usize) -> Vec<(usize, Fold)> {
    let of_one = |row: &FrontRow| {
        let trial = row.trial;
        (0..n_folds).map(move |index| (trial, Fold::from_index(index)))
    };
    finalists(front).into_iter().flat_map(of_one).collect()
}

impl Audit {
    /// Reads what a run's folder has of it. A fold that cannot be read counts as not trained; the errors come second.
    pub fn read(
        folder: &RunFolder,
        front: &FrontFile,
        search: Extent,
        from_scratch: Extent,
        floor: Option<f64>,
    ) -> (Self, Vec<StoreError>) {
        let mut damaged = Vec::new();
        let mut from_scratch_of = |trial: usize| {
            let folds = (0..from_scratch.folds).map(Fold::from_index);
            let known = folds.filter_map(|fold| match folder.audited(trial, fold) {
                Ok(measured) => measured.map(|measured| (fold, measured)),
                Err(error) => {
                    damaged.push(error);
                    None
                }
            });
            let known: Vec<(Fold, Measured)> = known.collect();
            (FromScratch::of(&known, from_scratch.folds), known)
        };
        let rows = finalists(front);
        // Each bound is so sure that all of them hold together (Bonferroni).
        let confidence = 1.0 - (1.0 - CONFIDENCE) / rows.len().max(1) as f64;
        // People by whom the search chose would flatter what it chose.
        let is_of_new_people = search.folds < from_scratch.folds;
        let first = if is_of_new_people { search.folds } else { 0 };
        let finalists = rows.into_iter().map(|row| {
            let (from_scratch, known) = from_scratch_of(row.trial);
            let judged = matches!(from_scratch, FromScratch::Judged { .. });
            let people: Vec<PersonScore> = known
                .iter()
                .filter(|(fold, _)| judged && fold.index() >= first)
                .filter_map(|(_, measured)| measured.trained())
                .flat_map(|trained| trained.people.iter().copied())
                .collect();
            let certificate = Certificate::of(&people, confidence);
            Finalist { member: row.clone(), from_scratch, certificate }
        });
        let finalists: Vec<Finalist> = finalists.collect();
        let pairs: Vec<(f64, f64)> = finalists.iter().filter_map(Finalist::accuracies).collect();
        let tau = if pairs.len() < MIN_RANKED { None } else { kendall_tau(&pairs) };
        let n_members = front.members.len();
        (Self { search, from_scratch, n_members, finalists, floor, is_of_new_people, tau }, damaged)
    }

    /// How many finalists were judged on all folds, so that they have a rank.
    pub fn n_ranked(&self) -> usize {
        self.finalists.iter().filter_map(Finalist::accuracies).count()
    }

    /// Whether nothing was trained for it.
    pub fn is_unbegun(&self) -> bool {
        self.finalists.iter().all(|finalist| finalist.from_scratch == FromScratch::Open { n_trained: 0 })
    }

    /// Whether nothing is left to train.
    pub fn is_over(&self) -> bool {
        !self.finalists.iter().any(|finalist| matches!(finalist.from_scratch, FromScratch::Open { .. }))
    }
}

impl Finalist {
    /// Whether its accuracy from scratch is shown to be above a floor; nothing where it has no certificate.
    pub fn is_shown(&self, floor: f64) -> Option<bool> {
        Some(self.certificate?.at_least >= floor)
    }

    /// Accuracy in the search and from scratch, once it is judged on all folds.
    pub fn accuracies(&self) -> Option<(f64, f64)> {
        match self.from_scratch {
            FromScratch::Judged { mean, .. } => Some((self.member.accuracy, mean)),
            FromScratch::Failed { .. } | FromScratch::Open { .. } => None,
        }
    }
}

impl FromScratch {
    /// What these trainings, each with its fold, come to.
    fn of(known: &[(Fold, Measured)], n_folds: usize) -> Self {
        if known.len() < n_folds {
            return FromScratch::Open { n_trained: known.len() };
        }
        let mut fold_accuracies = Vec::with_capacity(n_folds);
        for (fold, measured) in known {
            match measured {
                Measured::Trained(trained) => fold_accuracies.extend(trained.mean(Metric::Accuracy)),
                Measured::Failed(reason) => {
                    return FromScratch::Failed { fold: *fold, reason: reason.clone() };
                }
            }
        }
        let (mean, deviation) = mean_and_deviation(&fold_accuracies);
        FromScratch::Judged { mean, deviation, fold_accuracies }
    }
}

/// Files of an audit that no training of a finalist leaves, or that hold what none can have found.
///
/// # Errors
/// The folder cannot be listed.
pub fn check_audit(
    folder: &RunFolder,
    front: &FrontFile,
    n_folds: usize,
) -> Result<Vec<Finding>, StoreError> {
    let audit = folder.path().join(AUDIT);
    let trainings = audit_trainings(front, n_folds);
    let mut findings = Vec::new();
    for &(trial, fold) in &trainings {
        match folder.audited(trial, fold) {
            Ok(_) => {}
            // A wrong checksum is found by whoever looks at all files.
            Err(error) if error.is_of_a_file() => {}
            Err(error) => {
                let path = folder.locate(Entry::Audit { trial, fold });
                findings.push(finding(folder, &path, FileProblem::Unreadable(error.to_string())));
            }
        }
    }
    let expected: BTreeSet<PathBuf> =
        trainings.into_iter().map(|(trial, fold)| folder.locate(Entry::Audit { trial, fold })).collect();
    let listed = if audit.is_dir() { list(&audit)? } else { Vec::new() };
    for Listed { path, is_folder, .. } in listed {
        if !is_folder && !is_unfinished(&path) && !expected.contains(&path) {
            findings.push(finding(folder, &path, FileProblem::Unexpected));
        }
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use std::collections::BTreeMap;
    use std::fs;

    use netsynth_graph::schema::SCHEMA;
    use netsynth_graph::{ArchitectureId, ArchitectureSpec, Graph};
    use netsynth_search::{Metrics, Trained};
    use tempfile::TempDir;

    use super::*;

    const EXTENT: Extent = Extent { length: Length { epochs: 2, macs: None }, folds: 2, inherits: false };

    fn first_fold() -> Fold {
        Fold::from_index(0)
    }

    fn second_fold() -> Fold {
        Fold::from_index(1)
    }

    /// A front of so many trials, numbered backwards, each a little less accurate than the one before.
    fn front(n_members: usize) -> FrontFile {
        let text = include_str!("../../../prototypes/nano-b.ron");
        let graph = Graph::new(&ArchitectureSpec::from_ron(text).unwrap()).unwrap();
        let row = |at: usize| FrontRow {
            trial: n_members - at,
            id: ArchitectureId::of(&graph),
            accuracy: 0.9 - 0.01 * at as f64,
            cost: graph.cost(),
            net_score: 80.0,
            variants: Vec::new(),
            measured: Metrics::default(),
            counted: Metrics::default(),
            certificate: None,
        };
        FrontFile { schema: SCHEMA, members: (0..n_members).map(row).collect(), hypervolume: None }
    }

    fn folder() -> (TempDir, RunFolder) {
        let home = tempfile::tempdir().unwrap();
        let plan = BTreeMap::from([("schema", 1)]);
        let folder = RunFolder::begin(&home.path().join("run")).unwrap();
        folder.describe(&plan, &plan).unwrap();
        (home, folder)
    }

    fn trained(accuracy: f64) -> Measured {
        let folds = vec![Metrics::from([(Metric::Accuracy, accuracy)])];
        Measured::Trained(Trained { folds, ..Trained::default() })
    }

    #[test]
    fn finalists_are_all_members_or_twelve_from_end_to_end() {
        for n_members in [0, 1, 5, 12, 13, 20, 500] {
            let front = front(n_members);
            let trials: Vec<usize> = finalists(&front).iter().map(|row| row.trial).collect();
            assert_eq!(trials.len(), n_members.min(12));
            assert!(trials.is_sorted_by(|one, next| one > next), "{n_members}: {trials:?}");
            if n_members > 0 {
                assert_eq!((trials[0], trials[trials.len() - 1]), (n_members, 1));
            }
            let gaps = trials.windows(2).map(|pair| pair[0] - pair[1]);
            let (least, most) =
                gaps.fold((n_members, 0), |(least, most), gap| (least.min(gap), most.max(gap)));
            assert!(most <= least + 1 || n_members < 2, "{n_members}: {trials:?}");
        }
    }

    #[test]
    fn an_audit_says_what_is_judged_what_failed_and_what_is_left() {
        let (_home, folder) = folder();
        let front = front(5);
        let read = || Audit::read(&folder, &front, EXTENT, EXTENT, None).0;
        assert!(read().is_unbegun() && !read().is_over());
        // The search's order is 5, 4, 3, 2, 1; of the three that are judged on both folds, two change places.
        for (trial, accuracies) in [(5, [0.8, 0.9]), (4, [0.9, 0.9]), (2, [0.7, 0.7])] {
            for (fold, accuracy) in accuracies.into_iter().enumerate() {
                folder.write_audited(trial, Fold::from_index(fold), &trained(accuracy)).unwrap();
            }
        }
        folder.write_audited(3, second_fold(), &Measured::Failed("diverged".to_owned())).unwrap();
        assert_eq!(read().finalists[2].from_scratch, FromScratch::Open { n_trained: 1 });
        folder.write_audited(3, first_fold(), &trained(0.5)).unwrap();
        folder.write_audited(1, second_fold(), &trained(0.5)).unwrap();

        let audit = read();
        assert!(!audit.is_unbegun() && !audit.is_over());
        assert_eq!(audit.n_ranked(), 3);
        assert!((audit.tau.unwrap() - 1.0 / 3.0).abs() < 1e-12, "{audit:?}");
        let FromScratch::Judged { mean, deviation, .. } = &audit.finalists[0].from_scratch else {
            panic!("{audit:?}")
        };
        assert!((mean - 0.85).abs() < 1e-12 && (deviation - 0.005f64.sqrt()).abs() < 1e-12);
        let failed = FromScratch::Failed { fold: second_fold(), reason: "diverged".to_owned() };
        assert_eq!(audit.finalists[2].from_scratch, failed);
        assert_eq!(audit.finalists[4].from_scratch, FromScratch::Open { n_trained: 1 });
        folder.write_audited(1, first_fold(), &trained(0.5)).unwrap();
        assert!(read().is_over());
    }

    #[test]
    fn a_certificate_is_of_people_who_judged_nothing_in_the_search_where_there_are_any() {
        let (_home, folder) = folder();
        let front = front(2);
        let person = |n_correct: u32| PersonScore { n_images: 7, n_correct };
        // The search judged by the people of the first fold, of whom all were taken for what they are.
        for (trial, correct) in [(2, 6), (1, 3)] {
            for (fold, correct) in [(first_fold(), 7), (second_fold(), correct)] {
                let Measured::Trained(mut measured) = trained(f64::from(correct) / 7.0) else {
                    unreachable!()
                };
                measured.people = vec![person(correct); 40];
                folder.write_audited(trial, fold, &Measured::Trained(measured)).unwrap();
            }
        }
        let searched = Extent { folds: 1, ..EXTENT };
        let (audit, _) = Audit::read(&folder, &front, searched, EXTENT, Some(0.7));
        assert!(audit.is_of_new_people);
        let certificates: Vec<Certificate> =
            audit.finalists.iter().map(|finalist| finalist.certificate.unwrap()).collect();
        assert_eq!(certificates.iter().map(|sure| sure.n_people).collect::<Vec<_>>(), [40, 40]);
        assert!((certificates[0].accuracy - 6.0 / 7.0).abs() < 1e-12);
        let shown: Vec<Option<bool>> =
            audit.finalists.iter().map(|finalist| finalist.is_shown(0.7)).collect();
        assert_eq!(shown, [Some(true), Some(false)]);
        // One network alone has a higher bound than one of two.
        let alone = Certificate::of(&[person(6); 40], CONFIDENCE).unwrap();
        assert!(alone.at_least > certificates[0].at_least);
        // Where the search judged on all folds, its people judge again, and that is said.
        let (audit, _) = Audit::read(&folder, &front, EXTENT, EXTENT, Some(0.7));
        assert!(!audit.is_of_new_people);
        assert_eq!(audit.finalists[0].certificate.unwrap().n_people, 80);
    }

    #[test]
    fn fewer_than_three_have_no_correlation() {
        let (_home, folder) = folder();
        let front = front(2);
        for trial in [1, 2] {
            [first_fold(), second_fold()]
                .into_iter()
                .for_each(|fold| folder.write_audited(trial, fold, &trained(0.4)).unwrap());
        }
        let (audit, damaged) = Audit::read(&folder, &front, EXTENT, EXTENT, None);
        assert_eq!((audit.n_ranked(), audit.tau, damaged.len()), (2, None, 0));
    }

    #[test]
    fn unexpected_files_and_impossible_numbers_are_named_and_a_damaged_fold_counts_as_not_trained() {
        let (_home, folder) = folder();
        let front = front(2);
        assert_eq!(check_audit(&folder, &front, 2).unwrap(), []);
        for (trial, fold, accuracy) in [(1, 0, 0.5), (1, 2, 0.5), (2, 1, 1.5), (7, 0, 0.5)] {
            folder.write_audited(trial, Fold::from_index(fold), &trained(accuracy)).unwrap();
        }
        let findings = check_audit(&folder, &front, 2).unwrap();
        let named: Vec<(&str, bool)> = findings
            .iter()
            .map(|found| (found.path.as_str(), found.problem == FileProblem::Unexpected))
            .collect();
        let expected = [
            ("audit/00002/folds/02.ron", false),
            ("audit/00001/folds/03.ron", true),
            ("audit/00007/folds/01.ron", true),
        ];
        assert_eq!(named, expected);

        let path = folder.path().join("audit/00001/folds/01.ron");
        fs::write(&path, fs::read_to_string(&path).unwrap().replace("0.5", "0.6")).unwrap();
        let (audit, damaged) = Audit::read(&folder, &front, EXTENT, EXTENT, None);
        assert_eq!(audit.finalists[1].from_scratch, FromScratch::Open { n_trained: 0 });
        let errors: Vec<String> = damaged.iter().map(ToString::to_string).collect();
        assert!(errors.len() == 2 && errors[1].contains("folds/01.ron is damaged"), "{errors:?}");
    }

    #[test]
    fn an_audit_of_an_earlier_version_counts_its_folds_from_0() {
        let (_home, folder) = folder();
        let front = front(1);
        for (index, accuracy) in [0.25, 0.75].into_iter().enumerate() {
            let entry = Entry::Audit { trial: 1, fold: Fold::from_index(index) };
            folder.write_audited(1, Fold::from_index(index), &trained(accuracy)).unwrap();
            fs::rename(folder.locate(entry), folder.path().join(entry.earlier_path().unwrap())).unwrap();
        }
        assert!(folder.path().join("audit/00001/fold-1.ron").is_file());
        let (audit, damaged) = Audit::read(&folder, &front, EXTENT, EXTENT, None);
        let FromScratch::Judged { fold_accuracies, .. } = &audit.finalists[0].from_scratch else {
            panic!("{audit:?}")
        };
        assert_eq!((fold_accuracies.as_slice(), damaged.len()), (&[0.25, 0.75][..], 0));
        assert_eq!(check_audit(&folder, &front, 2).unwrap(), []);
        // A second file of the same fold is one too many.
        let now = folder.path().join(Entry::Audit { trial: 1, fold: second_fold() }.path());
        fs::create_dir_all(now.parent().unwrap()).unwrap();
        fs::copy(folder.path().join("audit/00001/fold-1.ron"), now).unwrap();
        let findings = check_audit(&folder, &front, 2).unwrap();
        assert_eq!(findings[0].path, "audit/00001/fold-1.ron");
    }
}
