use serde_json::json;

use super::output::answer;
use super::{Context, Failure, Format, runtime};
use crate::store;

/// Runs the migrations that the database lacks, and says which.
pub(super) fn migrate(context: &Context, format: Format) -> Result<(), Failure> {
    let settings = context.configuration()?.settings;
    let names = runtime()?.block_on(store::migrate(&settings, &context.clock, &context.randomness))?;
    answer(format, &json!({ "migrated": names }), || match names.as_slice() {
        [] => format!("{} lacks no migration.", settings.database.url),
        names => format!("{} was migrated: {}.", settings.database.url, names.join(", ")),
    })
}
