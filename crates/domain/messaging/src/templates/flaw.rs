use std::fmt;

use crate::SmsSize;

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// No template is kept under this name.
    UnknownFile,
    /// It is not written as templates are.
    Syntax(String),
    /// It names a variable that this message does not have.
    UnknownVariable {
        /// The name.
        name: String,
        /// The variables that it has.
        known: Vec<&'static str>,
    },
    /// It cannot be rendered.
    Render(String),
    /// Nothing comes of it.
    Empty,
    /// What comes of it has a line break or another control character, and a subject is one line.
    NotOneLine,
    /// The code does not come up in it.
    NoCode,
    /// The SMS that comes of it needs more than a segment.
    TooLong(SmsSize),
}

/// A template, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateFlaw {
    /// The name of the file, as [`template_files`](crate::template_files) lists it.
    pub file: String,
    /// The line, from 1, where one is at fault.
    pub line: Option<usize>,
    /// Whether it is an override, and not what came along.
    pub overridden: bool,
    /// What is wrong.
    pub flaw: Flaw,
}

/// All that is wrong with templates, never an empty list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidTemplates(pub Vec<TemplateFlaw>);

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownFile => f.write_str("there is no template of this name"),
            Self::Syntax(problem) | Self::Render(problem) => f.write_str(problem),
            Self::UnknownVariable { name, known } => {
                write!(f, "there is no variable `{name}` here: there are {}", known.join(", "))
            }
            Self::Empty => f.write_str("nothing comes of it"),
            Self::NotOneLine => f.write_str("a subject is one line, without control characters"),
            Self::NoCode => f.write_str("it does not show the code: write {{ code }}"),
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
        f.write_str("messages cannot be put into words:")?;
        self.0.iter().try_for_each(|flaw| write!(f, "\n  {flaw}"))
    }
}

impl std::error::Error for InvalidTemplates {}
