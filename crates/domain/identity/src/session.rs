use std::fmt;
use std::time::Duration;

use asteroid_kernel::{Origin, Randomness, SessionId, StorageError, Timestamp, UserId, random_bytes};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::UserStatus;

/// An opaque session token: 32 lowercase hexadecimal digits from 128 random bits.
///
/// Shown to its owner once. Only its [hash](SessionTokenHash) is stored.
#[derive(Clone)]
pub struct SessionToken(SecretString);

impl SessionToken {
    /// A new token.
    #[must_use]
    pub fn new(randomness: &dyn Randomness) -> Self {
        let bytes = random_bytes::<16>(randomness);
        Self(format!("{:032x}", u128::from_be_bytes(bytes)).into())
    }

    /// Reads a token that a client sent; nothing that was never given out passes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == 32 && text.bytes().all(hex)).then(|| Self(text.into()))
    }

    /// What is stored of it.
    ///
    /// A plain SHA-256 will do: 128 random bits cannot be guessed from their hash.
    #[must_use]
    pub fn hash(&self) -> SessionTokenHash {
        SessionTokenHash(Sha256::digest(self.0.expose_secret().as_bytes()).into())
    }

    /// The token itself, to hand it to its owner.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(..)")
    }
}

/// The SHA-256 of a [`SessionToken`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionTokenHash(pub [u8; 32]);

impl fmt::Debug for SessionTokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionTokenHash(..)")
    }
}

/// How long sessions live and how many a user may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLifetime {
    /// From sign-in to the end, however much the session is used.
    pub absolute: Duration,
    /// From the last use to the end.
    pub idle: Duration,
    /// So many live sessions a user; one more ends the oldest.
    pub per_user: usize,
    /// The last use is written down at most this often.
    pub touch_interval: Duration,
}

impl Default for SessionLifetime {
    /// 24 hours, 12 hours idle, 20 sessions, written down once a minute.
    fn default() -> Self {
        Self {
            absolute: Duration::from_hours(24),
            idle: Duration::from_hours(12),
            per_user: 20,
            touch_interval: Duration::from_mins(1),
        }
    }
}

/// A signed-in user on one device. A session that is revoked is not there any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Names the session.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// The hash of the opaque token that opens it; none where a signed token names the session.
    pub token: Option<SessionTokenHash>,
    /// When the user signed in.
    pub created_at: Timestamp,
    /// The end, however much the session is used.
    pub expires_at: Timestamp,
    /// The last use, as far as it was written down.
    pub last_used_at: Timestamp,
    /// From where the user signed in.
    pub origin: Origin,
}

/// A session as the store finds it: with the status that its user has by now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundSession {
    /// The session.
    pub session: Session,
    /// The user's status. A disabled user has no live session.
    pub user_status: UserStatus,
}

impl FoundSession {
    /// The session, if it is live and its user is enabled.
    #[must_use]
    pub fn live(self, now: Timestamp, lifetime: &SessionLifetime) -> Option<Session> {
        let is_live = self.user_status == UserStatus::Enabled && self.session.is_live(now, lifetime);
        is_live.then_some(self.session)
    }
}

impl Session {
    /// Whether the session may still be used.
    #[must_use]
    pub fn is_live(&self, now: Timestamp, lifetime: &SessionLifetime) -> bool {
        now < self.expires_at && now < self.last_used_at + lifetime.idle
    }

    /// Whether this use is to be written down.
    #[must_use]
    pub fn is_touch_due(&self, now: Timestamp, lifetime: &SessionLifetime) -> bool {
        now >= self.last_used_at + lifetime.touch_interval
    }
}

asteroid_kernel::repository! {
    /// Keeps sessions.
    ///
    /// Which of them are live is the caller's to say ([`Session::is_live`]); the store finds what it has.
    pub trait SessionRepository {
        /// Keeps a session; if its user then has more than `at_most`, the oldest end.
        write fn insert_session(&mut self, session: &Session, at_most: usize) -> Result<(), StorageError>;

        /// The session that this token opens.
        read fn find_session_by_token(
            &mut self,
            token: &SessionTokenHash,
        ) -> Result<Option<FoundSession>, StorageError>;

        /// The session of this id.
        read fn find_session(&mut self, id: SessionId) -> Result<Option<FoundSession>, StorageError>;

        /// The user's sessions, the newest first.
        read fn list_sessions(&mut self, user: UserId) -> Result<Vec<Session>, StorageError>;

        /// Writes down that the session was used; an earlier time than the one kept changes nothing.
        write fn touch_session(&mut self, id: SessionId, at: Timestamp) -> Result<(), StorageError>;

        /// Ends one session of this user. False if the user has no such session.
        write fn revoke_session(&mut self, user: UserId, id: SessionId) -> Result<bool, StorageError>;

        /// Ends all sessions of this user but the one that is kept, if any; says how many.
        write fn revoke_sessions(&mut self, user: UserId, keep: Option<SessionId>) -> Result<u64, StorageError>;

        /// Removes the sessions that expired by `now` or were last used at `idle_since` or before; says how many.
        write fn remove_expired_sessions(
            &mut self,
            now: Timestamp,
            idle_since: Timestamp,
        ) -> Result<u64, StorageError>;
    }
}

#[cfg(test)]
mod tests {
    use asteroid_kernel::mocks::CountingRandomness;

    use super::*;

    #[test]
    fn a_token_is_32_lowercase_hexadecimal_digits() {
        let token = SessionToken::new(&CountingRandomness::default());
        assert_eq!(token.expose().len(), 32);
        assert!(token.expose().bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
        let read = SessionToken::parse(token.expose()).expect("a token");
        assert_eq!(read.hash(), token.hash());
    }

    #[test]
    fn what_was_never_given_out_is_no_token() {
        for text in [
            "",
            "48A4034027374BE582B936F7D58043AF",
            "48a4034027374be582b936f7d58043a",
            "48a4034027374be582b936f7d58043afa",
        ] {
            assert!(SessionToken::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn neither_a_token_nor_its_hash_is_printed() {
        let token = SessionToken::new(&CountingRandomness::default());
        assert_eq!(format!("{token:?} {:?}", token.hash()), "SessionToken(..) SessionTokenHash(..)");
    }

    #[test]
    fn a_session_dies_at_its_expiry_and_when_idle() {
        let start = Timestamp::from_micros(0);
        let lifetime = SessionLifetime::default();
        let mut session = Session {
            id: SessionId::new(start, &CountingRandomness::default()),
            user: UserId(1),
            token: None,
            created_at: start,
            expires_at: start + lifetime.absolute,
            last_used_at: start,
            origin: Origin::default(),
        };
        let tick = Duration::from_micros(1);
        assert!(session.is_live(start + lifetime.idle - tick, &lifetime));
        assert!(!session.is_live(start + lifetime.idle, &lifetime));
        session.last_used_at = start + Duration::from_hours(20);
        assert!(session.is_live(start + lifetime.absolute - tick, &lifetime));
        assert!(!session.is_live(start + lifetime.absolute, &lifetime));
        assert!(!session.is_touch_due(session.last_used_at + Duration::from_secs(59), &lifetime));
        assert!(session.is_touch_due(session.last_used_at + Duration::from_secs(60), &lifetime));
    }
}
