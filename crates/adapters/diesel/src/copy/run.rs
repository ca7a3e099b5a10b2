use std::path::Path;

use super::side::{PAGE, Side};
use super::table::tables;
use super::{
    Copied, CopyError, CopyOrder, CopyPhase, CopyProgress, Database, Refused, Row, Table, Unreadable, Value,
    name_of,
};
use crate::migrations::Migrations;
use crate::{postgres, sqlite};

/// One of the two databases.
struct End {
    name: String,
    side: Box<dyn Side>,
}

impl End {
    fn failed(&self, source: asteroid_kernel::BoxError) -> CopyError {
        CopyError::Failed { database: self.name.clone(), source }
    }

    fn migrations(&mut self) -> Result<Migrations, CopyError> {
        let migrations = self.side.migrations().map_err(|error| self.failed(error))?;
        if migrations.unknown.is_empty() {
            Ok(migrations)
        } else {
            Err(CopyError::Unknown { database: self.name.clone(), unknown: migrations.unknown })
        }
    }

    fn count(&mut self, table: &Table) -> Result<u64, CopyError> {
        self.side.count(table).map_err(|error| self.failed(error))
    }

    fn page(&mut self, table: &Table, after: Option<&Row>) -> Result<Vec<Row>, CopyError> {
        self.side.page(table, after).map_err(|Unreadable { row, column, source }| CopyError::Unreadable {
            database: self.name.clone(),
            table: table.name,
            row,
            column,
            source,
        })
    }

    fn insert(&mut self, table: &Table, rows: &[Row]) -> Result<(), CopyError> {
        self.side.insert(table, rows).map_err(|Refused { place, column, source }| CopyError::Refused {
            database: self.name.clone(),
            table: table.name,
            row: rows.get(place).map(|row| name_of(table, row)).unwrap_or_default(),
            column,
            source,
        })
    }
}

/// Tells how far it is.
struct Reporter<F> {
    tell: F,
    progress: CopyProgress,
}

impl<F: FnMut(CopyProgress)> Reporter<F> {
    fn begin(&mut self, phase: CopyPhase) {
        self.progress = CopyProgress { phase, done: 0, ..self.progress };
        (self.tell)(self.progress);
    }

    fn add(&mut self, rows: &[Row]) {
        self.progress.done += rows.len() as u64;
        (self.tell)(self.progress);
    }
}

pub(super) fn copy(order: &CopyOrder, tell: impl FnMut(CopyProgress)) -> Result<Copied, CopyError> {
    if is_same(&order.from, &order.to) {
        return Err(CopyError::SameDatabase { database: order.from.to_string() });
    }
    let mut from = open_source(&order.from)?;
    let (migrated, mut to) = open_target(&order.to)?;
    let tables = tables();
    make_room(&mut to, &tables, order)?;

    let mut counted = Vec::new();
    for table in &tables {
        counted.push((table.name, from.count(table)?));
    }
    let total = counted.iter().map(|(_, rows)| rows).sum();
    let mut reporter =
        Reporter { tell, progress: CopyProgress { phase: CopyPhase::Copying, done: 0, total } };
    reporter.begin(CopyPhase::Copying);
    for table in &tables {
        copy_table(&mut from, &mut to, table, &mut reporter)?;
    }
    reporter.begin(CopyPhase::Comparing);
    for (table, &(_, expected)) in tables.iter().zip(&counted) {
        compare_table(&mut from, &mut to, table, &mut reporter)?;
        let found = to.count(table)?;
        if found != expected {
            return Err(CopyError::Miscounted { database: to.name, table: table.name, expected, found });
        }
    }
    // Last, because PostgreSQL does not take a moved sequence back.
    for table in tables.iter().filter(|table| table.numbered) {
        let last = from.side.last_number(table).map_err(|error| from.failed(error))?;
        to.side.number_above(table, last).map_err(|error| to.failed(error))?;
    }
    match to.side.commit() {
        Ok(()) => Ok(Copied { migrated, tables: counted }),
        Err(source) => Err(CopyError::Commit { database: to.name, source }),
    }
}

fn is_same(a: &Database, b: &Database) -> bool {
    let file = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path)).ok();
    match (a, b) {
        (Database::Sqlite(a), Database::Sqlite(b)) => a == b || file(a).is_some_and(|a| file(b) == Some(a)),
        (a, b) => a == b,
    }
}

fn open_source(database: &Database) -> Result<End, CopyError> {
    let name = database.to_string();
    let side: Result<Box<dyn Side>, _> = match database {
        // Not made, should it not be there.
        Database::Sqlite(path) if !path.exists() => return Err(CopyError::NotThere { database: name }),
        Database::Sqlite(path) => sqlite::copy::source(path).map(|side| Box::new(side) as _),
        Database::Postgres(url) => postgres::copy::source(url).map(|side| Box::new(side) as _),
    };
    let side = side.map_err(|source| CopyError::Open { database: name.clone(), source })?;
    let mut end = End { name, side };
    let Migrations { lacking, .. } = end.migrations()?;
    if lacking.is_empty() { Ok(end) } else { Err(CopyError::Lacking { database: end.name, lacking }) }
}

fn open_target(database: &Database) -> Result<(Vec<String>, End), CopyError> {
    let name = database.to_string();
    let migrated = match database {
        Database::Sqlite(path) => sqlite::copy::migrate(path),
        Database::Postgres(url) => postgres::copy::migrate(url),
    };
    let migrated = migrated.map_err(|source| CopyError::Migrate { database: name.clone(), source })?;
    let side: Result<Box<dyn Side>, _> = match database {
        Database::Sqlite(path) => sqlite::copy::target(path).map(|side| Box::new(side) as _),
        Database::Postgres(url) => postgres::copy::target(url).map(|side| Box::new(side) as _),
    };
    let side = side.map_err(|source| CopyError::Open { database: name.clone(), source })?;
    let mut end = End { name, side };
    end.migrations()?;
    Ok((migrated, end))
}

/// Sees to it that the target is empty: it is, or has only what a fresh store gets by itself.
fn make_room(to: &mut End, tables: &[Table], order: &CopyOrder) -> Result<(), CopyError> {
    let mut content = Vec::new();
    let mut by_itself = true;
    for table in tables {
        let rows = to.count(table)?;
        if rows > 0 {
            content.push((table.name, rows));
            by_itself = by_itself && rows == 1 && comes_by_itself(to, table, order)?;
        }
    }
    if content.is_empty() {
        Ok(())
    } else if by_itself {
        to.side.remove_terms_and_audit().map_err(|error| to.failed(error))
    } else {
        Err(CopyError::NotEmpty { database: to.name.clone(), tables: content })
    }
}

/// Whether a fresh store gets the table's rows by itself.
fn comes_by_itself(to: &mut End, table: &Table, order: &CopyOrder) -> Result<bool, CopyError> {
    let first = &order.first_terms;
    let expected = match table.name {
        "terms_versions" => [("label", first.label.as_str()), ("text", &first.text)],
        "audit_events" => [("action", "publish_terms"), ("outcome", "done")],
        _ => return Ok(false),
    };
    let rows = to.page(table, None)?;
    let has = |row: &Row, (column, text): (&str, &str)| {
        table.column(column).is_some_and(|place| row[place] == Value::Text(text.to_owned()))
    };
    Ok(rows.iter().all(|row| expected.iter().all(|&expected| has(row, expected))))
}

fn copy_table(
    from: &mut End,
    to: &mut End,
    table: &Table,
    reporter: &mut Reporter<impl FnMut(CopyProgress)>,
) -> Result<(), CopyError> {
    each_page(from, table, reporter, |rows, _| to.insert(table, rows))
}

/// Reads the table from both, side by side.
fn compare_table(
    from: &mut End,
    to: &mut End,
    table: &Table,
    reporter: &mut Reporter<impl FnMut(CopyProgress)>,
) -> Result<(), CopyError> {
    each_page(from, table, reporter, |expected, after| {
        let found = to.page(table, after)?;
        first_difference(table, expected, &found).map_or(Ok(()), |(row, column)| {
            Err(CopyError::Different { database: to.name.clone(), table: table.name, row, column })
        })
    })
}

/// Goes through the table page by page, each given with the row before it.
fn each_page(
    from: &mut End,
    table: &Table,
    reporter: &mut Reporter<impl FnMut(CopyProgress)>,
    mut take: impl FnMut(&[Row], Option<&Row>) -> Result<(), CopyError>,
) -> Result<(), CopyError> {
    let mut last: Option<Row> = None;
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

/// What the first row that differs is known by, and in which column it does; in none, if the row is in one place alone.
fn first_difference(
    table: &Table,
    expected: &[Row],
    found: &[Row],
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
