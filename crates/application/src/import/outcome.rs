use asteroid_clients::{ExternalId, PracticeId, SourceId};
use asteroid_identity::{PasswordFlaw, UnusableHash};
use asteroid_kernel::{StorageError, Upsert, UserId};

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordOutcome {
    /// It is in the store, but for what the warnings name.
    Put(Upsert, Vec<Warning>),
    /// It is not, and nothing of it.
    Refused(Refusal),
    /// It depends on records that may still come: the end of the file decides it.
    Later,
}

/// What of a record was left out, or should be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The field.
    pub field: &'static str,
    /// Why.
    pub reason: WarningReason,
}

impl Warning {
    pub(super) const fn new(field: &'static str, reason: WarningReason) -> Self {
        Self { field, reason }
    }
}

/// Why a field was left out, or should be looked at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WarningReason {
    /// The contact belongs to another user, and stays there.
    #[error("belongs to user {0} and is left out here: a contact belongs to one user")]
    ContactOfAnother(UserId),
    /// The user has another contact of the kind, which no import replaces. It is masked.
    #[error("does not replace {0}, which the user verified")]
    VerifiedStays(String),
    /// Another practice was the first to have the user.
    #[error("is left out: the user's name comes from practice {}", .0.0)]
    NameFromPractice(PracticeId),
    /// Records of practices have the user, and this one is of none.
    #[error("is left out: the record names no practice")]
    NoPractice,
    /// It was deleted with its user.
    #[error("was a user's who was deleted: the record is left out")]
    Deleted,
    /// Other users are tied to the same client.
    #[error("is the client of other users, too: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    OtherUsersOfClient(Vec<UserId>),
}

/// What is wrong with a record that is valid in itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The field that is wrong.
    pub field: &'static str,
    /// Why.
    pub reason: RefusalReason,
}

impl Refusal {
    pub(super) const fn new(field: &'static str, reason: RefusalReason) -> Self {
        Self { field, reason }
    }
}

/// Why a field is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefusalReason {
    /// The practice came neither in this record's file before nor in an earlier one.
    #[error("there is no practice {}: it has to come first", .0.0)]
    UnknownPractice(PracticeId),
    /// The practice's records come from elsewhere.
    #[error("the practice's records come from source {}", .0.0)]
    OtherSource(SourceId),
    /// The practice has another name.
    #[error("the practice is called {0:?}")]
    OtherPracticeName(String),
    /// The record that the class is part of is of another source.
    #[error("the client comes from source {}", .0.0)]
    ClassOfOtherSource(SourceId),
    /// The record that the class is part of names another class.
    #[error("the client's class is {}", .0.as_ref().map_or("none", ExternalId::as_str))]
    OtherClass(Option<ExternalId>),
    /// Two patients of the client are the same.
    #[error("the patient {0} is listed twice")]
    PatientTwice(ExternalId),
    /// The user can neither be reached nor found again.
    #[error("a user has an e-mail address or a phone number")]
    NoContact,
    /// Every contact of the record belongs to another user.
    #[error("belongs to user {0}, and the user would be left without a contact")]
    ContactOfAnother(UserId),
    /// An earlier record of the file is of the same user and practice, and says otherwise.
    #[error("an earlier record of this file is of the same user, with other values")]
    SameUserInFile,
    /// Several users are the client, and the record does not tell which one it is of.
    #[error("is the client of several users: the record needs the id of one, or a contact")]
    ClientOfSeveral,
    /// The id is that of a user who has neither a contact nor the practice in common with the record.
    #[error("belongs to another user")]
    IdOfAnother,
    /// The password does not meet the policy.
    #[error("is refused: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    WeakPassword(Vec<PasswordFlaw>),
    /// Passwords cannot be verified against the hash.
    #[error(transparent)]
    UnusableHash(UnusableHash),
}

/// Why the work on a record ended early.
pub(super) enum Halt {
    Refused(Refusal),
    /// Nothing of it is to be put.
    LeftOut(Warning),
    /// Other records may still decide it.
    Later,
    Storage(StorageError),
}

impl From<Refusal> for Halt {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StorageError> for Halt {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}
