//! Compiled templates. `check` has the checks.

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
pub use flaw::{InvalidTemplates, TemplateFlaw, TemplateFlawKind};

/// The limit of instructions to render a template: more than any message needs, and few enough that no template delays the
/// delivery.
const FUEL: u64 = 100_000;

/// The templates of a language: the built-in ones, some of them replaced by overrides.
#[derive(Clone)]
pub(crate) struct Templates {
    language: Language,
    environment: Environment<'static>,
}

/// The values of the variables of a template, by name.
pub(crate) type Values = BTreeMap<&'static str, Value>;

impl Templates {
    /// Compiles the templates. An override that cannot be compiled is replaced by the built-in template, so that the
    /// others can be checked.
    pub(crate) fn compile(
        language: Language,
        overrides: &BTreeMap<String, String>,
        flaws: &mut Vec<TemplateFlaw>,
    ) -> Self {
        let mut environment = Environment::new();
        // A tag on a line of its own leaves no empty line.
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
                let flaw = TemplateFlawKind::Syntax(problem(&error));
                flaws.push(TemplateFlaw { file, line: error.line(), overridden, flaw });
                // Built-in templates compile.
                let _ = this.environment.add_template(name, text);
            }
        }
        this
    }

    /// The file name of the template of this name.
    fn file(&self, name: &str) -> String {
        if built_in::SHARED.iter().any(|(shared, _)| *shared == name) {
            name.to_owned()
        } else {
            format!("{}/{name}", self.language)
        }
    }

    /// Renders a part of a message of this kind, without leading line breaks and trailing white space.
    pub(crate) fn render(&self, kind: MessageKind, part: Part, values: &Values) -> Result<String, Error> {
        let rendered = self.environment.get_template(&part.file(kind))?.render(values)?;
        Ok(rendered.trim_start_matches('\n').trim_end().to_owned())
    }
}

/// The text without the byte order mark and the carriage returns that some editors insert.
fn plain(text: &str) -> String {
    text.trim_start_matches('\u{feff}').replace("\r\n", "\n")
}

/// The message of an error, without its place.
fn problem(error: &Error) -> String {
    if error.kind() == ErrorKind::OutOfFuel {
        return "rendering takes too long".to_owned();
    }
    error.detail().map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()))
}
