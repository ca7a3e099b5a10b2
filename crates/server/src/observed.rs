//! Measures the use cases of accounts: a span, a duration and an outcome for each call.

use std::future::Future;
use std::time::Instant;

#[cfg_attr(
    not(test),
    expect(clippy::wildcard_imports, reason = "the ports name the types of their methods")
)]
use asteroid_application::accounts::*;
use asteroid_identity::{HashingError, Profile, Session};
use asteroid_kernel::{Origin, SessionId, StorageError};
use metrics::{counter, describe_counter, describe_histogram, histogram};
use tracing::Instrument;
use tracing::field::Empty;

const USE_CASES: &str = "asteroid_use_cases_total";
const DURATION: &str = "asteroid_use_case_duration_seconds";
const SIGN_INS: &str = "asteroid_sign_ins_total";
const CODES_REDEEMED: &str = "asteroid_codes_redeemed_total";
const CODES_REFUSED: &str = "asteroid_codes_refused_total";
const LIMITS_HIT: &str = "asteroid_limits_hit_total";

/// The outcome of a call that succeeded.
const DONE: &str = "done";
/// The outcome of a call that a rate limit refused.
const LIMITED: &str = "limited";
/// The outcome of a call with a code that is wrong, expired or used.
const INVALID_CODE: &str = "invalid_code";

/// Describes the metrics to the recorder, and starts those whose labels are known at zero, so that their first increase is
/// seen.
pub(crate) fn describe() {
    describe_counter!(
        USE_CASES,
        "Calls of a use case of accounts, by `use_case` and `outcome` (`done`, or why it failed)."
    );
    describe_histogram!(DURATION, "How long a use case of accounts took, by `use_case`.");
    describe_counter!(
        SIGN_INS,
        "Sign-ins, by `method` (`password` or `code`) and `outcome` (`done`, or why it failed)."
    );
    describe_counter!(CODES_REDEEMED, "Codes that were redeemed, by `use_case`.");
    describe_counter!(
        CODES_REFUSED,
        "Codes that were refused, by `use_case`: wrong, expired and used ones, which are not told apart."
    );
    describe_counter!(LIMITS_HIT, "Calls that a rate limit refused, by `use_case`.");
    for (method, refused) in [("password", "invalid_credentials"), ("code", INVALID_CODE)] {
        for outcome in [DONE, refused] {
            counter!(SIGN_INS, "method" => method, "outcome" => outcome).increment(0);
        }
    }
    for use_case in ["verify_code", "reset_password"] {
        counter!(CODES_REDEEMED, "use_case" => use_case).increment(0);
        counter!(CODES_REFUSED, "use_case" => use_case).increment(0);
    }
    for use_case in ["sign_in", "register", "send_codes", "forgot_password", "change_password"] {
        counter!(LIMITS_HIT, "use_case" => use_case).increment(0);
    }
}

/// Use cases whose calls are measured.
pub(crate) struct Observed<A>(pub(crate) A);

/// Implements ports by those inside, each call measured.
macro_rules! observe {
    ($($port:ident),+) => {
        $(asteroid_application::$port! { observe, [] })+
    };
    ([] $port:ident {$(
        call $method:ident [] [] ($(, $arg:ident: $type:ty)* $(,)?) [$output:ty]
    )*}) => {
        impl<A: $port> $port for Observed<A> {$(
            async fn $method(&self $(, $arg: $type)*) -> $output {
                observed(stringify!($method), self.0.$method($($arg),*)).await
            }
        )*}
    };
}

asteroid_application::account_ports! { observe, [] }

/// The name of an error, for metrics: one of few, and it holds nothing of the request.
trait OutcomeName {
    fn outcome(&self) -> &'static str;
}

async fn observed<T, E: OutcomeName>(
    use_case: &'static str,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let span = tracing::info_span!("use_case", use_case, outcome = Empty);
    let start = Instant::now();
    let result = call.instrument(span.clone()).await;
    let outcome = result.as_ref().map_or_else(E::outcome, |_| DONE);
    span.record("outcome", outcome);
    histogram!(DURATION, "use_case" => use_case).record(start.elapsed());
    record(use_case, outcome);
    result
}

fn record(use_case: &'static str, outcome: &'static str) {
    counter!(USE_CASES, "use_case" => use_case, "outcome" => outcome).increment(1);
    let method = match use_case {
        "sign_in" => Some("password"),
        "verify_code" => Some("code"),
        _ => None,
    };
    if let Some(method) = method {
        counter!(SIGN_INS, "method" => method, "outcome" => outcome).increment(1);
    }
    if outcome == LIMITED {
        counter!(LIMITS_HIT, "use_case" => use_case).increment(1);
    }
    if outcome == INVALID_CODE {
        counter!(CODES_REFUSED, "use_case" => use_case).increment(1);
    }
    if outcome == DONE && matches!(use_case, "verify_code" | "reset_password") {
        counter!(CODES_REDEEMED, "use_case" => use_case).increment(1);
    }
}

impl OutcomeName for StorageError {
    fn outcome(&self) -> &'static str {
        match self {
            Self::Busy => "store_busy",
            Self::Unavailable(_) => "store_unavailable",
            Self::Failed(_) => "store_failed",
        }
    }
}

impl OutcomeName for HashingError {
    fn outcome(&self) -> &'static str {
        match self {
            Self::Overloaded { .. } => "overloaded",
            Self::Failed(_) => "hashing_failed",
        }
    }
}

impl OutcomeName for RegisterError {
    fn outcome(&self) -> &'static str {
        match self {
            Self::WeakPassword(_) => "weak_password",
            Self::CountryNotServed(_) => "country_not_served",
            Self::TooManyCodes { .. } => LIMITED,
            Self::Hashing(error) => error.outcome(),
            Self::Storage(error) => error.outcome(),
        }
    }
}

impl OutcomeName for SendCodesError {
    fn outcome(&self) -> &'static str {
        match self {
            Self::CountryNotServed(_) => "country_not_served",
            Self::TooManyCodes { .. } => LIMITED,
            Self::Storage(error) => error.outcome(),
        }
    }
}

impl OutcomeName for VerifyCodeError {
    fn outcome(&self) -> &'static str {
        match self {
            Self::InvalidCode => INVALID_CODE,
            Self::TooManyAttempts { .. } => LIMITED,
            Self::Busy { .. } => "busy",
            Self::Storage(error) => error.outcome(),
        }
    }
}

impl OutcomeName for SignInError {
    fn outcome(&self) -> &'static str {
        match self {
            Self::InvalidCredentials => "invalid_credentials",
            Self::TooManyAttempts { .. } => LIMITED,
            Self::Busy { .. } => "busy",
            Self::Hashing(error) => error.outcome(),
            Self::Signing(_) => "signing_failed",
            Self::Storage(error) => error.outcome(),
        }
    }
}

impl OutcomeName for ChangePasswordError {
    fn outcome(&self) -> &'static str {
        match self {
            Self::WeakPassword(_) => "weak_password",
            Self::InvalidExistingPassword => "invalid_credentials",
            Self::TooManyAttempts { .. } => LIMITED,
            Self::Busy { .. } => "busy",
            Self::Hashing(error) => error.outcome(),
            Self::Storage(error) => error.outcome(),
        }
    }
}

impl OutcomeName for ReviewPasswordChangeError {
    fn outcome(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::TooManyAttempts { .. } => LIMITED,
            Self::Busy { .. } => "busy",
            Self::Hashing(error) => error.outcome(),
            Self::Storage(error) => error.outcome(),
        }
    }
}

impl OutcomeName for ResetPasswordError {
    fn outcome(&self) -> &'static str {
        match self {
            Self::WeakPassword(_) => "weak_password",
            Self::InvalidCode => INVALID_CODE,
            Self::TooManyAttempts { .. } => LIMITED,
            Self::Busy { .. } => "busy",
            Self::Hashing(error) => error.outcome(),
            Self::Storage(error) => error.outcome(),
        }
    }
}

impl OutcomeName for AuthenticateError {
    fn outcome(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::Storage(error) => error.outcome(),
        }
    }
}
