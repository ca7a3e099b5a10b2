//! The files to import.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use encoding_rs_io::DecodeReaderBytesBuilder;
use strum::{IntoStaticStr, VariantArray};

use crate::ImportObserver;
use crate::kind::RecordKind;

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum FileFormat {
    /// An object with the lists practices, clientClasses, users and clients.
    Json,
    /// One object per line, with its kind in `type`.
    Ndjson,
    /// Records of one kind, one per row; the header row names their fields.
    Csv,
}

impl FileFormat {
    /// Every format.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The name: `json`, `ndjson`, `csv`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// The format of a file, with the kind of its records where the format does not contain it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileLayout {
    Json,
    Ndjson,
    Csv(RecordKind),
}

/// A file to import, or standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFile {
    /// [`None`] for standard input.
    path: Option<PathBuf>,
    pub(crate) layout: FileLayout,
}

/// The options and the name of a file do not tell how to read it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// The format is unknown.
    #[error("the format of {0} is unknown: set --format json, ndjson or csv")]
    Format(String),
    /// The kind of the records is unknown.
    #[error("the records of {0} are of unknown type: set --type practice, clientClass, user or client")]
    Kind(String),
    /// A kind was given for a format that contains it.
    #[error("--type is for CSV: {0} has the type of each record")]
    NeedlessKind(String),
}

impl InputFile {
    /// The file at this path (`-` for standard input), read as the options say, or as its name does.
    ///
    /// # Errors
    ///
    /// If neither tells the format, or the kind of the records of a CSV file.
    pub fn new(
        path: &Path,
        format: Option<FileFormat>,
        kind: Option<RecordKind>,
    ) -> Result<Self, LayoutError> {
        let path = (path != Path::new("-")).then(|| path.to_owned());
        let mut this = Self { path, layout: FileLayout::Json };
        let part = |part: fn(&Path) -> Option<&std::ffi::OsStr>| {
            this.path.as_deref().and_then(part).and_then(|part| part.to_str()).unwrap_or_default()
        };
        let by_name = match part(Path::extension).to_ascii_lowercase().as_str() {
            "json" => Some(FileFormat::Json),
            "ndjson" | "jsonl" => Some(FileFormat::Ndjson),
            "csv" => Some(FileFormat::Csv),
            _ => None,
        };
        let format = format.or(by_name).ok_or_else(|| LayoutError::Format(this.name()))?;
        let kind_by_name = RecordKind::of_file(part(Path::file_stem));
        this.layout = match (format, kind) {
            (FileFormat::Csv, kind) => {
                FileLayout::Csv(kind.or(kind_by_name).ok_or_else(|| LayoutError::Kind(this.name()))?)
            }
            (_, Some(_)) => return Err(LayoutError::NeedlessKind(this.name())),
            (FileFormat::Json, None) => FileLayout::Json,
            (FileFormat::Ndjson, None) => FileLayout::Ndjson,
        };
        Ok(this)
    }

    /// The name in reports.
    #[must_use]
    pub fn name(&self) -> String {
        self.path.as_ref().map_or_else(|| "standard input".to_owned(), |path| path.display().to_string())
    }

    /// The size in bytes, where that is known before reading.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        let metadata = fs::metadata(self.path.as_ref()?).ok()?;
        metadata.is_file().then_some(metadata.len())
    }

    /// Whether it can be opened more than once.
    pub(crate) fn can_be_read_again(&self) -> bool {
        self.length().is_some()
    }

    /// Opens the file and decodes it to UTF-8: UTF-16 if its byte order mark says so, UTF-8 otherwise. The observer sees
    /// every byte that is read.
    pub(crate) fn open<'a>(&self, observer: &'a dyn ImportObserver) -> io::Result<impl BufRead + use<'a>> {
        let source: Box<dyn Read> = match &self.path {
            Some(path) => Box::new(File::open(path)?),
            None => Box::new(io::stdin()),
        };
        Ok(BufReader::with_capacity(64 * 1024, to_utf8(ObservedReader { source, observer })))
    }
}

/// Decodes to UTF-8 and removes the byte order mark. Without one, the bytes are passed on unchanged.
pub(crate) fn to_utf8(source: impl Read) -> impl Read {
    DecodeReaderBytesBuilder::new().utf8_passthru(true).strip_bom(true).bom_override(true).build(source)
}

/// Tells the observer of every read.
struct ObservedReader<'a> {
    source: Box<dyn Read>,
    observer: &'a dyn ImportObserver,
}

impl Read for ObservedReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.observer.bytes_read(read as u64);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(
        path: &str,
        format: Option<FileFormat>,
        kind: Option<RecordKind>,
    ) -> Result<FileLayout, String> {
        let input = InputFile::new(Path::new(path), format, kind).map_err(|error| error.to_string())?;
        Ok(input.layout)
    }

    #[test]
    fn file_layout_comes_from_the_options_or_the_file_name() {
        for (path, format, kind, expected) in [
            ("practice.json", None, None, FileLayout::Json),
            ("a/b.NDJSON", None, None, FileLayout::Ndjson),
            ("export.jsonl", None, None, FileLayout::Ndjson),
            ("export/clients.csv", None, None, FileLayout::Csv(RecordKind::Client)),
            ("clients.csv", None, Some(RecordKind::User), FileLayout::Csv(RecordKind::User)),
            ("clients.json", Some(FileFormat::Csv), None, FileLayout::Csv(RecordKind::Client)),
            ("-", Some(FileFormat::Ndjson), None, FileLayout::Ndjson),
            ("-", Some(FileFormat::Csv), Some(RecordKind::Practice), FileLayout::Csv(RecordKind::Practice)),
        ] {
            assert_eq!(layout(path, format, kind), Ok(expected), "{path}");
        }
    }

    #[test]
    fn unknown_file_layout_is_refused_with_the_missing_option() {
        for (path, format, kind, problem) in [
            ("-", None, None, "the format of standard input is unknown: set --format json, ndjson or csv"),
            ("export", None, None, "the format of export is unknown: set --format json, ndjson or csv"),
            (
                "export.xml",
                None,
                None,
                "the format of export.xml is unknown: set --format json, ndjson or csv",
            ),
            (
                "export.csv",
                None,
                None,
                "the records of export.csv are of unknown type: set --type practice, clientClass, user or client",
            ),
            ("a.json", None, Some(RecordKind::User), "--type is for CSV: a.json has the type of each record"),
        ] {
            assert_eq!(layout(path, format, kind), Err(problem.to_owned()));
        }
    }
}
