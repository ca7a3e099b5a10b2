use std::net::IpAddr;

use actix_web::dev::RequestHead;
use actix_web::http::header::{FORWARDED, HOST, ORIGIN, X_FORWARDED_FOR};
use actix_web::http::uri::Authority;

/// Whether the request comes from this machine and not on behalf of another one.
///
/// A loopback connection is not enough. A foreign page can point its own host name at this machine (DNS rebinding) and
/// read the answers through the visitor's browser: such a request names that host. A request of another origin names the
/// origin. And a proxy or tunnel on this machine forwards requests of others.
pub(super) fn is_local(request: &RequestHead) -> bool {
    let (headers, uri) = (&request.headers, &request.uri);
    let is_from_here = request.peer_addr.is_some_and(|peer| peer.ip().to_canonical().is_loopback());
    let is_forwarded_or_cross_origin =
        [FORWARDED, X_FORWARDED_FOR, ORIGIN].iter().any(|name| headers.contains_key(name));
    // HTTP/2 names the host only in the URI; HTTP/1 may repeat the field.
    let fields = headers.get_all(HOST).map(|host| host.to_str().unwrap_or_default());
    let mut hosts = fields.chain(uri.authority().map(Authority::as_str)).peekable();
    is_from_here && !is_forwarded_or_cross_origin && hosts.peek().is_some() && hosts.all(is_loopback)
}

/// Whether every browser takes a host, with or without a port, for this machine (RFC 6761, 6.3).
fn is_loopback(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, port),
        _ => (host, ""),
    };
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    if let Ok(ip) = address.parse::<IpAddr>() {
        return ip.to_canonical().is_loopback();
    }
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    name == "localhost" || name.strip_suffix(".localhost").is_some_and(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_host_names_are_local() {
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
