use asteroid_kernel::{AuditEventId, Contact, Origin, Randomness, Timestamp, UserId};

/// What was done or tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// A registration was begun.
    Register,
    /// A code was asked for.
    SendCode,
    /// A code was tried, to complete a registration or to sign in.
    VerifyCode,
    /// A password was tried, to sign in.
    SignIn,
    /// A session was ended by its owner.
    SignOut,
    /// A password was changed by its owner.
    ChangePassword,
    /// A code to set a new password was asked for.
    ForgotPassword,
    /// A code was tried, to set a new password.
    ResetPassword,
    /// The terms in force were accepted.
    AcceptTerms,
    /// A version of the terms was published.
    PublishTerms,
    /// Records were imported.
    Import,
    /// A message that was given up was let wait again by an operator.
    RetryMessage,
}

impl Action {
    /// Every action there is.
    pub const ALL: [Self; 12] = [
        Self::Register,
        Self::SendCode,
        Self::VerifyCode,
        Self::SignIn,
        Self::SignOut,
        Self::ChangePassword,
        Self::ForgotPassword,
        Self::ResetPassword,
        Self::AcceptTerms,
        Self::PublishTerms,
        Self::Import,
        Self::RetryMessage,
    ];

    /// Its name in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::SendCode => "send_code",
            Self::VerifyCode => "verify_code",
            Self::SignIn => "sign_in",
            Self::SignOut => "sign_out",
            Self::ChangePassword => "change_password",
            Self::ForgotPassword => "forgot_password",
            Self::ResetPassword => "reset_password",
            Self::AcceptTerms => "accept_terms",
            Self::PublishTerms => "publish_terms",
            Self::Import => "import",
            Self::RetryMessage => "retry_message",
        }
    }

    /// Reads its name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == text)
    }
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused: a wrong password or code, an unknown contact, a disabled user.
    Refused,
    /// It was not even tried: a limit was met.
    Limited,
}

impl Outcome {
    /// Every outcome there is.
    pub const ALL: [Self; 3] = [Self::Done, Self::Refused, Self::Limited];

    /// Its name in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Limited => "limited",
        }
    }

    /// Reads its name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// Names it; ids of later events sort later.
    pub id: AuditEventId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub action: Action,
    /// How it ended.
    pub outcome: Outcome,
    /// Whose account it was about, where that is known.
    pub user: Option<UserId>,
    /// The contact that was given, masked.
    pub contact: Option<String>,
    /// From where.
    pub origin: Origin,
}

impl AuditEvent {
    /// An event of this moment.
    #[must_use]
    pub fn new(
        action: Action,
        outcome: Outcome,
        origin: &Origin,
        now: Timestamp,
        randomness: &dyn Randomness,
    ) -> Self {
        Self {
            id: AuditEventId::new(now, randomness),
            at: now,
            action,
            outcome,
            user: None,
            contact: None,
            origin: origin.clone(),
        }
    }

    /// The same event, about this user.
    #[must_use]
    pub fn of_user(mut self, user: Option<UserId>) -> Self {
        self.user = user;
        self
    }

    /// The same event, with this contact, masked.
    #[must_use]
    pub fn with_contact(mut self, contact: &Contact) -> Self {
        self.contact = Some(contact.masked());
        self
    }
}
