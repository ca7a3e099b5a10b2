//! The part of migration 0014 that SQL cannot do: new keys for stored e-mail addresses.
//!
//! Earlier versions compared addresses by full case folding (`ß` was `ss`) and took a domain and its `xn--` form for two.
//! Addresses in ASCII have the same key under both rules. Phone numbers stay as they are: one that was read by the wrong
//! country's rules cannot be told from a right one.

use std::collections::BTreeMap;

use asteroid_kernel::{Contact, Region};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::migrations::MigrationConn;
use crate::schema::{challenges, pending_registrations, user_contacts};
use crate::sql_types::Id;

/// How many rows are read at a time.
const PAGE: i64 = 1000;

/// Gives every address its key by this version's rules. Where two users then have one address, the one who verified it
/// first keeps it; the other's row stays in the profile under a key that no address has, so that it finds no user.
pub(super) fn renew(conn: &mut MigrationConn) -> QueryResult<()> {
    let mut renewed = renewed_user_contacts(conn)?;
    // First out of each other's way: an old key may be another row's new one.
    for id in renewed.values().flatten() {
        set_key(conn, *id, &format!("renewed {id}"))?;
    }
    for (key, ids) in &mut renewed {
        let holder =
            user_contacts::table.filter(user_contacts::contact_key.eq(key)).select(user_contacts::id);
        ids.extend(holder.first::<i64>(conn).optional()?);
        let in_order = user_contacts::table
            .filter(user_contacts::id.eq_any(ids.iter()))
            .order((user_contacts::verified_at, user_contacts::id))
            .select((user_contacts::id, user_contacts::user_id));
        let owners: Vec<(i64, i64)> = in_order.load(conn)?;
        let Some(((first, first_user), others)) = owners.split_first() else { continue };
        for (other, user) in others {
            set_key(conn, *other, &format!("duplicate {other} of {key}"))?;
            tracing::warn!(
                user,
                contact = other,
                kept_by_user = first_user,
                kept_contact = first,
                "two contacts are one e-mail address: the later one no longer signs in or receives codes"
            );
        }
        set_key(conn, *first, key)?;
    }
    renew_registrations(conn)?;
    renew_challenges(conn)
}

/// The rows of users' contacts whose key changes, by their new key.
fn renewed_user_contacts(conn: &mut MigrationConn) -> QueryResult<BTreeMap<String, Vec<i64>>> {
    use user_contacts::{contact, contact_key, id, table};

    let mut renewed = BTreeMap::<String, Vec<i64>>::new();
    let mut last = i64::MIN;
    loop {
        let page = table
            .filter(id.gt(last))
            .filter(sql::<Bool>(BEYOND_ASCII))
            .order(id)
            .limit(PAGE)
            .select((id, contact, contact_key));
        let rows: Vec<(i64, String, String)> = page.load(conn)?;
        let Some((end, ..)) = rows.last() else { return Ok(renewed) };
        last = *end;
        for (row, address, old) in &rows {
            if let Some(key) = new_key(address, old) {
                renewed.entry(key).or_default().push(*row);
            }
        }
    }
}

fn set_key(conn: &mut MigrationConn, id: i64, key: &str) -> QueryResult<usize> {
    diesel::update(user_contacts::table.find(id)).set(user_contacts::contact_key.eq(key)).execute(conn)
}

fn renew_registrations(conn: &mut MigrationConn) -> QueryResult<()> {
    use pending_registrations::{contact, contact_key, id, table};

    let rows = table.filter(sql::<Bool>(BEYOND_ASCII)).select((id, contact, contact_key));
    for (row, address, old) in rows.load::<(Id, String, String)>(conn)? {
        if let Some(key) = new_key(&address, &old) {
            diesel::update(table.find(row)).set(contact_key.eq(key)).execute(conn)?;
        }
    }
    Ok(())
}

/// The codes that were sent are void, because a code is derived from the key; its owner asks for another.
fn renew_challenges(conn: &mut MigrationConn) -> QueryResult<()> {
    use challenges::{contact, contact_key, id, table};

    let rows = table.filter(sql::<Bool>(BEYOND_ASCII)).select((id, contact, contact_key));
    for (row, address, old) in rows.load::<(Id, String, String)>(conn)? {
        if let Some(key) = new_key(&address, &old) {
            diesel::update(table.find(row)).set(contact_key.eq(key)).execute(conn)?;
        }
    }
    Ok(())
}

const BEYOND_ASCII: &str = "octet_length(contact) <> length(contact)";

/// The key by this version's rules if it is another; [`None`] for what is no longer accepted as an address, too.
fn new_key(contact: &str, old: &str) -> Option<String> {
    let contact = Contact::parse(contact, Region::US).ok()?;
    Some(contact.key().as_str().to_owned()).filter(|key| key != old)
}
