//! The readers that need Burn: whole plans, weights, and models in one file.

use std::sync::LazyLock;

use netsynth_graph::{ArchitectureSpec, Graph, schema};
use netsynth_run::{Plan, TrainPlan, pack, unpack};
use netsynth_search::Problem;
use netsynth_train::{Device, read, save};

use crate::readers::SPACE;

/// A plan of a search or of a training.
pub fn plan(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(plan) = schema::from_ron::<Plan>(text)
        && plan.check().is_ok()
    {
        assert!(plan.planned_epochs() > 0);
        let _ = Problem::new(&*SPACE, &plan.search);
    }
    if let Ok(plan) = schema::from_ron::<TrainPlan>(text)
        && plan.check().is_ok()
    {
        assert!(!plan.trainings().is_empty());
    }
}

static SMALL: LazyLock<Graph> = LazyLock::new(|| {
    let text = r#"(schema: 1, name: "small", input: (channels: 1, height: 8, width: 8), nodes: [
        (name: "stem", from: ["input"], op: Conv(channels: 2, activation: Relu)),
        (name: "pool", from: ["stem"], op: GlobalAvgPool()),
        (name: "classes", from: ["pool"], op: Dense(units: 2)),
    ])"#;
    Graph::new(&ArchitectureSpec::from_ron(text).expect("a network")).expect("a network")
});

/// Weights of a small network: the header and what it promises.
pub fn weights(bytes: &[u8]) {
    if let Ok(network) = read(bytes, &SMALL, Device::Flex) {
        let again = save(&network).expect("what was read is written");
        assert!(read(&again, &SMALL, Device::Flex).is_ok());
    }
}

/// A model in one file: its weights, and the document about them.
pub fn packed(bytes: &[u8]) {
    if let Ok(model) = unpack(bytes) {
        assert_eq!(pack(&model).ok().as_deref(), Some(bytes));
    }
}
