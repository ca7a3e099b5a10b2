use asteroid_clients::{Membership, MembershipRepository, Practice, PracticeId, PracticeRepository};
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
}

impl MembershipRepository for Tx {
    async fn put_membership(&mut self, membership: &Membership) -> Result<Upsert, StorageError> {
        let row = MembershipRow::from(membership);
        let before =
            self.first(memberships::table.find(membership.user.0).select(MembershipRow::as_select())).await?;
        let upsert = super::upsert(before.as_ref(), &row);
        if upsert != Upsert::Unchanged {
            let put = insert_into(memberships::table).values(&row).on_conflict(memberships::user_id);
            self.execute(put.do_update().set(&row)).await?;
        }
        Ok(upsert)
    }

    async fn find_membership(&mut self, user: UserId) -> Result<Option<Membership>, StorageError> {
        let query = memberships::table.find(user.0).select(MembershipRow::as_select());
        Ok(self.first(query).await?.map(Membership::try_from).transpose()?)
    }
}
