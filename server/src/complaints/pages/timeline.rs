//! The merged timeline in words: customer, office, visits and system, with the three times never mixed.

use super::told::{Told, cut};
use super::values::valued;
use crate::complaints::api::FieldChangeBody;
use crate::complaints::phrases::Phrases;
use crate::complaints::record::{CentralRecord, TimelineEntry};
use crate::complaints::{DeviceRef, PersonRef};
use crate::corrective::action_facts;
use crate::deadlines::deadline_facts;
use crate::pages::{Shell, Words};
use crate::returns::return_facts;
use crate::seats::seat_facts;
use crate::sections::section_facts;
use crate::specials::special_facts;
use crate::work_orders::OriginBody;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use sync_core::codes::CodeTable;
use sync_core::time::Timestamp;

/// Who did something, on which device, and when.
#[derive(Debug, Clone, Default)]
pub(crate) struct Who {
    /// Name, or who stands for it.
    pub(crate) person: String,
    /// Label of the device; none in the office.
    pub(crate) device: Option<String>,
    /// Whether a value of a visit was written in the office, where readers expect a device.
    pub(crate) in_office: bool,
    /// The device's word for when.
    pub(crate) claimed: Option<String>,
    /// When the server learned of it.
    pub(crate) received: String,
    /// The same for machines.
    pub(crate) machine: String,
    /// Recorded without a network, arrived later.
    pub(crate) offline: bool,
    /// Doubts about the claimed time.
    pub(crate) flags: Vec<String>,
    /// Who let it out of quarantine and when.
    pub(crate) accepted: Option<String>,
}

impl Who {
    /// Who brought something into a visit.
    pub(crate) fn of(w: Words, origin: &OriginBody) -> Self {
        Self {
            person: person_name(w, &origin.person),
            device: origin.device.label.clone(),
            in_office: origin.is_of_office(),
            claimed: Some(w.time(origin.claimed_at_ms)),
            received: w.time(origin.received_at_ms),
            machine: w.machine_time(origin.received_at_ms),
            offline: origin.recorded_offline,
            flags: flag_words(w, &origin.clock_flags),
            accepted: origin.accepted_by.as_ref().map(|person| {
                let how = if origin.from_escrow { "record-taken-up-by" } else { "record-accepted-by" };
                accepted_words(w, how, person, origin.accepted_at_ms)
            }),
        }
    }

    fn of_entry(w: Words, entry: &TimelineEntry) -> Self {
        let received = Timestamp::from_unix_ms(entry.received_at_ms);
        Self {
            person: entry.person.as_ref().map_or_else(|| w.t("record-by-system"), |who| person_name(w, who)),
            device: entry.device.as_ref().map(device_name),
            in_office: false,
            claimed: entry.claimed_at_ms.map(|at| w.time(at)),
            received: w.time(received),
            machine: w.machine_time(received),
            offline: entry.recorded_offline,
            flags: flag_words(w, &entry.clock_flags),
            accepted: entry.accepted_by.as_ref().map(|person| {
                let at = entry.accepted_at_ms.map(Timestamp::from_unix_ms);
                let how = if entry.from_escrow { "record-taken-up-by" } else { "record-accepted-by" };
                accepted_words(w, how, person, at)
            }),
        }
    }
}

fn accepted_words(w: Words, how: &str, person: &PersonRef, at: Option<Timestamp>) -> String {
    w.ab(how, person_name(w, person), at.map(|at| w.time(at)).unwrap_or_default())
}

/// The name of a person, or that the server knows none.
pub(crate) fn person_name(w: Words, person: &PersonRef) -> String {
    person.name.clone().unwrap_or_else(|| w.t("record-unknown"))
}

/// What people call a device; its id when it has no label.
pub(crate) fn device_name(device: &DeviceRef) -> String {
    device.label.clone().unwrap_or_else(|| device.device_id.to_string())
}

fn flag_words(w: Words, flags: &[&str]) -> Vec<String> {
    flags.iter().map(|flag| w.code("clock", flag)).collect()
}

/// One entry of the timeline.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line {
    /// `customer`, `office`, `field`, `refused` or `system`.
    pub(crate) class: &'static str,
    /// What happened.
    pub(crate) title: String,
    /// It in detail.
    pub(crate) facts: Vec<String>,
    /// What was recorded, one after the other.
    pub(crate) told: Vec<String>,
    /// Where to read what was recorded when nothing of it stands in the record any more.
    pub(crate) history: Option<String>,
    /// The reason given.
    pub(crate) reason: Option<String>,
    /// Who, on which device, when.
    pub(crate) who: Who,
    /// About which visit: its number on this page.
    pub(crate) visit: Option<usize>,
    /// Number of the merged record it came with.
    pub(crate) merged_from: Option<String>,
}

/// The order of the timeline.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    /// As the server learned of it.
    #[default]
    Received,
    /// As devices say that it happened; what was done in the office by the server's time.
    Claimed,
}

/// The newest `most` entries of the timeline, newest first.
pub(crate) fn lines(
    shell: &Shell,
    phrases: &Phrases,
    record: &CentralRecord,
    people: &BTreeMap<String, String>,
    (most, order): (usize, Order),
) -> Vec<Line> {
    let told = Told::of(record);
    let mut entries: Vec<&TimelineEntry> = record.timeline.iter().collect();
    if order == Order::Claimed {
        entries.sort_by_key(|entry| entry.claimed_at_ms.unwrap_or(entry.received_at_ms));
    }
    entries
        .into_iter()
        .rev()
        .take(most)
        .map(|entry| line(shell, phrases, record, (people, &told), entry))
        .collect()
}

fn line(
    shell: &Shell,
    phrases: &Phrases,
    record: &CentralRecord,
    (people, told): (&BTreeMap<String, String>, &Told<'_>),
    entry: &TimelineEntry,
) -> Line {
    let w = phrases.w;
    let told = match entry.kind.as_str() {
        "recorded" => told.lines(phrases, entry),
        "conflict_resolved" => told.decided(phrases, entry).into_iter().collect(),
        _ => entry.changes.iter().map(|change| change_words(shell, change)).collect(),
    };
    let mut facts = facts(phrases, people, entry);
    facts.extend(section_facts(w, &record.sections, &entry.detail));
    facts.extend(seat_facts(w, &record.expert_requests, &entry.detail));
    // What was written over by parts stands in no entry.
    let history = (entry.kind == "recorded" && told.is_empty()).then_some(entry.visit_id).flatten();
    let visit = entry.visit_id.and_then(|id| {
        record.visits.iter().position(|visit| visit.visit.visit_id == id).map(|place| place + 1)
    });
    let merged_from = entry
        .merged_from
        .and_then(|id| record.merged.iter().find(|merged| merged.complaint_id == id))
        .map(|merged| merged.number.clone());
    let reason = match (entry.kind.as_str(), &entry.reason) {
        ("refused", Some(code)) => Some(phrases.refusal(code)),
        // Written by the server when it takes the crew off by itself.
        (_, Some(code)) if ["closed", "withdrawn"].contains(&code.as_str()) => Some(w.code("released", code)),
        (_, reason) => reason.clone(),
    };
    Line {
        class: class_of(entry),
        title: w.code("timeline", &entry.kind),
        facts,
        told,
        history: history.map(|visit| format!("/visits/{visit}/history")),
        reason,
        who: Who::of_entry(w, entry),
        visit,
        merged_from,
    }
}

/// A field of the record with what it was and what it became.
fn change_words(shell: &Shell, change: &FieldChangeBody) -> String {
    let w = shell.w;
    let shown = |value: &Option<String>| {
        let value = value.as_deref().filter(|value| !value.is_empty());
        value.map_or_else(|| w.t("record-empty-value"), |value| cut(&valued(shell, &change.field, value)))
    };
    let step = w.ab("record-state-step", shown(&change.old_value), shown(&change.new_value));
    w.ab("record-count", w.code("change-field", &change.field), step)
}

fn class_of(entry: &TimelineEntry) -> &'static str {
    match (entry.kind.as_str(), &entry.device, &entry.person) {
        ("received", ..) => "customer",
        ("refused", ..) => "refused",
        (_, Some(device), _) if device.label.is_some() => "field",
        (_, _, Some(_)) => "office",
        _ => "system",
    }
}

fn facts(phrases: &Phrases, people: &BTreeMap<String, String>, entry: &TimelineEntry) -> Vec<String> {
    let w = phrases.w;
    let detail = &entry.detail;
    let mut facts = Vec::new();
    if let (Some(from), Some(to)) = (&entry.state_from, &entry.state_to) {
        facts.push(w.ab("record-state-step", w.code("state", from), w.code("state", to)));
    }
    let text = |key: &str| detail[key].as_str();
    if let (Some(from), Some(to)) = (text("unit_from"), text("unit_to")) {
        let named = |unit: &str| if unit.is_empty() { w.t("unit-none") } else { unit.to_owned() };
        facts.push(w.ab("record-state-step", named(from), named(to)));
    }
    // What a correction changed is told with its values, where they are known.
    let fields = detail["fields"].as_array().filter(|_| entry.kind != "recorded" && entry.changes.is_empty());
    facts.extend(fields.into_iter().flatten().filter_map(Value::as_str).map(|f| w.code("change-field", f)));
    for path in detail["paths"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        facts.push(phrases.path(path));
    }
    if let (Some(level), Some(levels)) = (detail["level"].as_i64(), detail["levels"].as_i64()) {
        facts.push(w.ab("level-of", level, levels));
    }
    facts.extend(text("path").map(|path| phrases.path(path)));
    facts.extend(text("flag").map(|flag| w.code("contact-flag", flag)));
    facts.extend(text("field").map(|field| w.code("change-field", field)));
    facts.extend(text("choice").map(|choice| w.code("conflict-choice", choice)));
    facts.extend(text("channel").map(|channel| w.code("channel", channel)));
    facts.extend(text("planned_on").map(str::to_owned));
    facts.extend(text("kind").map(|kind| w.code("order-kind", kind)));
    facts.extend(text("verdict").map(|verdict| phrases.coded(CodeTable::Verdicts, verdict)));
    facts.extend(text("cause").map(|cause| phrases.coded(CodeTable::RootCauses, cause)));
    facts.extend(text("outcome").map(|outcome| outcome_words(phrases, outcome)));
    facts.extend(text("decision").map(|decision| w.code("quarantine-state", decision)));
    facts.extend(deadline_facts(w, detail));
    facts.extend(return_facts(phrases, detail));
    facts.extend(action_facts(phrases, detail));
    facts.extend(special_facts(w, detail));
    let name = |key: &str| text(key).and_then(|id| people.get(id)).cloned();
    match (name("from"), name("to"), name("person")) {
        (Some(from), Some(to), _) => facts.push(w.ab("record-state-step", from, to)),
        (_, _, Some(person)) => facts.push(person),
        _ => {}
    }
    facts
}

/// What came of a visit, or why there was no access.
pub(crate) fn outcome_words(phrases: &Phrases, code: &str) -> String {
    let table = [CodeTable::Outcomes, CodeTable::NoAccessReasons]
        .into_iter()
        .find(|table| table.find(code).is_some());
    table.map_or_else(|| code.to_owned(), |table| phrases.coded(table, code))
}

/// Ids of people whom the details of a timeline name.
pub(crate) fn people_named(record: &CentralRecord) -> Vec<String> {
    let keys = ["from", "to", "person"];
    let named = record.timeline.iter().flat_map(|entry| keys.map(|key| entry.detail[key].as_str()));
    let mut ids: Vec<String> = named.flatten().map(str::to_owned).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
