use std::fmt::Display;
use std::net::SocketAddr;
use std::str::FromStr;

use asteroid_delivery::DeliveryUrl;
use asteroid_kernel::Region;
use asteroid_messaging::Language;
use serde::de::{self, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::mask::Masked;
use super::{DatabaseUrl, ProxyNetwork, TimeSpan};

/// Everything that can be set. The defaults are the policy; `config/asteroid.toml` explains each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What the server is run for.
    pub profile: ServerProfile,
    /// How it listens and how long it waits.
    pub http: HttpServerSettings,
    /// Where the data lies.
    pub database: DatabaseSettings,
    /// What messages say of the product.
    pub product: ProductSettings,
    /// The words of messages.
    pub messages: MessageSettings,
    /// How e-mail leaves.
    pub email: TransportSettings,
    /// How SMS leaves.
    pub sms: TransportSettings,
    /// How messages are tried again.
    pub outbox: OutboxSettings,
    /// Verification codes.
    pub codes: CodeSettings,
    /// Registrations that wait for their contact to be verified.
    pub registrations: RegistrationSettings,
    /// Passwords.
    pub passwords: PasswordSettings,
    /// Sessions.
    pub sessions: SessionSettings,
    /// How often things may be asked for and tried.
    pub limits: LimitSettings,
    /// The keys that codes are derived with and tokens are signed with.
    pub keys: KeySettings,
    /// What is recorded about what happened.
    pub audit: AuditSettings,
    /// What the server says about itself while it runs.
    pub log: LogSettings,
}

/// What the server is run for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServerProfile {
    /// To try it out: what is missing is made up, and nobody but this machine reaches it.
    #[default]
    Development,
    /// For people who depend on it: nothing is guessed.
    Production,
}

/// `[http]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpServerSettings {
    /// The address and port to listen on.
    #[serde(deserialize_with = "address")]
    pub bind: SocketAddr,
    /// The networks whose `X-Forwarded-For` is believed.
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
    /// How many threads answer; as many as cores if zero.
    pub workers: usize,
    /// How long a stopping server waits for the requests that it has accepted.
    pub shutdown_timeout: TimeSpan,
}

/// `[database]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSettings {
    /// Where it is.
    #[serde(serialize_with = "masked", deserialize_with = "url")]
    pub url: DatabaseUrl,
    /// Whether pending migrations are run at the start.
    pub migrate_at_start: bool,
    /// How many units of work may wait: on `SQLite` for the writer, and for the readers; on `PostgreSQL` for a connection.
    pub queue: usize,
    /// On `SQLite`, how many connections read.
    pub readers: usize,
    /// On `PostgreSQL`, how many connections are open at most.
    pub connections: usize,
    /// On `PostgreSQL`, how long a unit of work may take in all.
    pub timeout: TimeSpan,
}

/// `[product]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductSettings {
    /// Its name, as its users know it.
    pub name: String,
    /// Its domain; phones may fill a code in there.
    pub domain: String,
    /// The address that helps; none if empty.
    pub support: String,
    /// The region of phone numbers without a calling code.
    #[serde(serialize_with = "shown", deserialize_with = "region")]
    pub default_region: Region,
}

/// `[messages]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageSettings {
    /// The language that they are written in.
    #[serde(serialize_with = "shown", deserialize_with = "language")]
    pub language: Language,
    /// The folder of templates that take the place of those that come along; none if empty.
    pub templates: String,
}

/// `[email]` and `[sms]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransportSettings {
    /// Where messages go.
    #[serde(serialize_with = "masked", deserialize_with = "url")]
    pub url: DeliveryUrl,
}

/// `[outbox]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutboxSettings {
    /// How many e-mails are delivered side by side.
    pub emails_at_once: usize,
    /// How many SMS are delivered side by side.
    pub sms_at_once: usize,
    /// How long a worker holds a message that it tries to deliver.
    pub lease: TimeSpan,
    /// The wait after the first failure; each further one doubles it.
    pub retry_first: TimeSpan,
    /// The longest wait between two tries.
    pub retry_longest: TimeSpan,
    /// How long delivered and failed messages are kept.
    pub keep: TimeSpan,
}

/// `[codes]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeSettings {
    /// From when a code was made to when it stops working.
    pub life: TimeSpan,
    /// So many wrong guesses kill the codes of a contact.
    pub guesses: u32,
    /// So many of them may come from another address than the one that asked.
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
    /// Of which characters.
    pub alphabet: Alphabet,
    /// How many.
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
    /// So many wait for one contact; one more ends the oldest.
    pub per_contact: usize,
}

/// `[passwords]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordSettings {
    /// The fewest characters of a new one.
    pub min_length: usize,
    /// The most characters.
    pub max_length: usize,
    /// The most bytes.
    pub max_bytes: usize,
    /// What a hash costs.
    pub hashing: HashingSettings,
}

/// `[passwords.hashing]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HashingSettings {
    /// The memory of one hash, in KiB.
    pub memory_kib: u32,
    /// How often that memory is gone over.
    pub iterations: u32,
    /// Into how many lanes it is parted.
    pub parallelism: u32,
    /// How many hashes are computed at once; as many as cores if zero.
    pub threads: usize,
    /// How many more may wait.
    pub queue: usize,
    /// How long each of them may wait.
    pub max_wait: TimeSpan,
}

/// `[sessions]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionSettings {
    /// From sign-in to the end, however much the session is used.
    pub absolute: TimeSpan,
    /// From the last use to the end.
    pub idle: TimeSpan,
    /// So many a user; one more ends the oldest.
    pub per_user: usize,
    /// The last use is written down at most this often.
    pub touch_interval: TimeSpan,
}

/// `[limits]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitSettings {
    /// Whether they are kept; the guesses at a code always are.
    pub enabled: bool,
    /// Codes sent to one contact.
    pub sends: SendLimits,
    /// Wrong codes for one contact.
    pub wrong_codes: WrongCodeLimits,
    /// Wrong passwords of one user.
    pub wrong_passwords: WrongPasswordLimits,
}

/// `[limits.sends]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendLimits {
    /// In any minute.
    pub per_minute: usize,
    /// In any hour.
    pub per_hour: usize,
    /// In any 24 hours.
    pub per_day: usize,
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
    /// So many in a row cost nothing.
    pub free: u32,
    /// The wait after the next one; each further one doubles it.
    pub first_wait: TimeSpan,
    /// The longest wait.
    pub longest_wait: TimeSpan,
    /// At so many in a row the password is locked until a reset.
    pub lock_at: u32,
    /// How long they are remembered after the last one.
    pub memory: TimeSpan,
    /// In any hour, from an address that the user signed in from.
    pub familiar_per_hour: usize,
    /// How long an address stays familiar.
    pub familiar_for: TimeSpan,
}

/// `[keys]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySettings {
    /// Where they are kept; in development, if empty, in `keys.json` beside the database.
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
    /// How much is said, and about what.
    pub level: String,
    /// What a line looks like.
    pub format: LogFormat,
}

/// What a line of the log looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs: a JSON object.
    Json,
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    parsed(deserializer, "an address and a port, like \"127.0.0.1:8080\"")
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

fn masked<S: Serializer>(url: &impl ToString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&Masked(&url.to_string()))
}

fn shown<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
