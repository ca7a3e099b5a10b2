//! The Rust step of migration 0023, which fills the keys that users and the recipients of messages are found by.

use asteroid_identity::{PersonName, search_keys};
use asteroid_kernel::Contact;
use diesel::insert_into;
use diesel::prelude::*;

use super::migrations::MigrationConn;
use crate::schema::{outbox, user_contacts, user_search_keys, users};
use crate::sql_types::Id;

/// The number of rows per query.
const PAGE: i64 = 1000;

/// Fills the search keys of all users, and the keys of the recipients of all messages.
pub(super) fn fill(conn: &mut MigrationConn) -> QueryResult<()> {
    let mut last = i64::MIN;
    loop {
        let page = users::table.filter(users::id.gt(last)).order(users::id).limit(PAGE).select((
            users::id,
            users::first_name,
            users::last_name,
        ));
        let rows: Vec<(i64, String, String)> = page.load(conn)?;
        let Some((end, ..)) = rows.last() else { break };
        last = *end;
        for (user, first, last) in &rows {
            // A name that is not valid any more is not found by; the user is, by contact and id.
            let name = PersonName::partial(first, last).unwrap_or(PersonName::unknown());
            let own =
                user_contacts::table.filter(user_contacts::user_id.eq(user)).select(user_contacts::contact);
            let contacts: Vec<String> = own.load(conn)?;
            let keys = contacts.iter().filter_map(|contact| Some(Contact::from_stored(contact)?.key()));
            for key in search_keys(&name, keys) {
                let new = (user_search_keys::search_key.eq(key), user_search_keys::user_id.eq(user));
                insert_into(user_search_keys::table).values(new).on_conflict_do_nothing().execute(conn)?;
            }
        }
    }
    let recipients: Vec<(Id, String)> = outbox::table.select((outbox::id, outbox::recipient)).load(conn)?;
    for (message, recipient) in recipients {
        let key = Contact::from_stored(&recipient).map(|contact| contact.key().as_str().to_owned());
        diesel::update(outbox::table.find(message)).set(outbox::recipient_key.eq(key)).execute(conn)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;
    use diesel_migrations::MigrationHarness;

    use super::super::migrations::MIGRATIONS;
    use super::super::tests::empty_database;
    use super::*;

    fn migrate(conn: &mut MigrationConn, is_wanted: impl Fn(&str) -> bool) {
        let pending = conn.pending_migrations(MIGRATIONS).expect("a list");
        for step in pending.iter().filter(|step| is_wanted(&step.name().version().to_string())) {
            conn.run_migration(step).expect("a step");
        }
    }

    #[test]
    fn users_of_earlier_versions_get_search_keys_and_their_messages_recipients() {
        let Some((mut conn, _database)) = empty_database() else { return };
        migrate(&mut conn, |version| version < "0023");
        let at = "2026-01-01T00:00:00.000000Z";
        let rows = format!(
            "INSERT INTO users (id, first_name, last_name, enabled, created_at) \
             VALUES (7, 'George', 'Washington', TRUE, '{at}');
             INSERT INTO user_contacts \
                 (id, user_id, kind, contact, contact_key, contact_type, is_primary, verified_at) \
             VALUES (1, 7, 'email', 'George@Example.com', 'george@example.com', 'personal', TRUE, '{at}');"
        );
        conn.batch_execute(&rows).expect("rows of an earlier version");
        insert_into(outbox::table)
            .values((
                outbox::id.eq(Id(uuid::Uuid::from_u128(1))),
                outbox::kind.eq("password_changed"),
                outbox::recipient.eq("George@Example.com"),
                outbox::autofill.eq(false),
                outbox::created_at.eq(sql_time(at)),
                outbox::expires_at.eq(sql_time(at)),
                outbox::attempts.eq(0),
                outbox::due_at.eq(sql_time(at)),
            ))
            .execute(&mut conn)
            .expect("a message");
        migrate(&mut conn, |version| version == "0023");
        let keys =
            user_search_keys::table.order(user_search_keys::search_key).select(user_search_keys::all_columns);
        let keys: Vec<(String, i64)> = keys.load(&mut conn).expect("the keys");
        let expected = ["george washington", "george@example.com", "washington george"];
        assert_eq!(keys, expected.map(|key| (key.to_owned(), 7)));
        let recipient: Vec<Option<String>> =
            outbox::table.select(outbox::recipient_key).load(&mut conn).expect("a key");
        assert_eq!(recipient, [Some("george@example.com".to_owned())]);
    }

    fn sql_time(at: &str) -> crate::sql_types::At {
        crate::sql_types::At(asteroid_kernel::Timestamp::parse(at).expect("a time"))
    }
}
