use asteroid_identity::{HashingError, NewPassword, PasswordHash, PasswordHasher, UserRepository};
use asteroid_kernel::{ContactKey, Storage, StorageError, UnitOfWork, UserId};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::batch::{LateUser, Prepared};
use super::{Import, ImportError, ImportRecord, ImportedPassword, ImportedUser, Refusal, RefusalReason};

/// So many passwords are hashed side by side: enough for the cores of one machine, and few for the hasher's queue.
const HASHES_AT_ONCE: usize = 8;

/// For each of these lists of contacts, whether one user has all of them, and a password.
struct HavePasswords(Vec<Vec<ContactKey>>);

impl<Tx: UserRepository> UnitOfWork<Tx> for HavePasswords {
    type Output = Vec<bool>;
    type Error = StorageError;

    async fn run(&self, tx: &mut Tx) -> Result<Vec<bool>, StorageError> {
        let mut have = Vec::with_capacity(self.0.len());
        for contacts in &self.0 {
            let mut owners: Vec<Option<UserId>> = Vec::with_capacity(contacts.len());
            for contact in contacts {
                let owner = tx.find_user_by_contact(contact).await?;
                owners.push(owner.filter(|owner| owner.password_hash.is_some()).map(|owner| owner.id));
            }
            owners.dedup();
            have.push(matches!(owners[..], [Some(_)]));
        }
        Ok(have)
    }
}

/// What a record's password needs before the record can be put.
enum Password {
    /// Nothing.
    Ready(Option<PasswordHash>),
    ToHash(NewPassword),
}

impl<S, H> Import<S, H>
where
    S: Storage,
    S::Tx: UserRepository,
    H: PasswordHasher,
{
    /// Checks what needs no store, and hashes the passwords of users who have none here yet: one that would be
    /// dropped is not worth its cost.
    pub(super) async fn prepare(&self, records: Vec<ImportRecord>) -> Result<Vec<Prepared>, ImportError> {
        let checked: Vec<_> = records
            .into_iter()
            .map(|record| match &record {
                ImportRecord::User(user) => self.check(user).map(|password| (record, password)),
                _ => Ok((record, Password::Ready(None))),
            })
            .collect();
        let wanted = checked.iter().filter_map(|checked| match checked {
            Ok((ImportRecord::User(user), Password::ToHash(_))) => Some(contact_keys(user)),
            _ => None,
        });
        let wanted: Vec<_> = wanted.collect();
        let have =
            if wanted.is_empty() { Vec::new() } else { self.storage.read(HavePasswords(wanted)).await? };
        let mut have = have.into_iter();
        let hashed = checked.into_iter().map(|checked| {
            let has_one = matches!(checked, Ok((_, Password::ToHash(_)))) && have.next() == Some(true);
            async move {
                Ok::<_, HashingError>(match checked {
                    Err(refusal) => Prepared::Refused(refusal),
                    Ok((record, Password::Ready(hash))) => Prepared::Ready(record, hash),
                    Ok((record, Password::ToHash(_))) if has_one => Prepared::Ready(record, None),
                    Ok((record, Password::ToHash(new))) => {
                        Prepared::Ready(record, Some(self.hasher.hash(&new).await?))
                    }
                })
            }
        });
        Ok(stream::iter(hashed).buffered(HASHES_AT_ONCE).try_collect().await?)
    }

    /// Hashes the passwords of users who were left for the end of the file, where that was not done before: it may only
    /// show then that they have none here.
    pub(super) async fn hash_late(&self, users: &mut [LateUser]) -> Result<(), ImportError> {
        for late in users.iter_mut().filter(|late| late.hash.is_none()) {
            // One that was refused never came so far.
            if let Ok(Password::ToHash(new)) = self.check(&late.user) {
                late.hash = Some(self.hasher.hash(&new).await?);
            }
        }
        Ok(())
    }

    fn check(&self, user: &ImportedUser) -> Result<Password, Refusal> {
        let contacts: Vec<_> = user.contacts().into_iter().map(|(_, contact)| contact).collect();
        if contacts.is_empty() {
            return Err(Refusal::new("email", RefusalReason::NoContact));
        }
        match &user.password {
            None => Ok(Password::Ready(None)),
            Some(ImportedPassword::Hash(hash)) => match self.hasher.check_imported(hash) {
                Ok(()) => Ok(Password::Ready(Some(hash.clone()))),
                Err(error) => Err(Refusal::new("passwordHash", RefusalReason::UnusableHash(error))),
            },
            Some(ImportedPassword::Plain(password)) => {
                let checked = self.passwords.check(password, &contacts, std::slice::from_ref(&user.name));
                let weak = |flaws| Refusal::new("password", RefusalReason::WeakPassword(flaws));
                checked.map(Password::ToHash).map_err(weak)
            }
        }
    }
}

fn contact_keys(user: &ImportedUser) -> Vec<ContactKey> {
    user.contacts().into_iter().map(|(_, contact)| contact.key()).collect()
}
