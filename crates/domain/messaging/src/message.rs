use asteroid_kernel::{ChallengeId, Contact, ContactKind, MessageId, Randomness, Timestamp};

/// The way by which a message reaches somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// E-mail.
    Email,
    /// SMS.
    Sms,
}

impl Channel {
    /// Every channel there is.
    pub const ALL: [Self; 2] = [Self::Email, Self::Sms];

    /// The channel that reaches this kind of contact.
    #[must_use]
    pub const fn of(kind: ContactKind) -> Self {
        match kind {
            ContactKind::Email => Self::Email,
            ContactKind::Phone => Self::Sms,
        }
    }

    /// Its name: `email`, `sms`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
        }
    }

    /// Reads its name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == text)
    }
}

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessageKind {
    /// The code that completes a registration.
    RegistrationCode,
    /// The code that signs in.
    SignInCode,
    /// The code that lets a new password be set.
    ResetCode,
    /// The password was changed by its owner.
    PasswordChanged,
    /// The password was set anew with a code.
    PasswordReset,
    /// Somebody tried to register with a contact that belongs to the recipient's account.
    AlreadyRegistered,
}

impl MessageKind {
    /// Every kind there is.
    pub const ALL: [Self; 6] = [
        Self::RegistrationCode,
        Self::SignInCode,
        Self::ResetCode,
        Self::PasswordChanged,
        Self::PasswordReset,
        Self::AlreadyRegistered,
    ];

    /// Whether its messages carry a code.
    #[must_use]
    pub const fn carries_code(self) -> bool {
        match self {
            Self::RegistrationCode | Self::SignInCode | Self::ResetCode => true,
            Self::PasswordChanged | Self::PasswordReset | Self::AlreadyRegistered => false,
        }
    }

    /// Its name, in stores and in the file transport.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RegistrationCode => "registration_code",
            Self::SignInCode => "sign_in_code",
            Self::ResetCode => "reset_code",
            Self::PasswordChanged => "password_changed",
            Self::PasswordReset => "password_reset",
            Self::AlreadyRegistered => "already_registered",
        }
    }

    /// Reads its name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// What a message carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// The code of this challenge.
    Code {
        /// The challenge that the code is derived from.
        challenge: ChallengeId,
        /// Whether the message ends with the line that phones fill the code in from.
        autofill: bool,
    },
    /// Nothing but what its kind says.
    Notice,
}

/// A message that is to reach somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Names it, over all tries to deliver it.
    pub id: MessageId,
    /// Whom it is for; this decides the channel.
    pub to: Contact,
    /// What it is about.
    pub kind: MessageKind,
    /// What it carries.
    pub content: Content,
    /// When it became necessary.
    pub created_at: Timestamp,
    /// From when on it is useless: a code's expiry, or a day later for a notice.
    pub expires_at: Timestamp,
}

impl Message {
    /// A message with a new id.
    #[must_use]
    pub fn new(
        to: Contact,
        kind: MessageKind,
        content: Content,
        expires_at: Timestamp,
        now: Timestamp,
        randomness: &dyn Randomness,
    ) -> Self {
        Self { id: MessageId::new(now, randomness), to, kind, content, created_at: now, expires_at }
    }

    /// Whether it was useless from the first: written for a contact that nobody has, so that the time does not tell.
    #[must_use]
    pub fn is_decoy(&self) -> bool {
        self.expires_at <= self.created_at
    }

    /// The channel that it leaves by.
    #[must_use]
    pub fn channel(&self) -> Channel {
        Channel::of(self.to.kind())
    }
}
