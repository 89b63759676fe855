//! Pieces of C.

use std::fmt::Display;

/// A function with constants of its own: what is specialised to a step's shapes.
pub(super) fn function(name: &str, parameters: &str, constants: &[(&str, usize)], body: &str) -> String {
    let constants: Vec<String> = constants.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let constants = match constants.is_empty() {
        true => String::new(),
        false => format!("    enum {{ {} }};\n", constants.join(", ")),
    };
    format!("static void {name}({parameters})\n{{\n{constants}{body}}}\n\n")
}

/// An array that nothing changes.
pub(super) fn array<T: Display>(of: &str, name: &str, values: impl Iterator<Item = T>) -> String {
    let values: Vec<String> = values.map(|value| value.to_string()).collect();
    lines(of, name, values.len(), &values, 12)
}

/// An array of so many numbers, written as fewer items.
pub(super) fn lines(of: &str, name: &str, length: usize, items: &[String], per_line: usize) -> String {
    let lines: Vec<String> = items.chunks(per_line).map(|line| format!("    {}", line.join(", "))).collect();
    format!("static const {of} {name}[{length}] = {{\n{}\n}};\n\n", lines.join(",\n"))
}

/// The bytes of all arrays that [`array`] wrote into a source.
pub(super) fn constant_bytes(source: &str) -> usize {
    let arrays = source.lines().filter_map(|line| line.strip_prefix("static const ")?.strip_suffix("] = {"));
    let bytes = arrays.filter_map(|array| {
        let (declared, length) = array.split_once('[')?;
        let size = if declared.contains("int8_t ") { 1 } else { 4 };
        Some(size * length.parse::<usize>().ok()?)
    });
    bytes.sum()
}

/// A float that is read back as the same one.
pub(super) fn float(value: f32) -> String {
    format!("{value:?}f")
}

/// A comment's text, without anything that a compiler could take for more.
pub(super) fn remark(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " ._+-,:()".contains(c);
    text.chars().map(|c| if is_plain(c) { c } else { '_' }).collect()
}

/// A comment of lines that are not too long, whose text is [`remark`]'s.
pub(super) fn comment(text: &str) -> String {
    const WIDTH: usize = 100;
    let mut found = "/*".to_owned();
    let mut length = found.len();
    for word in text.split_whitespace() {
        let gap = if length + word.len() >= WIDTH { "\n   " } else { " " };
        length = if gap == " " { length + 1 + word.len() } else { 3 + word.len() };
        found.push_str(gap);
        found.push_str(word);
    }
    found.push_str(" */\n");
    found
}

/// A string literal of any text, in UTF-8.
pub(super) fn literal(text: &str) -> String {
    let escaped: String = text
        .bytes()
        .map(|byte| match byte {
            b' ' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            byte => format!("\\{byte:03o}"),
        })
        .collect();
    format!("\"{escaped}\"")
}
