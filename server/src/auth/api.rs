//! The token endpoint: an assertion for an access token (OAuth 2.0, RFC 7523).
//!
//! Devices need it for uploads only: an exchange takes an assertion itself and brings a token back.

use super::{assertion, issue_access_token};
use crate::app::App;
use crate::problem::{self, Problem};
use crate::routing::routes;
use axum::Json;
use axum::extract::{Form, State};
use axum::http::header;
use axum::response::{AppendHeaders, IntoResponse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

/// Routes of this capability.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(create_token))
}

/// A token request (RFC 6749, RFC 7523).
#[derive(Deserialize, ToSchema)]
struct TokenRequest {
    /// `client_credentials`
    grant_type: String,
    /// `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`
    client_assertion_type: String,
    /// JWT signed by the device: `alg` EdDSA, `typ` `client-authentication+jwt`, `iss` and `sub` the device id,
    /// `aud` the server id, `iat`, `exp`, `jti`, and `nonce` if one was given.
    #[schema(max_length = 4096)]
    client_assertion: String,
}

/// An access token.
#[derive(Serialize, ToSchema)]
struct TokenAnswer {
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds.
    expires_in: u64,
}

/// Gives a device a new access token for its assertion.
#[utoipa::path(post, path = "/v1/token", tag = "devices",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = OK, body = TokenAnswer), (status = UNAUTHORIZED, description = "token-invalid, nonce-needed"),
        (status = FORBIDDEN, description = "device-revoked, device-suspended, technician-role-missing")))]
async fn create_token(
    State(app): State<App>,
    Form(request): Form<TokenRequest>,
) -> Result<impl IntoResponse, Problem> {
    const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    if request.grant_type != "client_credentials" || request.client_assertion_type != ASSERTION {
        return Err(Problem::new(&problem::GRANT_UNKNOWN));
    }
    if request.client_assertion.len() > super::AUTHORIZATION_BYTES_MAX {
        return Err(Problem::new(&problem::TOKEN_INVALID));
    }
    let device = assertion::take(&app, &request.client_assertion).await;
    let device = device.map_err(|error| assertion::refuse(&app, error))?;
    if let Some(barred) = device.barred() {
        return Err(barred.into());
    }
    let (access_token, milliseconds) =
        issue_access_token(&app, device.device_id).map_err(Problem::internal)?;
    let answer = TokenAnswer { access_token, token_type: "Bearer", expires_in: milliseconds / 1000 };
    Ok((AppendHeaders([(header::CACHE_CONTROL, "no-store")]), Json(answer)))
}
