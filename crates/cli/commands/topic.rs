//! What files mean, from the types that read them.
//!
//! A topic is some words and the schemas of the types behind it: fields, their forms, their defaults and the doc
//! comment of each. A new field is in its topic because it is in its type.

mod schema;

use std::collections::{BTreeMap, BTreeSet};

use netsynth_data::synth::SynthOptions;
use netsynth_graph::ArchitectureSpec;
use netsynth_graph::program::DeviceModel;
use netsynth_graph::schema::{SCHEMA, to_ron};
use netsynth_search::{Constraint, Indicator, Metric, Objective, Performance};
use netsynth_space::SearchSpaceSpec;
use netsynth_store::{CandidateFile, EndFile, Fold, FrontFile, LearnedFile, RungFile, ScreeningFile};
use netsynth_train::Recipe;
use schemars::SchemaGenerator;
use serde_json::Value;

use crate::output::print::wrapped;
use netsynth_run::{
    AnswerFile, DataPlan, DataSource, Heartbeat, JudgedOn, Plan, ProgressLine, Provenance, SessionFile, Task,
    TaskFile, TaskId, Trainer, TrainerInput, TrainerOutput, TrainingTask,
};
use schema::{named, write_type};

/// A kind of file, or of number, that help explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topic {
    Plan,
    Data,
    Recipe,
    Space,
    Architecture,
    Run,
    Metrics,
    Task,
    Trainer,
}

impl Topic {
    pub(crate) const ALL: [Self; 9] = [
        Self::Plan,
        Self::Data,
        Self::Recipe,
        Self::Space,
        Self::Architecture,
        Self::Run,
        Self::Metrics,
        Self::Task,
        Self::Trainer,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Topic::Plan => "plan",
            Topic::Data => "data",
            Topic::Recipe => "recipe",
            Topic::Space => "space",
            Topic::Architecture => "architecture",
            Topic::Run => "run",
            Topic::Metrics => "metrics",
            Topic::Task => "task",
            Topic::Trainer => "trainer",
        }
    }

    /// What it is about, in a sentence.
    pub(crate) fn about(self) -> &'static str {
        match self {
            Topic::Plan => {
                "All that a search depends on; `netsynth search --plan FILE` reads it, and every run keeps its own as \
                 plan.ron."
            }
            Topic::Data => {
                "Which faces a plan names, how they are read, and who is trained on and judged on."
            }
            Topic::Recipe => {
                "How networks are trained: the plan's `recipe`, or a file of its own for `netsynth train --recipe`."
            }
            Topic::Space => "What varies around a prototype: `netsynth search --space FILE`.",
            Topic::Architecture => {
                "A network as a file: operators wired by name. `netsynth check FILE` counts and checks it."
            }
            Topic::Run => "The files of a run's folder.",
            Topic::Metrics => "What networks are measured by, bounded by and compared by.",
            Topic::Task => {
                "What a worker is given and what it leaves, as JSON: `netsynth work TASK --out DIR`."
            }
            Topic::Trainer => {
                "The lines of JSON between netsynth and a trainer of your own: the plan's `evaluator: Command([...])`."
            }
        }
    }

    /// The topic for lines of this many characters.
    pub(crate) fn text(self, width: usize) -> String {
        let mut text = wrapped(self.about(), width, 0) + "\n\n";
        if let Some(example) = self.example() {
            text += &wrapped(&example.0, width, 0);
            text += "\n\n";
            example.1.lines().for_each(|line| text += &format!("    {line}\n"));
            text.push('\n');
        }
        let mut generator = SchemaGenerator::default();
        let roots: Vec<String> = self.types(&mut generator);
        let definitions: BTreeMap<String, Value> = generator.take_definitions(true).into_iter().collect();
        let mut written = BTreeSet::new();
        roots.iter().for_each(|root| write_type(&mut text, root, &definitions, &mut written, width));
        for paragraph in self.remarks() {
            text += &wrapped(paragraph, width, 0);
            text += "\n\n";
        }
        text
    }

    /// The types behind it.
    fn types(self, generator: &mut SchemaGenerator) -> Vec<String> {
        match self {
            Topic::Plan => vec![named::<Plan>(generator)],
            Topic::Data => vec![named::<DataPlan>(generator)],
            Topic::Recipe => vec![named::<Recipe>(generator)],
            Topic::Space => vec![named::<SearchSpaceSpec>(generator)],
            Topic::Architecture => vec![named::<ArchitectureSpec>(generator)],
            Topic::Run => vec![
                named::<Provenance>(generator),
                named::<ScreeningFile>(generator),
                named::<CandidateFile>(generator),
                named::<RungFile>(generator),
                named::<EndFile>(generator),
                named::<FrontFile>(generator),
                named::<LearnedFile>(generator),
                named::<SessionFile>(generator),
            ],
            Topic::Metrics => vec![
                named::<Metric>(generator),
                named::<Indicator>(generator),
                named::<Constraint>(generator),
                named::<Objective>(generator),
                named::<Performance>(generator),
                named::<DeviceModel>(generator),
            ],
            Topic::Task => vec![
                named::<TaskFile>(generator),
                named::<AnswerFile>(generator),
                named::<Heartbeat>(generator),
                named::<ProgressLine>(generator),
            ],
            Topic::Trainer => vec![named::<TrainerInput>(generator), named::<TrainerOutput>(generator)],
        }
    }

    /// A file that is read as it stands here, and what it is.
    fn example(self) -> Option<(String, String)> {
        let built_in = Plan::built_in();
        match self {
            Topic::Plan => Some(("The built-in plan, every field of it:".to_owned(), to_ron(&built_in))),
            Topic::Data => Some(("The built-in plan's `data`:".to_owned(), to_ron(&built_in.data))),
            Topic::Recipe => {
                Some(("The recipe `strong`, which is the default:".to_owned(), to_ron(&Recipe::strong())))
            }
            Topic::Space => Some((
                "The built-in space `emotionnet`:".to_owned(),
                include_str!("../../../search-spaces/emotionnet.ron").to_owned(),
            )),
            Topic::Architecture => Some(("A small network:".to_owned(), SMALL_NETWORK.to_owned())),
            Topic::Run => Some(("runs/NAME holds:".to_owned(), netsynth_store::LAYOUT.to_owned())),
            Topic::Metrics => None,
            Topic::Task => Some((
                "A task that `netsynth work` carries out as it stands here:".to_owned(),
                example_task(),
            )),
            Topic::Trainer => Some((
                "A trainer reads one line, here broken, and writes as many as it likes:".to_owned(),
                format!("{}\n\n{TRAINER_LINES}", example_input()),
            )),
        }
    }

    /// What stands in no type.
    fn remarks(self) -> &'static [&'static str] {
        match self {
            Topic::Plan | Topic::Data | Topic::Recipe | Topic::Space | Topic::Architecture => &[
                "A file is RON with `schema: 1` in front, and unknown fields are refused by name, line and column. A \
                 field that may be left out has the value that is given with it, or stands for nothing.",
            ],
            Topic::Run => &[
                "A document ends in a comment with its path in the run and the SHA-256 of all before; other files have theirs in \
                 NAME.sha256. `netsynth verify RUN` checks them. Nothing is overwritten but front.ron, front.csv, \
                 report.html and the session at work.",
            ],
            Topic::Task => &[
                "Paths are from the folder of the task's file. The folder of an answer has answer.json, with its SHA-256 in \
                 answer.json.sha256 as `sha256sum -c` reads it, weights.safetensors and its SHA-256 if a network was trained, \
                 progress.jsonl with a line for each epoch, and heartbeat.json. A file `fenced` in it tells the worker to give up.",
                "Exit code 0: there is a result. 1: the candidate failed, and the answer says why. 137: it ran out of memory. Any \
                 other: the task could not be carried out there, which says nothing of the candidate.",
            ],
            Topic::Trainer => &[
                "The last line with `metrics`, or with `failed`, counts, and the program then ends with exit code 0. Any other exit code \
                 is a failure of this network; the last line of standard error is its reason. A program that is killed is begun \
                 again where `--executor` can (docs/own-trainer.md).",
            ],
            Topic::Metrics => &[
                "NetScore is U, the performance that a search raises: 20 log10(a^alpha / (p^beta m^gamma)) with the \
                 accuracy a in percent, or the first measured objective, and the parameters p and multiply-accumulates m in \
                 millions.",
                "The hypervolume of a front is the share that it dominates of the area between the indicator's bounds \
                 and an ideal network, one of which every share is 1 and that costs nothing.",
                "A bound is written AtLeast(Accuracy, 0.92), or as a text: \"accuracy >= 92 %\", \"parameters <= 150k\", \
                 \"peak_activations <= 256 KiB\". The names are those of the columns of `netsynth front query --csv`; % stands \
                 behind shares, k and M behind counts, KiB and MiB behind bytes; a time has ns, us, ms or s, as \"latency <= 5 ms\", and \
                 AtMost(Latency, 5e6) is in nanoseconds. `--indicator` and `--where` read the same.",
                "Latency is predicted by a DeviceModel, the file of a plan's `device_model`, so that the same plan gives the same run on \
                 any machine. `netsynth bench device` measures a device and writes the file, with the error of its predictions; \
                 `netsynth bench MODEL` measures what a search found.",
                "The knee of a front is the member farthest below the line between the front's ends, each objective \
                 scaled to 0 for the front's best and 1 for its worst.",
                "Peak activations are shown in KiB of four bytes each, parameters with batch norm folded into the \
                 convolution before it.",
            ],
        }
    }
}

/// What a trainer may write.
const TRAINER_LINES: &str = "\
{\"epoch\": 1, \"loss\": 1.52}
{\"epoch\": 2, \"loss\": 0.98}
{\"metrics\": {\"accuracy\": 0.91, \"macro_f1\": 0.9}}";

/// SHA-256 of the data of the example of a task.
const EXAMPLE_DIGEST: &str = "f2efd3c989ad73b6d8d7d85dc3af04e6a404cccc888ea0c31a46e6f7285305e2";

/// A small training, as a worker is given it.
fn example_task() -> String {
    let plan = Plan::built_in();
    let drawn = SynthOptions { subjects: 8, ..SynthOptions::default() };
    let training = TrainingTask {
        judged_on: JudgedOn::Fold(Fold::from_index(0)),
        epochs: 2,
        seed: 1,
        start: None,
        is_probed: false,
    };
    let task = Task {
        id: TaskId::Trial { trial: 0, rung: 0, fold: Fold::from_index(0) },
        architecture: small_network(),
        data: DataPlan { source: DataSource::Synthetic(drawn), ..plan.data },
        data_digest: EXAMPLE_DIGEST.to_owned(),
        recipe: plan.recipe,
        device: plan.device,
        evaluator: Trainer::Netsynth,
        training_secs: None,
        run_seed: 1,
        is_scored: false,
        training: Some(training),
    };
    let file = TaskFile {
        schema: SCHEMA,
        attempt: "mine-a1".to_owned(),
        task,
        data: None,
        start: None,
        files: None,
    };
    serde_json::to_string_pretty(&file).unwrap_or_default()
}

/// What a trainer of the user's own is given for the same network.
fn example_input() -> String {
    let folder = "/home/me/runs/mine/attempts/trial-00042-rung-0-fold-01-1a2b3c4d/files";
    let input = TrainerInput {
        schema: SCHEMA,
        task: "trial-00042-rung-0-fold-01-1a2b3c4d".to_owned(),
        architecture: small_network(),
        onnx: format!("{folder}/network.onnx").into(),
        epochs: 10,
        fold: 1,
        n_folds: 5,
        seed: 4_171_905_326,
        threads: 1,
        folder: folder.into(),
    };
    serde_json::to_string_pretty(&input).unwrap_or_default()
}

fn small_network() -> ArchitectureSpec {
    let read = ArchitectureSpec::from_ron(SMALL_NETWORK);
    read.unwrap_or_else(|error| unreachable!("the example is read by a test: {error}"))
}

/// What the topic of architectures shows; a test reads it.
const SMALL_NETWORK: &str = "\
(schema: 1, name: \"small\", input: (channels: 1, height: 24, width: 24), nodes: [
    (name: \"stem\", from: [\"input\"], op: Conv(channels: 8, stride: 2, norm: Batch, activation: Relu)),
    (name: \"next\", from: [\"stem\"], op: Conv(channels: 8, norm: Batch, activation: Relu)),
    (name: \"both\", from: [\"stem\", \"next\"], op: Add()),
    (name: \"pool\", from: [\"both\"], op: GlobalAvgPool()),
    (name: \"classes\", from: [\"pool\"], op: Dense(units: 7)),
])";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::schema::{Entry, entries};
    use super::*;

    /// The names of all fields in a value.
    fn fields(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(all) => all.iter().for_each(|(name, value)| {
                found.insert(name.clone());
                fields(value, found);
            }),
            Value::Array(items) => items.iter().for_each(|item| fields(item, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn every_field_and_choice_has_its_line() {
        for topic in Topic::ALL {
            let mut generator = SchemaGenerator::default();
            topic.types(&mut generator);
            let text = topic.text(100);
            for (name, schema) in generator.take_definitions(true) {
                assert!(text.contains(&format!("\n{name}\n")), "{topic:?} does not explain {name}");
                for Entry { form, about } in entries(&schema) {
                    assert!(about.is_some(), "{topic:?}: {name}: `{form}` has no doc comment");
                    assert!(text.contains(&format!("\n  {form}\n")), "{topic:?}: {name}: {form}");
                }
            }
        }
    }

    #[test]
    fn what_is_written_is_explained() {
        let plan = serde_json::to_value(Plan::built_in()).unwrap();
        let recipe = serde_json::to_value(Recipe::paper()).unwrap();
        for (topic, value) in [(Topic::Plan, &plan), (Topic::Recipe, &recipe), (Topic::Data, &plan["data"])] {
            let text = topic.text(80);
            let mut names = BTreeSet::new();
            fields(value, &mut names);
            for name in names {
                let is_explained =
                    [":", "(", ": "].iter().any(|after| text.contains(&format!("{name}{after}")));
                assert!(is_explained, "{topic:?}: `{name}` is not explained");
            }
        }
        assert!(Topic::Plan.text(80).contains("wall_clock_secs: whole number, may be left out"));
        assert!(Topic::Architecture.text(80).contains("kernel: whole number, 3 if left out"));
    }

    #[test]
    fn examples_are_read_as_they_stand() {
        let of = |topic: Topic| topic.example().unwrap().1;
        let plan: Plan = netsynth_graph::schema::from_ron(&of(Topic::Plan)).unwrap();
        assert_eq!(plan, Plan::built_in());
        let spec = ArchitectureSpec::from_ron(&of(Topic::Architecture)).unwrap();
        assert_eq!(netsynth_graph::Graph::new(&spec).unwrap().len(), 5);
        SearchSpaceSpec::from_ron(&of(Topic::Space)).unwrap();
        let file: TaskFile = serde_json::from_str(&of(Topic::Task)).unwrap();
        assert_eq!(file.task.data.load(&|_| {}).unwrap().digest, file.task.data_digest);
        let (input, lines) = of(Topic::Trainer)
            .split_once("\n\n")
            .map(|(one, other)| (one.to_owned(), other.to_owned()))
            .unwrap();
        serde_json::from_str::<TrainerInput>(&input).unwrap();
        assert!(lines.lines().all(|line| serde_json::from_str::<TrainerOutput>(line).is_ok()));
    }

    #[test]
    fn no_line_is_wider_than_asked_but_examples() {
        for topic in Topic::ALL {
            for line in
                topic.text(60).lines().filter(|line| !line.starts_with("    ") || line.starts_with("      "))
            {
                let is_form = line.starts_with("  ") && !line.starts_with("   ");
                let is_example = topic.example().is_some_and(|(_, text)| text.contains(line.trim()));
                assert!(is_form || is_example || line.chars().count() <= 60, "{topic:?}: {line}");
            }
        }
    }
}
