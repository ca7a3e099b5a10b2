//! Conversion of the settings to the types of the domain, the use cases and the adapters.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;
use std::time::Duration;

use asteroid_application::{AccountRules, CodeFormats, DeliveryRules, LimitRules, SmsCountries};
use asteroid_argon2::Argon2Settings;
use asteroid_delivery::DeliveryUrl;
use asteroid_diesel::{PostgresOptions, PostgresUrl, SqliteOptions};
use asteroid_http::{AdminSettings, HttpSettings};
use asteroid_identity::{PasswordPolicy, ServiceNames, SessionLifetime};
use asteroid_kernel::{ContactKind, Region};
use asteroid_limits::{Backoff, Quota};
use asteroid_messaging::{Branding, CodeSamples, RetrySchedule};
use asteroid_verification::{ChallengeRules, CodeFormat};

use super::{
    Alphabet, CodeShape, DatabaseSettings, DatabaseUrl, HashingSettings, LimitSettings, OutboxSettings,
    ServerProfile, Settings,
};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// Production has no key file configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("keys.file is empty: name the file, for example ASTEROID_KEYS__FILE=/etc/asteroid/keys.json")]
pub struct NoKeysFile;

impl Settings {
    /// The path of the key file.
    ///
    /// # Errors
    ///
    /// In production, if `keys.file` is empty.
    pub fn keys_file(&self) -> Result<PathBuf, NoKeysFile> {
        match (self.keys.file.as_str(), self.profile) {
            ("", ServerProfile::Production) => Err(NoKeysFile),
            ("", ServerProfile::Development) => match &self.database.url {
                DatabaseUrl::Sqlite(path) => Ok(path.with_file_name("keys.json")),
                DatabaseUrl::Postgres(_) => Ok("data/keys.json".into()),
            },
            (file, _) => Ok(file.into()),
        }
    }

    /// The options of an SQLite database in this file.
    #[must_use]
    pub fn sqlite_options(&self, path: &Path) -> SqliteOptions {
        let DatabaseSettings { readers, queue, .. } = self.database;
        SqliteOptions { path: path.to_owned(), readers, queue_length: queue }
    }

    /// The options of this `PostgreSQL` database.
    #[must_use]
    pub fn postgres_options(&self, url: &PostgresUrl) -> PostgresOptions {
        let DatabaseSettings { queue, connections, timeout, .. } = self.database;
        PostgresOptions {
            url: url.clone(),
            connections,
            queue_length: queue,
            longest_wait: timeout.get(),
            unit_timeout: timeout.get(),
        }
    }

    /// The settings of the HTTP surface.
    #[must_use]
    pub fn http_settings(&self) -> HttpSettings {
        let (http, rules) = (&self.http, self.account_rules());
        HttpSettings {
            body_limit: http.body_limit,
            header_limit: http.header_limit,
            body_timeout: http.body_timeout.get(),
            handler_timeout: http.handler_timeout.get(),
            trusted_proxies: http.trusted_proxies.iter().map(|network| network.0).collect(),
            default_region: self.product.default_region,
            offered_contacts: self.offered_contacts(),
            sms_countries: rules.sms_countries,
            passwords: rules.passwords,
            code_formats: rules.code_formats,
            cors_origins: http.cors_origins.clone(),
            pages: http.pages,
            // Known when its listener is bound.
            console: None,
            streams_per_user: http.streams_per_user,
            streams: http.streams,
        }
    }

    /// The kinds of contacts whose channel is not `none:`.
    fn offered_contacts(&self) -> Vec<ContactKind> {
        let channels =
            [(&self.email.url, ContactKind::Email), (&self.sms.url, ContactKind::Phone)].into_iter();
        channels.filter(|(url, _)| **url != DeliveryUrl::None).map(|(_, kind)| kind).collect()
    }

    /// The settings of the admin listener.
    #[must_use]
    pub fn admin_settings(&self) -> AdminSettings {
        AdminSettings {
            hosts: self.admin.hosts.clone(),
            header_limit: self.http.header_limit,
            ..AdminSettings::default()
        }
    }

    /// The countries to whose numbers codes are sent. Checked settings name no others.
    fn sms_countries(&self) -> SmsCountries {
        if !self.limits.enabled {
            return SmsCountries::ALL;
        }
        let countries = self.sms.countries.iter().filter_map(|country| country.parse().ok());
        let countries: Vec<Region> = countries.collect();
        let default = vec![self.product.default_region];
        SmsCountries::only(if countries.is_empty() { default } else { countries })
    }

    /// The number of HTTP worker threads.
    #[must_use]
    pub fn http_workers(&self) -> usize {
        cores_if_zero(self.http.workers)
    }

    /// The values that templates use.
    #[must_use]
    pub fn branding(&self) -> Branding {
        let (product, codes) = (&self.product, &self.codes);
        Branding {
            language: self.messages.language,
            product: product.name.trim().to_owned(),
            domain: product.domain.clone(),
            support: Some(product.support.clone()).filter(|support| !support.is_empty()),
            codes: CodeSamples {
                typed: sample(&codes.v1),
                filled_in: sample(&codes.v2),
                life: codes.life.get(),
            },
        }
    }

    /// The rules of the account use cases.
    #[must_use]
    pub fn account_rules(&self) -> AccountRules {
        let (passwords, sessions, codes) = (&self.passwords, &self.sessions, &self.codes);
        AccountRules {
            passwords: PasswordPolicy {
                min_chars: passwords.min_length,
                max_chars: passwords.max_length,
                max_bytes: passwords.max_bytes,
                service_names: ServiceNames::new(&self.product.name, &self.product.domain),
            },
            sessions: SessionLifetime {
                absolute: sessions.absolute.get(),
                idle: sessions.idle.get(),
                per_user: sessions.per_user,
                touch_interval: sessions.touch_interval.get(),
            },
            challenges: ChallengeRules {
                life: codes.life.get(),
                overlap: codes.overlap.get(),
                guesses: codes.guesses,
                stranger_guesses: codes.stranger_guesses,
            },
            code_formats: CodeFormats { v1: (&codes.v1).into(), v2: (&codes.v2).into() },
            registration_life: self.registrations.life.get(),
            registrations_per_contact: self.registrations.per_contact,
            sms_countries: self.sms_countries(),
            limits: (&self.limits).into(),
        }
    }
}

/// A sample code of this shape, to validate templates with.
fn sample(CodeShape { alphabet, length }: &CodeShape) -> String {
    let sample = match alphabet {
        Alphabet::Crockford => "7G2KD",
        Alphabet::Digits => "042137",
    };
    sample.chars().cycle().take(usize::from(*length)).collect()
}

impl From<&CodeShape> for CodeFormat {
    fn from(CodeShape { alphabet, length }: &CodeShape) -> Self {
        match alphabet {
            Alphabet::Crockford => Self::Crockford { length: *length },
            Alphabet::Digits => Self::Digits { length: *length },
        }
    }
}

impl From<&LimitSettings> for LimitRules {
    fn from(limits: &LimitSettings) -> Self {
        let quota = |count, window| Quota { count, window };
        let (sends, codes, passwords) = (&limits.sends, &limits.wrong_codes, &limits.wrong_passwords);
        Self {
            enabled: limits.enabled,
            stranger_percent: limits.stranger_percent,
            sends: vec![
                quota(sends.per_minute, MINUTE),
                quota(sends.per_hour, HOUR),
                quota(sends.per_day, DAY),
            ],
            sends_per_network: vec![quota(sends.per_network_per_hour, HOUR)],
            sms_per_prefix: vec![quota(sends.sms_per_prefix_per_hour, HOUR)],
            sms: vec![quota(sends.sms_per_day, DAY)],
            registrations_per_network: vec![quota(limits.registrations.per_network_per_hour, HOUR)],
            wrong_codes: vec![quota(codes.per_hour, HOUR), quota(codes.per_day, DAY)],
            wrong_passwords: Backoff {
                free: passwords.free,
                first: passwords.first_wait.get(),
                longest: passwords.longest_wait.get(),
                lock_at: passwords.lock_at,
            },
            wrong_passwords_from_familiar_address: vec![quota(passwords.familiar_per_hour, HOUR)],
            failures_from_address: vec![
                quota(limits.addresses.failures_per_minute, MINUTE),
                quota(limits.addresses.failures_per_hour, HOUR),
            ],
            familiar_for: passwords.familiar_for.get(),
            failures_kept_for: passwords.memory.get(),
        }
    }
}

impl From<&OutboxSettings> for DeliveryRules {
    fn from(outbox: &OutboxSettings) -> Self {
        let retries = RetrySchedule { first: outbox.retry_first.get(), longest: outbox.retry_longest.get() };
        Self {
            lease: outbox.lease.get(),
            emails_at_once: outbox.emails_at_once,
            sms_at_once: outbox.sms_at_once,
            retries,
        }
    }
}

impl From<&HashingSettings> for Argon2Settings {
    fn from(hashing: &HashingSettings) -> Self {
        Self {
            memory_kib: hashing.memory_kib,
            iterations: hashing.iterations,
            parallelism: hashing.parallelism,
            threads: cores_if_zero(hashing.threads),
            queue: hashing.queue,
            max_wait: hashing.max_wait.get(),
        }
    }
}

fn cores_if_zero(count: usize) -> usize {
    if count == 0 { available_parallelism().map_or(1, NonZero::get) } else { count }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_settings_match_the_default_rules() {
        let settings = Settings::default();
        // An embedder names the service; the server knows its names.
        let service_names = ServiceNames::new("Asteroid", "localhost");
        let passwords = PasswordPolicy { service_names, ..PasswordPolicy::default() };
        let rules = AccountRules { passwords: passwords.clone(), ..AccountRules::default() };
        assert_eq!(settings.account_rules(), rules);
        assert_eq!(Argon2Settings::from(&settings.passwords.hashing), Argon2Settings::default());
        assert_eq!(DeliveryRules::from(&settings.outbox), DeliveryRules::default());
        assert_eq!(settings.http_settings(), HttpSettings { passwords, ..HttpSettings::default() });
        assert_eq!(settings.admin_settings(), AdminSettings::default());
        assert_eq!(settings.branding(), Branding::default());
        let path = Path::new("data/asteroid.db");
        assert_eq!(settings.sqlite_options(path), SqliteOptions::new(path));
        let url: PostgresUrl = "postgres://ann@localhost/asteroid".parse().expect("a database");
        assert_eq!(settings.postgres_options(&url), PostgresOptions::new(url));
    }

    #[test]
    fn codes_go_to_the_default_region_unless_countries_are_named() {
        let region = |text: &str| text.parse::<Region>().expect("a region");
        let mut settings = Settings::default();
        settings.product.default_region = region("DE");
        assert_eq!(settings.account_rules().sms_countries, SmsCountries::only(vec![region("DE")]));
        settings.sms.countries = vec!["FR".into(), "CA".into()];
        let named = SmsCountries::only(vec![region("FR"), region("CA")]);
        assert_eq!(settings.account_rules().sms_countries, named);
        assert_eq!(settings.http_settings().sms_countries, named);
        settings.limits.enabled = false;
        assert_eq!(settings.account_rules().sms_countries, SmsCountries::ALL);
        assert_eq!(settings.http_settings().sms_countries, SmsCountries::ALL);
    }

    #[test]
    fn key_file_is_beside_the_database_in_development_and_explicit_in_production() {
        let mut settings = Settings::default();
        assert_eq!(settings.keys_file(), Ok("data/keys.json".into()));
        settings.profile = ServerProfile::Production;
        assert_eq!(settings.keys_file(), Err(NoKeysFile));
        settings.keys.file = "/etc/asteroid/keys.json".into();
        assert_eq!(settings.keys_file(), Ok("/etc/asteroid/keys.json".into()));
    }
}
