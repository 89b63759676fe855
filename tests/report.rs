//! Pictures and pages as their users meet them: made by the program, read by an XML reader and a browser.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod workplace;

use std::fs;
use std::path::Path;

use workplace::{complaint, netsynth};

#[test]
fn the_readmes_picture_is_what_the_command_draws() {
    let folder = tempfile::tempdir().unwrap();
    let (code, drawn, stderr) = netsynth(folder.path(), &["draw", "nano-b"]);
    assert_eq!(code, 0, "{stderr}");
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/nano-b.svg");
    assert!(fs::read_to_string(docs).unwrap() == drawn, "run `netsynth draw nano-b --out docs/nano-b.svg`");

    let (code, stdout, stderr) = netsynth(folder.path(), &["draw", "nano-b", "--out", "drawn.svg"]);
    assert_eq!((code, stdout.as_str()), (0, ""), "{stderr}");
    assert_eq!(fs::read_to_string(folder.path().join("drawn.svg")).unwrap(), drawn);

    let (code, dot, stderr) = netsynth(folder.path(), &["draw", "nano-b", "--dot"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(dot.starts_with("digraph \"nano-b\" {") && dot.contains("\"x1+x3\" -> \"x4\";"), "{dot}");
}

#[test]
fn what_cannot_be_drawn_gets_one_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let told = complaint(folder.path(), &["draw", "emotionnet"]);
    assert!(told.starts_with("error: emotionnet") && told.contains("help: "), "{told}");
    let told = complaint(folder.path(), &["draw", "nano-b", "--out", "nowhere/nano-b.svg"]);
    assert!(
        told.starts_with("error: nowhere/nano-b.svg: ") && told.contains("folder that can be written"),
        "{told}"
    );
}
