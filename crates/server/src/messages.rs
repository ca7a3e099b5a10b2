//! Message templates: the overrides of a deployment are read from their folder and validated.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use asteroid_messaging::{Language, MessageRenderer, TemplateFlaw, TemplateFlawKind, template_files};

use crate::config::{Configuration, Settings};

/// The renderer of messages with these settings.
pub(crate) fn renderer(settings: &Settings) -> Result<MessageRenderer, TemplateErrors> {
    let mut folder = TemplateFolder::default();
    let path = settings.messages.templates.as_str();
    if !path.is_empty() {
        folder.read(Path::new(path));
    }
    match MessageRenderer::new(settings.branding(), &folder.overrides) {
        Ok(renderer) if folder.flaws.is_empty() => Ok(renderer),
        tried => {
            let found = tried.err().map_or_else(Vec::new, |invalid| invalid.0);
            let mut flaws = folder.flaws;
            flaws.extend(found.iter().filter_map(|flaw| of_a_file(path, flaw)));
            flaws.extend(of_the_names(&found));
            Err(TemplateErrors(flaws))
        }
    }
}

/// The errors of message templates, never empty.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TemplateErrors(Vec<TemplateError>);

#[derive(Debug, PartialEq, Eq)]
struct TemplateError {
    location: ErrorLocation,
    wrong: String,
    right: String,
}

#[derive(Debug, PartialEq, Eq)]
enum ErrorLocation {
    Setting(&'static str),
    /// A file, with the line if the error has one.
    File(String),
}

impl TemplateErrors {
    /// Adds the errors to the configuration.
    pub(crate) fn note(&self, configuration: &mut Configuration) {
        for TemplateError { location, wrong, right } in &self.0 {
            match location {
                ErrorLocation::Setting(key) => configuration.add(key, wrong, right),
                ErrorLocation::File(location) => configuration.add_to_file(location, wrong, right),
            }
        }
    }
}

impl fmt::Display for TemplateErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the message templates are invalid:")?;
        self.0.iter().try_for_each(|TemplateError { location, wrong, right }| {
            let location = match location {
                ErrorLocation::Setting(key) => key,
                ErrorLocation::File(file) => file.as_str(),
            };
            write!(f, "\n  {location} {wrong}: {right}")
        })
    }
}

impl Error for TemplateErrors {}

/// The templates of a folder, and their errors.
#[derive(Default)]
struct TemplateFolder {
    /// By their path in the folder; files that are not templates, too.
    overrides: BTreeMap<String, String>,
    flaws: Vec<TemplateError>,
}

impl TemplateFolder {
    fn read(&mut self, path: &Path) {
        match names(path) {
            Ok(names) => names.iter().for_each(|name| self.read_entry(path, name)),
            Err(error) => self.flaws.push(TemplateError {
                location: ErrorLocation::Setting("messages.templates"),
                wrong: format!("is {:?}, which cannot be read ({error})", path.display().to_string()),
                right: "set an existing folder, or leave it empty".to_owned(),
            }),
        }
    }

    fn read_entry(&mut self, folder: &Path, name: &str) {
        let path = folder.join(name);
        if !path.is_dir() {
            self.read_file(folder, name);
        } else if Language::ALL.iter().any(|language| language.as_str() == name) {
            match names(&path) {
                Ok(names) => {
                    for inner in names {
                        self.read_file(folder, &format!("{name}/{inner}"));
                    }
                }
                Err(error) => self.unreadable(&path, &error),
            }
        } else {
            self.overrides.insert(name.to_owned(), String::new());
        }
    }

    fn read_file(&mut self, folder: &Path, name: &str) {
        let path = folder.join(name);
        // Files that are not templates are reported without reading them.
        let text = if template_files().iter().any(|file| file == name) {
            fs::read_to_string(&path)
        } else {
            Ok(String::new())
        };
        match text {
            Ok(text) => {
                self.overrides.insert(name.to_owned(), text);
            }
            Err(error) => self.unreadable(&path, &error),
        }
    }

    fn unreadable(&mut self, path: &Path, error: &io::Error) {
        self.flaws.push(TemplateError {
            location: ErrorLocation::File(path.display().to_string()),
            wrong: format!("cannot be read ({error})"),
            right: "make it readable for the server, in UTF-8".to_owned(),
        });
    }
}

/// The names in a folder, sorted, without dot files: those belong to version control, editors and container mounts.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// The error of a file of the folder; [`None`] if a built-in template is too long.
fn of_a_file(
    folder: &str,
    TemplateFlaw { file, line, overridden, flaw }: &TemplateFlaw,
) -> Option<TemplateError> {
    let line = line.map_or_else(String::new, |line| format!(":{line}"));
    let location = ErrorLocation::File(format!("{}{line}", Path::new(folder).join(file).display()));
    let (wrong, right) = match flaw {
        TemplateFlawKind::TooLong(_) if !overridden => return None,
        TemplateFlawKind::TooLong(size) => {
            (format!("makes an SMS of {size}"), "shorten it to one segment".to_owned())
        }
        TemplateFlawKind::UnknownFile => ("is not a template".to_owned(), nearest_file(file)),
        TemplateFlawKind::UnknownVariable { name, known } => (
            format!("uses `{name}`, which is not a variable there"),
            format!("the variables are {}", known.join(", ")),
        ),
        TemplateFlawKind::Syntax(problem) | TemplateFlawKind::Render(problem) => {
            (format!("cannot be rendered ({problem})"), "correct that line".to_owned())
        }
        TemplateFlawKind::Empty => ("is empty".to_owned(), "write a text, or remove the file".to_owned()),
        TemplateFlawKind::NotOneLine => {
            let right = "write one line without control characters".to_owned();
            ("is not a valid subject".to_owned(), right)
        }
        TemplateFlawKind::NoCode => ("does not contain the code".to_owned(), "add {{ code }}".to_owned()),
    };
    Some(TemplateError { location, wrong, right })
}

fn nearest_file(file: &str) -> String {
    template_files()
        .into_iter()
        .map(|name| (strsim::normalized_damerau_levenshtein(file, &name), name))
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .filter(|(likeness, _)| *likeness > 0.5)
        .map_or_else(
            || "docs/messages.md lists every template".to_owned(),
            |(_, name)| format!("did you mean {name}?"),
        )
}

/// The error of a product name that makes a built-in SMS too long, by its length or its characters.
fn of_the_names(flaws: &[TemplateFlaw]) -> Option<TemplateError> {
    let long: Vec<String> = flaws
        .iter()
        .filter_map(|flaw| match flaw {
            TemplateFlaw { file, overridden: false, flaw: TemplateFlawKind::TooLong(size), .. } => {
                Some(format!("{file} takes {size}"))
            }
            _ => None,
        })
        .collect();
    (!long.is_empty()).then(|| TemplateError {
        location: ErrorLocation::Setting("product.name"),
        wrong: format!("makes SMS of more than one segment ({})", long.join("; ")),
        right: "shorten it or product.domain, or write shorter SMS (messages.templates)".to_owned(),
    })
}

#[cfg(test)]
mod tests;
