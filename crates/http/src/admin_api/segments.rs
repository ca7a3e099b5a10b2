//! Parameters of paths, and what is not found.

use std::str::FromStr;

use asteroid_clients::PracticeId;
use asteroid_kernel::{MessageId, SessionId, StorageError, UserId};
use asteroid_terms::VersionLabel;

use crate::admin::error::{AdminError, AdminSurface};
use crate::core::openapi::{Description, SharedResponse};
use crate::core::{ApiError, HttpContext, Input, UseCaseTimeout};

/// The user in the path. A malformed id is answered 404.
pub(super) struct UserSegment(pub(super) UserId);

/// The session in the path.
pub(super) struct SessionSegment(pub(super) SessionId);

/// The practice in the path.
pub(super) struct PracticeSegment(pub(super) PracticeId);

/// The version of the terms in the path.
pub(super) struct VersionSegment(pub(super) VersionLabel);

/// The message in the path.
pub(super) struct MessageSegment(pub(super) MessageId);

fn segment<T: FromStr, U: 'static>(context: &HttpContext<U>, name: &str) -> Result<T, AdminError> {
    Ok(context.segment(name).parse().map_err(|_| ApiError::NotFound)?)
}

macro_rules! segments {
    ($($segment:ident = $name:literal, $read:expr;)+) => { $(
        impl<U: 'static> Input<AdminSurface, U> for $segment {
            async fn extract(context: &mut HttpContext<U>) -> Result<Self, AdminError> {
                segment(context, $name).map($read).map(Self)
            }

            fn describe(description: &mut Description<'_, AdminSurface>) {
                description.may_answer(SharedResponse::NotFound);
            }
        }
    )+ };
}

segments! {
    UserSegment = "id", UserId;
    PracticeSegment = "practice", PracticeId;
    SessionSegment = "session", |id: SessionId| id;
    MessageSegment = "id", |id: MessageId| id;
}

impl<U: 'static> Input<AdminSurface, U> for VersionSegment {
    async fn extract(context: &mut HttpContext<U>) -> Result<Self, AdminError> {
        Ok(Self(VersionLabel::parse(context.segment("version")).map_err(|_| ApiError::NotFound)?))
    }

    fn describe(description: &mut Description<'_, AdminSurface>) {
        description.may_answer(SharedResponse::NotFound);
    }
}

/// What a use case found; 404 for nothing.
pub(super) fn found<T>(
    outcome: Result<Result<Option<T>, StorageError>, UseCaseTimeout>,
) -> Result<T, AdminError> {
    outcome.map_err(ApiError::from)?.map_err(ApiError::from)?.ok_or_else(|| ApiError::NotFound.into())
}
