//! The tables of a copy, derived from [`schema`].

use diesel::expression::Expression;
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};

use crate::schema;
use crate::sql_types::{Ts, Uid};

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    Number,
    Bool,
    Text,
    Bytes,
    Uuid,
    Time,
}

/// A column that is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CopyColumn {
    pub(crate) name: &'static str,
    pub(crate) kind: ColumnKind,
    pub(crate) nullable: bool,
}

/// Generated columns, as table and column. They are not copied.
const COMPUTED: [(&str, &str); 1] = [("outbox", "channel")];

/// A table that is copied.
#[derive(Debug)]
pub(crate) struct CopyTable {
    pub(crate) name: &'static str,
    /// The columns that are copied.
    pub(crate) columns: Vec<CopyColumn>,
    /// The indexes of the columns of the primary key. Rows sorted by it have the same order in both backends.
    pub(crate) key: Vec<usize>,
    /// Whether the database generates the primary key.
    pub(crate) numbered: bool,
}

impl CopyTable {
    fn new(name: &'static str, mut columns: Vec<CopyColumn>, key: &[&str], numbered: bool) -> Self {
        columns.retain(|column| !COMPUTED.contains(&(name, column.name)));
        let place = |name: &&str| columns.iter().position(|column| column.name == *name);
        let key = key.iter().filter_map(place).collect();
        Self { name, columns, key, numbered }
    }

    /// The index of a column.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The quoted names of the columns, separated by commas.
    pub(crate) fn columns_in_sql(&self) -> String {
        in_sql(self.columns.iter().map(|column| column.name))
    }

    /// The quoted names of the columns of the key, separated by commas.
    pub(crate) fn key_in_sql(&self) -> String {
        in_sql(self.key.iter().map(|&place| self.columns[place].name))
    }
}

fn in_sql<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

macro_rules! table {
    ($table:ident by $($key:ident),+ $(; $numbered:ident)?) => {
        CopyTable::new(
            stringify!($table),
            <<schema::$table::table as diesel::Table>::AllColumns as Columns>::columns(),
            &[$(<schema::$table::$key as diesel::Column>::NAME),+],
            [$(stringify!($numbered))?].contains(&"numbered"),
        )
    };
}

/// Every table, after the tables that it references.
pub(crate) fn tables() -> Vec<CopyTable> {
    vec![
        table!(users by id; numbered),
        table!(user_contacts by id; numbered),
        table!(user_search_keys by search_key, user_id),
        table!(familiar_addresses by user_id, ip),
        table!(pending_registrations by id),
        table!(contact_claims by id),
        table!(sessions by id),
        table!(challenges by id),
        table!(key_fingerprints by kind, id),
        table!(tombstones by digest),
        table!(admin_keys by id),
        table!(idempotent_requests by digest),
        table!(outbox by id),
        table!(limits by key),
        table!(audit_events by id),
        table!(event_counts by hour, action, outcome),
        table!(terms_versions by number; numbered),
        table!(terms_acceptances by user_id, label),
        table!(practices by id),
        table!(memberships by number; numbered),
        table!(client_classes by source_id, id),
        table!(clients by number; numbered),
        table!(patients by client_number, position),
    ]
}

/// An SQL type with a [`ColumnKind`].
trait HasKind {
    const KIND: ColumnKind;
    const NULLABLE: bool = false;
}

macro_rules! kinds {
    ($($sql_type:ty => $kind:ident),+ $(,)?) => {
        $(impl HasKind for $sql_type {
            const KIND: ColumnKind = ColumnKind::$kind;
        })+
    };
}

kinds!(BigInt => Number, Bool => Bool, Text => Text, Binary => Bytes, Uid => Uuid, Ts => Time);

impl<SqlType: HasKind> HasKind for Nullable<SqlType> {
    const KIND: ColumnKind = SqlType::KIND;
    const NULLABLE: bool = true;
}

/// The columns of a table, from the tuple that diesel generates.
trait Columns {
    fn columns() -> Vec<CopyColumn>;
}

fn column<C: diesel::Column>() -> CopyColumn
where
    <C as Expression>::SqlType: HasKind,
{
    CopyColumn {
        name: C::NAME,
        kind: <C as Expression>::SqlType::KIND,
        nullable: <C as Expression>::SqlType::NULLABLE,
    }
}

/// Implements [`Columns`] for tuples of this length and of every smaller one.
macro_rules! columns {
    () => {};
    ($first:ident $($rest:ident)*) => {
        impl<$first: diesel::Column, $($rest: diesel::Column),*> Columns for ($first, $($rest,)*)
        where
            <$first as Expression>::SqlType: HasKind,
            $(<$rest as Expression>::SqlType: HasKind,)*
        {
            fn columns() -> Vec<CopyColumn> {
                vec![column::<$first>(), $(column::<$rest>()),*]
            }
        }
        columns!($($rest)*);
    };
}

columns!(
    C01 C02 C03 C04 C05 C06 C07 C08 C09 C10 C11 C12 C13 C14 C15 C16 C17 C18 C19 C20 C21 C22 C23 C24 C25 C26 C27 C28 C29 C30
    C31 C32 C33 C34 C35 C36 C37 C38 C39 C40 C41 C42 C43 C44 C45 C46 C47 C48 C49 C50 C51 C52 C53 C54 C55 C56 C57 C58 C59 C60
    C61 C62 C63 C64
);
