//! One visit in words: its people, answers and everything recorded on it, section by section.

use super::checks::{Check, check};
use super::entries::{EntryLine, Marks, entry_line};
use super::timeline::{Who, device_name, outcome_words, person_name};
use crate::complaints::phrases::Phrases;
use crate::complaints::record::clock_flags;
use crate::evidence::{PhotoList, PhotoStatus};
use crate::pages::Words;
use crate::review::ReworkBody;
use crate::work_orders::{EntryBody, FieldBody, VisitRecord};
use sync_core::codes::CodeTable;
use sync_core::time::Timestamp;

/// Entries of one section that are shown at first.
const ENTRIES_SHOWN: usize = 30;
/// Photos that are shown at first.
const PHOTOS_SHOWN: usize = 24;
/// Sections, in the order in which a reviewer reads them. Checks and photos are shown in ways of their own.
const SECTIONS: &[&str] = &[
    "findings",
    "hazards",
    "readings",
    "seals",
    "statements",
    "signatures",
    "promises",
    "notices",
    "progress",
    "office/resolutions",
    "office/hazard_lowered",
];

/// A visit as the page shows it.
#[derive(Debug, Default)]
pub(crate) struct VisitPart {
    pub(crate) id: String,
    /// Its place among the visits of this complaint, from 1.
    pub(crate) number: usize,
    pub(crate) state: String,
    pub(crate) origin: String,
    pub(crate) checklist: String,
    /// Label and value of what was planned and what became of it.
    pub(crate) facts: Vec<(String, String)>,
    /// Name, and whether they took it or were taken off.
    pub(crate) people: Vec<(String, String)>,
    pub(crate) hazard: Option<String>,
    pub(crate) note: String,
    pub(crate) cause_text: String,
    pub(crate) fields: Vec<FieldLine>,
    pub(crate) checks: Vec<Check>,
    pub(crate) sections: Vec<Section>,
    pub(crate) photos: Vec<Tile>,
    pub(crate) photos_total: usize,
    pub(crate) photos_said: Option<String>,
    pub(crate) conflicts: Vec<ConflictLine>,
    pub(crate) refused: Vec<RefusedLine>,
    pub(crate) devices: Vec<DeviceLine>,
    /// What a reader must know before they believe that this is all.
    pub(crate) notices: Vec<String>,
    pub(crate) reworks: Vec<(String, String, String)>,
    pub(crate) is_empty: bool,
    /// Whether its past can be looked at from here.
    pub(crate) has_history: bool,
}

/// A value that several people may write.
#[derive(Debug)]
pub(crate) struct FieldLine {
    pub(crate) label: String,
    pub(crate) value: String,
    pub(crate) who: Option<Who>,
    /// Every competing value with its author and mark, when they differ.
    pub(crate) rivals: Vec<(String, Option<Who>, Option<bool>)>,
    /// Where the conflict is decided.
    pub(crate) conflict: Option<String>,
    /// Whether the office decided that they stand beside one another.
    pub(crate) kept: bool,
    pub(crate) mark: Option<bool>,
}

/// Entries of one kind.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) anchor: String,
    pub(crate) title: String,
    pub(crate) total: usize,
    pub(crate) entries: Vec<EntryLine>,
}

/// A photo as a small picture.
#[derive(Debug)]
pub(crate) struct Tile {
    pub(crate) sha256: String,
    pub(crate) thumbnail: Option<String>,
    pub(crate) title: String,
    pub(crate) state: String,
    /// `good`, `warn` or `bad`.
    pub(crate) class: &'static str,
    pub(crate) flags: Vec<String>,
}

/// A conflict with its state in words.
#[derive(Debug)]
pub(crate) struct ConflictLine {
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) state: String,
    pub(crate) is_open: bool,
}

/// Something that was refused.
#[derive(Debug)]
pub(crate) struct RefusedLine {
    pub(crate) id: i64,
    pub(crate) why: String,
    pub(crate) state: String,
    pub(crate) who: String,
    pub(crate) at: String,
    pub(crate) is_open: bool,
}

/// A device that carries or carried the visit.
#[derive(Debug)]
pub(crate) struct DeviceLine {
    pub(crate) label: String,
    pub(crate) person: String,
    pub(crate) said: Vec<String>,
    pub(crate) is_unseen: bool,
}

impl VisitPart {
    /// Leaves out what is true now and is not known of the past.
    pub(super) fn forget_the_present(&mut self) {
        self.conflicts.clear();
        self.refused.clear();
        self.devices.clear();
        self.reworks.clear();
        self.notices.clear();
        self.has_history = false;
        self.photos_said = (self.photos_total > 0).then(String::new);
    }
}

/// Puts a visit into words. `all` shows long lists whole.
pub(crate) fn visit_part(
    phrases: &Phrases,
    record: &VisitRecord,
    number: usize,
    photos: &PhotoList,
    reworks: &[ReworkBody],
    all: bool,
) -> VisitPart {
    let w = phrases.w;
    let visit = &record.visit;
    let marks = Marks::of(reworks, visit.visit_id);
    let most = if all { usize::MAX } else { ENTRIES_SHOWN };
    let checks = record.entries.iter().filter(|entry| entry.is_check());
    VisitPart {
        id: visit.visit_id.to_string(),
        number,
        state: w.code("visit-state", visit.state),
        origin: w.code("visit-origin", visit.origin),
        checklist: phrases.checklist(&visit.checklist),
        facts: plan_facts(phrases, record),
        people: people(w, record),
        hazard: record.hazard_level.as_ref().map(|level| w.code("hazard-level", level)),
        note: record.note.clone(),
        cause_text: record.cause_text.clone(),
        fields: record.fields.iter().map(|field| field_line(phrases, record, field, &marks)).collect(),
        checks: checks.map(|entry| check(phrases, entry)).collect(),
        sections: sections(phrases, record, &marks, most),
        photos: photos
            .photos
            .iter()
            .take(if all { usize::MAX } else { PHOTOS_SHOWN })
            .map(|photo| tile(phrases, photo))
            .collect(),
        photos_total: photos.photos.len(),
        photos_said: photos_said(w, record),
        conflicts: record
            .conflicts
            .iter()
            .map(|conflict| ConflictLine {
                id: conflict.conflict_id.clone(),
                label: phrases.path(&conflict.path),
                state: w.code("conflict-state", &conflict.state),
                is_open: conflict.state != "resolved",
            })
            .collect(),
        refused: refused(phrases, record),
        devices: devices(w, record),
        notices: notices(w, record),
        reworks: rework_lines(w, reworks, record),
        is_empty: record.entries.is_empty() && record.fields.is_empty(),
        has_history: true,
    }
}

fn plan_facts(phrases: &Phrases, record: &VisitRecord) -> Vec<(String, String)> {
    let (w, visit) = (phrases.w, &record.visit);
    let mut facts = vec![(w.t("record-planned-on"), visit.planned_on.clone())];
    if let (Some(from), Some(to)) = (visit.appointment_from_ms, visit.appointment_to_ms) {
        facts.push((w.t("record-appointment"), format!("{} – {}", w.time(from), w.time(to))));
    }
    for (key, moment) in [("record-arrived-at", visit.arrived), ("record-ended-at", visit.ended)] {
        let Some(moment) = moment else { continue };
        let mut said = w.time(moment.claimed_at_ms);
        if moment.received_at_ms.since_ms(moment.claimed_at_ms).saturating_abs() > 60_000 {
            said = format!("{said} ({})", w.a("record-received", w.time(moment.received_at_ms)));
        }
        let (claimed, received) = (moment.claimed_at_ms.unix_ms(), moment.received_at_ms.unix_ms());
        for flag in clock_flags(Some(claimed), received) {
            said = format!("{said} · {}", w.code("clock", flag));
        }
        let label =
            if key == "record-arrived-at" { w.t("record-arrived-at") } else { w.t("record-ended-at") };
        facts.push((label, said));
    }
    facts.extend(visit.outcome.as_ref().map(|code| (w.t("record-outcome"), outcome_words(phrases, code))));
    facts
}

fn notices(w: Words, record: &VisitRecord) -> Vec<String> {
    let pending = (record.pending > 0).then(|| w.n("record-pending", record.pending));
    let unknown = (!record.unknown.is_empty()).then(|| w.n("record-unknown-places", record.unknown.len()));
    let aside = (record.escrowed > 0).then(|| w.n("record-escrowed", record.escrowed));
    pending.into_iter().chain(unknown).chain(aside).collect()
}

fn people(w: Words, record: &VisitRecord) -> Vec<(String, String)> {
    // Nobody has to take what was begun without it.
    let begun = record.visit.arrived.is_some() || record.visit.ended.is_some();
    let said = |row: &crate::work_orders::AssignmentBody| match (row.ended_at_ms, row.accepted_at_ms) {
        (Some(at), _) => Some(w.a("record-off", w.time(at))),
        (None, Some(at)) => Some(w.a("record-took", w.time(at))),
        (None, None) => (!begun).then(|| w.t("record-not-taken")),
    };
    let line = |row: &crate::work_orders::AssignmentBody| {
        let sent = w.a("record-sent-at", w.time(row.assigned_at_ms));
        let words: Vec<String> = std::iter::once(sent).chain(said(row)).collect();
        (person_name(w, &row.person), words.join(" · "))
    };
    record.visit.assignments.iter().map(line).collect()
}

fn field_line(phrases: &Phrases, record: &VisitRecord, field: &FieldBody, marks: &Marks<'_>) -> FieldLine {
    let w = phrases.w;
    let who = |value: &crate::work_orders::FieldValue| value.origin.as_ref().map(|origin| Who::of(w, origin));
    let shown = field.values.last();
    let conflict = record.conflicts.iter().rev().find(|conflict| conflict.path == field.path);
    let rivals = field.values.iter().filter(|_| field.conflict);
    FieldLine {
        label: field_label(phrases, field),
        value: phrases.value(&field.path, &field.shown),
        who: shown.and_then(who),
        rivals: rivals
            .map(|value| {
                let mark = marks.of_change(&field.path, value.origin.as_ref());
                (phrases.value(&field.path, &value.value), who(value), mark)
            })
            .collect(),
        kept: conflict.is_some_and(|conflict| conflict.state == "resolved"),
        conflict: conflict.filter(|_| field.conflict).map(|conflict| conflict.conflict_id.clone()),
        mark: shown.and_then(|value| marks.of_change(&field.path, value.origin.as_ref())),
    }
}

/// What the office decided is no proposal any more.
fn field_label(phrases: &Phrases, field: &FieldBody) -> String {
    let shown = field.values.last().and_then(|value| value.origin.as_ref());
    let decided = !field.conflict && shown.is_some_and(crate::work_orders::OriginBody::is_of_office);
    match field.path.strip_prefix("proposal/").filter(|_| decided) {
        Some(name) => phrases.w.code("decided", name),
        None => phrases.path(&field.path),
    }
}

fn sections(phrases: &Phrases, record: &VisitRecord, marks: &Marks<'_>, most: usize) -> Vec<Section> {
    let mut sections = Vec::new();
    for name in SECTIONS {
        let entries: Vec<&EntryBody> =
            record.entries.iter().filter(|entry| entry.container == *name).collect();
        if entries.is_empty() {
            continue;
        }
        sections.push(Section {
            anchor: name.replace('/', "-"),
            title: phrases.path(name),
            total: entries.len(),
            entries: entries
                .iter()
                .take(most)
                .map(|entry| entry_line(phrases, record, entry, marks))
                .collect(),
        });
    }
    sections
}

/// A photo as a small picture with what is known about its bytes.
pub(crate) fn tile(phrases: &Phrases, photo: &PhotoStatus) -> Tile {
    use crate::evidence::PhotoStage::{Damaged, Unavailable, Whole};
    let w = phrases.w;
    let entry = photo.entries.first();
    let role =
        entry.map_or_else(|| w.t("record-photo"), |entry| phrases.coded(CodeTable::PhotoRoles, &entry.role));
    let caption = entry.and_then(|entry| entry.caption.as_deref());
    Tile {
        sha256: photo.sha256.to_string(),
        thumbnail: photo.preview.thumbnail.clone(),
        title: caption.map_or_else(|| role.clone(), |caption| format!("{role} · {caption}")),
        state: w.code("photo-state", photo.state.as_str()),
        class: match photo.state {
            Whole => "good",
            Damaged | Unavailable => "bad",
            _ => "warn",
        },
        flags: photo.flags.iter().map(|flag| w.code("photo-flag", flag.as_str())).collect(),
    }
}

fn photos_said(w: Words, record: &VisitRecord) -> Option<String> {
    let photos = &record.photos;
    if photos.named == 0 {
        return None;
    }
    let mut said = w.ab("record-photos-arrived", photos.arrived, photos.named);
    if photos.unavailable > 0 {
        said = format!("{said} · {}", w.n("record-photos-lost", photos.unavailable));
    }
    Some(said)
}

fn refused(phrases: &Phrases, record: &VisitRecord) -> Vec<RefusedLine> {
    let line = |item: &crate::work_orders::QuarantineBody| RefusedLine {
        id: item.id,
        why: phrases.refusal(&item.reason),
        state: phrases.w.code("quarantine-state", &item.state),
        who: person_name(phrases.w, &item.person),
        at: phrases.w.time(item.received_at_ms),
        is_open: item.state == "open",
    };
    record.quarantine.iter().filter(|item| !item.is_taken_up()).map(line).collect()
}

fn devices(w: Words, record: &VisitRecord) -> Vec<DeviceLine> {
    let mut lines = Vec::new();
    for holder in &record.devices {
        let settled = holder.settled_by.as_ref().map(|by| w.code("settled-by", by));
        let mut said = vec![settled.unwrap_or_else(|| w.t("record-unseen"))];
        said.extend(holder.last_seen_at_ms.map(|at: Timestamp| w.a("record-last-seen", w.time(at))));
        said.extend(holder.outbox_envelopes.filter(|n| *n > 0).map(|n| w.n("record-outbox", n)));
        said.extend(holder.revoked.then(|| w.t("record-revoked")));
        lines.push(DeviceLine {
            label: device_name(&holder.device),
            person: person_name(w, &holder.person),
            said,
            is_unseen: holder.may_hold_unseen_work,
        });
    }
    lines
}

fn rework_lines(w: Words, reworks: &[ReworkBody], record: &VisitRecord) -> Vec<(String, String, String)> {
    let own = reworks.iter().filter(|rework| rework.visit_id == record.visit.visit_id.to_string());
    own.map(|rework| {
        let done = rework
            .done_at_ms
            .map_or_else(|| w.t("record-sent-back-open"), |at| w.a("record-sent-back-done", w.time(at)));
        (w.time(rework.requested_at_ms), rework.reason.clone(), done)
    })
    .collect()
}
