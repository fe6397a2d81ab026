//! One act on many complaints of the queue; each is done or refused for itself, and the page says which and why.

use crate::app::App;
use crate::complaints::api::{Handover, hand_over};
use crate::complaints::intake::checked_reason;
use crate::complaints::reachable;
use crate::complaints::scope::OFFICE;
use crate::pages::{PageRoutes, Policy, Posted, Shell, Viewer, page};
use crate::people::Role;
use crate::problem::{self, Problem};
use crate::routing::post;
use crate::store::Tx;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use sync_core::ids::ComplaintId;

/// Complaints of one request: two pages of the queue.
pub(crate) const COMPLAINTS_MAX: usize = 100;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/queue/handovers", Policy::Roles(OFFICE), post(hand_over_many))
}

/// What became of one complaint.
#[derive(Debug, Clone)]
pub(crate) struct BulkRow {
    /// What was posted as its id.
    pub(crate) id: String,
    /// Number, else the beginning of what was posted.
    pub(crate) number: String,
    /// Done: how; refused: why; in the reader's words.
    pub(crate) fate: Result<String, String>,
}

impl BulkRow {
    /// A complaint that nothing was done with yet.
    pub(crate) fn of(id: &str) -> Self {
        let number = id.chars().take(8).collect();
        Self { id: id.to_owned(), number, fate: Err(String::new()) }
    }

    /// Finds the complaint and notes its number as soon as it is known to be within reach.
    pub(crate) async fn reach(
        &mut self,
        tx: &mut Tx,
        viewer: &Viewer,
        roles: &[Role],
    ) -> Result<ComplaintId, Problem> {
        let id = self.id.parse().map_err(|_| Problem::new(&problem::COMPLAINT_UNKNOWN))?;
        self.number = reachable(tx, &viewer.office, roles, id).await?.number;
        Ok(id)
    }

    /// Notes what became of it; only failures of the server end the whole request.
    pub(crate) fn ends(mut self, viewer: &Viewer, fate: Result<String, Problem>) -> Result<Self, Problem> {
        self.fate = match fate {
            Ok(done) => Ok(done),
            Err(problem) if problem.status().is_client_error() => {
                let (title, detail) = problem.words(viewer.w().language);
                Err(format!("{title} {detail}"))
            }
            Err(problem) => return Err(problem),
        };
        Ok(self)
    }
}

/// What was done and what could not be done.
#[derive(Template)]
#[template(path = "complaints/bulk.html")]
pub(crate) struct BulkPage {
    pub(crate) shell: Shell,
    /// The key of what was to be done.
    pub(crate) title: &'static str,
    /// Whom it is about.
    pub(crate) person: String,
    pub(crate) rows: Vec<BulkRow>,
    /// Why nothing was tried.
    pub(crate) failure: Option<String>,
}

impl BulkPage {
    /// How many were done.
    pub(crate) fn done(&self) -> usize {
        self.rows.iter().filter(|row| row.fate.is_ok()).count()
    }
}

/// Who becomes accountable for which complaints, and why.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct HandoverForm {
    complaint: Vec<String>,
    holder: String,
    reason: String,
}

async fn hand_over_many(State(app): State<App>, posted: Posted<HandoverForm>) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let w = viewer.w();
    let found = match form.holder.parse() {
        Ok(person) => crate::people::find(&mut app.store.read().await?, person).await?,
        Err(_) => None,
    };
    let failure = if form.complaint.is_empty() {
        Some(w.t("queue-nothing-chosen"))
    } else if found.is_none() {
        Some(w.t("queue-no-holder"))
    } else if checked_reason("/reason", &form.reason).is_err() {
        Some(w.t("queue-no-reason"))
    } else {
        None
    };
    let mut rows = Vec::new();
    if let Some(person) = found.as_ref().filter(|_| failure.is_none()) {
        let handover = Handover { holder: person.person_id, reason: form.reason };
        for id in form.complaint.iter().take(COMPLAINTS_MAX) {
            let mut row = BulkRow::of(id);
            let fate = hand_over_one(&app, &viewer, &mut row, &handover).await;
            rows.push(row.ends(&viewer, fate)?);
        }
    }
    let person = found.map(|person| person.display_name).unwrap_or_default();
    Ok(page(&BulkPage { shell: viewer.shell, title: "queue-handover", person, rows, failure }))
}

/// One complaint in its own transaction: what is refused holds nothing else back.
async fn hand_over_one(
    app: &App,
    viewer: &Viewer,
    row: &mut BulkRow,
    handover: &Handover,
) -> Result<String, Problem> {
    let mut tx = app.store.write().await?;
    let id = row.reach(&mut tx, viewer, OFFICE).await?;
    hand_over(&mut tx, &viewer.office, id, handover, app.clock.now()).await?;
    tx.commit().await?;
    Ok(viewer.w().t("queue-handover-done"))
}
