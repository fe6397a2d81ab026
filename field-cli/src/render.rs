//! How things look: tables, times, sizes, distances.

use crate::i18n::{Lang, Words, say};
use crate::output::Output;
use crate::wrap::width;
use comfy_table::ContentArrangement;
use comfy_table::presets::UTF8_BORDERS_ONLY;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use sync_core::time::Timestamp;

/// Fewer columns hold no table: its cells would be a few letters wide.
const TABLE_COLUMNS_MIN: u16 = 72;

/// Rows of cells: a table where there is room for one, else a block of lines for every row.
pub(crate) struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    columns: Option<u16>,
}

/// A table in the style of this program.
pub(crate) fn table<S: Into<String>>(out: &Output, header: impl IntoIterator<Item = S>) -> Table {
    Table { header: header.into_iter().map(Into::into).collect(), rows: Vec::new(), columns: out.columns }
}

/// A table as lines without spaces at their ends.
pub(crate) fn lines(table: &Table) -> String {
    let text = if table.is_narrow() { table.blocks() } else { table.drawn() };
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

impl Table {
    /// Adds a row.
    pub(crate) fn add_row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// Whether the terminal is too narrow for columns.
    pub(crate) fn is_narrow(&self) -> bool {
        self.columns.is_some_and(|columns| columns < TABLE_COLUMNS_MIN)
    }

    fn drawn(&self) -> String {
        let mut table = comfy_table::Table::new();
        table.load_style(UTF8_BORDERS_ONLY).set_header(self.header.clone());
        match self.columns {
            Some(columns) => {
                table.set_content_arrangement(ContentArrangement::Dynamic).set_width(columns);
            }
            None => {
                table.set_content_arrangement(ContentArrangement::Disabled);
            }
        }
        table.add_rows(&self.rows);
        table.to_string()
    }

    /// The marks of a row and its first name on one line, the rest below, each with its heading.
    fn blocks(&self) -> String {
        let is_mark = |heading: &str| heading.is_empty() || heading == "#";
        let marks = self.header.iter().take_while(|heading| is_mark(heading)).count();
        let wide = self.header.iter().skip(marks + 1).map(|heading| width(heading)).max().unwrap_or(0);
        let block = |row: &Vec<String>| {
            let first = row.iter().take(marks + 1).filter(|cell| !cell.is_empty());
            let mut block = vec![first.cloned().collect::<Vec<_>>().join("  ")];
            for (heading, cell) in
                self.header.iter().zip(row).skip(marks + 1).filter(|(_, cell)| !cell.is_empty())
            {
                block.push(format!("  {heading}{}  {cell}", " ".repeat(wide - width(heading))));
            }
            block.join("\n")
        };
        self.rows.iter().map(block).collect::<Vec<_>>().join("\n\n")
    }
}

/// The beginning of a text, at most so many columns wide.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut cut = String::new();
    for c in text.chars() {
        if width(&cut) + width(c.encode_utf8(&mut [0; 4])) + 1 > columns {
            break;
        }
        cut.push(c);
    }
    format!("{}…", cut.trim_end())
}

/// A time in the zone of the user.
pub(crate) fn zoned(at: Timestamp, zone: &TimeZone) -> jiff::Zoned {
    let at = jiff::Timestamp::from_millisecond(at.unix_ms()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.to_zoned(zone.clone())
}

/// The day of a time in the zone of the user.
pub(crate) fn day(at: Timestamp, zone: &TimeZone) -> Date {
    zoned(at, zone).date()
}

/// `09:42` on the day of `now`, `21 Nov 09:42` or `11月21日 09:42` in its year, else with the year.
pub(crate) fn time(words: &Words, at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (at, now) = (zoned(at, zone), zoned(now, zone));
    let clock = at.strftime("%H:%M").to_string();
    if at.date() == now.date() { clock } else { format!("{} {clock}", date(words, at.date(), now.date())) }
}

/// `21 Nov` or `11月21日` in the year of `today`, else with the year.
pub(crate) fn date(words: &Words, day: Date, today: Date) -> String {
    let pattern = match (words.lang, day.year() == today.year()) {
        (Lang::En, true) => "%-d %b",
        (Lang::En, false) => "%-d %b %Y",
        (Lang::ZhCn, true) => "%-m月%-d日",
        (Lang::ZhCn, false) => "%Y年%-m月%-d日",
    };
    day.strftime(pattern).to_string()
}

/// `2 h 31 min`: the two largest units; years alone once there are two.
pub(crate) fn duration(words: &Words, ms: i64) -> String {
    let minutes = ms.max(0) / 60_000;
    let (days, hours, rest) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (days, hours, rest) {
        (0, 0, 0) => say!(words, "duration-seconds", seconds = (ms.max(0) / 1000)),
        (0, 0, minutes) => say!(words, "duration-minutes", minutes = minutes),
        (0, hours, minutes) => say!(words, "duration-hours", hours = hours, minutes = minutes),
        (days, ..) if days > 730 => say!(words, "duration-years", years = (days / 365)),
        (days, hours, _) => say!(words, "duration-days", days = days, hours = hours),
    }
}

/// `3.0 MB`, in powers of ten.
#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
pub(crate) fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{:.0} kB", count as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", count as f64 / 1e6),
        _ => format!("{:.1} GB", count as f64 / 1e9),
    }
}

/// `18 m`, `1.2 km`.
pub(crate) fn metres(metres: f64) -> String {
    if metres < 1000.0 { format!("{metres:.0} m") } else { format!("{:.1} km", metres / 1000.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_terminal_gets_a_block_for_every_row() {
        let row = ["@", "C-2026-0417", "梧桐路 12 号", "14:00"].map(String::from).to_vec();
        let header = ["", "编号", "地址", "时限至"].map(String::from).to_vec();
        let mut table = Table { header, rows: vec![row.clone(), row], columns: Some(50) };
        table.rows[1][3].clear();
        assert_eq!(
            lines(&table),
            "@  C-2026-0417\n  地址    梧桐路 12 号\n  时限至  14:00\n\n@  C-2026-0417\n  地址    梧桐路 12 号"
        );
        table.columns = Some(80);
        assert!(lines(&table).starts_with('┌'), "{}", lines(&table));
        assert_eq!([cut("电表走得快", 6), cut("short", 6)], ["电表…", "short"]);
    }

    #[test]
    fn times_and_sizes_read_naturally_in_both_languages() {
        let zone = TimeZone::fixed(jiff::tz::offset(8));
        let now = Timestamp::from_unix_ms(1_795_220_520_000);
        let at = |ms: i64| now.plus_ms(ms);
        let (en, zh) = (Words::new(Lang::En), Words::new(Lang::ZhCn));
        let shown = |words: &Words, ms| time(words, at(ms), now, &zone);
        assert_eq!(shown(&en, 0), shown(&zh, 0));
        insta::assert_snapshot!(shown(&en, 0), @"08:22");
        insta::assert_snapshot!(shown(&en, -86_400_000), @"20 Nov 08:22");
        insta::assert_snapshot!(shown(&zh, -400 * 86_400_000), @"2025年10月17日 08:22");
        insta::assert_snapshot!(duration(&en, 9_060_000), @"2 h 31 min");
        insta::assert_snapshot!(duration(&zh, 9_060_000), @"2 小时 31 分");
        insta::assert_snapshot!(duration(&zh, 200_000_000), @"2 天 7 小时");
        assert_eq!([bytes(999), bytes(41_499), bytes(3_040_000)], ["999 B", "41 kB", "3.0 MB"]);
        assert_eq!([metres(17.6), metres(1234.0)], ["18 m", "1.2 km"]);
    }
}
