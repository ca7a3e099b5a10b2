use asteroid_clients::{Membership, MembershipRepository, Practice, PracticeId, PracticeRepository};
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

    pub(crate) async fn find_membership(&self, user: UserId) -> Option<Membership> {
        self.read(user, |user, tx| Box::pin(tx.find_membership(*user))).await
    }
}
