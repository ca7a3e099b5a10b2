use asteroid_clients::{
    ClientKey, Membership, MembershipRepository, Practice, PracticeId, PracticeRepository,
};
use asteroid_kernel::{Upsert, UserId};

use super::{CompleteStorage, Store};

impl<S: CompleteStorage> Store<S> {
    pub(crate) async fn put_practice(&self, practice: &Practice) -> Upsert {
        self.write(practice.clone(), |practice, tx| Box::pin(tx.put_practice(practice))).await
    }

    pub(crate) async fn find_practice(&self, id: PracticeId) -> Option<Practice> {
        self.read(id, |id, tx| Box::pin(tx.find_practice(*id))).await
    }

    pub(crate) async fn put_membership(&self, membership: &Membership) -> Upsert {
        self.write(membership.clone(), |membership, tx| Box::pin(tx.put_membership(membership))).await
    }

    pub(crate) async fn find_membership(
        &self,
        user: UserId,
        practice: Option<PracticeId>,
    ) -> Option<Membership> {
        self.read((user, practice), |(user, practice), tx| Box::pin(tx.find_membership(*user, *practice)))
            .await
    }

    pub(crate) async fn users_of_client(&self, practice: PracticeId, client: &ClientKey) -> Vec<UserId> {
        self.read((practice, client.clone()), |(practice, client), tx| {
            Box::pin(tx.users_of_client(*practice, client))
        })
        .await
    }
}
