//! The host that a request names.

use std::net::IpAddr;

use actix_web::dev::RequestHead;
use actix_web::http::header::{HOST, ORIGIN};
use actix_web::http::uri::Authority;

/// A host of a request, without its port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HostName {
    /// An IP address, in its canonical form.
    Address(IpAddr),
    /// A name in lower case, without a dot at its end.
    Name(String),
}

impl HostName {
    /// Reads a host, with or without a port.
    pub(crate) fn parse(host: &str) -> Option<Self> {
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !port.contains(']') => (name, port),
            _ => (host, ""),
        };
        if !port.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        if let Ok(ip) = address.parse::<IpAddr>() {
            return Some(Self::Address(ip.to_canonical()));
        }
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        let is_name = !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        is_name.then_some(Self::Name(name))
    }

    /// Whether every browser takes the host for this machine (RFC 6761, 6.3).
    pub(crate) fn is_loopback(&self) -> bool {
        match self {
            Self::Address(ip) => ip.is_loopback(),
            Self::Name(name) => name == "localhost" || name.ends_with(".localhost"),
        }
    }
}

/// Every host that a request names, as it is written: HTTP/2 names it only in the URI, and HTTP/1 may repeat the field.
pub(crate) fn hosts(request: &RequestHead) -> impl Iterator<Item = &str> {
    let fields = request.headers.get_all(HOST).map(|host| host.to_str().unwrap_or_default());
    fields.chain(request.uri.authority().map(Authority::as_str))
}

/// Whether the request names this machine, and nothing else.
pub(crate) fn names_loopback_alone(request: &RequestHead) -> bool {
    let mut hosts = hosts(request).peekable();
    hosts.peek().is_some() && hosts.all(|host| HostName::parse(host).is_some_and(|host| host.is_loopback()))
}

/// Whether the request names no origin, or the host that it goes to by one of these schemes: browsers name the origin of a form.
pub(crate) fn is_of_own_origin(request: &RequestHead, schemes: &[&str]) -> bool {
    let text = |name| request.headers.get(name).and_then(|value| value.to_str().ok());
    match (request.headers.get(ORIGIN), text(HOST)) {
        (None, _) => true,
        (Some(origin), Some(host)) => {
            let is_own = |scheme| origin.as_bytes() == format!("{scheme}://{host}").as_bytes();
            schemes.iter().any(is_own)
        }
        (Some(_), None) => false,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_form_is_of_the_origin_of_its_host_or_of_none() {
        for (host, origin, is_own) in [
            (Some("a.example:81"), None, true),
            (None, None, true),
            (Some("a.example:81"), Some("http://a.example:81"), true),
            (Some("a.example:81"), Some("https://a.example:81"), false),
            (Some("a.example:81"), Some("http://a.example"), false),
            (Some("a.example"), Some("http://b.example"), false),
            (Some("a.example"), Some("a.example"), false),
            (Some("a.example"), Some("null"), false),
            (Some(""), Some(""), false),
            (None, Some("http://a.example"), false),
        ] {
            let mut request = TestRequest::default();
            for (name, value) in [(HOST, host), (ORIGIN, origin)] {
                if let Some(value) = value {
                    request = request.insert_header((name, value));
                }
            }
            let request = request.to_http_request();
            assert_eq!(is_of_own_origin(request.head(), &["http"]), is_own, "{host:?} {origin:?}");
        }
    }

    #[test]
    fn only_loopback_host_names_are_local() {
        let is_loopback = |host| HostName::parse(host).is_some_and(|host| host.is_loopback());
        for host in [
            "localhost",
            "localhost:8080",
            "LOCALHOST.:80",
            "app.localhost:8080",
            "127.0.0.1",
            "127.8.9.1:8080",
            "[::1]",
            "[::1]:8080",
            "[::ffff:127.0.0.1]:80",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            ":8080",
            "example.com",
            "localhost.example.com:8080",
            "notlocalhost",
            "127.0.0.1.example.com",
            "10.0.0.1:8080",
            "[2001:db8::1]:8080",
            "[::]:8080",
            "0.0.0.0:8080",
            "user@localhost",
            "user@app.localhost",
            "localhost:x@evil",
            "example.com:80@localhost",
            "localhost/..",
            "::2:80",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
