//! The part of the form of rules that says by which signs a complaint is special, and what that brings.

use super::rules::UNITS;
use crate::pages::Words;
use crate::specials::{SpecialKind, source_words};
use sync_core::deadline::{
    BatchRule, EscalatedRule, FocusRule, Limit, LimitUnit, Limits, MajorRule, RepeatRule, ReviewLevel,
    SimilarRule, SpecialFlow, SpecialRules,
};

/// The numbers in the order of the form.
const NUMBERS: [&str; 14] = [
    "repeat_days",
    "repeat_alert",
    "dissatisfied",
    "customers",
    "hours",
    "metres",
    "loss_yuan",
    "percent",
    "departments",
    "similar_complaints",
    "similar_days",
    "similar_metres",
    "similar_text_percent",
    "similar_working_days",
];
/// The lists in the order of the form.
const LISTS: [&str; 5] =
    ["escalated_sources", "major_sources", "major_words", "focus_words", "focus_categories"];

/// The form as it is sent: numbers, lists, and what each kind brings; the last level is the usual one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SpecialColumns {
    pub(super) special_number: Vec<String>,
    pub(super) special_list: Vec<String>,
    /// Set: only what was handled before is escalated.
    pub(super) special_handled: String,
    pub(super) special_contact: Vec<String>,
    pub(super) special_contact_unit: Vec<String>,
    pub(super) special_onsite: Vec<String>,
    pub(super) special_onsite_unit: Vec<String>,
    pub(super) special_answer: Vec<String>,
    pub(super) special_answer_unit: Vec<String>,
    pub(super) special_zh: Vec<String>,
    pub(super) special_en: Vec<String>,
    pub(super) special_role: Vec<String>,
    pub(super) special_amount: Vec<String>,
    pub(super) special_unit: Vec<String>,
}

/// What one kind brings, as it is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SpecialRow {
    pub(super) name: String,
    /// Step, amount, unit; none for the usual level.
    pub(super) limits: Vec<(&'static str, String, String)>,
    pub(super) zh: String,
    pub(super) en: String,
    pub(super) role: String,
    pub(super) amount: String,
    pub(super) unit: String,
}

/// The part as it is shown.
#[derive(Debug, Clone, Default)]
pub(super) struct SpecialPart {
    /// Label and number.
    pub(super) numbers: Vec<(String, String)>,
    /// Label and lines.
    pub(super) lists: Vec<(String, String)>,
    pub(super) handled: bool,
    pub(super) rows: Vec<SpecialRow>,
    /// The words that sources may be.
    pub(super) sources: String,
}

fn code(unit: LimitUnit) -> String {
    UNITS.iter().find(|(known, _)| *known == unit).map_or("", |(_, code)| code).to_owned()
}

/// The rules as they would be typed.
pub(super) fn typed(rules: &SpecialRules) -> SpecialColumns {
    let SpecialRules { repeat, escalated, batch, major, focus, similar, usual } = rules;
    let numbers = [
        repeat.days,
        repeat.alert,
        escalated.dissatisfied,
        batch.customers,
        batch.hours,
        batch.metres,
        major.loss_yuan,
        focus.percent,
        focus.departments,
        similar.complaints,
        similar.days,
        similar.metres,
        similar.text_percent,
        similar.working_days,
    ];
    let lists = [&escalated.sources, &major.sources, &major.words, &focus.words, &focus.categories];
    let mut columns = SpecialColumns {
        special_number: numbers.map(|number| number.to_string()).into(),
        special_list: lists.map(|list| list.join("\n")).into(),
        special_handled: if escalated.handled { "on".to_owned() } else { String::new() },
        ..SpecialColumns::default()
    };
    for flow in rules.flows() {
        for (limit, amounts, units) in [
            (flow.limits.contact, &mut columns.special_contact, &mut columns.special_contact_unit),
            (flow.limits.onsite, &mut columns.special_onsite, &mut columns.special_onsite_unit),
            (flow.limits.answer, &mut columns.special_answer, &mut columns.special_answer_unit),
        ] {
            amounts.push(limit.map(|limit| limit.amount.to_string()).unwrap_or_default());
            units.push(code(limit.map_or(LimitUnit::WorkingDay, |limit| limit.unit)));
        }
        columns.take_level(flow.level.as_ref());
    }
    columns.take_level(Some(usual));
    columns
}

impl SpecialColumns {
    fn take_level(&mut self, level: Option<&ReviewLevel>) {
        let text = |part: fn(&ReviewLevel) -> &String| level.map(part).cloned().unwrap_or_default();
        self.special_zh.push(text(|level| &level.zh));
        self.special_en.push(text(|level| &level.en));
        self.special_role.push(level.map_or_else(|| "lead".to_owned(), |level| level.role.clone()));
        self.special_amount.push(level.map(|level| level.within.amount.to_string()).unwrap_or_default());
        self.special_unit.push(code(level.map_or(LimitUnit::WorkingDay, |level| level.within.unit)));
    }

    fn limit(amounts: &[String], units: &[String], place: usize) -> Option<Option<Limit>> {
        let amount = amounts.get(place)?.trim();
        if amount.is_empty() {
            return Some(None);
        }
        let (unit, _) = UNITS.iter().find(|(_, code)| Some(*code) == units.get(place).map(String::as_str))?;
        Some(Some(Limit { amount: amount.parse().ok()?, unit: *unit }))
    }

    /// The level in this row; none where it has neither names nor time.
    fn level(&self, place: usize) -> Option<Option<ReviewLevel>> {
        let text = |column: &[String]| column.get(place).map(|text| text.trim().to_owned());
        let (zh, en) = (text(&self.special_zh)?, text(&self.special_en)?);
        let within = Self::limit(&self.special_amount, &self.special_unit, place)?;
        if zh.is_empty() && en.is_empty() && within.is_none() {
            return Some(None);
        }
        let (unit, region) = (String::new(), String::new());
        Some(Some(ReviewLevel { zh, en, role: text(&self.special_role)?, unit, region, within: within? }))
    }

    fn flow(&self, place: usize) -> Option<SpecialFlow> {
        let limits = Limits {
            contact: Self::limit(&self.special_contact, &self.special_contact_unit, place)?,
            onsite: Self::limit(&self.special_onsite, &self.special_onsite_unit, place)?,
            answer: Self::limit(&self.special_answer, &self.special_answer_unit, place)?,
        };
        Some(SpecialFlow { limits, level: self.level(place)? })
    }
}

/// What was typed as rules; `None` when a number is none, or a level lacks something.
pub(super) fn rules(columns: &SpecialColumns) -> Option<SpecialRules> {
    let number = |place: usize| columns.special_number.get(place)?.trim().parse::<u32>().ok();
    let list = |place: usize| {
        let lines = columns.special_list.get(place)?.lines().map(str::trim);
        Some(lines.filter(|line| !line.is_empty()).map(str::to_owned).collect::<Vec<_>>())
    };
    Some(SpecialRules {
        repeat: RepeatRule { days: number(0)?, alert: number(1)?, flow: columns.flow(0)? },
        escalated: EscalatedRule {
            sources: list(0)?,
            handled: !columns.special_handled.is_empty(),
            dissatisfied: number(2)?,
            flow: columns.flow(1)?,
        },
        batch: BatchRule {
            customers: number(3)?,
            hours: number(4)?,
            metres: number(5)?,
            flow: columns.flow(2)?,
        },
        major: MajorRule {
            sources: list(1)?,
            words: list(2)?,
            loss_yuan: number(6)?,
            flow: columns.flow(3)?,
        },
        focus: FocusRule {
            words: list(3)?,
            categories: list(4)?,
            percent: number(7)?,
            departments: number(8)?,
            flow: columns.flow(4)?,
        },
        similar: SimilarRule {
            complaints: number(9)?,
            days: number(10)?,
            metres: number(11)?,
            text_percent: number(12)?,
            working_days: number(13)?,
        },
        usual: columns.level(5)??,
    })
}

/// The part as it is shown.
pub(super) fn part(w: Words, columns: &SpecialColumns) -> SpecialPart {
    let at = |column: &[String], place: usize| column.get(place).cloned().unwrap_or_default();
    let kinds = SpecialKind::ALL.iter().map(|kind| w.code("special-kind", kind));
    let names = kinds.chain([w.t("deadlines-special-usual")]).enumerate();
    let limits = |place: usize| {
        let columns = [
            ("contact", &columns.special_contact, &columns.special_contact_unit),
            ("onsite", &columns.special_onsite, &columns.special_onsite_unit),
            ("answer", &columns.special_answer, &columns.special_answer_unit),
        ];
        columns.map(|(step, amounts, units)| (step, at(amounts, place), at(units, place))).into()
    };
    SpecialPart {
        numbers: NUMBERS
            .iter()
            .enumerate()
            .map(|(place, name)| {
                (w.code("deadlines-special-number", name), at(&columns.special_number, place))
            })
            .collect(),
        lists: LISTS
            .iter()
            .enumerate()
            .map(|(place, name)| (w.code("deadlines-special-list", name), at(&columns.special_list, place)))
            .collect(),
        handled: !columns.special_handled.is_empty(),
        rows: names
            .map(|(place, name)| SpecialRow {
                name,
                limits: if place < SpecialKind::ALL.len() { limits(place) } else { Vec::new() },
                zh: at(&columns.special_zh, place),
                en: at(&columns.special_en, place),
                role: at(&columns.special_role, place),
                amount: at(&columns.special_amount, place),
                unit: at(&columns.special_unit, place),
            })
            .collect(),
        sources: source_words().join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sync_core::deadline::built_in_policy;

    #[test]
    fn what_the_form_shows_is_what_it_sends_back() {
        let mut shown = built_in_policy().special.clone();
        for change in [
            |_: &mut SpecialRules| {},
            |rules: &mut SpecialRules| rules.batch.flow = SpecialFlow::default(),
            |rules: &mut SpecialRules| rules.escalated.handled = false,
            |rules: &mut SpecialRules| {
                rules.similar =
                    SimilarRule { complaints: 3, days: 4, metres: 5, text_percent: 6, working_days: 7 };
            },
            |rules: &mut SpecialRules| {
                rules.focus.words = vec!["充电桩".to_owned(), "ladder tariff".to_owned()];
            },
        ] {
            change(&mut shown);
            assert_eq!(rules(&typed(&shown)).as_ref(), Some(&shown));
        }
        let mut sent = typed(&shown);
        sent.special_number[0] = "soon".to_owned();
        assert_eq!(rules(&sent), None);
        assert_eq!(
            rules(&SpecialColumns::default()),
            None,
            "a form without this part changes nothing by accident"
        );
    }
}
