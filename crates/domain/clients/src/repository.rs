use std::future::Future;

use asteroid_kernel::{StorageError, Upsert, UserId};

use crate::{
    Client, ClientClass, ClientFilter, ClientKey, ClientRecord, Fingerprint, Membership, Patient, Practice,
    PracticeId,
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

/// Keeps what users are in practices: at most one membership for each user and practice.
pub trait MembershipRepository: Send {
    /// Puts the user's membership in a practice, in the place of the one before in the same practice. Its age is that
    /// of the first one that was put.
    fn put_membership(
        &mut self,
        membership: &Membership,
    ) -> impl Future<Output = Result<Upsert, StorageError>> + Send;

    /// The user's membership in this practice, or where none is named, the user's oldest one.
    fn find_membership(
        &mut self,
        user: UserId,
        practice: Option<PracticeId>,
    ) -> impl Future<Output = Result<Option<Membership>, StorageError>> + Send;

    /// The users who are this client of this practice, the one with the oldest membership first.
    fn users_of_client(
        &mut self,
        practice: PracticeId,
        client: &ClientKey,
    ) -> impl Future<Output = Result<Vec<UserId>, StorageError>> + Send;
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

    /// The patients of those of these clients that have any, in the order of their records, in one query.
    fn patients_of(
        &mut self,
        keys: &[ClientKey],
    ) -> impl Future<Output = Result<Vec<(ClientKey, Vec<Patient>)>, StorageError>> + Send;

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
