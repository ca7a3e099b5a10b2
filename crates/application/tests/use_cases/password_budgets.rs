//! The budgets of wrong passwords, on the store in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use asteroid_application::accounts::{
    Caller, ChangePassword, ChangePasswordError, ForgotPassword, PasswordChanges, PasswordResetRequests,
    PasswordResets, ResetPassword, SignIn, SignInError, SignIns, TokenForm,
};
use asteroid_application::{AccountRules, Accounts, Tools};
use asteroid_audit::{Action, AuditFilter, AuditRepository, Outcome};
use asteroid_identity::mocks::{MockSigner, PlainHasher};
use asteroid_identity::{
    ContactSource, ContactType, HashingError, NewPassword, NewUser, Password, PasswordHash, PasswordHasher,
    PersonName, UnusableHash, UserAdministrationRepository, UserRegistrationRepository, Verdict,
};
use asteroid_kernel::mocks::{CountingRandomness, ManualClock};
use asteroid_kernel::{Clock, Contact, Origin, Region, Storage, StorageError, Timer, unit_of_work};
use asteroid_memory::{MemoryStorage, MemoryTx};
use asteroid_messaging::mocks::MockSignal;
use asteroid_verification::mocks::sample_keys;
use asteroid_verification::{ChallengeRepository, CodeGuess, PurposeKind};
use futures_util::future::join_all;

pub(super) const RIGHT: &str = "the-owner-chose-this-1";
pub(super) const EMAIL: &str = "olivia@example.com";
const OTHER_EMAIL: &str = "olivia@example.org";
const PHONE: &str = "555-665-4345";
pub(super) const STRANGER: &str = "198.51.100.7";
const LOCK: Duration = Duration::from_mins(15);

/// A timer whose waits take no time by the clock of the use cases.
struct TokioTimer;

impl Timer for TokioTimer {
    fn sleep(&self, duration: Duration) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// Takes a while, as a hasher does, and can be overloaded.
pub(super) struct SlowHasher {
    clock: Arc<ManualClock>,
    evaluated: AtomicUsize,
    is_overloaded: AtomicBool,
    takes_millis: AtomicU64,
}

impl PasswordHasher for SlowHasher {
    async fn hash(&self, password: &NewPassword) -> Result<PasswordHash, HashingError> {
        PlainHasher.hash(password).await
    }

    async fn verify(
        &self,
        password: &Password,
        hash: Option<&PasswordHash>,
    ) -> Result<Verdict, HashingError> {
        if self.is_overloaded.load(Ordering::SeqCst) {
            return Err(HashingError::Overloaded { retry_after: Duration::from_secs(1) });
        }
        tokio::time::sleep(Duration::from_millis(self.takes_millis.load(Ordering::SeqCst))).await;
        self.evaluated.fetch_add(1, Ordering::SeqCst);
        // No two tries begin at one moment after another has ended.
        self.clock.advance(Duration::from_micros(1));
        PlainHasher.verify(password, hash).await
    }

    fn check_imported(&self, hash: &PasswordHash) -> Result<(), UnusableHash> {
        PlainHasher.check_imported(hash)
    }
}

/// A store with one user, who has three contacts.
pub(super) struct World {
    pub(super) accounts: Accounts<MemoryStorage, SlowHasher>,
    storage: Arc<MemoryStorage>,
    hasher: Arc<SlowHasher>,
    pub(super) clock: Arc<ManualClock>,
}

pub(super) fn contact(text: &str) -> Contact {
    Contact::parse(text, Region::US).expect("a contact")
}

pub(super) fn from(address: &str) -> Origin {
    Origin { ip: Some(address.parse().expect("an address")), ..Origin::default() }
}

impl World {
    pub(super) async fn new(change: impl FnOnce(&mut AccountRules)) -> Self {
        let mut signal = MockSignal::new();
        signal.expect_outbox_filled().return_const(());
        let clock = Arc::new(ManualClock::at("2026-01-02T03:04:05.678Z"));
        let storage = Arc::new(MemoryStorage::default());
        let hasher = Arc::new(SlowHasher {
            clock: clock.clone(),
            evaluated: AtomicUsize::new(0),
            is_overloaded: AtomicBool::new(false),
            takes_millis: AtomicU64::new(20),
        });
        let mut rules = AccountRules::default();
        change(&mut rules);
        let tools = Tools {
            clock: clock.clone(),
            randomness: Arc::new(CountingRandomness::default()),
            timer: Arc::new(TokioTimer),
            signal: Arc::new(signal),
            keys: Arc::new(sample_keys()),
            signer: Arc::new(MockSigner::new()),
            rules,
        };
        let accounts = Accounts::new(storage.clone(), hasher.clone(), tools);
        let world = Self { accounts, storage, hasher, clock };
        world.add_user([EMAIL, OTHER_EMAIL, PHONE]).await;
        world
    }

    /// Adds a user whose password is [`RIGHT`].
    async fn add_user<const N: usize>(&self, contacts: [&str; N]) {
        let contacts: Vec<Contact> = contacts.iter().map(|text| contact(text)).collect();
        let now = self.clock.now();
        let add = unit_of_work((contacts, now), |(contacts, now), tx: &mut MemoryTx| {
            Box::pin(async move {
                let user = NewUser {
                    name: PersonName::new("Olivia", "Example").expect("a name"),
                    password_hash: Some(PlainHasher::hash_of(RIGHT)),
                    contact: contacts[0].clone(),
                    contact_type: ContactType::Personal,
                    source: ContactSource::Verified,
                    created_at: *now,
                };
                let user = tx.insert_user(&user).await?.expect("the contact is free");
                for contact in &contacts[1..] {
                    let (kind, source) = (ContactType::Personal, ContactSource::Verified);
                    tx.add_contact(user, contact, kind, source, *now).await?.expect("the contact is free");
                }
                Ok::<_, StorageError>(())
            })
        });
        self.storage.write(add).await.expect("the store works");
    }

    async fn try_password(&self, at: &str, password: &str, address: &str) -> Result<Caller, SignInError> {
        let request = SignIn {
            contact: contact(at),
            password: Password::new(password),
            token: TokenForm::Opaque,
            origin: from(address),
        };
        self.accounts.sign_in(request).await.map(|user| user.signed_in.caller)
    }

    /// Tries a password. 200, 401, 429 or 503, as the HTTP surfaces answer.
    pub(super) async fn sign_in(&self, at: &str, password: &str, address: &str) -> u16 {
        match self.try_password(at, password, address).await {
            Ok(_) => 200,
            Err(SignInError::InvalidCredentials) => 401,
            Err(SignInError::TooManyAttempts { .. }) => 429,
            Err(SignInError::Busy { .. } | SignInError::Hashing(HashingError::Overloaded { .. })) => 503,
            Err(other) => panic!("{other:?}"),
        }
    }

    async fn change(&self, caller: Caller, existing: &str, address: &str) -> Result<(), ChangePasswordError> {
        let (existing, new) = (Password::new(existing), Password::new("an even finer one"));
        self.accounts.change_password(ChangePassword { caller, existing, new, origin: from(address) }).await
    }

    /// Resets the password with a code that is sent to this contact.
    async fn reset(&self, at: &str, new: &str) {
        let (guess, origin) = (self.reset_code(at).await, from("192.0.2.1"));
        let (contact, new) = (contact(at), Password::new(new));
        self.accounts.reset_password(ResetPassword { contact, guess, new, origin }).await.expect("reset");
    }

    /// The code that is sent to this contact to reset the password.
    pub(super) async fn reset_code(&self, at: &str) -> CodeGuess {
        let (contact, origin) = (contact(at), from("192.0.2.1"));
        let forgot = ForgotPassword { contact: contact.clone(), origin };
        self.accounts.forgot_password(forgot).await.expect("sent");
        let find = unit_of_work((contact.key(), self.clock.now()), |(contact, now), tx: &mut MemoryTx| {
            Box::pin(async move { tx.open_challenges(contact, &[PurposeKind::Reset], *now).await })
        });
        let live = self.storage.read(find).await.expect("the store works");
        let code = sample_keys().code(&live[0]).expect("a key").expose().to_owned();
        CodeGuess::new(&code)
    }

    pub(super) async fn events(&self, action: Action, outcome: Outcome) -> usize {
        let all = unit_of_work(AuditFilter::default(), |all, tx: &mut MemoryTx| {
            Box::pin(tx.list_events(all, None, usize::MAX))
        });
        let all = self.storage.read(all).await.expect("the store works");
        all.iter().filter(|event| event.action == action && event.outcome == outcome).count()
    }

    pub(super) fn evaluated(&self) -> usize {
        self.hasher.evaluated.swap(0, Ordering::SeqCst)
    }
}

pub(super) fn count(statuses: &[u16], status: u16) -> usize {
    statuses.iter().filter(|found| **found == status).count()
}

#[tokio::test(start_paused = true)]
async fn of_200_wrong_passwords_at_once_exactly_5_are_evaluated() {
    let world = World::new(|_| {}).await;
    let statuses = join_all((0..200).map(|_| world.sign_in(EMAIL, "wrong", STRANGER))).await;
    assert_eq!((count(&statuses, 401), count(&statuses, 429)), (5, 195));
    assert_eq!(world.evaluated(), 5);
    assert_eq!(world.events(Action::SignIn, Outcome::Refused).await, 5);
    assert_eq!(world.events(Action::SignIn, Outcome::Limited).await, 1, "no row for each refused try");
}

#[tokio::test(start_paused = true)]
async fn of_50_right_passwords_at_once_all_sign_in() {
    let world = World::new(|_| {}).await;
    // However long they take together: a try waits 2 s for one of those before it to end.
    for takes in [20, 500] {
        world.hasher.takes_millis.store(takes, Ordering::SeqCst);
        let statuses = join_all((0..50).map(|_| world.sign_in(EMAIL, RIGHT, STRANGER))).await;
        assert_eq!(count(&statuses, 200), 50, "{statuses:?}");
    }
    world.hasher.takes_millis.store(5000, Ordering::SeqCst);
    let statuses = join_all((0..50).map(|_| world.sign_in(PHONE, RIGHT, "192.0.2.1"))).await;
    assert_eq!((count(&statuses, 200), count(&statuses, 503)), (5, 45), "{statuses:?}");
}

#[tokio::test(start_paused = true)]
async fn an_overloaded_hasher_locks_nobody_out() {
    let world = World::new(|_| {}).await;
    world.hasher.is_overloaded.store(true, Ordering::SeqCst);
    for _ in 0..20 {
        assert_eq!(world.sign_in(EMAIL, RIGHT, STRANGER).await, 503);
    }
    world.hasher.is_overloaded.store(false, Ordering::SeqCst);
    assert_eq!(world.sign_in(EMAIL, RIGHT, STRANGER).await, 200);
}

#[tokio::test(start_paused = true)]
async fn a_try_whose_caller_is_gone_counts_for_15_seconds_at_most() {
    let world = World::new(|_| {}).await;
    for _ in 0..5 {
        let gone = world.sign_in(EMAIL, RIGHT, STRANGER);
        assert!(tokio::time::timeout(Duration::from_millis(5), gone).await.is_err(), "dropped in the check");
    }
    assert_eq!(world.sign_in(EMAIL, RIGHT, STRANGER).await, 503, "they may still run");
    world.clock.advance(Duration::from_secs(15));
    assert_eq!(world.sign_in(EMAIL, RIGHT, STRANGER).await, 200);
}

#[tokio::test(start_paused = true)]
async fn wrong_passwords_at_one_contact_show_nothing_at_another() {
    let world = World::new(|_| {}).await;
    for _ in 0..5 {
        assert_eq!(world.sign_in(PHONE, "wrong", STRANGER).await, 401);
    }
    assert_eq!(world.sign_in(PHONE, RIGHT, STRANGER).await, 429);
    assert_eq!(world.sign_in(EMAIL, "wrong", STRANGER).await, 401);
    assert_eq!(world.sign_in(EMAIL, RIGHT, "192.0.2.1").await, 200);
    assert_eq!(world.sign_in(PHONE, "wrong", STRANGER).await, 429, "each contact has its own back-off");
    for _ in 0..5 {
        assert_eq!(world.sign_in("unknown@example.com", "wrong", STRANGER).await, 401);
    }
    assert_eq!(world.sign_in("unknown@example.com", "wrong", STRANGER).await, 429, "as at a known one");
}

#[tokio::test(start_paused = true)]
async fn a_user_is_locked_over_all_contacts_and_an_untried_one_does_not_show_it() {
    let world = World::new(|rules| {
        rules.limits.wrong_passwords.lock_at = 10;
        rules.limits.failures_from_address = vec![];
    })
    .await;
    for at in [PHONE, EMAIL] {
        for _ in 0..5 {
            assert_eq!(world.sign_in(at, "wrong", STRANGER).await, 401);
        }
    }
    world.clock.advance(Duration::from_hours(24));
    for at in [PHONE, EMAIL] {
        let error = world.try_password(at, RIGHT, STRANGER).await.expect_err("locked");
        let SignInError::TooManyAttempts { retry_after } = error else { panic!("{error:?}") };
        assert_eq!(retry_after, LOCK);
    }
    world.evaluated();
    for _ in 0..5 {
        assert_eq!(world.sign_in(OTHER_EMAIL, RIGHT, STRANGER).await, 401, "no password is right");
    }
    assert_eq!(world.evaluated(), 5, "at the cost of a wrong one");
    assert_eq!(world.sign_in(OTHER_EMAIL, RIGHT, STRANGER).await, 429);
    world.reset(EMAIL, "an even finer one").await;
    for at in [PHONE, EMAIL, OTHER_EMAIL] {
        assert_eq!(world.sign_in(at, "an even finer one", STRANGER).await, 200, "a reset unlocks: {at}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_familiar_network_has_budgets_of_its_own() {
    let world = World::new(|rules| rules.limits.failures_from_address = vec![]).await;
    let (home, same_network) = ("2001:db8::1", "2001:db8::2:3:4");
    assert_eq!(world.sign_in(EMAIL, RIGHT, home).await, 200);
    for _ in 0..6 {
        world.sign_in(EMAIL, "wrong", STRANGER).await;
    }
    assert_eq!(world.sign_in(EMAIL, RIGHT, STRANGER).await, 429);
    assert_eq!(world.sign_in(EMAIL, RIGHT, same_network).await, 200, "strangers do not lock the owner out");
    world.evaluated();
    let statuses = join_all((0..30).map(|_| world.sign_in(EMAIL, "wrong", same_network))).await;
    assert_eq!(
        (count(&statuses, 401), count(&statuses, 429)),
        (10, 20),
        "ten an hour, whatever runs at once"
    );
    assert_eq!(world.evaluated(), 10);
    // Ten an hour, until a hundred in a row lock.
    for _ in 0..9 {
        world.clock.advance(Duration::from_hours(1));
        for _ in 0..10 {
            assert_eq!(world.sign_in(EMAIL, "wrong", home).await, 401);
        }
    }
    world.clock.advance(Duration::from_hours(1));
    let error = world.try_password(EMAIL, RIGHT, home).await.expect_err("locked");
    let SignInError::TooManyAttempts { retry_after } = error else { panic!("{error:?}") };
    assert_eq!(retry_after, LOCK);
    assert_eq!(world.sign_in(EMAIL, RIGHT, STRANGER).await, 200, "the strangers' budget is another");
}

#[tokio::test(start_paused = true)]
async fn wrong_passwords_in_a_session_count_at_every_contact() {
    let world = World::new(|_| {}).await;
    let caller = world.try_password(EMAIL, RIGHT, "192.0.2.1").await.expect("signed in");
    for _ in 0..4 {
        let error = world.change(caller, "wrong", STRANGER).await.expect_err("wrong");
        assert!(matches!(error, ChangePasswordError::InvalidExistingPassword), "{error:?}");
    }
    for at in [PHONE, EMAIL, OTHER_EMAIL] {
        assert_eq!(world.sign_in(at, "wrong", "203.0.113.9").await, 401, "{at}");
        assert_eq!(world.sign_in(at, RIGHT, "203.0.113.9").await, 429, "{at}");
    }
    let error = world.change(caller, RIGHT, STRANGER).await.expect_err("a contact is in back-off");
    assert!(matches!(error, ChangePasswordError::TooManyAttempts { .. }), "{error:?}");
    world.clock.advance(Duration::from_secs(1));
    world.change(caller, RIGHT, STRANGER).await.expect("changed");
    for at in [PHONE, EMAIL, OTHER_EMAIL] {
        assert_eq!(
            world.sign_in(at, "an even finer one", "203.0.113.9").await,
            200,
            "all is forgotten: {at}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn one_address_fails_30_times_a_minute_over_all_accounts() {
    let world = World::new(|_| {}).await;
    let unknown: Vec<String> = (0..400).map(|n| format!("user{n}@example.com")).collect();
    let (one, same) = ("2001:db8:1::1", "2001:db8:1::2");
    let tries = unknown.iter().map(|at| world.sign_in(at, "wrong", one));
    let statuses = join_all(tries).await;
    assert_eq!((count(&statuses, 401), count(&statuses, 429)), (30, 370));
    assert_eq!(world.evaluated(), 30);
    assert_eq!(world.events(Action::SignIn, Outcome::Limited).await, 1);
    assert_eq!(world.sign_in(EMAIL, RIGHT, same).await, 429, "the whole /64");
    assert_eq!(world.sign_in(EMAIL, RIGHT, "2001:db8:1:1::1").await, 200, "not the next one");
    world.clock.advance(Duration::from_mins(1));
    let statuses = join_all(unknown.iter().map(|at| world.sign_in(at, "wrong", one))).await;
    assert_eq!(count(&statuses, 401), 30);
    world.clock.advance(Duration::from_mins(1));
    assert_eq!(world.sign_in(EMAIL, RIGHT, one).await, 429, "60 an hour");
}

#[tokio::test(start_paused = true)]
async fn right_passwords_use_nothing_of_the_address_up() {
    let world = World::new(|_| {}).await;
    let contacts: Vec<String> = (0..100).map(|n| format!("user{n}@example.com")).collect();
    for at in &contacts {
        world.add_user([at]).await;
    }
    let statuses = join_all(contacts.iter().map(|at| world.sign_in(at, RIGHT, STRANGER))).await;
    assert_eq!(count(&statuses, 200), 100, "{statuses:?}");
    for _ in 0..100 {
        assert_eq!(world.sign_in(EMAIL, RIGHT, STRANGER).await, 200);
    }
}

#[tokio::test(start_paused = true)]
async fn without_limits_nothing_is_counted() {
    let world = World::new(|rules| rules.limits.enabled = false).await;
    let statuses = join_all((0..40).map(|_| world.sign_in(EMAIL, "wrong", STRANGER))).await;
    assert_eq!(count(&statuses, 401), 40);
    assert_eq!(world.sign_in(EMAIL, RIGHT, STRANGER).await, 200);
}
