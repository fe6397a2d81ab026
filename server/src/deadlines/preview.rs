//! What new rules would change, seen on the complaints that are open now.

use super::sql;
use crate::specials::{self, SpecialPreview};
use crate::store::{StoreError, Tx};
use serde::Serialize;
use std::collections::BTreeMap;
use sync_core::deadline::{DeadlinePolicy, Facts, Limits};
use sync_core::time::Timestamp;
use utoipa::ToSchema;

/// What rules would do to the complaints that are open now, if these came in again.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Preview {
    /// Open complaints.
    pub(crate) complaints: i64,
    /// How many of them would have other limits than by the rules that hold now.
    pub(crate) other_limits: i64,
    /// For each rule, in its order, also those that fit nothing.
    pub(crate) rules: Vec<RulePreview>,
    /// What they would propose as special among the newest open complaints.
    pub(crate) specials: SpecialPreview,
}

/// What one rule would do.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct RulePreview {
    /// From 1.
    pub(crate) rule: usize,
    /// Open complaints that it would fit.
    pub(crate) complaints: i64,
    /// How many of them would have other limits.
    pub(crate) other_limits: i64,
}

/// Counts by what rules look at, so the work grows with the kinds of complaints and not with their number.
pub(super) async fn preview(
    tx: &mut Tx,
    policy: &DeadlinePolicy,
    at: Timestamp,
) -> Result<Preview, StoreError> {
    let now = sql::policy_at(tx, at).await?;
    let mut by_rule: BTreeMap<usize, (i64, i64)> = BTreeMap::new();
    for kind in sql::open_kinds(tx).await? {
        let facts = Facts {
            utility: &kind.utility,
            category: &kind.category,
            channel: &kind.channel,
            priority: &kind.priority,
        };
        let limits = |policy: &DeadlinePolicy| {
            policy.rule_for(facts).map_or_else(Limits::default, |(_, rule)| rule.limits)
        };
        let Some((number, rule)) = policy.rule_for(facts) else { continue };
        let differs = now.as_ref().is_none_or(|now| limits(&now.policy) != rule.limits);
        let (fits, other) = by_rule.entry(number).or_default();
        *fits += kind.complaints;
        *other += if differs { kind.complaints } else { 0 };
    }
    let rules = (1..=policy.rules.len())
        .map(|rule| {
            let (complaints, other_limits) = by_rule.get(&rule).copied().unwrap_or_default();
            RulePreview { rule, complaints, other_limits }
        })
        .collect();
    let sum = |part: fn(&(i64, i64)) -> i64| by_rule.values().map(part).sum();
    let (complaints, other_limits) = (sum(|rule| rule.0), sum(|rule| rule.1));
    let holding = now.as_ref().map(|now| &now.policy.special);
    let specials = specials::preview(tx, &policy.special, holding, at).await?;
    Ok(Preview { complaints, other_limits, rules, specials })
}
