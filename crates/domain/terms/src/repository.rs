use std::future::Future;

use asteroid_kernel::{StorageError, UserId};

use crate::{Acceptance, TermsVersion, VersionLabel, VersionTaken};

/// Keeps versions of the terms and who accepted them. Nothing here is ever changed or removed.
pub trait TermsRepository: Send {
    /// Publishes a version: from now on it is in force.
    ///
    /// The inner result is [`VersionTaken`] if the label was published before: then nothing was kept, and the
    /// transaction stays usable.
    fn publish_terms(
        &mut self,
        version: &TermsVersion,
    ) -> impl Future<Output = Result<Result<(), VersionTaken>, StorageError>> + Send;

    /// The version in force: the one published last, by time and, at the same time, by order of publishing.
    fn current_terms(&mut self) -> impl Future<Output = Result<Option<TermsVersion>, StorageError>> + Send;

    /// The label of the version in force, as [`current_terms`](Self::current_terms) finds it, without its text: asked
    /// at every pass of the gate.
    fn current_label(&mut self) -> impl Future<Output = Result<Option<VersionLabel>, StorageError>> + Send;

    /// Every version, the latest first.
    fn list_terms(&mut self) -> impl Future<Output = Result<Vec<TermsVersion>, StorageError>> + Send;

    /// Keeps an acceptance, unless this user accepted this version before. True if it was kept.
    fn accept_terms(
        &mut self,
        acceptance: &Acceptance,
    ) -> impl Future<Output = Result<bool, StorageError>> + Send;

    /// The user's first acceptance of a version.
    fn find_acceptance(
        &mut self,
        user: UserId,
        label: &VersionLabel,
    ) -> impl Future<Output = Result<Option<Acceptance>, StorageError>> + Send;
}
