//! Each reader of outside bytes, with all that is done with its document before a training. None may panic, and none
//! may take memory or time without bound.
//!
//! `fuzz_targets/` feeds them from libFuzzer, `crates/cli/fuzz.rs` from the corpus and its seeded mutations. Those that
//! need Burn are in `trained.rs`. A reader of files has a folder of its own to put them into.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use netsynth_data::{Beginning, Crop, DataOptions, Dataset, Image};
use netsynth_graph::{ArchitectureId, ArchitectureSpec, Graph, schema};
use netsynth_random::stream;
use netsynth_search::{
    Condition, Indicator, Limits, Metric, Objective, Performance, Prior, Problem, Rung, SearchPlan,
    StrategyKind, Table, bounds, run,
};
use netsynth_space::{SearchSpace, SearchSpaceSpec};
use netsynth_store::{
    CandidateFile, EndFile, Entry, FrontFile, RunFolder, RungFile, ScreeningFile, check_files, read_text,
};

static PROTOTYPE: LazyLock<Graph> = LazyLock::new(|| {
    let spec =
        ArchitectureSpec::from_ron(include_str!("../prototypes/resnet20.ron")).expect("it is built in");
    Graph::new(&spec).expect("it is built in")
});

pub(crate) static SPACE: LazyLock<SearchSpace> = LazyLock::new(|| {
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

/// The other documents of a run: what was screened, the front, the end.
pub fn record(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = schema::from_ron::<ScreeningFile>(text);
    let _ = schema::from_ron::<EndFile>(text);
    if let Ok(front) = schema::from_ron::<FrontFile>(text) {
        for member in &front.members {
            let _ = member.metrics();
        }
    }
}

/// A generator, from which networks are drawn.
pub fn generator(bytes: &[u8], folder: &Path) {
    let run = run_folder(folder);
    let path = run.locate(Entry::Generator(0));
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, bytes).expect("a generator");
    let Ok(generator) = run.generator(0) else { return };
    let names = generator.laws.iter().map(|law| &law.decision);
    if names.eq(SPACE.decisions().iter().map(|decision| &decision.name)) {
        let genome = generator.sample(SPACE.decisions(), &mut stream(1, "sample", &[]));
        SPACE.decode(&genome, "drawn").expect("every genome of the space has a graph");
    }
}

/// The last line of a document and the file beside a table, which say what must be there.
pub fn checksum(bytes: &[u8], folder: &Path) {
    const TABLE: &[u8] = b"trial,accuracy\n";
    let run = run_folder(folder);
    fs::write(run.locate(Entry::Front), bytes).expect("a document");
    let front: Result<Option<FrontFile>, _> = run.document(Entry::Front);
    let table = run.locate(Entry::FrontTable);
    fs::write(&table, TABLE).expect("a table");
    fs::write(format!("{}.sha256", table.display()), bytes).expect("a checksum");
    if let Ok(read) = run.file(Entry::FrontTable) {
        assert_eq!(read.as_deref(), Some(TABLE));
    }
    let (_, findings) = check_files(&run).expect("what does not hold is named");
    assert!(front.is_err() || front.is_ok_and(|front| front.is_some()) || !findings.is_empty());
}

/// The folder of a run that has a plan of no words.
fn run_folder(folder: &Path) -> RunFolder {
    let path = folder.join("run");
    fs::create_dir_all(&path).expect("a folder");
    fs::write(path.join(Entry::Plan.path()), "(schema: 1)").expect("a plan");
    RunFolder::open(&path).expect("a run")
}

/// A text of any coding.
pub fn text(bytes: &[u8], folder: &Path) {
    let path = folder.join("text.ron");
    fs::create_dir_all(folder).expect("a folder");
    fs::write(&path, bytes).expect("a text");
    if let Ok(text) = read_text(&path) {
        let _ = ArchitectureSpec::from_ron(&text);
    }
}

/// A benchmark of known results, which every strategy searches for a few evaluations.
pub fn table(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(table) = Table::from_json("table", text) else { return };
    assert!(
        table
            .metrics()
            .flat_map(|metrics| metrics.iter().collect::<Vec<_>>())
            .all(|(_, value)| value.is_finite())
    );
    for strategy in StrategyKind::ALL {
        let plan = SearchPlan {
            seed: 1,
            n_trials: table.len().min(4),
            generation_size: 2,
            strategy,
            indicator: Indicator { constraints: Vec::new() },
            performance: Performance::default(),
            objectives: vec![Objective::of(Metric::Accuracy)],
            rungs: vec![Rung { epochs: 1, macs: None, folds: 1, keep: 1.0 }],
            pruning: None,
            screening: None,
            asynchronous: false,
            prior: Some(Prior::default()),
            limits: Limits::default(),
        };
        let problem = Problem::new(&table, &plan).expect("a table can be searched");
        run(&problem, &table, &mut |_| Ok(())).expect("a table can be searched");
    }
}

/// A bound of the command line, and a condition on trials.
pub fn condition(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = Condition::read(text);
    if let Ok(read) = bounds(text) {
        let again: Vec<String> = read.iter().map(ToString::to_string).collect();
        bounds(&again.join(" and ")).expect("what is shown is read");
    }
}

/// Options that read an image of 8x8 pixels.
fn options() -> DataOptions {
    DataOptions { height: 8, width: 8, ..DataOptions::default() }
}

/// A table of pixels.
pub fn pixels(bytes: &[u8], folder: &Path) {
    fs::create_dir_all(folder).expect("a folder");
    let path = folder.join("pixels.csv");
    fs::write(&path, bytes).expect("a table");
    let _ = Dataset::load(&path, &options());
}

/// An image in a class folder beside good ones, an image by itself, and frames that follow each other.
pub fn image(bytes: &[u8], folder: &Path) {
    if let Ok(image) = Image::decode(bytes) {
        let (width, height) = image.size();
        assert_eq!(image.interleaved().len(), 3 * width as usize * height as usize);
    }
    let mut stream = bytes;
    while let Ok(Some(_)) = Image::next_frame(&mut stream) {}
    let _ = Beginning::of(bytes);
    let root = classes(folder, "images");
    fs::write(root.join("anger/odd.png"), bytes).expect("an image");
    let found = Dataset::load(&root, &options()).expect("an image that is none is skipped");
    assert_eq!(found.samples.len() + found.skipped.len(), 3);
}

/// A file of boxes for two images.
pub fn boxes(bytes: &[u8], folder: &Path) {
    let root = classes(folder, "boxed");
    let file = folder.join("boxes.csv");
    fs::write(&file, bytes).expect("a table");
    let _ = Dataset::load(&root, &DataOptions { crop: Crop::Boxes { file, margin: 0.5 }, ..options() });
}

/// A gray picture of 8x8 pixels.
fn picture() -> Vec<u8> {
    [b"P5 8 8 255\n".as_slice(), &[128; 64]].concat()
}

/// A folder of two classes with an image each.
fn classes(folder: &Path, name: &str) -> std::path::PathBuf {
    let root = folder.join(name);
    for class in ["anger", "fear"] {
        let path = root.join(class);
        if !path.exists() {
            fs::create_dir_all(&path).expect("a folder");
            fs::write(path.join("one.pgm"), picture()).expect("a picture");
        }
    }
    root
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
            fs::write(images.join(format!("S001_{sequence}_00000001.pgm")), picture()).expect("a picture");
        }
        fs::write(labels.join(format!("S001_{sequence}_00000001_emotion.txt")), label).expect("a label");
    }
    let _ = Dataset::load(&root, &options());
}
