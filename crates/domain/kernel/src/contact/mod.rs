//! Contacts: e-mail addresses and phone numbers.

mod email;
mod phone;
mod phone_rules;

use std::fmt;

pub use email::{EmailAddress, InvalidEmail};
pub use phone::{InvalidPhone, PhoneNumber, Region, UnknownRegion};

/// An e-mail address or a phone number.
///
/// Two contacts are equal if their [keys](Contact::key) are. [`Debug`] masks a contact.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Contact {
    /// An e-mail address.
    Email(EmailAddress),
    /// A phone number.
    Phone(PhoneNumber),
}

/// Whether a contact is an e-mail address or a phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContactKind {
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
}

/// Why a text is not a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidContact {
    /// It contains an `@`, and is not an e-mail address.
    #[error("not an e-mail address")]
    Email(#[from] InvalidEmail),
    /// It contains no `@`, and is not a phone number.
    #[error("not a phone number")]
    Phone(#[from] InvalidPhone),
}

impl Contact {
    /// Parses the text of a field for both kinds: a text with an `@` (or a full-width `＠`) is an address.
    ///
    /// # Errors
    ///
    /// If it is neither.
    pub fn parse(text: &str, default_region: Region) -> Result<Self, InvalidContact> {
        if email::has_at_sign(text) {
            Ok(Self::Email(EmailAddress::parse(text)?))
        } else {
            Ok(Self::Phone(PhoneNumber::parse(text, default_region)?))
        }
    }

    /// Parses a stored [`Contact::as_str`] of this version or an earlier one: an address that this version would reject,
    /// and a number that it would parse differently, come back as they were stored. [`None`] if it is neither an
    /// address nor a number in E.164.
    #[must_use]
    pub fn from_stored(text: &str) -> Option<Self> {
        if email::has_at_sign(text) {
            Some(Self::Email(EmailAddress::from_stored(text)))
        } else {
            PhoneNumber::from_stored(text).map(Self::Phone)
        }
    }

    /// The key by which contacts are compared and looked up.
    #[must_use]
    pub fn key(&self) -> ContactKey {
        ContactKey(match self {
            Self::Email(email) => email.key().to_owned(),
            Self::Phone(phone) => phone.e164().to_owned(),
        })
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> ContactKind {
        match self {
            Self::Email(_) => ContactKind::Email,
            Self::Phone(_) => ContactKind::Phone,
        }
    }

    /// The stored text: the address as it was given, the number as E.164.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Email(email) => email.as_given(),
            Self::Phone(phone) => phone.e164(),
        }
    }

    /// The displayed text: the address as it was given, the number as [`PhoneNumber::shown`].
    #[must_use]
    pub fn shown(&self, default_region: Region) -> String {
        match self {
            Self::Email(email) => email.as_given().to_owned(),
            Self::Phone(phone) => phone.shown(default_region),
        }
    }

    /// The text in logs and in the audit trail: `g…n@example.com`, `…4345`.
    #[must_use]
    pub fn masked(&self) -> String {
        match self {
            Self::Email(email) => email.masked(),
            Self::Phone(phone) => phone.masked(),
        }
    }
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Contact({})", self.masked())
    }
}

impl From<EmailAddress> for Contact {
    fn from(email: EmailAddress) -> Self {
        Self::Email(email)
    }
}

impl From<PhoneNumber> for Contact {
    fn from(phone: PhoneNumber) -> Self {
        Self::Phone(phone)
    }
}

/// The key by which contacts are compared and looked up: the address with its local part case-folded and its domain
/// in ASCII, or the number as E.164.
///
/// An address always contains an `@` and a number never does, so their keys differ.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContactKey(String);

impl ContactKey {
    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ContactKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContactKey(..)")
    }
}
