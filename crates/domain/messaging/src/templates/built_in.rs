//! The built-in templates and their files.

use strum::{EnumCount, IntoStaticStr, VariantArray};

use crate::{Language, MessageKind};

/// A part of a message. Each has a file of its own, whose name ends with the part's suffix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumCount, IntoStaticStr, VariantArray)]
pub(crate) enum Part {
    #[strum(serialize = ".subject.txt")]
    Subject,
    #[strum(serialize = ".txt")]
    Text,
    #[strum(serialize = ".html")]
    Html,
    #[strum(serialize = ".sms.txt")]
    Sms,
}

impl Part {
    pub(crate) const ALL: [Self; Self::COUNT] =
        *Self::VARIANTS.first_chunk().expect("as many variants as counted");

    /// The file name of this part of a message of this kind, without the folder of the language.
    pub(crate) fn file(self, kind: MessageKind) -> String {
        format!("{}{}", kind.as_str(), <&str>::from(self))
    }

    /// The kind and the part of the file of this name; [`None`] for a template that several messages share.
    pub(crate) fn of(file: &str) -> Option<(MessageKind, Self)> {
        let pairs = MessageKind::ALL.into_iter().flat_map(|kind| Self::ALL.map(|part| (kind, part)));
        pairs.into_iter().find(|(kind, part)| part.file(*kind) == file)
    }
}

/// The name and the text of a file.
type File = (&'static str, &'static str);

/// The layout of the HTML of every e-mail.
pub(super) const LAYOUT: &str = "layout.html";

/// The templates that all languages share.
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

/// The templates of this language.
pub(super) const fn written_in(language: Language) -> &'static [File] {
    match language {
        Language::English => language!("en"),
        Language::German => language!("de"),
    }
}

/// The names of all template files, relative to the folder of overrides: `layout.html`, `en/footer.txt`,
/// `de/sign_in_code.sms.txt`, …
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
    fn exactly_the_files_of_the_templates_folder_are_built_in() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let mut files = BTreeSet::new();
        for below in ["", "en/", "de/"] {
            for entry in fs::read_dir(folder.join(below)).expect("a folder") {
                let entry = entry.expect("an entry");
                if entry.file_type().expect("a type").is_file() {
                    files.insert(format!("{below}{}", entry.file_name().to_string_lossy()));
                }
            }
        }
        assert_eq!(template_files().into_iter().collect::<BTreeSet<_>>(), files);
    }

    #[test]
    fn every_part_of_every_kind_has_a_template_in_every_language() {
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
