//! Expert seats as pages: the queue, one question, the form for asking, and their part of the record.

mod ask;
mod list;
mod request;
#[cfg(test)]
mod tests;

use super::bodies::{ExpertRequestBody, RequestList};
use super::model::ExpertRequestState;
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::complaints::pages::person_name;
use crate::complaints::record::CentralRecord;
use crate::pages::{PageRoutes, Words};
use crate::problem::{self, Problem};
use crate::wire::PageQuery;
use serde_json::Value;
use sync_core::time::Timestamp;

pub(crate) fn pages(routes: PageRoutes) -> PageRoutes {
    ask::pages(request::pages(list::pages(routes)))
}

/// A question in a line.
#[derive(Debug)]
pub(crate) struct SeatLine {
    pub(crate) id: String,
    pub(crate) skill: String,
    pub(crate) state: String,
    pub(crate) question: String,
    /// Number of its complaint.
    pub(crate) number: String,
    /// Who asks, and when by the server's clock.
    pub(crate) asked: String,
    /// Who took it.
    pub(crate) holder: Option<String>,
    /// What the expert says.
    pub(crate) answer: Option<String>,
    pub(crate) when: (&'static str, String),
    /// Whether its complaint is closed or withdrawn.
    pub(crate) after_all: bool,
}

/// A question in words, for a list or a record.
fn line(w: Words, body: &ExpertRequestBody, now: Timestamp) -> SeatLine {
    SeatLine {
        id: body.request_id.to_string(),
        skill: skill(w, body),
        state: w.code("expert-state", body.state),
        question: body.question.clone(),
        number: body.complaint_number.clone(),
        asked: asked(w, body),
        holder: body.holder.as_ref().map(|holder| person_name(w, holder)),
        answer: body.answer.clone(),
        when: when(w, body, now),
        after_all: body.complaint_over && body.over_at_ms.is_none(),
    }
}

fn skill(w: Words, body: &ExpertRequestBody) -> String {
    w.either(&body.skill_zh, &body.skill_en).to_owned()
}

fn asked(w: Words, body: &ExpertRequestBody) -> String {
    w.ab("action-by-at", person_name(w, &body.asked_by), w.time(body.received_at_ms))
}

/// The moment that matters where it stands, and how it is to be shown.
fn when(w: Words, body: &ExpertRequestBody, now: Timestamp) -> (&'static str, String) {
    let due = w.time(body.due_at_ms);
    match body.over_at_ms {
        None if body.due_at_ms < now.unix_ms() => ("bad", w.a("section-overdue", due)),
        None => (if body.near_at_ms <= now.unix_ms() { "warn" } else { "" }, w.a("watch-due", due)),
        Some(at) if at > body.due_at_ms && body.state == ExpertRequestState::Answered => {
            ("warn", w.a("expert-answered-late", w.time(at)))
        }
        Some(at) => ("", w.time(at)),
    }
}

/// The questions of a record in words.
#[derive(Debug, Default)]
pub(crate) struct SeatsPart {
    pub(crate) lines: Vec<SeatLine>,
    /// Whether this reader may ask.
    pub(crate) may_ask: bool,
}

/// The questions of a record for this reader.
pub(crate) fn seats_part(w: Words, record: &CentralRecord, may_ask: bool, now: Timestamp) -> SeatsPart {
    let lines = record.expert_requests.iter().map(|body| line(w, body, now)).collect();
    let is_open = record.complaint.closed_at_ms.is_none() && record.complaint.merged_into.is_none();
    SeatsPart { lines, may_ask: may_ask && is_open }
}

/// One page of the questions that are late or near their deadline, for the watch.
pub(crate) async fn pressing_lines(
    app: &App,
    office: &OfficeAuth,
    w: Words,
    query: &PageQuery,
) -> Result<(Vec<SeatLine>, Option<String>), Problem> {
    let found = super::api::listed(app, office, (RequestList::Pressing, None), query).await?;
    let now = app.clock.now();
    Ok((found.items.iter().map(|body| line(w, body, now)).collect(), found.next_cursor))
}

/// What the timeline tells of a question beyond its title.
pub(crate) fn seat_facts(w: Words, requests: &[ExpertRequestBody], detail: &Value) -> Vec<String> {
    let (Some(id), Some(act)) = (detail["expert_request"].as_str(), detail["expert_act"].as_str()) else {
        return Vec::new();
    };
    let request = requests.iter().find(|request| request.request_id.to_string() == id);
    let named = request.map(|request| skill(w, request)).into_iter();
    named.chain([w.code("expert-act", act)]).collect()
}

/// Why a form was refused.
fn failure_words(w: Words, refusal: &Problem) -> String {
    if refusal.kind().code == problem::PRECONDITION_FAILED.code {
        return w.t("expert-changed");
    }
    match refusal.field() {
        Some("/skill") => w.t("section-discipline-needed"),
        Some("/question") => w.t("expert-question-needed"),
        Some("/answer") => w.t("expert-answer-needed"),
        Some("/visit_id") => w.t("expert-visit-wrong"),
        Some(_) => w.t("action-words-needed"),
        None => {
            let (title, detail) = refusal.words(w.language);
            format!("{title} · {detail}")
        }
    }
}
