//! Units of work in memory, beyond the conformance suite.

use asteroid_identity::{
    ContactSource, ContactType, NewUser, PersonName, UserRegistrationRepository, UserRepository,
};
use asteroid_kernel::{Contact, Region, Storage, StorageError, Timestamp, UnitOfWork, UserId};
use asteroid_memory::MemoryStorage;

fn contact() -> Contact {
    Contact::parse("george@example.com", Region::US).expect("a contact")
}

/// Inserts a user, and then awaits something else if `awaits_other`.
struct InsertUser {
    awaits_other: bool,
}

impl<Tx: UserRegistrationRepository> UnitOfWork<Tx> for InsertUser {
    type Output = UserId;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<UserId, StorageError> {
        let user = NewUser {
            name: PersonName::new("George", "Washington").expect("a name"),
            password_hash: None,
            contact: contact(),
            contact_type: ContactType::Work,
            source: ContactSource::Verified,
            created_at: Timestamp::from_micros(0),
        };
        let id = tx.insert_user(&user).await?.expect("the contact is free");
        if self.awaits_other {
            tokio::task::yield_now().await;
        }
        Ok(id)
    }
}

/// Finds the user.
struct FindUser;

impl<Tx: UserRepository> UnitOfWork<Tx> for FindUser {
    type Output = Option<UserId>;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Option<UserId>, StorageError> {
        Ok(tx.find_user_by_contact(&contact().key()).await?.map(|user| user.id))
    }
}

#[tokio::test]
async fn a_unit_that_awaits_something_else_fails_and_is_rolled_back() {
    let storage = MemoryStorage::default();
    let answer = storage.write(InsertUser { awaits_other: true }).await;
    assert!(matches!(answer, Err(StorageError::Failed(_))), "{answer:?}");
    assert_eq!(storage.read(FindUser).await.expect("memory works"), None);
    storage.write(InsertUser { awaits_other: false }).await.expect("the contact is free");
}

#[tokio::test]
async fn clones_share_one_state() {
    let storage = MemoryStorage::default();
    let id = storage.clone().write(InsertUser { awaits_other: false }).await.expect("the contact is free");
    assert_eq!(storage.read(FindUser).await.expect("memory works"), Some(id));
    assert_eq!(MemoryStorage::default().read(FindUser).await.expect("memory works"), None);
}
