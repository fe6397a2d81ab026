//! What came in from the field lately, by when the server got it.

use crate::complaints::Names;
use crate::complaints::scope::within;
use crate::store::{StoreError, Tx, select_in, statement};
use sqlx_macros::FromRow;
use std::collections::BTreeMap;
use sync_core::time::Timestamp;

/// A visit about which something came in.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct ArrivedVisit {
    pub(crate) visit_id: String,
    pub(crate) complaint_id: String,
    pub(crate) number: String,
    pub(crate) summary: String,
    /// The state of the visit: a stable word.
    pub(crate) state: String,
    /// When the newest of it came, Unix milliseconds.
    pub(crate) newest_at_ms: i64,
    /// How many acts of devices came.
    pub(crate) acts: i64,
    /// The device's word for when the visit ended, when it did.
    pub(crate) ended_claimed_ms: Option<i64>,
    /// When the server learned of that.
    pub(crate) ended_received_ms: Option<i64>,
    /// Who sent it.
    #[sqlx(skip)]
    pub(crate) people: Vec<String>,
}

/// The visits about which devices sent something since then, the newest arrival first, among the newest 2,000 acts:
/// what a busy day brings must not slow down who looks at it. `places` as from
/// [`Reach::pattern`].
///
/// [`Reach::pattern`]: crate::complaints::scope::Reach::pattern
pub(crate) async fn arrived_visits(
    tx: &mut Tx,
    places: Option<String>,
    since: Timestamp,
    limit: i64,
) -> Result<Vec<ArrivedVisit>, StoreError> {
    const SQL: &str = concat!(
        "SELECT a.visit_id, c.complaint_id, c.number, c.summary, v.state, a.newest_at_ms, a.acts, \
        v.ended_claimed_ms, v.ended_received_ms FROM (SELECT l.visit_id AS visit_id, max(l.at_ms) AS newest_at_ms, \
        count(*) AS acts FROM (SELECT n.visit_id, n.device_id, n.at_ms FROM server_log n WHERE n.kind = 'envelope' \
        AND n.at_ms >= $1 ORDER BY n.at_ms DESC LIMIT 2000) l WHERE l.visit_id IS NOT NULL \
        AND EXISTS (SELECT 1 FROM devices d WHERE d.device_id = l.device_id) GROUP BY l.visit_id) a \
        JOIN visit_plans v ON v.visit_id = a.visit_id JOIN complaints c ON c.complaint_id = v.complaint_id WHERE ",
        within!("$2", "c.unit", "c.region"),
        " ORDER BY a.newest_at_ms DESC, a.visit_id LIMIT $3"
    );
    let mut visits: Vec<ArrivedVisit> =
        statement(SQL).bind(since.unix_ms()).bind(places).bind(limit).rows(tx).await?;
    let mut people = senders(tx, &visits, since).await?;
    for visit in &mut visits {
        visit.people = people.remove(&visit.visit_id).unwrap_or_default();
    }
    Ok(visits)
}

/// Names of those who sent something about these visits since then.
async fn senders(
    tx: &mut Tx,
    visits: &[ArrivedVisit],
    since: Timestamp,
) -> Result<BTreeMap<String, Vec<String>>, StoreError> {
    let rows = sent_by(tx, visits, since).await?;
    let (mut names, mut people) = (Names::default(), BTreeMap::<String, Vec<String>>::new());
    for (visit, person) in rows {
        let name = names.person_text(tx, &person).await?.and_then(|person| person.name);
        people.entry(visit).or_default().extend(name);
    }
    Ok(people)
}

async fn sent_by(
    tx: &mut Tx,
    visits: &[ArrivedVisit],
    since: Timestamp,
) -> Result<Vec<(String, String)>, StoreError> {
    const SQL: &str = "SELECT DISTINCT l.visit_id, l.person_id FROM server_log l JOIN devices d \
        ON d.device_id = l.device_id WHERE l.kind = 'envelope' AND l.person_id IS NOT NULL AND l.visit_id IN (";
    let end = format!(") AND l.at_ms >= {} ORDER BY l.visit_id, l.person_id", since.unix_ms());
    select_in!(tx, SQL, visits, |visit| visit.visit_id.clone(), &end)
}
