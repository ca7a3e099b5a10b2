//! Copying from and to `SQLite`.

use std::path::Path;

use asteroid_kernel::{BoxError, Timestamp};
use diesel::connection::SimpleConnection;
use diesel::deserialize::{self, FromSql, QueryableByName};
use diesel::dsl::{count_star, max};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::UnexpectedEndOfRow;
use diesel::row::{Field, NamedRow, Row as SqlRow};
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text, Untyped};
use diesel::sqlite::{Sqlite, SqliteType};
use diesel::{QueryResult, SqliteConnection};
use uuid::Uuid;

use super::migrations;
use super::options::{connect, connect_read_only, prepare_file};
use crate::access::Access;
use crate::copy::{
    ColumnKind, CopyRow, CopyTable, CopyTransaction, CopyValue, RejectedRow, UnreadableRow, key_of,
    page_in_sql, read_row,
};
use crate::migrations::MigrationState;
use crate::sql_types::{At, Id, Ts, Uid};

/// A transaction that ends with its connection.
pub(crate) struct SqliteCopyTransaction {
    conn: SqliteConnection,
}

/// Opens a source: a snapshot, on a connection that cannot write.
pub(crate) fn source(path: &Path) -> Result<SqliteCopyTransaction, BoxError> {
    let path = std::path::absolute(path)?;
    let mut conn = connect_read_only(&path)?;
    conn.batch_execute("BEGIN")?;
    Ok(SqliteCopyTransaction { conn })
}

/// Opens a target with the write lock.
pub(crate) fn target(path: &Path) -> Result<SqliteCopyTransaction, BoxError> {
    let mut conn = connect(&prepare_file(path)?, Access::Write)?;
    conn.batch_execute("BEGIN IMMEDIATE")?;
    Ok(SqliteCopyTransaction { conn })
}

/// Migrates a target and returns the names of the migrations.
pub(crate) fn migrate(path: &Path) -> Result<Vec<String>, BoxError> {
    Ok(migrations::run_pending(&prepare_file(path)?)?)
}

impl SqliteCopyTransaction {
    fn load(&mut self, statement: Statement<'_>) -> QueryResult<Vec<SqliteRow>> {
        statement.load(&mut self.conn)
    }

    /// Runs a query for a single number.
    fn number(&mut self, sql: &str) -> Result<i64, BoxError> {
        let rows = self.load(Statement { begin: sql, values: Vec::new(), end: "" })?;
        match rows.first().and_then(|SqliteRow(values)| values.first()) {
            Some(SqliteValue::Integer(number)) => Ok(*number),
            _ => Err(diesel::NotFound.into()),
        }
    }
}

impl CopyTransaction for SqliteCopyTransaction {
    fn migrations(&mut self) -> Result<MigrationState, BoxError> {
        migrations::migration_state(&migrations::applied_versions(&mut self.conn)?)
    }

    fn count(&mut self, table: &CopyTable) -> Result<u64, BoxError> {
        Ok(self.number(&format!("SELECT count(*) FROM \"{}\"", table.name))?.try_into()?)
    }

    fn page(&mut self, table: &CopyTable, after: Option<&CopyRow>) -> Result<Vec<CopyRow>, UnreadableRow> {
        let (begin, end) = page_in_sql(table, after.is_none());
        let values = after.map(|row| key_of(table, row)).unwrap_or_default();
        let rows = self.load(Statement { begin: &begin, values, end: &end })?;
        let read = |SqliteRow(values): SqliteRow| {
            let mut values = values.into_iter();
            read_row(table, |_, column| read_value(column.kind, values.next().unwrap_or(SqliteValue::Null)))
        };
        rows.into_iter().map(read).collect()
    }

    fn last_number(&mut self, table: &CopyTable) -> Result<i64, BoxError> {
        let CopyTable { name, .. } = table;
        let key = table.key_in_sql();
        let highest = self.number(&format!("SELECT coalesce(max({key}), 0) FROM \"{name}\""))?;
        let last_value = sqlite_sequence::table
            .filter(sqlite_sequence::name.eq(name))
            .select(max(sqlite_sequence::seq))
            .first::<Option<i64>>(&mut self.conn)?;
        Ok(highest.max(last_value.unwrap_or(0)))
    }

    fn insert(&mut self, table: &CopyTable, rows: &[CopyRow]) -> Result<(), RejectedRow> {
        let begin = format!("INSERT INTO \"{}\" ({}) VALUES (", table.name, table.columns_in_sql());
        for (place, row) in rows.iter().enumerate() {
            let statement = Statement { begin: &begin, values: row.iter().collect(), end: ")" };
            let inserted = statement.execute(&mut self.conn);
            inserted.map_err(|error| RejectedRow { place, column: None, source: error.into() })?;
        }
        Ok(())
    }

    fn remove_terms_and_audit(&mut self) -> Result<(), BoxError> {
        // The triggers that protect the terms are dropped and created again within this transaction.
        let triggers = sqlite_master::table
            .filter(sqlite_master::kind.eq("trigger").and(sqlite_master::tbl_name.eq("terms_versions")))
            .select((sqlite_master::name, sqlite_master::sql))
            .load::<(String, String)>(&mut self.conn)?;
        for (name, _) in &triggers {
            self.conn.batch_execute(&format!("DROP TRIGGER \"{name}\""))?;
        }
        self.conn.batch_execute("DELETE FROM terms_versions; DELETE FROM audit_events")?;
        for (_, sql) in &triggers {
            self.conn.batch_execute(sql)?;
        }
        Ok(())
    }

    fn number_above(&mut self, table: &CopyTable, last: i64) -> Result<(), BoxError> {
        let entry = sqlite_sequence::table.filter(sqlite_sequence::name.eq(table.name));
        let has_autoincrement = sqlite_master::table
            .filter(sqlite_master::name.eq(table.name).and(sqlite_master::sql.like("%AUTOINCREMENT%")))
            .select(count_star())
            .first::<i64>(&mut self.conn)?;
        if has_autoincrement == 0 {
            // Without AUTOINCREMENT, ids continue above the highest existing one.
            return Ok(());
        }
        if entry.select(count_star()).first::<i64>(&mut self.conn)? == 0 {
            let new = (sqlite_sequence::name.eq(table.name), sqlite_sequence::seq.eq(last));
            diesel::insert_into(sqlite_sequence::table).values(new).execute(&mut self.conn)?;
        } else {
            let lower = sqlite_sequence::table
                .filter(sqlite_sequence::name.eq(table.name).and(sqlite_sequence::seq.lt(last)));
            diesel::update(lower).set(sqlite_sequence::seq.eq(last)).execute(&mut self.conn)?;
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), BoxError> {
        Ok(self.conn.batch_execute("COMMIT")?)
    }
}

/// A statement with a list of bind parameters. It is prepared once for each SQL text.
struct Statement<'a> {
    begin: &'a str,
    values: Vec<&'a CopyValue>,
    end: &'a str,
}

impl QueryFragment<Sqlite> for Statement<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(self.begin);
        for (place, value) in self.values.iter().enumerate() {
            if place > 0 {
                out.push_sql(", ");
            }
            match value {
                CopyValue::Null => out.push_bind_param::<Nullable<BigInt>, _>(&None::<i64>)?,
                CopyValue::Number(number) => out.push_bind_param::<BigInt, _>(number)?,
                CopyValue::Bool(value) => out.push_bind_param::<Bool, _>(value)?,
                CopyValue::Text(text) => out.push_bind_param::<Text, _>(text)?,
                CopyValue::Bytes(bytes) => out.push_bind_param::<Binary, _>(bytes)?,
                CopyValue::Uuid(id) => out.push_bind_param::<Uid, _>(id)?,
                CopyValue::Time(at) => out.push_bind_param::<Ts, _>(at)?,
            }
        }
        out.push_sql(self.end);
        Ok(())
    }
}

impl QueryId for Statement<'_> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement<'_> {
    type SqlType = Untyped;
}

impl RunQueryDsl<SqliteConnection> for Statement<'_> {}

/// A row with the types of `SQLite`.
struct SqliteRow(Vec<SqliteValue>);

/// A value with the types of `SQLite`.
enum SqliteValue {
    Null,
    Integer(i64),
    Text(String),
    Blob(Vec<u8>),
    Unreadable(BoxError),
}

impl QueryableByName<Sqlite> for SqliteRow {
    fn build<'a>(row: &impl NamedRow<'a, Sqlite>) -> deserialize::Result<Self> {
        let value = |place| {
            let field = SqlRow::get(row, place).ok_or(UnexpectedEndOfRow)?;
            let Some(value) = field.value() else { return Ok(SqliteValue::Null) };
            let read = match value.value_type() {
                None => Ok(SqliteValue::Null),
                Some(SqliteType::Text) => FromSql::<Text, Sqlite>::from_sql(value).map(SqliteValue::Text),
                Some(SqliteType::Binary) => FromSql::<Binary, Sqlite>::from_sql(value).map(SqliteValue::Blob),
                Some(SqliteType::Long) => {
                    FromSql::<BigInt, Sqlite>::from_sql(value).map(SqliteValue::Integer)
                }
                Some(_) => Err("unexpected floating-point number".into()),
            };
            Ok(read.unwrap_or_else(SqliteValue::Unreadable))
        };
        (0..row.field_count()).map(value).collect::<deserialize::Result<_>>().map(Self)
    }
}

/// Converts a value to the type of its column.
fn read_value(kind: ColumnKind, stored: SqliteValue) -> Result<CopyValue, BoxError> {
    match (kind, stored) {
        (_, SqliteValue::Unreadable(error)) => Err(error),
        (_, SqliteValue::Null) => Ok(CopyValue::Null),
        (ColumnKind::Number, SqliteValue::Integer(number)) => Ok(CopyValue::Number(number)),
        (ColumnKind::Bool, SqliteValue::Integer(number @ (0 | 1))) => Ok(CopyValue::Bool(number == 1)),
        (ColumnKind::Text, SqliteValue::Text(text)) => Ok(CopyValue::Text(text)),
        (ColumnKind::Bytes, SqliteValue::Blob(bytes)) => Ok(CopyValue::Bytes(bytes)),
        (ColumnKind::Uuid, SqliteValue::Blob(bytes)) => Ok(CopyValue::Uuid(Id(Uuid::from_slice(&bytes)?))),
        (ColumnKind::Time, SqliteValue::Text(text)) => {
            time(&text).ok_or_else(|| "not a time in microseconds".into())
        }
        (kind, _) => Err(format!("not a value of type {kind:?}").into()),
    }
}

/// Parses a time in the fixed width of [`Ts`]. Other widths would lose digits or sort differently.
fn time(text: &str) -> Option<CopyValue> {
    let is_whole = text.len() == "2016-05-03T11:15:54.950000Z".len() && text.ends_with('Z');
    Timestamp::parse(text).filter(|_| is_whole).map(|moment| CopyValue::Time(At(moment)))
}

diesel::table! {
    /// The highest ids of tables with `AUTOINCREMENT`.
    sqlite_sequence (name) {
        name -> Text,
        seq -> BigInt,
    }
}

diesel::table! {
    sqlite_master (name) {
        #[sql_name = "type"]
        kind -> Text,
        name -> Text,
        tbl_name -> Text,
        sql -> Text,
    }
}
