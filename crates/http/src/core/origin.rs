use std::net::{IpAddr, SocketAddr};

use actix_web::http::header::{HeaderMap, USER_AGENT, X_FORWARDED_FOR};
use actix_web::{HttpMessage, HttpRequest};
use asteroid_kernel::Origin;
use ipnet::IpNet;

/// The id that identifies a request in the logs.
#[derive(Clone)]
pub(super) struct RequestId(pub(super) String);

/// The client's address and user agent, and the request id.
pub(super) fn origin(request: &HttpRequest, trusted_proxies: &[IpNet]) -> Origin {
    let peer = request.peer_addr().map(|peer| peer.ip());
    let user_agent = request.headers().get(USER_AGENT).map(|agent| String::from_utf8_lossy(agent.as_bytes()));
    Origin {
        ip: peer.map(|peer| client_address(peer, request.headers(), trusted_proxies)),
        request_id: request.extensions().get::<RequestId>().map(|id| id.0.clone()),
        ..Origin::default()
    }
    .with_user_agent(user_agent.as_deref().unwrap_or_default())
}

/// The peer; or, if the peer is a trusted proxy, the right-most address of `X-Forwarded-For` that is not one.
///
/// Any client can forge the entries to the left of an address that is not trusted or cannot be parsed.
fn client_address(peer: IpAddr, headers: &HeaderMap, trusted_proxies: &[IpNet]) -> IpAddr {
    let is_trusted = |ip: IpAddr| trusted_proxies.iter().any(|net| net.contains(&ip));
    let mut client = peer.to_canonical();
    let fields: Vec<&str> =
        headers.get_all(X_FORWARDED_FOR).map(|field| field.to_str().unwrap_or_default()).collect();
    let mut hops = fields.iter().rev().flat_map(|field| field.rsplit(',')).map(parse_hop);
    while is_trusted(client) {
        let Some(Some(hop)) = hops.next() else { break };
        client = hop;
    }
    client
}

/// An address, with or without a port, with or without brackets.
fn parse_hop(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let ip = bare.parse().or_else(|_| text.parse().map(|socket: SocketAddr| socket.ip())).ok()?;
    Some(ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn client(peer: &str, fields: &[&str]) -> String {
        let trusted = ["10.0.0.0/8", "fd00::/8"].map(|net| net.parse().expect("a network"));
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_str(field).expect("a header value"));
        }
        client_address(peer.parse().expect("an address"), &headers, &trusted).to_string()
    }

    #[test]
    fn a_peer_that_is_not_a_trusted_proxy_is_the_client() {
        assert_eq!(client("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(client("::ffff:203.0.113.9", &["10.0.0.1"]), "203.0.113.9");
    }

    #[test]
    fn behind_trusted_proxies_the_client_is_the_right_most_other_address() {
        assert_eq!(client("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["6.6.6.6, 198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["6.6.6.6", "198.51.100.1", "10.0.0.2,10.0.0.3"]), "198.51.100.1");
        assert_eq!(client("::ffff:10.0.0.1", &["::ffff:198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("fd00::1", &["6.6.6.6, 2001:db8::7"]), "2001:db8::7");
    }

    #[test]
    fn forwarded_addresses_may_have_ports_and_brackets() {
        assert_eq!(client("10.0.0.1", &["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["[2001:db8::7]:4711"]), "2001:db8::7");
        assert_eq!(client("10.0.0.1", &[" [2001:db8::7] "]), "2001:db8::7");
    }

    #[test]
    fn an_unreadable_forwarded_address_leaves_the_last_trusted_one() {
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["198.51.100.1, unknown, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(client("10.0.0.1", &["198.51.100.1,"]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
    }

    proptest! {
        #[test]
        fn no_forwarded_field_causes_a_panic(field in "[0-9a-f:.,\\[\\] ]{0,60}") {
            let _ = client("10.0.0.1", &[&field]);
        }

        #[test]
        fn forged_forwarded_addresses_have_no_effect(forged in "[0-9.,: ]{0,40}") {
            prop_assert_eq!(client("10.0.0.1", &[&forged, "198.51.100.1"]), "198.51.100.1");
        }
    }
}
