//! `field conflicts`: values that differ between people. Nothing is lost, the office decides;
//! the technician can say what is right.

use super::Outcome;
use super::acts::{short, visit_name, visit_names};
use super::people::People;
use crate::cli::{ConflictsArgs, ConflictsCommand};
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure};
use crate::i18n::say;
use crate::render;
use crate::store::{Act, Store};
use serde_json::json;
use sync_core::document::{
    Container, Edit, EditError, FindingEdit, Place, ProposalField, Scalar, SharedText, Written,
};
use sync_core::ids::VisitId;

/// One path with its values.
struct Conflict {
    visit: VisitId,
    name: String,
    path: String,
    values: Vec<Written>,
}

/// Runs a subcommand of `field conflicts`.
pub(crate) async fn run(ctx: &mut Ctx, args: &ConflictsArgs) -> Outcome {
    let store = ctx.store().await?;
    let conflicts = all(&store).await?;
    match &args.command {
        None | Some(ConflictsCommand::List) => list(ctx, &conflicts),
        Some(ConflictsCommand::Show { number }) => {
            show(ctx, &store, pick(ctx, &conflicts, *number)?, *number).await?;
        }
        Some(ConflictsCommand::Choose { number, keep, why }) => {
            let conflict = pick(ctx, &conflicts, *number)?;
            choose(ctx, &store, conflict, keep, why.as_deref()).await?;
        }
    }
    Ok(Exit::Ok)
}

/// Every open conflict on this device, always in the same order.
async fn all(store: &Store) -> Result<Vec<Conflict>, Failure> {
    let names = visit_names(store).await?;
    let mut conflicts = Vec::new();
    for row in store.visits().await?.iter().filter(|row| row.conflicts_open > 0) {
        let view = store.document(row.visit).await?.view();
        let name = visit_name(&names, Some(row.visit));
        let of_visit = view.conflicts.into_iter();
        conflicts.extend(of_visit.map(|(path, values)| Conflict {
            visit: row.visit,
            name: name.clone(),
            path,
            values,
        }));
    }
    conflicts.sort_by(|one, other| {
        (&one.name, one.visit, &one.path).cmp(&(&other.name, other.visit, &other.path))
    });
    Ok(conflicts)
}

fn pick<'c>(ctx: &Ctx, conflicts: &'c [Conflict], number: usize) -> Result<&'c Conflict, Failure> {
    conflicts.get(number.wrapping_sub(1)).ok_or_else(|| {
        Failure::usage("conflict-unknown", say!(ctx.words, "conflict-unknown", number = number)).hint(say!(
            ctx.words,
            "next-step",
            command = "field conflicts"
        ))
    })
}

fn list(ctx: &mut Ctx, conflicts: &[Conflict]) {
    for (index, conflict) in conflicts.iter().enumerate() {
        let values: Vec<String> = conflict.values.iter().map(|written| text(&written.value)).collect();
        ctx.out.event(
            "conflict",
            json!({ "number": index + 1, "visit": conflict.visit, "complaint": conflict.name,
                "path": conflict.path, "values": values }),
        );
        let line =
            format!("{:>3}  {} › {}   {}", index + 1, conflict.name, conflict.path, values.join(" | "));
        ctx.out.data(&line);
    }
    if conflicts.is_empty() {
        ctx.out.data(&say!(ctx.words, "conflicts-none"));
    } else {
        ctx.out.next(&say!(ctx.words, "next-step", command = "field conflicts show 1"));
    }
}

async fn show(ctx: &mut Ctx, store: &Store, conflict: &Conflict, number: usize) -> Result<(), Failure> {
    ctx.out.data(&format!("{} › {}", conflict.name, conflict.path));
    let people = People::known(store).await?;
    let now = ctx.now();
    for (letter, written) in ('A'..='Z').zip(&conflict.values) {
        let author = store.author(conflict.visit, written).await?;
        let (who, at) = match &author {
            Some(author) => {
                let at = author.claimed_at.map(|at| render::time(&ctx.words, at, now, &ctx.zone));
                (format!("{} {}", people.name(author.person), author.device_name), at.unwrap_or_default())
            }
            None => (ctx.words.code("author", "office"), String::new()),
        };
        ctx.out.event(
            "value",
            json!({
                "number": number, "letter": letter, "value": written.value, "change": written.change,
                "person": author.as_ref().map(|author| author.person),
                "device": author.as_ref().map(|author| author.device),
                "at_ms": author.as_ref().and_then(|author| author.claimed_at),
            }),
        );
        ctx.out.data(format!("  {letter}  {:<24} {who}  {at}", text(&written.value)).trim_end());
    }
    ctx.out.note(&say!(ctx.words, "conflict-safe"));
    let command = format!("field conflicts choose {number} --keep a --why \"…\"");
    ctx.out.next(&say!(ctx.words, "next-step", command = command));
    Ok(())
}

async fn choose(
    ctx: &mut Ctx,
    store: &Store,
    conflict: &Conflict,
    keep: &str,
    why: Option<&str>,
) -> Result<(), Failure> {
    let wanted = keep.trim().to_lowercase();
    let value = ('a'..='z').zip(&conflict.values).find(|(letter, _)| wanted == letter.to_string());
    if value.is_none() && wanted != "both" {
        let letters: Vec<String> = ('a'..='z').take(conflict.values.len()).map(String::from).collect();
        let values = format!("{}, both", letters.join(", "));
        let what = say!(ctx.words, "usage-wrong-value", value = keep, argument = "--keep");
        return Err(Failure::usage("wrong-value", what).hint(say!(
            ctx.words,
            "usage-valid-values",
            values = values
        )));
    }
    let shown = value.map_or_else(|| "both".to_owned(), |(_, written)| text(&written.value));
    let note = format!("{}: {shown}. {}", conflict.path, why.unwrap_or_default());
    let unwritable = Failure::new("conflict-unwritable", say!(ctx.words, "conflict-unwritable"));
    let compose = |act: &mut Act<'_>| -> Result<(), Failure> {
        if let Some((_, written)) = value
            && !write(act.edit(), &conflict.path, &written.value)?
        {
            return Err(unwritable);
        }
        if why.is_some() || value.is_none() {
            act.edit().append_text(SharedText::Note, note.trim())?;
        }
        Ok(())
    };
    let recorded = store.record(conflict.visit, compose).await?;
    ctx.out.event(
        "saved",
        json!({ "visit": conflict.visit, "path": conflict.path, "envelopes": recorded.envelopes }),
    );
    ctx.out.done(&say!(ctx.words, "conflict-chosen", value = shown));
    ctx.out.next(&say!(ctx.words, "next-step", command = "field sync"));
    Ok(())
}

/// Writes a value over whatever stands at a path; false when the path takes no value from the field.
pub(crate) fn write(edit: &mut Edit<'_>, path: &str, value: &Scalar) -> Result<bool, EditError> {
    match (Place::parse(path), value) {
        (Some(Place::Shared(Container::Answers, code)), _) => edit.answer(code, value.clone())?,
        (Some(Place::Shared(Container::SealStates, key)), _) => {
            let Some((meter, position)) = key.rsplit_once('/') else { return Ok(false) };
            edit.set_seal_state(meter, position, value.as_text())?;
        }
        (Some(Place::Shared(Container::Proposal, key)), _) => {
            let Some(field) = ProposalField::ALL.into_iter().find(|field| field.key() == key) else {
                return Ok(false);
            };
            edit.propose(field, value.as_text())?;
        }
        (Some(Place::Field(Container::Findings, entry, field)), Scalar::Text(text)) => {
            let Ok(id) = entry.parse() else { return Ok(false) };
            let mut words = FindingEdit::default();
            let place = match field {
                "code" => &mut words.code,
                "text" => &mut words.text,
                "severity" => &mut words.severity,
                _ => return Ok(false),
            };
            *place = Some(text.clone());
            edit.edit_finding(id, &words)?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// A value as people read it.
fn text(value: &Scalar) -> String {
    short(&serde_json::to_value(value).unwrap_or_default())
}
