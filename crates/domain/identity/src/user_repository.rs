//! The ports that keep users, by purpose: a use case asks for those that it needs.

use std::net::IpAddr;

use asteroid_kernel::{Contact, ContactKey, StorageError, Timestamp, UserId};

use crate::{
    ContactSource, ContactTaken, ContactType, NewUser, PasswordHash, PersonName, Profile, RemovedContact,
    User, UserStatus,
};

asteroid_kernel::repository! {
    /// Finds users, and keeps what signing in and passwords change.
    pub trait UserRepository {
        /// The user to whom the contact belongs.
        read fn find_user_by_contact(&mut self, contact: &ContactKey) -> Result<Option<User>, StorageError>;

        /// The user with all contacts, in the order of [`Profile`].
        read fn find_profile(&mut self, user: UserId) -> Result<Option<Profile>, StorageError>;

        /// Notes that an enabled user signs in now, and locks the user until the transaction ends, so that a change
        /// of the password waits for it or is seen by it.
        ///
        /// `verified` is the hash that the password was just checked against, or none where no password was asked
        /// for. False, and nothing noted, if the user is not there, is disabled, or no longer has that hash.
        write fn record_sign_in<'a>(
            &mut self,
            user: UserId,
            verified: Option<&'a PasswordHash>,
            at: Timestamp,
        ) -> Result<bool, StorageError>;

        /// Replaces the password's hash if it still is `current`, or whatever it is where `current` is none.
        ///
        /// False, and nothing changed, if the user is not there or the hash is another by now. A disabled user's password
        /// can be replaced.
        write fn replace_password<'a>(
            &mut self,
            user: UserId,
            current: Option<&'a PasswordHash>,
            new: &PasswordHash,
        ) -> Result<bool, StorageError>;

        /// Records that the user's password was set by a code that was sent to this contact. False if the user does not
        /// have it.
        write fn record_password_reset(
            &mut self,
            user: UserId,
            contact: &ContactKey,
            at: Timestamp,
        ) -> Result<bool, StorageError>;
    }
}

asteroid_kernel::repository! {
    /// Makes users of registrations.
    pub trait UserRegistrationRepository {
        /// Makes an enabled user with one verified, primary contact, and gives both their ids.
        ///
        /// The inner result is [`ContactTaken`] if another user has the contact: then nothing was made, and the
        /// transaction stays usable. Of several that try at once, one succeeds.
        write fn insert_user(&mut self, user: &NewUser) -> Result<Result<UserId, ContactTaken>, StorageError>;
    }
}

asteroid_kernel::repository! {
    /// Changes users for imports and operators.
    pub trait UserAdministrationRepository {
        /// The same with an id that is given: later users get higher ones. No user may have it yet.
        write fn insert_user_with_id(
            &mut self,
            id: UserId,
            user: &NewUser,
        ) -> Result<Result<(), ContactTaken>, StorageError>;

        /// Gives a user one more verified contact; it becomes the primary one if it is the first of its kind.
        ///
        /// The inner result is [`ContactTaken`] if any user has the contact, this one included: then nothing was kept,
        /// and the transaction stays usable.
        write fn add_contact(
            &mut self,
            user: UserId,
            contact: &Contact,
            contact_type: ContactType,
            source: ContactSource,
            verified_at: Timestamp,
        ) -> Result<Result<(), ContactTaken>, StorageError>;

        /// Takes a contact away from a user, and locks the user until the transaction ends. If it was the primary one, the
        /// oldest that is left of its kind becomes the primary one. [`None`], and nothing changed, if the user does not
        /// have it. From then on, the contact is free.
        write fn remove_contact(
            &mut self,
            user: UserId,
            contact: &ContactKey,
        ) -> Result<Option<RemovedContact>, StorageError>;

        /// Writes a user's contact as it is written here; its key is the same. False if the user does not have it.
        write fn respell_contact(&mut self, user: UserId, contact: &Contact) -> Result<bool, StorageError>;

        /// Calls a user by another name. False if the user is not there.
        write fn rename_user(&mut self, user: UserId, name: &PersonName) -> Result<bool, StorageError>;

        /// Leaves a user without a password. False if the user is not there.
        write fn clear_password(&mut self, user: UserId) -> Result<bool, StorageError>;

        /// Enables or disables a user. False if the user is not there.
        write fn set_status(&mut self, user: UserId, status: UserStatus) -> Result<bool, StorageError>;
    }
}

asteroid_kernel::repository! {
    /// Remembers the addresses that users signed in from.
    pub trait FamiliarAddressRepository {
        /// Remembers that the user signed in from this address at this time; only the latest time is kept, in whatever
        /// order they come.
        write fn remember_address(
            &mut self,
            user: UserId,
            ip: IpAddr,
            at: Timestamp,
        ) -> Result<(), StorageError>;

        /// Whether the user signed in from this address at `since` or later.
        read fn is_familiar_address(
            &mut self,
            user: UserId,
            ip: IpAddr,
            since: Timestamp,
        ) -> Result<bool, StorageError>;

        /// Forgets the addresses from which nobody signed in at `before` or later; says how many.
        write fn forget_addresses(&mut self, before: Timestamp) -> Result<u64, StorageError>;
    }
}
