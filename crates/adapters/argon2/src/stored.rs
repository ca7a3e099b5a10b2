use argon2::password_hash::phc::{self, ParamsString, Salt};
use argon2::{Algorithm, Argon2, Params, Version};
use asteroid_identity::{Password, PasswordHash};
use asteroid_kernel::BoxError;
use bcrypt::HashParts;

use crate::arena::Arena;

/// The most memory that a hash may ask for: 1 GiB.
pub(crate) const MAX_MEMORY_KIB: u32 = 1 << 20;

/// The most memory that a hash may go over in all its iterations: 4 GiB, some seconds of work. It is libsodium's
/// costliest preset, its `SENSITIVE`.
pub(crate) const MAX_WORK_KIB: u32 = 4 << 20;

/// The highest cost of a bcrypt hash that is checked; a second or several of work.
const MAX_BCRYPT_COST: u32 = 16;

/// What bcrypt reads of a password, in bytes.
const BCRYPT_READS: usize = 72;

/// The bytes of a new salt (RFC 9106, 3.1).
pub(crate) const SALT_BYTES: usize = 16;

/// The bytes of a new hash (RFC 9106, 4).
pub(crate) const OUTPUT_BYTES: usize = 32;

/// A stored hash that can be checked.
#[derive(Clone)]
pub(crate) enum StoredHash {
    Argon2(Argon2Hash),
    /// As it is stored.
    Bcrypt(String),
}

/// An argon2 hash of any variant, version and parameters.
#[derive(Clone)]
pub(crate) struct Argon2Hash {
    algorithm: Algorithm,
    version: Version,
    /// With the output's length.
    params: Params,
    salt: Salt,
    output: phc::Output,
}

impl StoredHash {
    /// Reads a hash. None if it is of no known scheme, is malformed, or asks for absurd work.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| text.starts_with(prefix)) {
            let cost = text.parse::<HashParts>().ok()?.get_cost();
            return (4..=MAX_BCRYPT_COST).contains(&cost).then(|| Self::Bcrypt(text.to_owned()));
        }
        Argon2Hash::parse(text).map(Self::Argon2)
    }

    /// Whether it is a hash of this password.
    pub(crate) fn is_hash_of(&self, password: &Password, arena: &mut Arena) -> Result<bool, BoxError> {
        let password = password.expose().as_bytes();
        match self {
            Self::Argon2(stored) => stored.is_hash_of(password, arena),
            Self::Bcrypt(stored) => {
                // As bcrypt-ruby, and so Devise, does: bytes after the 72nd do not count, and no password with a
                // NUL among those before can have been set. To bcrypt, "a\0a" would be "a".
                let has_nul = password.iter().take(BCRYPT_READS).any(|byte| *byte == 0);
                Ok(bcrypt::verify(password, stored)? && !has_nul)
            }
        }
    }

    /// Whether a new hash would be made in another way.
    pub(crate) fn is_outdated(&self, current: &Params) -> bool {
        match self {
            Self::Argon2(stored) => {
                stored.algorithm != Algorithm::Argon2id
                    || stored.version != Version::V0x13
                    || stored.params != *current
            }
            Self::Bcrypt(_) => true,
        }
    }
}

impl Argon2Hash {
    /// Makes a hash with the parameters of new ones, which hold the output's length.
    pub(crate) fn make(
        password: &[u8],
        salt: [u8; SALT_BYTES],
        params: &Params,
        arena: &mut Arena,
    ) -> Result<Self, BoxError> {
        let (algorithm, version) = (Algorithm::Argon2id, Version::V0x13);
        let salt = Salt::new(&salt)?;
        let output = compute(algorithm, version, params, password, &salt, arena)?;
        Ok(Self { algorithm, version, params: params.clone(), salt, output })
    }

    /// A hash of no password that anybody knows, as costly to check as one that was made with these parameters.
    pub(crate) fn dummy(
        salt: [u8; SALT_BYTES],
        output: [u8; OUTPUT_BYTES],
        params: &Params,
    ) -> Result<Self, BoxError> {
        Ok(Self {
            algorithm: Algorithm::Argon2id,
            version: Version::V0x13,
            params: params.clone(),
            salt: Salt::new(&salt)?,
            output: phc::Output::new(&output)?,
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let hash = phc::PasswordHash::new(text).ok()?;
        let algorithm = Algorithm::new(hash.algorithm.as_str()).ok()?;
        // A hash that names no version is of the one before versions were named.
        let version = hash.version.map_or(Ok(Version::V0x10), Version::try_from).ok()?;
        let params = Params::try_from(&hash).ok()?;
        let work = u64::from(params.m_cost()) * u64::from(params.t_cost());
        if params.m_cost() > MAX_MEMORY_KIB || work > u64::from(MAX_WORK_KIB) {
            return None;
        }
        Some(Self { algorithm, version, params, salt: hash.salt?, output: hash.hash? })
    }

    fn is_hash_of(&self, password: &[u8], arena: &mut Arena) -> Result<bool, BoxError> {
        let output = compute(self.algorithm, self.version, &self.params, password, &self.salt, arena)?;
        // The outputs are compared in constant time.
        Ok(output == self.output)
    }

    /// The hash in the PHC string format.
    pub(crate) fn to_phc(&self) -> Result<PasswordHash, BoxError> {
        let hash = phc::PasswordHash {
            algorithm: self.algorithm.ident(),
            version: Some(self.version.into()),
            params: ParamsString::try_from(&self.params)?,
            salt: Some(self.salt),
            hash: Some(self.output),
        };
        Ok(PasswordHash::new(hash.to_string()))
    }
}

fn compute(
    algorithm: Algorithm,
    version: Version,
    params: &Params,
    password: &[u8],
    salt: &[u8],
    arena: &mut Arena,
) -> Result<phc::Output, BoxError> {
    let mut buffer = [0; phc::Output::MAX_LENGTH];
    let output = &mut buffer[..params.output_len().unwrap_or(OUTPUT_BYTES)];
    let argon2 = Argon2::new(algorithm, version, params.clone());
    arena.lend(params.block_count(), |blocks| {
        argon2.hash_password_into_with_memory(password, salt, output, blocks)
    })??;
    Ok(phc::Output::new(output)?)
}

#[cfg(test)]
mod tests;
