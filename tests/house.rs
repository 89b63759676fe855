//! The invariants of docs/architecture.md that can be read off manifests and sources: which crate may use which, that
//! the pure crates are pure, that few crates name Burn, and that one draws random numbers.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The crates that may name Burn (invariant 3).
const NAME_BURN: [&str; 2] = ["kernels", "train"];

/// The crates without files, clock, environment or output (invariant 2).
const PURE: [&str; 4] = ["random", "graph", "space", "search"];

/// The crate that draws random numbers (invariant 7).
const DRAWS: &str = "random";

/// A crate of the workspace, as `cargo metadata` describes it.
struct Member {
    /// Without `netsynth-`; the root package is `cli`.
    name: String,
    manifest: PathBuf,
    /// What it is built from, without what only its tests use.
    dependencies: Vec<String>,
}

fn short(package: &str) -> &str {
    package.strip_prefix("netsynth-").unwrap_or(if package == "netsynth" { "cli" } else { package })
}

fn members() -> Vec<Member> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--locked", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let member = |package: &serde_json::Value| Member {
        name: short(&text(&package["name"])).to_owned(),
        manifest: PathBuf::from(text(&package["manifest_path"])),
        dependencies: package["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|dependency| dependency["kind"] != "dev")
            .map(|dependency| text(&dependency["name"]))
            .collect(),
    };
    metadata["packages"].as_array().unwrap().iter().map(member).collect()
}

/// The crates that each crate may use, from the table of docs/architecture.md, which is the one place that has them:
/// the crate in the first column, the crates it may use in the column `may use`, `all` for any.
fn allowed() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let cells = |line: &str| -> Vec<String> {
        line.trim().trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect()
    };
    let mut lines = text.lines().skip_while(|line| !line.starts_with("| crate |"));
    let header = cells(lines.next().expect("docs/architecture.md has a table that begins with `| crate |`"));
    let column = header.iter().position(|name| name == "may use").expect("the table has a column `may use`");
    let rows = lines.skip(1).take_while(|line| line.starts_with('|')).map(cells);
    rows.map(|row| {
        let used = row[column].split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        (row[0].clone(), used.collect())
    })
    .collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files below a folder, with their text.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}

#[test]
fn every_arrow_between_crates_is_in_the_table() {
    let (members, allowed) = (members(), allowed());
    let names: BTreeSet<&str> = members.iter().map(|member| member.name.as_str()).collect();
    let documented: BTreeSet<&str> = allowed.keys().map(String::as_str).collect();
    assert_eq!(documented, names, "docs/architecture.md has a row for each crate");
    for Member { name, dependencies, .. } in &members {
        let may_use = &allowed[name];
        for used in dependencies.iter().filter(|used| used.starts_with("netsynth-")) {
            let used = short(used);
            assert!(
                may_use.contains("all") || may_use.contains(used),
                "`{name}` uses `{used}`, which its row of docs/architecture.md does not allow"
            );
        }
    }
}

#[test]
fn few_crates_name_burn_and_one_draws_random_numbers() {
    for Member { name, dependencies, .. } in members() {
        let names = |prefix: &str| dependencies.iter().any(|used| used.starts_with(prefix));
        assert!(!names("burn") || NAME_BURN.contains(&name.as_str()), "`{name}` names Burn");
        assert!(!names("rand") || name == DRAWS, "`{name}` draws random numbers by itself");
    }
}

#[test]
fn the_pure_crates_touch_no_file_clock_environment_or_output() {
    let impure = [
        "std::fs",
        "std::net",
        "std::process",
        "std::env",
        "std::time",
        "SystemTime",
        "Instant::",
        "std::io",
    ];
    for name in PURE {
        let sources = sources(&root().join("crates").join(name).join("src"));
        assert!(!sources.is_empty(), "`{name}` has sources");
        for (path, text) in sources {
            for word in impure {
                assert!(!text.contains(word), "{} names `{word}`, and `{name}` is pure", path.display());
            }
        }
    }
}

#[test]
fn every_crate_has_the_lints_of_the_workspace() {
    // Among them the one against loops over hashed collections, which would make an order depend on hashing.
    let lints = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(lints.contains("iter_over_hash_type = \"warn\""));
    for Member { name, manifest, .. } in members() {
        let text = fs::read_to_string(manifest).unwrap();
        assert!(text.contains("[lints]\nworkspace = true"), "`{name}` has lints of its own");
    }
}
