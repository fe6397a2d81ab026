//! `field man` and `field completions`, made from the localised command tree.

use super::Outcome;
use crate::cli::{CompletionsArgs, ManArgs, help};
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure, io_words};
use crate::i18n::say;
use clap::Command;
use std::io;
use std::path::Path;

/// Writes a completion script to standard output.
pub(crate) fn completions(ctx: &mut Ctx, args: &CompletionsArgs) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut help::localised(&ctx.words), "field", &mut script);
    ctx.out.raw(&script).map_err(|error| not_written(ctx, Path::new("-"), &error))?;
    Ok(Exit::Ok)
}

/// Writes the manual: the main page, or every page into a folder.
pub(crate) fn run(ctx: &mut Ctx, args: &ManArgs) -> Outcome {
    let mut tree = help::localised(&ctx.words);
    tree.build();
    match &args.dir {
        None => {
            let written = page(tree).and_then(|page| ctx.out.raw(&page));
            written.map_err(|error| not_written(ctx, Path::new("-"), &error))?;
        }
        Some(dir) => {
            let count = pages(&tree, "field", dir).map_err(|error| not_written(ctx, dir, &error))?;
            let dir = dir.display().to_string();
            ctx.out.done(&say!(ctx.words, "man-saved", count = count, dir = dir));
        }
    }
    Ok(Exit::Ok)
}

fn not_written(ctx: &Ctx, file: &Path, error: &io::Error) -> Failure {
    let (file, error) = (file.display().to_string(), io_words(&ctx.words, error));
    Failure::new("file-not-written", say!(ctx.words, "file-not-written", file = file, error = error))
}

fn page(command: Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    Ok(page)
}

/// Writes the page of `command` and of everything below it; returns how many.
fn pages(command: &Command, name: &str, dir: &Path) -> io::Result<usize> {
    std::fs::create_dir_all(dir)?;
    std::fs::write(dir.join(format!("{name}.1")), page(command.clone().display_name(name.to_owned()))?)?;
    command
        .get_subcommands()
        .try_fold(1, |count, sub| Ok(count + pages(sub, &format!("{name}-{}", sub.get_name()), dir)?))
}
