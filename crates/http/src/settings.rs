use std::time::Duration;

use asteroid_application::{CodeFormats, SmsCountries};
use asteroid_identity::PasswordPolicy;
use asteroid_kernel::{ContactKind, Region};
use ipnet::IpNet;

/// The settings of the HTTP surfaces. The defaults are the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpSettings {
    /// The largest request body, in bytes.
    pub body_limit: usize,
    /// The largest total size of a request's header fields, names and values together, in bytes.
    pub header_limit: usize,
    /// How long a request body may take to arrive.
    pub body_timeout: Duration,
    /// How long the use cases of one request may take.
    pub handler_timeout: Duration,
    /// The proxies whose `X-Forwarded-For` field is trusted.
    pub trusted_proxies: Vec<IpNet>,
    /// The country whose phone numbers are read and written without a calling code.
    pub default_region: Region,
    /// The kinds of contacts that codes are sent to; a request for a code to another kind is refused.
    pub offered_contacts: Vec<ContactKind>,
    /// The countries to whose phone numbers codes may be asked for. The use cases check them again.
    pub sms_countries: SmsCountries,
    /// The rules for new passwords. The use cases check them again, with all contacts and names of the user.
    pub passwords: PasswordPolicy,
    /// The forms of verification codes, for the API's description.
    pub code_formats: CodeFormats,
    /// The origins (`https://app.example.com`) whose pages may call the API from a browser.
    pub cors_origins: Vec<String>,
    /// Whether the start page and the description of the API (`/docs/`, `/openapi.json`) are served.
    pub pages: bool,
    /// The URL of the console, which the start page shows to clients on this machine in development.
    pub console: Option<String>,
    /// The most lists that are streamed to one user at the same time; then 429.
    pub streams_per_user: usize,
    /// The most lists that are streamed at the same time; then 503.
    pub streams: usize,
}

impl Default for HttpSettings {
    /// Codes go to e-mail addresses, and to numbers of the default region alone. Bodies of 16 KiB within 10 seconds, headers of 8 KiB, 10 seconds to
    /// answer. No proxy and no other origin is trusted. 4 streamed lists for each user, and 32 in all.
    fn default() -> Self {
        Self {
            body_limit: 16 * 1024,
            header_limit: 8 * 1024,
            body_timeout: Duration::from_secs(10),
            handler_timeout: Duration::from_secs(10),
            trusted_proxies: Vec::new(),
            default_region: Region::US,
            offered_contacts: vec![ContactKind::Email, ContactKind::Phone],
            sms_countries: SmsCountries::default(),
            passwords: PasswordPolicy::default(),
            code_formats: CodeFormats::default(),
            cors_origins: Vec::new(),
            pages: true,
            console: None,
            streams_per_user: 4,
            streams: 32,
        }
    }
}
