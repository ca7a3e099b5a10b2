use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::randomness::lowest_uuid_v7;
use crate::{Randomness, Timestamp, uuid_v7};

macro_rules! number_id {
    ($($(#[$doc:meta])* $name:ident;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )* };
}

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new version 7 UUID: unique without a store, and ordered by time.
            #[must_use]
            pub fn new(now: Timestamp, randomness: &dyn Randomness) -> Self {
                Self(uuid_v7(now, randomness))
            }

            /// The lowest id that can be made at this time: a bound of listings by time. Ids have the time to the
            /// millisecond.
            #[must_use]
            pub fn lowest_at(time: Timestamp) -> Self {
                Self(lowest_uuid_v7(time))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    )* };
}

number_id! {
    /// A user; assigned by the store.
    UserId;
    /// A verified contact of a user; assigned by the store.
    ContactId;
}

uuid_id! {
    /// A session of a user; the `jti` of its signed token.
    SessionId;
    /// A challenge: proof of a contact by a code.
    ChallengeId;
    /// A pending registration: its contact is not verified yet.
    RegistrationId;
    /// A contact claim: a network's claim to a contact that has no user yet.
    ContactClaimId;
    /// A message in the outbox; the same in every attempt to deliver it.
    MessageId;
    /// An entry of the audit trail.
    AuditEventId;
    /// A key of a program that administers.
    AdminKeyId;
}
