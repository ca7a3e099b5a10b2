//! Emptying the outbox, on mocks: what may leave, what must not, and what is noted of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use asteroid_application::mocks::{MockStorage, MockTx};
use asteroid_application::{DeliveryRules, Dispatcher};
use asteroid_kernel::mocks::{CountingRandomness, ManualClock};
use asteroid_kernel::{ChallengeId, Contact, MessageId, Region, StorageError, Timestamp};
use asteroid_messaging::mocks::MockTransport;
use asteroid_messaging::{
    Branding, Channel, Claim, Content, DeliveryError, Message, MessageKind, MessageRenderer, OutboxState,
};
use asteroid_verification::mocks::sample_keys;
use asteroid_verification::{Challenge, ChallengeState, CodeFormat, Nonce, Purpose};

const NOW: &str = "2026-01-02T03:04:05.678Z";

fn now() -> Timestamp {
    Timestamp::parse(NOW).expect("a time")
}

fn contact() -> Contact {
    Contact::parse("george@example.com", Region::US).expect("a contact")
}

fn challenge(state: ChallengeState) -> Challenge {
    Challenge {
        id: ChallengeId::new(now(), &CountingRandomness::default()),
        contact: contact(),
        purpose: Purpose::SignIn,
        format: CodeFormat::Crockford { length: 5 },
        nonce: Nonce([7; 16]),
        key_id: sample_keys().current_id(),
        asked_from: None,
        created_at: now(),
        expires_at: now() + Duration::from_secs(600),
        guesses: 0,
        stranger_guesses: 0,
        state,
    }
}

/// A dispatcher of e-mails over these mocks; no SMS may leave.
fn dispatcher(tx: MockTx, email: MockTransport) -> Dispatcher<MockStorage, MockTransport, MockTransport> {
    Dispatcher {
        storage: Arc::new(MockStorage::of(tx)),
        email,
        sms: MockTransport::new(),
        renderer: MessageRenderer::new(Branding::default(), &BTreeMap::new())
            .expect("what comes along is good"),
        keys: Arc::new(sample_keys()),
        clock: Arc::new(ManualClock::at(NOW)),
        randomness: Arc::new(CountingRandomness::default()),
        rules: DeliveryRules::default(),
    }
}

fn claim(content: Content) -> Claim {
    let kind =
        if content == Content::Notice { MessageKind::PasswordChanged } else { MessageKind::SignInCode };
    let message = Message {
        id: MessageId::new(now(), &CountingRandomness::default()),
        to: contact(),
        kind,
        content,
        created_at: now(),
        expires_at: now() + Duration::from_secs(600),
    };
    Claim { message, attempt: 3 }
}

/// Claims and delivers one e-mail, whose outcome must be as expected.
async fn deliver_one(
    claim: Claim,
    found: Option<Challenge>,
    email: MockTransport,
    expected: impl Fn(&OutboxState) -> bool + Send + 'static,
) {
    let mut tx = MockTx::new();
    tx.expect_next_due().returning(|_| Ok(Some(now())));
    let id = claim.message.id;
    tx.expect_claim_due()
        .times(1)
        .withf(|channel, at, lease_until, at_most| {
            let lease = lease_until.since(*at);
            (*channel, *at, lease.as_secs(), *at_most) == (Channel::Email, now(), 30, 16)
        })
        .returning(move |_, _, _, _| Ok(vec![claim.clone()]));
    tx.expect_find_challenge().returning(move |_| Ok(found.clone()));
    tx.expect_complete()
        .times(1)
        .withf(move |settled, attempt, state| *settled == id && *attempt == 3 && expected(state))
        .returning(|_, _, _| Ok(true));
    let dispatcher = dispatcher(tx, email);
    let mut batch = dispatcher.next_batch(Channel::Email, &[], 16).await.expect("the store works");
    let delivery = batch.deliveries.pop().expect("one claim");
    assert!(batch.deliveries.is_empty());
    let completed = dispatcher.deliver(delivery).await;
    let batch = dispatcher.next_batch(Channel::Email, &[completed], 0).await.expect("the store works");
    assert!(batch.deliveries.is_empty(), "there was no free place");
    assert_eq!(dispatcher.storage.committed(), 2, "one unit claimed, one settled");
}

#[tokio::test]
async fn a_code_that_was_used_is_not_sent() {
    let spent = challenge(ChallengeState::Spent { at: now() });
    let content = Content::Code { challenge: spent.id, autofill: false };
    let nothing = MockTransport::new();
    deliver_one(claim(content), Some(spent), nothing, |state| matches!(state, OutboxState::Failed { .. }))
        .await;
}

#[tokio::test]
async fn a_useless_message_is_not_sent() {
    let mut late = claim(Content::Notice);
    late.message.expires_at = now();
    let nothing = MockTransport::new();
    deliver_one(late, None, nothing, |state| matches!(state, OutboxState::Failed { .. })).await;
}

#[tokio::test]
async fn a_decoy_message_is_never_delivered() {
    let mut decoy = claim(Content::Notice);
    decoy.message.expires_at = decoy.message.created_at;
    let nothing = MockTransport::new();
    deliver_one(
        decoy,
        None,
        nothing,
        |state| matches!(state, OutboxState::Failed { reason, .. } if reason == "no user has this contact"),
    )
    .await;
}

#[tokio::test]
async fn a_refusal_for_good_is_not_tried_again_and_a_passing_failure_is() {
    let mut refusing = MockTransport::new();
    refusing.expect_deliver().times(1).returning(|_| Err(DeliveryError::Permanent("no such mailbox".into())));
    deliver_one(
        claim(Content::Notice),
        None,
        refusing,
        |state| matches!(state, OutboxState::Failed { reason, .. } if reason == "no such mailbox"),
    )
    .await;
    let mut failing = MockTransport::new();
    failing.expect_deliver().times(1).returning(|_| Err(DeliveryError::Passing("try later".into())));
    deliver_one(claim(Content::Notice), None, failing, |state| {
        // After the third attempt: four seconds, less at most a quarter.
        matches!(state, OutboxState::Waiting { due_at }
            if (Duration::from_secs(3)..=Duration::from_secs(4)).contains(&due_at.since(now())))
    })
    .await;
}

#[tokio::test]
async fn a_dispatcher_with_nothing_to_do_writes_nothing() {
    for (next_due, at_most) in [(None, 16), (Some(now() + Duration::from_micros(1)), 16), (Some(now()), 0)] {
        let mut tx = MockTx::new();
        tx.expect_next_due().times(1).returning(move |_| Ok(next_due));
        let dispatcher = dispatcher(tx, MockTransport::new());
        let batch = dispatcher.next_batch(Channel::Email, &[], at_most).await.expect("the store works");
        assert_eq!((batch.deliveries.len(), batch.next_due), (0, next_due));
        assert_eq!(dispatcher.storage.committed(), 0);
    }
}

#[tokio::test]
async fn what_ended_together_is_settled_in_the_unit_that_claims_what_comes_next() {
    let mut tx = MockTx::new();
    tx.expect_next_due().returning(|_| Ok(Some(now())));
    tx.expect_claim_due().times(2).returning(|_, _, _, at_most| Ok(vec![claim(Content::Notice); at_most]));
    tx.expect_complete().times(3).returning(|_, _, _| Ok(true));
    let mut email = MockTransport::new();
    email.expect_deliver().times(3).returning(|_| Ok(()));
    let dispatcher = dispatcher(tx, email);
    let batch = dispatcher.next_batch(Channel::Email, &[], 3).await.expect("the store works");
    let mut completed = Vec::new();
    for delivery in batch.deliveries {
        completed.push(dispatcher.deliver(delivery).await);
    }
    let batch = dispatcher.next_batch(Channel::Email, &completed, 2).await.expect("the store works");
    assert_eq!((batch.deliveries.len(), dispatcher.storage.committed()), (2, 2));
}

#[tokio::test]
async fn what_could_not_be_noted_is_rolled_back_and_claims_nothing() {
    let mut tx = MockTx::new();
    tx.expect_next_due().returning(|_| Ok(Some(now())));
    tx.expect_claim_due().times(1).returning(|_, _, _, _| Ok(vec![claim(Content::Notice)]));
    tx.expect_complete().times(1).returning(|_, _, _| Err(StorageError::Busy));
    let mut email = MockTransport::new();
    email.expect_deliver().times(1).returning(|_| Ok(()));
    let dispatcher = dispatcher(tx, email);
    let mut batch = dispatcher.next_batch(Channel::Email, &[], 16).await.expect("the store works");
    let completed = dispatcher.deliver(batch.deliveries.pop().expect("one claim")).await;
    let error = dispatcher.next_batch(Channel::Email, &[completed], 16).await.expect_err("the store is busy");
    assert!(matches!(error, StorageError::Busy), "{error:?}");
    assert_eq!(dispatcher.storage.rolled_back(), 1);
}
