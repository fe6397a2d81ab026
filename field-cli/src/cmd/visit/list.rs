//! The visits of a day.

use crate::cmd::standing::cancelled_json;
use crate::cmd::{Outcome, know};
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure};
use crate::i18n::say;
use crate::render;
use crate::store::{VisitRow, VisitState};
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::json;
use sync_core::ids::VisitId;
use sync_core::protocol::AssignmentCard;

/// Columns of a summary in the list; `field visit show` has all of it.
const SUMMARY_COLUMNS_MAX: usize = 56;

/// One line of the list.
struct Line {
    card: AssignmentCard,
    row: VisitRow,
    rework: bool,
}

impl Line {
    fn is_open(&self) -> bool {
        self.rework || !matches!(self.row.state, VisitState::Finished | VisitState::NoAccess)
    }

    /// Nobody has been there yet.
    fn is_waiting(&self) -> bool {
        self.rework || matches!(self.row.state, VisitState::Planned)
    }

    fn is_under_way(&self) -> bool {
        matches!(self.row.state, VisitState::Running | VisitState::Paused)
    }
}

/// Lists the visits of a day, or all.
pub(crate) async fn run(ctx: &mut Ctx, date: Option<&str>, all: bool) -> Outcome {
    let store = ctx.store().await?;
    // A clock that is off by days would list those of another day.
    let today = render::day(store.sync_state().await?.server_now(&ctx.machine), &ctx.zone);
    let day = date.map_or(Ok(today), |text| read_day(ctx, text, today))?;
    let current = store.current_visit().await?;
    let reworks = store.reworks().await?;
    let rows = store.visits().await?;
    let mut lines: Vec<Line> = Vec::new();
    for card in store.assignments().await? {
        if let Some(row) = rows.iter().find(|row| row.visit == card.visit) {
            let rework = reworks.iter().any(|rework| rework.visit == card.visit);
            lines.push(Line { card, row: row.clone(), rework });
        }
    }
    lines.retain(|line| !line.row.unassigned || line.is_under_way());
    lines.sort_by(|a, b| {
        let key = |line: &Line| {
            (
                line.card.appointment_from.or(line.card.due_at).is_none(),
                line.card.appointment_from.or(line.card.due_at),
            )
        };
        let place =
            |line: &Line| (!line.rework, line.card.planned_on.clone(), key(line), line.card.number.clone());
        place(a).cmp(&place(b))
    });
    // What the office sent back is due at once, whatever day the visit was planned for.
    let of_day = |line: &Line| {
        line.card.planned_on == day.to_string() || (day == today && (line.is_under_way() || line.rework))
    };
    let earlier = lines
        .iter()
        .filter(|line| line.card.planned_on < day.to_string() && line.is_open() && !of_day(line))
        .count();
    let later = lines.iter().filter(|line| line.card.planned_on > day.to_string() && line.is_waiting());
    let later = later.map(|line| line.card.planned_on.clone()).min();
    let shown: Vec<Line> = lines.into_iter().filter(|line| all || of_day(line)).collect();
    show(ctx, &shown, current, day);
    tell_zone(ctx);
    if let Some(later) = later.filter(|_| !all && !shown.iter().any(Line::is_open)) {
        let command = format!("field visit list --date {later}");
        let later = later.parse().map_or(later, |later| render::date(&ctx.words, later, today));
        ctx.out.note(&say!(ctx.words, "list-later", day = later, command = command));
    }
    if !all && earlier > 0 && day == today {
        ctx.out.note(&say!(ctx.words, "list-earlier", count = earlier));
    }
    if !all && day == today {
        know::tell_news(ctx, &store).await?;
    }
    next(ctx, &shown, current);
    Ok(Exit::Ok)
}

/// Says by whose clock days and times go, unless that is the machine's and the utility's alike.
fn tell_zone(ctx: &mut Ctx) {
    let now = ctx.now();
    let offset = |zone: &TimeZone| format!("UTC{}", render::zoned(now, zone).strftime("%:z"));
    let (zone, own) = (offset(&ctx.zone), offset(&ctx.machine_zone));
    if !ctx.knows_zone {
        ctx.out.note(&say!(ctx.words, "zone-unknown", zone = zone));
    } else if zone != own {
        ctx.out.note(&say!(ctx.words, "zone-differs", zone = zone, own = own));
    }
}

/// `today`, `tomorrow`, `yesterday` or `YYYY-MM-DD`.
pub(crate) fn read_day(ctx: &Ctx, text: &str, today: Date) -> Result<Date, Failure> {
    match text.trim().to_lowercase().as_str() {
        "today" | "今天" => Ok(today),
        "tomorrow" | "明天" => Ok(today.saturating_add(1.day())),
        "yesterday" | "昨天" => Ok(today.saturating_sub(1.day())),
        other => other.parse().map_err(|_| {
            let what = say!(ctx.words, "usage-wrong-value", value = text, argument = "--date");
            Failure::usage("wrong-value", what).hint(say!(ctx.words, "date-hint"))
        }),
    }
}

fn show(ctx: &mut Ctx, lines: &[Line], current: Option<VisitId>, day: Date) {
    for line in lines {
        ctx.out.event("visit", json!({
            "visit": line.card.visit, "number": line.card.number, "aliases": line.card.aliases,
            "state": line.row.state.as_str(), "rework": line.rework, "current": current == Some(line.card.visit),
            "address": line.card.address, "summary": line.card.summary, "planned_on": line.card.planned_on,
            "unassigned": line.row.unassigned,
            "cancelled": cancelled_json(line.row.cancelled.as_ref()),
            "due_at_ms": line.card.due_at, "appointment_from_ms": line.card.appointment_from,
            "appointment_to_ms": line.card.appointment_to, "conflicts_open": line.row.conflicts_open,
        }));
    }
    let today = render::day(ctx.now(), &ctx.zone);
    if lines.is_empty() {
        let text = say!(ctx.words, "list-empty", day = render::date(&ctx.words, day, today));
        ctx.out.data(&text);
        return;
    }
    let mut table = render::table(
        &ctx.out,
        [
            String::new(),
            say!(ctx.words, "column-number"),
            say!(ctx.words, "column-address"),
            say!(ctx.words, "column-summary"),
            say!(ctx.words, "column-due"),
            say!(ctx.words, "column-state"),
        ],
    );
    let now = ctx.now();
    for line in lines {
        let due = line.card.appointment_from.or(line.card.due_at);
        let due = due.map(|at| {
            let time = render::time(&ctx.words, at, now, &ctx.zone);
            let window = line.card.appointment_from.and(line.card.appointment_to);
            let time = match window.map(|end| render::zoned(end, &ctx.zone).strftime("%H:%M").to_string()) {
                Some(end) => format!("{time}–{end}"),
                None => time,
            };
            // An appointment passes when its window does.
            let late = line.card.appointment_to.or(line.card.due_at).is_some_and(|end| end < now);
            if late && line.is_waiting() { say!(ctx.words, "list-late", time = time) } else { time }
        });
        let due = due.unwrap_or_default();
        let at = if current == Some(line.card.visit) { "@" } else { "" };
        table.add_row([
            at.to_owned(),
            line.card.number.clone(),
            render::cut(&line.card.address.replace('\n', " "), SUMMARY_COLUMNS_MAX),
            render::cut(&line.card.summary.replace('\n', " "), SUMMARY_COLUMNS_MAX),
            due,
            state_name(ctx, line),
        ]);
    }
    let text = render::lines(&table);
    ctx.out.data(&text);
}

fn state_name(ctx: &Ctx, line: &Line) -> String {
    let conflicts = match line.row.conflicts_open {
        0 => String::new(),
        count => say!(ctx.words, "list-conflicts", count = count),
    };
    let lost = match (line.row.unassigned, &line.row.cancelled) {
        (false, _) => String::new(),
        (true, None) => say!(ctx.words, "list-lost"),
        (true, Some(_)) => say!(ctx.words, "list-cancelled"),
    };
    let state = if line.rework { "rework" } else { line.row.state.as_str() };
    format!("{}{lost}{conflicts}", ctx.words.code("state", state))
}

fn next(ctx: &mut Ctx, lines: &[Line], current: Option<VisitId>) {
    let running = lines.iter().find(|line| current == Some(line.card.visit) && line.is_open());
    let planned = lines.iter().find(|line| line.is_open());
    let command = match (running, planned) {
        (Some(_), _) => "field visit show".to_owned(),
        (None, Some(line)) => format!("field visit start {}", tail(&line.card.number)),
        (None, None) => "field sync".to_owned(),
    };
    ctx.out.next(&say!(ctx.words, "next-step", command = command));
}

/// The end of a number, as people type it: `0417` of `C-2026-0417`.
pub(crate) fn tail(number: &str) -> &str {
    match number.rsplit_once('-') {
        Some((head, tail)) if tail.len() >= 3 && !head.starts_with('P') => tail,
        _ => number,
    }
}
