//! The Rust step of migration 0014, which renews the keys of stored e-mail addresses.
//!
//! Earlier versions compared addresses by full case folding (`ß` was `ss`), and treated a domain and its `xn--` form as
//! different. ASCII addresses have the same key under both rules. Phone numbers do not change: a number that was parsed
//! by the rules of the wrong country cannot be recognized.

use std::collections::BTreeMap;

use asteroid_kernel::{Contact, Region};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::migrations::MigrationConn;
use crate::schema::{challenges, pending_registrations, user_contacts};
use crate::sql_types::Id;

/// The number of rows per query.
const PAGE: i64 = 1000;

/// Gives every address its key under the rules of this version. If two users then have the same address, the one who
/// verified it first keeps it. The row of the other stays in the profile under a key that no address can have, so that
/// it finds no user.
pub(super) fn renew(conn: &mut MigrationConn) -> QueryResult<()> {
    let mut renewed = renewed_user_contacts(conn)?;
    // Temporary keys first: the old key of one row may be the new key of another.
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
                "two contacts are the same e-mail address: the later one can no longer sign in or receive codes"
            );
        }
        set_key(conn, *first, key)?;
    }
    renew_registrations(conn)?;
    renew_challenges(conn)
}

/// The ids of the user contacts whose key changes, by new key.
fn renewed_user_contacts(conn: &mut MigrationConn) -> QueryResult<BTreeMap<String, Vec<i64>>> {
    use user_contacts::{contact, contact_key, id, table};

    let mut renewed = BTreeMap::<String, Vec<i64>>::new();
    let mut last = i64::MIN;
    loop {
        let page = table.filter(id.gt(last)).filter(sql::<Bool>(NON_ASCII)).order(id).limit(PAGE).select((
            id,
            contact,
            contact_key,
        ));
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

    let rows = table.filter(sql::<Bool>(NON_ASCII)).select((id, contact, contact_key));
    for (row, address, old) in rows.load::<(Id, String, String)>(conn)? {
        if let Some(key) = new_key(&address, &old) {
            diesel::update(table.find(row)).set(contact_key.eq(key)).execute(conn)?;
        }
    }
    Ok(())
}

/// Renews the keys of challenges. Codes that were already sent become invalid, because a code is derived from the key;
/// their owners request new ones.
fn renew_challenges(conn: &mut MigrationConn) -> QueryResult<()> {
    use challenges::{contact, contact_key, id, table};

    let rows = table.filter(sql::<Bool>(NON_ASCII)).select((id, contact, contact_key));
    for (row, address, old) in rows.load::<(Id, String, String)>(conn)? {
        if let Some(key) = new_key(&address, &old) {
            diesel::update(table.find(row)).set(contact_key.eq(key)).execute(conn)?;
        }
    }
    Ok(())
}

/// SQL condition: the contact has a character outside ASCII.
const NON_ASCII: &str = "octet_length(contact) <> length(contact)";

/// The new key if it differs. [`None`] also for a contact that is no longer valid.
fn new_key(contact: &str, old: &str) -> Option<String> {
    let contact = Contact::parse(contact, Region::US).ok()?;
    Some(contact.key().as_str().to_owned()).filter(|key| key != old)
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;
    use diesel_migrations::MigrationHarness;

    use super::super::migrations::{MIGRATIONS, MigrationConn};
    use super::super::tests::empty_database;
    use super::*;

    /// Users with one address each: the address, the old key, the day of verification, and the new key.
    const USERS: [(&str, &str, u32, &str); 12] = [
        ("George@Example.com", "george@example.com", 1, "george@example.com"),
        ("info@faß.example", "info@fass.example", 2, "info@xn--fa-hia.example"),
        ("weiß@example.com", "weiss@example.com", 3, "weiß@example.com"),
        ("Jürgen@Müller.example", "jürgen@müller.example", 4, "jürgen@xn--mller-kva.example"),
        // One address in two spellings: the user who verified it first keeps it, whatever the order of the rows.
        ("info@dömäin.example", "info@dömäin.example", 6, "duplicate 5 of info@xn--dmin-moa0i.example"),
        ("info@xn--dmin-moa0i.example", "info@xn--dmin-moa0i.example", 5, "info@xn--dmin-moa0i.example"),
        ("a@bücher.example", "a@bücher.example", 7, "a@xn--bcher-kva.example"),
        ("A@xn--bcher-kva.example", "a@xn--bcher-kva.example", 8, "duplicate 8 of a@xn--bcher-kva.example"),
        // An address that is no longer valid, and a phone number: unchanged.
        ("é@127.0.0.1", "é@127.0.0.1", 9, "é@127.0.0.1"),
        ("+495123456789", "+495123456789", 10, "+495123456789"),
        // The old key of one row is the new key of another.
        ("straße@example.com", "strasse@example.com", 11, "straße@example.com"),
        ("x\u{200B}@example.com", "x\u{200B}@example.com", 12, "x@example.com"),
    ];

    fn migrate(conn: &mut MigrationConn, is_wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let pending = conn.pending_migrations(MIGRATIONS).expect("a list");
        let wanted = pending.iter().filter(|step| is_wanted(&step.name().version().to_string()));
        let names = wanted.map(|step| {
            conn.run_migration(step).expect("a step");
            step.name().to_string()
        });
        names.collect()
    }

    fn fill(conn: &mut MigrationConn) {
        for (index, (contact, key, day, _)) in USERS.iter().enumerate() {
            let (id, at) = (index + 1, format!("2026-01-{day:02}T00:00:00.000000Z"));
            let kind = if contact.contains('@') { "email" } else { "phone" };
            let rows = format!(
                "INSERT INTO users (id, first_name, last_name, enabled, created_at) \
                 VALUES ({id}, 'G', 'W', TRUE, '{at}');
                 INSERT INTO user_contacts \
                     (id, user_id, kind, contact, contact_key, contact_type, is_primary, verified_at) \
                 VALUES ({id}, {id}, '{kind}', '{contact}', '{key}', 'personal', TRUE, '{at}');"
            );
            conn.batch_execute(&rows).expect("rows of an earlier version");
        }
        let (id, at) = (Id(uuid::Uuid::from_u128(1)), "2026-01-01T00:00:00.000000Z");
        let old = ("info@faß.example", "info@fass.example");
        diesel::insert_into(pending_registrations::table)
            .values((
                pending_registrations::id.eq(id),
                pending_registrations::contact.eq(old.0),
                pending_registrations::contact_key.eq(old.1),
                pending_registrations::contact_type.eq("work"),
                pending_registrations::first_name.eq("G"),
                pending_registrations::last_name.eq("W"),
                pending_registrations::password_hash.eq("-"),
                pending_registrations::created_at.eq(sql_time(at)),
                pending_registrations::expires_at.eq(sql_time(at)),
            ))
            .execute(conn)
            .expect("a registration");
        diesel::insert_into(challenges::table)
            .values((
                challenges::id.eq(id),
                challenges::contact.eq(old.0),
                challenges::contact_key.eq(old.1),
                challenges::purpose.eq("login"),
                challenges::alphabet.eq("digits"),
                challenges::code_length.eq(6),
                challenges::nonce.eq(vec![0; 16]),
                challenges::key_id.eq("a"),
                challenges::created_at.eq(sql_time(at)),
                challenges::expires_at.eq(sql_time(at)),
                challenges::guesses.eq(0),
                challenges::stranger_guesses.eq(0),
            ))
            .execute(conn)
            .expect("a challenge");
    }

    fn sql_time(at: &str) -> crate::sql_types::At {
        crate::sql_types::At(asteroid_kernel::Timestamp::parse(at).expect("a time"))
    }

    fn keys(conn: &mut MigrationConn) -> Vec<String> {
        let keys = user_contacts::table.order(user_contacts::id).select(user_contacts::contact_key);
        keys.load(conn).expect("the keys")
    }

    #[test]
    fn stored_addresses_get_new_keys_and_the_first_owner_keeps_a_shared_address() {
        let Some((mut conn, _database)) = empty_database() else { return };
        migrate(&mut conn, |version| version < "0014");
        fill(&mut conn);

        assert_eq!(migrate(&mut conn, |version| version == "0014"), ["0014_contact_keys"]);
        assert_eq!(keys(&mut conn), USERS.map(|(.., new)| new));
        // A user who types the address is found by its new key.
        for (contact, _, _, stored) in USERS.into_iter().filter(|(.., stored)| !stored.contains(' ')) {
            if let Ok(typed) = Contact::parse(contact, Region::US) {
                assert_eq!(typed.key().as_str(), stored);
            }
        }
        let registration = pending_registrations::table.select(pending_registrations::contact_key);
        assert_eq!(registration.load::<String>(&mut conn).expect("a key"), ["info@xn--fa-hia.example"]);
        let challenge = challenges::table.select(challenges::contact_key);
        assert_eq!(challenge.load::<String>(&mut conn).expect("a key"), ["info@xn--fa-hia.example"]);

        assert!(migrate(&mut conn, |version| version <= "0014").is_empty(), "the migration runs once");
    }

    #[test]
    fn rollback_of_the_migration_restores_the_old_keys() {
        let Some((mut conn, _database)) = empty_database() else { return };
        migrate(&mut conn, |version| version < "0014");
        fill(&mut conn);
        // The step needs this table.
        conn.batch_execute("ALTER TABLE challenges RENAME TO elsewhere").expect("renamed");
        let pending = conn.pending_migrations(MIGRATIONS).expect("a list");
        let step = pending.iter().find(|step| step.name().version().to_string() == "0014").expect("the step");
        conn.run_migration(step).expect_err("a table is missing");
        assert_eq!(
            keys(&mut conn),
            USERS.map(|(_, old, ..)| old),
            "the SQL step and the Rust step share a transaction"
        );
    }
}
