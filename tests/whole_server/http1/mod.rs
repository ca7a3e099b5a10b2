//! HTTP/1.1 on the socket: framing, upgrades, timeouts and disconnects.

mod disconnects;
mod unread;
mod wire;
