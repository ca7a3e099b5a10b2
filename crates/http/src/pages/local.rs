use std::net::IpAddr;

use actix_web::dev::RequestHead;
use actix_web::http::header::{FORWARDED, HOST, ORIGIN, X_FORWARDED_FOR};
use actix_web::http::uri::Authority;

/// Whether somebody on this machine asks for themselves.
///
/// The connection alone does not say so. A page from elsewhere can have its own name lead to this machine (DNS
/// rebinding), so that the browser of who looks at it asks here and lets it read the answer: then the request names
/// that host. A page of another origin names that. And a proxy on this machine, which a tunnel is, asks for others.
pub(super) fn is_local(request: &RequestHead) -> bool {
    let (headers, uri) = (&request.headers, &request.uri);
    let is_from_here = request.peer_addr.is_some_and(|peer| peer.ip().to_canonical().is_loopback());
    let for_others = [FORWARDED, X_FORWARDED_FOR, ORIGIN].iter().any(|name| headers.contains_key(name));
    // HTTP/2 names the host in the URI alone, and there may be several fields of HTTP/1.
    let fields = headers.get_all(HOST).map(|host| host.to_str().unwrap_or_default());
    let mut hosts = fields.chain(uri.authority().map(Authority::as_str)).peekable();
    is_from_here && !for_others && hosts.peek().is_some() && hosts.all(is_loopback)
}

/// Whether a host, with its port or without, is this machine for every browser (RFC 6761, 6.3).
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
    fn this_machine_has_many_names_and_no_others() {
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
