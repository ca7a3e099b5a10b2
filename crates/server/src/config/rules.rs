//! Validation of settings: bounds, formats, and constraints between settings. Bounds exclude values that cannot work or
//! would always be unsafe; requirements of production alone are checked at the start.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use asteroid_argon2::Argon2Settings;
use asteroid_delivery::DeliveryUrl;
use asteroid_kernel::{EmailAddress, Region};
use asteroid_messaging::Channel;
use asteroid_verification::CodeFormat;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use super::{Alphabet, CodeShape, Settings, TimeSpan, origin};

/// A setting, what is wrong, and what would be valid.
type Finding = (String, String, String);

/// The errors of settings that have the right type.
pub(super) fn check(settings: &Settings) -> Vec<Finding> {
    let mut findings = Findings::default();
    http(settings, &mut findings);
    admin(settings, &mut findings);
    places(settings, &mut findings);
    codes(settings, &mut findings);
    passwords(settings, &mut findings);
    sessions(settings, &mut findings);
    limits(settings, &mut findings);
    let level = &settings.log.level;
    if !is_log_filter(level) {
        findings.add("log.level", format!("is {level:?}"), "write \"info\", or \"warn,asteroid=debug\"");
    }
    findings.0
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, key: &str, wrong: impl Into<String>, right: impl Into<String>) {
        self.0.push((key.to_owned(), wrong.into(), right.into()));
    }

    fn within<T: Copy + PartialOrd + Display>(&mut self, key: &str, value: T, bounds: RangeInclusive<T>) {
        if !bounds.contains(&value) {
            let right = format!("must be from {} to {}", bounds.start(), bounds.end());
            self.add(key, format!("is {value}"), right);
        }
    }

    fn at_most<T: Copy + PartialOrd + Display>(&mut self, key: &str, value: T, other_key: &str, other: T) {
        if value > other {
            self.add(key, format!("is {value}"), format!("must not exceed {other_key}, which is {other}"));
        }
    }
}

/// Whether each part of the filter names a level. The filter itself would accept a misspelt level as the name of a module,
/// and log nothing.
fn is_log_filter(text: &str) -> bool {
    let is_level = |level: &str| level.parse::<LevelFilter>().is_ok();
    text.split(',').all(|part| is_level(part.rsplit('=').next().unwrap_or_default().trim()))
        && EnvFilter::try_new(text).is_ok()
}

const SECOND: TimeSpan = TimeSpan::secs(1);
const HOUR: TimeSpan = TimeSpan::hours(1);
const YEAR: TimeSpan = TimeSpan::days(366);

fn http(settings: &Settings, findings: &mut Findings) {
    let http = &settings.http;
    let wrong = http.cors_origins.iter().filter_map(|origin| Some((origin, origin::check(origin).err()?)));
    let (wrong, mut right): (Vec<_>, Vec<_>) = wrong.map(|(origin, right)| (shown(origin), right)).unzip();
    right.dedup();
    if !wrong.is_empty() {
        findings.add("http.cors_origins", format!("holds {}", wrong.join(", ")), right.join("; "));
    }
    findings.within("http.body_limit", http.body_limit, 1024..=1024 * 1024);
    findings.within("http.header_limit", http.header_limit, 1024..=64 * 1024);
    for (key, value) in [
        ("http.body_timeout", http.body_timeout),
        ("http.header_timeout", http.header_timeout),
        ("http.handler_timeout", http.handler_timeout),
        ("http.keep_alive", http.keep_alive),
        ("http.write_timeout", http.write_timeout),
        ("http.shutdown_timeout", http.shutdown_timeout),
    ] {
        findings.within(key, value, SECOND..=HOUR);
    }
    findings.within("http.workers", http.workers, 0..=1024);
    findings.within("http.streams", http.streams, 1..=1024);
    findings.within("http.streams_per_user", http.streams_per_user, 1..=1024);
}

fn admin(settings: &Settings, findings: &mut Findings) {
    let admin = &settings.admin;
    let wrong: Vec<String> =
        admin.hosts.iter().filter(|host| !is_domain(host)).map(|host| format!("{host:?}")).collect();
    if !wrong.is_empty() {
        let right = "must be host names like \"asteroid.internal\", without scheme, port or path";
        findings.add("admin.hosts", format!("holds {}", wrong.join(", ")), right);
    }
    // Port 0 is any free port, so that two listeners never get the same.
    if admin.bind == Some(settings.http.bind) && settings.http.bind.port() != 0 {
        let right = "must be another address than http.bind, or empty for no admin listener";
        findings.add("admin.bind", format!("is {}", settings.http.bind), right);
    }
}

/// The origin, unless it may contain a password.
fn shown(origin: &str) -> String {
    if origin.contains('@') { "an origin with a user name".to_owned() } else { format!("{origin:?}") }
}

/// The database, the product, and the delivery of messages.
fn places(settings: &Settings, findings: &mut Findings) {
    let database = &settings.database;
    findings.within("database.readers", database.readers, 1..=64);
    findings.within("database.queue", database.queue, 1..=65_536);
    findings.within("database.connections", database.connections, 1..=1000);
    if !(Duration::from_millis(100)..=Duration::from_mins(1)).contains(&database.timeout.get()) {
        let wrong = format!("is {}", database.timeout);
        findings.add("database.timeout", wrong, "must be from 100ms to 1m");
    }
    let product = &settings.product;
    let name = product.name.trim();
    if name.is_empty() || name.chars().count() > 50 || name.chars().any(char::is_control) {
        let right = "must be a name of 1 to 50 characters on one line";
        findings.add("product.name", format!("is {:?}", product.name), right);
    }
    if !is_domain(&product.domain) {
        let wrong = format!("is {:?}", product.domain);
        findings.add(
            "product.domain",
            wrong,
            "must be a domain like \"example.com\", without scheme, port or path",
        );
    }
    if !product.support.is_empty() && !is_plain_address(&product.support) {
        let wrong = format!("is {:?}", product.support);
        findings.add(
            "product.support",
            wrong,
            "must be an e-mail address like \"help@example.com\", or empty",
        );
    }
    let is_unknown = |country: &&String| country.parse::<Region>().is_err();
    let unknown: Vec<String> =
        settings.sms.countries.iter().filter(is_unknown).map(|country| format!("{country:?}")).collect();
    if !unknown.is_empty() {
        let right = "must be ISO 3166-1 codes of two capital letters, like [\"US\", \"CA\"]";
        findings.add("sms.countries", format!("holds {}", unknown.join(", ")), right);
    }
    let outbox = &settings.outbox;
    findings.within("outbox.emails_at_once", outbox.emails_at_once, 1..=1024);
    findings.within("outbox.sms_at_once", outbox.sms_at_once, 1..=1024);
    findings.within("outbox.lease", outbox.lease, SECOND..=HOUR);
    for (key, url, channel) in
        [("email.url", &settings.email.url, Channel::Email), ("sms.url", &settings.sms.url, Channel::Sms)]
    {
        if let Err(error) = url.check_channel(channel) {
            findings.add(key, "is not for this channel", error.to_string());
        }
        if let Some(timeout) = url.timeout().filter(|timeout| *timeout >= outbox.lease.get()) {
            let wrong = format!("is {}", outbox.lease);
            let right = format!("must be longer than a delivery by {key} may take, {} s", timeout.as_secs());
            findings.add("outbox.lease", wrong, right);
        }
    }
    if settings.email.url == DeliveryUrl::None && settings.sms.url == DeliveryUrl::None {
        let right = "must be another one, or email.url must: without both channels no user can register";
        findings.add("sms.url", "is \"none:\"", right);
    }
    findings.within("outbox.retry_first", outbox.retry_first, TimeSpan::millis(100)..=HOUR);
    findings.within("outbox.retry_longest", outbox.retry_longest, TimeSpan::millis(100)..=HOUR);
    findings.at_most("outbox.retry_first", outbox.retry_first, "outbox.retry_longest", outbox.retry_longest);
    findings.within("outbox.keep", outbox.keep, TimeSpan::secs(0)..=YEAR);
    findings.within("audit.keep", settings.audit.keep, TimeSpan::hours(24)..=TimeSpan::days(36_600));
}

/// Whether the address needs no escaping in texts and links.
fn is_plain_address(text: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || "@.+-_".contains(c);
    text.chars().all(is_plain) && EmailAddress::parse(text).is_ok()
}

fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

fn codes(settings: &Settings, findings: &mut Findings) {
    let codes = &settings.codes;
    findings.within("codes.life", codes.life, SECOND..=TimeSpan::hours(24));
    // Each code that is accepted at once doubles the chance to guess one.
    findings.within("codes.overlap", codes.overlap, TimeSpan::secs(0)..=TimeSpan::mins(10));
    findings.within("codes.guesses", codes.guesses, 1..=100);
    findings.within("codes.stranger_guesses", codes.stranger_guesses, 0..=100);
    findings.at_most("codes.stranger_guesses", codes.stranger_guesses, "codes.guesses", codes.guesses);
    for (key, CodeShape { alphabet, length }) in
        [("codes.v1.length", &codes.v1), ("codes.v2.length", &codes.v2)]
    {
        // 20 bits of entropy (ASVS 5.0, 6.5.4), rounded to whole digits.
        let shortest = match alphabet {
            Alphabet::Crockford => 4,
            Alphabet::Digits => 6,
        };
        findings.within(key, *length, shortest..=CodeFormat::MAX_LENGTH);
    }
    let registrations = &settings.registrations;
    findings.within("registrations.life", registrations.life, SECOND..=TimeSpan::days(7));
    findings.within("registrations.per_contact", registrations.per_contact, 1..=100);
}

fn passwords(settings: &Settings, findings: &mut Findings) {
    let passwords = &settings.passwords;
    // NIST SP 800-63B-4, 3.1.1.2: at least 8, and at least 64 must be allowed.
    findings.within("passwords.min_length", passwords.min_length, 8..=64);
    findings.within("passwords.max_length", passwords.max_length, 64..=1024);
    findings.within("passwords.max_bytes", passwords.max_bytes, 64..=4096);
    findings.at_most(
        "passwords.max_length",
        passwords.max_length,
        "passwords.max_bytes",
        passwords.max_bytes,
    );
    if let Err(error) = Argon2Settings::from(&passwords.hashing).validate() {
        for flaw in error.0 {
            let (start, end, unit) = (flaw.bounds.start(), flaw.bounds.end(), flaw.unit);
            let right = format!("must be from {start} to {end}{unit}");
            findings.add(
                &format!("passwords.hashing.{}", flaw.setting),
                format!("is {}{unit}", flaw.given),
                right,
            );
        }
    }
}

fn sessions(settings: &Settings, findings: &mut Findings) {
    let sessions = &settings.sessions;
    findings.within("sessions.absolute", sessions.absolute, SECOND..=YEAR);
    findings.within("sessions.idle", sessions.idle, SECOND..=YEAR);
    findings.at_most("sessions.idle", sessions.idle, "sessions.absolute", sessions.absolute);
    findings.within("sessions.per_user", sessions.per_user, 1..=10_000);
    // A session in use must not look idle between two updates of its last use.
    findings.at_most("sessions.touch_interval", sessions.touch_interval, "sessions.idle", sessions.idle);
}

fn limits(settings: &Settings, findings: &mut Findings) {
    let limits = &settings.limits;
    findings.within("limits.stranger_percent", limits.stranger_percent, 1..=100);
    let (sends, codes, passwords) = (&limits.sends, &limits.wrong_codes, &limits.wrong_passwords);
    for (key, count) in [
        ("limits.sends.per_minute", sends.per_minute),
        ("limits.sends.per_hour", sends.per_hour),
        ("limits.sends.per_day", sends.per_day),
        ("limits.sends.per_network_per_hour", sends.per_network_per_hour),
        ("limits.sends.sms_per_prefix_per_hour", sends.sms_per_prefix_per_hour),
        ("limits.sends.sms_per_day", sends.sms_per_day),
        ("limits.registrations.per_network_per_hour", limits.registrations.per_network_per_hour),
        ("limits.wrong_codes.per_hour", codes.per_hour),
        ("limits.wrong_codes.per_day", codes.per_day),
        ("limits.wrong_passwords.familiar_per_hour", passwords.familiar_per_hour),
        ("limits.addresses.failures_per_minute", limits.addresses.failures_per_minute),
        ("limits.addresses.failures_per_hour", limits.addresses.failures_per_hour),
    ] {
        findings.within(key, count, 1..=10_000);
    }
    findings.within("limits.wrong_passwords.first_wait", passwords.first_wait, TimeSpan::millis(1)..=HOUR);
    findings.within(
        "limits.wrong_passwords.longest_wait",
        passwords.longest_wait,
        SECOND..=TimeSpan::hours(24),
    );
    findings.at_most(
        "limits.wrong_passwords.first_wait",
        passwords.first_wait,
        "limits.wrong_passwords.longest_wait",
        passwords.longest_wait,
    );
    findings.within("limits.wrong_passwords.lock_at", passwords.lock_at, 1..=1_000_000);
    findings.at_most(
        "limits.wrong_passwords.free",
        passwords.free,
        "limits.wrong_passwords.lock_at",
        passwords.lock_at,
    );
    findings.within("limits.wrong_passwords.memory", passwords.memory, SECOND..=YEAR);
    findings.within("limits.wrong_passwords.familiar_for", passwords.familiar_for, SECOND..=YEAR);
}
