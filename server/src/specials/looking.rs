//! Complaints that have changed are looked at again: what rules propose is brought in step with the facts.
//!
//! A look is a function of the facts alone; looking twice, late or in another order proposes the same. What people
//! decided stands, and comes back only with more signs than they had seen.

use super::acts::{self, tell};
use super::judge::{Case, Matter, judge, same_matter};
use super::model::{Proposal, Special, SpecialAct, SpecialState};
use super::similar::bring_together;
use super::sql::{self, WARNED};
use crate::app::App;
use crate::complaints::model::{Complaint, phone_digits};
use crate::complaints::{self, office_day_number};
use crate::deadlines;
use crate::store::{StoreError, Tx};
use crate::warnings::class_of;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use sync_core::deadline::Limits;
use sync_core::ids::{ActionId, ComplaintId};
use sync_core::search::index_text;
use sync_core::time::Timestamp;

/// How often complaints are looked for that have changed.
const ROUND_EVERY: Duration = Duration::from_secs(5);
/// Complaints looked at in one round, each in its own transaction.
const COMPLAINTS_PER_ROUND: i64 = 50;

/// The mark of complaints at which is looked because of another one; that goes no further.
const BESIDE: &str = "beside";

/// Looks at what has changed until the server stops.
pub(crate) async fn run(app: App) {
    while !app.is_stopping() {
        let began = Instant::now();
        match round(&app).await {
            // What people and devices wait for comes first: it rests as long as it worked.
            Ok(looked_at) if looked_at > 0 => {
                tokio::time::sleep(began.elapsed()).await;
                continue;
            }
            Ok(_) => {}
            Err(error) if error.is_busy() => {}
            Err(error) => tracing::error!(%error, "special complaints cannot be looked for"),
        }
        tokio::time::sleep(ROUND_EVERY).await;
    }
}

/// Looks at a limited number of complaints; says how many.
pub(super) async fn round(app: &App) -> Result<usize, StoreError> {
    let now = app.clock.now();
    let due = sql::due(&mut app.store.read_once().await?, now, COMPLAINTS_PER_ROUND).await?;
    for id in &due {
        let mut tx = app.store.write().await?;
        let spreads = sql::take_due(&mut tx, *id, now).await?.iter().any(|mark| spreads(mark));
        let analysis = ActionId::from_entropy(now, app.entropy.bytes());
        let others = look(&mut tx, *id, analysis, now).await?;
        // Each in a transaction of its own: a storm may touch many.
        for other in others.into_iter().filter(|_| spreads) {
            sql::mark_due(&mut tx, other, BESIDE, now).await?;
        }
        tx.commit().await?;
    }
    Ok(due.len())
}

/// Whether others are to be looked at because of what this mark says. A warning marks everybody whom it reaches.
fn spreads(mark: &str) -> bool {
    mark != BESIDE && !mark.starts_with(WARNED)
}

/// Looks at one complaint; gives those whose signs may have changed because of it. An analysis that must be opened gets
/// this id.
async fn look(
    tx: &mut Tx,
    id: ComplaintId,
    analysis: ActionId,
    now: Timestamp,
) -> Result<Vec<ComplaintId>, StoreError> {
    let Some(complaint) = complaints::find(tx, id).await?.filter(|found| found.merged_into.is_none()) else {
        return Ok(Vec::new());
    };
    let Some((published, calendar)) = deadlines::policy_with_calendar(tx, heard(&complaint)).await? else {
        return Ok(Vec::new());
    };
    let rules = &published.policy.special;
    let case = case_of(tx, &complaint, rules.batch.hours).await?;
    let judged = judge(rules, &case, now);
    let later = case.related.iter().filter(|one| case.me.before(one));
    let mut others: Vec<ComplaintId> = later.map(|one| one.id).collect();
    let known = sql::batches(tx, &judged.members.keys().copied().collect::<Vec<_>>()).await?;
    let knows = |(member, signs): &(&ComplaintId, &BTreeSet<&'static str>)| {
        known.get(*member).is_some_and(|batch| knows(batch, signs))
    };
    others.extend(judged.members.iter().filter(|member| !knows(member)).map(|(member, _)| *member));
    if complaint.is_open() {
        bring_in_step(tx, &complaint, judged.proposals, now).await?;
        if let Some(again) = judged.again {
            sql::mark_due(tx, id, "overdue", again).await?;
        }
    }
    let similar = (&rules.similar, &calendar);
    others.extend(bring_together(tx, &complaint, similar, (analysis, now)).await?);
    others.sort_unstable();
    others.dedup();
    Ok(others)
}

/// Whether a complaint is marked as part of a batch with these signs already.
fn knows(batch: &Special, signs: &BTreeSet<&'static str>) -> bool {
    let has = |sign: &&str| batch.signs.iter().any(|known| known.reason == *sign);
    batch.state != SpecialState::Lifted && signs.iter().all(has)
}

/// Makes what stands what the rules propose, as far as nobody decided.
async fn bring_in_step(
    tx: &mut Tx,
    complaint: &Complaint,
    proposals: Vec<Proposal>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let standing = sql::of_complaint(tx, complaint.id).await?;
    for row in standing.iter().filter(|row| row.state == SpecialState::Proposed) {
        if !proposals.iter().any(|proposal| proposal.kind == row.kind) {
            let lifted =
                Special { state: SpecialState::Lifted, signs: Vec::new(), since: now, ..row.clone() };
            write(tx, complaint, Some(row.state), lifted, Some(SpecialAct::Lifted)).await?;
        }
    }
    for proposal in proposals {
        let row = standing.iter().find(|row| row.kind == proposal.kind);
        follow(tx, complaint, row, proposal, now).await?;
    }
    Ok(())
}

/// Brings one kind in step with what is proposed.
async fn follow(
    tx: &mut Tx,
    complaint: &Complaint,
    row: Option<&Special>,
    found: Proposal,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Proposal { kind, level, signs } = found;
    let Some(row) = row.filter(|row| row.state != SpecialState::Lifted) else {
        let special = Special {
            complaint: complaint.id,
            kind,
            state: SpecialState::Proposed,
            level,
            signs,
            limits: Limits::default(),
            review: None,
            since: now,
            by: None,
        };
        return write(tx, complaint, row.map(|row| row.state), special, Some(SpecialAct::Proposed)).await;
    };
    let rises = level > row.level;
    let act = rises.then_some(SpecialAct::Raised);
    let decided_against = matches!(row.state, SpecialState::Dismissed | SpecialState::Removed);
    let next = if decided_against {
        if !rises {
            return Ok(());
        }
        Special { state: SpecialState::Proposed, level, signs, since: now, by: None, ..row.clone() }
    } else if row.state == SpecialState::Proposed {
        Special { level, signs, ..row.clone() }
    } else {
        Special { level: level.max(row.level), signs, ..row.clone() }
    };
    if next == *row { Ok(()) } else { write(tx, complaint, Some(row.state), next, act).await }
}

async fn write(
    tx: &mut Tx,
    complaint: &Complaint,
    was: Option<SpecialState>,
    special: Special,
    act: Option<SpecialAct>,
) -> Result<(), StoreError> {
    if !sql::put(tx, was, &special).await? {
        // Somebody decided meanwhile: the next look compares anew.
        return Err(StoreError::Busy { waited: Duration::ZERO });
    }
    match act {
        Some(act) => tell(tx, complaint, &special, acts::Told::by_server(act)).await,
        None => Ok(()),
    }
}

/// A complaint with everything that rules look at.
pub(super) async fn case_of(tx: &mut Tx, complaint: &Complaint, hours: u32) -> Result<Case, StoreError> {
    let intake = &complaint.intake;
    let me = matter_of(complaint);
    let class = class_of(&intake.category);
    let day = office_day_number(me.heard);
    let reach = i64::from(hours.div_ceil(24));
    let days = (day - reach, day + reach);
    let mut near = sql::near(tx, &class, days, (&intake.region, me.heard)).await?;
    let span = i64::from(hours) * 3_600_000;
    near.retain(|one| one.id != me.id && one.heard.since_ms(me.heard).abs() <= span);
    let set = sql::path(tx, complaint.id).await?;
    let mut units = sql::section_units(tx, complaint.id).await?;
    if !intake.unit.is_empty() {
        units.insert(intake.unit.clone());
    }
    let mut related = sql::same_party(tx, complaint).await?;
    related.retain(|one| same_matter(&one.category, &intake.category));
    Ok(Case {
        related,
        warned: sql::warned_days(tx, (&class, &intake.region), days).await?,
        channel: intake.channel.as_str(),
        path: set.map(|set| set.path).unwrap_or_default(),
        says: intake.summary.clone(),
        reopened: sql::reopened(tx, complaint.id).await?,
        dissatisfied: sql::dissatisfied(tx, complaint.id).await?,
        answer: intake.deadlines.answer_due_at_ms.map(|due| (intake.requested_at, due)),
        departments: units.len(),
        near,
        me,
    })
}

/// When it was accepted: a clerk may type an hour ahead, and a device's clock may be years ahead.
fn heard(complaint: &Complaint) -> Timestamp {
    complaint.intake.requested_at.min(complaint.received_at)
}

pub(super) fn matter_of(complaint: &Complaint) -> Matter {
    let intake = &complaint.intake;
    let customer = intake.customer.number.clone();
    let customer = customer.or_else(|| intake.customer.phone.as_deref().and_then(phone_digits));
    let (latitude, longitude) = intake.position.as_ref().map(|(a, b)| (a.as_str(), b.as_str())).unzip();
    Matter {
        id: complaint.id,
        heard: heard(complaint),
        customer: customer.unwrap_or_else(|| index_text(&intake.address)),
        category: intake.category.clone(),
        region: intake.region.clone(),
        place: sql::degrees(latitude, longitude),
        closed: complaint.closed_at,
        handled: complaint.state.has_verdict(),
    }
}
