use std::borrow::Cow;
use std::path::Path;

/// A path as messages show it: on one line, whatever somebody called a file. A path that is used again is never made of it.
pub trait Shown {
    /// The path with what a terminal would obey written out as in a string of RON: `a\u{a}b`.
    fn shown(&self) -> String;
}

impl Shown for Path {
    fn shown(&self) -> String {
        in_a_line(&self.display().to_string()).into_owned()
    }
}

/// A name that anybody may have given, with the ends of lines and all else that a terminal obeys written out as in a string of
/// RON.
pub fn in_a_line(name: &str) -> Cow<'_, str> {
    if !name.contains(is_obeyed) {
        return Cow::Borrowed(name);
    }
    let mut shown = String::with_capacity(name.len() + 16);
    for letter in name.chars() {
        if is_obeyed(letter) {
            shown.extend(letter.escape_unicode());
        } else {
            shown.push(letter);
        }
    }
    Cow::Owned(shown)
}

/// Whether a terminal does something at a character other than showing it, or turns the order of others round.
pub fn is_obeyed(letter: char) -> bool {
    let turns = matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || letter.is_control()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_on_one_line_and_obeyed_by_no_terminal() {
        assert_eq!(Path::new("runs/a b-é").shown(), "runs/a b-é");
        assert_eq!(Path::new("a\nb\r\x1b[31m\u{202e}c").shown(), "a\\u{a}b\\u{d}\\u{1b}[31m\\u{202e}c");
    }
}
