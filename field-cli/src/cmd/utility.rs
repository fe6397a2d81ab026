//! Whether a check fits what the record is about: figures of an electricity meter judge no gas meter. The record may
//! be the one that is wrong, so whoever stands there has the last word.

use super::site::Site;
use crate::cli::Utility;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::i18n::{Words, say};

/// Stands in for the confirmation on a terminal.
const CONFIRM: &str = "--confirm-utility";

/// Makes sure that a check of `wanted` is meant although the record is about another utility. The meter on record is
/// left aside then: neither its number nor its class is that of what was checked.
///
/// # Errors
/// A usage failure that says what would fit, when nobody confirmed it.
pub(crate) fn agree(ctx: &mut Ctx, site: &mut Site, wanted: Utility, confirmed: bool) -> Result<(), Failure> {
    let name = site.name();
    let booked = site.card.as_ref().map(|card| card.utility.clone()).unwrap_or_default();
    if booked.is_empty() || booked == wanted.code() {
        return Ok(());
    }
    let on_record = ctx.words.code("utility", &booked);
    let is_for = ctx.words.code("check-of", wanted.code());
    let what = say!(ctx.words, "other-utility", visit = name, utility = on_record, check = is_for);
    if !confirmed && !ctx.interactive {
        let failure = refused(&ctx.words, &booked, what);
        return Err(failure.hint(say!(ctx.words, "other-utility-hint", option = CONFIRM)));
    }
    ctx.out.warn("other-utility", &what);
    if !confirmed && !ctx.confirm(&say!(ctx.words, "ask-other-utility"))? {
        return Err(refused(&ctx.words, &booked, say!(ctx.words, "nothing-recorded")));
    }
    if site.forget_meter() {
        ctx.out.note(&say!(ctx.words, "other-utility-meter"));
    }
    Ok(())
}

/// The refusal, with the checks that fit what is on record.
fn refused(words: &Words, booked: &str, what: String) -> Failure {
    let failure = Failure::usage("other-utility", what);
    let commands = match booked {
        "power" => "field meter check watt|reference|pulse|power|errors",
        "gas" => "field gas leak|pressure|tightness|volume",
        _ => return failure,
    };
    failure.hint(say!(words, "other-utility-fitting", command = commands))
}
