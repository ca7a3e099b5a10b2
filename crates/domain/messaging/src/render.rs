use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use asteroid_kernel::Timestamp;
use minijinja::{Error, Value};

use crate::templates::{self, Part, Templates, Values};
use crate::{
    Channel, Content, InvalidTemplates, Language, Message, MessageKind, OutgoingMessage, RegistrationDetails,
    SmsSize,
};

/// The texts and settings that all messages share. They come from the configuration, never from a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branding {
    /// The language of the messages.
    pub language: Language,
    /// The name of the product, as its users know it.
    pub product: String,
    /// The domain of the product, such as `example.com`. Phones fill in codes on its pages only.
    pub domain: String,
    /// The e-mail address of the support; [`None`] if there is none.
    pub support: Option<String>,
    /// The codes to check templates with.
    pub codes: CodeSamples,
}

/// Codes of the configured lengths, to check templates with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeSamples {
    /// A code that users type.
    pub typed: String,
    /// A code that phones fill in.
    pub filled_in: String,
    /// The lifetime of codes.
    pub life: Duration,
}

impl Default for Branding {
    /// English, for a product named Asteroid at `localhost`.
    fn default() -> Self {
        Self {
            language: Language::default(),
            product: "Asteroid".to_owned(),
            domain: "localhost".to_owned(),
            support: None,
            codes: CodeSamples::default(),
        }
    }
}

impl Default for CodeSamples {
    /// 5 characters to type, 6 digits to fill in, 10 minutes.
    fn default() -> Self {
        Self { typed: "7G2KD".to_owned(), filled_in: "042137".to_owned(), life: Duration::from_mins(10) }
    }
}

/// The input that a message is rendered with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RenderInput<'a> {
    Code { code: &'a str, minutes: u64, autofill: bool, registration: Option<&'a RegistrationDetails> },
    Notice,
}

impl<'a> RenderInput<'a> {
    pub(crate) const fn with_registration(self, details: &'a RegistrationDetails) -> Self {
        self.of_registration(Some(details))
    }

    const fn of_registration(self, registration: Option<&'a RegistrationDetails>) -> Self {
        match self {
            Self::Code { code, minutes, autofill, .. } => {
                Self::Code { code, minutes, autofill, registration }
            }
            Self::Notice => Self::Notice,
        }
    }

    pub(crate) const fn code(&self) -> Option<&str> {
        match self {
            Self::Code { code, .. } => Some(code),
            Self::Notice => None,
        }
    }
}

impl Branding {
    /// Every input with a code that templates can distinguish: each form of code with each number of minutes.
    pub(crate) fn inputs(&self) -> Vec<RenderInput<'_>> {
        let CodeSamples { typed, filled_in, life } = &self.codes;
        let forms = [(typed.as_str(), false), (filled_in.as_str(), true)];
        let of = |minutes| {
            forms.map(|(code, autofill)| RenderInput::Code { code, minutes, autofill, registration: None })
        };
        (1..=whole_minutes(*life)).flat_map(of).collect()
    }

    pub(crate) fn values(&self, input: &RenderInput<'_>) -> Values {
        let mut values = Values::from([
            ("product", Value::from(&self.product)),
            ("domain", Value::from(&self.domain)),
            ("support", Value::from(self.support.as_deref().unwrap_or_default())),
            ("language", Value::from(self.language.as_str())),
        ]);
        if let RenderInput::Code { code, minutes, registration, .. } = *input {
            values.extend([("code", Value::from(code)), ("minutes", Value::from(minutes))]);
            values.extend(RegistrationDetails::values(registration));
        }
        values
    }

    pub(crate) fn sms(
        &self,
        templates: &Templates,
        kind: MessageKind,
        input: &RenderInput<'_>,
    ) -> Result<String, Error> {
        let text = templates.render(kind, Part::Sms, &self.values(input))?;
        let (text, registration) = match input {
            // The last line of an origin-bound one-time code (https://wicg.github.io/sms-one-time-codes), which iOS and
            // Android read.
            RenderInput::Code { code, autofill: true, registration, .. } => {
                (format!("{text}\n\n@{} #{code}", self.domain), *registration)
            }
            RenderInput::Code { registration, .. } => (text, *registration),
            RenderInput::Notice => (text, None),
        };
        if registration.is_some() && !SmsSize::of(&text).fits() {
            // One segment matters more than the details.
            return self.sms(templates, kind, &input.of_registration(None));
        }
        Ok(text)
    }
}

/// The time in minutes, rounded up, at least 1.
fn whole_minutes(time: Duration) -> u64 {
    time.as_secs().div_ceil(60).max(1)
}

/// Renders messages from templates. Clones share them, and they can be [replaced](Self::replace) while they are in use.
#[derive(Clone)]
pub struct MessageRenderer(Arc<RwLock<Arc<CheckedTemplates>>>);

/// Templates that were rendered with every input.
struct CheckedTemplates {
    branding: Branding,
    templates: Templates,
}

impl MessageRenderer {
    /// Creates a renderer with the built-in templates, replaced by the overrides of the same file name
    /// ([`template_files`](crate::template_files)). Renders every template with every input that may occur.
    ///
    /// # Errors
    ///
    /// Every flaw of the templates: one that cannot be compiled or rendered, names an unknown variable, omits the code, or
    /// renders an SMS of more than one segment. Overrides in other languages are checked, too.
    pub fn new(branding: Branding, overrides: &BTreeMap<String, String>) -> Result<Self, InvalidTemplates> {
        match templates::check(&branding, overrides) {
            (templates, flaws) if flaws.is_empty() => {
                Ok(Self(Arc::new(RwLock::new(Arc::new(CheckedTemplates { branding, templates })))))
            }
            (_, flaws) => Err(InvalidTemplates(flaws)),
        }
    }

    /// Uses the templates of this renderer from now on, in every clone.
    pub fn replace(&self, renderer: &Self) {
        let new = renderer.current();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = new;
    }

    fn current(&self) -> Arc<CheckedTemplates> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Renders a message. `code` is the code of the challenge that it names. `registration` describes the registration that
    /// the code completes; [`None`] if there is none or it has expired.
    ///
    /// Returns [`None`] if a message that has to contain a code gets none.
    #[must_use]
    pub fn render(
        &self,
        message: &Message,
        code: Option<&str>,
        registration: Option<&RegistrationDetails>,
        now: Timestamp,
    ) -> Option<OutgoingMessage> {
        let (kind, channel) = (message.kind, message.channel());
        let input = match (message.content, code) {
            (Content::Code { autofill, .. }, Some(code)) => {
                let minutes = whole_minutes(message.expires_at.since(now));
                RenderInput::Code { code, minutes, autofill, registration }
            }
            (Content::Code { .. }, None) => return None,
            (Content::Notice, _) => RenderInput::Notice,
        };
        let current = self.current();
        let (subject, body, html) = match channel {
            Channel::Email => {
                let [subject, text, html] = current.email(kind, &input)?;
                (Some(subject), text, Some(html))
            }
            Channel::Sms => (None, current.sms(kind, &input)?, None),
        };
        Some(OutgoingMessage {
            id: message.id,
            at: now,
            channel,
            to: message.to.clone(),
            kind,
            subject,
            body,
            html,
            code: input.code().map(str::to_owned),
        })
    }

    /// Renders a message of this kind for both channels with sample values.
    ///
    /// # Panics
    ///
    /// Never: [`new`](Self::new) rendered every template.
    #[must_use]
    pub fn sample(&self, kind: MessageKind) -> Sample {
        let current = self.current();
        let CodeSamples { typed, filled_in, life } = &current.branding.codes;
        let minutes = whole_minutes(*life);
        let registration = RegistrationDetails::preview();
        let [to_email, to_phone] = if kind.carries_code() {
            [(typed, false), (filled_in, true)].map(|(code, autofill)| RenderInput::Code {
                code,
                minutes,
                autofill,
                registration: (kind == MessageKind::RegistrationCode).then_some(&registration),
            })
        } else {
            [RenderInput::Notice; 2]
        };
        let [subject, text, html] = current.email(kind, &to_email).expect("it was rendered before");
        Sample {
            kind,
            subject,
            text,
            html,
            sms: current.sms(kind, &to_phone).expect("it was rendered before"),
        }
    }
}

impl CheckedTemplates {
    /// The subject, the text and the HTML of an e-mail.
    fn email(&self, kind: MessageKind, input: &RenderInput<'_>) -> Option<[String; 3]> {
        let values = self.branding.values(input);
        let part = |part| self.templates.render(kind, part, &values).ok();
        Some([part(Part::Subject)?, part(Part::Text)?, part(Part::Html)?])
    }

    fn sms(&self, kind: MessageKind, input: &RenderInput<'_>) -> Option<String> {
        self.branding.sms(&self.templates, kind, input).ok()
    }
}

/// A kind of message, rendered with sample values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The kind of the message.
    pub kind: MessageKind,
    /// The subject of the e-mail.
    pub subject: String,
    /// The text of the e-mail.
    pub text: String,
    /// The HTML of the e-mail.
    pub html: String,
    /// The text of the SMS.
    pub sms: String,
}

impl fmt::Debug for MessageRenderer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageRenderer").field("branding", &self.current().branding).finish_non_exhaustive()
    }
}

impl Message {
    /// The lifetime of a notice: 24 hours.
    pub const NOTICE_LIFE: Duration = Duration::from_hours(24);
}
