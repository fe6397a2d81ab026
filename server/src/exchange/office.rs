//! The office log: how the office writes into visit documents.
//!
//! One chain for each installation and epoch, with a key of its own and a sequence taken in the transaction of the
//! act. An envelope names the person; what it holds passes the same gate as what devices write, and reaches the
//! devices the same way.

use super::feed::{self, Audience, Event};
use super::gate::{
    ChangeAuthor, Consequences, Findings, GATE_DECIDED, NewDocument, POLICY_VERSION, Reply, open_conflicts,
    write_conflicts, write_documents,
};
use super::receive::log_entry;
use super::workers::WorkerFailure;
use super::{chains::as_i64, epochs, visits};
use crate::app::App;
use crate::audit::{self, Detail, NewEntry};
use crate::installation;
use crate::keys::{KeyFileError, Keys};
use crate::store::{StoreError, Tx, statement};
use std::collections::{BTreeMap, HashMap};
use sync_core::document::{ActorId16, Chunk, Edit, EditAuthor, LoadError, Role, VisitDocument};
use sync_core::ids::{DeviceId, EntryId, EnvelopeHash, PersonId, ServerId, VisitId};
use sync_core::log::{
    Body, BodyKind, ChangeBody, Envelope, HEADER_FORMAT, Header, SealParts, SigningKey, office_log,
};
use sync_core::merge::{AcceptedChange, Author, MergeJob, MergeOutcome, MergeUnit, Refusal, UnitResult};

/// How often a write that lost a race is made anew.
const ATTEMPTS_MAX: u32 = 6;
/// A server history begins with a restore: more are not met in practice.
const EPOCHS_TRIED: usize = 64;

/// Why the office could not write.
#[derive(Debug, thiserror::Error)]
pub enum OfficeError<E> {
    /// The server does not know the visit.
    #[error("visit {visit} is unknown")]
    UnknownVisit {
        /// The visit.
        visit: VisitId,
    },
    /// The edit itself failed; nothing was written.
    #[error("edit: {0}")]
    Edit(E),
    /// The gate refused what the edit wrote.
    #[error("the gate refused: {0}")]
    Refused(Refusal),
    /// Others kept writing the same visit, or no worker was free: try again.
    #[error("the visit is busy")]
    Busy,
    /// The stored document cannot be read.
    #[error("stored document of visit {visit}: {source}")]
    Document {
        /// The visit.
        visit: VisitId,
        /// Why.
        source: LoadError,
    },
    /// The key of the office log cannot be used.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The identity under which the office log of an epoch stands beside the devices' logs.
pub fn office_device(server: ServerId, epoch: i64) -> DeviceId {
    office_log(server, u64::try_from(epoch).unwrap_or(0))
}

/// The server history before `epoch` under which the office had this identity; `None` when it is a device's. The office
/// writes the log of the present one itself: nobody else brings anything of it.
pub(super) fn earlier_epoch_of(server: ServerId, epoch: i64, device: DeviceId) -> Option<i64> {
    (1..epoch).rev().take(EPOCHS_TRIED).find(|earlier| office_device(server, *earlier) == device)
}

/// Whether this identity is that of the office log, in any server history that is near.
pub(crate) async fn is_office_log(
    tx: &mut Tx,
    server: ServerId,
    device: DeviceId,
) -> Result<bool, StoreError> {
    let epoch = epochs::current(tx).await?;
    let near = i64::try_from(EPOCHS_TRIED).unwrap_or(0);
    Ok((epoch.saturating_sub(near)..=epoch.saturating_add(near))
        .any(|epoch| office_device(server, epoch) == device))
}

/// Lets a person of the office edit a visit. Returns what the edit returned and where its envelope lies in the server
/// log; `None` when the edit changed nothing. The edit may be made several times, each time on the newest document.
///
/// Holds no transaction while the gate judges, so call it without one.
///
/// # Errors
/// See [`OfficeError`]; nothing was written then.
pub async fn commit<R, E>(
    app: &App,
    visit: VisitId,
    person: PersonId,
    edit: impl Fn(&mut Edit<'_>) -> Result<R, E>,
) -> Result<(R, Option<i64>), OfficeError<E>> {
    for _ in 0..ATTEMPTS_MAX {
        let (result, draft) = draft(app, visit, person, &edit).await?;
        let Some(draft) = draft else { return Ok((result, None)) };
        if let Some(log_index) = try_write(app, person, &draft, None).await? {
            return Ok((result, Some(log_index)));
        }
    }
    Err(OfficeError::Busy)
}

/// The same on exactly this version of the visit, with the act that it is in the log: false when the visit is another
/// by now, and nothing was written.
///
/// # Errors
/// See [`OfficeError`]; nothing was written then.
pub async fn commit_on<R, E>(
    app: &App,
    (visit, version): (VisitId, i64),
    (person, act): (PersonId, &NewEntry<'_>),
    edit: impl Fn(&mut Edit<'_>) -> Result<R, E>,
) -> Result<bool, OfficeError<E>> {
    let Some(draft) = draft(app, visit, person, &edit).await?.1 else { return Ok(true) };
    Ok(draft.base.version == version && try_write(app, person, &draft, Some(act)).await?.is_some())
}

/// Where the envelope lies in the server log; `None` when the visit has changed meanwhile.
async fn try_write<E>(
    app: &App,
    person: PersonId,
    draft: &Draft,
    act: Option<&NewEntry<'_>>,
) -> Result<Option<i64>, OfficeError<E>> {
    let outcome = judge(app, draft, person).await?;
    match write(app, (person, act), draft, &outcome).await {
        Err(OfficeError::Store(error)) if error.is_serialisation_failure() || error.is_unique_violation() => {
            Ok(None)
        }
        written => written,
    }
}

/// An edit that was made on a copy.
struct Draft {
    visit: VisitId,
    base: visits::StoredVisit,
    epoch: i64,
    chunk: Chunk,
    open: Vec<super::gate::OpenConflict>,
}

async fn draft<R, E>(
    app: &App,
    visit: VisitId,
    person: PersonId,
    edit: &impl Fn(&mut Edit<'_>) -> Result<R, E>,
) -> Result<(R, Option<Draft>), OfficeError<E>> {
    let mut tx = app.store.read().await?;
    let base = visits::find(&mut tx, visit).await?.ok_or(OfficeError::UnknownVisit { visit })?;
    let epoch = epochs::current(&mut tx).await?;
    let open = open_conflicts(&mut tx, visit).await?;
    drop(tx);
    let mut document =
        VisitDocument::load(&base.saved).map_err(|source| OfficeError::Document { visit, source })?;
    let actor = ActorId16::of_office(u64::try_from(epoch).unwrap_or(0), visit);
    let mut open_edit = document.edit(EditAuthor { actor, person, at: app.clock.now(), role: Role::Office });
    let result = edit(&mut open_edit).map_err(OfficeError::Edit)?;
    let draft = open_edit.commit().map(|chunk| Draft { visit, base, epoch, chunk, open });
    Ok((result, draft))
}

async fn judge<E>(app: &App, draft: &Draft, person: PersonId) -> Result<MergeOutcome, OfficeError<E>> {
    let unit = MergeUnit {
        reference: 0,
        author: Author::Office { epoch: u64::try_from(draft.epoch).unwrap_or(0) },
        person,
        chunks: vec![draft.chunk.bytes.clone().into()],
        photos: Vec::new(),
        approved: false,
    };
    let job = MergeJob {
        visit: draft.visit,
        base: Some(draft.base.saved.clone().into()),
        units: vec![unit],
        open_paths: draft.open.iter().map(|conflict| conflict.path.clone()).collect(),
    };
    let bytes = minicbor::to_vec(&job).expect("encoding into memory cannot fail");
    let reply = app.exchange.workers.run(&bytes).await.map_err(|failure| busy(&failure))?;
    match minicbor::decode(&reply) {
        Ok(Reply::Outcome(outcome)) => Ok(outcome),
        _ => Err(OfficeError::Busy),
    }
}

fn busy<E>(failure: &WorkerFailure) -> OfficeError<E> {
    tracing::warn!(%failure, "an edit of the office could not be judged");
    OfficeError::Busy
}

/// Writes envelope and document; `None` when the document was changed meanwhile.
async fn write<E>(
    app: &App,
    (person, act): (PersonId, Option<&NewEntry<'_>>),
    draft: &Draft,
    outcome: &MergeOutcome,
) -> Result<Option<i64>, OfficeError<E>> {
    let change = match outcome.results.first() {
        Some((_, UnitResult::Accepted { changes })) => changes.first().cloned(),
        Some((_, UnitResult::Quarantined { refusal })) => return Err(OfficeError::Refused(refusal.clone())),
        _ => None,
    };
    let (Some(change), Some(saved)) = (change, &outcome.saved) else { return Ok(None) };
    let key = office_key(app, draft.epoch).await?;
    let now = app.clock.now();
    let new = NewDocument {
        visit: draft.visit,
        version: Some(draft.base.version),
        saved,
        heads: &outcome.heads,
        view_json: &outcome.view_json,
    };
    let mut tx = app.store.write().await?;
    if epochs::current(&mut tx).await? != draft.epoch || !write_documents(&mut tx, &[new], now).await? {
        return Ok(None);
    }
    let position = feed::reserve(&mut tx, 1).await?;
    let envelope = seal(app, &mut tx, person, draft, &key).await?;
    let log_index = append(&mut tx, draft, &envelope, change, now).await?;
    if let Some(act) = act {
        audit::append(&mut tx, act).await?;
    }
    let event = Event::Change { log_index, author: None };
    feed::insert(&mut tx, position, &[(Audience::Visit(draft.visit), event)]).await?;
    note_conflicts(app, &mut tx, draft, outcome, person, log_index).await?;
    tx.commit().await?;
    Ok(Some(log_index))
}

async fn office_key<E>(app: &App, epoch: i64) -> Result<SigningKey, OfficeError<E>> {
    if epoch == app.installation.epoch {
        return Ok(app.keys.office_log.clone());
    }
    // The epoch was raised while this process was running.
    let known = installation::office_key(&mut app.store.read().await?, epoch).await?;
    let key = Keys::open(&app.config.data.folder, epoch, known, &app.entropy)?.office_log;
    if known.is_none() {
        let mut tx = app.store.write().await?;
        installation::keep_office_key(&mut tx, epoch, key.public()).await?;
        tx.commit().await?;
    }
    Ok(key)
}

/// The next envelope of the office log. Its row stays locked until the commit.
async fn seal(
    app: &App,
    tx: &mut Tx,
    person: PersonId,
    draft: &Draft,
    key: &SigningKey,
) -> Result<Envelope, StoreError> {
    const LOCK: &str = "INSERT INTO office_chains (epoch, sequence, envelope_hash) VALUES ($1, 0, $2) \
        ON CONFLICT (epoch) DO UPDATE SET sequence = office_chains.sequence RETURNING sequence, envelope_hash";
    const ADVANCE: &str = "UPDATE office_chains SET sequence = $2, envelope_hash = $3 WHERE epoch = $1";
    let none = EnvelopeHash::NONE.to_string();
    let (sequence, previous): (i64, String) = statement(LOCK).bind(draft.epoch).bind(&none).row(tx).await?;
    let body =
        Body::Change(ChangeBody { chunks: vec![draft.chunk.bytes.clone().into()], ..ChangeBody::default() });
    let known = audit::last_index(tx).await?;
    let header = Header {
        format: HEADER_FORMAT,
        server: app.installation.server_id,
        epoch: u64::try_from(draft.epoch).unwrap_or(0),
        device: office_device(app.installation.server_id, draft.epoch),
        sequence: u64::try_from(sequence + 1).unwrap_or(0),
        previous: StoreError::parse_column("office_chains", "envelope_hash", &previous, &previous)?,
        person,
        claimed_at: app.clock.now(),
        monotonic_ms: 0,
        boot: [0; 8],
        utc_offset_min: 0,
        log_index_known: u64::try_from(known).unwrap_or(0),
        server_time_known: app.clock.now(),
        kind: BodyKind::Change,
        visit: Some(draft.visit),
        commitment: [0; 32],
    };
    let envelope = Envelope::seal(SealParts { header, body: &body, salt: app.entropy.bytes() }, key);
    let hash = envelope.hash().to_string();
    statement(ADVANCE).bind(draft.epoch).bind(sequence + 1).bind(hash).execute(tx).await?;
    Ok(envelope)
}

/// Envelope and decision in the server log, and what is noted beside it.
async fn append(
    tx: &mut Tx,
    draft: &Draft,
    envelope: &Envelope,
    change: AcceptedChange,
    now: sync_core::time::Timestamp,
) -> Result<i64, StoreError> {
    const STATE: &str = "INSERT INTO envelope_states (log_index, device_id, device_seq, visit_id, kind, state) \
        VALUES ($1, $2, $3, $4, 'change', 'merged')";
    let header = envelope.header();
    // The envelope's index is known before it is taken: its counter is locked by the first of the two.
    let decision = |log_index: i64| {
        let detail = Detail::new().with("policy", POLICY_VERSION).with("merged", log_index.to_string());
        NewEntry::new(GATE_DECIDED, now).by(Some(header.person)).visit(draft.visit).detail(detail)
    };
    let log_index = audit::append(tx, &log_entry(envelope, now)).await?;
    audit::append(tx, &decision(log_index)).await?;
    statement(STATE)
        .bind(log_index)
        .bind(header.device.to_string())
        .bind(as_i64(header.sequence))
        .bind(draft.visit.to_string())
        .execute(tx)
        .await?;
    let mut consequences = Consequences::default();
    consequences.change(draft.visit, change, log_index);
    consequences.write(tx).await?;
    Ok(log_index)
}

async fn note_conflicts(
    app: &App,
    tx: &mut Tx,
    draft: &Draft,
    outcome: &MergeOutcome,
    person: PersonId,
    log_index: i64,
) -> Result<(), StoreError> {
    let conflicts: BTreeMap<_, _> =
        outcome.conflicts.iter().map(|conflict| (conflict.path.clone(), conflict.clone())).collect();
    let author = ChangeAuthor { person, log_index, office: true };
    let authors = HashMap::from([(draft.chunk.hash, author)]);
    let findings = Findings {
        visit: draft.visit,
        conflicts: &conflicts,
        authors: &authors,
        resolution: outcome.resolutions.last().copied(),
    };
    let now = app.clock.now();
    write_conflicts(tx, &findings, &draft.open, now, || EntryId::from_entropy(now, app.entropy.bytes())).await
}
