//! The part of the form of rules that says after which work customers are asked, and when they like to be called.

use super::rules::UNITS;
use sync_core::deadline::{Limit, LimitUnit};
use sync_core::return_visit::{ReturnMethod, ReturnRule, ReturnRules, Window};

/// Empty rows at the end of the form.
const EMPTY_ROWS: usize = 1;

/// One rule as it is typed; a row without codes and source is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ReturnRow {
    pub(super) number: usize,
    pub(super) categories: String,
    pub(super) checklists: String,
    pub(super) classes: String,
    pub(super) amount: String,
    pub(super) unit: String,
    pub(super) method: String,
    pub(super) questions: String,
    pub(super) source: String,
}

/// The columns of the form as they are sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ReturnColumns<'a> {
    pub(super) categories: &'a [String],
    pub(super) checklists: &'a [String],
    pub(super) classes: &'a [String],
    pub(super) amounts: &'a [String],
    pub(super) units: &'a [String],
    pub(super) methods: &'a [String],
    pub(super) questions: &'a [String],
    pub(super) sources: &'a [String],
}

/// Why what was typed is no set of rules.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ReturnMistake {
    /// The amount in the row of this number is no number.
    Amount(usize),
    /// The windows are not written like `09:30-11:30, 14:00-16:30`.
    Windows,
}

/// Published rules as rows, and windows as a line.
pub(super) fn typed(rules: &ReturnRules) -> (Vec<ReturnRow>, String) {
    let unit = |unit: LimitUnit| UNITS.iter().find(|(known, _)| *known == unit).map_or("", |(_, code)| code);
    let row = |rule: &ReturnRule| ReturnRow {
        number: 0,
        categories: rule.categories.join(" "),
        checklists: rule.checklists.join(" "),
        classes: rule.classes.join(" "),
        amount: rule.within.amount.to_string(),
        unit: unit(rule.within.unit).to_owned(),
        method: rule.method.as_str().to_owned(),
        questions: rule.questions.clone(),
        source: rule.source.clone(),
    };
    let clock = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    let window = |window: &Window| format!("{}-{}", clock(window.from_minutes), clock(window.to_minutes));
    let windows: Vec<String> = rules.windows.iter().map(window).collect();
    (rules.rules.iter().map(row).collect(), windows.join(", "))
}

/// The rows with something in them, and empty ones at the end.
pub(super) fn rows(columns: &ReturnColumns<'_>) -> Vec<ReturnRow> {
    let at = |column: &[String], place: usize| {
        column.get(place).map(|text| text.trim().to_owned()).unwrap_or_default()
    };
    let mut rows: Vec<ReturnRow> = (0..columns.sources.len())
        .map(|place| ReturnRow {
            number: 0,
            categories: at(columns.categories, place),
            checklists: at(columns.checklists, place),
            classes: at(columns.classes, place),
            amount: at(columns.amounts, place),
            unit: at(columns.units, place),
            method: at(columns.methods, place),
            questions: at(columns.questions, place),
            source: at(columns.sources, place),
        })
        .filter(|row| !row.is_empty())
        .collect();
    let empty = ReturnRow {
        unit: "working_day".to_owned(),
        questions: "return-visit".to_owned(),
        ..ReturnRow::default()
    };
    rows.extend(std::iter::repeat_n(empty, EMPTY_ROWS));
    for (number, row) in (1..).zip(&mut rows) {
        row.number = number;
    }
    rows
}

/// What was typed as rules.
pub(super) fn rules(columns: &ReturnColumns<'_>, windows: &str) -> Result<ReturnRules, ReturnMistake> {
    let filled = rows(columns).into_iter().filter(|row| !row.is_empty());
    let rules = filled.map(|row| row.rule()).collect::<Result<_, _>>()?;
    let parts = windows.split([',', '，', '、']).map(str::trim).filter(|part| !part.is_empty());
    let windows = parts.map(window).collect::<Option<_>>().ok_or(ReturnMistake::Windows)?;
    Ok(ReturnRules { rules, windows })
}

fn window(text: &str) -> Option<Window> {
    let (from, to) = text.split_once(['-', '–', '—', '~'])?;
    Some(Window { from_minutes: minutes(from)?, to_minutes: minutes(to)? })
}

fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once([':', '：'])?;
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 24 && minutes < 60).then_some(hours * 60 + minutes)
}

impl ReturnRow {
    fn is_empty(&self) -> bool {
        [&self.categories, &self.checklists, &self.classes, &self.amount, &self.source]
            .iter()
            .all(|text| text.is_empty())
    }

    fn rule(&self) -> Result<ReturnRule, ReturnMistake> {
        let codes = |text: &str| {
            text.split([' ', ',', '，', '\t']).filter(|code| !code.is_empty()).map(str::to_owned).collect()
        };
        let amount = || ReturnMistake::Amount(self.number);
        let (unit, _) = UNITS.iter().find(|(_, code)| *code == self.unit).ok_or_else(amount)?;
        Ok(ReturnRule {
            categories: codes(&self.categories),
            checklists: codes(&self.checklists),
            classes: codes(&self.classes),
            within: Limit { amount: self.amount.parse().map_err(|_| amount())?, unit: *unit },
            method: if self.method == "door" { ReturnMethod::Door } else { ReturnMethod::Phone },
            questions: self.questions.clone(),
            source: self.source.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_form_shows_is_what_it_sends_back() {
        let (rows, windows) = typed(&ReturnRules::default());
        assert_eq!(windows, "09:30-11:30, 14:00-16:30, 19:00-20:30");
        let column =
            |part: fn(&ReturnRow) -> &String| rows.iter().map(|row| part(row).clone()).collect::<Vec<_>>();
        let (categories, checklists) = (column(|row| &row.categories), column(|row| &row.checklists));
        let (mut amounts, units) = (column(|row| &row.amount), column(|row| &row.unit));
        let (methods, questions) = (column(|row| &row.method), column(|row| &row.questions));
        let (sources, classes) = (column(|row| &row.source), column(|row| &row.classes));
        let sent = |amounts: &[String], windows: &str| {
            let columns = ReturnColumns {
                categories: &categories,
                checklists: &checklists,
                classes: &classes,
                amounts,
                units: &units,
                methods: &methods,
                questions: &questions,
                sources: &sources,
            };
            rules(&columns, windows)
        };
        assert_eq!(sent(&amounts, &windows), Ok(ReturnRules::default()));
        assert_eq!(sent(&amounts, "9：30—11:30"), sent(&amounts, "09:30-11:30"));
        for wrong in ["morning", "9-11", "09:61-10:00", "25:00-26:00"] {
            assert_eq!(sent(&amounts, wrong), Err(ReturnMistake::Windows), "{wrong}");
        }
        amounts[1] = "soon".to_owned();
        assert_eq!(sent(&amounts, &windows), Err(ReturnMistake::Amount(2)));
    }
}
