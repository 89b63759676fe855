//! A file of an export, before it is written.

/// A network as the source of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Its files.
    pub files: Vec<File>,
    /// Bytes of the arena: of all that changes, beside the stack.
    pub arena_bytes: usize,
    /// Bytes of weights and of other numbers that steps compute with.
    pub constant_bytes: usize,
    /// Bytes that are needed beside the arena where processors have vectors, at most: of weights transformed at the first call.
    pub transformed_bytes: usize,
}

/// A file by its path in the export's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path, with `/` between folders.
    pub path: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

impl File {
    pub(crate) fn text(path: &str, text: String) -> Self {
        Self { path: path.to_owned(), bytes: text.into_bytes() }
    }
}
