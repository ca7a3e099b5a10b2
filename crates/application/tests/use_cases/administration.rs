//! What operators do with users, on mocks: what is recorded, and what must not happen.

use std::sync::Arc;
use std::time::Duration;

use asteroid_application::administration::{
    Administration, CreateUserError, CreatedAdminKey, CreationRequest, EditUserError, EndedSessions,
    ListUsersError, NameEdit, NewAccount, NewAdminKey, SetPasswordError, StatusChange, UserReference,
};
use asteroid_application::mocks::{MockStorage, MockTx};
use asteroid_application::{AccountRules, Administrators};
use asteroid_audit::{Action, Outcome};
use asteroid_identity::mocks::{MockHasher, PlainHasher};
use asteroid_identity::{
    AdminKey, AdminKeyName, AdminKeySecret, ContactSource, ContactTaken, ContactType, FoundSession,
    IdempotentRequest, Password, PersonName, Profile, Scope, Session, SessionToken, TombstoneKey,
    TombstoneKeys, User, UserContact, UserCursor, UserFilter, UserSearch, UserStatus,
};
use asteroid_kernel::mocks::{CountingRandomness, ManualClock};
use asteroid_kernel::{
    AdminKeyId, Contact, ContactId, ContactKey, Region, SessionId, StorageError, Timestamp, UserId,
};
use asteroid_limits::{ConsecutiveFailures, SlidingWindow};
use mockall::Sequence;

use crate::operator;

const NOW: &str = "2026-01-02T03:04:05.678Z";
const GEORGE: UserId = UserId(25);

fn now() -> Timestamp {
    Timestamp::parse(NOW).expect("a time")
}

fn profile() -> Profile {
    let user = User {
        id: GEORGE,
        name: PersonName::new("George", "Washington").expect("a name"),
        status: UserStatus::Enabled,
        administrator: false,
        password_hash: Some(PlainHasher::hash_of("IWasTheFirstPrez1776")),
        last_login: None,
        created_at: now(),
    };
    Profile { user, contacts: Vec::new() }
}

/// The use cases on these mocks. A password that is hashed fails the test.
fn administrators(tx: MockTx) -> (Administrators<MockStorage, MockHasher>, Arc<MockStorage>) {
    let storage = Arc::new(MockStorage::of(tx));
    let (clock, randomness) = (Arc::new(ManualClock::at(NOW)), Arc::new(CountingRandomness::default()));
    let (hasher, rules) = (Arc::new(MockHasher::new()), AccountRules::default());
    (Administrators::new(Arc::clone(&storage), hasher, clock, randomness, rules), storage)
}

fn with_george() -> MockTx {
    let mut tx = MockTx::new();
    tx.expect_find_profile().returning(|id| Ok((id == GEORGE).then(profile)));
    tx
}

/// Expects one event of this action on the user, by the operator.
fn expect_event(tx: &mut MockTx, action: Action) {
    let is_expected = move |event: &asteroid_audit::AuditEvent| {
        (event.action, event.outcome, event.user) == (action, Outcome::Done, Some(GEORGE))
            && event.operator.as_deref() == Some("root")
            && event.at == now()
    };
    tx.expect_record_event().times(1).withf(is_expected).returning(|_| Ok(()));
}

fn name_edit() -> NameEdit {
    NameEdit::parse(None, Some("Custis")).expect("a name")
}

#[tokio::test]
async fn disabling_ends_sessions_and_enabling_ends_none() {
    let mut tx = with_george();
    tx.expect_set_status()
        .times(1)
        .withf(|id, to| (*id, *to) == (GEORGE, UserStatus::Disabled))
        .returning(|_, _| Ok(true));
    tx.expect_revoke_sessions()
        .times(1)
        .withf(|id, keep| *id == GEORGE && keep.is_none())
        .returning(|_, _| Ok(3));
    expect_event(&mut tx, Action::DisableUser);
    let (users, storage) = administrators(tx);
    let change =
        users.set_status(GEORGE.into(), UserStatus::Disabled, operator()).await.expect("the store works");
    assert_eq!(change, Some(StatusChange { user: GEORGE, changed: true, ended_sessions: 3 }));
    assert_eq!(storage.committed(), 1);

    let mut tx = with_george();
    tx.expect_set_status().times(1).returning(|_, _| Ok(true));
    expect_event(&mut tx, Action::EnableUser);
    let (users, _) = administrators(tx);
    let change =
        users.set_status(GEORGE.into(), UserStatus::Enabled, operator()).await.expect("the store works");
    assert_eq!(change, Some(StatusChange { user: GEORGE, changed: false, ended_sessions: 0 }));
}

#[tokio::test]
async fn an_act_on_an_unknown_user_changes_and_records_nothing() {
    let unknown = || UserReference::from(UserId(26));
    let (users, _) = administrators(with_george());
    assert_eq!(
        users.set_status(unknown(), UserStatus::Disabled, operator()).await.expect("the store works"),
        None
    );
    assert_eq!(users.unlock_user(unknown(), operator()).await.expect("the store works"), None);
    assert_eq!(users.require_reset(unknown(), operator()).await.expect("the store works"), None);
    assert_eq!(users.end_sessions(unknown(), None, operator()).await.expect("the store works"), None);
    assert_eq!(
        users.rename_user(unknown(), name_edit(), None, operator()).await.expect("the store works"),
        None
    );
    assert_eq!(users.set_administrator(unknown(), true, operator()).await.expect("the store works"), None);
    let set = users.set_password(unknown(), Password::new("a fine long password"), operator()).await;
    assert_eq!(set.expect("the store works"), None);
    assert!(users.show_user(unknown()).await.expect("the store works").is_none());
    assert_eq!(users.delete_user(unknown(), operator()).await.expect("the store works"), None);
}

#[tokio::test]
async fn a_session_that_the_user_does_not_have_is_no_act() {
    let mut tx = with_george();
    tx.expect_revoke_session().times(1).returning(|_, _| Ok(false));
    let (users, _) = administrators(tx);
    let session = SessionId::new(now(), &CountingRandomness::default());
    let ended = users.end_sessions(GEORGE.into(), Some(session), operator()).await.expect("the store works");
    assert_eq!(ended, Some(EndedSessions { user: GEORGE, count: 0 }));
}

#[tokio::test]
async fn a_deleted_user_is_a_subject_of_the_audit_trail_by_the_id_alone() {
    let mut tx = with_george();
    tx.expect_find_user_by_contact().returning(|_| Ok(None));
    let (users, _) = administrators(tx);
    let named = |text: &str| UserReference::parse(text, Region::US).expect("a reference");
    for (text, user, subject) in
        [("25", Some(GEORGE), Some(GEORGE)), ("26", None, Some(UserId(26))), ("gone@example.com", None, None)]
    {
        assert_eq!(users.find_user(named(text)).await.expect("the store works"), user, "{text}");
        assert_eq!(users.find_subject(named(text)).await.expect("the store works"), subject, "{text}");
    }
}

#[tokio::test]
async fn a_weak_password_is_neither_hashed_nor_set() {
    let (users, storage) = administrators(with_george());
    let set = users.set_password(GEORGE.into(), Password::new("short"), operator()).await;
    assert!(matches!(set, Err(SetPasswordError::WeakPassword(_))), "{set:?}");
    assert_eq!((storage.committed(), storage.rolled_back()), (0, 0));
}

#[tokio::test]
async fn a_user_with_a_taken_contact_is_not_created() {
    let account = |contacts: &[&str]| NewAccount {
        name: PersonName::unknown(),
        contacts: contacts.iter().map(|text| contact(text)).collect(),
        contact_type: ContactType::Personal,
        password: None,
    };
    let mut tx = MockTx::new();
    tx.expect_insert_user().times(1).returning(|_| Ok(Ok(GEORGE)));
    tx.expect_add_contact().times(1).returning(|_, _, _, _, _| Ok(Err(ContactTaken)));
    let (users, storage) = administrators(tx);
    let created = users.create_user(account(&["a@example.com", "b@example.com"]), None, operator()).await;
    assert!(
        matches!(&created, Err(CreateUserError::ContactTaken(taken)) if *taken == contact("b@example.com")),
        "{created:?}"
    );
    assert_eq!((storage.committed(), storage.rolled_back()), (0, 1));

    let (users, _) = administrators(MockTx::new());
    let created = users.create_user(account(&[]), None, operator()).await;
    assert!(matches!(created, Err(CreateUserError::NoContact)), "{created:?}");
}

#[tokio::test]
async fn a_cursor_of_other_conditions_is_refused() {
    let (users, _) = administrators(MockTx::new());
    let by_id = UserCursor { user: GEORGE, key: None };
    let by_key = UserCursor { user: GEORGE, key: Some("martha".to_owned()) };
    let search = UserFilter { search: UserSearch::parse("wash", Region::US), ..UserFilter::default() };
    for (filter, cursor) in
        [(search.clone(), by_id), (search, by_key.clone()), (UserFilter::default(), by_key)]
    {
        let listed = users.list_users(filter, Some(cursor), 10).await;
        assert!(matches!(listed, Err(ListUsersError::ForeignCursor)), "{listed:?}");
    }
}

/// George without anything around, for whom each listing is asked for once.
fn with_nothing_around() -> MockTx {
    let mut tx = with_george();
    tx.expect_list_sessions().times(1).returning(|_| Ok(vec![]));
    tx.expect_memberships_of().times(1).returning(|_| Ok(vec![]));
    tx.expect_list_addresses().returning(|_| Ok(vec![]));
    tx.expect_acceptances_of().times(1).returning(|_| Ok(vec![]));
    tx.expect_list_events()
        .times(1)
        .withf(|_, _, at_most| *at_most == usize::MAX)
        .returning(|_, _, _| Ok(vec![]));
    tx.expect_window().returning(|_| Ok(SlidingWindow::default()));
    tx.expect_failures().returning(|_| Ok(ConsecutiveFailures::default()));
    tx
}

#[tokio::test]
async fn an_export_is_recorded() {
    let mut tx = with_nothing_around();
    expect_event(&mut tx, Action::ExportUser);
    let (users, storage) = administrators(tx);
    let export = users.export_user(GEORGE.into(), operator()).await.expect("the store works");
    assert_eq!(export.map(|export| (export.at, export.details.profile)), Some((now(), profile())));
    assert_eq!(storage.committed(), 1, "the event");
}

#[tokio::test]
async fn an_export_that_cannot_be_recorded_is_not_handed_out() {
    let mut tx = with_nothing_around();
    tx.expect_record_event().times(1).returning(|_| Err(StorageError::Busy));
    let (users, _) = administrators(tx);
    let refused = users.export_user(GEORGE.into(), operator()).await;
    assert!(matches!(refused, Err(StorageError::Busy)), "{refused:?}");
}

/// George with two contacts.
fn with_contacts() -> Profile {
    let of = |id, text| UserContact {
        id: ContactId(id),
        contact: contact(text),
        contact_type: ContactType::Personal,
        primary: id == 1,
        source: ContactSource::Verified,
        verified_at: now(),
    };
    Profile { contacts: vec![of(1, "George@example.com"), of(2, "+15005550006")], ..profile() }
}

fn contact(text: &str) -> Contact {
    Contact::parse(text, Region::US).expect("a contact")
}

#[tokio::test]
async fn deleting_removes_what_is_kept_under_each_contact_and_records_the_id_alone() {
    let keys = || TombstoneKeys::new(vec![TombstoneKey { id: "t1".into(), secret: vec![7; 32].into() }]);
    let mut order = Sequence::new();
    let mut tx = MockTx::new();
    tx.expect_find_profile().returning(|id| Ok((id == GEORGE).then(with_contacts)));
    tx.expect_lock_profile()
        .times(1)
        .in_sequence(&mut order)
        .returning(|id| Ok((id == GEORGE).then(with_contacts)));
    tx.expect_list_addresses().returning(|_| Ok(vec![]));
    tx.expect_remove_limit().returning(|_| Ok(()));
    let mut tombstones = vec![keys().tombstone(GEORGE)];
    tombstones.extend(with_contacts().contacts.iter().map(|own| keys().tombstone(&own.contact.key())));
    tx.expect_insert_tombstone()
        .times(3)
        .withf(move |tombstone, at| tombstones.contains(&Some(tombstone.clone())) && *at == now())
        .returning(|_, _| Ok(()));
    let is_of_george = |key: &ContactKey| ["george@example.com", "+15005550006"].contains(&key.as_str());
    tx.expect_remove_challenges().times(2).withf(is_of_george).returning(|_| Ok(1));
    tx.expect_end_registrations().times(2).withf(is_of_george).returning(|_| Ok(1));
    tx.expect_remove_claims().times(2).withf(is_of_george).returning(|_| Ok(1));
    tx.expect_remove_messages_to().times(2).withf(is_of_george).returning(|_| Ok(1));
    tx.expect_remove_limits_of()
        .times(2)
        .withf(|subject| ["george@example.com", "+15005550006"].contains(&subject))
        .returning(|_| Ok(1));
    tx.expect_anonymize_acceptances().times(1).withf(|id| *id == GEORGE).returning(|_| Ok(1));
    tx.expect_anonymize_events()
        .times(1)
        .in_sequence(&mut order)
        .withf(|id, masked| {
            let expected: Vec<String> =
                with_contacts().contacts.iter().map(|own| own.contact.masked()).collect();
            *id == GEORGE && *masked == expected
        })
        .returning(|_, _| Ok(1));
    tx.expect_delete_user()
        .times(1)
        .in_sequence(&mut order)
        .withf(|id| *id == GEORGE)
        .returning(|_| Ok(true));
    tx.expect_record_event()
        .times(1)
        .in_sequence(&mut order)
        .withf(|event| {
            (event.action, event.user, event.contact.as_ref()) == (Action::DeleteUser, Some(GEORGE), None)
                && event.operator.as_deref() == Some("root")
        })
        .returning(|_| Ok(()));
    let (users, storage) = administrators(tx);
    let users = users.with_tombstone_keys(keys());
    let deleted = users.delete_user(GEORGE.into(), operator()).await.expect("the store works");
    assert_eq!(deleted, Some(GEORGE));
    assert_eq!(storage.committed(), 1, "all in one unit");
}

#[tokio::test]
async fn a_deletion_that_cannot_be_recorded_is_rolled_back() {
    let mut tx = with_george();
    tx.expect_lock_profile().returning(|_| Ok(Some(profile())));
    tx.expect_list_addresses().returning(|_| Ok(vec![]));
    tx.expect_remove_limit().returning(|_| Ok(()));
    tx.expect_anonymize_acceptances().returning(|_| Ok(0));
    tx.expect_anonymize_events().returning(|_, _| Ok(0));
    tx.expect_delete_user().returning(|_| Ok(true));
    tx.expect_record_event().times(1).returning(|_| Err(StorageError::Busy));
    let (users, storage) = administrators(tx);
    let refused = users.delete_user(GEORGE.into(), operator()).await;
    assert!(matches!(refused, Err(StorageError::Busy)), "{refused:?}");
    assert_eq!((storage.committed(), storage.rolled_back()), (0, 1));
}

/// Mocks that know George, also with a lock.
fn with_locked_george() -> MockTx {
    let mut tx = with_george();
    tx.expect_lock_profile().returning(|id| Ok((id == GEORGE).then(profile)));
    tx
}

#[tokio::test]
async fn an_edit_changes_the_parts_that_are_given_of_the_expected_version() {
    let mut tx = with_locked_george();
    tx.expect_rename_user()
        .times(1)
        .withf(|id, name| *id == GEORGE && name.full() == "George Custis")
        .returning(|_, _| Ok(true));
    expect_event(&mut tx, Action::EditUser);
    let (users, _) = administrators(tx);
    let version = Some(profile().version());
    let edited = users.rename_user(GEORGE.into(), name_edit(), version, operator()).await;
    assert_eq!(edited.expect("the store works"), Some(GEORGE));
}

#[tokio::test]
async fn an_edit_of_another_version_changes_and_records_nothing() {
    let (users, storage) = administrators(with_locked_george());
    let mut before = profile();
    before.user.name = PersonName::unknown();
    let edited = users.rename_user(GEORGE.into(), name_edit(), Some(before.version()), operator()).await;
    assert!(matches!(edited, Err(EditUserError::Stale)), "{edited:?}");
    assert_eq!((storage.committed(), storage.rolled_back()), (0, 1));
}

fn account_of(email: &str) -> NewAccount {
    NewAccount {
        name: PersonName::unknown(),
        contacts: vec![contact(email)],
        contact_type: ContactType::Personal,
        password: None,
    }
}

#[tokio::test]
async fn a_creation_that_is_sent_again_creates_nothing() {
    let program = AdminKeySecret::new(&CountingRandomness::default());
    let request = |content: &str| Some(CreationRequest::new(&program, "order 1", content.as_bytes()));
    let first = request("a").expect("a request");
    let mut tx = MockTx::new();
    tx.expect_lock_request().returning(move |key| {
        assert_eq!(*key, first.key);
        Ok(Some(IdempotentRequest { content: first.content, user: GEORGE, at: now() }))
    });
    let (users, _) = administrators(tx);
    let again = users.create_user(account_of("a@example.com"), request("a"), operator()).await;
    assert_eq!(again.expect("the store works"), GEORGE);
    let other = users.create_user(account_of("b@example.com"), request("b"), operator()).await;
    assert!(matches!(other, Err(CreateUserError::KeyReused)), "{other:?}");
}

#[tokio::test]
async fn a_creation_is_recorded_with_its_user() {
    let program = AdminKeySecret::new(&CountingRandomness::default());
    let request = CreationRequest::new(&program, "order 1", b"a");
    let (key, content) = (request.key, request.content);
    let mut tx = MockTx::new();
    tx.expect_lock_request().times(1).returning(|_| Ok(None));
    tx.expect_insert_user().times(1).returning(|_| Ok(Ok(GEORGE)));
    tx.expect_record_request()
        .times(1)
        .withf(move |own, request| {
            *own == key && *request == IdempotentRequest { content, user: GEORGE, at: now() }
        })
        .returning(|_, _| Ok(()));
    expect_event(&mut tx, Action::CreateUser);
    let (users, _) = administrators(tx);
    let created = users.create_user(account_of("a@example.com"), Some(request), operator()).await;
    assert_eq!(created.expect("the store works"), GEORGE);
}

fn new_key() -> NewAdminKey {
    NewAdminKey {
        name: AdminKeyName::parse("CI").expect("a name"),
        scopes: [Scope::UsersRead].into(),
        lifetime: Duration::from_hours(24),
    }
}

#[tokio::test]
async fn an_admin_key_is_stored_without_its_secret_and_recorded() {
    let mut tx = MockTx::new();
    tx.expect_insert_admin_key()
        .times(1)
        .withf(|key| key.expires_at == now() + Duration::from_hours(24) && key.last_used_at.is_none())
        .returning(|_| Ok(()));
    tx.expect_record_event()
        .times(1)
        .withf(|event| event.action == Action::CreateAdminKey && event.operator.as_deref() == Some("root"))
        .returning(|_| Ok(()));
    let (users, _) = administrators(tx);
    let CreatedAdminKey { key, secret } =
        users.create_admin_key(new_key(), operator()).await.expect("the store works");
    assert_eq!(key.hash, secret.hash());
}

#[tokio::test]
async fn a_key_lets_in_until_it_expires_and_its_use_is_recorded_once_a_minute() {
    let secret = AdminKeySecret::new(&CountingRandomness::default());
    let key = |expires_at, last_used_at| AdminKey {
        id: AdminKeyId::new(now(), &CountingRandomness::default()),
        hash: secret.hash(),
        name: AdminKeyName::parse("CI").expect("a name"),
        scopes: [Scope::UsersRead].into(),
        created_at: now(),
        expires_at,
        last_used_at,
    };
    let later = now() + Duration::from_secs(1);
    for (found, is_let_in, uses) in [
        (Some(key(later, None)), true, 1),
        (Some(key(later, Some(now()))), true, 0),
        (Some(key(now(), None)), false, 0),
        (None, false, 0),
    ] {
        let mut tx = MockTx::new();
        let hash = secret.hash();
        tx.expect_find_admin_key().times(1).withf(move |wanted| *wanted == hash).return_once(|_| Ok(found));
        tx.expect_touch_admin_key().times(uses).returning(|_, _| Ok(()));
        let (users, _) = administrators(tx);
        let authenticated = users.authenticate_admin_key(secret.clone()).await;
        assert_eq!(authenticated.is_ok(), is_let_in, "{authenticated:?}");
    }
}

#[tokio::test]
async fn the_revocation_of_an_unknown_key_is_no_act() {
    let mut tx = MockTx::new();
    tx.expect_revoke_admin_key().times(1).returning(|_| Ok(false));
    let (users, _) = administrators(tx);
    let id = AdminKeyId::new(now(), &CountingRandomness::default());
    assert!(!users.revoke_admin_key(id, operator()).await.expect("the store works"));
}

#[tokio::test]
async fn a_session_of_the_console_is_of_an_administrator_and_idle_for_less_than_half_an_hour() {
    let token = SessionToken::new(&CountingRandomness::default());
    let minutes = |minutes| now() - Duration::from_mins(minutes);
    for (administrator, began, used, status, expected) in [
        (true, minutes(9), minutes(9), UserStatus::Enabled, Some(true)),
        (true, minutes(10), minutes(0), UserStatus::Enabled, Some(false)),
        (true, minutes(600), minutes(29), UserStatus::Enabled, Some(false)),
        (true, minutes(600), minutes(30), UserStatus::Enabled, None),
        (false, minutes(9), minutes(9), UserStatus::Enabled, None),
        (true, minutes(9), minutes(9), UserStatus::Disabled, None),
    ] {
        let mut tx = MockTx::new();
        let hash = token.console_hash();
        tx.expect_find_session_by_token().times(1).withf(move |wanted| *wanted == hash).returning(
            move |_| {
                let session = Session {
                    id: SessionId::new(began, &CountingRandomness::default()),
                    user: GEORGE,
                    token: Some(hash),
                    created_at: began,
                    expires_at: now() + Duration::from_hours(12),
                    last_used_at: used,
                    origin: asteroid_kernel::Origin::default(),
                };
                Ok(Some(FoundSession { session, user_status: status }))
            },
        );
        tx.expect_find_profile().returning(move |_| {
            let mut profile = profile();
            profile.user.administrator = administrator;
            Ok(Some(profile))
        });
        tx.expect_touch_session().returning(|_, _| Ok(()));
        let (users, _) = administrators(tx);
        let found = users.console_session(token.clone()).await.expect("the store works");
        assert_eq!(found.map(|found| found.is_recent), expected);
    }
}
