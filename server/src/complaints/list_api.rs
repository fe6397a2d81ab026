//! The list of complaints: filters, search, pages.

use super::api::reach_of;
use super::bodies::{ComplaintBody, Names};
use super::model::State as ComplaintState;
use super::scope::READERS;
use super::search::{self, Filter, Listed, Place};
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::problem::Problem;
use crate::wire::{Page, PageQuery};
use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which complaints are wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(super) struct ComplaintQuery {
    /// Only in this state.
    state: Option<ComplaintState>,
    /// Only those I am accountable for.
    mine: Option<bool>,
    /// Only those I received first, even after a hand-off.
    first_owned: Option<bool>,
    /// Only open ones that nobody is sent to.
    unassigned: Option<bool>,
    /// Only those with an open conflict.
    conflicts: Option<bool>,
    /// Only open ones that are special, or proposed to be.
    special: Option<bool>,
    /// Only those of this organisation unit; empty: only those not allotted to any.
    #[param(max_length = 80)]
    unit: Option<String>,
    /// Only those with all these words: number, alias, customer, address, summary, meter.
    #[param(max_length = 200)]
    q: Option<String>,
    /// `next_cursor` of the page before.
    #[param(max_length = 400)]
    cursor: Option<String>,
    /// Entries per page.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Complaints within reach, the newest first; those with an open conflict by the newest of their conflicts.
#[utoipa::path(get, path = "/v1/complaints", tag = "complaints", params(ComplaintQuery), security(("session" = ["clerk", "reviewer", "lead", "expert"])),
    responses((status = OK, body = Page<ComplaintBody>), (status = BAD_REQUEST, description = "query-invalid"),
        (status = FORBIDDEN, description = "role-missing")))]
pub(super) async fn list_complaints(
    State(app): State<App>,
    office: OfficeAuth,
    Query(query): Query<ComplaintQuery>,
) -> Result<Response, Problem> {
    let reach = reach_of(&office, READERS)?;
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    let after: Option<Place> = page.position()?;
    let limit = page.limit();
    let me = |wanted: Option<bool>| wanted.unwrap_or(false).then_some(office.person_id);
    let filter = Filter {
        state: query.state,
        holder: me(query.mine),
        first_owner: me(query.first_owned),
        open: false,
        unassigned: query.unassigned.unwrap_or(false),
        conflicts: query.conflicts.unwrap_or(false),
        special: query.special.unwrap_or(false),
        unit: query.unit,
        words: query.q.filter(|words| !words.trim().is_empty()),
        ..Filter::default()
    };
    let mut tx = app.store.read().await?;
    let found = search::list(&mut tx, &filter, &reach, after.as_ref(), limit + 1).await?;
    let Page { items, next_cursor } = Page::cut(found, limit, |listed| listed.place.clone());
    let mut names = Names::default();
    let mut bodies = Vec::with_capacity(items.len());
    for Listed { complaint, .. } in items {
        bodies.push(ComplaintBody::of(&mut tx, &mut names, complaint).await?);
    }
    let mut response = Json(Page { items: bodies, next_cursor: next_cursor.clone() }).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let link =
        next_cursor.map(|cursor| format!("</v1/complaints?cursor={cursor}&limit={limit}>; rel=\"next\""));
    if let Some(link) = link.and_then(|link| HeaderValue::from_str(&link).ok()) {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}
