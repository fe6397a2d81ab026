//! The part of the form of rules that names the disciplines and how long each may take.

use super::rules::UNITS;
use sync_core::deadline::{Discipline, Limit, LimitUnit};

/// Empty rows at the end of the form.
const EMPTY_ROWS: usize = 1;

/// One discipline as it is typed; a row without code and names is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct DisciplineRow {
    pub(super) number: usize,
    pub(super) code: String,
    pub(super) zh: String,
    pub(super) en: String,
    /// The unit of the organisation.
    pub(super) home: String,
    pub(super) amount: String,
    pub(super) unit: String,
}

/// The columns of the form as they are sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct DisciplineColumns<'a> {
    pub(super) codes: &'a [String],
    pub(super) zh: &'a [String],
    pub(super) en: &'a [String],
    pub(super) homes: &'a [String],
    pub(super) amounts: &'a [String],
    pub(super) units: &'a [String],
}

/// Published disciplines as rows.
pub(super) fn typed(disciplines: &[Discipline]) -> Vec<DisciplineRow> {
    let unit = |unit: LimitUnit| UNITS.iter().find(|(known, _)| *known == unit).map_or("", |(_, code)| code);
    let row = |one: &Discipline| DisciplineRow {
        number: 0,
        code: one.code.clone(),
        zh: one.zh.clone(),
        en: one.en.clone(),
        home: one.unit.clone(),
        amount: one.within.amount.to_string(),
        unit: unit(one.within.unit).to_owned(),
    };
    disciplines.iter().map(row).collect()
}

/// The rows with something in them, and empty ones at the end.
pub(super) fn rows(columns: &DisciplineColumns<'_>) -> Vec<DisciplineRow> {
    let at = |column: &[String], place: usize| {
        column.get(place).map(|text| text.trim().to_owned()).unwrap_or_default()
    };
    let mut rows: Vec<DisciplineRow> = (0..columns.codes.len())
        .map(|place| DisciplineRow {
            number: 0,
            code: at(columns.codes, place),
            zh: at(columns.zh, place),
            en: at(columns.en, place),
            home: at(columns.homes, place),
            amount: at(columns.amounts, place),
            unit: at(columns.units, place),
        })
        .filter(|row| !row.is_empty())
        .collect();
    let empty = DisciplineRow { unit: "working_day".to_owned(), ..DisciplineRow::default() };
    rows.extend(std::iter::repeat_n(empty, EMPTY_ROWS));
    for (number, row) in (1..).zip(&mut rows) {
        row.number = number;
    }
    rows
}

/// What was typed as disciplines.
///
/// # Errors
/// The number of the row whose amount is no number; 0 for a form that has no such part at all.
pub(super) fn disciplines(columns: &DisciplineColumns<'_>) -> Result<Vec<Discipline>, usize> {
    if columns.codes.is_empty() {
        return Err(0);
    }
    rows(columns).into_iter().filter(|row| !row.is_empty()).map(DisciplineRow::discipline).collect()
}

impl DisciplineRow {
    fn is_empty(&self) -> bool {
        [&self.code, &self.zh, &self.en, &self.amount].iter().all(|text| text.is_empty())
    }

    fn discipline(self) -> Result<Discipline, usize> {
        let (unit, _) = UNITS.iter().find(|(_, code)| *code == self.unit).ok_or(self.number)?;
        let within = Limit { amount: self.amount.parse().map_err(|_| self.number)?, unit: *unit };
        Ok(Discipline { code: self.code, zh: self.zh, en: self.en, unit: self.home, within })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sync_core::deadline::built_in_policy;

    #[test]
    fn what_the_form_shows_is_what_it_sends_back() {
        let usual = &built_in_policy().disciplines;
        let rows = typed(usual);
        let column = |part: fn(&DisciplineRow) -> &String| {
            rows.iter().map(|row| part(row).clone()).collect::<Vec<_>>()
        };
        let (codes, zh, en) = (column(|row| &row.code), column(|row| &row.zh), column(|row| &row.en));
        let (homes, units) = (column(|row| &row.home), column(|row| &row.unit));
        let mut amounts = column(|row| &row.amount);
        let sent = |amounts: &[String]| {
            let columns =
                DisciplineColumns { codes: &codes, zh: &zh, en: &en, homes: &homes, amounts, units: &units };
            disciplines(&columns)
        };
        assert_eq!(sent(&amounts).as_ref(), Ok(usual));
        amounts[1] = "soon".to_owned();
        assert_eq!(sent(&amounts), Err(2));
        assert_eq!(disciplines(&DisciplineColumns::default()), Err(0));
    }
}
