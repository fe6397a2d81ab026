//! What a technician did last, as `undo` means it: one save with the requests that went with it, or one request.

use super::log::{RawLogRow, SELECT};
use super::{CommandRow, LogRow, Store, StoreError};
use std::collections::BTreeSet;
use sync_core::ids::EnvelopeHash;

/// Newest envelopes among which the last act is looked for.
const ROWS_MAX: i64 = 500;

/// What was done last and was not taken back.
#[derive(Debug, Clone, PartialEq)]
pub enum LastAct {
    /// Something written into the record of a visit.
    Save {
        /// What was written.
        row: Box<LogRow>,
        /// Requests that were part of the same act.
        requests: Vec<EnvelopeHash>,
    },
    /// Only something asked of the office.
    Request(Box<LogRow>),
}

impl Store {
    /// What was done last in the present chain. What takes something back, or says again what was said before,
    /// is no act of its own.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub async fn last_act(&self) -> Result<Option<LastAct>, StoreError> {
        let sql = format!(
            "{SELECT} WHERE device_id = (SELECT device_id FROM identity) AND dropped = 0 \
             AND kind IN ('change', 'reissue', 'command', 'restricted') \
             AND hash NOT IN (SELECT undone_by FROM log WHERE undone_by IS NOT NULL) \
             AND (kind != 'command' OR hash NOT IN (SELECT reissued_by FROM log WHERE reissued_by IS NOT NULL)) \
             ORDER BY sequence DESC LIMIT $1"
        );
        let rows: Vec<RawLogRow> =
            sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(ROWS_MAX).fetch_all(self.pool()).await?;
        let commands = self.commands().await?;
        let part_of_save: BTreeSet<_> = commands
            .iter()
            .filter(|command| command.goes_with_a_save())
            .map(|command| (command.device, command.sequence))
            .collect();
        let mut requests: Vec<LogRow> = Vec::new();
        for row in rows {
            let row = LogRow::try_from(row)?;
            match row.kind.as_str() {
                "command" | "restricted" if row.undone => {}
                "command" if part_of_save.contains(&(row.device, row.sequence)) => requests.push(row),
                "command" | "restricted" => return Ok(Some(LastAct::Request(Box::new(row)))),
                // Requests of an act that was taken back went with it.
                _ if row.undone => requests.clear(),
                _ if row.writes.is_empty() => {}
                _ => {
                    let requests = requests.iter().map(|request| request.hash).collect();
                    return Ok(Some(LastAct::Save { row: Box::new(row), requests }));
                }
            }
        }
        Ok(None)
    }
}

impl CommandRow {
    /// Whether such a request is asked by an act that also writes into the record of the visit and that can be taken
    /// back as a whole. That somebody arrived, left or finished moves the visit at the office, which does not move
    /// back.
    fn goes_with_a_save(&self) -> bool {
        self.request == "promise"
    }
}
