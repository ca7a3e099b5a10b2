use std::fmt::Display;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::str::FromStr;

use asteroid_delivery::DeliveryUrl;
use asteroid_kernel::Region;
use asteroid_messaging::Language;
use serde::de::{self, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use strum::IntoStaticStr;

use super::{DatabaseUrl, ProxyNetwork, TimeSpan};

/// All settings. `config/asteroid.toml` documents each with its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The environment that the server runs in.
    pub profile: ServerProfile,
    /// The HTTP listener and its timeouts.
    pub http: HttpServerSettings,
    /// The admin listener.
    pub admin: AdminListenerSettings,
    /// The database.
    pub database: DatabaseSettings,
    /// The product, as messages name it.
    pub product: ProductSettings,
    /// Language and templates of messages.
    pub messages: MessageSettings,
    /// The delivery of e-mail.
    pub email: TransportSettings,
    /// The delivery of SMS.
    pub sms: SmsSettings,
    /// Concurrency and retries of delivery.
    pub outbox: OutboxSettings,
    /// Verification codes.
    pub codes: CodeSettings,
    /// Registrations that wait for their contact to be verified.
    pub registrations: RegistrationSettings,
    /// Passwords.
    pub passwords: PasswordSettings,
    /// Sessions.
    pub sessions: SessionSettings,
    /// Rate limits.
    pub limits: LimitSettings,
    /// The keys that codes are derived with and tokens are signed with.
    pub keys: KeySettings,
    /// The audit trail.
    pub audit: AuditSettings,
    /// Logging.
    pub log: LogSettings,
}

/// The environment that the server runs in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum ServerProfile {
    /// For development: missing parts are created, and only this machine can connect.
    #[default]
    Development,
    /// For production: every part must be configured.
    Production,
}

/// `[http]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpServerSettings {
    /// The address and port to listen on.
    #[serde(deserialize_with = "address")]
    pub bind: SocketAddr,
    /// The networks whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: Vec<ProxyNetwork>,
    /// The origins whose pages may call the API.
    pub cors_origins: Vec<String>,
    /// The largest body, in bytes.
    pub body_limit: usize,
    /// The most bytes of header fields, names and values together.
    pub header_limit: usize,
    /// How long a client may take to send its body.
    pub body_timeout: TimeSpan,
    /// How long a client may take to send its request line and headers.
    pub header_timeout: TimeSpan,
    /// How long an answer may take.
    pub handler_timeout: TimeSpan,
    /// How long an idle connection is kept.
    pub keep_alive: TimeSpan,
    /// The number of worker threads; as many as cores if zero.
    pub workers: usize,
    /// Whether the start page and the description of the API are served.
    pub pages: bool,
    /// The most lists that are streamed to one user at the same time.
    pub streams_per_user: usize,
    /// The most lists that are streamed at the same time.
    pub streams: usize,
    /// How long a client may take nothing of its response.
    pub write_timeout: TimeSpan,
    /// How long a stopping server waits for the requests that it has received.
    pub shutdown_timeout: TimeSpan,
}

/// `[admin]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdminListenerSettings {
    /// The address and port to listen on; [`None`] turns the listener off.
    #[serde(serialize_with = "shown_or_empty", deserialize_with = "optional_address")]
    pub bind: Option<SocketAddr>,
    /// The host names that requests may name, besides IP addresses and `localhost`.
    pub hosts: Vec<String>,
    /// How often each program may call `/admin/v1` in a minute.
    pub requests_per_minute: NonZeroU32,
}

/// `[database]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSettings {
    /// The URL of the database.
    #[serde(serialize_with = "shown", deserialize_with = "url")]
    pub url: DatabaseUrl,
    /// Whether pending migrations run at the start.
    pub migrate_at_start: bool,
    /// How many units of work may wait: for the writer or a reader on `SQLite`, for a connection on `PostgreSQL`.
    pub queue: usize,
    /// The read connections on `SQLite`.
    pub readers: usize,
    /// The most open connections on `PostgreSQL`.
    pub connections: usize,
    /// The longest duration of a unit of work on `PostgreSQL`, including the wait for a connection.
    pub timeout: TimeSpan,
}

/// `[product]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductSettings {
    /// The name of the product.
    pub name: String,
    /// The domain of the product; phones fill in codes on its pages.
    pub domain: String,
    /// The e-mail address of the support; may be empty.
    pub support: String,
    /// The region of phone numbers without a calling code.
    #[serde(serialize_with = "shown", deserialize_with = "region")]
    pub default_region: Region,
}

/// `[messages]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageSettings {
    /// The language of messages.
    #[serde(serialize_with = "shown", deserialize_with = "language")]
    pub language: Language,
    /// The folder of templates that override the built-in ones; may be empty.
    pub templates: String,
}

/// `[email]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransportSettings {
    /// Where messages go.
    #[serde(serialize_with = "shown", deserialize_with = "url")]
    pub url: DeliveryUrl,
}

/// `[sms]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsSettings {
    /// Where messages go.
    #[serde(serialize_with = "shown", deserialize_with = "url")]
    pub url: DeliveryUrl,
    /// The countries (ISO 3166-1) to whose numbers codes are sent; if empty, the default region alone.
    pub countries: Vec<String>,
}

/// `[outbox]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutboxSettings {
    /// How many e-mails are delivered concurrently.
    pub emails_at_once: usize,
    /// How many SMS are delivered concurrently.
    pub sms_at_once: usize,
    /// How long a worker leases a message that it delivers.
    pub lease: TimeSpan,
    /// The wait after the first failure; each further one doubles it.
    pub retry_first: TimeSpan,
    /// The longest wait between two attempts.
    pub retry_longest: TimeSpan,
    /// How long delivered and failed messages are kept.
    pub keep: TimeSpan,
}

/// `[codes]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeSettings {
    /// The lifetime of a code.
    pub life: TimeSpan,
    /// How long after a new code the code before it is still accepted.
    pub overlap: TimeSpan,
    /// The wrong guesses after which the codes of a contact are invalid.
    pub guesses: u32,
    /// The part of them that may come from another network than the one that requested the code.
    pub stranger_guesses: u32,
    /// Codes typed by a person.
    pub v1: CodeShape,
    /// Codes that phones fill in.
    pub v2: CodeShape,
}

/// `[codes.v1]` and `[codes.v2]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeShape {
    /// The characters.
    pub alphabet: Alphabet,
    /// The number of characters.
    pub length: u8,
}

/// The characters of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Alphabet {
    /// Crockford's base 32: digits and letters without I, L, O and U.
    Crockford,
    /// Decimal digits.
    Digits,
}

/// `[registrations]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrationSettings {
    /// How long a registration waits for its contact to be verified.
    pub life: TimeSpan,
    /// The most pending registrations of one contact; one more replaces the oldest.
    pub per_contact: usize,
}

/// `[passwords]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordSettings {
    /// The fewest characters of a new password.
    pub min_length: usize,
    /// The most characters.
    pub max_length: usize,
    /// The most bytes.
    pub max_bytes: usize,
    /// The cost of hashing.
    pub hashing: HashingSettings,
}

/// `[passwords.hashing]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HashingSettings {
    /// The memory of one hash, in KiB.
    pub memory_kib: u32,
    /// The number of passes over that memory.
    pub iterations: u32,
    /// The lanes of argon2id.
    pub parallelism: u32,
    /// How many hashes are computed at once; as many as cores if zero.
    pub threads: usize,
    /// How many more hashes may wait.
    pub queue: usize,
    /// The longest wait for a free thread.
    pub max_wait: TimeSpan,
}

/// `[sessions]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionSettings {
    /// The absolute lifetime of a session.
    pub absolute: TimeSpan,
    /// The idle timeout of a session.
    pub idle: TimeSpan,
    /// The most sessions of a user; one more ends the oldest.
    pub per_user: usize,
    /// The shortest interval between two updates of the last use.
    pub touch_interval: TimeSpan,
}

/// `[limits]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitSettings {
    /// Whether rate limits apply. The guesses at a code are always limited.
    pub enabled: bool,
    /// The part of `sends` and `wrong_codes` that strangers may use up, in percent.
    pub stranger_percent: u8,
    /// Codes sent to one contact.
    pub sends: SendLimits,
    /// Registrations.
    pub registrations: RegistrationLimits,
    /// Wrong codes for one contact.
    pub wrong_codes: WrongCodeLimits,
    /// Wrong passwords.
    pub wrong_passwords: WrongPasswordLimits,
    /// Failed tries from one address.
    pub addresses: AddressLimits,
}

/// `[limits.sends]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendLimits {
    /// To one contact in any minute.
    pub per_minute: usize,
    /// To one contact in any hour.
    pub per_hour: usize,
    /// To one contact in any 24 hours.
    pub per_day: usize,
    /// From one network in any hour.
    pub per_network_per_hour: usize,
    /// SMS in any hour to numbers that differ in the last four digits alone.
    pub sms_per_prefix_per_hour: usize,
    /// SMS in any 24 hours.
    pub sms_per_day: usize,
}

/// `[limits.registrations]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrationLimits {
    /// From one network in any hour.
    pub per_network_per_hour: usize,
}

/// `[limits.wrong_codes]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrongCodeLimits {
    /// In any hour.
    pub per_hour: usize,
    /// In any 24 hours.
    pub per_day: usize,
}

/// `[limits.wrong_passwords]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrongPasswordLimits {
    /// The consecutive failures at a contact without a wait.
    pub free: u32,
    /// The wait after the next failure; each further failure doubles it.
    pub first_wait: TimeSpan,
    /// The longest wait.
    pub longest_wait: TimeSpan,
    /// The consecutive failures that lock the password until a reset.
    pub lock_at: u32,
    /// How long failures are remembered after the last one.
    pub memory: TimeSpan,
    /// In any hour, from a network that the user has signed in from.
    pub familiar_per_hour: usize,
    /// How long a network stays familiar.
    pub familiar_for: TimeSpan,
}

/// `[limits.addresses]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddressLimits {
    /// In any minute.
    pub failures_per_minute: usize,
    /// In any hour.
    pub failures_per_hour: usize,
}

/// `[keys]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySettings {
    /// The key file; in development, if empty, `keys.json` beside the database.
    pub file: String,
}

/// `[audit]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditSettings {
    /// How long events are kept.
    pub keep: TimeSpan,
}

/// `[log]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    /// The log level, also by module.
    pub level: String,
    /// The log format.
    pub format: LogFormat,
}

/// The format of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text for people.
    Text,
    /// A JSON object per line, for programs.
    Json,
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    parsed(deserializer, "an address and a port, like \"127.0.0.1:8080\"")
}

fn optional_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    let expected = "an address and a port, like \"127.0.0.1:8081\", or empty";
    text.parse().map(Some).map_err(|_| de::Error::invalid_value(Unexpected::Str(&text), &expected))
}

fn region<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Region, D::Error> {
    parsed(deserializer, "an ISO 3166-1 code of two capital letters, like \"US\" or \"DE\"")
}

fn language<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Language, D::Error> {
    parsed(deserializer, "\"en\" or \"de\"")
}

fn parsed<'de, D: Deserializer<'de>, T: FromStr>(
    deserializer: D,
    expected: &'static str,
) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| de::Error::invalid_value(Unexpected::Str(&text), &expected))
}

fn url<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(deserializer: D) -> Result<T, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
}

fn shown<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// An absent value as an empty text.
#[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
fn shown_or_empty<S: Serializer>(value: &Option<SocketAddr>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_str(""),
    }
}
