//! The templates that come along, and what files there are.

use crate::{Language, MessageKind};

/// What is written of a message, each in a file of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Subject,
    Text,
    Html,
    Sms,
}

impl Part {
    pub(crate) const ALL: [Self; 4] = [Self::Subject, Self::Text, Self::Html, Self::Sms];

    const fn suffix(self) -> &'static str {
        match self {
            Self::Subject => ".subject.txt",
            Self::Text => ".txt",
            Self::Html => ".html",
            Self::Sms => ".sms.txt",
        }
    }

    /// The name of the file that this part of a message of this kind is written in, within a language.
    pub(crate) fn file(self, kind: MessageKind) -> String {
        format!("{}{}", kind.as_str(), self.suffix())
    }

    /// The kind and the part that the file of this name holds; none for one that several share.
    pub(crate) fn of(file: &str) -> Option<(MessageKind, Self)> {
        let pairs = MessageKind::ALL.into_iter().flat_map(|kind| Self::ALL.map(|part| (kind, part)));
        pairs.into_iter().find(|(kind, part)| part.file(*kind) == file)
    }
}

/// A file's name and text.
type File = (&'static str, &'static str);

/// What every e-mail's HTML stands in.
pub(super) const LAYOUT: &str = "layout.html";

/// What all languages share.
pub(super) const SHARED: [File; 1] = [(LAYOUT, include_str!("../../templates/layout.html"))];

macro_rules! files {
    ($language:literal, $($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../templates/", $language, "/", $name)))),*]
    };
}

macro_rules! language {
    ($language:literal) => {
        files!($language,
            "footer.html" "footer.txt"
            "registration_code.subject.txt" "registration_code.txt" "registration_code.html" "registration_code.sms.txt"
            "sign_in_code.subject.txt" "sign_in_code.txt" "sign_in_code.html" "sign_in_code.sms.txt"
            "reset_code.subject.txt" "reset_code.txt" "reset_code.html" "reset_code.sms.txt"
            "password_changed.subject.txt" "password_changed.txt" "password_changed.html" "password_changed.sms.txt"
            "password_reset.subject.txt" "password_reset.txt" "password_reset.html" "password_reset.sms.txt"
            "already_registered.subject.txt" "already_registered.txt" "already_registered.html"
            "already_registered.sms.txt"
        )
    };
}

/// What is written in this language.
pub(super) const fn written_in(language: Language) -> &'static [File] {
    match language {
        Language::English => language!("en"),
        Language::German => language!("de"),
    }
}

/// Whether there is a template of this name, within a language or shared by all.
pub(super) fn is_template(name: &str) -> bool {
    SHARED.iter().chain(written_in(Language::default())).any(|(template, _)| *template == name)
}

/// The name of every file, below the folder of overrides: `layout.html`, `en/footer.txt`, `de/sign_in_code.sms.txt` …
#[must_use]
pub fn template_files() -> Vec<String> {
    let shared = SHARED.iter().map(|(name, _)| (*name).to_owned());
    let of_a_language = |language: Language| {
        written_in(language).iter().map(move |(name, _)| format!("{}/{name}", language.as_str()))
    };
    shared.chain(Language::ALL.into_iter().flat_map(of_a_language)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_of_the_folder_is_built_in_and_no_other() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let mut there = BTreeSet::new();
        for below in ["", "en/", "de/"] {
            for entry in fs::read_dir(folder.join(below)).expect("a folder") {
                let entry = entry.expect("an entry");
                if entry.file_type().expect("a type").is_file() {
                    there.insert(format!("{below}{}", entry.file_name().to_string_lossy()));
                }
            }
        }
        assert_eq!(template_files().into_iter().collect::<BTreeSet<_>>(), there);
    }

    #[test]
    fn every_part_of_every_kind_is_written_in_every_language() {
        for language in Language::ALL {
            for kind in MessageKind::ALL {
                for part in Part::ALL {
                    let file = part.file(kind);
                    assert!(written_in(language).iter().any(|(name, _)| *name == file), "{language} {file}");
                    assert_eq!(Part::of(&file), Some((kind, part)));
                }
            }
        }
        assert_eq!(Part::of("footer.txt"), None);
    }
}
