//! [`TermsRepository`] by diesel.

use asteroid_kernel::{StorageError, UserId};
use asteroid_terms::{Acceptance, TermsRepository, TermsVersion, VersionLabel, VersionTaken};
use diesel::prelude::*;
use diesel::{insert_into, update};

use super::Tx;
use crate::rows::{AcceptanceRow, TermsVersionRow, version_label};
use crate::schema::terms_versions::{number, published_at};
use crate::schema::{terms_acceptances, terms_versions};

impl TermsRepository for Tx {
    async fn publish_terms(
        &mut self,
        version: &TermsVersion,
    ) -> Result<Result<(), VersionTaken>, StorageError> {
        let publish = insert_into(terms_versions::table)
            .values(TermsVersionRow::from(version))
            .on_conflict(terms_versions::label)
            .do_nothing();
        Ok(if self.execute(publish).await? == 1 { Ok(()) } else { Err(VersionTaken) })
    }

    async fn current_terms(&mut self) -> Result<Option<TermsVersion>, StorageError> {
        let query = terms_versions::table
            .order((published_at.desc(), number.desc()))
            .select(TermsVersionRow::as_select())
            .limit(1);
        Ok(self.first(query).await?.map(TermsVersion::try_from).transpose()?)
    }

    async fn current_label(&mut self) -> Result<Option<VersionLabel>, StorageError> {
        let query = terms_versions::table
            .order((published_at.desc(), number.desc()))
            .select(terms_versions::label)
            .limit(1);
        let label: Option<String> = self.first(query).await?;
        Ok(label.map(|label| version_label(&label)).transpose()?)
    }

    async fn list_terms(&mut self) -> Result<Vec<TermsVersion>, StorageError> {
        let query = terms_versions::table
            .order((published_at.desc(), number.desc()))
            .select(TermsVersionRow::as_select());
        let versions = self.all(query).await?.into_iter().map(TermsVersion::try_from);
        Ok(versions.collect::<Result<_, _>>()?)
    }

    async fn accept_terms(&mut self, acceptance: &Acceptance) -> Result<bool, StorageError> {
        let accept = insert_into(terms_acceptances::table)
            .values(AcceptanceRow::from(acceptance))
            .on_conflict((terms_acceptances::user_id, terms_acceptances::label))
            .do_nothing();
        Ok(self.execute(accept).await? == 1)
    }

    async fn find_acceptance(
        &mut self,
        user: UserId,
        label: &VersionLabel,
    ) -> Result<Option<Acceptance>, StorageError> {
        let query =
            terms_acceptances::table.find((user.0, label.as_str())).select(AcceptanceRow::as_select());
        Ok(self.first(query).await?.map(Acceptance::try_from).transpose()?)
    }

    async fn list_acceptances(
        &mut self,
        label: &VersionLabel,
        after: Option<UserId>,
        at_most: usize,
    ) -> Result<Vec<Acceptance>, StorageError> {
        let mut query = terms_acceptances::table
            .filter(terms_acceptances::label.eq(label.as_str()))
            .order(terms_acceptances::user_id)
            .select(AcceptanceRow::as_select())
            .limit(super::rows(at_most))
            .into_boxed();
        if let Some(after) = after {
            query = query.filter(terms_acceptances::user_id.gt(after.0));
        }
        let acceptances = self.all::<AcceptanceRow, _>(query).await?.into_iter().map(Acceptance::try_from);
        Ok(acceptances.collect::<Result<_, _>>()?)
    }

    async fn anonymize_acceptances(&mut self, user: UserId) -> Result<u64, StorageError> {
        let own = terms_acceptances::table.filter(terms_acceptances::user_id.eq(user.0));
        let nothing =
            (terms_acceptances::ip.eq(None::<String>), terms_acceptances::user_agent.eq(None::<String>));
        self.execute(update(own).set(nothing)).await
    }

    async fn acceptances_of(&mut self, user: UserId) -> Result<Vec<Acceptance>, StorageError> {
        let query = terms_acceptances::table
            .filter(terms_acceptances::user_id.eq(user.0))
            .select(AcceptanceRow::as_select());
        let acceptances = self.all(query).await?.into_iter().map(Acceptance::try_from);
        let mut acceptances = acceptances.collect::<Result<Vec<_>, _>>()?;
        // A user has few, and databases collate labels of one time differently.
        acceptances.sort_unstable_by(|one, other| (other.at, &other.label).cmp(&(one.at, &one.label)));
        Ok(acceptances)
    }
}
