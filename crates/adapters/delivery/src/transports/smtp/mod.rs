//! E-mail by a mail server.

mod bounded_replies;
mod email;
mod error;
mod line_by_line;
mod session;
mod url;

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use asteroid_kernel::BoxError;
use asteroid_messaging::{DeliveryError, MessageTransport, OutgoingMessage};
use tokio::time::Instant;

use self::email::ComposedEmail;
use self::error::SmtpError;
use self::session::{Deadline, SmtpSession};
pub(super) use self::url::SmtpSecurity;
pub use self::url::SmtpUrl;

/// Sends e-mail by a mail server, over pooled connections.
///
/// The `Message-ID` is made of the message's id: it is the same in every attempt. An attempt ends within the URL's
/// `timeout`, whatever the server does.
///
/// Permanent failures: 5xx to sender, recipient or message, except failed authentication (530, 534, 535, 538), and an
/// address beyond ASCII at a server without SMTPUTF8.
pub struct SmtpTransport {
    url: SmtpUrl,
    /// Sessions for the next message. A session returns only after a reply to every command: in one that was
    /// abandoned, a late reply would count for the next message.
    idle: Mutex<Vec<IdleSession>>,
}

struct IdleSession {
    session: SmtpSession,
    since: Instant,
}

/// Servers close idle connections, and asking a closed one costs a round trip.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

impl SmtpTransport {
    /// Sends e-mail by the server at this URL.
    #[must_use]
    pub const fn new(url: SmtpUrl) -> Self {
        Self { url, idle: Mutex::new(Vec::new()) }
    }

    /// Opens a session like a delivery, and ends it.
    pub(in crate::transports) async fn check_connection(&self) -> Result<&'static str, BoxError> {
        let deadline = Deadline::after(self.url.timeout);
        SmtpSession::open(&self.url, deadline).await?.quit(deadline).await;
        Ok(match &self.url.credentials {
            Some(_) => "the server accepts the user name and the password; no e-mail was sent",
            None => "the server answers; no e-mail was sent",
        })
    }

    async fn send(&self, message: &OutgoingMessage) -> Result<(), SmtpError> {
        let deadline = Deadline::after(self.url.timeout);
        let email = ComposedEmail::new(message, &self.url.from)?;
        let mut session = match self.take_idle(deadline).await {
            Some(session) => session,
            None => SmtpSession::open(&self.url, deadline).await?,
        };
        session.send(&email, deadline).await?;
        self.put_idle(session);
        Ok(())
    }

    /// A session whose server still answers. If one does not, all others are dropped with it.
    async fn take_idle(&self, deadline: Deadline) -> Option<SmtpSession> {
        let mut session = {
            let mut idle = self.idle();
            idle.retain(|idle| idle.since.elapsed() < IDLE_TIMEOUT);
            idle.pop()?.session
        };
        if session.is_alive(deadline).await {
            return Some(session);
        }
        self.idle().clear();
        None
    }

    fn put_idle(&self, session: SmtpSession) {
        self.idle().push(IdleSession { session, since: Instant::now() });
    }

    fn idle(&self) -> MutexGuard<'_, Vec<IdleSession>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MessageTransport for SmtpTransport {
    async fn deliver(&self, message: &OutgoingMessage) -> Result<(), DeliveryError> {
        Ok(self.send(message).await?)
    }
}

impl fmt::Debug for SmtpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SmtpTransport").field(&self.url).finish()
    }
}
