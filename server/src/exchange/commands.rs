//! Commands: requests of devices for something the server owns.
//!
//! A command is answered once; the same id gives the same answer for ever. It may be refused, with a reason, and is
//! never lost: its envelope lies in the server log. What it does is the business of the capability that owns the
//! thing: a [`CommandHandler`] in [`HANDLERS`].

use super::feed::{self, Audience, Event};
use super::gate::{Fate, Unit};
use crate::app::App;
use crate::store::{StoreError, Tx, statement};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use sync_core::ids::{CommandId, DeviceId, PersonId, VisitId};
use sync_core::log::{Body, Command};
use sync_core::protocol::{CommandOutcome, CommandResult, Request};
use sync_core::time::Timestamp;

/// Who asks, and when.
#[derive(Debug, Clone, Copy)]
pub struct CommandContext {
    /// The command; its idempotency key.
    pub command_id: CommandId,
    /// The device.
    pub device_id: DeviceId,
    /// The person signed in.
    pub person_id: PersonId,
    /// The visit that the envelope names.
    pub visit_id: Option<VisitId>,
    /// Where its envelope lies in the server log.
    pub log_index: i64,
    /// When, as the device says.
    pub claimed_at: Timestamp,
    /// When the server does it.
    pub now: Timestamp,
}

/// What a handler returns: its work, still to be done.
pub type CommandFuture<'a> = Pin<Box<dyn Future<Output = Result<CommandOutcome, StoreError>> + Send + 'a>>;

/// A capability that does what commands ask for.
pub trait CommandHandler: Send + Sync {
    /// Does what the request asks for, or says why not; `None` when the request is another capability's.
    ///
    /// Everything is written through `tx`. Feed rows before `audit::append`. A failure rolls back what this command
    /// wrote and refuses it, so that it holds back nothing else.
    fn handle<'a>(
        &'a self,
        app: &'a App,
        tx: &'a mut Tx,
        context: CommandContext,
        request: &'a Request,
    ) -> Option<CommandFuture<'a>>;
}

/// Every capability that takes commands. A request is offered to them in this order.
static HANDLERS: &[&dyn CommandHandler] = &[&crate::work_orders::FieldCommands];

/// Carries out the commands that passed the gate, in the order of the log.
pub(super) async fn execute(
    app: &App,
    tx: &mut Tx,
    commands: &[Unit],
    fates: &BTreeMap<i64, Fate>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut events = Vec::new();
    for unit in commands {
        if !fates.get(&unit.log_index).is_some_and(Fate::is_merged) {
            continue;
        }
        let Some(Body::Command(command)) = &unit.body else { continue };
        let header = unit.envelope.header();
        let context = CommandContext {
            command_id: command.id,
            device_id: header.device,
            person_id: header.person,
            visit_id: header.visit,
            log_index: unit.log_index,
            claimed_at: header.claimed_at,
            now,
        };
        answer_once(app, tx, context, command).await?;
        events.push((Audience::Device(header.device), Event::Command(command.id)));
    }
    if !events.is_empty() {
        feed::append(tx, &events).await?;
    }
    Ok(())
}

async fn answer_once(
    app: &App,
    tx: &mut Tx,
    context: CommandContext,
    command: &Command,
) -> Result<(), StoreError> {
    if !results(tx, context.device_id, &[context.command_id]).await?.is_empty() {
        return Ok(());
    }
    let outcome = match Request::decode(&command.request) {
        Ok(request) => handle(app, tx, context, &request).await?,
        Err(_) => refused("unknown_request", "this server does not know the request; update it"),
    };
    if let CommandOutcome::Refused { reason, .. } = &outcome {
        metrics::counter!("fieldloop_commands_refused_total", "reason" => reason.clone()).increment(1);
    }
    insert(tx, context, &outcome).await
}

async fn handle(
    app: &App,
    tx: &mut Tx,
    context: CommandContext,
    request: &Request,
) -> Result<CommandOutcome, StoreError> {
    execute_sql(tx, "SAVEPOINT command").await?;
    for handler in HANDLERS {
        let Some(work) = handler.handle(app, tx, context, request) else { continue };
        return match work.await {
            // A refusal may leave something behind, too: the field work that waits for the office.
            Ok(outcome) => {
                execute_sql(tx, "RELEASE SAVEPOINT command").await?;
                Ok(outcome)
            }
            Err(error) if error.is_busy() || error.is_serialisation_failure() => Err(error),
            Err(error) => {
                tracing::error!(command = %context.command_id, %error, "command failed");
                roll_back(tx).await?;
                Ok(refused("failed", "the server could not do this; the office sees the request"))
            }
        };
    }
    roll_back(tx).await?;
    Ok(refused("not_supported", "nobody on this server takes such requests"))
}

async fn roll_back(tx: &mut Tx) -> Result<(), StoreError> {
    execute_sql(tx, "ROLLBACK TO SAVEPOINT command").await?;
    execute_sql(tx, "RELEASE SAVEPOINT command").await
}

async fn execute_sql(tx: &mut Tx, sql: &'static str) -> Result<(), StoreError> {
    statement(sql).execute(tx).await?;
    Ok(())
}

fn refused(reason: &str, detail: &str) -> CommandOutcome {
    CommandOutcome::Refused { reason: reason.to_owned(), detail: detail.to_owned() }
}

async fn insert(tx: &mut Tx, context: CommandContext, outcome: &CommandOutcome) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO command_results (command_id, device_id, log_index, outcome, reference, reason, \
        detail, decided_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let (word, reference, reason, detail) = match outcome {
        CommandOutcome::Done { reference } => ("done", reference.as_deref(), None, None),
        CommandOutcome::Refused { reason, detail } => {
            ("refused", None, Some(reason.as_str()), Some(detail.as_str()))
        }
    };
    statement(SQL)
        .bind(context.command_id.to_string())
        .bind(context.device_id.to_string())
        .bind(context.log_index)
        .bind(word)
        .bind(reference)
        .bind(reason)
        .bind(detail)
        .bind(context.now.unix_ms())
        .execute(tx)
        .await?;
    Ok(())
}

/// What became of these commands of a device, as far as they were answered.
pub(super) async fn results(
    tx: &mut Tx,
    device: DeviceId,
    commands: &[CommandId],
) -> Result<Vec<CommandResult>, StoreError> {
    type Row = (String, String, Option<String>, Option<String>, Option<String>);
    if commands.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = statement(
        "SELECT command_id, outcome, reference, reason, detail FROM command_results WHERE device_id = ",
    );
    query.push_bind(device.to_string()).push(" AND command_id IN (");
    let mut list = query.places();
    for command in commands {
        list.push_bind(command.to_string());
    }
    query.push(") ORDER BY log_index");
    let rows: Vec<Row> = query.rows(tx).await?;
    let parse = |(id, outcome, reference, reason, detail): Row| {
        let outcome = match outcome.as_str() {
            "done" => CommandOutcome::Done { reference },
            _ => refused(&reason.unwrap_or_default(), &detail.unwrap_or_default()),
        };
        Ok(CommandResult {
            id: StoreError::parse_column("command_results", "command_id", &id, &id)?,
            outcome,
        })
    };
    rows.into_iter().map(parse).collect()
}
