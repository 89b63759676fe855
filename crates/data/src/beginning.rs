//! What comes in a stream that has no name.

/// What a stream begins as, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// PNM images that follow each other.
    Frames,
    /// One image of another format.
    Image,
    /// Anything else, such as a list of files.
    Text,
}

impl Beginning {
    /// By so many of the first bytes as there are; 16 are enough.
    pub fn of(bytes: &[u8]) -> Self {
        match bytes {
            // Two letters begin a PNM, and many a text; numbers follow in the one.
            [b'P', b'1'..=b'7', b' ' | b'\t' | b'\r' | b'\n', b'0'..=b'9' | b'#' | b'W', ..] => {
                Beginning::Frames
            }
            [b'B', b'M', rest @ ..] if !rest.contains(&0) => Beginning::Text,
            [b'P', b'1'..=b'7', ..] => Beginning::Text,
            bytes if image::guess_format(bytes).is_ok() => Beginning::Image,
            _ => Beginning::Text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_files_is_no_image() {
        let png = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', 0, 0, 0, 13];
        for (bytes, beginning) in [
            (&png[..], Beginning::Image),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", Beginning::Image),
            (b"BM\x46\0\0\0\0\0\0\0", Beginning::Image),
            (b"P6\n640 480\n255\n", Beginning::Frames),
            (b"P7\nWIDTH 4\n", Beginning::Frames),
            (b"P5/one.png\n", Beginning::Text),
            (b"BMW.png\nother\n", Beginning::Text),
            (b"faces/a.png\n", Beginning::Text),
            (b"", Beginning::Text),
        ] {
            assert_eq!(Beginning::of(bytes), beginning, "{bytes:?}");
        }
    }
}
