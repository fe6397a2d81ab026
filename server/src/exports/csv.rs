//! Lines of tables, and how they stand in CSV: as RFC 4180 has them, safe to open in a spreadsheet.

use std::fmt::Write as _;

/// Byte-order mark: without it spreadsheets on Chinese Windows read UTF-8 as GBK.
pub(crate) const BOM: &str = "\u{feff}";

/// What stands in one place of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    Empty,
    /// Words of people: anything may stand in them.
    Text(String),
    /// What has neither quotes nor separators: a number, a code of the program, an id.
    Plain(String),
    /// Unix milliseconds.
    Time(i64),
}

/// A line in the making.
#[derive(Debug, Default)]
pub(crate) struct Line(Vec<Cell>);

impl Line {
    /// Adds a text: quoted, and never read as a formula by a spreadsheet.
    #[must_use]
    pub(crate) fn text(self, text: &str) -> Self {
        self.with(Cell::Text(text.to_owned()))
    }

    /// Adds a text, or an empty cell.
    #[must_use]
    pub(crate) fn optional(self, text: Option<&str>) -> Self {
        self.with(text.map_or(Cell::Empty, |text| Cell::Text(text.to_owned())))
    }

    /// Adds what has neither quotes nor separators: a number, a code of the program, an id.
    #[must_use]
    pub(crate) fn plain(self, value: impl std::fmt::Display) -> Self {
        self.with(Cell::Plain(value.to_string()))
    }

    /// Adds such a value, or an empty cell.
    #[must_use]
    pub(crate) fn optional_plain(self, value: Option<impl std::fmt::Display>) -> Self {
        self.with(value.map_or(Cell::Empty, |value| Cell::Plain(value.to_string())))
    }

    /// Adds a moment in UTC.
    #[must_use]
    pub(crate) fn time(self, unix_ms: i64) -> Self {
        self.with(Cell::Time(unix_ms))
    }

    /// Adds a moment, or an empty cell.
    #[must_use]
    pub(crate) fn optional_time(self, unix_ms: Option<i64>) -> Self {
        self.with(unix_ms.map_or(Cell::Empty, Cell::Time))
    }

    /// The line of CSV with its end; moments as ISO 8601 has them.
    #[must_use]
    pub(crate) fn end(self) -> String {
        let mut line = String::new();
        for (at, cell) in self.0.iter().enumerate() {
            if at > 0 {
                line.push(',');
            }
            let written = match cell {
                Cell::Empty => Ok(()),
                Cell::Plain(value) => write!(line, "{value}"),
                Cell::Time(ms) => {
                    write!(line, "{}", jiff::Timestamp::from_millisecond(*ms).unwrap_or_default())
                }
                Cell::Text(text) => {
                    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
                    write!(line, "\"{guard}{}\"", text.replace('"', "\"\""))
                }
            };
            debug_assert!(written.is_ok(), "a text takes everything");
        }
        line.push_str("\r\n");
        line
    }

    /// What stands in it, from the left.
    pub(super) fn cells(self) -> Vec<Cell> {
        self.0
    }

    fn with(mut self, cell: Cell) -> Self {
        self.0.push(cell);
        self
    }
}
