//! The words of messages: templates that a deployment brings along are read from their folder, and tried.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use asteroid_messaging::{Language, MessageRenderer, TemplateFlaw, TemplateFlawKind, template_files};

use crate::config::{Configuration, Settings};

/// What puts messages into words, with these settings.
pub(crate) fn renderer(settings: &Settings) -> Result<MessageRenderer, MessageFlaws> {
    let mut folder = Folder::default();
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
            Err(MessageFlaws(flaws))
        }
    }
}

/// What keeps messages from being put into words, never an empty list.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MessageFlaws(Vec<MessageFlaw>);

#[derive(Debug, PartialEq, Eq)]
struct MessageFlaw {
    place: Place,
    wrong: String,
    right: String,
}

#[derive(Debug, PartialEq, Eq)]
enum Place {
    Setting(&'static str),
    /// A file, with the line if one is at fault.
    File(String),
}

impl MessageFlaws {
    /// Notes all of it as problems with the configuration.
    pub(crate) fn note(&self, configuration: &mut Configuration) {
        for MessageFlaw { place, wrong, right } in &self.0 {
            match place {
                Place::Setting(key) => configuration.add(key, wrong, right),
                Place::File(place) => configuration.add_to_file(place, wrong, right),
            }
        }
    }
}

impl fmt::Display for MessageFlaws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("messages cannot be put into words:")?;
        self.0.iter().try_for_each(|MessageFlaw { place, wrong, right }| {
            let place = match place {
                Place::Setting(key) => key,
                Place::File(file) => file.as_str(),
            };
            write!(f, "\n  {place} {wrong}: {right}")
        })
    }
}

impl Error for MessageFlaws {}

/// What a folder of overrides holds.
#[derive(Default)]
struct Folder {
    /// By their names below it; those that are no templates, too.
    overrides: BTreeMap<String, String>,
    flaws: Vec<MessageFlaw>,
}

impl Folder {
    fn read(&mut self, path: &Path) {
        match names(path) {
            Ok(names) => names.iter().for_each(|name| self.read_entry(path, name)),
            Err(error) => self.flaws.push(MessageFlaw {
                place: Place::Setting("messages.templates"),
                wrong: format!("is {:?}, which cannot be read ({error})", path.display().to_string()),
                right: "name a folder, or leave it empty".to_owned(),
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
        // What is no template is said to be none, whatever it holds.
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
        self.flaws.push(MessageFlaw {
            place: Place::File(path.display().to_string()),
            wrong: format!("cannot be read ({error})"),
            right: "let the server read it, and write it in UTF-8".to_owned(),
        });
    }
}

/// The names of what is in a folder, in order. What begins with a dot is for others: version control, editors, and
/// whoever mounts files into containers.
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

/// What is wrong with a file of the folder; none if what came along is too long.
fn of_a_file(
    folder: &str,
    TemplateFlaw { file, line, overridden, flaw }: &TemplateFlaw,
) -> Option<MessageFlaw> {
    let line = line.map_or_else(String::new, |line| format!(":{line}"));
    let place = Place::File(format!("{}{line}", Path::new(folder).join(file).display()));
    let (wrong, right) = match flaw {
        TemplateFlawKind::TooLong(_) if !overridden => return None,
        TemplateFlawKind::TooLong(size) => {
            (format!("makes an SMS that takes {size}"), "shorten it: an SMS is one segment".to_owned())
        }
        TemplateFlawKind::UnknownFile => ("is no template".to_owned(), nearest_file(file)),
        TemplateFlawKind::UnknownVariable { name, known } => {
            (format!("names `{name}`, which is no variable there"), format!("there are {}", known.join(", ")))
        }
        TemplateFlawKind::Syntax(problem) | TemplateFlawKind::Render(problem) => {
            (format!("cannot be rendered ({problem})"), "mend that line".to_owned())
        }
        TemplateFlawKind::Empty => {
            ("says nothing".to_owned(), "write something, or remove the file".to_owned())
        }
        TemplateFlawKind::NotOneLine => {
            let right = "write one line, without line breaks, tabs and the like".to_owned();
            ("is no subject".to_owned(), right)
        }
        TemplateFlawKind::NoCode => {
            ("does not show the code".to_owned(), "write {{ code }} into it".to_owned())
        }
    };
    Some(MessageFlaw { place, wrong, right })
}

fn nearest_file(file: &str) -> String {
    template_files()
        .into_iter()
        .map(|name| (strsim::normalized_damerau_levenshtein(file, &name), name))
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .filter(|(likeness, _)| *likeness > 0.5)
        .map_or_else(
            || "docs/messages.md lists every file that there may be".to_owned(),
            |(_, name)| format!("did you mean {name}?"),
        )
}

/// What is said of the product, if it is too long (or in letters too rare) for the SMS that come along.
fn of_the_names(flaws: &[TemplateFlaw]) -> Option<MessageFlaw> {
    let long: Vec<String> = flaws
        .iter()
        .filter_map(|flaw| match flaw {
            TemplateFlaw { file, overridden: false, flaw: TemplateFlawKind::TooLong(size), .. } => {
                Some(format!("{file} takes {size}"))
            }
            _ => None,
        })
        .collect();
    (!long.is_empty()).then(|| MessageFlaw {
        place: Place::Setting("product.name"),
        wrong: format!("makes SMS that need more than one segment ({})", long.join("; ")),
        right: "shorten it or product.domain, or write shorter SMS (messages.templates)".to_owned(),
    })
}

#[cfg(test)]
mod tests;
