//! What a message is rendered with, beside the message itself.

use asteroid_identity::PendingRegistrationRepository;
use asteroid_kernel::{StorageError, Timestamp};
use asteroid_messaging::{Content, Message, RegistrationDetails};
use asteroid_verification::{Challenge, ChallengeRepository, Purpose};

/// What a message is rendered from besides itself, as it was when the message was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct MessageContext {
    /// The challenge that the message names.
    pub(crate) challenge: Option<Challenge>,
    /// The registration that its code completes, if it is one and still lives.
    pub(crate) registration: Option<RegistrationDetails>,
}

impl MessageContext {
    pub(crate) async fn of<Tx: ChallengeRepository + PendingRegistrationRepository>(
        tx: &mut Tx,
        message: &Message,
        now: Timestamp,
    ) -> Result<Self, StorageError> {
        let challenge = match message.content {
            Content::Code { challenge, .. } => tx.find_challenge(challenge).await?,
            Content::Notice => None,
        };
        let registration = match challenge.as_ref().map(|challenge| challenge.purpose) {
            Some(Purpose::Register(id)) => tx.find_registration(id, now).await?,
            Some(Purpose::SignIn | Purpose::Reset) | None => None,
        };
        let registration = registration.map(|registration| RegistrationDetails {
            first_name: registration.name.first().to_owned(),
            requested_at: registration.created_at,
            user_agent: registration.user_agent,
        });
        Ok(Self { challenge, registration })
    }
}
