//! Early warning: more reports of a class in a region than the rules let pass are brought before somebody, who looks,
//! looks again, and closes the matter with a reason.
//!
//! Invariants: what is counted is counted by when it happened and where it belongs now, so the order of arrival makes no
//! difference to which warnings there are; each report costs the same however many there have been; a warning is never
//! removed; what later arrivals take back is told as taken back.

mod acts;
mod api;
mod bodies;
mod counting;
mod figures;
mod judge;
mod judging;
mod model;
#[cfg(test)]
mod order_tests;
mod pages;
mod preview;
mod problems;
mod rows;
mod rules;
mod rules_api;
mod sql;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use counting::{class_of, complaint_written, grumble_became_complaint, grumble_heard};
pub(crate) use judging::run;
pub(crate) use pages::{pages, waiting};

use crate::app::App;
use crate::audit::{self, Detail, EntryKind, NewEntry};
use crate::store::{StoreError, Tx};
use rules::{WarningRules, built_in};
use sync_core::ids::PersonId;
use sync_core::time::Timestamp;
use utoipa_axum::router::OpenApiRouter;

/// New rules for early warnings.
const RULES_PUBLISHED: EntryKind = EntryKind("warning_rules.published");

/// Routes of this capability.
pub(crate) fn routes() -> OpenApiRouter<App> {
    api::routes().merge(rules_api::routes())
}

/// Rules and from when they hold.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PublishedRules {
    pub(crate) version: i64,
    pub(crate) effective_from: Timestamp,
    pub(crate) rules: WarningRules,
    /// `None`: they came with the server.
    pub(crate) published_by: Option<PersonId>,
    pub(crate) published_at: Timestamp,
}

/// Publishes the rules that come with the server if there are none. Repeating it changes nothing.
pub(crate) async fn publish_built_in(tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
    if sql::newest(tx).await?.is_none() {
        sql::insert_rules(tx, (1, Timestamp::from_unix_ms(0)), built_in(), None, now).await?;
    }
    Ok(())
}

/// Publishes the next version of the rules. Days that have begun keep theirs.
async fn publish(
    tx: &mut Tx,
    (version, effective_from): (i64, Timestamp),
    rules: &WarningRules,
    by: PersonId,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql::insert_rules(tx, (version, effective_from), rules, Some(by), now).await?;
    let detail = Detail::new()
        .with("version", version.to_string())
        .with("effective_from_ms", effective_from.unix_ms().to_string());
    audit::append(tx, &NewEntry::new(RULES_PUBLISHED, now).by(Some(by)).detail(detail)).await.map(drop)
}
