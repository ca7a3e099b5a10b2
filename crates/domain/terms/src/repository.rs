use asteroid_kernel::{StorageError, UserId};

use crate::{Acceptance, TermsVersion, VersionLabel, VersionTaken};

asteroid_kernel::repository! {
    /// Stores versions of the terms and their acceptances. Neither is ever changed or removed, except that the
    /// acceptances of a deleted user lose what is personal.
    pub trait TermsRepository {
        /// Publishes a version, which is then in force.
        ///
        /// The inner result is [`VersionTaken`] if the label is already published. Then nothing is inserted, and the
        /// transaction stays usable.
        write fn publish_terms(
            &mut self,
            version: &TermsVersion,
        ) -> Result<Result<(), VersionTaken>, StorageError>;

        /// The version in force: the one with the latest `published_at`, and of several with the same time, the one that
        /// was published last. [`None`] if no version is published.
        read fn current_terms(&mut self) -> Result<Option<TermsVersion>, StorageError>;

        /// The label of the version in force ([`current_terms`](Self::current_terms)), without loading the text. The
        /// terms gate calls it for every request.
        read fn current_label(&mut self) -> Result<Option<VersionLabel>, StorageError>;

        /// Every version, latest first.
        read fn list_terms(&mut self) -> Result<Vec<TermsVersion>, StorageError>;

        /// Stores an acceptance unless the user accepted the version before. `true` if it was stored.
        write fn accept_terms(&mut self, acceptance: &Acceptance) -> Result<bool, StorageError>;

        /// The user's acceptance of a version; [`None`] if the user did not accept it.
        read fn find_acceptance(
            &mut self,
            user: UserId,
            label: &VersionLabel,
        ) -> Result<Option<Acceptance>, StorageError>;

        /// The user's acceptances, latest first.
        read fn acceptances_of(&mut self, user: UserId) -> Result<Vec<Acceptance>, StorageError>;

        /// The acceptances of a version in the order of the users' ids: at most `at_most`, starting after the user `after`.
        read fn list_acceptances(
            &mut self,
            label: &VersionLabel,
            after: Option<UserId>,
            at_most: usize,
        ) -> Result<Vec<Acceptance>, StorageError>;

        /// Removes the address and the client from the user's acceptances. Returns the number of acceptances.
        write fn anonymize_acceptances(&mut self, user: UserId) -> Result<u64, StorageError>;
    }
}
