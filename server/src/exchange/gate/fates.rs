//! From rulings and verdicts to what becomes of each envelope.

use super::judging::{Judged, Verdict};
use super::work::{Ruling, Unit};
use crate::store::{StoreError, Tx, statement};
use std::collections::{BTreeMap, BTreeSet};
use sync_core::ids::{ChangeHash, VisitId};
use sync_core::log::Body;
use sync_core::merge::{Limits, QuarantineReason, UnitResult, prescan};

/// What becomes of an envelope. Those without a fate stay pending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::exchange) enum Fate {
    /// In the central record.
    Merged,
    /// In the central record, after its author had lost the visit.
    Late,
    /// Kept until a person decides.
    Quarantined { reason: String, detail: String },
}

impl Fate {
    pub(in crate::exchange) const fn state(&self) -> &'static str {
        match self {
            Self::Merged => "merged",
            Self::Late => "late",
            Self::Quarantined { .. } => "quarantined",
        }
    }

    pub(in crate::exchange) const fn is_merged(&self) -> bool {
        matches!(self, Self::Merged | Self::Late)
    }
}

/// Fates by log index.
pub(super) async fn decide(
    tx: &mut Tx,
    judged: &[&Judged],
    commands: &[Unit],
) -> Result<BTreeMap<i64, Fate>, StoreError> {
    let mut fates = BTreeMap::new();
    for visit in judged {
        let mut waiting = Vec::new();
        for unit in &visit.units {
            match first_look(unit, visit.verdicts.get(&unit.log_index)) {
                Look::Fate(fate) => {
                    fates.insert(unit.log_index, fate);
                }
                Look::Waiting(missing) => waiting.push((unit, missing)),
                Look::Nothing => {}
            }
        }
        if !waiting.is_empty() {
            let refused = refused_changes(tx, visit.visit).await?;
            let quarantined =
                |unit: &&Unit| matches!(fates.get(&unit.log_index), Some(Fate::Quarantined { .. }));
            let here = visit.units.iter().filter(quarantined).flat_map(changes_of);
            let refused = refused.into_iter().chain(here).collect();
            fates.extend(builds_on_refused(waiting, refused));
        }
    }
    for unit in commands {
        if let Look::Fate(fate) = first_look(unit, None) {
            fates.insert(unit.log_index, fate);
        }
    }
    Ok(fates)
}

enum Look<'a> {
    Fate(Fate),
    Waiting(&'a [ChangeHash]),
    Nothing,
}

fn first_look<'a>(unit: &Unit, verdict: Option<&'a Verdict>) -> Look<'a> {
    let late = match &unit.ruling {
        Ruling::Refuse { reason, detail } => return Look::Fate(quarantined(reason, detail)),
        Ruling::Pass | Ruling::Birth => return Look::Fate(Fate::Merged),
        Ruling::Judge { late } => *late,
        Ruling::Approved => false,
    };
    match verdict {
        None => Look::Nothing,
        Some(Verdict::Crashes { how }) => Look::Fate(quarantined("crashes_merge", how)),
        Some(Verdict::Content(UnitResult::Waiting { missing })) => Look::Waiting(missing),
        Some(Verdict::Content(UnitResult::Quarantined { refusal })) => {
            Look::Fate(quarantined(refusal.reason.code(), &refusal.detail))
        }
        Some(Verdict::Content(UnitResult::Accepted { .. })) if late => Look::Fate(Fate::Late),
        Some(Verdict::Content(UnitResult::Accepted { .. })) => Look::Fate(Fate::Merged),
    }
}

fn quarantined(reason: &str, detail: &str) -> Fate {
    // NUL cannot be stored everywhere, and details may quote what a device sent.
    let detail = detail.chars().filter(|c| !c.is_control()).take(400).collect();
    Fate::Quarantined { reason: reason.to_owned(), detail }
}

/// What waits for a refused change, directly or through another one that waits, is kept with it.
fn builds_on_refused(
    mut waiting: Vec<(&Unit, &[ChangeHash])>,
    mut refused: BTreeSet<ChangeHash>,
) -> Vec<(i64, Fate)> {
    let mut fates = Vec::new();
    loop {
        let before = waiting.len();
        waiting.retain(|(unit, missing)| {
            let Some(dep) = missing.iter().find(|dep| refused.contains(dep)) else { return true };
            let reason = QuarantineReason::DependsOnRefused.code();
            fates.push((unit.log_index, quarantined(reason, &format!("builds on change {dep}"))));
            refused.extend(changes_of(unit));
            false
        });
        if waiting.len() == before {
            return fates;
        }
    }
}

/// Hashes of the changes inside an envelope, as far as they can be read.
pub(in crate::exchange) fn changes_of(unit: &Unit) -> Vec<ChangeHash> {
    let chunks =
        unit.body.as_ref().and_then(Body::change).map(|change| change.chunks.as_slice()).unwrap_or_default();
    chunks.iter().filter_map(|chunk| prescan(chunk, &Limits::default()).ok()).map(|scan| scan.hash).collect()
}

async fn refused_changes(tx: &mut Tx, visit: VisitId) -> Result<Vec<ChangeHash>, StoreError> {
    const SQL: &str = "SELECT c.change_hash FROM quarantined_changes c JOIN quarantine q ON q.log_index = c.log_index \
        WHERE c.visit_id = $1 AND q.state <> 'accepted'";
    let rows: Vec<String> = statement(SQL).bind(visit.to_string()).values(tx).await?;
    rows.iter().map(|row| StoreError::parse_column("quarantined_changes", "change_hash", row, row)).collect()
}
