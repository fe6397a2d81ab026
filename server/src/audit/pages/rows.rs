//! An act as a row of the log: who, on which device, about which complaint and photo, why, and the facts of its entry.

use crate::audit::entry::facts_of;
use crate::audit::sql::{self, ActFilter, ActRow, Entry};
use crate::complaints::{self, Names};
use crate::pages::Words;
use crate::store::{StoreError, Tx};
use crate::work_orders;
use std::collections::{BTreeMap, HashMap};
use sync_core::ids::{ComplaintId, VisitId};

/// Characters of a photo's hash that are shown.
const HASH_SHOWN: usize = 12;

/// An act, with names.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) entry: Entry,
    pub(super) person: String,
    pub(super) device: String,
    /// Id and number of the complaint that it is about.
    pub(super) complaint: Option<(String, String)>,
    /// Hash of the photo that it is about.
    pub(super) photo: Option<String>,
    pub(super) reason: Option<String>,
    /// What else the entry says, in words.
    pub(super) facts: Vec<String>,
}

impl Row {
    /// The beginning of the photo's hash.
    pub(super) fn photo_short(&self) -> &str {
        self.photo.as_deref().and_then(|hash| hash.get(..HASH_SHOWN)).unwrap_or_default()
    }
}

/// Reads acts and finds the names of what they are about.
pub(super) async fn read(
    tx: &mut Tx,
    w: Words,
    before: i64,
    filter: &ActFilter,
    limit: u32,
) -> Result<Vec<Row>, StoreError> {
    let mut reader = Reader { w, names: Names::default(), numbers: HashMap::new(), visits: HashMap::new() };
    let mut rows = Vec::new();
    for act in sql::list_acts(tx, before, filter, limit).await? {
        rows.push(reader.row(tx, act).await?);
    }
    Ok(rows)
}

struct Reader {
    w: Words,
    names: Names,
    /// Numbers of complaints by their id.
    numbers: HashMap<String, Option<String>>,
    /// Complaints of visits.
    visits: HashMap<String, Option<String>>,
}

impl Reader {
    async fn row(&mut self, tx: &mut Tx, act: ActRow) -> Result<Row, StoreError> {
        let ActRow { entry, reason } = act;
        let facts = facts_of(&entry.entry);
        let person = match &entry.person_id {
            Some(id) => self.person(tx, id).await?,
            None => String::new(),
        };
        let device = match &entry.device_id {
            Some(id) => self.names.device_text(tx, id).await?.and_then(|device| device.label),
            None => None,
        };
        let about = match facts.get("complaint") {
            Some(id) => Some(id.clone()),
            None => self.complaint_of(tx, entry.visit_id.as_deref()).await?,
        };
        let complaint = match about {
            Some(id) => self.number(tx, &id).await?.map(|number| (id, number)),
            None => None,
        };
        let photo = facts.get("sha256").cloned();
        let facts = self.facts(tx, &entry.kind, &facts).await?;
        Ok(Row { person, device: device.unwrap_or_default(), complaint, photo, reason, facts, entry })
    }

    async fn person(&mut self, tx: &mut Tx, id: &str) -> Result<String, StoreError> {
        Ok(self.names.person_text(tx, id).await?.and_then(|person| person.name).unwrap_or_default())
    }

    async fn number(&mut self, tx: &mut Tx, id: &str) -> Result<Option<String>, StoreError> {
        if let Some(known) = self.numbers.get(id) {
            return Ok(known.clone());
        }
        let number = match id.parse::<ComplaintId>() {
            Ok(complaint) => complaints::find(tx, complaint).await?.map(|found| found.number),
            Err(_) => None,
        };
        self.numbers.insert(id.to_owned(), number.clone());
        Ok(number)
    }

    async fn complaint_of(&mut self, tx: &mut Tx, visit: Option<&str>) -> Result<Option<String>, StoreError> {
        let Some(visit) = visit else { return Ok(None) };
        if let Some(known) = self.visits.get(visit) {
            return Ok(known.clone());
        }
        let complaint = match visit.parse::<VisitId>() {
            Ok(id) => work_orders::find_visit(tx, id).await?.and_then(|plan| plan.complaint),
            Err(_) => None,
        };
        let complaint = complaint.map(String::from);
        self.visits.insert(visit.to_owned(), complaint.clone());
        Ok(complaint)
    }

    /// What the entry says beyond its columns. Facts that no word knows are left to the export of the entry itself.
    async fn facts(
        &mut self,
        tx: &mut Tx,
        kind: &str,
        facts: &BTreeMap<String, String>,
    ) -> Result<Vec<String>, StoreError> {
        let w = self.w;
        let mut told = Vec::new();
        for (name, fact) in facts {
            let words = match name.as_str() {
                "person" | "holder" => self.person(tx, fact).await?,
                "duplicate" => self.number(tx, fact).await?.unwrap_or_default(),
                "from" | "to" if kind == "complaint.state_changed" => w.code("state", fact),
                "roles" => list(fact, |role| w.code("role", role)),
                "fields" => list(fact, |field| w.code("change-field", field)),
                "flag" => w.code("contact-flag", fact),
                "step" if fact == "state" => w.t("log-step-state"),
                "step" => w.code("watch-step", fact),
                "to" if kind.starts_with("deadline.") => w.code("watch-told", fact),
                "table" | "until" => fact.clone(),
                "unit" | "planned_on" | "from" | "to" | "count" | "sequence" | "checklist" | "calendar"
                | "version" => fact.clone(),
                _ => continue,
            };
            // Of a deadline it is somebody who was told, not a state that changed.
            let name = if name == "to" && kind.starts_with("deadline.") { "told" } else { name.as_str() };
            if !words.is_empty() {
                told.push(w.a(&format!("log-fact-{}", name.replace('_', "-")), words));
            }
        }
        Ok(told)
    }
}

fn list(fact: &str, word: impl Fn(&str) -> String) -> String {
    fact.split_whitespace().map(word).collect::<Vec<_>>().join(", ")
}
