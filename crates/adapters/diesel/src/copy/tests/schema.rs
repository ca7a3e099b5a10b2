//! The tables of a copy compared with the migrations: no table and no column is missing.

use std::collections::BTreeSet;

use super::*;

/// A column: its table, name, type, whether it is nullable, and its position in the primary key.
type ColumnDescription = (String, String, String, bool, Option<i64>);

/// The columns that a copy knows, with the type names of a backend.
fn known(type_name: impl Fn(ColumnKind) -> &'static str) -> BTreeSet<ColumnDescription> {
    let described = |table: &CopyTable, endpoint: usize| {
        let column = table.columns[endpoint];
        let in_key = table.key.iter().position(|&key| key == endpoint);
        let in_key = in_key.map(|endpoint| i64::try_from(endpoint).expect("a small number") + 1);
        (
            table.name.to_owned(),
            column.name.to_owned(),
            type_name(column.kind).to_owned(),
            column.nullable,
            in_key,
        )
    };
    let tables = tables();
    let columns = |table: &CopyTable| {
        (0..table.columns.len()).map(|endpoint| described(table, endpoint)).collect::<Vec<_>>()
    };
    tables.iter().flat_map(columns).collect()
}

#[test]
fn every_column_of_sqlite_is_copied_unless_generated() {
    use diesel::prelude::*;
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    #[derive(QueryableByName)]
    struct SqliteColumn {
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

    let endpoint = TestEndpoint::sqlite();
    endpoint.migrate();
    let mut conn = SqliteConnection::establish(endpoint.path().to_str().expect("UTF-8")).expect("opened");
    let sql = "SELECT t.name AS of, c.name, c.type AS kind, c.\"notnull\" = 0 AND c.pk = 0 AS nullable,
            nullif(c.pk, 0) AS in_key
        FROM pragma_table_list t JOIN pragma_table_xinfo(t.name) c
        WHERE t.schema = 'main' AND t.type = 'table' AND c.hidden = 0
            AND t.name NOT LIKE 'sqlite%' AND t.name <> '__diesel_schema_migrations'";
    let rows: Vec<SqliteColumn> = diesel::sql_query(sql).load(&mut conn).expect("the columns");
    let found: BTreeSet<_> =
        rows.into_iter().map(|row| (row.of, row.name, row.kind, row.nullable, row.in_key)).collect();
    let known = known(|kind| match kind {
        ColumnKind::Number | ColumnKind::Bool => "INTEGER",
        ColumnKind::Text | ColumnKind::Time => "TEXT",
        ColumnKind::Bytes | ColumnKind::Uuid => "BLOB",
    });
    assert_eq!(found, known);
}

#[test]
fn every_column_of_postgresql_is_copied_unless_generated() {
    if !testing::is_available() {
        return;
    }
    let endpoint = TestEndpoint::postgres();
    endpoint.migrate();
    let Database::Postgres(url) = &endpoint.database else { panic!("a PostgreSQL database") };
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
    let found: BTreeSet<ColumnDescription> =
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4))).collect();
    let known = known(|kind| match kind {
        ColumnKind::Number => "int8",
        ColumnKind::Bool => "bool",
        ColumnKind::Text => "text",
        ColumnKind::Bytes => "bytea",
        ColumnKind::Uuid => "uuid",
        ColumnKind::Time => "timestamptz",
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
    let endpoint = |name: &str| tables.iter().position(|table| table.name == name);
    assert!(!rows.is_empty());
    for row in rows {
        let (from, to): (String, String) = (row.get(0), row.get(1));
        assert!(endpoint(&from) > endpoint(&to), "{from} refers to {to}");
    }
}
