//! Training as its users see it: it learns, it repeats to the bit, and what is saved predicts the same.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::Mutex;

use netsynth_data::{Dataset, Normalisation, Sample};
use netsynth_graph::{ArchitectureSpec, Graph};
use netsynth_random::stream;
use netsynth_train::{
    Checkpoints, Deployed, Device, Ingredient, Judgement, Recipe, Schedule, Training, fit, load,
    on_one_thread, save, score,
};

/// Bright bars in noise: class 0 lies, class 1 stands. No single pixel separates them.
fn bars() -> Dataset {
    let (side, n_samples) = (12, 64);
    let samples = (0..n_samples)
        .map(|index| {
            let mut random = stream(7, "bars", &[index as u64]);
            let class = index % 2;
            let at = 2 + (random.unit_f32() * 8.0) as usize;
            let pixels = (0..side * side)
                .map(|pixel| {
                    let (row, column) = (pixel / side, pixel % side);
                    let is_bar = if class == 0 { row == at } else { column == at };
                    (if is_bar { 160.0 } else { 40.0 } + 60.0 * random.unit_f32()) as u8
                })
                .collect();
            let (subject, source) = (Some(index % 8), format!("{index}"));
            Sample { pixels, class, subject, source, usage: None }
        })
        .collect();
    Dataset {
        classes: vec!["lying".into(), "standing".into()],
        subjects: (0..8).map(|subject| format!("S{subject}")).collect(),
        samples,
        height: side,
        width: side,
        ..Dataset::default()
    }
}

/// Every operator once, with a link that skips two.
fn graph() -> Graph {
    let text = r#"(schema: 1, name: "all", input: (channels: 1, height: 12, width: 12), nodes: [
        (name: "a", from: ["input"], op: Conv(channels: 6, norm: Batch, activation: Relu)),
        (name: "b", from: ["a"], op: Conv(channels: 6, groups: 6, norm: Batch, activation: Swish)),
        (name: "e", from: ["b"], op: SqueezeExcite(reduced: 3)),
        (name: "s", from: ["a", "e"], op: Add(norm: Batch, activation: Relu)),
        (name: "m", from: ["s"], op: MaxPool(kernel: 2, stride: 2)),
        (name: "v", from: ["s"], op: AvgPool(kernel: 3, stride: 2)),
        (name: "c", from: ["m", "v"], op: Concat()),
        (name: "d", from: ["c"], op: Conv(channels: 8, kernel: 1, activation: Relu6)),
        (name: "g", from: ["d"], op: GlobalAvgPool()),
        (name: "o", from: ["g"], op: Dropout(rate: 0.1)),
        (name: "classes", from: ["o"], op: Dense(units: 2)),
    ])"#;
    Graph::new(&ArchitectureSpec::from_ron(text).unwrap()).unwrap()
}

fn trained(n_epochs: usize, recipe: &Recipe) -> Deployed {
    kept(n_epochs, recipe, None).0
}

/// A network, and its losses.
fn kept(n_epochs: usize, recipe: &Recipe, checkpoints: Option<&dyn Checkpoints>) -> (Deployed, Vec<f32>) {
    let (graph, dataset) = (graph(), bars());
    let samples: Vec<usize> = (0..48).collect();
    let training = Training {
        graph: &graph,
        dataset: &dataset,
        recipe,
        n_epochs,
        seed: 3,
        device: Device::Flex,
        start: None,
        checkpoints,
    };
    let mut losses = Vec::new();
    let network = fit(&training, &samples, &mut |report| {
        assert_eq!((report.epoch, report.n_images), (losses.len(), 48));
        losses.push(report.loss);
    });
    (network.unwrap(), losses)
}

/// The states of a training after each epoch, from one that it may begin with.
#[derive(Debug, Default)]
struct States(Mutex<Vec<Vec<u8>>>);

impl Checkpoints for States {
    fn last(&self) -> Option<Vec<u8>> {
        self.0.lock().unwrap().last().cloned()
    }

    fn is_due(&self) -> bool {
        true
    }

    fn keep(&self, state: Vec<u8>) {
        self.0.lock().unwrap().push(state);
    }
}

fn plain() -> Recipe {
    Recipe {
        augmentation: Default::default(),
        normalisation: Normalisation::PerImage,
        mixup: 0.0,
        averaging: Some(0.9),
        ..Recipe::strong()
    }
}

#[test]
fn it_learns_what_no_pixel_shows() {
    let network = trained(20, &Recipe { learning_rate: 1e-2, flip_averaging: false, ..plain() });
    let Judgement { confusion, people } = score(&network, &bars(), &(48..64).collect::<Vec<_>>(), &plain());
    assert!(confusion.accuracy() >= 0.9, "{confusion:?}");
    assert_eq!(confusion.n_images(), 16);
    // The same images person by person.
    let n_images: u32 = people.iter().map(|person| person.n_images).sum();
    let n_correct: u32 = people.iter().map(|person| person.n_correct).sum();
    assert_eq!((n_images, f64::from(n_correct) / 16.0), (16, confusion.accuracy()));
}

#[test]
fn it_repeats_to_the_bit_for_any_number_of_threads() {
    let recipe = Recipe { mixup: 0.2, ..Recipe::strong() };
    let one = on_one_thread(|| save(&trained(2, &recipe)).unwrap()).unwrap();
    let many = save(&trained(2, &recipe)).unwrap();
    assert_eq!(one, many);
}

#[test]
fn a_training_that_was_cut_off_goes_on_to_the_same_bits() {
    let averaged = Recipe { mixup: 0.2, ..Recipe::strong() };
    let paper = Recipe { averaging: None, ..Recipe::paper() };
    for recipe in [averaged, paper] {
        let states = States::default();
        let (whole, losses) = kept(5, &recipe, Some(&states));
        let states = states.0.into_inner().unwrap();
        assert_eq!(states.len(), 5);
        for (n_done, state) in (1..).zip(states) {
            let from = States(Mutex::new(vec![state]));
            let (network, all) = kept(5, &recipe, Some(&from));
            assert_eq!(save(&network).unwrap(), save(&whole).unwrap(), "after {n_done} epochs");
            assert_eq!(all, losses);
            // Only what was left is trained, and kept after each epoch.
            assert_eq!(from.0.into_inner().unwrap().len(), 1 + 5 - n_done);
        }
        // What is no state of this training is not gone on with.
        let weights = save(&whole).unwrap();
        let states = States::default();
        kept(7, &recipe, Some(&states));
        let too_long = states.last().unwrap();
        for state in [Vec::new(), b"no tensors".to_vec(), weights, too_long] {
            let from = States(Mutex::new(vec![state]));
            assert_eq!(save(&kept(5, &recipe, Some(&from)).0).unwrap(), save(&whole).unwrap());
            assert_eq!(from.0.into_inner().unwrap().len(), 6);
        }
    }
}

#[test]
fn what_is_saved_predicts_the_same() {
    let network = trained(1, &plain());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    std::fs::write(&path, save(&network).unwrap()).unwrap();
    let loaded = load(&path, &graph(), Device::Flex).unwrap();
    let pixels: Vec<f32> = (0..3 * 144).map(|pixel| (pixel % 17) as f32 / 17.0).collect();
    assert_eq!(network.predict(pixels.clone(), 3), loaded.predict(pixels, 3));
}

#[test]
fn it_stores_as_many_numbers_as_were_counted() {
    assert_eq!(trained(1, &plain()).n_parameters(), graph().cost().parameters);
}

#[test]
fn weights_of_another_network_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    std::fs::write(&path, save(&trained(1, &plain())).unwrap()).unwrap();
    let other = ArchitectureSpec::from_ron(include_str!("../../../prototypes/nano-b.ron")).unwrap();
    let error = load(&path, &Graph::new(&other).unwrap(), Device::Flex).unwrap_err();
    assert!(error.to_string().starts_with("it holds weights of the network"), "{error}");
}

#[test]
fn every_ingredient_of_the_strong_recipe_can_be_left_out_once() {
    let mut recipes = vec![Recipe::strong()];
    for ingredient in Ingredient::ALL {
        let without = Recipe::strong().without(ingredient);
        without.check().unwrap();
        assert_eq!(without.clone().without(ingredient), without, "{}", ingredient.name());
        assert!(!recipes.contains(&without), "leaving out {} must change something", ingredient.name());
        recipes.push(without);
    }
}

#[test]
fn weights_that_are_cut_off_or_lie_about_their_size_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    let whole = save(&trained(1, &plain())).unwrap();
    for length in (0..whole.len()).step_by(whole.len() / 40) {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(load(&path, &graph(), Device::Flex).is_err(), "cut after {length} bytes");
    }
    // The first eight bytes are the header's length.
    let lie = [&u64::MAX.to_le_bytes()[..], &whole[8..]].concat();
    std::fs::write(&path, lie).unwrap();
    assert!(load(&path, &graph(), Device::Flex).is_err());
    std::fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    assert!(load(&path, &graph(), Device::Flex).is_err(), "a TiB");
}

#[test]
fn schedules_of_no_number_are_refused() {
    for step in [(f64::NAN, 0.1), (0.5, f64::INFINITY), (-0.1, 0.1), (0.5, -1.0)] {
        let recipe = Recipe { schedule: Schedule::Steps(vec![(0.1, 0.5), step]), ..Recipe::paper() };
        let error = recipe.check().unwrap_err().to_string();
        assert!(error.starts_with("the recipe's `schedule` is "), "{error}");
    }
}

#[test]
fn the_ends_of_every_range_are_allowed() {
    let highest = Recipe { label_smoothing: 0.99, averaging: Some(0.999_999), ..Recipe::strong() };
    highest.check().unwrap();
    let momentum = Recipe { batch_norm_momentum: 1e-6, ..Recipe::strong() };
    momentum.check().unwrap();
    let beyond = Recipe { label_smoothing: 0.991, ..Recipe::strong() };
    assert!(beyond.check().is_err());
}
