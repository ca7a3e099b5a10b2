//! Read units in `SQLite`.

use super::*;

#[tokio::test]
async fn a_read_unit_cannot_write() {
    let storage = test_storage().await;
    let error = storage.read(RunSql("INSERT INTO numbers (number) VALUES (1)")).await.expect_err("an error");
    assert!(matches!(error, StorageError::Failed(_)), "{error:?}");
    assert_eq!(cause(&error), "attempt to write a readonly database");
    assert_eq!(numbers(&storage).await, [0; 0]);
}

#[tokio::test]
async fn a_reader_thread_survives_a_panic() {
    let storage = test_storage_with(|options| options.readers = 1).await;
    let panics = unit(|_| -> Result<(), StorageError> { panic!("intended by the test") });
    let error = storage.read(panics).await.expect_err("a panic");
    assert_eq!(cause(&error), "the unit of work panicked");
    assert_eq!(numbers(&storage).await, [0; 0]);
}

#[tokio::test]
async fn an_unreadable_row_fails_without_exposing_its_values() {
    use asteroid_identity::UserRepository;
    use asteroid_kernel::UserId;

    struct FindProfile;
    impl UnitOfWork<SqliteTx> for FindProfile {
        type Output = bool;
        type Error = StorageError;

        async fn run(&self, tx: &mut SqliteTx) -> Result<bool, StorageError> {
            Ok(tx.find_profile(UserId(1)).await?.is_some())
        }
    }

    let storage = test_storage().await;
    storage.migrate().await.expect("the tables");
    let user =
        "INSERT INTO users (id, first_name, last_name, enabled, password_hash, last_login, created_at) VALUES (1, 'George', 'Washington', 1, NULL, NULL, '2016-05-03T11:15:54.950000Z');
        INSERT INTO user_contacts
        VALUES (1, 1, 'email', 'george', 'george', 'work', 1, '2016-05-03T11:15:54.950000Z', 0, NULL, NULL)";
    storage.write(RunSql(user)).await.expect("a user with half an address");
    let error = storage.read(FindProfile).await.expect_err("no address");
    assert!(matches!(error, StorageError::Failed(_)), "{error:?}");
    assert_eq!(cause(&error), "a value in user_contacts.contact cannot be read");

    storage.write(RunSql("UPDATE users SET created_at = 'long ago'")).await.expect("a user without a time");
    let error = storage.read(FindProfile).await.expect_err("no time");
    assert!(matches!(error, StorageError::Failed(_)), "{error:?}");
    assert!(!format!("{error:?}").contains("long ago"), "{error:?}");
}

#[tokio::test]
async fn an_ipv6_address_that_was_stored_whole_is_familiar_as_its_network() {
    use asteroid_identity::FamiliarAddressRepository;
    use asteroid_kernel::{Network, Timestamp, UserId};

    struct IsFamiliar(&'static str, &'static str);
    impl UnitOfWork<SqliteTx> for IsFamiliar {
        type Output = bool;
        type Error = StorageError;

        async fn run(&self, tx: &mut SqliteTx) -> Result<bool, StorageError> {
            let network = Network::of(self.0.parse().expect("an address"));
            tx.is_familiar_address(UserId(1), network, Timestamp::parse(self.1).expect("a time")).await
        }
    }

    let storage = test_storage().await;
    storage.migrate().await.expect("the tables");
    let rows = "INSERT INTO users (id, first_name, last_name, enabled, password_hash, last_login, created_at) VALUES (1, 'George', 'Washington', 1, NULL, NULL, '2016-05-03T11:15:54.950000Z');
        INSERT INTO familiar_addresses VALUES
        (1, '2001:db8::1:2:3:4', '2016-05-03T11:15:54.950000Z'), (1, '192.0.2.7', '2016-05-03T11:15:54.950000Z')";
    storage.write(RunSql(rows)).await.expect("rows of an earlier version");
    let (before, after) = ("2016-05-03T11:15:54Z", "2016-05-03T11:15:55Z");
    for (address, since, expected) in [
        ("2001:db8::9", before, true),
        ("2001:db8::9", after, false),
        ("2001:db8:0:1::9", before, false),
        ("192.0.2.7", before, true),
        ("192.0.2.8", before, false),
    ] {
        let found = storage.read(IsFamiliar(address, since)).await.expect("the store works");
        assert_eq!(found, expected, "{address} since {since}");
    }
}
