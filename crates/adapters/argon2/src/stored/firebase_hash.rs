use aes::Aes256;
use asteroid_identity::UnusableHash;
use asteroid_kernel::BoxError;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use scrypt::{Params, scrypt};
use subtle::ConstantTimeEq;

use super::fields::{SALT_BOUNDS, Scheme, parameters};
use super::scrypt_hash::cost;

const SCHEME: Scheme = Scheme("Firebase's scrypt");

/// A hash of Firebase Authentication: the project's signer key, encrypted with a key that scrypt derives from the text.
#[derive(Clone)]
pub(crate) struct FirebaseHash {
    params: Params,
    /// The user's salt followed by the project's separator.
    salt: Vec<u8>,
    signer_key: Vec<u8>,
    output: Vec<u8>,
}

impl FirebaseHash {
    /// Parses a hash in the format of Supabase's auth server, with the project's settings, in standard or URL-safe base64: `$fbscrypt$v=1,n=MEM_COST,r=ROUNDS,p=1,ss=SALT_SEPARATOR,sk=SIGNER_KEY$SALT$HASH`.
    pub(super) fn parse(text: &str) -> Result<Self, UnusableHash> {
        let [_, _, params, salt, output] = SCHEME.split(text, '$')?;
        let [v, n, r, p, separator, signer_key] =
            parameters(SCHEME, params, ["v", "n", "r", "p", "ss", "sk"])?.map(Option::unwrap_or_default);
        SCHEME.number("version", v, 1..=1)?;
        let params = cost(SCHEME, SCHEME.number("n", n, 1..=63)?, r, p)?;
        let separator = SCHEME.base64("salt separator", separator, 0..=*SALT_BOUNDS.end())?;
        let signer_key = SCHEME.base64("signer key", signer_key, 16..=128)?;
        let mut salt = SCHEME.base64("salt", salt, SALT_BOUNDS)?;
        salt.extend(separator);
        let whole = signer_key.len() as u64;
        let output = SCHEME.base64("hash", output, whole..=whole)?;
        Ok(Self { params, salt, signer_key, output })
    }

    /// Whether it is a hash of this text.
    pub(super) fn is_hash_of(&self, text: &[u8]) -> Result<bool, BoxError> {
        let mut key = [0; 32];
        scrypt(text, &self.salt, &self.params, &mut key)?;
        let mut output = self.signer_key.clone();
        Ctr128BE::<Aes256>::new(&key.into(), &[0; 16].into()).apply_keystream(&mut output);
        Ok(output.ct_eq(&self.output).into())
    }
}
