//! Clauses of [`asteroid_verification::ChallengeRepository`].

use std::time::Duration;

use asteroid_kernel::{CLOCK_SKEW, ChallengeId};
use asteroid_verification::{
    Challenge, ChallengeRepository, ChallengeState, CodeFormat, Guesser, Purpose, PurposeKind,
};

use crate::CompleteStorage;
use crate::fixtures::{RANDOMNESS, TICK, at, challenge, contact, fresh_contact, ip, register};
use crate::race::{ROUNDS, run_concurrently};
use crate::store::Store;

const ALL: [PurposeKind; 3] = [PurposeKind::Register, PurposeKind::SignIn, PurposeKind::Reset];
const LOGIN: [PurposeKind; 1] = [PurposeKind::SignIn];

/// Every field of a challenge is stored, for every purpose, code format, channel and origin.
pub async fn a_challenge_is_stored_in_full(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let given = [
        challenge(&contact("George.Washington@Example.com"), register(), at(0)),
        Challenge {
            format: CodeFormat::Crockford { length: 5 },
            asked_from: Some(ip("2001:db8::7")),
            guesses: 4,
            stranger_guesses: 2,
            ..challenge(&contact("555-665-4345"), Purpose::SignIn, at(1))
        },
        Challenge {
            format: CodeFormat::Digits { length: 12 },
            key_id: "2026-07 \"ü\"".into(),
            asked_from: None,
            expires_at: at(90) + TICK,
            ..challenge(&fresh_contact(), Purpose::Reset, at(2))
        },
    ];
    store.insert_challenges(&given).await;
    for given in given {
        let found = store.find_challenge(given.id).await.expect("the challenge exists");
        assert_eq!(found, given);
        // Equality ignores the spelling of a contact, so the spelling is compared here.
        assert_eq!(found.contact.as_str(), given.contact.as_str());
        assert_eq!(store.live_challenges_of(&given.contact, &ALL, at(3)).await, [given]);
    }
    assert_eq!(store.find_challenge(ChallengeId::new(at(0), &*RANDOMNESS)).await, None);
}

/// The open challenges of a contact, in any spelling, are listed newest first. Those of other contacts are not.
pub async fn open_challenges_are_listed_newest_first(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let [second, third, first] =
        [2, 3, 1].map(|seconds| challenge(&contact("George@example.com"), Purpose::SignIn, at(seconds)));
    let other = challenge(&fresh_contact(), Purpose::SignIn, at(4));
    store.insert_challenges(&[second.clone(), third.clone(), first.clone(), other]).await;
    let open = store.open_challenges(&contact("GEORGE@EXAMPLE.COM").key(), &LOGIN, at(5)).await;
    assert_eq!(open, [third, second, first]);
    assert_eq!(store.open_challenges(&fresh_contact().key(), &LOGIN, at(5)).await, []);
}

/// A challenge is listed if it is unspent and neither expired nor opened ahead of now, whether or not it has guesses left.
/// Only those for the given purposes are listed. A unit of work that writes sees the same.
pub async fn only_open_challenges_are_listed(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let contact = fresh_contact();
    let short = Challenge { expires_at: at(60), ..challenge(&contact, Purpose::SignIn, at(5)) };
    let long = challenge(&contact, Purpose::SignIn, at(4));
    let guessed = Challenge { guesses: 5, ..challenge(&contact, Purpose::SignIn, at(3)) };
    let spent = challenge(&contact, Purpose::SignIn, at(2));
    let reset = challenge(&contact, Purpose::Reset, at(1));
    let registers = challenge(&contact, register(), at(0));
    let ahead = challenge(&contact, Purpose::SignIn, at(90));
    store
        .insert_challenges(&[
            short.clone(),
            long.clone(),
            guessed.clone(),
            spent.clone(),
            reset.clone(),
            registers.clone(),
            ahead.clone(),
        ])
        .await;
    assert!(store.spend_challenge(spent.id, at(6)).await);
    let key = contact.key();
    let open = async |purposes: &[PurposeKind], now| store.open_challenges(&key, purposes, now).await;
    assert_eq!(open(&LOGIN, at(60) - TICK).await, [short, long.clone(), guessed.clone()]);
    let two = [PurposeKind::Register, PurposeKind::SignIn];
    assert_eq!(open(&two, at(60)).await, [long.clone(), guessed.clone(), registers.clone()]);
    assert_eq!(open(&ALL, at(60)).await, [long.clone(), guessed.clone(), reset.clone(), registers]);
    assert_eq!(open(&[PurposeKind::Reset], at(60)).await, [reset]);
    assert_eq!(open(&[], at(6)).await, []);
    assert_eq!(open(&LOGIN, at(90) - CLOCK_SKEW - TICK).await, [long.clone(), guessed.clone()]);
    assert_eq!(open(&LOGIN, at(90) - CLOCK_SKEW).await, [ahead, long.clone(), guessed.clone()]);
    let written = store.write((key.clone(), at(60)), |(key, now), tx| {
        Box::pin(async move { tx.open_challenges(key, &LOGIN, *now).await })
    });
    assert_eq!(written.await, [long, guessed]);
}

/// A guess counts as the given number of tries against every open challenge of the contact for the purpose, and against no
/// other.
pub async fn a_guess_is_counted_against_every_open_challenge(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let contact = fresh_contact();
    let first = challenge(&contact, Purpose::SignIn, at(1));
    let second = Challenge { guesses: 5, stranger_guesses: 1, ..challenge(&contact, Purpose::SignIn, at(2)) };
    let expired = Challenge { expires_at: at(10), ..challenge(&contact, Purpose::SignIn, at(3)) };
    let other_purpose = challenge(&contact, Purpose::Reset, at(5));
    let other_contact = challenge(&fresh_contact(), Purpose::SignIn, at(6));
    let ahead = challenge(&contact, Purpose::SignIn, at(20));
    let spent = challenge(&contact, Purpose::SignIn, at(7));
    let untouched = [expired, other_purpose, other_contact, ahead];
    store.insert_challenges(&[first.clone(), second.clone(), spent.clone()]).await;
    store.insert_challenges(&untouched).await;
    store.spend_challenge(spent.id, at(8)).await;

    let count = async |guesser, tries| {
        store.count_guess(&contact.key(), PurposeKind::SignIn, guesser, tries, at(10)).await
    };
    assert_eq!(count(Guesser::Asker, 2).await, 2);
    assert_eq!(count(Guesser::Asker, 0).await, 2);
    assert_eq!(count(Guesser::Stranger, 1).await, 2);
    let first = Challenge { guesses: 3, stranger_guesses: 1, ..first };
    let second = Challenge { guesses: 8, stranger_guesses: 2, ..second };
    for kept in untouched.into_iter().chain([first, second]) {
        assert_eq!(store.find_challenge(kept.id).await, Some(kept));
    }
    let spent = Challenge { state: ChallengeState::Spent { at: at(8) }, ..spent };
    assert_eq!(store.find_challenge(spent.id).await, Some(spent));
}

/// A challenge can be spent once and then stores the time. It can be spent without guesses left, because the last guess
/// may have been right.
pub async fn a_challenge_can_be_spent_once(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let contact = fresh_contact();
    let opened = Challenge { guesses: 5, ..challenge(&contact, Purpose::SignIn, at(0)) };
    let other = challenge(&contact, Purpose::SignIn, at(0));
    store.insert_challenges(&[opened.clone(), other.clone()]).await;
    assert!(!store.spend_challenge(ChallengeId::new(at(0), &*RANDOMNESS), at(1)).await);
    assert!(store.spend_challenge(opened.id, at(1) + TICK).await);
    assert!(!store.spend_challenge(opened.id, at(2)).await);
    let spent = Challenge { state: ChallengeState::Spent { at: at(1) + TICK }, ..opened };
    assert_eq!(store.find_challenge(spent.id).await, Some(spent));
    assert_eq!(store.find_challenge(other.id).await, Some(other));
}

/// Of concurrent attempts to spend a challenge, one succeeds.
pub async fn concurrent_spends_of_a_challenge_succeed_once(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    for _ in 0..ROUNDS {
        let opened = challenge(&fresh_contact(), Purpose::SignIn, at(0));
        store.insert_challenge(&opened).await;
        let answers = run_concurrently((0..8).map(|_| {
            let (store, id) = (store.clone(), opened.id);
            async move { store.spend_challenge(id, at(1)).await }
        }))
        .await;
        assert_eq!(answers.into_iter().filter(|spent| *spent).count(), 1);
    }
}

/// All open challenges of a contact for the given purposes are spent, and no others. One that was spent before keeps
/// its time.
pub async fn all_challenges_of_a_contact_can_be_ended(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let own = contact("George@example.com");
    let ended = [
        challenge(&own, Purpose::SignIn, at(0)),
        challenge(&contact("GEORGE@example.com"), register(), at(1)),
        Challenge { guesses: 5, ..challenge(&own, Purpose::SignIn, at(2)) },
    ];
    let others =
        [challenge(&own, Purpose::Reset, at(3)), challenge(&fresh_contact(), Purpose::SignIn, at(4))];
    let spent = challenge(&own, Purpose::SignIn, at(5));
    store.insert_challenges(&ended).await;
    store.insert_challenges(&others).await;
    store.insert_challenge(&spent).await;
    store.spend_challenge(spent.id, at(6)).await;

    let purposes = [PurposeKind::SignIn, PurposeKind::Register];
    assert_eq!(store.end_challenges(&own.key(), &purposes, at(7)).await, 3);
    assert_eq!(store.end_challenges(&own.key(), &purposes, at(8)).await, 0);
    for opened in ended {
        assert_eq!(state(&store, &opened).await, ChallengeState::Spent { at: at(7) });
    }
    assert_eq!(state(&store, &spent).await, ChallengeState::Spent { at: at(6) });
    for other in others {
        assert_eq!(state(&store, &other).await, ChallengeState::Open);
    }
    assert_eq!(store.live_challenges_of(&own, &purposes, at(7)).await, []);
}

async fn state(store: &Store<impl CompleteStorage>, challenge: &Challenge) -> ChallengeState {
    store.find_challenge(challenge.id).await.expect("the challenge exists").state
}

/// The open challenges of a contact for the given purposes that have expired, or were opened ahead of now, are ended, and
/// no others. They stay so when the clock is set back.
pub async fn expired_challenges_of_a_contact_are_ended(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let contact = fresh_contact();
    let expired = Challenge { expires_at: at(60), ..challenge(&contact, Purpose::SignIn, at(1)) };
    let ahead = challenge(&contact, Purpose::SignIn, at(60) + CLOCK_SKEW + TICK);
    let spent = Challenge { expires_at: at(60), ..challenge(&contact, Purpose::SignIn, at(2)) };
    let kept = [
        Challenge { expires_at: at(60) + TICK, ..challenge(&contact, Purpose::SignIn, at(3)) },
        Challenge { expires_at: at(60), ..challenge(&contact, Purpose::Reset, at(4)) },
        Challenge { expires_at: at(60), ..challenge(&fresh_contact(), Purpose::SignIn, at(5)) },
        challenge(&contact, Purpose::SignIn, at(60) + CLOCK_SKEW),
    ];
    store.insert_challenges(&[expired.clone(), ahead.clone(), spent.clone()]).await;
    store.insert_challenges(&kept).await;
    store.spend_challenge(spent.id, at(6)).await;
    let end = async |now| store.end_expired_challenges(&contact.key(), &LOGIN, now).await;
    assert_eq!(end(at(60)).await, 2);
    assert_eq!(end(at(60)).await, 0);
    for ended in [&expired, &ahead] {
        assert_eq!(state(&store, ended).await, ChallengeState::Spent { at: at(60) });
    }
    assert_eq!(state(&store, &spent).await, ChallengeState::Spent { at: at(6) });
    for kept in &kept {
        assert_eq!(state(&store, kept).await, ChallengeState::Open);
    }
    assert_eq!(store.open_challenges(&contact.key(), &LOGIN, at(30)).await, [kept[0].clone()]);
}

/// Challenges that have expired by the given time, or were opened ahead of it, are removed, spent or not, and no others.
pub async fn expired_challenges_are_removed(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let all: Vec<_> =
        [0, 1, 2, 3, 700].map(|seconds| challenge(&fresh_contact(), Purpose::SignIn, at(seconds))).into();
    store.insert_challenges(&all).await;
    for spent in [&all[0], &all[3]] {
        assert!(store.spend_challenge(spent.id, at(4)).await);
    }
    let now = at(1) + Duration::from_mins(10);
    assert_eq!(store.remove_expired_challenges(now).await, 3);
    let mut kept = Vec::new();
    for challenge in &all {
        kept.push(store.find_challenge(challenge.id).await.is_some());
    }
    assert_eq!(kept, [false, false, true, true, false]);
    assert_eq!(store.remove_expired_challenges(now).await, 0);
}
