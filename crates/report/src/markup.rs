//! Text inside XML and HTML.

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
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut uri = "data:image/png;base64,".to_owned();
    for bytes in png.chunks(3) {
        let byte = |at: usize| u32::from(bytes.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            uri.push(match digit <= bytes.len() {
                true => char::from(DIGITS[(bits >> (18 - 6 * digit)) as usize % 64]),
                false => '=',
            });
        }
    }
    uri
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
