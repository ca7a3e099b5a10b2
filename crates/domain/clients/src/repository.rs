use asteroid_kernel::{StorageError, Upsert, UserId};

use crate::{
    Client, ClientClass, ClientFilter, ClientKey, ClientRecord, Fingerprint, Membership, Patient, Practice,
    PracticeId,
};

asteroid_kernel::repository! {
    /// Keeps practices.
    pub trait PracticeRepository {
        /// Puts a practice, by its id.
        write fn put_practice(&mut self, practice: &Practice) -> Result<Upsert, StorageError>;

        /// A practice by its id.
        read fn find_practice(&mut self, id: PracticeId) -> Result<Option<Practice>, StorageError>;
    }
}

asteroid_kernel::repository! {
    /// Keeps what users are in practices: at most one membership for each user and practice.
    pub trait MembershipRepository {
        /// Puts the user's membership in a practice, in the place of the one before in the same practice. Its age is that
        /// of the first one that was put.
        write fn put_membership(&mut self, membership: &Membership) -> Result<Upsert, StorageError>;

        /// The user's membership in this practice, or where none is named, the user's oldest one.
        read fn find_membership(
            &mut self,
            user: UserId,
            practice: Option<PracticeId>,
        ) -> Result<Option<Membership>, StorageError>;

        /// The users who are this client of this practice, the one with the oldest membership first.
        read fn users_of_client(
            &mut self,
            practice: PracticeId,
            client: &ClientKey,
        ) -> Result<Vec<UserId>, StorageError>;
    }
}

asteroid_kernel::repository! {
    /// Keeps clients with their classes and patients.
    ///
    /// Ids are told apart, and put in order, byte by byte: `a` is not `A`, `é` is not `e` and an accent, and `10` comes
    /// before `9`.
    pub trait ClientRepository {
        /// Puts a class, by its source and id.
        write fn put_class(&mut self, class: &ClientClass) -> Result<Upsert, StorageError>;

        /// The fingerprints of those of these clients that are there, in one query.
        read fn fingerprints(
            &mut self,
            keys: &[ClientKey],
        ) -> Result<Vec<(ClientKey, Fingerprint)>, StorageError>;

        /// The patients of those of these clients that have any, in the order of their records, in one query.
        read fn patients_of(
            &mut self,
            keys: &[ClientKey],
        ) -> Result<Vec<(ClientKey, Vec<Patient>)>, StorageError>;

        /// Puts records, each in the place of the one of the same key with all its patients. Of a record that was there
        /// before, `first_synced_at` and `created_at` stay.
        ///
        /// A patient is known by its source and id, and belongs to the client whose record named it last: it leaves the one
        /// that it was with before, whose record stays as it is otherwise. Of records put at once, the later comes last.
        write fn put_clients(&mut self, records: &[ClientRecord]) -> Result<(), StorageError>;

        /// The client of this key, if it belongs to this practice; deleted ones too.
        read fn find_client(
            &mut self,
            practice: PracticeId,
            key: &ClientKey,
        ) -> Result<Option<Client>, StorageError>;

        /// The next clients that the filter wants, in the order of their keys: at most so many, those behind `after`.
        /// Takes the same number of queries however many there are.
        read fn list_clients<'a>(
            &mut self,
            filter: &ClientFilter,
            after: Option<&'a ClientKey>,
            at_most: usize,
        ) -> Result<Vec<Client>, StorageError>;
    }
}
