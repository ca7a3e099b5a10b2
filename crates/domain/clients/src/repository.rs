use std::future::Future;

use asteroid_kernel::{StorageError, Upsert, UserId};

use crate::{
    Client, ClientClass, ClientFilter, ClientKey, ClientRecord, Fingerprint, Membership, Practice, PracticeId,
};

/// Keeps practices.
pub trait PracticeRepository: Send {
    /// Puts a practice, by its id.
    fn put_practice(
        &mut self,
        practice: &Practice,
    ) -> impl Future<Output = Result<Upsert, StorageError>> + Send;

    /// A practice by its id.
    fn find_practice(
        &mut self,
        id: PracticeId,
    ) -> impl Future<Output = Result<Option<Practice>, StorageError>> + Send;
}

/// Keeps what users are in practices.
pub trait MembershipRepository: Send {
    /// Puts the user's membership, in the place of the one before.
    fn put_membership(
        &mut self,
        membership: &Membership,
    ) -> impl Future<Output = Result<Upsert, StorageError>> + Send;

    /// The user's membership.
    fn find_membership(
        &mut self,
        user: UserId,
    ) -> impl Future<Output = Result<Option<Membership>, StorageError>> + Send;
}

/// Keeps clients with their classes and patients.
///
/// Ids are told apart, and put in order, byte by byte: `a` is not `A`, `é` is not `e` and an accent, and `10` comes
/// before `9`.
pub trait ClientRepository: Send {
    /// Puts a class, by its source and id.
    fn put_class(&mut self, class: &ClientClass)
    -> impl Future<Output = Result<Upsert, StorageError>> + Send;

    /// The fingerprints of those of these clients that are there, in one query.
    fn fingerprints(
        &mut self,
        keys: &[ClientKey],
    ) -> impl Future<Output = Result<Vec<(ClientKey, Fingerprint)>, StorageError>> + Send;

    /// Puts records, each in the place of the one of the same key with all its patients. Of a record that was there
    /// before, `first_synced_at` and `created_at` stay.
    ///
    /// A patient is known by its source and id, and belongs to the client whose record named it last: it leaves the one
    /// that it was with before, whose record stays as it is otherwise. Of records put at once, the later comes last.
    fn put_clients(
        &mut self,
        records: &[ClientRecord],
    ) -> impl Future<Output = Result<(), StorageError>> + Send;

    /// The client of this key, if it belongs to this practice; deleted ones too.
    fn find_client(
        &mut self,
        practice: PracticeId,
        key: &ClientKey,
    ) -> impl Future<Output = Result<Option<Client>, StorageError>> + Send;

    /// The next clients that the filter wants, in the order of their keys: at most so many, those behind `after`.
    /// Takes the same number of queries however many there are.
    fn list_clients(
        &mut self,
        filter: &ClientFilter,
        after: Option<&ClientKey>,
        at_most: usize,
    ) -> impl Future<Output = Result<Vec<Client>, StorageError>> + Send;
}
