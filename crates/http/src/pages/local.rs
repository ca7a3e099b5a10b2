use actix_web::dev::RequestHead;
use actix_web::http::header::{FORWARDED, ORIGIN, X_FORWARDED_FOR};

use crate::core::names_loopback_alone;

/// Whether the request comes from this machine and not on behalf of another one.
///
/// A loopback connection is not enough. A foreign page can point its own host name at this machine (DNS rebinding) and
/// read the answers through the visitor's browser: such a request names that host. A request of another origin names the
/// origin. And a proxy or tunnel on this machine forwards requests of others.
pub(super) fn is_local(request: &RequestHead) -> bool {
    let is_from_here = request.peer_addr.is_some_and(|peer| peer.ip().to_canonical().is_loopback());
    let is_forwarded_or_cross_origin =
        [FORWARDED, X_FORWARDED_FOR, ORIGIN].iter().any(|name| request.headers.contains_key(name));
    is_from_here && !is_forwarded_or_cross_origin && names_loopback_alone(request)
}
