//! Mocks of this crate's ports, made with mockall: every call that a test does not expect fails it.

use asteroid_kernel::{StorageError, UserId};

use crate::{Acceptance, TermsRepository, TermsVersion, VersionLabel, VersionTaken};

mockall::mock! {
    /// Every repository of this crate.
    pub TermsTx {}

    impl TermsRepository for TermsTx {
        async fn publish_terms(&mut self, version: &TermsVersion) -> Result<Result<(), VersionTaken>, StorageError>;
        async fn current_terms(&mut self) -> Result<Option<TermsVersion>, StorageError>;
        async fn current_label(&mut self) -> Result<Option<VersionLabel>, StorageError>;
        async fn list_terms(&mut self) -> Result<Vec<TermsVersion>, StorageError>;
        async fn accept_terms(&mut self, acceptance: &Acceptance) -> Result<bool, StorageError>;
        async fn find_acceptance(&mut self, user: UserId, label: &VersionLabel) -> Result<Option<Acceptance>, StorageError>;
    }
}
