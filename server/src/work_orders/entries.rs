//! What was recorded on a visit, entry by entry and field by field, with the origin of each.

use super::photos::{PhotoState, Photos};
use crate::complaints::{DeviceRef, Names, PersonRef, office_day};
use crate::review::{Origin, Origins};
use crate::store::{StoreError, Tx};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use sync_core::date::CivilDate;
use sync_core::document::{Edited, Entry, EntryMeta, MeterCheck, Place, Scalar, SharedValue, VisitView};
use sync_core::ids::{ChangeHash, EntryId};
use sync_core::metering::MeterCheckResult;
use sync_core::recorded::{RecordedError, evaluate_gas_test, evaluate_meter_check};
use sync_core::time::Timestamp;
use utoipa::ToSchema;

/// The limits by which a check is judged that names none, as on the device.
const LIMIT_PROFILE: &str = "CN_DLT448_REPLACE";

/// Where decisions about conflicts lie.
const RESOLUTIONS: &str = "office/resolutions";

/// Who brought something into the document, and when.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct OriginBody {
    pub(crate) person: PersonRef,
    pub(crate) device: DeviceRef,
    /// The device's word for when, Unix milliseconds.
    #[schema(value_type = i64)]
    pub(crate) claimed_at_ms: Timestamp,
    /// It cannot have been earlier: the server's time that the device knew.
    #[schema(value_type = i64)]
    pub(crate) not_before_ms: Timestamp,
    /// When the server got it.
    #[schema(value_type = i64)]
    pub(crate) received_at_ms: Timestamp,
    /// Recorded without a network, arrived later.
    pub(crate) recorded_offline: bool,
    /// Doubts about the claimed time.
    pub(crate) clock_flags: Vec<&'static str>,
    /// Where its envelope lies in the server log.
    pub(crate) log_index: i64,
    /// Who let it out of quarantine, or took it up from escrow; null: it came the usual way.
    pub(crate) accepted_by: Option<PersonRef>,
    /// When that was.
    #[schema(value_type = Option<i64>)]
    pub(crate) accepted_at_ms: Option<Timestamp>,
    /// Whether its device had lost its access when it came: it was taken up from escrow.
    pub(crate) from_escrow: bool,
}

impl OriginBody {
    async fn of(tx: &mut Tx, names: &mut Names, origin: &Origin) -> Result<Self, StoreError> {
        let accepted_by = match origin.accepted {
            Some((person, _)) => Some(names.person(tx, person).await?),
            None => None,
        };
        Ok(Self {
            accepted_by,
            accepted_at_ms: origin.accepted.map(|(_, at)| at),
            from_escrow: origin.from_escrow,
            person: names.person(tx, origin.person).await?,
            device: names.device(tx, origin.device).await?,
            claimed_at_ms: origin.claimed_at,
            not_before_ms: origin.not_before,
            received_at_ms: origin.received_at,
            recorded_offline: origin.was_offline(),
            clock_flags: origin.clock_flags(),
            log_index: origin.log_index,
        })
    }

    /// Whether it was written in the office: the log of the office is no device with a label.
    pub(crate) fn is_of_office(&self) -> bool {
        self.device.label.is_none()
    }

    pub(super) async fn of_change(
        tx: &mut Tx,
        names: &mut Names,
        origins: &Origins,
        change: &ChangeHash,
    ) -> Result<Option<Self>, StoreError> {
        match origins.get(change) {
            Some(origin) => Self::of(tx, names, origin).await.map(Some),
            None => Ok(None),
        }
    }
}

/// Every envelope that brought changes, in the order of the server log.
pub(super) async fn envelopes(
    tx: &mut Tx,
    names: &mut Names,
    origins: &Origins,
) -> Result<Vec<OriginBody>, StoreError> {
    let mut bodies = Vec::new();
    for origin in origins.by_envelope().values() {
        bodies.push(OriginBody::of(tx, names, origin).await?);
    }
    Ok(bodies)
}

/// A single value that several people may write.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FieldBody {
    /// For example `answers/meter-accuracy.seal`.
    pub(crate) path: String,
    /// The value that every device shows. Not the latest: with competing values there is none.
    #[schema(value_type = Value)]
    pub(crate) shown: Scalar,
    /// Whether different values stand beside one another.
    pub(crate) conflict: bool,
    /// Every value, the shown one last.
    pub(crate) values: Vec<FieldValue>,
}

/// One value of a field.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FieldValue {
    #[schema(value_type = Value)]
    pub(crate) value: Scalar,
    #[schema(value_type = String)]
    pub(crate) change: ChangeHash,
    pub(crate) origin: Option<OriginBody>,
}

/// Answers, states of seals and the proposal, by path.
pub(super) async fn fields(
    tx: &mut Tx,
    names: &mut Names,
    view: &VisitView,
    origins: &Origins,
) -> Result<Vec<FieldBody>, StoreError> {
    let containers =
        [("answers", &view.answers), ("seal_states", &view.seal_states), ("proposal", &view.proposal)];
    let mut bodies = Vec::new();
    for (container, values) in containers {
        for (key, shared) in values {
            bodies.push(field(tx, names, format!("{container}/{key}"), shared, origins).await?);
        }
    }
    Ok(bodies)
}

async fn field(
    tx: &mut Tx,
    names: &mut Names,
    path: String,
    shared: &SharedValue,
    origins: &Origins,
) -> Result<FieldBody, StoreError> {
    let mut values = Vec::with_capacity(shared.values.len());
    for written in &shared.values {
        let origin = OriginBody::of_change(tx, names, origins, &written.change).await?;
        values.push(FieldValue { value: written.value.clone(), change: written.change, origin });
    }
    Ok(FieldBody { path, shown: shared.shown.clone(), conflict: shared.is_conflict(), values })
}

/// Something that was recorded: a finding, a reading, a photo …
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct EntryBody {
    #[schema(value_type = String, format = "uuid")]
    pub(crate) entry_id: EntryId,
    /// `findings`, `readings`, `meter_checks`, `gas_tests`, `seals`, `photos`, `statements`, `signatures`, `promises`,
    /// `hazards`, `progress`, `notices`, `office/resolutions` or `office/hazard_lowered`.
    pub(crate) container: &'static str,
    /// Who recorded it.
    pub(crate) by: PersonRef,
    /// When, by the device's clock, Unix milliseconds.
    #[schema(value_type = i64)]
    pub(crate) at_ms: Timestamp,
    /// The envelope that brought it.
    pub(crate) origin: Option<OriginBody>,
    /// Fields that were written again later, perhaps by somebody else.
    pub(crate) edits: Vec<EditBody>,
    /// Whether it stands: neither taken back nor corrected.
    pub(crate) stands: bool,
    /// The entry that it corrects.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub(crate) supersedes: Option<EntryId>,
    /// Entries that correct it.
    #[schema(value_type = Vec<String>)]
    pub(crate) superseded_by: Vec<EntryId>,
    /// Set when its author took it back: by, at, reason.
    #[schema(value_type = Option<Object>)]
    pub(crate) withdrawn: Option<Value>,
    /// What was recorded, as it was typed.
    #[schema(value_type = Object)]
    pub(crate) content: Value,
    /// Computed from the inputs of a meter check or gas test: error, limit, verdict, steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) result: Option<Value>,
    /// Why nothing could be computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) result_error: Option<String>,
    /// The words of a statement; null when they were erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    /// How far the bytes of a photo or signature are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) photo: Option<PhotoState>,
}

/// A field of an entry that was written again after the entry was recorded.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct EditBody {
    /// For example `text`.
    pub(crate) field: String,
    /// The envelope that brought the value that is shown.
    pub(crate) origin: Option<OriginBody>,
}

impl EntryBody {
    /// The envelopes that wrote its fields again, each with the path of the field.
    pub(super) fn edit_origins(&self) -> impl Iterator<Item = (&OriginBody, String)> {
        let path = |field: &str| format!("{}/{}/{field}", self.container, self.entry_id);
        self.edits.iter().filter_map(move |edit| Some((edit.origin.as_ref()?, path(&edit.field))))
    }

    /// What the timeline says of it, and the envelope that brought it.
    pub(super) fn in_short(&self) -> Option<(&OriginBody, Value)> {
        let mut short = json!({ "container": self.container, "entry": self.entry_id });
        if self.container == RESOLUTIONS {
            short["decision"] = self.content.clone();
        }
        Some((self.origin.as_ref()?, short))
    }
}

impl FieldBody {
    /// The envelopes that brought its values.
    pub(super) fn origins(&self) -> impl Iterator<Item = (&OriginBody, &str)> {
        self.values.iter().filter_map(|value| Some((value.origin.as_ref()?, self.path.as_str())))
    }
}

/// What is added to an entry when it is read.
#[derive(Debug, Default)]
struct Derived {
    result: Option<Value>,
    result_error: Option<String>,
    text: Option<String>,
    photo: Option<PhotoState>,
}

/// An entry before names are looked up.
struct Found<'a> {
    id: EntryId,
    container: &'static str,
    meta: &'a EntryMeta,
    stands: bool,
    content: Value,
    derived: Derived,
}

/// All entries of a visit, in the order of their recording by the devices' clocks.
pub(super) async fn of_view(
    tx: &mut Tx,
    names: &mut Names,
    view: &VisitView,
    origins: &Origins,
    photos: &Photos,
) -> Result<Vec<EntryBody>, StoreError> {
    let mut found = collect(view, &origins.parts, photos);
    found.sort_by_key(|entry| (entry.meta.at, entry.id));
    let mut bodies = Vec::with_capacity(found.len());
    for entry in found {
        let withdrawn = entry.meta.withdrawn.as_ref().map(|withdrawn| json!(withdrawn));
        let mut edits = Vec::with_capacity(entry.meta.edited.len());
        for edited in &entry.meta.edited {
            let origin = OriginBody::of_change(tx, names, origins, &edited.change).await?;
            edits.push(EditBody { field: edited.field.clone(), origin });
        }
        bodies.push(EntryBody {
            entry_id: entry.id,
            container: entry.container,
            by: names.person(tx, entry.meta.by).await?,
            at_ms: entry.meta.at,
            origin: OriginBody::of_change(tx, names, origins, &entry.meta.change).await?,
            edits,
            stands: entry.stands,
            supersedes: entry.meta.supersedes,
            superseded_by: entry.meta.superseded_by.clone(),
            withdrawn,
            content: entry.content,
            result: entry.derived.result,
            result_error: entry.derived.result_error,
            text: entry.derived.text,
            photo: entry.derived.photo,
        });
    }
    Ok(bodies)
}

/// The entries of a view that may be of the past or of what would be: content and results, without who brought them.
pub(crate) fn bare_entries(view: &VisitView, parts: &BTreeMap<EntryId, String>) -> Vec<EntryBody> {
    let bare = |entry: Found<'_>| EntryBody {
        entry_id: entry.id,
        container: entry.container,
        by: PersonRef { person_id: entry.meta.by, name: None },
        at_ms: entry.meta.at,
        origin: None,
        edits: Vec::new(),
        stands: entry.stands,
        supersedes: entry.meta.supersedes,
        superseded_by: entry.meta.superseded_by.clone(),
        withdrawn: entry.meta.withdrawn.as_ref().map(|withdrawn| json!(withdrawn)),
        content: entry.content,
        result: entry.derived.result,
        result_error: entry.derived.result_error,
        text: entry.derived.text,
        photo: None,
    };
    collect(view, parts, &Photos::default()).into_iter().map(bare).collect()
}

/// Fields of entries that were written again: their paths, and the change whose value is shown.
pub(super) fn edited(view: &VisitView) -> Vec<(String, ChangeHash)> {
    let found = collect(view, &BTreeMap::new(), &Photos::default());
    let of_entry = |entry: &Found<'_>| {
        let place = format!("{}/{}", entry.container, entry.id);
        let path = |edited: &Edited| (format!("{place}/{}", edited.field), edited.change);
        entry.meta.edited.iter().map(path).collect::<Vec<_>>()
    };
    found.iter().flat_map(of_entry).collect()
}

/// Whether a path names a field of an entry: the only ones whose rivals stand in no [`FieldBody`].
pub(super) fn is_entry_field(path: &str) -> bool {
    matches!(Place::parse(path), Some(Place::Field(..)))
}

fn collect<'a>(view: &'a VisitView, parts: &BTreeMap<EntryId, String>, photos: &Photos) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    macro_rules! gather {
        ($field:ident, $container:expr, |$id:ident, $entry:ident| $derived:expr) => {
            for ($id, $entry) in &view.$field {
                let derived = $derived;
                found.push(Found::of(*$id, $container, $entry, derived));
            }
        };
        ($field:ident, $container:expr) => {
            gather!($field, $container, |id, entry| Derived::default());
        };
    }
    gather!(findings, "findings");
    gather!(readings, "readings");
    gather!(meter_checks, "meter_checks", |id, entry| { computed(result_of_check(entry)) });
    gather!(gas_tests, "gas_tests", |id, entry| computed(evaluate_gas_test(
        &entry.content,
        day_of(entry.meta.at)
    )));
    gather!(seals, "seals");
    gather!(photos, "photos", |id, entry| {
        Derived { photo: Some(photos.state_of(*id, &entry.content.sha256)), ..Derived::default() }
    });
    gather!(statements, "statements", |id, entry| {
        Derived { text: parts.get(&entry.content.part).cloned(), ..Derived::default() }
    });
    gather!(signatures, "signatures", |id, entry| {
        let photo = entry.content.sha256.as_ref().map(|sha256| photos.state_of(*id, sha256));
        Derived { photo, ..Derived::default() }
    });
    gather!(promises, "promises");
    gather!(hazards, "hazards");
    gather!(progress, "progress");
    gather!(notices, "notices");
    gather!(resolutions, RESOLUTIONS);
    gather!(hazard_lowered, "office/hazard_lowered");
    found
}

impl<'a> Found<'a> {
    fn of<T: Serialize>(id: EntryId, container: &'static str, entry: &'a Entry<T>, derived: Derived) -> Self {
        let content = serde_json::to_value(&entry.content).unwrap_or(Value::Null);
        Self { id, container, meta: &entry.meta, stands: entry.stands(), content, derived }
    }
}

fn computed<T: Serialize, E: std::fmt::Display>(result: Result<T, E>) -> Derived {
    match result {
        Ok(result) => Derived { result: serde_json::to_value(&result).ok(), ..Derived::default() },
        Err(error) => Derived { result_error: Some(error.to_string()), ..Derived::default() },
    }
}

/// The day of the check in the office's calendar: limits are those in force on it.
/// What follows from the figures of a meter check on the day of the check.
///
/// # Errors
/// [`RecordedError`] says what is missing or makes no sense.
pub(crate) fn result_of_check(entry: &Entry<MeterCheck>) -> Result<MeterCheckResult, RecordedError> {
    evaluate_meter_check(&entry.content, LIMIT_PROFILE, day_of(entry.meta.at))
}

fn day_of(at: Timestamp) -> CivilDate {
    office_day(at).parse().unwrap_or_else(|_| CivilDate::from_ymd(1970, 1, 1).expect("that day existed"))
}
