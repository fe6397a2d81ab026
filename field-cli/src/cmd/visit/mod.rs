//! `field visit` and `field today`.

mod finish;
mod lifecycle;
mod list;
mod show;

use super::Outcome;
use crate::cli::{TodayArgs, VisitCommand};
use crate::ctx::Ctx;

pub(crate) use lifecycle::{progress, read_position, step};
pub(crate) use list::tail;
pub(crate) use show::{answer_text, civil_day, item_line};

/// Runs a subcommand of `field visit`.
pub(crate) async fn run(ctx: &mut Ctx, command: VisitCommand) -> Outcome {
    match command {
        VisitCommand::List { date, all } => list::run(ctx, date.as_deref(), all).await,
        VisitCommand::Show { visit, history } => show::run(ctx, visit.as_deref(), history).await,
        VisitCommand::Start { visit, at } => lifecycle::start(ctx, &visit, at.as_deref()).await,
        VisitCommand::Pause { reason, on } => lifecycle::pause(ctx, reason.as_deref(), &on).await,
        VisitCommand::Resume { on } => lifecycle::resume(ctx, &on).await,
        VisitCommand::NoAccess { reason, on } => lifecycle::no_access(ctx, reason.as_deref(), &on).await,
        VisitCommand::Propose(args) => lifecycle::propose(ctx, &args).await,
        VisitCommand::Note { text, on } => lifecycle::note(ctx, &text, &on).await,
        VisitCommand::Finish(args) => finish::run(ctx, &args).await,
    }
}

/// `field today`.
pub(crate) async fn today(ctx: &mut Ctx, args: &TodayArgs) -> Outcome {
    list::run(ctx, None, args.all).await
}
