//! One device: what is known of it, what can be done to it, what happened to it.

use super::{ADMINISTRATORS, Row, clock_words};
use crate::app::App;
use crate::complaints::Names;
use crate::complaints::acts::Actor;
use crate::devices::history::{self, ContactDay, DeviceAct};
use crate::devices::life::{self, By};
use crate::devices::model::DeviceError;
use crate::devices::sql;
use crate::pages::{PageRoutes, Posted, Shell, Viewer, page, see_other, unprocessable};
use crate::problem::{self, Problem};
use crate::review;
use crate::routing::{get, post};
use crate::store::{StoreError, Tx};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use sync_core::ids::DeviceId;

/// Acts and days shown at once.
const ACTS_SHOWN: u32 = 50;
const DAYS_SHOWN: u32 = 14;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes
        .page("/devices/{device_id}", ADMINISTRATORS, get(show_device))
        .page("/devices/{device_id}/label", ADMINISTRATORS, post(rename))
        .page("/devices/{device_id}/suspension", ADMINISTRATORS, post(suspend))
        .page("/devices/{device_id}/resumption", ADMINISTRATORS, post(resume))
        .page("/devices/{device_id}/revocation", ADMINISTRATORS, post(revoke))
        .page("/devices/{device_id}/wipe-order", ADMINISTRATORS, post(order_wipe))
        .page("/devices/{device_id}/wipe-order/withdrawal", ADMINISTRATORS, post(withdraw_wipe))
        .page("/devices/{device_id}/loss", ADMINISTRATORS, post(declare_lost))
}

/// One device.
#[derive(Template)]
#[template(path = "devices/device.html")]
pub(super) struct DevicePage {
    pub(super) shell: Shell,
    pub(super) device: Row,
    pub(super) history: History,
    pub(super) refusal: Option<Refusal>,
}

impl DevicePage {
    fn clock(&self, off_ms: &i64) -> String {
        clock_words(self.shell.w, *off_ms)
    }
}

impl DevicePage {
    /// What was typed into this form before it was refused.
    fn typed(&self, form: &str) -> &str {
        self.refusal.as_ref().filter(|refusal| refusal.form == form).map_or("", |refusal| &refusal.typed)
    }
}

/// Why a form was refused.
pub(super) struct Refusal {
    pub(super) form: &'static str,
    pub(super) failure: String,
    pub(super) typed: String,
}

/// What happened to a device.
pub(super) struct History {
    pub(super) acts: Vec<ActRow>,
    /// Where older acts begin.
    pub(super) older_acts: Option<i64>,
    pub(super) days: Vec<ContactDay>,
    /// Where older days begin.
    pub(super) older_days: Option<i64>,
}

/// An act and who did it.
pub(super) struct ActRow {
    pub(super) act: DeviceAct,
    /// Empty: the device itself, the installation, or somebody on the server's terminal.
    pub(super) person: String,
}

/// Where the lists of the page begin.
#[derive(Debug, Default, Deserialize)]
struct HistoryQuery {
    acts: Option<i64>,
    days: Option<i64>,
}

async fn show_device(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<DeviceId>,
    Query(query): Query<HistoryQuery>,
) -> Result<Response, Problem> {
    Ok(page(&device_page(&app, viewer, id, &query, None).await?))
}

async fn device_page(
    app: &App,
    viewer: Viewer,
    id: DeviceId,
    query: &HistoryQuery,
    refusal: Option<Refusal>,
) -> Result<DevicePage, Problem> {
    let mut tx = app.store.read().await?;
    let unknown = || Problem::new(&problem::DEVICE_UNKNOWN);
    let device = sql::find(&mut tx, id).await?.ok_or_else(unknown)?;
    let status = sql::list(&mut tx, device.number - 1, 1).await?.pop().ok_or_else(unknown)?;
    let history = read_history(&mut tx, id, query).await?;
    Ok(DevicePage { shell: viewer.shell, device: Row::of(status, app.clock.now()), history, refusal })
}

async fn read_history(tx: &mut Tx, id: DeviceId, query: &HistoryQuery) -> Result<History, StoreError> {
    let mut names = Names::default();
    let mut acts = Vec::new();
    for act in history::acts(tx, id, query.acts.unwrap_or(i64::MAX), ACTS_SHOWN + 1).await? {
        let person = match act.by {
            Some(by) => names.person(tx, by).await?.name.unwrap_or_default(),
            None => String::new(),
        };
        acts.push(ActRow { act, person });
    }
    let more = acts.len() > ACTS_SHOWN as usize;
    acts.truncate(ACTS_SHOWN as usize);
    let older_acts = acts.last().filter(|_| more).map(|row| row.act.log_index);
    let mut days = history::contact_days(tx, id, query.days.unwrap_or(i64::MAX), DAYS_SHOWN + 1).await?;
    let more = days.len() > DAYS_SHOWN as usize;
    days.truncate(DAYS_SHOWN as usize);
    let older_days = days.last().filter(|_| more).map(|day| day.day);
    Ok(History { acts, older_acts, days, older_days })
}

/// A label or a reason.
#[derive(Debug, Deserialize)]
struct TextForm {
    #[serde(default)]
    text: String,
}

/// One act on a device: done with a word about it, or the page again with what is wrong.
async fn act(
    app: &App,
    id: DeviceId,
    posted: Posted<TextForm>,
    form: &'static str,
    said: &'static str,
    run: impl AsyncFnOnce(&mut Tx, &str, By) -> Result<(), DeviceError>,
) -> Result<Response, Problem> {
    let Posted { viewer, form: TextForm { text } } = posted;
    let mut tx = app.store.write().await?;
    let by = By { person: viewer.office.actor(), at: app.clock.now() };
    let key = match run(&mut tx, &text, by).await {
        Ok(()) => {
            tx.commit().await?;
            return Ok(see_other(&format!("/devices/{id}"), Some(said)));
        }
        Err(DeviceError::Text { .. }) => "devices-text-rule",
        Err(DeviceError::Revoked) => "devices-is-revoked",
        Err(DeviceError::Wiped) => "devices-is-wiped",
        Err(other) => return Err(other.into()),
    };
    drop(tx);
    let refusal = Some(Refusal { form, failure: viewer.w().t(key), typed: text });
    Ok(unprocessable(&device_page(app, viewer, id, &HistoryQuery::default(), refusal).await?))
}

async fn rename(
    State(app): State<App>,
    Path(id): Path<DeviceId>,
    posted: Posted<TextForm>,
) -> Result<Response, Problem> {
    let run = async |tx: &mut Tx, text: &str, by: By| sql::rename(tx, id, text, by.person, by.at).await;
    act(&app, id, posted, "label", "device-renamed", run).await
}

async fn suspend(
    State(app): State<App>,
    Path(id): Path<DeviceId>,
    posted: Posted<TextForm>,
) -> Result<Response, Problem> {
    let run = async |tx: &mut Tx, text: &str, by: By| life::suspend(tx, id, text, by).await;
    act(&app, id, posted, "suspension", "device-suspended", run).await
}

async fn resume(
    State(app): State<App>,
    Path(id): Path<DeviceId>,
    posted: Posted<TextForm>,
) -> Result<Response, Problem> {
    let run = async |tx: &mut Tx, text: &str, by: By| life::resume(tx, id, text, by).await;
    act(&app, id, posted, "resumption", "device-resumed", run).await
}

async fn revoke(
    State(app): State<App>,
    Path(id): Path<DeviceId>,
    posted: Posted<TextForm>,
) -> Result<Response, Problem> {
    let run = async |tx: &mut Tx, text: &str, by: By| life::revoke(tx, id, text, by).await;
    act(&app, id, posted, "revocation", "device-revoked", run).await
}

async fn order_wipe(
    State(app): State<App>,
    Path(id): Path<DeviceId>,
    posted: Posted<TextForm>,
) -> Result<Response, Problem> {
    let run = async |tx: &mut Tx, text: &str, by: By| life::order_wipe(tx, id, text, by).await;
    act(&app, id, posted, "wipe-order", "device-wipe-ordered", run).await
}

async fn withdraw_wipe(
    State(app): State<App>,
    Path(id): Path<DeviceId>,
    posted: Posted<TextForm>,
) -> Result<Response, Problem> {
    let run = async |tx: &mut Tx, text: &str, by: By| life::withdraw_wipe(tx, id, text, by).await;
    act(&app, id, posted, "wipe-order/withdrawal", "device-wipe-withdrawn", run).await
}

async fn declare_lost(
    State(app): State<App>,
    Path(id): Path<DeviceId>,
    posted: Posted<TextForm>,
) -> Result<Response, Problem> {
    let person = posted.viewer.office.person_id;
    let run = async |tx: &mut Tx, text: &str, by: By| {
        review::declare_lost(tx, id, text, Actor::office(person, by.at)).await
    };
    act(&app, id, posted, "loss", "device-lost", run).await
}
