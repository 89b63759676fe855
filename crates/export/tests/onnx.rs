//! ONNX models against onnxruntime, where Python has it, and ONNX's checker.

#![allow(clippy::unwrap_used)]

mod networks;

use std::fs;
use std::path::Path;
use std::process::Command;

use netsynth_data::Normalisation;
use netsynth_export::{Interface, OPSETS, OnnxOptions, Plan, Quantised, onnx, run};
use networks::{ALL_OPERATORS, close, drawn, image, network};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

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

/// The logits of each image, and its label, as onnxruntime computes them.
fn by_onnxruntime(model: &[u8], images: &[Vec<f32>]) -> Vec<(Vec<f32>, String)> {
    let folder = tempfile::tempdir().unwrap();
    let (file, data) = (folder.path().join("model.onnx"), folder.path().join("images"));
    fs::write(&file, model).unwrap();
    fs::write(&data, images.iter().flatten().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/second_opinion.py");
    let output = Command::new("python3").arg(script).args([&file, &data]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let line = |line: &str| {
        let (logits, label) = line.split_once('|').unwrap();
        (logits.split_whitespace().map(|logit| logit.parse().unwrap()).collect(), label.trim().to_owned())
    };
    String::from_utf8(output.stdout).unwrap().lines().map(line).collect()
}

#[test]
fn onnxruntime_computes_what_the_network_does_for_every_operator_and_opset() {
    if !has_onnxruntime() {
        return;
    }
    let network = network(ALL_OPERATORS, 5);
    let plan = Plan::new(&network).unwrap();
    let images: Vec<Vec<f32>> = (0..3).map(|seed| image(&network, seed)).collect();
    for opset in OPSETS {
        let model = onnx(&plan, None, &interface(None, 3), OnnxOptions { opset, whole: false });
        for (image, (logits, label)) in images.iter().zip(by_onnxruntime(&model, &images)) {
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
    for normalisation in kinds {
        for opset in [17, 18] {
            let interface = interface(Some(normalisation), 3);
            let model = onnx(&plan, None, &interface, OnnxOptions { opset, whole: true });
            for (levels, (logits, label)) in images.iter().zip(by_onnxruntime(&model, &images)) {
                let mut prepared = levels.clone();
                normalisation.apply(&mut prepared);
                let expected = network.scores(prepared, 1);
                assert!(close(&logits, &expected), "{normalisation:?}: {logits:?} {expected:?}");
                // Of equal ones the first.
                let best = (0..3).rev().max_by(|&a, &b| expected[a].total_cmp(&expected[b])).unwrap();
                assert_eq!(label, interface.labels[best]);
            }
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
    let check = |text: &str, seed: u64| {
        let network = network(text, seed);
        let plan = Plan::new(&network).unwrap();
        let images = random(&network, 24);
        let quantised = Quantised::new(&plan, &images[..8]).unwrap();
        let interface = interface(None, plan.classes());
        let model =
            onnx(&plan, Some(&quantised), &interface, OnnxOptions { whole: false, ..OnnxOptions::default() });
        for (image, (logits, _)) in images.iter().zip(by_onnxruntime(&model, &images)) {
            let integers = quantised.run(&plan, image);
            assert_eq!(logits, quantised.logits(&plan, &integers), "{text}");
        }
    };
    check(ALL_OPERATORS, 5);
    check(include_str!("../../../prototypes/nano-b.ron"), 1);
    let mut runner = TestRunner::new(Config { cases: 8, ..Config::default() });
    let networks = (proptest::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), 0..12), 0u64..100);
    let outcome = runner.run(&networks, |(numbers, seed)| {
        check(&drawn(&numbers), seed);
        Ok(())
    });
    outcome.unwrap();
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
