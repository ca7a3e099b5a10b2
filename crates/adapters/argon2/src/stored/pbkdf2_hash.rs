use std::ops::RangeInclusive;

use asteroid_identity::UnusableHash;
use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq;

use super::fields::{OUTPUT_BOUNDS, SALT_BOUNDS, Scheme, parameters};

const SCHEME: Scheme = Scheme("PBKDF2");

/// The most iterations over all blocks of a hash; a second or several of work.
const MAX_ITERATIONS: u64 = 4_000_000;

/// A PBKDF2 hash (RFC 8018) with HMAC.
#[derive(Clone)]
pub(crate) struct Pbkdf2Hash {
    digest: Digest,
    iterations: u32,
    salt: Vec<u8>,
    output: Vec<u8>,
}

/// The hash function of the HMAC.
#[derive(Clone, Copy)]
enum Digest {
    Sha1,
    Sha256,
    Sha512,
}

impl Digest {
    fn parse(name: &str) -> Result<Self, UnusableHash> {
        match name {
            "sha1" => Ok(Self::Sha1),
            "sha256" => Ok(Self::Sha256),
            "sha512" => Ok(Self::Sha512),
            _ => Err(SCHEME.malformed("hash function")),
        }
    }

    const fn bytes(self) -> u64 {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    /// The bytes of a hash that is as long as the function's own.
    const fn whole(self) -> RangeInclusive<u64> {
        self.bytes()..=self.bytes()
    }
}

impl Pbkdf2Hash {
    /// Parses a hash in one of these forms. A salt without an encoding is used as text.
    ///
    /// - Django: `pbkdf2_sha256$ITERATIONS$SALT$BASE64`
    /// - Werkzeug: `pbkdf2:sha256:ITERATIONS$SALT$HEX`
    /// - PHC: `$pbkdf2-sha256$i=ITERATIONS,l=BYTES$BASE64$BASE64`, where `l` may be missing
    /// - passlib: `$pbkdf2-sha256$ITERATIONS$BASE64$BASE64`; `$pbkdf2$` is with SHA-1
    pub(super) fn parse(text: &str) -> Result<Self, UnusableHash> {
        if let Some(text) = text.strip_prefix("pbkdf2_") {
            let [digest, iterations, salt, output] = SCHEME.split(text, '$')?;
            let digest = Digest::parse(digest)?;
            let output = SCHEME.base64("hash", output, digest.whole())?;
            return Self::new(digest, iterations, SCHEME.text_salt(salt)?, output);
        }
        if let Some(text) = text.strip_prefix("pbkdf2:") {
            let [method, salt, output] = SCHEME.split(text, '$')?;
            let [digest, iterations] = SCHEME.split(method, ':')?;
            let digest = Digest::parse(digest)?;
            let output = SCHEME.hex("hash", output, digest.whole())?;
            return Self::new(digest, iterations, SCHEME.text_salt(salt)?, output);
        }
        let [_, scheme, params, salt, output] = SCHEME.split(text, '$')?;
        let digest = match scheme.strip_prefix("pbkdf2") {
            Some("") => Digest::Sha1,
            Some(rest) => Digest::parse(rest.strip_prefix('-').unwrap_or_default())?,
            None => return Err(SCHEME.malformed("hash function")),
        };
        let salt = SCHEME.base64("salt", salt, SALT_BOUNDS)?;
        let output = SCHEME.base64("hash", output, OUTPUT_BOUNDS)?;
        if !params.contains('=') {
            return Self::new(digest, params, salt, output);
        }
        let [iterations, length] = parameters(SCHEME, params, ["i", "l"])?;
        if let Some(length) = length {
            let bytes = output.len() as u64;
            SCHEME.number("length", length, bytes..=bytes)?;
        }
        Self::new(digest, iterations.unwrap_or_default(), salt, output)
    }

    fn new(digest: Digest, iterations: &str, salt: Vec<u8>, output: Vec<u8>) -> Result<Self, UnusableHash> {
        // Every block of the hash takes all iterations.
        let blocks = (output.len() as u64).div_ceil(digest.bytes());
        let iterations = SCHEME.number("iterations", iterations, 1..=MAX_ITERATIONS / blocks)?;
        Ok(Self { digest, iterations, salt, output })
    }

    /// Whether it is a hash of this text.
    pub(super) fn is_hash_of(&self, text: &[u8]) -> bool {
        let mut output = vec![0; self.output.len()];
        match self.digest {
            Digest::Sha1 => pbkdf2_hmac::<Sha1>(text, &self.salt, self.iterations, &mut output),
            Digest::Sha256 => pbkdf2_hmac::<Sha256>(text, &self.salt, self.iterations, &mut output),
            Digest::Sha512 => pbkdf2_hmac::<Sha512>(text, &self.salt, self.iterations, &mut output),
        }
        output.ct_eq(&self.output).into()
    }
}
