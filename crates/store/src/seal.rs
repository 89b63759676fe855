//! Checksums: how a change of one bit in a run folder is noticed.
//!
//! A RON document ends in a comment with the SHA-256 of all before it, so a file and its checksum appear
//! together. Any other file `NAME` has its checksum in `NAME.sha256` beside it, as `sha256sum -c` reads it.

use sha2::{Digest, Sha256};

/// How the last line of a sealed document begins.
const MARK: &str = "// sha256 ";

/// What a document's last line says of the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seal<'a> {
    /// The checksum fits the document, which is this.
    Whole(&'a str),
    /// There is no checksum: an earlier netsynth wrote it, or a person.
    Absent(&'a str),
    /// The document is not what was written.
    Broken,
}

/// The document with its checksum as the last line.
pub(crate) fn sealed(document: &str) -> String {
    format!("{document}{MARK}{}\n", hexadecimal(document.as_bytes()))
}

/// Checks a document against its last line.
pub(crate) fn opened(text: &str) -> Seal<'_> {
    let Some(start) = text.rfind(MARK) else { return Seal::Absent(text) };
    let document = &text[..start];
    if sealed(document) == text { Seal::Whole(document) } else { Seal::Broken }
}

/// The text of `NAME.sha256` for a file of this name and content.
pub(crate) fn beside(name: &str, bytes: &[u8]) -> String {
    beside_hash(name, &hexadecimal(bytes))
}

/// The same for a file whose SHA-256 is known.
pub(crate) fn beside_hash(name: &str, hash: &str) -> String {
    format!("{hash}  {name}\n")
}

/// SHA-256 of some bytes in hexadecimal.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    hexadecimal_of(&Sha256::digest(bytes))
}

/// A digest in hexadecimal.
pub(crate) fn hexadecimal_of(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
