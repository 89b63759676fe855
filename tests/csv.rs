//! What a command prints as a table it prints as comma-separated values too, and nothing else then.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod workplace;

use std::fs;

use workplace::{netsynth, workplace};

#[test]
fn whoever_prints_a_table_has_csv() {
    let folder = workplace();
    let home = folder.path();
    assert_eq!(
        netsynth(home, &["data", "synth", "faces", "--subjects", "6", "--side", "24", "--frames", "2"]).0,
        0
    );
    fs::write(
        home.join("table.json"),
        r#"{"00": {"mean_acc": 91, "params": 1, "flops": 1}, "01": {"mean_acc": 92, "params": 2, "flops": 2}}"#,
    )
    .unwrap();
    let train =
        ["train", "tiny-prototype.ron", "--data", "faces", "--folds", "2", "--epochs", "1", "--name", "t"];
    let compare = [
        "compare",
        "--table",
        "table.json",
        "--seeds",
        "1..3",
        "--evaluations",
        "2",
        "--strategies",
        "random",
    ];
    for (command, begin) in [
        (&train[..], "seed,fold,images,accuracy"),
        (&["resume", "runs/t"], "seed,fold,images,accuracy"),
        (&["search", "--plan", "plan.ron", "--name", "s"], "trial,"),
        (&["resume", "runs/s"], "trial,"),
        (&["audit", "runs/s"], "trial,"),
        (&compare, "strategy,evaluations,hypervolume"),
        (&["data", "show", "faces"], "subject,anger"),
        (&["compare-table", "runs/t"], "network,"),
    ] {
        let (code, stdout, stderr) = netsynth(home, &[command, &["--csv"]].concat());
        assert_eq!(code, 0, "{command:?} {stderr}");
        assert!(stdout.starts_with(begin), "{command:?} {stdout}");
        let commas = |line: &str| {
            let mut is_quoted = false;
            line.chars()
                .filter(|letter| {
                    is_quoted ^= *letter == '"';
                    *letter == ',' && !is_quoted
                })
                .count()
        };
        let columns = commas(stdout.lines().next().unwrap());
        assert!(
            stdout.lines().count() > 1 && stdout.lines().all(|line| commas(line) == columns),
            "{command:?} {stdout}"
        );
        let (code, _, stderr) = netsynth(home, &[command, &["--csv", "--json"]].concat());
        assert!(code == 2 && stderr.contains("cannot be used with"), "{command:?} {stderr}");
    }
}
