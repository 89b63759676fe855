//! Every file of a run is damaged in every way that was thought of: nothing panics, and `verify` names the file or the
//! run is whole again after `resume`.
//!
//! Each file has two of the damages, in turn; with NETSYNTH_DAMAGES=all it has all.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod workplace;

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use workplace::{PLAN, compared, contents, netsynth, workplace};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Damage {
    Deleted,
    Emptied,
    Halved,
    Flipped,
    /// A folder lies in its place.
    Folder,
    /// Another file of the run lies in its place, whole as that one is.
    Swapped,
    /// It says something else, with a checksum that fits.
    Resealed,
}

const DAMAGES: [Damage; 7] = [
    Damage::Deleted,
    Damage::Emptied,
    Damage::Halved,
    Damage::Flipped,
    Damage::Folder,
    Damage::Swapped,
    Damage::Resealed,
];

/// What nothing says: the damage, and a part of the paths. A report that another text was written into, with a checksum that fits,
/// is found when it is made again.
const UNNAMED: [(Damage, &str); 1] = [(Damage::Resealed, "report.html")];

type Files = [(String, Vec<u8>)];

fn write(run: &Path, files: &Files) {
    if run.exists() {
        fs::remove_dir_all(run).unwrap();
    }
    for (name, bytes) in files {
        let path = run.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The document with a number of it changed to one that nobody expects.
fn hostile(text: &str, turn: usize) -> String {
    const NUMBERS: [&str; 5] = ["18446744073709551615", "NaN", "-1", "1e308", "0"];
    let document = &text[..text.rfind("// sha256").unwrap_or(text.len())];
    // The schema's number is another matter.
    let starts: Vec<usize> = document
        .match_indices(": ")
        .map(|(at, _)| at + 2)
        .filter(|&at| document[at..].starts_with(|first: char| first.is_ascii_digit()))
        .skip(1)
        .collect();
    let Some(&start) = starts.get(turn % starts.len().max(1)) else { return format!("{document}()") };
    let end = document[start..].find([',', ')', '\n']).map_or(document.len(), |length| start + length);
    format!("{}{}{}", &document[..start], NUMBERS[turn % NUMBERS.len()], &document[end..])
}

/// Damages a file of a run; false where there is nothing to damage in this way.
fn damage(run: &Path, files: &Files, at: usize, damage: Damage) -> bool {
    let (name, bytes) = &files[at];
    let path = run.join(name);
    let kind = |name: &str| Path::new(name).file_name().map(|name| name.to_owned());
    match damage {
        Damage::Deleted => fs::remove_file(path).unwrap(),
        Damage::Emptied => fs::write(path, "").unwrap(),
        Damage::Halved => fs::write(path, &bytes[..bytes.len() / 2]).unwrap(),
        Damage::Flipped => {
            let mut bytes = bytes.clone();
            let index = (at * 7919 + 100) % bytes.len().max(1);
            let Some(byte) = bytes.get_mut(index) else { return false };
            *byte ^= 1 << (at % 8);
            fs::write(path, bytes).unwrap();
        }
        Damage::Folder => {
            fs::remove_file(&path).unwrap();
            fs::create_dir(path).unwrap();
        }
        Damage::Swapped => {
            let mut others =
                files.iter().filter(|(other, found)| kind(other) == kind(name) && found != bytes);
            let Some((_, other)) = others.next_back() else { return false };
            fs::write(path, other).unwrap();
        }
        Damage::Resealed if name.ends_with(".ron") => {
            let document = hostile(std::str::from_utf8(bytes).unwrap(), at);
            fs::write(path, format!("{document}// sha256 {}\n", hexadecimal(document.as_bytes()))).unwrap();
        }
        Damage::Resealed => {
            let sum = PathBuf::from(format!("{}.sha256", path.display()));
            if !sum.exists() {
                return false;
            }
            let changed = [bytes.as_slice(), b"1"].concat();
            let line = format!("{}  {}\n", hexadecimal(&changed), kind(name).unwrap().to_str().unwrap());
            fs::write(sum, line).unwrap();
            fs::write(path, changed).unwrap();
        }
    }
    true
}

/// Runs a command on a damaged run: whatever it says, it does not panic.
fn said(folder: &Path, arguments: &[&str], what: &str) -> (i32, String) {
    let (code, stdout, stderr) = netsynth(folder, arguments);
    let text = format!("{stdout}{stderr}");
    assert!([0, 1, 2].contains(&code) && !text.contains("panicked"), "{arguments:?}, {what}: {code} {text}");
    (code, text)
}

/// Damages every file of the run in turn, and gives what nothing said.
fn silent(folder: &Path, run: &str, readers: &[&[&str]]) -> Vec<(Damage, String)> {
    let path = folder.join(run);
    let files = contents(&path);
    let verify = ["verify", run, "--retrain", "0"];
    let is_verified = said(folder, &verify, "nothing").0 == 0;
    let is_all = std::env::var("NETSYNTH_DAMAGES").is_ok_and(|asked| asked == "all");
    let mut silent = Vec::new();
    let mut n_damages = 0;
    for (at, (name, _)) in files.iter().enumerate().filter(|(_, (name, _))| name != "lock") {
        for turn in 0..if is_all { DAMAGES.len() } else { 2 } {
            let kind = DAMAGES[(at * 2 + turn) % DAMAGES.len()];
            if !damage(&path, &files, at, kind) {
                continue;
            }
            n_damages += 1;
            let what = format!("{kind:?} {run}/{name}");
            for reader in readers {
                said(folder, &[&reader[..1], &[run], &reader[1..]].concat(), &what);
            }
            let (code, text) = said(folder, &verify, &what);
            let is_named = code != 0 && text.contains(name.trim_end_matches(".sha256"));
            let (code, text) = said(folder, &["resume", run], &what);
            let is_refused = code == 2 && text.contains(name.trim_end_matches(".sha256"));
            let is_whole = code == 0 && contents(&path) == files;
            if !(is_named || (!is_verified && is_refused) || is_whole) {
                silent.push((kind, name.clone()));
            }
            write(&path, &files);
        }
    }
    // Shown with --nocapture, for the record.
    #[allow(clippy::print_stdout)]
    {
        println!("{run}: {n_damages} damages, of which nothing says {}: {silent:?}", silent.len());
    }
    silent
}

/// Whatever nothing said is known to be so.
fn assert_known(silent: &[(Damage, String)]) {
    let is_known =
        |kind: Damage, name: &str| UNNAMED.iter().any(|(known, part)| *known == kind && name.contains(part));
    let new: Vec<_> = silent.iter().filter(|(kind, name)| !is_known(*kind, name)).collect();
    assert!(new.is_empty(), "nothing says {new:?}");
}

#[test]
fn a_damaged_file_of_a_search_is_named_but_for_what_is_known() {
    let home = workplace();
    let folder = home.path();
    let plan = PLAN
        .replace("final_epochs: 2", "final_epochs: 2, audit: true, inheritance: (from: Parent, epochs: 1)");
    fs::write(folder.join("plan.ron"), plan).unwrap();
    let (code, _, stderr) = netsynth(folder, &["search", "--plan", "plan.ron", "--name", "s"]);
    assert_eq!(code, 0, "{stderr}");
    let readers: [&[&str]; 4] =
        [&["report", "--out", "page.html"], &["explain", "1"], &["sample"], &["compare-table"]];
    assert_known(&silent(folder, "runs/s", &readers));
}

#[test]
fn a_damaged_file_of_a_training_is_named_but_for_what_is_known() {
    let home = workplace();
    let folder = home.path();
    let faces = ["data", "synth", "faces", "--subjects", "6", "--side", "24", "--frames", "2"];
    assert_eq!(netsynth(folder, &faces).0, 0);
    let reproduce = "reproduce tiny-prototype.ron --data faces --folds 2 --epochs 1 --seeds 2 --name r";
    let (code, _, stderr) = netsynth(folder, &reproduce.split(' ').collect::<Vec<_>>());
    assert_eq!(code, 0, "{stderr}");
    let readers: [&[&str]; 2] = [&["report", "--out", "page.html"], &["compare-table"]];
    assert_known(&silent(folder, "runs/r", &readers));
}

#[test]
fn a_damaged_file_of_a_comparison_is_named_but_for_what_is_known() {
    let home = workplace();
    let folder = home.path();
    compared(folder);
    assert_known(&silent(folder, "runs/c", &[&["report", "--out", "page.html"]]));
}
