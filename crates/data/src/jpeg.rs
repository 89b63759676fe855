//! Whether a JPEG is whole. The decoder fills what a file lacks with gray and passes over what it cannot read, so its
//! markers are followed here.

const CUT_OFF: &str = "is cut off: the JPEG has no end";
const DAMAGED: &str = "is damaged: the JPEG has bytes in the middle that no JPEG has there";

/// What is wrong with the picture in a file that begins as a JPEG does, in words that go on from its name: it is not ended by
/// its marker, or compressed data are followed by what cannot follow them. Other changes of compressed data make another picture
/// and no error.
pub(crate) fn damage(bytes: &[u8]) -> Option<&'static str> {
    const END: u8 = 0xd9;
    const SCAN: u8 = 0xda;
    let mut at = 2;
    let mut is_after_scan = false;
    loop {
        let Some(marker) = next_marker(bytes, &mut at) else { return Some(CUT_OFF) };
        match marker {
            END => return None,
            _ if is_after_scan && !may_follow_scan(marker) => return Some(DAMAGED),
            // Without a length: what is no marker, restarts, and the beginning.
            0x00 | 0x01 | 0xd0..=0xd8 => {}
            _ => {
                let Some(&[high, low]) = bytes.get(at..at + 2) else { return Some(CUT_OFF) };
                at += usize::from(u16::from_be_bytes([high, low])).max(2);
                is_after_scan |= marker == SCAN;
                if marker == SCAN && !skip_scan(bytes, &mut at) {
                    return Some(DAMAGED);
                }
            }
        }
    }
}

/// Tables, comments, a number of lines, what programs add, or another scan.
fn may_follow_scan(marker: u8) -> bool {
    matches!(marker, 0xc4 | 0xcc | 0xda..=0xdd | 0xe0..=0xef | 0xfe)
}

/// The next marker, and `at` behind it.
fn next_marker(bytes: &[u8], at: &mut usize) -> Option<u8> {
    while *bytes.get(*at)? != 0xff {
        *at += 1;
    }
    while *bytes.get(*at)? == 0xff {
        *at += 1;
    }
    *at += 1;
    Some(bytes[*at - 1])
}

/// Goes to the marker after compressed data, in which 0xff is followed by 0 or by a restart; false if the restarts, which
/// are numbered round from 0 to 7, do not follow each other.
fn skip_scan(bytes: &[u8], at: &mut usize) -> bool {
    let mut n_restarts = 0u8;
    while let Some(&[one, two]) = bytes.get(*at..*at + 2) {
        match (one, two) {
            (0xff, 0xd0..=0xd7) if two - 0xd0 != n_restarts % 8 => return false,
            (0xff, 0xd0..=0xd7) => n_restarts = (n_restarts + 1) % 8,
            (0xff, 0 | 0xff) => {}
            (0xff, _) => return true,
            _ => {}
        }
        *at += 1;
    }
    *at = bytes.len();
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture with these compressed data, and an end.
    fn picture(data: &[u8]) -> Vec<u8> {
        [&[0xff, 0xd8, 0xff, 0xda, 0, 2][..], data, &[0xff, 0xd9]].concat()
    }

    #[test]
    fn what_cannot_be_in_the_middle_of_a_picture_is_damage() {
        for whole in
            [&[1, 2, 3][..], &[1, 0xff, 0, 2], &[1, 0xff, 0xd0, 2, 0xff, 0xd1, 3], &[1, 0xff, 0xda, 0, 2, 3]]
        {
            assert_eq!(damage(&picture(whole)), None, "{whole:x?}");
        }
        // A marker that is none, a restart that is missing, and one that comes twice.
        for damaged in [&[1, 0xff, 0x41, 2][..], &[1, 0xff, 0xd1, 2], &[1, 0xff, 0xd0, 2, 0xff, 0xd0, 3]] {
            assert_eq!(damage(&picture(damaged)), Some(DAMAGED), "{damaged:x?}");
        }
        assert_eq!(damage(&picture(&[1, 2, 3])[..8]), Some(CUT_OFF));
    }
}
