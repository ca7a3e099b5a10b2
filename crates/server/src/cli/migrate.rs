use serde_json::json;

use super::output::answer;
use super::{CommandError, Context, Format, runtime};
use crate::storage;

/// Runs the pending migrations and prints their names.
pub(super) fn run(context: &Context, format: Format) -> Result<(), CommandError> {
    let settings = context.configuration()?.settings;
    let names = runtime()?.block_on(storage::migrate(&settings, &context.clock, &context.randomness))?;
    answer(format, &json!({ "migrated": names }), || match names.as_slice() {
        [] => format!("{} has no pending migrations.", settings.database.url),
        names => format!("{} was migrated: {}.", settings.database.url, names.join(", ")),
    })
}
