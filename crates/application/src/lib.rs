#![doc = include_str!("../README.md")]

#[macro_use]
pub mod ports;

mod accounts;
mod delivery;
mod development;
mod import;
mod message_context;
#[cfg(feature = "mocks")]
pub mod mocks;
mod outbox;
mod practice;
mod repositories;
mod retention;
mod rules;

pub use accounts::{Accounts, Tools};
pub use delivery::{Batch, Completed, Delivery, DeliveryRules, Dispatcher};
pub use development::OpenOutbox;
pub use import::{
    EndOfFile, Import, ImportError, ImportRecord, ImportedClient, ImportedMembership, ImportedPassword,
    ImportedUser, RecordOutcome, Refusal, RefusalReason, Warning, WarningReason,
};
pub use outbox::{Outbox, RetriedDead, RetryRefusal};
pub use practice::{Practices, PublishTermsError};
pub use repositories::AllRepositories;
pub use retention::{RemovedCounts, Retention};
pub use rules::{AccountRules, CodeFormats, LimitRules};
