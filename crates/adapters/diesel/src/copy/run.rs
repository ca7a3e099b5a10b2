//! The steps of a copy.

use std::path::Path;

use super::transaction::{CopyTransaction, PAGE};
use super::{
    Copied, CopyError, CopyOrder, CopyPhase, CopyProgress, CopyRow, CopyTable, CopyValue, Database,
    RejectedRow, UnreadableRow, name_of, tables,
};
use crate::migrations::MigrationState;
use crate::{postgres, sqlite};

/// The source or the target, with its name for errors.
struct Endpoint {
    name: String,
    tx: Box<dyn CopyTransaction>,
}

impl Endpoint {
    fn failed(&self, source: asteroid_kernel::BoxError) -> CopyError {
        CopyError::Failed { database: self.name.clone(), source }
    }

    fn migrations(&mut self) -> Result<MigrationState, CopyError> {
        let migrations = self.tx.migrations().map_err(|error| self.failed(error))?;
        if migrations.unknown.is_empty() {
            Ok(migrations)
        } else {
            Err(CopyError::UnknownMigrations { database: self.name.clone(), unknown: migrations.unknown })
        }
    }

    fn count(&mut self, table: &CopyTable) -> Result<u64, CopyError> {
        self.tx.count(table).map_err(|error| self.failed(error))
    }

    fn page(&mut self, table: &CopyTable, after: Option<&CopyRow>) -> Result<Vec<CopyRow>, CopyError> {
        self.tx.page(table, after).map_err(|UnreadableRow { row, column, source }| CopyError::UnreadableRow {
            database: self.name.clone(),
            table: table.name,
            row,
            column,
            source,
        })
    }

    fn insert(&mut self, table: &CopyTable, rows: &[CopyRow]) -> Result<(), CopyError> {
        self.tx.insert(table, rows).map_err(|RejectedRow { place, column, source }| CopyError::RejectedRow {
            database: self.name.clone(),
            table: table.name,
            row: rows.get(place).map(|row| name_of(table, row)).unwrap_or_default(),
            column,
            source,
        })
    }
}

/// Reports the progress.
struct Reporter<F> {
    report: F,
    progress: CopyProgress,
}

impl<F: FnMut(CopyProgress)> Reporter<F> {
    fn begin(&mut self, phase: CopyPhase) {
        self.progress = CopyProgress { phase, done: 0, ..self.progress };
        (self.report)(self.progress);
    }

    fn add(&mut self, rows: &[CopyRow]) {
        self.progress.done += rows.len() as u64;
        (self.report)(self.progress);
    }
}

/// Runs a copy and reports its progress.
pub(super) fn copy(order: &CopyOrder, report: impl FnMut(CopyProgress)) -> Result<Copied, CopyError> {
    if is_same(&order.from, &order.to) {
        return Err(CopyError::SameDatabase { database: order.from.to_string() });
    }
    let mut from = open_source(&order.from)?;
    let (migrated, mut to) = open_target(&order.to)?;
    let tables = tables();
    require_empty(&mut to, &tables, order)?;

    let mut counted = Vec::new();
    for table in &tables {
        counted.push((table.name, from.count(table)?));
    }
    let total = counted.iter().map(|(_, rows)| rows).sum();
    let mut reporter =
        Reporter { report, progress: CopyProgress { phase: CopyPhase::Copying, done: 0, total } };
    reporter.begin(CopyPhase::Copying);
    for table in &tables {
        copy_table(&mut from, &mut to, table, &mut reporter)?;
    }
    reporter.begin(CopyPhase::Comparing);
    for (table, &(_, expected)) in tables.iter().zip(&counted) {
        compare_table(&mut from, &mut to, table, &mut reporter)?;
        let found = to.count(table)?;
        if found != expected {
            return Err(CopyError::CountMismatch { database: to.name, table: table.name, expected, found });
        }
    }
    // Last, because a rollback in PostgreSQL does not restore a sequence.
    for table in tables.iter().filter(|table| table.numbered) {
        let last = from.tx.last_number(table).map_err(|error| from.failed(error))?;
        to.tx.number_above(table, last).map_err(|error| to.failed(error))?;
    }
    match to.tx.commit() {
        Ok(()) => Ok(Copied { migrated, tables: counted }),
        Err(source) => Err(CopyError::Commit { database: to.name, source }),
    }
}

/// Whether both names refer to the same database, as far as the names show.
fn is_same(a: &Database, b: &Database) -> bool {
    let file = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path)).ok();
    match (a, b) {
        (Database::Sqlite(a), Database::Sqlite(b)) => a == b || file(a).is_some_and(|a| file(b) == Some(a)),
        (a, b) => a == b,
    }
}

/// Opens the source and checks its migrations.
fn open_source(database: &Database) -> Result<Endpoint, CopyError> {
    let name = database.to_string();
    let tx: Result<Box<dyn CopyTransaction>, _> = match database {
        // Opening a missing source must not create it.
        Database::Sqlite(path) if !path.exists() => return Err(CopyError::SourceMissing { database: name }),
        Database::Sqlite(path) => sqlite::copy::source(path).map(|tx| Box::new(tx) as _),
        Database::Postgres(url) => postgres::copy::source(url).map(|tx| Box::new(tx) as _),
    };
    let tx = tx.map_err(|source| CopyError::Open { database: name.clone(), source })?;
    let mut endpoint = Endpoint { name, tx };
    let MigrationState { pending, .. } = endpoint.migrations()?;
    if pending.is_empty() {
        Ok(endpoint)
    } else {
        Err(CopyError::PendingMigrations { database: endpoint.name, pending })
    }
}

/// Migrates and opens the target, and returns the names of the migrations.
fn open_target(database: &Database) -> Result<(Vec<String>, Endpoint), CopyError> {
    let name = database.to_string();
    let migrated = match database {
        Database::Sqlite(path) => sqlite::copy::migrate(path),
        Database::Postgres(url) => postgres::copy::migrate(url),
    };
    let migrated = migrated.map_err(|source| CopyError::Migrate { database: name.clone(), source })?;
    let tx: Result<Box<dyn CopyTransaction>, _> = match database {
        Database::Sqlite(path) => sqlite::copy::target(path).map(|tx| Box::new(tx) as _),
        Database::Postgres(url) => postgres::copy::target(url).map(|tx| Box::new(tx) as _),
    };
    let tx = tx.map_err(|source| CopyError::Open { database: name.clone(), source })?;
    let mut endpoint = Endpoint { name, tx };
    endpoint.migrations()?;
    Ok((migrated, endpoint))
}

/// Empties the target if it contains only the rows of a fresh store.
///
/// # Errors
///
/// [`CopyError::NotEmpty`] if it contains other rows.
fn require_empty(to: &mut Endpoint, tables: &[CopyTable], order: &CopyOrder) -> Result<(), CopyError> {
    let mut content = Vec::new();
    let mut is_fresh = true;
    for table in tables {
        let rows = to.count(table)?;
        if rows > 0 {
            content.push((table.name, rows));
            is_fresh = is_fresh && rows == 1 && is_of_fresh_store(to, table, order)?;
        }
    }
    if content.is_empty() {
        Ok(())
    } else if is_fresh {
        to.tx.remove_terms_and_audit().map_err(|error| to.failed(error))
    } else {
        Err(CopyError::NotEmpty { database: to.name.clone(), tables: content })
    }
}

/// Whether a fresh store has these rows of the table.
fn is_of_fresh_store(to: &mut Endpoint, table: &CopyTable, order: &CopyOrder) -> Result<bool, CopyError> {
    let first = &order.first_terms;
    let expected = match table.name {
        "terms_versions" => [("label", first.label.as_str()), ("text", &first.text)],
        "audit_events" => [("action", "publish_terms"), ("outcome", "done")],
        _ => return Ok(false),
    };
    let rows = to.page(table, None)?;
    let has = |row: &CopyRow, (column, text): (&str, &str)| {
        table.column(column).is_some_and(|place| row[place] == CopyValue::Text(text.to_owned()))
    };
    Ok(rows.iter().all(|row| expected.iter().all(|&expected| has(row, expected))))
}

/// Inserts the rows of a table into the target.
fn copy_table(
    from: &mut Endpoint,
    to: &mut Endpoint,
    table: &CopyTable,
    reporter: &mut Reporter<impl FnMut(CopyProgress)>,
) -> Result<(), CopyError> {
    each_page(from, table, reporter, |rows, _| to.insert(table, rows))
}

/// Reads the table from both databases and compares the rows.
fn compare_table(
    from: &mut Endpoint,
    to: &mut Endpoint,
    table: &CopyTable,
    reporter: &mut Reporter<impl FnMut(CopyProgress)>,
) -> Result<(), CopyError> {
    each_page(from, table, reporter, |expected, after| {
        let found = to.page(table, after)?;
        first_difference(table, expected, &found).map_or(Ok(()), |(row, column)| {
            Err(CopyError::RowMismatch { database: to.name.clone(), table: table.name, row, column })
        })
    })
}

/// Reads the table page by page. `take` gets each page, and the row before it.
fn each_page(
    from: &mut Endpoint,
    table: &CopyTable,
    reporter: &mut Reporter<impl FnMut(CopyProgress)>,
    mut take: impl FnMut(&[CopyRow], Option<&CopyRow>) -> Result<(), CopyError>,
) -> Result<(), CopyError> {
    let mut last: Option<CopyRow> = None;
    loop {
        let mut rows = from.page(table, last.as_ref())?;
        take(&rows, last.as_ref())?;
        reporter.add(&rows);
        if rows.len() < PAGE {
            return Ok(());
        }
        last = rows.pop();
    }
}

/// The key of the first row that differs, and the column. The column is [`None`] if only one database has the row.
fn first_difference(
    table: &CopyTable,
    expected: &[CopyRow],
    found: &[CopyRow],
) -> Option<(String, Option<&'static str>)> {
    let rows = expected.len().max(found.len());
    let place = (0..rows).find(|&place| expected.get(place) != found.get(place))?;
    match (expected.get(place), found.get(place)) {
        (Some(a), Some(b)) if table.key.iter().all(|&column| a[column] == b[column]) => {
            let column = table.columns.iter().zip(a.iter().zip(b)).find(|(_, (a, b))| a != b);
            Some((name_of(table, a), column.map(|(column, _)| column.name)))
        }
        (a, b) => a.or(b).map(|row| (name_of(table, row), None)),
    }
}
