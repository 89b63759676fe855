//! A scatter plot in the cells of a terminal.

use super::scatter::{Kind, Scatter};

/// What a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyphs {
    /// Dots of braille, eight a cell.
    Braille,
    /// Letters and signs that every terminal has.
    Ascii,
}

/// A plot of so many columns and rows in all, each line without blanks at its end.
///
/// Members are discs, or a letter for each series where there are several; the line between what they dominate and
/// what they do not is dotted, as are the other points.
pub fn terminal(plot: &Scatter, columns: usize, rows: usize, glyphs: Glyphs) -> String {
    let labels = plot.y.ticks((rows / 3).clamp(2, 8));
    let margin = labels.iter().map(|(_, text)| text.chars().count()).max().unwrap_or(0);
    let mut canvas =
        Canvas::new(columns.saturating_sub(margin + 2).max(8), rows.saturating_sub(3).max(3), glyphs);
    for (number, series) in plot.series.iter().enumerate() {
        for pair in series.staircase().windows(2) {
            let [from, to] = [pair[0], pair[1]].map(|(x, y)| (plot.x.position(x), plot.y.position(y)));
            canvas.line(from, to);
        }
        for kind in [Kind::Partial, Kind::Complete, Kind::Member] {
            for point in series.points.iter().filter(|point| point.kind == kind) {
                let position = (plot.x.position(point.x), plot.y.position(point.y));
                match kind {
                    Kind::Partial | Kind::Complete => match glyphs {
                        Glyphs::Braille => canvas.dot(position),
                        Glyphs::Ascii => canvas.letter(position, '+'),
                    },
                    Kind::Member => canvas.letter(position, disc(number, plot.series.len(), glyphs)),
                }
            }
        }
    }
    let (bar, corner, floor) = match glyphs {
        Glyphs::Braille => ('│', '└', '─'),
        Glyphs::Ascii => ('|', '+', '-'),
    };
    let mut lines = vec![format!("{:margin$} {}", "", plot.y.title)];
    for row in 0..canvas.rows {
        let label = labels.iter().find(|(value, _)| canvas.row(plot.y.position(*value)) == row);
        let label = label.map_or("", |(_, text)| text);
        lines.push(format!("{label:>margin$} {bar}{}", canvas.text(row)));
    }
    lines.push(format!("{:margin$} {corner}{}", "", floor.to_string().repeat(canvas.columns)));
    lines.push(format!("{:margin$}  {}", "", footing(plot, canvas.columns)));
    lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
}

/// What a member of a series looks like.
fn disc(series: usize, n_series: usize, glyphs: Glyphs) -> char {
    match (n_series, glyphs) {
        (1, Glyphs::Braille) => '●',
        (1, Glyphs::Ascii) => 'o',
        _ => letter(series),
    }
}

/// The letter of a series: A to Z, and again.
pub fn letter(series: usize) -> char {
    char::from(b'A' + (series % 26) as u8)
}

/// The ticks of the axis from left to right, as many as do not touch, and its title at the end if there is room.
fn footing(plot: &Scatter, columns: usize) -> String {
    let mut line = vec![' '; columns];
    let mut free_from = 0;
    let mut write = |start: usize, text: &str| {
        let length = text.chars().count();
        if start >= free_from && start + length <= columns {
            line[start..start + length].iter_mut().zip(text.chars()).for_each(|(cell, sign)| *cell = sign);
            free_from = start + length + 2;
        }
    };
    let ticks = plot.x.ticks((columns / 10).clamp(2, 9));
    let title = plot.x.title.chars().count();
    for (value, text) in &ticks {
        let middle = (plot.x.position(*value) * (columns - 1) as f64).round() as usize;
        let start = middle.saturating_sub(text.chars().count() / 2);
        if start + text.chars().count() + 2 + title <= columns {
            write(start, text);
        }
    }
    write(columns.saturating_sub(title), &plot.x.title);
    line.into_iter().collect()
}

/// Cells of dots, and letters over them.
struct Canvas {
    columns: usize,
    rows: usize,
    glyphs: Glyphs,
    dots: Vec<bool>,
    letters: Vec<Option<char>>,
}

impl Canvas {
    fn new(columns: usize, rows: usize, glyphs: Glyphs) -> Self {
        let (wide, high) = glyphs.dots();
        let letters = vec![None; columns * rows];
        Self { columns, rows, glyphs, dots: vec![false; columns * wide * rows * high], letters }
    }

    /// The dot at a position, counted from the left and from the top.
    fn dot_of(&self, (x, y): (f64, f64)) -> (usize, usize) {
        let (wide, high) = self.glyphs.dots();
        let at = |share: f64, n_dots: usize| (share * (n_dots - 1) as f64).round() as usize;
        (at(x, self.columns * wide), at(1.0 - y, self.rows * high))
    }

    fn row(&self, y: f64) -> usize {
        self.dot_of((0.0, y)).1 / self.glyphs.dots().1
    }

    fn set(&mut self, (x, y): (usize, usize)) {
        let width = self.columns * self.glyphs.dots().0;
        self.dots[y * width + x] = true;
    }

    fn dot(&mut self, position: (f64, f64)) {
        let dot = self.dot_of(position);
        self.set(dot);
    }

    /// A level or upright line, every other dot.
    fn line(&mut self, from: (f64, f64), to: (f64, f64)) {
        let (from, to) = (self.dot_of(from), self.dot_of(to));
        for x in from.0.min(to.0)..=from.0.max(to.0) {
            for y in from.1.min(to.1)..=from.1.max(to.1) {
                if (x + y) % 2 == 0 {
                    self.set((x, y));
                }
            }
        }
    }

    fn letter(&mut self, position: (f64, f64), letter: char) {
        let (x, y) = self.dot_of(position);
        let (wide, high) = self.glyphs.dots();
        self.letters[y / high * self.columns + x / wide] = Some(letter);
    }

    /// One row of cells.
    fn text(&self, row: usize) -> String {
        let (wide, high) = self.glyphs.dots();
        let width = self.columns * wide;
        let is_set =
            |column: usize, x: usize, y: usize| self.dots[(row * high + y) * width + column * wide + x];
        let cell = |column: usize| match (self.letters[row * self.columns + column], self.glyphs) {
            (Some(letter), _) => letter,
            (None, Glyphs::Ascii) => {
                if is_set(column, 0, 0) {
                    '.'
                } else {
                    ' '
                }
            }
            (None, Glyphs::Braille) => {
                let dots = BRAILLE
                    .iter()
                    .enumerate()
                    .flat_map(|(y, bits)| bits.iter().enumerate().map(move |(x, bit)| (x, y, *bit)));
                let bits =
                    dots.filter(|(x, y, _)| is_set(column, *x, *y)).fold(0, |all, (_, _, bit)| all | bit);
                if bits == 0 { ' ' } else { char::from_u32(0x2800 + bits).unwrap_or(' ') }
            }
        };
        (0..self.columns).map(cell).collect()
    }
}

/// The bit of each dot of a braille cell (Unicode block 2800).
const BRAILLE: [[u32; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

impl Glyphs {
    /// Dots of a cell, across and down.
    fn dots(self) -> (usize, usize) {
        match self {
            Glyphs::Braille => (2, 4),
            Glyphs::Ascii => (1, 1),
        }
    }
}
