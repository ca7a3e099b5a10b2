//! A copy's ends in `SQLite`.

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
use crate::copy::{Kind, Refused, Row, Side, Table, Unreadable, Value, key_of, page_in_sql, read_row};
use crate::migrations::Migrations;
use crate::sql_types::{At, Id, Ts, Uid};

/// Within a transaction, which ends with the connection.
pub(crate) struct SqliteSide {
    conn: SqliteConnection,
}

/// The database as it is now, on a connection that cannot write.
pub(crate) fn source(path: &Path) -> Result<SqliteSide, BoxError> {
    let path = std::path::absolute(path)?;
    let mut conn = connect_read_only(&path)?;
    conn.batch_execute("BEGIN")?;
    Ok(SqliteSide { conn })
}

/// The database, with nobody else writing.
pub(crate) fn target(path: &Path) -> Result<SqliteSide, BoxError> {
    let mut conn = connect(&prepare_file(path)?, Access::Write)?;
    conn.batch_execute("BEGIN IMMEDIATE")?;
    Ok(SqliteSide { conn })
}

pub(crate) fn migrate(path: &Path) -> Result<Vec<String>, BoxError> {
    Ok(migrations::run_pending(&prepare_file(path)?)?)
}

impl SqliteSide {
    fn load(&mut self, statement: Statement<'_>) -> QueryResult<Vec<Stored>> {
        statement.load(&mut self.conn)
    }

    /// The first value of the first row, which is a number.
    fn number(&mut self, sql: &str) -> Result<i64, BoxError> {
        let rows = self.load(Statement { begin: sql, values: Vec::new(), end: "" })?;
        match rows.first().and_then(|Stored(values)| values.first()) {
            Some(StoredValue::Integer(number)) => Ok(*number),
            _ => Err(diesel::NotFound.into()),
        }
    }
}

impl Side for SqliteSide {
    fn migrations(&mut self) -> Result<Migrations, BoxError> {
        migrations::beside_ours(&migrations::applied_versions(&mut self.conn)?)
    }

    fn count(&mut self, table: &Table) -> Result<u64, BoxError> {
        Ok(self.number(&format!("SELECT count(*) FROM \"{}\"", table.name))?.try_into()?)
    }

    fn page(&mut self, table: &Table, after: Option<&Row>) -> Result<Vec<Row>, Unreadable> {
        let (begin, end) = page_in_sql(table, after.is_none());
        let values = after.map(|row| key_of(table, row)).unwrap_or_default();
        let rows = self.load(Statement { begin: &begin, values, end: &end })?;
        let read = |Stored(values): Stored| {
            let mut values = values.into_iter();
            read_row(table, |_, column| read_value(column.kind, values.next().unwrap_or(StoredValue::Null)))
        };
        rows.into_iter().map(read).collect()
    }

    fn last_number(&mut self, table: &Table) -> Result<i64, BoxError> {
        let Table { name, .. } = table;
        let key = table.key_in_sql();
        let highest = self.number(&format!("SELECT coalesce(max({key}), 0) FROM \"{name}\""))?;
        let given = sqlite_sequence::table
            .filter(sqlite_sequence::name.eq(name))
            .select(max(sqlite_sequence::seq))
            .first::<Option<i64>>(&mut self.conn)?;
        Ok(highest.max(given.unwrap_or(0)))
    }

    fn insert(&mut self, table: &Table, rows: &[Row]) -> Result<(), Refused> {
        let begin = format!("INSERT INTO \"{}\" ({}) VALUES (", table.name, table.columns_in_sql());
        for (place, row) in rows.iter().enumerate() {
            let statement = Statement { begin: &begin, values: row.iter().collect(), end: ")" };
            let inserted = statement.execute(&mut self.conn);
            inserted.map_err(|error| Refused { place, column: None, source: error.into() })?;
        }
        Ok(())
    }

    fn remove_terms_and_audit(&mut self) -> Result<(), BoxError> {
        // The triggers that keep terms from being removed go for a moment that nobody else sees.
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

    fn number_above(&mut self, table: &Table, last: i64) -> Result<(), BoxError> {
        let entry = sqlite_sequence::table.filter(sqlite_sequence::name.eq(table.name));
        let numbers_for_good = sqlite_master::table
            .filter(sqlite_master::name.eq(table.name).and(sqlite_master::sql.like("%AUTOINCREMENT%")))
            .select(count_star())
            .first::<i64>(&mut self.conn)?;
        if numbers_for_good == 0 {
            // It goes on above the rows that are there.
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

/// A statement around a list of values. Prepared once for each text.
struct Statement<'a> {
    begin: &'a str,
    values: Vec<&'a Value>,
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
                Value::Null => out.push_bind_param::<Nullable<BigInt>, _>(&None::<i64>)?,
                Value::Number(number) => out.push_bind_param::<BigInt, _>(number)?,
                Value::Truth(truth) => out.push_bind_param::<Bool, _>(truth)?,
                Value::Text(text) => out.push_bind_param::<Text, _>(text)?,
                Value::Bytes(bytes) => out.push_bind_param::<Binary, _>(bytes)?,
                Value::Uuid(id) => out.push_bind_param::<Uid, _>(id)?,
                Value::Time(at) => out.push_bind_param::<Ts, _>(at)?,
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

/// A row as `SQLite` has it.
struct Stored(Vec<StoredValue>);

enum StoredValue {
    Null,
    Integer(i64),
    Text(String),
    Blob(Vec<u8>),
    Unreadable(BoxError),
}

impl QueryableByName<Sqlite> for Stored {
    fn build<'a>(row: &impl NamedRow<'a, Sqlite>) -> deserialize::Result<Self> {
        let value = |place| {
            let field = SqlRow::get(row, place).ok_or(UnexpectedEndOfRow)?;
            let Some(value) = field.value() else { return Ok(StoredValue::Null) };
            let read = match value.value_type() {
                None => Ok(StoredValue::Null),
                Some(SqliteType::Text) => FromSql::<Text, Sqlite>::from_sql(value).map(StoredValue::Text),
                Some(SqliteType::Binary) => FromSql::<Binary, Sqlite>::from_sql(value).map(StoredValue::Blob),
                Some(SqliteType::Long) => {
                    FromSql::<BigInt, Sqlite>::from_sql(value).map(StoredValue::Integer)
                }
                Some(_) => Err("it is a floating-point number".into()),
            };
            Ok(read.unwrap_or_else(StoredValue::Unreadable))
        };
        (0..row.field_count()).map(value).collect::<deserialize::Result<_>>().map(Self)
    }
}

fn read_value(kind: Kind, stored: StoredValue) -> Result<Value, BoxError> {
    match (kind, stored) {
        (_, StoredValue::Unreadable(error)) => Err(error),
        (_, StoredValue::Null) => Ok(Value::Null),
        (Kind::Number, StoredValue::Integer(number)) => Ok(Value::Number(number)),
        (Kind::Truth, StoredValue::Integer(number @ (0 | 1))) => Ok(Value::Truth(number == 1)),
        (Kind::Text, StoredValue::Text(text)) => Ok(Value::Text(text)),
        (Kind::Bytes, StoredValue::Blob(bytes)) => Ok(Value::Bytes(bytes)),
        (Kind::Uuid, StoredValue::Blob(bytes)) => Ok(Value::Uuid(Id(Uuid::from_slice(&bytes)?))),
        (Kind::Time, StoredValue::Text(text)) => {
            time(&text).ok_or_else(|| "it is no time to the microsecond".into())
        }
        (kind, _) => Err(format!("it is no {kind:?}").to_lowercase().into()),
    }
}

/// At the width at which times are written here: another text would be cut off, or sort otherwise.
fn time(text: &str) -> Option<Value> {
    let is_whole = text.len() == "2016-05-03T11:15:54.950000Z".len() && text.ends_with('Z');
    Timestamp::parse(text).filter(|_| is_whole).map(|moment| Value::Time(At(moment)))
}

diesel::table! {
    /// The numbers that were given for good.
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
