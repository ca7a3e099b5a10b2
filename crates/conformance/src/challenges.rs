//! Clauses of [`asteroid_verification::ChallengeRepository`].

use std::time::Duration;

use asteroid_kernel::ChallengeId;
use asteroid_verification::{Challenge, ChallengeState, CodeFormat, Guesser, Purpose, PurposeKind};

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

/// The live challenges of a contact, in any spelling, are listed newest first. Those of other contacts are not.
pub async fn live_challenges_are_listed_newest_first(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let [second, third, first] =
        [2, 3, 1].map(|seconds| challenge(&contact("George@example.com"), Purpose::SignIn, at(seconds)));
    let other = challenge(&fresh_contact(), Purpose::SignIn, at(4));
    store.insert_challenges(&[second.clone(), third.clone(), first.clone(), other]).await;
    let live = store.live_challenges_of(&contact("GEORGE@EXAMPLE.COM"), &LOGIN, at(5)).await;
    assert_eq!(live, [third, second, first]);
    assert_eq!(store.live_challenges_of(&fresh_contact(), &LOGIN, at(5)).await, []);
}

/// A challenge is live if it is unspent, not expired, and has guesses left. Only those for the given purposes are
/// listed.
pub async fn only_live_challenges_are_listed(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let contact = fresh_contact();
    let short = Challenge { expires_at: at(60), ..challenge(&contact, Purpose::SignIn, at(5)) };
    let long = challenge(&contact, Purpose::SignIn, at(4));
    let guessed = Challenge { guesses: 5, ..challenge(&contact, Purpose::SignIn, at(3)) };
    let spent = challenge(&contact, Purpose::SignIn, at(2));
    let reset = challenge(&contact, Purpose::Reset, at(1));
    let registers = challenge(&contact, register(), at(0));
    store
        .insert_challenges(&[
            short.clone(),
            long.clone(),
            guessed,
            spent.clone(),
            reset.clone(),
            registers.clone(),
        ])
        .await;
    assert!(store.spend_challenge(spent.id, at(6)).await);
    let live = async |purposes: &[PurposeKind], now| store.live_challenges_of(&contact, purposes, now).await;
    assert_eq!(live(&LOGIN, at(60) - TICK).await, [short, long.clone()]);
    let two = [PurposeKind::Register, PurposeKind::SignIn];
    assert_eq!(live(&two, at(60)).await, [long.clone(), registers.clone()]);
    assert_eq!(live(&ALL, at(60)).await, [long.clone(), reset.clone(), registers]);
    assert_eq!(live(&LOGIN, at(60)).await, [long]);
    assert_eq!(live(&[PurposeKind::Reset], at(60)).await, [reset]);
    assert_eq!(live(&[], at(6)).await, []);
}

/// A guess is counted once against every live challenge of the contact for the given purposes, and against no other.
/// The counted challenges are returned with the new counts.
pub async fn a_guess_is_counted_against_every_live_challenge(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let contact = fresh_contact();
    let first = challenge(&contact, Purpose::SignIn, at(1));
    let second = Challenge { guesses: 3, stranger_guesses: 1, ..challenge(&contact, register(), at(2)) };
    let expired = Challenge { expires_at: at(10), ..challenge(&contact, Purpose::SignIn, at(3)) };
    let guessed = Challenge { guesses: 5, ..challenge(&contact, Purpose::SignIn, at(4)) };
    let other_purpose = challenge(&contact, Purpose::Reset, at(5));
    let other_contact = challenge(&fresh_contact(), Purpose::SignIn, at(6));
    let spent = challenge(&contact, Purpose::SignIn, at(7));
    let untouched = [expired, guessed, other_purpose, other_contact];
    store.insert_challenges(&[first.clone(), second.clone(), spent.clone()]).await;
    store.insert_challenges(&untouched).await;
    store.spend_challenge(spent.id, at(8)).await;

    let purposes = [PurposeKind::Register, PurposeKind::SignIn];
    let counted = store.count_guess_of(&contact, &purposes, Guesser::Asker, at(10)).await;
    let [first, second] = [Challenge { guesses: 1, ..first }, Challenge { guesses: 4, ..second }];
    assert_eq!(counted, [second.clone(), first.clone()]);
    for kept in untouched.into_iter().chain([first, second]) {
        assert_eq!(store.find_challenge(kept.id).await, Some(kept));
    }
    let spent = Challenge { state: ChallengeState::Spent { at: at(8) }, ..spent };
    assert_eq!(store.find_challenge(spent.id).await, Some(spent));
}

/// The last guess within the limit is counted and its challenge returned. Later guesses are not.
pub async fn guesses_are_counted_up_to_the_limit(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let contact = fresh_contact();
    let opened = challenge(&contact, Purpose::SignIn, at(0));
    store.insert_challenge(&opened).await;
    for guesses in 1..=5 {
        let counted = store.count_guess_of(&contact, &LOGIN, Guesser::Asker, at(1)).await;
        assert_eq!(counted, [Challenge { guesses, ..opened.clone() }]);
    }
    for guesser in [Guesser::Asker, Guesser::Stranger] {
        assert_eq!(store.count_guess_of(&contact, &LOGIN, guesser, at(1)).await, []);
    }
    assert_eq!(store.live_challenges_of(&contact, &LOGIN, at(1)).await, []);
    assert_eq!(store.find_challenge(opened.id).await, Some(Challenge { guesses: 5, ..opened }));
}

/// A guess from a stranger increments both counts, up to the limit for strangers. The asker keeps the remaining
/// guesses.
pub async fn guesses_of_strangers_have_a_limit_of_their_own(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let contact = fresh_contact();
    let opened = challenge(&contact, Purpose::SignIn, at(0));
    store.insert_challenge(&opened).await;
    for count in 1..=2 {
        let counted = store.count_guess_of(&contact, &LOGIN, Guesser::Stranger, at(1)).await;
        assert_eq!(counted, [Challenge { guesses: count, stranger_guesses: count, ..opened.clone() }]);
    }
    assert_eq!(store.count_guess_of(&contact, &LOGIN, Guesser::Stranger, at(1)).await, []);
    for guesses in 3..=5 {
        let counted = store.count_guess_of(&contact, &LOGIN, Guesser::Asker, at(1)).await;
        assert_eq!(counted, [Challenge { guesses, stranger_guesses: 2, ..opened.clone() }]);
    }
    assert_eq!(store.count_guess_of(&contact, &LOGIN, Guesser::Asker, at(1)).await, []);
}

/// A guess from a stranger is counted only against challenges below the limit for strangers.
pub async fn a_stranger_guess_skips_challenges_at_the_stranger_limit(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let contact = fresh_contact();
    let used_up =
        Challenge { guesses: 2, stranger_guesses: 2, ..challenge(&contact, Purpose::SignIn, at(0)) };
    let open = challenge(&contact, Purpose::SignIn, at(1));
    store.insert_challenges(&[used_up.clone(), open.clone()]).await;
    let counted = store.count_guess_of(&contact, &LOGIN, Guesser::Stranger, at(2)).await;
    assert_eq!(counted, [Challenge { guesses: 1, stranger_guesses: 1, ..open }]);
    assert_eq!(store.find_challenge(used_up.id).await, Some(used_up));
}

/// Of concurrent guesses, no more are counted than the limit allows.
pub async fn concurrent_guesses_stay_within_the_limit(storage: impl CompleteStorage) {
    concurrent_guesses(Store::new(storage), Guesser::Asker, 40, 5).await;
}

/// Of concurrent guesses from strangers, no more are counted than their limit allows.
pub async fn concurrent_stranger_guesses_stay_within_the_limit(storage: impl CompleteStorage) {
    concurrent_guesses(Store::new(storage), Guesser::Stranger, 10, 2).await;
}

async fn concurrent_guesses(store: Store<impl CompleteStorage>, guesser: Guesser, guesses: u32, left: u32) {
    for _ in 0..ROUNDS {
        let opened = challenge(&fresh_contact(), Purpose::SignIn, at(0));
        store.insert_challenge(&opened).await;
        let answers = run_concurrently((0..guesses).map(|_| {
            let (store, contact) = (store.clone(), opened.contact.clone());
            async move { store.count_guess_of(&contact, &LOGIN, guesser, at(1)).await }
        }))
        .await;
        // Each counted guess returned a different count.
        let mut counts: Vec<u32> = answers.into_iter().flatten().map(|counted| counted.guesses).collect();
        counts.sort_unstable();
        assert_eq!(counts, (1..=left).collect::<Vec<_>>());
        assert_eq!(store.find_challenge(opened.id).await.map(|counted| counted.guesses), Some(left));
    }
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

/// Challenges that have expired by the given time are removed, spent or not, and no others.
pub async fn expired_challenges_are_removed(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let all: Vec<_> =
        (0..4).map(|seconds| challenge(&fresh_contact(), Purpose::SignIn, at(seconds))).collect();
    store.insert_challenges(&all).await;
    for spent in [&all[0], &all[3]] {
        assert!(store.spend_challenge(spent.id, at(4)).await);
    }
    let now = at(1) + Duration::from_mins(10);
    assert_eq!(store.remove_expired_challenges(now).await, 2);
    let mut kept = Vec::new();
    for challenge in &all {
        kept.push(store.find_challenge(challenge.id).await.is_some());
    }
    assert_eq!(kept, [false, false, true, true]);
    assert_eq!(store.remove_expired_challenges(now).await, 0);
}
