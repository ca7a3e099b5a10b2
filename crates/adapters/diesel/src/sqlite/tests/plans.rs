//! The query plans of the repositories.

use std::sync::{Arc, Mutex};

use asteroid_clients::{
    ClientFilter, ClientRepository, ClientStatus, MembershipRepository, PracticeRepository, SearchPrefix,
};
use asteroid_kernel::{Region, Timestamp, UserId};
use asteroid_messaging::{Channel, OutboxRepository};
use asteroid_terms::{TermsRepository, VersionLabel};
use diesel::connection::{Instrumentation, InstrumentationEvent};
use diesel::sql_query;
use diesel::sql_types::Text;

use super::practices::{PRACTICE, client, patient, practice};
use super::*;

type Statements = Arc<Mutex<Vec<String>>>;

/// Records every statement.
struct StatementRecorder(Statements);

impl Instrumentation for StatementRecorder {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            self.0.lock().expect("a lock").push(query.to_string());
        }
    }
}

#[derive(QueryableByName)]
struct PlanStep {
    #[diesel(sql_type = Text)]
    detail: String,
}

impl SqliteTx {
    fn record(&mut self, recorder: impl Instrumentation) {
        let set = move |conn: &mut SqliteConnection| {
            conn.set_instrumentation(recorder);
            Ok(())
        };
        self.direct(set).expect("setting the instrumentation cannot fail");
    }

    /// The query plan of a statement.
    fn plan(&mut self, statement: &str) -> Result<Vec<String>, StorageError> {
        let explain = sql_query(format!("EXPLAIN QUERY PLAN {statement}"));
        let steps = self.run(move |conn| explain.load::<PlanStep>(conn))?;
        Ok(steps.into_iter().map(|step| step.detail).collect())
    }
}

/// Runs every query on large tables.
struct RunQueries;

impl RunQueries {
    async fn run_all(tx: &mut SqliteTx) -> Result<(), StorageError> {
        tx.put_practice(&practice()).await?;
        let records = [client(1, &[patient("a")]), client(1, &[]), client(2, &[patient("a")])];
        tx.put_clients(&records).await?;
        tx.put_clients(&[client(1, &[patient("a")])]).await?;
        let keys = [records[0].key.clone(), records[2].key.clone()];
        tx.find_client(PRACTICE, &keys[0]).await?;
        tx.fingerprints(&keys[..1]).await?;
        tx.fingerprints(&keys).await?;
        let all = ClientFilter { practice: PRACTICE, status: None, updated_since: None, prefix: None };
        for status in [None, Some(ClientStatus::Active)] {
            for updated_since in [None, Some(Timestamp::from_micros(0))] {
                for prefix in ["", "jeremy", "909"].map(|text| SearchPrefix::parse(text, Region::US)) {
                    for after in [None, Some(&keys[0])] {
                        let filter =
                            ClientFilter { status, updated_since, prefix: prefix.clone(), ..all.clone() };
                        tx.list_clients(&filter, after, 500).await?;
                    }
                }
            }
        }
        tx.find_practice(PRACTICE).await?;
        tx.find_membership(UserId(1), None).await?;
        tx.find_membership(UserId(1), Some(PRACTICE)).await?;
        tx.users_of_client(PRACTICE, &keys[0]).await?;
        tx.patients_of(&keys).await?;
        tx.current_terms().await?;
        tx.current_label().await?;
        tx.next_due(Channel::Sms).await?;
        tx.claim_due(Channel::Email, Timestamp::from_micros(1), Timestamp::from_micros(2), 10).await?;
        tx.remove_completed(Timestamp::from_micros(0)).await?;
        tx.find_acceptance(UserId(1), &VersionLabel::parse("v1").expect("a label")).await?;
        Ok(())
    }
}

impl UnitOfWork<SqliteTx> for RunQueries {
    /// The statements, each with its plan.
    type Output = Vec<(String, Vec<String>)>;
    type Error = StorageError;

    async fn run(&self, tx: &mut SqliteTx) -> Result<Self::Output, StorageError> {
        let statements = Statements::default();
        tx.record(StatementRecorder(Arc::clone(&statements)));
        Self::run_all(tx).await?;
        tx.record(None::<StatementRecorder>);
        let statements = statements.lock().expect("a lock").clone();
        statements.into_iter().map(|statement| Ok((statement.clone(), tx.plan(&statement)?))).collect()
    }
}

#[tokio::test]
async fn no_query_scans_a_table_or_sorts() {
    let storage = test_storage().await;
    storage.migrate().await.expect("the tables");
    let plans = storage.write(RunQueries).await.expect("answers");
    for part in ["INSERT INTO `patients`", "UPDATE `patients`", "UPDATE `clients`", "FROM `patients` WHERE"] {
        assert!(plans.iter().any(|(statement, _)| statement.contains(part)), "{part} was not run");
    }
    for (statement, plan) in plans {
        for step in plan {
            // Reading an index in order, up to the limit, is not a scan of the table.
            let scans = step.contains("SCAN") && !step.contains("USING INDEX");
            assert!(!scans && !step.contains("B-TREE"), "{step}: {statement}");
        }
    }
}
