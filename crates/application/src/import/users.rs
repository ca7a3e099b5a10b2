use asteroid_clients::{ClientRepository, Membership, MembershipRepository, PracticeRepository, Role};
use asteroid_identity::{ContactTaken, ContactType, NewUser, PasswordHash, Profile, UserRepository};
use asteroid_kernel::{Contact, StorageError, Upsert, UserId};

use super::batch::Batch;
use super::outcome::Halt;
use super::{ImportedUser, Refusal, RefusalReason};

/// Who has the contacts of a user that is to be put, each in the field that it was given in.
type Owners = Vec<(&'static str, Contact, Option<UserId>)>;

impl<Tx> Batch<'_, Tx>
where
    Tx: PracticeRepository + MembershipRepository + ClientRepository + UserRepository,
{
    /// Puts a user with the membership, the id, the contacts and the password that are missing. A password that the
    /// user has already stays.
    pub(super) async fn put_user(
        &mut self,
        user: &ImportedUser,
        hash: Option<&PasswordHash>,
    ) -> Result<Upsert, Halt> {
        let practice = self.practice(user.practice).await?;
        let mut owners = Vec::new();
        for (field, contact) in user.contacts() {
            let owner = self.tx.find_user_by_contact(&contact.key()).await?.map(|owner| owner.id);
            owners.push((field, contact, owner));
        }
        let before = self.find_user(user, &owners).await?;
        let (id, changed) = match &before {
            Some(profile) => (profile.user.id, self.complete_user(profile, user, owners, hash).await?),
            None => (self.make_user(user, owners, hash).await?, true),
        };
        let membership = Membership {
            user: id,
            practice: practice.id,
            source: practice.source,
            primary_role: user.primary_role.clone(),
            roles: user.roles.clone(),
            client: user.client.clone(),
            google_api_key: user.google_api_key.clone(),
        };
        let member = self.tx.put_membership(&membership).await?;
        Ok(match before {
            None => Upsert::Created,
            Some(_) if changed || member != Upsert::Unchanged => Upsert::Updated,
            Some(_) => Upsert::Unchanged,
        })
    }

    /// The user that the record is of, if it is here already. All that is known of either must be one user's.
    async fn find_user(&mut self, user: &ImportedUser, owners: &Owners) -> Result<Option<Profile>, Halt> {
        let owner = owners.iter().find_map(|(_, _, owner)| *owner);
        let wanted = user.id.or(owner);
        for (field, _, owner) in owners {
            if let Some(other) = owner.filter(|owner| Some(*owner) != wanted) {
                return Err(Refusal::new(field, RefusalReason::ContactOfAnother(other)).into());
            }
        }
        let Some(id) = wanted else { return Ok(None) };
        let profile = self.tx.find_profile(id).await?;
        // Who registered here by themselves may happen to have the id: nobody else's record may take the account over.
        if profile.is_some() && owner.is_none() {
            let membership = self.tx.find_membership(id).await?;
            if membership.is_none_or(|membership| membership.practice != user.practice) {
                return Err(Refusal::new("id", RefusalReason::IdOfAnother).into());
            }
        }
        Ok(profile)
    }

    async fn make_user(
        &mut self,
        user: &ImportedUser,
        owners: Owners,
        hash: Option<&PasswordHash>,
    ) -> Result<UserId, Halt> {
        let mut contacts = owners.into_iter();
        let Some((_, contact, _)) = contacts.next() else {
            return Err(Refusal::new("email", RefusalReason::NoContact).into());
        };
        let new = NewUser {
            name: user.name.clone(),
            password_hash: hash.cloned(),
            contact,
            contact_type: contact_type(user),
            created_at: self.now,
        };
        let made = match user.id {
            Some(id) => self.tx.insert_user_with_id(id, &new).await?.map(|()| id),
            None => self.tx.insert_user(&new).await?,
        };
        let id = made.map_err(taken_meanwhile)?;
        for (_, contact, _) in contacts {
            self.add_contact(id, &contact, user).await?;
        }
        Ok(id)
    }

    /// Gives a user what the record says beyond what is known. True if that was anything.
    async fn complete_user(
        &mut self,
        Profile { user: known, .. }: &Profile,
        user: &ImportedUser,
        owners: Owners,
        hash: Option<&PasswordHash>,
    ) -> Result<bool, Halt> {
        let mut changed = false;
        if known.name != user.name {
            changed |= self.tx.rename_user(known.id, &user.name).await?;
        }
        for (_, contact, owner) in owners {
            if owner.is_none() {
                self.add_contact(known.id, &contact, user).await?;
                changed = true;
            }
        }
        if let (None, Some(hash)) = (&known.password_hash, hash) {
            changed |= self.tx.replace_password(known.id, None, hash).await?;
        }
        Ok(changed)
    }

    async fn add_contact(
        &mut self,
        id: UserId,
        contact: &Contact,
        user: &ImportedUser,
    ) -> Result<(), StorageError> {
        self.tx.add_contact(id, contact, contact_type(user), self.now).await?.map_err(taken_meanwhile)
    }
}

/// The contact was nobody's a moment ago. Half a user must not stay: the whole batch has to be put again.
fn taken_meanwhile(_: ContactTaken) -> StorageError {
    StorageError::Busy
}

/// Practices know their staff at work, and their clients elsewhere.
fn contact_type(user: &ImportedUser) -> ContactType {
    if user.roles.iter().any(Role::is_staff) { ContactType::Work } else { ContactType::Personal }
}
