use asteroid_kernel::{
    Contact, ContactClaimId, ContactKey, Network, Randomness, RegistrationId, StorageError, Timestamp,
};

use crate::{ContactType, PasswordHash, PersonName};

/// A registration whose contact is not verified yet.
///
/// Several may live for one contact: each has its own code, and none sees or replaces another's password. Which of them
/// was made by the contact's owner is not known before the contact is verified, and not always then: see
/// [`PendingRegistration::is_trusted`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingRegistration {
    /// Names it; its challenge names it in turn.
    pub id: RegistrationId,
    /// The contact to be verified.
    pub contact: Contact,
    /// Work or personal.
    pub contact_type: ContactType,
    /// What the person is called.
    pub name: PersonName,
    /// The password, hashed already.
    pub password_hash: PasswordHash,
    /// Where it was made; [`None`] if the address was not known.
    pub network: Option<Network>,
    /// What the client that made it calls itself.
    pub user_agent: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it can no longer be completed.
    pub expires_at: Timestamp,
}

impl PendingRegistration {
    /// Whether it can still be completed.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    /// Whether the password and the name can be those of the person who redeems its code: it is redeemed from the
    /// network that it was made from, or no other network [claims](ContactClaim) the contact.
    ///
    /// Otherwise another client may have chosen them, and hope that the contact's owner verifies the contact for it
    /// (account pre-hijacking, Sudhodanan and Paverd 2022, arXiv 2205.10174). A network that is not known counts as
    /// different from every other: a registration from there is trusted only if its own claim is the only one.
    #[must_use]
    pub fn is_trusted(&self, redeemed_from: Option<Network>, claimants: &[Option<Network>]) -> bool {
        match self.network {
            Some(network) => {
                redeemed_from == Some(network) || claimants.iter().all(|claimant| *claimant == Some(network))
            }
            None => claimants == [None],
        }
    }
}

/// A note that a client asked for a code to a contact or registered it: kept for a while, so that a later redemption
/// shows whether another network could have prepared the registration.
///
/// It outlives the registration: one that was ended by others still had a password of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactClaim {
    /// Names it.
    pub id: ContactClaimId,
    /// The contact that is claimed.
    pub contact: ContactKey,
    /// Where the claim comes from; [`None`] if the address was not known.
    pub network: Option<Network>,
    /// When it no longer counts.
    pub expires_at: Timestamp,
}

impl ContactClaim {
    /// A claim with a new id.
    #[must_use]
    pub fn new(
        contact: &Contact,
        network: Option<Network>,
        expires_at: Timestamp,
        now: Timestamp,
        randomness: &dyn Randomness,
    ) -> Self {
        Self { id: ContactClaimId::new(now, randomness), contact: contact.key(), network, expires_at }
    }
}

asteroid_kernel::repository! {
    /// Keeps pending registrations, and which networks claim their contacts.
    pub trait PendingRegistrationRepository {
        /// Keeps a registration; if more than `at_most` then live for its contact, the oldest end. Which live is judged at
        /// the new one's `created_at`. The bound holds for registrations that are kept at once, too.
        write fn insert_registration(
            &mut self,
            registration: &PendingRegistration,
            at_most: usize,
        ) -> Result<(), StorageError>;

        /// A live registration by its id.
        read fn find_registration(
            &mut self,
            id: RegistrationId,
            now: Timestamp,
        ) -> Result<Option<PendingRegistration>, StorageError>;

        /// The live registrations of the contact, the one that was made last first.
        read fn live_registrations(
            &mut self,
            contact: &ContactKey,
            now: Timestamp,
        ) -> Result<Vec<PendingRegistration>, StorageError>;

        /// Takes a live registration out of the store. Of several that try at once, one gets it.
        write fn take_registration(
            &mut self,
            id: RegistrationId,
            now: Timestamp,
        ) -> Result<Option<PendingRegistration>, StorageError>;

        /// Ends every registration of the contact, expired ones too; says how many. Claims stay.
        write fn end_registrations(&mut self, contact: &ContactKey) -> Result<u64, StorageError>;

        /// Keeps a claim beside those of the same contact and network.
        write fn insert_claim(&mut self, claim: &ContactClaim) -> Result<(), StorageError>;

        /// The networks of the contact's claims that have not expired: an entry for each claim, in no order.
        read fn claimants(
            &mut self,
            contact: &ContactKey,
            now: Timestamp,
        ) -> Result<Vec<Option<Network>>, StorageError>;

        /// Removes the registrations and the claims that had expired by then; returns how many.
        write fn remove_expired_registrations(&mut self, now: Timestamp) -> Result<u64, StorageError>;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use asteroid_kernel::Region;
    use asteroid_kernel::mocks::CountingRandomness;

    use super::*;

    fn network(last: u8) -> Network {
        Network::of([192, 0, 2, last].into())
    }

    fn registration(network: Option<Network>) -> PendingRegistration {
        let now = Timestamp::from_micros(0);
        PendingRegistration {
            id: RegistrationId::new(now, &CountingRandomness::default()),
            contact: Contact::parse("george@example.com", Region::US).expect("a contact"),
            contact_type: ContactType::Personal,
            name: PersonName::new("George", "Washington").expect("a name"),
            password_hash: PasswordHash::new("hash"),
            network,
            user_agent: None,
            created_at: now,
            expires_at: now + Duration::from_hours(1),
        }
    }

    #[test]
    fn a_pending_registration_is_live_until_its_expiry() {
        let registration = registration(Some(network(1)));
        assert!(registration.is_live(registration.expires_at - Duration::from_micros(1)));
        assert!(!registration.is_live(registration.expires_at));
    }

    #[test]
    fn a_registration_that_no_other_network_claims_is_trusted_wherever_it_is_redeemed() {
        let (wifi, mobile) = (Some(network(1)), Some(network(2)));
        for claims in [vec![wifi], vec![wifi, wifi]] {
            assert!(registration(wifi).is_trusted(wifi, &claims));
            assert!(registration(wifi).is_trusted(mobile, &claims));
            assert!(registration(wifi).is_trusted(None, &claims));
        }
    }

    #[test]
    fn a_registration_of_a_claimed_contact_is_trusted_on_its_own_network_alone() {
        let (owner, attacker) = (Some(network(1)), Some(network(2)));
        for claims in [vec![owner, attacker], vec![attacker, owner], vec![attacker, None]] {
            assert!(registration(owner).is_trusted(owner, &claims));
            assert!(!registration(owner).is_trusted(Some(network(3)), &claims));
            assert!(!registration(attacker).is_trusted(owner, &claims));
            assert!(!registration(attacker).is_trusted(None, &claims));
        }
    }

    #[test]
    fn a_registration_from_an_unknown_network_is_trusted_if_its_claim_is_the_only_one() {
        assert!(registration(None).is_trusted(None, &[None]));
        assert!(registration(None).is_trusted(Some(network(1)), &[None]));
        for claims in [vec![], vec![None, None], vec![None, Some(network(1))], vec![Some(network(1))]] {
            assert!(!registration(None).is_trusted(None, &claims), "{claims:?}");
        }
    }
}
