//! The limits of sends, on the store in memory.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use asteroid_application::accounts::{
    CodeRequests, CodeVersion, ForgotPassword, PasswordResetRequests, Register, RegisterError, Registrations,
    SendCodes, SendCodesError,
};
use asteroid_application::{AccountRules, Accounts, CountryNotServed, SmsCountries, Tools};
use asteroid_audit::{AuditFilter, AuditRepository, Outcome};
use asteroid_identity::mocks::{MockSigner, PlainHasher};
use asteroid_identity::{
    ContactSource, ContactType, FamiliarAddressRepository, NewUser, Password, PersonName,
    UserRegistrationRepository,
};
use asteroid_kernel::mocks::{CountingRandomness, InstantTimer, ManualClock};
use asteroid_kernel::{Clock, Contact, Network, Origin, Region, Storage, StorageError, unit_of_work};
use asteroid_memory::{MemoryStorage, MemoryTx};
use asteroid_messaging::mocks::MockSignal;
use asteroid_verification::mocks::sample_keys;

const HOME: &str = "192.0.2.1";
const STRANGER: &str = "198.51.100.1";
const OTHER: &str = "203.0.113.1";

struct World {
    accounts: Accounts<MemoryStorage, PlainHasher>,
    storage: Arc<MemoryStorage>,
    clock: Arc<ManualClock>,
}

fn contact(text: &str) -> Contact {
    Contact::parse(text, Region::US).expect("a contact")
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn origin(address: &str) -> Origin {
    Origin { ip: Some(ip(address)), ..Origin::default() }
}

impl World {
    /// These rules, but no pause between two codes to a contact.
    fn new(mut rules: AccountRules) -> Self {
        rules.limits.sends.remove(0);
        let mut signal = MockSignal::new();
        signal.expect_outbox_filled().return_const(());
        let (storage, clock) =
            (Arc::new(MemoryStorage::default()), Arc::new(ManualClock::at("2026-01-02T03:04:05.678Z")));
        let tools = Tools {
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            timer: Arc::new(InstantTimer),
            randomness: Arc::new(CountingRandomness::default()),
            signal: Arc::new(signal),
            keys: Arc::new(sample_keys()),
            signer: Arc::new(MockSigner::new()),
            rules,
        };
        Self { accounts: Accounts::new(Arc::clone(&storage), Arc::new(PlainHasher), tools), storage, clock }
    }

    /// Makes the owner of a contact, who signed in from home.
    async fn user(&self, of: &str) {
        let now = self.clock.now();
        let user = NewUser {
            name: PersonName::new("George", "Washington").expect("a name"),
            password_hash: None,
            contact: contact(of),
            contact_type: ContactType::Personal,
            source: ContactSource::Verified,
            created_at: now,
        };
        let work = unit_of_work((user, now), |(user, now), tx: &mut MemoryTx| {
            Box::pin(async move {
                let id = tx.insert_user(user).await?.expect("the contact is free");
                tx.remember_address(id, Network::of(ip(HOME)), *now).await
            })
        });
        self.storage.write(work).await.map_err(|error: StorageError| error).expect("written");
    }

    /// Whether a code was sent; otherwise how long to wait.
    async fn send(&self, to: &str, from: &str) -> Result<(), Duration> {
        let request =
            SendCodes { contacts: vec![contact(to)], version: CodeVersion::V1, origin: origin(from) };
        self.accounts.send_codes(request).await.map_err(|error| match error {
            SendCodesError::TooManyCodes { retry_after } => retry_after,
            error @ (SendCodesError::CountryNotServed(_) | SendCodesError::Storage(_)) => panic!("{error:?}"),
        })
    }

    /// How many of so many requests send a code.
    async fn sent(&self, to: &str, from: &str, requests: usize) -> usize {
        let mut sent = 0;
        for _ in 0..requests {
            sent += usize::from(self.send(to, from).await.is_ok());
        }
        sent
    }

    async fn refusals_in_trail(&self) -> usize {
        let work = unit_of_work(AuditFilter::default(), |all, tx: &mut MemoryTx| {
            Box::pin(tx.list_events(all, None, 1000))
        });
        let events = self.storage.read(work).await.map_err(|error: StorageError| error).expect("read");
        events.into_iter().filter(|event| event.outcome == Outcome::Limited).count()
    }
}

#[tokio::test]
async fn strangers_together_leave_the_owner_of_a_contact_two_of_five_codes() {
    let world = World::new(AccountRules::default());
    world.user("george@example.com").await;
    assert_eq!(world.sent("george@example.com", STRANGER, 2).await, 2);
    assert_eq!(world.sent("george@example.com", OTHER, 5).await, 1);
    assert_eq!(world.send("george@example.com", STRANGER).await, Err(Duration::from_hours(1)));
    assert_eq!(world.sent("george@example.com", HOME, 5).await, 2);
    world.clock.advance(Duration::from_hours(1));
    assert_eq!(world.sent("george@example.com", OTHER, 5).await, 3);
    world.clock.advance(Duration::from_hours(1));
    assert_eq!(world.sent("george@example.com", OTHER, 5).await, 0, "six are sent to strangers in a day");
    assert_eq!(world.sent("george@example.com", HOME, 5).await, 2, "ten in a day");
}

#[tokio::test]
async fn no_network_takes_more_than_three_of_five_codes_of_a_contact_without_a_user() {
    let world = World::new(AccountRules::default());
    assert_eq!(world.sent("unknown@example.com", STRANGER, 5).await, 3);
    assert_eq!(world.send("unknown@example.com", STRANGER).await, Err(Duration::from_hours(1)));
    assert_eq!(world.sent("unknown@example.com", OTHER, 5).await, 2);
}

#[tokio::test]
async fn a_network_asks_for_twenty_codes_an_hour() {
    let world = World::new(AccountRules::default());
    for n in 0..20 {
        assert_eq!(world.send(&format!("person-{n}@example.com"), "2001:db8:0:1::1").await, Ok(()));
    }
    assert!(world.send("last@example.com", "2001:db8:0:1:ffff::2").await.is_err());
    assert_eq!(world.send("last@example.com", "2001:db8:0:2::1").await, Ok(()));
    // Two contacts count as two codes.
    let mut rules = AccountRules::default();
    rules.limits.sends_per_network[0].count = 3;
    let world = World::new(rules);
    for (contacts, is_sent) in
        [(["a@example.com", "b@example.com"], true), (["c@example.com", "d@example.com"], false)]
    {
        let contacts = contacts.map(contact).into();
        let request = SendCodes { contacts, version: CodeVersion::V1, origin: origin(HOME) };
        assert_eq!(world.accounts.send_codes(request).await.is_ok(), is_sent);
    }
}

#[tokio::test]
async fn numbers_that_differ_in_four_digits_share_a_limit_of_which_a_third_is_kept_for_users() {
    let world = World::new(AccountRules::default());
    world.user("+15556654345").await;
    for n in 0..6 {
        assert_eq!(world.send(&format!("+1555665000{n}"), STRANGER).await, Ok(()));
    }
    assert!(world.send("+15556650009", STRANGER).await.is_err());
    assert_eq!(world.send("+15556660009", STRANGER).await, Ok(()), "another prefix");
    assert_eq!(world.sent("+15556654345", HOME, 5).await, 4, "ten in all");
}

#[tokio::test]
async fn the_sms_of_a_day_are_limited_and_e_mails_are_not() {
    let mut rules = AccountRules::default();
    rules.limits.sms[0].count = 3;
    let world = World::new(rules);
    world.user("+15556654345").await;
    assert_eq!(world.send("+15556610001", STRANGER).await, Ok(()));
    assert_eq!(world.send("+15556620001", OTHER).await, Err(Duration::from_hours(24)));
    assert_eq!(world.sent("+15556654345", HOME, 5).await, 2, "a third is kept for users");
    assert_eq!(world.send("unknown@example.com", STRANGER).await, Ok(()));
}

#[tokio::test]
async fn a_network_registers_ten_contacts_an_hour() {
    let world = World::new(AccountRules::default());
    let register = |n: usize, from| {
        let request = Register {
            name: PersonName::new("George", "Washington").expect("a name"),
            contact: contact(&format!("person-{n}@example.com")),
            contact_type: ContactType::Personal,
            password: Password::new("a fine long password"),
            origin: origin(from),
        };
        world.accounts.register(request)
    };
    for n in 0..10 {
        register(n, STRANGER).await.expect("registered");
    }
    let error = register(10, STRANGER).await.expect_err("ten are");
    let RegisterError::TooManyCodes { retry_after } = error else { panic!("{error:?}") };
    assert_eq!(retry_after, Duration::from_hours(1));
    register(10, OTHER).await.expect("another network");
    assert_eq!(world.send("stranger@example.com", STRANGER).await, Ok(()), "codes are not registrations");
}

#[tokio::test]
async fn a_flood_of_refused_requests_leaves_one_entry_for_each_limit_and_window() {
    let world = World::new(AccountRules::default());
    assert_eq!(world.sent("unknown@example.com", STRANGER, 50).await, 3);
    assert_eq!(world.refusals_in_trail().await, 1);
    assert_eq!(world.sent("unknown@example.com", OTHER, 50).await, 2);
    assert_eq!(world.refusals_in_trail().await, 2);
    world.clock.advance(Duration::from_hours(1));
    assert_eq!(world.sent("unknown@example.com", STRANGER, 50).await, 3);
    assert_eq!(world.refusals_in_trail().await, 3);
}

#[tokio::test]
async fn without_limits_and_without_an_address_no_network_is_limited() {
    let mut rules = AccountRules::default();
    rules.limits.enabled = false;
    assert_eq!(World::new(rules).sent("+15556654345", STRANGER, 30).await, 30);
    let world = World::new(AccountRules::default());
    for n in 0..30 {
        let contacts = vec![contact(&format!("person-{n}@example.com"))];
        let request = SendCodes { contacts, version: CodeVersion::V1, origin: Origin::local() };
        world.accounts.send_codes(request).await.expect("no network is known");
    }
}

#[tokio::test]
async fn codes_go_to_phone_numbers_of_served_countries_only() {
    let (canada, germany, satellite) = ("+1 416 555 0123", "+49 30 123456", "+870 773 111 632");
    let code = async |world: &World, phone: &str| {
        let contacts = vec![contact("george@example.com"), contact(phone)];
        let send = SendCodes { contacts, version: CodeVersion::V1, origin: origin(HOME) };
        let sent = world.accounts.send_codes(send).await;
        let forgot = ForgotPassword { contact: contact(phone), origin: origin(HOME) };
        let forgot = world.accounts.forgot_password(forgot).await;
        let register = Register {
            name: PersonName::new("George", "Washington").expect("a name"),
            contact: contact(phone),
            contact_type: ContactType::Personal,
            password: Password::new("a fine long password"),
            origin: origin(HOME),
        };
        let registered = world.accounts.register(register).await;
        match (sent, forgot, registered) {
            (Ok(()), Ok(()), Ok(())) => Ok(()),
            (
                Err(SendCodesError::CountryNotServed(error)),
                Err(SendCodesError::CountryNotServed(_)),
                Err(RegisterError::CountryNotServed(_)),
            ) => Err(error),
            other => panic!("{other:?}"),
        }
    };
    let world = World::new(AccountRules::default());
    let refused = Err(CountryNotServed { served: vec![Region::US] });
    for phone in [canada, germany, satellite] {
        assert_eq!(code(&world, phone).await, refused, "{phone}");
    }
    assert_eq!(world.sent("george@example.com", HOME, 5).await, 3, "what was refused used nothing up");
    assert_eq!(world.send("555-665-4345", HOME).await, Ok(()));

    let named = SmsCountries::only(vec!["CA".parse().expect("a region"), "DE".parse().expect("a region")]);
    for (sms_countries, phones) in
        [(named, vec![canada, germany]), (SmsCountries::ALL, vec![satellite, germany])]
    {
        let world = World::new(AccountRules { sms_countries, ..AccountRules::default() });
        for phone in phones {
            assert_eq!(code(&world, phone).await, Ok(()), "{phone}");
        }
    }
    let mut rules = AccountRules::default();
    rules.limits.enabled = false;
    assert_eq!(code(&World::new(rules), satellite).await, Ok(()), "limits are off");
}
