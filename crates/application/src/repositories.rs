//! Every repository at once.

use asteroid_audit::{AuditRepository, EventCountRepository};
use asteroid_clients::{ClientRepository, MembershipRepository, PracticeRepository};
use asteroid_identity::{
    AdminKeyRepository, FamiliarAddressRepository, IdempotencyRepository, PendingRegistrationRepository,
    SessionRepository, TombstoneRepository, UserAdministrationRepository, UserRegistrationRepository,
    UserRepository,
};
use asteroid_limits::LimitRepository;
use asteroid_messaging::OutboxRepository;
use asteroid_terms::TermsRepository;
use asteroid_verification::{ChallengeRepository, KeyRepository};

asteroid_kernel::port_alias! {
    /// Every repository that a use case asks for: what the store of a server offers its units of work. A use case of its own
    /// asks for those that it needs.
    pub trait AllRepositories:
        UserRepository +
        UserRegistrationRepository +
        UserAdministrationRepository +
        FamiliarAddressRepository +
        PendingRegistrationRepository +
        SessionRepository +
        TombstoneRepository +
        AdminKeyRepository +
        IdempotencyRepository +
        ChallengeRepository +
        KeyRepository +
        OutboxRepository +
        LimitRepository +
        AuditRepository +
        EventCountRepository +
        TermsRepository +
        PracticeRepository +
        MembershipRepository +
        ClientRepository;
}
