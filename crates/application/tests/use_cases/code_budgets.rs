//! The budget of failed tries from one network, as wrong codes use it, on the store in memory.

use std::time::Duration;

use asteroid_application::accounts::{
    CodeVerifications, PasswordResets, ResetPassword, ResetPasswordError, VerifyCode, VerifyCodeError,
};
use asteroid_audit::{Action, Outcome};
use asteroid_identity::Password;
use asteroid_verification::CodeGuess;
use futures_util::future::join_all;

use super::password_budgets::{EMAIL, RIGHT, STRANGER, World, contact, count, from};

impl World {
    /// Tries a code to sign in. 200, 401, 429 or 503, as the HTTP surfaces answer.
    async fn verify(&self, at: &str, code: &str, address: &str) -> u16 {
        let request = VerifyCode { contact: contact(at), guess: CodeGuess::new(code), origin: from(address) };
        match self.accounts.verify_code(request).await {
            Ok(_) => 200,
            Err(VerifyCodeError::InvalidCode) => 401,
            Err(VerifyCodeError::TooManyAttempts { .. }) => 429,
            Err(VerifyCodeError::Busy { .. }) => 503,
            Err(other) => panic!("{other:?}"),
        }
    }

    /// Tries a code to reset a password, likewise.
    async fn try_reset(&self, at: &str, guess: CodeGuess, address: &str) -> u16 {
        let (contact, new) = (contact(at), Password::new("an even finer one"));
        let request = ResetPassword { contact, guess, new, origin: from(address) };
        match self.accounts.reset_password(request).await {
            Ok(()) => 200,
            Err(ResetPasswordError::InvalidCode) => 401,
            Err(ResetPasswordError::TooManyAttempts { .. }) => 429,
            Err(ResetPasswordError::Busy { .. }) => 503,
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn wrong_codes_of_one_address_are_limited_over_all_contacts() {
    let world = World::new(|_| {}).await;
    let unknown: Vec<String> = (0..400).map(|n| format!("user{n}@example.com")).collect();
    let (one, same) = ("2001:db8:1::1", "2001:db8:1::2");
    let statuses = join_all(unknown.iter().map(|at| world.verify(at, "00000", one))).await;
    assert_eq!((count(&statuses, 401), count(&statuses, 429)), (30, 370), "{statuses:?}");
    assert_eq!(world.events(Action::VerifyCode, Outcome::Refused).await, 30);
    assert_eq!(world.events(Action::VerifyCode, Outcome::Limited).await, 1, "no row for each refused try");
    let code = world.reset_code(EMAIL).await;
    assert_eq!(
        world.try_reset(EMAIL, code.clone(), same).await,
        429,
        "the whole /64, and the right code, too"
    );
    assert_eq!(world.sign_in(EMAIL, RIGHT, same).await, 429, "one budget for codes and passwords");
    assert_eq!(world.evaluated(), 0);
    assert_eq!(world.try_reset(EMAIL, code, "2001:db8:1:1::1").await, 200, "the code is not used up");
    world.clock.advance(Duration::from_mins(1));
    let tries = unknown.iter().map(|at| world.try_reset(at, CodeGuess::new("00000"), one));
    assert_eq!(count(&join_all(tries).await, 401), 30);
    world.clock.advance(Duration::from_mins(1));
    assert_eq!(world.verify(EMAIL, "00000", one).await, 429, "60 an hour");
}

#[tokio::test(start_paused = true)]
async fn wrong_passwords_and_wrong_codes_share_the_budget_that_right_codes_do_not_use() {
    let world = World::new(|_| {}).await;
    for n in 0..14 {
        assert_eq!(world.sign_in(&format!("user{n}@example.com"), "wrong", STRANGER).await, 401);
        assert_eq!(world.verify(&format!("user{n}@example.com"), "00000", STRANGER).await, 401);
    }
    let code = world.reset_code(EMAIL).await;
    assert_eq!(world.try_reset(EMAIL, code.clone(), STRANGER).await, 200);
    assert_eq!(world.try_reset(EMAIL, code, STRANGER).await, 401, "it is used up");
    assert_eq!(world.verify(EMAIL, "00000", STRANGER).await, 401, "the 30th failure");
    assert_eq!(world.verify(EMAIL, "00000", STRANGER).await, 429);
}

/// A right password that is being checked reserves a failure: a code beyond the free ones waits for it.
#[tokio::test(start_paused = true)]
async fn a_code_waits_for_the_passwords_that_are_being_checked() {
    let world = World::new(|rules| rules.limits.wrong_passwords.free = 100).await;
    for n in 0..29 {
        assert_eq!(world.verify(&format!("user{n}@example.com"), "00000", STRANGER).await, 401);
    }
    let code = world.reset_code(EMAIL).await;
    let (signed_in, reset) =
        tokio::join!(world.sign_in(EMAIL, RIGHT, STRANGER), world.try_reset(EMAIL, code, STRANGER));
    assert_eq!((signed_in, reset), (200, 200));
    assert_eq!(world.verify(EMAIL, "00000", STRANGER).await, 401, "neither used anything up");
    assert_eq!(world.verify(EMAIL, "00000", STRANGER).await, 429);
}

#[tokio::test(start_paused = true)]
async fn without_limits_wrong_codes_are_not_counted_by_address() {
    let world = World::new(|rules| rules.limits.enabled = false).await;
    for n in 0..40 {
        assert_eq!(world.verify(&format!("user{n}@example.com"), "00000", STRANGER).await, 401);
    }
}
