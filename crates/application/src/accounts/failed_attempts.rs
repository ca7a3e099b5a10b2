//! The failed attempts of a user that are remembered, for operators.

use asteroid_identity::{FamiliarAddressRepository, Profile};
use asteroid_kernel::{Contact, Network, StorageError, Timestamp};
use asteroid_limits::{Admission, Backoff, LimitKey, LimitRepository, Quota};

use super::codes::wrong_codes_key;
use super::password_attempts::{
    cap_of, clear_wrong_passwords, contact_key, familiar_key, network_key, user_key,
};
use crate::LimitRules;

/// Failed attempts of a user that are counted together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedAttempts {
    /// What was attempted.
    pub attempted: Attempted,
    /// The number of failed attempts that are remembered.
    pub count: usize,
    /// The time of the last one, if it is known.
    pub last_at: Option<Timestamp>,
    /// Whether a further attempt would be admitted.
    pub admission: Admission,
}

/// What was attempted without success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempted {
    /// A password, at this contact.
    PasswordAt(Contact),
    /// A password, at any contact.
    Password,
    /// A password, from any network that the user is known by.
    PasswordFromFamiliarNetworks,
    /// A password, from this network, which the user is known by.
    PasswordFrom(Network),
    /// A code, at this contact.
    CodeAt(Contact),
}

/// How failures are counted.
enum Counted {
    InARow(Backoff),
    PerWindow(Vec<Quota>),
}

/// Every key under which failed attempts of the user are counted.
async fn keys<Tx: FamiliarAddressRepository>(
    tx: &mut Tx,
    profile: &Profile,
    limits: &LimitRules,
) -> Result<Vec<(Attempted, LimitKey, Counted)>, StorageError> {
    let user = profile.user.id;
    let (backoff, cap) = (limits.wrong_passwords, cap_of(&limits.wrong_passwords));
    let mut keys = Vec::new();
    for own in &profile.contacts {
        let contact = &own.contact;
        keys.push((Attempted::PasswordAt(contact.clone()), contact_key(contact), Counted::InARow(backoff)));
    }
    keys.push((Attempted::Password, user_key(user), Counted::InARow(cap)));
    let familiar = Attempted::PasswordFromFamiliarNetworks;
    keys.push((familiar, familiar_key(user), Counted::InARow(cap)));
    for (network, _) in tx.list_addresses(user).await? {
        let quotas = limits.wrong_passwords_from_familiar_address.clone();
        let key = network_key(user, network);
        keys.push((Attempted::PasswordFrom(network), key, Counted::PerWindow(quotas)));
    }
    for own in &profile.contacts {
        let key = wrong_codes_key(&own.contact.key());
        let quotas = limits.wrong_codes.clone();
        keys.push((Attempted::CodeAt(own.contact.clone()), key, Counted::PerWindow(quotas)));
    }
    Ok(keys)
}

/// The failed attempts of a user that are remembered.
pub(crate) async fn failed_attempts<Tx: FamiliarAddressRepository + LimitRepository>(
    tx: &mut Tx,
    profile: &Profile,
    limits: &LimitRules,
    now: Timestamp,
) -> Result<Vec<FailedAttempts>, StorageError> {
    let mut all = Vec::new();
    for (attempted, key, counted) in keys(tx, profile, limits).await? {
        let (count, last_at, admission) = match counted {
            Counted::InARow(backoff) => {
                let failures = tx.failures(&key).await?;
                let count = usize::try_from(failures.count).unwrap_or(usize::MAX);
                (count, failures.last_at, backoff.admission(failures, 0, now))
            }
            Counted::PerWindow(quotas) => {
                let mut window = tx.window(&key).await?;
                window.prune(&quotas, now);
                let (count, last_at) = (window.times().len(), window.times().last().copied());
                (count, last_at, window.admission(&quotas, 0, now))
            }
        };
        if count > 0 {
            all.push(FailedAttempts { attempted, count, last_at, admission });
        }
    }
    Ok(all)
}

/// Forgets the failed attempts of a user, and with them every lock.
pub(crate) async fn forget_failed_attempts<Tx: FamiliarAddressRepository + LimitRepository>(
    tx: &mut Tx,
    profile: &Profile,
) -> Result<(), StorageError> {
    forget_wrong_passwords(tx, profile).await?;
    for own in &profile.contacts {
        tx.remove_limit(&wrong_codes_key(&own.contact.key())).await?;
    }
    Ok(())
}

/// Forgets the wrong passwords of a user, from every network.
pub(crate) async fn forget_wrong_passwords<Tx: FamiliarAddressRepository + LimitRepository>(
    tx: &mut Tx,
    profile: &Profile,
) -> Result<(), StorageError> {
    let user = profile.user.id;
    let contacts: Vec<Contact> = profile.contacts.iter().map(|own| own.contact.clone()).collect();
    clear_wrong_passwords(tx, user, &contacts).await?;
    for (network, _) in tx.list_addresses(user).await? {
        tx.remove_limit(&network_key(user, network)).await?;
    }
    Ok(())
}
