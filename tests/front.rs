//! Questions about runs: tables, conditions, differences, plots; and help, completions and the manual.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod workplace;

use std::fs;
use std::path::Path;

use workplace::{PLAN, contents, netsynth, workplace};

/// A folder with the runs `one` and `two`, of other seeds.
fn two_runs() -> tempfile::TempDir {
    let folder = workplace();
    for (name, seed) in [("one", "3"), ("two", "4")] {
        let search = ["search", "--plan", "plan.ron", "--name", name, "--seed", seed, "--trials", "6"];
        let (code, _, stderr) = netsynth(folder.path(), &search);
        assert_eq!(code, 0, "{stderr}");
    }
    folder
}

fn json(folder: &Path, arguments: &[&str]) -> serde_json::Value {
    let (_, stdout, stderr) = netsynth(folder, &[arguments, &["--json"]].concat());
    serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}{stderr}"))
}

#[test]
fn runs_are_asked_compared_and_drawn() {
    let folder = two_runs();
    let path = folder.path();
    let before = contents(&path.join("runs"));

    // The front is what front.ron says of it.
    let front = json(path, &["front", "show", "runs/one"]);
    let written = fs::read_to_string(path.join("runs/one/front.csv")).unwrap();
    let members = front["members"].as_array().unwrap();
    assert_eq!(members.len(), written.lines().count() - 1);
    let (code, csv, _) =
        netsynth(path, &["front", "show", "runs/one", "--csv", "--columns", "trial,parameters"]);
    assert_eq!((code, csv.lines().next()), (0, Some("trial,parameters")));
    let first = format!("{},{}", members[0]["trial"], members[0]["cost"]["parameters"]);
    assert_eq!(csv.lines().nth(1), Some(first.as_str()));

    // With --columns JSON has those columns and no others.
    let columns = json(path, &["front", "show", "runs/one", "--columns", "trial,parameters"]);
    let expected: Vec<serde_json::Value> = members
        .iter()
        .map(|member| serde_json::json!({ "trial": member["trial"], "parameters": member["cost"]["parameters"] }))
        .collect();
    assert_eq!(columns["members"], serde_json::Value::from(expected));

    // Together they dominate at least what each does alone.
    let both = json(path, &["front", "show", "runs/one", "runs/two"]);
    let shares: Vec<f64> =
        both["runs"].as_array().unwrap().iter().map(|run| run["hypervolume"].as_f64().unwrap()).collect();
    let together = both["hypervolume"].as_f64().unwrap();
    assert!(shares.iter().all(|share| *share <= together), "{shares:?} {together}");
    assert_eq!(front["hypervolume"], both["runs"][0]["hypervolume"]);
    let (code, text, stderr) = netsynth(path, &["front", "show", "runs/one", "runs/two"]);
    assert!(
        code == 0 && text.contains("runs/two") && text.contains("together: hypervolume"),
        "{text}{stderr}"
    );

    // Conditions keep what meets them, in the order asked for.
    let all = json(path, &["front", "query", "runs/one", "--trials", "--sort", "parameters"]);
    let parameters = |found: &serde_json::Value| -> Vec<u64> {
        let rows = found["members"].as_array().unwrap();
        rows.iter().map(|row| row["cost"]["parameters"].as_u64().unwrap()).collect()
    };
    let sizes = parameters(&all);
    assert!(sizes.len() == 6 && sizes.is_sorted(), "{sizes:?}");
    let bound = format!("parameters <= {} and not trial > 100", sizes[2]);
    let few =
        json(path, &["front", "query", "runs/one", "--trials", "--where", &bound, "--sort", "parameters"]);
    assert_eq!(parameters(&few), sizes[..3]);
    let (code, stdout, _) = netsynth(path, &["front", "query", "runs/one", "--where", "accuracy > 99.9 %"]);
    assert_eq!((code, stdout.contains("No member of the front meets")), (1, true), "{stdout}");
    let (code, _, stderr) = netsynth(path, &["front", "query", "runs/one", "--where", "acuracy > 1 %"]);
    let refused = "error: --where: `acuracy` is no metric\n  acuracy > 1 %\n  ^^^^^^^\n  help: write one of";
    assert_eq!((code, stderr.starts_with(refused)), (2, true), "{stderr}");

    // Two trials of one run differ by their own files; a network does not differ from itself.
    let difference = json(path, &["front", "diff", "runs/one:0", "runs/one:3"]);
    let checked = json(path, &["check", "runs/one/trials/00003/architecture.ron"]);
    assert_eq!(difference["costs"][1], checked["cost"]);
    assert_eq!(difference["identical"], false);
    let (code, csv, _) = netsynth(path, &["front", "diff", "runs/one:0", "runs/one:3", "--csv"]);
    assert_eq!((code, csv.lines().next()), (0, Some("layer,operator,what_differs,parameters,macs")));
    assert_eq!(csv.lines().count() - 1, difference["layers"].as_array().unwrap().len(), "{csv}");
    let (_, same, _) =
        netsynth(path, &["front", "diff", "runs/one:nano-a", "runs/one/variants/nano-a/architecture.ron"]);
    assert!(same.contains("are the same network"), "{same}");
    let (code, _, stderr) = netsynth(path, &["front", "diff", "runs/one:77", "nano-b"]);
    assert_eq!((code, stderr.contains("give a number from 0 to 5")), (2, true), "{stderr}");

    // Plots are of the kind that the file's name says.
    for name in ["front.svg", "front.png"] {
        let (code, text, stderr) =
            netsynth(path, &["front", "plot", "runs/one", "runs/two", "--ascii", "--out", name]);
        assert_eq!(code, 0, "{stderr}");
        assert!(text.is_ascii() && text.contains("A runs/one") && text.contains("accuracy"), "{text}");
    }
    assert!(fs::read_to_string(path.join("front.svg")).unwrap().starts_with("<svg"));
    assert!(image::open(path.join("front.png")).unwrap().width() > 1000);
    let (code, _, stderr) = netsynth(path, &["front", "plot", "runs/one", "--out", "front.gif"]);
    assert_eq!((code, stderr.contains("end it in .svg or .png")), (2, true), "{stderr}");

    assert!(contents(&path.join("runs")) == before, "a question changed a run");
}

#[test]
fn a_training_is_listed_in_every_form_that_a_search_is() {
    let folder = workplace();
    let path = folder.path();
    let faces = ["data", "synth", "faces", "--subjects", "6", "--side", "24", "--frames", "3"];
    assert_eq!(netsynth(path, &faces).0, 0);
    let train =
        ["train", "tiny-prototype.ron", "--data", "faces", "--folds", "2", "--epochs", "1", "--name", "one"];
    let (code, _, stderr) = netsynth(path, &train);
    assert_eq!(code, 0, "{stderr}");
    let show = |more: &[&str]| {
        let (code, stdout, stderr) = netsynth(path, &[&["front", "show", "runs/one"], more].concat());
        assert_eq!(code, 0, "{stderr}");
        stdout
    };
    let member = &json(path, &["front", "show", "runs/one"])["members"][0];
    let parameters = member["cost"]["parameters"].to_string();
    let chosen = ["--columns", "run,parameters", "--sort", "parameters", "--reverse"];
    let csv = show(&[&["--csv"], &chosen[..]].concat());
    assert_eq!(csv, format!("run,parameters\nruns/one,{parameters}\n"));
    let all = show(&["--csv"]);
    assert!(all.starts_with("run,trial,network,generation,outcome,accuracy,balanced_accuracy,"), "{all}");
    let text = show(&chosen);
    assert!(text.contains("run") && !text.contains("accuracy"), "{text}");
}

#[test]
fn every_table_can_be_had_as_comma_separated_values() {
    let folder = workplace();
    let path = folder.path();
    let faces = ["data", "synth", "faces", "--subjects", "6", "--side", "24", "--frames", "3"];
    assert_eq!(netsynth(path, &faces).0, 0);
    assert_eq!(netsynth(path, &["search", "--plan", "plan.ron", "--name", "one"]).0, 0);
    let header = |arguments: &[&str]| {
        let (code, stdout, stderr) = netsynth(path, &[arguments, &["--csv"]].concat());
        assert_eq!(code, 0, "{stderr}");
        let commas = |line: &str| line.matches(',').count();
        let header = stdout.lines().next().unwrap().to_owned();
        assert!(stdout.lines().count() > 1, "{arguments:?}: {stdout}");
        assert!(stdout.lines().all(|line| commas(line) >= commas(&header)), "{arguments:?}: {stdout}");
        let (code, _, stderr) = netsynth(path, &[arguments, &["--csv", "--json"]].concat());
        assert!(code == 2 && stderr.contains("cannot be used with"), "{stderr}");
        header
    };
    assert_eq!(header(&["check", "nano-b"]), "node,operator,reads,output,parameters,macs,alive");
    assert_eq!(header(&["check", "emotionnet"]), "decision,kind,choices,prototype");
    assert_eq!(header(&["sample", "runs/one"]), "seed,network,parameters,macs");
    assert_eq!(header(&["compare-table", "runs/one"]), "network,parameters,accuracy,half_width,measured");
    assert!(header(&["explain", "runs/one"]).starts_with("decision,value,prototype,parent,saliency,dead"));
    assert!(header(&["data", "show", "faces"]).starts_with("subject,anger,"));
}

#[test]
fn a_run_that_is_not_whole_is_shown_as_far_as_it_holds() {
    let folder = workplace();
    let path = folder.path();
    assert_eq!(netsynth(path, &["search", "--plan", "plan.ron", "--name", "one"]).0, 0);
    let run = path.join("runs/one");
    fs::remove_file(run.join("end.ron")).unwrap();
    fs::remove_file(run.join("front.ron")).unwrap();
    let rung = run.join("trials/00001/rung-0.ron");
    let damaged = fs::read_to_string(&rung).unwrap().replace("folds: ", "fold: ");
    fs::write(&rung, damaged).unwrap();
    let (code, stdout, stderr) = netsynth(path, &["front", "query", "runs/one", "--trials", "--csv"]);
    assert_eq!((code, stdout.lines().count()), (0, 6), "{stdout}{stderr}");
    assert!(stderr.contains("a trial is left out") && stderr.contains("rung-0.ron is damaged"), "{stderr}");
    assert!(stderr.contains("runs/one has not ended: 5 of at most 6 trials are measured"), "{stderr}");
    let (code, _, stderr) = netsynth(path, &["front", "show", "runs/one"]);
    assert_eq!(code, 0, "{stderr}");
}

#[test]
fn runs_of_other_objectives_are_not_mixed() {
    let folder = workplace();
    let path = folder.path();
    assert_eq!(netsynth(path, &["search", "--plan", "plan.ron", "--name", "one", "--trials", "2"]).0, 0);
    fs::write(path.join("other.ron"), PLAN.replace("Minimise(Parameters)", "Minimise(Macs)")).unwrap();
    assert_eq!(netsynth(path, &["search", "--plan", "other.ron", "--name", "two", "--trials", "2"]).0, 0);
    let (code, _, stderr) = netsynth(path, &["front", "show", "runs/one", "runs/two"]);
    assert_eq!(code, 2, "{stderr}");
    assert!(
        stderr.contains("runs/one asks for more accuracy, fewer parameters and runs/two for"),
        "{stderr}"
    );
    let (code, _, stderr) = netsynth(path, &["front", "show", "runs/two"]);
    assert_eq!(code, 0, "{stderr}");
}

#[test]
fn help_explains_commands_and_topics() {
    let folder = tempfile::tempdir().unwrap();
    let help = |words: &[&str]| netsynth(folder.path(), &[&["help"], words].concat());
    let (code, all, _) = help(&[]);
    assert_eq!(code, 0);
    for topic in ["plan", "data", "recipe", "space", "architecture", "run", "metrics"] {
        assert!(all.contains(&format!("\n  {topic} ")), "{topic}: {all}");
        let (code, text, stderr) = help(&[topic]);
        assert_eq!(code, 0, "{stderr}");
        assert!(text.lines().count() > 20, "{text}");
    }
    let (code, below, _) = help(&["front", "query"]);
    assert_eq!((code, &below), (0, &netsynth(folder.path(), &["front", "query", "--help"]).1));
    let (code, _, stderr) = help(&["plans"]);
    assert_eq!((code, stderr.contains("topics: plan, data")), (2, true), "{stderr}");
}

#[test]
fn shells_and_man_know_every_command() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (code, script, stderr) = netsynth(folder.path(), &["completions", shell]);
        assert_eq!(code, 0, "{stderr}");
        assert!(["search", "reproduce", "where"].iter().all(|word| script.contains(word)), "{shell}");
    }
    let (code, stdout, stderr) = netsynth(folder.path(), &["man", "pages"]);
    assert_eq!(code, 0, "{stderr}");
    let n_pages = fs::read_dir(folder.path().join("pages")).unwrap().count();
    assert_eq!(stdout, format!("{n_pages} pages in pages\n"));
    let page = fs::read_to_string(folder.path().join("pages/netsynth-front-query.1")).unwrap();
    assert!(page.contains(".TH netsynth-front-query 1") && page.contains("peak_activations"), "{page}");
    let (_, help, _) = netsynth(folder.path(), &["help"]);
    let listed =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    for name in
        listed.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next())
    {
        let is_there = folder.path().join(format!("pages/netsynth-{name}.1")).is_file();
        assert!(is_there || name == "help", "{name}");
    }
}
