//! New rules for limits as a form: the rules that are published, changed, with what they would do before they hold.

use super::chain_form::{self, ChainColumns, LevelRow};
use super::discipline_form::{self, DisciplineColumns, DisciplineRow};
use super::return_form::{self, ReturnColumns, ReturnMistake, ReturnRow};
use super::watch_form::{self, WatchRow};
use crate::app::App;
use crate::complaints::model::{Channel, Priority, Utility};
use crate::complaints::office_moment;
use crate::complaints::phrases::Phrases;
use crate::deadlines::api::{PUBLISHERS, PolicyForm, preview_checked, publish_checked_policy};
use crate::deadlines::preview::Preview;
use crate::deadlines::sql;
use crate::pages::{PageRoutes, Policy, Posted, Shell, Viewer, Words, page, see_other, unprocessable};
use crate::problem::{self, Problem};
use crate::routing::get;
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use sync_core::codes::CodeTable;
use sync_core::deadline::{
    DeadlinePolicy, Limit, LimitUnit, Limits, PolicyError, Rule, SpecialRules, built_in_policy,
};
use sync_core::time::Timestamp;

/// Empty rows at the end of the form; more come with each preview.
const EMPTY_ROWS: usize = 2;

pub(super) const UNITS: [(LimitUnit, &str); 5] = [
    (LimitUnit::Minute, "minute"),
    (LimitUnit::Hour, "hour"),
    (LimitUnit::CalendarDay, "calendar_day"),
    (LimitUnit::WorkingDay, "working_day"),
    (LimitUnit::CalendarMonth, "calendar_month"),
];

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/deadlines/rules", Policy::Roles(PUBLISHERS), get(show).post(act))
}

/// A code and its words, as a form offers it.
type Choice = (String, String);

/// The form.
#[derive(Template)]
#[template(path = "deadlines/rules.html")]
pub(super) struct RulesPage {
    pub(super) shell: Shell,
    pub(super) typed: RulesTyped,
    pub(super) rows: Vec<Row>,
    pub(super) watch: Vec<WatchRow>,
    pub(super) returns: Vec<ReturnRow>,
    pub(super) disciplines: Vec<DisciplineRow>,
    pub(super) levels: Vec<LevelRow>,
    pub(super) calendars: Vec<Choice>,
    pub(super) utilities: Vec<Choice>,
    pub(super) categories: Vec<Choice>,
    pub(super) channels: Vec<Choice>,
    pub(super) priorities: Vec<Choice>,
    pub(super) units: Vec<Choice>,
    pub(super) failure: Option<String>,
    pub(super) preview: Option<Preview>,
}

/// One rule as it is typed.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    pub(super) number: usize,
    pub(super) utility: String,
    pub(super) category: String,
    pub(super) channel: String,
    pub(super) priority: String,
    /// Name of the step with amount and unit, for contact, site and answer.
    pub(super) limits: Vec<(&'static str, String, String)>,
    pub(super) source: String,
}

/// The form as it is sent: a list for each column.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct RulesTyped {
    /// `publish`; anything else shows what they would do.
    act: String,
    pub(super) version: i64,
    pub(super) calendar: String,
    pub(super) effective_from: String,
    utility: Vec<String>,
    category: Vec<String>,
    channel: Vec<String>,
    priority: Vec<String>,
    contact: Vec<String>,
    contact_unit: Vec<String>,
    onsite: Vec<String>,
    onsite_unit: Vec<String>,
    answer: Vec<String>,
    answer_unit: Vec<String>,
    source: Vec<String>,
    pub(super) warn_percent: String,
    /// Limits of the watch in the order of its rows.
    watch: Vec<String>,
    watch_unit: Vec<String>,
    return_categories: Vec<String>,
    return_checklists: Vec<String>,
    return_classes: Vec<String>,
    return_amount: Vec<String>,
    return_unit: Vec<String>,
    return_method: Vec<String>,
    return_questions: Vec<String>,
    return_source: Vec<String>,
    discipline_code: Vec<String>,
    discipline_zh: Vec<String>,
    discipline_en: Vec<String>,
    discipline_home: Vec<String>,
    discipline_amount: Vec<String>,
    discipline_unit: Vec<String>,
    level_category: Vec<String>,
    level_zh: Vec<String>,
    level_en: Vec<String>,
    level_role: Vec<String>,
    level_home: Vec<String>,
    level_region: Vec<String>,
    level_amount: Vec<String>,
    level_unit: Vec<String>,
    /// Absent in a form that has no part about return visits.
    pub(super) windows: Option<String>,
}

/// Why what was typed is no policy.
enum Mistake {
    Moment,
    /// The amount in the row of this number is no number.
    Amount(usize),
    Policy(PolicyError),
    /// Something in the part about the watch is no number.
    Watch,
    /// In the part about return visits.
    Returns(ReturnMistake),
    /// The time in the row of this number of the disciplines is none.
    Discipline(usize),
    /// The time in the row of this number of the levels is none.
    Level(usize),
}

impl RulesTyped {
    /// The newest rules as they would be typed.
    fn of(version: i64, policy: &DeadlinePolicy, now: Timestamp) -> Self {
        let mut typed = Self {
            version,
            calendar: policy.calendar.clone(),
            effective_from: crate::complaints::office_time(now.plus_ms(86_400_000))
                .strftime("%Y-%m-%dT00:00")
                .to_string(),
            warn_percent: policy.watch.warn_percent.to_string(),
            ..Self::default()
        };
        (typed.watch, typed.watch_unit) = watch_form::typed(&policy.watch);
        let (returns, windows) = return_form::typed(&policy.returns);
        typed.windows = Some(windows);
        for row in returns {
            typed.return_categories.push(row.categories);
            typed.return_checklists.push(row.checklists);
            typed.return_classes.push(row.classes);
            typed.return_amount.push(row.amount);
            typed.return_unit.push(row.unit);
            typed.return_method.push(row.method);
            typed.return_questions.push(row.questions);
            typed.return_source.push(row.source);
        }
        for row in discipline_form::typed(&policy.disciplines) {
            typed.discipline_code.push(row.code);
            typed.discipline_zh.push(row.zh);
            typed.discipline_en.push(row.en);
            typed.discipline_home.push(row.home);
            typed.discipline_amount.push(row.amount);
            typed.discipline_unit.push(row.unit);
        }
        typed.take_levels(chain_form::typed(&policy.reviews));
        for rule in &policy.rules {
            let text = |value: &Option<String>| value.clone().unwrap_or_default();
            typed.utility.push(text(&rule.utility));
            typed.category.push(text(&rule.category));
            typed.channel.push(text(&rule.channel));
            typed.priority.push(text(&rule.priority));
            typed.source.push(rule.source.clone());
            for (limit, amounts, units) in [
                (rule.limits.contact, &mut typed.contact, &mut typed.contact_unit),
                (rule.limits.onsite, &mut typed.onsite, &mut typed.onsite_unit),
                (rule.limits.answer, &mut typed.answer, &mut typed.answer_unit),
            ] {
                amounts.push(limit.map(|limit| limit.amount.to_string()).unwrap_or_default());
                let unit = limit.map_or(LimitUnit::WorkingDay, |limit| limit.unit);
                units.push(
                    UNITS.iter().find(|(known, _)| *known == unit).map_or("", |(_, code)| code).to_owned(),
                );
            }
        }
        typed
    }

    /// The rows with something in them, and empty ones at the end.
    fn rows(&self) -> Vec<Row> {
        let at = |column: &[String], place: usize| {
            column.get(place).map(|text| text.trim().to_owned()).unwrap_or_default()
        };
        let mut rows: Vec<Row> = (0..self.source.len())
            .map(|place| Row {
                number: 0,
                utility: at(&self.utility, place),
                category: at(&self.category, place),
                channel: at(&self.channel, place),
                priority: at(&self.priority, place),
                limits: vec![
                    ("contact", at(&self.contact, place), at(&self.contact_unit, place)),
                    ("onsite", at(&self.onsite, place), at(&self.onsite_unit, place)),
                    ("answer", at(&self.answer, place), at(&self.answer_unit, place)),
                ],
                source: at(&self.source, place),
            })
            .filter(|row| !row.is_empty())
            .collect();
        rows.extend(std::iter::repeat_n(Row::empty(), EMPTY_ROWS));
        for (number, row) in (1..).zip(&mut rows) {
            row.number = number;
        }
        rows
    }

    fn returns(&self) -> ReturnColumns<'_> {
        ReturnColumns {
            categories: &self.return_categories,
            checklists: &self.return_checklists,
            classes: &self.return_classes,
            amounts: &self.return_amount,
            units: &self.return_unit,
            methods: &self.return_method,
            questions: &self.return_questions,
            sources: &self.return_source,
        }
    }

    fn take_levels(&mut self, columns: ChainColumns) {
        self.level_category = columns.level_category;
        self.level_zh = columns.level_zh;
        self.level_en = columns.level_en;
        self.level_role = columns.level_role;
        self.level_home = columns.level_home;
        self.level_region = columns.level_region;
        self.level_amount = columns.level_amount;
        self.level_unit = columns.level_unit;
    }

    fn levels(&self) -> ChainColumns {
        ChainColumns {
            level_category: self.level_category.clone(),
            level_zh: self.level_zh.clone(),
            level_en: self.level_en.clone(),
            level_role: self.level_role.clone(),
            level_home: self.level_home.clone(),
            level_region: self.level_region.clone(),
            level_amount: self.level_amount.clone(),
            level_unit: self.level_unit.clone(),
        }
    }

    fn disciplines(&self) -> DisciplineColumns<'_> {
        DisciplineColumns {
            codes: &self.discipline_code,
            zh: &self.discipline_zh,
            en: &self.discipline_en,
            homes: &self.discipline_home,
            amounts: &self.discipline_amount,
            units: &self.discipline_unit,
        }
    }

    /// What was typed as rules; those about special complaints have a form of their own.
    fn policy(&self, special: SpecialRules) -> Result<(DeadlinePolicy, Timestamp), Mistake> {
        let from = self.effective_from.parse().ok().and_then(office_moment).ok_or(Mistake::Moment)?;
        let rows = self.rows();
        let rules = rows.iter().filter(|row| !row.is_empty()).map(Row::rule).collect::<Result<_, _>>()?;
        let watch =
            watch_form::rules(&self.warn_percent, &self.watch, &self.watch_unit).ok_or(Mistake::Watch)?;
        let windows = self.windows.as_deref().ok_or(Mistake::Returns(ReturnMistake::Windows))?;
        let returns = return_form::rules(&self.returns(), windows).map_err(Mistake::Returns)?;
        let disciplines = discipline_form::disciplines(&self.disciplines()).map_err(Mistake::Discipline)?;
        let reviews = chain_form::chains(&self.levels()).map_err(Mistake::Level)?;
        let calendar = self.calendar.clone();
        let policy = DeadlinePolicy { calendar, rules, watch, returns, disciplines, reviews, special };
        policy.check().map_err(Mistake::Policy)?;
        Ok((policy, from))
    }
}

impl Row {
    fn empty() -> Self {
        let unit = || "working_day".to_owned();
        let limits = ["contact", "onsite", "answer"].map(|name| (name, String::new(), unit()));
        Self { limits: limits.into(), ..Self::default() }
    }

    /// Nothing but units, which are always chosen.
    fn is_empty(&self) -> bool {
        let named = [&self.utility, &self.category, &self.channel, &self.priority, &self.source];
        named.iter().all(|text| text.is_empty()) && self.limits.iter().all(|(_, amount, _)| amount.is_empty())
    }

    fn rule(&self) -> Result<Rule, Mistake> {
        let named = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let mut limits = [None; 3];
        for ((_, amount, unit), limit) in self.limits.iter().zip(&mut limits) {
            if amount.is_empty() {
                continue;
            }
            let known = UNITS.iter().find(|(_, code)| code == unit).ok_or(Mistake::Amount(self.number))?;
            let amount = amount.parse().map_err(|_| Mistake::Amount(self.number))?;
            *limit = Some(Limit { amount, unit: known.0 });
        }
        let [contact, onsite, answer] = limits;
        Ok(Rule {
            utility: named(&self.utility),
            category: named(&self.category),
            channel: named(&self.channel),
            priority: named(&self.priority),
            limits: Limits { contact, onsite, answer },
            source: self.source.clone(),
        })
    }
}

impl RulesPage {
    /// Open complaints that a rule would fit, and how many would have other limits.
    fn would(&self, row: &Row) -> Option<String> {
        let rule = self.preview.as_ref()?.rules.iter().find(|rule| rule.rule == row.number)?;
        Some(self.shell.w.ab("deadlines-would", rule.complaints, rule.other_limits))
    }
}

async fn show(State(app): State<App>, viewer: Viewer) -> Result<Response, Problem> {
    let newest = sql::newest_policy(&mut app.store.read().await?).await?;
    let typed = newest.map_or_else(RulesTyped::default, |newest| {
        RulesTyped::of(newest.version, &newest.policy, app.clock.now())
    });
    Ok(page(&rules_page(&app, viewer, typed, None, None).await?))
}

async fn act(State(app): State<App>, posted: Posted<RulesTyped>) -> Result<Response, Problem> {
    let Posted { viewer, form: typed } = posted;
    let w = viewer.w();
    let newest = sql::newest_policy(&mut app.store.read().await?).await?;
    let newest = newest.as_ref().map_or(built_in_policy(), |newest| &newest.policy);
    let (policy, from) = match typed.policy(newest.special.clone()) {
        Ok(policy) => policy,
        Err(mistake) => {
            let failure = Some(in_words(w, &mistake));
            return Ok(unprocessable(&rules_page(&app, viewer, typed, failure, None).await?));
        }
    };
    let form = PolicyForm { effective_from_ms: from.unix_ms(), policy: json!(policy) };
    if typed.act != "publish" {
        let preview = preview_checked(&app, &viewer.office, form).await?;
        return Ok(page(&rules_page(&app, viewer, typed, None, Some(preview)).await?));
    }
    match publish_checked_policy(&app, &viewer.office, typed.version + 1, form).await {
        Ok(_) => Ok(see_other("/deadlines", Some("rules-published"))),
        Err(problem) => {
            let key = match problem.kind().code {
                code if code == problem::PRECONDITION_FAILED.code => "deadlines-changed-meanwhile",
                code if code == problem::BODY_INVALID.code => "deadlines-past",
                _ => return Ok(problem.into_response()),
            };
            Ok(unprocessable(&rules_page(&app, viewer, typed, Some(w.t(key)), None).await?))
        }
    }
}

fn in_words(w: Words, mistake: &Mistake) -> String {
    match mistake {
        Mistake::Moment => w.t("deadlines-moment"),
        Mistake::Amount(row) | Mistake::Policy(PolicyError::Amount(row)) => w.n("deadlines-amount", *row),
        Mistake::Watch | Mistake::Policy(PolicyError::Watch(_)) => w.t("watch-mistake"),
        Mistake::Returns(ReturnMistake::Amount(row)) => w.n("deadlines-return-amount", *row),
        Mistake::Policy(PolicyError::Return(row, _)) => w.n("deadlines-return-rule", *row),
        Mistake::Returns(ReturnMistake::Windows) | Mistake::Policy(PolicyError::Windows(_)) => {
            w.t("deadlines-windows-wrong")
        }
        Mistake::Policy(PolicyError::Special(_)) => w.t("deadlines-special-wrong"),
        Mistake::Level(row) => w.n("deadlines-level-amount", *row),
        Mistake::Policy(PolicyError::Review(number, _)) => w.n("deadlines-chain-wrong", *number),
        Mistake::Discipline(row) => w.n("deadlines-discipline-amount", *row),
        Mistake::Policy(PolicyError::Discipline(row, _)) => w.n("deadlines-discipline-wrong", *row),
        Mistake::Policy(PolicyError::Count) => w.t("deadlines-count"),
        Mistake::Policy(PolicyError::NotForAll) => w.t("deadlines-not-for-all"),
        Mistake::Policy(PolicyError::Unreachable(row)) => w.n("deadlines-unreachable", *row),
        Mistake::Policy(PolicyError::Source(row)) => w.n("deadlines-source-missing", *row),
    }
}

async fn rules_page(
    app: &App,
    viewer: Viewer,
    typed: RulesTyped,
    failure: Option<String>,
    preview: Option<Preview>,
) -> Result<RulesPage, Problem> {
    let mut tx = app.store.read().await?;
    let w = viewer.w();
    let phrases = Phrases::of(&mut tx, w).await?;
    let calendars = sql::calendars(&mut tx).await?;
    let words = |family: &str, code: &str| (code.to_owned(), w.code(family, code));
    Ok(RulesPage {
        rows: typed.rows(),
        watch: watch_form::rows(w, &typed.watch, &typed.watch_unit),
        returns: return_form::rows(&typed.returns()),
        disciplines: discipline_form::rows(&typed.disciplines()),
        levels: chain_form::rows(&typed.levels()),
        typed,
        calendars: calendars
            .iter()
            .map(|published| &published.calendar)
            .map(|calendar| {
                (calendar.code.clone(), w.either(&calendar.name.zh, &calendar.name.en).to_owned())
            })
            .collect(),
        utilities: Utility::ALL.iter().map(|utility| words("utility", utility.as_str())).collect(),
        categories: CodeTable::Categories
            .entries()
            .iter()
            .map(|entry| (entry.code.clone(), phrases.coded(CodeTable::Categories, &entry.code)))
            .collect(),
        channels: Channel::ALL.iter().map(|channel| words("channel", channel.as_str())).collect(),
        priorities: Priority::ALL.iter().map(|priority| words("priority", priority.as_str())).collect(),
        units: UNITS.iter().map(|(_, code)| words("unit-of-limit", code)).collect(),
        failure,
        preview,
        shell: viewer.shell,
    })
}
