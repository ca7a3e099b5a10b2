//! Rows of every table, made of what its columns hold.

use uuid::Uuid;

use super::*;
use crate::sql_types::Id;

/// The row of this number, counted from 0. Rows refer to the rows of the same number; in every other, what may be absent
/// is.
pub(super) fn row(table: &Table, number: usize) -> Row {
    let value = |column: &table::Column| {
        if column.nullable && number % 2 == 1 { Value::Null } else { value(table.name, column, number) }
    };
    let row: Row = table.columns.iter().map(value).collect();
    if table.name == "outbox" { settled_or_due(table, row, number) } else { row }
}

fn value(table: &str, column: &table::Column, number: usize) -> Value {
    let signed = i64::try_from(number).expect("a small number");
    let text = |text: &str| Value::Text(text.to_owned());
    match (table, column.name, column.kind) {
        // Not in the order in which they are put.
        ("users" | "user_contacts" | "memberships" | "clients", "id" | "number", Kind::Number)
        | (_, "user_id" | "client_number", _) => Value::Number(id(signed)),
        ("terms_versions", "number", _) | ("practices", "id", _) | (_, "practice_id", _) => {
            Value::Number(signed)
        }
        ("challenges", "purpose", _) => text(["register", "login"][number % 2]),
        ("clients", "status", _) => text(["active", "inactive", "deleted"][number % 3]),
        ("terms_versions" | "terms_acceptances", "label", _) => Value::Text(format!("v{number}")),
        (_, "kind", _) if table == "user_contacts" => text("email"),
        (_, "contact_type", _) => text("personal"),
        (_, "features" | "roles", _) => text(r#"["a", "ü ☃"]"#),
        (_, "enterprise_ids", _) => text("[1,  22]"),
        (_, "pet_records", _) => text("Active"),
        (_, "code_length", _) => Value::Number(signed % 256),
        (_, "nonce", _) => Value::Bytes(bytes(number, 16)),
        (_, "token_hash", _) => Value::Bytes(bytes(number, 32)),
        (_, "times", _) => Value::Bytes(bytes(number, 8 * (number % 3))),
        (_, _, Kind::Number) => Value::Number(signed * 1_000_003),
        (_, _, Kind::Truth) => Value::Truth(number.is_multiple_of(3)),
        (_, name, Kind::Text) => Value::Text(format!("{name} {number} ’\"\\\t\n\u{1f43e}\u{10ffff}\u{1}")),
        (_, _, Kind::Bytes) => Value::Bytes(bytes(number, number)),
        (_, _, Kind::Uuid) => {
            // Their order is that of their bytes, also of those above 7f.
            let first = u128::from(u8::try_from(number.wrapping_mul(101) % 256).expect("a byte"));
            Value::Uuid(Id(Uuid::from_u128((first << 120) + number as u128)))
        }
        (_, _, Kind::Time) => {
            let times = [-62_135_596_800_000_000, 253_402_300_799_999_999, 946_684_799_999_999];
            let time = times.get(number).copied().unwrap_or(1_700_000_000_000_001 + signed * 1_000_003);
            Value::time(time).expect("a time")
        }
    }
}

/// The user or the client of this number.
fn id(number: i64) -> i64 {
    2 * number + 1
}

fn bytes(number: usize, length: usize) -> Vec<u8> {
    (0..length).map(|place| u8::try_from((number >> (8 * (place % 3))) & 0xff).expect("a byte")).collect()
}

/// A message waits or is settled.
fn settled_or_due(table: &Table, mut row: Row, number: usize) -> Row {
    let column = |name| table.column(name).expect("a column");
    let time = Value::time(1_700_000_000_000_001).expect("a time");
    let (due, settled) = if number.is_multiple_of(2) { (Value::Null, time) } else { (time, Value::Null) };
    row[column("due_at")] = due;
    row[column("settled_at")] = settled;
    row
}
