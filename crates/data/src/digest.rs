//! SHA-256 of pixels and labels, as text.

use sha2::{Digest, Sha256};

/// A finished hash in hexadecimal, as tables and runs keep it.
pub(crate) fn hexadecimal(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
