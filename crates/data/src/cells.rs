//! The cells of a table's lines.

use std::borrow::Cow;

/// What stands between the cells of a table: spreadsheets of many countries write semicolons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Separator(char);

impl Separator {
    pub(crate) const COMMA: Separator = Separator(',');

    /// The places of `names` in a first line, in any case, and what separates its cells.
    pub(crate) fn of_header<const N: usize>(line: &str, names: [&str; N]) -> Option<(Separator, [usize; N])> {
        [',', ';', '\t'].into_iter().map(Separator).find_map(|separator| {
            let cells = separator.cells(line);
            let at = |name: &str| cells.iter().position(|cell| cell.eq_ignore_ascii_case(name));
            let places = names.map(at);
            places.iter().all(Option::is_some).then(|| (separator, places.map(Option::unwrap_or_default)))
        })
    }

    /// The cells of a line, without the spaces around them and without their quotes; a quoted cell may have separators
    /// and, doubled, quotes inside.
    pub(crate) fn cells(self, line: &str) -> Vec<Cow<'_, str>> {
        if !line.contains('"') {
            return line.split(self.0).map(|cell| Cow::Borrowed(cell.trim())).collect();
        }
        let mut cells = Vec::new();
        let mut rest = line;
        loop {
            let start = rest.trim_start_matches([' ', '\u{a0}']);
            let cell_end = |text: &str| text.find(self.0).unwrap_or(text.len());
            let after = match start.strip_prefix('"').and_then(closed) {
                Some((cell, after)) => {
                    cells.push(Cow::Owned(cell.trim().to_owned()));
                    &after[cell_end(after)..]
                }
                None => {
                    let end = cell_end(start);
                    cells.push(Cow::Borrowed(start[..end].trim().trim_matches('"').trim()));
                    &start[end..]
                }
            };
            match after.strip_prefix(self.0) {
                Some(next) => rest = next,
                None => return cells,
            }
        }
    }
}

/// What stands before the closing quote, and what after it; nothing if none closes.
fn closed(text: &str) -> Option<(String, &str)> {
    let mut cell = String::new();
    let mut rest = text;
    loop {
        let end = rest.find('"')?;
        cell += &rest[..end];
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(next) => {
                cell.push('"');
                rest = next;
            }
            None => return Some((cell, rest)),
        }
    }
}

/// A whole number, also as spreadsheets write one: `3.0`.
pub(crate) fn whole_number(cell: &str) -> Option<i64> {
    if let Ok(number) = cell.parse::<i32>() {
        return Some(number.into());
    }
    let number: f64 = cell.parse().ok()?;
    let is_whole = number.fract() == 0.0 && number.abs() <= f64::from(i32::MAX);
    is_whole.then_some(number as i64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

    use super::*;

    #[test]
    fn cells_may_be_quoted_and_separated_by_what_the_header_shows() {
        let cells = |line: &'static str| Separator::COMMA.cells(line);
        assert_eq!(cells(r#" 3 ,"a, b",  "say ""x"" " , plain "#), ["3", "a, b", "say \"x\"", "plain"]);
        assert_eq!(cells(r#"1,"open,2"#), ["1", "open", "2"]);
        assert_eq!(cells("a,,"), ["a", "", ""]);
        for (line, separator) in [("Path;X", ';'), ("path\tx", '\t'), ("x, \"path\"", ',')] {
            let (found, [path, x]) = Separator::of_header(line, ["path", "x"]).unwrap();
            assert_eq!((found, path + x), (Separator(separator), 1), "{line}");
        }
        assert_eq!(Separator::of_header("path,y", ["path", "x"]), None);
        assert_eq!(
            ["3", "3.0", "-2", "3.5", "x", "1e99", ""].map(whole_number),
            [Some(3), Some(3), Some(-2), None, None, None, None]
        );
    }
}
