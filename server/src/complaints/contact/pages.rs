//! Contact data on the record page: every version of name, phone and address, and the flags with their forms.

use super::api::{SETTLERS, settle_flag};
use super::{CONTACT_FIELDS, ContactFlag};
use crate::app::App;
use crate::complaints::api::FieldChangeBody;
use crate::complaints::bodies::{DeviceRef, PersonRef};
use crate::complaints::record::CentralRecord;
use crate::pages::{PageRoutes, Policy, Posted, Shell, Words, see_other};
use crate::problem::{self, Problem};
use crate::routing::post;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use sync_core::ids::ComplaintId;
use sync_core::time::Timestamp;

pub(in crate::complaints) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/complaints/{id}/contact-flags/{number}", Policy::Roles(SETTLERS), post(settle))
}

/// Contact data of a record in words.
#[derive(Debug, Default)]
pub(crate) struct ContactPart {
    pub(crate) flags: Vec<FlagLine>,
    pub(crate) versions: Vec<VersionLine>,
    pub(crate) may_settle: bool,
}

/// A flag in words.
#[derive(Debug)]
pub(crate) struct FlagLine {
    pub(crate) number: i64,
    pub(crate) words: String,
    pub(crate) raised: String,
    /// What stood there when the complaint was written down, and what stands there now.
    pub(crate) compared: Option<(String, String)>,
    /// How it was settled; none: it is open.
    pub(crate) settled: Option<String>,
    pub(crate) reason: Option<String>,
}

/// One value that a field had.
#[derive(Debug)]
pub(crate) struct VersionLine {
    pub(crate) field: String,
    pub(crate) value: String,
    pub(crate) is_newest: bool,
    pub(crate) who: String,
    pub(crate) device: Option<String>,
    pub(crate) at: String,
}

/// A flag in few words.
pub(crate) fn flag_words(w: Words, flag: &ContactFlag) -> String {
    in_words(w, flag.kind.as_str(), flag.field.as_deref())
}

fn in_words(w: Words, kind: &str, field: Option<&str>) -> String {
    let words = w.code("contact-flag", kind);
    field.map_or_else(
        || words.clone(),
        |field| w.ab("contact-flag-field", &words, w.code("change-field", field)),
    )
}

/// The contact data of a record, for this reader.
pub(in crate::complaints) fn contact_part(shell: &Shell, record: &CentralRecord) -> ContactPart {
    let w = shell.w;
    let versions: Vec<VersionLine> =
        CONTACT_FIELDS.iter().flat_map(|field| versions_of(w, record, field)).collect();
    let flags = record.contact_flags.iter().map(|flag| {
        let person = name(w, &flag.raised_by);
        let device = flag.device.as_ref().and_then(|device| device.label.clone());
        let who = device.map_or_else(|| person.clone(), |device| format!("{person} · {device}"));
        let field = flag.field.as_deref();
        FlagLine {
            number: flag.number,
            words: in_words(w, &flag.kind, field),
            raised: w.ab("contact-raised", w.time(flag.raised_at_ms), who),
            compared: field
                .filter(|_| flag.settled_at_ms.is_none())
                .and_then(|field| compared(w, record, field)),
            settled: flag.settled_at_ms.map(|at| match &flag.settled_by {
                Some(by) => w.ab("contact-settled-by", w.time(at), name(w, by)),
                None => w.a("contact-settled-itself", w.time(at)),
            }),
            reason: flag.settled_reason.clone(),
        }
    });
    ContactPart {
        flags: flags.collect(),
        versions,
        may_settle: shell.reaches(SETTLERS, &record.complaint.unit, &record.complaint.region),
    }
}

fn changes_of<'r>(record: &'r CentralRecord, field: &str) -> Vec<&'r FieldChangeBody> {
    record.contact_history.iter().filter(|change| change.field == field).collect()
}

fn current<'r>(record: &'r CentralRecord, field: &str) -> Option<&'r str> {
    let complaint = &record.complaint;
    match field {
        "customer_name" => complaint.customer.name.as_deref(),
        "customer_phone" => complaint.customer.phone.as_deref(),
        _ => Some(&complaint.address),
    }
}

fn compared(w: Words, record: &CentralRecord, field: &str) -> Option<(String, String)> {
    let first = changes_of(record, field).first()?.old_value.clone();
    let or_none = |value: Option<&str>| value.map_or_else(|| w.t("contact-none"), str::to_owned);
    Some((or_none(first.as_deref()), or_none(current(record, field))))
}

/// Every value the field had, newest first; the oldest is that of the intake.
fn versions_of(w: Words, record: &CentralRecord, field: &str) -> Vec<VersionLine> {
    let changes = changes_of(record, field);
    let label = w.code("change-field", field);
    let shown = |value: Option<&str>| value.map_or_else(|| w.t("contact-none"), str::to_owned);
    let complaint = &record.complaint;
    let intake = changes.first().map_or_else(|| current(record, field), |change| change.old_value.as_deref());
    let mut lines = vec![VersionLine {
        field: label.clone(),
        value: shown(intake),
        is_newest: changes.is_empty(),
        who: w.a("contact-at-intake", name(w, &complaint.first_owner)),
        device: complaint.opened_on.as_ref().and_then(label_of),
        at: w.time(complaint.received_at_ms),
    }];
    lines.extend(changes.iter().enumerate().map(|(place, change)| VersionLine {
        field: label.clone(),
        value: shown(change.new_value.as_deref()),
        is_newest: place + 1 == changes.len(),
        who: change.changed_by.as_ref().map_or_else(|| w.t("record-unknown"), |by| name(w, by)),
        device: change.changed_on.as_ref().and_then(label_of),
        at: w.time(Timestamp::from_unix_ms(change.changed_at_ms)),
    }));
    lines.reverse();
    lines
}

fn label_of(device: &DeviceRef) -> Option<String> {
    device.label.clone()
}

fn name(w: Words, person: &PersonRef) -> String {
    person.name.clone().unwrap_or_else(|| w.t("record-unknown"))
}

#[derive(Debug, Deserialize)]
struct SettleForm {
    #[serde(default)]
    reason: String,
}

async fn settle(
    State(app): State<App>,
    Path((id, number)): Path<(ComplaintId, String)>,
    posted: Posted<SettleForm>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let said = match settle_flag(&app, &viewer.office, id, &number, &form.reason).await {
        Ok(()) => "contact-settled",
        // Somebody was quicker: the record shows who and why.
        Err(problem) if problem.kind().code == problem::CONTACT_FLAG_SETTLED.code => "contact-settled-before",
        Err(problem) => return Err(problem),
    };
    Ok(see_other(&format!("/complaints/{id}"), Some(said)))
}
