use std::time::Duration;

use asteroid_kernel::Timestamp;

use crate::{Channel, Content, Message, MessageKind, OutgoingMessage};

/// Puts messages into words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composer {
    /// The name of the product, as its users know it.
    pub product: String,
    /// The domain that phones may fill a code into (`example.com`), at the end of an SMS.
    pub autofill_domain: String,
}

impl Composer {
    /// The message in words. `code` is the code of the challenge that it names; a message that should carry one
    /// and gets none cannot be composed.
    #[must_use]
    pub fn compose(&self, message: &Message, code: Option<&str>, now: Timestamp) -> Option<OutgoingMessage> {
        let channel = message.channel();
        let (subject, mut body) = match (message.content, code) {
            (Content::Code { .. }, Some(code)) => self.code_text(message, channel, code, now),
            (Content::Code { .. }, None) => return None,
            (Content::Notice, _) => self.notice_text(message.kind, channel),
        };
        let autofill = matches!(message.content, Content::Code { autofill: true, .. });
        if let (Channel::Sms, true, Some(code)) = (channel, autofill, code) {
            // The last line, for itself, nothing stuck to the code: the form that iOS and Android read.
            body = format!("{body}\n\n@{} #{code}", self.autofill_domain);
        }
        Some(OutgoingMessage {
            id: message.id,
            at: now,
            channel,
            to: message.to.clone(),
            kind: message.kind,
            subject: (channel == Channel::Email).then_some(subject),
            body,
            code: matches!(message.content, Content::Code { .. }).then(|| code.map(str::to_owned)).flatten(),
        })
    }

    fn code_text(&self, message: &Message, channel: Channel, code: &str, now: Timestamp) -> (String, String) {
        let product = &self.product;
        let minutes = message.useless_at.since(now).as_secs().div_ceil(60).max(1);
        let minutes = if minutes == 1 { "1 minute".to_owned() } else { format!("{minutes} minutes") };
        let (what, purpose) = match message.kind {
            MessageKind::RegistrationCode => ("verification code", "finish your registration"),
            MessageKind::ResetCode => ("password reset code", "set a new password"),
            _ => ("sign-in code", "sign in"),
        };
        let subject = format!("{code} is your {product} {what}");
        let body = match channel {
            Channel::Sms => {
                format!("{code} is your {product} {what}. It works for {minutes}. Tell it to nobody.")
            }
            Channel::Email => format!(
                "Hello,\n\nuse this code to {purpose}:\n\n    {code}\n\n\
                 It works for {minutes}. Tell it to nobody: no one from {product} will ever ask for it.\n\n\
                 If you did not ask for a code, you can ignore this message."
            ),
        };
        (subject, body)
    }

    fn notice_text(&self, kind: MessageKind, channel: Channel) -> (String, String) {
        let product = &self.product;
        let (subject, text, advice) = match kind {
            MessageKind::PasswordReset => (
                format!("Your {product} password was reset"),
                format!("The password of your {product} account was reset with a code."),
                "If this was not you, reset it again now.",
            ),
            MessageKind::AlreadyRegistered => (
                format!("You already have a {product} account"),
                format!("Somebody tried to register at {product} as you, but you have an account."),
                "If it was you, sign in or reset your password.",
            ),
            _ => (
                format!("Your {product} password was changed"),
                format!("The password of your {product} account was changed."),
                "If this was not you, reset it now.",
            ),
        };
        let body = match channel {
            Channel::Sms => format!("{text} {advice}"),
            Channel::Email => format!("Hello,\n\n{text}\n\n{advice}"),
        };
        (subject, body)
    }
}

impl Message {
    /// A notice that reaches its recipient later than this is useless.
    pub const NOTICE_LIFE: Duration = Duration::from_hours(24);
}

#[cfg(test)]
mod tests {
    use asteroid_kernel::mocks::CountingRandomness;
    use asteroid_kernel::{ChallengeId, Contact, Region};

    use super::*;

    fn composed(to: &str, kind: MessageKind, autofill: bool) -> OutgoingMessage {
        let (now, randomness) = (Timestamp::from_micros(0), CountingRandomness::default());
        let challenge = ChallengeId::new(now, &randomness);
        let is_code =
            matches!(kind, MessageKind::RegistrationCode | MessageKind::SignInCode | MessageKind::ResetCode);
        let content = if is_code { Content::Code { challenge, autofill } } else { Content::Notice };
        let to = Contact::parse(to, Region::US).expect("a contact");
        let message = Message::new(to, kind, content, now + Duration::from_mins(10), now, &randomness);
        let composer = Composer { product: "Asteroid".into(), autofill_domain: "example.com".into() };
        composer.compose(&message, Some("042137"), now).expect("a code is there")
    }

    #[test]
    fn an_autofill_sms_ends_with_the_line_that_phones_read() {
        let sms = composed("555-665-4345", MessageKind::SignInCode, true);
        assert_eq!(
            sms.body,
            "042137 is your Asteroid sign-in code. It works for 10 minutes. Tell it to nobody.\n\n@example.com #042137"
        );
        assert_eq!((sms.subject, sms.code.as_deref()), (None, Some("042137")));
    }

    #[test]
    fn only_a_message_with_a_code_shows_one() {
        for kind in MessageKind::ALL {
            for to in ["555-665-4345", "george@example.com"] {
                let message = composed(to, kind, false);
                let shows = message.body.contains("042137");
                assert_eq!(shows, message.code.is_some(), "{kind:?}");
                assert!(!message.body.contains('@'), "no autofill line was asked for");
                assert!(!format!("{message:?}").contains("042137"));
            }
        }
    }

    #[test]
    fn every_sms_fits_one_segment() {
        for kind in MessageKind::ALL {
            let sms = composed("555-665-4345", kind, true);
            assert!(sms.body.is_ascii() && sms.body.len() <= 160, "{kind:?}: {}", sms.body.len());
        }
    }

    #[test]
    fn a_code_message_without_its_code_is_not_composed() {
        let (now, randomness) = (Timestamp::from_micros(0), CountingRandomness::default());
        let content = Content::Code { challenge: ChallengeId::new(now, &randomness), autofill: false };
        let to = Contact::parse("george@example.com", Region::US).expect("a contact");
        let message = Message::new(to, MessageKind::ResetCode, content, now, now, &randomness);
        let composer = Composer { product: "Asteroid".into(), autofill_domain: "example.com".into() };
        assert_eq!(composer.compose(&message, None, now), None);
    }
}
