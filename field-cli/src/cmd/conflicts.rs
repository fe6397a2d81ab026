//! `field conflicts`: values that differ between people. Nothing is lost, the office decides;
//! the technician can say what is right. What was settled in the field or by the office stays listed.

use super::Outcome;
use super::acts::{visit_name, visit_names};
use super::decisions;
use super::people::People;
use super::site::numbered;
use super::terms::Terms;
use crate::cli::{ConflictsArgs, ConflictsCommand};
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure};
use crate::i18n::{Words, say};
use crate::render;
use crate::store::{Act, Author, Store};
use crate::wrap::width;
use serde_json::json;
use sync_core::document::{
    Container, Edit, EditError, Entry, FindingEdit, Photo, Place, ProposalField, Scalar, SharedText,
    VisitView, Written,
};
use sync_core::ids::{EntryId, VisitId};

/// One path with its values.
struct Conflict {
    visit: VisitId,
    name: String,
    path: String,
    /// What the path is called.
    place: String,
    values: Vec<Written>,
    /// They in words, in the same order.
    texts: Vec<String>,
}

/// Runs a subcommand of `field conflicts`.
pub(crate) async fn run(ctx: &mut Ctx, args: &ConflictsArgs) -> Outcome {
    let store = ctx.store().await?;
    let conflicts = all(&ctx.words, &store).await?;
    match &args.command {
        None | Some(ConflictsCommand::List) => list(ctx, &store, &conflicts).await?,
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
async fn all(words: &Words, store: &Store) -> Result<Vec<Conflict>, Failure> {
    let (names, terms) = (visit_names(store).await?, Terms::known(store).await?);
    let mut conflicts = Vec::new();
    for row in store.visits().await?.iter().filter(|row| row.conflicts_open > 0) {
        let view = store.document(row.visit).await?.view();
        let name = visit_name(&names, Some(row.visit));
        let of_visit = view.conflicts.into_iter();
        conflicts.extend(of_visit.map(|(path, values)| Conflict {
            visit: row.visit,
            name: name.clone(),
            place: terms.path(words, &path),
            texts: values.iter().map(|written| terms.value_at(words, &path, &written.value)).collect(),
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

async fn list(ctx: &mut Ctx, store: &Store, conflicts: &[Conflict]) -> Result<(), Failure> {
    for (index, conflict) in conflicts.iter().enumerate() {
        let values: Vec<_> = conflict.values.iter().map(|written| &written.value).collect();
        ctx.out.event(
            "conflict",
            json!({ "number": index + 1, "visit": conflict.visit, "complaint": conflict.name,
                "path": conflict.path, "values": values }),
        );
        let texts = conflict.texts.join(" | ");
        let line = format!("{:>3}  {} › {}   {texts}", index + 1, conflict.name, conflict.place);
        ctx.out.data(&line);
    }
    let settled = settled(ctx, store).await?;
    let decided = decided(ctx, store).await?;
    if !conflicts.is_empty() {
        ctx.out.next(&say!(ctx.words, "next-step", command = "field conflicts show 1"));
    } else if !settled && !decided {
        ctx.out.data(&say!(ctx.words, "conflicts-none"));
    }
    Ok(())
}

async fn show(ctx: &mut Ctx, store: &Store, conflict: &Conflict, number: usize) -> Result<(), Failure> {
    ctx.out.data(&format!("{} › {}", conflict.name, conflict.place));
    let (people, terms) = (People::known(store).await?, Terms::known(store).await?);
    let view = store.document(conflict.visit).await?.view();
    let widest = conflict.texts.iter().map(|text| width(text)).max().unwrap_or_default();
    for ((letter, written), text) in ('A'..='Z').zip(&conflict.values).zip(&conflict.texts) {
        let author = store.author(conflict.visit, written).await?;
        let by = by(ctx, store, &people, conflict.visit, written).await?;
        let photos = photos_of(&view, &conflict.path, written);
        ctx.out.event(
            "value",
            json!({
                "number": number, "letter": letter, "value": written.value, "change": written.change,
                "person": author.as_ref().map(|author| author.person),
                "device": author.as_ref().map(|author| author.device),
                "at_ms": author.as_ref().and_then(|author| author.claimed_at),
                "received_at_ms": author.as_ref().and_then(|author| author.server_received_at),
                "received_here_at_ms": author.as_ref().and_then(|author| author.received_at),
                "photos": photos.iter().map(|(_, id, _)| id).collect::<Vec<_>>(),
            }),
        );
        let gap = " ".repeat(widest - width(text));
        let times = author.map(|author| times(ctx, &author)).unwrap_or_default();
        ctx.out.data(format!("  {letter}  {text}{gap}   {by}  {times}").trim_end());
        for (number, _, entry) in photos {
            let record = serde_json::to_value(&entry.content).expect("an entry is plain JSON");
            let what = terms.entry(&ctx.words, Container::Photos, &record);
            ctx.out
                .data(&format!("     {}", say!(ctx.words, "conflict-photo", number = number, what = what)));
        }
    }
    ctx.out.note(&say!(ctx.words, "conflict-safe"));
    let command = format!("field conflicts choose {number} --keep a --why \"…\"");
    ctx.out.next(&say!(ctx.words, "next-step", command = command));
    Ok(())
}

/// Person and device behind a value, in words.
async fn by(
    ctx: &Ctx,
    store: &Store,
    people: &People,
    visit: VisitId,
    written: &Written,
) -> Result<String, Failure> {
    Ok(match store.author(visit, written).await? {
        Some(author) => format!("{} {}", people.name(author.person), author.device_name),
        None if store.is_by_office(visit, written).await? => ctx.words.code("author", "office"),
        None => ctx.words.code("author", "unknown"),
    })
}

/// When a value was recorded, when the server got it, and when it came to this device.
fn times(ctx: &Ctx, author: &Author) -> String {
    let time = |at| render::time(&ctx.words, at, ctx.now(), &ctx.zone);
    let Some(claimed) = author.claimed_at else { return say!(ctx.words, "conflict-time-unknown") };
    let mut times = vec![say!(ctx.words, "conflict-recorded", claimed = time(claimed))];
    if let Some(at) = author.server_received_at {
        times.push(say!(ctx.words, "conflict-received", at = time(at)));
    }
    if let Some(at) = author.received_at {
        times.push(say!(ctx.words, "conflict-received-here", at = time(at)));
    }
    times.join(ctx.words.lang.pick("，", ", "))
}

/// Photos that belong to a value: of the same act, of the seal, or of the finding by the same author.
fn photos_of<'v>(
    view: &'v VisitView,
    path: &str,
    written: &Written,
) -> Vec<(usize, EntryId, &'v Entry<Photo>)> {
    let about = |photo: &Photo| match Place::parse(path) {
        Some(Place::Shared(Container::SealStates, _)) => photo.role == "seal",
        Some(Place::Field(Container::Findings, finding, _)) => {
            photo.finding.is_some_and(|id| id.to_string() == finding)
        }
        _ => false,
    };
    let belongs = |entry: &Entry<Photo>| {
        entry.meta.change == written.change || entry.meta.actor == written.actor && about(&entry.content)
    };
    numbered(&view.photos).into_iter().filter(|(_, _, entry)| entry.stands() && belongs(entry)).collect()
}

/// What somebody settled in the field: open at the office until it has decided.
async fn settled(ctx: &mut Ctx, store: &Store) -> Result<bool, Failure> {
    let (names, people, terms) =
        (visit_names(store).await?, People::known(store).await?, Terms::known(store).await?);
    let settled = store.settled_in_field().await?;
    for (visit, path) in &settled {
        let view = store.document(*visit).await?.view();
        let written = shown_at(&view, path);
        let value = written.as_ref().map(|written| terms.value_at(&ctx.words, path, &written.value));
        let by = match &written {
            Some(written) => by(ctx, store, &people, *visit, written).await?,
            None => ctx.words.code("author", "unknown"),
        };
        let taken_back = view.taken_back(path);
        ctx.out.event(
            "settled",
            json!({ "visit": visit, "complaint": names.get(visit), "path": path,
                "value": written.map(|written| written.value),
                "taken_back": taken_back.map(|undoing| {
                    json!({ "reason": undoing.content.reason, "at_ms": undoing.meta.at })
                }) }),
        );
        let place = format!("{} › {}", visit_name(&names, Some(*visit)), terms.path(&ctx.words, path));
        let line = match taken_back.map(|undoing| undoing.content.reason.clone()) {
            Some(reason) => say!(ctx.words, "conflict-taken-back", by = by, reason = reason),
            None => say!(ctx.words, "conflict-settled", by = by),
        };
        ctx.out.data(&format!("  –  {place}   {}   {line}", value.unwrap_or_default()));
    }
    Ok(!settled.is_empty())
}

/// What the office decided about values that differed.
async fn decided(ctx: &mut Ctx, store: &Store) -> Result<bool, Failure> {
    let (names, terms) = (visit_names(store).await?, Terms::known(store).await?);
    let mut any = false;
    for row in store.visits().await?.iter().filter(|row| row.may_be_decided) {
        let view = store.document(row.visit).await?.view();
        let name = visit_name(&names, Some(row.visit));
        for decision in decisions::standing(&view) {
            any = true;
            let mut fields = decision.json();
            fields["visit"] = json!(row.visit);
            fields["complaint"] = json!(name);
            ctx.out.event("decision", fields);
            ctx.out.data(&format!("  ✓  {name} › {}", decision.line(&ctx.words, &terms)));
        }
    }
    Ok(any)
}

/// The value that is shown at a place, and who wrote it.
fn shown_at(view: &VisitView, path: &str) -> Option<Written> {
    let values = match Place::parse(path)? {
        Place::Shared(Container::Answers, key) => view.answers.get(key)?,
        Place::Shared(Container::SealStates, key) => view.seal_states.get(key)?,
        Place::Shared(Container::Proposal, key) => view.proposal.get(key)?,
        Place::Field(Container::Findings, id, field) => return shown_in(view, id, field),
        _ => return None,
    };
    values.values.last().cloned()
}

/// The same in a finding.
fn shown_in(view: &VisitView, id: &str, field: &str) -> Option<Written> {
    let finding = view.findings.get(&id.parse().ok()?)?;
    let text = match field {
        "code" => &finding.content.code,
        "text" => &finding.content.text,
        "severity" => finding.content.severity.as_ref()?,
        _ => return None,
    };
    let minted = (finding.meta.change, finding.meta.actor);
    let edited = finding.meta.edited.iter().find(|edited| edited.field == field);
    let (change, actor) = edited.map_or(minted, |edited| (edited.change, edited.actor));
    Some(Written { value: Scalar::Text(text.clone()), change, actor })
}

async fn choose(
    ctx: &mut Ctx,
    store: &Store,
    conflict: &Conflict,
    keep: &str,
    why: Option<&str>,
) -> Result<(), Failure> {
    let wanted = keep.trim().to_lowercase();
    let place = ('a'..='z').take(conflict.values.len()).position(|letter| wanted == letter.to_string());
    let value = place.map(|place| (&conflict.values[place], conflict.texts[place].clone()));
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
    let shown = value.as_ref().map_or_else(|| say!(ctx.words, "conflict-both"), |(_, text)| text.clone());
    let note = format!("{}: {shown}. {}", conflict.place, why.unwrap_or_default());
    let unwritable = Failure::new("conflict-unwritable", say!(ctx.words, "conflict-unwritable"));
    let compose = |act: &mut Act<'_>| -> Result<(), Failure> {
        // The value may stand already, written by a decision that was undone.
        act.edit().confirming();
        if let Some((written, _)) = &value
            && !write(act.edit(), &conflict.path, &written.value)?
        {
            return Err(unwritable);
        }
        if why.is_some() || value.is_none() {
            act.edit().append_text(SharedText::Note, note.trim())?;
        }
        Ok(())
    };
    let site = super::site::load(store, conflict.visit).await?;
    super::standing::warn(ctx, store, Some(&site)).await?;
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
