//! [`PracticeRepository`] and [`MembershipRepository`] by diesel.

use asteroid_clients::{
    ClientKey, Membership, MembershipRepository, Practice, PracticeId, PracticeRepository,
};
use asteroid_kernel::{StorageError, Upsert, UserId};
use diesel::insert_into;
use diesel::prelude::*;

use super::Tx;
use crate::rows::{MembershipRow, PracticeRow};
use crate::schema::{memberships, practices};

impl PracticeRepository for Tx {
    async fn put_practice(&mut self, practice: &Practice) -> Result<Upsert, StorageError> {
        let row = PracticeRow::from(practice);
        let before =
            self.first(practices::table.find(practice.id.0).select(PracticeRow::as_select())).await?;
        let upsert = super::upsert(before.as_ref(), &row);
        if upsert != Upsert::Unchanged {
            let put = insert_into(practices::table).values(&row).on_conflict(practices::id);
            self.execute(put.do_update().set(&row)).await?;
        }
        Ok(upsert)
    }

    async fn find_practice(&mut self, id: PracticeId) -> Result<Option<Practice>, StorageError> {
        let query = practices::table.find(id.0).select(PracticeRow::as_select());
        Ok(self.first(query).await?.map(Practice::try_from).transpose()?)
    }

    async fn list_practices(
        &mut self,
        after: Option<PracticeId>,
        at_most: usize,
    ) -> Result<Vec<Practice>, StorageError> {
        let mut query = practices::table
            .order(practices::id)
            .select(PracticeRow::as_select())
            .limit(super::rows(at_most))
            .into_boxed();
        if let Some(after) = after {
            query = query.filter(practices::id.gt(after.0));
        }
        let practices = self.all::<PracticeRow, _>(query).await?.into_iter().map(Practice::try_from);
        Ok(practices.collect::<Result<_, _>>()?)
    }
}

impl MembershipRepository for Tx {
    async fn put_membership(&mut self, membership: &Membership) -> Result<Upsert, StorageError> {
        use memberships::{practice_id, table, user_id};

        let row = MembershipRow::from(membership);
        let of_both = table
            .filter(user_id.eq(membership.user.0))
            .filter(practice_id.eq(membership.practice.0))
            .select(MembershipRow::as_select());
        let before = self.first(of_both).await?;
        let upsert = super::upsert(before.as_ref(), &row);
        if upsert != Upsert::Unchanged {
            let put = insert_into(table).values(&row).on_conflict((user_id, practice_id));
            self.execute(put.do_update().set(&row)).await?;
        }
        Ok(upsert)
    }

    async fn find_membership(
        &mut self,
        user: UserId,
        practice: Option<PracticeId>,
    ) -> Result<Option<Membership>, StorageError> {
        let of_user =
            memberships::table.filter(memberships::user_id.eq(user.0)).select(MembershipRow::as_select());
        let row = match practice {
            Some(practice) => self.first(of_user.filter(memberships::practice_id.eq(practice.0))).await?,
            // A user has few memberships, and the index finds them.
            None => self.first(of_user.order(memberships::number)).await?,
        };
        Ok(row.map(Membership::try_from).transpose()?)
    }

    async fn memberships_of(&mut self, user: UserId) -> Result<Vec<Membership>, StorageError> {
        let of_user = memberships::table
            .filter(memberships::user_id.eq(user.0))
            .order(memberships::number)
            .select(MembershipRow::as_select());
        let all = self.all::<MembershipRow, _>(of_user).await?.into_iter().map(Membership::try_from);
        Ok(all.collect::<Result<_, _>>()?)
    }

    async fn users_of_client(
        &mut self,
        practice: PracticeId,
        client: &ClientKey,
    ) -> Result<Vec<UserId>, StorageError> {
        let query = memberships::table
            .filter(memberships::practice_id.eq(practice.0))
            .filter(memberships::source_id.eq(client.source.0))
            .filter(memberships::client_id.eq(client.id.as_str()))
            .order(memberships::number)
            .select(memberships::user_id);
        Ok(self.all::<i64, _>(query).await?.into_iter().map(UserId).collect())
    }
}
