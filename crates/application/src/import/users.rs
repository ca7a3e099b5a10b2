use asteroid_clients::{ClientKey, Membership, PracticeId, Role, SearchPrefix};
use asteroid_identity::{
    ContactSource, ContactType, NewUser, PasswordHash, Profile, Tombstone, User, UserContact, UserStatus,
};
use asteroid_kernel::{Contact, ContactKey, StorageError, Upsert, UserId};

use super::batch::{Batch, ImportRepositories};
use super::memory::said_of;
use super::outcome::Halt;
use super::plan::{Known, Plan, Wanted, assign, known_by};
use super::{ImportedUser, Refusal, RefusalReason, Warning, WarningReason};

impl<Tx: ImportRepositories> Batch<'_, Tx> {
    /// Puts a user, or leaves it for the end of the file, where a contact may be free by then.
    pub(super) async fn put_user(
        &mut self,
        user: &ImportedUser,
        hash: Option<&PasswordHash>,
    ) -> Result<(Upsert, Vec<Warning>), Halt> {
        let Some(plan) = self.plan_user(user, hash).await? else {
            return Ok((Upsert::Unchanged, Vec::new()));
        };
        for (wanted, owner) in plan.of_others() {
            if !self.has_seen(owner) && self.may_release(owner, &wanted.key()).await? {
                return Err(Halt::Later);
            }
        }
        if plan.lacks_hash() {
            return Err(Halt::Later);
        }
        let mut assigned = assign(std::slice::from_ref(&plan));
        match assigned.pop() {
            Some(Ok(own)) => {
                let password_is_gone = self.release(&plan).await?;
                self.carry_out(plan, &own, password_is_gone).await
            }
            Some(Err(refusal)) => Err(refusal.into()),
            None => Err(Halt::Later),
        }
    }

    /// Whether a later record of the file may take the contact from its owner.
    async fn may_release(&mut self, owner: UserId, contact: &ContactKey) -> Result<bool, StorageError> {
        let profile = self.tx.find_profile(owner).await?;
        let mut contacts = profile.into_iter().flat_map(|profile| profile.contacts);
        Ok(contacts.any(|own| own.contact.key() == *contact && own.source != ContactSource::Verified))
    }

    /// Looks up what the record is to change. [`None`] if an earlier record of the file said the same.
    pub(super) async fn plan_user<'r>(
        &mut self,
        user: &'r ImportedUser,
        hash: Option<&'r PasswordHash>,
    ) -> Result<Option<Plan<'r>>, Halt> {
        if let Some(practice) = user.practice() {
            self.practice(practice).await?;
        }
        let mut contacts = Vec::new();
        let mut owners = Vec::new();
        for (field, contact) in user.contacts() {
            let owner = self.tx.find_user_by_contact(&contact.key()).await?;
            contacts.push(Wanted { field, contact, owner: owner.as_ref().map(|owner| owner.id) });
            owners.extend(owner);
        }
        let mut warnings: Vec<Warning> =
            user.unplaced.iter().map(|field| Warning::new(field, WarningReason::NoPractice)).collect();
        let id = self.identify(user, &owners, &mut warnings).await?;
        if let Some(id) = id {
            match self.said_of_user(id, user.practice()) {
                Some(said) if said == said_of(user) => return Ok(None),
                Some(_) => {
                    let field = known_by(user, &contacts);
                    return Err(Refusal::new(field, RefusalReason::SameUserInFile).into());
                }
                None => {}
            }
        }
        let profile = match id {
            Some(id) => self.tx.find_profile(id).await?,
            None => None,
        };
        let Some(profile) = profile else {
            if let Some(field) = self.deleted_field(user, &contacts).await? {
                return Err(Halt::LeftOut(Warning::new(field, WarningReason::Deleted)));
            }
            let released = Vec::new();
            return Ok(Some(Plan { user, hash, known: None, contacts, released, warnings }));
        };
        let oldest = self.tx.find_membership(profile.user.id, None).await?;
        let of_practice = oldest.map(|membership| membership.practice);
        let is_profile = of_practice.is_none_or(|practice| user.practice() == Some(practice));
        if let Some(practice) = of_practice.filter(|_| !is_profile && !is_same_name(&profile.user, user)) {
            warnings.push(Warning::new("name", WarningReason::NameFromPractice(practice)));
        }
        let source = ContactSource::Imported(user.scope());
        let is_released = |own: &&UserContact| {
            own.source == source && contacts.iter().all(|wanted| wanted.key() != own.contact.key())
        };
        let released = profile.contacts.iter().filter(is_released).map(|own| own.contact.clone()).collect();
        let known = Some(Known { profile, is_profile });
        Ok(Some(Plan { user, hash, known, contacts, released, warnings }))
    }

    /// The field by which the record is of a user who was deleted, if it is.
    async fn deleted_field(
        &mut self,
        user: &ImportedUser,
        contacts: &[Wanted],
    ) -> Result<Option<&'static str>, StorageError> {
        let id = user.id.map(|id| ("id", self.tombstone_keys.candidates(id)));
        let keyed =
            contacts.iter().map(|wanted| (wanted.field, self.tombstone_keys.candidates(&wanted.key())));
        let fields: Vec<(&'static str, Vec<Tombstone>)> = id.into_iter().chain(keyed).collect();
        // Almost no record is of a deleted user: one question answers for all of its fields.
        let all: Vec<Tombstone> = fields.iter().flat_map(|(_, candidates)| candidates).cloned().collect();
        if all.is_empty() || !self.tx.has_tombstone(&all).await? {
            return Ok(None);
        }
        for (field, candidates) in fields {
            if self.tx.has_tombstone(&candidates).await? {
                return Ok(Some(field));
            }
        }
        Ok(None)
    }

    /// The user that the record is of, if it is in the store: known by its id, else by the client that it is, else by a
    /// contact.
    async fn identify(
        &mut self,
        user: &ImportedUser,
        owners: &[User],
        warnings: &mut Vec<Warning>,
    ) -> Result<Option<UserId>, Halt> {
        if let Some(id) = user.id {
            return self.identify_by_id(id, user, owners).await;
        }
        if let Some((practice, client)) = self.client_of(user).await? {
            let users = self.tx.users_of_client(practice, &client).await?;
            if !users.is_empty() {
                let is_one = |id: &&UserId| users.len() == 1 || owners.iter().any(|owner| owner.id == **id);
                let Some(id) = users.iter().find(is_one).copied() else {
                    return Err(Refusal::new("clientId", RefusalReason::ClientOfSeveral).into());
                };
                let others: Vec<UserId> = users.into_iter().filter(|other| *other != id).collect();
                if !others.is_empty() {
                    warnings.push(Warning::new("clientId", WarningReason::OtherUsersOfClient(others)));
                }
                return Ok(Some(id));
            }
        }
        let mut known = None;
        for owner in owners {
            let here = match user.practice() {
                Some(practice) => self.tx.find_membership(owner.id, Some(practice)).await?,
                None => None,
            };
            match here {
                // One who is known here already goes before one who is not.
                Some(here) if is_same_person(&here, owner, user) => return Ok(Some(owner.id)),
                None if known.is_none() && self.may_join(owner, user).await? => known = Some(owner.id),
                Some(_) | None => {}
            }
        }
        Ok(known)
    }

    /// Who registered here by themselves may happen to have the id: a record takes no such account over.
    async fn identify_by_id(
        &mut self,
        id: UserId,
        user: &ImportedUser,
        owners: &[User],
    ) -> Result<Option<UserId>, Halt> {
        let Some(profile) = self.tx.find_profile(id).await? else { return Ok(None) };
        let source = ContactSource::Imported(user.scope());
        let is_known = owners.iter().any(|owner| owner.id == id)
            || match user.practice() {
                Some(practice) => self.tx.find_membership(id, Some(practice)).await?.is_some(),
                None => profile.contacts.iter().any(|own| own.source == source),
            };
        if is_known { Ok(Some(id)) } else { Err(Refusal::new("id", RefusalReason::IdOfAnother).into()) }
    }

    /// Whether the owner of a contact, who is not in the record's practice, is the person of the record. A client of two
    /// practices is one user; a family that shares an address is not.
    async fn may_join(&mut self, owner: &User, user: &ImportedUser) -> Result<bool, StorageError> {
        let is_client = user.membership.as_ref().is_some_and(|membership| membership.client.is_some());
        Ok(!is_client
            || is_same_name(owner, user)
            || self.tx.find_membership(owner.id, None).await?.is_none())
    }

    /// The client that the record says the user is, and its practice.
    async fn client_of(&mut self, user: &ImportedUser) -> Result<Option<(PracticeId, ClientKey)>, Halt> {
        let Some(membership) = &user.membership else { return Ok(None) };
        let Some(id) = membership.client.clone() else { return Ok(None) };
        let source = self.practice(membership.practice).await?.source;
        Ok(Some((membership.practice, ClientKey { source, id })))
    }

    /// Takes the contacts from the user that the record no longer has: their codes and the user's sessions end. True if
    /// the password ended with them, because it was set by a code to one of them.
    pub(super) async fn release(&mut self, plan: &Plan<'_>) -> Result<bool, StorageError> {
        let Some(user) = plan.id().filter(|_| !plan.released.is_empty()) else { return Ok(false) };
        let mut password_is_gone = false;
        for contact in &plan.released {
            self.end_codes(&contact.key()).await?;
            let removed = self.tx.remove_contact(user, &contact.key()).await?;
            password_is_gone |= removed.is_some_and(|removed| removed.password_reset_at.is_some());
        }
        if password_is_gone {
            self.tx.clear_password(user).await?;
        }
        self.tx.revoke_sessions(user, None).await?;
        Ok(password_is_gone)
    }

    /// Writes what the record says, of its contacts those at these places.
    pub(super) async fn carry_out(
        &mut self,
        plan: Plan<'_>,
        own: &[usize],
        password_is_gone: bool,
    ) -> Result<(Upsert, Vec<Warning>), Halt> {
        let user = plan.user;
        let (id, mut upsert) = match &plan.known {
            None => (self.make_user(&plan, own).await?, Upsert::Created),
            Some(known) => {
                let changed = self.complete_user(known, &plan, own, password_is_gone).await?;
                let upsert = if changed { Upsert::Updated } else { Upsert::Unchanged };
                (known.profile.user.id, upsert)
            }
        };
        if let Some(membership) = &user.membership {
            let membership = Membership {
                user: id,
                practice: membership.practice,
                source: self.practice(membership.practice).await?.source,
                primary_role: membership.primary_role.clone(),
                roles: membership.roles.clone(),
                client: membership.client.clone(),
                google_api_key: membership.google_api_key.clone(),
            };
            if self.tx.put_membership(&membership).await? != Upsert::Unchanged && upsert == Upsert::Unchanged
            {
                upsert = Upsert::Updated;
            }
        }
        self.remember_user(id, user.practice(), said_of(user), plan.known.is_none());
        Ok((upsert, plan.into_warnings(own)))
    }

    async fn make_user(&mut self, plan: &Plan<'_>, own: &[usize]) -> Result<UserId, Halt> {
        let user = plan.user;
        let mut contacts = own.iter().map(|at| &plan.contacts[*at].contact);
        let Some(contact) = contacts.next() else {
            return Err(Refusal::new("email", RefusalReason::NoContact).into());
        };
        let new = NewUser {
            name: user.name.clone(),
            password_hash: plan.hash.cloned(),
            contact: contact.clone(),
            contact_type: contact_type(user),
            source: ContactSource::Imported(user.scope()),
            created_at: self.now,
        };
        let made = match user.id {
            Some(id) => self.tx.insert_user_with_id(id, &new).await?.map(|()| id),
            None => self.tx.insert_user(&new).await?,
        };
        // The contact was free a moment ago. Half a user must not stay: the whole batch has to be put again.
        let id = made.map_err(|_| StorageError::Busy)?;
        for contact in contacts {
            self.add_contact(id, contact, user).await?;
        }
        if user.status == Some(UserStatus::Disabled) {
            self.tx.set_status(id, UserStatus::Disabled).await?;
        }
        Ok(id)
    }

    /// Gives a user what the record says beyond what is known. True if that was anything.
    async fn complete_user(
        &mut self,
        Known { profile, is_profile }: &Known,
        plan: &Plan<'_>,
        own: &[usize],
        password_is_gone: bool,
    ) -> Result<bool, Halt> {
        let (known, user) = (&profile.user, plan.user);
        let mut changed = !plan.released.is_empty();
        if *is_profile && known.name != user.name {
            changed |= self.tx.rename_user(known.id, &user.name).await?;
        }
        for at in own {
            changed |= self.put_contact(profile, &plan.contacts[*at].contact, user).await?;
        }
        if let (true, Some(hash)) = (known.password_hash.is_none() || password_is_gone, plan.hash) {
            changed |= self.tx.replace_password(known.id, None, hash).await?;
        }
        // Any practice may end access to what it has of the user; to give it back is the profile's practice's.
        let status = user.status.filter(|status| *is_profile || *status == UserStatus::Disabled);
        if let Some(status) = status.filter(|status| *status != known.status) {
            changed |= self.tx.set_status(known.id, status).await?;
            if status == UserStatus::Disabled {
                self.tx.revoke_sessions(known.id, None).await?;
            }
        }
        Ok(changed)
    }

    /// Gives a user the contact, as it is written here if an earlier record of the same practice made it.
    async fn put_contact(
        &mut self,
        profile: &Profile,
        contact: &Contact,
        user: &ImportedUser,
    ) -> Result<bool, StorageError> {
        let own = profile.contacts.iter().find(|own| own.contact.key() == contact.key());
        let Some(own) = own else {
            self.add_contact(profile.user.id, contact, user).await?;
            return Ok(true);
        };
        let is_ours = own.source == ContactSource::Imported(user.scope());
        if !is_ours || own.contact.as_str() == contact.as_str() {
            return Ok(false);
        }
        self.tx.respell_contact(profile.user.id, contact).await
    }

    async fn add_contact(
        &mut self,
        id: UserId,
        contact: &Contact,
        user: &ImportedUser,
    ) -> Result<(), StorageError> {
        let source = ContactSource::Imported(user.scope());
        let added = self.tx.add_contact(id, contact, contact_type(user), source, self.now).await?;
        added.map_err(|_| StorageError::Busy)
    }
}

/// Whether a member of the record's practice, who has a contact of the record, is its person.
fn is_same_person(here: &Membership, owner: &User, user: &ImportedUser) -> bool {
    let client = user.membership.as_ref().and_then(|membership| membership.client.as_ref());
    // A client whose number was not known before; the number of one who has another is another client's.
    let fits = client.is_none() || (here.client.is_none() && !here.roles.iter().any(Role::is_staff));
    fits && is_same_name(owner, user)
}

fn is_same_name(known: &User, user: &ImportedUser) -> bool {
    SearchPrefix::fold(&known.name.full()) == SearchPrefix::fold(&user.name.full())
}

/// Practices know their staff at work, and their clients elsewhere.
fn contact_type(user: &ImportedUser) -> ContactType {
    let is_staff = user.membership.iter().flat_map(|membership| &membership.roles).any(Role::is_staff);
    if is_staff { ContactType::Work } else { ContactType::Personal }
}
