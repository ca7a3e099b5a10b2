//! The built server, asked over a socket as its clients ask it.

mod asteroid_examples;
mod crashes;
mod deliveries;
mod documented_examples;
mod documented_requests;
mod hang_ups;
mod harness;
mod import_beside_readers;
mod imported_passwords;
mod imports;
mod isolation;
mod journeys;
mod limits;
mod many_servers;
mod messages;
mod moving;
mod operations;
mod pages;
mod pre_hijacking;
mod provider;
mod races;
mod readme;
mod rotation;
mod secrets;
mod tokens;
mod wire;
