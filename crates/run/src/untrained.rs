//! A network before its training, as a file for trainers of the user's own.

use std::fs;
use std::path::Path;

use netsynth_export::{Interface, OPSET, OnnxOptions, Plan, Reads, onnx};
use netsynth_graph::Graph;
use netsynth_train::{Deployed, Network};

use crate::{RunError, Task};

/// Writes the network of a task as ONNX, with the weights that netsynth would begin from.
pub(crate) fn write_untrained(graph: &Graph, task: &Task, path: &Path) -> Result<(), RunError> {
    let seed = task.training.as_ref().map_or(task.run_seed, |training| training.seed);
    let weights = Network::new(graph, seed, task.device).deployed_weights();
    let plan = Plan::new(&Deployed::new(graph, weights, task.device)?)?;
    let interface = Interface {
        labels: (1..=plan.classes()).map(|class| format!("class {class}")).collect(),
        normalisation: None,
        preparation: String::new(),
    };
    // How images become numbers is the trainer's to know.
    let options = OnnxOptions { opset: OPSET, reads: Reads::Numbers };
    fs::write(path, onnx(&plan, None, &interface, &options)).map_err(RunError::system(path))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use netsynth_export::{Agreement, Given, by_rten};
    use netsynth_graph::ArchitectureSpec;
    use netsynth_store::Fold;

    use super::*;
    use crate::{JudgedOn, Plan as RunPlan, TaskId, TrainingTask};

    #[test]
    fn the_file_computes_what_a_training_of_netsynths_own_begins_from() {
        let spec = ArchitectureSpec::from_ron(
            r#"(schema: 1, name: "few", input: (channels: 1, height: 8, width: 8), nodes: [
                (name: "stem", from: ["input"], op: Conv(channels: 4, norm: Batch, activation: Relu)),
                (name: "drop", from: ["stem"], op: Dropout(rate: 0.5)),
                (name: "pool", from: ["drop"], op: GlobalAvgPool()),
                (name: "classes", from: ["pool"], op: Dense(units: 3)),
            ])"#,
        );
        let graph = Graph::new(&spec.unwrap()).unwrap();
        let home = tempfile::tempdir().unwrap();
        let image: Vec<f32> = (0..64).map(|at| at as f32 / 32.0 - 1.0).collect();
        let written = |seed: u64| {
            let judged_on = JudgedOn::Fold(Fold::from_index(0));
            let training = TrainingTask { judged_on, epochs: 1, seed, start: None, is_probed: false };
            let id = TaskId::Trial { trial: 0, rung: 0, fold: Fold::from_index(0) };
            let task = RunPlan::built_in().task(id, &graph, "", Some(training));
            let path = home.path().join("network.onnx");
            write_untrained(&graph, &task, &path).unwrap();
            let weights = Network::new(&graph, seed, task.device).deployed_weights();
            let network = Deployed::new(&graph, weights, task.device).unwrap();
            (fs::read(path).unwrap(), network.scores(image.clone(), 1))
        };
        let (model, expected) = written(7);
        let found = by_rten(&model, &[Given::Numbers([1, 1, 8, 8], image.clone())]).unwrap();
        let agreement = Agreement::of([(expected.as_slice(), found[0].as_slice())].into_iter());
        assert!(agreement.largest_difference < 1e-5 && agreement.largest_logit > 1e-3, "{agreement:?}");
        assert!(written(7).0 == model && written(8).0 != model);
    }
}
