//! What records of users are to change, and which contacts their users get.

use std::collections::{HashMap, HashSet};

use asteroid_clients::PracticeId;
use asteroid_identity::{ContactSource, PasswordHash, Profile, UserContact};
use asteroid_kernel::{Contact, ContactKey, UserId};

use super::memory::said_of;
use super::{ImportedUser, Refusal, RefusalReason, Warning, WarningReason};

/// A user's record, and what is in the store of the user.
pub(super) struct Plan<'r> {
    pub(super) user: &'r ImportedUser,
    pub(super) hash: Option<&'r PasswordHash>,
    pub(super) known: Option<Known>,
    pub(super) contacts: Vec<Wanted>,
    /// Contacts that earlier records made, and that this one no longer has.
    pub(super) released: Vec<Contact>,
    pub(super) warnings: Vec<Warning>,
}

/// The user that a record is of.
pub(super) struct Known {
    pub(super) profile: Profile,
    /// Whether the record's practice is the one that the profile is of.
    pub(super) is_profile: bool,
}

/// A contact of a record.
pub(super) struct Wanted {
    pub(super) field: &'static str,
    pub(super) contact: Contact,
    /// Whose it is.
    pub(super) owner: Option<UserId>,
}

impl Wanted {
    pub(super) fn key(&self) -> ContactKey {
        self.contact.key()
    }
}

impl Plan<'_> {
    /// Whether the user may need the record's password, and it was not hashed: when the batch was prepared, another
    /// user had the contact, and a password.
    pub(super) fn lacks_hash(&self) -> bool {
        let has_password = |known: &Known| known.profile.user.password_hash.is_some();
        let keeps_password = self.released.is_empty() && self.known.as_ref().is_some_and(has_password);
        self.hash.is_none() && self.user.password.is_some() && !keeps_password
    }

    /// The id of the user, if it is in the store.
    pub(super) fn id(&self) -> Option<UserId> {
        self.known.as_ref().map(|known| known.profile.user.id)
    }

    /// Whether a record among these is of the same user and practice, and if so, whether it says the same.
    pub(super) fn repeats(
        &self,
        said: &mut HashMap<(UserId, Option<PracticeId>), u64>,
    ) -> Option<Result<(), Refusal>> {
        let (of, says) = ((self.id()?, self.user.practice()), said_of(self.user));
        match said.insert(of, says) {
            None => None,
            Some(before) if before == says => Some(Ok(())),
            Some(before) => {
                said.insert(of, before);
                Some(Err(Refusal::new(self.known_by(), RefusalReason::SameUserInFile)))
            }
        }
    }

    /// The field that the record's user is known by.
    fn known_by(&self) -> &'static str {
        known_by(self.user, &self.contacts)
    }

    /// The contacts that belong to other users.
    pub(super) fn of_others(&self) -> impl Iterator<Item = (&Wanted, UserId)> {
        let own = self.id();
        let other = move |wanted: &Wanted| wanted.owner.filter(|owner| Some(*owner) != own);
        self.contacts.iter().filter_map(move |wanted| Some((wanted, other(wanted)?)))
    }

    /// Whether the user keeps a contact that the record does not have.
    fn keeps_a_contact(&self) -> bool {
        let released: HashSet<ContactKey> = self.released.iter().map(Contact::key).collect();
        let wanted: HashSet<ContactKey> = self.contacts.iter().map(Wanted::key).collect();
        let stays = |own: &UserContact| {
            let key = own.contact.key();
            !released.contains(&key) && !wanted.contains(&key)
        };
        self.known.as_ref().is_some_and(|known| known.profile.contacts.iter().any(stays))
    }

    /// What is to be said of the record, once the user has its contacts at these places.
    pub(super) fn into_warnings(mut self, own: &[usize]) -> Vec<Warning> {
        for (at, wanted) in self.contacts.iter().enumerate() {
            match wanted.owner {
                Some(owner) if !own.contains(&at) => {
                    self.warnings.push(Warning::new(wanted.field, WarningReason::ContactOfAnother(owner)));
                }
                _ => {}
            }
        }
        if let Some(Known { profile, .. }) = &self.known {
            let verified = |own: &&UserContact| own.source == ContactSource::Verified;
            for wanted in own.iter().map(|at| &self.contacts[*at]) {
                let of_kind: Vec<&UserContact> = profile
                    .contacts
                    .iter()
                    .filter(verified)
                    .filter(|own| own.contact.kind() == wanted.contact.kind())
                    .collect();
                if of_kind.iter().any(|own| own.contact.key() == wanted.key()) {
                    continue;
                }
                for stays in of_kind {
                    let reason = WarningReason::VerifiedStays(stays.contact.masked());
                    self.warnings.push(Warning::new(wanted.field, reason));
                }
            }
        }
        self.warnings
    }
}

/// Decides for each plan which of its contacts the user gets, as places in the plan's list, in the order of the plans. A
/// contact that one of them gives up is free for the others. A user who would be left without a contact is refused, and
/// then gives up nothing.
pub(super) fn assign(plans: &[Plan<'_>]) -> Vec<Result<Vec<usize>, Refusal>> {
    let mut refused: Vec<Option<Refusal>> = plans.iter().map(|_| None).collect();
    loop {
        let alive = || plans.iter().enumerate().filter(|(place, _)| refused[*place].is_none());
        let freed: HashSet<ContactKey> =
            alive().flat_map(|(_, plan)| plan.released.iter().map(Contact::key)).collect();
        let mut taken = HashSet::new();
        let mut assigned: Vec<Vec<usize>> = plans.iter().map(|_| Vec::new()).collect();
        let mut stranded = None;
        for (place, plan) in alive() {
            for (at, wanted) in plan.contacts.iter().enumerate() {
                let is_own = wanted.owner.is_some() && wanted.owner == plan.id();
                let is_free = wanted.owner.is_none() || freed.contains(&wanted.key());
                if is_own || (is_free && taken.insert(wanted.key())) {
                    assigned[place].push(at);
                }
            }
            if assigned[place].is_empty() && !plan.keeps_a_contact() {
                stranded = Some((place, left_without(plan)));
                break;
            }
        }
        match stranded {
            Some((place, refusal)) => refused[place] = Some(refusal),
            None => {
                return assigned.into_iter().zip(refused).map(|(own, no)| no.map_or(Ok(own), Err)).collect();
            }
        }
    }
}

fn left_without(plan: &Plan<'_>) -> Refusal {
    match plan.contacts.iter().find_map(|wanted| Some((wanted.field, wanted.owner?))) {
        Some((field, owner)) => Refusal::new(field, RefusalReason::ContactOfAnother(owner)),
        None => Refusal::new("email", RefusalReason::NoContact),
    }
}

/// The field that a record of a known user is known by.
pub(super) fn known_by(user: &ImportedUser, contacts: &[Wanted]) -> &'static str {
    match &user.membership {
        _ if user.id.is_some() => "id",
        Some(membership) if membership.client.is_some() => "clientId",
        _ => contacts.first().map_or("email", |wanted| wanted.field),
    }
}
