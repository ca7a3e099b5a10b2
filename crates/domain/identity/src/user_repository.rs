//! The ports that store users, by purpose: a use case depends on those that it needs.

use asteroid_kernel::{Contact, ContactKey, Network, StorageError, Timestamp, UserId};

use crate::{
    ContactSource, ContactTaken, ContactType, NewUser, PasswordHash, PersonName, Profile, RemovedContact,
    User, UserCursor, UserFilter, UserStatus,
};

asteroid_kernel::repository! {
    /// Finds users, and stores their sign-ins and passwords.
    pub trait UserRepository {
        /// The user who has this contact; [`None`] if there is none.
        read fn find_user_by_contact(&mut self, contact: &ContactKey) -> Result<Option<User>, StorageError>;

        /// The user with all contacts, in the order of [`Profile`]; [`None`] if there is no such user.
        read fn find_profile(&mut self, user: UserId) -> Result<Option<Profile>, StorageError>;

        /// Records the sign-in of an enabled user, and locks the user until the transaction ends, so that a concurrent
        /// change of the password is either visible or waits.
        ///
        /// `verified` is the hash that the password was verified against; [`None`] for a sign-in without a password.
        /// Returns `false` and records nothing if the user does not exist, is disabled, or no longer has that hash.
        write fn record_sign_in<'a>(
            &mut self,
            user: UserId,
            verified: Option<&'a PasswordHash>,
            at: Timestamp,
        ) -> Result<bool, StorageError>;

        /// Replaces the password's hash if it still is `current`; unconditionally if `current` is [`None`].
        ///
        /// Returns `false` and changes nothing if the user does not exist or the hash is not `current` any more. The
        /// password of a disabled user can be replaced.
        write fn replace_password<'a>(
            &mut self,
            user: UserId,
            current: Option<&'a PasswordHash>,
            new: &PasswordHash,
        ) -> Result<bool, StorageError>;

        /// Records that the user's password was reset by a code to this contact. `false` if the user does not have the
        /// contact.
        write fn record_password_reset(
            &mut self,
            user: UserId,
            contact: &ContactKey,
            at: Timestamp,
        ) -> Result<bool, StorageError>;
    }
}

asteroid_kernel::repository! {
    /// Creates users from registrations.
    pub trait UserRegistrationRepository {
        /// Creates an enabled user with one verified, primary contact. Assigns ids to both, and returns the user's.
        ///
        /// The inner result is [`ContactTaken`] if another user has the contact. Then nothing is inserted, and the
        /// transaction stays usable. Of several concurrent calls for one contact, one succeeds.
        write fn insert_user(&mut self, user: &NewUser) -> Result<Result<UserId, ContactTaken>, StorageError>;
    }
}

asteroid_kernel::repository! {
    /// Changes users on behalf of imports and operators.
    pub trait UserAdministrationRepository {
        /// The user as [`UserRepository::find_profile`] returns it, locked until the transaction ends: of several concurrent
        /// units, each sees what those before it changed.
        write fn lock_profile(&mut self, user: UserId) -> Result<Option<Profile>, StorageError>;

        /// Creates a user as [`UserRegistrationRepository::insert_user`] does, but with this id, which no user may have.
        /// Ids that are assigned later are higher.
        write fn insert_user_with_id(
            &mut self,
            id: UserId,
            user: &NewUser,
        ) -> Result<Result<(), ContactTaken>, StorageError>;

        /// Adds a verified contact to a user. It becomes the primary one if it is the first of its kind.
        ///
        /// The inner result is [`ContactTaken`] if any user has the contact, including this one. Then nothing is
        /// inserted, and the transaction stays usable.
        write fn add_contact(
            &mut self,
            user: UserId,
            contact: &Contact,
            contact_type: ContactType,
            source: ContactSource,
            verified_at: Timestamp,
        ) -> Result<Result<(), ContactTaken>, StorageError>;

        /// Removes a contact from a user, and locks the user until the transaction ends. If it was the primary one, the
        /// oldest remaining contact of its kind becomes the primary one. Any user may then have the contact. Returns
        /// [`None`] and changes nothing if the user does not have it.
        write fn remove_contact(
            &mut self,
            user: UserId,
            contact: &ContactKey,
        ) -> Result<Option<RemovedContact>, StorageError>;

        /// Replaces the spelling of a user's contact of the same key. `false` if the user does not have it.
        write fn respell_contact(&mut self, user: UserId, contact: &Contact) -> Result<bool, StorageError>;

        /// Replaces a user's name. `false` if the user does not exist.
        write fn rename_user(&mut self, user: UserId, name: &PersonName) -> Result<bool, StorageError>;

        /// Removes a user's password. `false` if the user does not exist.
        write fn clear_password(&mut self, user: UserId) -> Result<bool, StorageError>;

        /// Enables or disables a user. `false` if the user does not exist.
        write fn set_status(&mut self, user: UserId, status: UserStatus) -> Result<bool, StorageError>;

        /// Removes a user with contacts, familiar addresses, sessions, memberships and search keys. The id is never used
        /// again. `false` if the user does not exist.
        ///
        /// What else is kept under the contacts is in other repositories.
        write fn delete_user(&mut self, user: UserId) -> Result<bool, StorageError>;

        /// Sets or removes the administrator flag of a user. `false` if the user does not exist.
        write fn set_administrator(&mut self, user: UserId, administrator: bool) -> Result<bool, StorageError>;

        /// Whether a user has the administrator flag.
        read fn has_administrator(&mut self) -> Result<bool, StorageError>;

        /// The users whom the filter accepts, each once, with the places behind them: at most `at_most`, starting after the
        /// place `after` of a listing with the same filter.
        ///
        /// A search by [prefix](crate::UserSearch::Prefix) lists them in the order of the first search key that it finds
        /// of each, then by ascending id; every other listing by descending id. Users that come or go meanwhile do not move
        /// the others: `after` is a place, and the user of it need not exist any more.
        read fn list_users<'a>(
            &mut self,
            filter: &UserFilter,
            after: Option<&'a UserCursor>,
            at_most: usize,
        ) -> Result<Vec<(Profile, UserCursor)>, StorageError>;
    }
}

asteroid_kernel::repository! {
    /// Stores the networks that users signed in from: IPv4 addresses, and the /64 prefixes of IPv6 addresses.
    pub trait FamiliarAddressRepository {
        /// Records that the user signed in from this network. Only the latest time is stored, whatever the order of calls.
        write fn remember_address(
            &mut self,
            user: UserId,
            network: Network,
            at: Timestamp,
        ) -> Result<(), StorageError>;

        /// Whether the user signed in from this network at `since` or later.
        read fn is_familiar_address(
            &mut self,
            user: UserId,
            network: Network,
            since: Timestamp,
        ) -> Result<bool, StorageError>;

        /// The networks that the user signed in from, each with its latest time, latest first.
        read fn list_addresses(&mut self, user: UserId) -> Result<Vec<(Network, Timestamp)>, StorageError>;

        /// Removes the networks without a sign-in at `before` or later. Returns their number.
        write fn forget_addresses(&mut self, before: Timestamp) -> Result<u64, StorageError>;
    }
}
