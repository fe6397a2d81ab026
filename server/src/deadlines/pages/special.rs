//! Rules about special complaints as a form: those that are published, changed, with what they would propose. They are
//! published as the next version of all rules, with the others as they are.

use super::rules::UNITS;
use super::special_form::{self, SpecialColumns, SpecialPart};
use crate::app::App;
use crate::complaints::office_moment;
use crate::deadlines::api::{PUBLISHERS, PolicyForm, preview_checked, publish_checked_policy};
use crate::deadlines::sql;
use crate::pages::{PageRoutes, Policy, Posted, Shell, Viewer, Words, page, see_other, unprocessable};
use crate::problem::{self, Problem};
use crate::routing::get;
use crate::specials::SpecialPreview;
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use sync_core::deadline::{DeadlinePolicy, built_in_policy};
use sync_core::time::Timestamp;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/deadlines/special", Policy::Roles(PUBLISHERS), get(show).post(act))
}

/// The form.
#[derive(Template)]
#[template(path = "deadlines/special.html")]
pub(super) struct SpecialPage {
    pub(super) shell: Shell,
    pub(super) version: i64,
    pub(super) effective_from: String,
    pub(super) part: SpecialPart,
    /// Code and name of the units of limits.
    pub(super) units: Vec<(String, String)>,
    pub(super) failure: Option<String>,
    /// What they would propose: heading and a line for each kind.
    pub(super) preview: Option<(String, Vec<String>)>,
}

/// The form as it is sent.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Typed {
    /// `publish`; anything else shows what they would do.
    act: String,
    version: i64,
    effective_from: String,
    special_number: Vec<String>,
    special_list: Vec<String>,
    special_handled: String,
    special_contact: Vec<String>,
    special_contact_unit: Vec<String>,
    special_onsite: Vec<String>,
    special_onsite_unit: Vec<String>,
    special_answer: Vec<String>,
    special_answer_unit: Vec<String>,
    special_zh: Vec<String>,
    special_en: Vec<String>,
    special_role: Vec<String>,
    special_amount: Vec<String>,
    special_unit: Vec<String>,
}

impl Typed {
    fn columns(&self) -> SpecialColumns {
        let this = self.clone();
        SpecialColumns {
            special_number: this.special_number,
            special_list: this.special_list,
            special_handled: this.special_handled,
            special_contact: this.special_contact,
            special_contact_unit: this.special_contact_unit,
            special_onsite: this.special_onsite,
            special_onsite_unit: this.special_onsite_unit,
            special_answer: this.special_answer,
            special_answer_unit: this.special_answer_unit,
            special_zh: this.special_zh,
            special_en: this.special_en,
            special_role: this.special_role,
            special_amount: this.special_amount,
            special_unit: this.special_unit,
        }
    }

    /// What was typed, as rules with the moment from which they hold; the key of what is wrong else.
    fn policy(&self, newest: &DeadlinePolicy) -> Result<(DeadlinePolicy, Timestamp), &'static str> {
        let from = self.effective_from.parse().ok().and_then(office_moment).ok_or("deadlines-moment")?;
        let special = special_form::rules(&self.columns()).ok_or("deadlines-special-wrong")?;
        let policy = DeadlinePolicy { special, ..newest.clone() };
        policy.check().map_err(|_| "deadlines-special-wrong")?;
        Ok((policy, from))
    }
}

fn special_page(
    shell: Shell,
    (version, effective_from): (i64, String),
    columns: &SpecialColumns,
    failure: Option<String>,
    preview: Option<&SpecialPreview>,
) -> SpecialPage {
    let w = shell.w;
    let words = |(_, code): &(_, &str)| ((*code).to_owned(), w.code("unit-of-limit", code));
    SpecialPage {
        version,
        effective_from,
        part: special_form::part(w, columns),
        units: UNITS.iter().map(words).collect(),
        failure,
        preview: preview.map(|preview| previewed(w, preview)),
        shell,
    }
}

fn previewed(w: Words, preview: &SpecialPreview) -> (String, Vec<String>) {
    let line = |kind: &crate::specials::SpecialKindPreview| {
        w.abc("deadlines-special-would", w.code("special-kind", kind.kind), kind.complaints, kind.now)
    };
    (w.a("deadlines-special-preview", preview.looked_at), preview.kinds.iter().map(line).collect())
}

async fn show(State(app): State<App>, viewer: Viewer) -> Result<Response, Problem> {
    let newest = sql::newest_policy(&mut app.store.read().await?).await?;
    let version = newest.as_ref().map_or(0, |newest| newest.version);
    let policy = newest.as_ref().map_or(built_in_policy(), |newest| &newest.policy);
    let tomorrow = crate::complaints::office_time(app.clock.now().plus_ms(86_400_000));
    let from = tomorrow.strftime("%Y-%m-%dT00:00").to_string();
    let columns = special_form::typed(&policy.special);
    Ok(page(&special_page(viewer.shell, (version, from), &columns, None, None)))
}

async fn act(State(app): State<App>, posted: Posted<Typed>) -> Result<Response, Problem> {
    let Posted { viewer, form: typed } = posted;
    let w = viewer.w();
    let head = (typed.version, typed.effective_from.clone());
    let newest = sql::newest_policy(&mut app.store.read().await?).await?;
    let newest = newest.as_ref().map_or(built_in_policy(), |newest| &newest.policy);
    let (policy, from) = match typed.policy(newest) {
        Ok(policy) => policy,
        Err(key) => {
            let failure = Some(w.t(key));
            return Ok(unprocessable(&special_page(viewer.shell, head, &typed.columns(), failure, None)));
        }
    };
    let form = PolicyForm { effective_from_ms: from.unix_ms(), policy: json!(policy) };
    if typed.act != "publish" {
        let preview = preview_checked(&app, &viewer.office, form).await?;
        let shown = special_page(viewer.shell, head, &typed.columns(), None, Some(&preview.specials));
        return Ok(page(&shown));
    }
    match publish_checked_policy(&app, &viewer.office, typed.version + 1, form).await {
        Ok(_) => Ok(see_other("/deadlines", Some("rules-published"))),
        Err(problem) => {
            let key = match problem.kind().code {
                code if code == problem::PRECONDITION_FAILED.code => "deadlines-changed-meanwhile",
                code if code == problem::BODY_INVALID.code => "deadlines-past",
                _ => return Ok(problem.into_response()),
            };
            let failure = Some(w.t(key));
            Ok(unprocessable(&special_page(viewer.shell, head, &typed.columns(), failure, None)))
        }
    }
}
