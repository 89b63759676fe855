//! Each reader of outside bytes, with all that is done with its document before a training. None may panic, and none
//! may take memory or time without bound.
//!
//! `fuzz_targets/` feeds them from libFuzzer, `crates/cli/fuzz.rs` from the corpus and its seeded mutations.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use netsynth_data::{DataOptions, Dataset};
use netsynth_graph::{ArchitectureId, ArchitectureSpec, Graph, schema};
use netsynth_search::Problem;
use netsynth_space::{SearchSpace, SearchSpaceSpec};
use netsynth_store::{CandidateFile, RungFile};

use netsynth_run::Plan;

static PROTOTYPE: LazyLock<Graph> = LazyLock::new(|| {
    let spec =
        ArchitectureSpec::from_ron(include_str!("../prototypes/resnet20.ron")).expect("it is built in");
    Graph::new(&spec).expect("it is built in")
});

static SPACE: LazyLock<SearchSpace> = LazyLock::new(|| {
    let spec =
        SearchSpaceSpec::from_ron(include_str!("../search-spaces/emotionnet.ron")).expect("it is built in");
    SearchSpace::new(&spec, &PROTOTYPE).expect("it is built in")
});

/// An architecture, and a search space around ResNet-20.
pub fn spec(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(spec) = ArchitectureSpec::from_ron(text)
        && let Ok(graph) = Graph::new(&spec)
    {
        let again = Graph::new(&graph.spec()).expect("a network's own spec is one");
        assert_eq!((graph.cost(), ArchitectureId::of(&graph)), (again.cost(), ArchitectureId::of(&again)));
        let text = spec.to_ron();
        assert_eq!(ArchitectureSpec::from_ron(&text).expect("what is written is read").to_ron(), text);
    }
    if let Ok(spec) = SearchSpaceSpec::from_ron(text)
        && let Ok(space) = SearchSpace::new(&spec, &PROTOTYPE)
    {
        space
            .decode(&space.decisions().prototype(), "prototype")
            .expect("the prototype is a point of the space");
        let widest = space.decisions().genome(|_, decision| decision.domain.choices() - 1);
        // Too large a network is refused with a reason, like any other.
        let _ = space.decode(&widest, "widest");
    }
}

/// A plan.
pub fn plan(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(plan) = schema::from_ron::<Plan>(text) else { return };
    if plan.check().is_ok() {
        assert!(plan.planned_epochs() > 0);
        let _ = Problem::new(&*SPACE, &plan.search);
    }
}

/// What a run's folder holds of a trial: its candidate, or what a rung measured.
pub fn trial(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(candidate) = schema::from_ron::<CandidateFile>(text)
        && let Ok(genome) = SPACE.decisions().genome_of(&candidate.genome)
    {
        SPACE.decode(&genome, "trial").expect("every genome of the space has a graph");
    }
    if let Ok(rung) = schema::from_ron::<RungFile>(text)
        && rung.measured.problem().is_none()
    {
        let text = schema::to_ron(&rung);
        assert_eq!(
            schema::to_ron(&schema::from_ron::<RungFile>(&text).expect("what is written is read")),
            text
        );
    }
}

/// A label file of the official CK+ layout, in a folder with a good one beside it.
pub fn label(bytes: &[u8], folder: &Path) {
    let root = folder.join("label");
    for (sequence, label) in [("001", &b"   5.0000000e+00"[..]), ("002", bytes)] {
        let images = root.join("cohn-kanade-images/S001").join(sequence);
        let labels = root.join("Emotion/S001").join(sequence);
        if !images.exists() {
            fs::create_dir_all(&images).expect("a folder");
            fs::create_dir_all(&labels).expect("a folder");
            let picture = [b"P5 8 8 255\n".as_slice(), &[128; 64]].concat();
            fs::write(images.join(format!("S001_{sequence}_00000001.pgm")), picture).expect("a picture");
        }
        fs::write(labels.join(format!("S001_{sequence}_00000001_emotion.txt")), label).expect("a label");
    }
    let _ = Dataset::load(&root, &DataOptions { height: 8, width: 8, ..DataOptions::default() });
}
