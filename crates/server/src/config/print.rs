//! How the configuration in force is shown.

use super::Configuration;

impl Configuration {
    /// The settings in force as TOML, secrets masked; behind each that is not the default, where it was set.
    ///
    /// # Errors
    ///
    /// If they cannot be written as TOML, which no valid setting brings about.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        let mut section = String::new();
        let mut text = String::new();
        for line in toml::to_string(&self.settings)?.lines() {
            text.push_str(line);
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                section = format!("{name}.");
            } else if let Some((name, _)) = line.split_once(" = ") {
                let origin = self.origin(&format!("{section}{name}"));
                if origin != Self::DEFAULT {
                    text.push_str("  # ");
                    text.push_str(origin);
                }
            }
            text.push('\n');
        }
        Ok(text)
    }
}
