use argon2::password_hash::phc::{self, ParamsString, Salt};
use argon2::{Algorithm, Argon2, Params, Version};
use asteroid_identity::{PasswordHash, UnusableHash};
use asteroid_kernel::BoxError;

use super::fields::Scheme;
use super::{MAX_MEMORY_KIB, MAX_WORK_KIB, OUTPUT_BYTES, SALT_BYTES};
use crate::arena::Arena;

const SCHEME: Scheme = Scheme("argon2");

/// An argon2 hash of any variant, version and parameters.
#[derive(Clone)]
pub(crate) struct Argon2Hash {
    algorithm: Algorithm,
    version: Version,
    /// With the length of the output.
    params: Params,
    salt: Salt,
    output: phc::Output,
}

impl Argon2Hash {
    /// Creates a hash with these parameters, which include the length of the output.
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

    /// A hash of an unknown password that is as expensive to verify as one with these parameters.
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

    /// Parses a hash in the PHC string format.
    pub(super) fn parse(text: &str) -> Result<Self, UnusableHash> {
        let hash = phc::PasswordHash::new(text).map_err(|_| SCHEME.malformed("encoding"))?;
        let algorithm = Algorithm::new(hash.algorithm.as_str()).map_err(|_| SCHEME.malformed("variant"))?;
        // A hash without a version has the version before versions were written.
        let version = hash.version.map_or(Ok(Version::V0x10), Version::try_from);
        let version = version.map_err(|_| SCHEME.malformed("version"))?;
        let params = Params::try_from(&hash).map_err(|_| SCHEME.malformed("list of parameters"))?;
        let (memory, iterations) = (u64::from(params.m_cost()), u64::from(params.t_cost()));
        SCHEME.bound("memory", memory, 8..=MAX_MEMORY_KIB.into(), " KiB")?;
        SCHEME.bound("memory times iterations", memory * iterations, 8..=MAX_WORK_KIB.into(), " KiB")?;
        let salt = hash.salt.ok_or(SCHEME.malformed("salt"))?;
        let output = hash.hash.ok_or(SCHEME.malformed("hash"))?;
        Ok(Self { algorithm, version, params, salt, output })
    }

    /// Whether a new hash would have other parameters.
    pub(super) fn is_outdated(&self, current: &Params) -> bool {
        self.algorithm != Algorithm::Argon2id || self.version != Version::V0x13 || self.params != *current
    }

    /// Whether it is a hash of this text.
    pub(super) fn is_hash_of(&self, password: &[u8], arena: &mut Arena) -> Result<bool, BoxError> {
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
