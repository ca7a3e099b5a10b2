//! The import on mocks: what is written, what is refused, and what is left alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use asteroid_application::mocks::{MockStorage, MockTx};
use asteroid_application::{
    Import, ImportRecord, ImportedClient, ImportedMembership, ImportedPassword, ImportedUser, RecordOutcome,
    Refusal, RefusalReason, Warning, WarningReason,
};
use asteroid_audit::Action;
use asteroid_clients::{
    ClientClass, ClientContent, ClientKey, ClientStatus, ExternalId, Fingerprint, Membership, Patient,
    Practice, PracticeId, Role, SourceId,
};
use asteroid_identity::mocks::PlainHasher;
use asteroid_identity::{
    ContactSource, ContactType, ImportScope, Password, PasswordFlaw, PasswordHash, PasswordPolicy,
    PersonName, Profile, TombstoneKey, TombstoneKeys, UnusableHash, User, UserContact, UserStatus,
};
use asteroid_kernel::mocks::{CountingRandomness, ManualClock};
use asteroid_kernel::{
    Contact, ContactId, EmailAddress, PhoneNumber, Region, StorageError, Timestamp, Upsert, UserId,
};

use crate::operator;

const NOW: &str = "2026-01-02T03:04:05.678Z";

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("a time")
}

fn id(text: &str) -> ExternalId {
    ExternalId::parse(text).expect("an id")
}

fn practice() -> Practice {
    Practice {
        id: PracticeId(1),
        source: SourceId(7),
        name: "Harbour Vets".into(),
        slug: "harbour".into(),
        pms: None,
        sms: None,
        features: Vec::new(),
        time_zone: "Europe/Dublin".parse().expect("a time zone"),
        enterprise_ids: Vec::new(),
    }
}

fn class() -> ClientClass {
    ClientClass { source: SourceId(7), id: id("cool"), description: None, communications_disabled: None }
}

fn patient(name: &str) -> Patient {
    Patient {
        source: SourceId(7),
        id: id(name),
        practice: PracticeId(1),
        name: name.into(),
        display_id: None,
        deceased_date: None,
        status: "active".into(),
    }
}

fn client(name: &str) -> ImportedClient {
    ImportedClient {
        key: ClientKey { source: SourceId(7), id: id(name) },
        practice: PracticeId(1),
        primary_practice: None,
        status: ClientStatus::Active,
        content: ClientContent { first_name: Some(name.into()), ..ClientContent::default() },
        class: None,
        patients: vec![patient("pi")],
        first_synced_at: None,
        last_synced_at: None,
        created_at: None,
        updated_at: None,
    }
}

fn fingerprint(client: &ImportedClient) -> Fingerprint {
    Fingerprint::of(client.practice, client.status, &client.content, &client.patients)
}

fn user() -> ImportedUser {
    ImportedUser {
        id: None,
        name: PersonName::new("Nora", "Quayle").expect("a name"),
        email: Some(EmailAddress::parse("nora@example.com").expect("an address")),
        phone: Some(PhoneNumber::parse("555-665-4345", Region::US).expect("a number")),
        password: None,
        status: None,
        membership: Some(ImportedMembership {
            practice: PracticeId(1),
            primary_role: Role::new("pet"),
            roles: vec![Role::new("client")],
            client: Some(id("1")),
            google_api_key: None,
        }),
        unplaced: Vec::new(),
    }
}

/// The user in the store, with the contacts that an import of the record made.
fn profile(user: User) -> Profile {
    let imported = |contact: Contact| UserContact {
        id: ContactId(1),
        contact,
        contact_type: ContactType::Personal,
        primary: true,
        source: ContactSource::Imported(ImportScope(Some(1))),
        verified_at: at(NOW),
    };
    let contacts = ["nora@example.com", "+15556654345"];
    let contacts = contacts.map(|text| imported(Contact::parse(text, Region::US).expect("a contact")));
    Profile { user, contacts: contacts.into() }
}

fn known(id: i64) -> User {
    User {
        id: UserId(id),
        name: user().name,
        status: UserStatus::Enabled,
        administrator: false,
        password_hash: Some(PlainHasher::hash_of("5VphcVNdGhJi")),
        last_login: None,
        created_at: at(NOW),
    }
}

fn membership(user: i64) -> Membership {
    Membership {
        user: UserId(user),
        practice: PracticeId(1),
        source: SourceId(7),
        primary_role: Role::new("pet"),
        roles: vec![Role::new("client")],
        client: Some(id("1")),
        google_api_key: None,
    }
}

fn a_client(client: ImportedClient) -> ImportRecord {
    ImportRecord::Client(Box::new(client))
}

fn a_user(user: ImportedUser) -> ImportRecord {
    ImportRecord::User(Arc::new(user))
}

/// Mocks that know the practice, and expect so many events.
fn tx(events: usize) -> MockTx {
    let mut tx = MockTx::new();
    tx.expect_find_practice().returning(|id| Ok(Some(practice()).filter(|practice| practice.id == id)));
    tx.expect_record_event()
        .times(events)
        .withf(|event| event.action == Action::Import && event.user.is_none())
        .returning(|_| Ok(()));
    tx
}

async fn put(tx: MockTx, records: Vec<ImportRecord>) -> Vec<RecordOutcome> {
    let (mut import, storage) = import(tx);
    let outcomes = import.put_batch(records, false).await.expect("put");
    assert_eq!((storage.committed(), storage.rolled_back()), (1, 0));
    outcomes
}

fn import(tx: MockTx) -> (Import<MockStorage, PlainHasher>, Arc<MockStorage>) {
    let storage = Arc::new(MockStorage::of(tx));
    let import = Import::new(
        Arc::clone(&storage),
        Arc::new(PlainHasher),
        Arc::new(ManualClock::at(NOW)),
        Arc::new(CountingRandomness::default()),
        PasswordPolicy::default(),
        operator(),
    );
    (import, storage)
}

const CREATED: RecordOutcome = RecordOutcome::Put(Upsert::Created, Vec::new());
const UPDATED: RecordOutcome = RecordOutcome::Put(Upsert::Updated, Vec::new());
const UNCHANGED: RecordOutcome = RecordOutcome::Put(Upsert::Unchanged, Vec::new());

fn refused(field: &'static str, reason: RefusalReason) -> RecordOutcome {
    RecordOutcome::Refused(Refusal { field, reason })
}

#[tokio::test]
async fn of_many_clients_those_that_changed_are_written_at_once_and_the_others_not_at_all() {
    let mut tx = tx(1);
    let same = fingerprint(&client("same"));
    let other = Fingerprint::new(5).expect("a fingerprint");
    tx.expect_patients_of().returning(|_| Ok(vec![]));
    tx.expect_fingerprints().times(1).withf(|keys| keys.len() == 3).returning(move |keys| {
        let of = |key: &ClientKey| match key.id.as_str() {
            "same" => Some(same),
            "changed" => Some(other),
            _ => None,
        };
        Ok(keys.iter().filter_map(|key| Some((key.clone(), of(key)?))).collect())
    });
    tx.expect_put_clients()
        .times(1)
        .withf(|records| {
            let names: Vec<&str> = records.iter().map(|record| record.key.id.as_str()).collect();
            names == ["new", "changed"]
        })
        .returning(|_| Ok(()));
    let records = ["new", "changed", "same"].map(|name| a_client(client(name)));
    assert_eq!(put(tx, records.into()).await, [CREATED, UPDATED, UNCHANGED]);
}

#[tokio::test]
async fn a_batch_that_changes_nothing_leaves_no_trace() {
    let mut tx = tx(0);
    let same = fingerprint(&client("same"));
    tx.expect_fingerprints().returning(move |keys| Ok(vec![(keys[0].clone(), same)]));
    tx.expect_put_practice().returning(|_| Ok(Upsert::Unchanged));
    tx.expect_put_class().returning(|_| Ok(Upsert::Unchanged));
    let records = vec![
        ImportRecord::Practice(practice()),
        ImportRecord::ClientClass(class()),
        a_client(client("same")),
    ];
    assert_eq!(put(tx, records).await, [UNCHANGED, UNCHANGED, UNCHANGED]);
}

#[tokio::test]
async fn a_new_client_keeps_its_times_and_a_changed_one_those_of_its_source_alone() {
    let (first, last, made, changed) =
        ("2022-01-01T00:00:00Z", "2022-02-02T00:00:00Z", "2021-01-01T00:00:00Z", "2022-03-03T00:00:00Z");
    let with_times = |name: &str| ImportedClient {
        first_synced_at: Some(at(first)),
        last_synced_at: Some(at(last)),
        created_at: Some(at(made)),
        updated_at: Some(at(changed)),
        ..client(name)
    };
    let mut tx = tx(1);
    let other = Fingerprint::new(5).expect("a fingerprint");
    tx.expect_patients_of().returning(|_| Ok(vec![]));
    tx.expect_fingerprints().returning(move |keys| {
        Ok(keys.iter().filter(|key| key.id.as_str() == "changed").map(|key| (key.clone(), other)).collect())
    });
    tx.expect_put_clients()
        .withf(move |records| {
            let times = |index: usize| {
                let record = &records[index];
                [record.first_synced_at, record.last_synced_at, record.created_at, record.updated_at]
            };
            let now = at(NOW);
            // Of a record that was there before, the store keeps the first and the third.
            times(0)[1] == now
                && times(0)[3] == at(changed)
                && times(1) == [at(first), at(last), at(made), at(changed)]
                && times(2) == [now; 4]
        })
        .returning(|_| Ok(()));
    let records = vec![with_times("changed"), with_times("new"), client("timeless")];
    assert_eq!(put(tx, records.into_iter().map(a_client).collect()).await, [UPDATED, CREATED, CREATED]);
}

#[tokio::test]
async fn of_the_same_client_twice_in_a_batch_the_later_is_written() {
    let later = || ImportedClient { status: ClientStatus::Deleted, ..client("1") };
    let mut tx = tx(1);
    tx.expect_fingerprints().withf(|keys| keys.len() == 1).returning(|_| Ok(vec![]));
    tx.expect_put_clients()
        .withf(|records| records.len() == 1 && records[0].status == ClientStatus::Deleted)
        .returning(|_| Ok(()));
    let records = vec![a_client(client("1")), a_client(later()), a_client(later())];
    assert_eq!(put(tx, records).await, [CREATED, UPDATED, UNCHANGED]);
}

#[tokio::test]
async fn a_class_comes_with_its_clients_and_is_put_once() {
    let with_class = |name: &str| {
        let content = ClientContent { client_class: Some(id("cool")), ..client(name).content };
        a_client(ImportedClient { class: Some(class()), content, ..client(name) })
    };
    let mut tx = tx(1);
    tx.expect_fingerprints().returning(|_| Ok(vec![]));
    tx.expect_put_class().times(1).withf(|put| *put == class()).returning(|_| Ok(Upsert::Created));
    tx.expect_put_clients().returning(|_| Ok(()));
    assert_eq!(put(tx, vec![with_class("1"), with_class("2")]).await, [CREATED, CREATED]);
}

#[tokio::test]
async fn a_client_that_does_not_agree_is_refused_and_nothing_of_it_is_written() {
    let other_source = ClientClass { source: SourceId(8), ..class() };
    let cool = ClientContent { client_class: Some(id("cool")), ..ClientContent::default() };
    let cases = [
        (
            ImportedClient { practice: PracticeId(2), ..client("1") },
            "practiceId",
            RefusalReason::UnknownPractice(PracticeId(2)),
        ),
        (
            ImportedClient { key: ClientKey { source: SourceId(8), id: id("1") }, ..client("1") },
            "sourceId",
            RefusalReason::OtherSource(SourceId(7)),
        ),
        (
            ImportedClient { primary_practice: Some("Hill Vets".into()), ..client("1") },
            "primaryPractice",
            RefusalReason::OtherPracticeName("Harbour Vets".into()),
        ),
        (
            ImportedClient { class: Some(other_source), content: cool, ..client("1") },
            "clientClass.sourceId",
            RefusalReason::ClassOfOtherSource(SourceId(7)),
        ),
        (
            ImportedClient { class: Some(class()), ..client("1") },
            "clientClass.clientClassId",
            RefusalReason::OtherClass(None),
        ),
        (
            ImportedClient { patients: vec![patient("pi"), patient("pi")], ..client("1") },
            "patients.patientId",
            RefusalReason::PatientTwice(id("pi")),
        ),
    ];
    for (wrong, field, reason) in cases {
        let mut tx = tx(1);
        tx.expect_fingerprints().returning(|_| Ok(vec![]));
        tx.expect_put_clients().withf(|records| records.len() == 1).returning(|_| Ok(()));
        let outcomes = put(tx, vec![a_client(wrong), a_client(client("2"))]).await;
        assert_eq!(outcomes, [refused(field, reason), CREATED]);
    }
}

#[tokio::test]
async fn a_dry_run_is_rolled_back_and_its_practices_are_known_to_the_next_batch() {
    let mut tx = MockTx::new();
    tx.expect_put_practice().times(1).returning(|_| Ok(Upsert::Created));
    tx.expect_record_event().returning(|_| Ok(()));
    tx.expect_fingerprints().returning(|_| Ok(vec![]));
    tx.expect_put_clients().returning(|_| Ok(()));
    let (mut import, storage) = import(tx);
    let practices = import.put_batch(vec![ImportRecord::Practice(practice())], true).await.expect("put");
    let clients = import.put_batch(vec![a_client(client("1"))], true).await.expect("put");
    assert_eq!([practices, clients].concat(), [CREATED, CREATED]);
    assert_eq!((storage.committed(), storage.rolled_back()), (0, 2));
}

/// Imports this many new clients, 500 in a batch, and ends the file. Returns how often the statistics were renewed.
async fn renewals_of(clients: usize, dry_run: bool) -> usize {
    let renewals = Arc::new(AtomicUsize::new(0));
    let mut tx = MockTx::new();
    tx.expect_find_practice().returning(|_| Ok(Some(practice())));
    tx.expect_record_event().returning(|_| Ok(()));
    tx.expect_fingerprints().returning(|_| Ok(vec![]));
    tx.expect_put_clients().returning(|_| Ok(()));
    let counted = Arc::clone(&renewals);
    tx.expect_renew_statistics().returning(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        // The import goes on without them.
        Err(StorageError::Busy)
    });
    let (mut import, _) = import(tx);
    let names: Vec<String> = (0..clients).map(|number| number.to_string()).collect();
    for batch in names.chunks(500) {
        let records = batch.iter().map(|name| a_client(client(name))).collect();
        let outcomes = import.put_batch(records, dry_run).await.expect("put");
        assert!(outcomes.iter().all(|outcome| *outcome == CREATED));
    }
    import.end_file(true, dry_run).await.expect("ended");
    renewals.load(Ordering::Relaxed)
}

#[tokio::test]
async fn statistics_are_renewed_at_1000_new_records_at_each_doubling_and_at_the_end() {
    for (clients, expected) in [(999, 0), (1_000, 1), (1_500, 2), (2_000, 2), (4_000, 3), (4_100, 4)] {
        assert_eq!(renewals_of(clients, false).await, expected, "{clients}");
    }
    assert_eq!(renewals_of(1_000, true).await, 0, "a dry run leaves nothing");
}

#[tokio::test]
async fn a_new_user_gets_id_contacts_password_and_membership() {
    for wanted in [None, Some(UserId(25))] {
        let mut tx = tx(1);
        tx.expect_find_user_by_contact().returning(|_| Ok(None));
        tx.expect_find_profile().returning(|_| Ok(None));
        tx.expect_users_of_client().returning(|_, _| Ok(vec![]));
        let is_right = |new: &asteroid_identity::NewUser| {
            new.contact.as_str() == "nora@example.com"
                && new.contact_type == ContactType::Personal
                && new.source == ContactSource::Imported(ImportScope(Some(1)))
                && new.password_hash == Some(PlainHasher::hash_of("5VphcVNdGhJi"))
        };
        if wanted.is_some() {
            tx.expect_insert_user_with_id()
                .times(1)
                .withf(move |id, new| *id == UserId(25) && is_right(new))
                .returning(|_, _| Ok(Ok(())));
        } else {
            tx.expect_insert_user().times(1).withf(is_right).returning(|_| Ok(Ok(UserId(25))));
        }
        tx.expect_add_contact()
            .times(1)
            .withf(|user, contact, _, _, at| {
                *user == UserId(25) && contact.as_str() == "+15556654345" && at.to_string() == NOW
            })
            .returning(|_, _, _, _, _| Ok(Ok(())));
        tx.expect_put_membership()
            .times(1)
            .withf(|put| *put == membership(25))
            .returning(|_| Ok(Upsert::Created));
        let password = Some(ImportedPassword::Plain(Password::new("5VphcVNdGhJi")));
        assert_eq!(put(tx, vec![a_user(ImportedUser { id: wanted, password, ..user() })]).await, [CREATED]);
    }
}

#[tokio::test]
async fn staff_is_reached_at_work() {
    let mut tx = tx(1);
    tx.expect_find_user_by_contact().returning(|_| Ok(None));
    tx.expect_insert_user()
        .withf(|new| new.contact_type == ContactType::Work && new.contact.as_str() == "+15556654345")
        .returning(|_| Ok(Ok(UserId(1))));
    tx.expect_put_membership().returning(|_| Ok(Upsert::Created));
    let roles = vec![Role::new("staff")];
    let of_staff = user().membership.map(|one| ImportedMembership { roles, client: None, ..one });
    let staff = ImportedUser { email: None, membership: of_staff, ..user() };
    assert_eq!(put(tx, vec![a_user(staff)]).await, [CREATED]);
}

/// Mocks that know this user as the client.
fn with_known(mut tx: MockTx, known: &User) -> MockTx {
    let (owner, whole) = (known.clone(), profile(known.clone()));
    let id = known.id;
    tx.expect_find_user_by_contact().returning(move |_| Ok(Some(owner.clone())));
    tx.expect_users_of_client().returning(move |_, _| Ok(vec![id]));
    tx.expect_find_profile().returning(move |_| Ok(Some(whole.clone())));
    tx.expect_find_membership().returning(move |_, _| Ok(Some(membership(id.0))));
    tx
}

#[tokio::test]
async fn a_known_user_is_left_alone_where_nothing_changed_and_keeps_the_password_in_any_case() {
    for password in [
        ImportedPassword::Plain(Password::new("another-password")),
        ImportedPassword::Hash(PasswordHash::new("plain:another-password")),
    ] {
        let mut tx = with_known(tx(0), &known(3));
        tx.expect_put_membership().withf(|put| *put == membership(3)).returning(|_| Ok(Upsert::Unchanged));
        let again = ImportedUser { password: Some(password), ..user() };
        assert_eq!(put(tx, vec![a_user(again)]).await, [UNCHANGED]);
    }
}

#[tokio::test]
async fn a_known_user_gets_the_name_and_the_password_that_are_missing() {
    let without_password = User { password_hash: None, ..known(3) };
    let mut tx = with_known(tx(1), &without_password);
    tx.expect_rename_user()
        .times(1)
        .withf(|user, name| *user == UserId(3) && name.full() == "Nora Quayle-Byrne")
        .returning(|_, _| Ok(true));
    tx.expect_replace_password()
        .times(1)
        .withf(|user, current, new| {
            *user == UserId(3) && current.is_none() && *new == PlainHasher::hash_of("5VphcVNdGhJi")
        })
        .returning(|_, _, _| Ok(true));
    tx.expect_put_membership().returning(|_| Ok(Upsert::Unchanged));
    let renamed = ImportedUser {
        name: PersonName::new("Nora", "Quayle-Byrne").expect("a name"),
        password: Some(ImportedPassword::Plain(Password::new("5VphcVNdGhJi"))),
        ..user()
    };
    assert_eq!(put(tx, vec![a_user(renamed)]).await, [UPDATED]);
}

#[tokio::test]
async fn a_contact_that_the_record_no_longer_has_goes_with_its_codes_and_the_sessions() {
    let mut tx = with_known(tx(1), &known(3));
    tx.expect_end_challenges()
        .times(1)
        .withf(|contact, purposes, _| contact.as_str() == "+15556654345" && purposes.len() == 2)
        .returning(|_, _, _| Ok(1));
    tx.expect_remove_contact()
        .times(1)
        .withf(|user, contact| *user == UserId(3) && contact.as_str() == "+15556654345")
        .returning(|_, _| Ok(Some(asteroid_identity::RemovedContact { password_reset_at: Some(at(NOW)) })));
    // It was set by a code to that phone.
    tx.expect_clear_password().times(1).returning(|_| Ok(true));
    tx.expect_revoke_sessions().times(1).withf(|_, keep| keep.is_none()).returning(|_, _| Ok(2));
    tx.expect_put_membership().returning(|_| Ok(Upsert::Unchanged));
    assert_eq!(put(tx, vec![a_user(ImportedUser { phone: None, ..user() })]).await, [UPDATED]);
}

#[tokio::test]
async fn a_user_is_refused_whose_only_contact_belongs_to_another() {
    let mut tx = tx(0);
    tx.expect_find_user_by_contact().returning(|_| Ok(Some(known(4))));
    tx.expect_find_profile().returning(|id| {
        let verified = |own: UserContact| UserContact { source: ContactSource::Verified, ..own };
        let contacts = profile(known(4)).contacts.into_iter().map(verified).collect();
        Ok(Some(Profile { user: known(4), contacts }).filter(|_| id == UserId(4)))
    });
    let wrong = ImportedUser { id: Some(UserId(3)), phone: None, ..user() };
    let reason = RefusalReason::ContactOfAnother(UserId(4));
    assert_eq!(put(tx, vec![a_user(wrong)]).await, [refused("email", reason)]);
}

#[tokio::test]
async fn no_record_takes_over_an_account_by_its_id() {
    for is_member in [false, true] {
        let mut tx = tx(usize::from(is_member));
        tx.expect_find_user_by_contact().returning(|_| Ok(None));
        tx.expect_find_profile().returning(|_| Ok(Some(Profile { user: known(25), contacts: vec![] })));
        tx.expect_find_membership().returning(move |_, _| Ok(is_member.then(|| membership(25))));
        if is_member {
            tx.expect_add_contact().times(2).returning(|_, _, _, _, _| Ok(Ok(())));
            tx.expect_put_membership().returning(|_| Ok(Upsert::Unchanged));
        }
        let outcome = if is_member { UPDATED } else { refused("id", RefusalReason::IdOfAnother) };
        let record = a_user(ImportedUser { id: Some(UserId(25)), ..user() });
        assert_eq!(put(tx, vec![record]).await, [outcome]);
    }
}

#[tokio::test]
async fn a_user_is_refused_before_the_store_is_asked_where_the_record_itself_is_wrong() {
    let weak = ImportedPassword::Plain(Password::new("nora quayle"));
    let strange = ImportedPassword::Hash(PasswordHash::new("$scrypt$"));
    let wrong = vec![
        ImportedUser { email: None, phone: None, ..user() },
        ImportedUser { password: Some(weak), ..user() },
        ImportedUser { password: Some(strange), ..user() },
    ];
    assert_eq!(
        put(tx(0), wrong.into_iter().map(a_user).collect()).await,
        [
            refused("email", RefusalReason::NoContact),
            refused(
                "password",
                RefusalReason::WeakPassword(vec![PasswordFlaw::HoldsContact, PasswordFlaw::HoldsName])
            ),
            refused("passwordHash", RefusalReason::UnusableHash(UnusableHash::UnknownScheme)),
        ]
    );
}

#[tokio::test]
async fn a_user_of_an_unknown_practice_is_refused() {
    let elsewhere = user().membership.map(|one| ImportedMembership { practice: PracticeId(2), ..one });
    let wrong = ImportedUser { membership: elsewhere, ..user() };
    let reason = RefusalReason::UnknownPractice(PracticeId(2));
    assert_eq!(put(tx(0), vec![a_user(wrong)]).await, [refused("practiceId", reason)]);
}

fn tombstone_keys() -> TombstoneKeys {
    TombstoneKeys::new(vec![TombstoneKey { id: "t1".into(), secret: vec![7; 32].into() }])
}

#[tokio::test]
async fn a_user_who_was_deleted_is_not_created_again() {
    let phone = Contact::parse("+15556654345", Region::US).expect("a contact").key();
    let by_phone = tombstone_keys().tombstone(&phone).expect("a key");
    let by_id = tombstone_keys().tombstone(UserId(25)).expect("a key");
    let with_id = ImportedUser { id: Some(UserId(25)), ..user() };
    for (deleted, record, field) in [(by_phone, user(), "phone"), (by_id, with_id, "id")] {
        let mut tx = tx(0);
        tx.expect_users_of_client().returning(|_, _| Ok(vec![]));
        tx.expect_find_user_by_contact().returning(|_| Ok(None));
        tx.expect_find_profile().returning(|_| Ok(None));
        tx.expect_has_tombstone().returning(move |candidates| Ok(candidates.contains(&deleted)));
        let (import, storage) = import(tx);
        let mut import = import.with_tombstone_keys(tombstone_keys());
        let outcomes = import.put_batch(vec![a_user(record)], false).await.expect("put");
        let warning = Warning { field, reason: WarningReason::Deleted };
        assert_eq!(outcomes, [RecordOutcome::Put(Upsert::Unchanged, vec![warning])]);
        assert_eq!(storage.committed(), 1);
    }
}

#[tokio::test]
async fn keys_of_tombstones_that_the_import_lacks_are_named() {
    let mut tx = MockTx::new();
    tx.expect_tombstone_keys().returning(|| Ok(vec!["t0".into(), "t1".into()]));
    let (import, _) = import(tx);
    let import = import.with_tombstone_keys(tombstone_keys());
    assert_eq!(import.missing_tombstone_keys().await.expect("the store works"), ["t0"]);
}
