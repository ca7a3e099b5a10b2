use asteroid_kernel::{StorageError, UserId};

use crate::{Acceptance, TermsVersion, VersionLabel, VersionTaken};

asteroid_kernel::repository! {
    /// Keeps versions of the terms and who accepted them. Nothing here is ever changed or removed.
    pub trait TermsRepository {
        /// Publishes a version: from now on it is in force.
        ///
        /// The inner result is [`VersionTaken`] if the label was published before: then nothing was kept, and the
        /// transaction stays usable.
        write fn publish_terms(
            &mut self,
            version: &TermsVersion,
        ) -> Result<Result<(), VersionTaken>, StorageError>;

        /// The version in force: the one published last, by time and, at the same time, by order of publishing.
        read fn current_terms(&mut self) -> Result<Option<TermsVersion>, StorageError>;

        /// The label of the version in force, as [`current_terms`](Self::current_terms) finds it, without its text: asked
        /// at every pass of the gate.
        read fn current_label(&mut self) -> Result<Option<VersionLabel>, StorageError>;

        /// Every version, the latest first.
        read fn list_terms(&mut self) -> Result<Vec<TermsVersion>, StorageError>;

        /// Keeps an acceptance, unless this user accepted this version before. True if it was kept.
        write fn accept_terms(&mut self, acceptance: &Acceptance) -> Result<bool, StorageError>;

        /// The user's first acceptance of a version.
        read fn find_acceptance(
            &mut self,
            user: UserId,
            label: &VersionLabel,
        ) -> Result<Option<Acceptance>, StorageError>;
    }
}
