//! The fields of the form about a complaint, in sections, with what is wrong and what others wrote beside each.

use super::typed::{CONFIDENTIAL, Typed, field_of};
use crate::complaints::intake::{
    ADDRESS_CHARS_MAX, FieldError, REASON_CHARS_MAX, SUMMARY_CHARS_MAX, WORD_CHARS_MAX,
};
use crate::complaints::model::{Channel, CustomerClass, Priority, Utility};
use crate::pages::Words;
use std::collections::BTreeMap;
use sync_core::codes::CodeTable;

/// How a field is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One line.
    Line,
    /// A telephone number.
    Phone,
    /// Several lines.
    Area,
    /// One of the options.
    Choice,
    /// A day and a minute in the office's time zone.
    Moment,
}

/// Choices under a heading; without one they stand for themselves.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// The heading.
    pub(crate) title: String,
    /// Value and word of each.
    pub(crate) options: Vec<(String, String)>,
}

/// What stands in the record now, beside what was typed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Theirs {
    /// The value.
    pub(crate) value: String,
    /// Who wrote it and when; empty when nobody knows.
    pub(crate) by: String,
}

/// A field of the form.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    /// Its name in the form.
    pub(crate) name: &'static str,
    /// Its word.
    pub(crate) label: String,
    /// How it is typed.
    pub(crate) kind: Kind,
    /// What was typed.
    pub(crate) value: String,
    /// Most characters.
    pub(crate) max: usize,
    /// Whether it must be filled in.
    pub(crate) required: bool,
    /// What is wrong with it.
    pub(crate) error: Option<String>,
    /// What somebody else wrote meanwhile.
    pub(crate) theirs: Option<Theirs>,
    /// What can be chosen.
    pub(crate) options: Vec<Options>,
}

impl Field {
    /// Whether it is typed in this way.
    pub(crate) fn is(&self, kind: &str) -> bool {
        let own = match self.kind {
            Kind::Line => "line",
            Kind::Phone => "phone",
            Kind::Area => "area",
            Kind::Choice => "choice",
            Kind::Moment => "moment",
        };
        own == kind
    }
}

/// Fields that belong together.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    /// What they are about.
    pub(crate) title: String,
    /// The fields.
    pub(crate) fields: Vec<Field>,
}

/// Everything that stands in and beside the fields.
#[derive(Debug, Clone, Default)]
pub(super) struct Beside {
    /// What is wrong, by field.
    pub(super) errors: BTreeMap<String, String>,
    /// What others wrote, by field.
    pub(super) theirs: BTreeMap<String, Theirs>,
    /// The utility of a record that exists already; it never changes.
    pub(super) utility: Option<Utility>,
    /// The organisation units to choose from.
    pub(super) units: Vec<String>,
    /// The regions to choose from, code and name; none: a code is typed.
    pub(super) regions: Vec<(String, String)>,
}

impl Beside {
    /// What cannot be taken, in the reader's words.
    pub(super) fn errors(mut self, w: Words, errors: &[FieldError]) -> Self {
        for error in errors {
            let field = field_of(error.pointer);
            let text = w.code("form-wrong", &field);
            self.errors.insert(field, text);
        }
        self
    }
}

/// The sections of the form.
pub(super) fn sections(w: Words, typed: &Typed, beside: &Beside) -> Vec<Section> {
    let one = |name: &'static str, kind: Kind, max: usize, required: bool| {
        let value = typed.fields().into_iter().find(|(field, _)| *field == name);
        Field {
            name,
            label: label(w, name, beside),
            kind,
            value: value.map(|(_, value)| value.to_owned()).unwrap_or_default(),
            max,
            required,
            error: beside.errors.get(name).cloned(),
            theirs: beside.theirs.get(name).cloned(),
            options: options(w, name, typed, beside),
        }
    };
    let line = |name| one(name, Kind::Line, WORD_CHARS_MAX, false);
    let moment = |name| one(name, Kind::Moment, 16, false);
    let choice = |name| one(name, Kind::Choice, WORD_CHARS_MAX, true);
    let mut about = vec![choice("category"), choice("priority")];
    let mut times = vec![moment("contact_due"), moment("onsite_due"), moment("answer_due")];
    if beside.utility.is_none() {
        about.push(choice("channel"));
        times.insert(0, moment("requested_at"));
    }
    // Later it is changed with a reason, by a form of its own.
    if beside.utility.is_none() && !beside.units.is_empty() {
        about.push(one("unit", Kind::Choice, WORD_CHARS_MAX, false));
    }
    about.push(one("summary", Kind::Area, SUMMARY_CHARS_MAX, true));
    about.push(one("remedy_sought", Kind::Area, REASON_CHARS_MAX, false));
    let is_new = beside.utility.is_none();
    let name = one("customer_name", Kind::Line, WORD_CHARS_MAX, is_new);
    let phone = one("customer_phone", Kind::Phone, WORD_CHARS_MAX, is_new);
    let why_not = one("no_contact_reason", Kind::Line, REASON_CHARS_MAX, false);
    let confidential = one("confidential", Kind::Choice, WORD_CHARS_MAX, false);
    let class = one("customer_class", Kind::Choice, WORD_CHARS_MAX, false);
    let address = one("address", Kind::Line, ADDRESS_CHARS_MAX, true);
    let region = if beside.regions.is_empty() { Kind::Line } else { Kind::Choice };
    let region = one("region", region, WORD_CHARS_MAX, false);
    let section = |key: &str, fields| Section { title: w.code("form-section", key), fields };
    vec![
        section("about", about),
        section("customer", vec![name, phone, why_not, line("customer_number"), class, confidential]),
        section("place", vec![address, region, line("latitude"), line("longitude")]),
        section("meter", vec![line("meter_number"), line("meter_class"), line("meter_constant")]),
        section("times", times),
    ]
}

/// Where regions have names, nobody types a code.
fn label(w: Words, field: &str, beside: &Beside) -> String {
    match field == "region" && !beside.regions.is_empty() {
        true => w.t("change-field-region"),
        false => w.code("form", field),
    }
}

fn options(w: Words, field: &str, typed: &Typed, beside: &Beside) -> Vec<Options> {
    let words = |family: &str, codes: Vec<&'static str>| {
        let options = codes.into_iter().map(|code| (code.to_owned(), w.code(family, code))).collect();
        vec![Options { title: String::new(), options }]
    };
    match field {
        "priority" => words("priority", Priority::ALL.iter().map(|word| word.as_str()).collect()),
        "channel" => words("channel", Channel::ALL.iter().map(|word| word.as_str()).collect()),
        "confidential" => words("confidentiality", vec!["open", CONFIDENTIAL]),
        "customer_class" => {
            let mut classes =
                words("customer-class", CustomerClass::ALL.iter().map(|word| word.as_str()).collect());
            classes[0].options.insert(0, (String::new(), w.t("record-unknown")));
            classes
        }
        "category" => categories(w, beside.utility),
        "unit" => units(w, &beside.units),
        "region" => regions(w, &typed.region, &beside.regions),
        _ => Vec::new(),
    }
}

/// None yet, each of the regions, and the one that stands there.
fn regions(w: Words, chosen: &str, regions: &[(String, String)]) -> Vec<Options> {
    let other = !chosen.is_empty() && regions.iter().all(|(code, _)| code != chosen);
    let other = other.then(|| (chosen.to_owned(), chosen.to_owned()));
    let none = (String::new(), w.t("region-none"));
    let options = std::iter::once(none).chain(regions.iter().cloned()).chain(other).collect();
    vec![Options { title: String::new(), options }]
}

/// None yet, and each of the units.
fn units(w: Words, units: &[String]) -> Vec<Options> {
    let named = units.iter().map(|unit| (unit.clone(), unit.clone()));
    let options = std::iter::once((String::new(), w.t("unit-none"))).chain(named).collect();
    vec![Options { title: String::new(), options }]
}

/// The categories under their utilities, each with the class it belongs to.
pub(crate) fn categories(w: Words, utility: Option<Utility>) -> Vec<Options> {
    let language = w.codes();
    let of = |utility: Utility| {
        let entries = CodeTable::Categories.entries().iter();
        let entries = entries.filter(move |entry| entry.utility.as_deref() == Some(utility.as_str()));
        let options = entries.map(|entry| {
            let name = entry.name(language);
            let name = match entry.parent.as_deref() {
                Some(parent) => format!("{} › {name}", CodeTable::Categories.name(parent, language)),
                None => name.to_owned(),
            };
            (entry.code.clone(), name)
        });
        Options { title: w.code("utility", utility), options: options.collect() }
    };
    let wanted = Utility::ALL.iter().copied().filter(|each| utility.is_none_or(|only| only == *each));
    wanted.map(of).filter(|group| !group.options.is_empty()).collect()
}
