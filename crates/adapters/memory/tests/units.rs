//! What is particular to units of work in memory.

use asteroid_identity::{
    ContactSource, ContactType, NewUser, PersonName, UserRegistrationRepository, UserRepository,
};
use asteroid_kernel::{Contact, Region, Storage, StorageError, Timestamp, UnitOfWork, UserId};
use asteroid_memory::MemoryStorage;

fn contact() -> Contact {
    Contact::parse("george@example.com", Region::US).expect("a contact")
}

/// Makes a user, and then waits if it is to.
struct Enrol {
    waits: bool,
}

impl<Tx: UserRegistrationRepository> UnitOfWork<Tx> for Enrol {
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
        if self.waits {
            tokio::task::yield_now().await;
        }
        Ok(id)
    }
}

/// Looks for the user.
struct Find;

impl<Tx: UserRepository> UnitOfWork<Tx> for Find {
    type Output = Option<UserId>;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Option<UserId>, StorageError> {
        Ok(tx.find_user_by_contact(&contact().key()).await?.map(|user| user.id))
    }
}

#[tokio::test]
async fn a_unit_that_waits_for_something_else_is_refused_and_leaves_nothing_behind() {
    let storage = MemoryStorage::default();
    let answer = storage.write(Enrol { waits: true }).await;
    assert!(matches!(answer, Err(StorageError::Failed(_))), "{answer:?}");
    assert_eq!(storage.read(Find).await.expect("memory works"), None);
    storage.write(Enrol { waits: false }).await.expect("the contact is free");
}

#[tokio::test]
async fn clones_share_one_state() {
    let storage = MemoryStorage::default();
    let id = storage.clone().write(Enrol { waits: false }).await.expect("the contact is free");
    assert_eq!(storage.read(Find).await.expect("memory works"), Some(id));
    assert_eq!(MemoryStorage::default().read(Find).await.expect("memory works"), None);
}
