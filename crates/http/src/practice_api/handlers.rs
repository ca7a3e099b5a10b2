use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_TYPE, LINK};
use actix_web::web::{Bytes, Path};
use asteroid_application::ports::practice::{Clients, ClientsSeen, PracticeProfile, PracticeProfiles};
use asteroid_application::ports::{Caller, ReviewPasswordChange, ReviewPasswordChangeError};
use asteroid_clients::{ClientFilter, ClientKey, ExternalId, PracticeId};
use futures_util::stream;

use super::bodies::{AcceptTermsBody, SignInBody, UpdateUserBody};
use super::client::{ClientReply, ClientsReply};
use super::error::{FailureReply, InvalidReply, ParamErrors, PracticeApiError};
use super::gate::AcceptedTerms;
use super::listing::{self, BrokenOff, PAGE, Source};
use super::params::Params;
use super::query::{self, ListQuery, next_page};
use super::replies::{ProfileReply, SignInReply, SuccessReply, TermsReply, ok};
use super::{AccountUseCases, Ports, PracticeUseCases};
use crate::core::{ApiError, HttpContext};

type Answer = Result<HttpResponse, PracticeApiError>;

/// Login
///
/// Authenticate a user with their email and password and receive an authentication token that can be used with other
/// endpoints that retrieve user related data.
#[utoipa::path(
    post, path = "/users/sign_in", tag = "Users",
    request_body(content = SignInBody, example = json!({
        "user": {"email": "jeremy@test.com", "password": "5VphcVNdGhJi"},
    })),
    responses(
        (status = 200, description = "A new session", body = SignInReply),
        (status = 401, description = "Wrong email or password", body = FailureReply,
            example = json!({"error": "Invalid email or password."})),
    )
)]
pub(super) async fn sign_in<A: AccountUseCases, P: PracticeUseCases>(
    mut context: HttpContext<Ports<A, P>>,
) -> Answer {
    let params = Params::of(&mut context).await?;
    let body = SignInBody::read(&params, context.settings())?;
    let request = body.into_request(context.origin());
    let signed_in = context.call(|ports| ports.accounts.sign_in_signed(request)).await??;
    let profile = profile(&mut context, signed_in.caller, None).await?;
    Ok(ok(&SignInReply::new(&signed_in, profile)))
}

/// Logout
///
/// Ends the session that asks.
#[utoipa::path(
    delete, path = "/users/sign_out", tag = "Users", security(("bearer" = [])),
    responses((status = 204, description = "The session is over"))
)]
pub(super) async fn sign_out<A: AccountUseCases, P: PracticeUseCases>(
    mut context: HttpContext<Ports<A, P>>,
) -> Answer {
    let caller = context.caller_of(Ports::accounts).await?;
    let origin = context.origin();
    context.call(|ports| ports.accounts.sign_out(caller, origin)).await??;
    Ok(HttpResponse::NoContent().finish())
}

/// Change Password
///
/// Change a user's password with their current password, new password, and new password confirmation. Every other
/// session of the user ends.
#[utoipa::path(
    put, path = "/users", tag = "Users", security(("bearer" = [])),
    request_body(content = UpdateUserBody, example = json!({
        "user": {
            "current_password": "oldpassword", "password": "newpassword", "password_confirmation": "newpassword",
        },
    })),
    responses(
        (status = 200, description = "The password is changed", body = ProfileReply),
        (status = 422, description = "All that is wrong with it", body = InvalidReply, example = json!({
            "errors": {
                "password_confirmation": ["can't be blank"],
                "password": ["should be different than your current password"],
                "current_password": ["can't be blank", "is invalid"],
            },
        })),
    )
)]
pub(super) async fn update_user<A: AccountUseCases, P: PracticeUseCases>(
    mut context: HttpContext<Ports<A, P>>,
) -> Answer {
    let caller = context.caller_of(Ports::accounts).await?;
    let params = Params::of(&mut context).await?;
    let body = UpdateUserBody::read(&params);
    let request = body.to_request(caller, context.origin());
    review(&mut context, request, &body).await?;
    Ok(ok(&ProfileReply::from(profile(&mut context, caller, None).await?)))
}

async fn review<A: AccountUseCases, P: PracticeUseCases>(
    context: &mut HttpContext<Ports<A, P>>,
    request: ReviewPasswordChange,
    body: &UpdateUserBody,
) -> Result<(), PracticeApiError> {
    let reviewed = context.call(|ports| ports.accounts.review_password_change(request)).await?;
    reviewed.map_err(|error| match error {
        ReviewPasswordChangeError::Refused(review) => PracticeApiError::Invalid(body.errors(&review)),
        ReviewPasswordChangeError::TooManyAttempts { retry_after } => {
            ApiError::TooManyRequests { retry_after }.into()
        }
        ReviewPasswordChangeError::Hashing(error) => PracticeApiError::ApiError(error.into()),
        ReviewPasswordChangeError::Storage(error) => error.into(),
    })
}

/// User Info
///
/// Get information about a user.
#[utoipa::path(
    get, path = "/users/current", tag = "Users", security(("bearer" = [])),
    params(("practiceId" = Option<i64>, Query,
        description = "One of the user's practices; the one that the user was first in if not given.")),
    responses((status = 200, description = "The user", body = ProfileReply))
)]
pub(super) async fn current_user<A: AccountUseCases, P: PracticeUseCases>(
    mut context: HttpContext<Ports<A, P>>,
) -> Answer {
    let caller = context.caller_of(Ports::accounts).await?;
    let practice = query::practice(context.request())?;
    Ok(ok(&ProfileReply::from(profile(&mut context, caller, practice).await?)))
}

async fn profile<A: 'static, P: PracticeProfiles>(
    context: &mut HttpContext<Ports<A, P>>,
    caller: Caller,
    practice: Option<PracticeId>,
) -> Result<PracticeProfile, PracticeApiError> {
    let profile = context.call(|ports| ports.practices.practice_profile(caller, practice)).await??;
    let profile = profile.ok_or(ApiError::Unauthenticated { token_sent: true })?;
    if practice.is_some() && profile.membership.is_none() {
        return Err(PracticeApiError::Invalid(ParamErrors::of(
            query::PRACTICE,
            "is not one of your practices",
        )));
    }
    Ok(profile)
}

/// Terms
///
/// The terms in force, and whether the user accepted them.
#[utoipa::path(
    get, path = "/terms", tag = "Terms", security(("bearer" = [])),
    responses((status = 200, description = "The terms", body = TermsReply))
)]
pub(super) async fn show_terms<A: AccountUseCases, P: PracticeUseCases>(
    mut context: HttpContext<Ports<A, P>>,
) -> Answer {
    let caller = context.caller_of(Ports::accounts).await?;
    let status = context.call(|ports| ports.practices.terms_status(caller)).await??;
    Ok(ok(&TermsReply::from(status.ok_or(ApiError::NotFound)?)))
}

/// Accept Terms for API use
///
/// Accept terms and conditions so the user can access a greater number of API endpoints. Accepting again changes
/// nothing.
#[utoipa::path(
    post, path = "/terms", tag = "Terms", security(("bearer" = [])),
    params(("terms[accept]" = Option<bool>, Query, description = "Accept terms for user; true if not given.")),
    request_body(content = AcceptTermsBody, example = json!({"terms": {"accept": true}})),
    responses(
        (status = 200, description = "They are accepted", body = SuccessReply),
        (status = 422, description = "They are not", body = InvalidReply,
            example = json!({"errors": {"accept": ["must be accepted"]}})),
    )
)]
pub(super) async fn accept_terms<A: AccountUseCases, P: PracticeUseCases>(
    mut context: HttpContext<Ports<A, P>>,
) -> Answer {
    let caller = context.caller_of(Ports::accounts).await?;
    let params = Params::of(&mut context).await?;
    AcceptTermsBody::read(&params)?;
    let origin = context.origin();
    context.call(|ports| ports.practices.accept_terms(caller, origin)).await??;
    Ok(ok(&SuccessReply::DONE))
}

/// Get All Clients
///
/// To a user who is a client: that client. To the practice's staff: all clients of the practice, as an array, ordered
/// by their ids within each source; deleted ones are among them only if asked for by `status` or `updatedSince`.
///
/// **Must accept terms before using this endpoint.**
#[utoipa::path(
    get, path = "/clients", tag = "Clients", security(("bearer" = [])),
    params(
        ("practiceId" = Option<i64>, Query,
            description = "Those of this one of the user's practices; of the one that the user was first in if not given."),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 1000,
            description = "At most so many, as one page; the answer's `Link` says where the next one is."),
        ("after" = Option<String>, Query, description = "Those behind the end of an earlier page."),
        ("status" = Option<String>, Query, pattern = "^(active|inactive|deleted)$",
            description = "Those that are `active`, `inactive` or `deleted`."),
        ("updatedSince" = Option<String>, Query, format = DateTime,
            description = "Those changed at this time or later, deleted ones among them."),
        ("q" = Option<String>, Query, min_length = 1, max_length = 100,
            description = "Those whose name, email address or phone number begins so; a phone number with or without \
                its calling code, however it is written."),
    ),
    responses(
        (status = 200, description = "A client to itself, or all to the staff", body = ClientsReply<'_>,
            headers(("Link" = String, description = "Where the next page is (RFC 8288), if there is one"))),
    )
)]
pub(super) async fn list_clients<A: AccountUseCases, P: PracticeUseCases>(
    gate: AcceptedTerms<A, P>,
) -> Answer {
    let proof = gate.proof();
    let mut context = gate.into_exchange();
    let region = context.settings().default_region;
    let ListQuery { wanted, after, limit } = ListQuery::read(context.request(), region)?;
    let seen = context.call(|ports| ports.practices.look_at_clients(proof, wanted)).await??;
    match (seen, limit) {
        (ClientsSeen::Own(client), _) => Ok(ok(&ClientsReply::own(&client))),
        (ClientsSeen::All(filter), Some(limit)) => page(context, filter, after, limit).await,
        (ClientsSeen::All(filter), None) => all(context, filter, after).await,
    }
}

/// One page, and where the next one is.
async fn page<A: 'static, P: Clients>(
    mut context: HttpContext<Ports<A, P>>,
    filter: ClientFilter,
    after: Option<ClientKey>,
    limit: usize,
) -> Answer {
    // One more, to know whether there is more.
    let asked = limit + 1;
    let mut clients = context.call(|ports| ports.practices.next_clients(filter, after, asked)).await??;
    let is_last = clients.len() <= limit;
    clients.truncate(limit);
    let mut response = ok(&ClientsReply::all(&clients));
    if let Some(last) = clients.last().filter(|_| !is_last) {
        let link = format!("<{}>; rel=\"next\"", next_page(context.request(), &last.record.key));
        let link = link.parse().expect("a path and a query are visible ASCII characters");
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}

/// All of them. What goes wrong with the first page is answered; after that, the answer breaks off.
async fn all<A: 'static, P: Clients>(
    mut context: HttpContext<Ports<A, P>>,
    filter: ClientFilter,
    after: Option<ClientKey>,
) -> Answer {
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, "application/json; charset=utf-8"));
    // Nothing is read for a body that is not sent.
    if context.request().method() == Method::HEAD {
        return Ok(response.streaming(stream::empty::<Result<Bytes, BrokenOff>>()));
    }
    let wanted = filter.clone();
    let first = context.call(|ports| ports.practices.next_clients(wanted, after, PAGE)).await??;
    let practices = Arc::clone(&context.use_cases().practices);
    let source = Source { practices, filter, patience: context.settings().handler_timeout };
    Ok(response.streaming(listing::write(source, first)))
}

/// Get One Client
///
/// To a user who is a client: that client alone. To the practice's staff: any client of the practice.
///
/// **Must accept terms before using this endpoint.**
#[utoipa::path(
    get, path = "/clients/{clientId}", tag = "Clients", security(("bearer" = [])),
    params(
        ("clientId" = String, Path, description = "The client's id in its source"),
        ("practiceId" = Option<i64>, Query,
            description = "One of the user's practices; the one that the user was first in if not given."),
    ),
    responses((status = 200, description = "The client", body = ClientReply<'_>))
)]
pub(super) async fn show_client<A: AccountUseCases, P: PracticeUseCases>(
    id: Path<String>,
    gate: AcceptedTerms<A, P>,
) -> Answer {
    let id = ExternalId::parse(&id).map_err(|_| ApiError::NotFound)?;
    let proof = gate.proof();
    let mut context = gate.into_exchange();
    let practice = query::practice(context.request())?;
    let client = context.call(|ports| ports.practices.find_client(proof, practice, id)).await??;
    Ok(ok(&ClientReply::from(&client)))
}
