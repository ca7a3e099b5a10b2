use asteroid_identity::UnusableHash;
use asteroid_kernel::BoxError;
use scrypt::{Params, scrypt};
use subtle::ConstantTimeEq;

use super::fields::{OUTPUT_BOUNDS, SALT_BOUNDS, Scheme, parameters};

const SCHEME: Scheme = Scheme("scrypt");

/// The most memory of a hash: 128 MiB, as in OWASP's Password Storage Cheat Sheet.
const MAX_MEMORY_KIB: u64 = 128 << 10;

/// The most memory times `p` of a hash: 1 GiB, some seconds of work.
const MAX_WORK_KIB: u64 = 1 << 20;

/// The largest `r` and the largest `p`. Together they bound the memory beyond that of `N`.
const MAX_R_OR_P: u64 = 64;

/// The length of the hashes of Django and Werkzeug, in bytes.
const USUAL_BYTES: u64 = 64;

/// A scrypt hash (RFC 7914).
#[derive(Clone)]
pub(crate) struct ScryptHash {
    params: Params,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl ScryptHash {
    /// Parses a hash in one of these forms. A salt without an encoding is used as text.
    ///
    /// - Django: `scrypt$N$SALT$R$P$BASE64`
    /// - Werkzeug: `scrypt:N:R:P$SALT$HEX`
    /// - PHC and passlib: `$scrypt$ln=LOG2N,r=R,p=P$BASE64$BASE64`
    pub(super) fn parse(text: &str) -> Result<Self, UnusableHash> {
        let usual = USUAL_BYTES..=USUAL_BYTES;
        if let Some(text) = text.strip_prefix("scrypt$") {
            let [n, salt, r, p, output] = SCHEME.split(text, '$')?;
            let params = cost(SCHEME, log2(n)?, r, p)?;
            let output = SCHEME.base64("hash", output, usual)?;
            return Ok(Self { params, salt: SCHEME.text_salt(salt)?, output });
        }
        if let Some(text) = text.strip_prefix("scrypt:") {
            let [method, salt, output] = SCHEME.split(text, '$')?;
            let [n, r, p] = SCHEME.split(method, ':')?;
            let params = cost(SCHEME, log2(n)?, r, p)?;
            let output = SCHEME.hex("hash", output, usual)?;
            return Ok(Self { params, salt: SCHEME.text_salt(salt)?, output });
        }
        let [_, _, params, salt, output] = SCHEME.split(text, '$')?;
        let [ln, r, p] = parameters(SCHEME, params, ["ln", "r", "p"])?.map(Option::unwrap_or_default);
        let params = cost(SCHEME, SCHEME.number("ln", ln, 1..=63)?, r, p)?;
        let salt = SCHEME.base64("salt", salt, SALT_BOUNDS)?;
        let output = SCHEME.base64("hash", output, OUTPUT_BOUNDS)?;
        Ok(Self { params, salt, output })
    }

    /// Whether it is a hash of this text.
    pub(super) fn is_hash_of(&self, text: &[u8]) -> Result<bool, BoxError> {
        let mut output = vec![0; self.output.len()];
        scrypt(text, &self.salt, &self.params, &mut output)?;
        Ok(output.ct_eq(&self.output).into())
    }
}

/// The logarithm of `N`, which is a power of two.
fn log2(n: &str) -> Result<u32, UnusableHash> {
    let n = SCHEME.number("N", n, 2..=MAX_MEMORY_KIB << 3)?;
    if n.is_power_of_two() { Ok(n.ilog2()) } else { Err(SCHEME.malformed("N")) }
}

/// The parameters, if they are within the bounds.
pub(super) fn cost(scheme: Scheme, log_n: u32, r: &str, p: &str) -> Result<Params, UnusableHash> {
    let r = scheme.number("r", r, 1..=MAX_R_OR_P)?;
    let p = scheme.number("p", p, 1..=MAX_R_OR_P)?;
    // N times r blocks of 128 bytes.
    let memory = 1_u64.checked_shl(log_n).and_then(|n| n.checked_mul(r.into())).unwrap_or(u64::MAX) / 8;
    scheme.bound("memory", memory, 0..=MAX_MEMORY_KIB, " KiB")?;
    scheme.bound("memory times p", memory * u64::from(p), 0..=MAX_WORK_KIB, " KiB")?;
    let log_n = u8::try_from(log_n).map_err(|_| scheme.malformed("N"))?;
    Params::new(log_n, r, p).map_err(|_| scheme.malformed("list of parameters"))
}
