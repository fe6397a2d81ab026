//! The tables `complaints`, `complaint_numbers` and `complaint_aliases`.

use super::model::{Complaint, Customer, CustomerClass, Deadlines, Intake, number_text, phone_digits};
use super::tally;
use crate::store::{Counter, StoreError, Tx, next_number, statement};
use sqlx_macros::FromRow;
use sync_core::ids::{ComplaintId, VisitId};
use sync_core::search::index_text;
use sync_core::time::Timestamp;

const TABLE: &str = "complaints";

/// The columns of [`ComplaintRow`] of the table alias `c`.
macro_rules! columns {
    () => {
        "c.complaint_id, c.ordinal, c.number, c.version, c.state, c.utility, c.category, c.channel, c.priority, \
         c.summary, c.remedy_sought, c.customer_number, c.customer_name, c.customer_phone, c.address, c.region, c.unit, c.no_contact_reason, c.confidential, c.customer_class, \
         c.latitude, c.longitude, c.meter_json, c.first_owner, c.holder, c.holder_since_ms, c.opened_on_device, \
         c.requested_at_ms, c.received_at_ms, c.contact_due_at_ms, c.onsite_due_at_ms, c.answer_due_at_ms, \
         c.closed_at_ms, c.merged_into"
    };
}
pub(super) use columns;

/// A row of `complaints` as it is read.
#[derive(Debug, FromRow)]
pub(super) struct ComplaintRow {
    complaint_id: String,
    ordinal: i64,
    number: String,
    version: i64,
    state: String,
    utility: String,
    category: String,
    channel: String,
    priority: String,
    summary: String,
    remedy_sought: Option<String>,
    customer_number: Option<String>,
    customer_name: Option<String>,
    customer_phone: Option<String>,
    address: String,
    region: String,
    unit: String,
    no_contact_reason: Option<String>,
    confidential: i64,
    customer_class: Option<String>,
    latitude: Option<String>,
    longitude: Option<String>,
    meter_json: Option<String>,
    first_owner: String,
    holder: String,
    holder_since_ms: i64,
    opened_on_device: Option<String>,
    requested_at_ms: i64,
    received_at_ms: i64,
    contact_due_at_ms: Option<i64>,
    onsite_due_at_ms: Option<i64>,
    answer_due_at_ms: Option<i64>,
    closed_at_ms: Option<i64>,
    merged_into: Option<String>,
}

impl TryFrom<ComplaintRow> for Complaint {
    type Error = StoreError;

    fn try_from(row: ComplaintRow) -> Result<Self, StoreError> {
        let key = row.complaint_id.clone();
        let parse = |column, text: &str| StoreError::parse_column(TABLE, column, &key, text);
        let meter = row.meter_json.as_deref().map(serde_json::from_str).transpose();
        let at = |ms: Option<i64>| ms.map(Timestamp::from_unix_ms);
        let words = |column| StoreError::impossible(TABLE, column, &*key);
        Ok(Self {
            id: parse("complaint_id", &key)?,
            ordinal: row.ordinal,
            number: row.number,
            version: row.version,
            state: row.state.parse().map_err(|()| words("state"))?,
            intake: Intake {
                utility: row.utility.parse().map_err(|()| words("utility"))?,
                category: row.category,
                channel: row.channel.parse().map_err(|()| words("channel"))?,
                priority: row.priority.parse().map_err(|()| words("priority"))?,
                summary: row.summary,
                remedy_sought: row.remedy_sought,
                customer: Customer {
                    number: row.customer_number,
                    name: row.customer_name,
                    phone: row.customer_phone,
                },
                no_contact_reason: row.no_contact_reason,
                confidential: row.confidential == 1,
                customer_class: row
                    .customer_class
                    .map(|word| word.parse())
                    .transpose()
                    .map_err(|()| words("customer_class"))?,
                address: row.address,
                region: row.region,
                unit: row.unit,
                position: row.latitude.zip(row.longitude),
                meter: meter.map_err(|_| words("meter_json"))?,
                requested_at: Timestamp::from_unix_ms(row.requested_at_ms),
                deadlines: Deadlines {
                    contact_due_at_ms: at(row.contact_due_at_ms),
                    onsite_due_at_ms: at(row.onsite_due_at_ms),
                    answer_due_at_ms: at(row.answer_due_at_ms),
                },
            },
            first_owner: StoreError::parse_column(TABLE, "first_owner", &key, &row.first_owner)?,
            holder: StoreError::parse_column(TABLE, "holder", &key, &row.holder)?,
            holder_since: Timestamp::from_unix_ms(row.holder_since_ms),
            opened_on_device: row
                .opened_on_device
                .map(|text| StoreError::parse_column(TABLE, "opened_on_device", &key, &text))
                .transpose()?,
            received_at: Timestamp::from_unix_ms(row.received_at_ms),
            closed_at: at(row.closed_at_ms),
            merged_into: row
                .merged_into
                .map(|text| StoreError::parse_column(TABLE, "merged_into", &key, &text))
                .transpose()?,
        })
    }
}

/// The complaint with this id.
pub async fn find(tx: &mut Tx, id: ComplaintId) -> Result<Option<Complaint>, StoreError> {
    const SQL: &str = concat!("SELECT ", columns!(), " FROM complaints c WHERE c.complaint_id = $1");
    let row: Option<ComplaintRow> = statement(SQL).bind(id.to_string()).row_if_any(tx).await?;
    row.map(Complaint::try_from).transpose()
}

/// The complaint with this number or alias.
pub async fn find_by_number(tx: &mut Tx, number: &str) -> Result<Option<Complaint>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM complaints c WHERE c.number = $1 \
          OR c.complaint_id = (SELECT a.complaint_id FROM complaint_aliases a WHERE a.alias = $1)"
    );
    let row: Option<ComplaintRow> = statement(SQL).bind(number).row_if_any(tx).await?;
    row.map(Complaint::try_from).transpose()
}

/// Takes the next number of this year.
pub(super) async fn next_complaint_number(tx: &mut Tx, year: i16) -> Result<String, StoreError> {
    const SQL: &str = "INSERT INTO complaint_numbers (year, value) VALUES ($1, 1) \
        ON CONFLICT (year) DO UPDATE SET value = complaint_numbers.value + 1 RETURNING value";
    let place: i64 = statement(SQL).bind(i64::from(year)).value(tx).await?;
    Ok(number_text(year, place))
}

/// Takes the next place in the order of arrival.
pub(super) async fn next_ordinal(tx: &mut Tx) -> Result<i64, StoreError> {
    next_number(tx, Counter("complaint")).await
}

/// Inserts a complaint.
pub(super) async fn insert(tx: &mut Tx, complaint: &Complaint) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO complaints (complaint_id, ordinal, number, version, state, utility, category, \
        channel, priority, summary, remedy_sought, customer_number, customer_name, customer_phone, phone_digits, \
        address, address_folded, region, latitude, longitude, meter_no, meter_json, contact_due_at_ms, \
        onsite_due_at_ms, answer_due_at_ms, requested_at_ms, first_owner, holder, holder_since_ms, \
        opened_on_device, received_at_ms, unit, \
        no_contact_reason, confidential, customer_class) \
        VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, \
        $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34)";
    let values = Columns::of(&complaint.intake);
    let intake = &complaint.intake;
    statement(SQL)
        .bind(complaint.id.to_string())
        .bind(complaint.ordinal)
        .bind(&complaint.number)
        .bind(complaint.state.as_str())
        .bind(intake.utility.as_str())
        .bind(&intake.category)
        .bind(intake.channel.as_str())
        .bind(intake.priority.as_str())
        .bind(&intake.summary)
        .bind(&intake.remedy_sought)
        .bind(&intake.customer.number)
        .bind(&intake.customer.name)
        .bind(&intake.customer.phone)
        .bind(values.phone_digits)
        .bind(&intake.address)
        .bind(values.address_folded)
        .bind(&intake.region)
        .bind(values.latitude)
        .bind(values.longitude)
        .bind(values.meter_no)
        .bind(values.meter_json)
        .bind(values.contact_due)
        .bind(values.onsite_due)
        .bind(values.answer_due)
        .bind(intake.requested_at.unix_ms())
        .bind(complaint.first_owner.to_string())
        .bind(complaint.holder.to_string())
        .bind(complaint.holder_since.unix_ms())
        .bind(complaint.opened_on_device.map(String::from))
        .bind(complaint.received_at.unix_ms())
        .bind(&intake.unit)
        .bind(&intake.no_contact_reason)
        .bind(i64::from(intake.confidential))
        .bind(intake.customer_class.map(CustomerClass::as_str))
        .execute(tx)
        .await?;
    tally::received(tx, complaint);
    Ok(())
}

/// Writes everything that may change, if the row still has the version that `complaint` was read with.
/// Returns whether it had; the row then has the next version.
pub(super) async fn update(tx: &mut Tx, complaint: &Complaint) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE complaints SET version = version + 1, state = $3, category = $4, priority = $5, \
        summary = $6, remedy_sought = $7, customer_number = $8, customer_name = $9, customer_phone = $10, \
        phone_digits = $11, address = $12, address_folded = $13, region = $14, latitude = $15, longitude = $16, \
        meter_no = $17, meter_json = $18, contact_due_at_ms = $19, onsite_due_at_ms = $20, answer_due_at_ms = $21, \
        holder = $22, holder_since_ms = $23, closed_at_ms = $24, merged_into = $25, unit = $26, no_contact_reason = $27, \
        confidential = $28, customer_class = $29 \
        WHERE complaint_id = $1 AND version = $2";
    let values = Columns::of(&complaint.intake);
    let intake = &complaint.intake;
    let place = tally::stored_place(tx, complaint.id).await?;
    let changed = statement(SQL)
        .bind(complaint.id.to_string())
        .bind(complaint.version)
        .bind(complaint.state.as_str())
        .bind(&intake.category)
        .bind(intake.priority.as_str())
        .bind(&intake.summary)
        .bind(&intake.remedy_sought)
        .bind(&intake.customer.number)
        .bind(&intake.customer.name)
        .bind(&intake.customer.phone)
        .bind(values.phone_digits)
        .bind(&intake.address)
        .bind(values.address_folded)
        .bind(&intake.region)
        .bind(values.latitude)
        .bind(values.longitude)
        .bind(values.meter_no)
        .bind(values.meter_json)
        .bind(values.contact_due)
        .bind(values.onsite_due)
        .bind(values.answer_due)
        .bind(complaint.holder.to_string())
        .bind(complaint.holder_since.unix_ms())
        .bind(complaint.closed_at.map(Timestamp::unix_ms))
        .bind(complaint.merged_into.map(String::from))
        .bind(&intake.unit)
        .bind(&intake.no_contact_reason)
        .bind(i64::from(intake.confidential))
        .bind(intake.customer_class.map(CustomerClass::as_str))
        .execute(tx)
        .await?;
    if let Some(place) = place.filter(|_| changed == 1) {
        tally::moved(tx, complaint, &place).await?;
    }
    Ok(changed == 1)
}

/// What several columns are derived from one field.
struct Columns<'a> {
    phone_digits: Option<String>,
    address_folded: String,
    latitude: Option<&'a str>,
    longitude: Option<&'a str>,
    meter_no: Option<&'a str>,
    meter_json: Option<String>,
    contact_due: Option<i64>,
    onsite_due: Option<i64>,
    answer_due: Option<i64>,
}

impl<'a> Columns<'a> {
    fn of(intake: &'a Intake) -> Self {
        let position = intake.position.as_ref();
        let meter = intake.meter.as_ref();
        let ms = |at: Option<Timestamp>| at.map(Timestamp::unix_ms);
        Self {
            phone_digits: intake.customer.phone.as_deref().and_then(phone_digits),
            address_folded: index_text(&intake.address),
            latitude: position.map(|(latitude, _)| latitude.as_str()),
            longitude: position.map(|(_, longitude)| longitude.as_str()),
            meter_no: meter.map(|meter| meter.number.as_str()),
            meter_json: meter.and_then(|meter| serde_json::to_string(meter).ok()),
            contact_due: ms(intake.deadlines.contact_due_at_ms),
            onsite_due: ms(intake.deadlines.onsite_due_at_ms),
            answer_due: ms(intake.deadlines.answer_due_at_ms),
        }
    }
}

/// Further numbers of a complaint, oldest first.
pub async fn aliases(tx: &mut Tx, id: ComplaintId) -> Result<Vec<String>, StoreError> {
    const SQL: &str =
        "SELECT alias FROM complaint_aliases WHERE complaint_id = $1 ORDER BY added_at_ms, alias";
    statement(SQL).bind(id.to_string()).values(tx).await
}

/// Adds a number under which the complaint is found.
///
/// # Errors
/// [`StoreError::is_unique_violation`] when the alias is taken.
pub(super) async fn add_alias(
    tx: &mut Tx,
    id: ComplaintId,
    alias: &str,
    kind: &'static str,
    at: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str =
        "INSERT INTO complaint_aliases (alias, complaint_id, kind, added_at_ms) VALUES ($1, $2, $3, $4)";
    statement(SQL).bind(alias).bind(id.to_string()).bind(kind).bind(at.unix_ms()).execute(tx).await?;
    Ok(())
}

/// The records that were merged into this one, directly or through others, oldest first.
pub async fn merged_into(tx: &mut Tx, survivor: ComplaintId) -> Result<Vec<Complaint>, StoreError> {
    const SQL: &str = concat!(
        "WITH RECURSIVE family (id) AS (SELECT m.complaint_id FROM complaints m WHERE m.merged_into = $1 \
         UNION SELECT m.complaint_id FROM complaints m JOIN family f ON m.merged_into = f.id) SELECT ",
        columns!(),
        " FROM complaints c WHERE c.complaint_id IN (SELECT id FROM family) ORDER BY c.ordinal"
    );
    let rows: Vec<ComplaintRow> = statement(SQL).bind(survivor.to_string()).rows(tx).await?;
    rows.into_iter().map(Complaint::try_from).collect()
}

/// Counts anew who is sent to the complaint of this visit; call it after every change of that.
pub async fn refresh_crew(tx: &mut Tx, visit: VisitId) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE complaints SET crew = (SELECT count(*) FROM visit_plans v JOIN visit_assignments a \
        ON a.visit_id = v.visit_id AND a.ended_at_ms IS NULL WHERE v.complaint_id = complaints.complaint_id) \
        WHERE complaint_id = (SELECT complaint_id FROM visit_plans WHERE visit_id = $1)";
    let visit = visit.to_string();
    statement(SQL).bind(visit).execute(tx).await?;
    Ok(())
}

/// Most records that share one thing with another and are compared with it.
const SHARING_MAX: i64 = 50;
/// Most neighbours in time that share region and category, before it and as many after it.
const NEIGHBOURS_MAX: i64 = 100;

/// Where complaints share a column with one, the newest of those times first.
macro_rules! sharing {
    ($column:literal, $value:literal) => {
        concat!(
            "SELECT complaint_id FROM (SELECT complaint_id FROM complaints WHERE ",
            $column,
            " = ",
            $value,
            " AND merged_into IS NULL AND received_at_ms BETWEEN $3 AND $4 ORDER BY received_at_ms DESC LIMIT $11) ",
            $column
        )
    };
}

/// Where complaints of the same region and category were received next to one.
macro_rules! neighbours {
    ($name:literal, $times:literal, $order:literal) => {
        concat!(
            "SELECT complaint_id FROM (SELECT complaint_id FROM complaints WHERE region = $9 AND category = $10 \
             AND merged_into IS NULL AND received_at_ms ",
            $times,
            " ORDER BY received_at_ms ",
            $order,
            " LIMIT $13) ",
            $name
        )
    };
}

/// Records received within these times that share customer, meter, phone or address with this one, at most 50 of each,
/// and the 100 before and after it that share region and category; newest first. Merged ones are left out.
pub async fn candidates(
    tx: &mut Tx,
    complaint: &Complaint,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<Complaint>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM complaints c WHERE c.complaint_id <> $1 AND c.utility = $2 AND c.complaint_id IN (",
        sharing!("customer_number", "$5"),
        " UNION ",
        sharing!("phone_digits", "$6"),
        " UNION ",
        sharing!("meter_no", "$7"),
        " UNION ",
        sharing!("address_folded", "$8"),
        " UNION ",
        neighbours!("before", "BETWEEN $3 AND $12", "DESC"),
        " UNION ",
        neighbours!("later", "BETWEEN $12 + 1 AND $4", "ASC"),
        ") ORDER BY c.ordinal DESC"
    );
    let intake = &complaint.intake;
    let values = Columns::of(intake);
    let rows: Vec<ComplaintRow> = statement(SQL)
        .bind(complaint.id.to_string())
        .bind(intake.utility.as_str())
        .bind(from.unix_ms())
        .bind(to.unix_ms())
        .bind(&intake.customer.number)
        .bind(values.phone_digits)
        .bind(values.meter_no)
        .bind(values.address_folded)
        .bind(&intake.region)
        .bind(&intake.category)
        .bind(SHARING_MAX)
        .bind(complaint.received_at.unix_ms())
        .bind(NEIGHBOURS_MAX)
        .rows(tx)
        .await?;
    rows.into_iter().map(Complaint::try_from).collect()
}
