//! The part of the form of rules that names the levels which verdicts pass.

use super::rules::UNITS;
use sync_core::deadline::{Limit, LimitUnit, ReviewChain, ReviewLevel};

/// Empty rows at the end of the form.
const EMPTY_ROWS: usize = 2;

/// The columns of the form as they are sent. Rows of one category are its chain in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ChainColumns {
    pub(super) level_category: Vec<String>,
    pub(super) level_zh: Vec<String>,
    pub(super) level_en: Vec<String>,
    pub(super) level_role: Vec<String>,
    pub(super) level_home: Vec<String>,
    pub(super) level_region: Vec<String>,
    pub(super) level_amount: Vec<String>,
    pub(super) level_unit: Vec<String>,
}

/// One level as it is typed; a row without category and names is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LevelRow {
    pub(super) number: usize,
    pub(super) category: String,
    pub(super) zh: String,
    pub(super) en: String,
    pub(super) role: String,
    /// The unit of the organisation.
    pub(super) home: String,
    pub(super) region: String,
    pub(super) amount: String,
    pub(super) unit: String,
}

/// Published chains as they would be typed.
pub(super) fn typed(chains: &[ReviewChain]) -> ChainColumns {
    let unit = |unit: LimitUnit| UNITS.iter().find(|(known, _)| *known == unit).map_or("", |(_, code)| code);
    let mut columns = ChainColumns::default();
    for (chain, level) in chains.iter().flat_map(|chain| chain.levels.iter().map(move |level| (chain, level)))
    {
        columns.level_category.push(chain.category.clone());
        columns.level_zh.push(level.zh.clone());
        columns.level_en.push(level.en.clone());
        columns.level_role.push(level.role.clone());
        columns.level_home.push(level.unit.clone());
        columns.level_region.push(level.region.clone());
        columns.level_amount.push(level.within.amount.to_string());
        columns.level_unit.push(unit(level.within.unit).to_owned());
    }
    columns
}

/// The rows with something in them, and empty ones at the end.
pub(super) fn rows(columns: &ChainColumns) -> Vec<LevelRow> {
    let at = |column: &[String], place: usize| {
        column.get(place).map(|text| text.trim().to_owned()).unwrap_or_default()
    };
    let mut rows: Vec<LevelRow> = (0..columns.level_category.len())
        .map(|place| LevelRow {
            number: 0,
            category: at(&columns.level_category, place),
            zh: at(&columns.level_zh, place),
            en: at(&columns.level_en, place),
            role: at(&columns.level_role, place),
            home: at(&columns.level_home, place),
            region: at(&columns.level_region, place),
            amount: at(&columns.level_amount, place),
            unit: at(&columns.level_unit, place),
        })
        .filter(|row| !row.is_empty())
        .collect();
    let (role, unit) = ("reviewer".to_owned(), "working_day".to_owned());
    rows.extend(std::iter::repeat_n(LevelRow { role, unit, ..LevelRow::default() }, EMPTY_ROWS));
    for (number, row) in (1..).zip(&mut rows) {
        row.number = number;
    }
    rows
}

/// What was typed as chains.
///
/// # Errors
/// The number of the row whose amount is no number.
pub(super) fn chains(columns: &ChainColumns) -> Result<Vec<ReviewChain>, usize> {
    let mut chains: Vec<ReviewChain> = Vec::new();
    for row in rows(columns).into_iter().filter(|row| !row.is_empty()) {
        let (unit, _) = UNITS.iter().find(|(_, code)| *code == row.unit).ok_or(row.number)?;
        let within = Limit { amount: row.amount.parse().map_err(|_| row.number)?, unit: *unit };
        let (zh, en, role) = (row.zh, row.en, row.role);
        let level = ReviewLevel { zh, en, role, unit: row.home, region: row.region, within };
        match chains.iter_mut().find(|chain| chain.category == row.category) {
            Some(chain) => chain.levels.push(level),
            None => chains.push(ReviewChain { category: row.category, levels: vec![level] }),
        }
    }
    Ok(chains)
}

impl LevelRow {
    fn is_empty(&self) -> bool {
        [&self.category, &self.zh, &self.en, &self.amount].iter().all(|text| text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_form_shows_is_what_it_sends_back() {
        let level = |zh: &str, role: &str| ReviewLevel {
            zh: zh.to_owned(),
            en: "Level".to_owned(),
            role: role.to_owned(),
            unit: "市公司".to_owned(),
            region: String::new(),
            within: Limit { amount: 4, unit: LimitUnit::Hour },
        };
        let chain = |category: &str, levels| ReviewChain { category: category.to_owned(), levels };
        let published = vec![
            chain("gas.SAFE", vec![level("站级", "reviewer"), level("市级", "lead")]),
            chain("power", vec![level("县级", "reviewer")]),
        ];
        let mut sent = typed(&published);
        assert_eq!(chains(&sent).as_ref(), Ok(&published));
        assert_eq!(rows(&sent).len(), 3 + EMPTY_ROWS);
        sent.level_amount[1] = "soon".to_owned();
        assert_eq!(chains(&sent), Err(2));
        assert_eq!(chains(&ChainColumns::default()), Ok(Vec::new()));
    }
}
