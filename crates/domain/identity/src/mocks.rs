//! Test doubles of this crate's ports. Mocks are made with mockall: an unexpected call fails the test.

#![expect(clippy::ref_option_ref, reason = "mockall's expansion takes references to the arguments")]

use asteroid_kernel::Timestamp;
use std::future::{Future, ready};

use crate::{
    HashingError, NewPassword, Password, PasswordHash, PasswordHasher, SigningError, TokenClaims,
    TokenSigner, UnusableHash, Verdict,
};

/// A hasher for tests only, which does not hash: the hash is the password with the prefix `plain:`.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlainHasher;

impl PlainHasher {
    /// The hash that [`PlainHasher`] returns for this password.
    #[must_use]
    pub fn hash_of(password: &str) -> PasswordHash {
        PasswordHash::new(format!("plain:{password}"))
    }
}

impl PasswordHasher for PlainHasher {
    fn hash(
        &self,
        password: &NewPassword,
    ) -> impl Future<Output = Result<PasswordHash, HashingError>> + Send {
        ready(Ok(Self::hash_of(password.expose())))
    }

    fn verify(
        &self,
        password: &Password,
        hash: Option<&PasswordHash>,
    ) -> impl Future<Output = Result<Verdict, HashingError>> + Send {
        let matches = hash == Some(&Self::hash_of(password.expose()));
        ready(Ok(if matches { Verdict::Match { outdated: false } } else { Verdict::Mismatch }))
    }

    fn check_imported(&self, hash: &PasswordHash) -> Result<(), UnusableHash> {
        if hash.expose().starts_with("plain:") { Ok(()) } else { Err(UnusableHash::UnknownScheme) }
    }
}

mockall::mock! {
    /// A mock hasher.
    pub Hasher {}

    impl PasswordHasher for Hasher {
        async fn hash(&self, password: &NewPassword) -> Result<PasswordHash, HashingError>;
        async fn verify<'a>(&self, password: &Password, hash: Option<&'a PasswordHash>) -> Result<Verdict, HashingError>;
        fn check_imported(&self, hash: &PasswordHash) -> Result<(), UnusableHash>;
    }
}

mockall::mock! {
    /// A mock signer.
    pub Signer {}

    impl TokenSigner for Signer {
        fn sign(&self, claims: &TokenClaims) -> Result<String, SigningError>;
        fn read(&self, token: &str, now: Timestamp) -> Option<TokenClaims>;
    }
}
