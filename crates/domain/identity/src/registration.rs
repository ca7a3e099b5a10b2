use asteroid_kernel::{
    Contact, ContactClaimId, ContactKey, Network, Randomness, RegistrationId, StorageError, Timestamp,
};

use crate::{ContactType, PasswordHash, PersonName};

/// A registration whose contact is not verified yet.
///
/// A contact may have several live registrations. Each has its own code, and none can read or replace the password of
/// another. Verifying the contact does not always prove which of them its owner made: see
/// [`PendingRegistration::is_trusted`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingRegistration {
    /// The registration's id, which its challenge refers to.
    pub id: RegistrationId,
    /// The contact to verify.
    pub contact: Contact,
    /// The type of the contact.
    pub contact_type: ContactType,
    /// The name of the person.
    pub name: PersonName,
    /// The hash of the password.
    pub password_hash: PasswordHash,
    /// The network it was made from; [`None`] if the address is not known.
    pub network: Option<Network>,
    /// The `User-Agent` of the client that made it.
    pub user_agent: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
}

impl PendingRegistration {
    /// Whether the registration can be completed: it has not expired.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    /// Whether the password and the name are trusted to be those of the person who redeems the code: the code is redeemed
    /// from the network of the registration, or no other network [claims](ContactClaim) the contact.
    ///
    /// Otherwise another client may have chosen them, in the hope that the contact's owner verifies the contact (account
    /// pre-hijacking, Sudhodanan and Paverd 2022, arXiv 2205.10174). An unknown network differs from every other network,
    /// also from another unknown one: such a registration is trusted only if its own claim is the only one.
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

/// A record that a network requested a code for a contact or registered it. A later redemption reads it to find whether
/// another network could have prepared the registration ([`PendingRegistration::is_trusted`]).
///
/// It outlives the registration, which may have been ended in the meantime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactClaim {
    /// The claim's id.
    pub id: ContactClaimId,
    /// The claimed contact.
    pub contact: ContactKey,
    /// The network that the claim comes from; [`None`] if the address is not known.
    pub network: Option<Network>,
    /// When the claim expires.
    pub expires_at: Timestamp,
}

impl ContactClaim {
    /// Creates a claim with a new id.
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
    /// Stores pending registrations and the claims of contacts. *Live* means [`PendingRegistration::is_live`].
    pub trait PendingRegistrationRepository {
        /// Inserts a registration. If the contact then has more than `at_most` that are live at the `created_at` of the
        /// new one, ends the oldest ones. The bound holds for concurrent calls, too.
        write fn insert_registration(
            &mut self,
            registration: &PendingRegistration,
            at_most: usize,
        ) -> Result<(), StorageError>;

        /// The live registration of this id; [`None`] if there is none.
        read fn find_registration(
            &mut self,
            id: RegistrationId,
            now: Timestamp,
        ) -> Result<Option<PendingRegistration>, StorageError>;

        /// The live registrations of the contact, newest first.
        read fn live_registrations(
            &mut self,
            contact: &ContactKey,
            now: Timestamp,
        ) -> Result<Vec<PendingRegistration>, StorageError>;

        /// Removes and returns the live registration of this id. Of several concurrent calls, one gets it.
        write fn take_registration(
            &mut self,
            id: RegistrationId,
            now: Timestamp,
        ) -> Result<Option<PendingRegistration>, StorageError>;

        /// Ends every registration of the contact, including expired ones. Returns their number. Claims are kept.
        write fn end_registrations(&mut self, contact: &ContactKey) -> Result<u64, StorageError>;

        /// Inserts a claim. Other claims of the same contact and network are kept.
        write fn insert_claim(&mut self, claim: &ContactClaim) -> Result<(), StorageError>;

        /// The networks of the contact's claims that have not expired: one entry for each claim, in any order.
        read fn claimants(
            &mut self,
            contact: &ContactKey,
            now: Timestamp,
        ) -> Result<Vec<Option<Network>>, StorageError>;

        /// Removes all claims to this contact. Returns their number.
        write fn remove_claims(&mut self, contact: &ContactKey) -> Result<u64, StorageError>;

        /// Removes the registrations and the claims that expired at `now` or before. Returns their number.
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
    fn a_registration_that_no_other_network_claims_is_trusted_from_every_network() {
        let (wifi, mobile) = (Some(network(1)), Some(network(2)));
        for claims in [vec![wifi], vec![wifi, wifi]] {
            assert!(registration(wifi).is_trusted(wifi, &claims));
            assert!(registration(wifi).is_trusted(mobile, &claims));
            assert!(registration(wifi).is_trusted(None, &claims));
        }
    }

    #[test]
    fn a_registration_of_a_claimed_contact_is_trusted_from_its_own_network_only() {
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
