//! The commands, one file each. They read and write through the store, ask `sync_core` what
//! follows, and say it.

mod lang;
mod man;

use crate::cli::Command;
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure};

/// How a command ends.
pub(crate) type Outcome = Result<Exit, Failure>;

/// Runs a command.
pub(crate) async fn run(ctx: &mut Ctx, command: Command) -> Outcome {
    match command {
        Command::Lang(args) => lang::run(ctx, &args),
        Command::Completions(args) => man::completions(ctx, &args),
        Command::Man(args) => man::run(ctx, &args),
        _ => Err(Failure::new("later", "later")),
    }
}
