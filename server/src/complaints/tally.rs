//! The table `daily_counts`: complaints received and visits ended, day by day and place by place, counted as it happens,
//! so that the figures of the start page cost the same however many complaints there are.
//!
//! A complaint that moves to another unit or region takes its counts along: the figures are always those of the
//! complaints that the reader may see.

use super::history::NewEvent;
use super::model::{Complaint, EventKind};
use super::office_day_start;
use super::scope::{Reach, within};
use crate::store::{StoreError, Tally, Tx, statement};
use std::collections::BTreeSet;
use sync_core::ids::ComplaintId;
use sync_core::time::Timestamp;

const DAY_MS: i64 = 86_400_000;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    /// Complaints, by the day on which they were written down.
    Received,
    /// Visits, by the day on which the server learned that the work had ended. One that is sent back and ends again
    /// counts on both days, so no past day changes.
    Ended,
}

impl Counted {
    fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Ended => "ended",
        }
    }
}

/// Unit and region.
pub(super) type Place = (String, String);

/// The counts of the complaints within reach, by the day since the office's midnight `first`: day 0, 1, 2 … with its
/// count; none for a day without any.
pub(crate) async fn by_day(
    tx: &mut Tx,
    counted: Counted,
    reach: &Reach,
    first: Timestamp,
) -> Result<Vec<(i64, i64)>, StoreError> {
    const SQL: &str = concat!(
        "SELECT day - $2 AS day, CAST(sum(number) AS BIGINT) AS number FROM daily_counts \
        WHERE counted = $1 AND day >= $2 AND ",
        within!("$3", "unit", "region"),
        " GROUP BY day"
    );
    let (counted, first, places) = (counted.as_str(), day_of(first), reach.pattern());
    statement(SQL).bind(counted).bind(first).bind(places).rows(tx).await
}

/// Counts a complaint that was written down.
pub(super) fn received(tx: &mut Tx, complaint: &Complaint) {
    add(tx, Counted::Received, day_of(complaint.received_at), &place_of(complaint), 1);
}

/// Counts the end of a visit, if this event is one and the first of its day. To be called before it is added.
pub(super) async fn ended(tx: &mut Tx, complaint: ComplaintId, event: &NewEvent) -> Result<(), StoreError> {
    let Some(visit) = event.visit.filter(|_| matches!(event.kind, EventKind::Finished | EventKind::NoAccess))
    else {
        return Ok(());
    };
    let day = day_of(event.received_at);
    if ends_of(tx, complaint).await?.contains(&(visit.to_string(), day)) {
        return Ok(());
    }
    if let Some(place) = stored_place(tx, complaint).await? {
        add(tx, Counted::Ended, day, &place, 1);
    }
    Ok(())
}

/// Where the complaint is counted at present.
pub(super) async fn stored_place(tx: &mut Tx, complaint: ComplaintId) -> Result<Option<Place>, StoreError> {
    const SQL: &str = "SELECT unit, region FROM complaints WHERE complaint_id = $1";
    statement(SQL).bind(complaint.to_string()).row_if_any(tx).await
}

/// Takes the counts of a complaint along from the place where it was.
pub(super) async fn moved(tx: &mut Tx, complaint: &Complaint, from: &Place) -> Result<(), StoreError> {
    let to = place_of(complaint);
    if *from == to {
        return Ok(());
    }
    let mut counts = vec![(Counted::Received, day_of(complaint.received_at))];
    counts.extend(ends_of(tx, complaint.id).await?.into_iter().map(|(_, day)| (Counted::Ended, day)));
    for (counted, day) in counts {
        add(tx, counted, day, from, -1);
        add(tx, counted, day, &to, 1);
    }
    Ok(())
}

fn place_of(complaint: &Complaint) -> Place {
    (complaint.intake.unit.clone(), complaint.intake.region.clone())
}

fn day_of(at: Timestamp) -> i64 {
    office_day_start(at).unix_ms().div_euclid(DAY_MS)
}

/// The visits of a complaint that ended, each with the day.
async fn ends_of(tx: &mut Tx, complaint: ComplaintId) -> Result<BTreeSet<(String, i64)>, StoreError> {
    const SQL: &str = "SELECT visit_id, received_at_ms FROM complaint_events WHERE complaint_id = $1 \
        AND kind IN ('finished', 'no_access') AND visit_id IS NOT NULL";
    let rows: Vec<(String, i64)> = statement(SQL).bind(complaint.to_string()).rows(tx).await?;
    Ok(rows.into_iter().map(|(visit, at)| (visit, day_of(Timestamp::from_unix_ms(at)))).collect())
}

fn add(tx: &mut Tx, counted: Counted, day: i64, (unit, region): &Place, number: i64) {
    let (unit, region) = (unit.clone(), region.clone());
    tx.tally(Tally { counted: counted.as_str(), day, unit, region }, number);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::complaints::tests::{Bureau, somebody_of};
    use crate::exchange::tests::exchange;
    use crate::people::{Grant, Role};
    use crate::review::tests::Site;
    use serde_json::json;

    /// The counts as they follow from the complaints and their events themselves.
    async fn counted_anew(tx: &mut Tx, counted: Counted, reach: &Reach) -> i64 {
        const RECEIVED: &str =
            concat!("SELECT count(*) FROM complaints c WHERE ", within!("$1", "c.unit", "c.region"));
        const ENDED: &str = concat!(
            "SELECT count(DISTINCT e.visit_id) FROM complaint_events e JOIN complaints c \
            ON c.complaint_id = e.complaint_id WHERE e.kind IN ('finished', 'no_access') AND ",
            within!("$1", "c.unit", "c.region")
        );
        let sql = if counted == Counted::Received { RECEIVED } else { ENDED };
        let places = reach.pattern();
        statement(sql).bind(places).value(tx).await.unwrap()
    }

    #[tokio::test]
    async fn the_figures_are_those_of_the_complaints_within_reach() {
        Bureau::for_each_engine(|bureau| async move {
            somebody_of(&bureau.test, Role::Clerk, "gas", "").await;
            let mut site = Site::of(&bureau).await;
            site.zhang.save(site.visit, |edit| edit.answer("meter-accuracy.seal", "intact").unwrap());
            exchange(&bureau.test, &mut site.zhang).await;
            site.finish(&bureau).await;
            for region in ["west", "west", "east", ""] {
                bureau.complaint(&json!({ "region": region })).await;
            }
            let allotment = json!({ "unit": "gas", "reason": "ours" });
            bureau.post(&format!("/v1/complaints/{}/allotments", site.complaint), &allotment).await;
            let mut tx = bureau.test.app.store.read().await.unwrap();
            let first = Timestamp::from_unix_ms(0);
            for (unit, region) in
                [("", ""), ("", "east"), ("", "west"), ("gas", ""), ("power", ""), ("power", "west")]
            {
                let (unit, region) = (unit.to_owned(), region.to_owned());
                let reach =
                    Reach::of(&[Grant { role: Role::Lead, unit, region }], super::super::scope::OFFICE);
                let reach = reach.unwrap();
                for counted in [Counted::Received, Counted::Ended] {
                    let days = by_day(&mut tx, counted, &reach, first).await.unwrap();
                    let total: i64 = days.iter().map(|(_, number)| number).sum();
                    assert_eq!(total, counted_anew(&mut tx, counted, &reach).await, "{counted:?} {reach:?}");
                }
            }
        })
        .await;
    }
}
