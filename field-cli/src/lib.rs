//! The technician's Fieldloop client: records visits offline and exchanges them with the server.
//!
//! Thin: it asks `sync_core` and decides nothing. `cli` says what can be typed, `cmd` does it
//! (one file per subcommand), `output` and `render` show it, `i18n` has the words.

mod cli;
pub mod client;
pub mod clock;
mod cmd;
mod ctx;
mod failure;
mod i18n;
pub mod machine;
mod output;
mod place;
pub mod preview;
mod render;
pub mod store;
mod store_failure;
pub mod sync;
mod sync_failure;
mod wrap;

#[cfg(test)]
mod tests;

pub use clock::{Clock, Entropy, SystemClock, SystemEntropy};

use clap::FromArgMatches;
use cli::Cli;
use ctx::Ctx;
use failure::{Exit, Failure};
use i18n::{Words, say};
use std::ffi::OsString;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let ctx = ctx::of_this_process(&arguments);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            // Nothing else works without it, and no words can help.
            return ExitCode::from(ctx.out.last_words(&error.to_string()));
        }
    };
    let exit = runtime.block_on(async {
        outlive_file_limits();
        run(ctx, arguments).await
    });
    ExitCode::from(exit.code())
}

/// Lets a write beyond the size that a file may have here fail instead of ending the process, so that it is told.
fn outlive_file_limits() {
    const SIGXFSZ: i32 = 25;
    if cfg!(target_os = "linux") {
        // Where it cannot be had, the process ends as it would have.
        let _ = signal(SignalKind::from_raw(SIGXFSZ));
    }
}

/// Parses, runs and reports one command line.
async fn run(mut ctx: Ctx, arguments: Vec<OsString>) -> Exit {
    let result = match parse(&ctx.words, &arguments) {
        Ok(cli) => {
            ctx.take(&cli.global);
            // On the heap: the futures of all commands together are large.
            Box::pin(cmd::run(&mut ctx, cli.command)).await
        }
        Err(error) => {
            if arguments.iter().any(|argument| argument == "--json") {
                ctx.interactive = false;
                return cli::usage::report_in_json(&mut ctx, &error);
            }
            return cli::usage::report(&mut ctx, &error);
        }
    };
    match result {
        Ok(exit) => {
            ctx.out.finish();
            if exit == Exit::Ok && ctx.out.has_lost_data() {
                let failure = Failure::new("output", say!(ctx.words, "output-lost"));
                return ctx.report(failure.hint(say!(ctx.words, "output-lost-hint")));
            }
            exit
        }
        Err(failure) => ctx.report(failure),
    }
}

fn parse(words: &Words, arguments: &[OsString]) -> Result<Cli, clap::Error> {
    let matches = cli::help::localised(words).try_get_matches_from(arguments)?;
    Cli::from_arg_matches(&matches)
}
