//! Origins as browsers and mobile shells send them (RFC 6454, 7).

/// Checks an origin; the error says what would be valid.
///
/// Requests are compared with it byte by byte, so it must be written as clients send it: a scheme, which may be that of an
/// app, a host, and a port unless it is the default of the scheme.
pub(super) fn check(text: &str) -> Result<(), &'static str> {
    const FORM: &str = "write origins like \"https://app.example.com\" or \"capacitor://localhost\"";
    if text == "*" {
        return Err("there is no wildcard: list the origins");
    }
    if text.eq_ignore_ascii_case("null") {
        return Err("every sandboxed page and local file has this origin: it cannot be allowed");
    }
    let Some((scheme, authority)) = text.split_once("://") else { return Err(FORM) };
    if !is_scheme(scheme) {
        return Err("the scheme must have letters, digits, +, - and . alone, in lower case");
    }
    let is_web = matches!(scheme, "http" | "https");
    if authority.is_empty() {
        return Err("the host is missing");
    }
    if authority.contains(['/', '?', '#']) {
        return Err("an origin ends with its host or port: leave out the path, and the slash before it");
    }
    if authority.contains('@') {
        return Err("an origin has no user name");
    }
    if authority.contains('*') {
        return Err("there is no wildcard: list the origins");
    }
    if !authority.is_ascii() {
        return Err("write the host in its ASCII form, which begins with xn--");
    }
    let (host, port) = split_port(authority);
    if let Some(port) = port {
        // Browsers send no leading zero.
        if port.parse::<u16>().is_err() || port.starts_with(['0', '+']) {
            return Err("the port must be a number from 1 to 65535");
        }
        if matches!((scheme, port), ("http", "80") | ("https", "443")) {
            return Err("leave out the scheme's default port: browsers do not send it");
        }
    }
    if is_web && host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err("write the host in lower case, as browsers send it");
    }
    if is_address(host) || is_name(host) { Ok(()) } else { Err(FORM) }
}

fn is_scheme(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte);
    // The CORS library accepts no longer scheme.
    text.len() <= 64 && text.starts_with(|c: char| c.is_ascii_lowercase()) && text.bytes().all(allowed)
}

/// Splits a host from its port. The colons of an IPv6 address are in brackets.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        Some(_) | None => (authority, None),
    }
}

fn is_address(host: &str) -> bool {
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    inner.is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok())
}

fn is_name(host: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    !host.is_empty() && host.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_of_browsers_and_mobile_apps_are_valid() {
        for origin in [
            "https://app.example.com",
            "http://localhost:8100",
            "https://localhost",
            "http://127.0.0.1:3000",
            "http://[::1]:5173",
            "https://xn--mller-kva.example",
            "http://my_host:3000",
            "capacitor://localhost",
            "ionic://localhost",
            "tauri://localhost",
            "app://-",
            "com.example.app://Main",
            "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
            "moz-extension://6d4b5c9f-0000-4000-8000-3a2b1c0d9e8f",
            "http://example.com:443",
        ] {
            assert_eq!(check(origin), Ok(()), "{origin}");
        }
    }

    #[test]
    fn invalid_origin_is_refused_with_the_reason() {
        for (origin, named) in [
            ("*", "no wildcard"),
            ("https://*.example.com", "no wildcard"),
            ("null", "sandboxed"),
            ("", "write origins like"),
            ("app.example.com", "write origins like"),
            ("localhost:8100", "write origins like"),
            ("https://", "host is missing"),
            ("capacitor://", "host is missing"),
            ("https://:8080", "write origins like"),
            ("https://a.example.com/", "leave out the path"),
            ("capacitor://localhost/", "leave out the path"),
            ("https://a.example.com?x", "leave out the path"),
            ("https://u:p@a.example.com", "no user name"),
            ("https://App.example.com", "lower case"),
            ("HTTPS://app.example.com", "lower case"),
            ("Capacitor://localhost", "lower case"),
            ("1app://localhost", "the scheme"),
            ("https://app.example.com:443", "default port"),
            ("http://app.example.com:80", "default port"),
            ("http://app.example.com:", "the port"),
            ("http://app.example.com:080", "the port"),
            ("http://app.example.com:65536", "the port"),
            ("http://app.example.com:x", "the port"),
            ("https://müller.example", "xn--"),
            ("https://a b", "write origins like"),
            ("https://[::g]", "write origins like"),
            ("https://a.example.com ", "write origins like"),
        ] {
            let right = check(origin).expect_err(origin);
            assert!(right.contains(named), "{origin}: {right}");
        }
    }
}
