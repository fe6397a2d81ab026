//! Deadlines as the API tells them.

use super::clock::clock_of;
use super::sql;
use crate::complaints::{Names, PersonRef};
use crate::store::{StoreError, Tx};
use serde::Serialize;
use sync_core::deadline::Limits;
use sync_core::ids::ComplaintId;
use sync_core::time::Timestamp;
use utoipa::ToSchema;

/// Which rule sets the limits of a complaint, and when its clock stood.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClockBody {
    /// Version of the rules.
    pub(crate) policy: i64,
    /// Number of the rule in them, from 1.
    pub(crate) rule: i64,
    /// Where the rule comes from.
    pub(crate) source: String,
    /// `contact`, `onsite`, `answer`: each `{amount, unit}`; one that is absent has no rule or was typed by hand.
    #[schema(value_type = Object)]
    pub(crate) limits: Limits,
    /// Whether a calendar did not reach so far: a holiday that is not published yet may move a date.
    pub(crate) provisional: bool,
    /// Whether it stands now.
    pub(crate) stands: bool,
    /// Oldest first.
    pub(crate) pauses: Vec<PauseBody>,
}

/// A time in which the clock stood.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PauseBody {
    pub(crate) from_ms: i64,
    /// Null: it still stands.
    pub(crate) to_ms: Option<i64>,
    /// `customer_unreachable`, `customer_asked_later` or `outside_dependency`.
    pub(crate) reason: String,
    pub(crate) note: String,
    pub(crate) paused_by: PersonRef,
    pub(crate) resumed_by: Option<PersonRef>,
}

impl ClockBody {
    /// The clock of a complaint; `None` for one without limits from rules.
    pub(crate) async fn of(
        tx: &mut Tx,
        names: &mut Names,
        complaint: ComplaintId,
    ) -> Result<Option<Self>, StoreError> {
        let Some((clock, records)) = clock_of(tx, complaint).await? else { return Ok(None) };
        let published = sql::policy(tx, clock.policy).await?;
        let number = usize::try_from(clock.rule).unwrap_or_default();
        let rule =
            published.and_then(|published| published.policy.rules.into_iter().nth(number.wrapping_sub(1)));
        let stands = records.iter().any(|pause| pause.to.is_none());
        let mut pauses = Vec::new();
        for pause in records {
            pauses.push(PauseBody {
                from_ms: pause.from.unix_ms(),
                to_ms: pause.to.map(Timestamp::unix_ms),
                reason: pause.reason,
                note: pause.note,
                paused_by: names.person(tx, pause.paused_by).await?,
                resumed_by: match pause.resumed_by {
                    Some(person) => Some(names.person(tx, person).await?),
                    None => None,
                },
            });
        }
        Ok(Some(Self {
            policy: clock.policy,
            rule: clock.rule,
            source: rule.map(|rule| rule.source).unwrap_or_default(),
            limits: clock.limits,
            provisional: clock.provisional,
            stands,
            pauses,
        }))
    }
}
