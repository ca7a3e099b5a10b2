use actix_web::HttpResponse;
use asteroid_application::ports::{
    CodeRequests, CodeVerifications, CodeVersion, PasswordChanges, PasswordResetRequests, PasswordResets,
    Profiles, Registrations, Sessions, SignIns,
};
use asteroid_kernel::SessionId;

use super::bodies::{
    ChangePasswordBody, ForgotPasswordBody, LoginBody, RegisterBody, ResetPasswordBody, SendCodesBody,
    VerifyCodeBody,
};
use super::error::{AuthError, UnauthorizedReply};
use super::form::read;
use super::replies::{self, EmptyReply, MeReply, SessionsReply, TokenReply};
use crate::core::{ApiError, HttpContext};

type Answer = Result<HttpResponse, AuthError>;

/// Register
///
/// Start the registration process for a new user. The user must submit either a phone number or an email, but not
/// both. A verification message is sent there; upon successful verification, the new user is created.
#[utoipa::path(
    post, path = "/v1/auth/register", tag = "Authentication",
    request_body(content = RegisterBody, example = json!({
        "first_name": "george", "last_name": "washington", "phone": "555-665-4345", "type": "personal",
        "password": "IWasTheFirstPrez1776", "password_confirmation": "IWasTheFirstPrez1776",
    })),
    responses((status = 200, description = "The code is on its way", body = EmptyReply))
)]
pub(super) async fn register<A: Registrations>(mut context: HttpContext<A>) -> Answer {
    let body: RegisterBody = read(&mut context).await?;
    let request = body.into_request(context.origin());
    context.call(|accounts| accounts.register(request)).await??;
    Ok(replies::done())
}

/// Login
///
/// Login with either an email address or a phone number.
#[utoipa::path(
    post, path = "/v1/auth/login", tag = "Authentication",
    request_body(content = LoginBody, example = json!({
        "contact": "george.washington@example.com", "password": "5VphcVNdGhJi",
    })),
    responses(
        (status = 200, description = "A new session", body = TokenReply),
        (status = 401, description = "Wrong contact or password", body = UnauthorizedReply, example = json!({
            "data": {"code": "AUTHENTICATION_FAILED", "error": "Invalid Credentials", "more": {}},
        })),
    )
)]
pub(super) async fn login<A: SignIns>(mut context: HttpContext<A>) -> Answer {
    let body: LoginBody = read(&mut context).await?;
    let request = body.into_request(context.origin());
    let signed_in = context.call(|accounts| accounts.sign_in(request)).await??;
    Ok(replies::ok(&TokenReply::from(signed_in)))
}

/// Logout
///
/// Ends the session that asks.
#[utoipa::path(
    post, path = "/v1/auth/logout", tag = "Sessions", security(("bearer" = [])),
    responses((status = 204, description = "The session is over"))
)]
pub(super) async fn logout<A: Sessions>(mut context: HttpContext<A>) -> Answer {
    let caller = context.caller().await?;
    let origin = context.origin();
    context.call(|accounts| accounts.sign_out(caller, origin)).await??;
    Ok(replies::no_content())
}

/// Me
///
/// Get the currently logged in user's information.
#[utoipa::path(
    get, path = "/v1/auth/me", tag = "Authentication", security(("bearer" = [])),
    responses((status = 200, description = "The user", body = MeReply))
)]
pub(super) async fn me<A: Sessions + Profiles>(mut context: HttpContext<A>) -> Answer {
    let caller = context.caller().await?;
    let profile = context.call(|accounts| accounts.profile(caller)).await??;
    let profile = profile.ok_or(ApiError::Unauthenticated { token_sent: true })?;
    Ok(replies::ok(&MeReply::new(&profile, context.settings().default_region)))
}

/// Change Password
///
/// Change the user's password. Every other session of the user ends.
#[utoipa::path(
    put, path = "/v1/auth/password/change", tag = "Authentication", security(("bearer" = [])),
    request_body(content = ChangePasswordBody, example = json!({
        "existing_password": "oldpassword", "new_password": "newpassword",
        "new_password_confirmation": "newpassword",
    })),
    responses(
        (status = 200, description = "The password is changed", body = EmptyReply),
        (status = 401, description = "Wrong existing password, or no valid access token", body = UnauthorizedReply,
            example = json!({
                "data": {"code": "INVALID_EXISTING_PASSWORD", "error": "Invalid existing password", "more": {}},
            })),
    )
)]
pub(super) async fn change_password<A: Sessions + PasswordChanges>(mut context: HttpContext<A>) -> Answer {
    let caller = context.caller().await?;
    let body: ChangePasswordBody = read(&mut context).await?;
    let request = body.into_request(caller, context.origin());
    context.call(|accounts| accounts.change_password(request)).await??;
    Ok(replies::done())
}

/// Forgot Password
///
/// Send an email or text message to the user containing a verification code. The verification code can then be used
/// in combination with the email or phone number to reset the user's password. The answer does not tell whether
/// there is such a user.
#[utoipa::path(
    post, path = "/v1/auth/password/forgot", tag = "Authentication",
    request_body(content = ForgotPasswordBody, example = json!({"contact": "george.washington@gmail.com"})),
    responses((status = 200, description = "The code is on its way, if there is such a user", body = EmptyReply))
)]
pub(super) async fn forgot_password<A: PasswordResetRequests>(mut context: HttpContext<A>) -> Answer {
    let body: ForgotPasswordBody = read(&mut context).await?;
    let request = body.into_request(context.origin());
    context.call(|accounts| accounts.forgot_password(request)).await??;
    Ok(replies::done())
}

/// Reset Password
///
/// Reset the user's password. This endpoint is to be used after calling the Forgot Password endpoint. The code is
/// the verification code that was sent to the user via either text message or email. Every session of the user ends.
#[utoipa::path(
    put, path = "/v1/auth/password/reset", tag = "Authentication",
    request_body(content = ResetPasswordBody, example = json!({
        "contact": "george.washington@gmail.com", "code": "12345",
        "password": "5VphcVNdGhJi", "password_confirmation": "5VphcVNdGhJi",
    })),
    responses(
        (status = 200, description = "The password is set", body = EmptyReply),
        (status = 401, description = "Wrong code", body = UnauthorizedReply, example = json!({
            "data": {"code": "INVALID_CODE", "error": "Invalid CODE", "more": {}},
        })),
    )
)]
pub(super) async fn reset_password<A: PasswordResets>(mut context: HttpContext<A>) -> Answer {
    let body: ResetPasswordBody = read(&mut context).await?;
    let request = body.into_request(context.origin());
    context.call(|accounts| accounts.reset_password(request)).await??;
    Ok(replies::done())
}

/// Send Verification Code
///
/// Send a verification code to the user's email address or cell phone number. This code can then be used when making
/// the call to Verify Verification Code. The answer does not tell whether there is such a user.
#[utoipa::path(
    post, path = "/v1/auth/verification_codes/send", tag = "Authentication",
    request_body(content = SendCodesBody, example = json!({
        "email": "george.washington@example.com", "phone": "555-555-5555",
    })),
    responses((status = 204, description = "The codes are on their way, if there is such a user"))
)]
pub(super) async fn send_codes<A: CodeRequests>(context: HttpContext<A>) -> Answer {
    send(context, CodeVersion::V1).await
}

/// Send Autofill Verification Code
///
/// The same as version 1, with a 6-digit numeric code to support mobile devices autofilling the UI.
#[utoipa::path(
    post, path = "/v2/auth/verification_codes/send", tag = "Authentication",
    request_body(content = SendCodesBody, example = json!({
        "email": "george.washington@example.com", "phone": "555-555-5555",
    })),
    responses((status = 204, description = "The codes are on their way, if there is such a user"))
)]
pub(super) async fn send_autofill_codes<A: CodeRequests>(context: HttpContext<A>) -> Answer {
    send(context, CodeVersion::V2).await
}

async fn send<A: CodeRequests>(mut context: HttpContext<A>, version: CodeVersion) -> Answer {
    let body: SendCodesBody = read(&mut context).await?;
    let request = body.into_request(version, context.origin());
    context.call(|accounts| accounts.send_codes(request)).await??;
    Ok(replies::no_content())
}

/// Verify Verification Code
///
/// This endpoint is to be used after calling the Send Verification Code or the Register endpoint. The code and
/// contact authenticate the user to the provided email address or cell phone. The endpoint responds with an access
/// token and its associated expiration date.
#[utoipa::path(
    post, path = "/v1/auth/verification_codes/verify", tag = "Authentication",
    request_body(content = VerifyCodeBody, example = json!({
        "contact": "george.washington@gmail.com", "code": "12345",
    })),
    responses(
        (status = 200, description = "A new session", body = TokenReply),
        (status = 401, description = "Wrong code", body = UnauthorizedReply, example = json!({
            "data": {"code": "INVALID_CODE", "error": "Invalid CODE", "more": {}},
        })),
    )
)]
pub(super) async fn verify_code<A: CodeVerifications>(mut context: HttpContext<A>) -> Answer {
    let body: VerifyCodeBody = read(&mut context).await?;
    let request = body.into_request(context.origin());
    let signed_in = context.call(|accounts| accounts.verify_code(request)).await??;
    Ok(replies::ok(&TokenReply::from(signed_in)))
}

/// Sessions
///
/// The live sessions of the user, the newest first.
#[utoipa::path(
    get, path = "/v1/auth/sessions", tag = "Sessions", security(("bearer" = [])),
    responses((status = 200, description = "The sessions", body = SessionsReply))
)]
pub(super) async fn list_sessions<A: Sessions>(mut context: HttpContext<A>) -> Answer {
    let caller = context.caller().await?;
    let sessions = context.call(|accounts| accounts.list_sessions(caller)).await??;
    Ok(replies::ok(&SessionsReply::new(sessions, caller)))
}

/// End Session
///
/// Ends one of the user's sessions.
#[utoipa::path(
    delete, path = "/v1/auth/sessions/{id}", tag = "Sessions", security(("bearer" = [])),
    params(("id" = String, Path, description = "The id of the session", format = Uuid)),
    responses((status = 204, description = "The session is over"))
)]
pub(super) async fn end_session<A: Sessions>(mut context: HttpContext<A>) -> Answer {
    let caller = context.caller().await?;
    let session: SessionId = context.segment("id").parse().map_err(|_| ApiError::NotFound)?;
    let origin = context.origin();
    let was_there = context.call(|accounts| accounts.revoke_session(caller, session, origin)).await??;
    if was_there { Ok(replies::no_content()) } else { Err(ApiError::NotFound.into()) }
}

/// End Other Sessions
///
/// Ends all of the user's sessions but the one that asks.
#[utoipa::path(
    delete, path = "/v1/auth/sessions", tag = "Sessions", security(("bearer" = [])),
    responses((status = 204, description = "The other sessions are over"))
)]
pub(super) async fn end_other_sessions<A: Sessions>(mut context: HttpContext<A>) -> Answer {
    let caller = context.caller().await?;
    let origin = context.origin();
    context.call(|accounts| accounts.revoke_other_sessions(caller, origin)).await??;
    Ok(replies::no_content())
}
