//! `field meter seal`: the seal as found and the one fitted, a pair.

use super::meter_no;
use crate::cli::MeterSealArgs;
use crate::cmd::choice::{choices_of, language, pick};
use crate::cmd::site::saved;
use crate::cmd::{Outcome, photo, site};
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure};
use crate::i18n::{Words, say};
use serde_json::json;
use sync_core::document::Seal;
use sync_core::metering::{SealPosition, SealState};

/// A seal in one line.
pub(crate) fn line(words: &Words, seal: &Seal) -> String {
    let position = seal.position.parse::<SealPosition>();
    let position =
        position.map_or_else(|_| seal.position.clone(), |code| code.name(language(words)).to_owned());
    let state = seal.state.parse::<SealState>();
    let state = state.map_or_else(|_| seal.state.clone(), |code| code.name(language(words)).to_owned());
    let mut line = say!(words, "seal-line", position = position, state = state);
    if let Some(found) = &seal.number_found {
        line.push_str(&format!(" · {found}"));
    }
    if let Some(fitted) = &seal.number_fitted {
        line.push_str(&say!(words, "seal-fitted", number = fitted.clone()));
    }
    line
}

/// Records a seal, its state and perhaps a photo of it in one act.
pub(crate) async fn run(ctx: &mut Ctx, args: &MeterSealArgs) -> Outcome {
    let store = ctx.store().await?;
    let site = site::recording(ctx, &store, args.on.visit.as_deref()).await?;
    let question = say!(ctx.words, "ask-seal-position");
    let position =
        pick(ctx, args.position.as_deref(), "--position", &question, choices_of!(&ctx.words, SealPosition))?;
    let question = say!(ctx.words, "ask-seal-state");
    let state = pick(ctx, args.state.as_deref(), "--state", &question, choices_of!(&ctx.words, SealState))?;
    let fitted = match state.code == SealState::Replaced.code() {
        true => Some(ctx.need(args.fitted.as_deref(), "--fitted", &say!(ctx.words, "ask-seal-fitted"))?),
        false => args.fitted.clone(),
    };
    if args.no.is_none() && state.code == SealState::Intact.code() {
        ctx.out.warn("seal-number", &say!(ctx.words, "warn-seal-number"));
    }
    let meter = meter_no(ctx, &site, args.meter.as_deref());
    let prepared = match &args.photo {
        Some(file) => Some(photo::prepare(ctx, &store, &site, file, "seal", None, args.allow_old).await?),
        None => None,
    };
    let seal = Seal {
        position: position.code.clone(),
        state: state.code.clone(),
        number_found: args.no.clone(),
        number_fitted: fitted,
        meter_no: meter.clone(),
    };
    let recorded = store
        .record(site.visit, |act| {
            let id = act.new_entry();
            act.edit().add_seal(id, &seal)?;
            act.edit().set_seal_state(meter.as_deref().unwrap_or("-"), &seal.position, Some(&seal.state))?;
            if let Some(photo) = &prepared {
                photo.add(act)?;
            }
            Ok::<_, Failure>(id)
        })
        .await?;
    if let Some(photo) = &prepared {
        photo.tell(ctx, &store);
    }
    let text = line(&ctx.words, &seal);
    saved(ctx, &site, &recorded, &text, json!({ "seal": recorded.value }));
    Ok(Exit::Ok)
}
