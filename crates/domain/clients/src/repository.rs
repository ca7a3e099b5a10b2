use asteroid_kernel::{StorageError, Upsert, UserId};

use crate::{
    Client, ClientClass, ClientFilter, ClientKey, ClientRecord, Fingerprint, Membership, Patient, Practice,
    PracticeId,
};

asteroid_kernel::repository! {
    /// Stores practices.
    pub trait PracticeRepository {
        /// Inserts a practice, or replaces the one of the same id.
        write fn put_practice(&mut self, practice: &Practice) -> Result<Upsert, StorageError>;

        /// The practice of this id; [`None`] if there is none.
        read fn find_practice(&mut self, id: PracticeId) -> Result<Option<Practice>, StorageError>;

        /// The practices in the order of their ids: at most `at_most`, starting after the id `after`.
        read fn list_practices(
            &mut self,
            after: Option<PracticeId>,
            at_most: usize,
        ) -> Result<Vec<Practice>, StorageError>;
    }
}

asteroid_kernel::repository! {
    /// Stores memberships: at most one for each user and practice.
    pub trait MembershipRepository {
        /// Inserts a membership, or replaces the user's membership in the same practice. A replaced membership keeps its
        /// age.
        write fn put_membership(&mut self, membership: &Membership) -> Result<Upsert, StorageError>;

        /// The user's membership in this practice, or the user's oldest membership if `practice` is [`None`].
        read fn find_membership(
            &mut self,
            user: UserId,
            practice: Option<PracticeId>,
        ) -> Result<Option<Membership>, StorageError>;

        /// The memberships of the user, oldest first.
        read fn memberships_of(&mut self, user: UserId) -> Result<Vec<Membership>, StorageError>;

        /// The users who are this client of this practice, oldest membership first.
        read fn users_of_client(
            &mut self,
            practice: PracticeId,
            client: &ClientKey,
        ) -> Result<Vec<UserId>, StorageError>;
    }
}

asteroid_kernel::repository! {
    /// Stores clients with their classes and patients.
    ///
    /// Ids are compared and ordered by their bytes: `a` differs from `A`, a composed `é` from a decomposed one, and `10`
    /// comes before `9`.
    pub trait ClientRepository {
        /// Inserts a class, or replaces the one of the same source and id.
        write fn put_class(&mut self, class: &ClientClass) -> Result<Upsert, StorageError>;

        /// The fingerprints of those of these clients that are stored, in one query.
        read fn fingerprints(
            &mut self,
            keys: &[ClientKey],
        ) -> Result<Vec<(ClientKey, Fingerprint)>, StorageError>;

        /// The patients of those of these clients that have any, each list in the order of the record, in one query.
        read fn patients_of(
            &mut self,
            keys: &[ClientKey],
        ) -> Result<Vec<(ClientKey, Vec<Patient>)>, StorageError>;

        /// Inserts records with their patients, each replacing the record of the same key. A replaced record keeps its
        /// `first_synced_at` and `created_at`.
        ///
        /// A patient is identified by its source and id, and belongs to the client whose record named it last. It is
        /// removed from its previous client, whose record is otherwise unchanged. Records of one call are applied in
        /// their order.
        write fn put_clients(&mut self, records: &[ClientRecord]) -> Result<(), StorageError>;

        /// The client of this key, deleted or not; [`None`] if there is none or it belongs to another practice.
        read fn find_client(
            &mut self,
            practice: PracticeId,
            key: &ClientKey,
        ) -> Result<Option<Client>, StorageError>;

        /// The clients that the filter accepts, in the order of their keys: at most `at_most`, starting after the key
        /// `after`. The number of queries does not depend on the number of clients.
        read fn list_clients<'a>(
            &mut self,
            filter: &ClientFilter,
            after: Option<&'a ClientKey>,
            at_most: usize,
        ) -> Result<Vec<Client>, StorageError>;

        /// Has the store renew the statistics that it plans queries with, after many records were written at once. It
        /// changes nothing that is read; a store that needs none does nothing.
        write fn renew_statistics(&mut self) -> Result<(), StorageError>;
    }
}
