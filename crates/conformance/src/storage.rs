//! Clauses of [`asteroid_kernel::Storage`]: commit, rollback, isolation and cancellation of units of work.

use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use asteroid_audit::{AuditFilter, AuditRepository};
use asteroid_clients::{
    ClientRecord, ClientRepository, Membership, MembershipRepository, PracticeRepository,
};
use asteroid_identity::{
    ContactSource, ContactType, FamiliarAddressRepository, PendingRegistrationRepository, PersonName,
    Session, SessionRepository, UserAdministrationRepository, UserRegistrationRepository, UserRepository,
    UserStatus,
};
use asteroid_kernel::{StorageError, UnitOfWork, UserId};
use asteroid_limits::{ConsecutiveFailures, LimitRepository, SlidingWindow};
use asteroid_messaging::{Channel, OutboxRepository, OutboxState};
use asteroid_terms::TermsRepository;
use asteroid_verification::{ChallengeRepository, Guesser, KeyKind, KeyRepository, PurposeKind};

use crate::CompleteStorage;
use crate::fixtures::{acceptance, at, claim, fresh_key, hash, network};
use crate::full_fixture::{ALL_PRESENT, FixtureError, FullFixture, NONE_PRESENT, Presence, UnitOutcome};
use crate::race::ROUNDS;
use crate::store::{AllRepositories, Store, expect_success};

/// [`Storage::check`](asteroid_kernel::Storage::check) succeeds on a working store.
pub async fn check_succeeds_on_a_working_store(storage: impl CompleteStorage) {
    expect_success(storage.check().await);
}

/// A unit sees its own writes. After the commit, the next unit sees them, whether it writes or only reads.
pub async fn committed_writes_are_visible_to_the_next_unit(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let fixture = FullFixture::new();
    assert_eq!(store.presence(&fixture).await, NONE_PRESENT);
    assert_eq!(
        expect_success(store.write_all_repositories(&fixture, UnitOutcome::Commit).await),
        ALL_PRESENT
    );
    assert_eq!(store.presence(&fixture).await, ALL_PRESENT);
    assert_eq!(store.write(fixture, |fixture, tx| Box::pin(fixture.presence(tx))).await, ALL_PRESENT);
}

/// A unit that returns an error is rolled back, and the caller gets that error. The same writes then succeed.
pub async fn rollback_after_an_error_undoes_every_write(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let fixture = FullFixture::new();
    let answer = store.write_all_repositories(&fixture, UnitOutcome::Rollback).await;
    assert!(matches!(answer, Err(FixtureError::Intended)), "{answer:?}");
    assert_eq!(store.presence(&fixture).await, NONE_PRESENT);
    assert_eq!(
        expect_success(store.write_all_repositories(&fixture, UnitOutcome::Commit).await),
        ALL_PRESENT
    );
}

/// A unit that panics is rolled back and returns [`StorageError::Failed`], every time.
pub async fn rollback_after_a_panic_undoes_every_write(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let fixture = FullFixture::new();
    for _ in 0..20 {
        let answer = store.write_all_repositories(&fixture, UnitOutcome::Panic).await;
        assert!(matches!(answer, Err(FixtureError::Storage(StorageError::Failed(_)))), "{answer:?}");
        assert_eq!(store.presence(&fixture).await, NONE_PRESENT);
    }
    assert_eq!(
        expect_success(store.write_all_repositories(&fixture, UnitOutcome::Commit).await),
        ALL_PRESENT
    );
}

/// After a read unit returns an error or panics, the store still serves reads and writes.
pub async fn a_failed_read_unit_leaves_the_store_usable(storage: impl CompleteStorage) {
    struct FailingRead {
        panics: bool,
    }

    impl<Tx: AllRepositories> UnitOfWork<Tx> for FailingRead {
        type Output = ();
        type Error = FixtureError;

        async fn run(&self, tx: &mut Tx) -> Result<(), FixtureError> {
            tx.next_due(Channel::Email).await?;
            assert!(!self.panics, "intended by the clause");
            Err(FixtureError::Intended)
        }
    }

    let store = Store::new(storage);
    for _ in 0..20 {
        let answer = store.storage().read(FailingRead { panics: false }).await;
        assert!(matches!(answer, Err(FixtureError::Intended)), "{answer:?}");
        let answer = store.storage().read(FailingRead { panics: true }).await;
        assert!(matches!(answer, Err(FixtureError::Storage(StorageError::Failed(_)))), "{answer:?}");
    }
    assert_eq!(store.next_email_due().await, None);
    assert_eq!(
        expect_success(store.write_all_repositories(&FullFixture::new(), UnitOutcome::Commit).await),
        ALL_PRESENT
    );
}

/// A read unit sees one snapshot, even if another unit commits while it runs.
pub async fn a_read_unit_sees_one_snapshot_during_a_concurrent_write(storage: impl CompleteStorage) {
    /// Reads, waits for the writer, and reads again. A store may also block the writer until the reader ends, so the
    /// wait has a time limit.
    struct ReadTwice {
        fixture: FullFixture,
        read_once: mpsc::SyncSender<()>,
        written: Arc<AtomicBool>,
    }

    impl<Tx: AllRepositories> UnitOfWork<Tx> for ReadTwice {
        type Output = (Presence, Presence);
        type Error = StorageError;

        async fn run(&self, tx: &mut Tx) -> Result<Self::Output, StorageError> {
            let first = self.fixture.presence(tx).await?;
            let _ = self.read_once.try_send(());
            // A unit must not await anything but its repositories, so it blocks its thread.
            tokio::task::block_in_place(|| {
                let start = Instant::now();
                while !self.written.load(Ordering::SeqCst) && start.elapsed() < Duration::from_millis(500) {
                    std::thread::sleep(Duration::from_millis(1));
                }
            });
            Ok((first, self.fixture.presence(tx).await?))
        }
    }

    let store = Store::new(storage);
    for _ in 0..5 {
        let fixture = FullFixture::new();
        let (read_once, has_read_once) = mpsc::sync_channel(1);
        let written = Arc::new(AtomicBool::new(false));
        let reader = tokio::spawn({
            let work = ReadTwice { fixture: fixture.clone(), read_once, written: Arc::clone(&written) };
            let store = store.clone();
            async move { store.storage().read(work).await }
        });
        tokio::task::block_in_place(|| has_read_once.recv_timeout(Duration::from_secs(30)))
            .expect("the reader reads");
        expect_success(store.write_all_repositories(&fixture, UnitOutcome::Commit).await);
        written.store(true, Ordering::SeqCst);
        let (first, second) = expect_success(reader.await.expect("the reader does not panic"));
        assert_eq!((first, second), (NONE_PRESENT, NONE_PRESENT));
        assert_eq!(store.presence(&fixture).await, ALL_PRESENT);
    }
}

/// A reader sees all writes of a unit, or none of them.
pub async fn concurrent_reads_never_see_half_a_unit(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let keys = (fresh_key(), fresh_key());
    let writer = tokio::spawn({
        let (store, keys) = (store.clone(), keys.clone());
        async move {
            for failures in 1..=50 {
                store
                    .write((keys.clone(), failures), |((one, other), failures), tx| {
                        Box::pin(async move {
                            let failures = ConsecutiveFailures { count: *failures, last_at: None };
                            tx.save_failures(one, failures, at(100)).await?;
                            tx.save_failures(other, failures, at(100)).await
                        })
                    })
                    .await;
            }
        }
    });
    let mut last = 0;
    while last < 50 {
        let (one, other) = store
            .read(keys.clone(), |(one, other), tx| {
                Box::pin(async move { Ok((tx.failures(one).await?, tx.failures(other).await?)) })
            })
            .await;
        assert_eq!(one, other);
        assert!(one.count >= last, "a committed count does not go back");
        last = one.count;
        tokio::task::yield_now().await;
    }
    writer.await.expect("the writer does not panic");
}

/// In a read unit every write method returns [`StorageError::Failed`] and changes nothing.
pub async fn a_read_unit_cannot_write(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let (existing, other) = (FullFixture::new(), FullFixture::new());
    expect_success(store.write_all_repositories(&existing, UnitOutcome::Commit).await);
    let user = store.find_user_by_contact(&existing.contact.key()).await.expect("it was just inserted").id;
    let context = (user, existing.clone(), other.clone());
    let before = snapshot(&store, user, &existing).await;

    macro_rules! assert_refused {
        (|$user:ident, $existing:ident, $other:ident, $tx:ident| $($call:expr;)*) => { $(
            let answer = store
                .try_read(context.clone(), |($user, $existing, $other), $tx| {
                    let _ = ($user, $existing, $other);
                    Box::pin(async move { $call.await.map(drop) })
                })
                .await;
            let refused = matches!(answer, Err(StorageError::Failed(_)));
            assert!(refused, "{} returned {answer:?}", stringify!($call));
        )* };
    }
    assert_refused! { |user, existing, other, tx|
        tx.insert_user(&other.user());
        tx.insert_user_with_id(UserId(user.0 + 1), &other.user());
        tx.add_contact(*user, &other.contact, ContactType::Work, ContactSource::Verified, at(1));
        tx.remove_contact(*user, &existing.contact.key());
        tx.respell_contact(*user, &existing.contact);
        tx.record_password_reset(*user, &existing.contact.key(), at(1));
        tx.clear_password(*user);
        tx.rename_user(*user, &PersonName::new("Martha", "Dandridge").expect("a name"));
        tx.record_sign_in(*user, None, at(1));
        tx.replace_password(*user, None, &hash("second"));
        tx.set_status(*user, UserStatus::Disabled);
        tx.remember_address(*user, network("192.0.2.1"), at(1));
        tx.forget_addresses(at(1));
        tx.insert_registration(&other.registration, 3);
        tx.insert_claim(&claim(&other.contact, None, at(1)));
        tx.take_registration(existing.registration.id, at(1));
        tx.end_registrations(&existing.contact.key());
        tx.remove_expired_registrations(at(1_000_000));
        tx.insert_session(&Session { user: *user, ..other.session.clone() }, 20);
        tx.touch_session(existing.session.id, at(1));
        tx.revoke_session(*user, existing.session.id);
        tx.revoke_sessions(*user, None);
        tx.remove_expired_sessions(at(1_000_000), at(1_000_000));
        tx.insert_challenge(&other.challenge);
        tx.count_guess(&existing.contact.key(), PurposeKind::SignIn, Guesser::Asker, 1, at(1));
        tx.end_expired_challenges(&existing.contact.key(), &[PurposeKind::SignIn], at(1));
        tx.spend_challenge(existing.challenge.id, at(1));
        tx.end_challenges(&existing.contact.key(), &[PurposeKind::SignIn], at(1));
        tx.remove_expired_challenges(at(1_000_000));
        tx.record_key(&other.known_key, at(1));
        tx.forget_key(KeyKind::Code, &existing.known_key.id);
        tx.end_codes_of_key(&existing.challenge.key_id, at(1));
        tx.enqueue(&other.message);
        tx.claim_due(Channel::Email, at(1), at(31), 1);
        tx.complete(existing.message.id, 0, &OutboxState::Delivered { at: at(1) });
        tx.requeue(existing.message.id, at(1));
        tx.remove_completed(at(1_000_000));
        tx.save_window(&other.key, &SlidingWindow::default(), at(100));
        tx.save_failures(&other.key, ConsecutiveFailures::default(), at(100));
        tx.remove_limit(&existing.key);
        tx.remove_expired_limits(at(1_000_000));
        tx.record_event(&other.event);
        tx.forget_events(at(1_000_000));
        tx.publish_terms(&other.terms);
        tx.accept_terms(&acceptance(UserId(user.0 + 1), &existing.terms.label, at(1)));
        tx.put_practice(&other.practice);
        tx.put_membership(&Membership { client: None, ..existing.membership(*user) });
        tx.put_class(&other.class);
        tx.put_clients(&[ClientRecord { practice: existing.practice.id, ..other.client.clone() }]);
    }
    assert_eq!(snapshot(&store, user, &existing).await, before);
    assert_eq!(store.presence(&other).await, NONE_PRESENT);
}

/// Everything in the store about a user and a fixture.
async fn snapshot<S: CompleteStorage>(
    store: &Store<S>,
    user: UserId,
    fixture: &FullFixture,
) -> impl PartialEq + Debug {
    (
        store.find_profile(user).await,
        (
            store.find_registration(fixture.registration.id, at(1)).await,
            store.claimants(&fixture.contact.key(), at(1)).await,
        ),
        store.list_sessions(user).await,
        store.find_challenge(fixture.challenge.id).await,
        store.find_entry(fixture.message.id).await,
        store.window(&fixture.key).await,
        store.list_events(&AuditFilter::default(), None, usize::MAX).await,
        store.is_familiar_address(user, network("192.0.2.1"), at(0)).await,
        (store.list_terms().await, store.find_acceptance(user, &fixture.terms.label).await),
        store.find_practice(fixture.practice.id).await,
        store.find_membership(user, None).await,
        store.find_client(fixture.practice.id, &fixture.client.key).await,
    )
}

/// A unit whose caller is cancelled is committed or rolled back, whenever the caller is cancelled, and the store stays
/// usable.
pub async fn a_cancelled_caller_leaves_no_transaction_open(storage: impl CompleteStorage) {
    cancel_callers(Store::new(storage)).await;
}

/// Like [`a_cancelled_caller_leaves_no_transaction_open`], with the callers on a single-threaded runtime such as a
/// worker of a web server.
pub async fn a_cancelled_caller_on_a_single_threaded_runtime_leaves_no_transaction_open(
    storage: impl CompleteStorage,
) {
    let store = Store::new(storage);
    let worker = tokio::task::spawn_blocking(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(cancel_callers(store));
    });
    worker.await.expect("nothing panics");
}

async fn cancel_callers<S: CompleteStorage>(store: Store<S>) {
    for round in 0..ROUNDS {
        let fixture = FullFixture::new();
        let caller = tokio::spawn({
            let (store, fixture) = (store.clone(), fixture.clone());
            async move { store.write_all_repositories(&fixture, UnitOutcome::Commit).await.is_ok() }
        });
        let start = Instant::now();
        while start.elapsed() < Duration::from_micros(100) * u32::try_from(round).expect("few rounds") {
            tokio::task::yield_now().await;
        }
        caller.abort();
        if let Err(error) = caller.await {
            assert!(error.is_cancelled(), "the caller panicked");
        }
        assert_all_or_none(store.presence(&fixture).await);
        // Waits for the unit if it still runs. A unit that starts later conflicts on the contact and is rolled back.
        let is_taken = store.insert_user(&fixture.user()).await.is_err();
        let mut presence = store.presence(&fixture).await;
        presence[0] = is_taken;
        assert_all_or_none(presence);
    }
    assert_eq!(
        expect_success(store.write_all_repositories(&FullFixture::new(), UnitOutcome::Commit).await),
        ALL_PRESENT
    );
}

fn assert_all_or_none(presence: Presence) {
    assert!(presence == ALL_PRESENT || presence == NONE_PRESENT, "{presence:?}");
}
