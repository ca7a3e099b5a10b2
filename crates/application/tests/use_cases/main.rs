//! The use cases on mocks and on the store in memory.

mod administration;
mod code_budgets;
mod delivery;
mod development_outbox;
mod event_counts;
mod guessing;
mod imports;
mod keys;
mod outbox;
mod password_budgets;
mod passwords_and_tokens;
mod pre_hijacking;
mod rejected_requests;
mod send_limits;
mod terms_gate;

use asteroid_application::Operator;
use asteroid_kernel::Origin;

/// The person who administers, in the tests.
fn operator() -> Operator {
    Operator { name: "root".to_owned(), origin: Origin::local() }
}
