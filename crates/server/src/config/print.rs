//! Output of the effective configuration as TOML.

use super::Configuration;

impl Configuration {
    /// The effective settings as TOML, with secrets masked and the source of each changed setting as a comment.
    ///
    /// # Errors
    ///
    /// If the settings cannot be serialized, which does not happen for valid ones.
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
