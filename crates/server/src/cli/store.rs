use asteroid_diesel::SqliteStorage;
use serde_json::json;

use super::output::answer;
use super::{Context, Failure, Format};

/// Runs the migrations that the database lacks, and says which.
pub(super) fn migrate(context: &Context, format: Format) -> Result<(), Failure> {
    let settings = context.configuration()?.settings;
    let storage = SqliteStorage::open(&settings.sqlite_options())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let names = runtime.block_on(storage.migrate())?;
    answer(format, &json!({ "migrated": names }), || match names.as_slice() {
        [] => format!("{} lacks no migration.", settings.database.url),
        names => format!("{} was migrated: {}.", settings.database.url, names.join(", ")),
    })
}
