//! Which visit a command is about, and what is said after a save.

use super::standing;
use crate::cli::help::argument_name;
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure};
use crate::i18n::{Lang, Words, say};
use crate::store::{Recorded, Store, VisitRow, VisitState};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use sync_core::checklist::{ItemState, ItemStatus, item_states};
use sync_core::document::{Entry, VisitView};
use sync_core::ids::{EntryId, VisitId};
use sync_core::number::unit_shown;
use sync_core::protocol::{AssignmentCard, CheckKind, ChecklistItem, ChecklistTemplate, ItemKind, PackKey};
use sync_core::search::fold;

/// Fewest characters of an id that may stand for it.
const ID_TAIL_MIN: usize = 4;
/// Most candidates that an ambiguous name lists.
const CANDIDATES_MAX: usize = 8;

/// A visit with what the device knows about it.
pub(crate) struct Site {
    pub(crate) visit: VisitId,
    pub(crate) row: VisitRow,
    pub(crate) card: Option<AssignmentCard>,
    pub(crate) checklist: Option<ChecklistTemplate>,
    /// Whether it is `@`: what is typed without `--visit` is about it.
    pub(crate) is_current: bool,
}

impl Site {
    /// How the visit is called: its complaint number, or its id without a card.
    pub(crate) fn name(&self) -> String {
        let number = self.card.as_ref().map(|card| card.number.clone());
        number.or_else(|| self.row.number.clone()).unwrap_or_else(|| self.visit.to_string())
    }

    /// A command that is typed next, about this visit whatever `@` is.
    pub(crate) fn on_it(&self, command: impl Into<String>) -> String {
        let command = command.into();
        match self.is_current {
            true => command,
            false => format!("{command} --visit {}", super::visit::tail(&self.name())),
        }
    }

    /// Whether the visit was taken away and put away: only what was recorded is still known.
    fn is_gone(&self) -> bool {
        self.row.unassigned && !self.row.has_document && self.card.is_none()
    }

    /// The meter on record.
    pub(crate) fn meter_no(&self) -> Option<&str> {
        self.card.as_ref()?.meter.as_ref().map(|meter| meter.number.as_str())
    }

    /// Leaves the meter on record aside, because it is not the one that is checked. Returns whether there was one.
    pub(crate) fn forget_meter(&mut self) -> bool {
        self.card.as_mut().and_then(|card| card.meter.take()).is_some()
    }

    /// Items of the checklist and how far they are.
    pub(crate) fn items<'a>(&'a self, view: &VisitView) -> Vec<ItemStatus<'a>> {
        self.checklist.as_ref().map(|list| item_states(list, view)).unwrap_or_default()
    }

    /// An item by its code or its number in the list.
    pub(crate) fn item(&self, words: &Words, typed: &str) -> Result<&ChecklistItem, Failure> {
        let items = self.checklist.as_ref().map(|list| list.items.as_slice()).unwrap_or_default();
        let by_number = || items.get(typed.parse::<usize>().ok()?.checked_sub(1)?);
        let by_code = items.iter().find(|item| fold(&item.code) == fold(typed));
        let by_tail = || {
            let mut ends =
                items.iter().filter(|item| fold(&item.code).ends_with(&format!(".{}", fold(typed))));
            ends.next().filter(|_| ends.next().is_none())
        };
        by_code.or_else(by_number).or_else(by_tail).ok_or_else(|| {
            let known: Vec<&str> = items.iter().map(|item| item.code.as_str()).collect();
            Failure::usage("item-unknown", say!(words, "item-unknown", item = typed)).hint(say!(
                words,
                "usage-valid-values",
                values = known.join(", ")
            ))
        })
    }
}

/// Finds the visit that was meant: `@` or nothing, a complaint number or its end, an id or its end.
pub(crate) async fn find(ctx: &Ctx, store: &Store, typed: Option<&str>) -> Result<Site, Failure> {
    let site = find_any(ctx, store, typed).await?;
    if site.is_gone() {
        let (visit, log) = (site.name(), format!("field log {}", super::visit::tail(&site.name())));
        let text = match standing::cancelled(ctx, site.row.cancelled.as_ref()) {
            Some(text) => say!(ctx.words, "visit-gone-cancelled", visit = visit, cancelled = text),
            None => say!(ctx.words, "visit-gone", visit = visit),
        };
        let hint = say!(ctx.words, "visit-gone-hint", command = log);
        return Err(Failure::new("visit-gone", text).hint(hint));
    }
    Ok(site)
}

/// The same, also when only the log still knows the visit.
pub(crate) async fn find_any(ctx: &Ctx, store: &Store, typed: Option<&str>) -> Result<Site, Failure> {
    let typed = typed.map(str::trim).filter(|text| !text.is_empty() && *text != "@");
    let visit = match typed {
        Some(typed) => resolve(ctx, store, typed).await?,
        None => store.current_visit().await?.ok_or_else(|| {
            Failure::usage("no-current-visit", say!(ctx.words, "no-current-visit")).hint(say!(
                ctx.words,
                "next-step",
                command = "field today"
            ))
        })?,
    };
    load(store, visit).await
}

/// A visit that is known by its id.
pub(crate) async fn load(store: &Store, visit: VisitId) -> Result<Site, Failure> {
    let row = store.visit(visit).await?.ok_or(crate::store::StoreError::UnknownVisit { visit })?;
    let card = store.assignment(visit).await?;
    let checklist = match &card {
        Some(card) => store.pack_json(&PackKey::Checklist(card.checklist.clone())).await?,
        None => None,
    };
    let is_current = store.current_visit().await? == Some(visit);
    Ok(Site { visit, row, card, checklist, is_current })
}

/// Finds the visit that something is going to be recorded on, and says what will be doubted about that.
pub(crate) async fn acting(ctx: &mut Ctx, store: &Store, typed: Option<&str>) -> Result<Site, Failure> {
    let site = find(ctx, store, typed).await?;
    standing::warn(ctx, store, Some(&site)).await?;
    Ok(site)
}

/// Finds the visit to record on: it must have been started.
pub(crate) async fn recording(ctx: &mut Ctx, store: &Store, typed: Option<&str>) -> Result<Site, Failure> {
    let site = acting(ctx, store, typed).await?;
    let name = site.name();
    match site.row.state {
        VisitState::Planned => {
            return Err(Failure::new(
                "visit-not-started",
                say!(ctx.words, "visit-not-started", visit = name.clone()),
            )
            .hint(say!(ctx.words, "next-step", command = format!("field visit start {name}"))));
        }
        VisitState::Paused => {
            ctx.out.warn("visit-paused", &say!(ctx.words, "warn-visit-paused", visit = name));
        }
        VisitState::NoAccess | VisitState::Finished => {
            ctx.out.warn("visit-finished", &say!(ctx.words, "warn-visit-finished", visit = name));
        }
        VisitState::Running => {}
    }
    Ok(site)
}

async fn resolve(ctx: &Ctx, store: &Store, typed: &str) -> Result<VisitId, Failure> {
    let (cards, rows) = (store.assignments().await?, store.visits().await?);
    let plain = fold(typed);
    let of = |visit: VisitId| cards.iter().find(|card| card.visit == visit);
    let number = |visit: VisitId| rows.iter().find(|row| row.visit == visit)?.number.as_deref();
    let names = |visit: VisitId| {
        let of_card =
            of(visit).into_iter().flat_map(|card| std::iter::once(&card.number).chain(&card.aliases));
        of_card.map(|name| fold(name)).chain(number(visit).map(fold))
    };
    let id = |visit: VisitId| visit.to_string();
    let all = || rows.iter().map(|row| row.visit);
    let exact: Vec<VisitId> =
        all().filter(|visit| id(*visit) == plain || names(*visit).any(|name| name == plain)).collect();
    let near: Vec<VisitId> = all()
        .filter(|visit| {
            names(*visit).any(|name| name.ends_with(&plain) || name.starts_with(&plain))
                || (plain.len() >= ID_TAIL_MIN && id(*visit).ends_with(&plain))
        })
        .collect();
    let found = if exact.is_empty() { near } else { exact };
    match found.as_slice() {
        [visit] => Ok(*visit),
        [] => Err(Failure::new("visit-unknown", say!(ctx.words, "visit-unknown", visit = typed))
            .hint(say!(ctx.words, "visit-unknown-hint"))),
        several => {
            let failure =
                Failure::usage("visit-ambiguous", say!(ctx.words, "visit-ambiguous", visit = typed));
            Err(several.iter().take(CANDIDATES_MAX).fold(failure, |failure, visit| {
                let id = visit.to_string();
                let tail = &id[id.len() - 6..];
                let (number, address) =
                    of(*visit).map_or(("", ""), |card| (card.number.as_str(), card.address.as_str()));
                failure.hint(format!("…{tail}  {number}  {address}"))
            }))
        }
    }
}

/// Entries of a collection in the order of their numbers: by time, then id.
pub(crate) fn numbered<T>(entries: &BTreeMap<EntryId, Entry<T>>) -> Vec<(usize, EntryId, &Entry<T>)> {
    let mut list: Vec<(EntryId, &Entry<T>)> = entries.iter().map(|(id, entry)| (*id, entry)).collect();
    list.sort_by_key(|(id, entry)| (entry.meta.at, *id));
    list.into_iter().enumerate().map(|(index, (id, entry))| (index + 1, id, entry)).collect()
}

/// What became of an entry since it was recorded, to stand behind it: taken back, corrected, or nothing.
pub(crate) fn fate<T>(words: &Words, entry: &Entry<T>) -> String {
    let mut text = String::new();
    if let Some(withdrawn) = &entry.meta.withdrawn {
        text.push_str(&say!(words, "show-withdrawn", reason = withdrawn.reason.clone()));
    }
    if !entry.meta.superseded_by.is_empty() {
        text.push_str(&say!(words, "show-corrected"));
    }
    text
}

/// The entry with a number as listed, or with the end of an id.
pub(crate) fn entry<T>(
    words: &Words,
    entries: &BTreeMap<EntryId, Entry<T>>,
    typed: &str,
) -> Result<EntryId, Failure> {
    entry_as(words, entries, typed, typed)
}

/// The same where lists call entries by more than a number: `shown` is what was typed.
pub(crate) fn entry_as<T>(
    words: &Words,
    entries: &BTreeMap<EntryId, Entry<T>>,
    typed: &str,
    shown: &str,
) -> Result<EntryId, Failure> {
    let list = numbered(entries);
    let plain = typed.trim().trim_start_matches('#').to_lowercase();
    let unknown =
        || Failure::usage("entry-unknown", say!(words, "entry-unknown", entry = shown, count = list.len()));
    if let Ok(number) = plain.parse::<usize>()
        && let Some((_, id, _)) = list.get(number.wrapping_sub(1))
    {
        return Ok(*id);
    }
    if plain.len() < ID_TAIL_MIN {
        return Err(unknown());
    }
    let mut ends = list.iter().filter(|(_, id, _)| id.to_string().ends_with(&plain));
    match (ends.next(), ends.next()) {
        (Some((_, id, _)), None) => Ok(*id),
        _ => Err(unknown()),
    }
}

/// Says that an entry was withdrawn before, and why: nothing is written then.
pub(crate) fn gone_already(ctx: &mut Ctx, site: &Site, entry: EntryId, reason: &str) -> Exit {
    ctx.out.done(&say!(ctx.words, "entry-gone-already", reason = reason));
    ctx.out.event("saved", json!({ "visit": site.visit, "entry": entry, "already": true }));
    Exit::Ok
}

/// Says that an act is on disk, how far the checklist is and what may come next.
pub(crate) fn saved<T>(ctx: &mut Ctx, site: &Site, recorded: &Recorded<T>, what: &str, more: Value) {
    let items = site.items(&recorded.view);
    let done = items.iter().filter(|status| status.state != ItemState::Open).count();
    let what = if what.is_empty() { String::new() } else { format!("   {what}") };
    let line = match items.len() {
        0 => say!(ctx.words, "saved", what = what),
        total => say!(ctx.words, "saved-checklist", what = what, done = done, total = total),
    };
    ctx.out.done(&line);
    let mut fields = json!({
        "visit": site.visit, "number": site.card.as_ref().map(|card| &card.number),
        "at_ms": recorded.at, "envelopes": recorded.envelopes,
        "checklist_done": done, "checklist_total": items.len(),
    });
    if let (Value::Object(fields), Value::Object(more)) = (&mut fields, more) {
        fields.extend(more);
    }
    ctx.out.event("saved", fields);
    if !matches!(site.row.state, VisitState::Finished | VisitState::NoAccess) && !items.is_empty() {
        let open = items.iter().find(|status| status.blocks());
        let command = open.map_or_else(
            || site.on_it("field visit finish"),
            |open| fill_command(&ctx.words, open.item, site),
        );
        ctx.out.next(&say!(ctx.words, "next-step", command = command));
    }
}

/// The command that fills an item of the checklist.
pub(crate) fn fill_command(words: &Words, item: &ChecklistItem, site: &Site) -> String {
    let code = &item.code;
    let file = say!(words, "placeholder-file");
    let command = match &item.kind {
        ItemKind::YesNo => format!("field answer {code} yes|no"),
        ItemKind::Choice { options } => {
            let codes: Vec<&str> = options.iter().map(|option| option.code.as_str()).collect();
            format!("field answer {code} {}", codes.join("|"))
        }
        ItemKind::Number { unit, .. } => format!("field answer {code} <{}>", unit_shown(unit)),
        ItemKind::Text => format!("field answer {code} \"…\""),
        ItemKind::Photo { role } => format!("field photo add {file} --tag {role}"),
        ItemKind::MeterCheck { of } => check_command(words, of, site),
        ItemKind::Reading => "field meter read --register total=…".to_owned(),
    };
    site.on_it(command)
}

/// A check of a kind that the item asks for, and that is about the utility on record where it asks for several.
fn check_command(words: &Words, of: &[CheckKind], site: &Site) -> String {
    let gas = site.card.as_ref().is_some_and(|card| card.utility == "gas");
    let order = match gas {
        true => [CheckKind::GasTightness, CheckKind::GasMeter, CheckKind::Electricity],
        false => [CheckKind::Electricity, CheckKind::GasTightness, CheckKind::GasMeter],
    };
    match order.into_iter().find(|kind| of.is_empty() || of.contains(kind)) {
        Some(CheckKind::GasTightness) => {
            format!("field gas leak --joint \"{}=ok\"", say!(words, "placeholder-place"))
        }
        Some(CheckKind::GasMeter) => "field gas volume --point 0.102/0.100/180".to_owned(),
        _ => "field meter check watt --pulses … --seconds … --watts …".to_owned(),
    }
}

/// The words of a checklist item.
pub(crate) fn item_name(lang: Lang, item: &ChecklistItem) -> &str {
    lang.pick(&item.zh, &item.en)
}

/// A usage failure that lists what would be taken.
pub(crate) fn not_one_of(words: &Words, argument: &str, found: &str, known: &[(String, String)]) -> Failure {
    let argument = argument_name(words, argument);
    let failure =
        Failure::usage("wrong-value", say!(words, "usage-wrong-value", value = found, argument = argument));
    let shown = |(code, name): &(String, String)| {
        if code == name { code.clone() } else { format!("{code} ({name})") }
    };
    let list: Vec<String> = known.iter().map(shown).collect();
    failure.hint(say!(words, "usage-valid-values", values = list.join(", "))).exit(Exit::Usage)
}
