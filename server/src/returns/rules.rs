//! The rules that hold, out of those published for deadlines.

use crate::deadlines;
use crate::store::{StoreError, Tx};
use sync_core::deadline::{Calendar, Due, Limit, LimitUnit, due};
use sync_core::return_visit::{CompletedWork, ReturnMethod, ReturnRule, ReturnRules};
use sync_core::time::Timestamp;

/// The checklist that is asked when no rule says otherwise.
const QUESTIONS: &str = "return-visit";

/// Published rules for return visits, with the calendar by which they count.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) version: i64,
    pub(super) rules: ReturnRules,
    pub(super) calendar: Calendar,
}

/// What a rule says about completed work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ruled {
    pub(super) rule: (i64, i64),
    pub(super) method: ReturnMethod,
    pub(super) questions: String,
    pub(super) due_at: Option<Timestamp>,
    pub(super) provisional: bool,
}

/// The rules that hold at that moment; `None` where nothing is published.
pub(super) async fn at(tx: &mut Tx, moment: Timestamp) -> Result<Option<Rules>, StoreError> {
    let found = deadlines::policy_with_calendar(tx, moment).await?;
    Ok(found.map(|(published, calendar)| Rules {
        version: published.version,
        rules: published.policy.returns,
        calendar,
    }))
}

impl Rules {
    /// What holds for work completed then; `None` when it needs no return visit.
    pub(super) fn for_work(&self, work: CompletedWork<'_>, completed: Timestamp) -> Option<Ruled> {
        let (number, rule) = self.rules.rule_for(work)?;
        Some(self.ruled(number, rule, completed))
    }

    fn ruled(&self, number: usize, rule: &ReturnRule, completed: Timestamp) -> Ruled {
        let (due_at, provisional) = match due(completed, rule.within, &self.calendar, &[]) {
            Due::At { at, provisional } => (Some(at), provisional),
            Due::Paused { .. } => (None, false),
        };
        Ruled {
            rule: (self.version, i64::try_from(number).unwrap_or(i64::MAX)),
            method: rule.method,
            questions: rule.questions.clone(),
            due_at,
            provisional,
        }
    }
}

/// The end of the next working day, for what no rule gives a limit.
pub(super) async fn next_working_day(
    tx: &mut Tx,
    from: Timestamp,
) -> Result<(Option<Timestamp>, bool), StoreError> {
    let limit = Limit { amount: 1, unit: LimitUnit::WorkingDay };
    let rules = at(tx, from).await?;
    let found = rules.map(|rules| due(from, limit, &rules.calendar, &[]));
    Ok(match found {
        Some(Due::At { at, provisional }) => (Some(at), provisional),
        _ => (None, false),
    })
}

/// What holds for a return visit that somebody plans although no rule asks for it.
pub(super) async fn by_hand(tx: &mut Tx, now: Timestamp) -> Result<Ruled, StoreError> {
    let version = at(tx, now).await?.map_or(0, |rules| rules.version);
    let (due_at, provisional) = next_working_day(tx, now).await?;
    let questions = QUESTIONS.to_owned();
    Ok(Ruled { rule: (version, 0), method: ReturnMethod::Phone, questions, due_at, provisional })
}
