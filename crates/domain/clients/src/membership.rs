use std::fmt;

use asteroid_kernel::UserId;

use crate::{ClientKey, ExternalId, PracticeId, SourceId};

/// What a user is in a practice, by name: `client`, `staff`, `admin`, or another that the practice has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Role(String);

impl Role {
    /// A role by its name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it lets its holder see all clients of the practice.
    #[must_use]
    pub fn is_staff(&self) -> bool {
        ["staff", "admin"].contains(&self.0.as_str())
    }

    /// Whether its holder is a client of the practice.
    #[must_use]
    pub fn is_client(&self) -> bool {
        self.0 == "client"
    }
}

/// A key of a user's for Google's services. It is passed on as it is, and not shown on the way.
#[derive(Clone, PartialEq, Eq)]
pub struct GoogleApiKey(String);

impl GoogleApiKey {
    /// A key.
    #[must_use]
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    /// The key itself: for the user whose it is, and for the store.
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

/// That a user belongs to a practice. A user may belong to several: who is a client of two practices is one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Who.
    pub user: UserId,
    /// Where.
    pub practice: PracticeId,
    /// Where the practice's records come from.
    pub source: SourceId,
    /// The role that the user acts in first.
    pub primary_role: Role,
    /// Every role of the user.
    pub roles: Vec<Role>,
    /// The client that the user is, if any.
    pub client: Option<ExternalId>,
    /// The user's key for Google's services, if any.
    pub google_api_key: Option<GoogleApiKey>,
}

/// What of a practice's clients a user may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientAccess {
    /// All clients of this practice.
    All(PracticeId),
    /// The record of this client, and of this practice alone.
    Own(PracticeId, ClientKey),
    /// Nothing.
    Nothing,
}

impl Membership {
    /// What the user may see: staff sees all, a client its own record, anybody else nothing.
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
    fn staff_sees_all_a_client_itself_and_anybody_else_nothing() {
        let own = ClientKey { source: SourceId(7), id: ExternalId::parse("1").expect("an id") };
        assert_eq!(access(&["client"], Some("1")), ClientAccess::Own(PracticeId(1), own));
        assert_eq!(access(&["staff"], None), ClientAccess::All(PracticeId(1)));
        assert_eq!(access(&["client", "admin"], Some("1")), ClientAccess::All(PracticeId(1)));
        assert_eq!(access(&["client"], None), ClientAccess::Nothing);
        assert_eq!(access(&[], Some("1")), ClientAccess::Nothing);
        assert_eq!(access(&["Staff", "groomer"], Some("1")), ClientAccess::Nothing);
    }

    #[test]
    fn a_key_is_not_printed() {
        let key = GoogleApiKey::new("AIzaSyLooksLikeOne");
        assert_eq!((key.expose(), format!("{key:?}")), ("AIzaSyLooksLikeOne", "GoogleApiKey(..)".to_owned()));
        let membership = Membership { google_api_key: Some(key), ..membership(&["client"], Some("1")) };
        let (plain, pretty) = (format!("{membership:?}"), format!("{membership:#?}"));
        assert!(plain.contains("google_api_key: Some(GoogleApiKey(..))"), "{plain}");
        assert!(!plain.contains("AIza") && !pretty.contains("AIza"), "{pretty}");
    }
}
