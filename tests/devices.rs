//! Where networks are trained: what is named, what is faster, what is not there. What a GPU does is tested where the program is
//! built with `--features gpu`, on any Vulkan driver: a missing one fails there.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod workplace;

use workplace::{complaint, done, netsynth, workplace};

const TRAINING: [&str; 10] =
    ["train", "tiny-prototype.ron", "--data", "faces", "--folds", "2", "--only", "1", "--epochs", "3"];

/// A workplace with drawn faces as files.
fn with_faces() -> tempfile::TempDir {
    let folder = workplace();
    done(
        folder.path(),
        &["data", "synth", "faces", "--subjects", "6", "--side", "24", "--frames", "2", "--seed", "5"],
    );
    folder
}

#[test]
fn the_processor_is_always_listed_with_a_test() {
    let folder = workplace();
    let listed: serde_json::Value =
        serde_json::from_str(&done(folder.path(), &["devices", "--json"])).unwrap();
    assert_eq!(listed[0]["device"], "cpu");
    assert!(listed[0]["images_per_sec"].as_f64().unwrap() > 0.0, "{listed}");
    assert!(done(folder.path(), &["devices"]).contains("processor"));
    assert!(done(folder.path(), &["devices", "--csv"]).starts_with("device,name,kind,driver,"));
}

#[test]
fn what_is_no_device_is_refused() {
    let folder = with_faces();
    for wrong in ["gpu", "wgpu:x", "cuda", ""] {
        let said = complaint(folder.path(), &[&TRAINING[..], &["--device", wrong]].concat());
        assert!(said.contains("wgpu:1") && said.contains("auto"), "{said}");
    }
}

#[test]
fn a_gpu_that_is_not_there_is_named_before_a_run_is_made() {
    let folder = with_faces();
    let (train, search) = (
        [&TRAINING[..], &["--device", "wgpu:99"]].concat(),
        ["search", "--plan", "plan.ron", "--device", "wgpu:99"],
    );
    for command in [&train[..], &search[..]] {
        let said = complaint(folder.path(), command);
        let reason = if cfg!(feature = "gpu") { "there is no GPU 99" } else { "without support for GPUs" };
        assert!(said.contains(reason) && said.contains("--device cpu"), "{said}");
    }
}

#[test]
fn where_no_real_gpu_is_faster_the_processor_trains_and_the_plan_says_so() {
    let folder = with_faces();
    let command = [&TRAINING[..], &["--device", "auto", "--name", "auto"]].concat();
    let (code, _, said) = netsynth(folder.path(), &command);
    assert_eq!(code, 0, "{said}");
    let plan = std::fs::read_to_string(folder.path().join("runs/auto/plan.ron")).unwrap();
    if said.contains("training on the CPU: ") {
        assert!(plan.contains("device: Flex"), "{plan}");
    } else {
        assert!(said.contains("training on wgpu:") && plan.contains("device: Wgpu("), "{said}{plan}");
    }
}

#[cfg(feature = "gpu")]
mod gpu {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn losses(folder: &Path, run: &str) -> Vec<f64> {
        let fold = fs::read_to_string(folder.join(format!("runs/{run}/folds/01/metrics.ron"))).unwrap();
        let list = fold.split_once("losses: [").expect("a fold has its losses").1.split(']').next().unwrap();
        list.split(',').filter_map(|loss| loss.trim().parse().ok()).collect()
    }

    #[test]
    fn a_gpu_trains_as_the_processor_does_and_repeats_to_the_bit() {
        let folder = with_faces();
        let path = folder.path();
        for (name, device) in [("cpu", "cpu"), ("one", "wgpu"), ("two", "wgpu:0")] {
            done(path, &[&TRAINING[..], &["--device", device, "--name", name]].concat());
        }
        let (cpu, gpu) = (losses(path, "cpu"), losses(path, "one"));
        assert_eq!((cpu.len(), gpu.len()), (3, 3));
        for (cpu, gpu) in cpu.iter().zip(&gpu) {
            assert!((cpu - gpu).abs() < 2e-3 * cpu, "{cpu} on the processor, {gpu} on the GPU");
        }
        let weights =
            |run: &str| fs::read(path.join(format!("runs/{run}/folds/01/weights.safetensors"))).unwrap();
        assert!(weights("one") == weights("two"), "the same training gave other weights");
        assert!(weights("one") != weights("cpu"), "the GPU was not used");
        let provenance = fs::read_to_string(path.join("runs/one/provenance.ron")).unwrap();
        assert!(provenance.contains("gpu: \""), "{provenance}");
        assert_eq!(netsynth(path, &["verify", "runs/one"]).0, 0);
    }

    #[test]
    fn any_number_of_workers_leaves_the_same_files_and_nothing_strange_is_said() {
        let folder = with_faces();
        let path = folder.path();
        let ways: [&[&str]; 3] =
            [&["--workers", "1"], &["--workers", "2"], &["--workers", "2", "--executor", "processes"]];
        for (number, way) in ways.into_iter().enumerate() {
            let name = number.to_string();
            let command = ["train", "tiny-prototype.ron", "--data", "faces", "--folds", "2", "--epochs", "2"];
            let asked = [&command[..], &["--device", "wgpu", "--name", &name], way].concat();
            let (code, _, said) = netsynth(path, &asked);
            assert_eq!(code, 0, "{said}");
            assert!(!said.contains("error"), "{said}");
        }
        for fold in ["01", "02"] {
            let weights = |run: &str| {
                fs::read(path.join(format!("runs/{run}/folds/{fold}/weights.safetensors"))).unwrap()
            };
            assert!(weights("0") == weights("1") && weights("0") == weights("2"), "fold {fold}");
        }
    }

    #[test]
    fn a_search_on_a_gpu_ends_in_the_same_kinds_of_files() {
        let folder = workplace();
        let path = folder.path();
        for (name, device) in [("cpu", "cpu"), ("gpu", "wgpu")] {
            let (code, _, said) =
                netsynth(path, &["search", "--plan", "plan.ron", "--device", device, "--name", name]);
            assert!(code < 2, "{said}");
        }
        let kinds = |run: &str| {
            let mut names: Vec<_> = fs::read_dir(path.join("runs").join(run))
                .unwrap()
                .map(|entry| entry.unwrap().file_name())
                .collect();
            names.sort();
            names
        };
        assert_eq!(kinds("cpu"), kinds("gpu"));
        assert_eq!(netsynth(path, &["verify", "runs/gpu", "--retrain", "0"]).0, 0);
        // The program without GPUs, or another machine, reads it all the same.
        done(path, &["front", "show", "runs/gpu"]);
    }

    #[test]
    fn an_operator_without_a_kernel_is_named_before_a_run_is_made() {
        let folder = with_faces();
        let network = workplace::PROTOTYPE
            .replace("op: Conv(channels: 8, norm: Batch)", "op: Conv(channels: 8, groups: 8, norm: Batch)");
        fs::write(folder.path().join("tiny-prototype.ron"), network).unwrap();
        let said = complaint(folder.path(), &[&TRAINING[..], &["--device", "wgpu"]].concat());
        assert!(said.contains("`b` is a Conv with groups 8") && said.contains("--device cpu"), "{said}");
    }

    #[test]
    fn without_a_driver_there_is_no_gpu() {
        let folder = with_faces();
        let command = [&TRAINING[..], &["--device", "wgpu"]].concat();
        let output = assert_cmd::Command::cargo_bin("netsynth")
            .unwrap()
            .current_dir(folder.path())
            .env("VK_DRIVER_FILES", "/dev/null")
            .env("VK_ICD_FILENAMES", "/dev/null")
            .args(command)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("there is no GPU 0") && said.contains("netsynth devices"), "{said}");
    }
}
