use lettre::Address;
use url::Host;

/// An address as mail servers take it: the domain in ASCII (RFC 5891), so that only a local part beyond ASCII needs
/// SMTPUTF8. None if it is none that a server would take.
pub(crate) fn mailable(text: &str) -> Option<Address> {
    let (local, domain) = text.rsplit_once('@')?;
    if domain.is_ascii() {
        return Address::new(local, domain).ok();
    }
    match Host::parse(domain) {
        Ok(Host::Domain(domain)) => Address::new(local, domain).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_the_domain_is_put_into_ascii() {
        for (text, mailable) in [
            ("George@Example.com", Some("George@Example.com")),
            ("info@müller.example", Some("info@xn--mller-kva.example")),
            ("jürgen@müller.example", Some("jürgen@xn--mller-kva.example")),
            ("example.com", None),
            ("a@", None),
            ("a@b c", None),
            ("a@\u{2000}.example", None),
        ] {
            assert_eq!(super::mailable(text).as_ref().map(AsRef::as_ref), mailable, "{text}");
        }
    }
}
