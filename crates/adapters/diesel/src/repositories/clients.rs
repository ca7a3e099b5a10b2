//! [`ClientRepository`] by diesel.

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

use super::{Db, Tx, end_of_prefix, starts_with};
use crate::rows::{self, ClassRow, ClientRow, PatientRow};
use crate::schema::{client_classes, clients, memberships, patients, practices};
use crate::sql_types::At;

/// The number of keys per query. Each source is an operand of an `OR`, and `SQLite` allows a thousand.
const KEYS_PER_QUERY: usize = 900;

/// The number of clients per query of patients. Each is a bind parameter, and `SQLite` allows 32766.
const CLIENTS_PER_QUERY: usize = 30_000;

/// Clients joined with their practice and class.
#[auto_type]
fn joined_clients() -> _ {
    let is_class = client_classes::source_id
        .eq(clients::source_id)
        .and(client_classes::id.nullable().eq(clients::client_class_id));
    clients::table.inner_join(practices::table).left_join(client_classes::table.on(is_class))
}

/// Whether a membership in the practice of the client names the client.
#[auto_type]
fn has_user() -> _ {
    exists(
        memberships::table
            .filter(memberships::practice_id.eq(clients::practice_id))
            .filter(memberships::source_id.eq(clients::source_id))
            .filter(memberships::client_id.eq(clients::id.nullable())),
    )
}

/// A client, its class, the name of its practice, and whether it has a user.
type JoinedClientRow = (ClientRow, Option<ClassRow>, String, bool);

impl Tx {
    /// Reads the patients of these clients and assembles the clients.
    async fn with_patients(&mut self, rows: Vec<JoinedClientRow>) -> Result<Vec<Client>, StorageError> {
        let numbers: Vec<i64> = rows.iter().map(|(row, ..)| row.number()).collect();
        let mut patients_of: HashMap<i64, Vec<Patient>> = HashMap::new();
        for numbers in numbers.chunks(CLIENTS_PER_QUERY) {
            let query = patients::table
                .filter(patients::client_number.eq_any(numbers))
                .order((patients::client_number, patients::position))
                .select(PatientRow::as_select());
            for row in self.all(query).await? {
                patients_of.entry(row.client_number()).or_default().push(row.try_into()?);
            }
        }
        let clients_with_patients = rows.into_iter().map(|(row, class, practice_name, has_user)| {
            let patients = patients_of.remove(&row.number()).unwrap_or_default();
            let class = class.map(ClientClass::try_from).transpose()?;
            Ok(Client { record: row.into_record(patients)?, class, practice_name, has_user })
        });
        clients_with_patients.collect()
    }
}

/// The ids of clients, grouped by source.
fn by_source(keys: &[ClientKey]) -> BTreeMap<i64, Vec<&str>> {
    let mut ids_of: BTreeMap<i64, Vec<&str>> = BTreeMap::new();
    for key in keys {
        ids_of.entry(key.source.0).or_default().push(key.id.as_str());
    }
    ids_of
}

/// Whether a column of digits, without leading zeros, starts with any of the prefixes.
macro_rules! starts_with_any {
    ($column:path, $prefixes:expr) => {{
        let digits = || ltrim($column, "0");
        let starts = |place: usize| {
            let prefix = $prefixes[place];
            digits().ge(prefix).and(digits().lt(end_of_prefix(prefix)))
        };
        starts(0)
            .or(starts(1))
            .or(starts(2))
            .or(starts(3))
            .or(starts(4))
            .or(starts(5))
            .or(starts(6))
            .or(starts(7))
    }};
}

define_sql_function! {
    /// The text without leading characters of a set.
    fn ltrim(text: Nullable<Text>, characters: Text) -> Nullable<Text>;
}

/// The phone prefixes of a search, repeated up to the maximum, so that all searches share one statement. [`None`] if
/// the search has none.
fn phone_prefixes(prefix: &SearchPrefix) -> Option<[&str; SearchPrefix::MAX_PHONES]> {
    let first = prefix.phones().first()?;
    Some(std::array::from_fn(|place| prefix.phones().get(place).unwrap_or(first).as_str()))
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
        for keys in keys.chunks(KEYS_PER_QUERY) {
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
        for keys in keys.chunks(KEYS_PER_QUERY) {
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
        self.write_records(records).await
    }

    async fn find_client(
        &mut self,
        practice: PracticeId,
        key: &ClientKey,
    ) -> Result<Option<Client>, StorageError> {
        let query = joined_clients()
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
        let mut query = joined_clients()
            .filter(clients::practice_id.eq(filter.practice.0))
            .filter(clients::status.eq_any(wanted))
            .order((clients::source_id, clients::id))
            .limit(super::rows(at_most))
            .select((ClientRow::as_select(), Option::<ClassRow>::as_select(), practices::name, has_user()))
            .into_boxed::<Db>();
        if let Some(key) = after {
            // diesel has no row comparison. Without one, SQLite would scan from the first client of the source.
            let is_after = sql::<Bool>("(clients.source_id, clients.id) > (")
                .bind::<BigInt, _>(key.source.0)
                .sql(", ")
                .bind::<Text, _>(key.id.as_str())
                .sql(")");
            query = query.filter(is_after);
        }
        if let Some(since) = filter.updated_since {
            query = query.filter(clients::stored_at.ge(At(since)));
        }
        if let Some(prefix) = &filter.prefix {
            let by_name = starts_with!(clients::folded_name, prefix.folded())
                .or(starts_with!(clients::folded_last_name, prefix.folded()))
                .or(starts_with!(clients::folded_email, prefix.folded()));
            query = match phone_prefixes(prefix) {
                None => query.filter(by_name),
                Some(phones) => query.filter(
                    by_name
                        .or(starts_with_any!(clients::home_digits, phones))
                        .or(starts_with_any!(clients::work_digits, phones))
                        .or(starts_with_any!(clients::mobile_digits, phones)),
                ),
            };
        }
        let rows = self.all(query).await?;
        self.with_patients(rows).await
    }

    async fn renew_statistics(&mut self) -> Result<(), StorageError> {
        self.analyze().await
    }
}
