//! Verdicts in words: what they rest on, with links, and what was open when somebody gave them all the same.

use super::entries::entry_words;
use super::timeline::person_name;
use crate::complaints::phrases::Phrases;
use crate::complaints::record::CentralRecord;
use crate::review::VerdictBody;
use serde_json::Value;
use sync_core::codes::CodeTable;

/// A verdict in words.
#[derive(Debug)]
pub(crate) struct VerdictLine {
    pub(crate) title: String,
    pub(crate) facts: Vec<String>,
    pub(crate) note: String,
    pub(crate) by: String,
    pub(crate) at: String,
    pub(crate) override_reason: Option<String>,
    /// What was open: words, and the visit it was about by its number.
    pub(crate) overridden: Vec<(String, Option<usize>)>,
    /// How many pieces of evidence it names.
    pub(crate) evidence: String,
    /// They, as words with an address.
    pub(crate) rests_on: Vec<(String, String)>,
}

/// Puts a verdict into words.
pub(super) fn verdict_line(phrases: &Phrases, record: &CentralRecord, verdict: &VerdictBody) -> VerdictLine {
    let w = phrases.w;
    let cause = verdict.cause.as_ref().map(|code| phrases.coded(CodeTable::RootCauses, code));
    let whose = verdict.responsibility.as_ref().map(|code| phrases.coded(CodeTable::Responsibilities, code));
    let evidence = verdict.evidence.as_array().map_or(&[][..], Vec::as_slice);
    let open = verdict.overridden.as_array().into_iter().flatten();
    VerdictLine {
        title: phrases.coded(CodeTable::Verdicts, &verdict.verdict),
        facts: cause.into_iter().chain(whose).chain(verdict.responsible_unit.clone()).collect(),
        note: verdict.note.clone(),
        by: verdict.reviewed_by.as_ref().map_or_else(|| w.t("record-unknown"), |by| person_name(w, by)),
        at: w.time(verdict.reviewed_at_ms),
        override_reason: verdict.override_reason.clone(),
        overridden: open
            .map(|blocker| {
                let kind = blocker["kind"].as_str().unwrap_or_default();
                (w.code("blocker", kind), visit_of(record, blocker).map(|(number, _)| number))
            })
            .collect(),
        evidence: w.n("record-evidence", evidence.len()),
        rests_on: evidence.iter().filter_map(|named| rests_on(phrases, record, named)).collect(),
    }
}

fn visit_of<'r>(
    record: &'r CentralRecord,
    named: &Value,
) -> Option<(usize, &'r crate::work_orders::VisitRecord)> {
    let id = named["visit_id"].as_str()?;
    let mut visits = (1..).zip(&record.visits);
    visits.find(|(_, visit)| visit.visit.visit_id.to_string() == id)
}

/// An entry that a verdict names: what it is, whose it is, and where it can be seen.
fn rests_on(phrases: &Phrases, record: &CentralRecord, named: &Value) -> Option<(String, String)> {
    let (_, visit) = visit_of(record, named)?;
    let id = named["entry_id"].as_str()?;
    let entry = visit.entries.iter().find(|entry| entry.entry_id.to_string() == id)?;
    let kind = phrases.path(entry.container);
    let words = entry_words(phrases, visit, entry);
    let words = format!("{kind} · {words} · {}", person_name(phrases.w, &entry.by));
    let href = match entry.content["sha256"].as_str().filter(|_| entry.container == "photos") {
        Some(sha256) => format!("/photos/{sha256}"),
        None => format!("?all=1#entry-{id}"),
    };
    Some((words, href))
}
