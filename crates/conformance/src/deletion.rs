//! Clauses about the deletion of users: what each repository removes, and what it keeps.

use asteroid_audit::{Action, AuditEvent, AuditFilter, Outcome};
use asteroid_identity::{ContactType, Tombstone, UserFilter, UserSearch};
use asteroid_kernel::{Contact, Origin, Region, UserId};
use asteroid_limits::{ConsecutiveFailures, LimitKey, SlidingWindow};
use asteroid_terms::Acceptance;
use asteroid_verification::{Purpose, PurposeKind};

use crate::CompleteStorage;
use crate::fixtures::practice::{PRACTICE, membership, with_practices};
use crate::fixtures::{
    RANDOMNESS, acceptance, at, challenge, claim, contact, fresh_contact, imported, ip, label, network,
    new_user, notice, registration, session, terms,
};
use crate::store::Store;

fn origin() -> Origin {
    Origin {
        ip: Some(ip("192.0.2.7")),
        user_agent: Some("Browser/1.0".into()),
        request_id: Some("request-1".into()),
    }
}

/// What the origin of a deleted user's request becomes.
fn anonymous() -> Origin {
    Origin { ip: None, user_agent: None, ..origin() }
}

/// With a deleted user, the contacts, familiar addresses, sessions, memberships and search keys are gone. Others stay, the
/// contacts are free, and the id is not used again.
pub async fn a_deleted_user_leaves_nothing_behind(storage: impl CompleteStorage) {
    let store = with_practices(storage).await;
    let (email, phone, other) = (contact("george@example.com"), contact("555-665-4345"), fresh_contact());
    let mut users = Vec::new();
    for contact in [&other, &email] {
        users.push(store.insert_user(&new_user(contact)).await.expect("the contact is free"));
    }
    let [kept, deleted]: [UserId; 2] = users.try_into().expect("two users");
    let added = store.add_contact(deleted, &phone, ContactType::Work, imported(None), at(1)).await;
    added.expect("the contact is free");
    assert!(store.record_password_reset(deleted, &email.key(), at(2)).await);
    let mut sessions = Vec::new();
    for user in [kept, deleted] {
        store.remember_address(user, network("192.0.2.7"), at(1)).await;
        store.put_membership(&membership(user, "1")).await;
        let session = session(user, at(1));
        store.insert_session(&session, usize::MAX).await;
        sessions.push(session);
    }

    assert!(store.delete_user(deleted).await);
    assert!(!store.delete_user(deleted).await);

    assert_eq!(store.find_profile(deleted).await, None);
    for contact in [&email, &phone] {
        assert_eq!(store.find_user_by_contact(&contact.key()).await, None);
    }
    assert_eq!(store.find_session(sessions[1].id).await, None);
    let token = sessions[1].token.expect("a token");
    assert_eq!(store.find_session_by_token(&token).await, None);
    assert_eq!(store.list_sessions(deleted).await, []);
    assert_eq!(store.find_membership(deleted, None).await, None);
    assert_eq!(store.list_addresses(deleted).await, []);
    for text in ["george@example.com", "+15556654345", &deleted.to_string()] {
        let search = UserSearch::parse(text, Region::US);
        let filter = UserFilter { search, ..UserFilter::default() };
        assert_eq!(store.list_users(&filter, None, 10).await, [], "{text}");
    }
    let of_practice = UserFilter { practice: Some(PRACTICE.0), ..UserFilter::default() };
    assert_eq!(store.list_users(&of_practice, None, 10).await.len(), 1);

    assert!(store.find_profile(kept).await.is_some());
    assert!(store.find_session(sessions[0].id).await.is_some());
    assert!(store.find_membership(kept, None).await.is_some());
    assert_eq!(store.list_addresses(kept).await.len(), 1);
    let next = store.insert_user(&new_user(&email)).await.expect("the contact is free");
    assert!(next.0 > deleted.0, "{next} is a new id");
}

/// Events of the user, and those without a user that have one of the masked contacts, lose the contact, the address and the
/// client. An operator's event keeps where the operator was. No other event changes.
pub async fn events_of_a_deleted_user_lose_what_is_personal(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let (george, martha) = (contact("george@example.com"), contact("martha@example.com"));
    let event =
        |seconds| AuditEvent::new(Action::SignIn, Outcome::Done, &origin(), at(seconds), &*RANDOMNESS);
    let user = Some(UserId(25));
    let events = [
        event(1).of_user(user).with_contact(&george),
        event(2).with_contact(&george),
        event(3).of_user(user).by_operator("root"),
        event(4).of_user(user).with_contact(&martha),
        event(5).of_user(Some(UserId(26))).with_contact(&george),
        event(6).with_contact(&martha),
        event(7),
    ];
    store.record_events(&events).await;
    assert_eq!(store.anonymize_events(UserId(25), &[george.masked()]).await, 4);
    let mut expected = events;
    for place in [0, 1, 3] {
        expected[place].contact = None;
        expected[place].origin = anonymous();
    }
    expected.reverse();
    let all = AuditFilter { user: None, action: None, outcome: None, ip: None, since: None, until: None };
    assert_eq!(store.list_events(&all, None, 10).await, expected);
    let of_address = AuditFilter { ip: Some(ip("192.0.2.7")), ..all };
    assert_eq!(store.list_events(&of_address, None, 10).await.len(), 4);
}

/// The acceptances of the user lose the address and the client, and nothing else.
pub async fn acceptances_of_a_deleted_user_lose_what_is_personal(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let labels = ["v1", "v2"].map(label);
    for label in &labels {
        store.publish_terms(&terms(label, at(0))).await.expect("the label is free");
        for user in [25, 26] {
            let given = Acceptance { origin: origin(), ..acceptance(UserId(user), label, at(5)) };
            assert!(store.accept_terms(&given).await);
        }
    }
    assert_eq!(store.anonymize_acceptances(UserId(25)).await, 2);
    for label in &labels {
        let anonymized = Acceptance { origin: anonymous(), ..acceptance(UserId(25), label, at(5)) };
        assert_eq!(store.find_acceptance(UserId(25), label).await, Some(anonymized));
        let kept = store.find_acceptance(UserId(26), label).await.expect("it is kept");
        assert_eq!(kept.origin, origin());
    }
    assert_eq!(store.anonymize_acceptances(UserId(27)).await, 0);
}

/// All challenges, claims and messages of a contact are removed, in any spelling and whatever their state; others stay.
pub async fn what_is_kept_under_a_contact_is_removed(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let key = contact("GEORGE@example.com").key();
    let [george, martha] = ["george@example.com", "martha@example.com"].map(contact);
    let challenges =
        |to: &Contact| [challenge(to, Purpose::SignIn, at(0)), challenge(to, Purpose::Reset, at(0))];
    let [of_george, of_martha] = [&george, &martha].map(challenges);
    for all in [&of_george, &of_martha] {
        store.insert_challenges(all).await;
    }
    assert!(store.spend_challenge(of_george[0].id, at(1)).await);
    for to in [&george, &martha] {
        store.insert_registration(&registration(to, at(0)), 3).await;
        store.insert_claim(&claim(to, None, at(0))).await;
        store.enqueue_all(&[notice(to, at(0)), notice(to, at(1))]).await;
    }
    let claimed = store.claim_emails(at(1), at(31), 1).await;
    assert_eq!(claimed.len(), 1);

    assert_eq!(store.remove_challenges(&key).await, 2);
    assert_eq!(store.remove_claims(&key).await, 1);
    assert_eq!(store.remove_messages_to(&key).await, 2);

    for challenge in &of_george {
        assert_eq!(store.find_challenge(challenge.id).await, None);
    }
    assert_eq!(store.open_challenges(&martha.key(), PurposeKind::ALL, at(1)).await.len(), 2);
    assert_eq!(store.claimants(&key, at(1)).await, []);
    assert_eq!(store.claimants(&martha.key(), at(1)).await, [None]);
    assert_eq!(store.messages_to(&key, 10).await, []);
    assert_eq!(store.messages_to(&martha.key(), 10).await.len(), 2);
    for removed in [
        store.remove_challenges(&key).await,
        store.remove_claims(&key).await,
        store.remove_messages_to(&key).await,
    ] {
        assert_eq!(removed, 0);
    }
}

/// Limits are removed by their subject, exactly: alone, in the middle of a key, and at its end.
pub async fn limits_are_removed_by_their_subject(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let subject = r"g_o%r\ge@example.com";
    let about = [
        LimitKey::new("sends", subject),
        LimitKey::new("strangers-sends", format_args!("{subject}:192.0.2.0")),
        LimitKey::new("running", format_args!("wrong-codes:{subject}")),
    ];
    let others = [
        LimitKey::new("sends", format_args!("x{subject}")),
        LimitKey::new("sends", format_args!("{subject}m")),
        LimitKey::new("sends", r"gxo%r\ge@example.com"),
        LimitKey::new("sends", r"g_ooor\ge@example.com"),
        LimitKey::new("sends-from", "192.0.2.0"),
    ];
    let window = SlidingWindow::from_times(vec![at(1)]);
    for key in about.iter().chain(&others) {
        store.save_window(key, &window, at(100)).await;
    }
    let failures = LimitKey::new("passwords", subject);
    store.save_failures(&failures, ConsecutiveFailures { count: 3, last_at: Some(at(1)) }, at(100)).await;
    assert_eq!(store.remove_limits_of(subject).await, 4);
    for key in &about {
        assert_eq!(store.window(key).await, SlidingWindow::default(), "{}", key.as_str());
    }
    assert_eq!(store.failures(&failures).await, ConsecutiveFailures::default());
    for key in &others {
        assert_eq!(store.window(key).await, window, "{}", key.as_str());
    }
}

/// A tombstone is found among candidates by its digest. The ids of keys are listed once each. A tombstone can be inserted again.
pub async fn a_tombstone_is_found_among_candidates(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let tombstone = |key: &str, byte| Tombstone { key_id: key.to_owned(), digest: [byte; 32] };
    assert!(!store.has_tombstone(&[]).await);
    assert_eq!(store.tombstone_keys().await, [] as [String; 0]);
    for (seconds, (key, byte)) in (0..).zip([("b", 0), ("b", 255), ("B", 7), ("b", 0)]) {
        store.insert_tombstone(&tombstone(key, byte), at(seconds)).await;
    }
    assert!(!store.has_tombstone(&[]).await);
    assert!(!store.has_tombstone(&[tombstone("b", 1)]).await);
    assert!(store.has_tombstone(&[tombstone("b", 1), tombstone("B", 7)]).await);
    assert_eq!(store.tombstone_keys().await, ["B", "b"]);
}
