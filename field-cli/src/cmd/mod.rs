//! The commands, one file each. They read and write through the store, ask `sync_core` what
//! follows, and say it.

mod answer;
mod choice;
mod complaint;
mod customer;
mod finding;
mod gas;
mod hazard;
mod lang;
mod man;
mod meter;
mod number;
mod people;
mod photo;
mod promise;
mod search;
mod site;
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
        Command::Search(args) => search::run(ctx, &args).await,
        Command::Lang(args) => lang::run(ctx, &args),
        Command::Completions(args) => man::completions(ctx, &args),
        Command::Man(args) => man::run(ctx, &args),
        _ => Err(Failure::new("later", "later")),
    }
}
