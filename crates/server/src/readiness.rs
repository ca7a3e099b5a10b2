//! The requirements of each profile for a start, beyond valid settings.

use std::error::Error;

use asteroid_argon2::Argon2Settings;
use asteroid_keyring::{KeysError, KeysFile, LoadedKeys};

use crate::config::{Configuration, ServerProfile, Settings};
use crate::keys::token_signer;
use crate::messages;
use crate::reasons::reasons;

/// Adds an error for everything that prevents a start with this configuration.
pub(crate) fn check(configuration: &mut Configuration) {
    if let Err(flaws) = messages::renderer(&configuration.settings) {
        flaws.note(configuration);
    }
    match configuration.settings.profile {
        ServerProfile::Development => check_development(configuration),
        ServerProfile::Production => check_production(configuration),
    }
}

fn check_development(configuration: &mut Configuration) {
    let bind = configuration.settings.http.bind;
    if !bind.ip().is_loopback() {
        let right = "in development the server shows codes without authentication, so only this machine may connect; bind \
                     127.0.0.1, or set profile to \"production\"";
        configuration.add("http.bind", format!("is {bind}"), right);
    }
    if let Some(bind) = configuration.settings.admin.bind.filter(|bind| !bind.ip().is_loopback()) {
        let right =
            "in development only this machine may connect; bind 127.0.0.1, or set profile to \"production\"";
        configuration.add("admin.bind", format!("is {bind}"), right);
    }
}

fn check_production(configuration: &mut Configuration) {
    let settings = configuration.settings.clone();
    let defaults = Settings::default();
    if settings.database.url == defaults.database.url {
        let right = "set the database, for example sqlite:///var/lib/asteroid/asteroid.db";
        configuration.add("database.url", "is the default of development", right);
    }
    if settings.product.domain == defaults.product.domain {
        let right = "set the domain where phones fill in codes, for example \"example.com\"";
        configuration.add("product.domain", "is \"localhost\"", right);
    }
    for (key, url) in [("email.url", &settings.email.url), ("sms.url", &settings.sms.url)] {
        if let Some(problem) = url.production_problem() {
            let right = "set a provider that delivers messages over an encrypted connection";
            configuration.add(key, format!("is \"{url}\": {problem}"), right);
        }
    }
    let hashing = Argon2Settings::from(&settings.passwords.hashing);
    if !is_strong(&hashing) {
        let wrong = format!("is {} with {} iterations", hashing.memory_kib, hashing.iterations);
        let right = "must be at least 7168, and with the iterations at least as costly as OWASP's 19456 with 2, 12288 \
                     with 3, 9216 with 4 or 7168 with 5";
        configuration.add("passwords.hashing.memory_kib", wrong, right);
    }
    check_keys(configuration, &settings);
}

/// OWASP's Password Storage Cheat Sheet: the cheapest recommended cost is 7168 KiB with 5 passes.
fn is_strong(hashing: &Argon2Settings) -> bool {
    hashing.memory_kib >= 7168 && u64::from(hashing.memory_kib) * u64::from(hashing.iterations) >= 7168 * 5
}

fn check_keys(configuration: &mut Configuration, settings: &Settings) {
    const CREATE: &str = "create one with `asteroid keys rotate`";
    const REPAIR: &str = "repair the file";
    let Ok(path) = settings.keys_file() else {
        let right = "set the path of the key file, and create it with `asteroid keys rotate`";
        configuration.add("keys.file", "is empty", right);
        return;
    };
    let cannot_be_used = |error: &(dyn Error + 'static)| format!("cannot be used ({})", reasons(error));
    match KeysFile::at(&path).load() {
        Ok(LoadedKeys { tokens, warnings, .. }) => {
            if let Err(error) = token_signer(tokens) {
                configuration.add("keys.file", cannot_be_used(&error), REPAIR);
            } else if !warnings.is_empty() {
                let right = "production requires random keys that only the server can read";
                configuration.add("keys.file", format!("is unsafe ({})", warnings.join("; ")), right);
            }
        }
        Err(error @ KeysError::Missing(_)) => configuration.add("keys.file", cannot_be_used(&error), CREATE),
        Err(error @ KeysError::NoKey(ring)) => {
            let right = format!("create one with `asteroid keys rotate --ring {}`", ring.as_str());
            configuration.add("keys.file", cannot_be_used(&error), right);
        }
        Err(error @ KeysError::Unreadable(..)) => {
            let right = "name a file that the user of the server may read";
            configuration.add("keys.file", cannot_be_used(&error), right);
        }
        Err(error) => configuration.add("keys.file", cannot_be_used(&error), REPAIR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;

    fn problems(toml: &str) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("asteroid.toml");
        std::fs::write(&file, toml).expect("written");
        let mut configuration = Configuration::read(&Sources { file: Some(file), environment: Vec::new() });
        check(&mut configuration);
        configuration.valid().err().map_or_else(Vec::new, |problems| {
            problems.0.into_iter().map(|problem| format!("{} {}", problem.key, problem.wrong)).collect()
        })
    }

    #[test]
    fn development_requires_a_loopback_address_only() {
        assert_eq!(problems(""), [""; 0]);
        assert_eq!(problems("http.bind = '[::1]:0'"), [""; 0]);
        assert_eq!(problems("http.bind = '0.0.0.0:80'"), ["http.bind is 0.0.0.0:80"]);
        assert_eq!(problems("admin.bind = ''"), [""; 0]);
        assert_eq!(problems("admin.bind = '0.0.0.0:81'"), ["admin.bind is 0.0.0.0:81"]);
    }

    #[test]
    fn production_requires_explicit_settings() {
        assert_eq!(
            problems("profile = 'production'"),
            [
                "database.url is the default of development",
                "product.domain is \"localhost\"",
                "email.url is \"console:\": it delivers to no user, and shows codes to every reader of the console or file",
                "sms.url is \"console:\": it delivers to no user, and shows codes to every reader of the console or file",
                "keys.file is empty",
            ]
        );
    }

    #[test]
    fn unreadable_key_file_is_refused_with_the_reason_of_the_operating_system() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = folder.path().join("keys.json");
        std::fs::write(&text, [0xff]).expect("written");
        for (path, reason) in [
            (folder.path(), "Is a directory (os error 21)"),
            (&text.join("keys.json"), "Not a directory (os error 20)"),
            (&text, "stream did not contain valid UTF-8"),
        ] {
            let path = path.display();
            let found = problems(&format!("profile = 'production'\nkeys.file = '{path}'"));
            let expected = format!("keys.file cannot be used ({path} cannot be read: {reason})");
            assert_eq!(found.last(), Some(&expected));
        }
    }

    #[test]
    fn production_refuses_hashing_weaker_than_owasp_recommends() {
        let hashing = |memory_kib, iterations| {
            let defaults = Argon2Settings::default();
            is_strong(&Argon2Settings { memory_kib, iterations, ..defaults })
        };
        for (memory_kib, iterations) in [(47_104, 1), (19_456, 2), (12_288, 3), (9216, 4), (7168, 5)] {
            assert!(hashing(memory_kib, iterations), "{memory_kib} {iterations}");
        }
        for (memory_kib, iterations) in [(19_456, 1), (7168, 4), (4096, 100)] {
            assert!(!hashing(memory_kib, iterations), "{memory_kib} {iterations}");
        }
    }
}
