//! People and their roles, as administrators manage them.

use super::api::hash_password;
use super::model::{Grant, NewPerson, PeopleError, Person, Role};
use super::sql;
use crate::app::App;
use crate::pages::{PageRoutes, Policy, Posted, Shell, Viewer, page, see_other, unprocessable};
use crate::problem::{self, Problem};
use crate::routing::{get, post};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use sync_core::ids::PersonId;

const ADMINISTRATORS: Policy = Policy::Roles(&[Role::Administrator]);
/// People on one page of the list.
const PER_PAGE: u32 = 100;
/// Free lines below the roles of a person.
const FREE_LINES: usize = 1;
/// Lines for roles that are shown at least.
const LINES_MIN: usize = 2;

pub(crate) fn pages(routes: PageRoutes) -> PageRoutes {
    let routes = routes
        .page("/people", ADMINISTRATORS, get(show_list).post(create))
        .page("/people/{person_id}", ADMINISTRATORS, get(show_person).post(change))
        .page("/people/{person_id}/password", ADMINISTRATORS, post(set_password))
        .page("/people/{person_id}/access", ADMINISTRATORS, post(set_access));
    super::phone::pages(routes)
}

/// Everybody, and the form for somebody new.
#[derive(Template)]
#[template(path = "people/list.html")]
struct ListPage {
    shell: Shell,
    people: Vec<Person>,
    typed: PersonForm,
    failure: Option<String>,
    next: Option<String>,
}

/// What is typed about a person.
#[derive(Debug, Clone, Default, Deserialize)]
struct PersonForm {
    #[serde(default)]
    login_name: String,
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    staff_number: String,
    #[serde(default)]
    password: String,
    /// Role by role, each with where it holds at the same place of the two lists below; empty: none.
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    units: Vec<String>,
    #[serde(default)]
    regions: Vec<String>,
    /// Of the person as it was read.
    #[serde(default)]
    version: i64,
}

/// One line of the roles: as typed, empty in all parts when it is free.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct RoleLine<'f> {
    role: &'f str,
    unit: &'f str,
    region: &'f str,
}

impl PersonForm {
    fn of(person: &Person) -> Self {
        let part = |of: fn(&Grant) -> &str| person.roles.iter().map(|grant| of(grant).to_owned()).collect();
        Self {
            display_name: person.display_name.clone(),
            staff_number: person.staff_number.clone(),
            roles: part(|grant| grant.role.as_str()),
            units: part(|grant| &grant.unit),
            regions: part(|grant| &grant.region),
            ..Self::default()
        }
    }

    fn grants(&self) -> Vec<Grant> {
        let mut grants: Vec<Grant> = self
            .typed_lines()
            .filter_map(|line| {
                let role = Role::ALL.into_iter().find(|role| role.as_str() == line.role)?;
                Some(Grant { role, unit: line.unit.trim().into(), region: line.region.trim().into() })
            })
            .collect();
        grants.sort_unstable();
        grants.dedup();
        grants
    }

    fn typed_lines(&self) -> impl Iterator<Item = RoleLine<'_>> {
        self.roles.iter().enumerate().map(|(place, role)| RoleLine {
            role,
            unit: self.units.get(place).map_or("", String::as_str),
            region: self.regions.get(place).map_or("", String::as_str),
        })
    }

    /// What was typed, and room for more.
    fn lines(&self) -> Vec<RoleLine<'_>> {
        let mut lines: Vec<RoleLine<'_>> = self.typed_lines().filter(|line| !line.role.is_empty()).collect();
        lines.resize((lines.len() + FREE_LINES).max(LINES_MIN), RoleLine::default());
        lines
    }
}

#[derive(Debug, Default, Deserialize)]
struct ListQuery {
    after: Option<String>,
}

async fn show_list(
    State(app): State<App>,
    viewer: Viewer,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let after = query.after.unwrap_or_default();
    Ok(page(&list_page(&app, viewer, &after, PersonForm::default(), None).await?))
}

async fn list_page(
    app: &App,
    viewer: Viewer,
    after: &str,
    typed: PersonForm,
    failure: Option<String>,
) -> Result<ListPage, Problem> {
    let mut people = sql::list(&mut app.store.read().await?, after, PER_PAGE + 1).await?;
    let more = people.len() > PER_PAGE as usize;
    people.truncate(PER_PAGE as usize);
    let last = people.last().filter(|_| more).map(|person| person.login_name.clone());
    let next = last.and_then(|last| serde_html_form::to_string([("after", last)]).ok());
    Ok(ListPage {
        shell: viewer.shell,
        people,
        typed,
        failure,
        next: next.map(|query| format!("/people?{query}")),
    })
}

async fn create(State(app): State<App>, posted: Posted<PersonForm>) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    match create_person(&app, &viewer, &form).await {
        Ok(id) => Ok(see_other(&format!("/people/{id}"), Some("person-created"))),
        Err(problem) => {
            let Some(failure) = in_words(&viewer, &problem) else { return Ok(problem.into_response()) };
            let typed = PersonForm { password: String::new(), ..form };
            Ok(unprocessable(&list_page(&app, viewer, "", typed, Some(failure)).await?))
        }
    }
}

async fn create_person(app: &App, viewer: &Viewer, form: &PersonForm) -> Result<PersonId, Problem> {
    let hash = match form.password.as_str() {
        "" => None,
        password => Some(hash_password(app, password.to_owned()).await?),
    };
    let new = NewPerson {
        login_name: form.login_name.clone(),
        display_name: form.display_name.clone(),
        staff_number: form.staff_number.clone(),
        roles: form.grants(),
    };
    let now = app.clock.now();
    let id = PersonId::from_entropy(now, app.entropy.bytes());
    let mut tx = app.store.write().await?;
    sql::create(&mut tx, id, &new, viewer.office.actor(), now).await?;
    if let Some(hash) = hash {
        sql::set_password(&mut tx, id, &hash, viewer.office.actor(), now).await?;
    }
    tx.commit().await?;
    Ok(id)
}

/// What a person can do about a refusal; `None` for what is no matter of the form.
fn in_words(viewer: &Viewer, problem: &Problem) -> Option<String> {
    let w = viewer.w();
    let known = [
        (problem::LOGIN_TAKEN.code, "people-login-taken"),
        (problem::LAST_ADMINISTRATOR.code, "people-last-administrator"),
        (problem::PRECONDITION_FAILED.code, "people-changed-meanwhile"),
        (problem::BODY_INVALID.code, "people-field-rule"),
    ];
    known.iter().find(|(code, _)| *code == problem.kind().code).map(|(_, key)| w.t(key))
}

/// One person.
#[derive(Template)]
#[template(path = "people/person.html")]
struct PersonPage {
    shell: Shell,
    person: Person,
    phone: String,
    typed: PersonForm,
    failure: Option<String>,
}

async fn show_person(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<PersonId>,
) -> Result<Response, Problem> {
    Ok(page(&person_page(&app, viewer, id, None, None).await?))
}

async fn person_page(
    app: &App,
    viewer: Viewer,
    id: PersonId,
    typed: Option<PersonForm>,
    failure: Option<String>,
) -> Result<PersonPage, Problem> {
    let unknown = || PeopleError::Unknown { who: id.to_string() };
    let mut tx = app.store.read().await?;
    let person = sql::find(&mut tx, id).await?.ok_or_else(unknown)?;
    let phone = super::phone::phone_of(&mut tx, id).await?;
    drop(tx);
    let typed = PersonForm { version: person.version, ..typed.unwrap_or_else(|| PersonForm::of(&person)) };
    Ok(PersonPage { shell: viewer.shell, person, phone, typed, failure })
}

async fn change(
    State(app): State<App>,
    Path(id): Path<PersonId>,
    posted: Posted<PersonForm>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    match change_person(&app, &viewer, id, &form).await {
        Ok(()) => Ok(see_other(&format!("/people/{id}"), Some("person-changed"))),
        Err(problem) => again(&app, viewer, id, Some(form), problem).await,
    }
}

async fn again(
    app: &App,
    viewer: Viewer,
    id: PersonId,
    typed: Option<PersonForm>,
    problem: Problem,
) -> Result<Response, Problem> {
    let Some(failure) = in_words(&viewer, &problem) else { return Ok(problem.into_response()) };
    Ok(unprocessable(&person_page(app, viewer, id, typed, Some(failure)).await?))
}

/// The page of a person again, with what is wrong.
pub(super) async fn refused(
    app: &App,
    viewer: Viewer,
    id: PersonId,
    problem: Problem,
) -> Result<Response, Problem> {
    again(app, viewer, id, None, problem).await
}

async fn change_person(app: &App, viewer: &Viewer, id: PersonId, form: &PersonForm) -> Result<(), Problem> {
    let (by, now) = (viewer.office.actor(), app.clock.now());
    let names = (form.display_name.as_str(), form.staff_number.as_str());
    let mut tx = app.store.write().await?;
    let person = sql::update(&mut tx, id, names, Some(form.version), by, now).await?;
    let mut present = person.roles.clone();
    let wanted = form.grants();
    present.sort_unstable();
    if present != wanted {
        sql::set_roles(&mut tx, id, &wanted, Some(person.version), by, now).await?;
    }
    Ok(tx.commit().await?)
}

#[derive(Debug, Deserialize)]
struct PasswordForm {
    #[serde(default)]
    password: String,
}

async fn set_password(
    State(app): State<App>,
    Path(id): Path<PersonId>,
    posted: Posted<PasswordForm>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let hash = match hash_password(&app, form.password).await {
        Ok(hash) => hash,
        Err(problem) => return again(&app, viewer, id, None, problem).await,
    };
    let mut tx = app.store.write().await?;
    sql::set_password(&mut tx, id, &hash, viewer.office.actor(), app.clock.now()).await?;
    tx.commit().await?;
    Ok(see_other(&format!("/people/{id}"), Some("person-password")))
}

#[derive(Debug, Deserialize)]
struct AccessForm {
    access: String,
}

async fn set_access(
    State(app): State<App>,
    Path(id): Path<PersonId>,
    posted: Posted<AccessForm>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let (by, now) = (viewer.office.actor(), app.clock.now());
    let mut tx = app.store.write().await?;
    let done = match form.access.as_str() {
        "none" => sql::disable(&mut tx, id, by, now).await,
        _ => sql::enable(&mut tx, id, by, now).await,
    };
    if let Err(error) = done {
        return again(&app, viewer, id, None, error.into()).await;
    }
    tx.commit().await?;
    Ok(see_other(&format!("/people/{id}"), Some("person-access")))
}

#[cfg(test)]
mod tests;
