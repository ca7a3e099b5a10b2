//! Reviewed changes of passwords and signed tokens, on mocks.

use std::sync::Arc;

use asteroid_application::accounts::{
    AuthenticateError, Caller, PasswordReview, ReviewPasswordChange, ReviewPasswordChangeError,
    ReviewedPasswords, Sessions, SignIn, SignInError, SignIns, TokenForm,
};
use asteroid_application::mocks::{MockStorage, MockTx};
use asteroid_application::{AccountRules, Accounts, Tools};
use asteroid_identity::mocks::{MockSigner, PlainHasher};
use asteroid_identity::{
    ContactSource, ContactType, FoundSession, Password, PasswordFlaw, PersonName, Profile, Session,
    SessionToken, TokenClaims, User, UserContact, UserStatus,
};
use asteroid_kernel::mocks::{CountingRandomness, InstantTimer, ManualClock};
use asteroid_kernel::{Contact, ContactId, Origin, Region, SessionId, StorageError, Timestamp, UserId};
use asteroid_limits::{ConsecutiveFailures, SlidingWindow};
use asteroid_messaging::mocks::MockSignal;
use asteroid_verification::mocks::sample_keys;

const NOW: &str = "2026-01-02T03:04:05.678Z";
const CURRENT: &str = "IWasTheFirstPrez1776";

fn now() -> Timestamp {
    Timestamp::parse(NOW).expect("a time")
}

fn george() -> User {
    User {
        id: UserId(25),
        name: PersonName::new("George", "Washington").expect("a name"),
        status: UserStatus::Enabled,
        administrator: false,
        password_hash: Some(PlainHasher::hash_of(CURRENT)),
        last_login: None,
        created_at: now(),
    }
}

fn george_contact() -> Contact {
    Contact::parse("george@example.com", Region::US).expect("a contact")
}

fn verified(contact: Contact) -> UserContact {
    UserContact {
        id: ContactId(1),
        contact,
        contact_type: ContactType::Personal,
        primary: true,
        source: ContactSource::Verified,
        verified_at: now(),
    }
}

fn caller() -> Caller {
    Caller { user: UserId(25), session: SessionId::new(now(), &CountingRandomness::default()) }
}

fn accounts(tx: MockTx, signer: MockSigner, signals: usize) -> Accounts<MockStorage, PlainHasher> {
    let mut signal = MockSignal::new();
    signal.expect_outbox_filled().times(signals).return_const(());
    let tools = Tools {
        clock: Arc::new(ManualClock::at(NOW)),
        randomness: Arc::new(CountingRandomness::default()),
        timer: Arc::new(InstantTimer),
        signal: Arc::new(signal),
        keys: Arc::new(sample_keys()),
        signer: Arc::new(signer),
        rules: AccountRules::default(),
    };
    Accounts::new(Arc::new(MockStorage::of(tx)), Arc::new(PlainHasher), tools)
}

/// A transaction that knows the user and counts running tries, and in which nothing is replaced unless it is said.
fn tx() -> MockTx {
    let mut tx = MockTx::new();
    tx.expect_find_profile().returning(|_| Ok(Some(Profile { user: george(), contacts: vec![] })));
    runs_tries(&mut tx);
    tx
}

/// No try failed before, and all are counted while they run.
fn runs_tries(tx: &mut MockTx) {
    tx.expect_window().returning(|_| Ok(SlidingWindow::default()));
    tx.expect_save_window().returning(|_, _, _| Ok(()));
    tx.expect_failures().returning(|_| Ok(ConsecutiveFailures::default()));
    tx.expect_remove_limit().returning(|_| Ok(()));
}

async fn review(tx: MockTx, existing: Option<&str>, new: Option<&str>, complete: bool) -> PasswordReview {
    let request = ReviewPasswordChange {
        caller: caller(),
        existing: existing.map(Password::new),
        new: new.map(Password::new),
        complete,
        origin: Origin::local(),
    };
    match accounts(tx, MockSigner::new(), 0).review_password_change(request).await {
        Err(ReviewPasswordChangeError::Refused(review)) => review,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_review_tells_all_that_is_wrong_and_changes_nothing() {
    use PasswordFlaw::{HoldsName, SameAsCurrent, TooShort};
    let cases = [
        (None, Some(CURRENT), false, vec![]),
        (Some("wrong"), Some("short"), false, vec![TooShort { min: 8 }]),
        (Some("wrong"), Some(CURRENT), false, vec![]),
        (Some("wrong guess"), Some("wrong guess"), false, vec![SameAsCurrent]),
        (Some("wrong"), None, false, vec![]),
        (Some("wrong"), Some("washington dc"), false, vec![HoldsName]),
        (Some(CURRENT), Some(CURRENT), true, vec![SameAsCurrent]),
        (Some(CURRENT), Some("short"), true, vec![TooShort { min: 8 }]),
        (Some(CURRENT), None, true, vec![]),
    ];
    for (existing, new, existing_is_right, flaws) in cases {
        for complete in [true, false] {
            let mut tx = tx();
            if !existing_is_right {
                tx.expect_save_failures().times(1).returning(|_, _, _| Ok(()));
                tx.expect_record_event().times(1).returning(|_| Ok(()));
            }
            let review = review(tx, existing, new, complete).await;
            assert_eq!(
                review,
                PasswordReview { existing_is_right, flaws: flaws.clone() },
                "{existing:?} {new:?}"
            );
        }
    }
}

#[tokio::test]
async fn what_the_surface_found_wrong_stops_a_change_that_is_right_otherwise() {
    let review = review(tx(), Some(CURRENT), Some("an even finer one"), false).await;
    assert_eq!(review, PasswordReview { existing_is_right: true, flaws: vec![] });
}

#[tokio::test]
async fn a_clean_review_changes_the_password() {
    let mut tx = tx();
    let new = PlainHasher::hash_of("an even finer one");
    tx.expect_replace_password()
        .times(1)
        .withf(move |_, current, replaced| {
            *current == Some(&PlainHasher::hash_of(CURRENT)) && *replaced == new
        })
        .returning(|_, _, _| Ok(true));
    tx.expect_revoke_sessions()
        .times(1)
        .withf(|_, keep| *keep == Some(caller().session))
        .returning(|_, _| Ok(0));
    tx.expect_record_event().times(1).returning(|_| Ok(()));
    let request = ReviewPasswordChange {
        caller: caller(),
        existing: Some(Password::new(CURRENT)),
        new: Some(Password::new("an even finer one")),
        complete: true,
        origin: Origin::local(),
    };
    accounts(tx, MockSigner::new(), 1).review_password_change(request).await.expect("changed");
}

fn session(token: Option<SessionToken>) -> Session {
    Session {
        id: caller().session,
        user: UserId(25),
        token: token.map(|token| token.hash()),
        created_at: now(),
        expires_at: now() + AccountRules::default().sessions.absolute,
        last_used_at: now(),
        origin: Origin::local(),
    }
}

fn signer_that_reads(user: i64) -> MockSigner {
    let mut signer = MockSigner::new();
    signer.expect_read().returning(move |_, at| {
        let (user, session) = (UserId(user), caller().session);
        Some(TokenClaims { user, session, issued_at: at, expires_at: at })
    });
    signer
}

/// A transaction in which George's password is right and a session can be opened.
fn tx_of_a_sign_in() -> MockTx {
    let mut tx = MockTx::new();
    tx.expect_find_user_by_contact().returning(|_| Ok(Some(george())));
    runs_tries(&mut tx);
    tx.expect_save_failures().returning(|_, _, _| Ok(()));
    tx.expect_record_event().returning(|_| Ok(()));
    tx.expect_record_sign_in().times(1).returning(|_, _, _| Ok(true));
    tx.expect_insert_session().times(1).withf(|session, _| session.token.is_none()).returning(|_, _| Ok(()));
    tx.expect_find_membership().returning(|_, _| Ok(None));
    tx
}

#[tokio::test]
async fn a_signed_token_names_its_session_and_nothing_of_it_is_stored() {
    let mut tx = tx_of_a_sign_in();
    tx.expect_find_profile()
        .returning(|_| Ok(Some(Profile { user: george(), contacts: vec![verified(george_contact())] })));
    let mut signer = MockSigner::new();
    signer
        .expect_sign()
        .times(1)
        .withf(|claims| claims.user == UserId(25) && claims.expires_at > claims.issued_at)
        .returning(|claims| Ok(format!("signed for {}", claims.session)));
    let request = SignIn {
        contact: george_contact(),
        password: Password::new(CURRENT),
        token: TokenForm::Signed,
        origin: Origin::local(),
    };
    let signed_in = accounts(tx, signer, 0).sign_in(request).await.expect("signed in");
    let signed_in = signed_in.signed_in;
    assert_eq!(signed_in.token.expose(), format!("signed for {}", signed_in.caller.session));
    assert_eq!(format!("{:?}", signed_in.token), "BearerToken(..)");
}

#[tokio::test]
async fn a_signed_token_is_worth_no_more_than_its_session() {
    let opaque = || SessionToken::new(&CountingRandomness::default());
    for (found, names, admitted) in [
        (Some(session(None)), 25, true),
        (None, 25, false),
        (Some(session(None)), 26, false),
        (Some(session(Some(opaque()))), 25, false),
        (Some(Session { expires_at: now(), ..session(None) }), 25, false),
    ] {
        let mut tx = MockTx::new();
        let found = found.map(|session| FoundSession { session, user_status: UserStatus::Enabled });
        tx.expect_find_session().returning(move |_| Ok(found.clone()));
        let outcome = accounts(tx, signer_that_reads(names), 0).authenticate("a.b.c".into()).await;
        match outcome {
            Ok(caller) => assert!(admitted, "{caller:?}"),
            Err(error) => {
                assert!(!admitted && matches!(error, AuthenticateError::Unauthenticated), "{error:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_disabled_user_has_no_session() {
    for (user_status, is_admitted) in [(UserStatus::Enabled, true), (UserStatus::Disabled, false)] {
        let opaque = SessionToken::new(&CountingRandomness::default());
        let session = session(Some(SessionToken::new(&CountingRandomness::default())));
        let mut tx = MockTx::new();
        tx.expect_find_session_by_token()
            .returning(move |_| Ok(Some(FoundSession { session: session.clone(), user_status })));
        let outcome = accounts(tx, MockSigner::new(), 0).authenticate(opaque.expose().to_owned()).await;
        assert_eq!(outcome.is_ok(), is_admitted, "{outcome:?}");
    }
}

#[tokio::test]
async fn a_sign_in_whose_profile_cannot_be_read_keeps_no_session() {
    let mut tx = tx_of_a_sign_in();
    tx.expect_find_profile().returning(|_| Err(StorageError::Failed("broken".into())));
    let mut signer = MockSigner::new();
    signer.expect_sign().returning(|_| Ok("signed".to_owned()));
    let accounts = accounts(tx, signer, 0);
    let request = SignIn {
        contact: george_contact(),
        password: Password::new(CURRENT),
        token: TokenForm::Signed,
        origin: Origin::local(),
    };
    let error = accounts.sign_in(request).await.expect_err("the store fails");
    assert!(matches!(error, SignInError::Storage(StorageError::Failed(_))), "{error:?}");
}

#[tokio::test]
async fn a_user_who_lost_the_contact_or_is_gone_keeps_no_session_of_a_sign_in() {
    let other = Contact::parse("other@example.com", Region::US).expect("a contact");
    let lost = Profile { user: george(), contacts: vec![verified(other)] };
    for profile in [Some(lost), None] {
        let mut tx = tx_of_a_sign_in();
        tx.expect_find_profile().return_once(move |_| Ok(profile));
        tx.expect_revoke_session().times(1).returning(|_, _| Ok(true));
        let mut signer = MockSigner::new();
        signer.expect_sign().returning(|_| Ok("signed".to_owned()));
        let request = SignIn {
            contact: george_contact(),
            password: Password::new(CURRENT),
            token: TokenForm::Signed,
            origin: Origin::local(),
        };
        let error = accounts(tx, signer, 0).sign_in(request).await.expect_err("no session");
        assert!(matches!(error, SignInError::InvalidCredentials), "{error:?}");
    }
}
