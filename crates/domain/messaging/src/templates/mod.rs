//! Templates, compiled once. What they are checked for is in `check`.

mod built_in;
mod check;
mod flaw;

use std::collections::BTreeMap;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};

use crate::{Language, MessageKind};

pub(crate) use built_in::Part;
pub use built_in::template_files;
pub(crate) use check::check;
pub use flaw::{Flaw, InvalidTemplates, TemplateFlaw};

/// More than any message needs, and little enough that no template keeps the delivery.
const FUEL: u64 = 100_000;

/// The templates of a language: those that come along, with overrides in the place of some.
#[derive(Clone)]
pub(crate) struct Templates {
    language: Language,
    environment: Environment<'static>,
}

/// What a template may name, by kind of message.
pub(crate) type Values = BTreeMap<&'static str, Value>;

impl Templates {
    /// Compiles them. Where an override cannot be compiled, what came along stays in its place, so that the rest can
    /// be checked.
    pub(crate) fn compile(
        language: Language,
        overrides: &BTreeMap<String, String>,
        flaws: &mut Vec<TemplateFlaw>,
    ) -> Self {
        let mut environment = Environment::new();
        // Tags on lines of their own leave no lines behind.
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.unwrap_or_default());
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|name| {
            if name.rsplit('.').next() == Some("html") { AutoEscape::Html } else { AutoEscape::None }
        });
        environment.set_fuel(Some(FUEL));
        let mut this = Self { language, environment };
        for (name, text) in built_in::SHARED.iter().chain(built_in::written_in(language)) {
            let file = this.file(name);
            let written = overrides.get(&file).map(|text| plain(text));
            let overridden = written.is_some();
            let added =
                this.environment.add_template_owned(*name, written.unwrap_or_else(|| (*text).to_owned()));
            if let Err(error) = added {
                let flaw = Flaw::Syntax(problem(&error));
                flaws.push(TemplateFlaw { file, line: error.line(), overridden, flaw });
                // This one is known to compile.
                let _ = this.environment.add_template(name, text);
            }
        }
        this
    }

    /// The file that the template of this name is kept in.
    fn file(&self, name: &str) -> String {
        if built_in::SHARED.iter().any(|(shared, _)| *shared == name) {
            name.to_owned()
        } else {
            format!("{}/{name}", self.language)
        }
    }

    /// A part of a message of this kind, without the white space around it.
    pub(crate) fn render(&self, kind: MessageKind, part: Part, values: &Values) -> Result<String, Error> {
        let rendered = self.environment.get_template(&part.file(kind))?.render(values)?;
        Ok(rendered.trim_start_matches('\n').trim_end().to_owned())
    }
}

/// The text without what some editors put in: a byte order mark, carriage returns.
fn plain(text: &str) -> String {
    text.trim_start_matches('\u{feff}').replace("\r\n", "\n")
}

/// What an error says, without the place that it names besides.
fn problem(error: &Error) -> String {
    match error.kind() {
        ErrorKind::OutOfFuel => return "it takes too long".to_owned(),
        ErrorKind::UndefinedError => return "it uses a value that is not there".to_owned(),
        _ => {}
    }
    error.detail().map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()))
}
