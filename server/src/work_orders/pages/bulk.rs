//! One technician is sent to many complaints; each is done or refused for itself, and the page says which and why.

use crate::app::App;
use crate::complaints::acts::{Actor, find_open_to_acts};
use crate::complaints::pages::bulk::{BulkPage, BulkRow, COMPLAINTS_MAX};
use crate::pages::{PageRoutes, Policy, Posted, Viewer, page};
use crate::problem::{CONTACT_MISSING, Problem};
use crate::routing::post;
use crate::work_orders::DISPATCHERS;
use crate::work_orders::sending::{Sending, send};
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use sync_core::date::CivilDate;
use sync_core::ids::{PersonId, VisitId, WorkOrderId};

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/queue/assignments", Policy::Roles(DISPATCHERS), post(send_to_many))
}

/// Who goes where.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct BulkForm {
    complaint: Vec<String>,
    person: String,
    planned_on: String,
}

async fn send_to_many(State(app): State<App>, posted: Posted<BulkForm>) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let w = viewer.w();
    let found = match form.person.parse() {
        Ok(person) => crate::people::find(&mut app.store.read().await?, person).await?,
        Err(_) => None,
    };
    let failure = if form.complaint.is_empty() {
        Some(w.t("queue-nothing-chosen"))
    } else if form.planned_on.parse::<CivilDate>().is_err() {
        Some(w.t("queue-no-day"))
    } else if found.is_none() {
        Some(w.t("queue-no-technician"))
    } else {
        None
    };
    let mut rows = Vec::new();
    if let Some(person) = found.as_ref().filter(|_| failure.is_none()) {
        for id in form.complaint.iter().take(COMPLAINTS_MAX) {
            let mut row = BulkRow::of(id);
            let fate = send_to_one(&app, &viewer, &mut row, (person.person_id, &form.planned_on)).await;
            rows.push(match fate {
                Err(problem) if problem.kind().code == CONTACT_MISSING.code => {
                    BulkRow { fate: Err(w.t("queue-bulk-no-contact")), ..row }
                }
                fate => row.ends(&viewer, fate)?,
            });
        }
    }
    let person = found.map(|person| person.display_name).unwrap_or_default();
    Ok(page(&BulkPage { shell: viewer.shell, title: "queue-bulk", person, rows, failure }))
}

/// One complaint in its own transaction: what is refused holds nothing else back.
async fn send_to_one(
    app: &App,
    viewer: &Viewer,
    row: &mut BulkRow,
    (person, day): (PersonId, &str),
) -> Result<String, Problem> {
    let now = app.clock.now();
    let new = Sending {
        person,
        planned_on: day.to_owned(),
        order: WorkOrderId::from_entropy(now, app.entropy.bytes()),
        visit: VisitId::from_entropy(now, app.entropy.bytes()),
    };
    let mut tx = app.store.write().await?;
    let id = row.reach(&mut tx, viewer, DISPATCHERS).await?;
    let complaint = find_open_to_acts(&mut tx, id).await?;
    let sent = send(&mut tx, &complaint, &new, Actor::office(viewer.office.person_id, now)).await?;
    tx.commit().await?;
    Ok(viewer.w().code("queue-bulk", sent.as_str()))
}
