//! Account pre-hijacking (arXiv 2205.10174): a stranger who registers a contact before its owner does must not be able to
//! sign in to the account that the owner makes, in whatever order they act.

use std::sync::Arc;
use std::time::Duration;

use asteroid_application::accounts::{
    CodeRequests, CodeVerifications, CodeVersion, Profiles, Register, Registrations, SendCodes, SignIn,
    SignIns, SignedIn, TokenForm, VerifyCode, VerifyCodeError,
};
use asteroid_application::development::{DevelopmentOutbox, ShownCode};
use asteroid_application::{AccountRules, Accounts, OpenOutbox, Tools};
use asteroid_identity::mocks::{MockSigner, PlainHasher};
use asteroid_identity::{ContactType, Password, PersonName, UserStatus};
use asteroid_kernel::mocks::{CountingRandomness, InstantTimer, ManualClock};
use asteroid_kernel::{Contact, Origin, Region};
use asteroid_memory::MemoryStorage;
use asteroid_messaging::mocks::MockSignal;
use asteroid_messaging::{Branding, MessageRenderer};
use asteroid_verification::ChallengeRules;
use asteroid_verification::mocks::sample_keys;

/// Someone who acts from a network, with a name and a password of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Actor {
    name: &'static str,
    password: &'static str,
    address: &'static str,
}

const OWNER: Actor = Actor { name: "Olivia", password: "the-owner-chose-this-1", address: "2001:db8:0:1::7" };
/// The owner's phone, on another network.
const OWNER_ON_MOBILE: Actor = Actor { address: "192.0.2.200", ..OWNER };
const ATTACKER: Actor =
    Actor { name: "Mallory", password: "the-attacker-chose-this", address: "198.51.100.1" };
const ACCOMPLICE: Actor =
    Actor { name: "Trudy", password: "the-accomplice-chose-it", address: "2001:db8:0:2::7" };

impl Actor {
    fn origin(&self) -> Origin {
        Origin { ip: Some(self.address.parse().expect("an address")), ..Origin::default() }
    }
}

/// A code that reached the contact's owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Newest,
    Oldest,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Register(Actor),
    Send(Actor),
    /// Only the owner reads what is sent to the contact.
    Verify(Actor, Which),
}

/// The accounts of a server whose store is empty.
struct World {
    accounts: Accounts<MemoryStorage, PlainHasher>,
    outbox: OpenOutbox<MemoryStorage>,
    clock: Arc<ManualClock>,
}

fn contact() -> Contact {
    Contact::parse("olivia@example.com", Region::US).expect("a contact")
}

impl World {
    fn new() -> Self {
        let mut signal = MockSignal::new();
        signal.expect_outbox_filled().return_const(());
        let clock = Arc::new(ManualClock::at("2026-01-02T03:04:05.678Z"));
        let (storage, keys) = (Arc::new(MemoryStorage::default()), Arc::new(sample_keys()));
        let mut rules = AccountRules::default();
        rules.limits.enabled = false;
        let tools = Tools {
            clock: clock.clone(),
            randomness: Arc::new(CountingRandomness::default()),
            timer: Arc::new(InstantTimer),
            signal: Arc::new(signal),
            keys: keys.clone(),
            signer: Arc::new(MockSigner::new()),
            rules,
        };
        Self {
            accounts: Accounts::new(storage.clone(), Arc::new(PlainHasher), tools),
            outbox: OpenOutbox {
                storage,
                renderer: RENDERER.with(Clone::clone),
                keys,
                clock: clock.clone(),
                challenges: ChallengeRules::default(),
                cleared: asteroid_application::development::ClearedMessages::default(),
            },
            clock,
        }
    }

    async fn register(&self, actor: Actor) {
        let request = Register {
            name: PersonName::new(actor.name, "Example").expect("a name"),
            contact: contact(),
            contact_type: ContactType::Personal,
            password: Password::new(actor.password),
            origin: actor.origin(),
        };
        self.accounts.register(request).await.expect("registration answers everyone alike");
        self.clock.advance(Duration::from_secs(61));
    }

    async fn send(&self, actor: Actor) {
        let request =
            SendCodes { contacts: vec![contact()], version: CodeVersion::V1, origin: actor.origin() };
        self.accounts.send_codes(request).await.expect("sending answers everyone alike");
        self.clock.advance(Duration::from_secs(61));
    }

    /// The codes that reached the contact and still work, the newest first.
    async fn codes(&self) -> Vec<String> {
        let messages = self.outbox.latest_messages(usize::MAX).await.expect("the outbox");
        let code = |shown| match shown {
            Some(ShownCode::Works { code, .. }) => Some(code.expose().to_owned()),
            _ => None,
        };
        messages.into_iter().filter_map(|message| code(message.code)).collect()
    }

    /// [`None`] if the code does not work, or none reached the contact.
    async fn verify(&self, actor: Actor, which: Which) -> Option<SignedIn> {
        let codes = self.codes().await;
        let code = match which {
            Which::Newest => codes.first(),
            Which::Oldest => codes.last(),
        }?;
        let guess = asteroid_verification::CodeGuess::new(code);
        let verified =
            self.accounts.verify_code(VerifyCode { contact: contact(), guess, origin: actor.origin() }).await;
        self.clock.advance(Duration::from_secs(61));
        match verified {
            Ok(signed_in) => Some(signed_in),
            // Of a registration that a fourth one ended.
            Err(VerifyCodeError::InvalidCode) => None,
            Err(error) => panic!("{error:?}"),
        }
    }

    async fn signs_in(&self, actor: Actor, password: &str) -> bool {
        let request = SignIn {
            contact: contact(),
            password: Password::new(password),
            token: TokenForm::Opaque,
            origin: actor.origin(),
        };
        self.accounts.sign_in(request).await.is_ok()
    }

    /// The first name of the user who signed in.
    async fn first_name(&self, signed_in: &SignedIn) -> String {
        let profile = self.accounts.profile(signed_in.caller).await.expect("the store answers");
        let user = profile.expect("a user").user;
        assert_eq!(user.status, UserStatus::Enabled);
        user.name.first().to_owned()
    }
}

thread_local! {
    static RENDERER: MessageRenderer =
        MessageRenderer::new(Branding::default(), &std::collections::BTreeMap::new()).expect("templates");
}

/// Lets all act in this order. The owner verifies only after a registration or a request of their own. Says whether an
/// account was made.
async fn act(order: &[Action]) -> bool {
    let world = World::new();
    let (mut owner_acted, mut signed_in) = (false, None);
    for action in order {
        match *action {
            Action::Register(actor) => world.register(actor).await,
            Action::Send(actor) => world.send(actor).await,
            Action::Verify(actor, which) if owner_acted => {
                signed_in = world.verify(actor, which).await.or(signed_in);
            }
            Action::Verify(..) => {}
        }
        owner_acted |=
            matches!(action, Action::Register(actor) | Action::Send(actor) if actor.name == OWNER.name);
    }
    for attacker in [ATTACKER, ACCOMPLICE] {
        assert!(!world.signs_in(attacker, attacker.password).await, "{attacker:?} signs in: {order:#?}");
    }
    if let Some(signed_in) = &signed_in {
        let name = world.first_name(signed_in).await;
        assert!([OWNER.name, ""].contains(&name.as_str()), "the account is {name}'s: {order:#?}");
    }
    signed_in.is_some()
}

/// Every order of these actions up to this length: as lists of places.
fn orders(actions: usize, length: u32) -> impl Iterator<Item = Vec<usize>> {
    (0..actions.pow(length))
        .map(move |number| (0..length).map(|place| number / actions.pow(place) % actions).collect())
}

async fn every_order_is_safe(actions: &[Action], length: u32) {
    let mut accounts_made = 0;
    for order in orders(actions.len(), length) {
        let order: Vec<_> = order.into_iter().map(|place| actions[place]).collect();
        accounts_made += u32::from(act(&order).await);
    }
    // So that the loop is known to have tested something.
    assert!(accounts_made > 100, "{accounts_made}");
}

#[tokio::test]
async fn no_order_of_registrations_sends_and_verifications_lets_an_attacker_in() {
    let actions = [
        Action::Register(OWNER),
        Action::Send(OWNER),
        Action::Verify(OWNER, Which::Newest),
        Action::Verify(OWNER, Which::Oldest),
        Action::Register(ATTACKER),
        Action::Send(ATTACKER),
        Action::Register(ACCOMPLICE),
    ];
    every_order_is_safe(&actions, 5).await;
}

#[tokio::test]
async fn no_order_lets_an_attacker_in_whose_victim_changes_networks() {
    let actions = [
        Action::Register(OWNER),
        Action::Send(OWNER_ON_MOBILE),
        Action::Verify(OWNER_ON_MOBILE, Which::Newest),
        Action::Verify(OWNER, Which::Oldest),
        Action::Register(ATTACKER),
        Action::Send(ACCOMPLICE),
    ];
    every_order_is_safe(&actions, 4).await;
}

#[tokio::test]
async fn an_ordinary_registration_keeps_its_password_and_name() {
    for order in [
        vec![Action::Register(OWNER), Action::Verify(OWNER, Which::Newest)],
        vec![Action::Register(OWNER), Action::Register(OWNER), Action::Verify(OWNER, Which::Newest)],
        vec![Action::Register(OWNER), Action::Register(OWNER), Action::Verify(OWNER, Which::Oldest)],
        vec![Action::Register(OWNER), Action::Send(OWNER), Action::Verify(OWNER, Which::Newest)],
        vec![Action::Register(OWNER), Action::Verify(OWNER_ON_MOBILE, Which::Newest)],
        vec![Action::Register(OWNER), Action::Send(OWNER), Action::Verify(OWNER_ON_MOBILE, Which::Newest)],
        // Others who try do not cost the owner the password on the owner's own network.
        vec![Action::Register(OWNER), Action::Register(ATTACKER), Action::Verify(OWNER, Which::Oldest)],
        vec![Action::Register(ATTACKER), Action::Register(OWNER), Action::Verify(OWNER, Which::Newest)],
        vec![
            Action::Register(OWNER),
            Action::Register(ATTACKER),
            Action::Send(OWNER),
            Action::Verify(OWNER, Which::Newest),
        ],
    ] {
        let world = World::new();
        let mut name = None;
        for action in &order {
            match *action {
                Action::Register(actor) => world.register(actor).await,
                Action::Send(actor) => world.send(actor).await,
                Action::Verify(actor, which) => {
                    let signed_in = world.verify(actor, which).await.expect("a code");
                    name = Some(world.first_name(&signed_in).await);
                }
            }
        }
        assert_eq!(name.as_deref(), Some(OWNER.name), "{order:#?}");
        assert!(world.signs_in(OWNER, OWNER.password).await, "{order:#?}");
        assert!(!world.signs_in(ATTACKER, ATTACKER.password).await, "{order:#?}");
    }
}

#[tokio::test]
async fn a_registration_that_another_network_may_have_prepared_signs_in_without_a_password() {
    // The owner never registered, so no name is known to be the owner's.
    let world = World::new();
    world.register(ATTACKER).await;
    world.send(OWNER).await;
    let signed_in = world.verify(OWNER, Which::Newest).await.expect("a code");
    assert_eq!(world.first_name(&signed_in).await, "");
    assert!(!world.signs_in(OWNER, OWNER.password).await, "no password is set");

    // The owner registered, and redeems the code of the attacker's registration.
    let world = World::new();
    world.register(OWNER).await;
    world.register(ATTACKER).await;
    let signed_in = world.verify(OWNER, Which::Newest).await.expect("a code");
    assert_eq!(world.first_name(&signed_in).await, OWNER.name);
    assert!(!world.signs_in(OWNER, OWNER.password).await, "no password is set");
}

#[tokio::test]
async fn a_registration_that_was_ended_still_counts_as_a_claim() {
    // Three more of the owner's registrations end the attacker's; from mobile data, none of them is trusted.
    let world = World::new();
    world.register(ATTACKER).await;
    for _ in 0..3 {
        world.register(OWNER).await;
    }
    let signed_in = world.verify(OWNER_ON_MOBILE, Which::Newest).await.expect("a code");
    assert_eq!(world.first_name(&signed_in).await, "");
    assert!(!world.signs_in(OWNER, OWNER.password).await, "no password is set");
}

#[tokio::test]
async fn an_expired_claim_costs_no_user_a_password() {
    let world = World::new();
    world.register(ATTACKER).await;
    world.clock.advance(Duration::from_hours(1));
    world.register(OWNER).await;
    world.verify(OWNER_ON_MOBILE, Which::Newest).await.expect("a code");
    assert!(world.signs_in(OWNER, OWNER.password).await);
}
