//! Text inside XML and HTML.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The text such that it stands for itself between tags and in quoted attributes, whoever wrote it.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // XML 1.0 has no way to write these.
            '\t' | '\n' | '\r' => safe.push(' '),
            '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            control if control.is_control() => safe.push('\u{fffd}'),
            plain => safe.push(plain),
        }
    }
    safe
}

/// A PNG as the address of an image that is in the page itself.
pub(crate) fn data_uri(png: &[u8]) -> String {
    format!("data:image/png;base64,{}", STANDARD.encode(png))
}

#[cfg(test)]
mod tests {
    use super::{data_uri, escaped};

    #[test]
    fn bytes_are_written_in_base_64() {
        for (bytes, digits) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(data_uri(bytes.as_bytes()), format!("data:image/png;base64,{digits}"));
        }
    }

    #[test]
    fn no_text_ends_a_tag_or_an_attribute() {
        assert_eq!(escaped("</script><b a='\"&"), "&lt;/script&gt;&lt;b a=&#39;&quot;&amp;");
        assert_eq!(escaped("one\ntwo\u{0}three\u{7f}"), "one two\u{fffd}three\u{fffd}");
        assert_eq!(escaped("Çuğu <- y1+id1"), "Çuğu &lt;- y1+id1");
    }
}
