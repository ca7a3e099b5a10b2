//! [`TermsRepository`] in memory.

use asteroid_kernel::{StorageError, Timestamp, UserId};
use asteroid_terms::{Acceptance, TermsRepository, TermsVersion, VersionLabel, VersionTaken};
use imbl::OrdMap;

use crate::MemoryTx;
use crate::storage::UnitError;
use crate::table::update_where;

/// All versions of the terms, and their acceptances.
#[derive(Clone, Default)]
pub(crate) struct Terms {
    /// By time of publication, then by order of publication.
    versions: OrdMap<(Timestamp, usize), TermsVersion>,
    acceptances: OrdMap<(UserId, VersionLabel), Acceptance>,
}

impl Terms {
    fn has(&self, label: &VersionLabel) -> bool {
        self.versions.values().any(|version| version.label == *label)
    }
}

impl TermsRepository for MemoryTx {
    async fn publish_terms(
        &mut self,
        version: &TermsVersion,
    ) -> Result<Result<(), VersionTaken>, StorageError> {
        let terms = &mut self.state_mut()?.terms;
        if terms.has(&version.label) {
            return Ok(Err(VersionTaken));
        }
        terms.versions.insert((version.published_at, terms.versions.len()), version.clone());
        Ok(Ok(()))
    }

    async fn current_terms(&mut self) -> Result<Option<TermsVersion>, StorageError> {
        Ok(self.state().terms.versions.get_max().map(|(_, version)| version.clone()))
    }

    async fn current_label(&mut self) -> Result<Option<VersionLabel>, StorageError> {
        Ok(self.state().terms.versions.get_max().map(|(_, version)| version.label.clone()))
    }

    async fn list_terms(&mut self) -> Result<Vec<TermsVersion>, StorageError> {
        Ok(self.state().terms.versions.values().rev().cloned().collect())
    }

    async fn accept_terms(&mut self, acceptance: &Acceptance) -> Result<bool, StorageError> {
        let terms = &mut self.state_mut()?.terms;
        if !terms.has(&acceptance.label) {
            return Err(UnitError::UnknownTerms.into());
        }
        let key = (acceptance.user, acceptance.label.clone());
        let is_first = !terms.acceptances.contains_key(&key);
        terms.acceptances.entry(key).or_insert(acceptance.clone());
        Ok(is_first)
    }

    async fn find_acceptance(
        &mut self,
        user: UserId,
        label: &VersionLabel,
    ) -> Result<Option<Acceptance>, StorageError> {
        Ok(self.state().terms.acceptances.get(&(user, label.clone())).cloned())
    }

    async fn acceptances_of(&mut self, user: UserId) -> Result<Vec<Acceptance>, StorageError> {
        let all = self.state().terms.acceptances.values();
        let mut acceptances: Vec<_> = all.filter(|acceptance| acceptance.user == user).cloned().collect();
        acceptances.sort_unstable_by(|one, other| (other.at, &other.label).cmp(&(one.at, &one.label)));
        Ok(acceptances)
    }

    async fn list_acceptances(
        &mut self,
        label: &VersionLabel,
        after: Option<UserId>,
        at_most: usize,
    ) -> Result<Vec<Acceptance>, StorageError> {
        let all = self.state().terms.acceptances.values();
        let wanted = all.filter(|acceptance| acceptance.label == *label && Some(acceptance.user) > after);
        Ok(wanted.take(at_most).cloned().collect())
    }

    async fn anonymize_acceptances(&mut self, user: UserId) -> Result<u64, StorageError> {
        let acceptances = &mut self.state_mut()?.terms.acceptances;
        Ok(update_where(
            acceptances,
            |acceptance| acceptance.user == user,
            |acceptance| (acceptance.origin.ip, acceptance.origin.user_agent) = (None, None),
        ))
    }
}
