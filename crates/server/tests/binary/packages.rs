//! The files of the packages name settings that exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::machine::Machine;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The variables of settings in this text.
fn variables(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'));
    let is_variable = |word: &&str| word.starts_with("ASTEROID_") || word.starts_with("DATABASE_URL");
    words.filter(is_variable).map(str::to_owned).collect()
}

#[test]
fn variables_of_the_packages_are_settings() {
    let machine = Machine::new();
    machine.write("value", "");
    for (file, least) in [
        ("Dockerfile", 4),
        ("packaging/compose/compose.yaml", 5),
        ("packaging/kubernetes/asteroid.yaml", 8),
        ("packaging/systemd/asteroid.service", 2),
        ("packaging/debian/asteroid.default", 3),
        ("packaging/debian/asteroid.toml", 1),
    ] {
        let text = fs::read_to_string(repository().join(file)).expect(file);
        let mut variables = variables(&text);
        // A comment names a variable that Kubernetes sets.
        variables.remove("ASTEROID_PORT");
        assert!(variables.len() >= least, "{file}: {variables:?}");
        for name in variables {
            let answer = machine.run(&["config", "print"], &[(&name, "value")]);
            assert!(!answer.err.contains("is not a setting"), "{file}: {name}: {}", answer.err);
        }
    }
}

#[test]
fn configuration_of_the_debian_package_lacks_what_only_the_operator_knows() {
    let machine = Machine::new();
    let file = repository().join("packaging/debian/asteroid.toml");
    let file = file.to_str().expect("UTF-8");
    let answer = machine.run(&["--config", file, "config", "check", "--json"], &[]);
    let report: serde_json::Value = serde_json::from_str(&answer.out).expect("JSON");
    let keys: Vec<&str> =
        report["problems"].as_array().expect("a list").iter().filter_map(|one| one["key"].as_str()).collect();
    assert_eq!(keys, ["product.domain", "email.url", "sms.url", "keys.file"]);
}
