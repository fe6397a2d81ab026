//! What people do about warnings: look, look again, close. Each act changes the row, writes itself down, and adds its
//! entry to the server log, within the caller's transaction.

use super::judging::named;
use super::model::{Act, Warning, WarningAct, WarningError, WarningState};
use super::rows;
use crate::audit::{self, EntryKind};
use crate::complaints::ComplaintError;
use crate::complaints::acts::Actor;
use crate::complaints::intake::checked_reason;
use crate::store::Tx;

const ACKNOWLEDGED: EntryKind = EntryKind("warning.acknowledged");
const RECHECKED: EntryKind = EntryKind("warning.rechecked");
const CLOSED: EntryKind = EntryKind("warning.closed");

/// Somebody sees to it: it comes back after the time that its rule says.
pub(super) async fn acknowledge(
    tx: &mut Tx,
    warning: Warning,
    plan: &str,
    by: Actor,
) -> Result<Warning, WarningError> {
    let plan = words("/plan", plan)?;
    if warning.state != WarningState::Raised {
        return Err(WarningError::State(warning.state.as_str()));
    }
    write(tx, watched(warning, by), (WarningAct::Acknowledged, ACKNOWLEDGED), plan, by).await
}

/// Somebody looked again: it comes back once more.
pub(super) async fn recheck(
    tx: &mut Tx,
    warning: Warning,
    finding: &str,
    by: Actor,
) -> Result<Warning, WarningError> {
    let finding = words("/finding", finding)?;
    if warning.state != WarningState::Acknowledged {
        return Err(WarningError::State(warning.state.as_str()));
    }
    write(tx, watched(warning, by), (WarningAct::Rechecked, RECHECKED), finding, by).await
}

/// The matter is over, for a reason that stays on record.
pub(super) async fn close(
    tx: &mut Tx,
    warning: Warning,
    reason: &str,
    by: Actor,
) -> Result<Warning, WarningError> {
    let reason = words("/reason", reason)?;
    if warning.over_at.is_some() {
        return Err(WarningError::State(warning.state.as_str()));
    }
    let closed = warning.over(WarningState::Closed, by.at);
    write(tx, closed, (WarningAct::Closed, CLOSED), reason, by).await
}

fn watched(warning: Warning, by: Actor) -> Warning {
    let back = by.at.plus_ms(warning.recheck_minutes * 60_000);
    Warning { state: WarningState::Acknowledged, waits_from: Some(back), over_at: None, ..warning }
}

fn words(pointer: &'static str, text: &str) -> Result<String, WarningError> {
    Ok(checked_reason(pointer, text).map_err(ComplaintError::Invalid)?)
}

async fn write(
    tx: &mut Tx,
    mut row: Warning,
    (act, entry): (WarningAct, EntryKind),
    words: String,
    by: Actor,
) -> Result<Warning, WarningError> {
    if !rows::update(tx, &row).await? {
        return Err(WarningError::Changed);
    }
    row.version += 1;
    audit::append(tx, &by.entry(entry, named(&row)).because(Some(&words))).await?;
    let (level, seen) = (row.level, row.seen);
    let noted = Act { act, level, seen, words: Some(words), person: Some(by.person), at: by.at };
    rows::note(tx, row.id, &noted).await?;
    Ok(row)
}
