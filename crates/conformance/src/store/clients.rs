use asteroid_clients::{
    Client, ClientClass, ClientFilter, ClientKey, ClientRecord, ClientRepository, Fingerprint, Patient,
    PracticeId,
};
use asteroid_kernel::Upsert;

use super::{CompleteStorage, Store};

impl<S: CompleteStorage> Store<S> {
    pub(crate) async fn put_class(&self, class: &ClientClass) -> Upsert {
        self.write(class.clone(), |class, tx| Box::pin(tx.put_class(class))).await
    }

    /// In the order of the keys.
    pub(crate) async fn fingerprints(&self, keys: &[ClientKey]) -> Vec<(ClientKey, Fingerprint)> {
        let mut found = self.read(keys.to_vec(), |keys, tx| Box::pin(tx.fingerprints(keys))).await;
        found.sort_unstable();
        found
    }

    /// In the order of the keys.
    pub(crate) async fn patients_of(&self, keys: &[ClientKey]) -> Vec<(ClientKey, Vec<Patient>)> {
        let mut found = self.read(keys.to_vec(), |keys, tx| Box::pin(tx.patients_of(keys))).await;
        found.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        found
    }

    pub(crate) async fn put_clients(&self, records: &[ClientRecord]) {
        self.write(records.to_vec(), |records, tx| Box::pin(tx.put_clients(records))).await;
    }

    pub(crate) async fn put_client(&self, record: &ClientRecord) {
        self.put_clients(std::slice::from_ref(record)).await;
    }

    pub(crate) async fn find_client(&self, practice: PracticeId, key: &ClientKey) -> Option<Client> {
        self.read((practice, key.clone()), |(practice, key), tx| Box::pin(tx.find_client(*practice, key)))
            .await
    }

    pub(crate) async fn list_clients(
        &self,
        filter: &ClientFilter,
        after: Option<&ClientKey>,
        at_most: usize,
    ) -> Vec<Client> {
        self.read((filter.clone(), after.cloned(), at_most), |(filter, after, at_most), tx| {
            Box::pin(tx.list_clients(filter, after.as_ref(), *at_most))
        })
        .await
    }

    /// All that the filter wants, page by page. Each page is behind the one before, or the walk would never end.
    pub(crate) async fn walk_clients(&self, filter: &ClientFilter, page: usize) -> Vec<Client> {
        let mut all: Vec<Client> = Vec::new();
        loop {
            let after = all.last().map(|client| client.record.key.clone());
            let next = self.list_clients(filter, after.as_ref(), page).await;
            let is_last = next.len() < page;
            let is_behind =
                |client: &Client| all.last().is_none_or(|last| last.record.key < client.record.key);
            assert!(next.first().is_none_or(is_behind), "a page begins behind the one before");
            all.extend(next);
            if is_last {
                return all;
            }
        }
    }
}
