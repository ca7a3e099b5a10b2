//! Contacts: the e-mail addresses and phone numbers by which people are reached and known.

mod email;
mod phone;
mod phone_rules;

use std::fmt;

pub use email::{EmailAddress, InvalidEmail};
pub use phone::{InvalidPhone, PhoneNumber, Region, UnknownRegion};

/// An e-mail address or a phone number.
///
/// Two contacts are equal when their [keys](Contact::key) are, however they were written. Printed for
/// debugging, a contact is masked.
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

/// Why a text is no contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidContact {
    /// It holds an `@`, and is no e-mail address.
    #[error("not an e-mail address")]
    Email(#[from] InvalidEmail),
    /// It holds no `@`, and is no phone number.
    #[error("not a phone number")]
    Phone(#[from] InvalidPhone),
}

impl Contact {
    /// Reads what a person typed into a field for either kind: what holds an `@` (or a full-width `＠`) is an address.
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

    /// Reads what a store kept as [`Contact::as_str`], by this version's rules or an earlier one's: an address that
    /// would no longer be accepted and a number that would be read otherwise today come back as they were stored.
    /// [`None`] if it is neither an address nor a number in E.164.
    #[must_use]
    pub fn from_stored(text: &str) -> Option<Self> {
        if email::has_at_sign(text) {
            Some(Self::Email(EmailAddress::from_stored(text)))
        } else {
            PhoneNumber::from_stored(text).map(Self::Phone)
        }
    }

    /// What the contact is compared and found by.
    #[must_use]
    pub fn key(&self) -> ContactKey {
        ContactKey(match self {
            Self::Email(email) => email.key().to_owned(),
            Self::Phone(phone) => phone.e164().to_owned(),
        })
    }

    /// Which of the two it is.
    #[must_use]
    pub fn kind(&self) -> ContactKind {
        match self {
            Self::Email(_) => ContactKind::Email,
            Self::Phone(_) => ContactKind::Phone,
        }
    }

    /// How it is kept: the address as it was given, the number as E.164.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Email(email) => email.as_given(),
            Self::Phone(phone) => phone.e164(),
        }
    }

    /// How it is shown to people: the address as it was given, the number as [`PhoneNumber::shown`].
    #[must_use]
    pub fn shown(&self, default_region: Region) -> String {
        match self {
            Self::Email(email) => email.as_given().to_owned(),
            Self::Phone(phone) => phone.shown(default_region),
        }
    }

    /// How it is written in logs and in the audit trail: `g…n@example.com`, `…4345`.
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

/// What a contact is compared and found by: the address with its local part case-folded and its domain in ASCII, or
/// the number as E.164.
///
/// An address always holds an `@` and a number never does, so the two never meet.
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
