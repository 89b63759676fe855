//! Images through a trained network, by the program.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod workplace;

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use assert_cmd::Command;
use netsynth_run::{FoldFile, Lessons, Model, model, pack};
use netsynth_search::Confusion;
use netsynth_store::{Entry, Fold, NetworkFile, RunFolder, TrainedNetwork};
use serde_json::Value;
use tempfile::TempDir;
use workplace::{complaint, netsynth, workplace};

const FOLD: &str = "runs/t/folds/02";

/// A training on three folds of drawn faces, of which a part is cut out, by a recipe that looks at the mirror image too.
static TRAINED: LazyLock<TempDir> = LazyLock::new(|| {
    let home = workplace();
    let faces = ["data", "synth", "faces", "--subjects", "6", "--side", "32", "--frames", "3"];
    assert_eq!(netsynth(home.path(), &faces).0, 0);
    let train = [
        "train",
        "tiny-prototype.ron",
        "--data",
        "faces",
        "--folds",
        "3",
        "--epochs",
        "2",
        "--crop",
        "2,3,28,26",
        "--name",
        "t",
    ];
    let (code, _, stderr) = netsynth(home.path(), &train);
    assert_eq!(code, 0, "{stderr}");
    home
});

fn home() -> &'static Path {
    TRAINED.path()
}

fn fold() -> Model {
    let path = home().join(FOLD);
    model(&path, None, &|_| {}).unwrap_or_else(|error| panic!("{}", error.text()))
}

/// What judged the fold; the data are named from the folder where the run was begun.
fn lessons(model: &Model) -> Lessons {
    model.origin.as_ref().unwrap().lessons(Some(&home().join("faces")), &|_| {}).unwrap()
}

fn with_input(arguments: &[&str], input: impl Into<Vec<u8>>) -> (i32, String, String) {
    let mut command = Command::cargo_bin("netsynth").unwrap();
    let output = command.current_dir(home()).args(arguments).write_stdin(input).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn lines(json: &str) -> Vec<Value> {
    json.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn labels(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["label"].as_str().unwrap()).collect()
}

/// A gray picture as PNM.
fn pnm(side: usize, level: impl Fn(usize) -> u8) -> Vec<u8> {
    [format!("P5\n{side} {side}\n255\n").into_bytes(), (0..side * side).map(level).collect()].concat()
}

#[test]
fn the_images_that_judged_a_fold_give_its_confusion_again() {
    let model = fold();
    let Lessons { dataset, judged_on, .. } = lessons(&model);
    let list: Vec<String> =
        judged_on.iter().map(|&sample| format!("faces/{}", dataset.samples[sample].source)).collect();
    assert!(list.len() >= 7, "{list:?}");
    let (code, stdout, stderr) = with_input(&["classify", FOLD, "-", "--json"], list.join("\n"));
    assert_eq!(code, 0, "{stderr}");
    let found = lines(&stdout);
    let named: Vec<&str> = found.iter().map(|line| line["image"].as_str().unwrap()).collect();
    assert_eq!(named, list);
    let mut confusion = Confusion::new(dataset.classes.len());
    for (&sample, label) in judged_on.iter().zip(labels(&found)) {
        let predicted = dataset.classes.iter().position(|class| class == label).unwrap();
        confusion.0[dataset.samples[sample].class][predicted] += 1;
    }
    let network = TrainedNetwork::Training { seed: None, fold: Fold::from_index(1) };
    let folder = RunFolder::open(&home().join("runs/t")).unwrap();
    let recorded: FoldFile = folder.document(Entry::Network(network, NetworkFile::Metrics)).unwrap().unwrap();
    assert_eq!(confusion, recorded.confusion);

    // The numbers are those of a network that is judged, to the bit of what it reads.
    let usage = model.usage.as_ref().unwrap();
    for (&sample, line) in judged_on.iter().zip(&found) {
        let expected = usage.probabilities(&model.network, &dataset.samples[sample].pixels);
        for (class, probability) in dataset.classes.iter().zip(expected) {
            assert_eq!(line["probabilities"][class].as_f64().unwrap() as f32, probability);
        }
        assert_eq!(line["part"]["width"], 28);
    }
}

#[test]
fn a_folder_is_done_in_order_whatever_the_number_of_workers_and_in_every_form() {
    let one = netsynth(home(), &["classify", FOLD, "faces", "--csv", "--workers", "1"]);
    let three = netsynth(home(), &["classify", FOLD, "faces", "--csv", "--workers", "3"]);
    assert_eq!((one.0, &one.1), (0, &three.1), "{}", one.2);
    let mut csv = one.1.lines();
    let header = "image,label,probability,anger,contempt,disgust,fear,happiness,sadness,surprise";
    assert_eq!(csv.next().unwrap(), header);
    let (_, json, _) = netsynth(home(), &["classify", FOLD, "faces", "--json"]);
    let found = lines(&json);
    // All frames, whether they are labelled or not.
    assert_eq!((found.len(), csv.clone().count()), (6 * 7 * 3, 6 * 7 * 3));
    let mut names: Vec<&str> = found.iter().map(|line| line["image"].as_str().unwrap()).collect();
    assert!(names.is_sorted() && names[0].starts_with("faces/cohn-kanade-images/S001/001/"), "{}", names[0]);
    names.dedup();
    assert_eq!(names.len(), found.len());
    for (line, row) in found.iter().zip(csv) {
        let cells: Vec<&str> = row.split(',').collect();
        assert_eq!((cells[0], cells[1]), (line["image"].as_str().unwrap(), line["label"].as_str().unwrap()));
        let shares = cells[3..].iter().map(|cell| cell.parse::<f64>().unwrap());
        assert!((shares.sum::<f64>() - 1.0).abs() < 1e-5, "{row}");
    }
    assert!(one.2.contains("126 images in") && one.2.contains("1 at a time"), "{}", one.2);
    let (code, table, stderr) = netsynth(home(), &["classify", FOLD, names[0], "--quiet"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(table.contains("probability") && table.contains(labels(&found)[0]), "{table}");
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_done() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("a.pgm"), pnm(32, |at| at as u8)).unwrap();
    fs::write(path("b.pgm"), &pnm(32, |_| 9)[..300]).unwrap();
    fs::write(path("c.png"), "no picture").unwrap();
    fs::write(path("d.pgm"), pnm(8, |_| 9)).unwrap();
    fs::write(path("notes.txt"), "beside").unwrap();
    fs::write(path("z.pgm"), pnm(40, |at| (at / 3) as u8)).unwrap();
    let shown = folder.path().display().to_string();
    let (code, stdout, stderr) = netsynth(home(), &["classify", FOLD, &shown, "gone.png", "--json"]);
    assert_eq!(code, 1, "{stderr}");
    let found = lines(&stdout);
    let names: Vec<&str> = found.iter().map(|line| line["image"].as_str().unwrap()).collect();
    assert_eq!(names, [format!("{shown}/a.pgm"), format!("{shown}/z.pgm")]);
    for (name, reason) in [
        ("b.pgm", "is not a readable image"),
        ("c.png", "is not a readable image"),
        ("d.pgm", "reaches outside"),
    ] {
        let complaint = format!("unusable: {shown}/{name} ");
        assert!(stderr.lines().any(|line| line.starts_with(&complaint) && line.contains(reason)), "{stderr}");
    }
    assert!(stderr.contains("unusable: gone.png cannot be opened"), "{stderr}");
    assert!(stderr.contains("; 4 unusable"), "{stderr}");
    let empty = tempfile::tempdir().unwrap();
    let stderr = netsynth(home(), &["classify", FOLD, &empty.path().display().to_string()]);
    assert_eq!((stderr.0, stderr.1.as_str()), (2, ""));
    assert!(stderr.2.contains("no images in it"), "{}", stderr.2);
}

#[test]
fn standard_input_is_an_image_or_frames_that_follow_each_other() {
    let example = home().join("faces/cohn-kanade-images/S001/001/S001_001_00000003.png");
    let png = fs::read(&example).unwrap();
    let (code, stdout, stderr) = with_input(&["classify", FOLD, "-", "--json"], png);
    assert_eq!(code, 0, "{stderr}");
    let (_, by_name, _) = netsynth(home(), &["classify", FOLD, &example.display().to_string(), "--json"]);
    let (input, named) = (lines(&stdout), lines(&by_name));
    assert_eq!((&input[0]["image"], &input[0]["probabilities"]), (&"-".into(), &named[0]["probabilities"]));

    let mut frames = [pnm(32, |at| at as u8), pnm(36, |at| (7 * at) as u8), pnm(32, |_| 3)].concat();
    let (code, stdout, stderr) = with_input(&["classify", FOLD, "-", "--json"], frames.clone());
    assert_eq!(code, 0, "{stderr}");
    let names: Vec<Value> = lines(&stdout).iter().map(|line| line["image"].clone()).collect();
    assert_eq!(names, ["frame 1", "frame 2", "frame 3"]);
    frames.truncate(frames.len() - 10);
    let (code, stdout, stderr) = with_input(&["classify", FOLD, "-", "--json"], frames);
    assert_eq!((code, lines(&stdout).len()), (1, 2), "{stderr}");
    assert!(stderr.contains("unusable: frame 3 is not a readable image"), "{stderr}");
    assert_eq!(with_input(&["classify", FOLD, "-"], "").0, 0);
}

#[test]
fn annotated_pictures_appear_when_all_are_done() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.pgm"), pnm(32, |at| at as u8)).unwrap();
    fs::write(folder.path().join("b b.pgm"), pnm(320, |at| (at / 99) as u8)).unwrap();
    fs::write(folder.path().join("c.pgm"), "P5").unwrap();
    let (images, out) = (folder.path().display().to_string(), folder.path().join("made/out"));
    let shown = out.display().to_string();
    let annotate = ["classify", FOLD, &images, "--annotate", &shown, "--json"];
    let (code, stdout, stderr) = netsynth(home(), &annotate);
    assert_eq!(code, 1, "{stderr}");
    let sides = |name: &str| image::open(out.join(name)).unwrap().into_rgb8().dimensions();
    // A small one is enlarged so that its label can be read.
    assert_eq!((sides("000001-a.png"), sides("000002-b_b.png")), ((256, 256), (320, 320)));
    assert_eq!(fs::read_dir(&out).unwrap().count(), 2);
    assert_eq!(fs::read_dir(folder.path().join("made")).unwrap().count(), 1);
    assert_eq!(lines(&stdout)[1]["picture"], "000002-b_b.png");
    let (code, stdout, stderr) = netsynth(home(), &annotate);
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert!(stderr.contains("it is not empty") && stderr.contains("nothing is overwritten"), "{stderr}");
}

#[test]
fn a_model_travels_in_one_file_and_what_is_missing_is_named() {
    let away = tempfile::tempdir().unwrap();
    let packed = pack(&fold()).unwrap();
    assert_eq!(packed, pack(&fold()).unwrap());
    fs::write(away.path().join("t.netsynth"), &packed).unwrap();
    let picture = away.path().join("a.pgm");
    fs::write(&picture, pnm(32, |at| (at / 5) as u8)).unwrap();
    let (code, from_file, stderr) = netsynth(away.path(), &["classify", "t.netsynth", "a.pgm", "--csv"]);
    assert_eq!(code, 0, "{stderr}");
    let (_, from_run, _) = netsynth(home(), &["classify", FOLD, &picture.display().to_string(), "--csv"]);
    let numbers = |csv: &str| csv.lines().nth(1).unwrap().split_once(',').unwrap().1.to_owned();
    assert_eq!(numbers(&from_file), numbers(&from_run));
    // A model that was read from a file is packed into the same file.
    let read =
        model(&away.path().join("t.netsynth"), None, &|_| {}).unwrap_or_else(|error| panic!("{error}"));
    assert!(read.origin.is_none() && read.provenance.is_some());
    assert_eq!(pack(&read).unwrap(), packed);

    fs::copy(home().join(FOLD).join("weights.safetensors"), away.path().join("w.safetensors")).unwrap();
    let stderr = complaint(away.path(), &["classify", "w.safetensors", "a.pgm"]);
    assert!(stderr.contains("w.safetensors: it holds weights and nothing else"), "{stderr}");
    let folder = away.path().join("alone");
    fs::create_dir(&folder).unwrap();
    for file in ["architecture.ron", "weights.safetensors"] {
        fs::copy(home().join(FOLD).join(file), folder.join(file)).unwrap();
    }
    let stderr = complaint(away.path(), &["classify", "alone", "a.pgm"]);
    assert!(stderr.contains("nothing says which classes alone tells apart"), "{stderr}");
    let stderr = complaint(away.path(), &["classify", "a.pgm", "a.pgm"]);
    assert!(stderr.contains("it is no safetensors file"), "{stderr}");
    assert!(complaint(away.path(), &["classify", "nowhere", "a.pgm"]).contains("No such file"));
    let (code, _, stderr) = netsynth(home(), &["classify", "runs/t", "faces"]);
    assert!(
        code == 2 && stderr.contains("it is a whole run") && stderr.contains("runs/t/folds/01"),
        "{stderr}"
    );
}

#[test]
fn another_crop_than_the_trainings_is_asked_for() {
    let picture = tempfile::tempdir().unwrap();
    fs::write(picture.path().join("a.pgm"), pnm(64, |at| at as u8)).unwrap();
    let image = picture.path().join("a.pgm").display().to_string();
    let part = |more: &[&str]| {
        let (code, stdout, stderr) =
            netsynth(home(), &[&["classify", FOLD, &image, "--json"][..], more].concat());
        assert_eq!(code, 0, "{stderr}");
        lines(&stdout)[0]["part"].clone()
    };
    assert_eq!(part(&["--crop", "none"]), Value::Null);
    assert_eq!(part(&["--crop", "0,0,10,12"])["height"], 12);
    fs::write(picture.path().join("boxes.csv"), "path,x,y,width,height\na.pgm,20,20,20,20\n").unwrap();
    let boxes = picture.path().join("boxes.csv").display().to_string();
    let folder = picture.path().display().to_string();
    let crop = ["classify", FOLD, &folder, "--json", "--crop", &boxes, "--margin", "0.1"];
    let (code, stdout, stderr) = netsynth(home(), &crop);
    assert_eq!((code, lines(&stdout)[0]["part"]["left"].as_i64()), (0, Some(18)), "{stderr}");
    let (code, _, stderr) = netsynth(home(), &["classify", FOLD, &image, "--crop", "face"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("shows no face that the detector finds"), "{stderr}");
    let (code, _, stderr) = netsynth(home(), &["classify", FOLD, &image, "--margin", "0.2"]);
    assert!(code == 2 && stderr.contains("--margin is of a face"), "{stderr}");
}
