//! `field lang`.

use super::Outcome;
use crate::cli::LangArgs;
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure, io_words};
use crate::i18n::say;
use serde_json::json;

/// Shows the language, or keeps another one for later commands.
pub(crate) fn run(ctx: &mut Ctx, args: &LangArgs) -> Outcome {
    match args.language {
        None => ctx.out.data(&say!(ctx.words, "lang-is", lang = ctx.words.lang.tag())),
        Some(lang) => {
            let file = ctx.home.data.display().to_string();
            ctx.choose_lang(lang).map_err(|error| {
                let error = io_words(&ctx.words, &error);
                Failure::new(
                    "file-not-written",
                    say!(ctx.words, "file-not-written", file = file, error = error),
                )
            })?;
            ctx.out.done(&say!(ctx.words, "lang-saved", lang = lang.tag()));
        }
    }
    ctx.out.event("lang", json!({ "lang": ctx.words.lang.tag() }));
    Ok(Exit::Ok)
}
