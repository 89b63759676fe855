use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use netsynth_graph::schema;
use netsynth_search::Count;
use netsynth_store::read_text;
use serde::Deserialize;

/// Who carries out trainings, and how they are asked: as the command line names it, or of a file.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExecutorChoice {
    /// Only files have one; it is checked by who reads them.
    #[serde(default, rename = "schema")]
    _schema: u32,
    /// Who.
    pub(crate) executor: ExecutorKind,
    /// Trainings side by side, where the command line does not say.
    #[serde(default)]
    pub(crate) workers: Option<usize>,
    /// Where netsynth is on the nodes of a cluster; where it is here if not given.
    #[serde(default)]
    pub(crate) program: Option<PathBuf>,
}

/// Who carries out trainings.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub(crate) enum ExecutorKind {
    /// Threads of this process.
    #[default]
    Local,
    /// A process for each training.
    Processes,
    /// A Slurm job for each training.
    Slurm {
        /// In this partition, or Slurm's default one.
        #[serde(default)]
        partition: Option<String>,
        /// What else `sbatch` is given.
        #[serde(default)]
        arguments: Vec<String>,
    },
    /// A job of a Ray cluster for each training.
    Ray {
        /// The head's address, such as `http://head:8265`.
        head: String,
        /// What a job takes beside its one processor, by Ray's names of resources.
        #[serde(default)]
        resources: BTreeMap<String, f64>,
    },
}

/// What a file of options looks like.
const FILE: &str =
    "a file of options is such as (schema: 1, executor: Slurm(partition: \"long\"), workers: 20)";

/// What netsynth tells `sbatch` itself.
const OURS: [&str; 9] = [
    "--parsable",
    "--no-requeue",
    "--requeue",
    "--ntasks",
    "--job-name",
    "--partition",
    "--output",
    "--wrap",
    "--array",
];

impl FromStr for ExecutorChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let of = |executor| Ok(Self { executor, ..Self::default() });
        match text.split_once(':') {
            _ if text.ends_with(".ron") => Self::read(Path::new(text)),
            None if text == "local" => of(ExecutorKind::Local),
            None if text == "processes" => of(ExecutorKind::Processes),
            None if text == "slurm" => of(ExecutorKind::Slurm { partition: None, arguments: Vec::new() }),
            Some(("slurm", partition)) if !partition.is_empty() => {
                of(ExecutorKind::Slurm { partition: Some(partition.to_owned()), arguments: Vec::new() })
            }
            Some(("ray", head)) => {
                let choice =
                    of(ExecutorKind::Ray { head: head.to_owned(), resources: BTreeMap::new() })?;
                choice.check()?;
                Ok(choice)
            }
            None | Some(_) => {
                Err("give local, processes, slurm, slurm:PARTITION, ray:http://HEAD:8265 or a file of options, such as cluster.ron"
                    .to_owned())
            }
        }
    }
}

impl ExecutorChoice {
    fn read(path: &Path) -> Result<Self, String> {
        let text = read_text(path).map_err(|error| error.reason)?;
        let choice: Self = schema::from_ron(&text).map_err(|error| format!("{error}; {FILE}"))?;
        choice.check()?;
        Ok(choice)
    }

    fn check(&self) -> Result<(), String> {
        if let Some(workers) = self.workers
            && Count::WORKERS.check(workers).is_err()
        {
            return Err(format!("give {} as `workers`", Count::WORKERS));
        }
        match &self.executor {
            ExecutorKind::Local | ExecutorKind::Processes if self.program.is_some() => {
                Err("a `program` is for the nodes of a cluster; leave it out".to_owned())
            }
            ExecutorKind::Local | ExecutorKind::Processes => Ok(()),
            ExecutorKind::Slurm { partition, arguments } => {
                if partition.as_ref().is_some_and(String::is_empty) {
                    return Err(
                        "the `partition` has no name; leave it out for Slurm's default one".to_owned()
                    );
                }
                match arguments.iter().find(|argument| !is_free(argument)) {
                    Some(taken) => Err(format!(
                        "`sbatch {taken}` is for netsynth to say; give long options such as --account=faces, each with its value behind a ="
                    )),
                    None => Ok(()),
                }
            }
            ExecutorKind::Ray { head, resources } => {
                if head.starts_with("https://") {
                    return Err("a Ray head is asked over plain HTTP: give http://, through a tunnel where the way to the head is not \
                                trusted"
                        .to_owned());
                }
                if !head.starts_with("http://") || head.len() == "http://".len() {
                    return Err("give a head's address such as http://HEAD:8265, and on the command line ray:http://HEAD:8265".to_owned());
                }
                match resources.iter().find(|(_, amount)| !(amount.is_finite() && **amount >= 0.0)) {
                    Some((name, amount)) => Err(format!("a job cannot take {amount} of {name:?}")),
                    None => Ok(()),
                }
            }
        }
    }
}

/// Whether an argument of `sbatch` is the user's to choose: a long option that netsynth does not use itself.
fn is_free(argument: &str) -> bool {
    let name = argument.split('=').next().unwrap_or_default();
    argument.starts_with("--") && name.len() > 2 && !OURS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_file(text: &str) -> Result<ExecutorChoice, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let path = folder.path().join("cluster.ron");
        std::fs::write(&path, text).map_err(|error| error.to_string())?;
        path.to_string_lossy().parse()
    }

    #[test]
    fn a_file_says_more_than_the_command_line_and_what_is_wrong_with_it() {
        let slurm = of_file(
            "(schema: 1, executor: Slurm(partition: \"long\", arguments: [\"--account=faces\", \"--mem=2G\"]), workers: 64, program: \"/opt/netsynth\")",
        );
        let arguments = vec!["--account=faces".to_owned(), "--mem=2G".to_owned()];
        let kind = ExecutorKind::Slurm { partition: Some("long".to_owned()), arguments };
        let slurm = slurm.expect("the file is right");
        assert_eq!(
            (slurm.executor, slurm.workers, slurm.program),
            (kind, Some(64), Some("/opt/netsynth".into()))
        );
        let ray =
            of_file("(schema: 1, executor: Ray(head: \"http://head:8265\", resources: {\"GPU\": 0.5}))");
        assert!(
            matches!(ray.expect("the file is right").executor, ExecutorKind::Ray { resources, .. } if resources["GPU"] == 0.5)
        );
        for (text, reason) in [
            (
                "(schema: 1, executor: Slurm(arguments: [\"--output=x\"]))",
                "`sbatch --output=x` is for netsynth to say",
            ),
            ("(schema: 1, executor: Slurm(arguments: [\"-A faces\"]))", "give long options"),
            ("(schema: 1, executor: Slurm(partition: \"\"))", "has no name"),
            ("(schema: 1, executor: Ray(head: \"https://head\"))", "through a tunnel"),
            ("(schema: 1, executor: Ray(head: \"head:8265\"))", "such as http://HEAD:8265"),
            (
                "(schema: 1, executor: Ray(head: \"http://head:8265\", resources: {\"GPU\": -1.0}))",
                "cannot take -1",
            ),
            ("(schema: 1, executor: Local, program: \"/opt/netsynth\")", "leave it out"),
            ("(schema: 1, executor: Local, workers: 0)", "as `workers`"),
            ("(schema: 1, executor: Cloud)", "there is no `Cloud`"),
            ("(schema: 2, executor: Local)", "schema 2"),
            ("(schema: 1, executor: Local, nodes: 3)", "there is no field `nodes`"),
        ] {
            let error = of_file(text).expect_err(text);
            assert!(error.contains(reason), "{text}: {error}");
        }
        assert!("nowhere.ron".parse::<ExecutorChoice>().is_err());
    }
}
