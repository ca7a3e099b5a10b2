//! The files that are named on the command line.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use encoding_rs_io::DecodeReaderBytesBuilder;

use super::kind::Kind;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FileFormat {
    /// An object with the lists practices, clientClasses, users and clients.
    Json,
    /// An object a line, whose `type` says what it is.
    Ndjson,
    /// Records of one kind, a row each; the first row names their fields.
    Csv,
}

/// How a file is written, and what is in it where the file itself does not say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    Json,
    Ndjson,
    Csv(Kind),
}

/// A file to be imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Input {
    /// None: standard input.
    path: Option<PathBuf>,
    pub(crate) layout: Layout,
}

/// Why it is not known how to read a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnknownLayout {
    #[error("say how {0} is written: --format json, ndjson or csv")]
    Format(String),
    #[error("say what {0} holds: --type practice, clientClass, user or client")]
    Kind(String),
    #[error("--type is for CSV; {0} says itself what it holds")]
    NeedlessKind(String),
}

impl Input {
    /// Decides how a file is read: as the options say, or else as its name does.
    pub(crate) fn new(
        path: &Path,
        format: Option<FileFormat>,
        kind: Option<Kind>,
    ) -> Result<Self, UnknownLayout> {
        let path = (path != Path::new("-")).then(|| path.to_owned());
        let mut this = Self { path, layout: Layout::Json };
        let part = |part: fn(&Path) -> Option<&std::ffi::OsStr>| {
            this.path.as_deref().and_then(part).and_then(|part| part.to_str()).unwrap_or_default()
        };
        let by_name = match part(Path::extension).to_ascii_lowercase().as_str() {
            "json" => Some(FileFormat::Json),
            "ndjson" | "jsonl" => Some(FileFormat::Ndjson),
            "csv" => Some(FileFormat::Csv),
            _ => None,
        };
        let format = format.or(by_name).ok_or_else(|| UnknownLayout::Format(this.name()))?;
        let kind_by_name = Kind::of_file(part(Path::file_stem));
        this.layout = match (format, kind) {
            (FileFormat::Csv, kind) => {
                Layout::Csv(kind.or(kind_by_name).ok_or_else(|| UnknownLayout::Kind(this.name()))?)
            }
            (_, Some(_)) => return Err(UnknownLayout::NeedlessKind(this.name())),
            (FileFormat::Json, None) => Layout::Json,
            (FileFormat::Ndjson, None) => Layout::Ndjson,
        };
        Ok(this)
    }

    /// What it is called in reports.
    pub(crate) fn name(&self) -> String {
        self.path.as_ref().map_or_else(|| "standard input".to_owned(), |path| path.display().to_string())
    }

    /// How many bytes it has, where that is known before it is read.
    pub(crate) fn length(&self) -> Option<u64> {
        let metadata = fs::metadata(self.path.as_ref()?).ok()?;
        metadata.is_file().then_some(metadata.len())
    }

    /// Whether it is a file that can be opened as often as one likes.
    pub(crate) fn can_be_read_again(&self) -> bool {
        self.length().is_some()
    }

    /// Opens it as UTF-8: from UTF-8 as it is, or from UTF-16 if its byte order mark says so. `watch` sees all that is
    /// read.
    pub(crate) fn open<W: Read>(&self, watch: impl FnOnce(Box<dyn Read>) -> W) -> io::Result<impl BufRead> {
        let source: Box<dyn Read> = match &self.path {
            Some(path) => Box::new(File::open(path)?),
            None => Box::new(io::stdin()),
        };
        Ok(BufReader::with_capacity(64 * 1024, to_utf8(watch(source))))
    }
}

/// The text as UTF-8, without a byte order mark. Without one at the beginning, the bytes are passed on as they are.
pub(crate) fn to_utf8(source: impl Read) -> impl Read {
    DecodeReaderBytesBuilder::new().utf8_passthru(true).strip_bom(true).bom_override(true).build(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(path: &str, format: Option<FileFormat>, kind: Option<Kind>) -> Result<Layout, String> {
        let input = Input::new(Path::new(path), format, kind).map_err(|error| error.to_string())?;
        Ok(input.layout)
    }

    #[test]
    fn a_file_is_read_as_the_options_say_or_else_as_its_name_does() {
        for (path, format, kind, expected) in [
            ("practice.json", None, None, Layout::Json),
            ("a/b.NDJSON", None, None, Layout::Ndjson),
            ("export.jsonl", None, None, Layout::Ndjson),
            ("export/clients.csv", None, None, Layout::Csv(Kind::Client)),
            ("clients.csv", None, Some(Kind::User), Layout::Csv(Kind::User)),
            ("clients.json", Some(FileFormat::Csv), None, Layout::Csv(Kind::Client)),
            ("-", Some(FileFormat::Ndjson), None, Layout::Ndjson),
            ("-", Some(FileFormat::Csv), Some(Kind::Practice), Layout::Csv(Kind::Practice)),
        ] {
            assert_eq!(layout(path, format, kind), Ok(expected), "{path}");
        }
    }

    #[test]
    fn what_a_file_does_not_say_has_to_be_said() {
        for (path, format, kind, problem) in [
            ("-", None, None, "say how standard input is written: --format json, ndjson or csv"),
            ("export", None, None, "say how export is written: --format json, ndjson or csv"),
            ("export.xml", None, None, "say how export.xml is written: --format json, ndjson or csv"),
            (
                "export.csv",
                None,
                None,
                "say what export.csv holds: --type practice, clientClass, user or client",
            ),
            ("a.json", None, Some(Kind::User), "--type is for CSV; a.json says itself what it holds"),
        ] {
            assert_eq!(layout(path, format, kind), Err(problem.to_owned()));
        }
    }
}
