use super::*;

#[tokio::test]
async fn a_unit_that_only_reads_cannot_write() {
    let storage = scratch().await;
    let error = storage.read(Sql("INSERT INTO numbers (number) VALUES (1)")).await.expect_err("a refusal");
    assert!(matches!(error, StorageError::Failed(_)), "{error:?}");
    assert_eq!(cause(&error), "attempt to write a readonly database");
    assert_eq!(numbers(&storage).await, [0; 0]);
}

#[tokio::test]
async fn a_reader_that_panics_reads_on() {
    let storage = scratch_with(|options| options.readers = 1).await;
    let panics = unit(|_| -> Result<(), StorageError> { panic!("a panic that a test wants") });
    let error = storage.read(panics).await.expect_err("a panic");
    assert_eq!(cause(&error), "the unit of work panicked");
    assert_eq!(numbers(&storage).await, [0; 0]);
}

#[tokio::test]
async fn a_row_that_cannot_be_read_fails_without_telling_what_it_holds() {
    use asteroid_identity::UserRepository;
    use asteroid_kernel::UserId;

    struct Find;
    impl UnitOfWork<SqliteTx> for Find {
        type Output = bool;
        type Error = StorageError;

        async fn run(&self, tx: &mut SqliteTx) -> Result<bool, StorageError> {
            Ok(tx.find_profile(UserId(1)).await?.is_some())
        }
    }

    let storage = scratch().await;
    storage.migrate().await.expect("the tables");
    let user =
        "INSERT INTO users VALUES (1, 'George', 'Washington', 1, NULL, NULL, '2016-05-03T11:15:54.950000Z');
        INSERT INTO user_contacts
        VALUES (1, 1, 'email', 'george', 'george', 'work', 1, '2016-05-03T11:15:54.950000Z', 0, NULL, NULL)";
    storage.write(Sql(user)).await.expect("a user with half an address");
    let error = storage.read(Find).await.expect_err("no address");
    assert!(matches!(error, StorageError::Failed(_)), "{error:?}");
    assert_eq!(cause(&error), "a row holds a value in user_contacts.contact that cannot be read");

    storage.write(Sql("UPDATE users SET created_at = 'long ago'")).await.expect("a user without a time");
    let error = storage.read(Find).await.expect_err("no time");
    assert!(matches!(error, StorageError::Failed(_)), "{error:?}");
    assert!(!format!("{error:?}").contains("long ago"), "{error:?}");
}
