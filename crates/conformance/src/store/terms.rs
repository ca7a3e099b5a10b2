use asteroid_kernel::UserId;
use asteroid_terms::{Acceptance, TermsRepository, TermsVersion, VersionLabel, VersionTaken};

use super::{CompleteStorage, Store};

impl<S: CompleteStorage> Store<S> {
    pub(crate) async fn publish_terms(&self, version: &TermsVersion) -> Result<(), VersionTaken> {
        self.write(version.clone(), |version, tx| Box::pin(tx.publish_terms(version))).await
    }

    pub(crate) async fn current_terms(&self) -> Option<TermsVersion> {
        self.read((), |(), tx| Box::pin(tx.current_terms())).await
    }

    pub(crate) async fn current_label(&self) -> Option<VersionLabel> {
        self.read((), |(), tx| Box::pin(tx.current_label())).await
    }

    pub(crate) async fn list_terms(&self) -> Vec<TermsVersion> {
        self.read((), |(), tx| Box::pin(tx.list_terms())).await
    }

    pub(crate) async fn accept_terms(&self, acceptance: &Acceptance) -> bool {
        self.write(acceptance.clone(), |acceptance, tx| Box::pin(tx.accept_terms(acceptance))).await
    }

    pub(crate) async fn find_acceptance(&self, user: UserId, label: &VersionLabel) -> Option<Acceptance> {
        self.read((user, label.clone()), |(user, label), tx| Box::pin(tx.find_acceptance(*user, label))).await
    }
}
