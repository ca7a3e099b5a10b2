//! Parses the parts of a stored hash.

use std::ops::RangeInclusive;

use asteroid_identity::UnusableHash;
use data_encoding::{BASE64_NOPAD, HEXLOWER_PERMISSIVE};

/// The length of a salt in bytes.
pub(super) const SALT_BOUNDS: RangeInclusive<u64> = 1..=128;

/// The length of a hash in bytes: fewer could match by chance, and more are no safer.
pub(super) const OUTPUT_BOUNDS: RangeInclusive<u64> = 16..=64;

/// The scheme that a hash names.
#[derive(Clone, Copy)]
pub(super) struct Scheme(pub(super) &'static str);

impl Scheme {
    pub(super) const fn malformed(self, part: &'static str) -> UnusableHash {
        UnusableHash::Malformed { scheme: self.0, part }
    }

    /// Checks that a part is within its bounds.
    pub(super) fn bound(
        self,
        part: &'static str,
        value: u64,
        bounds: RangeInclusive<u64>,
        unit: &'static str,
    ) -> Result<(), UnusableHash> {
        if bounds.contains(&value) {
            return Ok(());
        }
        let (least, most) = bounds.into_inner();
        Err(UnusableHash::OutOfBounds { scheme: self.0, part, least, most, unit })
    }

    /// Splits a text into exactly this many parts.
    pub(super) fn split<const N: usize>(self, text: &str, at: char) -> Result<[&str; N], UnusableHash> {
        let parts: Vec<&str> = text.split(at).collect();
        parts.try_into().map_err(|_| self.malformed("number of parts"))
    }

    /// A whole number in decimal digits.
    pub(super) fn number(
        self,
        part: &'static str,
        text: &str,
        bounds: RangeInclusive<u64>,
    ) -> Result<u32, UnusableHash> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(self.malformed(part));
        }
        // A number that does not fit exceeds every bound.
        let value = text.parse().unwrap_or(u64::MAX);
        self.bound(part, value, bounds, "")?;
        u32::try_from(value).map_err(|_| self.malformed(part))
    }

    /// A salt that is used as text.
    pub(super) fn text_salt(self, text: &str) -> Result<Vec<u8>, UnusableHash> {
        self.bytes("salt", text.as_bytes().to_vec(), SALT_BOUNDS)
    }

    /// Bytes in base64 with the standard alphabet, the URL-safe one or passlib's; with or without padding.
    pub(super) fn base64(
        self,
        part: &'static str,
        text: &str,
        bounds: RangeInclusive<u64>,
    ) -> Result<Vec<u8>, UnusableHash> {
        let text = text.trim_end_matches('=').replace(['-', '.'], "+").replace('_', "/");
        let bytes = BASE64_NOPAD.decode(text.as_bytes()).map_err(|_| self.malformed(part))?;
        self.bytes(part, bytes, bounds)
    }

    /// Bytes in hexadecimal digits.
    pub(super) fn hex(
        self,
        part: &'static str,
        text: &str,
        bounds: RangeInclusive<u64>,
    ) -> Result<Vec<u8>, UnusableHash> {
        let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).map_err(|_| self.malformed(part))?;
        self.bytes(part, bytes, bounds)
    }

    fn bytes(
        self,
        part: &'static str,
        bytes: Vec<u8>,
        bounds: RangeInclusive<u64>,
    ) -> Result<Vec<u8>, UnusableHash> {
        self.bound(part, bytes.len() as u64, bounds, " bytes")?;
        Ok(bytes)
    }
}

/// The values of these parameters in `name=value,name=value`, where each name occurs at most once and no other does.
pub(super) fn parameters<'a, const N: usize>(
    scheme: Scheme,
    text: &'a str,
    names: [&str; N],
) -> Result<[Option<&'a str>; N], UnusableHash> {
    let mut values = [None; N];
    for parameter in text.split(',') {
        let (name, value) = parameter.split_once('=').ok_or(scheme.malformed("list of parameters"))?;
        let place = names.iter().position(|known| *known == name).map(|at| &mut values[at]);
        match place {
            Some(place @ None) => *place = Some(value),
            Some(Some(_)) | None => return Err(scheme.malformed("list of parameters")),
        }
    }
    Ok(values)
}
