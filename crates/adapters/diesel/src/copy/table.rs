//! The tables, as a copy sees them: by name, with the columns that `schema` gives them.

use diesel::expression::Expression;
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};

use crate::schema;
use crate::sql_types::{Ts, Uid};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Number,
    Truth,
    Text,
    Bytes,
    Uuid,
    Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) nullable: bool,
}

/// Tables and their columns that the database computes from others: they are not put.
const COMPUTED: [(&str, &str); 1] = [("outbox", "channel")];

#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// Those that are put.
    pub(crate) columns: Vec<Column>,
    /// The places of the primary key's columns. By these, rows have the same order in every backend.
    pub(crate) key: Vec<usize>,
    /// Whether the backend numbers the rows: the key, then, is that number.
    pub(crate) numbered: bool,
}

impl Table {
    fn new(name: &'static str, mut columns: Vec<Column>, key: &[&str], numbered: bool) -> Self {
        columns.retain(|column| !COMPUTED.contains(&(name, column.name)));
        let place = |name: &&str| columns.iter().position(|column| column.name == *name);
        let key = key.iter().filter_map(place).collect();
        Self { name, columns, key, numbered }
    }

    /// The place of a column.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The names of the columns, for a statement.
    pub(crate) fn columns_in_sql(&self) -> String {
        in_sql(self.columns.iter().map(|column| column.name))
    }

    /// The names of the key's columns, for a statement.
    pub(crate) fn key_in_sql(&self) -> String {
        in_sql(self.key.iter().map(|&place| self.columns[place].name))
    }
}

fn in_sql<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

macro_rules! table {
    ($table:ident by $($key:ident),+ $(; $numbered:ident)?) => {
        Table::new(
            stringify!($table),
            <<schema::$table::table as diesel::Table>::AllColumns as Columns>::columns(),
            &[$(<schema::$table::$key as diesel::Column>::NAME),+],
            [$(stringify!($numbered))?].contains(&"numbered"),
        )
    };
}

/// Every table, behind those that it refers to.
pub(crate) fn tables() -> Vec<Table> {
    vec![
        table!(users by id; numbered),
        table!(user_contacts by id; numbered),
        table!(familiar_addresses by user_id, ip),
        table!(pending_registrations by id),
        table!(contact_claims by id),
        table!(sessions by id),
        table!(challenges by id),
        table!(outbox by id),
        table!(limits by key),
        table!(audit_events by id),
        table!(terms_versions by number; numbered),
        table!(terms_acceptances by user_id, label),
        table!(practices by id),
        table!(memberships by number; numbered),
        table!(client_classes by source_id, id),
        table!(clients by number; numbered),
        table!(patients by client_number, position),
    ]
}

/// A SQL type of a column.
trait HasKind {
    const KIND: Kind;
    const NULLABLE: bool = false;
}

macro_rules! kinds {
    ($($sql_type:ty => $kind:ident),+ $(,)?) => {
        $(impl HasKind for $sql_type {
            const KIND: Kind = Kind::$kind;
        })+
    };
}

kinds!(BigInt => Number, Bool => Truth, Text => Text, Binary => Bytes, Uid => Uuid, Ts => Time);

impl<SqlType: HasKind> HasKind for Nullable<SqlType> {
    const KIND: Kind = SqlType::KIND;
    const NULLABLE: bool = true;
}

/// The columns of a table, which diesel has as a tuple.
trait Columns {
    fn columns() -> Vec<Column>;
}

fn column<C: diesel::Column>() -> Column
where
    <C as Expression>::SqlType: HasKind,
{
    Column {
        name: C::NAME,
        kind: <C as Expression>::SqlType::KIND,
        nullable: <C as Expression>::SqlType::NULLABLE,
    }
}

/// For tuples of so many columns, and of all that are fewer.
macro_rules! columns {
    () => {};
    ($first:ident $($rest:ident)*) => {
        impl<$first: diesel::Column, $($rest: diesel::Column),*> Columns for ($first, $($rest,)*)
        where
            <$first as Expression>::SqlType: HasKind,
            $(<$rest as Expression>::SqlType: HasKind,)*
        {
            fn columns() -> Vec<Column> {
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
