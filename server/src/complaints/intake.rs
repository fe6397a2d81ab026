//! What is typed about a complaint, checked before it becomes an [`Intake`].
//!
//! One list of limits for the office, for corrections and for complaints born in the field. Control characters are
//! dropped here: PostgreSQL takes no NUL, and nobody types them on purpose.

use super::model::{Channel, Customer, CustomerClass, Deadlines, Intake, Priority, Utility, phone_digits};
use serde::{Deserialize, Deserializer, Serialize};
use sync_core::codes::CodeTable;
use sync_core::protocol::CardMeter;
// What the office takes is what a device may send.
pub use sync_core::protocol::{ADDRESS_CHARS_MAX, SUMMARY_CHARS_MAX, WORD_CHARS_MAX};
use sync_core::time::Timestamp;
use utoipa::ToSchema;

/// Longest name of an organisation unit in characters, as in roles.
const UNIT_CHARS_MAX: usize = 80;
/// Longest reason or note in characters.
pub const REASON_CHARS_MAX: usize = 2_000;

/// A field that cannot be taken, and what would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// JSON pointer.
    pub pointer: &'static str,
    /// What would do, in English.
    pub expected: String,
}

/// A complaint as it is typed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ComplaintForm {
    /// What is supplied.
    pub utility: Utility,
    /// Code of the category, for example `power.BIZ.metering`.
    pub category: String,
    /// How the customer turned to us.
    pub channel: Channel,
    /// How urgent it is; `normal` if absent.
    #[serde(default)]
    pub priority: Option<Priority>,
    /// What the customer says.
    pub summary: String,
    /// What the customer wants.
    #[serde(default)]
    pub remedy_sought: Option<String>,
    /// Who complains: name and phone, or a reason why not.
    #[serde(default)]
    pub customer: Customer,
    /// Why nobody can be reached; needed if name or phone is not known.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub no_contact_reason: Option<String>,
    /// Whether those who are sent must not learn who complains; `false` if absent.
    #[serde(default)]
    pub confidential: bool,
    /// What kind of customer that is; null: not known.
    #[serde(default)]
    pub customer_class: Option<CustomerClass>,
    /// Where.
    pub address: String,
    /// Code of the region.
    pub region: String,
    /// The organisation unit that answers for it; that of the sender's roles if absent, empty if not allotted yet.
    #[serde(default)]
    pub unit: Option<String>,
    /// Where in WGS-84 degrees.
    #[serde(default)]
    pub position: Option<Position>,
    /// The meter on record.
    #[serde(default)]
    pub meter: Option<Meter>,
    /// When the customer turned to us, Unix milliseconds; now if absent.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    pub requested_at_ms: Option<Timestamp>,
    /// Limits.
    #[serde(default)]
    pub deadlines: Deadlines,
}

/// A place in WGS-84 degrees as decimal text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// Latitude, for example `31.2304`.
    pub latitude: String,
    /// Longitude, for example `121.4737`.
    pub longitude: String,
}

/// The meter on record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Meter {
    /// Meter number; text, since leading zeros count.
    pub number: String,
    /// Accuracy class, for example `2` or `0.5S`.
    #[serde(default)]
    pub class: Option<String>,
    /// Constant in imp/kWh.
    #[serde(default)]
    pub constant: Option<u32>,
    /// CT ratio as both numbers, for example `200/5`.
    #[serde(default)]
    pub ct: Option<String>,
    /// PT ratio as both numbers.
    #[serde(default)]
    pub pt: Option<String>,
    /// Digits before the point on the register.
    #[serde(default)]
    pub digits: Option<u8>,
    /// Digits after the point.
    #[serde(default)]
    pub decimals: Option<u8>,
    /// Rated voltage and current as on the nameplate.
    #[serde(default)]
    pub rating: Option<String>,
    /// Newest reading on record, as displayed.
    #[serde(default)]
    pub last_reading: Option<String>,
    /// When it was read, Unix milliseconds.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    pub last_read_at_ms: Option<Timestamp>,
    /// Date of manufacture, `YYYY-MM-DD`.
    #[serde(default)]
    pub made_on: Option<String>,
}

/// Corrections: absent fields stay, null empties a field that may be empty.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ComplaintPatch {
    /// Code of the category.
    pub category: Option<String>,
    /// How urgent it is.
    pub priority: Option<Priority>,
    /// What the customer says.
    pub summary: Option<String>,
    /// What the customer wants.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub remedy_sought: Option<Option<String>>,
    /// Customer number.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub customer_number: Option<Option<String>>,
    /// Customer's name.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub customer_name: Option<Option<String>>,
    /// Customer's phone.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub customer_phone: Option<Option<String>>,
    /// Why nobody can be reached.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub no_contact_reason: Option<Option<String>>,
    /// Whether those who are sent must not learn who complains.
    pub confidential: Option<bool>,
    /// What kind of customer that is.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<CustomerClass>)]
    pub customer_class: Option<Option<CustomerClass>>,
    /// Where.
    pub address: Option<String>,
    /// Code of the region.
    pub region: Option<String>,
    /// Where in WGS-84 degrees.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Position>)]
    pub position: Option<Option<Position>>,
    /// The meter on record.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Meter>)]
    pub meter: Option<Option<Meter>>,
    /// Limits; replaced as a whole.
    pub deadlines: Option<Deadlines>,
}

/// Tells null from absent.
fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

impl ComplaintForm {
    /// The complaint as it will be kept.
    ///
    /// # Errors
    /// Every field that cannot be taken.
    pub fn check(self, now: Timestamp) -> Result<Intake, Vec<FieldError>> {
        let mut intake = Intake {
            utility: self.utility,
            category: self.category,
            channel: self.channel,
            priority: self.priority.unwrap_or(Priority::Normal),
            summary: self.summary,
            remedy_sought: self.remedy_sought,
            customer: self.customer,
            no_contact_reason: self.no_contact_reason,
            confidential: self.confidential,
            customer_class: self.customer_class,
            address: self.address,
            region: self.region,
            unit: self.unit.unwrap_or_default(),
            position: self.position.map(Position::into_pair),
            meter: self.meter.map(Meter::into_card),
            requested_at: self.requested_at_ms.unwrap_or(now),
            deadlines: self.deadlines,
        };
        intake.clean();
        let missing = intake.missing_contact();
        match intake.checked(now) {
            Ok(intake) if missing.is_empty() => Ok(intake),
            Ok(_) => Err(missing),
            Err(errors) => Err(errors.into_iter().chain(missing).collect()),
        }
    }
}

impl ComplaintPatch {
    /// The complaint after these corrections.
    ///
    /// # Errors
    /// Every field that cannot be taken.
    pub fn apply(self, old: &Intake, now: Timestamp) -> Result<Intake, Vec<FieldError>> {
        let lacked = old.missing_contact();
        let old = old.clone();
        let new = Intake {
            category: self.category.unwrap_or(old.category),
            priority: self.priority.unwrap_or(old.priority),
            summary: self.summary.unwrap_or(old.summary),
            remedy_sought: self.remedy_sought.unwrap_or(old.remedy_sought),
            customer: Customer {
                number: self.customer_number.unwrap_or(old.customer.number),
                name: self.customer_name.unwrap_or(old.customer.name),
                phone: self.customer_phone.unwrap_or(old.customer.phone),
            },
            no_contact_reason: self.no_contact_reason.unwrap_or(old.no_contact_reason),
            confidential: self.confidential.unwrap_or(old.confidential),
            customer_class: self.customer_class.unwrap_or(old.customer_class),
            address: self.address.unwrap_or(old.address),
            region: self.region.unwrap_or(old.region),
            position: self.position.map_or(old.position, |new| new.map(Position::into_pair)),
            meter: self.meter.map_or(old.meter, |new| new.map(Meter::into_card)),
            deadlines: self.deadlines.unwrap_or(old.deadlines),
            ..old
        };
        let new = new.checked(now)?;
        // What never was there may still be missing; what was there is not taken away without saying why.
        let mut missing = new.missing_contact();
        missing.retain(|error| !lacked.iter().any(|before| before.pointer == error.pointer));
        if missing.is_empty() { Ok(new) } else { Err(missing) }
    }
}

impl Intake {
    /// Cleans the texts and checks every field.
    ///
    /// # Errors
    /// Every field that cannot be taken.
    pub fn checked(mut self, now: Timestamp) -> Result<Self, Vec<FieldError>> {
        self.clean();
        let mut errors = Errors(Vec::new());
        errors.category(&self.category, self.utility);
        errors.text("/summary", &self.summary, 1, SUMMARY_CHARS_MAX);
        errors.optional("/remedy_sought", self.remedy_sought.as_deref(), REASON_CHARS_MAX);
        errors.optional("/customer/number", self.customer.number.as_deref(), WORD_CHARS_MAX);
        errors.optional("/customer/name", self.customer.name.as_deref(), WORD_CHARS_MAX);
        errors.optional("/customer/phone", self.customer.phone.as_deref(), WORD_CHARS_MAX);
        errors.optional("/no_contact_reason", self.no_contact_reason.as_deref(), REASON_CHARS_MAX);
        errors.text("/address", &self.address, 1, ADDRESS_CHARS_MAX);
        errors.region(&self.region);
        errors.unit(&self.unit);
        if let Some((latitude, longitude)) = &self.position {
            errors.degrees("/position/latitude", latitude, 90.0);
            errors.degrees("/position/longitude", longitude, 180.0);
        }
        if let Some(meter) = &self.meter {
            errors.text("/meter/number", &meter.number, 1, WORD_CHARS_MAX);
        }
        // A day ahead: clerks' clocks are a little off, years are typing errors.
        let latest = now.plus_ms(24 * 3_600_000);
        errors.require(
            "/requested_at_ms",
            (0..=latest.unix_ms()).contains(&self.requested_at.unix_ms()),
            "a past moment",
        );
        if errors.0.is_empty() { Ok(self) } else { Err(errors.0) }
    }

    fn clean(&mut self) {
        self.summary = clean(&self.summary);
        self.address = clean(&self.address);
        self.region = clean(&self.region);
        self.unit = clean(&self.unit);
        for text in [
            &mut self.remedy_sought,
            &mut self.customer.number,
            &mut self.customer.name,
            &mut self.customer.phone,
            &mut self.no_contact_reason,
        ] {
            *text = text.take().map(|text| clean(&text)).filter(|text| !text.is_empty());
        }
        if let Some(meter) = &mut self.meter {
            meter.number = clean(&meter.number);
        }
        if self.is_reachable() {
            self.no_contact_reason = None;
        }
    }

    /// What is needed to ask the customer and is missing without a reason.
    fn missing_contact(&self) -> Vec<FieldError> {
        let mut errors = Errors(Vec::new());
        if self.no_contact_reason.is_none() {
            let customer = &self.customer;
            errors.require("/customer/name", customer.name.is_some(), "a name, or no_contact_reason");
            let digits = customer.phone.as_deref().and_then(phone_digits);
            errors.require(
                "/customer/phone",
                digits.is_some(),
                "a phone number of at least 7 digits, or no_contact_reason",
            );
        }
        errors.0
    }
}

/// Text without control characters (line feeds and tabs stay) and without space at its ends.
pub fn clean(text: &str) -> String {
    let kept: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    kept.trim().to_owned()
}

/// A reason or note that somebody typed: cleaned, not empty, not a book.
///
/// # Errors
/// The field with what would do.
pub fn checked_reason(pointer: &'static str, text: &str) -> Result<String, Vec<FieldError>> {
    let text = clean(text);
    let mut errors = Errors(Vec::new());
    errors.text(pointer, &text, 1, REASON_CHARS_MAX);
    if errors.0.is_empty() { Ok(text) } else { Err(errors.0) }
}

struct Errors(Vec<FieldError>);

impl Errors {
    fn require(&mut self, pointer: &'static str, holds: bool, expected: impl Into<String>) {
        if !holds {
            self.0.push(FieldError { pointer, expected: expected.into() });
        }
    }

    fn text(&mut self, pointer: &'static str, text: &str, min: usize, max: usize) {
        let length = text.chars().count();
        self.require(pointer, (min..=max).contains(&length), format!("{min} to {max} characters"));
    }

    fn optional(&mut self, pointer: &'static str, text: Option<&str>, max: usize) {
        self.text(pointer, text.unwrap_or_default(), 0, max);
    }

    fn category(&mut self, code: &str, utility: Utility) {
        let fits = |found: &str| found == utility.as_str();
        let known = CodeTable::Categories.find(code);
        let holds = known.is_some_and(|entry| entry.utility.as_deref().is_none_or(fits));
        let example =
            CodeTable::Categories.entries().iter().find(|entry| entry.utility.as_deref().is_some_and(fits));
        let example = example.map_or("", |entry| entry.code.as_str());
        self.require("/category", holds, format!("a category code of {utility}, for example {example}"));
    }

    /// Units and regions are compared as lines with a tab in the middle: control characters would end them.
    fn unit(&mut self, unit: &str) {
        let holds = unit.chars().count() <= UNIT_CHARS_MAX && !unit.chars().any(char::is_control);
        self.require("/unit", holds, "up to 80 characters on one line; empty if not allotted yet");
    }

    fn region(&mut self, region: &str) {
        let plain = region.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.' | ' '));
        let holds = plain && region.chars().count() <= WORD_CHARS_MAX;
        self.require(
            "/region",
            holds,
            "up to 100 letters, digits, '-', '.' or spaces; empty if not known yet",
        );
    }

    fn degrees(&mut self, pointer: &'static str, text: &str, max: f64) {
        let value: Option<f64> = text.parse().ok().filter(|value: &f64| value.is_finite());
        let holds = text.len() <= 24 && value.is_some_and(|value| value.abs() <= max);
        self.require(pointer, holds, format!("decimal degrees between -{max} and {max}"));
    }
}

impl Position {
    /// Latitude and longitude.
    pub fn into_pair(self) -> (String, String) {
        (self.latitude, self.longitude)
    }
}

impl From<(String, String)> for Position {
    fn from((latitude, longitude): (String, String)) -> Self {
        Self { latitude, longitude }
    }
}

impl Meter {
    /// The meter as devices carry it.
    pub fn into_card(self) -> CardMeter {
        CardMeter {
            number: self.number,
            class: self.class,
            constant: self.constant,
            ct: self.ct,
            pt: self.pt,
            digits: self.digits,
            decimals: self.decimals,
            rating: self.rating,
            last_reading: self.last_reading,
            last_read_at: self.last_read_at_ms,
            made_on: self.made_on,
        }
    }
}

impl From<CardMeter> for Meter {
    fn from(card: CardMeter) -> Self {
        Self {
            number: card.number,
            class: card.class,
            constant: card.constant,
            ct: card.ct,
            pt: card.pt,
            digits: card.digits,
            decimals: card.decimals,
            rating: card.rating,
            last_reading: card.last_reading,
            last_read_at_ms: card.last_read_at,
            made_on: card.made_on,
        }
    }
}

#[cfg(test)]
mod tests;
