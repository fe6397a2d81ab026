//! Devices as administrators see them: who has which, when it was last seen, what it still holds; the invitation.

mod device;

use super::history::CLOCK_TOLERANCE_MS;
use super::model::{DeviceStatus, WipeOrder};
use super::{Invitation, invite, sql};
use crate::app::App;
use crate::pages::{PageRoutes, Policy, Posted, Shell, Viewer, Words, page, unprocessable};
use crate::people::{self, Person, Role};
use crate::problem::Problem;
use crate::routing::{get, post};
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use sync_core::ids::PersonId;
use sync_core::log::fingerprint;
use sync_core::time::Timestamp;

const ADMINISTRATORS: Policy = Policy::Roles(&[Role::Administrator]);
/// Devices on one page of the list.
const PER_PAGE: u32 = 100;
/// People offered in the invitation form.
const PEOPLE_MAX: u32 = 500;
/// A device that was not heard of for so long is called silent.
const SILENT_AFTER_MS: i64 = 24 * 3_600_000;

pub(crate) fn pages(routes: PageRoutes) -> PageRoutes {
    let routes = routes.page("/devices", ADMINISTRATORS, get(show_list)).page(
        "/devices/invitations",
        ADMINISTRATORS,
        post(invite_device),
    );
    device::pages(routes)
}

/// A device in words.
struct Row {
    id: String,
    name: String,
    label: String,
    person: String,
    fingerprint: String,
    enrolled_at: Timestamp,
    revoked: Option<(Timestamp, String)>,
    suspended: Option<(Timestamp, String)>,
    person_disabled: Option<Timestamp>,
    no_technician: bool,
    forked: Option<Timestamp>,
    wipe: Option<WipeOrder>,
    wiped: Option<Timestamp>,
    seen_at: Option<Timestamp>,
    version: String,
    envelopes: i64,
    photos: i64,
    photo_mb: String,
    /// `None`: nothing is known of it, or it is wiped.
    disk_gb: Option<String>,
    /// Seconds the clock is off, when that is worth a word.
    clock_off_ms: Option<i64>,
    silent: bool,
}

impl Row {
    fn of(status: DeviceStatus, now: Timestamp) -> Self {
        let (device, person) = (status.device, status.person_name);
        let (seen_at, contact) =
            status.last_contact.map(|(at, contact)| (Some(at), contact)).unwrap_or_default();
        let silent = device.barred().is_none() && seen_at.is_none_or(|at| now.since_ms(at) > SILENT_AFTER_MS);
        let tenths = |bytes: i64, unit: i64| format!("{}.{}", bytes / unit, bytes % unit * 10 / unit);
        Self {
            id: device.device_id.to_string(),
            name: device.name(),
            person,
            fingerprint: fingerprint(&device.key),
            enrolled_at: device.enrolled_at,
            label: device.label,
            silent,
            revoked: device.revoked.map(|revoked| (revoked.at, revoked.reason)),
            suspended: device.suspended.map(|suspended| (suspended.at, suspended.reason)),
            person_disabled: device.person_disabled,
            no_technician: !device.person_is_technician,
            forked: device.forked,
            wipe: device.wipe,
            wiped: device.wiped,
            seen_at,
            version: contact.app_version,
            envelopes: contact.outbox_envelopes,
            photos: contact.outbox_photos,
            photo_mb: tenths(contact.outbox_bytes, 1_000_000),
            disk_gb: Some(contact.disk_free_bytes)
                .filter(|free| *free > 0)
                .map(|free| tenths(free, 1_000_000_000)),
            clock_off_ms: Some(contact.clock_offset_ms)
                .filter(|_| contact.clock_offset_ms.saturating_abs() > CLOCK_TOLERANCE_MS),
        }
    }
}

/// How far a clock is off, in the largest unit that tells it.
fn clock_words(w: Words, off_ms: i64) -> String {
    const UNITS: [(i64, &str); 3] = [(86_400_000, "days"), (3_600_000, "hours"), (60_000, "minutes")];
    let off = off_ms.saturating_abs();
    let (unit_ms, unit) = UNITS.into_iter().find(|(ms, _)| off >= *ms).unwrap_or(UNITS[2]);
    let side = if off_ms < 0 { "behind" } else { "ahead" };
    w.a(
        &format!("devices-clock-{side}"),
        w.n(&format!("devices-clock-{unit}"), (off + unit_ms / 2) / unit_ms),
    )
}

/// All devices, and the form that invites one.
#[derive(Template)]
#[template(path = "devices/list.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<Row>,
    people: Vec<Person>,
    /// The person chosen before.
    chosen: String,
    failure: Option<String>,
    next: Option<String>,
}

impl ListPage {
    fn clock(&self, off_ms: &i64) -> String {
        clock_words(self.shell.w, *off_ms)
    }
}

#[derive(Debug, Default, Deserialize)]
struct ListQuery {
    after: Option<i64>,
    person: Option<String>,
}

async fn show_list(
    State(app): State<App>,
    viewer: Viewer,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let chosen = query.person.unwrap_or_default();
    Ok(page(&list_page(&app, viewer, query.after.unwrap_or(0), chosen, None).await?))
}

async fn list_page(
    app: &App,
    viewer: Viewer,
    after: i64,
    chosen: String,
    failure: Option<String>,
) -> Result<ListPage, Problem> {
    let now = app.clock.now();
    let mut tx = app.store.read().await?;
    let mut found = sql::list(&mut tx, after, PER_PAGE + 1).await?;
    let more = found.len() > PER_PAGE as usize;
    found.truncate(PER_PAGE as usize);
    let last = found.last().map_or(0, |status| status.device.number);
    let mut people = people::list(&mut tx, "", PEOPLE_MAX).await?;
    people.retain(|person| person.disabled_at.is_none());
    Ok(ListPage {
        shell: viewer.shell,
        rows: found.into_iter().map(|status| Row::of(status, now)).collect(),
        people,
        chosen,
        failure,
        next: more.then(|| format!("/devices?after={last}")),
    })
}

/// An invitation, shown once.
#[derive(Template)]
#[template(path = "devices/invitation.html")]
struct InvitationPage {
    shell: Shell,
    invitation: Invitation,
    /// The link as a picture.
    qr: String,
    server: String,
}

#[derive(Debug, Deserialize)]
struct InvitationForm {
    #[serde(default)]
    person: String,
    #[serde(default)]
    label: String,
}

async fn invite_device(State(app): State<App>, posted: Posted<InvitationForm>) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let Ok(person) = form.person.parse::<PersonId>() else {
        let failure = Some(viewer.w().t("devices-choose-person"));
        return Ok(unprocessable(&list_page(&app, viewer, 0, form.person, failure).await?));
    };
    let invitation = invite(&app, person, form.label.trim(), viewer.office.actor()).await?;
    let server = invitation.link.split("/enrol#").next().unwrap_or_default().to_owned();
    Ok(page(&InvitationPage { shell: viewer.shell, qr: qr(&invitation.link), invitation, server }))
}

/// The link as an SVG picture; empty when it does not fit, since code and link stand beside it.
fn qr(link: &str) -> String {
    let Ok(code) = qrcode::QrCode::new(link) else { return String::new() };
    let svg = code.render::<qrcode::render::svg::Color<'_>>().min_dimensions(220, 220).build();
    svg.find("<svg").map(|at| svg[at..].to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
