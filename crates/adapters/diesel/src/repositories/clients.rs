use std::collections::{BTreeMap, HashMap};

use asteroid_clients::{
    Client, ClientClass, ClientFilter, ClientKey, ClientRecord, ClientRepository, ClientStatus, Fingerprint,
    Patient, PracticeId, SearchPrefix,
};
use asteroid_kernel::{StorageError, Upsert};
use diesel::dsl::{auto_type, exists, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel::{define_sql_function, insert_into};

use super::{Db, Tx};
use crate::rows::{self, ClassRow, ClientRow, PatientRow};
use crate::schema::{client_classes, clients, memberships, patients, practices};
use crate::sql_types::At;

/// So many keys are asked for in one query: each may be of another source, and then is an operand of an `OR`, of which
/// `SQLite` takes a thousand.
const KEYS_AT_ONCE: usize = 900;

/// The patients of so many clients are asked for in one query: each is a bound value, of which `SQLite` takes 32766.
const CLIENTS_AT_ONCE: usize = 30_000;

/// Clients with their practice and their class.
#[auto_type]
fn whole_clients() -> _ {
    let is_class = client_classes::source_id
        .eq(clients::source_id)
        .and(client_classes::id.nullable().eq(clients::client_class_id));
    clients::table.inner_join(practices::table).left_join(client_classes::table.on(is_class))
}

/// Whether a user is tied to the client, in the client's practice.
#[auto_type]
fn has_user() -> _ {
    exists(
        memberships::table
            .filter(memberships::practice_id.eq(clients::practice_id))
            .filter(memberships::source_id.eq(clients::source_id))
            .filter(memberships::client_id.eq(clients::id.nullable())),
    )
}

type WholeRow = (ClientRow, Option<ClassRow>, String, bool);

impl Tx {
    /// Reads the patients of these clients, in one query, and puts all together.
    async fn with_patients(&mut self, rows: Vec<WholeRow>) -> Result<Vec<Client>, StorageError> {
        let numbers: Vec<i64> = rows.iter().map(|(row, ..)| row.number()).collect();
        let mut patients_of: HashMap<i64, Vec<Patient>> = HashMap::new();
        for numbers in numbers.chunks(CLIENTS_AT_ONCE) {
            let query = patients::table
                .filter(patients::client_number.eq_any(numbers))
                .order((patients::client_number, patients::position))
                .select(PatientRow::as_select());
            for row in self.all(query).await? {
                patients_of.entry(row.client_number()).or_default().push(row.try_into()?);
            }
        }
        let whole = rows.into_iter().map(|(row, class, practice_name, has_user)| {
            let patients = patients_of.remove(&row.number()).unwrap_or_default();
            let class = class.map(ClientClass::try_from).transpose()?;
            Ok(Client { record: row.into_record(patients)?, class, practice_name, has_user })
        });
        whole.collect()
    }
}

/// The ids of these clients, by their sources.
fn by_source(keys: &[ClientKey]) -> BTreeMap<i64, Vec<&str>> {
    let mut ids_of: BTreeMap<i64, Vec<&str>> = BTreeMap::new();
    for key in keys {
        ids_of.entry(key.source.0).or_default().push(key.id.as_str());
    }
    ids_of
}

/// Whether a column begins so, as a range of texts in the order of their bytes: exact, and without wildcards.
macro_rules! begins {
    ($column:path, $prefix:expr) => {
        $column.ge($prefix).and($column.lt(behind_all_with($prefix)))
    };
}

/// Whether a column of digits, without the zeros in front, begins with any of as many prefixes as a search has at most.
macro_rules! begins_with_any {
    ($column:path, $prefixes:expr) => {{
        let digits = || ltrim($column, "0");
        let begins = |place: usize| {
            let prefix = $prefixes[place];
            digits().ge(prefix).and(digits().lt(behind_all_with(prefix)))
        };
        begins(0)
            .or(begins(1))
            .or(begins(2))
            .or(begins(3))
            .or(begins(4))
            .or(begins(5))
            .or(begins(6))
            .or(begins(7))
    }};
}

define_sql_function! {
    /// The text without the characters of a set that it begins with.
    fn ltrim(text: Nullable<Text>, characters: Text) -> Nullable<Text>;
}

/// As many prefixes as a search has at most, so that there is one statement for all searches; none if there is none.
fn phone_prefixes(prefix: &SearchPrefix) -> Option<[&str; SearchPrefix::MAX_PHONES]> {
    let first = prefix.phones().first()?;
    Some(std::array::from_fn(|place| prefix.phones().get(place).unwrap_or(first).as_str()))
}

/// The first text behind all that begin so.
fn behind_all_with(prefix: &str) -> String {
    let mut end = prefix.to_owned();
    while let Some(last) = end.pop() {
        if let Some(next) = (last..=char::MAX).nth(1) {
            end.push(next);
            return end;
        }
    }
    // No character comes after the last there is; a text of nothing else than it is behind every other.
    char::MAX.to_string().repeat(SearchPrefix::MAX_CHARS + 1)
}

impl ClientRepository for Tx {
    async fn put_class(&mut self, class: &ClientClass) -> Result<Upsert, StorageError> {
        let row = ClassRow::from(class);
        let found = client_classes::table.find((class.source.0, class.id.as_str()));
        let before = self.first(found.select(ClassRow::as_select())).await?;
        let upsert = super::upsert(before.as_ref(), &row);
        if upsert != Upsert::Unchanged {
            let key = (client_classes::source_id, client_classes::id);
            let put = insert_into(client_classes::table).values(&row).on_conflict(key);
            self.execute(put.do_update().set(&row)).await?;
        }
        Ok(upsert)
    }

    async fn fingerprints(
        &mut self,
        keys: &[ClientKey],
    ) -> Result<Vec<(ClientKey, Fingerprint)>, StorageError> {
        let mut found = Vec::new();
        for keys in keys.chunks(KEYS_AT_ONCE) {
            let mut query = clients::table
                .select((clients::source_id, clients::id, clients::fingerprint))
                .into_boxed::<Db>();
            for (source, ids) in by_source(keys) {
                query = query.or_filter(clients::source_id.eq(source).and(clients::id.eq_any(ids)));
            }
            for (source, id, fingerprint) in self.all::<(i64, String, i64), _>(query).await? {
                found.push((rows::client_key(source, &id)?, rows::fingerprint(fingerprint)?));
            }
        }
        Ok(found)
    }

    async fn patients_of(
        &mut self,
        keys: &[ClientKey],
    ) -> Result<Vec<(ClientKey, Vec<Patient>)>, StorageError> {
        let mut found: BTreeMap<i64, (ClientKey, BTreeMap<i64, Patient>)> = BTreeMap::new();
        for keys in keys.chunks(KEYS_AT_ONCE) {
            let mut query = patients::table
                .inner_join(clients::table)
                .select((clients::source_id, clients::id, PatientRow::as_select()))
                .into_boxed::<Db>();
            for (source, ids) in by_source(keys) {
                query = query.or_filter(clients::source_id.eq(source).and(clients::id.eq_any(ids)));
            }
            for (source, id, row) in self.all::<(i64, String, PatientRow), _>(query).await? {
                let key = rows::client_key(source, &id)?;
                let of_client = found.entry(row.client_number()).or_insert_with(|| (key, BTreeMap::new()));
                of_client.1.insert(row.position(), row.try_into()?);
            }
        }
        Ok(found.into_values().map(|(key, patients)| (key, patients.into_values().collect())).collect())
    }

    async fn put_clients(&mut self, records: &[ClientRecord]) -> Result<(), StorageError> {
        self.put_records(records).await
    }

    async fn find_client(
        &mut self,
        practice: PracticeId,
        key: &ClientKey,
    ) -> Result<Option<Client>, StorageError> {
        let query = whole_clients()
            .filter(clients::source_id.eq(key.source.0))
            .filter(clients::id.eq(key.id.as_str()))
            .filter(clients::practice_id.eq(practice.0))
            .select((ClientRow::as_select(), Option::<ClassRow>::as_select(), practices::name, has_user()));
        let rows = self.all(query).await?;
        Ok(self.with_patients(rows).await?.pop())
    }

    async fn list_clients(
        &mut self,
        filter: &ClientFilter,
        after: Option<&ClientKey>,
        at_most: usize,
    ) -> Result<Vec<Client>, StorageError> {
        let statuses = [ClientStatus::Active, ClientStatus::Inactive, ClientStatus::Deleted];
        let wanted = statuses.into_iter().filter(|status| filter.wants(*status)).map(ClientStatus::as_str);
        let mut query = whole_clients()
            .filter(clients::practice_id.eq(filter.practice.0))
            .filter(clients::status.eq_any(wanted))
            .order((clients::source_id, clients::id))
            .limit(super::rows(at_most))
            .select((ClientRow::as_select(), Option::<ClassRow>::as_select(), practices::name, has_user()))
            .into_boxed::<Db>();
        if let Some(key) = after {
            // diesel compares no rows of values, and with anything else SQLite would begin at the source's first client.
            let behind = sql::<Bool>("(clients.source_id, clients.id) > (")
                .bind::<BigInt, _>(key.source.0)
                .sql(", ")
                .bind::<Text, _>(key.id.as_str())
                .sql(")");
            query = query.filter(behind);
        }
        if let Some(since) = filter.updated_since {
            query = query.filter(clients::stored_at.ge(At(since)));
        }
        if let Some(prefix) = &filter.prefix {
            let by_name = begins!(clients::folded_name, prefix.folded())
                .or(begins!(clients::folded_last_name, prefix.folded()))
                .or(begins!(clients::folded_email, prefix.folded()));
            query = match phone_prefixes(prefix) {
                None => query.filter(by_name),
                Some(phones) => query.filter(
                    by_name
                        .or(begins_with_any!(clients::home_digits, phones))
                        .or(begins_with_any!(clients::work_digits, phones))
                        .or(begins_with_any!(clients::mobile_digits, phones)),
                ),
            };
        }
        let rows = self.all(query).await?;
        self.with_patients(rows).await
    }
}
