//! ONNX models against onnxruntime, where Python has it, and ONNX's checker.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod networks;

use std::fs;
use std::path::Path;
use std::process::Command;

use netsynth_data::Normalisation;
use netsynth_export::{Agreement, Interface, OPSETS, OnnxOptions, Plan, Quantised, by_rten, onnx, run};
use networks::{ALL_OPERATORS, close, drawn, image, network};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

fn interface(normalisation: Option<Normalisation>, n_classes: usize) -> Interface {
    let labels = (0..n_classes).map(|class| format!("class \"{class}\" ü")).collect();
    Interface { labels, normalisation, preparation: "It is cut out.".to_owned() }
}

/// Whether Python has what the tests below need; says so if not.
fn has_onnxruntime() -> bool {
    let found = Command::new("python3").args(["-c", "import numpy, onnx, onnxruntime"]).output();
    let has = found.is_ok_and(|found| found.status.success());
    if !has {
        eprintln!("skipped: python3 has no onnx and onnxruntime");
    }
    has
}

/// The logits of each image of each model, and its label, as onnxruntime computes them.
fn by_onnxruntime(models: &[(Vec<u8>, &[Vec<f32>])]) -> Vec<Vec<(Vec<f32>, String)>> {
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for (number, (model, images)) in models.iter().enumerate() {
        fs::write(folder.path().join(format!("{number}.onnx")), model).unwrap();
        let file = folder.path().join(format!("{number}.images"));
        fs::write(&file, images.iter().flatten().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>()).unwrap();
        files.push(file);
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/second_opinion.py");
    let output = Command::new("python3").arg(script).args(&files).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let line = |line: &str| {
        let (logits, label) = line.split_once('|').unwrap();
        (logits.split_whitespace().map(|logit| logit.parse().unwrap()).collect(), label.trim().to_owned())
    };
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines = text.lines().map(line);
    models.iter().map(|(_, images)| lines.by_ref().take(images.len()).collect()).collect()
}

#[test]
fn onnxruntime_computes_what_the_network_does_for_every_operator_and_opset() {
    if !has_onnxruntime() {
        return;
    }
    let network = network(ALL_OPERATORS, 5);
    let plan = Plan::new(&network).unwrap();
    let images: Vec<Vec<f32>> = (0..3).map(|seed| image(&network, seed)).collect();
    let model = |opset| onnx(&plan, None, &interface(None, 3), OnnxOptions { opset, whole: false });
    let models: Vec<_> = OPSETS.map(|opset| (model(opset), images.as_slice())).collect();
    for (opset, found) in OPSETS.zip(by_onnxruntime(&models)) {
        for (image, (logits, label)) in images.iter().zip(found) {
            let expected = network.scores(image.clone(), 1);
            assert!(close(&logits, &expected), "opset {opset}: {logits:?} {expected:?}");
            assert_eq!(label, "");
        }
    }
}

#[test]
fn normalisation_and_labels_are_in_a_whole_model() {
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
        onnx(&plan, None, &interface(Some(normalisation), 3), OnnxOptions { opset, whole: true })
    };
    let models: Vec<_> = cases.iter().map(|case| (model(case), images.as_slice())).collect();
    for ((normalisation, _), found) in cases.iter().zip(by_onnxruntime(&models)) {
        let labels = interface(Some(*normalisation), 3).labels;
        for (levels, (logits, label)) in images.iter().zip(found) {
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

fn random(network: &netsynth_train::Deployed, count: usize) -> Vec<Vec<f32>> {
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
        let options = OnnxOptions { whole: false, ..OnnxOptions::default() };
        onnx(plan, Some(integers), &interface(None, plan.classes()), options)
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
        for (image, (logits, _)) in images[number].iter().zip(found) {
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
        let found = by_rten(model, [1, 1, 13, 11], images).unwrap();
        Agreement::of(expected.iter().map(Vec::as_slice).zip(found.iter().map(Vec::as_slice)))
    };
    let expected: Vec<Vec<f32>> = images.iter().map(|image| network.scores(image.clone(), 1)).collect();
    for opset in OPSETS {
        let model = onnx(&plan, None, &interface(None, 3), OnnxOptions { opset, whole: false });
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
    let model = onnx(&plan, None, &interface(Some(normalisation), 3), OnnxOptions::default());
    let found = agreement(&model, &levels, &levels.iter().map(prepared).collect::<Vec<_>>());
    assert!(found.n_equal == 8 && found.largest_difference < 1e-3, "{found:?}");
    // In integers it computes convolutions in floats, and may round another way now and then.
    let integers = Quantised::new(&plan, &images).unwrap();
    let options = OnnxOptions { whole: false, ..OnnxOptions::default() };
    let model = onnx(&plan, Some(&integers), &interface(None, 3), options);
    let exact: Vec<Vec<f32>> =
        images.iter().map(|image| integers.logits(&plan, &integers.run(&plan, image))).collect();
    let found = agreement(&model, &images, &exact);
    assert!(found.largest_difference < 0.05 * found.largest_logit, "{found:?}");
    assert!(by_rten(b"no model", [1, 1, 13, 11], &images).is_err());
}
