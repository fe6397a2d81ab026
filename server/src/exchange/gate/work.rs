//! Loading what is pending, with everything that its judgement needs, in one snapshot.

use super::Docket;
use super::scope::{self, Membership, Scope};
use crate::app::App;
use crate::exchange::chains::as_i64;
use crate::exchange::envelopes;
use crate::exchange::office::office_device;
use crate::exchange::visits::StoredVisit;
use crate::store::{StoreError, Tx, select_in, statement};
use std::collections::{BTreeMap, BTreeSet};
use sync_core::ids::{DeviceId, PersonId, ServerId, VisitId};
use sync_core::log::{Body, BodyKind, Envelope, VisitBegin};

/// Somebody wrote in a visit on which they do not work.
pub(super) const OUT_OF_SCOPE: &str = "out_of_scope";
/// Envelopes of one visit judged at once; the rest follows in the next round.
const PENDING_MAX: i64 = 5_000;

/// An envelope that is pending.
#[derive(Debug, Clone)]
pub(in crate::exchange) struct Unit {
    pub(in crate::exchange) log_index: i64,
    pub(in crate::exchange) envelope: Envelope,
    /// `None` when the bytes are no body of the announced kind.
    pub(in crate::exchange) body: Option<Body>,
    /// Set when it is of the office log of an earlier server history.
    pub(super) office_epoch: Option<u64>,
    pub(super) ruling: Ruling,
}

/// What was decided before anybody looks at the content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::exchange) enum Ruling {
    /// Its content decides.
    Judge { late: bool },
    /// A person let it out of quarantine: policy no longer decides, safety does.
    Approved,
    /// It has no content to judge.
    Pass,
    /// The beginning of a visit that nobody knew.
    Birth,
    /// Refused whatever it says.
    Refuse { reason: &'static str, detail: String },
}

/// A conflict that the office has not decided.
#[derive(Debug, Clone)]
pub(in crate::exchange) struct OpenConflict {
    pub(super) conflict_id: String,
    pub(in crate::exchange) path: String,
    pub(super) settled_in_field: bool,
}

/// One visit with its pending envelopes.
#[derive(Debug)]
pub(super) struct VisitWork {
    pub(super) visit: VisitId,
    /// `None`: the visit is not known yet.
    pub(super) base: Option<StoredVisit>,
    pub(super) conflicts: Vec<OpenConflict>,
    pub(super) units: Vec<Unit>,
}

/// Everything pending on a docket.
#[derive(Debug, Default)]
pub(super) struct Work {
    pub(super) visits: Vec<VisitWork>,
    /// Requests for something the server owns, and what names no visit although it should; in the order of the log.
    pub(super) without_visit: Vec<Unit>,
}

impl Work {
    pub(super) fn is_empty(&self) -> bool {
        self.visits.is_empty() && self.without_visit.is_empty()
    }
}

struct Row {
    log_index: i64,
    device: DeviceId,
    sequence: i64,
    visit: Option<VisitId>,
    /// For whom the device was enrolled; `None`: no device.
    owner: Option<PersonId>,
    /// The present history of the server.
    epoch: i64,
}

pub(super) async fn load(app: &App, docket: &Docket) -> Result<Work, StoreError> {
    let mut tx = app.store.read().await?;
    let rows = pending_rows(&mut tx, docket).await?;
    if rows.is_empty() {
        return Ok(Work::default());
    }
    let visits: BTreeSet<VisitId> = rows.iter().filter_map(|row| row.visit).collect();
    let mut facts = facts(&mut tx, &visits).await?;
    let mut loaded = load_missing(&mut tx, docket, &rows).await?;
    drop(tx);
    let mut work = Work::default();
    for row in rows {
        let at_hand = (docket.device == Some(row.device))
            .then(|| u64::try_from(row.sequence).ok().and_then(|sequence| docket.at_hand.get(&sequence)))
            .flatten();
        // An erased body cannot be judged any more; the gate never erases what is pending.
        let Some(envelope) = at_hand.cloned().or_else(|| loaded.remove(&row.log_index)) else { continue };
        let fact = row.visit.and_then(|visit| facts.get_mut(&visit));
        let unit = match row.owner {
            Some(owner) => unit(row.log_index, envelope, owner, row.epoch, fact.as_deref()),
            None => unit_of_nobody(row.log_index, envelope, app.installation.server_id),
        };
        let Some(fact) = fact.filter(|_| unit.envelope.header().kind != BodyKind::Command) else {
            work.without_visit.push(unit);
            continue;
        };
        if unit.ruling == Ruling::Birth {
            fact.members.push(Membership { person: unit.envelope.header().person, removed_log_index: None });
        }
        fact.units.push(unit);
    }
    work.visits = facts.into_iter().filter_map(|(visit, fact)| fact.into_work(visit)).collect();
    Ok(work)
}

/// An envelope in quarantine as if it were pending and approved; `None` when there is no such envelope about a visit.
pub(super) async fn load_approved(app: &App, log_index: i64) -> Result<Option<VisitWork>, StoreError> {
    let mut tx = app.store.read().await?;
    let Some(envelope) = envelopes::load(&mut tx, &[log_index]).await?.remove(&log_index) else {
        return Ok(None);
    };
    let Some(visit) = envelope.header().visit else { return Ok(None) };
    let mut facts = facts(&mut tx, &BTreeSet::from([visit])).await?;
    let body = envelope.body().ok();
    let ruling = match &body {
        Some(body) if body.change().is_some() => Ruling::Approved,
        Some(Body::VisitBegin(_)) => Ruling::Pass,
        _ => return Ok(None),
    };
    let mut fact = facts.remove(&visit).unwrap_or_default();
    fact.units.push(Unit { log_index, envelope, body, office_epoch: None, ruling });
    Ok(fact.into_work(visit))
}

/// Envelopes that lie in no log, as if they were pending and approved; `None` when none of them has content.
pub(super) async fn load_unlogged(
    app: &App,
    visit: VisitId,
    envelopes: &[Envelope],
) -> Result<Option<VisitWork>, StoreError> {
    let mut tx = app.store.read().await?;
    let mut fact = facts(&mut tx, &BTreeSet::from([visit])).await?.remove(&visit).unwrap_or_default();
    drop(tx);
    for (place, envelope) in envelopes.iter().enumerate() {
        let body = envelope.body().ok();
        if body.as_ref().and_then(Body::change).is_some() {
            let log_index = unlogged_index(place);
            fact.units.push(Unit {
                log_index,
                envelope: envelope.clone(),
                body,
                office_epoch: None,
                ruling: Ruling::Approved,
            });
        }
    }
    Ok(fact.into_work(visit))
}

/// What an envelope that lies in no log is called while it is judged.
pub(super) fn unlogged_index(place: usize) -> i64 {
    i64::try_from(place).map_or(i64::MAX, |place| place + 1)
}

/// Conflicts of a visit that the office has not decided.
pub(in crate::exchange) async fn open_conflicts(
    tx: &mut Tx,
    visit: VisitId,
) -> Result<Vec<OpenConflict>, StoreError> {
    Ok(facts(tx, &BTreeSet::from([visit])).await?.remove(&visit).unwrap_or_default().conflicts)
}

/// What is known of a visit.
#[derive(Debug, Default)]
struct Facts {
    base: Option<StoredVisit>,
    members: Vec<Membership>,
    conflicts: Vec<OpenConflict>,
    units: Vec<Unit>,
}

impl Facts {
    fn into_work(self, visit: VisitId) -> Option<VisitWork> {
        let Self { base, conflicts, units, .. } = self;
        (!units.is_empty()).then_some(VisitWork { visit, base, conflicts, units })
    }
}

fn unit(log_index: i64, envelope: Envelope, owner: PersonId, epoch: i64, facts: Option<&Facts>) -> Unit {
    let body = envelope.body().ok();
    let ruling = rule(&envelope, body.as_ref(), owner, epoch, facts);
    Unit { log_index, envelope, body, office_epoch: None, ruling }
}

/// An envelope of no device: of the office, from before a restore, brought by a device that kept it.
fn unit_of_nobody(log_index: i64, envelope: Envelope, server: ServerId) -> Unit {
    let (body, header) = (envelope.body().ok(), envelope.header());
    let office_epoch =
        Some(header.epoch).filter(|epoch| office_device(server, as_i64(*epoch)) == header.device);
    let ruling = match office_epoch {
        Some(_) => Ruling::Judge { late: false },
        None => refuse("person_not_on_device", "the device is not known here"),
    };
    Unit { log_index, envelope, body, office_epoch, ruling }
}

fn rule(
    envelope: &Envelope,
    body: Option<&Body>,
    owner: PersonId,
    epoch: i64,
    facts: Option<&Facts>,
) -> Ruling {
    let header = envelope.header();
    let Some(body) = body else {
        return refuse("unreadable_body", "the body is not of the kind that the header names");
    };
    if owner != header.person {
        return refuse("person_not_on_device", format!("device of another person, not of {}", header.person));
    }
    if header.kind == BodyKind::Command {
        return Ruling::Pass;
    }
    let Some(facts) = facts else { return refuse("no_visit", "names no visit") };
    let unknown = facts.base.is_none() && facts.members.is_empty();
    match body {
        Body::VisitBegin(VisitBegin { work_order: None, .. }) if unknown => Ruling::Birth,
        _ => match (scope::of(header, epoch, &facts.members), body) {
            (Scope::Outside, _) => {
                refuse(OUT_OF_SCOPE, format!("{} does not work on this visit", header.person))
            }
            (_, Body::VisitBegin(_)) => Ruling::Pass,
            (scope, _) => Ruling::Judge { late: scope == Scope::Late },
        },
    }
}

fn refuse(reason: &'static str, detail: impl Into<String>) -> Ruling {
    Ruling::Refuse { reason, detail: detail.into() }
}

async fn pending_rows(tx: &mut Tx, docket: &Docket) -> Result<Vec<Row>, StoreError> {
    type Columns = (i64, String, i64, Option<String>, Option<String>, i64);
    macro_rules! pending {
        ($which:literal) => {
            concat!(
                "SELECT s.log_index, s.device_id, s.device_seq, s.visit_id, d.person_id, \
                (SELECT epoch FROM installation) FROM envelope_states s \
                LEFT JOIN devices d ON d.device_id = s.device_id WHERE s.state = 'pending' AND ",
                $which
            )
        };
    }
    let mut columns: Vec<Columns> = Vec::new();
    if !docket.visits.is_empty() {
        let mut query = statement(pending!("s.visit_id IN ("));
        let mut list = query.places();
        for visit in &docket.visits {
            list.push_bind(visit.to_string());
        }
        query.push(") ORDER BY s.log_index LIMIT ").push_bind(PENDING_MAX);
        columns = query.rows(tx).await?;
    }
    if let Some(device) = docket.device {
        const SQL: &str = pending!("s.visit_id IS NULL AND s.device_id = $1 ORDER BY s.log_index LIMIT $2");
        let visitless: Vec<Columns> =
            statement(SQL).bind(device.to_string()).bind(PENDING_MAX).rows(tx).await?;
        columns.extend(visitless);
        columns.sort_unstable_by_key(|row| row.0);
    }
    let parse = |(log_index, device, sequence, visit, owner, epoch): Columns| {
        let key = log_index.to_string();
        let device = StoreError::parse_column("envelope_states", "device_id", &key, &device)?;
        let visit = visit
            .map(|visit| StoreError::parse_column("envelope_states", "visit_id", &key, &visit))
            .transpose()?;
        let owner =
            owner.map(|owner| StoreError::parse_column("devices", "person_id", &key, &owner)).transpose()?;
        Ok(Row { log_index, device, sequence, visit, owner, epoch })
    };
    columns.into_iter().map(parse).collect()
}

async fn load_missing(
    tx: &mut Tx,
    docket: &Docket,
    rows: &[Row],
) -> Result<BTreeMap<i64, Envelope>, StoreError> {
    let missing = |row: &&Row| {
        docket.device != Some(row.device)
            || !u64::try_from(row.sequence).is_ok_and(|sequence| docket.at_hand.contains_key(&sequence))
    };
    let indexes: Vec<i64> = rows.iter().filter(missing).map(|row| row.log_index).collect();
    if indexes.is_empty() {
        return Ok(BTreeMap::new());
    }
    envelopes::load(tx, &indexes).await
}

async fn facts(tx: &mut Tx, visits: &BTreeSet<VisitId>) -> Result<BTreeMap<VisitId, Facts>, StoreError> {
    let mut facts: BTreeMap<VisitId, Facts> = visits.iter().map(|visit| (*visit, Facts::default())).collect();
    if facts.is_empty() {
        return Ok(facts);
    }
    macro_rules! of_visits {
        ($sql:literal, $end:literal) => {
            select_in!(tx, $sql, visits, |visit| visit.to_string(), $end)?
        };
    }
    let documents: Vec<(String, i64, Vec<u8>)> =
        of_visits!("SELECT visit_id, version, saved FROM visit_documents WHERE visit_id IN (", ")");
    for (visit, version, saved) in documents {
        of(&mut facts, "visit_documents", &visit)?.base = Some(StoredVisit { version, saved });
    }
    let members: Vec<(String, String, Option<i64>)> = of_visits!(
        "SELECT visit_id, person_id, removed_log_index FROM visit_members WHERE visit_id IN (",
        ")"
    );
    for (visit, person, removed_log_index) in members {
        let person = StoreError::parse_column("visit_members", "person_id", &visit, &person)?;
        of(&mut facts, "visit_members", &visit)?.members.push(Membership { person, removed_log_index });
    }
    let conflicts: Vec<(String, String, String, String)> = of_visits!(
        "SELECT visit_id, conflict_id, path, state FROM conflicts WHERE visit_id IN (",
        ") AND state <> 'resolved'"
    );
    for (visit, conflict_id, path, state) in conflicts {
        let conflict = OpenConflict { conflict_id, path, settled_in_field: state == "settled_in_field" };
        of(&mut facts, "conflicts", &visit)?.conflicts.push(conflict);
    }
    Ok(facts)
}

fn of<'a>(
    facts: &'a mut BTreeMap<VisitId, Facts>,
    table: &'static str,
    visit: &str,
) -> Result<&'a mut Facts, StoreError> {
    let id = StoreError::parse_column(table, "visit_id", visit, visit)?;
    Ok(facts.entry(id).or_default())
}
