//! The table `contact_flags`.

use super::{ContactFlag, FlagKind, OTHER_CUSTOMERS_MIN, Settled};
use crate::complaints::acts::Actor;
use crate::complaints::model::Complaint;
use crate::store::{StoreError, Tx, select_in, statement};
use sqlx_macros::FromRow;
use std::collections::BTreeSet;
use sync_core::ids::ComplaintId;
use sync_core::time::Timestamp;

const TABLE: &str = "contact_flags";

#[derive(FromRow)]
struct Row {
    complaint_id: String,
    flag_no: i64,
    kind: String,
    field: String,
    raised_by: String,
    raised_on_device: Option<String>,
    raised_at_ms: i64,
    settled_at_ms: Option<i64>,
    settled_by: Option<String>,
    settled_reason: Option<String>,
}

impl TryFrom<Row> for ContactFlag {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let key = format!("{}/{}", row.complaint_id, row.flag_no);
        let device = row.raised_on_device.as_deref();
        let by = row.settled_by.as_deref();
        let by = by.map(|by| StoreError::parse_column(TABLE, "settled_by", &key, by)).transpose()?;
        Ok(Self {
            number: row.flag_no,
            kind: row.kind.parse().map_err(|()| StoreError::impossible(TABLE, "kind", &key))?,
            field: Some(row.field).filter(|field| !field.is_empty()),
            raised_by: StoreError::parse_column(TABLE, "raised_by", &key, &row.raised_by)?,
            device: device
                .map(|id| StoreError::parse_column(TABLE, "raised_on_device", &key, id))
                .transpose()?,
            raised_at: Timestamp::from_unix_ms(row.raised_at_ms),
            settled: row.settled_at_ms.map(|at_ms| Settled {
                at: Timestamp::from_unix_ms(at_ms),
                by,
                reason: row.settled_reason,
            }),
        })
    }
}

/// Flags of a complaint, oldest first.
pub(crate) async fn list(tx: &mut Tx, complaint: ComplaintId) -> Result<Vec<ContactFlag>, StoreError> {
    const SQL: &str = "SELECT complaint_id, flag_no, kind, field, raised_by, raised_on_device, raised_at_ms, \
        settled_at_ms, settled_by, settled_reason FROM contact_flags WHERE complaint_id = $1 ORDER BY flag_no";
    let rows: Vec<Row> = statement(SQL).bind(complaint.to_string()).rows(tx).await?;
    rows.into_iter().map(ContactFlag::try_from).collect()
}

/// Open flags of a complaint, oldest first.
pub(crate) async fn open_of(tx: &mut Tx, complaint: ComplaintId) -> Result<Vec<ContactFlag>, StoreError> {
    let mut flags = list(tx, complaint).await?;
    flags.retain(|flag| flag.settled.is_none());
    Ok(flags)
}

/// Those of these complaints that have an open flag.
pub(crate) async fn with_open_flags(
    tx: &mut Tx,
    ids: &[ComplaintId],
) -> Result<BTreeSet<String>, StoreError> {
    const SQL: &str =
        "SELECT DISTINCT complaint_id FROM contact_flags WHERE settled_at_ms IS NULL AND complaint_id IN (";
    let rows: Vec<(String,)> = select_in!(tx, SQL, ids, |id| id.to_string(), ")")?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// How many other customers have complaints with this phone, up to as many as matter.
pub(super) async fn other_customers(
    tx: &mut Tx,
    complaint: &Complaint,
    digits: &str,
) -> Result<usize, StoreError> {
    const SQL: &str = "SELECT DISTINCT coalesce(customer_number, customer_name, '') FROM complaints \
        WHERE phone_digits = $1 AND coalesce(customer_number, customer_name, '') <> $2 AND complaint_id <> $3 LIMIT $4";
    let customer = &complaint.intake.customer;
    let own = customer.number.clone().or_else(|| customer.name.clone()).unwrap_or_default();
    let most = i64::try_from(OTHER_CUSTOMERS_MIN).unwrap_or(i64::MAX);
    let found: Vec<String> =
        statement(SQL).bind(digits).bind(own).bind(complaint.id.to_string()).bind(most).values(tx).await?;
    Ok(found.len())
}

/// Adds a flag unless the same one is open. Says whether it did.
pub(super) async fn insert(
    tx: &mut Tx,
    complaint: ComplaintId,
    kind: FlagKind,
    field: Option<&str>,
    by: &Actor,
) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO contact_flags (complaint_id, flag_no, kind, field, raised_by, raised_on_device, \
        raised_at_ms) SELECT $1, (SELECT coalesce(max(f.flag_no), 0) + 1 FROM contact_flags f \
        WHERE f.complaint_id = $1), $2, $3, $4, $5, $6 WHERE NOT EXISTS (SELECT 1 FROM contact_flags o \
        WHERE o.complaint_id = $1 AND o.kind = $2 AND o.field = $3 AND o.settled_at_ms IS NULL)";
    let added = statement(SQL)
        .bind(complaint.to_string())
        .bind(kind.as_str())
        .bind(field.unwrap_or_default())
        .bind(by.person.to_string())
        .bind(by.device.map(String::from))
        .bind(by.at.unix_ms())
        .execute(tx)
        .await?;
    Ok(added == 1)
}

/// Settles the open flag of a kind that holds no more.
pub(super) async fn settle_by_itself(
    tx: &mut Tx,
    complaint: ComplaintId,
    kind: FlagKind,
    at: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE contact_flags SET settled_at_ms = $3 \
        WHERE complaint_id = $1 AND kind = $2 AND settled_at_ms IS NULL";
    statement(SQL).bind(complaint.to_string()).bind(kind.as_str()).bind(at.unix_ms()).execute(tx).await?;
    Ok(())
}

/// Settles a flag. Returns its kind; `None` when none of this number is open.
pub(super) async fn settle(
    tx: &mut Tx,
    complaint: ComplaintId,
    number: i64,
    reason: &str,
    by: &Actor,
) -> Result<Option<String>, StoreError> {
    const SQL: &str = "UPDATE contact_flags SET settled_at_ms = $3, settled_by = $4, settled_reason = $5 \
        WHERE complaint_id = $1 AND flag_no = $2 AND settled_at_ms IS NULL RETURNING kind";
    statement(SQL)
        .bind(complaint.to_string())
        .bind(number)
        .bind(by.at.unix_ms())
        .bind(by.person.to_string())
        .bind(reason)
        .value_if_any(tx)
        .await
}
