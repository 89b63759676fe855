//! How files are **opened and written**: regular files within bounds, whole or not at all.
//!
//! ```
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("plan.ron");
//! netsynth_files::write(&path, b"(schema: 1)")?;
//! assert_eq!(netsynth_files::read(&path, 100)?, b"(schema: 1)");
//! assert_eq!(netsynth_files::read(&path, 3).unwrap_err().to_string(), "it has more than 3 bytes");
//! assert_eq!(netsynth_files::open(folder.path()).unwrap_err().to_string(), "it is not a file");
//! # Ok::<(), std::io::Error>(())
//! ```

mod folder;
mod read;
mod shown;
mod write;

pub use folder::FolderDraft;
pub use read::{is_shortage, open, read};
pub use shown::{Shown, in_a_line, is_obeyed};
pub use write::{draft, give_name, is_unfinished, sync_folder, unfinished, write};
