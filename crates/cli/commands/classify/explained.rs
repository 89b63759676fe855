//! What labels rest on, as pictures, and how far the pictures can be believed.

use std::path::Path;

use netsynth_data::Colour;
use netsynth_report::numbers::percent;
use netsynth_report::{Cell, Column, HeatMap, Picture, Table, heat_maps};
use netsynth_run::{After, Attribution, Method, Removal, RunError, Usage, attribution};
use netsynth_train::Deployed;

use super::{Classified, cannot_write};
use crate::output::print::{print, print_table};

/// A map's measure, without the map.
pub(super) struct Explained {
    method: Method,
    removals: Vec<Removal>,
}

/// Writes the maps of a sample's label beside the sample, and measures them.
pub(super) fn explained(
    path: &Path,
    network: &Deployed,
    usage: &Usage,
    levels: &[u8],
    (class, label): (usize, &str),
    number: u64,
) -> Result<Vec<Explained>, RunError> {
    let found = Method::ALL.map(|method| attribution(method, network, usage, levels, class, number));
    let (height, width) = (usage.options.height as u32, usage.options.width as u32);
    let pixels = interleaved(levels, usage.options.colour);
    let picture = Picture { width, height, pixels: &pixels };
    let maps = found
        .each_ref()
        .map(|Attribution { method, map, .. }| HeatMap { caption: method.name(), values: map });
    let png = heat_maps(picture, label, &maps).map_err(RunError::of)?;
    std::fs::write(path, png).map_err(|cause| cannot_write(path, &cause))?;
    Ok(found.into_iter().map(|Attribution { method, removals, .. }| Explained { method, removals }).collect())
}

/// A sample's planes as red, green and blue of each pixel.
pub(crate) fn interleaved(levels: &[u8], colour: Colour) -> Vec<u8> {
    let plane = levels.len() / colour.channels();
    let of = |at: usize| match colour {
        Colour::Gray => [levels[at]; 3],
        Colour::Rgb => [levels[at], levels[plane + at], levels[2 * plane + at]],
    };
    (0..plane).flat_map(of).collect()
}

/// The measures of all images.
#[derive(Default)]
pub(super) struct Measure {
    rows: Vec<Row>,
}

struct Row {
    image: String,
    label: String,
    probability: f64,
    method: Method,
    removal: Removal,
}

impl Measure {
    pub(super) fn add(&mut self, classified: &Classified, classes: &[String]) {
        let Classified { image, class, probabilities, explained, .. } = classified;
        for Explained { method, removals } in explained {
            self.rows.extend(removals.iter().map(|removal| Row {
                image: image.clone(),
                label: classes[*class].clone(),
                probability: probabilities[*class].into(),
                method: *method,
                removal: *removal,
            }));
        }
    }

    /// Writes a row for each image, map and share into a folder that is not at its place yet.
    pub(super) fn write(&self, folder: &Path) -> Result<(), RunError> {
        let after = |name: &'static str, of: fn(&Removal) -> After| {
            [
                Column::right(&format!("{name} probability"), move |row: &Row| {
                    Cell::share(of(&row.removal).probability)
                }),
                Column::right(&format!("{name} kept"), move |row: &Row| Cell::share(of(&row.removal).kept)),
            ]
        };
        let mut columns = vec![
            Column::left("image", |row: &Row| Cell::text(&row.image)),
            Column::left("label", |row: &Row| Cell::text(&row.label)),
            Column::right("probability", |row: &Row| Cell::share(row.probability)),
            Column::left("map", |row: &Row| Cell::text(row.method.name())),
            Column::right("removed", |row: &Row| Cell::share(row.removal.share)),
        ];
        columns.extend(after("named", |removal| removal.named));
        columns.extend(after("moved", |removal| removal.moved));
        columns.extend(after("random", |removal| removal.random));
        let path = folder.join("measure.csv");
        let text = Table::new(&columns, &self.rows).csv() + "\n";
        std::fs::write(&path, text).map_err(|cause| cannot_write(&path, &cause))
    }

    /// Prints the means over all images.
    pub(super) fn show(&self) -> Result<(), RunError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let mut means: Vec<(Method, Removal)> = Vec::new();
        for Row { method, removal: Removal { share, .. }, .. } in &self.rows {
            if means.iter().any(|(known, mean)| (known, mean.share) == (method, *share)) {
                continue;
            }
            let same = |row: &&Row| row.method == *method && row.removal.share == *share;
            let mean = |of: fn(&Removal) -> After| {
                let all: Vec<After> = self.rows.iter().filter(same).map(|row| of(&row.removal)).collect();
                After::mean(&all)
            };
            let removal = Removal {
                share: *share,
                named: mean(|removal| removal.named),
                moved: mean(|removal| removal.moved),
                random: mean(|removal| removal.random),
            };
            means.push((*method, removal));
        }
        type Mean = (Method, Removal);
        let cell = |after: After| {
            Cell::new(after.probability, format!("{} ({})", percent(after.probability), percent(after.kept)))
        };
        let columns = [
            Column::left("map", |(method, _): &Mean| Cell::text(method.name())),
            Column::right("removed", |(_, removal): &Mean| Cell::share(removal.share)),
            Column::right("named pixels", |(_, removal): &Mean| cell(removal.named)),
            Column::right("same form elsewhere", |(_, removal): &Mean| cell(removal.moved)),
            Column::right("random pixels", |(_, removal): &Mean| cell(removal.random)),
        ];
        print(
            "\nThe label's probability after pixels were removed (and how often it is still the label). A map that is \
             right leaves less than chance:",
        )?;
        print_table(&Table::new(&columns, &means))
    }
}
