//! Operations on the maps of the state.

use asteroid_kernel::{Timestamp, Upsert};
use imbl::OrdMap;

/// Inserts a value or replaces the one of its key.
pub(crate) fn upsert<K, V>(table: &mut OrdMap<K, V>, key: K, value: &V) -> Upsert
where
    K: Ord + Clone,
    V: Clone + PartialEq,
{
    match table.insert(key, value.clone()) {
        None => Upsert::Created,
        Some(before) if before == *value => Upsert::Unchanged,
        Some(_) => Upsert::Updated,
    }
}

/// Removes the matching entries, and returns their number.
pub(crate) fn remove_where<K, V>(table: &mut OrdMap<K, V>, is_removed: impl Fn(&K, &V) -> bool) -> u64
where
    K: Ord + Clone,
    V: Clone,
{
    let removed = keys_where(table, is_removed);
    for key in &removed {
        table.remove(key);
    }
    removed.len() as u64
}

/// Changes the matching entries, and returns their number.
pub(crate) fn update_where<K, V>(
    table: &mut OrdMap<K, V>,
    is_updated: impl Fn(&V) -> bool,
    update: impl Fn(&mut V),
) -> u64
where
    K: Ord + Clone,
    V: Clone,
{
    let updated = keys_where(table, |_, value| is_updated(value));
    for key in &updated {
        update(&mut table[key]);
    }
    updated.len() as u64
}

fn keys_where<K: Ord + Clone, V>(table: &OrdMap<K, V>, matches: impl Fn(&K, &V) -> bool) -> Vec<K> {
    table.iter().filter(|(key, value)| matches(key, value)).map(|(key, _)| key.clone()).collect()
}

/// The ids of the oldest entries, all but the newest `at_most`.
pub(crate) fn oldest_beyond<Id: Ord>(at_most: usize, all: impl Iterator<Item = (Timestamp, Id)>) -> Vec<Id> {
    let mut all: Vec<_> = all.collect();
    all.sort_unstable();
    all.truncate(all.len().saturating_sub(at_most));
    all.into_iter().map(|(_, id)| id).collect()
}
