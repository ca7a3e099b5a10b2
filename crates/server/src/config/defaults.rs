//! The defaults. `config/asteroid.toml` repeats them, and a test compares both.

use std::net::Ipv4Addr;
use std::num::NonZeroU32;

use asteroid_delivery::DeliveryUrl;
use asteroid_kernel::Region;

use super::{
    AddressLimits, AdminListenerSettings, Alphabet, AuditSettings, CodeSettings, CodeShape, DatabaseSettings,
    DatabaseUrl, HashingSettings, HttpServerSettings, LimitSettings, LogFormat, LogSettings, OutboxSettings,
    PasswordSettings, ProductSettings, RegistrationLimits, RegistrationSettings, SendLimits, SessionSettings,
    SmsSettings, TimeSpan, TransportSettings, WrongCodeLimits, WrongPasswordLimits,
};

impl Default for HttpServerSettings {
    fn default() -> Self {
        Self {
            bind: (Ipv4Addr::LOCALHOST, 8080).into(),
            trusted_proxies: Vec::new(),
            cors_origins: Vec::new(),
            body_limit: 16 * 1024,
            header_limit: 8 * 1024,
            body_timeout: TimeSpan::secs(10),
            header_timeout: TimeSpan::secs(5),
            handler_timeout: TimeSpan::secs(10),
            keep_alive: TimeSpan::secs(15),
            workers: 0,
            pages: true,
            streams_per_user: 4,
            streams: 32,
            write_timeout: TimeSpan::secs(20),
            shutdown_timeout: TimeSpan::secs(8),
        }
    }
}

impl Default for AdminListenerSettings {
    fn default() -> Self {
        Self {
            bind: Some((Ipv4Addr::LOCALHOST, 8081).into()),
            hosts: Vec::new(),
            requests_per_minute: const { NonZeroU32::new(600).unwrap() },
        }
    }
}

impl Default for DatabaseSettings {
    fn default() -> Self {
        Self {
            url: DatabaseUrl::Sqlite("data/asteroid.db".into()),
            migrate_at_start: true,
            queue: 1024,
            readers: 2,
            connections: 16,
            timeout: TimeSpan::millis(1500),
        }
    }
}

impl Default for ProductSettings {
    fn default() -> Self {
        Self {
            name: "Asteroid".into(),
            domain: "localhost".into(),
            support: String::new(),
            default_region: Region::US,
        }
    }
}

impl Default for TransportSettings {
    fn default() -> Self {
        Self { url: DeliveryUrl::Console }
    }
}

impl Default for SmsSettings {
    fn default() -> Self {
        Self { url: DeliveryUrl::Console, countries: Vec::new() }
    }
}

impl Default for OutboxSettings {
    fn default() -> Self {
        Self {
            emails_at_once: 16,
            sms_at_once: 16,
            lease: TimeSpan::secs(30),
            retry_first: TimeSpan::secs(1),
            retry_longest: TimeSpan::mins(1),
            keep: TimeSpan::days(7),
        }
    }
}

impl Default for CodeSettings {
    fn default() -> Self {
        Self {
            life: TimeSpan::mins(10),
            overlap: TimeSpan::mins(1),
            guesses: 5,
            stranger_guesses: 2,
            v1: CodeShape { alphabet: Alphabet::Crockford, length: 5 },
            v2: CodeShape { alphabet: Alphabet::Digits, length: 6 },
        }
    }
}

impl Default for RegistrationSettings {
    fn default() -> Self {
        Self { life: TimeSpan::hours(1), per_contact: 3 }
    }
}

impl Default for PasswordSettings {
    fn default() -> Self {
        Self { min_length: 8, max_length: 64, max_bytes: 256, hashing: HashingSettings::default() }
    }
}

impl Default for HashingSettings {
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            iterations: 2,
            parallelism: 1,
            threads: 0,
            queue: 64,
            max_wait: TimeSpan::secs(2),
        }
    }
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self {
            absolute: TimeSpan::hours(24),
            idle: TimeSpan::hours(12),
            per_user: 20,
            touch_interval: TimeSpan::mins(1),
        }
    }
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            stranger_percent: 66,
            sends: SendLimits {
                per_minute: 1,
                per_hour: 5,
                per_day: 10,
                per_network_per_hour: 20,
                sms_per_prefix_per_hour: 10,
                sms_per_day: 1000,
            },
            registrations: RegistrationLimits { per_network_per_hour: 10 },
            wrong_codes: WrongCodeLimits { per_hour: 10, per_day: 20 },
            wrong_passwords: WrongPasswordLimits {
                free: 4,
                first_wait: TimeSpan::secs(1),
                longest_wait: TimeSpan::mins(15),
                lock_at: 100,
                memory: TimeSpan::days(30),
                familiar_per_hour: 10,
                familiar_for: TimeSpan::days(30),
            },
            addresses: AddressLimits { failures_per_minute: 30, failures_per_hour: 60 },
        }
    }
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self { keep: TimeSpan::days(400) }
    }
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { level: "info".into(), format: LogFormat::Text }
    }
}
