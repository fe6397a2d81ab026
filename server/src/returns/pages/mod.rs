//! Return visits as pages: the lists, and one return visit with its questions, its record and the check.

mod call;
mod list;
#[cfg(test)]
mod tests;
mod view;

use crate::complaints::phrases::Phrases;
use crate::complaints::record::CentralRecord;
use crate::pages::{PageRoutes, Words};
use crate::work_orders::model::VisitState;
use list::ReturnLine;
use serde_json::Value;
use sync_core::document::Scalar;
use sync_core::ids::VisitId;
use sync_core::time::Timestamp;

pub(crate) fn pages(routes: PageRoutes) -> PageRoutes {
    call::pages(list::pages(routes))
}

/// The return visits of a record in words.
#[derive(Debug, Default)]
pub(crate) struct ReturnsPart {
    pub(crate) lines: Vec<ReturnLine>,
    /// Visits about which nobody asks yet: id, and number on the page.
    pub(crate) askable: Vec<(VisitId, usize)>,
}

/// The return visits of a record for this reader.
pub(crate) fn returns_part(w: Words, record: &CentralRecord, now: Timestamp) -> ReturnsPart {
    let planned = &record.return_visits;
    let is_known =
        |id: VisitId| planned.iter().any(|one| one.visit_id == Some(id) || one.door_visit_id == Some(id));
    let visits = (1..).zip(&record.visits).map(|(number, visit)| (&visit.visit, number));
    let askable =
        visits.filter(|(visit, _)| visit.state != VisitState::Cancelled && !is_known(visit.visit_id));
    ReturnsPart {
        askable: askable.map(|(visit, number)| (visit.visit_id, number)).collect(),
        lines: planned.iter().map(|body| list::line(w, body, now)).collect(),
    }
}

/// What the timeline tells of a return visit beyond its title.
pub(crate) fn return_facts(phrases: &Phrases, detail: &Value) -> Vec<String> {
    let w = phrases.w;
    if detail["return"].as_str().is_none() {
        return Vec::new();
    }
    let text = |key: &str| detail[key].as_str();
    let moment = |key: &str| detail[key].as_i64().map(|at| w.time(at));
    let mut facts: Vec<String> =
        text("method").map(|method| w.code("return-method", method)).into_iter().collect();
    if detail["second"] == true {
        facts.push(w.t("return-second"));
    }
    facts.extend(text("attempt").map(|outcome| w.code("return-attempt", outcome)));
    if detail["in_window"] == false {
        facts.push(w.t("return-outside"));
    }
    facts.extend(moment("due_at_ms").map(|due| w.a("watch-due", due)));
    facts.extend(moment("next_from_ms").map(|next| w.a("return-next", next)));
    for denied in detail["denied"].as_array().into_iter().flatten() {
        let question = denied["question"].as_str().unwrap_or_default();
        let claimed = view::claimed_words(w, denied["claimed"].as_bool());
        let answer = serde_json::from_value(denied["answer"].clone()).unwrap_or(Scalar::Null);
        let said = phrases.value(&format!("answers/{question}"), &answer);
        facts.push(format!("{}: {claimed} ↔ {said}", phrases.question(question)));
    }
    facts
}
