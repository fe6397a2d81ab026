//! New rules for early warnings as a form: the published ones, changed, with what they would have done.

use super::rules_form::{Mistake, Row, RulesTyped, UNITS};
use super::{area_name, class_name, level_badge};
use crate::app::App;
use crate::deadlines::PUBLISHERS;
use crate::pages::{PageRoutes, Policy, Posted, Shell, Viewer, Words, page, see_other, unprocessable};
use crate::problem::{self, Problem};
use crate::routing::get;
use crate::warnings::preview::{WarningPreview, WouldWarn};
use crate::warnings::rules::RulesError;
use crate::warnings::rules_api::{WarningPolicyForm, preview_checked, publish_checked};
use crate::warnings::{class_of, sql};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use sync_core::codes::CodeTable;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/warning-rules", Policy::Roles(PUBLISHERS), get(show).post(act))
}

/// The form.
#[derive(Template)]
#[template(path = "warnings/rules.html")]
pub(super) struct RulesPage {
    pub(super) shell: Shell,
    pub(super) typed: RulesTyped,
    pub(super) rows: Vec<Row>,
    /// Code and name.
    pub(super) classes: Vec<(String, String)>,
    pub(super) units: Vec<(String, String)>,
    pub(super) failure: Option<String>,
    pub(super) preview: Option<WarningPreview>,
}

impl RulesPage {
    /// How many of the warnings a rule would have raised.
    fn would(&self, row: &Row) -> Option<String> {
        let count = *self.preview.as_ref()?.by_rule.get(row.number.checked_sub(1)?)?;
        Some(self.shell.w.n("warning-would", count))
    }

    fn would_words(&self, would: &WouldWarn) -> String {
        let cell =
            format!("{} · {}", class_name(self.shell.w, &would.class), area_name(&self.shell, &would.area));
        format!("{cell} · {}", self.shell.w.n("warning-reports", would.seen))
    }

    fn would_level(&self, would: &WouldWarn) -> (&'static str, String) {
        level_badge(self.shell.w, i64::from(would.level))
    }
}

async fn show(State(app): State<App>, viewer: Viewer) -> Result<Response, Problem> {
    let newest = sql::newest(&mut app.store.read_once().await?).await?;
    let typed = newest.map_or_else(RulesTyped::default, |newest| {
        RulesTyped::of(viewer.w(), newest.version, &newest.rules, app.clock.now())
    });
    Ok(page(&rules_page(viewer, typed, None, None)))
}

async fn act(State(app): State<App>, posted: Posted<RulesTyped>) -> Result<Response, Problem> {
    let Posted { viewer, form: typed } = posted;
    let w = viewer.w();
    let (rules, from) = match typed.rules(w) {
        Ok(rules) => rules,
        Err(mistake) => {
            let failure = Some(in_words(w, &mistake));
            return Ok(unprocessable(&rules_page(viewer, typed, failure, None)));
        }
    };
    let form = WarningPolicyForm { effective_from_ms: from.unix_ms(), policy: json!(rules) };
    if typed.act != "publish" {
        let preview = preview_checked(&app, &viewer.office, form).await?;
        return Ok(page(&rules_page(viewer, typed, None, Some(preview))));
    }
    match publish_checked(&app, &viewer.office, typed.version + 1, form).await {
        Ok(_) => Ok(see_other("/warning-rules", Some("rules-published"))),
        Err(problem) => {
            let key = match problem.kind().code {
                code if code == problem::PRECONDITION_FAILED.code => "deadlines-changed-meanwhile",
                code if code == problem::BODY_INVALID.code => "warning-rules-past",
                _ => return Ok(problem.into_response()),
            };
            Ok(unprocessable(&rules_page(viewer, typed, Some(w.t(key)), None)))
        }
    }
}

fn in_words(w: Words, mistake: &Mistake) -> String {
    match mistake {
        Mistake::Moment => w.t("deadlines-moment"),
        Mistake::Number(row) => w.n("warning-rule-number", *row),
        Mistake::Day(row) | Mistake::Rules(RulesError::Days(row)) => w.n("warning-rule-days", *row),
        Mistake::Role(row, typed) => w.ab("warning-rule-role", row, typed),
        Mistake::Rules(RulesError::Count) => w.t("warning-rule-count"),
        Mistake::Rules(RulesError::Class(row)) => w.n("warning-rule-class", *row),
        Mistake::Rules(RulesError::Area(row)) => w.n("warning-rule-area", *row),
        Mistake::Rules(RulesError::Window(row)) => w.n("warning-rule-window", *row),
        Mistake::Rules(RulesError::UnusualWindow(row)) => w.n("warning-rule-unusual-window", *row),
        Mistake::Rules(RulesError::Levels(row)) => w.n("warning-rule-levels", *row),
        Mistake::Rules(RulesError::Thresholds(row)) => w.n("warning-rule-thresholds", *row),
        Mistake::Rules(RulesError::Never(row)) => w.n("warning-rule-never", *row),
        Mistake::Rules(RulesError::Recipients(row)) => w.n("warning-rule-recipients", *row),
        Mistake::Rules(RulesError::Recheck(row)) => w.n("warning-rule-recheck", *row),
        Mistake::Rules(RulesError::Source(row)) => w.n("deadlines-source-missing", *row),
        Mistake::Rules(RulesError::Unreachable(row, before)) => w.ab("warning-rule-unreachable", row, before),
    }
}

fn rules_page(
    viewer: Viewer,
    typed: RulesTyped,
    failure: Option<String>,
    preview: Option<WarningPreview>,
) -> RulesPage {
    let w = viewer.w();
    let mut classes: Vec<String> =
        CodeTable::Categories.entries().iter().map(|entry| class_of(&entry.code)).collect();
    classes.dedup();
    RulesPage {
        rows: typed.rows(),
        typed,
        classes: classes
            .into_iter()
            .map(|class| {
                let name = class_name(w, &class);
                (class, name)
            })
            .collect(),
        units: UNITS.iter().map(|(_, code)| ((*code).to_owned(), w.code("unit-of-limit", code))).collect(),
        failure,
        preview,
        shell: viewer.shell,
    }
}
