use std::fmt;
use std::time::Duration;

use asteroid_kernel::{Origin, Randomness, SessionId, StorageError, Timestamp, UserId, random_bytes};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::UserStatus;

/// An opaque session token: 32 lowercase hexadecimal digits from 128 random bits.
///
/// It is returned to the client once. Only its [hash](SessionTokenHash) is stored.
#[derive(Clone)]
pub struct SessionToken(SecretString);

impl SessionToken {
    /// Generates a token.
    #[must_use]
    pub fn new(randomness: &dyn Randomness) -> Self {
        let bytes = random_bytes::<16>(randomness);
        Self(format!("{:032x}", u128::from_be_bytes(bytes)).into())
    }

    /// Parses a token that a client sent. [`None`] if it does not have the form of a token.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == 32 && text.bytes().all(hex)).then(|| Self(text.into()))
    }

    /// The hash to store.
    ///
    /// SHA-256 without a salt is sufficient: 128 random bits cannot be guessed from their hash.
    #[must_use]
    pub fn hash(&self) -> SessionTokenHash {
        SessionTokenHash(Sha256::digest(self.0.expose_secret().as_bytes()).into())
    }

    /// The hash to store of a token for the console. It is another one than [`SessionToken::hash`], so that no token of the
    /// console opens anything else, and no other token opens the console.
    #[must_use]
    pub fn console_hash(&self) -> SessionTokenHash {
        SessionTokenHash(self.labelled("console"))
    }

    /// The text that forms of the console carry, by which it knows them from those of other pages (CSRF). It tells nothing
    /// of the token.
    #[must_use]
    pub fn form_token(&self) -> String {
        // Half of the digest is as unpredictable as the token.
        let half: u128 =
            self.labelled("form").iter().take(16).fold(0, |sum, byte| sum << 8 | u128::from(*byte));
        format!("{half:032x}")
    }

    fn labelled(&self, label: &str) -> [u8; 32] {
        let digest = Sha256::new().chain_update(label).chain_update(":");
        digest.chain_update(self.0.expose_secret().as_bytes()).finalize().into()
    }

    /// The token in plain text, for the client.
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

/// The lifetime of sessions (NIST SP 800-63B-4, 5.2), and the number of them per user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLifetime {
    /// The absolute timeout: the time from sign-in to expiry, however the session is used.
    pub absolute: Duration,
    /// The inactivity timeout: the time from the last use to the end.
    pub idle: Duration,
    /// The maximum number of sessions per user. One more ends the oldest one.
    pub per_user: usize,
    /// The minimum time between two updates of a session's last use.
    pub touch_interval: Duration,
}

impl Default for SessionLifetime {
    /// 24 hours absolute, 12 hours idle, 20 sessions per user, one update per minute.
    fn default() -> Self {
        Self {
            absolute: Duration::from_hours(24),
            idle: Duration::from_hours(12),
            per_user: 20,
            touch_interval: Duration::from_mins(1),
        }
    }
}

/// A session of a signed-in user. Revoking a session deletes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The session's id.
    pub id: SessionId,
    /// The user who signed in.
    pub user: UserId,
    /// The hash of the session's opaque token; [`None`] if a signed token names the session.
    pub token: Option<SessionTokenHash>,
    /// When the user signed in.
    pub created_at: Timestamp,
    /// When the session expires, however it is used.
    pub expires_at: Timestamp,
    /// The last recorded use ([`SessionLifetime::touch_interval`]).
    pub last_used_at: Timestamp,
    /// The address and the client that the user signed in from.
    pub origin: Origin,
}

/// A stored session with the current status of its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundSession {
    /// The session.
    pub session: Session,
    /// The status of the session's user.
    pub user_status: UserStatus,
}

impl FoundSession {
    /// The session if it is live and its user is enabled; otherwise [`None`].
    #[must_use]
    pub fn live(self, now: Timestamp, lifetime: &SessionLifetime) -> Option<Session> {
        let is_live = self.user_status == UserStatus::Enabled && self.session.is_live(now, lifetime);
        is_live.then_some(self.session)
    }
}

impl Session {
    /// Whether the session can be used: neither expired nor idle for too long.
    #[must_use]
    pub fn is_live(&self, now: Timestamp, lifetime: &SessionLifetime) -> bool {
        now < self.expires_at && now < self.last_used_at + lifetime.idle
    }

    /// Whether a use at `now` is to be recorded.
    #[must_use]
    pub fn is_touch_due(&self, now: Timestamp, lifetime: &SessionLifetime) -> bool {
        now >= self.last_used_at + lifetime.touch_interval
    }
}

asteroid_kernel::repository! {
    /// Stores sessions.
    ///
    /// It returns sessions whether they are live or not; the caller decides ([`FoundSession::live`]).
    pub trait SessionRepository {
        /// Inserts a session. If its user then has more than `at_most`, ends the oldest ones.
        write fn insert_session(&mut self, session: &Session, at_most: usize) -> Result<(), StorageError>;

        /// The session of the token with this hash; [`None`] if there is none.
        read fn find_session_by_token(
            &mut self,
            token: &SessionTokenHash,
        ) -> Result<Option<FoundSession>, StorageError>;

        /// The session of this id; [`None`] if there is none.
        read fn find_session(&mut self, id: SessionId) -> Result<Option<FoundSession>, StorageError>;

        /// The user's sessions, newest first.
        read fn list_sessions(&mut self, user: UserId) -> Result<Vec<Session>, StorageError>;

        /// Records a use of the session. A time before the last recorded use changes nothing.
        write fn touch_session(&mut self, id: SessionId, at: Timestamp) -> Result<(), StorageError>;

        /// Ends one session of this user. `false` if the user has no such session.
        write fn revoke_session(&mut self, user: UserId, id: SessionId) -> Result<bool, StorageError>;

        /// Ends all sessions of this user except `keep`. Returns their number.
        write fn revoke_sessions(&mut self, user: UserId, keep: Option<SessionId>) -> Result<u64, StorageError>;

        /// The sessions with a signed token that are neither expired nor idle and began before `began_before`: their
        /// number, and when the last one expires ([`None`] if there is none).
        read fn signed_sessions(
            &mut self,
            now: Timestamp,
            idle_since: Timestamp,
            began_before: Timestamp,
        ) -> Result<(u64, Option<Timestamp>), StorageError>;

        /// The number of sessions that are neither expired at `now` nor were last used at `idle_since` or before, counted up
        /// to `at_most`.
        read fn count_live_sessions(
            &mut self,
            now: Timestamp,
            idle_since: Timestamp,
            at_most: usize,
        ) -> Result<usize, StorageError>;

        /// Removes the sessions that expired at `now` or before, or were last used at `idle_since` or before. Returns
        /// their number.
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
    fn the_hashes_of_a_token_tell_nothing_of_each_other() {
        let randomness = CountingRandomness::default();
        let token = SessionToken::new(&randomness);
        assert_ne!(token.hash(), token.console_hash());
        assert_eq!(
            token.console_hash(),
            SessionToken::parse(token.expose()).expect("a token").console_hash()
        );
        assert_eq!(token.form_token().len(), 32);
        assert_ne!(token.form_token(), token.expose());
        assert_ne!(token.form_token(), SessionToken::new(&randomness).form_token());
    }

    #[test]
    fn a_text_of_another_form_is_not_a_token() {
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

    fn session(start: Timestamp, lifetime: &SessionLifetime) -> Session {
        Session {
            id: SessionId::new(start, &CountingRandomness::default()),
            user: UserId(1),
            token: None,
            created_at: start,
            expires_at: start + lifetime.absolute,
            last_used_at: start,
            origin: Origin::default(),
        }
    }

    #[test]
    fn a_disabled_user_has_no_live_session() {
        let (start, lifetime) = (Timestamp::from_micros(0), SessionLifetime::default());
        let session = session(start, &lifetime);
        let found = |user_status| FoundSession { session: session.clone(), user_status };
        assert_eq!(found(UserStatus::Enabled).live(start, &lifetime), Some(session.clone()));
        assert_eq!(found(UserStatus::Disabled).live(start, &lifetime), None);
        assert_eq!(found(UserStatus::Enabled).live(start + lifetime.idle, &lifetime), None);
    }

    #[test]
    fn a_session_is_live_until_its_expiry_or_its_idle_timeout() {
        let (start, lifetime) = (Timestamp::from_micros(0), SessionLifetime::default());
        let mut session = session(start, &lifetime);
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
