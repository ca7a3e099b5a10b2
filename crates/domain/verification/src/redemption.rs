use std::net::IpAddr;

use asteroid_kernel::{ContactKey, StorageError, Timestamp};

use crate::repository::ChallengeRepository;
use crate::{Challenge, ChallengeRules, CodeGuess, CodeKeys, Guesser, PurposeKind};

/// What came of a guess.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redemption {
    /// It was the code of this challenge, which is spent now. Once it has served its purpose, its contact's others are
    /// to be [ended](ChallengeRepository::end_challenges); not before, for a registration may be gone by then, and its
    /// code must not take those of others with it.
    Redeemed(Challenge),
    /// It was the code of no challenge; it was counted.
    Wrong,
    /// There was nothing to guess: no live challenge, or no guess left for this guesser.
    NothingOpen,
}

/// Tries a guess on the live challenges of a contact for any of these purposes.
///
/// The guess is counted before it is compared. `Wrong` is an outcome to be committed: rolling it back would give
/// the guess back.
///
/// # Errors
///
/// If the store fails.
#[expect(clippy::too_many_arguments, reason = "each is a fact of its own, and none has a sensible default")]
pub async fn redeem<Tx: ChallengeRepository>(
    tx: &mut Tx,
    keys: &CodeKeys,
    contact: &ContactKey,
    purposes: &[PurposeKind],
    guess: &CodeGuess,
    guesser: Option<IpAddr>,
    rules: &ChallengeRules,
    now: Timestamp,
) -> Result<Redemption, StorageError> {
    let live = tx.live_challenges(contact, purposes, rules, now).await?;
    let asked = live.iter().any(|challenge| challenge.asked_from == guesser);
    let guesser = if asked { Guesser::Asker } else { Guesser::Stranger };
    let counted = tx.count_guess(contact, purposes, guesser, rules, now).await?;
    // All are compared, so that the time does not tell which one it was.
    let mut right = None;
    for challenge in &counted {
        if keys.is_code_of(guess, challenge) {
            right = Some(challenge);
        }
    }
    match right {
        Some(challenge) if tx.spend_challenge(challenge.id, now).await? => {
            Ok(Redemption::Redeemed(challenge.clone()))
        }
        _ if counted.is_empty() => Ok(Redemption::NothingOpen),
        _ => Ok(Redemption::Wrong),
    }
}
