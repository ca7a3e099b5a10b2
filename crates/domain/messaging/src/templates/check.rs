//! Checks of templates for every message that may occur: they name known variables only, every rendered text is complete,
//! and every SMS fits into one segment.

use std::collections::BTreeMap;
use std::error::Error as _;

use minijinja::Error;

use super::{Part, TemplateFlaw, TemplateFlawKind, Templates, built_in, problem};
use crate::render::{Branding, RenderInput};
use crate::{Language, MessageKind, RegistrationDetails, SmsSize};

const ALWAYS: [&str; 4] = ["product", "domain", "support", "language"];
const WITH_A_CODE: [&str; 2] = ["code", "minutes"];
const OF_A_REGISTRATION: [&str; 5] = ["first_name", "requested_at", "requested_time", "browser", "platform"];
/// Variables of the template engine.
const SPECIAL: [&str; 3] = ["self", "super", "loop"];

/// Returns the templates of the branding's language, and the flaws of these and of the overrides in other languages.
pub(crate) fn check(
    branding: &Branding,
    overrides: &BTreeMap<String, String>,
) -> (Templates, Vec<TemplateFlaw>) {
    let files = super::template_files();
    let mut flaws: Vec<TemplateFlaw> = overrides
        .keys()
        .filter(|file| !files.contains(file))
        .map(|file| TemplateFlaw {
            file: file.clone(),
            line: None,
            overridden: true,
            flaw: TemplateFlawKind::UnknownFile,
        })
        .collect();
    let templates = check_language(branding, overrides, &mut flaws);
    for language in Language::ALL.into_iter().filter(|language| *language != branding.language) {
        let mut found = Vec::new();
        check_language(&Branding { language, ..branding.clone() }, overrides, &mut found);
        // Built-in templates in a language that is not used need not fit this deployment.
        flaws.extend(found.into_iter().filter(|flaw| flaw.overridden));
    }
    flaws.sort_by(|one, other| (&one.file, one.line).cmp(&(&other.file, other.line)));
    flaws.dedup();
    (templates, flaws)
}

fn check_language(
    branding: &Branding,
    overrides: &BTreeMap<String, String>,
    flaws: &mut Vec<TemplateFlaw>,
) -> Templates {
    let mut found = Vec::new();
    let templates = Templates::compile(branding.language, overrides, &mut found);
    let checker = Checker { templates: &templates, branding, overrides };
    found.extend(checker.unknown_variables());
    let rendered = checker.failures();
    // A template that names an unknown variable cannot be rendered either. The first flaw is more precise.
    let new: Vec<TemplateFlaw> = rendered
        .into_iter()
        .filter(|flaw| {
            !matches!(flaw.flaw, TemplateFlawKind::Render(_)) || found.iter().all(|f| f.file != flaw.file)
        })
        .collect();
    flaws.extend(found);
    flaws.extend(new);
    templates
}

struct Checker<'a> {
    templates: &'a Templates,
    branding: &'a Branding,
    overrides: &'a BTreeMap<String, String>,
}

impl Checker<'_> {
    fn flaw(&self, template: &str, line: Option<usize>, flaw: TemplateFlawKind) -> TemplateFlaw {
        let file = self.templates.file(template);
        TemplateFlaw { overridden: self.overrides.contains_key(&file), file, line, flaw }
    }

    /// The unknown variables, found without rendering: also those in branches that no sample reaches.
    fn unknown_variables(&self) -> Vec<TemplateFlaw> {
        let environment = &self.templates.environment;
        let mut flaws = Vec::new();
        for (name, template) in environment.templates() {
            // A shared template may test whether there is a code.
            let kind = Part::of(name).map(|(kind, _)| kind);
            let with_a_code = kind.is_none_or(MessageKind::carries_code);
            let of_a_registration = kind == Some(MessageKind::RegistrationCode);
            let known: Vec<&'static str> = ALWAYS
                .into_iter()
                .chain(WITH_A_CODE.into_iter().filter(|_| with_a_code))
                .chain(OF_A_REGISTRATION.into_iter().filter(|_| of_a_registration))
                .collect();
            for variable in template.undeclared_variables(false) {
                let is_known = known.contains(&variable.as_str())
                    || SPECIAL.contains(&variable.as_str())
                    || environment.globals().any(|(global, _)| global == variable);
                if !is_known {
                    let line = line_of(template.source(), &variable);
                    flaws.push(self.flaw(
                        name,
                        line,
                        TemplateFlawKind::UnknownVariable { name: variable, known: known.clone() },
                    ));
                }
            }
        }
        flaws
    }

    /// The flaws found by rendering every template with every input that may occur.
    fn failures(&self) -> Vec<TemplateFlaw> {
        let mut flaws = Vec::new();
        let registration = RegistrationDetails::sample();
        for kind in MessageKind::ALL {
            let mut inputs =
                if kind.carries_code() { self.branding.inputs() } else { vec![RenderInput::Notice] };
            if kind == MessageKind::RegistrationCode {
                let with_details: Vec<_> =
                    inputs.iter().map(|input| input.with_registration(&registration)).collect();
                inputs.extend(with_details);
            }
            for part in Part::ALL {
                if let Some(flaw) = inputs.iter().find_map(|input| self.failure(kind, part, input)) {
                    flaws.push(flaw);
                }
            }
            flaws.extend(self.longest_sms(kind, &inputs));
        }
        flaws
    }

    fn failure(&self, kind: MessageKind, part: Part, input: &RenderInput<'_>) -> Option<TemplateFlaw> {
        let template = part.file(kind);
        let rendered = match self.templates.render(kind, part, &self.branding.values(input)) {
            Ok(rendered) => rendered,
            Err(error) => {
                let error = innermost(&error);
                let flaw = TemplateFlawKind::Render(problem(error));
                return Some(self.flaw(error.name().unwrap_or(&template), error.line(), flaw));
            }
        };
        let flaw = if rendered.trim().is_empty() {
            TemplateFlawKind::Empty
        } else if part == Part::Subject && rendered.contains(char::is_control) {
            TemplateFlawKind::NotOneLine
        } else if part != Part::Subject && input.code().is_some_and(|code| !rendered.contains(code)) {
            TemplateFlawKind::NoCode
        } else {
            return None;
        };
        // A built-in template shows the code by means of the layout.
        let by_layout = part == Part::Html && !self.overrides.contains_key(&self.templates.file(&template));
        Some(self.flaw(if by_layout { built_in::LAYOUT } else { &template }, None, flaw))
    }

    /// The flaw of the longest SMS of this kind if it does not fit into one segment.
    fn longest_sms(&self, kind: MessageKind, inputs: &[RenderInput<'_>]) -> Option<TemplateFlaw> {
        inputs
            .iter()
            .filter_map(|input| self.branding.sms(self.templates, kind, input).ok())
            .map(|text| SmsSize::of(&text))
            .filter(|size| !size.fits())
            .max_by_key(|size| size.taken())
            .map(|size| self.flaw(&Part::Sms.file(kind), None, TemplateFlawKind::TooLong(size)))
    }
}

/// The innermost error with a line: that of the included template, if one template includes another.
fn innermost(error: &Error) -> &Error {
    std::iter::successors(Some(error), |error| (*error).source().and_then(|source| source.downcast_ref()))
        .filter(|error| error.line().is_some())
        .last()
        .unwrap_or(error)
}

/// The first line, counted from 1, with this word inside a tag.
fn line_of(source: &str, word: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(start) = find_tag(source, from) {
        let end = source[start..].find(['}']).map_or(source.len(), |length| start + length);
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let tag = &source[start..end];
        let found = tag
            .match_indices(word)
            .find(|(at, _)| !tag[..*at].ends_with(is_part) && !tag[at + word.len()..].starts_with(is_part));
        if let Some((at, _)) = found {
            return Some(source[..start + at].matches('\n').count() + 1);
        }
        from = end;
    }
    None
}

fn find_tag(source: &str, from: usize) -> Option<usize> {
    let rest = &source[from..];
    [rest.find("{{"), rest.find("{%")].into_iter().flatten().min().map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_located_at_its_first_line_inside_a_tag() {
        for (source, line) in [
            ("{{ user }}", Some(1)),
            ("Dear user,\n\n{{ user }} {{ user }}\n{{ user }}", Some(3)),
            ("{{ code }}\n{% if user %}\n{% endif %}", Some(2)),
            ("{% if code %}\n{{ user }}", Some(2)),
            ("Hello,\n{{\n  user }}", Some(3)),
            ("{{ users }} {{ my_user }} {{ user2 }}\n{{ user }}", Some(2)),
            ("{{ users + user }}", Some(1)),
            ("user { user } }}", None),
            ("{{ code", None),
            ("", None),
        ] {
            assert_eq!(line_of(source, "user"), line, "{source:?}");
        }
    }
}
