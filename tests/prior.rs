//! Searches that learn from earlier ones, by the program.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod workplace;

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use workplace::{PLAN, SPACE, assert_same, complaint, contents, done, netsynth, workplace};

/// A workplace with a finished search `earlier`, and its prior in `prior.ron`.
fn with_a_past() -> TempDir {
    let home = workplace();
    done(home.path(), &["search", "--plan", "plan.ron", "--seed", "8", "--name", "earlier"]);
    done(home.path(), &["prior", "runs/earlier", "--out", "prior.ron"]);
    home
}

/// The candidates of a run, without the plan that names what they come from.
fn candidates(run: &Path) -> Vec<(String, Vec<u8>)> {
    contents(run).into_iter().filter(|(name, _)| name.ends_with("candidate.ron")).collect()
}

#[test]
fn a_search_learns_from_a_run_as_from_its_file_and_needs_neither_any_more() {
    let home = with_a_past();
    let folder = home.path();
    let search = |name: &str, from: &[&str]| {
        done(folder, &[&["search", "--plan", "plan.ron", "--name", name], from].concat());
        candidates(&folder.join("runs").join(name))
    };
    let untaught = search("untaught", &[]);
    let taught = search("taught", &["--learn-from", "runs/earlier"]);
    assert_same(
        &search("by-file", &["--learn-from", "prior.ron"]),
        &taught,
        "a run and its file teach alike",
    );
    assert_ne!(taught, untaught, "it learned something");
    let twice = ["--learn-from", "runs/earlier", "--learn-from", "prior.ron"];
    search("twice", &twice);
    assert_eq!(
        fs::read_to_string(folder.join("runs/twice/learned.ron")).unwrap().matches("name:").count(),
        2
    );
    // A prior of priors holds what they hold.
    done(folder, &["prior", "prior.ron", "runs/untaught", "--out", "both.ron"]);
    assert_eq!(fs::read_to_string(folder.join("both.ron")).unwrap().matches("name:").count(), 2);
    assert_eq!(done(folder, &["prior", "prior.ron"]), fs::read_to_string(folder.join("prior.ron")).unwrap());

    fs::remove_file(folder.join("prior.ron")).unwrap();
    fs::remove_dir_all(folder.join("runs/earlier")).unwrap();
    for run in ["taught", "by-file", "twice"] {
        let path = folder.join("runs").join(run);
        let expected = contents(&path);
        let run = path.to_str().unwrap();
        done(folder, &["verify", run]);
        for command in
            [&["front", "show", run][..], &["explain", run], &["report", run, "--out", "page.html"]]
        {
            done(folder, command);
        }
        // What is left of it is the same when it is made again.
        fs::remove_dir_all(path.join("trials/00004")).unwrap();
        fs::remove_file(path.join("contents.ron")).unwrap();
        done(folder, &["resume", run]);
        assert_same(&contents(&path), &expected, run);
    }
}

#[test]
fn what_teaches_nothing_is_refused_before_a_run_begins() {
    let home = with_a_past();
    let folder = home.path();
    let prior = fs::read_to_string(folder.join("prior.ron")).unwrap();
    fs::rename(folder.join("runs"), folder.join("past")).unwrap();
    let refused = |from: &str| complaint(folder, &["search", "--plan", "plan.ron", "--learn-from", from]);
    assert!(refused("nowhere").contains("nowhere"));
    assert!(refused("plan.ron").contains("plan.ron: line"));
    fs::create_dir(folder.join("empty")).unwrap();
    assert!(refused("empty").contains("empty"));
    for (change, by, reason) in [
        ("channels stem", "channels root", "it searched another space than `tiny`"),
        ("values: [", "values: [1, ", "values"),
        ("values: [", "values: [9", "cannot be 9"),
        ("\"accuracy\": 0.", "\"accuracy\": 7.", "accuracy"),
        ("\"accuracy\": 0.", "\"accuracy\": -0.", "accuracy"),
        ("schema: 1", "schema: 9", "schema 9"),
    ] {
        assert!(prior.contains(change), "{change}: {prior}");
        fs::write(folder.join("changed.ron"), prior.replacen(change, by, 1)).unwrap();
        let said = refused("changed.ron");
        assert!(said.contains("changed.ron") && said.contains(reason), "{reason}: {said}");
    }
    fs::write(folder.join("changed.ron"), "(schema: 1, searches: [])").unwrap();
    assert!(refused("changed.ron").contains("changed.ron"));
    fs::write(folder.join("wide.ron"), SPACE.replace("kernels: [1, 3]", "kernels: [3, 5]")).unwrap();
    let said = complaint(
        folder,
        &["search", "--plan", "plan.ron", "--space", "wide.ron", "--learn-from", "past/earlier"],
    );
    assert!(said.contains("earlier") && said.contains("cannot be 1 in this space"), "{said}");
}

#[test]
fn images_of_another_size_teach_and_a_damaged_copy_is_named() {
    let home = with_a_past();
    let folder = home.path();
    let plan = PLAN.replace("height: 24, width: 24", "height: 20, width: 20");
    fs::write(folder.join("smaller.ron"), plan).unwrap();
    let prototype = fs::read_to_string(folder.join("tiny-prototype.ron")).unwrap();
    fs::write(folder.join("tiny-prototype.ron"), prototype.replace("24", "20")).unwrap();
    done(folder, &["search", "--plan", "smaller.ron", "--learn-from", "runs/earlier", "--name", "x"]);

    let path = folder.join("runs/x/learned.ron");
    let whole = fs::read_to_string(&path).unwrap();
    fs::write(&path, whole.replacen("\"accuracy\": 0.", "\"accuracy\": 0.9", 1)).unwrap();
    let (code, stdout, _) = netsynth(folder, &["verify", "runs/x"]);
    assert!(code == 1 && stdout.contains("learned.ron damaged"), "{code} {stdout}");
    let (code, _, stderr) = netsynth(folder, &["resume", "runs/x"]);
    assert!(code == 2 && stderr.contains("learned.ron"), "{stderr}");
    fs::remove_file(&path).unwrap();
    let (code, _, stderr) = netsynth(folder, &["resume", "runs/x"]);
    assert!(code == 2 && stderr.contains("learned.ron: the file is missing"), "{stderr}");
}
