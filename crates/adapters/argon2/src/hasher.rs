use std::io;
use std::sync::Arc;

use argon2::Params;
use asteroid_identity::{
    HashingError, NewPassword, Password, PasswordHash, PasswordHasher, UnusableHash, Verdict,
};
use asteroid_kernel::{BoxError, Randomness, random_bytes};

use crate::gate::Gate;
use crate::stored::{Argon2Hash, OUTPUT_BYTES, StoredHash};
use crate::{Argon2Settings, InvalidArgon2Settings};

/// Hashes with argon2id behind the hash gate; verifies argon2, bcrypt, scrypt and PBKDF2.
///
/// Dropping it ends its threads, each after its current hash.
pub struct Argon2Hasher {
    gate: Gate,
    randomness: Arc<dyn Randomness>,
    params: Params,
    dummy: StoredHash,
}

/// Why a hasher could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting is out of its bounds.
    #[error("the settings of argon2 are not valid")]
    Settings(#[from] InvalidArgon2Settings),
    /// argon2 rejects the parameters.
    #[error("argon2 rejects the parameters")]
    Parameters(#[source] BoxError),
    /// The system cannot start the threads.
    #[error("the password hashing threads could not be started")]
    Threads(#[source] io::Error),
}

impl Argon2Hasher {
    /// Starts the threads and allocates their memory.
    ///
    /// # Errors
    ///
    /// If a setting is out of its bounds, or the threads cannot be started.
    pub fn start(settings: Argon2Settings, randomness: Arc<dyn Randomness>) -> Result<Self, StartError> {
        settings.validate()?;
        let Argon2Settings { memory_kib, iterations, parallelism, threads, queue, max_wait } = settings;
        let params = Params::new(memory_kib, iterations, parallelism, Some(OUTPUT_BYTES))
            .map_err(|error| StartError::Parameters(error.into()))?;
        let dummy = Argon2Hash::dummy(random_bytes(&*randomness), random_bytes(&*randomness), &params)
            .map_err(StartError::Parameters)?;
        let gate =
            Gate::start(threads, queue, max_wait, params.block_count()).map_err(StartError::Threads)?;
        Ok(Self { gate, randomness, params, dummy: StoredHash::Argon2(dummy) })
    }
}

impl PasswordHasher for Argon2Hasher {
    async fn hash(&self, password: &NewPassword) -> Result<PasswordHash, HashingError> {
        let (password, salt) = (password.clone(), random_bytes(&*self.randomness));
        let params = self.params.clone();
        self.gate
            .run(move |arena| Argon2Hash::make(password.expose().as_bytes(), salt, &params, arena)?.to_phc())
            .await?
            .map_err(HashingError::Failed)
    }

    async fn verify(
        &self,
        password: &Password,
        hash: Option<&PasswordHash>,
    ) -> Result<Verdict, HashingError> {
        let stored = hash.and_then(|hash| StoredHash::parse(hash.expose()).ok());
        // Without a hash no password matches, not even the dummy's.
        let is_dummy = stored.is_none();
        let stored = stored.unwrap_or_else(|| self.dummy.clone());
        let (password, params) = (password.clone(), self.params.clone());
        let verdict = self
            .gate
            .run(move |arena| stored.verify(&password, &params, arena))
            .await?
            .map_err(HashingError::Failed)?;
        Ok(if is_dummy { Verdict::Mismatch } else { verdict })
    }

    fn check_capacity(&self) -> Result<(), HashingError> {
        self.gate.check_capacity()
    }

    fn check_imported(&self, hash: &PasswordHash) -> Result<(), UnusableHash> {
        StoredHash::parse(hash.expose()).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use asteroid_identity::PasswordPolicy;
    use asteroid_kernel::mocks::CountingRandomness;

    use super::*;
    use crate::arena::Arena;

    const SMALL: Argon2Settings = Argon2Settings {
        memory_kib: 64,
        iterations: 1,
        parallelism: 1,
        threads: 2,
        queue: 64,
        max_wait: Duration::from_mins(1),
    };

    fn hasher(settings: Argon2Settings) -> Argon2Hasher {
        Argon2Hasher::start(settings, Arc::new(CountingRandomness::default())).expect("good settings")
    }

    fn new_password(text: &str) -> NewPassword {
        PasswordPolicy::default().check(&Password::new(text), &[], &[]).expect("a good password")
    }

    async fn verdict(hasher: &Argon2Hasher, password: &str, hash: Option<&PasswordHash>) -> Verdict {
        hasher.verify(&Password::new(password), hash).await.expect("room in the gate")
    }

    #[tokio::test]
    async fn a_hash_matches_only_its_own_password() {
        let hasher = hasher(SMALL);
        let hash = hasher.hash(&new_password("5VphcVNdGhJi")).await.expect("a hash");
        assert_eq!(verdict(&hasher, "5VphcVNdGhJi", Some(&hash)).await, Verdict::Match { outdated: false });
        for other in ["", "5VphcVNdGhJ", "5VphcVNdGhJi ", "5vphcVNdGhJi"] {
            assert_eq!(verdict(&hasher, other, Some(&hash)).await, Verdict::Mismatch, "{other}");
        }
    }

    #[tokio::test]
    async fn a_default_hash_has_the_phc_format() {
        let hasher = hasher(Argon2Settings::default());
        let hash = hasher.hash(&new_password("IWasTheFirstPrez1776")).await.expect("a hash");
        // The first bytes that the hasher draws are the dummy's; the salt comes after them.
        let randomness = CountingRandomness::default();
        let _dummy: ([u8; 16], [u8; 32]) = (random_bytes(&randomness), random_bytes(&randomness));
        let salt = argon2::password_hash::phc::Salt::new(&random_bytes::<16>(&randomness)).expect("a salt");
        let (head, output) = hash.expose().rsplit_once('$').expect("fields");
        assert_eq!(head, format!("$argon2id$v=19$m=19456,t=2,p=1${salt}"));
        assert_eq!((head.rsplit('$').next().map(str::len), output.len()), (Some(22), 43));
        assert!(!output.contains('='));
        assert_eq!(
            verdict(&hasher, "IWasTheFirstPrez1776", Some(&hash)).await,
            Verdict::Match { outdated: false }
        );
    }

    #[tokio::test]
    async fn every_hash_has_its_own_salt() {
        let hasher = hasher(SMALL);
        let password = new_password("5VphcVNdGhJi");
        let (first, second) = (hasher.hash(&password).await, hasher.hash(&password).await);
        assert_ne!(first.expect("a hash"), second.expect("a hash"));
    }

    #[tokio::test]
    async fn a_hash_of_another_system_is_outdated() {
        let ours = hasher(SMALL);
        let devise = PasswordHash::new("$2b$05$K0ByB.6YI2/OYrB4fQOYLeByN3OwSac8na9UcQceWm/vGiln3GErO");
        let stronger = hasher(Argon2Settings { memory_kib: 128, ..SMALL });
        let stronger = stronger.hash(&new_password("IWasTheFirstPrez1776")).await.expect("a hash");
        for hash in [devise, stronger] {
            let verdict = verdict(&ours, "IWasTheFirstPrez1776", Some(&hash)).await;
            assert_eq!(verdict, Verdict::Match { outdated: true });
        }
    }

    #[tokio::test]
    async fn without_a_hash_no_password_matches_not_even_the_dummys() {
        let mut hasher = hasher(SMALL);
        let own = hasher.hash(&new_password("5VphcVNdGhJi")).await.expect("a hash");
        hasher.dummy = StoredHash::parse(own.expose()).expect("a valid hash");
        let unreadable = PasswordHash::new("5VphcVNdGhJi");
        for hash in [None, Some(&unreadable)] {
            assert_eq!(verdict(&hasher, "5VphcVNdGhJi", hash).await, Verdict::Mismatch);
        }
    }

    #[tokio::test]
    async fn a_hash_of_nfd_text_with_current_parameters_is_outdated() {
        let hasher = hasher(SMALL);
        let (nfc, nfd) = ("Pässwörter", "Pa\u{308}sswo\u{308}rter");
        let params = hasher.params.clone();
        let imported = Argon2Hash::make(nfd.as_bytes(), [7; 16], &params, &mut Arena::new(64));
        let imported = imported.and_then(|hash| hash.to_phc()).expect("a hash");
        let own = hasher.hash(&NewPassword::in_use(Password::new(nfd))).await.expect("a hash");
        for sent in [nfc, nfd] {
            assert_eq!(verdict(&hasher, sent, Some(&imported)).await, Verdict::Match { outdated: true });
            assert_eq!(verdict(&hasher, sent, Some(&own)).await, Verdict::Match { outdated: false });
            assert_eq!(verdict(&hasher, sent, None).await, Verdict::Mismatch);
        }
    }

    #[test]
    fn an_imported_hash_is_accepted_if_it_can_be_verified() {
        let hasher = hasher(SMALL);
        let (salt, output) = ("c29tZXNhbHQ", "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4");
        let devise = "K0ByB.6YI2/OYrB4fQOYLeByN3OwSac8na9UcQceWm/vGiln3GErO";
        for (hash, can) in [
            (format!("$2b$05${devise}"), true),
            (format!("$argon2i$v=19$m=256,t=2,p=1${salt}${output}"), true),
            (format!("$2b$17${devise}"), false),
            (format!("$argon2id$v=19$m=1048577,t=1,p=1${salt}${output}"), false),
            (format!("$scrypt$ln=14,r=8,p=1${salt}${output}"), true),
            (format!("$scrypt$ln=18,r=8,p=1${salt}${output}"), false),
            ("5VphcVNdGhJi".to_owned(), false),
        ] {
            assert_eq!(hasher.check_imported(&PasswordHash::new(hash.clone())).is_ok(), can, "{hash}");
        }
    }

    #[test]
    fn invalid_settings_are_an_error() {
        let settings = Argon2Settings { threads: 0, ..SMALL };
        let started = Argon2Hasher::start(settings, Arc::new(CountingRandomness::default()));
        assert!(
            matches!(started.err(), Some(StartError::Settings(InvalidArgon2Settings(errors))) if errors.len() == 1)
        );
    }
}
