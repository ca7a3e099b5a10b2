use asteroid_diesel::copy::{self, Copied, CopyOrder, CopyPhase, CopyProgress, Database};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use super::output::{TextTable, answer};
use super::{CommandError, Context, Format, runtime};
use crate::config::{DatabaseUrl, InvalidDatabaseUrl};
use crate::terms;

#[derive(Debug, Args)]
#[command(after_help = "Stop the servers on the source first: what they write after the start is not copied.
All data is copied: users, clients, terms, sessions, live codes, rate limits, the outbox,
the audit trail. The key file is not in the database: keep it with the copy.

The source is read in one snapshot and not changed. The target must be empty; it is
migrated and filled in one transaction, and every row is read back and compared before
the commit. After an error, Ctrl-C or a crash the target is still empty: run it again.

Examples:
  asteroid copy --from sqlite://data/asteroid.db --to postgres://asteroid@127.0.0.1/asteroid
  asteroid copy --from \"$DATABASE_URL\" --to sqlite://backup.db --json")]
pub(super) struct CopyArguments {
    /// The database to copy, as a URL like in `DATABASE_URL`.
    #[arg(long, value_name = "URL")]
    from: String,
    /// The database to copy to. It must be empty; an SQLite file is created.
    #[arg(long, value_name = "URL")]
    to: String,
    #[command(flatten)]
    format: Format,
}

pub(super) fn run(
    context: &Context,
    CopyArguments { from, to, format }: &CopyArguments,
) -> Result<(), CommandError> {
    // By hand: clap would print an invalid URL with its password.
    let database = |option: &str, url: &str| match url.parse() {
        Ok(DatabaseUrl::Sqlite(path)) => Ok(Database::Sqlite(path)),
        Ok(DatabaseUrl::Postgres(url)) => Ok(Database::Postgres(url)),
        Err::<_, InvalidDatabaseUrl>(error) => Err(CommandError::Usage("copy", format!("{option} {error}"))),
    };
    let (from, to) = (database("--from", from)?, database("--to", to)?);
    let order =
        CopyOrder { from: from.clone(), to: to.clone(), first_terms: terms::first(context.clock.now())? };
    let bar = bar(format.json);
    let shown = bar.clone();
    let copied = runtime()?.block_on(copy::copy(order, move |progress| show(&shown, progress)));
    bar.finish_and_clear();
    let copied = copied?;
    answer(*format, &report(&from, &to, &copied), || told(&from, &to, &copied))
}

/// A progress bar, shown on a terminal only.
fn bar(quiet: bool) -> ProgressBar {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(0), target);
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {percent}% {elapsed} ({eta} to go)") {
        bar.set_style(style);
    }
    bar
}

fn show(bar: &ProgressBar, CopyProgress { phase, done, total }: CopyProgress) {
    // Every row is processed twice.
    let (before, message) = match phase {
        CopyPhase::Copying => (0, "copying"),
        CopyPhase::Comparing => (total, "comparing"),
    };
    if done == 0 {
        bar.set_length(total.saturating_mul(2));
        bar.set_message(message);
    }
    bar.set_position(before.saturating_add(done));
}

fn report(from: &Database, to: &Database, copied: &Copied) -> Value {
    let tables: serde_json::Map<String, Value> =
        copied.tables.iter().map(|&(table, rows)| (table.to_owned(), rows.into())).collect();
    json!({
        "from": from.to_string(),
        "to": to.to_string(),
        "migrated": copied.migrated,
        "tables": tables,
        "rows": copied.rows(),
    })
}

fn told(from: &Database, to: &Database, copied: &Copied) -> String {
    let mut table = TextTable::default();
    for (name, rows) in copied.tables.iter().filter(|(_, rows)| *rows > 0) {
        table.add_row([(*name).to_owned(), rows.to_string()]);
    }
    table.add_row(["rows".to_owned(), copied.rows().to_string()]);
    let table = table.render(1);
    format!(
        "{table}\
         Copied {from} to {to}: every row was read back and compared.\n\
         To use the copy, set DATABASE_URL (or database.url), and keep the key file.\n"
    )
}
