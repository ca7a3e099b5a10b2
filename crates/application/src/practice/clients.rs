//! A practice's clients, for those who may see them.

use asteroid_clients::{
    Client, ClientAccess, ClientFilter, ClientKey, ClientRepository, ClientStatus, ExternalId,
    MembershipRepository, PracticeId, SearchPrefix,
};
use asteroid_kernel::{Storage, StorageError, Timestamp, UnitOfWork, UserId, unit_of_work};

use super::Practices;
use super::terms::TermsAccepted;

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

/// A listing of clients that was opened for a caller: the clients of the caller's practice, and those alone. Only
/// [`Clients::look_at_clients`] opens one, so that no code can list the clients of another practice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientListing(ClientFilter);

impl ClientListing {
    /// A listing that was not opened for a caller, for tests of what is done with one.
    #[cfg(feature = "mocks")]
    #[must_use]
    pub const fn assumed(filter: ClientFilter) -> Self {
        Self(filter)
    }

    /// Which clients it lists.
    #[must_use]
    pub const fn filter(&self) -> &ClientFilter {
        &self.0
    }
}

/// What a caller sees of clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientsSeen {
    /// The caller's own record.
    Own(Box<Client>),
    /// All clients of this listing, which [`Clients::next_clients`] returns page by page.
    All(ClientListing),
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

        /// The next clients of a listing, in the order of their keys.
        async fn next_clients(
            &self,
            listing: ClientListing,
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

/// What the user may see of clients; the own record is looked up at once.
struct LookAtClients {
    user: UserId,
    query: ClientQuery,
}

impl<Tx: MembershipRepository + ClientRepository + Send> UnitOfWork<Tx> for LookAtClients {
    type Output = ClientsSeen;
    type Error = ClientsError;

    async fn run(&self, tx: &mut Tx) -> Result<ClientsSeen, ClientsError> {
        let membership = tx.find_membership(self.user, self.query.practice).await?;
        let membership = membership.ok_or(ClientsError::Forbidden)?;
        match membership.access() {
            ClientAccess::Nothing => Err(ClientsError::Forbidden),
            ClientAccess::All(practice) => {
                let ClientQuery { status, updated_since, prefix, .. } = self.query.clone();
                Ok(ClientsSeen::All(ClientListing(ClientFilter { practice, status, updated_since, prefix })))
            }
            ClientAccess::Own(practice, key) => {
                let own = tx.find_client(practice, &key).await?.filter(is_shown);
                own.map(|client| ClientsSeen::Own(Box::new(client))).ok_or(ClientsError::NotFound)
            }
        }
    }
}

/// A deleted client appears only in lists of changes.
fn is_shown(client: &Client) -> bool {
    client.record.status != ClientStatus::Deleted
}

/// One client, if the user may see it. The existence of any other is not shown.
struct FindClient {
    user: UserId,
    practice: Option<PracticeId>,
    id: ExternalId,
}

impl<Tx: MembershipRepository + ClientRepository + Send> UnitOfWork<Tx> for FindClient {
    type Output = Client;
    type Error = ClientsError;

    async fn run(&self, tx: &mut Tx) -> Result<Client, ClientsError> {
        let membership = tx.find_membership(self.user, self.practice).await?;
        let membership = membership.ok_or(ClientsError::Forbidden)?;
        let wanted = ClientKey { source: membership.source, id: self.id.clone() };
        let practice = match membership.access() {
            ClientAccess::Nothing => return Err(ClientsError::Forbidden),
            ClientAccess::All(practice) => practice,
            ClientAccess::Own(practice, key) if key == wanted => practice,
            ClientAccess::Own(..) => return Err(ClientsError::NotFound),
        };
        tx.find_client(practice, &wanted).await?.filter(is_shown).ok_or(ClientsError::NotFound)
    }
}

impl<S> Clients for Practices<S>
where
    S: Storage,
    S::Tx: MembershipRepository + ClientRepository,
{
    async fn look_at_clients(
        &self,
        admitted: TermsAccepted,
        query: ClientQuery,
    ) -> Result<ClientsSeen, ClientsError> {
        self.storage.read(LookAtClients { user: admitted.caller().user, query }).await
    }

    async fn next_clients(
        &self,
        listing: ClientListing,
        after: Option<ClientKey>,
        at_most: usize,
    ) -> Result<Vec<Client>, StorageError> {
        let next = unit_of_work((listing, after, at_most), |(listing, after, at_most), tx: &mut S::Tx| {
            Box::pin(tx.list_clients(&listing.0, after.as_ref(), *at_most))
        });
        self.storage.read(next).await
    }

    async fn find_client(
        &self,
        admitted: TermsAccepted,
        practice: Option<PracticeId>,
        id: ExternalId,
    ) -> Result<Client, ClientsError> {
        self.storage.read(FindClient { user: admitted.caller().user, practice, id }).await
    }
}
