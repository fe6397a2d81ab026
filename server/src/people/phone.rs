//! Telephone numbers of our own people: found again where a customer's should stand.

use super::model::PeopleError;
use super::sql::record;
use crate::app::App;
use crate::audit::{Detail, EntryKind};
use crate::auth::AdminAuth;
use crate::complaints::model::phone_digits;
use crate::pages::{PageRoutes, Policy, Posted, see_other};
use crate::people::Role;
use crate::problem::Problem;
use crate::routing::post;
use crate::routing::routes;
use crate::store::{StoreError, Tx, statement};
use crate::wire::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sync_core::ids::PersonId;
use sync_core::time::Timestamp;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(replace_phone))
}

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/people/{person_id}/phone", Policy::Roles(&[Role::Administrator]), post(set_on_page))
}

/// Whether one of our people has this number: its last eleven digits.
pub async fn has_phone(tx: &mut Tx, digits: &str) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT person_id FROM people WHERE phone_digits = $1 LIMIT 1";
    let found: Option<String> = statement(SQL).bind(digits).value_if_any(tx).await?;
    Ok(found.is_some())
}

/// The number of a person, as it was given; empty: none.
pub(super) async fn phone_of(tx: &mut Tx, person: PersonId) -> Result<String, StoreError> {
    const SQL: &str = "SELECT phone FROM people WHERE person_id = $1";
    let found: Option<Option<String>> = statement(SQL).bind(person.to_string()).value_if_any(tx).await?;
    Ok(found.flatten().unwrap_or_default())
}

async fn set_phone(
    tx: &mut Tx,
    person: PersonId,
    phone: &str,
    by: Option<PersonId>,
    now: Timestamp,
) -> Result<(), PeopleError> {
    const SQL: &str =
        "UPDATE people SET phone = $2, phone_digits = $3, version = version + 1 WHERE person_id = $1";
    let phone = Some(phone.trim()).filter(|phone| !phone.is_empty());
    let digits = phone.and_then(phone_digits);
    let is_one = phone.is_none_or(|phone| phone.chars().count() <= 40 && digits.is_some());
    if !is_one {
        return Err(PeopleError::Invalid {
            field: "phone",
            expected: "7 digits or more, at most 40 characters",
        });
    }
    let changed = statement(SQL).bind(person.to_string()).bind(phone).bind(digits).execute(tx).await?;
    if changed == 0 {
        return Err(PeopleError::Unknown { who: person.to_string() });
    }
    let detail = Detail::new().with("changed", "phone");
    record(tx, EntryKind::PERSON_CHANGED, person, by, now, detail).await?;
    Ok(())
}

/// A telephone number.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReplacePhone {
    /// Empty: none.
    #[schema(max_length = 40)]
    phone: String,
}

/// Sets the telephone number of a person. Complaints that name it as the customer's are flagged from then on.
#[utoipa::path(put, path = "/v1/people/{person_id}/phone", tag = "people", request_body = ReplacePhone,
    security(("session" = ["administrator"])), params(("person_id" = String, Path, format = "uuid")),
    responses((status = NO_CONTENT), (status = NOT_FOUND, description = "person-unknown"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn replace_phone(
    State(app): State<App>,
    admin: AdminAuth,
    Path(person_id): Path<PersonId>,
    Body(body): Body<ReplacePhone>,
) -> Result<StatusCode, Problem> {
    let mut tx = app.store.write().await?;
    set_phone(&mut tx, person_id, &body.phone, admin.actor(), app.clock.now()).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize)]
struct PhoneForm {
    #[serde(default)]
    phone: String,
}

async fn set_on_page(
    State(app): State<App>,
    Path(id): Path<PersonId>,
    posted: Posted<PhoneForm>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let mut tx = app.store.write().await?;
    if let Err(error) = set_phone(&mut tx, id, &form.phone, viewer.office.actor(), app.clock.now()).await {
        drop(tx);
        return super::pages::refused(&app, viewer, id, error.into()).await;
    }
    tx.commit().await?;
    Ok(see_other(&format!("/people/{id}"), Some("person-changed")))
}
