use std::fmt;

use asteroid_kernel::UserId;

use crate::{ClientKey, ExternalId, PracticeId, SourceId};

/// A role of a user in a practice, by name: `client`, `staff`, `admin`, or another one that the practice defines.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Role(String);

impl Role {
    /// Creates a role of this name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name of the role.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether users of this role see all clients of the practice: `staff` and `admin`.
    #[must_use]
    pub fn is_staff(&self) -> bool {
        ["staff", "admin"].contains(&self.0.as_str())
    }

    /// Whether users of this role are clients of the practice: `client`.
    #[must_use]
    pub fn is_client(&self) -> bool {
        self.0 == "client"
    }
}

/// A user's API key for Google services. It is passed on unchanged. [`Debug`](fmt::Debug) does not print it.
#[derive(Clone, PartialEq, Eq)]
pub struct GoogleApiKey(String);

impl GoogleApiKey {
    /// Wraps a key.
    #[must_use]
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    /// The key in plain text, for its user and for storage.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for GoogleApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GoogleApiKey(..)")
    }
}

/// The membership of a user in a practice. A user may be a member of several practices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The user.
    pub user: UserId,
    /// The practice.
    pub practice: PracticeId,
    /// The source of the practice's records.
    pub source: SourceId,
    /// The default role of the user.
    pub primary_role: Role,
    /// All roles of the user.
    pub roles: Vec<Role>,
    /// The id of the client that the user is; [`None`] if the user is not a client.
    pub client: Option<ExternalId>,
    /// The user's API key for Google services; [`None`] if there is none.
    pub google_api_key: Option<GoogleApiKey>,
}

/// The clients of a practice that a user may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientAccess {
    /// All clients of this practice.
    All(PracticeId),
    /// This client of this practice only.
    Own(PracticeId, ClientKey),
    /// No client.
    Nothing,
}

impl Membership {
    /// The clients that the user may see: all for staff, the own record for a client, otherwise none.
    #[must_use]
    pub fn access(&self) -> ClientAccess {
        if self.roles.iter().any(Role::is_staff) {
            return ClientAccess::All(self.practice);
        }
        match &self.client {
            Some(id) if self.roles.iter().any(Role::is_client) => {
                ClientAccess::Own(self.practice, ClientKey { source: self.source, id: id.clone() })
            }
            _ => ClientAccess::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn membership(roles: &[&str], client: Option<&str>) -> Membership {
        Membership {
            user: UserId(25),
            practice: PracticeId(1),
            source: SourceId(7),
            primary_role: Role::new("pet"),
            roles: roles.iter().copied().map(Role::new).collect(),
            client: client.map(|id| ExternalId::parse(id).expect("an id")),
            google_api_key: None,
        }
    }

    fn access(roles: &[&str], client: Option<&str>) -> ClientAccess {
        membership(roles, client).access()
    }

    #[test]
    fn staff_sees_all_clients_a_client_its_own_record_and_any_other_role_nothing() {
        let own = ClientKey { source: SourceId(7), id: ExternalId::parse("1").expect("an id") };
        assert_eq!(access(&["client"], Some("1")), ClientAccess::Own(PracticeId(1), own));
        assert_eq!(access(&["staff"], None), ClientAccess::All(PracticeId(1)));
        assert_eq!(access(&["client", "admin"], Some("1")), ClientAccess::All(PracticeId(1)));
        assert_eq!(access(&["client"], None), ClientAccess::Nothing);
        assert_eq!(access(&[], Some("1")), ClientAccess::Nothing);
        assert_eq!(access(&["Staff", "groomer"], Some("1")), ClientAccess::Nothing);
    }

    #[test]
    fn a_role_has_the_name_that_the_practice_gives_it() {
        assert_eq!(Role::new("groomer").as_str(), "groomer");
    }

    #[test]
    fn a_google_api_key_is_not_printed() {
        let key = GoogleApiKey::new("AIzaSyLooksLikeOne");
        assert_eq!((key.expose(), format!("{key:?}")), ("AIzaSyLooksLikeOne", "GoogleApiKey(..)".to_owned()));
        let membership = Membership { google_api_key: Some(key), ..membership(&["client"], Some("1")) };
        let (plain, pretty) = (format!("{membership:?}"), format!("{membership:#?}"));
        assert!(plain.contains("google_api_key: Some(GoogleApiKey(..))"), "{plain}");
        assert!(!plain.contains("AIza") && !pretty.contains("AIza"), "{pretty}");
    }
}
