//! Plots of networks, as text and as pictures.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use netsynth_report::{Axis, Glyphs, Kind, Notation, Point, Scale, Scatter, Series, png, scatter, terminal};

fn two_runs() -> Scatter {
    let point = |x: f64, y: f64, kind: Kind, label: &str| Point { x, y, kind, label: label.to_owned() };
    let one = vec![
        point(30e3, 0.905, Kind::Member, "nano-b"),
        point(60e3, 0.93, Kind::Member, "knee"),
        point(232e3, 0.951, Kind::Member, "nano-a"),
        point(150e3, 0.921, Kind::Complete, ""),
        point(90e3, 0.905, Kind::Partial, ""),
        point(400e3, 0.94, Kind::Complete, ""),
    ];
    let other = vec![point(45e3, 0.91, Kind::Member, ""), point(120e3, 0.94, Kind::Member, "")];
    let all = || one.iter().chain(&other);
    Scatter {
        title: "runs/one & <runs/two>".to_owned(),
        x: Axis::new("parameters", Notation::Count, Scale::Logarithmic, all().map(|point| point.x)),
        y: Axis::new("accuracy", Notation::Percent, Scale::Linear, all().map(|point| point.y)),
        series: vec![
            Series { name: "runs/one".to_owned(), points: one.clone() },
            Series { name: "<runs/two>".to_owned(), points: other.clone() },
        ],
    }
}

fn one_run() -> Scatter {
    let mut plot = two_runs();
    plot.series.truncate(1);
    plot
}

#[test]
fn a_terminal_shows_the_front() {
    insta::assert_snapshot!(terminal(&one_run(), 64, 16, Glyphs::Braille));
}

#[test]
fn every_terminal_shows_two_fronts() {
    insta::assert_snapshot!(terminal(&two_runs(), 64, 16, Glyphs::Ascii));
}

#[test]
fn no_size_is_too_small_and_no_line_too_long() {
    for glyphs in [Glyphs::Braille, Glyphs::Ascii] {
        for (columns, rows) in [(0, 0), (1, 1), (20, 6), (80, 24), (300, 100)] {
            let text = terminal(&two_runs(), columns, rows, glyphs);
            assert_eq!(text.is_ascii(), glyphs == Glyphs::Ascii);
            assert!(text.lines().all(|line| line.chars().count() <= columns.max(17)), "{columns}: {text}");
            assert!(text.lines().count() <= rows.max(6), "{rows}: {text}");
        }
    }
    let mut empty = one_run();
    empty.series.clear();
    assert!(terminal(&empty, 40, 10, Glyphs::Ascii).contains("accuracy"));
}

#[test]
fn a_picture_is_drawn_with_letters_on_any_machine() {
    let svg = scatter(&two_runs());
    assert!(svg.contains("runs/one &amp; &lt;runs/two&gt;") && !svg.contains("<runs"), "{svg}");
    let picture = image::load_from_memory(&png(&svg).unwrap()).unwrap().to_rgb8();
    assert_eq!((picture.width(), picture.height()), (1468, 1116));
    // The title is the only ink above the frame; without a font there would be none.
    let n_dark = picture.enumerate_pixels().filter(|(_, y, pixel)| *y < 76 && pixel.0[0] < 128).count();
    assert!(n_dark > 300, "{n_dark}");
    assert_eq!(png(&svg).unwrap(), png(&scatter(&two_runs())).unwrap());
    assert!(png("no drawing").unwrap_err().to_string().contains("cannot be read"));
    if let Some(folder) = option_env!("NETSYNTH_PICTURES") {
        std::fs::write(format!("{folder}/scatter.png"), png(&svg).unwrap()).unwrap();
    }
}
