//! Checklists as versioned data, and what of it every device carries.
//!
//! A published version is never changed; a new version gets the next number. The newest version of every checklist and
//! the tables of codes lie in everybody's pack.

mod api;
mod sql;
#[cfg(test)]
mod tests;

pub use api::routes;
pub use sql::{list, newest};

use crate::audit::{self, Detail, EntryKind, NewEntry};
use crate::complaints::model::Utility;
use crate::exchange::pack::{self, PackAudience};
use crate::store::{StoreError, Tx};
use std::sync::LazyLock;
use sync_core::codes::CodeTable;
use sync_core::ids::PersonId;
use sync_core::protocol::{ChecklistTemplate, PackKey, TermCard};
use sync_core::time::Timestamp;

/// A checklist got a new version.
const PUBLISHED: EntryKind = EntryKind("checklist.published");

/// Tables of codes with the names under which devices find them.
const TABLES: &[(&str, CodeTable)] = &[
    ("categories", CodeTable::Categories),
    ("verdicts", CodeTable::Verdicts),
    ("responsibilities", CodeTable::Responsibilities),
    ("root_causes", CodeTable::RootCauses),
    ("no_access_reasons", CodeTable::NoAccessReasons),
    ("photo_roles", CodeTable::PhotoRoles),
    ("findings", CodeTable::Findings),
];

static BUILT_IN: LazyLock<Vec<ChecklistTemplate>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("built_in.json")).expect("the embedded checklists are tested to parse")
});

/// The checklists that come with the server.
pub fn built_in() -> &'static [ChecklistTemplate] {
    &BUILT_IN
}

/// The checklist of an ordinary complaint about this utility.
pub fn usual_for(utility: Utility) -> &'static str {
    match utility {
        Utility::Power => "meter-accuracy",
        Utility::Gas => "gas-safety",
        Utility::Telecom | Utility::Water => "general",
    }
}

/// Publishes the checklists that come with the server and are not there yet, and puts the tables of codes into the
/// pack. Repeating it changes nothing and tells nobody.
pub async fn publish_built_in(tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
    for (name, table) in TABLES {
        let terms: Vec<TermCard> = table.entries().iter().map(term).collect();
        pack::put(tx, PackAudience::All, &PackKey::Codes((*name).to_owned()), &terms).await?;
    }
    for template in built_in() {
        let present = newest(tx, &template.code).await?.map_or(0, |newest| newest.version);
        if present < template.version {
            sql::insert(tx, template, None, now).await?;
        }
        // A version that somebody published here is newer than ours and stays in the pack.
        if present <= template.version {
            put(tx, template).await?;
        }
    }
    Ok(())
}

/// Publishes a new version of a checklist; the version in `template` is replaced by the next one.
pub async fn publish(
    tx: &mut Tx,
    mut template: ChecklistTemplate,
    by: PersonId,
    now: Timestamp,
) -> Result<ChecklistTemplate, StoreError> {
    template.version = newest(tx, &template.code).await?.map_or(0, |newest| newest.version) + 1;
    sql::insert(tx, &template, Some(by), now).await?;
    put(tx, &template).await?;
    let detail =
        Detail::new().with("checklist", &template.code).with("version", template.version.to_string());
    audit::append(tx, &NewEntry::new(PUBLISHED, now).by(Some(by)).detail(detail)).await?;
    Ok(template)
}

async fn put(tx: &mut Tx, template: &ChecklistTemplate) -> Result<(), StoreError> {
    pack::put(tx, PackAudience::All, &PackKey::Checklist(template.code.clone()), template).await
}

fn term(entry: &sync_core::codes::CodeEntry) -> TermCard {
    TermCard { code: entry.code.clone(), zh: entry.zh.clone(), en: entry.en.clone() }
}
