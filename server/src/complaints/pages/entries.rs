//! What was recorded, entry by entry, in words.

use super::timeline::{Who, person_name};
use crate::complaints::phrases::Phrases;
use crate::review::ReworkBody;
use crate::work_orders::{EntryBody, OriginBody, PromiseBody, VisitRecord};
use serde_json::Value;
use std::collections::BTreeMap;
use sync_core::codes::CodeTable;
use sync_core::ids::VisitId;
use sync_core::number::unit_shown;

/// An entry in words.
#[derive(Debug, Default)]
pub(crate) struct EntryLine {
    pub(crate) id: String,
    /// What it is in a few words.
    pub(crate) title: String,
    /// Longer words, as they were typed.
    pub(crate) text: Option<String>,
    /// Label and value.
    pub(crate) facts: Vec<(String, String)>,
    pub(crate) who: Who,
    /// Fields that were written again later, and by whom.
    pub(crate) edits: Vec<(String, Who)>,
    /// What became of it: taken back, corrected.
    pub(crate) fate: Vec<String>,
    pub(crate) stands: bool,
    /// Within (`true`) or outside of what a rework request named; none: not part of a rework.
    pub(crate) mark: Option<bool>,
    /// Set for promises: due, kept at, and whether it is owed.
    pub(crate) promise: Option<PromiseLine>,
    /// The image of a signature.
    pub(crate) image: Option<String>,
}

/// The deadline of a promise.
#[derive(Debug)]
pub(crate) struct PromiseLine {
    pub(crate) due: String,
    /// When it was kept.
    pub(crate) kept: Option<String>,
}

/// Which changes came after work was sent back, and whether they are what was asked for.
#[derive(Debug)]
pub(crate) struct Marks<'a> {
    /// The newest request on the visit.
    newest: Option<&'a ReworkBody>,
}

impl<'a> Marks<'a> {
    /// The marks of a visit.
    pub(crate) fn of(reworks: &'a [ReworkBody], visit: VisitId) -> Self {
        let visit = visit.to_string();
        Self { newest: reworks.iter().rev().find(|rework| rework.visit_id == visit) }
    }

    /// Whether a change at this place was asked for; none when it was made before, or in the office.
    pub(crate) fn of_change(&self, path: &str, origin: Option<&OriginBody>) -> Option<bool> {
        let (rework, origin) = (self.newest?, origin?);
        let is_later = origin.claimed_at_ms.unix_ms() >= rework.requested_at_ms
            || origin.not_before_ms.unix_ms() >= rework.requested_at_ms;
        // Nobody asks for coming and going; every rework has it.
        let is_about_the_stay = path.starts_with("progress/");
        if !is_later || is_about_the_stay || origin.is_of_office() || rework.paths.is_empty() {
            return None;
        }
        let is_below = |inner: &str, outer: &str| {
            inner == outer || inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
        };
        Some(rework.paths.iter().any(|named| is_below(path, named) || is_below(named, path)))
    }
}

/// Puts an entry into words.
pub(crate) fn entry_line(
    phrases: &Phrases,
    record: &VisitRecord,
    entry: &EntryBody,
    marks: &Marks<'_>,
) -> EntryLine {
    let w = phrases.w;
    let origin = entry.origin.as_ref();
    let own = Who {
        person: person_name(w, &entry.by),
        claimed: Some(w.time(entry.at_ms)),
        received: String::new(),
        ..Who::default()
    };
    let place = entry.supersedes.as_ref().unwrap_or(&entry.entry_id);
    let mut line = EntryLine {
        id: entry.entry_id.to_string(),
        who: origin.map_or(own, |origin| Who::of(w, origin)),
        edits: edits(phrases, entry),
        fate: fate(phrases, entry),
        stands: entry.stands,
        mark: entry_mark(marks, entry, &format!("{}/{place}", entry.container)),
        ..EntryLine::default()
    };
    describe(phrases, &record.promises, entry, &mut line);
    line
}

/// An entry in one line, for lists to choose from.
pub(crate) fn entry_words(phrases: &Phrases, record: &VisitRecord, entry: &EntryBody) -> String {
    if entry.is_check() {
        return super::checks::check_words(phrases, entry);
    }
    if entry.container == "photos" {
        let role = phrases.coded(CodeTable::PhotoRoles, entry.content["role"].as_str().unwrap_or_default());
        let caption = entry.content["caption"].as_str().filter(|caption| !caption.is_empty());
        return caption.map_or_else(|| role.clone(), |caption| format!("{role} · {caption}"));
    }
    let mut line = EntryLine::default();
    describe(phrases, &record.promises, entry, &mut line);
    let text: String = line.text.unwrap_or_default().chars().take(120).collect();
    if text.is_empty() { line.title } else { format!("{} · {text}", line.title) }
}

/// What was written again, field by field; fields of one envelope together.
fn edits(phrases: &Phrases, entry: &EntryBody) -> Vec<(String, Who)> {
    let mut of_envelope: BTreeMap<i64, (Vec<String>, Who)> = BTreeMap::new();
    for edit in &entry.edits {
        let Some(origin) = &edit.origin else { continue };
        let (fields, _) =
            of_envelope.entry(origin.log_index).or_insert_with(|| (Vec::new(), Who::of(phrases.w, origin)));
        fields.push(phrases.w.code("field-label", &edit.field));
    }
    of_envelope.into_values().map(|(fields, who)| (fields.join(" · "), who)).collect()
}

/// Whether the newest writing of an entry was asked for: outside of what was asked counts more.
fn entry_mark(marks: &Marks<'_>, entry: &EntryBody, place: &str) -> Option<bool> {
    let edited = entry.edits.iter().map(|edit| {
        let path = format!("{place}/{}", edit.field);
        marks.of_change(&path, edit.origin.as_ref())
    });
    edited.chain([marks.of_change(place, entry.origin.as_ref())]).flatten().min()
}

/// An entry with everything that was recorded in it, in one paragraph.
pub(super) fn entry_told(phrases: &Phrases, entry: &EntryBody) -> String {
    if entry.is_check() {
        return super::checks::check_words(phrases, entry);
    }
    let mut line = EntryLine::default();
    describe(phrases, &[], entry, &mut line);
    if entry.container == "statements" {
        // Its words lie beside the document and may not be at hand.
        line.text.clone_from(&entry.text);
    }
    if entry.container == "photos" {
        line.title = phrases.coded(CodeTable::PhotoRoles, entry.content["role"].as_str().unwrap_or_default());
        line.text = entry.content["caption"].as_str().map(str::to_owned);
    }
    let facts = line.facts.into_iter().map(|(label, value)| format!("{label}: {value}"));
    let due = line.promise.map(|promise| promise.due);
    let said = [Some(line.title), line.text].into_iter().flatten().chain(facts).chain(due);
    said.filter(|words| !words.is_empty()).collect::<Vec<_>>().join(" · ")
}

fn fate(phrases: &Phrases, entry: &EntryBody) -> Vec<String> {
    let w = phrases.w;
    let mut fate = Vec::new();
    if let Some(withdrawn) = &entry.withdrawn {
        fate.push(match withdrawn["reason"].as_str().filter(|reason| !reason.is_empty()) {
            Some(reason) => w.a("record-withdrawn-because", reason),
            None => w.t("record-withdrawn"),
        });
    }
    if !entry.superseded_by.is_empty() {
        let is_decision = entry.container == "office/resolutions";
        fate.push(if is_decision { w.t("record-undone") } else { w.t("record-corrected") });
    }
    if entry.supersedes.is_some() {
        fate.push(w.t("record-corrects"));
    }
    fate
}

fn describe(phrases: &Phrases, promises: &[PromiseBody], entry: &EntryBody, line: &mut EntryLine) {
    let w = phrases.w;
    let text = |key: &str| entry.content[key].as_str().unwrap_or_default();
    let given = |key: &str| Some(text(key)).filter(|text| !text.is_empty());
    let mut fact = |label: String, value: Option<String>| {
        line.facts.extend(value.map(|value| (label, value)));
    };
    match entry.container {
        "findings" => {
            line.title = finding_title(phrases, &entry.content);
            fact(w.t("record-question"), given("item").map(|item| phrases.question(item)));
            fact(
                w.t("record-severity"),
                given("severity").map(|code| phrases.coded(CodeTable::Severities, code)),
            );
            line.text = given("text").map(str::to_owned);
        }
        "readings" => {
            let register = w.code("register", text("register"));
            line.title = format!("{register} {} {}", text("shown"), unit_shown(text("unit")));
            fact(w.t("record-read-how"), given("kind").map(|kind| w.code("reading-kind", kind)));
            fact(w.t("record-meter-no"), given("meter_no").map(str::to_owned));
        }
        "seals" => {
            line.title = format!(
                "{} · {}",
                phrases.seal_position(text("position")),
                phrases.seal_state(text("state"))
            );
            fact(w.t("record-number-found"), given("number_found").map(str::to_owned));
            fact(w.t("record-number-fitted"), given("number_fitted").map(str::to_owned));
            fact(w.t("record-meter-no"), given("meter_no").map(str::to_owned));
        }
        "statements" => {
            line.title = phrases.coded(CodeTable::StatementGivers, text("from"));
            line.text = Some(entry.text.clone().unwrap_or_else(|| w.t("record-words-erased")));
        }
        "promises" => {
            line.title = text("what").to_owned();
            fact(w.t("promise-rests-on"), rests_on(phrases, promises, entry));
            line.promise = Some(promise(phrases, promises, entry));
        }
        _ => describe_more(phrases, entry, line),
    }
}

fn describe_more(phrases: &Phrases, entry: &EntryBody, line: &mut EntryLine) {
    let w = phrases.w;
    let text = |key: &str| entry.content[key].as_str().unwrap_or_default();
    let given = |key: &str| Some(text(key)).filter(|text| !text.is_empty());
    match entry.container {
        "signatures" => match given("refused_reason") {
            Some(reason) => {
                line.title = w.t("record-not-signed");
                line.text = Some(reason.to_owned());
            }
            None => {
                line.title = w.t("record-signed");
                line.image = given("sha256").map(str::to_owned);
            }
        },
        "hazards" => {
            line.title =
                format!("{} · {}", w.code("hazard-level", text("level")), phrases.hazard(text("code")));
            line.facts.extend(given("action").map(|action| (w.t("record-action"), action.to_owned())));
        }
        "progress" => {
            line.title = w.code("progress", text("event"));
            let said = given("outcome").or_else(|| given("reason"));
            line.text = said.map(|code| super::timeline::outcome_words(phrases, code));
        }
        "notices" => {
            line.title = format!("{} · {}", text("number"), w.code("delivered", text("delivered")));
            line.text = given("kind").map(|kind| w.code("notice-kind", kind));
        }
        "office/resolutions" => {
            line.title =
                format!("{} · {}", phrases.path(text("path")), w.code("conflict-choice", text("choice")));
            line.text = given("reason").map(str::to_owned);
        }
        "office/hazard_lowered" => {
            line.title =
                given("level").map_or_else(|| w.t("record-none"), |level| w.code("hazard-level", level));
            line.text = given("reason").map(str::to_owned);
        }
        other => line.title = phrases.path(other),
    }
}

/// A finding's code in words; an organisation's own code stands for itself.
fn finding_title(phrases: &Phrases, content: &Value) -> String {
    match content["code"].as_str().unwrap_or_default() {
        sync_core::checklist::SKIPPED => phrases.w.t("record-skipped"),
        code => phrases.coded(CodeTable::Findings, code),
    }
}

/// The article that a promise rests on, and the version that it agrees with since it was corrected.
fn rests_on(phrases: &Phrases, promises: &[PromiseBody], entry: &EntryBody) -> Option<String> {
    let id = entry.entry_id.to_string();
    let article = promises.iter().find(|promise| promise.entry_id == id)?.rests_on.as_ref()?;
    let number = article.number.clone().unwrap_or_else(|| article.article_id.clone());
    let read = phrases.w.n("article-version", article.article_version);
    Some(match article.stands_on == article.article_version {
        true => format!("{number} · {read}"),
        false => format!("{number} · {read} · {}", phrases.w.a("promise-corrected-to", article.stands_on)),
    })
}

fn promise(phrases: &Phrases, promises: &[PromiseBody], entry: &EntryBody) -> PromiseLine {
    let id = entry.entry_id.to_string();
    let known = promises.iter().find(|promise| promise.entry_id == id);
    let due = known.map(|promise| promise.due_at_ms).or_else(|| entry.content["due_ms"].as_i64());
    PromiseLine {
        due: phrases.w.a("record-due", due.map_or_else(String::new, |due| phrases.w.time(due))),
        kept: known.and_then(|promise| promise.kept_at_ms).map(|at| phrases.w.time(at)),
    }
}
