//! The tutorial, run as it is written.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod workplace;

use std::fs;
use std::process::Command;

/// What stands in the page's blocks of this language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let open = format!("```{language}\n");
    let parts = page.split(&open).skip(1);
    parts.map(|part| part.split("\n```").next().unwrap().to_owned()).collect()
}

#[test]
fn every_command_of_the_tutorial_does_what_it_says() {
    let page = include_str!("../docs/tutorial.md");
    let folder = tempfile::tempdir().unwrap();
    let program = assert_cmd::cargo::cargo_bin("netsynth");
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let steps = blocks(page, "sh");
    assert!(steps.len() >= 10, "{steps:?}");
    for step in &steps {
        let output = Command::new("sh")
            .args(["-e", "-c", step])
            .current_dir(folder.path())
            .env("PATH", &path)
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{step}\n{stdout}{stderr}");
    }
    for file in [
        "small.svg",
        "front.svg",
        "trials.csv",
        "chosen/weights.safetensors",
        "runs/chosen/results.ron",
        "labels.jsonl",
        "labelled/000003-S001_001_00000003.png",
        "why/measure.csv",
    ] {
        assert!(folder.path().join(file).is_file(), "{file}");
    }
    // What the page says of the space and of the trials.
    let (_, checked, _) = workplace::netsynth(folder.path(), &["check", "around-small.ron"]);
    assert!(checked.contains("22 decisions") && checked.contains("10^10"), "{checked}");
    assert!(checked.contains("parameters: min 187,") && checked.contains("max 98,755"), "{checked}");
    let trials = fs::read_to_string(folder.path().join("trials.csv")).unwrap();
    assert_eq!(trials.lines().count(), 10, "nine trials and a header: {trials}");
}
