//! What operators do with users and the audit trail: one driving port, and a file for each use case. The command line calls
//! it, and whatever else administers a service.

mod admin_keys;
mod audit_trail;
mod console;
mod create_user;
mod delete_user;
mod edit_user;
mod end_sessions;
mod export_user;
mod list_users;
mod overview;
mod passwords;
mod show_user;
mod unlock_user;
mod user_status;

use std::sync::Arc;

use asteroid_audit::{Action, AuditEvent, AuditFilter, AuditRepository, EventCountRepository};
use asteroid_clients::{
    Client, ClientFilter, ClientKey, ClientRepository, MembershipRepository, Practice, PracticeId,
    PracticeRepository,
};
use asteroid_identity::{
    AdminKey, AdminKeyRepository, AdminKeySecret, FamiliarAddressRepository, IdempotencyRepository, Password,
    PasswordHasher, PendingRegistrationRepository, Profile, SessionRepository, SessionToken, TombstoneKeys,
    TombstoneRepository, UserAdministrationRepository, UserCursor, UserFilter, UserRegistrationRepository,
    UserRepository, UserStatus, UserVersion,
};
use asteroid_kernel::{
    AdminKeyId, AuditEventId, Clock, Contact, MessageId, Randomness, Region, SessionId, Storage,
    StorageError, UserId, unit_of_work,
};
use asteroid_limits::LimitRepository;
use asteroid_messaging::{OutboxEntry, OutboxFilter, OutboxRepository};
use asteroid_terms::{Acceptance, TermsRepository, TermsVersion, VersionLabel};
use asteroid_verification::ChallengeRepository;

use crate::operator::{Act, Operator};
use crate::{AccountRules, Outbox, Practices, PublishTermsError, RetryRefusal};

pub use admin_keys::{AuthenticateAdminKeyError, CreatedAdminKey, NewAdminKey};
pub use console::ConsoleSession;
pub use create_user::*;
pub use edit_user::{EditUserError, NameEdit};
pub use end_sessions::*;
pub use export_user::UserExport;
pub use overview::Overview;
pub use passwords::*;
pub use show_user::*;
pub use unlock_user::*;
pub use user_status::*;

asteroid_kernel::port! {
    /// What operators do with users and the audit trail.
    ///
    /// An act on a user returns [`None`] and changes nothing if there is no such user. Each act that is done is an event in
    /// the audit trail with the operator's name, in the same transaction.
    pub trait Administration {
        /// The users whom the filter accepts, page by page: see [`UserAdministrationRepository::list_users`].
        async fn list_users(
            &self,
            filter: UserFilter,
            after: Option<UserCursor>,
            at_most: usize,
        ) -> Result<Page<Profile, UserCursor>, ListUsersError>;

        /// The events that the filter accepts, newest first, page by page.
        async fn list_events(
            &self,
            filter: AuditFilter,
            before: Option<AuditEventId>,
            at_most: usize,
        ) -> Result<Page<AuditEvent, AuditEventId>, StorageError>;

        /// The id of a user.
        async fn find_user(&self, user: UserReference) -> Result<Option<UserId>, StorageError>;

        /// The id by which the audit trail knows a user. The events of a deleted user stay, and are found by the id alone.
        async fn find_subject(&self, user: UserReference) -> Result<Option<UserId>, StorageError>;

        /// A user with everything that explains whether and why the user can sign in.
        async fn show_user(&self, user: UserReference) -> Result<Option<UserDetails>, StorageError>;

        /// Everything that is kept about a user.
        async fn export_user(
            &self,
            user: UserReference,
            operator: Operator,
        ) -> Result<Option<UserExport>, StorageError>;

        /// Creates a user with verified contacts. If a request is given, sending it again creates no second user: it returns
        /// the first.
        async fn create_user(
            &self,
            account: NewAccount,
            request: Option<CreationRequest>,
            operator: Operator,
        ) -> Result<UserId, CreateUserError>;

        /// Changes a user's name, if the user still has the expected version. Any version will do if none is expected.
        async fn rename_user(
            &self,
            user: UserReference,
            name: NameEdit,
            expected: Option<UserVersion>,
            operator: Operator,
        ) -> Result<Option<UserId>, EditUserError>;

        /// Sets or removes the administrator flag.
        async fn set_administrator(
            &self,
            user: UserReference,
            administrator: bool,
            operator: Operator,
        ) -> Result<Option<UserId>, StorageError>;

        /// Whether there is an administrator.
        async fn has_administrator(&self) -> Result<bool, StorageError>;

        /// Enables or disables a user. Disabling ends the sessions of every kind.
        async fn set_status(
            &self,
            user: UserReference,
            status: UserStatus,
            operator: Operator,
        ) -> Result<Option<StatusChange>, StorageError>;

        /// Forgets a user's failed attempts, and with them every lock.
        async fn unlock_user(
            &self,
            user: UserReference,
            operator: Operator,
        ) -> Result<Option<UnlockedUser>, StorageError>;

        /// Removes a user's password and ends all sessions: the user has to reset the password by a code.
        async fn require_reset(
            &self,
            user: UserReference,
            operator: Operator,
        ) -> Result<Option<EndedSessions>, StorageError>;

        /// Sets a user's password, ends all sessions, forgets wrong passwords, and tells the user.
        async fn set_password(
            &self,
            user: UserReference,
            password: Password,
            operator: Operator,
        ) -> Result<Option<EndedSessions>, SetPasswordError>;

        /// Deletes a user for good, with everything personal that is kept about the user. The audit trail and the acceptances
        /// of terms keep the id alone; records of practices' clients stay. The id and each contact leave a
        /// [tombstone](asteroid_identity::Tombstone), if there are [keys](Administrators::with_tombstone_keys) for them.
        async fn delete_user(
            &self,
            user: UserReference,
            operator: Operator,
        ) -> Result<Option<UserId>, StorageError>;

        /// Ends one session of a user, or all of them if `session` is [`None`].
        async fn end_sessions(
            &self,
            user: UserReference,
            session: Option<SessionId>,
            operator: Operator,
        ) -> Result<Option<EndedSessions>, StorageError>;

        /// The messages of the outbox that the filter accepts, newest first, page by page.
        async fn list_messages(
            &self,
            filter: OutboxFilter,
            before: Option<MessageId>,
            at_most: usize,
        ) -> Result<Page<OutboxEntry, MessageId>, StorageError>;

        /// Lets a failed message wait again, due now.
        async fn retry_message(
            &self,
            message: MessageId,
            operator: Operator,
        ) -> Result<Result<(), RetryRefusal>, StorageError>;

        /// What goes on.
        async fn overview(&self) -> Result<Overview, StorageError>;

        /// Every version of the terms, latest first.
        async fn list_terms(&self) -> Result<Vec<TermsVersion>, StorageError>;

        /// Publishes a version of the terms: from now on every user has to accept it.
        async fn publish_terms(
            &self,
            label: VersionLabel,
            text: String,
            operator: Operator,
        ) -> Result<(), PublishTermsError>;

        /// The acceptances of a version of the terms by user, page by page.
        async fn list_acceptances(
            &self,
            label: VersionLabel,
            after: Option<UserId>,
            at_most: usize,
        ) -> Result<Page<Acceptance, UserId>, StorageError>;

        /// The practices by id, page by page.
        async fn list_practices(
            &self,
            after: Option<PracticeId>,
            at_most: usize,
        ) -> Result<Page<Practice, PracticeId>, StorageError>;

        /// A practice; [`None`] if there is none of this id.
        async fn find_practice(&self, practice: PracticeId) -> Result<Option<Practice>, StorageError>;

        /// The clients that the filter accepts by key, page by page.
        async fn list_clients(
            &self,
            filter: ClientFilter,
            after: Option<ClientKey>,
            at_most: usize,
        ) -> Result<Page<Client, ClientKey>, StorageError>;

        /// The live session of an administrator in the console; [`None`] if the token opens none. Its use is recorded.
        async fn console_session(&self, token: SessionToken) -> Result<Option<ConsoleSession>, StorageError>;

        /// Makes a key for a program that administers.
        async fn create_admin_key(
            &self,
            key: NewAdminKey,
            operator: Operator,
        ) -> Result<CreatedAdminKey, StorageError>;

        /// The keys of programs, newest first, with those that have expired.
        async fn list_admin_keys(&self) -> Result<Vec<AdminKey>, StorageError>;

        /// Revokes a key of a program. `false` if there is none of this id.
        async fn revoke_admin_key(&self, key: AdminKeyId, operator: Operator) -> Result<bool, StorageError>;

        /// The live key of this secret. Its use is recorded.
        async fn authenticate_admin_key(
            &self,
            secret: AdminKeySecret,
        ) -> Result<AdminKey, AuthenticateAdminKeyError>;
    }
}

asteroid_kernel::port_alias! {
    /// The repositories of the administration.
    pub trait AdministrationRepositories:
        UserRepository +
        UserRegistrationRepository +
        UserAdministrationRepository +
        FamiliarAddressRepository +
        PendingRegistrationRepository +
        SessionRepository +
        TombstoneRepository +
        AdminKeyRepository +
        IdempotencyRepository +
        ChallengeRepository +
        TermsRepository +
        PracticeRepository +
        ClientRepository +
        EventCountRepository +
        MembershipRepository +
        LimitRepository +
        OutboxRepository +
        AuditRepository;
}

/// The use cases of operators, over any store and any hasher.
pub struct Administrators<S, H> {
    storage: Arc<S>,
    hasher: Arc<H>,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    rules: AccountRules,
    tombstone_keys: TombstoneKeys,
}

/// How an operator names a user: by the id, or by any of the user's contacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserReference {
    id: Option<UserId>,
    contact: Option<Contact>,
}

/// A text is neither an id nor a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a user is named by an id, an e-mail address or a phone number")]
pub struct InvalidUserReference;

impl UserReference {
    /// Parses a reference. Phone numbers without a calling code are of the default region.
    ///
    /// Digits may be an id or a phone number: the user of the id goes before the owner of the number.
    ///
    /// # Errors
    ///
    /// If the text is neither an id nor a contact.
    pub fn parse(text: &str, default_region: Region) -> Result<Self, InvalidUserReference> {
        let text = text.trim();
        let is_number = text.bytes().all(|b| b.is_ascii_digit());
        let id = text.parse().ok().filter(|_| is_number).map(UserId);
        let contact = Contact::parse(text, default_region).ok();
        if id.is_none() && contact.is_none() { Err(InvalidUserReference) } else { Ok(Self { id, contact }) }
    }

    /// The id, if it may be one. A user who was deleted is known by nothing else.
    #[must_use]
    pub const fn id(&self) -> Option<UserId> {
        self.id
    }

    async fn find<Tx: UserRepository>(&self, tx: &mut Tx) -> Result<Option<Profile>, StorageError> {
        if let Some(id) = self.id
            && let Some(profile) = tx.find_profile(id).await?
        {
            return Ok(Some(profile));
        }
        let Some(contact) = &self.contact else { return Ok(None) };
        match tx.find_user_by_contact(&contact.key()).await? {
            Some(user) => tx.find_profile(user.id).await,
            None => Ok(None),
        }
    }
}

impl From<UserId> for UserReference {
    fn from(id: UserId) -> Self {
        Self { id: Some(id), contact: None }
    }
}

/// A page of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T, C> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page continues; [`None`] on the last one.
    pub next: Option<C>,
}

impl<T, C> Page<T, C> {
    /// The same, where each item names its place.
    fn by(items: Vec<T>, at_most: usize, place: impl Fn(&T) -> C) -> Self {
        let items = items.into_iter().map(|item| {
            let place = place(&item);
            (item, place)
        });
        Self::of(items.collect(), at_most)
    }

    /// A page of at most so many of these items, which are one more where there is a next page.
    fn of(mut items: Vec<(T, C)>, at_most: usize) -> Self {
        let has_next = items.len() > at_most;
        items.truncate(at_most);
        let (items, mut places): (Vec<T>, Vec<C>) = items.into_iter().unzip();
        Self { items, next: places.pop().filter(|_| has_next) }
    }
}

/// Why users are not listed.
#[derive(Debug, thiserror::Error)]
pub enum ListUsersError {
    /// The cursor is of a listing with other conditions.
    #[error("the cursor belongs to a listing with other conditions: start again without it")]
    ForeignCursor,
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Act {
    /// Records that the act was done on this user.
    async fn record<Tx: AuditRepository>(
        &self,
        tx: &mut Tx,
        action: Action,
        user: UserId,
    ) -> Result<(), StorageError> {
        tx.record_event(&self.event(action).of_user(Some(user))).await
    }
}

impl<S, H> Administrators<S, H> {
    /// Puts the use cases on a store and a hasher.
    #[must_use]
    pub fn new(
        storage: Arc<S>,
        hasher: Arc<H>,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
        rules: AccountRules,
    ) -> Self {
        Self { storage, hasher, clock, randomness, rules, tombstone_keys: TombstoneKeys::default() }
    }

    /// Lets deleted users leave tombstones under these keys.
    #[must_use]
    pub fn with_tombstone_keys(self, tombstone_keys: TombstoneKeys) -> Self {
        Self { tombstone_keys, ..self }
    }

    fn act(&self, operator: Operator) -> Act {
        Act { operator, now: self.clock.now(), randomness: Arc::clone(&self.randomness) }
    }
}

impl<S: Storage<Tx: AdministrationRepositories>, H> Administrators<S, H> {
    fn practices(&self) -> Practices<S> {
        Practices::new(Arc::clone(&self.storage), Arc::clone(&self.clock), Arc::clone(&self.randomness))
    }

    fn outbox(&self) -> Outbox<S> {
        Outbox::new(Arc::clone(&self.storage), Arc::clone(&self.clock), Arc::clone(&self.randomness))
    }
}

impl<S, H> Administration for Administrators<S, H>
where
    S: Storage<Tx: AdministrationRepositories>,
    H: PasswordHasher,
{
    async fn list_users(
        &self,
        filter: UserFilter,
        after: Option<UserCursor>,
        at_most: usize,
    ) -> Result<Page<Profile, UserCursor>, ListUsersError> {
        list_users::list(&*self.storage, filter, after, at_most).await
    }

    async fn list_events(
        &self,
        filter: AuditFilter,
        before: Option<AuditEventId>,
        at_most: usize,
    ) -> Result<Page<AuditEvent, AuditEventId>, StorageError> {
        audit_trail::list(&*self.storage, filter, before, at_most).await
    }

    async fn find_user(&self, user: UserReference) -> Result<Option<UserId>, StorageError> {
        self.storage.read(show_user::FindUser(user)).await
    }

    async fn find_subject(&self, user: UserReference) -> Result<Option<UserId>, StorageError> {
        let id = user.id();
        Ok(self.find_user(user).await?.or(id))
    }

    async fn show_user(&self, user: UserReference) -> Result<Option<UserDetails>, StorageError> {
        let show = show_user::ShowUser { user, rules: self.rules.clone(), now: self.clock.now() };
        self.storage.read(show).await
    }

    async fn export_user(
        &self,
        user: UserReference,
        operator: Operator,
    ) -> Result<Option<UserExport>, StorageError> {
        let read = export_user::ReadEverything { user, rules: self.rules.clone(), now: self.clock.now() };
        let Some(export) = self.storage.read(read).await? else { return Ok(None) };
        let id = export.details.profile.user.id;
        self.storage.write(export_user::record_export(id, self.act(operator))).await?;
        Ok(Some(export))
    }

    async fn create_user(
        &self,
        account: NewAccount,
        request: Option<CreationRequest>,
        operator: Operator,
    ) -> Result<UserId, CreateUserError> {
        create_user::create(self, account, request, operator).await
    }

    async fn rename_user(
        &self,
        user: UserReference,
        name: NameEdit,
        expected: Option<UserVersion>,
        operator: Operator,
    ) -> Result<Option<UserId>, EditUserError> {
        self.storage.write(edit_user::RenameUser { user, act: self.act(operator), name, expected }).await
    }

    async fn set_administrator(
        &self,
        user: UserReference,
        administrator: bool,
        operator: Operator,
    ) -> Result<Option<UserId>, StorageError> {
        self.storage.write(edit_user::SetAdministrator { user, act: self.act(operator), administrator }).await
    }

    async fn has_administrator(&self) -> Result<bool, StorageError> {
        self.storage.read(unit_of_work((), |(), tx: &mut S::Tx| Box::pin(tx.has_administrator()))).await
    }

    async fn set_status(
        &self,
        user: UserReference,
        status: UserStatus,
        operator: Operator,
    ) -> Result<Option<StatusChange>, StorageError> {
        self.storage.write(user_status::SetStatus { user, act: self.act(operator), status }).await
    }

    async fn unlock_user(
        &self,
        user: UserReference,
        operator: Operator,
    ) -> Result<Option<UnlockedUser>, StorageError> {
        let limits = self.rules.limits.clone();
        self.storage.write(unlock_user::UnlockUser { user, act: self.act(operator), limits }).await
    }

    async fn require_reset(
        &self,
        user: UserReference,
        operator: Operator,
    ) -> Result<Option<EndedSessions>, StorageError> {
        self.storage.write(passwords::RequireReset { user, act: self.act(operator) }).await
    }

    async fn set_password(
        &self,
        user: UserReference,
        password: Password,
        operator: Operator,
    ) -> Result<Option<EndedSessions>, SetPasswordError> {
        passwords::set(self, user, password, operator).await
    }

    async fn delete_user(
        &self,
        user: UserReference,
        operator: Operator,
    ) -> Result<Option<UserId>, StorageError> {
        let keys = self.tombstone_keys.clone();
        self.storage.write(delete_user::DeleteUser { user, act: self.act(operator), keys }).await
    }

    async fn end_sessions(
        &self,
        user: UserReference,
        session: Option<SessionId>,
        operator: Operator,
    ) -> Result<Option<EndedSessions>, StorageError> {
        self.storage.write(end_sessions::EndSessions { user, act: self.act(operator), session }).await
    }

    async fn list_messages(
        &self,
        filter: OutboxFilter,
        before: Option<MessageId>,
        at_most: usize,
    ) -> Result<Page<OutboxEntry, MessageId>, StorageError> {
        let entries = self.outbox().list_before(filter, before, at_most.saturating_add(1)).await?;
        Ok(Page::by(entries, at_most, |entry| entry.message.id))
    }

    async fn retry_message(
        &self,
        message: MessageId,
        operator: Operator,
    ) -> Result<Result<(), RetryRefusal>, StorageError> {
        self.outbox().retry(message, &operator).await
    }

    async fn overview(&self) -> Result<Overview, StorageError> {
        self.storage.read(overview::ReadOverview { now: self.clock.now() }).await
    }

    async fn list_terms(&self) -> Result<Vec<TermsVersion>, StorageError> {
        self.practices().list_terms().await
    }

    async fn publish_terms(
        &self,
        label: VersionLabel,
        text: String,
        operator: Operator,
    ) -> Result<(), PublishTermsError> {
        let version = TermsVersion::new(label, text, self.clock.now())?;
        self.practices().publish_terms(version, &operator).await
    }

    async fn list_acceptances(
        &self,
        label: VersionLabel,
        after: Option<UserId>,
        at_most: usize,
    ) -> Result<Page<Acceptance, UserId>, StorageError> {
        let list = unit_of_work((label, after, at_most), |(label, after, at_most), tx: &mut S::Tx| {
            Box::pin(tx.list_acceptances(label, *after, at_most.saturating_add(1)))
        });
        Ok(Page::by(self.storage.read(list).await?, at_most, |acceptance| acceptance.user))
    }

    async fn list_practices(
        &self,
        after: Option<PracticeId>,
        at_most: usize,
    ) -> Result<Page<Practice, PracticeId>, StorageError> {
        let list = unit_of_work((after, at_most), |(after, at_most), tx: &mut S::Tx| {
            Box::pin(tx.list_practices(*after, at_most.saturating_add(1)))
        });
        Ok(Page::by(self.storage.read(list).await?, at_most, |practice| practice.id))
    }

    async fn find_practice(&self, practice: PracticeId) -> Result<Option<Practice>, StorageError> {
        let find = unit_of_work(practice, |practice, tx: &mut S::Tx| Box::pin(tx.find_practice(*practice)));
        self.storage.read(find).await
    }

    async fn list_clients(
        &self,
        filter: ClientFilter,
        after: Option<ClientKey>,
        at_most: usize,
    ) -> Result<Page<Client, ClientKey>, StorageError> {
        let list = unit_of_work((filter, after, at_most), |(filter, after, at_most), tx: &mut S::Tx| {
            Box::pin(tx.list_clients(filter, after.as_ref(), at_most.saturating_add(1)))
        });
        Ok(Page::by(self.storage.read(list).await?, at_most, |client| client.record.key.clone()))
    }

    async fn console_session(&self, token: SessionToken) -> Result<Option<ConsoleSession>, StorageError> {
        self.find_console_session(&token).await
    }

    async fn create_admin_key(
        &self,
        key: NewAdminKey,
        operator: Operator,
    ) -> Result<CreatedAdminKey, StorageError> {
        self.create_key(key, operator).await
    }

    async fn list_admin_keys(&self) -> Result<Vec<AdminKey>, StorageError> {
        self.list_keys().await
    }

    async fn revoke_admin_key(&self, key: AdminKeyId, operator: Operator) -> Result<bool, StorageError> {
        self.revoke_key(key, operator).await
    }

    async fn authenticate_admin_key(
        &self,
        secret: AdminKeySecret,
    ) -> Result<AdminKey, AuthenticateAdminKeyError> {
        self.authenticate_key(&secret).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_named_by_an_id_or_a_contact() {
        let parse = |text| UserReference::parse(text, Region::US);
        let contact = |text| Contact::parse(text, Region::US).ok();
        let both = UserReference { id: Some(UserId(5_556_654_345)), contact: contact("5556654345") };
        assert_eq!(parse("5556654345"), Ok(both));
        assert_eq!(parse(" 25 "), Ok(UserId(25).into()));
        let email = UserReference { id: None, contact: contact("george@example.com") };
        assert_eq!(parse("George@example.com"), Ok(email));
        for text in ["", "George", "-25", "+25", "2 5", "99999999999999999999"] {
            assert_eq!(parse(text), Err(InvalidUserReference), "{text:?}");
        }
    }
}
