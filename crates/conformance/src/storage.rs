//! Clauses of [`asteroid_kernel::Storage`]: what a unit of work may rely on, whatever it does.

use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use asteroid_audit::AuditRepository;
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
use asteroid_verification::{ChallengeRepository, ChallengeRules, Guesser, PurposeKind};

use crate::CompleteStorage;
use crate::fixtures::{acceptance, at, claim, fresh_key, hash, ip};
use crate::full_fixture::{Ending, FullFixture, NOTHING, Presence, Refusal, WHOLE};
use crate::race::ROUNDS;
use crate::store::{AllRepositories, Store, works};

/// A store in order says so.
pub async fn a_store_in_order_says_so(storage: impl CompleteStorage) {
    works(storage.check().await);
}

/// A unit sees what it wrote itself; what it wrote is there for the next unit, whether that writes or reads.
pub async fn what_is_committed_is_there_for_the_next_unit(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let what = FullFixture::new();
    assert_eq!(store.presence(&what).await, NOTHING);
    assert_eq!(works(store.write_all_repositories(&what, Ending::Done).await), WHOLE);
    assert_eq!(store.presence(&what).await, WHOLE);
    assert_eq!(store.write(what, |what, tx| Box::pin(what.presence(tx))).await, WHOLE);
}

/// A unit that refuses leaves nothing behind, and its reason comes back; what it wrote can be written again.
pub async fn a_refused_unit_leaves_nothing_behind(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let what = FullFixture::new();
    let answer = store.write_all_repositories(&what, Ending::Refused).await;
    assert!(matches!(answer, Err(Refusal::OnPurpose)), "{answer:?}");
    assert_eq!(store.presence(&what).await, NOTHING);
    assert_eq!(works(store.write_all_repositories(&what, Ending::Done).await), WHOLE);
}

/// A unit that panics is answered with [`StorageError::Failed`] and leaves nothing behind, however often it happens.
pub async fn a_unit_that_panics_leaves_nothing_behind(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let what = FullFixture::new();
    for _ in 0..20 {
        let answer = store.write_all_repositories(&what, Ending::Panic).await;
        assert!(matches!(answer, Err(Refusal::Storage(StorageError::Failed(_)))), "{answer:?}");
        assert_eq!(store.presence(&what).await, NOTHING);
    }
    assert_eq!(works(store.write_all_repositories(&what, Ending::Done).await), WHOLE);
}

/// A unit that only reads may refuse and may panic: the store goes on.
pub async fn a_reading_unit_that_fails_harms_nobody(storage: impl CompleteStorage) {
    struct Fails {
        panics: bool,
    }

    impl<Tx: AllRepositories> UnitOfWork<Tx> for Fails {
        type Output = ();
        type Error = Refusal;

        async fn run(&self, tx: &mut Tx) -> Result<(), Refusal> {
            tx.next_due(Channel::Email).await?;
            assert!(!self.panics, "on purpose: a clause looks what becomes of it");
            Err(Refusal::OnPurpose)
        }
    }

    let store = Store::new(storage);
    for _ in 0..20 {
        let answer = store.storage().read(Fails { panics: false }).await;
        assert!(matches!(answer, Err(Refusal::OnPurpose)), "{answer:?}");
        let answer = store.storage().read(Fails { panics: true }).await;
        assert!(matches!(answer, Err(Refusal::Storage(StorageError::Failed(_)))), "{answer:?}");
    }
    assert_eq!(store.next_email_due().await, None);
    assert_eq!(works(store.write_all_repositories(&FullFixture::new(), Ending::Done).await), WHOLE);
}

/// A unit that only reads sees one state, even if another unit writes meanwhile.
pub async fn a_reading_unit_sees_one_state(storage: impl CompleteStorage) {
    /// Looks, waits for the writer, and looks again. A store that lets nobody write meanwhile is fine too, so the
    /// wait ends by itself.
    struct LooksTwice {
        what: FullFixture,
        looked: mpsc::SyncSender<()>,
        written: Arc<AtomicBool>,
    }

    impl<Tx: AllRepositories> UnitOfWork<Tx> for LooksTwice {
        type Output = (Presence, Presence);
        type Error = StorageError;

        async fn run(&self, tx: &mut Tx) -> Result<Self::Output, StorageError> {
            let first = self.what.presence(tx).await?;
            let _ = self.looked.try_send(());
            // The unit may wait for nothing but its repositories, so it is its thread that waits.
            tokio::task::block_in_place(|| {
                let start = Instant::now();
                while !self.written.load(Ordering::SeqCst) && start.elapsed() < Duration::from_millis(500) {
                    std::thread::sleep(Duration::from_millis(1));
                }
            });
            Ok((first, self.what.presence(tx).await?))
        }
    }

    let store = Store::new(storage);
    for _ in 0..5 {
        let what = FullFixture::new();
        let (looked, has_looked) = mpsc::sync_channel(1);
        let written = Arc::new(AtomicBool::new(false));
        let reader = tokio::spawn({
            let work = LooksTwice { what: what.clone(), looked, written: Arc::clone(&written) };
            let store = store.clone();
            async move { store.storage().read(work).await }
        });
        tokio::task::block_in_place(|| has_looked.recv_timeout(Duration::from_secs(30)))
            .expect("the reader looks");
        works(store.write_all_repositories(&what, Ending::Done).await);
        written.store(true, Ordering::SeqCst);
        let (first, second) = works(reader.await.expect("the reader does not panic"));
        assert_eq!((first, second), (NOTHING, NOTHING));
        assert_eq!(store.presence(&what).await, WHOLE);
    }
}

/// Nobody ever sees half of what a unit wrote.
pub async fn nobody_sees_half_a_unit(storage: impl CompleteStorage) {
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
        assert!(one.count >= last, "what was committed stays");
        last = one.count;
        tokio::task::yield_now().await;
    }
    writer.await.expect("the writer does not panic");
}

/// A unit that only reads and tries to write gets [`StorageError::Failed`], whatever it tries, and changes nothing.
pub async fn a_reading_unit_cannot_write(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let (there, other) = (FullFixture::new(), FullFixture::new());
    works(store.write_all_repositories(&there, Ending::Done).await);
    let user = store.find_user_by_contact(&there.contact.key()).await.expect("it was just made").id;
    let context = (user, there.clone(), other.clone());
    let before = all_of(&store, user, &there).await;

    macro_rules! assert_refused {
        (|$user:ident, $there:ident, $other:ident, $tx:ident| $($call:expr;)*) => { $(
            let answer = store
                .try_read(context.clone(), |($user, $there, $other), $tx| {
                    let _ = ($user, $there, $other);
                    Box::pin(async move { $call.await.map(drop) })
                })
                .await;
            let refused = matches!(answer, Err(StorageError::Failed(_)));
            assert!(refused, "{} was answered with {answer:?}", stringify!($call));
        )* };
    }
    assert_refused! { |user, there, other, tx|
        tx.insert_user(&other.user());
        tx.insert_user_with_id(UserId(user.0 + 1), &other.user());
        tx.add_contact(*user, &other.contact, ContactType::Work, ContactSource::Verified, at(1));
        tx.remove_contact(*user, &there.contact.key());
        tx.respell_contact(*user, &there.contact);
        tx.record_password_reset(*user, &there.contact.key(), at(1));
        tx.clear_password(*user);
        tx.rename_user(*user, &PersonName::new("Martha", "Dandridge").expect("a name"));
        tx.record_sign_in(*user, None, at(1));
        tx.replace_password(*user, None, &hash("second"));
        tx.set_status(*user, UserStatus::Disabled);
        tx.remember_address(*user, ip("192.0.2.1"), at(1));
        tx.forget_addresses(at(1));
        tx.insert_registration(&other.registration, 3);
        tx.insert_claim(&claim(&other.contact, None, at(1)));
        tx.take_registration(there.registration.id, at(1));
        tx.end_registrations(&there.contact.key());
        tx.remove_expired_registrations(at(1_000_000));
        tx.insert_session(&Session { user: *user, ..other.session.clone() }, 20);
        tx.touch_session(there.session.id, at(1));
        tx.revoke_session(*user, there.session.id);
        tx.revoke_sessions(*user, None);
        tx.remove_expired_sessions(at(1_000_000), at(1_000_000));
        tx.insert_challenge(&other.challenge);
        tx.count_guess(&there.contact.key(), &[PurposeKind::SignIn], Guesser::Asker, &ChallengeRules::default(), at(1));
        tx.spend_challenge(there.challenge.id, at(1));
        tx.end_challenges(&there.contact.key(), &[PurposeKind::SignIn], at(1));
        tx.remove_expired_challenges(at(1_000_000));
        tx.enqueue(&other.message);
        tx.claim_due(Channel::Email, at(1), at(31), 1);
        tx.complete(there.message.id, 0, &OutboxState::Delivered { at: at(1) });
        tx.requeue(there.message.id, at(1));
        tx.remove_completed(at(1_000_000));
        tx.save_window(&other.key, &SlidingWindow::default(), at(100));
        tx.save_failures(&other.key, ConsecutiveFailures::default(), at(100));
        tx.remove_limit(&there.key);
        tx.remove_expired_limits(at(1_000_000));
        tx.record_event(&other.event);
        tx.forget_events(at(1_000_000));
        tx.publish_terms(&other.terms);
        tx.accept_terms(&acceptance(UserId(user.0 + 1), &there.terms.label, at(1)));
        tx.put_practice(&other.practice);
        tx.put_membership(&Membership { client: None, ..there.membership(*user) });
        tx.put_class(&other.class);
        tx.put_clients(&[ClientRecord { practice: there.practice.id, ..other.client.clone() }]);
    }
    assert_eq!(all_of(&store, user, &there).await, before);
    assert_eq!(store.presence(&other).await, NOTHING);
}

/// All that the store has of a user and of what was written with it.
async fn all_of<S: CompleteStorage>(
    store: &Store<S>,
    user: UserId,
    what: &FullFixture,
) -> impl PartialEq + Debug {
    (
        store.find_profile(user).await,
        (
            store.find_registration(what.registration.id, at(1)).await,
            store.claimants(&what.contact.key(), at(1)).await,
        ),
        store.list_sessions(user).await,
        store.find_challenge(what.challenge.id).await,
        store.find_entry(what.message.id).await,
        store.window(&what.key).await,
        store.latest_events(usize::MAX).await,
        store.is_familiar_address(user, ip("192.0.2.1"), at(0)).await,
        (store.list_terms().await, store.find_acceptance(user, &what.terms.label).await),
        store.find_practice(what.practice.id).await,
        store.find_membership(user, None).await,
        store.find_client(what.practice.id, &what.client.key).await,
    )
}

/// A caller that goes away in the middle leaves nothing half-done and nothing open, at whatever moment it goes.
pub async fn a_caller_who_goes_away_leaves_nothing_open(storage: impl CompleteStorage) {
    callers_go_away(Store::new(storage)).await;
}

/// The same with the callers on a runtime of one thread, as a web server's workers are.
pub async fn a_caller_who_goes_away_from_a_single_thread_leaves_nothing_open(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let worker = tokio::task::spawn_blocking(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(callers_go_away(store));
    });
    worker.await.expect("nothing panics");
}

async fn callers_go_away<S: CompleteStorage>(store: Store<S>) {
    for round in 0..ROUNDS {
        let what = FullFixture::new();
        let caller = tokio::spawn({
            let (store, what) = (store.clone(), what.clone());
            async move { store.write_all_repositories(&what, Ending::Done).await.is_ok() }
        });
        let start = Instant::now();
        while start.elapsed() < Duration::from_micros(100) * u32::try_from(round).expect("few rounds") {
            tokio::task::yield_now().await;
        }
        caller.abort();
        if let Err(gone) = caller.await {
            assert!(gone.is_cancelled(), "the caller panicked");
        }
        assert_is_whole_or_nothing(store.presence(&what).await);
        // Waits for the unit, if that still runs. Should it come later, it finds its contact taken, and refuses.
        let is_taken = store.insert_user(&what.user()).await.is_err();
        let mut presence = store.presence(&what).await;
        presence[0] = is_taken;
        assert_is_whole_or_nothing(presence);
    }
    assert_eq!(works(store.write_all_repositories(&FullFixture::new(), Ending::Done).await), WHOLE);
}

fn assert_is_whole_or_nothing(presence: Presence) {
    assert!(presence == WHOLE || presence == NOTHING, "{presence:?}");
}
