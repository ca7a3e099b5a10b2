//! E-mail, by a mail server.

mod failure;
mod line_by_line;
mod mail;
mod session;

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use asteroid_messaging::{DeliveryError, MessageTransport, OutgoingMessage};
use tokio::time::Instant;

use self::failure::Failure;
use self::mail::Mail;
use self::session::{Limit, Session};
use crate::url::SmtpUrl;

/// Hands e-mail to a mail server, over connections that are kept for the next message.
///
/// An e-mail's `Message-ID` is made of the message's id: the same over all tries. Whatever a delivery meets, it
/// ends within the time that the URL sets.
pub struct SmtpTransport {
    url: SmtpUrl,
    /// What waits for the next message. A session comes back only after an answer to all that it asked: one that was
    /// given up half-way would take late answers for those to the next message.
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    session: Session,
    since: Instant,
}

/// Servers hang up on silence; asking one that did costs a way there and back.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

impl SmtpTransport {
    /// Hands e-mail to the server at this URL.
    #[must_use]
    pub const fn new(url: SmtpUrl) -> Self {
        Self { url, idle: Mutex::new(Vec::new()) }
    }

    async fn send(&self, message: &OutgoingMessage) -> Result<(), Failure> {
        let limit = Limit::new(self.url.timeout);
        let mail = Mail::compose(message, &self.url.from)?;
        let mut session = match self.waiting(limit).await {
            Some(session) => session,
            None => Session::open(&self.url, limit).await?,
        };
        session.hand_over(&mail, limit).await?;
        self.keep(session);
        Ok(())
    }

    /// A session that still answers. Where one does not, the others will not either.
    async fn waiting(&self, limit: Limit) -> Option<Session> {
        let mut session = {
            let mut idle = self.idle();
            idle.retain(|idle| idle.since.elapsed() < IDLE_TIMEOUT);
            idle.pop()?.session
        };
        if session.is_alive(limit).await {
            return Some(session);
        }
        self.idle().clear();
        None
    }

    fn keep(&self, session: Session) {
        self.idle().push(Idle { session, since: Instant::now() });
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
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
