//! Copying from and to `PostgreSQL`.

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
use super::dialect::analyze_statements;
use super::migrations;
use super::options::PostgresUrl;
use crate::copy::{
    ColumnKind, CopyRow, CopyTable, CopyTransaction, CopyValue, RejectedRow, UnreadableRow, key_of,
    page_in_sql, read_row,
};
use crate::migrations::MigrationState;
use crate::sql_types::{Id, POSTGRES_EPOCH};

/// The time limit for connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// No time limit for a statement. The idle limit leaves time for the other database, and ends the transaction if this
/// machine loses the network.
const SETTINGS: &str = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = '10min'";

/// A transaction that ends with its connection.
pub(crate) struct PostgresCopyTransaction {
    client: Client,
    /// Prepared statements by SQL text.
    statements: HashMap<String, Statement>,
    // Dropped after the client, whose connection it drives.
    runtime: Runtime,
}

/// Opens a source: a read-only snapshot.
pub(crate) fn source(url: &PostgresUrl) -> Result<PostgresCopyTransaction, BoxError> {
    PostgresCopyTransaction::begin(url, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
}

/// Opens a target. It sees concurrent commits, so the comparison finds them.
pub(crate) fn target(url: &PostgresUrl) -> Result<PostgresCopyTransaction, BoxError> {
    PostgresCopyTransaction::begin(url, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
}

/// Migrates a target and returns the names of the migrations.
pub(crate) fn migrate(url: &PostgresUrl) -> Result<Vec<String>, BoxError> {
    Ok(runtime()?.block_on(migrations::run(&Connector::new(url, CONNECT_TIMEOUT)?))?)
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// The message of the server without its details, which may contain values of a row.
#[derive(Debug)]
struct ServerMessage(String);

impl fmt::Display for ServerMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ServerMessage {}

fn server_message(error: &Error) -> BoxError {
    let message = match error.as_db_error() {
        Some(of_server) => of_server.message().to_owned(),
        None => asteroid_kernel::in_one_line(error),
    };
    Box::new(ServerMessage(message))
}

impl PostgresCopyTransaction {
    fn begin(url: &PostgresUrl, begin: &str) -> Result<Self, BoxError> {
        let runtime = runtime()?;
        let connector = Connector::new(url, CONNECT_TIMEOUT)?;
        let client = runtime.block_on(connector.client())?;
        let mut tx = Self { client, statements: HashMap::new(), runtime };
        tx.execute(SETTINGS)?;
        tx.execute(begin)?;
        Ok(tx)
    }

    fn wait<T>(&self, answer: impl Future<Output = Result<T, Error>>) -> Result<T, BoxError> {
        self.runtime.block_on(answer).map_err(|error| server_message(&error))
    }

    /// Runs statements without results.
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
        row.try_get(0).map_err(|error| server_message(&error))
    }

    /// The sequence of the primary key of a table, and its last value.
    fn sequence(&mut self, table: &CopyTable) -> Result<(String, i64), BoxError> {
        let column = table.columns[table.key[0]].name;
        let name = "SELECT pg_get_serial_sequence($1, $2)";
        let row = self.wait(self.client.query_one(name, &[&table.name, &column]))?;
        let name: String = row.try_get(0).map_err(|error| server_message(&error))?;
        let sql = format!("SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM {name}");
        let last = self.number(&sql)?;
        Ok((name, last))
    }

    fn insert_rows(&mut self, table: &CopyTable, rows: &[CopyRow]) -> Result<(), BoxError> {
        // One array parameter per column, so that the statement is the same for any number of rows.
        let types: Vec<Type> = table.columns.iter().map(|column| array_of(column.kind)).collect();
        let parameters: Vec<String> = (1..=types.len()).map(|number| format!("${number}")).collect();
        let sql = format!(
            "INSERT INTO \"{}\" ({}) SELECT * FROM UNNEST({})",
            table.name,
            table.columns_in_sql(),
            parameters.join(", ")
        );
        let statement = self.prepared(&sql, &types)?;
        let columns: Vec<Vec<&CopyValue>> =
            (0..types.len()).map(|place| rows.iter().map(|row| &row[place]).collect()).collect();
        let columns: Vec<_> = columns.iter().map(|column| column as &(dyn ToSql + Sync)).collect();
        self.wait(self.client.execute(&statement, &columns)).map(drop)
    }
}

impl CopyTransaction for PostgresCopyTransaction {
    fn migrations(&mut self) -> Result<MigrationState, BoxError> {
        let exists = "SELECT (to_regclass('__diesel_schema_migrations') IS NOT NULL)::INT::INT8";
        let applied: Vec<String> = if self.number(exists)? == 1 {
            let rows = self.wait(self.client.query("SELECT version FROM __diesel_schema_migrations", &[]))?;
            rows.iter()
                .map(|row| row.try_get(0).map_err(|error| server_message(&error)))
                .collect::<Result<_, _>>()?
        } else {
            Vec::new()
        };
        migrations::migration_state(&applied)
    }

    fn count(&mut self, table: &CopyTable) -> Result<u64, BoxError> {
        Ok(self.number(&format!("SELECT count(*) FROM \"{}\"", table.name))?.try_into()?)
    }

    fn page(&mut self, table: &CopyTable, after: Option<&CopyRow>) -> Result<Vec<CopyRow>, UnreadableRow> {
        let (begin, end) = page_in_sql(table, after.is_none());
        let key = after.map(|row| key_of(table, row)).unwrap_or_default();
        let parameters: Vec<String> = (1..=key.len()).map(|number| format!("${number}")).collect();
        let statement = self.prepared(&format!("{begin}{}{end}", parameters.join(", ")), &[])?;
        let key: Vec<_> = key.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        let rows = self.wait(self.client.query(&statement, &key))?;
        rows.iter()
            .map(|row| read_row(table, |place, _| row.try_get(place).map_err(|error| server_message(&error))))
            .collect()
    }

    fn last_number(&mut self, table: &CopyTable) -> Result<i64, BoxError> {
        let (_, last_value) = self.sequence(table)?;
        let key = table.key_in_sql();
        let highest = self.number(&format!("SELECT coalesce(max({key}), 0) FROM \"{}\"", table.name))?;
        Ok(highest.max(last_value))
    }

    fn insert(&mut self, table: &CopyTable, rows: &[CopyRow]) -> Result<(), RejectedRow> {
        for (place, row) in rows.iter().enumerate() {
            let has_nul = |value: &CopyValue| matches!(value, CopyValue::Text(text) if text.contains('\0'));
            if let Some(column) = row.iter().position(has_nul) {
                let source = "PostgreSQL cannot store the character U+0000".into();
                return Err(RejectedRow { place, column: Some(table.columns[column].name), source });
            }
        }
        let failed = |source| RejectedRow { place: 0, column: None, source };
        if rows.is_empty() {
            return Ok(());
        }
        self.execute("SAVEPOINT page").map_err(failed)?;
        let Err(error) = self.insert_rows(table, rows) else {
            return self.execute("RELEASE SAVEPOINT page").map_err(failed);
        };
        // Finds the row that failed.
        self.execute("ROLLBACK TO SAVEPOINT page").map_err(failed)?;
        for (place, row) in rows.iter().enumerate() {
            let inserted = self.insert_rows(table, std::slice::from_ref(row));
            inserted.map_err(|source| RejectedRow { place, column: None, source })?;
        }
        Err(failed(error))
    }

    fn remove_terms_and_audit(&mut self) -> Result<(), BoxError> {
        // TRUNCATE does not fire the triggers that protect the terms.
        self.execute("TRUNCATE terms_versions, terms_acceptances; DELETE FROM audit_events")
    }

    fn number_above(&mut self, table: &CopyTable, last: i64) -> Result<(), BoxError> {
        let (name, last_value) = self.sequence(table)?;
        if last > last_value {
            self.wait(self.client.query_one("SELECT setval($1::TEXT::REGCLASS, $2)", &[&name, &last]))?;
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), BoxError> {
        self.execute("COMMIT")?;
        // The copy is complete without them.
        for statement in analyze_statements() {
            if let Err(error) = self.execute(&statement) {
                tracing::warn!(error, "the planner has no statistics of the copy");
                break;
            }
        }
        Ok(())
    }
}

fn array_of(kind: ColumnKind) -> Type {
    match kind {
        ColumnKind::Number => Type::INT8_ARRAY,
        ColumnKind::Bool => Type::BOOL_ARRAY,
        ColumnKind::Text => Type::TEXT_ARRAY,
        ColumnKind::Bytes => Type::BYTEA_ARRAY,
        ColumnKind::Uuid => Type::UUID_ARRAY,
        ColumnKind::Time => Type::TIMESTAMPTZ_ARRAY,
    }
}

impl ToSql for CopyValue {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        match self {
            Self::Null => return Ok(IsNull::Yes),
            Self::Number(number) => return number.to_sql(ty, out),
            Self::Bool(value) => return value.to_sql(ty, out),
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

impl<'a> FromSql<'a> for CopyValue {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, BoxError> {
        match *ty {
            Type::INT8 => FromSql::from_sql(ty, raw).map(Self::Number),
            Type::BOOL => FromSql::from_sql(ty, raw).map(Self::Bool),
            Type::BYTEA => Ok(Self::Bytes(raw.to_vec())),
            Type::UUID => Ok(Self::Uuid(Id(Uuid::from_slice(raw)?))),
            Type::TIMESTAMPTZ => {
                let micros = i64::from_be_bytes(raw.try_into()?).checked_add(POSTGRES_EPOCH);
                micros.and_then(Self::time).ok_or_else(|| "not a time of the years 1 to 9999".into())
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
