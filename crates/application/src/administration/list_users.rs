//! Listing and searching users.

use asteroid_identity::{Profile, UserAdministrationRepository, UserCursor, UserFilter, UserSearch};
use asteroid_kernel::{Storage, unit_of_work};

use super::{ListUsersError, Page};

pub(super) async fn list<S: Storage<Tx: UserAdministrationRepository>>(
    storage: &S,
    filter: UserFilter,
    after: Option<UserCursor>,
    at_most: usize,
) -> Result<Page<Profile, UserCursor>, ListUsersError> {
    let prefix = match &filter.search {
        Some(UserSearch::Prefix(prefix)) => Some(prefix),
        Some(UserSearch::Id(_)) | None => None,
    };
    if let Some(UserCursor { key, .. }) = &after {
        let fits = match (prefix, key) {
            (Some(prefix), Some(key)) => key.starts_with(prefix),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !fits {
            return Err(ListUsersError::ForeignCursor);
        }
    }
    let list = unit_of_work((filter, after, at_most), |(filter, after, at_most), tx: &mut S::Tx| {
        Box::pin(tx.list_users(filter, after.as_ref(), at_most.saturating_add(1)))
    });
    Ok(Page::of(storage.read(list).await?, at_most))
}
