//! Reading delivery URLs: what all providers' URLs have in common.

mod error;
mod provider_url;
mod secret;

pub use error::{DeliveryUrlError, ProviderUrlProblem, WrongChannel};
pub(crate) use provider_url::{ProviderUrl, encoded, is_loopback, is_loopback_literal};
pub(crate) use secret::UrlSecret;
