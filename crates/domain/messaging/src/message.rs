use asteroid_kernel::{ChallengeId, Contact, ContactKind, MessageId, Randomness, Timestamp};

asteroid_kernel::named_enum! {
    /// The channel that a message is delivered by.
    pub enum Channel {
        /// E-mail.
        Email,
        /// SMS.
        Sms,
    }
}

impl Channel {
    /// The channel for contacts of this kind.
    #[must_use]
    pub const fn of(kind: ContactKind) -> Self {
        match kind {
            ContactKind::Email => Self::Email,
            ContactKind::Phone => Self::Sms,
        }
    }
}

asteroid_kernel::named_enum! {
    /// The kind of a message.
    pub enum MessageKind {
        /// The code that completes a registration.
        RegistrationCode,
        /// The code that signs a user in.
        SignInCode,
        /// The code that resets a password.
        ResetCode,
        /// A notice that the user changed the password.
        PasswordChanged,
        /// A notice that the password was reset with a code.
        PasswordReset,
        /// A notice that a client tried to register the contact of an existing user.
        AlreadyRegistered,
    }
}

impl MessageKind {
    /// Whether messages of this kind contain a code.
    #[must_use]
    pub const fn carries_code(self) -> bool {
        match self {
            Self::RegistrationCode | Self::SignInCode | Self::ResetCode => true,
            Self::PasswordChanged | Self::PasswordReset | Self::AlreadyRegistered => false,
        }
    }
}

/// The content of a message besides the text of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// The code of this challenge.
    Code {
        /// The challenge that the code is derived from.
        challenge: ChallengeId,
        /// Whether an SMS ends with the line from which phones fill in the code.
        autofill: bool,
    },
    /// No code: the text of the kind only.
    Notice,
}

/// A message to a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The message's id, the same for all attempts to deliver it.
    pub id: MessageId,
    /// The recipient, whose kind decides the channel.
    pub to: Contact,
    /// The kind of the message.
    pub kind: MessageKind,
    /// The content of the message.
    pub content: Content,
    /// When the message was created.
    pub created_at: Timestamp,
    /// When the message expires: with its code, or [`NOTICE_LIFE`](Self::NOTICE_LIFE) after a notice was created. It is not
    /// delivered afterwards.
    pub expires_at: Timestamp,
}

impl Message {
    /// Creates a message with a new id.
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

    /// Whether the message was expired when it was created. Such a message is written for a contact without a user, so that
    /// the response time does not reveal whether the contact has one. It is never delivered.
    #[must_use]
    pub fn is_decoy(&self) -> bool {
        self.expires_at <= self.created_at
    }

    /// The channel that the message is delivered by.
    #[must_use]
    pub fn channel(&self) -> Channel {
        Channel::of(self.to.kind())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use asteroid_kernel::Region;
    use asteroid_kernel::mocks::CountingRandomness;

    use super::*;

    fn notice(to: &str, life: Duration) -> Message {
        let (now, randomness) = (Timestamp::from_micros(0), CountingRandomness::default());
        let to = Contact::parse(to, Region::US).expect("a contact");
        Message::new(to, MessageKind::PasswordReset, Content::Notice, now + life, now, &randomness)
    }

    #[test]
    fn an_address_is_reached_by_email_and_a_number_by_sms() {
        assert_eq!(notice("george@example.com", Message::NOTICE_LIFE).channel(), Channel::Email);
        assert_eq!(notice("555-665-4345", Message::NOTICE_LIFE).channel(), Channel::Sms);
    }

    #[test]
    fn a_message_that_expires_when_it_is_created_is_a_decoy() {
        assert!(notice("george@example.com", Duration::ZERO).is_decoy());
        assert!(!notice("george@example.com", Duration::from_micros(1)).is_decoy());
    }

    #[test]
    fn a_stored_channel_is_read_back_by_its_name() {
        assert_eq!(Channel::ALL.map(Channel::as_str), ["email", "sms"]);
        assert_eq!(Channel::ALL.map(|channel| Channel::parse(channel.as_str())), Channel::ALL.map(Some));
        assert_eq!(Channel::parse("Email"), None);
    }

    #[test]
    fn a_stored_kind_is_read_back_by_its_name() {
        let names = [
            "registration_code",
            "sign_in_code",
            "reset_code",
            "password_changed",
            "password_reset",
            "already_registered",
        ];
        assert_eq!(MessageKind::ALL.map(MessageKind::as_str), names);
        assert_eq!(names.map(MessageKind::parse), MessageKind::ALL.map(Some));
        assert_eq!(MessageKind::parse("code"), None);
    }
}
