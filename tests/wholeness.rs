//! verify knows what a run of each kind must hold, finished or not; resume makes again what it can and names the rest; and a
//! training that diverges does not make a run that never ends.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod workplace;

use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};
use workplace::{PLAN, assert_same, compared, contents, netsynth, workplace};

type Files = Vec<(String, Vec<u8>)>;

fn searched(folder: &Path, plan: &str) -> Files {
    fs::write(folder.join("plan.ron"), plan).unwrap();
    let (code, _, stderr) = netsynth(folder, &["search", "--plan", "plan.ron", "--name", "x"]);
    assert_eq!(code, 0, "{stderr}");
    contents(&folder.join("runs/x"))
}

/// What `verify` says of the run, one line a finding.
fn verified(folder: &Path) -> (i32, Vec<String>) {
    let (code, stdout, stderr) = netsynth(folder, &["verify", "runs/x", "--retrain", "0"]);
    assert!(code < 2, "{stdout}{stderr}");
    (code, stdout.lines().map(str::to_owned).collect())
}

/// Takes each file of a run away in turn: `verify` must name it, and `resume` bring it back or name it.
fn each_missing_file_is_named_and_made_again(folder: &Path, expected: &Files) {
    let run = folder.join("runs/x");
    for (name, bytes) in expected.iter().filter(|(name, _)| name != "lock" && name != "plan.ron") {
        fs::remove_file(run.join(name)).unwrap();
        let (code, lines) = verified(folder);
        let named = name.trim_end_matches(".sha256");
        assert!(code == 1 && lines.iter().any(|line| line.starts_with(named)), "{name}: {lines:?}");
        let (code, _, stderr) = netsynth(folder, &["resume", "runs/x"]);
        if code == 0 {
            assert_same(&contents(&run), expected, &format!("after {name} was missing"));
        } else {
            assert!(code == 2 && stderr.contains(named), "{name}: {code} {stderr}");
            fs::write(run.join(name), bytes).unwrap();
        }
    }
    assert_eq!(verified(folder).0, 0);
    for name in ["provenance.ron", "plan.ron"] {
        assert!(expected.iter().any(|(known, _)| known == name), "{name}");
    }
}

#[test]
fn a_search_that_lacks_a_file_is_found_and_made_whole() {
    let folder = workplace();
    let plan = PLAN.replace("n_trials: 6, generation_size: 3", "n_trials: 2, generation_size: 1");
    let plan = plan
        .replace("final_epochs: 2", "final_epochs: 2, inheritance: (from: Parent, epochs: 1), audit: true");
    let expected = searched(folder.path(), &plan);
    let has = |end: &str| expected.iter().any(|(name, _)| name.ends_with(end));
    assert!(has("rung-0-fold-01.safetensors") && has("nano-b/weights.safetensors") && has("folds/02.ron"));
    each_missing_file_is_named_and_made_again(folder.path(), &expected);

    // Whole folders, as a person or a synchronisation takes them away.
    let run = folder.path().join("runs/x");
    for gone in
        ["variants", "variants/nano-b", "audit", "prototype", "screening", "generators", "trials/00001"]
    {
        if !run.join(gone).exists() {
            continue;
        }
        fs::remove_dir_all(run.join(gone)).unwrap();
        let (code, lines) = verified(folder.path());
        assert!(code == 1 && lines.iter().any(|line| line.starts_with(gone)), "{gone}: {lines:?}");
        assert_eq!(netsynth(folder.path(), &["resume", "runs/x"]).0, 0);
        assert_same(&contents(&run), &expected, gone);
    }
}

#[test]
fn a_training_that_lacks_a_file_is_found_and_made_whole() {
    let folder = workplace();
    let folder = folder.path();
    let faces = ["data", "synth", "faces", "--subjects", "4", "--side", "24", "--frames", "2"];
    assert_eq!(netsynth(folder, &faces).0, 0);
    let train =
        ["train", "tiny-prototype.ron", "--data", "faces", "--folds", "2", "--epochs", "1", "--name", "x"];
    assert_eq!(netsynth(folder, &train).0, 0);
    let expected = contents(&folder.join("runs/x"));
    let (code, lines) = verified(folder);
    assert_eq!((code, lines[0].as_str()), (0, "2 of 2 trainings are there; the training has ended"));
    each_missing_file_is_named_and_made_again(folder, &expected);

    // A half-finished one holds as well.
    for later in ["results.ron", "front.ron", "front.csv", "front.csv.sha256", "contents.ron"] {
        fs::remove_file(folder.join("runs/x").join(later)).unwrap();
    }
    fs::remove_dir_all(folder.join("runs/x/folds/02")).unwrap();
    let (code, lines) = verified(folder);
    assert_eq!((code, lines[0].as_str()), (0, "1 of 2 trainings are there; the training has not ended"));
    fs::remove_file(folder.join("runs/x/folds/01/weights.safetensors")).unwrap();
    let (code, lines) = verified(folder);
    assert_eq!((code, lines[0].as_str()), (1, "folds/01/weights.safetensors is missing"));
    assert_eq!(netsynth(folder, &["resume", "runs/x"]).0, 0);
    assert_same(&contents(&folder.join("runs/x")), &expected, "half a training");
}

#[test]
fn damaged_weights_are_never_passed_over() {
    let folder = workplace();
    let folder = folder.path();
    let plan = PLAN.replace("final_epochs: 2", "final_epochs: 2, inheritance: (from: Prototype, epochs: 1)");
    let expected = searched(folder, &plan);
    let run = folder.join("runs/x");
    for (name, bytes) in expected.iter().filter(|(name, _)| name.ends_with(".safetensors")) {
        let mut changed = bytes.clone();
        changed[bytes.len() / 2] ^= 4;
        for damaged in [&changed[..], &bytes[..bytes.len() / 2], b""] {
            fs::write(run.join(name), damaged).unwrap();
            let (code, lines) = verified(folder);
            assert!(code == 1 && lines[0].starts_with(name.as_str()), "{name}: {lines:?}");
            let (code, _, stderr) = netsynth(folder, &["resume", "runs/x"]);
            assert!(code == 2 && stderr.contains(&format!("{name} is damaged")), "{name}: {code} {stderr}");
        }
        fs::write(run.join(name), bytes).unwrap();
    }
}

#[test]
fn files_that_changed_places_are_named_in_any_pair() {
    let folder = workplace();
    let folder = folder.path();
    let plan = PLAN.replace("final_epochs: 2", "final_epochs: 2, inheritance: (from: Prototype, epochs: 1)");
    let expected = searched(folder, &plan);
    let run = folder.join("runs/x");
    let pairs = [
        ("trials/00000/rung-0.ron", "trials/00001/rung-0.ron"),
        ("trials/00000/architecture.ron", "trials/00001/architecture.ron"),
        ("generators/000.ron", "generators/001.ron"),
        ("prototype/folds/01/metrics.ron", "prototype/folds/02/metrics.ron"),
        ("prototype/folds/01/weights.safetensors", "prototype/folds/02/weights.safetensors"),
        ("trials/00000/rung-0-fold-01.safetensors", "trials/00001/rung-0-fold-01.safetensors"),
        ("search-space.ron", "prototype.ron"),
    ];
    for (one, other) in pairs {
        let swap = |ending: &str| {
            let [one, other] = [one, other].map(|name| run.join(format!("{name}{ending}")));
            if one.exists() {
                let (first, second) = (fs::read(&one).unwrap(), fs::read(&other).unwrap());
                fs::write(one, second).unwrap();
                fs::write(other, first).unwrap();
            }
        };
        ["", ".sha256"].iter().for_each(|ending| swap(ending));
        let (code, lines) = verified(folder);
        for (here, written) in [(one, other), (other, one)] {
            let line = format!("{here} was written as {written}: it was moved or copied here");
            assert!(code == 1 && lines.contains(&line), "{line}: {lines:?}");
        }
        let (code, ..) = netsynth(folder, &["resume", "runs/x"]);
        assert_ne!(code, 0, "{one}");
        ["", ".sha256"].iter().for_each(|ending| swap(ending));
    }
    assert_eq!(verified(folder).0, 0);

    // A check-out of git that changes line ends.
    for (name, bytes) in expected.iter().filter(|(name, _)| name.ends_with("ron") || name.ends_with("csv")) {
        let text = String::from_utf8(bytes.clone()).unwrap();
        fs::write(run.join(name), text.replace('\n', "\r\n")).unwrap();
    }
    let (code, lines) = verified(folder);
    let by_git = lines.iter().filter(|line| line.contains("git does where core.autocrlf is set")).count();
    let n_texts = expected.iter().filter(|(name, _)| name.ends_with("ron") || name.ends_with("csv")).count();
    assert_eq!((code, by_git), (1, n_texts), "{lines:?}");
}

/// How editors and shells save a text.
fn saved(text: &str) -> [(&'static str, Vec<u8>); 7] {
    let wide = |unit: fn(u16) -> [u8; 2], text: &str| text.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
    let (marked, windows) = (format!("\u{feff}{text}"), text.replace('\n', "\r\n"));
    [
        ("encoding", wide(u16::to_le_bytes, &marked)),
        ("encoding", wide(u16::to_be_bytes, &marked)),
        ("encoding", wide(u16::to_le_bytes, text)),
        ("encoding", format!("\u{feff}{windows}").into_bytes()),
        ("ends of its lines", windows.into_bytes()),
        ("ends of its lines", text.replace('\n', "\r").into_bytes()),
        ("ends of its lines", text.trim_end().as_bytes().to_vec()),
    ]
}

#[test]
fn a_file_that_an_editor_saved_in_its_way_is_named_as_that() {
    let folder = workplace();
    let folder = folder.path();
    let expected = searched(folder, PLAN);
    let run = folder.join("runs/x");
    for name in ["plan.ron", "provenance.ron", "trials/00001/rung-0.ron", "front.csv", "contents.ron"] {
        let (_, bytes) = expected.iter().find(|(known, _)| known == name).unwrap();
        for (what, bytes) in saved(&String::from_utf8(bytes.clone()).unwrap()) {
            fs::write(run.join(name), &bytes).unwrap();
            let (code, lines) = verified(folder);
            let is_named = |line: &String| line.starts_with(name) && line.contains(what);
            let n_named = lines.iter().filter(|line| line.starts_with(name)).count();
            assert!(code == 1 && n_named == 1 && lines.iter().any(is_named), "{name} {what}: {lines:?}");
            let (code, _, stderr) = netsynth(folder, &["resume", "runs/x"]);
            let says = stderr.contains(name) && stderr.contains(what);
            assert!(
                (code == 2 && says) || (code == 0 && contents(&run) == expected),
                "{name}: {code} {stderr}"
            );
            fs::write(run.join(name), &bytes).unwrap();
            let (code, _, stderr) = netsynth(folder, &["front", "show", "runs/x"]);
            let is_said = stderr.contains(name) && stderr.contains(what);
            let is_read = name == "plan.ron" || name.starts_with("trials");
            assert!(is_said || !is_read, "{name}: {code} {stderr}");
        }
        let (_, bytes) = expected.iter().find(|(known, _)| known == name).unwrap();
        fs::write(run.join(name), bytes).unwrap();
    }
    assert_eq!(verified(folder).0, 0);
}

#[test]
fn a_comparisons_plan_is_held_to_what_a_given_one_is() {
    let folder = workplace();
    let folder = folder.path();
    compared(folder);
    let run = folder.join("runs/c");
    let plan = fs::read_to_string(run.join("plan.ron")).unwrap();
    let verify = || netsynth(folder, &["verify", "runs/c"]);
    let resealed = |name: &str, text: &str, from: &str, to: &str| {
        assert!(text.contains(from), "{from}: {text}");
        let document = text[..text.rfind("// sha256").unwrap()].replacen(from, to, 1);
        let digest: String = Sha256::digest(&document).iter().map(|byte| format!("{byte:02x}")).collect();
        fs::write(run.join(name), format!("{document}// sha256 {name} {digest}\n")).unwrap();
    };
    let reseal = |from: &str, to: &str| resealed("plan.ron", &plan, from, to);
    // What is changed within bounds differs from what was listed when the comparison ended.
    reseal("n_trials: 2", "n_trials: 1");
    let (code, stdout, _) = verify();
    assert!(code == 1 && stdout.contains("plan.ron was written anew"), "{stdout}");
    // Where nothing is listed, as in runs of earlier versions, the plan is held to its bounds.
    fs::remove_file(run.join("contents.ron")).unwrap();
    let provenance = fs::read_to_string(run.join("provenance.ron")).unwrap();
    resealed("provenance.ron", &provenance, "lists_contents: true", "lists_contents: false");
    for (from, to, says) in [
        ("n_trials: 2", "n_trials: 0", "0 trials are asked for"),
        ("generation_size: 1", "generation_size: 99999999", "candidates a generation are asked for"),
        ("seeds: (1, 2)", "seeds: (1, 18446744073709551615)", "seeds are asked for"),
        ("seeds: (1, 2)", "seeds: (2, 1)", "its last seed is before its first"),
        ("keep: 1.0", "keep: 7.0", "a rung that keeps 7"),
    ] {
        reseal(from, to);
        let (_, stdout, stderr) = verify();
        let text = format!("{stdout}{stderr}");
        assert!(text.contains("plan.ron") && text.contains(says), "{to}: {text}");
    }
}

#[test]
fn a_variant_that_diverges_is_recorded_and_the_run_ends() {
    let folder = workplace();
    let folder = folder.path();
    let plan = PLAN
        .replace("decay: 0.01), learning_rate: 0.01", "decay: 10.0), learning_rate: 10.0")
        .replace("final_epochs: 2", "final_epochs: 40");
    fs::write(folder.join("plan.ron"), plan).unwrap();
    let (code, _, stderr) = netsynth(folder, &["search", "--plan", "plan.ron", "--name", "x"]);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("could not be trained: trial "), "{stderr}");
    let before = contents(&folder.join("runs/x"));
    assert!(before.iter().any(|(name, _)| name.ends_with("failure.ron")));
    assert_eq!(netsynth(folder, &["resume", "runs/x"]).0, 1);
    assert_same(&contents(&folder.join("runs/x")), &before, "after a diverged variant");
    let (code, lines) = verified(folder);
    assert_eq!(code, 0, "{lines:?}");
    let (code, stdout, stderr) = netsynth(folder, &["watch", "runs/x"]);
    assert!(code == 0 && stdout.contains("runs/x: ended"), "{code} {stdout}{stderr}");
    assert_eq!(netsynth(folder, &["report", "runs/x"]).0, 0);
    let page = fs::read_to_string(folder.join("runs/x/report.html")).unwrap();
    assert!(page.contains("could not be trained"));
}

#[test]
fn a_fold_or_a_prototype_that_diverges_is_recorded_and_not_tried_for_ever() {
    let folder = workplace();
    let folder = folder.path();
    let plan = PLAN
        .replace("decay: 0.01), learning_rate: 0.01", "decay: 10.0), learning_rate: 10.0")
        .replace("final_epochs: 2", "final_epochs: 2, inheritance: (from: Prototype, epochs: 60)");
    fs::write(folder.join("plan.ron"), plan).unwrap();
    let (code, _, first) = netsynth(folder, &["search", "--plan", "plan.ron", "--name", "x"]);
    assert!(code == 2 && first.contains("error: the prototype, fold "), "{code} {first}");
    let before = contents(&folder.join("runs/x"));
    let (code, _, again) = netsynth(folder, &["resume", "runs/x"]);
    assert!(code == 2 && again.contains("error: the prototype, fold "), "{code} {again}");
    assert_same(&contents(&folder.join("runs/x")), &before, "after a diverged prototype");
    assert_eq!(verified(folder).0, 0);
}
