//! Everything recorded on a visit, for people to read.

use crate::cmd::decisions::{self, Decision};
use crate::cmd::people::People;
use crate::cmd::site::{Site, fate, item_name, numbered};
use crate::cmd::terms::Terms;
use crate::cmd::{Outcome, choice, customer, events, expert, gas, hazard, meter, site, standing};
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure};
use crate::i18n::{Words, say};
use crate::render;
use crate::store::{Origin, Store};
use jiff::tz::TimeZone;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use sync_core::checklist::{ItemState, ItemStatus};
use sync_core::codes::CodeTable;
use sync_core::date::CivilDate;
use sync_core::document::{Entry, Progress, Scalar, VisitView};
use sync_core::ids::{ChangeHash, EntryId};
use sync_core::number::unit_shown;
use sync_core::protocol::ItemKind;
use sync_core::time::Timestamp;

/// Shows a visit.
pub(crate) async fn run(ctx: &mut Ctx, typed: Option<&str>, history: bool) -> Outcome {
    let store = ctx.store().await?;
    let site = site::find(ctx, &store, typed).await?;
    let view = if site.row.has_document { Some(store.document(site.visit).await?.view()) } else { None };
    let editors = editors(&store, view.as_ref()).await?;
    let rework = store.reworks().await?.into_iter().find(|rework| rework.visit == site.visit);
    if ctx.out.is_json() {
        let changed_by: BTreeMap<String, _> = editors
            .iter()
            .map(|(change, origin)| {
                (change.to_string(), json!({ "person": origin.person, "at_ms": origin.claimed_at }))
            })
            .collect();
        ctx.out.event(
            "visit",
            json!({
                "visit": site.visit, "number": site.name(), "state": site.row.state.as_str(),
                "unassigned": site.row.unassigned,
                "cancelled": standing::cancelled_json(site.row.cancelled.as_ref()),
                "card": site.card, "record": view, "changed_by": changed_by,
                "rework": rework.map(|rework| json!({ "reason": rework.reason, "paths": rework.paths })),
            }),
        );
        return Ok(Exit::Ok);
    }
    let mut page = Page {
        words: &ctx.words,
        zone: &ctx.zone,
        now: ctx.now(),
        people: People::known(&store).await?,
        editors,
        history,
        text: Vec::new(),
    };
    page.head(&site, standing::cancelled(ctx, site.row.cancelled.as_ref()));
    if let Some(rework) = rework {
        page.line(say!(ctx.words, "show-rework", reason = rework.reason.clone()));
        let terms = Terms::known(&store).await?;
        for path in &rework.paths {
            page.line(format!("  - {}", terms.path(&ctx.words, path)));
        }
    }
    if let Some(view) = &view {
        page.checklist(&site, view);
        page.record(view);
        page.photos(&store, &site, view).await?;
        page.said(view);
        page.proposal(view);
        page.decisions(&Terms::known(&store).await?, view);
    }
    page.experts(&site);
    if let Some(card) = &site.card {
        let planned = events::at_the_door(ctx, &store, (&card.utility, &card.region)).await?;
        page.section(say!(ctx.words, "title-events"), planned);
    }
    let text = page.text.join("\n");
    ctx.out.data(&text);
    let conflicts = view.as_ref().map_or(0, |view| view.conflicts.len());
    if conflicts > 0 {
        ctx.out.warn("conflicts", &say!(ctx.words, "show-conflicts", count = conflicts));
        ctx.out.next(&say!(ctx.words, "next-step", command = "field conflicts"));
    }
    Ok(Exit::Ok)
}

/// Who wrote fields of findings again after they were recorded, by the change that did it.
async fn editors(store: &Store, view: Option<&VisitView>) -> Result<BTreeMap<ChangeHash, Origin>, Failure> {
    let findings = view.into_iter().flat_map(|view| view.findings.values());
    let changes: Vec<ChangeHash> =
        findings.flat_map(|entry| &entry.meta.edited).map(|edited| edited.change).collect();
    Ok(store.origins(&changes).await?)
}

/// A page in the making.
struct Page<'a> {
    words: &'a Words,
    zone: &'a TimeZone,
    now: Timestamp,
    people: People,
    editors: BTreeMap<ChangeHash, Origin>,
    history: bool,
    text: Vec<String>,
}

impl Page<'_> {
    fn line(&mut self, line: impl Into<String>) {
        self.text.push(format!("  {}", line.into()).trim_end().to_owned());
    }

    fn title(&mut self, title: String) {
        self.text.push(String::new());
        self.text.push(title);
    }

    fn time(&self, at: Timestamp) -> String {
        render::time(self.words, at, self.now, self.zone)
    }

    /// `09:44 张伟`, with who changed it since and what became of the entry.
    fn origin<T>(&self, entry: &Entry<T>) -> String {
        let mut text = format!("{} {}", self.time(entry.meta.at), self.people.name(entry.meta.by));
        let changes: BTreeSet<ChangeHash> = entry.meta.edited.iter().map(|edited| edited.change).collect();
        for origin in changes.iter().filter_map(|change| self.editors.get(change)) {
            let (who, at) = (self.people.name(origin.person), self.time(origin.claimed_at));
            text.push_str(&say!(self.words, "show-edited", who = who, at = at));
        }
        text + &fate(self.words, entry)
    }

    /// The day on which it was recorded: results follow the rules of that day.
    fn day<T>(&self, entry: &Entry<T>) -> CivilDate {
        civil_day(entry.meta.at, self.zone)
    }

    fn shows<T>(&self, entry: &Entry<T>) -> bool {
        self.history || entry.stands()
    }

    fn head(&mut self, site: &Site, cancelled: Option<String>) {
        let state = self.words.code("state", site.row.state.as_str());
        let summary = site.card.as_ref().map(|card| card.summary.clone()).unwrap_or_default();
        self.text.push(format!("{}  {summary}  [{state}]", site.name()));
        if site.row.unassigned {
            let command = format!("field log {}", super::list::tail(&site.name()));
            self.line(match cancelled {
                Some(text) => say!(self.words, "show-cancelled", cancelled = text, command = command),
                None => say!(self.words, "show-lost", command = command),
            });
        }
        let Some(card) = &site.card else { return };
        let customer = [&card.customer.name, &card.customer.phone, &card.customer.number];
        let customer: Vec<&str> = customer.into_iter().flatten().map(String::as_str).collect();
        self.line(card.address.clone());
        if !customer.is_empty() {
            self.line(customer.join(" · "));
        }
        if card.confidential {
            self.line(say!(self.words, "show-confidential"));
        }
        if let Some(meter) = &card.meter {
            let class = meter.class.as_deref().map(|class| say!(self.words, "show-class", class = class));
            let constant = meter.constant.map(|constant| format!("{constant} imp/kWh"));
            let parts = [
                Some(meter.number.clone()),
                class,
                constant,
                meter.rating.clone(),
                meter.last_reading.clone(),
            ];
            let parts: Vec<String> = parts.into_iter().flatten().collect();
            self.line(say!(self.words, "show-meter", meter = parts.join(" · ")));
        }
        if !card.aliases.is_empty() {
            self.line(say!(self.words, "show-aliases", aliases = card.aliases.join(", ")));
        }
        if let Some(due) = card.due_at {
            self.line(say!(self.words, "visit-due", due = self.time(due)));
        }
    }

    fn checklist(&mut self, site: &Site, view: &VisitView) {
        let items = site.items(view);
        let Some(list) = site.checklist.as_ref().filter(|_| !items.is_empty()) else { return };
        let done = items.iter().filter(|status| status.state != ItemState::Open).count();
        let title = self.words.lang.pick(&list.zh, &list.en).to_owned();
        self.title(say!(self.words, "visit-checklist", title = title, done = done, total = items.len()));
        for (index, status) in items.iter().enumerate() {
            let line = item_line(self.words, index + 1, status, view);
            self.line(line);
        }
    }

    fn record(&mut self, view: &VisitView) {
        let findings = self.told(&view.findings, |number, entry| {
            let code = CodeTable::Findings.name(&entry.content.code, choice::language(self.words));
            format!("{number}  {code}  {}", entry.content.text)
        });
        self.section(say!(self.words, "title-findings"), findings);
        let words = self.words;
        let mut measured = self.told(&view.readings, |number, entry| {
            format!("{number}  {}", meter::reading_line(words, &entry.content))
        });
        measured.extend(self.told(&view.meter_checks, |number, entry| {
            let line = meter::check::result_line(words, &entry.content, self.day(entry));
            format!("{}  {line}", meter::check::label(number))
        }));
        measured.extend(
            self.told(&view.gas_tests, |_, entry| gas::result_line(words, &entry.content, self.day(entry))),
        );
        measured.extend(self.told(&view.seals, |_, entry| meter::seal::line(words, &entry.content)));
        self.section(say!(self.words, "title-measured"), measured);
        let mut dangers = self.told(&view.hazards, |number, entry| {
            format!("{number}  {}", hazard::line(words, &entry.content))
        });
        dangers.extend(self.told(&view.notices, |number, entry| {
            format!("{number}  {}", hazard::notice_line(words, &entry.content))
        }));
        self.section(say!(self.words, "title-hazards"), dangers);
        let steps = self.told(&view.progress, |_, entry| step_line(words, &entry.content));
        self.section(say!(self.words, "title-progress"), steps);
    }

    /// The entries that are shown, each with its number in words and its origin.
    fn told<T>(
        &self,
        entries: &BTreeMap<EntryId, Entry<T>>,
        line: impl Fn(usize, &Entry<T>) -> String,
    ) -> Vec<String> {
        numbered(entries)
            .into_iter()
            .filter(|(_, _, entry)| self.shows(entry))
            .map(|(number, _, entry)| format!("{}  ({})", line(number, entry), self.origin(entry)))
            .collect()
    }

    fn section(&mut self, title: String, lines: Vec<String>) {
        if !lines.is_empty() {
            self.title(title);
        }
        for line in lines {
            self.line(line);
        }
    }

    async fn photos(&mut self, store: &Store, site: &Site, view: &VisitView) -> Result<(), Failure> {
        let rows = store.photos(Some(site.visit)).await?;
        let mut lines = Vec::new();
        for (number, id, entry) in numbered(&view.photos).iter().filter(|(_, _, entry)| self.shows(entry)) {
            let row = rows.iter().find(|row| row.entry == *id);
            let line = crate::cmd::photo::line(self.words, &entry.content, row);
            lines.push(format!("{number}  {line}  ({})", self.origin(entry)));
        }
        self.section(say!(self.words, "title-photos"), lines);
        Ok(())
    }

    fn said(&mut self, view: &VisitView) {
        let words = self.words;
        let mut lines = self.told(&view.statements, |_, entry| {
            say!(words, "show-statement", from = customer::giver_name(words, &entry.content.from))
        });
        lines.extend(self.told(&view.signatures, |_, entry| match &entry.content.refused_reason {
            Some(reason) => say!(words, "show-refused", reason = reason.clone()),
            None => say!(words, "show-signed"),
        }));
        lines.extend(self.told(&view.promises, |number, entry| {
            let (what, due) = (entry.content.what.clone(), self.time(entry.content.due_ms));
            format!("{number}  {}", say!(words, "show-promise", what = what, due = due))
        }));
        self.section(say!(self.words, "title-customer"), lines);
    }

    fn decisions(&mut self, terms: &Terms, view: &VisitView) {
        let office = self.words.code("author", "office");
        let line = |decision: &Decision<'_>| {
            let at = self.time(decision.entry.meta.at);
            format!("{}  ({at} {office})", decision.line(self.words, terms))
        };
        let lines = decisions::standing(view).iter().map(line).collect();
        self.section(say!(self.words, "title-decisions"), lines);
    }

    /// What experts were asked about the complaint, by whomever, and what they say.
    fn experts(&mut self, site: &Site) {
        let asked = site.card.iter().flat_map(|card| &card.expert_requests);
        let lines = asked.flat_map(|card| expert::lines(self.words, card, self.now, self.zone)).collect();
        self.section(say!(self.words, "title-experts"), lines);
    }

    fn proposal(&mut self, view: &VisitView) {
        let tables = [
            ("verdict", CodeTable::Verdicts),
            ("cause", CodeTable::RootCauses),
            ("responsibility", CodeTable::Responsibilities),
        ];
        let mut lines: Vec<String> = tables
            .iter()
            .filter(|(key, _)| !decisions::is_written_by_office(view, &format!("proposal/{key}")))
            .filter_map(|(key, table)| {
                let code = view.proposal.get(*key)?.shown.as_text()?;
                let name = table.name(code, choice::language(self.words)).to_owned();
                Some(say!(self.words, "show-proposed", field = self.words.code("part", key), value = name))
            })
            .collect();
        lines.extend(
            [&view.cause_text, &view.note].into_iter().flat_map(|text| text.lines()).map(str::to_owned),
        );
        self.section(say!(self.words, "title-proposal"), lines);
    }
}

/// One step of the visit with its reason or outcome.
fn step_line(words: &Words, step: &Progress) -> String {
    let name = |table: CodeTable, code: &Option<String>| {
        code.as_deref().map(|code| table.name(code, choice::language(words)).to_owned())
    };
    let reason = name(CodeTable::NoAccessReasons, &step.reason);
    let more = reason.or_else(|| name(CodeTable::Outcomes, &step.outcome)).unwrap_or_default();
    format!("{}  {more}", words.code("event", &step.event)).trim_end().to_owned()
}

/// The day of a time, as limit profiles ask for it.
pub(crate) fn civil_day(now: Timestamp, zone: &TimeZone) -> CivilDate {
    render::day(now, zone).to_string().parse().expect("a calendar day of this millennium has four digits")
}

/// One item of the checklist with its answer.
pub(crate) fn item_line(words: &Words, number: usize, status: &ItemStatus<'_>, view: &VisitView) -> String {
    let mark = match status.state {
        ItemState::Done => "✓",
        ItemState::Skipped => "–",
        ItemState::Open if status.item.required => "·",
        ItemState::Open => " ",
    };
    let answer = view.answers.get(&status.item.code).map(|answer| {
        let text = answer_text(words, &status.item.kind, &answer.shown);
        if answer.is_conflict() { say!(words, "show-conflict", value = text) } else { text }
    });
    let name = item_name(words.lang, status.item);
    format!("{mark} {number}  {name}  {}  [{}]", answer.unwrap_or_default(), status.item.code)
}

/// An answer in words.
pub(crate) fn answer_text(words: &Words, kind: &ItemKind, value: &Scalar) -> String {
    match (kind, value) {
        (_, Scalar::Null) => String::new(),
        (_, Scalar::Bool(true)) => say!(words, "yes"),
        (_, Scalar::Bool(false)) => say!(words, "no"),
        (ItemKind::Choice { options }, Scalar::Text(code)) => options
            .iter()
            .find(|option| option.code == *code)
            .map_or_else(|| code.clone(), |option| words.lang.pick(&option.zh, &option.en).to_owned()),
        (ItemKind::Number { unit, .. }, Scalar::Text(number)) => format!("{number} {}", unit_shown(unit)),
        (_, Scalar::Text(text)) => text.clone(),
        (_, Scalar::Int(number)) => number.to_string(),
        (_, Scalar::Number(number)) => number.to_string(),
        (_, Scalar::Other { text, .. }) => text.clone(),
    }
}
