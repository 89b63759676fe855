//! Faces that a variant was judged by, with what its labels rest on.

use std::fmt::Write;

use netsynth_search::Variant;

use crate::markup::{data_uri, escaped};
use crate::numbers::{count, percent};
use crate::tables::{Cell, Column, Table};

/// Right and wrong labels of a variant.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// Which it is.
    pub variant: Variant,
    /// How many images of held-out people judged it.
    pub n_images: usize,
    /// How many of them got a wrong label.
    pub n_wrong: usize,
    /// Some of the wrong labels, then some of the right ones.
    pub faces: Vec<ExplainedFace>,
}

/// A face with its label.
#[derive(Debug, Clone, PartialEq)]
pub struct ExplainedFace {
    /// What it shows.
    pub truth: String,
    /// What it is taken for.
    pub label: String,
    /// The label's probability.
    pub probability: f64,
    /// It and its map, as PNG.
    pub pictures: [Vec<u8>; 2],
    /// What is left of the probability when a share of the pixels is removed.
    pub removals: Vec<Removed>,
}

/// What is left of a label's probability when a share of the pixels is removed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Removed {
    /// The share.
    pub share: f64,
    /// Those that the map names first.
    pub named: f64,
    /// As many in the same form elsewhere.
    pub moved: f64,
    /// As many anywhere.
    pub random: f64,
}

pub(super) fn explained(explained: &Explained) -> String {
    let Explained { variant, n_images, n_wrong, faces } = explained;
    let mut html = format!(
        "<section id=\"explained\">\n<h2>What labels rest on</h2>\n<p>{variant} took {} of {} images of held-out people for what they \
         are not. Here are the wrong labels that it was surest of, then for each class the right one that it was surest of, a handful \
         of each. Beside each face is what its label rests on: <b>orange</b> speaks for it, <b>blue</b> against it, as strong as \
         the probability that the label loses while a patch around the pixel is hidden.</p>\n<div class=\"faces\">\n",
        count(*n_wrong as u64),
        count(*n_images as u64)
    );
    faces.iter().for_each(|face| html += &figure(face));
    html += "</div>\n<p class=\"hint\">A map without its measure is decoration. So the pixels that it names first are replaced by the \
             image's mean, and the label is asked for again: a map that is right leaves less of the label's probability than the same \
             form elsewhere, and than as many random pixels, which disturb a network as noise does, wherever they are. Means over \
             these faces:</p>\n";
    html + &measure(faces).html() + "</section>\n"
}

fn figure(face: &ExplainedFace) -> String {
    let ExplainedFace { truth, label, probability, pictures, .. } = face;
    let is_right = truth == label;
    let mut html = format!("<figure class=\"{}\">", if is_right { "right" } else { "wrong" });
    let names = [format!("a face that shows {truth}"), format!("what the label {label} rests on")];
    for (picture, name) in pictures.iter().zip(names) {
        let _ = write!(html, "<img src=\"{}\" alt=\"{}\">", data_uri(picture), escaped(&name));
    }
    let said = match is_right {
        true => format!("<b>{}</b>", escaped(label)),
        false => format!("<b>{}</b>, and it is {}", escaped(label), escaped(truth)),
    };
    html + &format!(
        "<figcaption><span>{said}</span><span>{}</span></figcaption></figure>\n",
        percent(*probability)
    )
}

/// The means over all faces for each share.
fn measure(faces: &[ExplainedFace]) -> Table {
    let shares = faces.first().map_or(0, |face| face.removals.len());
    let mean = |at: usize, of: fn(&Removed) -> f64| {
        let all: Vec<f64> = faces.iter().filter_map(|face| face.removals.get(at)).map(of).collect();
        all.iter().sum::<f64>() / all.len().max(1) as f64
    };
    let means: Vec<Removed> = (0..shares)
        .map(|at| Removed {
            share: mean(at, |removed| removed.share),
            named: mean(at, |removed| removed.named),
            moved: mean(at, |removed| removed.moved),
            random: mean(at, |removed| removed.random),
        })
        .collect();
    let left = |heading: &str, of: fn(&Removed) -> f64| {
        Column::right(heading, move |removed: &Removed| Cell::share(of(removed)))
    };
    let columns = [
        left("pixels removed", |removed| removed.share),
        left("named by the map", |removed| removed.named),
        left("same form elsewhere", |removed| removed.moved),
        left("random", |removed| removed.random),
    ];
    Table::new(&columns, &means)
}
