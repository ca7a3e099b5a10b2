//! The ports that drive the use cases of practices.

use asteroid_clients::{
    Client, ClientFilter, ClientKey, ClientStatus, ExternalId, Membership, Practice, PracticeId, SearchPrefix,
};
use asteroid_identity::Profile;
use asteroid_kernel::{Origin, StorageError, Timestamp};
use asteroid_terms::TermsVersion;

use super::Caller;

/// A user, with what the user is in a practice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PracticeProfile {
    /// The user and all contacts.
    pub profile: Profile,
    /// The user's membership and its practice; none for a user who registered without one.
    pub membership: Option<(Membership, Practice)>,
}

asteroid_kernel::port! {
    /// Shows users what they are in their practice.
    pub trait PracticeProfiles {
        /// The caller's profile in this practice, or where none is named, in the one that the caller was first in.
        /// [`None`] if the user is gone. A practice that is not the caller's own gives no membership.
        async fn practice_profile(
            &self,
            caller: Caller,
            practice: Option<PracticeId>,
        ) -> Result<Option<PracticeProfile>, StorageError>;
    }
}

/// The terms in force, and whether the caller accepted them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermsStatus {
    /// The version in force.
    pub current: TermsVersion,
    /// When the caller accepted it, if so.
    pub accepted_at: Option<Timestamp>,
}

/// The proof that a caller accepted the terms in force: what lies behind the gate asks for it, so that no route can
/// forget the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TermsAccepted(Caller);

impl TermsAccepted {
    pub(crate) const fn by(caller: Caller) -> Self {
        Self(caller)
    }

    /// The proof without having looked, for tests of what lies behind the gate.
    #[cfg(feature = "mocks")]
    #[must_use]
    pub const fn assumed(caller: Caller) -> Self {
        Self(caller)
    }

    /// Who accepted them.
    #[must_use]
    pub const fn caller(&self) -> Caller {
        self.0
    }
}

/// Why the gate stays closed.
#[derive(Debug, thiserror::Error)]
pub enum TermsGateError {
    /// The caller has not accepted the version in force.
    #[error("the terms are not accepted")]
    NotAccepted,
    /// The store did not say.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

asteroid_kernel::port! {
    /// Shows the terms, takes acceptances, and keeps the gate.
    pub trait TermsOfUse {
        /// The version in force and whether the caller accepted it; none if none was ever published.
        async fn terms_status(&self, caller: Caller) -> Result<Option<TermsStatus>, StorageError>;

        /// Accepts the version in force. Accepting again changes nothing.
        async fn accept_terms(&self, caller: Caller, origin: Origin) -> Result<(), StorageError>;

        /// Lets a caller through who accepted the version in force.
        async fn pass_terms_gate(&self, caller: Caller) -> Result<TermsAccepted, TermsGateError>;
    }
}

/// Which clients are wanted, of those that the caller may see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientQuery {
    /// Of this practice of the caller's own; [`None`]: of the one that the caller was first in.
    pub practice: Option<PracticeId>,
    /// With this status.
    pub status: Option<ClientStatus>,
    /// Changed at this time or later, deletions included.
    pub updated_since: Option<Timestamp>,
    /// Whose name, e-mail address or phone number begins so.
    pub prefix: Option<SearchPrefix>,
}

/// What a caller sees of clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientsSeen {
    /// The caller's own record.
    Own(Box<Client>),
    /// All that this filter wants, to be asked for with [`Clients::next_clients`].
    All(ClientFilter),
}

/// Why no clients are shown.
#[derive(Debug, thiserror::Error)]
pub enum ClientsError {
    /// The caller has no role that lets it see clients.
    #[error("the caller may see no clients")]
    Forbidden,
    /// There is no such client, or none that the caller may know of.
    #[error("there is no such client")]
    NotFound,
    /// The store did not say.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

asteroid_kernel::port! {
    /// Shows clients to those who may see them.
    pub trait Clients {
        /// What the caller sees: its own record, or all clients of its practice that the query wants.
        async fn look_at_clients(
            &self,
            admitted: TermsAccepted,
            query: ClientQuery,
        ) -> Result<ClientsSeen, ClientsError>;

        /// The next clients behind a filter that [`Clients::look_at_clients`] gave, in the order of their keys.
        async fn next_clients(
            &self,
            filter: ClientFilter,
            after: Option<ClientKey>,
            at_most: usize,
        ) -> Result<Vec<Client>, StorageError>;

        /// One client by its id, of this practice of the caller's own, or of the one that the caller was first in.
        async fn find_client(
            &self,
            admitted: TermsAccepted,
            practice: Option<PracticeId>,
            id: ExternalId,
        ) -> Result<Client, ClientsError>;
    }
}
