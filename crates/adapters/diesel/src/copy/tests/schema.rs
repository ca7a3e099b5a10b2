//! That no table and no column is forgotten.

use std::collections::BTreeSet;

use super::*;

/// A column of a table: its type, whether it may be absent, its place in the primary key.
type Described = (String, String, String, bool, Option<i64>);

/// What a copy knows, in the words of the backend.
fn known(words: impl Fn(Kind) -> &'static str) -> BTreeSet<Described> {
    let described = |table: &Table, place: usize| {
        let column = table.columns[place];
        let in_key = table.key.iter().position(|&key| key == place);
        let in_key = in_key.map(|place| i64::try_from(place).expect("a small number") + 1);
        (
            table.name.to_owned(),
            column.name.to_owned(),
            words(column.kind).to_owned(),
            column.nullable,
            in_key,
        )
    };
    let tables = tables();
    let columns =
        |table: &Table| (0..table.columns.len()).map(|place| described(table, place)).collect::<Vec<_>>();
    tables.iter().flat_map(columns).collect()
}

#[test]
fn every_column_of_sqlite_is_copied_unless_it_is_computed() {
    use diesel::prelude::*;
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    #[derive(QueryableByName)]
    struct Described {
        #[diesel(sql_type = Text)]
        of: String,
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = Text)]
        kind: String,
        #[diesel(sql_type = Bool)]
        nullable: bool,
        #[diesel(sql_type = Nullable<BigInt>)]
        in_key: Option<i64>,
    }

    let place = Place::sqlite();
    place.migrate();
    let mut conn = SqliteConnection::establish(place.path().to_str().expect("UTF-8")).expect("opened");
    let sql = "SELECT t.name AS of, c.name, c.type AS kind, c.\"notnull\" = 0 AND c.pk = 0 AS nullable,
            nullif(c.pk, 0) AS in_key
        FROM pragma_table_list t JOIN pragma_table_xinfo(t.name) c
        WHERE t.schema = 'main' AND t.type = 'table' AND c.hidden = 0
            AND t.name NOT LIKE 'sqlite%' AND t.name <> '__diesel_schema_migrations'";
    let rows: Vec<Described> = diesel::sql_query(sql).load(&mut conn).expect("the columns");
    let found: BTreeSet<_> =
        rows.into_iter().map(|row| (row.of, row.name, row.kind, row.nullable, row.in_key)).collect();
    let known = known(|kind| match kind {
        Kind::Number | Kind::Truth => "INTEGER",
        Kind::Text | Kind::Time => "TEXT",
        Kind::Bytes | Kind::Uuid => "BLOB",
    });
    assert_eq!(found, known);
}

#[test]
fn every_column_of_postgresql_is_copied_unless_it_is_computed() {
    if !testing::is_there() {
        return;
    }
    let place = Place::postgres();
    place.migrate();
    let Database::Postgres(url) = &place.database else { panic!("it is in PostgreSQL") };
    let config: Config = url.expose().parse().expect("an address");
    let runtime = runtime();
    let (client, connection) = runtime.block_on(config.connect(NoTls)).expect("connected");
    runtime.spawn(connection);
    let columns = "SELECT c.table_name::TEXT, c.column_name::TEXT, c.udt_name::TEXT, c.is_nullable = 'YES',
            k.ordinal_position::INT8, c.is_identity = 'YES'
        FROM information_schema.columns c
        LEFT JOIN information_schema.table_constraints p
            ON p.table_schema = 'public' AND p.table_name = c.table_name AND p.constraint_type = 'PRIMARY KEY'
        LEFT JOIN information_schema.key_column_usage k
            ON k.constraint_schema = 'public' AND k.constraint_name = p.constraint_name
            AND k.column_name = c.column_name
        WHERE c.table_schema = 'public' AND c.is_generated = 'NEVER'
            AND c.table_name <> '__diesel_schema_migrations'";
    let rows = runtime.block_on(client.query(columns, &[])).expect("the columns");
    let found: BTreeSet<Described> =
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4))).collect();
    let known = known(|kind| match kind {
        Kind::Number => "int8",
        Kind::Truth => "bool",
        Kind::Text => "text",
        Kind::Bytes => "bytea",
        Kind::Uuid => "uuid",
        Kind::Time => "timestamptz",
    });
    assert_eq!(found, known);

    let numbered: BTreeSet<(String, String)> =
        rows.iter().filter(|row| row.get(5)).map(|row| (row.get(0), row.get(1))).collect();
    let tables = tables();
    let known = tables.iter().filter(|table| table.numbered);
    let known: BTreeSet<_> =
        known.map(|table| (table.name.to_owned(), table.columns[table.key[0]].name.to_owned())).collect();
    assert_eq!(numbered, known);

    let references = "SELECT conrelid::REGCLASS::TEXT, confrelid::REGCLASS::TEXT FROM pg_constraint
        WHERE contype = 'f'";
    let rows = runtime.block_on(client.query(references, &[])).expect("the references");
    let place = |name: &str| tables.iter().position(|table| table.name == name);
    assert!(!rows.is_empty());
    for row in rows {
        let (from, to): (String, String) = (row.get(0), row.get(1));
        assert!(place(&from) > place(&to), "{from} refers to {to}");
    }
}
