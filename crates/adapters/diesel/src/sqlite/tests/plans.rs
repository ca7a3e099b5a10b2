//! The query plans of the repositories.

use std::sync::{Arc, Mutex};

use asteroid_audit::{Action, AuditFilter, AuditRepository, Outcome};
use asteroid_clients::{
    ClientFilter, ClientRepository, ClientStatus, MembershipRepository, PracticeRepository, SearchPrefix,
};
use asteroid_identity::{UserAdministrationRepository, UserCursor, UserFilter, UserSearch, UserStatus};
use asteroid_kernel::{AuditEventId, Contact, Region, Timestamp, UserId};
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
    /// Lists users by every combination of conditions.
    async fn list_users(tx: &mut SqliteTx) -> Result<(), StorageError> {
        for search in [None, Some(UserSearch::Id(UserId(1))), UserSearch::parse("george", Region::US)] {
            let key = matches!(search, Some(UserSearch::Prefix(_))).then(|| "george w".to_owned());
            let cursor = UserCursor { user: UserId(9), key };
            for status in [None, Some(UserStatus::Disabled)] {
                for practice in [None, Some(PRACTICE.0)] {
                    for after in [None, Some(&cursor)] {
                        let filter = UserFilter { search: search.clone(), practice, status };
                        tx.list_users(&filter, after, 50).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Lists audit events by each condition and by all, within a time.
    async fn list_events(tx: &mut SqliteTx) -> Result<(), StorageError> {
        let none = AuditFilter::default();
        let (user, action, outcome) = (Some(UserId(1)), Some(Action::SignIn), Some(Outcome::Refused));
        let ip = Some([192, 0, 2, 1].into());
        let (since, until) = (Some(Timestamp::from_micros(0)), Some(Timestamp::from_micros(1_000_000)));
        for filter in [
            none,
            AuditFilter { user, ..none },
            AuditFilter { action, ..none },
            AuditFilter { outcome, ..none },
            AuditFilter { ip, ..none },
            AuditFilter { user, action, outcome, ip, since: None, until: None },
        ] {
            for filter in [filter, AuditFilter { since, until, ..filter }] {
                for before in [None, Some(AuditEventId::lowest_at(Timestamp::from_micros(0)))] {
                    tx.list_events(&filter, before, 50).await?;
                }
            }
        }
        Ok(())
    }

    async fn run_all(tx: &mut SqliteTx) -> Result<(), StorageError> {
        tx.put_practice(&practice()).await?;
        let records = [client(1, &[patient("a")]), client(1, &[]), client(2, &[patient("a")])];
        tx.put_clients(&records).await?;
        tx.put_clients(&[client(1, &[patient("a")])]).await?;
        let keys = [records[0].key.clone(), records[2].key.clone()];
        tx.find_client(PRACTICE, &keys[0]).await?;
        tx.fingerprints(&keys[..1]).await?;
        tx.fingerprints(&keys).await?;
        let contact = Contact::parse("george@example.com", Region::US).expect("a contact");
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
        tx.messages_to(&contact.key(), 10).await?;
        Self::list_users(tx).await?;
        Self::list_events(tx).await?;
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
