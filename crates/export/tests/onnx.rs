//! ONNX models against onnxruntime, where Python has it, and ONNX's checker.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod networks;

use std::fs;
use std::path::Path;
use std::process::Command;

use netsynth_data::{Colour, Crop, DataOptions, Image, Normalisation, Preparation, Scratch};
use netsynth_export::{
    Agreement, Given, Interface, OPSET, OPSETS, OnnxOptions, Plan, Quantised, Reads, by_rten, onnx, run,
};
use netsynth_train::Deployed;
use networks::{ALL_OPERATORS, close, drawn, image, network};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

fn interface(normalisation: Option<Normalisation>, n_classes: usize) -> Interface {
    let labels = (0..n_classes).map(|class| format!("class \"{class}\" ü")).collect();
    Interface { labels, normalisation, preparation: "It is cut out.".to_owned() }
}

const NUMBERS: OnnxOptions = OnnxOptions { opset: OPSET, reads: Reads::Numbers };

/// Whether Python has what the tests below need; says so if not.
fn has_onnxruntime() -> bool {
    let found = Command::new("python3").args(["-c", "import numpy, onnx, onnxruntime"]).output();
    let has = found.is_ok_and(|found| found.status.success());
    if !has {
        eprintln!("skipped: python3 has no onnx and onnxruntime");
    }
    has
}

/// What onnxruntime makes of an image.
struct Found {
    logits: Vec<f32>,
    label: String,
    /// The levels that the network reads of a photograph.
    levels: Vec<f32>,
}

/// What onnxruntime makes of each of `count` images of each model, whose files are called so.
fn by_onnxruntime_of(kind: &str, models: &[(Vec<u8>, Vec<u8>, usize)]) -> Vec<Vec<Found>> {
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for (number, (model, images, _)) in models.iter().enumerate() {
        fs::write(folder.path().join(format!("{number}.onnx")), model).unwrap();
        let file = folder.path().join(format!("{number}.{kind}"));
        fs::write(&file, images).unwrap();
        files.push(file);
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/second_opinion.py");
    let output = Command::new("python3").arg(script).args(&files).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let numbers =
        |text: &str| text.split_whitespace().map(|number| number.parse().unwrap()).collect::<Vec<f32>>();
    let line = |line: &str| {
        let parts: Vec<&str> = line.split('|').collect();
        let [logits, label, levels] = parts[..] else { panic!("{line}") };
        Found { logits: numbers(logits), label: label.trim().to_owned(), levels: numbers(levels) }
    };
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines = text.lines().map(line);
    models.iter().map(|(_, _, count)| lines.by_ref().take(*count).collect()).collect()
}

/// What onnxruntime makes of images of a network's size.
fn by_onnxruntime(models: &[(Vec<u8>, &[Vec<f32>])]) -> Vec<Vec<Found>> {
    let bytes = |images: &[Vec<f32>]| images.iter().flatten().flat_map(|x| x.to_le_bytes()).collect();
    let models: Vec<_> =
        models.iter().map(|(model, images)| (model.clone(), bytes(images), images.len())).collect();
    by_onnxruntime_of("images", &models)
}

#[test]
fn onnxruntime_computes_what_the_network_does_for_every_operator_and_opset() {
    if !has_onnxruntime() {
        return;
    }
    let network = network(ALL_OPERATORS, 5);
    let plan = Plan::new(&network).unwrap();
    let images: Vec<Vec<f32>> = (0..3).map(|seed| image(&network, seed)).collect();
    let model = |opset| onnx(&plan, None, &interface(None, 3), &OnnxOptions { opset, reads: Reads::Numbers });
    let models: Vec<_> = OPSETS.map(|opset| (model(opset), images.as_slice())).collect();
    for (opset, found) in OPSETS.zip(by_onnxruntime(&models)) {
        for (image, Found { logits, label, .. }) in images.iter().zip(found) {
            let expected = network.scores(image.clone(), 1);
            assert!(close(&logits, &expected), "opset {opset}: {logits:?} {expected:?}");
            assert_eq!(label, "");
        }
    }
}

#[test]
fn normalisation_and_labels_are_in_a_model_that_reads_levels() {
    if !has_onnxruntime() {
        return;
    }
    let network = network(ALL_OPERATORS, 5);
    let plan = Plan::new(&network).unwrap();
    let levels = |seed: usize| -> Vec<f32> {
        image(&network, seed).into_iter().map(|x| ((x + 1.0) * 127.0).round()).collect()
    };
    // The last one is flat: its deviation is taken as 1.
    let images = [levels(1), levels(2), vec![7.0; 143]];
    let kinds = [
        Normalisation::PerImage,
        Normalisation::UnitInterval,
        Normalisation::Dataset { mean: 100.0, sd: 40.0 },
    ];
    let cases: Vec<_> = kinds.into_iter().flat_map(|kind| [(kind, 17), (kind, 18)]).collect();
    let model = |&(normalisation, opset): &(Normalisation, i64)| {
        onnx(&plan, None, &interface(Some(normalisation), 3), &OnnxOptions { opset, reads: Reads::Levels })
    };
    let models: Vec<_> = cases.iter().map(|case| (model(case), images.as_slice())).collect();
    for ((normalisation, _), found) in cases.iter().zip(by_onnxruntime(&models)) {
        let labels = interface(Some(*normalisation), 3).labels;
        for (levels, Found { logits, label, .. }) in images.iter().zip(found) {
            let mut prepared = levels.clone();
            normalisation.apply(&mut prepared);
            let expected = network.scores(prepared, 1);
            assert!(close(&logits, &expected), "{normalisation:?}: {logits:?} {expected:?}");
            // Of equal ones the first.
            let best = (0..3).rev().max_by(|&a, &b| expected[a].total_cmp(&expected[b])).unwrap();
            assert_eq!(label, labels[best]);
        }
    }
}

/// Photographs of this width and height, as binary PPM: the first has different colours, the last is gray.
fn photographs(sizes: &[(usize, usize)]) -> Vec<Vec<u8>> {
    let mut runner = TestRunner::deterministic();
    let mut photograph = |&(width, height): &(usize, usize), is_gray: bool| {
        // Bright and dark parts with edges between them, and noise on all of it.
        let noise = proptest::collection::vec(0u8..60, 3 * width * height).new_tree(&mut runner).unwrap();
        let level = |at: usize, noise: u8| {
            let (x, y) = (at / 3 % width, at / 3 / width);
            let part = 195 * usize::from((5 * x / width + 3 * y / height).is_multiple_of(2));
            (part as u8) + noise
        };
        let mut pixels: Vec<u8> =
            noise.current().iter().enumerate().map(|(at, &noise)| level(at, noise)).collect();
        if is_gray {
            pixels.chunks_exact_mut(3).for_each(|pixel| pixel.fill(pixel[0]));
        }
        [format!("P6\n{width} {height}\n255\n").into_bytes(), pixels].concat()
    };
    let last = sizes.len() - 1;
    sizes.iter().enumerate().map(|(number, size)| photograph(size, number == last)).collect()
}

/// The levels that netsynth itself makes of a photograph.
fn prepared(photograph: &[u8], options: &DataOptions) -> Vec<u8> {
    let image = Image::decode(photograph).unwrap();
    let preparation = Preparation::new(options, Path::new("")).unwrap();
    preparation.prepare(&image, "", &mut Scratch::default()).unwrap().pixels
}

/// A small network for gray images, or for coloured ones, of 26 rows and 22 columns.
fn reads_photographs(colour: Colour) -> Deployed {
    let text = format!(
        r#"(schema: 1, name: "small", input: (channels: {}, height: 26, width: 22), nodes: [
            (name: "stem", from: ["input"], op: Conv(channels: 4, stride: 2, norm: Batch, activation: Relu)),
            (name: "classes", from: ["stem"], op: Dense(units: 3))])"#,
        colour.channels()
    );
    network(&text, 3)
}

#[test]
fn a_photograph_of_any_size_becomes_the_levels_that_netsynth_makes_of_it() {
    if !has_onnxruntime() {
        return;
    }
    let photographs =
        photographs(&[(22, 26), (301, 207), (25, 24), (1013, 640), (45, 26), (36, 48), (80, 97)]);
    let (left, top) = (3, 1);
    let crops = [
        Crop::Whole,
        Crop::Centre,
        Crop::Box { left, top, width: 19, height: 21 },
        Crop::Face { margin: 0.1 },
    ];
    let normalisation = Normalisation::PerImage;
    let cases: Vec<_> = [13, 17, 18, 20]
        .into_iter()
        .zip(crops)
        .flat_map(|(opset, crop)| {
            [(Colour::Gray, false), (Colour::Rgb, true)]
                .map(|(colour, flip_averaging)| (opset, crop.clone(), colour, flip_averaging))
        })
        .collect();
    let model = |(opset, crop, colour, flip_averaging): &(i64, Crop, Colour, bool)| {
        let plan = Plan::new(&reads_photographs(*colour)).unwrap();
        let reads = Reads::Photograph { crop: crop.clone(), flip_averaging: *flip_averaging };
        let options = OnnxOptions { opset: *opset, reads };
        onnx(&plan, None, &interface(Some(normalisation), 3), &options)
    };
    let models: Vec<_> =
        cases.iter().map(|case| (model(case), photographs.concat(), photographs.len())).collect();
    let (mut n_levels, mut n_apart) = (0, 0);
    for (case, found) in cases.iter().zip(by_onnxruntime_of("photographs", &models)) {
        let (_, crop, colour, flip_averaging) = case;
        let network = reads_photographs(*colour);
        // What is cut out by a face is given already.
        let crop = if let Crop::Face { .. } = crop { Crop::Whole } else { crop.clone() };
        let options = DataOptions { height: 26, width: 22, colour: *colour, crop, ..DataOptions::default() };
        for (photograph, found) in photographs.iter().zip(found) {
            let levels = prepared(photograph, &options);
            assert_eq!(levels.len(), found.levels.len(), "{case:?}");
            for (&level, other) in levels.iter().zip(&found.levels) {
                n_levels += 1;
                n_apart += usize::from(f32::from(level) != *other);
                assert!((f32::from(level) - other).abs() <= 1.0, "{case:?}: {level} {other}");
            }
            let mut read = found.levels.clone();
            normalisation.apply(&mut read);
            let mirrored: Vec<f32> =
                read.chunks_exact(22).flat_map(|row| row.iter().rev().copied()).collect();
            let expected = match flip_averaging {
                false => network.scores(read, 1),
                true => {
                    let (one, other) = (network.predict(read, 1), network.predict(mirrored, 1));
                    one.iter().zip(&other).map(|(one, other)| (one + other).ln()).collect()
                }
            };
            assert!(close(&found.logits, &expected), "{case:?}: {:?} {expected:?}", found.logits);
            assert!(found.label.starts_with("class \""), "{}", found.label);
        }
    }
    eprintln!("{n_apart} of {n_levels} levels are one off");
    assert!(n_apart * 2000 <= n_levels, "{n_apart} of {n_levels} levels are one off");
}

fn random(network: &Deployed, count: usize) -> Vec<Vec<f32>> {
    (0..count).map(|seed| image(network, 13 * seed + 1)).collect()
}

#[test]
fn integer_logits_are_those_of_onnxruntime_to_the_last_bit() {
    if !has_onnxruntime() {
        return;
    }
    // All of them in one call: Python takes long to start.
    let mut texts =
        vec![(ALL_OPERATORS.to_owned(), 5), (include_str!("../../../prototypes/nano-b.ron").to_owned(), 1)];
    let mut runner = TestRunner::deterministic();
    let numbers = proptest::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), 0..12);
    texts.extend((0..12).map(|seed| (drawn(&numbers.new_tree(&mut runner).unwrap().current()), seed)));
    let networks: Vec<_> = texts.iter().map(|(text, seed)| network(text, *seed)).collect();
    let images: Vec<Vec<Vec<f32>>> = networks.iter().map(|network| random(network, 24)).collect();
    let plans: Vec<_> = networks.iter().map(|network| Plan::new(network).unwrap()).collect();
    let integers: Vec<_> =
        plans.iter().zip(&images).map(|(plan, images)| Quantised::new(plan, &images[..8]).unwrap()).collect();
    let model = |(plan, integers): (&Plan, &Quantised)| {
        onnx(plan, Some(integers), &interface(None, plan.classes()), &NUMBERS)
    };
    let models: Vec<_> = plans
        .iter()
        .zip(&integers)
        .map(model)
        .zip(&images)
        .map(|(model, images)| (model, images.as_slice()))
        .collect();
    for (number, found) in by_onnxruntime(&models).into_iter().enumerate() {
        let (plan, integers) = (&plans[number], &integers[number]);
        for (image, Found { logits, .. }) in images[number].iter().zip(found) {
            assert_eq!(logits, integers.logits(plan, &integers.run(plan, image)), "{}", texts[number].0);
        }
    }
}

#[test]
fn integers_are_near_the_numbers_that_they_stand_for() {
    let network = network(ALL_OPERATORS, 5);
    let plan = Plan::new(&network).unwrap();
    let images = random(&network, 16);
    let quantised = Quantised::new(&plan, &images).unwrap();
    for image in &images {
        let exact = run(&plan, image, &mut |_, _, _| {});
        let near = quantised.logits(&plan, &quantised.run(&plan, image));
        let largest = exact.iter().fold(0.0_f32, |largest, x| largest.max(x.abs()));
        for (one, other) in exact.iter().zip(&near) {
            assert!((one - other).abs() < 0.1 * largest, "{exact:?} {near:?}");
        }
    }
    assert!(Quantised::new(&plan, &[]).unwrap_err().to_string().contains("there are none"));
}

#[test]
fn another_program_computes_the_same_in_process() {
    let network = network(ALL_OPERATORS, 5);
    let plan = Plan::new(&network).unwrap();
    let images = random(&network, 8);
    let agreement = |model: &[u8], images: &[Vec<f32>], expected: &[Vec<f32>]| {
        let given = |image: &Vec<f32>| Given::Numbers([1, 1, 13, 11], image.clone());
        let found = by_rten(model, &images.iter().map(given).collect::<Vec<_>>()).unwrap();
        Agreement::of(expected.iter().map(Vec::as_slice).zip(found.iter().map(Vec::as_slice)))
    };
    let expected: Vec<Vec<f32>> = images.iter().map(|image| network.scores(image.clone(), 1)).collect();
    for opset in OPSETS {
        let model = onnx(&plan, None, &interface(None, 3), &OnnxOptions { opset, reads: Reads::Numbers });
        let found = agreement(&model, &images, &expected);
        assert!(
            found.n_equal == 8 && found.largest_difference < 1e-4 * (1.0 + found.largest_logit),
            "{found:?}"
        );
    }
    // Normalisation and labels are in the way of nobody.
    let normalisation = Normalisation::PerImage;
    let levels: Vec<Vec<f32>> =
        images.iter().map(|image| image.iter().map(|x| ((x + 1.0) * 127.0).round()).collect()).collect();
    let prepared = |levels: &Vec<f32>| {
        let mut prepared = levels.clone();
        normalisation.apply(&mut prepared);
        network.scores(prepared, 1)
    };
    let options = OnnxOptions { opset: OPSET, reads: Reads::Levels };
    let model = onnx(&plan, None, &interface(Some(normalisation), 3), &options);
    let found = agreement(&model, &levels, &levels.iter().map(prepared).collect::<Vec<_>>());
    assert!(found.n_equal == 8 && found.largest_difference < 1e-3, "{found:?}");
    // In integers it computes convolutions in floats, and may round another way now and then.
    let integers = Quantised::new(&plan, &images).unwrap();
    let model = onnx(&plan, Some(&integers), &interface(None, 3), &NUMBERS);
    let exact: Vec<Vec<f32>> =
        images.iter().map(|image| integers.logits(&plan, &integers.run(&plan, image))).collect();
    let found = agreement(&model, &images, &exact);
    assert!(found.largest_difference < 0.05 * found.largest_logit, "{found:?}");
    assert!(by_rten(b"no model", &[]).is_err());
}
