//! The tables `complaint_specials`, `complaint_special_acts`, `special_due` and `complaint_paths`.

use super::judge::Matter;
use super::model::{Path, Special, SpecialAct, SpecialKind, SpecialState};
use super::similar::Candidate;
use crate::complaints::model::{Complaint, State, phone_digits};
use crate::complaints::office_day_number;
use crate::store::{StoreError, Tx, select_in, statement};
use crate::warnings::class_of;
use serde::Serialize;
use sqlx_macros::FromRow;
use std::collections::{BTreeMap, BTreeSet};
use sync_core::ids::{ComplaintId, PersonId};
use sync_core::search::index_text;
use sync_core::time::Timestamp;

const TABLE: &str = "complaint_specials";
/// Most complaints of a class that are compared by place and time: in a storm the nearest in time are enough.
const NEAR_MAX: i64 = 120;
/// Most complaints of one matter that are compared before a day, and after it.
const ALIKE_MAX: i64 = 60;
/// Most complaints of one customer, one meter or one home that are compared.
const SAME_PARTY_MAX: i64 = 50;

/// The beginning of every statement that reads [`SpecialRow`]s; its condition follows.
macro_rules! special_rows {
    () => {
        "SELECT complaint_id, kind, state, level, signs_json, limits_json, review_json, since_ms, by_person \
         FROM complaint_specials WHERE "
    };
}

#[derive(FromRow)]
struct SpecialRow {
    complaint_id: String,
    kind: String,
    state: String,
    level: i64,
    signs_json: String,
    limits_json: String,
    review_json: Option<String>,
    since_ms: i64,
    by_person: Option<String>,
}

impl TryFrom<SpecialRow> for Special {
    type Error = StoreError;

    fn try_from(row: SpecialRow) -> Result<Self, StoreError> {
        let key = row.complaint_id.as_str();
        let wrong = |column| StoreError::impossible(TABLE, column, key);
        let review = row.review_json.as_deref().map(serde_json::from_str).transpose();
        let by = row.by_person.as_deref();
        Ok(Self {
            complaint: StoreError::parse_column(TABLE, "complaint_id", key, key)?,
            kind: row.kind.parse().map_err(|()| wrong("kind"))?,
            state: row.state.parse().map_err(|()| wrong("state"))?,
            level: row.level,
            signs: serde_json::from_str(&row.signs_json).map_err(|_| wrong("signs_json"))?,
            limits: serde_json::from_str(&row.limits_json).map_err(|_| wrong("limits_json"))?,
            review: review.map_err(|_| wrong("review_json"))?,
            since: Timestamp::from_unix_ms(row.since_ms),
            by: by.map(|by| StoreError::parse_column(TABLE, "by_person", key, by)).transpose()?,
        })
    }
}

fn text<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::impossible(TABLE, "json", ""))
}

/// The kinds of a complaint, in the order of their words.
pub(super) async fn of_complaint(tx: &mut Tx, complaint: ComplaintId) -> Result<Vec<Special>, StoreError> {
    const SQL: &str = concat!(special_rows!(), "complaint_id = $1 ORDER BY kind");
    let rows: Vec<SpecialRow> = statement(SQL).bind(complaint.to_string()).rows(tx).await?;
    rows.into_iter().map(Special::try_from).collect()
}

/// What is said of these complaints as parts of a batch.
pub(super) async fn batches(
    tx: &mut Tx,
    complaints: &[ComplaintId],
) -> Result<BTreeMap<ComplaintId, Special>, StoreError> {
    const SQL: &str = concat!(special_rows!(), "kind = 'batch' AND complaint_id IN (");
    let rows: Vec<SpecialRow> = select_in!(tx, SQL, complaints, |complaint| complaint.to_string(), ")")?;
    let specials = rows.into_iter().map(Special::try_from);
    specials.map(|special| special.map(|special| (special.complaint, special))).collect()
}

/// Writes a kind, if it stands as it was read: `was` is `None` for one that had no row. Says whether it did.
pub(super) async fn put(
    tx: &mut Tx,
    was: Option<SpecialState>,
    special: &Special,
) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO complaint_specials (complaint_id, kind, state, level, signs_json, limits_json, \
        review_json, since_ms, by_person) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
        ON CONFLICT (complaint_id, kind) DO UPDATE SET state = $3, level = $4, signs_json = $5, limits_json = $6, \
        review_json = $7, since_ms = $8, by_person = $9 WHERE complaint_specials.state = $10";
    let (signs, limits) = (text(&special.signs)?, text(&special.limits)?);
    let review = special.review.as_ref().map(text).transpose()?;
    let done = statement(SQL)
        .bind(special.complaint.to_string())
        .bind(special.kind.as_str())
        .bind(special.state.as_str())
        .bind(special.level)
        .bind(signs)
        .bind(limits)
        .bind(review)
        .bind(special.since.unix_ms())
        .bind(special.by.map(String::from))
        .bind(was.map_or("", SpecialState::as_str))
        .execute(tx)
        .await?;
    if done > 0 {
        count(tx, special.complaint).await?;
    }
    Ok(done > 0)
}

/// Says on the complaint whether anything about it is proposed or confirmed, for its lists.
async fn count(tx: &mut Tx, complaint: ComplaintId) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE complaints SET special = (SELECT coalesce(max(CASE s.state WHEN 'confirmed' THEN 2 \
        WHEN 'proposed' THEN 1 ELSE 0 END), 0) FROM complaint_specials s WHERE s.complaint_id = $1) \
        WHERE complaint_id = $1";
    let id = complaint.to_string();
    statement(SQL).bind(id).execute(tx).await?;
    Ok(())
}

/// What happened to a kind.
#[derive(Debug, Clone)]
pub(super) struct Act {
    pub(super) kind: SpecialKind,
    pub(super) act: SpecialAct,
    pub(super) level: i64,
    pub(super) words: Option<String>,
    /// `None`: the server.
    pub(super) person: Option<PersonId>,
    pub(super) at: Timestamp,
}

/// Writes down what happened.
pub(super) async fn note(tx: &mut Tx, complaint: ComplaintId, act: &Act) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO complaint_special_acts (complaint_id, kind, act_no, act, level, words, person_id, \
        at_ms) VALUES ($1, $2, (SELECT coalesce(max(a.act_no), 0) + 1 FROM complaint_special_acts a \
        WHERE a.complaint_id = $1 AND a.kind = $2), $3, $4, $5, $6, $7)";
    statement(SQL)
        .bind(complaint.to_string())
        .bind(act.kind.as_str())
        .bind(act.act.as_str())
        .bind(act.level)
        .bind(&act.words)
        .bind(act.person.map(String::from))
        .bind(act.at.unix_ms())
        .execute(tx)
        .await?;
    Ok(())
}

#[derive(FromRow)]
struct ActRow {
    kind: String,
    act: String,
    level: i64,
    words: Option<String>,
    person_id: Option<String>,
    at_ms: i64,
}

/// Everything that happened to the kinds of a complaint, oldest first.
pub(super) async fn acts(tx: &mut Tx, complaint: ComplaintId) -> Result<Vec<Act>, StoreError> {
    const SQL: &str = "SELECT kind, act, level, words, person_id, at_ms FROM complaint_special_acts \
        WHERE complaint_id = $1 ORDER BY at_ms, kind, act_no";
    const ACTS: &str = "complaint_special_acts";
    let key = complaint.to_string();
    let rows: Vec<ActRow> = statement(SQL).bind(&key).rows(tx).await?;
    let open = |row: ActRow| {
        let person = row.person_id.as_deref();
        Ok(Act {
            kind: row.kind.parse().map_err(|()| StoreError::impossible(ACTS, "kind", key.as_str()))?,
            act: row.act.parse().map_err(|()| StoreError::impossible(ACTS, "act", key.as_str()))?,
            level: row.level,
            words: row.words,
            person: person.map(|id| StoreError::parse_column(ACTS, "person_id", &key, id)).transpose()?,
            at: Timestamp::from_unix_ms(row.at_ms),
        })
    };
    rows.into_iter().map(open).collect()
}

/// What is proposed or confirmed of each of these complaints.
pub(crate) async fn marks(
    tx: &mut Tx,
    ids: &[ComplaintId],
) -> Result<BTreeMap<String, Vec<(SpecialKind, SpecialState)>>, StoreError> {
    const SQL: &str = "SELECT complaint_id, kind, state FROM complaint_specials \
        WHERE state IN ('proposed', 'confirmed') AND complaint_id IN (";
    let rows: Vec<(String, String, String)> =
        select_in!(tx, SQL, ids, |id| id.to_string(), ") ORDER BY complaint_id, kind")?;
    let mut found: BTreeMap<String, Vec<(SpecialKind, SpecialState)>> = BTreeMap::new();
    for (complaint, kind, state) in rows {
        let wrong = |()| StoreError::impossible(TABLE, "kind", complaint.as_str());
        let mark = (kind.parse().map_err(wrong)?, state.parse().map_err(wrong)?);
        found.entry(complaint).or_default().push(mark);
    }
    Ok(found)
}

/// Says that the rules are to look at a complaint, not before this moment.
pub(super) async fn mark_due(
    tx: &mut Tx,
    complaint: ComplaintId,
    mark: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO special_due (complaint_id, mark, at_ms) VALUES ($1, $2, $3) \
        ON CONFLICT (complaint_id, mark) DO UPDATE SET at_ms = $3";
    statement(SQL).bind(complaint.to_string()).bind(mark).bind(at.unix_ms()).execute(tx).await?;
    Ok(())
}

/// How the marks of complaints begin that an early warning reaches.
pub(super) const WARNED: &str = "warning ";

/// Says the same of every complaint of a class and region that happened on these days.
pub(super) async fn mark_cell(
    tx: &mut Tx,
    (class, area): (&str, &str),
    (from, to): (i64, i64),
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO special_due (complaint_id, mark, at_ms) SELECT r.source, $5, $6 \
        FROM warning_reports r JOIN complaints c ON c.complaint_id = r.source WHERE r.class = $1 AND r.area = $2 \
        AND r.day BETWEEN $3 AND $4 ON CONFLICT (complaint_id, mark) DO NOTHING";
    let mark = format!("{WARNED}{}", now.unix_ms());
    statement(SQL)
        .bind(class)
        .bind(area)
        .bind(from)
        .bind(to)
        .bind(mark)
        .bind(now.unix_ms())
        .execute(tx)
        .await?;
    Ok(())
}

/// Complaints whose moment has come.
pub(super) async fn due(tx: &mut Tx, now: Timestamp, limit: i64) -> Result<Vec<ComplaintId>, StoreError> {
    const SQL: &str =
        "SELECT complaint_id FROM special_due WHERE at_ms <= $1 ORDER BY at_ms, complaint_id LIMIT $2";
    let ids: Vec<String> = statement(SQL).bind(now.unix_ms()).bind(limit).values(tx).await?;
    let ids: BTreeSet<String> = ids.into_iter().collect();
    ids.iter().map(|id| StoreError::parse_column("special_due", "complaint_id", id, id)).collect()
}

/// Takes a complaint off the list of those whose moment has come; gives its marks.
pub(super) async fn take_due(
    tx: &mut Tx,
    complaint: ComplaintId,
    now: Timestamp,
) -> Result<Vec<String>, StoreError> {
    const SQL: &str = "DELETE FROM special_due WHERE complaint_id = $1 AND at_ms <= $2 RETURNING mark";
    statement(SQL).bind(complaint.to_string()).bind(now.unix_ms()).values(tx).await
}

/// What is compared between complaints `c`.
macro_rules! matter_columns {
    () => {
        "c.complaint_id, CASE WHEN c.requested_at_ms < c.received_at_ms THEN c.requested_at_ms \
         ELSE c.received_at_ms END AS heard_ms, \
         coalesce(c.customer_number, c.phone_digits, c.address_folded) AS customer, c.category, c.region, \
         c.latitude, c.longitude, c.closed_at_ms, c.state"
    };
}

#[derive(FromRow)]
struct MatterRow {
    complaint_id: String,
    heard_ms: i64,
    customer: String,
    category: String,
    region: String,
    latitude: Option<String>,
    longitude: Option<String>,
    closed_at_ms: Option<i64>,
    state: String,
}

impl TryFrom<MatterRow> for Matter {
    type Error = StoreError;

    fn try_from(row: MatterRow) -> Result<Self, StoreError> {
        let id = row.complaint_id.as_str();
        let state: State = StoreError::parse_column("complaints", "state", id, &row.state)?;
        Ok(Self {
            id: StoreError::parse_column("complaints", "complaint_id", id, id)?,
            heard: Timestamp::from_unix_ms(row.heard_ms),
            customer: row.customer,
            category: row.category,
            region: row.region,
            place: degrees(row.latitude.as_deref(), row.longitude.as_deref()),
            closed: row.closed_at_ms.map(Timestamp::from_unix_ms),
            handled: state.has_verdict(),
        })
    }
}

/// Complaints of a class that happened on these days, in this region or at a known place: those of the region first, the
/// nearest in time first.
pub(super) async fn near(
    tx: &mut Tx,
    class: &str,
    (from, to): (i64, i64),
    (region, heard): (&str, Timestamp),
) -> Result<Vec<Matter>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        matter_columns!(),
        " FROM warning_reports r JOIN complaints c ON c.complaint_id = r.source \
         WHERE r.class = $1 AND r.day BETWEEN $2 AND $3 AND r.kind = 'complaint' \
         AND (c.region = $4 OR c.latitude IS NOT NULL) ORDER BY CASE WHEN c.region = $4 THEN 0 ELSE 1 END, \
         abs(CASE WHEN c.requested_at_ms < c.received_at_ms THEN c.requested_at_ms ELSE c.received_at_ms END - $6), \
         c.complaint_id LIMIT $5"
    );
    let rows: Vec<MatterRow> = statement(SQL)
        .bind(class)
        .bind(from)
        .bind(to)
        .bind(region)
        .bind(NEAR_MAX)
        .bind(heard.unix_ms())
        .rows(tx)
        .await?;
    rows.into_iter().map(Matter::try_from).collect()
}

/// The nearest of one matter in one region, on one side of a day.
macro_rules! of_matter {
    ($name:literal, $days:literal, $direction:literal) => {
        concat!(
            "SELECT source FROM (SELECT r.source FROM warning_reports r JOIN complaints c ON c.complaint_id = r.source \
             WHERE r.class = $1 AND r.area = $2 AND r.kind = 'complaint' AND r.day ",
            $days,
            " AND (c.category = $7 OR substr(c.category, 1, length($7) + 1) = $7 || '.') AND c.complaint_id <> $6 \
             AND c.merged_into IS NULL AND c.state <> 'withdrawn' ORDER BY r.day ",
            $direction,
            ", r.source LIMIT $8) ",
            $name
        )
    };
}

/// Other complaints of the same matter in the same region that were heard at most so many days before or after one, the
/// nearest of each side; withdrawn and merged ones are left out.
pub(super) async fn alike(tx: &mut Tx, one: &Matter, days: u32) -> Result<Vec<Candidate>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        matter_columns!(),
        ", c.meter_no, c.address_folded, c.summary FROM complaints c WHERE c.complaint_id IN (",
        of_matter!("earlier", "BETWEEN $3 AND $4", "DESC"),
        " UNION ",
        of_matter!("later", "BETWEEN $4 AND $5", "ASC"),
        ")"
    );
    let (day, days) = (office_day_number(one.heard), i64::from(days));
    let rows: Vec<CandidateRow> = statement(SQL)
        .bind(class_of(&one.category))
        .bind(&one.region)
        .bind(day - days)
        .bind(day)
        .bind(day + days)
        .bind(one.id.to_string())
        .bind(one.category.split('.').take(3).collect::<Vec<_>>().join("."))
        .bind(ALIKE_MAX)
        .rows(tx)
        .await?;
    rows.into_iter().map(Candidate::try_from).collect()
}

#[derive(FromRow)]
struct CandidateRow {
    #[sqlx(flatten)]
    matter: MatterRow,
    meter_no: Option<String>,
    address_folded: String,
    summary: String,
}

impl TryFrom<CandidateRow> for Candidate {
    type Error = StoreError;

    fn try_from(row: CandidateRow) -> Result<Self, StoreError> {
        let CandidateRow { matter, meter_no: meter, address_folded: address, summary: says } = row;
        Ok(Self { matter: matter.try_into()?, meter, address, says })
    }
}

/// The newest complaints of which something holds.
macro_rules! sharing {
    ($name:literal, $condition:literal) => {
        concat!(
            "SELECT complaint_id FROM (SELECT complaint_id FROM complaints WHERE ",
            $condition,
            " AND merged_into IS NULL ORDER BY received_at_ms DESC LIMIT $7) ",
            $name
        )
    };
}

/// Other complaints of the same customer, meter, or phone and address, the newest of each; merged ones are left out.
pub(super) async fn same_party(tx: &mut Tx, complaint: &Complaint) -> Result<Vec<Matter>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        matter_columns!(),
        " FROM complaints c WHERE c.complaint_id <> $1 AND c.utility = $2 AND c.complaint_id IN (",
        sharing!("by_customer", "customer_number = $3"),
        " UNION ",
        sharing!("by_meter", "meter_no = $4"),
        " UNION ",
        sharing!("by_home", "phone_digits = $5 AND address_folded = $6"),
        ")"
    );
    let intake = &complaint.intake;
    let rows: Vec<MatterRow> = statement(SQL)
        .bind(complaint.id.to_string())
        .bind(intake.utility.as_str())
        .bind(&intake.customer.number)
        .bind(intake.meter.as_ref().map(|meter| meter.number.clone()))
        .bind(intake.customer.phone.as_deref().and_then(phone_digits))
        .bind(index_text(&intake.address))
        .bind(SAME_PARTY_MAX)
        .rows(tx)
        .await?;
    rows.into_iter().map(Matter::try_from).collect()
}

/// Latitude and longitude as numbers.
pub(super) fn degrees(latitude: Option<&str>, longitude: Option<&str>) -> Option<(f64, f64)> {
    latitude.and_then(|text| text.parse().ok()).zip(longitude.and_then(|text| text.parse().ok()))
}

/// Of these days those that lie in the window of an early warning that stands for a class and region.
pub(super) async fn warned_days(
    tx: &mut Tx,
    (class, area): (&str, &str),
    (from, to): (i64, i64),
) -> Result<BTreeSet<i64>, StoreError> {
    const SQL: &str = "SELECT day, window_days FROM warnings WHERE class = $1 AND area = $2 AND kind = 'counts' \
        AND level > 0 AND day >= $3 AND day - window_days < $4";
    let rows: Vec<(i64, i64)> = statement(SQL).bind(class).bind(area).bind(from).bind(to).rows(tx).await?;
    let covered = |day: &i64| rows.iter().any(|(last, window)| (last - window + 1..=*last).contains(day));
    Ok((from..=to).filter(covered).collect())
}

/// Units that have a part in a complaint through its sections.
pub(super) async fn section_units(
    tx: &mut Tx,
    complaint: ComplaintId,
) -> Result<BTreeSet<String>, StoreError> {
    const SQL: &str = "SELECT DISTINCT unit FROM complaint_sections WHERE complaint_id = $1 AND state <> 'dropped' \
        AND unit <> ''";
    let units: Vec<String> = statement(SQL).bind(complaint.to_string()).values(tx).await?;
    Ok(units.into_iter().collect())
}

/// Return visits of a complaint that found its customer not content, or contradicting what was recorded.
pub(super) async fn dissatisfied(tx: &mut Tx, complaint: ComplaintId) -> Result<u32, StoreError> {
    const SQL: &str = "SELECT count(*) FROM return_visits r WHERE r.complaint_id = $1 AND r.state = 'done' \
        AND (r.checked = 'contradicts' OR EXISTS (SELECT 1 FROM return_answers a WHERE a.return_id = r.return_id \
        AND a.question = 'survey.content' AND a.answer_json = '\"no\"' AND NOT EXISTS \
        (SELECT 1 FROM return_answers n WHERE n.return_id = a.return_id AND n.question = a.question \
        AND n.answer_no > a.answer_no)))";
    let count: i64 = statement(SQL).bind(complaint.to_string()).value(tx).await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Whether a complaint was taken up again.
pub(super) async fn reopened(tx: &mut Tx, complaint: ComplaintId) -> Result<bool, StoreError> {
    const SQL: &str =
        "SELECT count(*) FROM complaint_events WHERE complaint_id = $1 AND state_to = 'reopened'";
    let count: i64 = statement(SQL).bind(complaint.to_string()).value(tx).await?;
    Ok(count > 0)
}

/// Who decided how a complaint is dealt with, and when.
#[derive(Debug, Clone)]
pub(super) struct PathSet {
    pub(super) path: Path,
    pub(super) by: PersonId,
    pub(super) at: Timestamp,
}

/// How a complaint is dealt with, as far as somebody said.
pub(super) async fn path(tx: &mut Tx, complaint: ComplaintId) -> Result<Option<PathSet>, StoreError> {
    const PATHS: &str = "complaint_paths";
    const SQL: &str =
        "SELECT issue_type, source, set_by, set_at_ms FROM complaint_paths WHERE complaint_id = $1";
    let key = complaint.to_string();
    let row: Option<(Option<String>, Option<String>, String, i64)> =
        statement(SQL).bind(&key).row_if_any(tx).await?;
    let Some((issue, source, by, at)) = row else { return Ok(None) };
    let wrong = |column| StoreError::impossible(PATHS, column, key.as_str());
    let issue = issue.map(|word| word.parse().map_err(|()| wrong("issue_type"))).transpose()?;
    let source = source.map(|word| word.parse().map_err(|()| wrong("source"))).transpose()?;
    let by = StoreError::parse_column(PATHS, "set_by", &key, &by)?;
    Ok(Some(PathSet { path: Path { issue, source }, by, at: Timestamp::from_unix_ms(at) }))
}

/// Writes how a complaint is dealt with.
pub(super) async fn put_path(tx: &mut Tx, complaint: ComplaintId, set: &PathSet) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO complaint_paths (complaint_id, issue_type, source, set_by, set_at_ms) \
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (complaint_id) DO UPDATE SET issue_type = $2, source = $3, \
        set_by = $4, set_at_ms = $5";
    statement(SQL)
        .bind(complaint.to_string())
        .bind(set.path.issue.map(super::model::IssueType::as_str))
        .bind(set.path.source.map(super::model::Source::as_str))
        .bind(set.by.to_string())
        .bind(set.at.unix_ms())
        .execute(tx)
        .await?;
    Ok(())
}

/// The newest open complaints.
pub(super) async fn open_complaints(tx: &mut Tx, limit: i64) -> Result<Vec<ComplaintId>, StoreError> {
    const SQL: &str = "SELECT complaint_id FROM complaints WHERE state NOT IN ('closed', 'withdrawn') \
        AND merged_into IS NULL ORDER BY ordinal DESC LIMIT $1";
    let ids: Vec<String> = statement(SQL).bind(limit).values(tx).await?;
    ids.iter().map(|id| StoreError::parse_column("complaints", "complaint_id", id, id)).collect()
}
