//! Signing in and out, and people as administrators manage them.

use super::model::{Grant, NewPerson, PeopleError, Person, Role, check_password};
use super::{sign_in, sql};
use crate::app::App;
use crate::auth::{AdminAuth, ClientAddress, OfficeAuth};
use crate::problem::Problem;
use crate::routing::routes;
use crate::store::{StoreError, Tx};
use crate::wire::{Body, Page, PageQuery};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse};
use serde::{Deserialize, Serialize};
use sync_core::ids::PersonId;
use sync_core::time::Timestamp;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

/// Routes of this capability.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create_session))
        .routes(routes!(delete_current_session))
        .routes(routes!(read_me))
        .routes(routes!(list_people, create_person))
        .routes(routes!(read_person, update_person))
        .routes(routes!(replace_roles))
        .routes(routes!(replace_password))
        .merge(super::phone::routes())
        .routes(routes!(create_disablement, delete_disablement))
}

/// Name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignIn {
    /// Upper and lower case are the same.
    #[schema(max_length = 64)]
    login_name: String,
    #[schema(max_length = 256)]
    password: String,
}

/// A session that was opened.
#[derive(Serialize, ToSchema)]
struct SessionAnswer {
    /// For `Authorization: Session <token>`; shown once. Browsers use the cookie.
    token: String,
    /// When the session ends at the latest, Unix milliseconds.
    expires_at_ms: i64,
    person: PersonAnswer,
}

/// A person as others see them.
#[derive(Serialize, ToSchema)]
pub(crate) struct PersonAnswer {
    #[schema(value_type = String, format = "uuid")]
    person_id: PersonId,
    login_name: String,
    display_name: String,
    staff_number: String,
    /// Whether the person can sign in to the office.
    has_password: bool,
    /// When access was taken away, Unix milliseconds.
    disabled_at_ms: Option<i64>,
    roles: Vec<Grant>,
    /// For `If-Match`.
    version: i64,
}

impl From<Person> for PersonAnswer {
    fn from(person: Person) -> Self {
        Self {
            person_id: person.person_id,
            login_name: person.login_name,
            display_name: person.display_name,
            staff_number: person.staff_number,
            has_password: person.has_password,
            disabled_at_ms: person.disabled_at.map(Timestamp::unix_ms),
            roles: person.roles,
            version: person.version,
        }
    }
}

/// Signs in with name and password.
#[utoipa::path(post, path = "/v1/sessions", tag = "sessions", request_body = SignIn,
    responses((status = CREATED, body = SessionAnswer), (status = UNAUTHORIZED, description = "wrong name or password"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid"), (status = TOO_MANY_REQUESTS, description = "too many failures")))]
async fn create_session(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Body(body): Body<SignIn>,
) -> Result<impl IntoResponse, Problem> {
    let session = sign_in::sign_in(&app, address, &body.login_name, body.password).await?;
    let cookie = sign_in::cookie_of(&app, &session.token);
    let answer = SessionAnswer {
        token: session.token,
        expires_at_ms: session.expires_at.unix_ms(),
        person: session.person.into(),
    };
    let headers = [(header::SET_COOKIE, cookie), (header::CACHE_CONTROL, "no-store".to_owned())];
    Ok((StatusCode::CREATED, AppendHeaders(headers), Json(answer)))
}

/// Signs out: the session is over on every device that uses it.
#[utoipa::path(delete, path = "/v1/sessions/current", tag = "sessions", security(("session" = [])),
    responses((status = NO_CONTENT)))]
async fn delete_current_session(
    State(app): State<App>,
    office: OfficeAuth,
) -> Result<impl IntoResponse, Problem> {
    sign_in::sign_out(&app, &office).await?;
    let cookie = sign_in::no_cookie();
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(header::SET_COOKIE, cookie)])))
}

/// Who is signed in.
#[utoipa::path(get, path = "/v1/me", tag = "sessions", security(("session" = [])),
    responses((status = OK, body = PersonAnswer)))]
async fn read_me(State(app): State<App>, office: OfficeAuth) -> Result<Json<PersonAnswer>, Problem> {
    read(&app, office.person_id).await
}

async fn read(app: &App, person_id: PersonId) -> Result<Json<PersonAnswer>, Problem> {
    let person = sql::find(&mut app.store.read().await?, person_id).await?;
    let unknown = || PeopleError::Unknown { who: person_id.to_string() };
    Ok(Json(person.ok_or_else(unknown)?.into()))
}

/// People in the order of their login names.
#[utoipa::path(get, path = "/v1/people", tag = "people", params(PageQuery), security(("session" = ["administrator", "lead", "clerk"])),
    responses((status = OK, body = Page<PersonAnswer>)))]
async fn list_people(
    State(app): State<App>,
    office: OfficeAuth,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<PersonAnswer>>, Problem> {
    office.require(&[Role::Administrator, Role::Lead, Role::Clerk])?;
    let after: Option<String> = page.position()?;
    let limit = page.limit();
    let mut tx = app.store.read().await?;
    let people = sql::list(&mut tx, after.as_deref().unwrap_or(""), limit + 1).await?;
    Ok(Json(Page::cut(people, limit, |person| person.login_name.clone()).map(PersonAnswer::from)))
}

/// A person to be created.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreatePerson {
    #[schema(min_length = 1, max_length = 64)]
    login_name: String,
    #[schema(min_length = 1, max_length = 80)]
    display_name: String,
    #[serde(default)]
    #[schema(max_length = 40)]
    staff_number: String,
    #[serde(default)]
    roles: Vec<Grant>,
    /// Without one the person cannot sign in to the office.
    #[schema(min_length = 10, max_length = 256)]
    password: Option<String>,
}

/// Creates a person.
#[utoipa::path(post, path = "/v1/people", tag = "people", request_body = CreatePerson, security(("session" = ["administrator"])),
    responses((status = CREATED, body = PersonAnswer), (status = CONFLICT, description = "login-taken"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn create_person(
    State(app): State<App>,
    admin: AdminAuth,
    Body(body): Body<CreatePerson>,
) -> Result<(StatusCode, Json<PersonAnswer>), Problem> {
    let hash = match body.password {
        Some(password) => Some(hash_password(&app, password).await?),
        None => None,
    };
    let new = NewPerson {
        login_name: body.login_name,
        display_name: body.display_name,
        staff_number: body.staff_number,
        roles: body.roles,
    };
    let now = app.clock.now();
    let person_id = PersonId::from_entropy(now, app.entropy.bytes());
    let mut tx = app.store.write().await?;
    let mut person = sql::create(&mut tx, person_id, &new, admin.actor(), now).await?;
    if let Some(hash) = hash {
        sql::set_password(&mut tx, person_id, &hash, admin.actor(), now).await?;
        person = must_find(&mut tx, person_id).await?;
    }
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(person.into())))
}

async fn must_find(tx: &mut Tx, person_id: PersonId) -> Result<Person, StoreError> {
    sql::find(tx, person_id).await?.ok_or_else(|| StoreError::impossible("people", "person_id", person_id))
}

/// The hash of a password that may be one.
pub(super) async fn hash_password(app: &App, password: String) -> Result<String, Problem> {
    check_password(&password)?;
    let hash = app.passwords.hash(password, app.entropy.bytes()).await;
    hash.ok_or_else(|| Problem::internal("password could not be hashed"))
}

/// One person.
#[utoipa::path(get, path = "/v1/people/{person_id}", tag = "people", security(("session" = ["administrator", "lead", "clerk"])),
    params(("person_id" = String, Path, format = "uuid")),
    responses((status = OK, body = PersonAnswer), (status = NOT_FOUND, description = "person-unknown")))]
async fn read_person(
    State(app): State<App>,
    office: OfficeAuth,
    Path(person_id): Path<PersonId>,
) -> Result<Json<PersonAnswer>, Problem> {
    office.require(&[Role::Administrator, Role::Lead, Role::Clerk])?;
    read(&app, person_id).await
}

/// What others see of a person.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdatePerson {
    #[schema(min_length = 1, max_length = 80)]
    display_name: String,
    #[schema(max_length = 40)]
    staff_number: String,
}

/// Changes name and staff number. With `If-Match: "<version>"` only if nobody else changed the person meanwhile.
#[utoipa::path(put, path = "/v1/people/{person_id}", tag = "people", request_body = UpdatePerson, security(("session" = ["administrator"])),
    params(("person_id" = String, Path, format = "uuid")),
    responses((status = OK, body = PersonAnswer), (status = NOT_FOUND, description = "person-unknown"),
        (status = PRECONDITION_FAILED, description = "precondition-failed"), (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn update_person(
    State(app): State<App>,
    admin: AdminAuth,
    Path(person_id): Path<PersonId>,
    headers: HeaderMap,
    Body(body): Body<UpdatePerson>,
) -> Result<Json<PersonAnswer>, Problem> {
    let names = (body.display_name.as_str(), body.staff_number.as_str());
    let version = crate::wire::if_match(&headers)?;
    let mut tx = app.store.write().await?;
    let person = sql::update(&mut tx, person_id, names, version, admin.actor(), app.clock.now()).await?;
    tx.commit().await?;
    Ok(Json(person.into()))
}

/// All roles of a person.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReplaceRoles {
    #[schema(max_items = 50)]
    roles: Vec<Grant>,
}

/// Replaces the roles of a person; effective with the next request.
#[utoipa::path(put, path = "/v1/people/{person_id}/roles", tag = "people", request_body = ReplaceRoles, security(("session" = ["administrator"])),
    params(("person_id" = String, Path, format = "uuid")),
    responses((status = OK, body = PersonAnswer), (status = NOT_FOUND, description = "person-unknown"),
        (status = CONFLICT, description = "last-administrator"), (status = PRECONDITION_FAILED, description = "precondition-failed"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn replace_roles(
    State(app): State<App>,
    admin: AdminAuth,
    Path(person_id): Path<PersonId>,
    headers: HeaderMap,
    Body(body): Body<ReplaceRoles>,
) -> Result<Json<PersonAnswer>, Problem> {
    let version = crate::wire::if_match(&headers)?;
    let mut tx = app.store.write().await?;
    let now = app.clock.now();
    let person = sql::set_roles(&mut tx, person_id, &body.roles, version, admin.actor(), now).await?;
    tx.commit().await?;
    Ok(Json(person.into()))
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReplacePassword {
    #[schema(min_length = 10, max_length = 256)]
    password: String,
}

/// Sets a password and ends all sessions of the person.
#[utoipa::path(put, path = "/v1/people/{person_id}/password", tag = "people", request_body = ReplacePassword, security(("session" = [])),
    params(("person_id" = String, Path, format = "uuid")),
    responses((status = NO_CONTENT), (status = NOT_FOUND, description = "person-unknown"),
        (status = UNPROCESSABLE_ENTITY, description = "body-invalid")))]
async fn replace_password(
    State(app): State<App>,
    office: OfficeAuth,
    Path(person_id): Path<PersonId>,
    Body(body): Body<ReplacePassword>,
) -> Result<StatusCode, Problem> {
    if office.person_id != person_id {
        office.require(&[Role::Administrator])?;
    }
    let hash = hash_password(&app, body.password).await?;
    let mut tx = app.store.write().await?;
    sql::set_password(&mut tx, person_id, &hash, office.actor(), app.clock.now()).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a person's access away: sessions end now. Repeating it changes nothing.
#[utoipa::path(put, path = "/v1/people/{person_id}/disablement", tag = "people", security(("session" = ["administrator"])),
    params(("person_id" = String, Path, format = "uuid")),
    responses((status = NO_CONTENT), (status = NOT_FOUND, description = "person-unknown"),
        (status = CONFLICT, description = "last-administrator")))]
async fn create_disablement(
    State(app): State<App>,
    admin: AdminAuth,
    Path(person_id): Path<PersonId>,
) -> Result<StatusCode, Problem> {
    let mut tx = app.store.write().await?;
    sql::disable(&mut tx, person_id, admin.actor(), app.clock.now()).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a person's access back.
#[utoipa::path(delete, path = "/v1/people/{person_id}/disablement", tag = "people", security(("session" = ["administrator"])),
    params(("person_id" = String, Path, format = "uuid")),
    responses((status = NO_CONTENT), (status = NOT_FOUND, description = "person-unknown")))]
async fn delete_disablement(
    State(app): State<App>,
    admin: AdminAuth,
    Path(person_id): Path<PersonId>,
) -> Result<StatusCode, Problem> {
    let mut tx = app.store.write().await?;
    sql::enable(&mut tx, person_id, admin.actor(), app.clock.now()).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
