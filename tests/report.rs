//! Pictures and pages as their users meet them: made by the program, read by an XML reader and a browser.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod browser;
mod workplace;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use browser::{browser, seen};
use serde_json::{Value, json};
use tempfile::TempDir;
use workplace::{complaint, netsynth, workplace};

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

    let (code, _, stderr) = netsynth(folder.path(), &["draw", "nano-b", "--out", "drawn.PNG"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(fs::read(folder.path().join("drawn.PNG")).unwrap().starts_with(b"\x89PNG"));
    // In the light colours: paper, bars, and letters that are darker than either.
    let picture =
        image::load_from_memory(&fs::read(folder.path().join("drawn.PNG")).unwrap()).unwrap().to_rgb8();
    assert_eq!(picture.get_pixel(0, 0).0, [255; 3]);
    let of = |wanted: [u8; 3]| picture.pixels().filter(|pixel| pixel.0 == wanted).count();
    assert!(of([0x2f, 0x6f, 0xb0]) > 1000 && of([0x1b, 0x1f, 0x24]) > 10);
    let told = complaint(folder.path(), &["draw", "nano-b", "--out", "drawn.pdf"]);
    assert!(told.contains("end it in .svg or .png") && !folder.path().join("drawn.pdf").exists(), "{told}");
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

/// A small search that is finished, in a workplace.
fn searched() -> TempDir {
    let folder = workplace();
    let arguments = ["search", "--plan", "plan.ron", "--name", "one", "--workers", "1"];
    let (code, _, stderr) = netsynth(folder.path(), &arguments);
    assert_eq!(code, 0, "{stderr}");
    folder
}

fn reported(folder: &Path) -> String {
    let (code, stdout, stderr) = netsynth(folder, &["report", "runs/one"]);
    assert_eq!((code, stdout.as_str()), (0, "runs/one/report.html\n"), "{stderr}");
    fs::read_to_string(folder.join("runs/one/report.html")).unwrap()
}

#[test]
fn a_report_is_a_derived_file_that_says_how_the_run_stands() {
    let folder = searched();
    let run = folder.path().join("runs/one");
    let html = reported(folder.path());
    assert!(html.contains("Finished. 6 trials by synthesis") && html.contains("nano-a"));
    for section in [
        "pareto",
        "front",
        "variants",
        "explained",
        "progress",
        "reasons",
        "learned",
        "all",
        "work",
        "notes",
        "made",
    ] {
        assert!(html.contains(&format!("<section id=\"{section}\">")), "{section}");
    }
    assert!(
        html.contains("held-out images were read once") && html.contains("The faces are drawn by netsynth")
    );
    assert!(html.contains(" attempts at tasks by 1 workers in ") && html.contains("None was lost."));
    for part in ["rung 0", "rung 1", "variants"] {
        assert!(html.contains(&format!("</i>{part}</span>")), "{part}");
    }
    assert_eq!(html, reported(folder.path()), "two reports of one run differ");
    let (code, stdout, _) = netsynth(folder.path(), &["verify", "runs/one", "--retrain", "0"]);
    assert_eq!(code, 0, "{stdout}");

    let (code, _, stderr) = netsynth(folder.path(), &["report", "runs/one", "--out", "page.html"]);
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(fs::read_to_string(folder.path().join("page.html")).unwrap(), html);

    // Of a run that somebody works on it is written elsewhere.
    let lock = fs::File::create(run.join("lock")).unwrap();
    lock.lock().unwrap();
    let (code, _, stderr) = netsynth(folder.path(), &["report", "runs/one"]);
    assert!(
        code == 2 && stderr.contains("another netsynth is at work") && stderr.contains("--out FILE"),
        "{stderr}"
    );
    assert_eq!(netsynth(folder.path(), &["report", "runs/one", "--out", "page.html"]).0, 0);
    drop(lock);

    // A changed bit, and a run that was cut off.
    let rung = run.join("trials/00002/rung-0.ron");
    fs::write(&rung, fs::read_to_string(&rung).unwrap().replace("folds: ", "fold5: ")).unwrap();
    let html = reported(folder.path());
    assert!(html.contains("trials/00002/rung-0.ron is damaged") && html.contains("5 trials by synthesis"));
    fs::remove_dir_all(run.join("variants")).unwrap();
    fs::remove_file(run.join("end.ron")).unwrap();
    let html = reported(folder.path());
    assert!(
        html.contains("Unfinished, 5 of 6 trials so far") && html.contains("No variant has been trained")
    );
}

/// The part of a report with faces, and the images in it, decoded.
fn faces_in(html: &str) -> (String, Vec<image::RgbImage>) {
    let (_, section) = html.split_once("<section id=\"explained\">").unwrap();
    let section = section.split_once("</section>").unwrap().0;
    let image = |part: &str| {
        let digits = part.split('"').next().unwrap();
        let value = |digit: u8| match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            _ => 63,
        };
        let bits = digits
            .trim_end_matches('=')
            .bytes()
            .flat_map(|digit| (0..6).rev().map(move |bit| value(digit) >> bit & 1));
        let bits: Vec<u8> = bits.collect();
        let bytes: Vec<u8> =
            bits.chunks_exact(8).map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | bit)).collect();
        image::load_from_memory(&bytes).unwrap().into_rgb8()
    };
    let images = section.split("data:image/png;base64,").skip(1).map(image).collect();
    (section.to_owned(), images)
}

#[test]
fn drawn_faces_are_in_a_report_and_those_of_people_only_if_asked_for() {
    let folder = searched();
    let html = reported(folder.path());
    let (section, images) = faces_in(&html);
    assert!(section.contains("nano-b took ") || section.contains("nano-a took "), "{section}");
    // A face and its map for each label, at most twelve of these; the first panel is as gray as the sample.
    let n_faces = section.matches("<figure").count();
    assert!((1..=12).contains(&n_faces) && images.len() == 2 * n_faces, "{n_faces}");
    for pair in images.chunks_exact(2) {
        assert_eq!((pair[0].dimensions(), pair[1].dimensions()), ((24, 24), (24, 24)));
        assert!(pair[0].pixels().all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2]));
        assert!(pair[0] != pair[1]);
    }
    for words in ["same form elsewhere", "5.00 %", "10.00 %", "20.00 %"] {
        assert!(section.contains(words), "{words} in {section}");
    }

    // The same run of faces in files.
    let folder = workplace();
    let synth = ["data", "synth", "faces", "--subjects", "6", "--side", "24", "--frames", "2"];
    assert_eq!(netsynth(folder.path(), &synth).0, 0);
    let plan = fs::read_to_string(folder.path().join("plan.ron")).unwrap();
    let drawn = "Synthetic(subjects: 10, seed: 1, side: 24, frames: 2)";
    assert!(plan.contains(drawn));
    fs::write(folder.path().join("plan.ron"), plan.replace(drawn, "Folder(\"faces\")")).unwrap();
    let search = ["search", "--plan", "plan.ron", "--name", "one"];
    let (code, _, stderr) = netsynth(folder.path(), &search);
    assert_eq!(code, 0, "{stderr}");
    assert!(!reported(folder.path()).contains("<img"));
    let asked = |more: &[&str]| {
        netsynth(folder.path(), &[&["report", "runs/one", "--out", "asked.html", "--explain"], more].concat())
    };
    let (code, _, stderr) = asked(&[]);
    assert_eq!(code, 0, "{stderr}");
    let html = fs::read_to_string(folder.path().join("asked.html")).unwrap();
    let (_, images) = faces_in(&html);
    assert!(!images.is_empty());
    fs::rename(folder.path().join("faces"), folder.path().join("moved")).unwrap();
    let (code, _, stderr) = asked(&[]);
    assert!(code == 2 && stderr.contains("faces"), "{stderr}");
    let (code, _, stderr) = asked(&["--data", "moved"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(fs::read_to_string(folder.path().join("asked.html")).unwrap() == html);
    let (code, _, stderr) = netsynth(folder.path(), &["report", "runs/one", "--data", "moved"]);
    assert!(code == 2 && stderr.contains("--explain"), "{stderr}");
}

#[test]
fn a_training_has_a_report_with_learning_curves() {
    let folder = workplace();
    let faces = ["data", "synth", "faces", "--subjects", "6", "--side", "24", "--frames", "3"];
    assert_eq!(netsynth(folder.path(), &faces).0, 0);
    let arguments =
        ["train", "tiny-prototype.ron", "--data", "faces", "--folds", "3", "--epochs", "2", "--name", "one"];
    let (code, _, stderr) = netsynth(folder.path(), &arguments);
    assert_eq!(code, 0, "{stderr}");
    let html = reported(folder.path());
    assert!(html.contains("Finished. 3 trainings of 2 epochs") && html.contains("happiness"));
    assert_eq!(html.matches("<path class=\"climb\"").count(), 3);
    let (code, _, stderr) = netsynth(folder.path(), &["report", "runs/one", "--explain"]);
    assert!(code == 2 && stderr.contains("this is a training's"), "{stderr}");

    let fold = folder.path().join("runs/one/folds/02/metrics.ron");
    fs::write(&fold, fs::read_to_string(&fold).unwrap().replace("seed", "sead")).unwrap();
    let html = reported(folder.path());
    assert!(
        html.contains("Unfinished, 2 of 3 trainings") && html.contains("folds/02/metrics.ron is damaged")
    );
}

#[test]
fn what_has_no_report_gets_one_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let told = complaint(folder.path(), &["report", "runs/none"]);
    assert!(told.contains("runs/none is no run folder") && told.contains("help: "), "{told}");
}

#[test]
fn a_browser_uses_the_report() {
    let Some(browser) = browser() else { return };
    let folder = searched();
    reported(folder.path());
    let page = folder.path().join("runs/one/report.html");
    for width in [1280, 500] {
        let seen = seen(browser, &page, include_str!("browser/uses.js"), width);
        let seen: BTreeMap<String, Value> = seen.into_iter().collect();
        let yes = [
            "plot is drawn",
            "arrow moves on",
            "arrow down chooses from the front",
            "zooms by button",
            "zooms by key",
            "zooms by wheel",
            "moves by dragging",
            "shows all again",
            "across macs",
            "across peak_activations",
            "across score",
            "across accuracy",
            "up score",
            "up macs",
            "Table 1 is drawn",
            "Table 1 is hidden again",
            "sorts",
        ];
        for what in yes {
            assert_eq!(seen.get(what), Some(&json!(true)), "{what} at {width}: {seen:#?}");
        }
        assert_eq!(seen["scrolls sideways"], json!(false), "at {width}");
        assert_eq!(seen["after Escape"], json!("No trial chosen"));
        assert!(seen["chosen by clicks"].as_array().unwrap().len() > 3, "{seen:#?}");
        assert!(seen["told while pointing"].as_u64().unwrap() > 2, "{seen:#?}");
        assert_eq!(seen["after Home"], json!("Trial 0"));
        assert!(seen["address"].as_str().unwrap().starts_with("#trial-"));
        assert_eq!(seen["rows"], json!(6));
        assert!(seen["moves told"].as_u64().unwrap() > 0);
        assert!(["light", "dark"].contains(&seen["theme"].as_str().unwrap()));
        assert_eq!(seen["labels on labels"], json!([]));
    }
}
