//! Rows for every table, generated from the types of its columns.

use uuid::Uuid;

use super::*;
use crate::sql_types::Id;

/// The row with this number, counted from 0. It references the rows with the same number. In every second row, nullable
/// columns are `NULL`.
pub(super) fn row(table: &CopyTable, number: usize) -> CopyRow {
    let value = |column: &table::CopyColumn| {
        if column.nullable && number % 2 == 1 { CopyValue::Null } else { value(table.name, column, number) }
    };
    let row: CopyRow = table.columns.iter().map(value).collect();
    if table.name == "outbox" { completed_or_due(table, row, number) } else { row }
}

fn value(table: &str, column: &table::CopyColumn, number: usize) -> CopyValue {
    let signed = i64::try_from(number).expect("a small number");
    let text = |text: &str| CopyValue::Text(text.to_owned());
    match (table, column.name, column.kind) {
        // Ids that differ from the order of insertion.
        ("users" | "user_contacts" | "memberships" | "clients", "id" | "number", ColumnKind::Number)
        | (_, "user_id" | "client_number", _) => CopyValue::Number(id(signed)),
        ("terms_versions", "number", _) | ("practices", "id", _) | (_, "practice_id", _) => {
            CopyValue::Number(signed)
        }
        ("challenges", "purpose", _) => text(["register", "login"][number % 2]),
        ("clients", "status", _) => text(["active", "inactive", "deleted"][number % 3]),
        ("terms_versions" | "terms_acceptances", "label", _) => CopyValue::Text(format!("v{number}")),
        (_, "kind", _) if table == "user_contacts" => text("email"),
        ("key_fingerprints", "kind", _) => text("code"),
        (_, "contact_type", _) => text("personal"),
        (_, "features" | "roles", _) => text(r#"["a", "ü ☃"]"#),
        (_, "enterprise_ids", _) => text("[1,  22]"),
        (_, "pet_records", _) => text("Active"),
        (_, "code_length", _) => CopyValue::Number(signed % 256),
        (_, "nonce", _) => CopyValue::Bytes(bytes(number, 16)),
        (_, "token_hash" | "digest" | "hash" | "content", _) => CopyValue::Bytes(bytes(number, 32)),
        (_, "times", _) => CopyValue::Bytes(bytes(number, 8 * (number % 3))),
        (_, _, ColumnKind::Number) => CopyValue::Number(signed * 1_000_003),
        (_, _, ColumnKind::Bool) => CopyValue::Bool(number.is_multiple_of(3)),
        (_, name, ColumnKind::Text) => {
            CopyValue::Text(format!("{name} {number} ’\"\\\t\n\u{1f43e}\u{10ffff}\u{1}"))
        }
        (_, _, ColumnKind::Bytes) => CopyValue::Bytes(bytes(number, number)),
        (_, _, ColumnKind::Uuid) => {
            // Tests the order of bytes above 0x7f.
            let first = u128::from(u8::try_from(number.wrapping_mul(101) % 256).expect("a byte"));
            CopyValue::Uuid(Id(Uuid::from_u128((first << 120) + number as u128)))
        }
        (_, _, ColumnKind::Time) => {
            let times = [-62_135_596_800_000_000, 253_402_300_799_999_999, 946_684_799_999_999];
            let time = times.get(number).copied().unwrap_or(1_700_000_000_000_001 + signed * 1_000_003);
            CopyValue::time(time).expect("a time")
        }
    }
}

/// The id of the user or client with this number.
fn id(number: i64) -> i64 {
    2 * number + 1
}

fn bytes(number: usize, length: usize) -> Vec<u8> {
    (0..length)
        .map(|endpoint| u8::try_from((number >> (8 * (endpoint % 3))) & 0xff).expect("a byte"))
        .collect()
}

/// Makes the message of an outbox row waiting or completed.
fn completed_or_due(table: &CopyTable, mut row: CopyRow, number: usize) -> CopyRow {
    let column = |name| table.column(name).expect("a column");
    let time = CopyValue::time(1_700_000_000_000_001).expect("a time");
    let (due, settled) =
        if number.is_multiple_of(2) { (CopyValue::Null, time) } else { (time, CopyValue::Null) };
    row[column("due_at")] = due;
    row[column("settled_at")] = settled;
    row
}
