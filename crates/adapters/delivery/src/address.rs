use asteroid_kernel::EmailAddress;
use lettre::Address;

/// An address for SMTP: the domain in ASCII (RFC 5891), so that only a local part beyond ASCII needs SMTPUTF8.
/// [`None`] if it is not valid in SMTP.
pub(crate) fn smtp_address(text: &str) -> Option<Address> {
    let (local, domain) = text.rsplit_once('@')?;
    let Ok(email) = EmailAddress::parse(text) else {
        // A host without a dot: allowed for a sender.
        return Address::new(local, domain).ok().filter(|_| domain.is_ascii());
    };
    let domain = if domain.is_ascii() { domain } else { email.ascii_domain() };
    // Not checked again: lettre rejects the combining marks of many scripts.
    Some(Address::new_dangerous(email.local_part(), domain))
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_the_domain_becomes_ascii() {
        for (text, address) in [
            ("George@Example.com", Some("George@Example.com")),
            ("info@müller.example", Some("info@xn--mller-kva.example")),
            ("jürgen@müller.example", Some("jürgen@xn--mller-kva.example")),
            ("info@faß.example", Some("info@xn--fa-hia.example")),
            ("संपर्क@डाटामेल.भारत", Some("संपर्क@xn--c2bd4bq1db8d.xn--h2brj9c")),
            ("root@localhost", Some("root@localhost")),
            ("a@bücher", None),
            ("a b@example.com", None),
            ("a@b.example\r\nRCPT TO:<c@d.example>", None),
            ("example.com", None),
            ("a@", None),
            ("a@b c", None),
            ("a@\u{2000}.example", None),
        ] {
            assert_eq!(super::smtp_address(text).as_ref().map(AsRef::as_ref), address, "{text}");
        }
    }
}
