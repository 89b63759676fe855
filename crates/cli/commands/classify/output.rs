//! What is printed of every image, in the form that was asked for.

use std::collections::BTreeMap;

use netsynth_data::Rectangle;
use netsynth_report::{Cell, Column, Table};
use netsynth_run::RunError;
use serde::Serialize;

use super::Classified;
use crate::output::print::{print, print_json_line, print_table, print_while_read};

pub(super) struct Output<'a> {
    classes: &'a [String],
    form: Form,
}

pub(super) enum Form {
    /// All at the end: a column is as wide as its widest cell.
    Table(Vec<Classified>),
    Csv,
    Json,
}

/// An image as a line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    image: &'a str,
    label: &'a str,
    probability: f32,
    probabilities: BTreeMap<&'a str, f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<Rectangle>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_one_of_several_faces: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<&'a str>,
}

impl<'a> Output<'a> {
    pub(super) fn begin(form: Form, classes: &'a [String]) -> Result<Self, RunError> {
        let output = Self { classes, form };
        if let Form::Csv = output.form {
            print(output.table(&[]).csv_header())?;
        }
        Ok(output)
    }

    pub(super) fn add(&mut self, classified: Classified) -> Result<(), RunError> {
        match &mut self.form {
            Form::Table(all) => {
                all.push(classified);
                Ok(())
            }
            Form::Csv => print_while_read(self.table(&[classified]).csv_rows()),
            Form::Json => print_json_line(&self.line(&classified)),
        }
    }

    /// Prints what was kept for the end, and says whether people read it.
    pub(super) fn end(self) -> Result<bool, RunError> {
        match &self.form {
            Form::Table(all) => {
                if !all.is_empty() {
                    print_table(&self.table(all))?;
                }
                Ok(true)
            }
            Form::Csv | Form::Json => Ok(false),
        }
    }

    fn line<'b>(&'b self, classified: &'b Classified) -> Line<'b> {
        let Classified { image, class, probabilities, part, is_one_of_several, picture, .. } = classified;
        let names = self.classes.iter().map(String::as_str);
        Line {
            image,
            label: &self.classes[*class],
            probability: probabilities[*class],
            probabilities: names.zip(probabilities.iter().copied()).collect(),
            part: *part,
            is_one_of_several_faces: *is_one_of_several,
            picture: picture.as_deref(),
        }
    }

    fn table(&self, rows: &[Classified]) -> Table {
        let share = |probability: f32| Cell::share(f64::from(probability));
        let mut columns = vec![
            Column::left("image", |row: &Classified| Cell::text(&row.image)),
            Column::left("label", |row: &Classified| Cell::text(&self.classes[row.class])),
            Column::right("probability", |row: &Classified| share(row.probabilities[row.class])),
        ];
        columns.extend(self.classes.iter().enumerate().map(|(class, name)| {
            Column::right(name, move |row: &Classified| share(row.probabilities[class])).named(name)
        }));
        Table::new(&columns, rows)
    }
}
