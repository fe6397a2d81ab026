//! Early warnings as pages: the lists, one warning with its figures, and the form for rules.

mod list;
mod rules;
mod rules_form;
#[cfg(test)]
mod tests;
mod warning;

use super::bodies::WarningBody;
use super::rows;
use crate::complaints::scope::Reach;
use crate::pages::{PageRoutes, Shell, Words};
use crate::store::{StoreError, Tx};
use sync_core::time::Timestamp;

pub(crate) fn pages(routes: PageRoutes) -> PageRoutes {
    rules::pages(warning::pages(list::pages(routes)))
}

/// How many warnings within reach wait for somebody, counted up to a number, for the start page.
pub(crate) async fn waiting(
    tx: &mut Tx,
    reach: &Reach,
    now: Timestamp,
    most: i64,
) -> Result<i64, StoreError> {
    rows::waiting_count(tx, reach, now, most).await
}

/// The name of a class, which is a category itself where it has parts.
fn class_name(w: Words, class: &str) -> String {
    if class.is_empty() { w.t("warning-no-class") } else { w.category(class).to_owned() }
}

fn area_name(shell: &Shell, area: &str) -> String {
    if area.is_empty() { shell.w.t("warning-no-area") } else { shell.region(area).to_owned() }
}

/// What people call a warning: its class and region.
fn title(shell: &Shell, body: &WarningBody) -> String {
    format!("{} · {}", class_name(shell.w, &body.class), area_name(shell, &body.area))
}

/// A figure with at most one decimal.
fn figure(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

/// Expected, limit, seen in words.
fn message(w: Words, body: &WarningBody) -> String {
    let limit = figure(body.limit);
    match body.usual {
        Some(usual) => w.abc("warning-message", figure(usual), limit, body.seen),
        None => w.ab("warning-message-fixed", limit, body.seen),
    }
}

/// The days that are counted, in words.
fn days_words(w: Words, body: &WarningBody) -> String {
    match body.window_days {
        1 => body.day.clone(),
        days => w.ab("warning-days-until", w.n("watch-days", days), &body.day),
    }
}

/// The badge of a level: its class and its words.
fn level_badge(w: Words, level: i64) -> (&'static str, String) {
    match level {
        0 => ("", w.t("warning-taken-back")),
        1 => ("warn", w.n("warning-level", 1)),
        level => ("bad", w.n("warning-level", level)),
    }
}
