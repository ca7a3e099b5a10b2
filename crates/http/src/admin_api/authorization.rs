//! Who calls: a program with an admin key, whose scopes allow what it asks for.

use std::marker::PhantomData;

use asteroid_application::Operator;
use asteroid_application::administration::{Administration, AuthenticateAdminKeyError};
use asteroid_identity::{AdminKey, AdminKeySecret, Scope};

use super::AdminApi;
use crate::admin::error::{AdminError, AdminSurface};
use crate::core::openapi::{Description, SharedResponse};
use crate::core::{ApiError, HttpContext, Input};

/// What an endpoint requires of the caller.
pub(super) trait RequiredScope {
    const SCOPE: Scope;
}

/// A program whose admin key has the scope. An endpoint with this input answers 401 without a live key, 403 to one without the
/// scope, and 429 to one that asks too often.
pub(super) struct Authorized<R> {
    key: AdminKey,
    pub(super) secret: AdminKeySecret,
    required: PhantomData<R>,
}

impl<R> Authorized<R> {
    /// The program as an operator.
    pub(super) fn operator<U: 'static>(&self, context: &HttpContext<U>) -> Operator {
        Operator { name: format!("key {}", self.key.name.as_str()), origin: context.origin() }
    }
}

macro_rules! required_scopes {
    ($($name:ident),+) => { $(
        pub(super) struct $name;

        impl RequiredScope for $name {
            const SCOPE: Scope = Scope::$name;
        }
    )+ };
}

required_scopes!(
    UsersRead,
    UsersWrite,
    AuditRead,
    OutboxRead,
    OutboxWrite,
    PracticesRead,
    TermsRead,
    TermsWrite
);

impl<R: RequiredScope + 'static, D: Administration> Input<AdminSurface, AdminApi<D>> for Authorized<R> {
    async fn extract(context: &mut HttpContext<AdminApi<D>>) -> Result<Self, AdminError> {
        let unknown = || ApiError::Unauthenticated { token_sent: true };
        let secret = AdminKeySecret::parse(context.bearer_token()?).ok_or_else(unknown)?;
        let sent = secret.clone();
        let found = context.call(|api| api.administration.authenticate_admin_key(sent)).await;
        let key = found.map_err(ApiError::from)?.map_err(|error| match error {
            AuthenticateAdminKeyError::Unauthenticated => unknown(),
            AuthenticateAdminKeyError::Storage(error) => error.into(),
        })?;
        context.use_cases().check_rate(key.id)?;
        if !key.scopes.contains(&R::SCOPE) {
            return Err(AdminError::MissingScope(R::SCOPE));
        }
        Ok(Self { key, secret, required: PhantomData })
    }

    fn describe(description: &mut Description<'_, AdminSurface>) {
        description.needs_scope(R::SCOPE.as_str());
        description.may_answer(SharedResponse::Forbidden);
        description.may_answer(SharedResponse::TooManyRequests);
    }
}
