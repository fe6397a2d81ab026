//! Mistakes on the command line, in the language of the user.

use crate::ctx::Ctx;
use crate::failure::{Exit, Failure};
use crate::i18n::{Words, say};
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Shows help, the version or what is wrong, and gives the exit code.
pub(crate) fn report(ctx: &mut Ctx, error: &clap::Error) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            ctx.out.data(error.render().to_string().trim_end());
            Exit::Ok
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            ctx.out.message(error.render().to_string().trim_end());
            Exit::Usage
        }
        _ => {
            let failure = failure(&ctx.words, error);
            ctx.report(failure)
        }
    }
}

/// The same for a script: mistakes are a JSON line like every other failure; help stays help.
pub(crate) fn report_in_json(ctx: &mut Ctx, error: &clap::Error) -> Exit {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return report(ctx, error);
    }
    ctx.out.json_lines();
    let failure = failure(&ctx.words, error);
    ctx.report(failure)
}

fn failure(words: &Words, error: &clap::Error) -> Failure {
    let found = |kind| error.get(kind).map(text).unwrap_or_default();
    let argument = found(ContextKind::InvalidArg);
    let value = found(ContextKind::InvalidValue);
    let what = match error.kind() {
        ErrorKind::UnknownArgument => say!(words, "usage-unknown-argument", argument = argument),
        ErrorKind::InvalidSubcommand => {
            say!(words, "usage-unknown-command", command = found(ContextKind::InvalidSubcommand))
        }
        ErrorKind::MissingRequiredArgument => say!(words, "usage-missing", arguments = argument),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            say!(words, "usage-missing-command")
        }
        ErrorKind::ArgumentConflict => {
            say!(words, "usage-conflict", argument = argument, other = found(ContextKind::PriorArg))
        }
        _ if value.is_empty() => say!(words, "usage-no-value", argument = argument),
        _ => say!(words, "usage-wrong-value", value = value, argument = argument),
    };
    let mut failure = Failure::usage("usage", what);
    let suggestions =
        [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue]
            .map(found)
            .into_iter()
            .find(|text| !text.is_empty());
    if let Some(suggestion) = suggestions {
        failure = failure.hint(say!(words, "usage-suggestion", suggestion = suggestion));
    }
    let valid = found(ContextKind::ValidValue);
    if !valid.is_empty() {
        failure = failure.hint(say!(words, "usage-valid-values", values = valid));
    }
    if let Some(source) = std::error::Error::source(error) {
        failure = failure.hint(source.to_string());
    }
    failure.hint(say!(words, "usage-help"))
}

fn text(value: &ContextValue) -> String {
    match value {
        ContextValue::String(text) => text.clone(),
        ContextValue::Strings(texts) => texts.join(", "),
        ContextValue::StyledStr(text) => text.to_string(),
        ContextValue::StyledStrs(texts) => {
            texts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        }
        ContextValue::Number(number) => number.to_string(),
        ContextValue::Bool(yes) => yes.to_string(),
        _ => String::new(),
    }
}
