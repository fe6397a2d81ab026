//! What stands in the visits about verdict, cause and responsibility: what the technicians propose, and what the
//! office put in its place when it decided a conflict.

use super::verdict_pages::VerdictForm;
use crate::complaints::pages::person_name;
use crate::complaints::phrases::Phrases;
use crate::work_orders::{FieldBody, FieldValue, OriginBody, VisitRecord};

/// Label and value.
type Fact = (String, String);

/// What stands in the visits of a record, each under who wrote it.
#[derive(Debug, Default)]
pub(super) struct Proposals {
    /// From the field.
    pub(super) technicians: Vec<Fact>,
    /// What the office decided between values of the field.
    pub(super) office: Vec<Fact>,
}

impl Proposals {
    /// Of all visits, oldest first.
    pub(super) fn of(phrases: &Phrases, records: &[VisitRecord]) -> Self {
        let mut said = Self::default();
        for record in records {
            let fields = record.fields.iter().filter(|field| field.path.starts_with("proposal/"));
            fields.for_each(|field| said.add(phrases, field));
            if !record.cause_text.is_empty() {
                said.technicians.push((phrases.path("cause_text"), record.cause_text.clone()));
            }
        }
        said
    }

    /// Values that stand beside one another are all told, each with its author.
    fn add(&mut self, phrases: &Phrases, field: &FieldBody) {
        let shown = if field.conflict { usize::MAX } else { 1 };
        let values = field.values.iter().rev().take(shown);
        let (office, technicians): (Vec<_>, Vec<_>) = values.partition(|value| is_of_office(value));
        if !technicians.is_empty() {
            let told = |value: &&FieldValue| proposed_words(phrases, field, value);
            let words: Vec<String> = technicians.iter().map(told).collect();
            self.technicians.push((phrases.path(&field.path), words.join(" · ")));
        }
        let label = phrases.w.code("decided", field.path.trim_start_matches("proposal/"));
        self.office
            .extend(office.into_iter().map(|value| (label.clone(), decided_words(phrases, field, value))));
    }
}

fn is_of_office(value: &FieldValue) -> bool {
    value.origin.as_ref().is_some_and(OriginBody::is_of_office)
}

fn proposed_words(phrases: &Phrases, field: &FieldBody, value: &FieldValue) -> String {
    let words = phrases.value(&field.path, &value.value);
    let by = value.origin.as_ref().map(|origin| person_name(phrases.w, &origin.person));
    by.filter(|_| field.conflict).map_or_else(|| words.clone(), |by| format!("{words} ({by})"))
}

fn decided_words(phrases: &Phrases, field: &FieldBody, value: &FieldValue) -> String {
    let w = phrases.w;
    let by = value.origin.as_ref().map(|origin| {
        w.ab("review-decided-by", person_name(w, &origin.person), w.time(origin.received_at_ms))
    });
    let words = [Some(phrases.value(&field.path, &value.value)), by];
    words.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// What the newest visit says, to be taken over or changed.
pub(super) fn proposed(records: &[VisitRecord]) -> VerdictForm {
    let newest = |field: &str| {
        let path = format!("proposal/{field}");
        let fields = records.iter().rev().flat_map(|record| &record.fields);
        let mut found = fields.filter(|known| known.path == path && !known.conflict);
        found.find_map(|known| known.shown.as_text().map(str::to_owned)).unwrap_or_default()
    };
    VerdictForm {
        verdict: newest("verdict"),
        cause: newest("cause"),
        responsibility: newest("responsibility"),
        ..VerdictForm::default()
    }
}
