use asteroid_diesel::copy::{self, Copied, CopyOrder, CopyPhase, CopyProgress, Database};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use super::output::answer;
use super::{CommandError, Context, Format, runtime};
use crate::config::{DatabaseUrl, InvalidDatabaseUrl};
use crate::terms;

#[derive(Debug, Args)]
#[command(
    after_help = "Stop the servers on the source first: what they write after the copy began stays behind.
Everything is copied: users, clients, terms, sessions, codes that are under way, limits,
the outbox, the audit trail. The keys file belongs to it and is not in a database: keep it.

The source is read in one state and never written. The target is migrated and must be
empty; it is filled in one transaction, and every row is read back and compared before
that is kept. So an error, Ctrl-C or a crash leaves the target empty: run it again.

Examples:
  asteroid copy --from sqlite://data/asteroid.db --to postgres://asteroid@127.0.0.1/asteroid
  asteroid copy --from \"$DATABASE_URL\" --to sqlite://backup.db --json"
)]
pub(super) struct CopyArguments {
    /// The database to copy, named as in `DATABASE_URL`.
    #[arg(long, value_name = "URL")]
    from: String,
    /// The database to copy to, likewise. It must be empty; a file of SQLite is made.
    #[arg(long, value_name = "URL")]
    to: String,
    #[command(flatten)]
    format: Format,
}

pub(super) fn run(
    context: &Context,
    CopyArguments { from, to, format }: &CopyArguments,
) -> Result<(), CommandError> {
    // By hand: clap would show a URL that is wrong with its password.
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

/// How far it is, to people at a terminal. Where nobody looks, there is none.
fn bar(quiet: bool) -> ProgressBar {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(0), target);
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {percent}% {elapsed} ({eta} to go)") {
        bar.set_style(style);
    }
    bar
}

fn show(bar: &ProgressBar, CopyProgress { phase, done, total }: CopyProgress) {
    // Every row is met twice.
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
    let filled = copied.tables.iter().filter(|(_, rows)| *rows > 0);
    let lines: String = filled.map(|(table, rows)| line(table, *rows)).collect();
    let rows = line("rows", copied.rows());
    format!(
        "{lines}{rows}\
         Everything in {from} is in {to}, too: every row was read back and compared.\n\
         To go on there, name it in DATABASE_URL (or database.url), and keep the keys file.\n"
    )
}

fn line(name: &str, rows: u64) -> String {
    format!("{name:<22}  {rows:>9}\n")
}
