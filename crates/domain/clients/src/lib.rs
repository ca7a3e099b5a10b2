#![doc = include_str!("../README.md")]

mod client;
mod filter;
mod fingerprint;
mod membership;
mod phones;
mod practice;
mod repository;
mod values;

pub use client::{Client, ClientClass, ClientContent, ClientKey, ClientRecord, Patient, PetRecords};
pub use filter::{ClientFilter, SearchPrefix};
pub use fingerprint::{Fingerprint, InvalidFingerprint};
pub use membership::{ClientAccess, GoogleApiKey, Membership, Role};
pub use practice::Practice;
pub use repository::{ClientRepository, MembershipRepository, PracticeRepository};
pub use values::{CalendarDate, ClientStatus, ExternalId, InvalidValue, PracticeId, SourceId, TimeZone};
