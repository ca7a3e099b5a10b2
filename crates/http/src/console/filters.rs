//! Filters of the templates.

#![allow(
    unreachable_pub,
    clippy::inline_always,
    clippy::unnecessary_wraps,
    clippy::unused_self,
    reason = "the expansion of askama is not ours"
)]

use std::fmt::Display;

/// A time (RFC 3339), for programs and for people. It is HTML.
#[askama::filter_fn]
pub(super) fn moment(at: impl Display, _: &dyn askama::Values) -> askama::Result<String> {
    let at = at.to_string();
    // 2016-05-03T11:15:54.950Z
    Ok(match (at.get(..10), at.get(11..16)) {
        (Some(date), Some(time)) => format!("<time datetime=\"{at}\">{date} {time} UTC</time>"),
        _ => at,
    })
}

/// `registration_code` in words: `registration code`.
#[askama::filter_fn]
pub(super) fn words(name: impl Display, _: &dyn askama::Values) -> askama::Result<String> {
    Ok(name.to_string().replace('_', " "))
}

/// A value in the query of a URL.
#[askama::filter_fn]
pub(super) fn query_value(text: impl Display, _: &dyn askama::Values) -> askama::Result<String> {
    Ok(form_urlencoded::byte_serialize(text.to_string().as_bytes()).collect())
}
