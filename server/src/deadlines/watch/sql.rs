//! The table `deadline_steps`.

use super::{Step, StepKind};
use crate::complaints::scope::{Reach, within};
use crate::store::{EngineKind, StoreError, Tx, assembled, statement};
use sqlx_macros::FromRow;
use sync_core::deadline::{MISSED, NEAR};
use sync_core::ids::{ComplaintId, DeviceId, PersonId, VisitId};
use sync_core::time::Timestamp;

const TABLE: &str = "deadline_steps";

#[derive(FromRow)]
struct StepRow {
    complaint_id: String,
    step: String,
    about: String,
    from_ms: i64,
    due_at_ms: Option<i64>,
    stopped_at_ms: Option<i64>,
    level: i64,
    next_at_ms: Option<i64>,
}

impl StepRow {
    fn open(self) -> Result<(ComplaintId, Step), StoreError> {
        let key = self.complaint_id.as_str();
        let kind = StepKind::parse(&self.step).ok_or_else(|| StoreError::impossible(TABLE, "step", key))?;
        let at = |ms: Option<i64>| ms.map(Timestamp::from_unix_ms);
        let step = Step {
            kind,
            about: self.about,
            from: Timestamp::from_unix_ms(self.from_ms),
            due: at(self.due_at_ms),
            stopped: at(self.stopped_at_ms),
            level: self.level,
            next: at(self.next_at_ms),
        };
        Ok((StoreError::parse_column(TABLE, "complaint_id", key, key)?, step))
    }
}

/// What is watched of a complaint.
pub(super) async fn steps(tx: &mut Tx, complaint: ComplaintId) -> Result<Vec<Step>, StoreError> {
    const SQL: &str = "SELECT complaint_id, step, about, from_ms, due_at_ms, stopped_at_ms, level, next_at_ms \
        FROM deadline_steps WHERE complaint_id = $1 ORDER BY step";
    let rows: Vec<StepRow> = statement(SQL).bind(complaint.to_string()).rows(tx).await?;
    rows.into_iter().map(|row| row.open().map(|(_, step)| step)).collect()
}

/// Writes a step, whether there was one or not.
pub(super) async fn put(tx: &mut Tx, complaint: ComplaintId, step: &Step) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO deadline_steps (complaint_id, step, about, from_ms, due_at_ms, stopped_at_ms, level, \
        next_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (complaint_id, step) DO UPDATE \
        SET about = $3, from_ms = $4, due_at_ms = $5, stopped_at_ms = $6, level = $7, next_at_ms = $8";
    statement(SQL)
        .bind(complaint.to_string())
        .bind(step.kind.as_str())
        .bind(&step.about)
        .bind(step.from.unix_ms())
        .bind(step.due.map(Timestamp::unix_ms))
        .bind(step.stopped.map(Timestamp::unix_ms))
        .bind(step.level)
        .bind(step.next.map(Timestamp::unix_ms))
        .execute(tx)
        .await?;
    Ok(())
}

/// Whether the moment of any step has come.
pub(super) async fn any_due(tx: &mut Tx, now: Timestamp) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT count(*) FROM (SELECT 1 FROM deadline_steps WHERE next_at_ms <= $1 LIMIT 1) s";
    let count: i64 = statement(SQL).bind(now.unix_ms()).value(tx).await?;
    Ok(count > 0)
}

/// Steps whose moment has come, the longest ago first. Nobody else raises them before this transaction ends.
pub(super) async fn due(
    tx: &mut Tx,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<(ComplaintId, Step)>, StoreError> {
    const SQL: &str = "SELECT complaint_id, step, about, from_ms, due_at_ms, stopped_at_ms, level, next_at_ms \
        FROM deadline_steps WHERE next_at_ms <= $1 ORDER BY next_at_ms LIMIT $2";
    // SQLite has one writer; PostgreSQL leaves rows to whoever holds them.
    let hold = match tx.kind() {
        EngineKind::Postgres => " FOR UPDATE SKIP LOCKED",
        EngineKind::Sqlite => "",
    };
    let rows: Vec<StepRow> =
        assembled(format!("{SQL}{hold}")).bind(now.unix_ms()).bind(limit).rows(tx).await?;
    rows.into_iter().map(StepRow::open).collect()
}

/// Open complaints after this one of which nothing is watched, in the order of their ids.
pub(super) async fn unwatched(tx: &mut Tx, after: &str, limit: i64) -> Result<Vec<ComplaintId>, StoreError> {
    const SQL: &str = "SELECT c.complaint_id FROM complaints c WHERE c.state IN ('received', 'accepted', 'assigned', \
        'investigated', 'reviewed', 'rework', 'reopened') AND c.merged_into IS NULL AND NOT EXISTS \
        (SELECT 1 FROM deadline_steps s WHERE s.complaint_id = c.complaint_id) \
        AND c.complaint_id > $1 ORDER BY c.complaint_id LIMIT $2";
    let ids: Vec<String> = statement(SQL).bind(after).bind(limit).values(tx).await?;
    ids.iter().map(|id| StoreError::parse_column("complaints", "complaint_id", id, id)).collect()
}

/// How far the clock of a device was off when it last reported.
pub(super) async fn clock_offset(tx: &mut Tx, device: DeviceId) -> Result<Option<i64>, StoreError> {
    const SQL: &str = "SELECT clock_offset_ms FROM devices WHERE device_id = $1";
    let offset: Option<Option<i64>> = statement(SQL).bind(device.to_string()).value_if_any(tx).await?;
    Ok(offset.flatten())
}

/// Which raised steps are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::deadlines) enum Raised {
    /// Deadlines that were missed.
    Late,
    /// Deadlines that come near.
    Near,
    /// Complaints that stay too long where they are.
    Stuck,
}

/// The deadline, the complaint and the step: the order of the list.
pub(in crate::deadlines) type RaisedKey = (i64, String, String);

/// A raised step.
#[derive(Debug)]
pub(in crate::deadlines) struct RaisedStep {
    pub(in crate::deadlines) complaint: ComplaintId,
    pub(in crate::deadlines) step: Step,
    /// Version of the rules; `None`: those that hold when the customer turns to us.
    pub(in crate::deadlines) policy: Option<i64>,
}

#[derive(FromRow)]
struct RaisedRow {
    #[sqlx(flatten)]
    step: StepRow,
    policy_version: Option<i64>,
}

/// Raised steps within reach, the longest overdue first.
pub(in crate::deadlines) async fn raised(
    tx: &mut Tx,
    wanted: Raised,
    reach: &Reach,
    after: &RaisedKey,
    limit: u32,
) -> Result<Vec<RaisedStep>, StoreError> {
    // The conditions of the indexes, word by word.
    macro_rules! raised {
        ($wanted:literal) => {
            concat!(
                "SELECT s.complaint_id, s.step, s.about, s.from_ms, s.due_at_ms, s.stopped_at_ms, s.level, \
                 s.next_at_ms, k.policy_version FROM deadline_steps s \
                 JOIN complaints c ON c.complaint_id = s.complaint_id \
                 LEFT JOIN complaint_clocks k ON k.complaint_id = s.complaint_id WHERE ",
                $wanted,
                " AND s.stopped_at_ms IS NULL AND c.merged_into IS NULL AND ",
                within!("$1", "c.unit", "c.region"),
                " AND (s.due_at_ms, s.complaint_id, s.step) > ($2, $3, $4) \
                 ORDER BY s.due_at_ms, s.complaint_id, s.step LIMIT $5"
            )
        };
    }
    const { assert!(NEAR == 1 && MISSED == 2) };
    let sql = match wanted {
        Raised::Late => raised!("s.level > 1 AND s.step <> 'state'"),
        Raised::Near => raised!("s.level = 1 AND s.step <> 'state'"),
        Raised::Stuck => raised!("s.level > 1 AND s.step = 'state'"),
    };
    let rows: Vec<RaisedRow> = statement(sql)
        .bind(reach.pattern())
        .bind(after.0)
        .bind(&after.1)
        .bind(&after.2)
        .bind(i64::from(limit))
        .rows(tx)
        .await?;
    let open = |RaisedRow { step, policy_version }: RaisedRow| {
        let (complaint, step) = step.open()?;
        Ok(RaisedStep { complaint, step, policy: policy_version })
    };
    rows.into_iter().map(open).collect()
}

/// Somebody who was sent to a visit, and whose devices have said nothing since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::deadlines) struct Silent {
    pub(in crate::deadlines) visit: VisitId,
    pub(in crate::deadlines) complaint: ComplaintId,
    pub(in crate::deadlines) person: PersonId,
    pub(in crate::deadlines) assigned_at: Timestamp,
    /// `None`: no device of theirs has ever reported.
    pub(in crate::deadlines) last_seen: Option<Timestamp>,
}

/// Visits due by `today` whose people were sent before `since` and have not been heard of since then, oldest first.
pub(in crate::deadlines) async fn silent(
    tx: &mut Tx,
    reach: &Reach,
    since: Timestamp,
    today: &str,
    limit: i64,
) -> Result<Vec<Silent>, StoreError> {
    // From the people who are silent, who are few, to what they were sent to.
    const SQL: &str = concat!(
        "SELECT v.visit_id, c.complaint_id, a.person_id, a.assigned_at_ms, s.last_seen_at_ms \
         FROM (SELECT p.person_id AS person_id, max(d.last_seen_at_ms) AS last_seen_at_ms FROM people p \
         LEFT JOIN devices d ON d.person_id = p.person_id AND d.revoked_at_ms IS NULL \
         GROUP BY p.person_id HAVING coalesce(max(d.last_seen_at_ms), 0) < $2) s \
         JOIN visit_assignments a ON a.person_id = s.person_id AND a.ended_at_ms IS NULL AND a.assigned_at_ms < $2 \
         JOIN visit_plans v ON v.visit_id = a.visit_id JOIN complaints c ON c.complaint_id = v.complaint_id \
         WHERE v.state IN ('planned', 'accepted', 'on_site', 'rework') AND v.planned_on <= $3 AND ",
        within!("$1", "c.unit", "c.region"),
        " ORDER BY a.assigned_at_ms, v.visit_id LIMIT $4"
    );
    type Row = (String, String, String, i64, Option<i64>);
    let rows: Vec<Row> =
        statement(SQL).bind(reach.pattern()).bind(since.unix_ms()).bind(today).bind(limit).rows(tx).await?;
    let open = |(visit, complaint, person, assigned_at, last_seen): Row| {
        Ok(Silent {
            visit: StoreError::parse_column("visit_plans", "visit_id", &visit, &visit)?,
            complaint: StoreError::parse_column("visit_plans", "complaint_id", &visit, &complaint)?,
            person: StoreError::parse_column("visit_assignments", "person_id", &visit, &person)?,
            assigned_at: Timestamp::from_unix_ms(assigned_at),
            last_seen: last_seen.map(Timestamp::from_unix_ms),
        })
    };
    rows.into_iter().map(open).collect()
}
