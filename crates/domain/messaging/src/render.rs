use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use asteroid_kernel::Timestamp;
use minijinja::{Error, Value};

use crate::templates::{self, Part, Templates, Values};
use crate::{
    Channel, Content, InvalidTemplates, Language, Message, MessageKind, OutgoingMessage, RegistrationDetails,
    SmsSize,
};

/// What messages are made of, besides what each is about. All of it is configured: nothing comes from a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branding {
    /// The language that they are written in.
    pub language: Language,
    /// The name of the product, as its users know it.
    pub product: String,
    /// Its domain (`example.com`). Phones may fill a code in there.
    pub domain: String,
    /// The address that helps.
    pub support: Option<String>,
    /// What codes look like.
    pub codes: CodeSamples,
}

/// Codes as long as they get, to try templates with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeSamples {
    /// One that a person types.
    pub typed: String,
    /// One that a phone fills in.
    pub filled_in: String,
    /// How long a code works.
    pub life: Duration,
}

impl Default for Branding {
    /// English, for a product called Asteroid on this machine.
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
    /// 5 characters to be typed, 6 digits to be filled in, 10 minutes.
    fn default() -> Self {
        Self { typed: "7G2KD".to_owned(), filled_in: "042137".to_owned(), life: Duration::from_mins(10) }
    }
}

/// What a message is written for.
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
    /// Every input for a code that there can be, as far as templates can tell them apart.
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
            // The last line, for itself, nothing stuck to the code: the form that iOS and Android read
            // (https://wicg.github.io/sms-one-time-codes).
            RenderInput::Code { code, autofill: true, registration, .. } => {
                (format!("{text}\n\n@{} #{code}", self.domain), *registration)
            }
            RenderInput::Code { registration, .. } => (text, *registration),
            RenderInput::Notice => (text, None),
        };
        if registration.is_some() && !SmsSize::of(&text).fits() {
            // The details are worth less than a second segment.
            return self.sms(templates, kind, &input.of_registration(None));
        }
        Ok(text)
    }
}

/// Begun minutes, at least one.
fn whole_minutes(time: Duration) -> u64 {
    time.as_secs().div_ceil(60).max(1)
}

/// Puts messages into words.
#[derive(Clone)]
pub struct MessageRenderer {
    branding: Branding,
    templates: Templates,
}

impl MessageRenderer {
    /// A renderer with the templates that come along, and with these in the place of those of the same file name
    /// (see [`template_files`](crate::template_files)). Everything that it may ever have to write is tried first.
    ///
    /// # Errors
    ///
    /// All that is wrong with the templates: what cannot be compiled or rendered, names a variable that is not
    /// there, leaves the code out, or makes an SMS that needs more than a segment. Overrides in other languages are
    /// held to the same.
    pub fn new(branding: Branding, overrides: &BTreeMap<String, String>) -> Result<Self, InvalidTemplates> {
        match templates::check(&branding, overrides) {
            (templates, flaws) if flaws.is_empty() => Ok(Self { branding, templates }),
            (_, flaws) => Err(InvalidTemplates(flaws)),
        }
    }

    /// The message in words. `code` is the code of the challenge that it names; a message that should carry one
    /// and gets none cannot be rendered. `registration` describes the registration that the code completes, if it is one
    /// and still lives.
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
        let (subject, body, html) = match channel {
            Channel::Email => {
                let [subject, text, html] = self.email(kind, &input)?;
                (Some(subject), text, Some(html))
            }
            Channel::Sms => (None, self.sms(kind, &input)?, None),
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

    /// A message of this kind, by either channel, with sample values.
    ///
    /// # Panics
    ///
    /// Never: all of it was tried when the renderer was made.
    #[must_use]
    pub fn sample(&self, kind: MessageKind) -> Sample {
        let CodeSamples { typed, filled_in, life } = &self.branding.codes;
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
        let [subject, text, html] = self.email(kind, &to_email).expect("it was tried");
        Sample { kind, subject, text, html, sms: self.sms(kind, &to_phone).expect("it was tried") }
    }

    /// Subject, text and HTML.
    fn email(&self, kind: MessageKind, input: &RenderInput<'_>) -> Option<[String; 3]> {
        let values = self.branding.values(input);
        let part = |part| self.templates.render(kind, part, &values).ok();
        Some([part(Part::Subject)?, part(Part::Text)?, part(Part::Html)?])
    }

    fn sms(&self, kind: MessageKind, input: &RenderInput<'_>) -> Option<String> {
        self.branding.sms(&self.templates, kind, input).ok()
    }
}

/// What people would read of a kind of message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The kind.
    pub kind: MessageKind,
    /// The subject of the e-mail.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// The same in HTML.
    pub html: String,
    /// The SMS.
    pub sms: String,
}

impl fmt::Debug for MessageRenderer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageRenderer").field("branding", &self.branding).finish_non_exhaustive()
    }
}

impl Message {
    /// A notice that reaches its recipient later than this is useless.
    pub const NOTICE_LIFE: Duration = Duration::from_hours(24);
}
