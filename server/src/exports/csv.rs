//! Lines of CSV as RFC 4180 has them, safe to open in a spreadsheet.

use std::fmt::Write as _;

/// Byte-order mark: without it spreadsheets on Chinese Windows read UTF-8 as GBK.
pub(crate) const BOM: &str = "\u{feff}";

/// A line in the making.
#[derive(Debug, Default)]
pub(crate) struct Line(String);

impl Line {
    /// Adds a text: quoted, and never read as a formula by a spreadsheet.
    #[must_use]
    pub(crate) fn text(mut self, text: &str) -> Self {
        let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
        self.separate();
        let _ = write!(self.0, "\"{guard}{}\"", text.replace('"', "\"\""));
        self
    }

    /// Adds a text, or an empty cell.
    #[must_use]
    pub(crate) fn optional(self, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.text(text),
            None => self.plain(""),
        }
    }

    /// Adds what has neither quotes nor separators: a number, a code of the program, an id.
    #[must_use]
    pub(crate) fn plain(mut self, value: impl std::fmt::Display) -> Self {
        self.separate();
        let _ = write!(self.0, "{value}");
        self
    }

    /// Adds a moment in UTC, as ISO 8601 has it.
    #[must_use]
    pub(crate) fn time(self, unix_ms: i64) -> Self {
        self.plain(jiff::Timestamp::from_millisecond(unix_ms).unwrap_or_default())
    }

    /// Adds a moment, or an empty cell.
    #[must_use]
    pub(crate) fn optional_time(self, unix_ms: Option<i64>) -> Self {
        match unix_ms {
            Some(unix_ms) => self.time(unix_ms),
            None => self.plain(""),
        }
    }

    /// The line with its end.
    #[must_use]
    pub(crate) fn end(mut self) -> String {
        self.0.push_str("\r\n");
        self.0
    }

    fn separate(&mut self) {
        if !self.0.is_empty() {
            self.0.push(',');
        }
    }
}
