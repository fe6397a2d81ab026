//! `field man` and `field completions`, made from the localised command tree.

use super::Outcome;
use crate::cli::{CompletionsArgs, ManArgs, help};
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure, io_words};
use crate::i18n::{Words, say};
use clap::Command;
use clap::builder::Resettable;
use clap_mangen::roff::{Roff, bold, roman};
use std::io;
use std::path::Path;

/// Variables that the manual explains.
const VARIABLES: [&str; 3] = ["FIELD_LANG", "FIELD_HOME", "NO_COLOR"];

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
            let written = page(tree, &ctx.words).and_then(|page| ctx.out.raw(&page));
            written.map_err(|error| not_written(ctx, Path::new("-"), &error))?;
        }
        Some(dir) => {
            let count =
                pages(&tree, "field", dir, &ctx.words).map_err(|error| not_written(ctx, dir, &error))?;
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

/// One page; that of `field` itself ends with exit codes and variables.
fn page(command: Command, words: &Words) -> io::Result<Vec<u8>> {
    let is_main = command.get_after_help().is_some();
    let mut page = Vec::new();
    clap_mangen::Man::new(command.after_help(Resettable::Reset)).render(&mut page)?;
    if is_main {
        let exits = Exit::ALL.map(|exit| exit.code().to_string());
        let exits = exits.iter().map(|code| (code.as_str(), words.code("exit", code)));
        listed(&words.code("man", "exit"), exits).to_writer(&mut page)?;
        let variables = VARIABLES.iter().map(|name| (*name, words.code("variable", name)));
        listed(&words.code("man", "variable"), variables).to_writer(&mut page)?;
    }
    Ok(headed(&String::from_utf8_lossy(&page), words).into_bytes())
}

/// A section with what each name means.
fn listed<'n>(heading: &str, entries: impl Iterator<Item = (&'n str, String)>) -> Roff {
    let mut section = Roff::new();
    section.control("SH", [heading]);
    for (name, means) in entries {
        section.control("TP", []);
        section.text([bold(name)]);
        section.text([roman(means)]);
    }
    section
}

/// The headings that the generator writes, in the language of the user.
fn headed(page: &str, words: &Words) -> String {
    let line = |line: &str| match line.strip_prefix(".SH ") {
        Some(heading) => format!(".SH {}\n", words.code("man", heading)),
        None => format!("{line}\n"),
    };
    page.lines().map(line).collect()
}

/// Writes the page of `command` and of everything below it; returns how many.
fn pages(command: &Command, name: &str, dir: &Path, words: &Words) -> io::Result<usize> {
    std::fs::create_dir_all(dir)?;
    let page = page(command.clone().display_name(name.to_owned()), words)?;
    std::fs::write(dir.join(format!("{name}.1")), page)?;
    command
        .get_subcommands()
        .try_fold(1, |count, sub| Ok(count + pages(sub, &format!("{name}-{}", sub.get_name()), dir, words)?))
}
