use asteroid_kernel::{Timestamp, Upsert};
use imbl::OrdMap;

/// Puts a value in the place of the one before.
pub(crate) fn put<K, V>(table: &mut OrdMap<K, V>, key: K, value: &V) -> Upsert
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

/// Removes the entries that are gone; says how many.
pub(crate) fn remove_where<K, V>(table: &mut OrdMap<K, V>, is_gone: impl Fn(&V) -> bool) -> u64
where
    K: Ord + Clone,
    V: Clone,
{
    let gone: Vec<K> = table.iter().filter(|(_, value)| is_gone(value)).map(|(key, _)| key.clone()).collect();
    for key in &gone {
        table.remove(key);
    }
    gone.len() as u64
}

/// The ids of those that are too many when `at_most` of them may stay: the oldest.
pub(crate) fn oldest_beyond<Id: Ord>(at_most: usize, all: impl Iterator<Item = (Timestamp, Id)>) -> Vec<Id> {
    let mut all: Vec<_> = all.collect();
    all.sort_unstable();
    all.truncate(all.len().saturating_sub(at_most));
    all.into_iter().map(|(_, id)| id).collect()
}
