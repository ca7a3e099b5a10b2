//! What the console shows of the server itself.

use asteroid_http::{KeyFact, ServerFacts};
use asteroid_kernel::in_one_line;
use asteroid_keyring::{KeyInfo, KeysFile};

use crate::config::{Configuration, NoKeysFile};

/// The settings in force since the start, and the key file.
pub(crate) struct Facts {
    settings: String,
    keys: KeysFile,
}

impl Facts {
    /// Of the settings that the server started with.
    pub(crate) fn new(configuration: &Configuration) -> Result<Self, NoKeysFile> {
        let shown = configuration.to_toml();
        let shown = shown.unwrap_or_else(|error| format!("# cannot be shown: {error}"));
        Ok(Self { settings: shown, keys: KeysFile::at(configuration.settings.keys_file()?) })
    }
}

impl ServerFacts for Facts {
    fn settings(&self) -> String {
        self.settings.clone()
    }

    fn keys(&self) -> Result<Vec<KeyFact>, String> {
        let keys = self.keys.list().map_err(|error| in_one_line(&error))?;
        let fact = |KeyInfo { ring, id, current, staged, fingerprint, made_at }| KeyFact {
            ring: ring.as_str().to_owned(),
            id,
            state: match (current, staged) {
                (true, _) => "signs",
                (false, true) => "staged",
                (false, false) => "verifies",
            },
            made_at,
            fingerprint,
        };
        Ok(keys.into_iter().map(fact).collect())
    }
}
