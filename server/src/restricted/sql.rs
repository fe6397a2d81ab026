//! The tables `restricted_findings` and `restricted_acts`.

use super::model::{Meant, RestrictedState, Stored};
use crate::store::{StoreError, Tx, statement};
use sqlx_macros::FromRow;
use sync_core::ids::{PersonId, RestrictedId};
use sync_core::time::Timestamp;

const TABLE: &str = "restricted_findings";

#[derive(FromRow)]
struct Row {
    finding_id: String,
    author_id: String,
    device_id: Option<String>,
    claimed_at_ms: i64,
    received_at_ms: i64,
    sealed: Vec<u8>,
    state: String,
}

impl Row {
    fn read(self) -> Result<(Stored, RestrictedState), StoreError> {
        let key = self.finding_id.as_str();
        let device = self.device_id.as_ref();
        let stored = Stored {
            id: StoreError::parse_column(TABLE, "finding_id", key, key)?,
            author: StoreError::parse_column(TABLE, "author_id", key, &self.author_id)?,
            device: device.map(|id| StoreError::parse_column(TABLE, "device_id", key, id)).transpose()?,
            claimed_at: Timestamp::from_unix_ms(self.claimed_at_ms),
            received_at: Timestamp::from_unix_ms(self.received_at_ms),
            sealed: self.sealed,
        };
        let state = RestrictedState::of(&self.state);
        Ok((stored, state.ok_or_else(|| StoreError::impossible(TABLE, "state", &self.finding_id))?))
    }
}

/// Writes a report down; one that is there already stays as it is.
pub(super) async fn insert(tx: &mut Tx, new: &Stored) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO restricted_findings (finding_id, author_id, device_id, claimed_at_ms, \
        received_at_ms, sealed, state) VALUES ($1, $2, $3, $4, $5, $6, 'open') ON CONFLICT (finding_id) DO NOTHING";
    statement(SQL)
        .bind(new.id.to_string())
        .bind(new.author.to_string())
        .bind(new.device.map(|device| device.to_string()))
        .bind(new.claimed_at.unix_ms())
        .bind(new.received_at.unix_ms())
        .bind(new.sealed.as_slice())
        .execute(tx)
        .await?;
    Ok(())
}

/// The report with this id.
pub(super) async fn find(
    tx: &mut Tx,
    id: RestrictedId,
) -> Result<Option<(Stored, RestrictedState)>, StoreError> {
    const SQL: &str = "SELECT finding_id, author_id, device_id, claimed_at_ms, received_at_ms, sealed, state \
        FROM restricted_findings WHERE finding_id = $1";
    let row: Option<Row> = statement(SQL).bind(id.to_string()).row_if_any(tx).await?;
    row.map(Row::read).transpose()
}

/// Reports that came before this one, newest first; open ones only, or decided ones only.
pub(super) async fn before(
    tx: &mut Tx,
    decided: bool,
    (at_ms, id): &(i64, String),
    limit: u32,
) -> Result<Vec<(Stored, RestrictedState)>, StoreError> {
    const SQL: &str = "SELECT finding_id, author_id, device_id, claimed_at_ms, received_at_ms, sealed, state \
        FROM restricted_findings WHERE (received_at_ms, finding_id) < ($1, $2) AND (state <> 'open') = ($3 = 1) \
        ORDER BY received_at_ms DESC, finding_id DESC LIMIT $4";
    let query = statement(SQL).bind(*at_ms).bind(id).bind(i64::from(decided)).bind(i64::from(limit));
    let rows: Vec<Row> = query.rows(tx).await?;
    rows.into_iter().map(Row::read).collect()
}

/// Everybody whose name or staff number stands in these words, with each unit that they work in.
pub(super) async fn meant(tx: &mut Tx, words: &str) -> Result<Vec<Meant>, StoreError> {
    const SQL: &str = "SELECT p.person_id, coalesce(r.unit, '') FROM people p \
        LEFT JOIN person_roles r ON r.person_id = p.person_id \
        WHERE p.display_name = $1 OR p.staff_number = $1 \
        OR (length(p.display_name) >= 2 AND replace($1, p.display_name, '') <> $1) \
        OR (length(p.staff_number) >= 3 AND replace($1, p.staff_number, '') <> $1) ORDER BY p.person_id";
    let rows: Vec<(String, String)> = statement(SQL).bind(words).rows(tx).await?;
    let read = |(person, unit): (String, String)| {
        Ok(Meant { person: StoreError::parse_column("people", "person_id", &person, &person)?, unit })
    };
    rows.into_iter().map(read).collect()
}

/// Something that was done about a report.
#[derive(Debug, Clone)]
pub(super) struct Act {
    /// `opened`, or what was decided.
    pub(super) act: String,
    pub(super) person: PersonId,
    pub(super) at: Timestamp,
    /// The words of a decision.
    pub(super) sealed: Option<Vec<u8>>,
}

#[derive(FromRow)]
struct ActRow {
    act: String,
    person_id: String,
    at_ms: i64,
    sealed: Option<Vec<u8>>,
}

/// What was done about a report, oldest first.
pub(super) async fn acts(tx: &mut Tx, id: RestrictedId) -> Result<Vec<Act>, StoreError> {
    const SQL: &str =
        "SELECT act, person_id, at_ms, sealed FROM restricted_acts WHERE finding_id = $1 ORDER BY act_no";
    let rows: Vec<ActRow> = statement(SQL).bind(id.to_string()).rows(tx).await?;
    let read = |row: ActRow| {
        Ok(Act {
            person: StoreError::parse_column("restricted_acts", "person_id", &row.act, &row.person_id)?,
            at: Timestamp::from_unix_ms(row.at_ms),
            act: row.act,
            sealed: row.sealed,
        })
    };
    rows.into_iter().map(read).collect()
}

/// Writes down what was done.
pub(super) async fn insert_act(
    tx: &mut Tx,
    id: RestrictedId,
    act: &Act,
    salt: [u8; 16],
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO restricted_acts (finding_id, act_no, act, person_id, at_ms, sealed, salt) \
        SELECT $1, CAST(count(*) + 1 AS BIGINT), $2, $3, $4, $5, $6 FROM restricted_acts WHERE finding_id = $1";
    statement(SQL)
        .bind(id.to_string())
        .bind(&act.act)
        .bind(act.person.to_string())
        .bind(act.at.unix_ms())
        .bind(act.sealed.clone())
        .bind(salt.as_slice())
        .execute(tx)
        .await?;
    Ok(())
}

/// Notes where a report stands now.
pub(super) async fn set_state(
    tx: &mut Tx,
    id: RestrictedId,
    state: RestrictedState,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE restricted_findings SET state = $1 WHERE finding_id = $2";
    statement(SQL).bind(state.as_str()).bind(id.to_string()).execute(tx).await?;
    Ok(())
}
