//! The settings of accounts, with their defaults.

use std::time::Duration;

use asteroid_identity::{PasswordPolicy, SessionLifetime};
use asteroid_kernel::{Contact, Region};
use asteroid_limits::{Backoff, Quota};
use asteroid_verification::{ChallengeRules, CodeFormat};

use crate::accounts::CodeVersion;

/// Everything about accounts that is a setting. The defaults are the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRules {
    /// What a new password has to be like.
    pub passwords: PasswordPolicy,
    /// How long sessions live.
    pub sessions: SessionLifetime,
    /// How long codes live and how many guesses they bear.
    pub challenges: ChallengeRules,
    /// What codes look like.
    pub code_formats: CodeFormats,
    /// How long a registration waits for its contact to be verified.
    pub registration_life: Duration,
    /// So many registrations wait for one contact at once; one more ends the oldest.
    pub registrations_per_contact: usize,
    /// The countries to whose phone numbers codes are sent, if limits are on.
    pub sms_countries: SmsCountries,
    /// How often things may be asked for and tried.
    pub limits: LimitRules,
}

impl Default for AccountRules {
    fn default() -> Self {
        Self {
            passwords: PasswordPolicy::default(),
            sessions: SessionLifetime::default(),
            challenges: ChallengeRules::default(),
            code_formats: CodeFormats::default(),
            registration_life: Duration::from_hours(1),
            registrations_per_contact: 3,
            sms_countries: SmsCountries::default(),
            limits: LimitRules::default(),
        }
    }
}

/// What the codes of each version of the API look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeFormats {
    /// Codes typed by a person.
    pub v1: CodeFormat,
    /// Codes that phones fill in.
    pub v2: CodeFormat,
}

impl CodeFormats {
    /// The format of this version.
    #[must_use]
    pub const fn of(&self, version: CodeVersion) -> CodeFormat {
        match version {
            CodeVersion::V1 => self.v1,
            CodeVersion::V2 => self.v2,
        }
    }
}

impl Default for CodeFormats {
    /// 5 characters of Crockford's base 32; 6 decimal digits.
    fn default() -> Self {
        Self { v1: CodeFormat::Crockford { length: 5 }, v2: CodeFormat::Digits { length: 6 } }
    }
}

/// How often codes may be sent and guessed, and passwords tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitRules {
    /// Off for tests: then only the guesses against each code are counted.
    pub enabled: bool,
    /// The part of the wrong codes and the sends that strangers may use up, in percent. The rest is kept for the owner of
    /// the contact.
    pub stranger_percent: u8,
    /// Codes to one contact.
    pub sends: Vec<Quota>,
    /// Codes that one network asks for, to any contacts. Where the address is not known, there is no such limit.
    pub sends_per_network: Vec<Quota>,
    /// Codes to phone numbers that differ in the last four digits alone. The owner's part is for numbers of users.
    pub sms_per_prefix: Vec<Quota>,
    /// Codes to phone numbers in all. The owner's part is for numbers of users.
    pub sms: Vec<Quota>,
    /// Registrations from one network.
    pub registrations_per_network: Vec<Quota>,
    /// Wrong codes for one contact; over it, no code of the contact works.
    pub wrong_codes: Vec<Quota>,
    /// Wrong passwords at one contact, whether or not it has a user. The number that locks also holds for one user over
    /// all contacts, and once more over all networks that the user is known by.
    pub wrong_passwords: Backoff,
    /// Wrong passwords of one user from a network that the user signed in from: kept apart from
    /// `wrong_passwords`, so that strangers cannot lock an owner out.
    pub wrong_passwords_from_familiar_address: Vec<Quota>,
    /// Failed tries from one network, whatever is tried.
    pub failures_from_address: Vec<Quota>,
    /// How long an address stays familiar after a sign-in.
    pub familiar_for: Duration,
    /// How long failures in a row are remembered after the last one.
    pub failures_kept_for: Duration,
}

impl LimitRules {
    /// These quotas as they hold for strangers: their part of each, rounded down, but at least one.
    #[must_use]
    pub fn for_strangers(&self, quotas: &[Quota]) -> Vec<Quota> {
        let part = |count: usize| count.saturating_mul(self.stranger_percent.into()) / 100;
        let smaller = |quota: &Quota| Quota { count: part(quota.count).max(quota.count.min(1)), ..*quota };
        quotas.iter().map(smaller).collect()
    }
}

/// The countries to whose phone numbers codes are sent.
///
/// A number that no country claims counts as one of the main country of its calling code. Numbers of no country, as of
/// satellite networks, are served only if all are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmsCountries(Option<Vec<Region>>);

/// A phone number is of a country to which no codes are sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("codes are sent to phone numbers of these countries only: {}", self.served_names())]
pub struct CountryNotServed {
    /// The countries that are served.
    pub served: Vec<Region>,
}

impl CountryNotServed {
    /// The names of the countries that are served, for people.
    #[must_use]
    pub fn served_names(&self) -> String {
        names(&self.served)
    }
}

fn names(countries: &[Region]) -> String {
    countries.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl SmsCountries {
    /// All countries, and numbers of none.
    pub const ALL: Self = Self(None);

    /// These countries alone.
    #[must_use]
    pub const fn only(countries: Vec<Region>) -> Self {
        Self(Some(countries))
    }

    /// The names of the countries that are served, for people; [`None`] if all are.
    #[must_use]
    pub fn served(&self) -> Option<String> {
        self.0.as_deref().map(names)
    }

    /// Checks that codes may be sent to this contact. They may to every e-mail address.
    ///
    /// # Errors
    ///
    /// If it is a phone number of a country that is not served.
    pub fn check(&self, contact: &Contact) -> Result<(), CountryNotServed> {
        match (contact, &self.0) {
            (Contact::Phone(phone), Some(served))
                if !phone.region().is_some_and(|region| served.contains(&region)) =>
            {
                Err(CountryNotServed { served: served.clone() })
            }
            _ => Ok(()),
        }
    }
}

impl Default for SmsCountries {
    /// The default region of phone numbers.
    fn default() -> Self {
        Self::only(vec![Region::US])
    }
}

impl Default for LimitRules {
    fn default() -> Self {
        Self {
            enabled: true,
            stranger_percent: 66,
            sends: vec![
                Quota { count: 1, window: Duration::from_secs(60) },
                Quota { count: 5, window: Duration::from_hours(1) },
                Quota { count: 10, window: Duration::from_hours(24) },
            ],
            sends_per_network: vec![Quota { count: 20, window: Duration::from_hours(1) }],
            sms_per_prefix: vec![Quota { count: 10, window: Duration::from_hours(1) }],
            sms: vec![Quota { count: 1000, window: Duration::from_hours(24) }],
            registrations_per_network: vec![Quota { count: 10, window: Duration::from_hours(1) }],
            wrong_codes: vec![
                Quota { count: 10, window: Duration::from_hours(1) },
                Quota { count: 20, window: Duration::from_hours(24) },
            ],
            wrong_passwords: Backoff::default(),
            wrong_passwords_from_familiar_address: vec![Quota { count: 10, window: Duration::from_hours(1) }],
            failures_from_address: vec![
                Quota { count: 30, window: Duration::from_mins(1) },
                Quota { count: 60, window: Duration::from_hours(1) },
            ],
            familiar_for: Duration::from_hours(30 * 24),
            failures_kept_for: Duration::from_hours(30 * 24),
        }
    }
}
