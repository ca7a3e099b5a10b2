//! A copy's ends in `PostgreSQL`.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use asteroid_kernel::BoxError;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Error, Statement};
use uuid::Uuid;

use super::connect::Connector;
use super::migrations;
use super::options::PostgresUrl;
use crate::copy::{Kind, Refused, Row, Side, Table, Unreadable, Value, key_of, page_in_sql, read_row};
use crate::migrations::Migrations;
use crate::sql_types::{Id, POSTGRES_EPOCH};

/// So long a connection may take to be made.
const PATIENCE: Duration = Duration::from_secs(10);

/// However long a statement takes, and however long the other end takes between two of them; not for ever, though, should
/// this machine be cut off.
const SETTINGS: &str = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = '10min'";

/// Within a transaction, which ends with the connection.
pub(crate) struct PostgresSide {
    client: Client,
    /// Prepared statements by their texts.
    statements: HashMap<String, Statement>,
    // After the client: it drives its connection.
    runtime: Runtime,
}

/// The database as it is now, for reading alone.
pub(crate) fn source(url: &PostgresUrl) -> Result<PostgresSide, BoxError> {
    PostgresSide::begin(url, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
}

/// The database. What others commit to it meanwhile is seen, and found when it is compared.
pub(crate) fn target(url: &PostgresUrl) -> Result<PostgresSide, BoxError> {
    PostgresSide::begin(url, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
}

pub(crate) fn migrate(url: &PostgresUrl) -> Result<Vec<String>, BoxError> {
    Ok(runtime()?.block_on(migrations::run(&Connector::new(url, PATIENCE)?))?)
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// What the server said, without what it says of the row: that may be a secret.
#[derive(Debug)]
struct Said(String);

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Said {}

fn said(error: &Error) -> BoxError {
    let message = match error.as_db_error() {
        Some(of_server) => of_server.message().to_owned(),
        None => asteroid_kernel::in_one_line(error),
    };
    Box::new(Said(message))
}

impl PostgresSide {
    fn begin(url: &PostgresUrl, begin: &str) -> Result<Self, BoxError> {
        let runtime = runtime()?;
        let connector = Connector::new(url, PATIENCE)?;
        let client = runtime.block_on(connector.client())?;
        let mut side = Self { client, statements: HashMap::new(), runtime };
        side.execute(SETTINGS)?;
        side.execute(begin)?;
        Ok(side)
    }

    fn wait<T>(&self, answer: impl Future<Output = Result<T, Error>>) -> Result<T, BoxError> {
        self.runtime.block_on(answer).map_err(|error| said(&error))
    }

    /// Runs statements that give nothing.
    fn execute(&mut self, sql: &str) -> Result<(), BoxError> {
        self.wait(self.client.batch_execute(sql))
    }

    fn prepared(&mut self, sql: &str, types: &[Type]) -> Result<Statement, BoxError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.wait(self.client.prepare_typed(sql, types))?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    fn number(&mut self, sql: &str) -> Result<i64, BoxError> {
        let row = self.wait(self.client.query_one(sql, &[]))?;
        row.try_get(0).map_err(|error| said(&error))
    }

    /// The sequence that numbers the table's rows, and its last number.
    fn sequence(&mut self, table: &Table) -> Result<(String, i64), BoxError> {
        let column = table.columns[table.key[0]].name;
        let name = "SELECT pg_get_serial_sequence($1, $2)";
        let row = self.wait(self.client.query_one(name, &[&table.name, &column]))?;
        let name: String = row.try_get(0).map_err(|error| said(&error))?;
        let sql = format!("SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM {name}");
        let last = self.number(&sql)?;
        Ok((name, last))
    }

    fn insert_together(&mut self, table: &Table, rows: &[Row]) -> Result<(), BoxError> {
        // A column is one parameter, so that the statement is the same for any number of rows.
        let types: Vec<Type> = table.columns.iter().map(|column| array_of(column.kind)).collect();
        let parameters: Vec<String> = (1..=types.len()).map(|number| format!("${number}")).collect();
        let sql = format!(
            "INSERT INTO \"{}\" ({}) SELECT * FROM UNNEST({})",
            table.name,
            table.columns_in_sql(),
            parameters.join(", ")
        );
        let statement = self.prepared(&sql, &types)?;
        let columns: Vec<Vec<&Value>> =
            (0..types.len()).map(|place| rows.iter().map(|row| &row[place]).collect()).collect();
        let columns: Vec<_> = columns.iter().map(|column| column as &(dyn ToSql + Sync)).collect();
        self.wait(self.client.execute(&statement, &columns)).map(drop)
    }
}

impl Side for PostgresSide {
    fn migrations(&mut self) -> Result<Migrations, BoxError> {
        let is_there = "SELECT (to_regclass('__diesel_schema_migrations') IS NOT NULL)::INT::INT8";
        let applied: Vec<String> = if self.number(is_there)? == 1 {
            let rows = self.wait(self.client.query("SELECT version FROM __diesel_schema_migrations", &[]))?;
            rows.iter().map(|row| row.try_get(0).map_err(|error| said(&error))).collect::<Result<_, _>>()?
        } else {
            Vec::new()
        };
        migrations::beside_ours(&applied)
    }

    fn count(&mut self, table: &Table) -> Result<u64, BoxError> {
        Ok(self.number(&format!("SELECT count(*) FROM \"{}\"", table.name))?.try_into()?)
    }

    fn page(&mut self, table: &Table, after: Option<&Row>) -> Result<Vec<Row>, Unreadable> {
        let (begin, end) = page_in_sql(table, after.is_none());
        let key = after.map(|row| key_of(table, row)).unwrap_or_default();
        let parameters: Vec<String> = (1..=key.len()).map(|number| format!("${number}")).collect();
        let statement = self.prepared(&format!("{begin}{}{end}", parameters.join(", ")), &[])?;
        let key: Vec<_> = key.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        let rows = self.wait(self.client.query(&statement, &key))?;
        rows.iter()
            .map(|row| read_row(table, |place, _| row.try_get(place).map_err(|error| said(&error))))
            .collect()
    }

    fn last_number(&mut self, table: &Table) -> Result<i64, BoxError> {
        let (_, given) = self.sequence(table)?;
        let key = table.key_in_sql();
        let highest = self.number(&format!("SELECT coalesce(max({key}), 0) FROM \"{}\"", table.name))?;
        Ok(highest.max(given))
    }

    fn insert(&mut self, table: &Table, rows: &[Row]) -> Result<(), Refused> {
        for (place, row) in rows.iter().enumerate() {
            let has_zero = |value: &Value| matches!(value, Value::Text(text) if text.contains('\0'));
            if let Some(column) = row.iter().position(has_zero) {
                let source = "PostgreSQL cannot hold the character U+0000, which is in its text".into();
                return Err(Refused { place, column: Some(table.columns[column].name), source });
            }
        }
        let failed = |source| Refused { place: 0, column: None, source };
        if rows.is_empty() {
            return Ok(());
        }
        self.execute("SAVEPOINT page").map_err(failed)?;
        let Err(error) = self.insert_together(table, rows) else {
            return self.execute("RELEASE SAVEPOINT page").map_err(failed);
        };
        // Which one is it?
        self.execute("ROLLBACK TO SAVEPOINT page").map_err(failed)?;
        for (place, row) in rows.iter().enumerate() {
            let inserted = self.insert_together(table, std::slice::from_ref(row));
            inserted.map_err(|source| Refused { place, column: None, source })?;
        }
        Err(failed(error))
    }

    fn remove_terms_and_audit(&mut self) -> Result<(), BoxError> {
        // The triggers that keep terms from being removed do not mind this.
        self.execute("TRUNCATE terms_versions, terms_acceptances; DELETE FROM audit_events")
    }

    fn number_above(&mut self, table: &Table, last: i64) -> Result<(), BoxError> {
        let (name, given) = self.sequence(table)?;
        if last > given {
            self.wait(self.client.query_one("SELECT setval($1::TEXT::REGCLASS, $2)", &[&name, &last]))?;
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), BoxError> {
        self.execute("COMMIT")
    }
}

fn array_of(kind: Kind) -> Type {
    match kind {
        Kind::Number => Type::INT8_ARRAY,
        Kind::Truth => Type::BOOL_ARRAY,
        Kind::Text => Type::TEXT_ARRAY,
        Kind::Bytes => Type::BYTEA_ARRAY,
        Kind::Uuid => Type::UUID_ARRAY,
        Kind::Time => Type::TIMESTAMPTZ_ARRAY,
    }
}

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        match self {
            Self::Null => return Ok(IsNull::Yes),
            Self::Number(number) => return number.to_sql(ty, out),
            Self::Truth(truth) => return truth.to_sql(ty, out),
            Self::Text(text) => out.extend_from_slice(text.as_bytes()),
            Self::Bytes(bytes) => out.extend_from_slice(bytes),
            Self::Uuid(id) => out.extend_from_slice(id.0.as_bytes()),
            Self::Time(at) => {
                out.extend_from_slice(&(at.0.as_micros().saturating_sub(POSTGRES_EPOCH)).to_be_bytes());
            }
        }
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        <Self as FromSql<'_>>::accepts(ty)
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, BoxError> {
        match *ty {
            Type::INT8 => FromSql::from_sql(ty, raw).map(Self::Number),
            Type::BOOL => FromSql::from_sql(ty, raw).map(Self::Truth),
            Type::BYTEA => Ok(Self::Bytes(raw.to_vec())),
            Type::UUID => Ok(Self::Uuid(Id(Uuid::from_slice(raw)?))),
            Type::TIMESTAMPTZ => {
                let micros = i64::from_be_bytes(raw.try_into()?).checked_add(POSTGRES_EPOCH);
                micros.and_then(Self::time).ok_or_else(|| "it is no time of the years 1 to 9999".into())
            }
            _ => FromSql::from_sql(ty, raw).map(Self::Text),
        }
    }

    fn from_sql_null(_: &Type) -> Result<Self, BoxError> {
        Ok(Self::Null)
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT8 | Type::BOOL | Type::TEXT | Type::BYTEA | Type::UUID | Type::TIMESTAMPTZ)
    }
}
