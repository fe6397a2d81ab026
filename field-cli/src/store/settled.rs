//! Conflicts that somebody settled in the field: the office still has to decide about them.

use super::{Store, StoreError, Tx};
use std::collections::BTreeSet;
use sync_core::document::{Place, VisitDocument, VisitView};
use sync_core::ids::VisitId;

impl Store {
    /// Places whose conflict was settled in the field and about which the office has not decided.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub async fn settled_in_field(&self) -> Result<Vec<(VisitId, String)>, StoreError> {
        let rows: Vec<(String, String)> = sqlx::query_as(
            "SELECT settled.visit_id, path FROM settled JOIN visits ON visits.visit_id = settled.visit_id \
             WHERE visits.saved IS NOT NULL ORDER BY settled.visit_id, path",
        )
        .fetch_all(self.pool())
        .await?;
        let read = |(visit, path): (String, String)| {
            let visit = visit.parse().map_err(|_| StoreError::damaged("settled", "visit_id", &visit))?;
            Ok((visit, path))
        };
        rows.into_iter().map(read).collect()
    }

    /// Notes what was settled in the field before this device saw it in conflict.
    pub(crate) async fn note_settled_before_in(
        tx: &mut Tx,
        document: &VisitDocument,
        view: &VisitView,
    ) -> Result<(), StoreError> {
        for path in document.settled_in_field(view) {
            settle(tx, view.visit, &path).await?;
        }
        Ok(())
    }

    /// Notes which conflicts ended, or began again, between two readings of a visit. A decision that was taken back
    /// leaves what was settled in the field before it.
    pub(crate) async fn note_settled_in(
        tx: &mut Tx,
        before: &VisitView,
        after: &VisitView,
    ) -> Result<(), StoreError> {
        let fresh = after.resolutions.iter().filter(|(id, _)| !before.resolutions.contains_key(*id));
        let acts: BTreeSet<&str> = fresh.map(|(_, entry)| entry.content.path.as_str()).collect();
        let (undecided, decided): (Vec<&str>, Vec<&str>) =
            acts.iter().partition(|path| after.taken_back(path).is_some());
        let ended = before.conflicts.keys().map(String::as_str).filter(|path| !acts.contains(path));
        let settled = ended.chain(undecided.into_iter().filter(|path| takes_values(path)));
        for path in settled.filter(|path| !after.conflicts.contains_key(*path)) {
            settle(tx, after.visit, path).await?;
        }
        for path in decided.into_iter().chain(after.conflicts.keys().map(String::as_str)) {
            sqlx::query("DELETE FROM settled WHERE visit_id = $1 AND path = $2")
                .bind(after.visit.to_string())
                .bind(path)
                .execute(&mut **tx)
                .await?;
        }
        Ok(())
    }
}

async fn settle(tx: &mut Tx, visit: VisitId, path: &str) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO settled (visit_id, path) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(visit.to_string())
        .bind(path)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Whether a place holds one value, and not a text whose versions were merged.
fn takes_values(path: &str) -> bool {
    matches!(Place::parse(path), Some(Place::Shared(..) | Place::Field(..)))
}
