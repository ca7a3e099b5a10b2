use asteroid_kernel::{AuditEventId, Contact, Origin, Randomness, Timestamp, UserId};

asteroid_kernel::named_enum! {
    /// What was done or attempted.
    pub enum Action {
        /// A registration.
        Register,
        /// A request for a code to sign in or to complete a registration.
        SendCode,
        /// A guess of a code to sign in or to complete a registration.
        VerifyCode,
        /// A sign-in with a password.
        SignIn,
        /// A sign-out: the user ended a session.
        SignOut,
        /// A change of a password by its user.
        ChangePassword,
        /// A request for a code to reset a password.
        ForgotPassword,
        /// A password reset with a code.
        ResetPassword,
        /// An acceptance of the terms in force.
        AcceptTerms,
        /// The publication of a version of the terms.
        PublishTerms,
        /// An import of records.
        Import,
        /// The requeuing of a failed message by an operator.
        RetryMessage,
        /// The retirement of a key of codes or tokens by an operator.
        RetireKey,
        /// The creation of a user by an operator.
        CreateUser,
        /// A change of a user's name by an operator.
        EditUser,
        /// The disabling of a user by an operator.
        DisableUser,
        /// The enabling of a user by an operator.
        EnableUser,
        /// The removal of a user's failed attempts and locks by an operator.
        UnlockUser,
        /// The removal of a user's password by an operator, so that the user has to reset it.
        RequireReset,
        /// The setting of a user's password by an operator.
        SetPassword,
        /// The ending of sessions of a user by an operator.
        RevokeSessions,
        /// The grant of the administrator flag by an operator.
        GrantAdmin,
        /// The withdrawal of the administrator flag by an operator.
        RevokeAdmin,
        /// The export of everything kept about a user by an operator.
        ExportUser,
        /// The deletion of a user by an operator.
        DeleteUser,
        /// The making of an admin key by an operator.
        CreateAdminKey,
        /// The revocation of an admin key by an operator.
        RevokeAdminKey,
    }
}

asteroid_kernel::named_enum! {
    /// The outcome of an action.
    pub enum Outcome {
        /// The action succeeded.
        Done,
        /// The action was refused: a wrong password or code, an unknown contact, a disabled user.
        Refused,
        /// The action was not attempted because of a rate limit.
        Limited,
    }
}

/// An entry of the audit trail. It contains no secrets, and contacts in masked form only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// The event's id. Ids sort by time.
    pub id: AuditEventId,
    /// The time of the action.
    pub at: Timestamp,
    /// The action.
    pub action: Action,
    /// The outcome of the action.
    pub outcome: Outcome,
    /// The user whom the action concerns; [`None`] if not known.
    pub user: Option<UserId>,
    /// The contact in the request, [masked](Contact::masked); [`None`] if there was none.
    pub contact: Option<String>,
    /// The name of the operator who acted; [`None`] if the user or the server itself acted.
    pub operator: Option<String>,
    /// The address and the client that the request came from.
    pub origin: Origin,
}

impl AuditEvent {
    /// Creates an event at `now`, without user, contact and operator.
    #[must_use]
    pub fn new(
        action: Action,
        outcome: Outcome,
        origin: &Origin,
        now: Timestamp,
        randomness: &dyn Randomness,
    ) -> Self {
        Self {
            id: AuditEventId::new(now, randomness),
            at: now,
            action,
            outcome,
            user: None,
            contact: None,
            operator: None,
            origin: origin.clone(),
        }
    }

    /// Sets the user whom the action concerns.
    #[must_use]
    pub fn of_user(mut self, user: Option<UserId>) -> Self {
        self.user = user;
        self
    }

    /// Sets the contact, which is masked.
    #[must_use]
    pub fn with_contact(mut self, contact: &Contact) -> Self {
        self.contact = Some(contact.masked());
        self
    }

    /// Sets the operator who acted.
    #[must_use]
    pub fn by_operator(mut self, name: &str) -> Self {
        self.operator = Some(name.to_owned());
        self
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use asteroid_kernel::Region;
    use asteroid_kernel::mocks::CountingRandomness;

    use super::*;

    #[test]
    fn a_stored_action_is_read_back_by_its_name() {
        let names: BTreeSet<&str> = Action::ALL.into_iter().map(Action::as_str).collect();
        let expected = BTreeSet::from([
            "register",
            "send_code",
            "verify_code",
            "sign_in",
            "sign_out",
            "change_password",
            "forgot_password",
            "reset_password",
            "accept_terms",
            "publish_terms",
            "import",
            "retry_message",
            "retire_key",
            "create_user",
            "edit_user",
            "disable_user",
            "enable_user",
            "unlock_user",
            "require_reset",
            "set_password",
            "revoke_sessions",
            "grant_admin",
            "revoke_admin",
            "export_user",
            "delete_user",
            "create_admin_key",
            "revoke_admin_key",
        ]);
        assert_eq!(names, expected);
        for action in Action::ALL {
            assert_eq!(Action::parse(action.as_str()), Some(action));
        }
        assert_eq!(Action::parse("SignIn"), None);
    }

    #[test]
    fn a_stored_outcome_is_read_back_by_its_name() {
        assert_eq!(Outcome::ALL.map(Outcome::as_str), ["done", "refused", "limited"]);
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::parse(outcome.as_str()), Some(outcome));
        }
        assert_eq!(Outcome::parse("failed"), None);
    }

    #[test]
    fn an_event_names_its_user_and_masks_its_contact() {
        let (now, randomness) = (Timestamp::from_micros(7), CountingRandomness::default());
        let contact = Contact::parse("george@example.com", Region::US).expect("a contact");
        let event = AuditEvent::new(Action::SignIn, Outcome::Refused, &Origin::default(), now, &randomness);
        assert_eq!((event.at, event.user, &event.contact), (now, None, &None));
        assert_eq!(event.operator, None);
        let event = event.of_user(Some(UserId(25))).with_contact(&contact).by_operator("root");
        assert_eq!((event.user, event.contact.as_deref()), (Some(UserId(25)), Some("g…e@example.com")));
        assert_eq!(event.operator.as_deref(), Some("root"));
    }
}
