//! Photos that the office has given up: signed on site, and their bytes will never come.
//!
//! A declaration never hides bytes that come after all: whoever reads it asks first whether the photo is here. It is
//! kept all the same, since it was said.

use super::pages::reachable_naming;
use super::sql;
use crate::app::App;
use crate::audit::{self, Detail, EntryKind};
use crate::auth::OfficeAuth;
use crate::complaints::acts::Actor;
use crate::complaints::history;
use crate::complaints::model::EventKind;
use crate::evidence;
use crate::people::Role;
use crate::problem::{self, Problem};
use crate::store::{StoreError, Tx, statement};
use crate::work_orders::reachable_visit;
use serde_json::json;
use sqlx_macros::FromRow;
use sync_core::ids::{BlobHash, PersonId, VisitId};
use sync_core::time::Timestamp;

/// Who may say that a photo will not come.
pub(super) const DECLARERS: &[Role] = &[Role::Reviewer, Role::Lead];
/// Longest reason.
const REASON_CHARS_MAX: usize = 300;
/// Somebody in the office gave a photo up.
const EVIDENCE_GIVEN_UP: EntryKind = EntryKind("evidence.given_up");

/// A photo that somebody in the office gave up.
#[derive(Debug, Clone)]
pub struct GivenUp {
    /// The photo.
    pub sha256: BlobHash,
    /// Why.
    pub reason: String,
    /// Who said so.
    pub person_id: PersonId,
    /// When.
    pub at: Timestamp,
}

#[derive(FromRow)]
struct Row {
    sha256: String,
    reason: String,
    person_id: String,
    declared_at_ms: i64,
}

impl TryFrom<Row> for GivenUp {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        const TABLE: &str = "photos_given_up";
        Ok(Self {
            sha256: StoreError::parse_column(TABLE, "sha256", &row.sha256, &row.sha256)?,
            person_id: StoreError::parse_column(TABLE, "person_id", &row.sha256, &row.person_id)?,
            reason: row.reason,
            at: Timestamp::from_unix_ms(row.declared_at_ms),
        })
    }
}

/// Photos of a visit that the office has given up, also those that came after all.
pub async fn given_up(tx: &mut Tx, visit: VisitId) -> Result<Vec<GivenUp>, StoreError> {
    const SQL: &str = "SELECT sha256, reason, person_id, declared_at_ms FROM photos_given_up \
        WHERE visit_id = $1 ORDER BY sha256";
    let rows: Vec<Row> = statement(SQL).bind(visit.to_string()).rows(tx).await?;
    rows.into_iter().map(GivenUp::try_from).collect()
}

/// Gives a photo up on every visit within reach that names it. Repeating it keeps the first time and reason.
///
/// # Errors
/// `photo-unknown` without such a visit, `photo-arrived` when the bytes are here.
pub(super) async fn give_up(
    app: &App,
    office: &OfficeAuth,
    sha256: &BlobHash,
    reason: &str,
) -> Result<(), Problem> {
    office.require(DECLARERS)?;
    let reason = checked(reason)?;
    let mut tx = app.store.write().await?;
    let unknown = || Problem::new(&problem::PHOTO_UNKNOWN);
    reachable_naming(&mut tx, office, sha256).await?.ok_or_else(unknown)?;
    if evidence::sql::is_whole(&mut tx, sha256).await? {
        return Err(Problem::new(&problem::PHOTO_ARRIVED));
    }
    let actor = Actor::office(office.person_id, app.clock.now());
    let mut reached = false;
    for visit in sql::visits_of(&mut tx, sha256).await? {
        let Ok(plan) = reachable_visit(&mut tx, office, DECLARERS, visit).await else { continue };
        reached = true;
        if !insert(&mut tx, visit, sha256, reason, &actor).await? {
            continue;
        }
        if let Some(complaint) = plan.complaint {
            let facts = json!({ "sha256": sha256.to_string() });
            let event = actor.event(EventKind::PhotoUnavailable).visit(visit).reason(reason).detail(facts);
            history::add(&mut tx, complaint, &event).await?;
        }
        let detail = Detail::new().with("sha256", sha256.to_string());
        audit::append(&mut tx, &actor.entry(EVIDENCE_GIVEN_UP, detail).visit(visit).because(Some(reason)))
            .await?;
    }
    if !reached {
        return Err(unknown());
    }
    Ok(tx.commit().await?)
}

fn checked(reason: &str) -> Result<&str, Problem> {
    let reason = reason.trim();
    let plain = !reason.chars().any(char::is_control);
    if plain && (3..=REASON_CHARS_MAX).contains(&reason.chars().count()) {
        return Ok(reason);
    }
    Err(Problem::invalid_field("/reason", "why the photo will not come, 3 to 300 characters"))
}

async fn insert(
    tx: &mut Tx,
    visit: VisitId,
    sha256: &BlobHash,
    reason: &str,
    actor: &Actor,
) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO photos_given_up (visit_id, sha256, reason, person_id, declared_at_ms) \
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (visit_id, sha256) DO NOTHING";
    let added = statement(SQL)
        .bind(visit.to_string())
        .bind(sha256.to_string())
        .bind(reason)
        .bind(actor.person.to_string())
        .bind(actor.at.unix_ms())
        .execute(tx)
        .await?;
    Ok(added == 1)
}
