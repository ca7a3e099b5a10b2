use std::net::IpAddr;

use crate::Network;

/// Where a request came from, as far as it is known: kept with sessions and in the audit trail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The client's address.
    pub ip: Option<IpAddr>,
    /// What the client calls itself, cut to [`Origin::USER_AGENT_MAX`] characters.
    pub user_agent: Option<String>,
    /// The id under which the request is found in the logs.
    pub request_id: Option<String>,
}

impl Origin {
    /// So many characters of a `User-Agent` are kept.
    pub const USER_AGENT_MAX: usize = 256;

    /// The command line of this machine: no address, no agent.
    #[must_use]
    pub fn local() -> Self {
        Self::default()
    }

    /// The network that the request came from, if its address is known.
    #[must_use]
    pub fn network(&self) -> Option<Network> {
        self.ip.map(Network::of)
    }

    /// The same origin with this user agent, cut to the length that is kept; a blank one counts as none.
    #[must_use]
    pub fn with_user_agent(mut self, user_agent: &str) -> Self {
        let agent: String = user_agent.trim().chars().take(Self::USER_AGENT_MAX).collect();
        self.user_agent = Some(agent).filter(|agent| !agent.is_empty());
        self
    }
}
