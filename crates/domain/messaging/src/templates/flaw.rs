use std::fmt;

use crate::SmsSize;

/// The kind of a [`TemplateFlaw`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateFlawKind {
    /// There is no template of this file name.
    UnknownFile,
    /// The template has a syntax error.
    Syntax(String),
    /// The template names a variable that its message does not have.
    UnknownVariable {
        /// The name of the variable.
        name: String,
        /// The variables that the message has.
        known: Vec<&'static str>,
    },
    /// Rendering the template fails.
    Render(String),
    /// The rendered text is empty.
    Empty,
    /// The rendered subject has a line break or another control character.
    NotOneLine,
    /// The rendered text does not contain the code.
    NoCode,
    /// The rendered SMS needs more than one segment.
    TooLong(SmsSize),
}

/// A flaw of a template, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateFlaw {
    /// The name of the file, as [`template_files`](crate::template_files) lists it.
    pub file: String,
    /// The line, counted from 1; [`None`] if the flaw is not in a single line.
    pub line: Option<usize>,
    /// Whether the template is an override, not a built-in one.
    pub overridden: bool,
    /// The kind of the flaw.
    pub flaw: TemplateFlawKind,
}

/// The error of templates with flaws. The list is never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidTemplates(pub Vec<TemplateFlaw>);

impl fmt::Display for TemplateFlawKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownFile => f.write_str("unknown template file"),
            Self::Syntax(problem) | Self::Render(problem) => f.write_str(problem),
            Self::UnknownVariable { name, known } => {
                write!(f, "unknown variable `{name}`: the variables here are {}", known.join(", "))
            }
            Self::Empty => f.write_str("the rendered text is empty"),
            Self::NotOneLine => f.write_str("a subject must be one line without control characters"),
            Self::NoCode => f.write_str("the code is missing: write {{ code }}"),
            Self::TooLong(size) => write!(f, "the SMS needs more than one segment: {size}"),
        }
    }
}

impl fmt::Display for TemplateFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.flaw)
    }
}

impl fmt::Display for InvalidTemplates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the message templates are not valid:")?;
        self.0.iter().try_for_each(|flaw| write!(f, "\n  {flaw}"))
    }
}

impl std::error::Error for InvalidTemplates {}
