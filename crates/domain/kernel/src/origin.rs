use std::net::IpAddr;

use crate::Network;

/// The origin of a request, as far as it is known. Sessions and the audit trail keep it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The client's address.
    pub ip: Option<IpAddr>,
    /// The `User-Agent`, truncated to [`Origin::USER_AGENT_MAX`] characters.
    pub user_agent: Option<String>,
    /// The request id, as in the logs.
    pub request_id: Option<String>,
}

impl Origin {
    /// The most characters of a `User-Agent` that are kept.
    pub const USER_AGENT_MAX: usize = 256;

    /// The command line of this machine: no address, no user agent.
    #[must_use]
    pub fn local() -> Self {
        Self::default()
    }

    /// The network of the client; [`None`] if its address is unknown.
    #[must_use]
    pub fn network(&self) -> Option<Network> {
        self.ip.map(Network::of)
    }

    /// The same origin with this user agent, truncated; a blank one counts as [`None`].
    #[must_use]
    pub fn with_user_agent(mut self, user_agent: &str) -> Self {
        let agent: String = user_agent.trim().chars().take(Self::USER_AGENT_MAX).collect();
        self.user_agent = Some(agent).filter(|agent| !agent.is_empty());
        self
    }
}
