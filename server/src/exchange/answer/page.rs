//! One page of news: whole documents that are due, then feed rows in their order, until the device's limit is reached.
//!
//! At least one thing is always told, so every request makes progress. The cursor moves only over what was told.

use super::sql::{self, MemberVisit};
use crate::exchange::feed::{self, Audience, FeedRow};
use crate::exchange::receive::Received;
use crate::exchange::{commands, envelopes, pack};
use crate::store::{StoreError, Tx};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use sync_core::ids::{CommandId, DeviceId, EntryId, VisitId};
use sync_core::log::Envelope;
use sync_core::protocol::{CommandResult, EnvelopeResult, PackItem, Rework, WholeDocument};
use sync_core::time::Timestamp;

/// Feed rows looked at for one page.
const ROWS_MAX: i64 = 1_000;
/// What a frame costs beside its content.
const FRAME_BYTES: usize = 160;
/// What one verdict costs.
const RESULT_BYTES: usize = 16;
/// So many foreign envelopes of one visit, and a whole document may be shorter.
const FOREIGN_MANY: usize = 8;

/// What a device asks for.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) device: DeviceId,
    pub(super) visits: BTreeMap<VisitId, MemberVisit>,
    pub(super) audiences: Vec<Audience>,
    /// Visits whose copies differ.
    pub(super) differing: Vec<VisitId>,
    /// Visits that the device should drop.
    pub(super) strangers: Vec<VisitId>,
    /// News after this position.
    pub(super) from: i64,
    /// The end of the feed.
    pub(super) last: i64,
    /// Its own envelopes from this sequence on; 0: none.
    pub(super) own_from: u64,
    pub(super) bytes_max: usize,
}

/// What it is told.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) results: BTreeMap<u64, EnvelopeResult>,
    pub(super) commands: Vec<CommandResult>,
    pub(super) pack: Vec<PackItem>,
    pub(super) documents: Vec<WholeDocument>,
    pub(super) own: Vec<Envelope>,
    pub(super) foreign: Vec<Envelope>,
    pub(super) unassigned: Vec<VisitId>,
    pub(super) rework: Vec<Rework>,
    /// Visits that come to the device with this page.
    pub(super) assigned: Vec<VisitId>,
    pub(super) cursor: i64,
    pub(super) more: bool,
}

impl Page {
    /// The visits that the answer is about: those of the request, and those told of.
    pub(super) fn visits(&self, received: &Received) -> BTreeSet<VisitId> {
        let told = self.foreign.iter().filter_map(|envelope| envelope.header().visit);
        let whole = self.documents.iter().map(|document| document.visit);
        received.visits.iter().copied().chain(told).chain(whole).collect()
    }
}

/// Content of a `rework` row.
#[derive(Debug, Deserialize)]
struct ReworkRow {
    id: EntryId,
    visit: VisitId,
    reason: String,
    paths: Vec<String>,
    /// Missing from rows of before it was told.
    #[serde(default)]
    done_at: Option<Timestamp>,
}

/// Bytes left in the answer. The first thing always fits.
struct Budget {
    left: usize,
    untouched: bool,
}

impl Budget {
    fn take(&mut self, bytes: usize) -> bool {
        let cost = bytes + FRAME_BYTES;
        if cost > self.left && !self.untouched {
            return false;
        }
        self.untouched = false;
        self.left = self.left.saturating_sub(cost);
        true
    }
}

pub(super) async fn read(tx: &mut Tx, wanted: &Wanted) -> Result<Page, StoreError> {
    let mut page = read_news(tx, wanted).await?;
    // A document shows what the office wrote, but only the signed envelopes can be given back to a restored server.
    let whole: Vec<VisitId> = page.documents.iter().map(|document| document.visit).collect();
    let of_office = sql::office_envelopes(tx, &whole).await?;
    page.foreign.extend(envelopes::load(tx, &of_office).await?.into_values());
    Ok(page)
}

async fn read_news(tx: &mut Tx, wanted: &Wanted) -> Result<Page, StoreError> {
    let mut page = Page { cursor: wanted.from, unassigned: wanted.strangers.clone(), ..Page::default() };
    let mut budget = Budget { left: wanted.bytes_max, untouched: true };
    if !own(tx, wanted, &mut budget, &mut page).await?
        || !differing(tx, wanted, &mut budget, &mut page).await?
    {
        page.more = true;
        return Ok(page);
    }
    if wanted.from >= wanted.last {
        page.cursor = wanted.last;
        return Ok(page);
    }
    let rows = feed::list(tx, &wanted.audiences, wanted.device, wanted.from, ROWS_MAX).await?;
    let all = i64::try_from(rows.len()).unwrap_or(ROWS_MAX) < ROWS_MAX;
    let plan = Plan::make(tx, wanted, rows, &mut budget).await?;
    page.more = !(all && plan.complete);
    page.cursor = if page.more { plan.cursor.unwrap_or(wanted.from) } else { wanted.last };
    plan.fill(tx, wanted, &mut page).await?;
    Ok(page)
}

/// The device's own envelopes, for a store that was restored. False when not all fit.
async fn own(tx: &mut Tx, wanted: &Wanted, budget: &mut Budget, page: &mut Page) -> Result<bool, StoreError> {
    if wanted.own_from == 0 {
        return Ok(true);
    }
    let sizes = sql::own_envelopes(tx, wanted.device, wanted.own_from, ROWS_MAX).await?;
    let indexes: Vec<i64> =
        sizes.iter().take_while(|(_, bytes)| budget.take(*bytes)).map(|(log_index, _)| *log_index).collect();
    page.own = envelopes::load(tx, &indexes).await?.into_values().collect();
    Ok(indexes.len() == sizes.len() && i64::try_from(sizes.len()).unwrap_or(0) < ROWS_MAX)
}

/// Whole documents of visits that differ. False when not all fit.
async fn differing(
    tx: &mut Tx,
    wanted: &Wanted,
    budget: &mut Budget,
    page: &mut Page,
) -> Result<bool, StoreError> {
    let sizes = sql::document_sizes(tx, &wanted.differing).await?;
    let fitting: Vec<VisitId> =
        sizes.iter().take_while(|(_, bytes)| budget.take(**bytes)).map(|(visit, _)| *visit).collect();
    page.documents = sql::documents(tx, &fitting).await?;
    Ok(fitting.len() == sizes.len())
}

/// Which rows find room, and what has to be read for them.
#[derive(Debug, Default)]
struct Plan {
    cursor: Option<i64>,
    complete: bool,
    rows: Vec<FeedRow>,
    whole: BTreeSet<VisitId>,
}

/// Sizes of what rows point at.
struct Sizes {
    envelopes: BTreeMap<i64, usize>,
    documents: BTreeMap<VisitId, usize>,
    pack: BTreeMap<i64, (String, Option<String>)>,
}

impl Plan {
    async fn make(
        tx: &mut Tx,
        wanted: &Wanted,
        rows: Vec<FeedRow>,
        budget: &mut Budget,
    ) -> Result<Self, StoreError> {
        let changes: Vec<i64> = rows.iter().filter_map(|row| row.log_index).collect();
        let packs: Vec<i64> = rows.iter().filter(|row| row.kind == "pack").map(|row| row.position).collect();
        let visits: Vec<VisitId> =
            rows.iter().filter_map(visit_of).collect::<BTreeSet<_>>().into_iter().collect();
        let sizes = Sizes {
            envelopes: sql::envelope_sizes(tx, &changes).await?,
            documents: sql::document_sizes(tx, &visits).await?,
            pack: pack::at(tx, &wanted.audiences, &packs).await?,
        };
        let mut plan = Self { whole: shorter_whole(&rows, &sizes), complete: true, ..Self::default() };
        let mut sent_whole: BTreeSet<VisitId> = wanted.differing.iter().copied().collect();
        for row in rows {
            let cost = plan.cost(&row, wanted, &sizes, &sent_whole);
            if cost.is_some_and(|bytes| !budget.take(bytes)) {
                plan.complete = false;
                break;
            }
            plan.cursor = Some(row.position);
            let Some(_) = cost else { continue };
            if let Some(visit) =
                visit_of(&row).filter(|visit| row.kind == "assigned" || plan.whole.contains(visit))
            {
                sent_whole.insert(visit);
                plan.whole.insert(visit);
            }
            plan.rows.push(row);
        }
        plan.whole = plan.whole.intersection(&sent_whole).copied().collect();
        Ok(plan)
    }

    /// Bytes of what the row tells; `None` when it tells nothing (any more).
    fn cost(&self, row: &FeedRow, wanted: &Wanted, sizes: &Sizes, sent: &BTreeSet<VisitId>) -> Option<usize> {
        let visit = visit_of(row);
        let member = visit.and_then(|visit| wanted.visits.get(&visit));
        match row.kind.as_str() {
            "change" => {
                let (visit, member) = (visit?, member?);
                // A visit that was assigned after the cursor arrives whole with its own row.
                if sent.contains(&visit) || member.assigned_position > wanted.from {
                    return None;
                }
                match self.whole.contains(&visit) {
                    true => sizes.documents.get(&visit).copied(),
                    false => row.log_index.and_then(|index| sizes.envelopes.get(&index)).copied(),
                }
            }
            "assigned" => member
                .and(visit)
                .filter(|visit| !sent.contains(visit))
                .map(|visit| sizes.documents.get(&visit).copied().unwrap_or_default()),
            "unassigned" if member.is_some() => None,
            "pack" => {
                let (key, json) = sizes.pack.get(&row.position)?;
                // Nobody who has nothing has to be told to drop something.
                (json.is_some() || wanted.from > 0).then(|| key.len() + json.as_ref().map_or(0, String::len))
            }
            "result" => span(row).map(|(first, last)| {
                usize::try_from(last.saturating_sub(first)).unwrap_or(usize::MAX).saturating_mul(RESULT_BYTES)
            }),
            _ => Some(row.reference.len()),
        }
    }

    async fn fill(self, tx: &mut Tx, wanted: &Wanted, page: &mut Page) -> Result<(), StoreError> {
        let (mut changes, mut packs, mut told) = (Vec::new(), Vec::new(), Vec::new());
        for row in &self.rows {
            match row.kind.as_str() {
                "change" if visit_of(row).is_some_and(|visit| !self.whole.contains(&visit)) => {
                    changes.extend(row.log_index);
                }
                "assigned" => page.assigned.extend(visit_of(row)),
                "unassigned" => page.unassigned.extend(visit_of(row)),
                "pack" => packs.push(row.position),
                "command" => told.extend(row.reference.parse::<CommandId>()),
                "rework" => page.rework.extend(rework(row)),
                "result" => page.results.extend(results(tx, wanted.device, row).await?),
                _ => {}
            }
        }
        page.foreign = envelopes::load(tx, &changes).await?.into_values().collect();
        let whole: Vec<VisitId> = self.whole.into_iter().collect();
        page.documents.extend(sql::documents(tx, &whole).await?);
        let items = pack::at(tx, &wanted.audiences, &packs).await?;
        page.pack = items.into_values().map(|(key, json)| PackItem { key, json }).collect();
        sort_pack(&mut page.pack);
        page.commands = commands::results(tx, wanted.device, &told).await?;
        Ok(())
    }
}

/// The visit that a row is about.
fn visit_of(row: &FeedRow) -> Option<VisitId> {
    match row.kind.as_str() {
        "change" => row.audience.strip_prefix("visit/")?.parse().ok(),
        "assigned" | "unassigned" => row.reference.parse().ok(),
        _ => None,
    }
}

/// Visits with so many foreign envelopes that the whole document is shorter.
fn shorter_whole(rows: &[FeedRow], sizes: &Sizes) -> BTreeSet<VisitId> {
    let mut sums: BTreeMap<VisitId, (usize, usize)> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.kind == "change") {
        let Some(visit) = visit_of(row) else { continue };
        let bytes = row.log_index.and_then(|index| sizes.envelopes.get(&index)).copied().unwrap_or_default();
        let sum = sums.entry(visit).or_default();
        *sum = (sum.0 + 1, sum.1 + bytes + FRAME_BYTES);
    }
    let shorter = |(visit, (count, bytes)): (VisitId, (usize, usize))| {
        let whole = sizes.documents.get(&visit).copied()?;
        (count >= FOREIGN_MANY && whole < bytes).then_some(visit)
    };
    sums.into_iter().filter_map(shorter).collect()
}

/// Assignments first, those of the earliest day before the others: what is needed next arrives first.
fn sort_pack(items: &mut [PackItem]) {
    #[derive(Deserialize)]
    struct Day {
        planned_on: Option<String>,
    }
    items.sort_by_cached_key(|item| {
        let assignment = item.key.starts_with("assignment/");
        let day = item
            .json
            .as_deref()
            .filter(|_| assignment)
            .and_then(|json| serde_json::from_str::<Day>(json).ok());
        (!assignment, day.and_then(|day| day.planned_on).unwrap_or_default(), item.key.clone())
    });
}

/// First and last sequence of a `result` row.
fn span(row: &FeedRow) -> Option<(u64, u64)> {
    let (first, last) = row.reference.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?))
}

async fn results(
    tx: &mut Tx,
    device: DeviceId,
    row: &FeedRow,
) -> Result<Vec<(u64, EnvelopeResult)>, StoreError> {
    let Some((first, last)) = span(row) else {
        return Err(StoreError::impossible("feed", "ref", row.position.to_string()));
    };
    let results = envelopes::results(tx, device, first, last).await?;
    Ok(results.into_iter().map(|result| (result.sequence, result)).collect())
}

fn rework(row: &FeedRow) -> Option<Rework> {
    let ReworkRow { id, visit, reason, paths, done_at } = serde_json::from_str(&row.reference).ok()?;
    Some(Rework { id, visit, reason, paths, done_at })
}
