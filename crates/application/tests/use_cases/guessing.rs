//! An attacker with 200 addresses and a month of time tries to take over one account, by codes and by passwords.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use asteroid_application::accounts::{
    CodeRequests, CodeVerifications, CodeVersion, Register, Registrations, SendCodes, SignIn, SignIns,
    TokenForm, VerifyCode,
};
use asteroid_application::development::{DevelopmentOutbox, ShownCode};
use asteroid_application::{AccountRules, Accounts, OpenOutbox, Tools};
use asteroid_identity::mocks::{MockSigner, PlainHasher};
use asteroid_identity::{
    ContactType, HashingError, NewPassword, Password, PasswordHash, PasswordHasher, PersonName, UnusableHash,
    Verdict,
};
use asteroid_kernel::mocks::{CountingRandomness, InstantTimer, ManualClock};
use asteroid_kernel::{Contact, Origin, Region};
use asteroid_memory::MemoryStorage;
use asteroid_messaging::mocks::MockSignal;
use asteroid_messaging::{Branding, MessageRenderer};
use asteroid_verification::mocks::sample_keys;
use asteroid_verification::{ChallengeRules, CodeFormat, CodeGuess};

const ADDRESSES: u64 = 200;
const MONTH: Duration = Duration::from_hours(30 * 24);
const PASSWORD: &str = "the-owner-chose-this-1";

/// Counts the passwords that are held against the owner's.
#[derive(Default)]
struct CountingHasher(AtomicU64);

impl PasswordHasher for CountingHasher {
    async fn hash(&self, password: &NewPassword) -> Result<PasswordHash, HashingError> {
        PlainHasher.hash(password).await
    }

    async fn verify(
        &self,
        password: &Password,
        hash: Option<&PasswordHash>,
    ) -> Result<Verdict, HashingError> {
        self.0.fetch_add(u64::from(hash.is_some()), Ordering::Relaxed);
        PlainHasher.verify(password, hash).await
    }

    fn check_imported(&self, hash: &PasswordHash) -> Result<(), UnusableHash> {
        PlainHasher.check_imported(hash)
    }
}

/// A server with one user, whose codes have one digit: an attacker is right once in ten guesses.
struct World {
    accounts: Accounts<MemoryStorage, CountingHasher>,
    hasher: Arc<CountingHasher>,
    clock: Arc<ManualClock>,
    tries: u64,
}

fn contact() -> Contact {
    Contact::parse("olivia@example.com", Region::US).expect("a contact")
}

fn owner() -> Origin {
    Origin { ip: Some(Ipv4Addr::new(192, 0, 2, 1).into()), ..Origin::default() }
}

impl World {
    async fn new() -> Self {
        let mut signal = MockSignal::new();
        signal.expect_outbox_filled().return_const(());
        let clock = Arc::new(ManualClock::at("2026-01-02T03:04:05.678Z"));
        let (storage, keys) = (Arc::new(MemoryStorage::default()), Arc::new(sample_keys()));
        let mut rules = AccountRules::default();
        rules.code_formats.v1 = CodeFormat::Digits { length: 1 };
        rules.code_formats.v2 = CodeFormat::Digits { length: 1 };
        let tools = Tools {
            clock: clock.clone(),
            timer: Arc::new(InstantTimer),
            randomness: Arc::new(CountingRandomness::default()),
            signal: Arc::new(signal),
            keys: keys.clone(),
            signer: Arc::new(MockSigner::new()),
            rules,
        };
        let hasher = Arc::new(CountingHasher::default());
        let accounts = Accounts::new(storage.clone(), hasher.clone(), tools);
        let registration = Register {
            name: PersonName::new("Olivia", "Example").expect("a name"),
            contact: contact(),
            contact_type: ContactType::Personal,
            password: Password::new(PASSWORD),
            origin: owner(),
        };
        accounts.register(registration).await.expect("registered");
        let outbox = OpenOutbox {
            storage,
            renderer: MessageRenderer::new(Branding::default(), &std::collections::BTreeMap::new())
                .expect("templates"),
            keys,
            clock: clock.clone(),
            challenges: ChallengeRules::default(),
            cleared: asteroid_application::development::ClearedMessages::default(),
        };
        let message = outbox.latest_messages(1).await.expect("the outbox").remove(0);
        let Some(ShownCode::Works { code, .. }) = message.code else { panic!("a code that works") };
        let guess = CodeGuess::new(code.expose());
        accounts
            .verify_code(VerifyCode { contact: contact(), guess, origin: owner() })
            .await
            .expect("the owner's code");
        Self { accounts, hasher, clock, tries: 0 }
    }

    /// The next of the attacker's addresses.
    fn attacker(&mut self) -> Origin {
        self.tries += 1;
        let [.., b, c] = (self.tries % ADDRESSES).to_be_bytes();
        Origin { ip: Some(Ipv4Addr::new(198, 51, b, c).into()), ..Origin::default() }
    }

    async fn ask_for_a_code(&mut self) {
        let request =
            SendCodes { contacts: vec![contact()], version: CodeVersion::V2, origin: self.attacker() };
        // The limits refuse most of these.
        let _ = self.accounts.send_codes(request).await;
    }

    async fn guess_a_code(&mut self) -> bool {
        let origin = self.attacker();
        let guess = CodeGuess::new(&(self.tries / 3 % 10).to_string());
        self.accounts.verify_code(VerifyCode { contact: contact(), guess, origin }).await.is_ok()
    }

    async fn sign_in(&self, password: &str, origin: Origin) -> bool {
        let password = Password::new(password);
        let request = SignIn { contact: contact(), password, token: TokenForm::Opaque, origin };
        self.accounts.sign_in(request).await.is_ok()
    }
}

/// The policy allows 20 wrong codes of a contact in a day, so at the most 600 in a month; each is right with the probability
/// of one code among all.
#[tokio::test]
async fn a_month_of_guessing_codes_is_bounded_by_the_arithmetic() {
    const STEP: Duration = Duration::from_mins(5);
    let mut world = World::new().await;
    let mut hits = 0;
    for _ in 0..MONTH.as_secs() / STEP.as_secs() {
        world.ask_for_a_code().await;
        for _ in 0..4 {
            hits += u32::from(world.guess_a_code().await);
        }
        world.clock.advance(STEP);
    }
    // Of 600 guesses at codes of one digit, 60 are right on average, and 97 (five standard deviations more) in none of three
    // million months. Strangers get fewer.
    println!("{hits} of at most 600 guesses were right, of which 60 would be; {} were tried", world.tries);
    assert!(hits <= 97, "{hits}");
    assert!(hits > 0, "the attacker's guesses are held against codes");
}

#[tokio::test]
async fn a_month_of_guessing_passwords_ends_at_the_cap() {
    const STEP: Duration = Duration::from_mins(2);
    let mut world = World::new().await;
    for number in 0..MONTH.as_secs() / STEP.as_secs() {
        let origin = world.attacker();
        assert!(!world.sign_in(&format!("guess-number-{number}"), origin).await);
        world.clock.advance(STEP);
    }
    let evaluated = world.hasher.0.load(Ordering::Relaxed);
    println!("{evaluated} passwords were held against the owner's, of {} that were tried", world.tries);
    assert_eq!(evaluated, 100, "the cap");
    assert!(world.sign_in(PASSWORD, owner()).await, "the owner's own address is not locked");
}
