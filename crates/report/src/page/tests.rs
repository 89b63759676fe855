//! Laws of a page: it needs nothing but itself, says the same twice, and shows any name as a name.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;

use netsynth_graph::{ArchitectureSpec, Graph};
use netsynth_random::stream;
use netsynth_search::{
    Candidate, Certificate, Constraint, Generator, Indicator, Length, Limits, Measured, Metric, Metrics,
    Objective, ParetoFront, Performance, Problem, Rung, SearchPlan, StrategyKind, Trained, Trial, Variant,
};
use netsynth_space::{Counted, Genome, SearchSpace, SearchSpaceSpec, Space};
use netsynth_store::{Attempted, Audit, Extent, Finalist, Fold, FromScratch, FrontFile, RunFolder};
use serde::Serialize;
use tempfile::TempDir;

use super::{
    Explained, ExplainedFace, Judged, Removed, Report, Run, TrainedFold, TrainingReport, page, training_page,
};

/// Would end a script, an attribute, a comment or a tag.
const HOSTILE: &str = "</script><script>alert('1')</script><!-- \"&\u{2028}";

fn space() -> SearchSpace {
    let spec = SearchSpaceSpec::from_ron(include_str!("../../../../search-spaces/emotionnet.ron")).unwrap();
    let text = include_str!("../../../../prototypes/resnet20.ron");
    let prototype = Graph::new(&ArchitectureSpec::from_ron(text).unwrap()).unwrap();
    SearchSpace::new(&spec, &prototype).unwrap()
}

fn plan(n_trials: usize) -> SearchPlan {
    SearchPlan {
        seed: 1,
        n_trials,
        generation_size: 6,
        strategy: StrategyKind::Synthesis,
        indicator: Indicator {
            constraints: vec![
                Constraint::AtLeast(Metric::Accuracy, 0.5),
                Constraint::AtMost(Metric::Parameters, 1e6),
            ],
        },
        performance: Performance::default(),
        objectives: vec![Objective::Maximise(Metric::Accuracy), Objective::Minimise(Metric::Parameters)],
        rungs: vec![
            Rung { epochs: 2, macs: None, folds: 1, keep: 0.5 },
            Rung { epochs: 8, macs: None, folds: 2, keep: 1.0 },
        ],
        pruning: None,
        screening: None,
        asynchronous: false,
        prior: None,
        limits: Limits::default(),
    }
}

#[derive(Serialize)]
struct NoPlan {
    schema: u32,
}

/// Trials that nobody trained: two of three climb, one in a hundred fails.
fn trials(space: &SearchSpace, n_trials: usize) -> Vec<Trial> {
    let mut random = stream(7, "page", &[]);
    let genomes: Vec<Genome> = (0..n_trials.min(60))
        .map(|_| space.decisions().genome(|_, decision| random.below(decision.domain.choices())))
        .collect();
    let counted: Vec<Counted> = genomes.iter().map(|genome| space.count(genome).unwrap()).collect();
    let trial = |number: usize| {
        let Counted { id, cost } = counted[number % 60];
        let size = (cost.parameters as f64).log10() / 10.0;
        let mut trained = |folds: usize| {
            let mut fold = || Metrics::from([(Metric::Accuracy, (size + 0.3 * random.unit()).min(1.0))]);
            Measured::Trained(Trained {
                folds: (0..folds).map(|_| fold()).collect(),
                losses: vec![vec![2.0, 1.5 - size as f32, 1.0]; folds],
                people: Vec::new(),
                reactions: None,
                scores: None,
            })
        };
        let readings = match number % 100 {
            99 => vec![Measured::Failed(format!("the loss is not finite {HOSTILE}"))],
            _ if !number.is_multiple_of(3) => vec![trained(1), trained(2)],
            _ => vec![trained(1)],
        };
        Trial {
            number,
            generation: number / 6,
            genome: genomes[number % 60].clone(),
            id,
            cost,
            parent: (number > 6).then(|| random.below(number)),
            predicted: (number > 6).then_some(70.0),
            readings,
        }
    };
    (0..n_trials).map(trial).collect()
}

/// What is read of a folder with these trials.
fn run(space: &SearchSpace, plan: &SearchPlan, trials: Vec<Trial>) -> Run {
    let members = ParetoFront::of(&trials, &plan.objectives, &plan.indicator, plan.rungs.len());
    let networks = members
        .members
        .iter()
        .map(|(number, _)| (*number, space.decode(&trials[*number].genome, HOSTILE).unwrap()));
    let generators = vec![Generator::around_prototype(space.decisions())];
    Run {
        networks: networks.collect(),
        front: FrontFile::new(&members, &trials, plan),
        trials,
        generators,
        end: None,
        explanations: Vec::new(),
        rankings: Vec::new(),
        damage: Vec::new(),
    }
}

/// A run folder of the first trials.
fn folder(space: &SearchSpace, n_trials: usize) -> (TempDir, RunFolder) {
    let place = tempfile::tempdir().unwrap();
    let no_plan = NoPlan { schema: 1 };
    let folder = RunFolder::begin(&place.path().join("run")).unwrap();
    folder.describe(&no_plan, &no_plan).unwrap();
    for Trial { number, generation, genome, id, cost, parent, predicted, readings } in trials(space, n_trials)
    {
        let candidate = Candidate { trial: number, generation, genome, id, cost, parent, predicted };
        folder.write_candidate(&candidate, space).unwrap();
        for (rung, measured) in readings.iter().enumerate() {
            folder.write_rung(number, rung, measured).unwrap();
        }
    }
    (place, folder)
}

fn report<'a>(run: Run, space: &'a SearchSpace, plan: &'a SearchPlan) -> Report<'a> {
    let judged = Judged {
        variant: Variant::NanoA,
        trial: 1,
        search_accuracy: 0.9,
        held_out_accuracy: Some(0.75),
        epochs: 80,
        inherits: false,
        classes: vec![HOSTILE.to_owned(), "happiness".to_owned()],
        confusion: vec![vec![3, 1], vec![1, 3]],
    };
    Report {
        name: HOSTILE.to_owned(),
        plan,
        decisions: space.decisions(),
        run,
        judged: vec![judged],
        explained: Some(explained()),
        audit: None,
        sessions: vec![vec![Attempted {
            task: HOSTILE.to_owned(),
            part: HOSTILE.to_owned(),
            host: Some(HOSTILE.to_owned()),
            begun_unix_secs: 1.0,
            secs: 2.0,
            lost: Some(HOSTILE.to_owned()),
        }]],
        plan_text: format!("(\n    space: {HOSTILE:?},\n)"),
        environment: vec![(HOSTILE.to_owned(), HOSTILE.to_owned())],
        notes: vec![HOSTILE.to_owned()],
    }
}

/// A right label and a wrong one.
fn explained() -> Explained {
    let face = |label: &str, named: f64| ExplainedFace {
        truth: HOSTILE.to_owned(),
        label: label.to_owned(),
        probability: 0.875,
        pictures: [b"one".to_vec(), b"other".to_vec()],
        removals: vec![Removed { share: 0.1, named, moved: 0.75, random: 0.5 }],
    };
    let faces = vec![face(HOSTILE, 0.25), face("happiness", 0.5)];
    Explained { variant: Variant::NanoB, n_images: 1234, n_wrong: 1, faces }
}

fn made(n_trials: usize) -> String {
    let (space, plan) = (space(), plan(n_trials));
    page(&report(run(&space, &plan, trials(&space, n_trials)), &space, &plan))
}

/// The block of JSON that the script reads.
fn data(html: &str) -> serde_json::Value {
    let (_, rest) = html.split_once("<script type=\"application/json\" id=\"run\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

#[test]
fn a_page_needs_nothing_but_itself_and_is_the_same_twice() {
    let html = made(40);
    assert!(html == made(40), "two pages of one run differ");
    // The name of SVG's vocabulary, which nothing fetches.
    let html = html.replace("http://www.w3.org/2000/svg", "");
    for word in ["http:", "https:", "url(", "@import", "<link", "fetch(", "XMLHttpRequest", "import("] {
        assert!(!html.contains(word), "the page has {word}");
    }
    assert!(
        html.split("href=")
            .skip(1)
            .all(|rest| ["\"#", "^"].iter().any(|own| rest.starts_with(own)) || rest.starts_with("\\\"#")),
        "a link leaves the page"
    );
    let images: Vec<&str> = html.split("src=").skip(1).collect();
    assert!(images.len() == 4 && images.iter().all(|image| image.starts_with("\"data:image/png;base64,")));
    assert!(html.contains("default-src 'none'"));
    assert!(html.contains("Learning curves of the front"));
}

#[test]
fn every_name_is_shown_as_a_name() {
    let html = made(120);
    assert_eq!(html.matches("<script").count(), 3, "a name began a script");
    assert_eq!(html.matches("</script>").count(), 3, "a name ended a script");
    assert!(!html.contains("<!--"), "a name began a comment");
    let data = data(&html);
    assert_eq!(data["trials"]["number"].as_array().unwrap().len(), 120);
    let failed = serde_json::json!([99, format!("the loss is not finite {HOSTILE}")]);
    assert!(data["trials"]["reason"].as_array().unwrap().contains(&failed));
    let outcomes = data["trials"]["outcome"].as_str().unwrap();
    assert_eq!((outcomes.len(), outcomes.matches('x').count()), (120, 1));
}

#[test]
fn choices_survive_their_digits() {
    let (space, plan) = (space(), plan(8));
    let trials = trials(&space, 8);
    let html = page(&report(run(&space, &plan, trials.clone()), &space, &plan));
    let digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
    for (trial, choices) in trials.iter().zip(data(&html)["trials"]["choices"].as_array().unwrap()) {
        let places: Vec<usize> = choices.as_str().unwrap().chars().map(|c| digits.find(c).unwrap()).collect();
        let read = places.chunks(2).map(|pair| 64 * pair[0] + pair[1]);
        assert!(read.eq(trial.genome.choices()), "trial {}", trial.number);
    }
}

#[test]
fn five_thousand_trials_make_a_page_that_opens() {
    let html = made(5000);
    assert!(html.len() < 3_000_000, "{} bytes", html.len());
    assert_eq!(data(&html)["trials"]["number"].as_array().unwrap().len(), 5000);
    assert!(html.matches("<svg class=\"net\"").count() <= 32);
    assert!(html.contains("Unfinished") || html.contains("Finished"));
}

#[test]
fn what_is_missing_or_damaged_is_said() {
    let (space, plan) = (space(), plan(50));
    let (_place, folder) = folder(&space, 20);
    let rung = folder.path().join("trials/00004/rung-1.ron");
    fs::write(&rung, fs::read_to_string(&rung).unwrap().replace("Trained", "Trainee")).unwrap();
    let run = Run::read(&folder, &space, &Problem::new(&space, &plan).unwrap()).unwrap();
    assert_eq!((run.trials.len(), run.damage.len()), (19, 1));
    let html = page(&report(run, &space, &plan));
    assert!(html.contains("Unfinished, 19 of 50 trials so far"));
    assert!(html.contains("Parts of this run cannot be read.") && html.contains("rung-1.ron is damaged"));

    let (_place, empty) = self::folder(&space, 0);
    let html = page(&report(
        Run::read(&empty, &space, &Problem::new(&space, &plan).unwrap()).unwrap(),
        &space,
        &plan,
    ));
    assert!(
        html.contains("Unfinished, 0 of 50 trials so far") && html.contains("No trial has met the indicator")
    );
}

#[test]
fn an_audit_is_shown_with_lines_and_tau_and_no_audit_is_not() {
    assert!(!made(40).contains("id=\"audit\""));
    let (space, plan) = (space(), plan(40));
    let run = run(&space, &plan, trials(&space, 40));
    let extent = |epochs, folds| Extent { length: Length { epochs, macs: None }, folds, inherits: false };
    let finalists = run.front.members.iter().take(4).enumerate().map(|(at, member)| Finalist {
        member: member.clone(),
        from_scratch: match at {
            3 => FromScratch::Failed { fold: Fold::from_index(0), reason: HOSTILE.to_owned() },
            _ => FromScratch::Judged {
                mean: 0.5 + 0.1 * at as f64,
                deviation: 0.05,
                fold_accuracies: vec![0.5; 5],
            },
        },
        certificate: (at < 3).then_some(Certificate {
            accuracy: 0.5 + 0.1 * at as f64,
            at_least: 0.45 + 0.1 * at as f64,
            n_people: 90,
            n_images: 630,
        }),
    });
    let finalists: Vec<Finalist> = finalists.collect();
    assert_eq!(finalists.len(), 4, "the front is too small for this test");
    let audit = Audit {
        search: extent(8, 2),
        from_scratch: extent(80, 5),
        n_members: 9,
        finalists,
        floor: Some(0.55),
        is_of_new_people: true,
        tau: Some(-1.0),
    };
    let html = page(&Report { audit: Some(audit), ..report(run, &space, &plan) });
    let (_, section) = html.split_once("<section id=\"audit\">").unwrap();
    let section = section.split_once("</section>").unwrap().0;
    for words in [
        "Audit of 4 of the front&#39;s 9 members",
        "8 epochs on 2 folds",
        "80 epochs on 5 folds",
        "60.00 % ± 5.00",
        "tau of the two rankings is -1.00 over 3 networks",
        "failed on fold 1",
        "on people like the 90 judged here, none of whom judged a network in the search",
        "The indicator&#39;s 55.00 % is met at that confidence:",
        "Not shown:",
    ] {
        assert!(section.contains(words), "{words} in {section}");
    }
    assert_eq!(section.matches("<path class=\"climb\"").count(), 3, "a line for each that was judged");
    assert_eq!(html.matches("<script").count(), 3, "a reason began a script");
}

#[test]
fn faces_are_shown_with_what_their_labels_rest_on_and_none_unasked() {
    let (space, plan) = (space(), plan(8));
    let of = |explained| Report { explained, ..report(run(&space, &plan, trials(&space, 8)), &space, &plan) };
    assert!(!page(&of(None)).contains("<img"));
    let html = page(&of(Some(explained())));
    let (_, section) = html.split_once("<section id=\"explained\">").unwrap();
    let section = section.split_once("</section>").unwrap().0;
    for words in [
        "nano-b took 1 of 1,234 images",
        "<figure class=\"right\"><img src=\"data:image/png;base64,b25l\"",
        "<figure class=\"wrong\">",
        "<b>happiness</b>, and it is &lt;/script&gt;",
        "<span>87.50 %</span>",
        "37.50 %",
    ] {
        assert!(section.contains(words), "{words} in {section}");
    }
}

#[test]
fn the_page_of_a_training_is_as_safe_and_says_what_is_left() {
    let text = include_str!("../../../../prototypes/nano-b.ron");
    let spec = ArchitectureSpec::from_ron(text).unwrap();
    let fold = TrainedFold {
        seed: 1,
        fold: 1,
        confusion: vec![vec![4, 1], vec![0, 5]],
        losses: vec![1.9, f32::NAN, 0.7],
    };
    let report = TrainingReport {
        name: HOSTILE.to_owned(),
        network: Graph::new(&spec).unwrap(),
        epochs: 3,
        n_planned: 2,
        folds: vec![fold.clone()],
        classes: vec![HOSTILE.to_owned(), "fear".to_owned()],
        published: spec.expect.clone(),
        plan_text: HOSTILE.to_owned(),
        environment: vec![(HOSTILE.to_owned(), HOSTILE.to_owned())],
        notes: vec![HOSTILE.to_owned()],
        damage: vec![HOSTILE.to_owned()],
    };
    let html = training_page(&report);
    assert_eq!((html.matches("<script").count(), html.contains("<!--")), (1, false));
    assert!(html.contains("Unfinished, 1 of 2 trainings") && html.contains("90.00 %"), "{html}");
    assert!(html.contains("Learning curves") && !html.contains("NaN"));
    let whole = TrainingReport { folds: vec![fold.clone(), TrainedFold { fold: 2, ..fold }], ..report };
    assert!(training_page(&whole).contains("Finished. 2 trainings"));
}
