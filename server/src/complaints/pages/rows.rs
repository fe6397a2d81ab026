//! The rows of the queue: everything a row shows is read for the whole page at once.

use crate::complaints::model::{Complaint, Priority, State};
use crate::complaints::{Names, contact};
use crate::pages::Words;
use crate::specials::{SpecialKind, SpecialState};
use crate::store::{StoreError, Tx, select_in};
use std::collections::{BTreeMap, BTreeSet};
use sync_core::ids::ComplaintId;
use sync_core::time::Timestamp;

/// Characters of a summary in a row.
const SUMMARY_CHARS: usize = 90;
const DAY_MS: i64 = 86_400_000;

/// A complaint in a list.
#[derive(Debug, Clone)]
pub(crate) struct QueueRow {
    /// Where it is.
    pub(crate) id: ComplaintId,
    /// Its number.
    pub(crate) number: String,
    /// Where it stands.
    pub(crate) state: State,
    /// How urgent it is.
    pub(crate) priority: Priority,
    /// The beginning of what the customer says.
    pub(crate) summary: String,
    /// Name, else number, of the customer.
    pub(crate) customer: String,
    /// Where.
    pub(crate) address: String,
    /// The organisation unit that answers for it; empty: none yet.
    pub(crate) unit: String,
    /// The code of its region; empty: not known.
    pub(crate) region: String,
    /// Who is accountable.
    pub(crate) holder: String,
    /// Since when.
    pub(crate) since: String,
    /// Who is sent.
    pub(crate) crew: Vec<String>,
    /// The deadline that binds next.
    pub(crate) deadline: Option<RowDeadline>,
    /// Whether a conflict is open.
    pub(crate) conflict: bool,
    /// Whether a device may hold work nobody has seen.
    pub(crate) unseen: bool,
    /// Whether the contact data look doubtful.
    pub(crate) contact: bool,
    /// In which ways it is special, or proposed to be: words, and whether that is confirmed.
    pub(crate) specials: Vec<(String, bool)>,
    /// Whether it was merged into another.
    pub(crate) merged: bool,
}

impl QueueRow {
    /// Whether it can be chosen for an act: not what is over or belongs to another.
    pub(crate) fn may_choose(&self) -> bool {
        !self.merged && !matches!(self.state, State::Closed | State::Withdrawn)
    }
}

/// A deadline in a list: colour and word.
#[derive(Debug, Clone)]
pub(crate) struct RowDeadline {
    /// The class of its badge.
    pub(crate) class: &'static str,
    /// What, and how near.
    pub(crate) word: String,
    /// When.
    pub(crate) at: String,
}

impl QueueRow {
    /// The class of the badge of the state.
    pub(crate) fn state_class(&self) -> &'static str {
        state_class(self.state)
    }

    /// The class of the badge of the priority.
    pub(crate) fn priority_class(&self) -> &'static str {
        match self.priority {
            Priority::Normal => "",
            Priority::High => "warn",
            Priority::Urgent => "bad",
        }
    }
}

/// The class of the badge of a state.
pub(crate) fn state_class(state: State) -> &'static str {
    match state {
        State::Received | State::Reopened | State::Rework => "warn",
        State::Accepted | State::Assigned | State::Investigated | State::Reviewed => "info",
        State::Answered | State::ReturnVisited | State::Closed => "good",
        State::Withdrawn => "",
    }
}

/// The rows of these complaints.
pub(crate) async fn rows(
    tx: &mut Tx,
    w: Words,
    complaints: Vec<Complaint>,
    now: Timestamp,
) -> Result<Vec<QueueRow>, StoreError> {
    const CONFLICTS: &str = "SELECT v.complaint_id FROM visit_plans v JOIN conflicts k ON k.visit_id = v.visit_id \
        WHERE k.state <> 'resolved' AND v.complaint_id IN (";
    const UNSEEN: &str = "SELECT v.complaint_id FROM visit_plans v JOIN device_visits d ON d.visit_id = v.visit_id \
        WHERE d.settled_at_ms IS NULL AND v.complaint_id IN (";
    let ids: Vec<ComplaintId> = complaints.iter().map(|complaint| complaint.id).collect();
    let conflicts = marked(tx, CONFLICTS, &ids).await?;
    let unseen = marked(tx, UNSEEN, &ids).await?;
    let doubtful = contact::with_open_flags(tx, &ids).await?;
    let mut specials = crate::specials::marks(tx, &ids).await?;
    let mut crews = crews(tx, &ids).await?;
    let mut names = Names::default();
    let mut rows = Vec::with_capacity(complaints.len());
    for complaint in complaints {
        let key = complaint.id.to_string();
        let holder = names.person(tx, complaint.holder).await?;
        rows.push(QueueRow {
            id: complaint.id,
            state: complaint.state,
            priority: complaint.intake.priority,
            deadline: deadline(w, &complaint, now),
            summary: shortened(&complaint.intake.summary, SUMMARY_CHARS),
            holder: holder.name.unwrap_or_default(),
            since: w.time(complaint.holder_since),
            crew: crews.remove(&key).unwrap_or_default(),
            conflict: conflicts.contains(&key),
            unseen: unseen.contains(&key),
            contact: doubtful.contains(&key),
            specials: marks(w, specials.remove(&key).unwrap_or_default()),
            merged: complaint.merged_into.is_some(),
            number: complaint.number,
            customer: complaint.intake.customer.name.or(complaint.intake.customer.number).unwrap_or_default(),
            address: complaint.intake.address,
            unit: complaint.intake.unit,
            region: complaint.intake.region,
        });
    }
    Ok(rows)
}

/// In which ways a complaint is special, in words; what nobody has decided has a question mark.
fn marks(w: Words, specials: Vec<(SpecialKind, SpecialState)>) -> Vec<(String, bool)> {
    let mark = |(kind, state): (SpecialKind, SpecialState)| {
        let name = w.code("special-kind", kind);
        match state {
            SpecialState::Confirmed => (name, true),
            _ => (w.a("special-mark-proposed", name), false),
        }
    };
    specials.into_iter().map(mark).collect()
}

async fn marked(tx: &mut Tx, sql: &'static str, ids: &[ComplaintId]) -> Result<BTreeSet<String>, StoreError> {
    let rows: Vec<(String,)> = select_in!(tx, sql, ids, |id| id.to_string(), ")")?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Who is sent to each of these complaints now.
async fn crews(tx: &mut Tx, ids: &[ComplaintId]) -> Result<BTreeMap<String, Vec<String>>, StoreError> {
    const SQL: &str = "SELECT DISTINCT v.complaint_id, p.display_name FROM visit_plans v \
        JOIN visit_assignments a ON a.visit_id = v.visit_id AND a.ended_at_ms IS NULL \
        JOIN people p ON p.person_id = a.person_id WHERE v.complaint_id IN (";
    let rows: Vec<(String, String)> = select_in!(tx, SQL, ids, |id| id.to_string(), ") ORDER BY 1, 2")?;
    let mut crews: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (complaint, name) in rows {
        crews.entry(complaint).or_default().push(name);
    }
    Ok(crews)
}

/// The deadline that binds next, in colour and words.
pub(crate) fn deadline(w: Words, complaint: &Complaint, now: Timestamp) -> Option<RowDeadline> {
    let (kind, at) = complaint.next_deadline()?;
    let left_ms = at.since_ms(now);
    let kind = w.code("queue-deadline", kind);
    let (class, word) = match left_ms {
        ..0 => ("bad", w.a("queue-late", kind)),
        0..DAY_MS => ("warn", w.a("queue-soon", kind)),
        _ => ("", kind),
    };
    Some(RowDeadline { class, word, at: w.time(at) })
}

/// The beginning of a text on one line.
pub(crate) fn shortened(text: &str, chars_max: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= chars_max {
        return line;
    }
    let mut short: String = line.chars().take(chars_max).collect();
    short.push('…');
    short
}
