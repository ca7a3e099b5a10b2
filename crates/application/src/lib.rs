#![doc = include_str!("../README.md")]

#[macro_use]
pub mod accounts;
#[macro_use]
pub mod administration;
mod delivery;
#[macro_use]
pub mod development;
mod import;
mod keys;
mod message_context;
mod monitoring;
mod operator;
mod outbox;
#[macro_use]
pub mod practice;
mod repositories;
mod retention;
mod rules;

// After the ports that it makes mocks of.
#[cfg(feature = "mocks")]
pub mod mocks;

pub use accounts::{Accounts, Tools};
pub use administration::Administrators;
pub use delivery::{Completed, Delivery, DeliveryBatch, DeliveryOutcome, DeliveryRules, Dispatcher};
pub use development::OpenOutbox;
pub use import::{
    EndOfFile, Import, ImportError, ImportRecord, ImportedClient, ImportedMembership, ImportedPassword,
    ImportedUser, RecordOutcome, Refusal, RefusalReason, Warning, WarningReason,
};
pub use keys::{KeyConflict, KeyConflicts, KeyRegister, KeyUses, RecordKeysError};
pub use monitoring::{Monitoring, StoreFigures};
pub use operator::Operator;
pub use outbox::{Outbox, RetriedDead, RetryRefusal};
pub use practice::{Practices, PublishTermsError};
pub use repositories::AllRepositories;
pub use retention::{RemovedCounts, Retention};
pub use rules::{AccountRules, CodeFormats, CountryNotServed, LimitRules, SmsCountries};
