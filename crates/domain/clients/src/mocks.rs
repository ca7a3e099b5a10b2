//! Mocks of this crate's ports, made with mockall: every call that a test does not expect fails it.

#![expect(clippy::ref_option_ref, reason = "mockall's expansion is not ours")]

use asteroid_kernel::{StorageError, Upsert, UserId};

use crate::{
    Client, ClientClass, ClientFilter, ClientKey, ClientRecord, ClientRepository, Fingerprint, Membership,
    MembershipRepository, Patient, Practice, PracticeId, PracticeRepository,
};

mockall::mock! {
    /// Every repository of this crate.
    pub ClientsTx {}

    impl PracticeRepository for ClientsTx {
        async fn put_practice(&mut self, practice: &Practice) -> Result<Upsert, StorageError>;
        async fn find_practice(&mut self, id: PracticeId) -> Result<Option<Practice>, StorageError>;
    }

    impl MembershipRepository for ClientsTx {
        async fn put_membership(&mut self, membership: &Membership) -> Result<Upsert, StorageError>;
        async fn find_membership(&mut self, user: UserId, practice: Option<PracticeId>) -> Result<Option<Membership>, StorageError>;
        async fn users_of_client(&mut self, practice: PracticeId, client: &ClientKey) -> Result<Vec<UserId>, StorageError>;
    }

    impl ClientRepository for ClientsTx {
        async fn put_class(&mut self, class: &ClientClass) -> Result<Upsert, StorageError>;
        async fn fingerprints(&mut self, keys: &[ClientKey]) -> Result<Vec<(ClientKey, Fingerprint)>, StorageError>;
        async fn patients_of(&mut self, keys: &[ClientKey]) -> Result<Vec<(ClientKey, Vec<Patient>)>, StorageError>;
        async fn put_clients(&mut self, records: &[ClientRecord]) -> Result<(), StorageError>;
        async fn find_client(&mut self, practice: PracticeId, key: &ClientKey) -> Result<Option<Client>, StorageError>;
        async fn list_clients<'a>(&mut self, filter: &ClientFilter, after: Option<&'a ClientKey>, at_most: usize) -> Result<Vec<Client>, StorageError>;
    }
}
