//! The commands, one file each. They read and write through the store, ask `sync_core` what
//! follows, and say it.

mod acts;
mod answer;
mod choice;
mod complaint;
mod conflicts;
mod customer;
mod decisions;
mod doctor;
mod enrol;
pub(crate) mod events;
pub(crate) mod expert;
mod export;
mod finding;
mod gas;
mod hazard;
mod know;
mod lang;
mod log;
mod man;
mod meter;
mod number;
mod outbox;
mod people;
mod photo;
mod promise;
mod search;
mod site;
mod standing;
mod status;
mod sync;
mod terms;
mod undo;
mod utility;
mod visit;

use crate::cli::Command;
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure};

/// How a command ends.
pub(crate) type Outcome = Result<Exit, Failure>;

/// Runs a command.
pub(crate) async fn run(ctx: &mut Ctx, command: Command) -> Outcome {
    match command {
        Command::Today(args) => visit::today(ctx, &args).await,
        Command::Visit(command) => visit::run(ctx, command).await,
        Command::Answer(args) => answer::run(ctx, &args).await,
        Command::Finding(command) => finding::run(ctx, command).await,
        Command::Meter(command) => meter::run(ctx, command).await,
        Command::Gas(command) => gas::run(ctx, command).await,
        Command::Hazard(command) => hazard::run(ctx, command).await,
        Command::Notice(command) => hazard::run_notice(ctx, command).await,
        Command::Photo(command) => photo::run(ctx, command).await,
        Command::Customer(command) => customer::run(ctx, command).await,
        Command::Promise(command) => promise::run(ctx, command).await,
        Command::Complaint(command) => complaint::run(ctx, command).await,
        Command::Grumble(args) => complaint::grumble(ctx, &args).await,
        Command::Expert(command) => expert::run(ctx, command).await,
        Command::Know(args) => know::run(ctx, &args).await,
        Command::Events(_) => events::run(ctx).await,
        Command::Search(args) => search::run(ctx, &args).await,
        Command::Lang(args) => lang::run(ctx, &args),
        Command::Completions(args) => man::completions(ctx, &args),
        Command::Man(args) => man::run(ctx, &args),
        Command::Enrol(args) => enrol::run(ctx, &args).await,
        Command::Sync(args) => sync::run(ctx, &args).await,
        Command::Status => status::run(ctx).await,
        Command::Outbox(args) => outbox::run(ctx, &args).await,
        Command::Conflicts(args) => conflicts::run(ctx, &args).await,
        Command::Log(args) => log::run(ctx, &args).await,
        Command::Undo(args) => undo::run(ctx, &args).await,
        Command::Doctor(args) => doctor::run(ctx, &args).await,
        Command::Export(args) => export::run(ctx, &args).await,
    }
}
