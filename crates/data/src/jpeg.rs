//! Whether a JPEG is whole. The decoder fills what a file lacks with gray, so the end is looked for here.

/// Whether the picture in a file that begins as a JPEG does is ended by its marker.
pub(crate) fn is_cut_off(bytes: &[u8]) -> bool {
    const END: u8 = 0xd9;
    const SCAN: u8 = 0xda;
    let mut at = 2;
    loop {
        let Some(marker) = next_marker(bytes, &mut at) else { return true };
        match marker {
            END => return false,
            // Without a length: what is no marker, restarts, and the beginning.
            0x00 | 0x01 | 0xd0..=0xd8 => {}
            _ => {
                let Some(&[high, low]) = bytes.get(at..at + 2) else { return true };
                at += usize::from(u16::from_be_bytes([high, low])).max(2);
                if marker == SCAN {
                    skip_scan(bytes, &mut at);
                }
            }
        }
    }
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

/// Goes to the marker after compressed data, in which 0xff is followed by 0 or by a restart.
fn skip_scan(bytes: &[u8], at: &mut usize) {
    while let Some(&[one, two]) = bytes.get(*at..*at + 2) {
        if one == 0xff && !matches!(two, 0 | 0xff | 0xd0..=0xd7) {
            return;
        }
        *at += 1;
    }
    *at = bytes.len();
}
