//! Values in files that environment variables name (`ASTEROID_EMAIL__URL_FILE`), as Docker and Kubernetes hand secrets out.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use figment::value::Dict;

use super::{Sources, setting_names};

/// The longest content of such a file, in bytes.
const MAX_LENGTH: u64 = 64 * 1024;

/// The end of the name of a variable that names a file.
const SUFFIX: &str = "_FILE";

/// Why the file of a variable gives no value: what is wrong, and what would be right. The content is never repeated, nor is
/// the value of the variable, which may be the secret itself by mistake.
pub(super) type FileProblem = (String, &'static str);

/// The variable that sets the same setting directly, if this one names a file with the value of a setting.
///
/// `ASTEROID_KEYS__FILE` is a setting itself, and `ASTEROID_KEYS__FILE_FILE` a file that holds it.
pub(super) fn direct_variable<'a>(name: &'a str, defaults: &Dict) -> Option<&'a str> {
    let is_setting = |name: &str| {
        let value = Sources::key_of(name).and_then(|path| setting_names::find(defaults, &path).cloned());
        value.is_some_and(|value| value.as_dict().is_none())
    };
    let direct = name.strip_suffix(SUFFIX)?;
    (!is_setting(name) && is_setting(direct)).then_some(direct)
}

/// The content of the file without the line ends at its end.
pub(super) fn read(path: &OsStr) -> Result<String, FileProblem> {
    if path.is_empty() {
        return Err(("names no file".to_owned(), "set the path of the file that holds the value"));
    }
    let unreadable = |error: io::Error| {
        let right = "set the path of a file that the server may read, or set the value itself without _FILE";
        (format!("names a file that cannot be read ({error})"), right)
    };
    let mut content = Vec::new();
    let file = File::open(Path::new(path)).map_err(unreadable)?;
    file.take(MAX_LENGTH + 1).read_to_end(&mut content).map_err(unreadable)?;
    if content.len() as u64 > MAX_LENGTH {
        let wrong = format!("names a file of more than {} KiB", MAX_LENGTH / 1024);
        return Err((wrong, "name the file that holds the value of this setting alone"));
    }
    let text = String::from_utf8(content)
        .map_err(|_| ("names a file that is not UTF-8 text".to_owned(), "write the value in UTF-8"))?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}
