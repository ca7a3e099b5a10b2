//! The use cases on mocks, where something must *not* happen: nothing sent, nothing committed, no user signed in.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use asteroid_application::accounts::{
    CodeRequests, CodeVerifications, CodeVersion, ForgotPassword, PasswordResetRequests, PasswordResets,
    Register, RegisterError, Registrations, ResetPassword, ResetPasswordError, SendCodes, SendCodesError,
    SignIn, SignInError, SignIns, TokenForm, VerifyCode, VerifyCodeError,
};
use asteroid_application::mocks::{MockStorage, MockTx};
use asteroid_application::{AccountRules, Accounts, Tools};
use asteroid_audit::{Action, Outcome};
use asteroid_identity::mocks::{MockHasher, MockSigner, PlainHasher};
use asteroid_identity::{
    ContactSource, ContactType, HashingError, NewPassword, Password, PasswordFlaw, PasswordHash,
    PasswordHasher, PersonName, Profile, UnusableHash, User, UserContact, UserStatus, Verdict,
};
use asteroid_kernel::mocks::{CountingRandomness, InstantTimer, ManualClock};
use asteroid_kernel::{
    ChallengeId, Contact, ContactId, Network, Origin, Region, RegistrationId, StorageError, Timestamp, UserId,
};
use asteroid_limits::{ConsecutiveFailures, Quota, SlidingWindow};
use asteroid_messaging::mocks::MockSignal;
use asteroid_messaging::{Content, MessageKind};
use asteroid_verification::mocks::sample_keys;
use asteroid_verification::{Challenge, ChallengeState, CodeFormat, CodeGuess, Nonce, Purpose};

const NOW: &str = "2026-01-02T03:04:05.678Z";

fn now() -> Timestamp {
    Timestamp::parse(NOW).expect("a time")
}

fn contact() -> Contact {
    Contact::parse("george@example.com", Region::US).expect("a contact")
}

fn george() -> User {
    User {
        id: UserId(25),
        name: PersonName::new("George", "Washington").expect("a name"),
        status: UserStatus::Enabled,
        administrator: false,
        password_hash: Some(PlainHasher::hash_of("IWasTheFirstPrez1776")),
        last_login: None,
        created_at: now(),
    }
}

fn profile() -> Profile {
    let proved = UserContact {
        id: ContactId(1),
        contact: contact(),
        contact_type: ContactType::Work,
        primary: true,
        source: ContactSource::Verified,
        verified_at: now(),
    };
    Profile { user: george(), contacts: vec![proved] }
}

fn challenge(purpose: Purpose) -> Challenge {
    Challenge {
        id: ChallengeId::new(now(), &CountingRandomness::default()),
        contact: contact(),
        purpose,
        format: CodeFormat::Crockford { length: 5 },
        nonce: Nonce([7; 16]),
        key_id: sample_keys().current_id(),
        asked_from: None,
        created_at: now(),
        expires_at: now() + Duration::from_secs(600),
        guesses: 1,
        stranger_guesses: 0,
        state: ChallengeState::Open,
    }
}

/// The use cases over these mocks. The signal may be given this often, and no oftener.
fn accounts<H>(tx: MockTx, hasher: H, signals: usize) -> (Accounts<MockStorage, H>, Arc<MockStorage>) {
    let mut signal = MockSignal::new();
    signal.expect_outbox_filled().times(signals).return_const(());
    let storage = Arc::new(MockStorage::of(tx));
    let tools = Tools {
        clock: Arc::new(ManualClock::at(NOW)),
        randomness: Arc::new(CountingRandomness::default()),
        timer: Arc::new(InstantTimer),
        signal: Arc::new(signal),
        keys: Arc::new(sample_keys()),
        signer: Arc::new(MockSigner::new()),
        rules: AccountRules::default(),
    };
    (Accounts::new(Arc::clone(&storage), Arc::new(hasher), tools), storage)
}

/// A transaction in which exactly one event is recorded, with this outcome.
fn tx_with_event(action: Action, outcome: Outcome) -> MockTx {
    let mut tx = MockTx::new();
    tx.expect_record_event()
        .times(1)
        .withf(move |event| event.action == action && event.outcome == outcome && event.at == now())
        .returning(|_| Ok(()));
    tx
}

/// No try failed before, and all are counted while they run.
fn runs_tries(tx: &mut MockTx) {
    no_history(tx);
    tx.expect_save_window().returning(|_, _, _| Ok(()));
    tx.expect_failures().returning(|_| Ok(ConsecutiveFailures::default()));
    tx.expect_remove_limit().returning(|_| Ok(()));
}

fn no_history(tx: &mut MockTx) {
    tx.expect_window().returning(|_| Ok(SlidingWindow::default()));
    tx.expect_end_expired_challenges().returning(|_, _, _| Ok(0));
}

fn register() -> Register {
    Register {
        name: george().name,
        contact: contact(),
        contact_type: ContactType::Personal,
        password: Password::new("IWasTheFirstPrez1776"),
        origin: Origin::local(),
    }
}

fn broken() -> StorageError {
    StorageError::Failed("the disk is on fire".into())
}

#[tokio::test]
async fn a_taken_contact_gets_a_notice_and_neither_live_registration_nor_code() {
    let mut tx = tx_with_event(Action::Register, Outcome::Refused);
    tx.expect_insert_claim().returning(|_| Ok(()));
    no_history(&mut tx);
    tx.expect_insert_registration()
        .times(1)
        .withf(|registration, _| !registration.is_live(now()))
        .returning(|_, _| Ok(()));
    tx.expect_open_challenges().times(1).returning(|_, _, _| Ok(vec![]));
    tx.expect_insert_challenge().times(1).withf(Challenge::is_decoy).returning(|_| Ok(()));
    tx.expect_save_window().times(1).returning(|_, _, _| Ok(()));
    tx.expect_find_user_by_contact().returning(|_| Ok(Some(george())));
    tx.expect_find_profile().returning(|_| Ok(Some(profile())));
    tx.expect_enqueue()
        .times(1)
        .withf(|message| message.kind == MessageKind::AlreadyRegistered && message.content == Content::Notice)
        .withf(|message| message.to.as_str() == "george@example.com")
        .returning(|_| Ok(()));
    let (accounts, storage) = accounts(tx, PlainHasher, 1);
    let other_spelling = Contact::parse("GEORGE@example.com", Region::US).expect("a contact");
    let register = Register { contact: other_spelling, ..register() };
    accounts.register(register).await.expect("the same answer as for a new contact");
    assert_eq!((storage.committed(), storage.rolled_back()), (1, 0));
}

#[tokio::test]
async fn no_code_goes_to_another_spelling_than_the_one_that_was_proved() {
    let mut tx = MockTx::new();
    tx.expect_insert_claim().returning(|_| Ok(()));
    no_history(&mut tx);
    tx.expect_live_registrations().returning(|_, _| Ok(vec![]));
    tx.expect_record_event().returning(|_| Ok(()));
    tx.expect_save_window().returning(|_, _, _| Ok(()));
    tx.expect_find_user_by_contact().returning(|_| Ok(Some(george())));
    tx.expect_find_profile().returning(|_| Ok(Some(profile())));
    tx.expect_open_challenges().returning(|_, _, _| Ok(vec![]));
    tx.expect_insert_challenge()
        .times(2)
        .withf(|challenge| challenge.contact.as_str() == "george@example.com")
        .returning(|_| Ok(()));
    tx.expect_enqueue().times(2).withf(|m| m.to.as_str() == "george@example.com").returning(|_| Ok(()));
    let (accounts, _) = accounts(tx, PlainHasher, 2);
    let (version, origin) = (CodeVersion::V1, Origin::local());
    let asked = Contact::parse("GEORGE@EXAMPLE.com", Region::US).expect("a contact");
    let contacts = vec![asked.clone()];
    accounts.send_codes(SendCodes { contacts, version, origin: origin.clone() }).await.expect("sent");
    accounts.forgot_password(ForgotPassword { contact: asked, origin }).await.expect("sent");
}

#[tokio::test]
async fn a_registration_over_the_limit_is_neither_hashed_nor_kept() {
    let mut tx = MockTx::new();
    tx.expect_find_user_by_contact().returning(|_| Ok(None));
    tx.expect_window()
        .times(2)
        .returning(|_| Ok(SlidingWindow::from_times(vec![now() - Duration::from_secs(20)])));
    let (accounts, storage) = accounts(tx, MockHasher::new(), 0);
    let error = accounts.register(register()).await.expect_err("a code was sent 20 seconds ago");
    let RegisterError::TooManyCodes { retry_after } = error else { panic!("{error:?}") };
    assert_eq!(retry_after, Duration::from_secs(40));
    assert_eq!(storage.committed(), 0);
}

#[tokio::test]
async fn a_weak_password_reaches_neither_store_nor_hasher() {
    let (accounts, storage) = accounts(MockTx::new(), MockHasher::new(), 0);
    let weak = Register { password: Password::new("george"), ..register() };
    let error = accounts.register(weak).await.expect_err("too short, and the name itself");
    let RegisterError::WeakPassword(flaws) = error else { panic!("{error:?}") };
    assert_eq!(
        flaws,
        [PasswordFlaw::TooShort { min: 8 }, PasswordFlaw::HoldsContact, PasswordFlaw::HoldsName]
    );
    assert_eq!(storage.committed(), 0);
}

#[tokio::test]
async fn an_overloaded_hasher_leaves_nothing_behind() {
    let mut tx = MockTx::new();
    tx.expect_find_user_by_contact().returning(|_| Ok(None));
    no_history(&mut tx);
    let mut hasher = MockHasher::new();
    hasher
        .expect_hash()
        .times(1)
        .returning(|_| Err(HashingError::Overloaded { retry_after: Duration::from_secs(2) }));
    let (accounts, storage) = accounts(tx, hasher, 0);
    let error = accounts.register(register()).await.expect_err("no hash");
    assert!(matches!(error, RegisterError::Hashing(HashingError::Overloaded { .. })), "{error:?}");
    assert_eq!(storage.committed(), 0);
}

/// A hasher without room.
struct FullHasher;

impl PasswordHasher for FullHasher {
    async fn hash(&self, _: &NewPassword) -> Result<PasswordHash, HashingError> {
        panic!("it was asked for its capacity before")
    }

    async fn verify(&self, _: &Password, _: Option<&PasswordHash>) -> Result<Verdict, HashingError> {
        panic!("it was asked for its capacity before")
    }

    fn check_capacity(&self) -> Result<(), HashingError> {
        Err(HashingError::Overloaded { retry_after: Duration::from_secs(2) })
    }

    fn check_imported(&self, _: &PasswordHash) -> Result<(), UnusableHash> {
        Ok(())
    }
}

#[tokio::test]
async fn a_password_without_room_to_hash_it_costs_the_store_nothing() {
    // Mocks that expect no call.
    let (accounts, storage) = accounts(MockTx::new(), FullHasher, 0);
    let is_overloaded = |error: &HashingError| matches!(error, HashingError::Overloaded { .. });
    let error = accounts.sign_in(sign_in()).await.expect_err("no room");
    assert!(matches!(&error, SignInError::Hashing(error) if is_overloaded(error)), "{error:?}");
    let error = accounts.register(register()).await.expect_err("no room");
    assert!(matches!(&error, RegisterError::Hashing(error) if is_overloaded(error)), "{error:?}");
    let error = accounts.reset_password(reset("12345", "AnotherFineOne1776")).await.expect_err("no room");
    assert!(matches!(&error, ResetPasswordError::Hashing(error) if is_overloaded(error)), "{error:?}");
    assert_eq!((storage.committed(), storage.rolled_back()), (0, 0));
}

#[tokio::test]
async fn a_failed_transaction_keeps_nothing_and_wakes_no_worker() {
    let mut tx = MockTx::new();
    tx.expect_insert_claim().returning(|_| Ok(()));
    no_history(&mut tx);
    tx.expect_find_profile().returning(|_| Ok(None));
    tx.expect_save_window().returning(|_, _, _| Ok(()));
    tx.expect_find_user_by_contact().returning(|_| Ok(None));
    tx.expect_insert_registration().times(1).returning(|_, _| Ok(()));
    tx.expect_open_challenges().times(1).returning(|_, _, _| Err(broken()));
    let (accounts, storage) = accounts(tx, PlainHasher, 0);
    let error = accounts.register(register()).await.expect_err("the store broke");
    assert!(matches!(error, RegisterError::Storage(StorageError::Failed(_))), "{error:?}");
    assert_eq!((storage.committed(), storage.rolled_back()), (0, 1));
}

/// A decoy costs as much as a code, and can neither be redeemed nor delivered.
fn expect_nothing_to_leave(tx: &mut MockTx, times: usize) {
    tx.expect_find_profile().times(times).withf(|user| *user == UserId(0)).returning(|_| Ok(None));
    tx.expect_open_challenges().times(times).returning(|_, _, _| Ok(vec![]));
    tx.expect_insert_challenge().times(times).withf(Challenge::is_decoy).returning(|_| Ok(()));
    tx.expect_enqueue().times(times).withf(|message| message.expires_at == now()).returning(|_| Ok(()));
}

#[tokio::test]
async fn a_contact_without_a_user_gets_no_code_and_the_same_answer() {
    let mut tx = tx_with_event(Action::SendCode, Outcome::Refused);
    no_history(&mut tx);
    tx.expect_save_window().times(1).returning(|_, _, _| Ok(()));
    tx.expect_find_user_by_contact().returning(|_| Ok(None));
    tx.expect_insert_claim().times(1).returning(|_| Ok(()));
    tx.expect_live_registrations().times(1).returning(|_, _| Ok(vec![]));
    expect_nothing_to_leave(&mut tx, 1);
    let (accounts, storage) = accounts(tx, PlainHasher, 1);
    let request = SendCodes { contacts: vec![contact()], version: CodeVersion::V1, origin: Origin::local() };
    accounts.send_codes(request).await.expect("the same answer as for a user");
    assert_eq!(storage.committed(), 1);
}

#[tokio::test]
async fn a_disabled_user_gets_no_code() {
    let mut tx = MockTx::new();
    tx.expect_insert_claim().returning(|_| Ok(()));
    no_history(&mut tx);
    tx.expect_live_registrations().returning(|_, _| Ok(vec![]));
    tx.expect_record_event().times(2).returning(|_| Ok(()));
    tx.expect_save_window().returning(|_, _, _| Ok(()));
    let disabled = || User { status: UserStatus::Disabled, ..george() };
    tx.expect_find_user_by_contact().returning(move |_| Ok(Some(disabled())));
    expect_nothing_to_leave(&mut tx, 2);
    let (accounts, _) = accounts(tx, PlainHasher, 2);
    let origin = Origin::local();
    let codes = SendCodes { contacts: vec![contact()], version: CodeVersion::V2, origin: origin.clone() };
    accounts.send_codes(codes).await.expect("the same answer as for an enabled user");
    accounts.forgot_password(ForgotPassword { contact: contact(), origin }).await.expect("here too");
}

#[tokio::test]
async fn one_contact_over_its_limit_stops_the_codes_to_all() {
    let mut tx = tx_with_event(Action::SendCode, Outcome::Limited);
    tx.expect_find_user_by_contact().returning(|_| Ok(None));
    tx.expect_window().returning(|key| {
        let is_full = key.as_str() == "sends:george@example.com";
        Ok(SlidingWindow::from_times(if is_full { vec![now()] } else { vec![] }))
    });
    tx.expect_save_window()
        .times(1)
        .withf(|key, window, expires_at| {
            key.as_str() == "refused:60:sends:george@example.com"
                && window.times() == [now()]
                && *expires_at == now() + Duration::from_mins(1)
        })
        .returning(|_, _, _| Ok(()));
    let phone = Contact::parse("555-665-4345", Region::US).expect("a contact");
    let (accounts, _) = accounts(tx, PlainHasher, 0);
    let request =
        SendCodes { contacts: vec![contact(), phone], version: CodeVersion::V1, origin: Origin::local() };
    let error = accounts.send_codes(request).await.expect_err("one of them has had a code just now");
    assert!(matches!(error, SendCodesError::TooManyCodes { .. }), "{error:?}");
}

#[tokio::test]
async fn a_noted_refusal_writes_nothing() {
    let mut tx = MockTx::new();
    tx.expect_find_user_by_contact().returning(|_| Ok(None));
    tx.expect_window().returning(|_| Ok(SlidingWindow::from_times(vec![now()])));
    let (accounts, storage) = accounts(tx, MockHasher::new(), 0);
    let error = accounts.register(register()).await.expect_err("too many");
    assert!(matches!(error, RegisterError::TooManyCodes { .. }), "{error:?}");
    assert_eq!((storage.committed(), storage.rolled_back()), (0, 0));
}

fn verify(guess: &str) -> VerifyCode {
    VerifyCode { contact: contact(), guess: CodeGuess::new(guess), origin: Origin::local() }
}

#[tokio::test]
async fn a_wrong_code_is_counted_and_makes_neither_user_nor_session() {
    let mut tx = tx_with_event(Action::VerifyCode, Outcome::Refused);
    tx.expect_find_user_by_contact().returning(|_| Ok(None));
    no_history(&mut tx);
    let open = || vec![challenge(Purpose::SignIn)];
    tx.expect_open_challenges().returning(move |_, _, _| Ok(open()));
    tx.expect_count_guess().times(2).returning(|_, _, _, _, _| Ok(1));
    tx.expect_save_window()
        .times(1)
        .withf(|_, window, _| window.times() == [now()])
        .returning(|_, _, _| Ok(()));
    let (accounts, storage) = accounts(tx, PlainHasher, 0);
    let error = accounts.verify_code(verify("00000")).await.expect_err("wrong");
    assert!(matches!(error, VerifyCodeError::InvalidCode), "{error:?}");
    assert_eq!((storage.committed(), storage.rolled_back()), (1, 0), "a rejected guess commits its count");
}

#[tokio::test]
async fn a_right_code_whose_registration_is_gone_signs_no_user_in() {
    let open = challenge(Purpose::Register(RegistrationId::new(now(), &CountingRandomness::default())));
    let right = sample_keys().code(&open).expect("a key").expose().to_owned();
    let mut tx = tx_with_event(Action::VerifyCode, Outcome::Refused);
    tx.expect_find_user_by_contact().returning(|_| Ok(None));
    no_history(&mut tx);
    tx.expect_open_challenges().returning(move |_, _, _| Ok(vec![open.clone()]));
    tx.expect_count_guess().returning(|_, _, _, _, _| Ok(1));
    tx.expect_spend_challenge().times(1).returning(|_, _| Ok(true));
    tx.expect_take_registration().times(1).returning(|_, _| Ok(None));
    let (accounts, storage) = accounts(tx, PlainHasher, 0);
    let error = accounts.verify_code(verify(&right)).await.expect_err("gone");
    assert!(matches!(error, VerifyCodeError::InvalidCode), "{error:?}");
    assert_eq!(storage.committed(), 1);
}

#[tokio::test]
async fn a_closed_path_compares_no_code() {
    let mut tx = tx_with_event(Action::VerifyCode, Outcome::Refused);
    tx.expect_find_user_by_contact().returning(|_| Ok(None));
    let minute = |ago: u64| now() - Duration::from_secs(ago * 60);
    tx.expect_window().returning(move |_| Ok(SlidingWindow::from_times((1..=10).map(minute).collect())));
    let (accounts, _) = accounts(tx, PlainHasher, 0);
    let error = accounts.verify_code(verify("00000")).await.expect_err("closed");
    assert!(matches!(error, VerifyCodeError::InvalidCode), "the answer is as ever: {error:?}");
}

#[tokio::test]
async fn a_third_of_the_wrong_codes_is_kept_for_familiar_addresses() {
    let [home, elsewhere] = ["192.0.2.1", "198.51.100.7"].map(|ip| ip.parse::<IpAddr>().expect("an address"));
    let hour = |count| (1..=count).map(|ago| now() - Duration::from_secs(ago * 60)).collect::<Vec<_>>();
    let day = |count| (1..=count).map(|ago| now() - Duration::from_secs(3600 + ago * 60)).collect::<Vec<_>>();
    for (guessed, owner, ip, is_compared) in [
        (hour(5), Some(george()), elsewhere, true),
        (hour(6), Some(george()), elsewhere, false),
        (hour(9), Some(george()), home, true),
        (hour(10), Some(george()), home, false),
        (day(12), Some(george()), elsewhere, true),
        (day(13), Some(george()), elsewhere, false),
        (day(19), Some(george()), home, true),
        (day(20), Some(george()), home, false),
        (hour(5), None, elsewhere, true),
        (hour(6), None, elsewhere, false),
    ] {
        let mut tx = tx_with_event(Action::VerifyCode, Outcome::Refused);
        let user = owner.as_ref().map_or(UserId(0), |user| user.id);
        tx.expect_find_user_by_contact().returning(move |_| Ok(owner.clone()));
        tx.expect_is_familiar_address()
            .times(1)
            .withf(move |of, from, since| {
                *of == user && *from == Network::of(ip) && *since == now() - Duration::from_hours(30 * 24)
            })
            .returning(move |of, from, _| Ok(of != UserId(0) && from == Network::of(home)));
        tx.expect_window().returning(move |_| Ok(SlidingWindow::from_times(guessed.clone())));
        let calls = usize::from(is_compared);
        tx.expect_end_expired_challenges().times(calls).returning(|_, _, _| Ok(0));
        tx.expect_open_challenges().times(calls).returning(|_, _, _| Ok(vec![challenge(Purpose::SignIn)]));
        tx.expect_count_guess().times(2 * calls).returning(|_, _, _, _, _| Ok(1));
        // A failure of the network, and of the contact if it was compared.
        tx.expect_save_window().times(1 + calls).returning(|_, _, _| Ok(()));
        let (accounts, _) = accounts(tx, PlainHasher, 0);
        let origin = Origin { ip: Some(ip), ..Origin::local() };
        let request = VerifyCode { origin, ..verify("00000") };
        accounts.verify_code(request).await.expect_err("wrong, and the answer is the same");
    }
}

/// The names of the statements of a use case on this transaction, in which the contact has a user or not.
fn log_statements(tx: &mut MockTx, known: bool) -> Arc<Mutex<Vec<&'static str>>> {
    let log = Arc::new(Mutex::new(Vec::new()));
    macro_rules! logged {
        ($($expect:ident $name:literal |$($arg:tt),*| $value:expr;)*) => { $(
            let own = Arc::clone(&log);
            tx.$expect().returning(move |$($arg),*| {
                own.lock().expect("no panic").push($name);
                Ok($value)
            });
        )* };
    }
    let open = move || {
        if known {
            vec![challenge(Purpose::SignIn), challenge(Purpose::Reset)]
        } else {
            vec![challenge(Purpose::SignIn).into_decoy(), challenge(Purpose::Reset).into_decoy()]
        }
    };
    logged! {
        expect_window "window" |_| SlidingWindow::default();
        expect_save_window "save_window" |_, _, _| ();
        expect_find_user_by_contact "find_user_by_contact" |_| known.then(george);
        expect_is_familiar_address "is_familiar_address" |_, _, _| false;
        expect_find_profile "find_profile" |_| known.then(profile);
        expect_insert_claim "insert_claim" |_| ();
        expect_live_registrations "live_registrations" |_, _| vec![];
        expect_insert_registration "insert_registration" |_, _| ();
        expect_end_expired_challenges "end_expired_challenges" |_, _, _| 0;
        expect_open_challenges "open_challenges" |_, _, _| open();
        expect_insert_challenge "insert_challenge" |_| ();
        expect_count_guess "count_guess" |_, _, _, _, _| 1;
        expect_enqueue "enqueue" |_| ();
        expect_record_event "record_event" |_| ();
    }
    log
}

#[tokio::test]
async fn known_and_unknown_contacts_cost_the_same_statements() {
    let origin = || Origin { ip: Some("198.51.100.7".parse().expect("an address")), ..Origin::local() };
    let mut logs = Vec::new();
    for known in [true, false] {
        let mut of_known = Vec::new();
        for case in 0..5 {
            let mut tx = MockTx::new();
            let log = log_statements(&mut tx, known);
            let (accounts, _) = accounts(tx, PlainHasher, usize::from(case < 3));
            let (contacts, version) = (vec![contact()], CodeVersion::V1);
            match case {
                // The contact has a young code, or a young decoy: each is sent again.
                0 => accounts
                    .send_codes(SendCodes { contacts, version, origin: origin() })
                    .await
                    .expect("sent"),
                1 => accounts
                    .forgot_password(ForgotPassword { contact: contact(), origin: origin() })
                    .await
                    .expect("sent"),
                2 => {
                    accounts.register(Register { origin: origin(), ..register() }).await.expect("registered");
                }
                3 => {
                    let guess = VerifyCode { origin: origin(), ..verify("00000") };
                    accounts.verify_code(guess).await.expect_err("wrong");
                }
                _ => {
                    let guess = ResetPassword { origin: origin(), ..reset("00000", "a fine long password") };
                    accounts.reset_password(guess).await.expect_err("wrong");
                }
            }
            of_known.push(log.lock().expect("no panic").clone());
        }
        logs.push(of_known);
    }
    assert!(logs[0].iter().all(|log| log.len() > 5), "{logs:?}");
    assert!(!logs[0][0].contains(&"insert_challenge"), "the second send opens no challenge");
    assert_eq!(logs[0], logs[1]);
}

fn sign_in() -> SignIn {
    SignIn {
        contact: contact(),
        password: Password::new("IWasTheFirstPrez1776"),
        token: TokenForm::Opaque,
        origin: Origin::local(),
    }
}

#[tokio::test]
async fn a_stranger_costs_a_hash_and_gets_no_session() {
    let mut tx = tx_with_event(Action::SignIn, Outcome::Refused);
    tx.expect_find_user_by_contact().returning(|_| Ok(None));
    runs_tries(&mut tx);
    // At the contact, and in the place of the user that it has not.
    tx.expect_save_failures()
        .times(2)
        .withf(|_, failures, _| failures.count == 1)
        .returning(|_, _, _| Ok(()));
    let mut hasher = MockHasher::new();
    hasher.expect_verify().times(1).withf(|_, hash| hash.is_none()).returning(|_, _| Ok(Verdict::Mismatch));
    let (accounts, _) = accounts(tx, hasher, 0);
    let error = accounts.sign_in(sign_in()).await.expect_err("unknown");
    assert!(matches!(error, SignInError::InvalidCredentials), "{error:?}");
}

#[tokio::test]
async fn a_password_that_could_not_be_checked_counts_as_nothing() {
    for error in [
        HashingError::Overloaded { retry_after: Duration::from_secs(2) },
        HashingError::Failed("out of memory".into()),
    ] {
        // Neither a failure is saved nor an event recorded: only what runs is noted, and removed again.
        let mut tx = MockTx::new();
        tx.expect_find_user_by_contact().returning(|_| Ok(Some(george())));
        no_history(&mut tx);
        tx.expect_failures().returning(|_| Ok(ConsecutiveFailures::default()));
        tx.expect_save_window()
            .times(2)
            .withf(|key, _, _| key.as_str().starts_with("running:"))
            .returning(|_, _, _| Ok(()));
        tx.expect_remove_limit()
            .times(2)
            .withf(|key| key.as_str().starts_with("running:"))
            .returning(|_| Ok(()));
        let mut hasher = MockHasher::new();
        hasher.expect_verify().times(1).return_once(|_, _| Err(error));
        let (accounts, storage) = accounts(tx, hasher, 0);
        let error = accounts.sign_in(sign_in()).await.expect_err("not checked");
        assert!(matches!(error, SignInError::Hashing(_)), "{error:?}");
        assert_eq!(storage.committed(), 2, "begun, and given back");
    }
}

#[tokio::test]
async fn a_try_that_waits_for_others_in_vain_is_neither_hashed_nor_counted() {
    let mut tx = MockTx::new();
    tx.expect_find_user_by_contact().returning(|_| Ok(Some(george())));
    tx.expect_window().returning(|key| {
        let running = if key.as_str().starts_with("running:wrong-passwords:george") { 5 } else { 0 };
        Ok(SlidingWindow::from_times(vec![now(); running]))
    });
    tx.expect_failures().returning(|_| Ok(ConsecutiveFailures::default()));
    let (accounts, storage) = accounts(tx, MockHasher::new(), 0);
    let error = accounts.sign_in(sign_in()).await.expect_err("busy");
    assert!(matches!(error, SignInError::Busy { .. }), "{error:?}");
    assert_eq!(storage.committed(), 0, "it only looked");
}

#[tokio::test]
async fn a_password_that_may_not_be_tried_yet_is_not_hashed() {
    let mut tx = tx_with_event(Action::SignIn, Outcome::Limited);
    tx.expect_find_user_by_contact().returning(|_| Ok(Some(george())));
    no_history(&mut tx);
    tx.expect_save_window()
        .times(1)
        .withf(|key, _, _| key.as_str() == "refused:wrong-passwords:george@example.com")
        .returning(|_, _, _| Ok(()));
    tx.expect_failures().returning(|_| Ok(ConsecutiveFailures { count: 7, last_at: Some(now()) }));
    let (accounts, _) = accounts(tx, MockHasher::new(), 0);
    let error = accounts.sign_in(sign_in()).await.expect_err("too soon");
    let SignInError::TooManyAttempts { retry_after } = error else { panic!("{error:?}") };
    assert_eq!(retry_after, Duration::from_secs(4));
}

#[tokio::test]
async fn a_password_changed_while_it_was_checked_opens_no_session() {
    let mut tx = tx_with_event(Action::SignIn, Outcome::Refused);
    tx.expect_find_user_by_contact().returning(|_| Ok(Some(george())));
    runs_tries(&mut tx);
    tx.expect_save_failures().times(2).returning(|_, _, _| Ok(()));
    tx.expect_record_sign_in().times(1).returning(|_, _, _| Ok(false));
    let (accounts, _) = accounts(tx, PlainHasher, 0);
    let error = accounts.sign_in(sign_in()).await.expect_err("changed");
    assert!(matches!(error, SignInError::InvalidCredentials), "{error:?}");
}

fn reset(guess: &str, password: &str) -> ResetPassword {
    ResetPassword {
        contact: contact(),
        guess: CodeGuess::new(guess),
        new: Password::new(password),
        origin: Origin::local(),
    }
}

#[tokio::test]
async fn a_password_with_the_owners_name_does_not_use_up_the_code() {
    let open = challenge(Purpose::Reset);
    let right = sample_keys().code(&open).expect("a key").expose().to_owned();
    let mut tx = MockTx::new();
    no_history(&mut tx);
    tx.expect_open_challenges().returning(move |_, _, _| Ok(vec![open.clone()]));
    tx.expect_count_guess().returning(|_, _, _, _, _| Ok(1));
    tx.expect_spend_challenge().returning(|_, _| Ok(true));
    tx.expect_find_user_by_contact().returning(|_| Ok(Some(george())));
    tx.expect_find_profile().returning(|_| Ok(Some(Profile { user: george(), contacts: vec![] })));
    let (accounts, storage) = accounts(tx, PlainHasher, 0);
    let error = accounts.reset_password(reset(&right, "washington dc")).await.expect_err("weak");
    let ResetPasswordError::WeakPassword(flaws) = error else { panic!("{error:?}") };
    assert_eq!(flaws, [PasswordFlaw::HoldsName]);
    assert_eq!((storage.committed(), storage.rolled_back()), (0, 1));
}

#[tokio::test]
async fn a_wrong_reset_code_tells_nothing_of_the_owners_name() {
    let mut tx = tx_with_event(Action::ResetPassword, Outcome::Refused);
    tx.expect_find_user_by_contact().returning(|_| Ok(None));
    no_history(&mut tx);
    tx.expect_save_window()
        .times(1)
        .withf(|_, window, _| window.times().is_empty())
        .returning(|_, _, _| Ok(()));
    tx.expect_open_challenges().returning(|_, _, _| Ok(vec![]));
    tx.expect_count_guess().returning(|_, _, _, _, _| Ok(1));
    let (accounts, _) = accounts(tx, PlainHasher, 0);
    let error = accounts.reset_password(reset("00000", "washington dc")).await.expect_err("wrong");
    assert!(matches!(error, ResetPasswordError::InvalidCode), "{error:?}");
}

#[test]
fn the_default_limits_are_the_policy() {
    let limits = AccountRules::default().limits;
    let quota = |count, seconds| Quota { count, window: Duration::from_secs(seconds) };
    assert_eq!(limits.sends, [quota(1, 60), quota(5, 3600), quota(10, 86_400)]);
    assert_eq!(limits.wrong_codes, [quota(10, 3600), quota(20, 86_400)]);
    assert_eq!(limits.for_strangers(&limits.wrong_codes), [quota(6, 3600), quota(13, 86_400)]);
    assert_eq!(limits.for_strangers(&limits.sends), [quota(1, 60), quota(3, 3600), quota(6, 86_400)]);
    assert_eq!(limits.wrong_passwords_from_familiar_address, [quota(10, 3600)]);
}
