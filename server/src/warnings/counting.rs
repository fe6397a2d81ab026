//! Where reports are counted: complaints that stand for themselves, and grumbles that became none.
//!
//! What changes a count says in the same transaction which day is to be judged anew. The counts themselves are written
//! with the commit, in one order, so that those who add never wait for one another in a circle.

use super::sql;
use crate::complaints::model::Complaint;
use crate::complaints::office_day_number;
use crate::people::{self, Role};
use crate::store::{ReportTally, StoreError, Tx};
use crate::work_orders::commands::FieldCommand;
use sync_core::ids::PersonId;
use sync_core::time::Timestamp;

/// Where a report is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) kind: &'static str,
    pub(super) class: String,
    pub(super) area: String,
    /// Days since 1970 in the office, of when it happened.
    pub(super) day: i64,
    pub(super) received_at: Timestamp,
}

/// The class of a category: its first two parts.
pub(crate) fn class_of(category: &str) -> String {
    let end = category.match_indices('.').nth(1).map_or(category.len(), |(at, _)| at);
    category[..end].to_owned()
}

/// Counts a complaint where it belongs now; to be called whenever it was written. One that was merged into another is
/// not counted.
pub(crate) async fn complaint_written(tx: &mut Tx, complaint: &Complaint) -> Result<(), StoreError> {
    let report = complaint.merged_into.is_none().then(|| Report {
        kind: "complaint",
        class: class_of(&complaint.intake.category),
        area: complaint.intake.region.clone(),
        // A clerk may type an hour ahead, and a device's clock may be years ahead.
        day: office_day_number(complaint.intake.requested_at.min(complaint.received_at)),
        received_at: complaint.received_at,
    });
    put(tx, &complaint.id.to_string(), report).await
}

/// Counts a grumble on the day on which it was heard, in the region of whoever heard it.
pub(crate) async fn grumble_heard(
    tx: &mut Tx,
    command: &FieldCommand,
    category: Option<&str>,
    heard: Timestamp,
) -> Result<(), StoreError> {
    let report = Report {
        kind: "grumble",
        class: class_of(category.unwrap_or_default()),
        area: region_of(tx, command.person).await?,
        day: office_day_number(heard),
        received_at: command.received_at,
    };
    put(tx, &command.id.to_string(), Some(report)).await
}

/// A grumble is a complaint now, which is counted itself.
pub(crate) async fn grumble_became_complaint(tx: &mut Tx, grumble: &str) -> Result<(), StoreError> {
    put(tx, grumble, None).await
}

/// The one region in which somebody works as a technician; empty when it is none or several.
async fn region_of(tx: &mut Tx, person: PersonId) -> Result<String, StoreError> {
    let grants = people::roles_of(tx, person).await?;
    let mut regions: Vec<String> =
        grants.into_iter().filter(|grant| grant.role == Role::Technician).map(|grant| grant.region).collect();
    regions.dedup();
    Ok(if regions.len() == 1 { regions.swap_remove(0) } else { String::new() })
}

pub(super) async fn put(tx: &mut Tx, source: &str, wanted: Option<Report>) -> Result<(), StoreError> {
    let counted = sql::report(tx, source).await?;
    if counted == wanted {
        return Ok(());
    }
    for (report, number) in [(&counted, -1), (&wanted, 1)] {
        let Some(report) = report else { continue };
        let (class, area) = (report.class.clone(), report.area.clone());
        tx.tally_report(ReportTally { class, area, day: report.day }, number);
        sql::mark_due(tx, report, source).await?;
    }
    sql::put_report(tx, source, wanted.as_ref()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_the_first_two_parts_of_a_category() {
        for (category, class) in
            [("power.BIZ.metering", "power.BIZ"), ("gas.LEAK", "gas.LEAK"), ("other", "other"), ("", "")]
        {
            assert_eq!(class_of(category), class, "{category}");
        }
    }
}
