//! RON documents with a header that names their schema.
//!
//! The header is read first, so a file of an older or newer program is refused for that reason and not for
//! whichever field happened to change.

use ron::error::Position;
use ron::extensions::Extensions;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The schema this program reads and writes.
pub const SCHEMA: u32 = 1;

/// The most bytes a document may have.
const MAX_BYTES: usize = 16 << 20;

/// Why a document cannot be read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum SchemaError {
    /// The text is not RON, or not of the expected form.
    #[error("line {line}, column {column}: {reason}")]
    #[diagnostic(help("{}", remedy.as_deref().unwrap_or("check that this is the file you meant")))]
    Malformed {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What the reader expected.
        reason: String,
        /// What to do, where that follows from the document alone.
        remedy: Option<String>,
    },
    /// The document follows another schema.
    #[error("it follows schema {found}, and this netsynth reads schema {SCHEMA}")]
    #[diagnostic(help("use the netsynth version that wrote it, or rewrite it as `schema: {SCHEMA}`"))]
    OtherSchema {
        /// The schema in the header.
        found: u32,
    },
    /// The document is too large to be one of ours.
    #[error("it has {bytes} bytes, more than the {MAX_BYTES} a netsynth document may have")]
    #[diagnostic(help("check that this is the file you meant"))]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
}

impl SchemaError {
    /// The same error of a text that should be such a document as this topic of `netsynth help` shows.
    pub fn shown_by(self, topic: &str) -> Self {
        match self {
            Self::Malformed { line, column, reason, remedy: None } => {
                let remedy = Some(format!("compare with `netsynth help {topic}`, which shows such a file"));
                Self::Malformed { line, column, reason, remedy }
            }
            other @ (Self::Malformed { .. } | Self::OtherSchema { .. } | Self::TooLarge { .. }) => other,
        }
    }
}

/// `Some(x)` is written `x`, and `Conv((channels: 8))` is written `Conv(channels: 8)`.
const EXTENSIONS: Extensions = Extensions::IMPLICIT_SOME.union(Extensions::UNWRAP_VARIANT_NEWTYPES);

/// The part of every document that is read first.
#[derive(Deserialize)]
struct Header {
    schema: u32,
}

/// Reads a document of this program's schema.
pub fn from_ron<T: DeserializeOwned>(text: &str) -> Result<T, SchemaError> {
    if text.len() > MAX_BYTES {
        return Err(SchemaError::TooLarge { bytes: text.len() });
    }
    let options = ron::Options::default().with_default_extension(EXTENSIONS);
    let header: Header = options.from_str(text).map_err(malformed)?;
    if header.schema != SCHEMA {
        return Err(SchemaError::OtherSchema { found: header.schema });
    }
    options.from_str(text).map_err(malformed)
}

/// Writes a document as people would lay it out.
///
/// # Panics
/// Never for the types of this workspace: they hold nothing that RON cannot write.
#[expect(clippy::expect_used, reason = "serialising plain data into a string cannot fail")]
pub fn to_ron<T: serde::Serialize>(document: &T) -> String {
    let style =
        ron::ser::PrettyConfig::new().depth_limit(3).indentor("    ".to_owned()).extensions(EXTENSIONS);
    let text = ron::ser::to_string_pretty(document, style).expect("plain data is always RON");
    // The reader assumes the extensions; lines that name them would only puzzle people.
    let body = text.lines().skip_while(|line| line.starts_with("#![enable("));
    body.flat_map(|line| [line, "\n"]).collect()
}

/// One value on one line, as [`from_ron`] would read it.
#[expect(clippy::expect_used, reason = "serialising plain data into a string cannot fail")]
pub(crate) fn to_ron_line<T: serde::Serialize>(value: &T) -> String {
    let options = ron::Options::default().with_default_extension(EXTENSIONS);
    options.to_string(value).expect("plain data is always RON")
}

fn malformed(error: ron::error::SpannedError) -> SchemaError {
    let Position { line, col: column } = error.span.start;
    let (reason, remedy) = match &error.code {
        ron::Error::NoSuchStructField { expected, found, .. } => (
            format!("there is no field `{found}`"),
            Some(format!("the fields known here are: {}", expected.join(", "))),
        ),
        ron::Error::NoSuchEnumVariant { expected, found, .. } => {
            (format!("there is no `{found}`"), Some(format!("choose one of: {}", expected.join(", "))))
        }
        ron::Error::MissingStructField { field, .. } => {
            (format!("the field `{field}` is missing"), Some(format!("add `{field}: ...`")))
        }
        ron::Error::ExceededRecursionLimit => (
            "brackets are nested more than a hundred deep".to_owned(),
            Some(
                "check that this is the file you meant: no netsynth document is nested like this".to_owned(),
            ),
        ),
        // What is read first has no name that anybody wrote.
        ron::Error::ExpectedNamedStructLike("Header")
        | ron::Error::ExpectedDifferentStructName { expected: "Header", .. } => {
            (format!("it does not begin as a netsynth document does, with `(schema: {SCHEMA}`"), None)
        }
        other => (other.to_string(), None),
    };
    SchemaError::Malformed { line, column, reason, remedy }
}
