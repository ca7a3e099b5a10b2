//! Lookup of settings by their dotted names, and suggestions for unknown names.

use figment::value::{Dict, Value};

/// The value at this path.
pub(super) fn find<'a>(tree: &'a Dict, path: &[String]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    let value = tree.get(first)?;
    if rest.is_empty() { Some(value) } else { find(value.as_dict()?, rest) }
}

/// Replaces the value at this path, which must exist.
pub(super) fn replace(tree: &mut Dict, path: &[String], value: Value) {
    let Some((first, rest)) = path.split_first() else { return };
    match tree.get_mut(first) {
        Some(Value::Dict(_, inner)) if !rest.is_empty() => replace(inner, rest, value),
        Some(place) => *place = value,
        None => {}
    }
}

/// Collects every key and every section of the tree.
fn all(tree: &Dict, prefix: &str, keys: &mut Vec<String>, sections: &mut Vec<String>) {
    for (name, value) in tree {
        let path = format!("{prefix}{name}");
        if let Value::Dict(_, inner) = value {
            all(inner, &format!("{path}."), keys, sections);
            sections.push(path);
        } else {
            keys.push(path);
        }
    }
}

/// The most similar key (or section), if one is similar at all.
pub(super) fn nearest(tree: &Dict, path: &str, section: bool) -> Option<String> {
    let (mut keys, mut sections) = (Vec::new(), Vec::new());
    all(tree, "", &mut keys, &mut sections);
    let candidates = if section { sections } else { keys };
    // The most common mistake in a variable is one underscore in the place of two.
    let plain = |key: &str| key.replace(['.', '-'], "_");
    let likeness = |key: &str| {
        let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
        let whole = strsim::normalized_damerau_levenshtein(&plain(path), &plain(key));
        // The right name in the wrong section counts a little less.
        whole.max(0.9 * strsim::normalized_damerau_levenshtein(&last(path), &last(key)))
    };
    candidates
        .into_iter()
        .map(|key| (likeness(&key), key))
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .filter(|(likeness, _)| *likeness > 0.5)
        .map(|(_, key)| key)
}
