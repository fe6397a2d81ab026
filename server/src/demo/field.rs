//! Acts of technicians, from the story into visit documents.

use super::SeedError;
use super::calendar::{Today, date_of};
use super::device::{Device, Extras, PhotoOnDevice};
use super::office::{Office, Site};
use super::pictures::{self, Picture};
use super::story::Act;
use rust_decimal::Decimal;
use serde_json::Value;
use std::collections::BTreeMap;
use sync_core::document::{
    Edit, Finding, FindingEdit, Hazard, Notice, Photo, Progress, Promise, ProposalField, Reading, Scalar,
    Seal, SharedText, Signature, Statement,
};
use sync_core::ids::{BlobHash, EntryId, PersonId};
use sync_core::log::DetachedPart;
use sync_core::protocol::Request;
use sync_core::recorded;
use sync_core::time::Timestamp;

/// Entries by the names of their visit and of themselves in the story.
pub(super) type Entries = BTreeMap<(String, String), EntryId>;

/// One save that is being made.
pub(super) struct Save<'a> {
    pub(super) visit_key: &'a str,
    pub(super) acts: &'a [Act],
    pub(super) now: Timestamp,
    pub(super) today: Today,
    pub(super) site: &'a Site,
    pub(super) office: &'a Office<'a>,
    /// The person the entries name.
    pub(super) written_as: PersonId,
}

impl Save<'_> {
    /// Records the save on a device.
    pub(super) fn record(&self, device: &mut Device, entries: &mut Entries) -> Result<(), SeedError> {
        let mut ids = Ids::minted(self, device, entries);
        device.save(self.now, self.site, self.written_as, |edit| {
            let mut extras = Extras::default();
            for (place, act) in self.acts.iter().enumerate() {
                self.perform(act, place, edit, &mut extras, &mut ids)?;
            }
            Ok(extras)
        })
    }

    fn perform(
        &self,
        act: &Act,
        place: usize,
        edit: &mut Edit<'_>,
        extras: &mut Extras,
        ids: &mut Ids,
    ) -> Result<(), SeedError> {
        let id = ids.of_act(place)?;
        match act {
            Act::Start | Act::Finish { .. } | Act::NoAccess { .. } => self.progress(act, id, edit, extras)?,
            Act::Answer { item, value } => edit.answer(item, scalar(value))?,
            Act::Finding { code, text, item, severity, .. } => {
                let (code, text) = (code.clone(), text.clone());
                edit.add_finding(
                    id,
                    &Finding { code, text, item: item.clone(), severity: severity.clone() },
                )?;
            }
            Act::Reword { finding, text } => {
                let reworded = FindingEdit { text: Some(text.clone()), ..FindingEdit::default() };
                edit.edit_finding(ids.named(finding)?, &reworded)?;
            }
            Act::Reading { .. }
            | Act::MeterCheck { .. }
            | Act::GasTest { .. }
            | Act::Seal { .. }
            | Act::Photo { .. } => self.measure(act, id, edit, extras, ids)?,
            Act::Statement { .. }
            | Act::Signature { .. }
            | Act::Promise { .. }
            | Act::Hazard { .. }
            | Act::Notice { .. } => self.agree(act, id, edit, extras, ids)?,
            Act::AskExpert { skill, question } => {
                let (visit, skill, question) = (self.site.visit, skill.clone(), question.clone());
                extras.requests.push(Request::AskExpert { visit, skill, question });
            }
            Act::Propose { values } => propose(edit, values)?,
            Act::Cause { text } => edit.append_text(SharedText::Cause, text)?,
            Act::Note { text } => edit.append_text(SharedText::Note, text)?,
        }
        Ok(())
    }

    /// What instruments and cameras say.
    fn measure(
        &self,
        act: &Act,
        id: EntryId,
        edit: &mut Edit<'_>,
        extras: &mut Extras,
        ids: &mut Ids,
    ) -> Result<(), SeedError> {
        let meter_no = self.site.meter.as_ref().map(|meter| meter.number.clone());
        match act {
            Act::Reading { register, photo } => {
                let photo = photo.as_deref().map(|key| ids.named(key)).transpose()?;
                edit.add_reading(id, &self.reading(register, photo)?)?;
            }
            Act::MeterCheck { profile, input } => {
                let check = recorded::meter_check(input, Some(profile), meter_no.as_deref())?;
                edit.add_meter_check(id, &check)?;
            }
            Act::GasTest { input } => {
                let test = recorded::gas_test(input, meter_no.as_deref())?;
                edit.add_gas_test(id, &test)?;
            }
            Act::Seal { position, state, number_found } => {
                let on = meter_no.clone().unwrap_or_else(|| "-".to_owned());
                edit.set_seal_state(&on, position, Some(state))?;
                let (position, state) = (position.clone(), state.clone());
                let number_found = number_found.clone();
                edit.add_seal(id, &Seal { position, state, number_found, number_fitted: None, meter_no })?;
            }
            Act::Photo { key, role, picture, caption } => {
                let (number, shown) = (meter_no.unwrap_or_default(), self.shown().unwrap_or_default());
                let taken = pictures::take(picture, &number, &shown, ids.grain())?;
                let photo = self.on_device(key, taken);
                // A photo from a file says by itself when it was taken, however wrong.
                let taken_at = matches!(picture, Picture::Drawn { .. }).then_some(self.now);
                edit.add_photo(id, &named_photo(&photo, role, caption.as_deref(), taken_at))?;
                extras.photos.push(photo);
            }
            _ => {}
        }
        Ok(())
    }

    /// What people say, sign, promise and are told in writing.
    fn agree(
        &self,
        act: &Act,
        id: EntryId,
        edit: &mut Edit<'_>,
        extras: &mut Extras,
        ids: &mut Ids,
    ) -> Result<(), SeedError> {
        match act {
            Act::Promise { what, due_day, due_at, relied_on } => {
                let due = self.today.clock(*due_day, due_at)?;
                let relied_on = relied_on.as_ref().map(|named| self.office.article(named)).transpose()?;
                let promise = Promise {
                    what: what.clone(),
                    due_ms: due,
                    to: Some("customer".to_owned()),
                    relied_on: relied_on.map(|named| named.to_string()),
                };
                edit.add_promise(id, &promise)?;
                extras.requests.push(Request::Promise { visit: self.site.visit, entry: id, due, relied_on });
            }
            Act::Statement { from, text, .. } => {
                let part = DetachedPart { id: ids.fresh()?, salt: ids.salt, text: text.clone() };
                let commitment = BlobHash::from_bytes(part.commitment());
                edit.add_statement(id, &Statement { from: from.clone(), part: part.id, commitment })?;
                extras.parts.push(part);
            }
            Act::Signature { covers, refused_reason } => {
                let covers = Some(ids.named(covers)?);
                let signature = self.signature(covers, refused_reason.as_deref(), extras, ids)?;
                edit.add_signature(id, &signature)?;
            }
            Act::Hazard { level, code, action, .. } => {
                let action = Some(action.clone());
                edit.add_hazard(id, &Hazard { level: level.clone(), code: code.clone(), action })?;
            }
            Act::Notice { number, delivered, kind, hazard, photo } => {
                let (hazard, photo) = (Some(ids.named(hazard)?), Some(ids.named(photo)?));
                let (number, delivered, kind) = (number.clone(), delivered.clone(), Some(kind.clone()));
                edit.add_notice(id, &Notice { number, delivered, kind, hazard, photo })?;
            }
            _ => {}
        }
        Ok(())
    }

    /// A step of the visit, and the request that tells the office.
    fn progress(
        &self,
        act: &Act,
        id: EntryId,
        edit: &mut Edit<'_>,
        extras: &mut Extras,
    ) -> Result<(), SeedError> {
        let visit = self.site.visit;
        let step = |event: &str| Progress {
            event: event.to_owned(),
            reason: None,
            outcome: None,
            lat: None,
            lon: None,
        };
        let (step, request) = match act {
            Act::Finish { outcome } => (
                Progress { outcome: Some(outcome.clone()), ..step("finished") },
                Request::Finish { visit, outcome: outcome.clone() },
            ),
            Act::NoAccess { reason } => (
                Progress { reason: Some(reason.clone()), ..step("no_access") },
                Request::NoAccess { visit, reason: reason.clone() },
            ),
            _ => (step("started"), Request::Arrive { visit }),
        };
        edit.add_progress(id, &step)?;
        extras.requests.push(request);
        Ok(())
    }

    /// What the register of the site's meter shows on the day of the save.
    fn shown(&self) -> Result<String, SeedError> {
        self.office.shown(self.visit_key, date_of(self.now), Decimal::ZERO)
    }

    fn reading(&self, register: &str, photo: Option<EntryId>) -> Result<Reading, SeedError> {
        let meter = self.site.meter.as_ref();
        let meter =
            meter.ok_or_else(|| SeedError::Story { what: format!("{} has no meter", self.visit_key) })?;
        let shown = self.shown()?;
        let value: Decimal =
            shown.parse().map_err(|_| SeedError::Story { what: format!("{shown:?} is no reading") })?;
        Ok(Reading {
            register: register.to_owned(),
            unit: meter.unit.to_owned(),
            value: value.to_string(),
            shown,
            kind: "actual".to_owned(),
            digits: i64::from(meter.register.digits),
            decimals: i64::from(meter.register.decimals),
            meter_no: Some(meter.number.clone()),
            photo,
        })
    }

    fn signature(
        &self,
        covers: Option<EntryId>,
        refused: Option<&str>,
        extras: &mut Extras,
        ids: &mut Ids,
    ) -> Result<Signature, SeedError> {
        if let Some(reason) = refused {
            return Ok(Signature {
                covers,
                sha256: None,
                size: None,
                refused_reason: Some(reason.to_owned()),
            });
        }
        let photo = self.on_device("signature", pictures::sign(ids.grain())?);
        let (sha256, size) = (Some(photo.claim.sha256), i64::try_from(photo.bytes.len()).ok());
        extras.photos.push(photo);
        Ok(Signature { covers, sha256, size, refused_reason: None })
    }

    fn on_device(&self, key: &str, taken: pictures::Taken) -> PhotoOnDevice {
        PhotoOnDevice::new(key, self.visit_key, self.site.visit, taken.bytes, taken.media_type)
    }
}

fn propose(edit: &mut Edit<'_>, values: &BTreeMap<String, String>) -> Result<(), SeedError> {
    for (name, value) in values {
        let field = ProposalField::ALL.into_iter().find(|field| field.key() == name);
        let field =
            field.ok_or_else(|| SeedError::Story { what: format!("nothing called {name:?} is proposed") })?;
        edit.propose(field, Some(value))?;
    }
    Ok(())
}

fn named_photo(
    photo: &PhotoOnDevice,
    role: &str,
    caption: Option<&str>,
    taken_at: Option<Timestamp>,
) -> Photo {
    Photo {
        sha256: photo.claim.sha256,
        size: i64::try_from(photo.claim.size_bytes).unwrap_or(i64::MAX),
        media_type: photo.claim.media_type.clone(),
        role: role.to_owned(),
        caption: caption.map(str::to_owned),
        taken_at,
        lat: None,
        lon: None,
        accuracy: None,
        finding: None,
    }
}

fn scalar(value: &Value) -> Scalar {
    match value {
        Value::Bool(yes) => (*yes).into(),
        Value::String(text) => text.as_str().into(),
        other => other.to_string().into(),
    }
}

/// The ids of one save, minted before it so that acts can name one another in any order.
struct Ids {
    of_acts: Vec<EntryId>,
    fresh: Vec<EntryId>,
    named: BTreeMap<String, EntryId>,
    salt: [u8; 16],
    grain: u64,
}

impl Ids {
    fn minted(save: &Save<'_>, device: &Device, entries: &mut Entries) -> Self {
        let mut of_acts = Vec::new();
        for act in save.acts {
            let id = device.new_entry(save.now);
            if let Some(key) = key_of(act) {
                entries.insert((save.visit_key.to_owned(), key.to_owned()), id);
            }
            of_acts.push(id);
        }
        let of_visit = entries.iter().filter(|((visit, _), _)| visit == save.visit_key);
        let named = of_visit.map(|((_, key), id)| (key.clone(), *id)).collect();
        let fresh = save.acts.iter().map(|_| device.new_entry(save.now)).collect();
        let salt = device.salt();
        let grain = u64::from_be_bytes(std::array::from_fn(|place| salt[place]));
        Self { of_acts, fresh, named, salt: device.salt(), grain }
    }

    fn of_act(&self, place: usize) -> Result<EntryId, SeedError> {
        self.of_acts.get(place).copied().ok_or_else(|| SeedError::Story { what: "an act too many".into() })
    }

    /// One more id: for the detached words of a statement.
    fn fresh(&mut self) -> Result<EntryId, SeedError> {
        self.fresh.pop().ok_or_else(|| SeedError::Story { what: "an id too many".into() })
    }

    fn named(&self, key: &str) -> Result<EntryId, SeedError> {
        let known = self.named.get(key).copied();
        known.ok_or_else(|| SeedError::Story { what: format!("there is no entry {key:?} on this visit") })
    }

    /// Makes each picture differ from all others.
    fn grain(&mut self) -> u64 {
        self.grain = self.grain.wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.grain
    }
}

fn key_of(act: &Act) -> Option<&str> {
    match act {
        Act::Finding { key, .. }
        | Act::Photo { key, .. }
        | Act::Statement { key, .. }
        | Act::Hazard { key, .. } => Some(key),
        _ => None,
    }
}
