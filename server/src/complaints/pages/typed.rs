//! A complaint as it is typed into a page: texts that are kept whatever is wrong with them.

use crate::complaints::intake::{ComplaintForm, ComplaintPatch, FieldError, Meter, Position};
use crate::complaints::model::{Channel, Complaint, Customer, Deadlines, Intake, Priority, State, Utility};
use crate::complaints::{office_moment, office_time};
use serde::{Deserialize, Serialize};
use sync_core::codes::CodeTable;
use sync_core::ids::{ComplaintId, PersonId};
use sync_core::time::Timestamp;

macro_rules! typed {
    ($($field:ident),+ $(,)?) => {
        /// What was typed, field by field.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        pub(crate) struct Typed {
            $(pub(crate) $field: String,)+
        }

        impl Typed {
            /// Every field with its text.
            pub(crate) fn fields(&self) -> Vec<(&'static str, &str)> {
                vec![$((stringify!($field), self.$field.as_str())),+]
            }

            /// The text of a field.
            pub(crate) fn field_mut(&mut self, name: &str) -> Option<&mut String> {
                match name {
                    $(stringify!($field) => Some(&mut self.$field),)+
                    _ => None,
                }
            }
        }

        /// A posted form: what was typed, and what the page put beside it.
        #[derive(Debug, Clone, Default, Deserialize)]
        #[serde(default)]
        pub(super) struct PostedForm {
            $($field: String,)+
            /// Id of the record that is to be made, so that sending twice makes one.
            pub(super) id: String,
            /// Version of the record that was read.
            pub(super) version: String,
            /// What the form said before anything was typed, as JSON.
            pub(super) base: String,
            /// Which button was pressed.
            pub(super) act: String,
            /// Whether likely duplicates were shown.
            pub(super) checked: String,
            /// The field work of which the record is made, and why.
            pub(super) field_work: String,
            pub(super) field_work_reason: String,
        }

        impl PostedForm {
            /// What was typed.
            pub(super) fn typed(&self) -> Typed {
                Typed { $($field: self.$field.clone(),)+ }
            }
        }
    };
}

typed!(
    category,
    channel,
    priority,
    summary,
    remedy_sought,
    customer_number,
    customer_name,
    customer_phone,
    no_contact_reason,
    confidential,
    customer_class,
    address,
    region,
    unit,
    latitude,
    longitude,
    meter_number,
    meter_class,
    meter_constant,
    requested_at,
    contact_due,
    onsite_due,
    answer_due,
);

/// What stands in the form when those who are sent must not learn who complains.
pub(super) const CONFIDENTIAL: &str = "confidential";

impl From<&Intake> for Typed {
    fn from(intake: &Intake) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let moment = |at: Option<Timestamp>| at.map(shown).unwrap_or_default();
        let (latitude, longitude) = intake.position.clone().unwrap_or_default();
        let meter = intake.meter.clone().map(Meter::from).unwrap_or_default();
        Self {
            category: intake.category.clone(),
            channel: intake.channel.to_string(),
            priority: intake.priority.to_string(),
            summary: intake.summary.clone(),
            remedy_sought: text(&intake.remedy_sought),
            customer_number: text(&intake.customer.number),
            customer_name: text(&intake.customer.name),
            customer_phone: text(&intake.customer.phone),
            no_contact_reason: text(&intake.no_contact_reason),
            confidential: if intake.confidential { CONFIDENTIAL } else { "open" }.to_owned(),
            customer_class: intake.customer_class.map(|class| class.to_string()).unwrap_or_default(),
            address: intake.address.clone(),
            region: intake.region.clone(),
            unit: intake.unit.clone(),
            latitude,
            longitude,
            meter_number: meter.number,
            meter_class: meter.class.unwrap_or_default(),
            meter_constant: meter.constant.map(|constant| constant.to_string()).unwrap_or_default(),
            requested_at: shown(intake.requested_at),
            contact_due: moment(intake.deadlines.contact_due_at_ms),
            onsite_due: moment(intake.deadlines.onsite_due_at_ms),
            answer_due: moment(intake.deadlines.answer_due_at_ms),
        }
    }
}

impl Typed {
    /// A form nobody has typed into.
    pub(super) fn blank() -> Self {
        Self {
            channel: Channel::Phone.to_string(),
            priority: Priority::Normal.to_string(),
            ..Self::default()
        }
    }

    /// The complaint as it would be kept.
    ///
    /// # Errors
    /// Every field that cannot be taken.
    pub(super) fn intake(&self, now: Timestamp) -> Result<Intake, Vec<FieldError>> {
        let mut errors = Vec::new();
        let form = self.form(None, &mut errors);
        let checked = form.check(now);
        errors.extend(checked.as_ref().err().into_iter().flatten().cloned());
        checked.map_err(|_| ()).ok().filter(|_| errors.is_empty()).ok_or(errors)
    }

    /// The corrections that lead from a record to what was typed.
    ///
    /// # Errors
    /// Fields that cannot even be read.
    pub(super) fn patch(&self, old: &Intake) -> Result<ComplaintPatch, Vec<FieldError>> {
        let mut errors = Vec::new();
        let form = self.form(Some(old), &mut errors);
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(ComplaintPatch {
            category: Some(form.category),
            priority: form.priority,
            summary: Some(form.summary),
            remedy_sought: Some(form.remedy_sought),
            customer_number: Some(form.customer.number),
            customer_name: Some(form.customer.name),
            customer_phone: Some(form.customer.phone),
            no_contact_reason: Some(form.no_contact_reason),
            confidential: Some(form.confidential),
            customer_class: Some(form.customer_class),
            address: Some(form.address),
            region: Some(form.region),
            position: Some(form.position),
            meter: Some(form.meter),
            deadlines: Some(form.deadlines),
        })
    }

    /// A complaint for finding others like it, whatever is still missing.
    pub(super) fn draft(&self, id: ComplaintId, person: PersonId, now: Timestamp) -> Complaint {
        let form = self.form(None, &mut Vec::new());
        let text =
            |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let intake = Intake {
            utility: form.utility,
            category: form.category,
            channel: form.channel,
            priority: Priority::Normal,
            summary: form.summary.trim().to_owned(),
            remedy_sought: None,
            customer: Customer {
                number: text(form.customer.number),
                name: text(form.customer.name),
                phone: text(form.customer.phone),
            },
            no_contact_reason: None,
            confidential: false,
            customer_class: None,
            address: form.address.trim().to_owned(),
            region: form.region.trim().to_owned(),
            unit: String::new(),
            position: None,
            meter: form.meter.map(Meter::into_card),
            requested_at: now,
            deadlines: Deadlines::default(),
        };
        Complaint {
            id,
            ordinal: i64::MAX,
            number: String::new(),
            version: 1,
            state: State::Received,
            intake,
            first_owner: person,
            holder: person,
            holder_since: now,
            opened_on_device: None,
            received_at: now,
            closed_at: None,
            merged_into: None,
        }
    }

    /// The fields as the model has them; what cannot be read is named and left out.
    fn form(&self, old: Option<&Intake>, errors: &mut Vec<FieldError>) -> ComplaintForm {
        let utility = CodeTable::Categories.find(&self.category).and_then(|entry| entry.utility.as_deref());
        let utility: Option<Utility> = utility.and_then(|word| word.parse().ok());
        let due = old.map(|old| old.deadlines).unwrap_or_default();
        let deadlines = Deadlines {
            contact_due_at_ms: moment("/contact_due", &self.contact_due, due.contact_due_at_ms, errors),
            onsite_due_at_ms: moment("/onsite_due", &self.onsite_due, due.onsite_due_at_ms, errors),
            answer_due_at_ms: moment("/answer_due", &self.answer_due, due.answer_due_at_ms, errors),
        };
        let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let place = some(&self.latitude).or_else(|| some(&self.longitude));
        ComplaintForm {
            utility: utility.unwrap_or(old.map_or(Utility::Power, |old| old.utility)),
            category: self.category.clone(),
            channel: word("/channel", &self.channel, errors).unwrap_or(Channel::Other),
            priority: word("/priority", &self.priority, errors),
            summary: self.summary.clone(),
            remedy_sought: some(&self.remedy_sought),
            customer: Customer {
                number: some(&self.customer_number),
                name: some(&self.customer_name),
                phone: some(&self.customer_phone),
            },
            no_contact_reason: some(&self.no_contact_reason),
            confidential: self.confidential == CONFIDENTIAL,
            customer_class: some(&self.customer_class)
                .and_then(|typed| word("/customer_class", &typed, errors)),
            address: self.address.clone(),
            region: self.region.clone(),
            unit: Some(self.unit.clone()),
            position: place.map(|_| Position {
                latitude: self.latitude.trim().to_owned(),
                longitude: self.longitude.trim().to_owned(),
            }),
            meter: self.meter(old, errors),
            requested_at_ms: moment("/requested_at_ms", &self.requested_at, None, errors),
            deadlines,
        }
    }

    /// The meter; what the form does not show of it stays while its number stays.
    fn meter(&self, old: Option<&Intake>, errors: &mut Vec<FieldError>) -> Option<Meter> {
        let number = self.meter_number.trim();
        if number.is_empty() {
            return None;
        }
        let known = old.and_then(|old| old.meter.clone()).filter(|card| card.number == number);
        let constant = self.meter_constant.trim();
        let parsed = (!constant.is_empty()).then(|| constant.parse().ok());
        if parsed == Some(None) {
            errors.push(FieldError { pointer: "/meter/constant", expected: "a whole number".to_owned() });
        }
        Some(Meter {
            number: number.to_owned(),
            class: Some(self.meter_class.trim().to_owned()).filter(|class| !class.is_empty()),
            constant: parsed.flatten(),
            ..known.map(Meter::from).unwrap_or_default()
        })
    }
}

/// The name of a field by its JSON pointer.
pub(super) fn field_of(pointer: &str) -> String {
    let name = pointer.trim_start_matches('/').replace('/', "_");
    let name = name.strip_prefix("position_").unwrap_or(&name);
    name.strip_suffix("_ms").unwrap_or(name).to_owned()
}

fn word<T: std::str::FromStr>(pointer: &'static str, text: &str, errors: &mut Vec<FieldError>) -> Option<T> {
    let found = text.parse().ok();
    if found.is_none() {
        errors.push(FieldError { pointer, expected: "one of the choices".to_owned() });
    }
    found
}

/// A moment on the clocks of the office; the one it was when nobody touched it, to the millisecond.
fn moment(
    pointer: &'static str,
    text: &str,
    old: Option<Timestamp>,
    errors: &mut Vec<FieldError>,
) -> Option<Timestamp> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    if old.is_some_and(|old| shown(old) == text) {
        return old;
    }
    let found = text.parse().ok().and_then(office_moment);
    if found.is_none() {
        errors.push(FieldError { pointer, expected: "a day and a minute".to_owned() });
    }
    found
}

/// A moment as forms show it.
pub(super) fn shown(at: Timestamp) -> String {
    office_time(at).strftime("%Y-%m-%dT%H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_ms(1_763_700_000_123);

    fn typed() -> Typed {
        Typed {
            category: "power.BIZ.metering".to_owned(),
            summary: "电表走得快".to_owned(),
            customer_name: "李梅".to_owned(),
            customer_phone: "13800138000".to_owned(),
            address: "梧桐路 12 号".to_owned(),
            meter_number: "A1".to_owned(),
            meter_constant: "1200".to_owned(),
            onsite_due: "2025-11-22T09:30".to_owned(),
            ..Typed::blank()
        }
    }

    #[test]
    fn what_is_typed_is_what_is_kept() {
        let intake = typed().intake(NOW).unwrap();
        assert_eq!(intake.meter.as_ref().unwrap().constant, Some(1200));
        let onsite = intake.deadlines.onsite_due_at_ms.unwrap();
        assert_eq!(onsite.unix_ms(), 1_763_775_000_000, "09:30 in the office");
        let again = Typed::from(&intake);
        assert_eq!(again.onsite_due, "2025-11-22T09:30");
        let unchanged = again.patch(&intake).unwrap().apply(&intake, NOW).unwrap();
        assert_eq!(unchanged, intake, "to the millisecond");
    }

    #[test]
    fn everything_wrong_is_named_at_once() {
        let wrong = Typed {
            category: "nonsense".to_owned(),
            channel: String::new(),
            summary: " ".to_owned(),
            latitude: "north".to_owned(),
            longitude: "0".to_owned(),
            meter_constant: "many".to_owned(),
            answer_due: "tomorrow".to_owned(),
            ..typed()
        };
        let errors = wrong.intake(NOW).unwrap_err();
        let names: Vec<String> = errors.iter().map(|error| field_of(error.pointer)).collect();
        assert_eq!(names, ["answer_due", "channel", "meter_constant", "category", "summary", "latitude"]);
        wrong.draft(ComplaintId::from_bytes([1; 16]), PersonId::from_bytes([1; 16]), NOW);
    }
}
