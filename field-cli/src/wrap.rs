//! Lines broken where people would break them, at words and between Chinese characters, with a
//! hanging indent. Terminals break anywhere, and `clap` only at spaces, of which Chinese has none.

use unicode_width::UnicodeWidthChar;

/// Fewest columns of text beside an indent.
const TEXT_COLUMNS_MIN: usize = 20;
/// What a line must not begin with.
const NOT_FIRST: &str = "，。、；：！？）」』》】”’…·,.;:!?)]}>%";
/// What a line must not end with.
const NOT_LAST: &str = "（「『《【“‘([{<";
/// How a line of a table begins; tables fit already.
const TABLE: &str = "┌│╞└";

/// The characters of a text with the columns that each takes; colours take none.
fn measured(text: &str) -> impl Iterator<Item = (char, usize)> {
    let mut in_escape = false;
    text.chars().map(move |c| {
        let hidden = in_escape || c == '\u{1b}';
        in_escape = hidden && !c.is_ascii_alphabetic();
        (c, if hidden { 0 } else { c.width().unwrap_or(0) })
    })
}

/// Columns that a text takes on a terminal.
pub(crate) fn width(text: &str) -> usize {
    measured(text).map(|(_, columns)| columns).sum()
}

/// The text with every line broken that is longer than this.
pub(crate) fn wrap(text: &str, columns: usize) -> String {
    text.split('\n').map(|line| wrap_line(line, columns)).collect::<Vec<_>>().join("\n")
}

fn wrap_line(line: &str, columns: usize) -> String {
    if width(line) <= columns || line.starts_with(|first| TABLE.contains(first)) {
        return line.to_owned();
    }
    let indent = hanging(line, columns);
    let (mut broken, mut used) = (String::with_capacity(line.len() + 16), 0);
    for piece in pieces(line) {
        if used > indent && used + width(piece.trim_end()) > columns {
            broken.truncate(broken.trim_end().len());
            broken.push('\n');
            broken.push_str(&" ".repeat(indent));
            used = indent;
        }
        broken.push_str(piece);
        used += width(piece);
    }
    broken
}

/// Where the lines that follow begin: under the last column of the line that begins in its left
/// half, else a little deeper than the line itself.
fn hanging(line: &str, columns: usize) -> usize {
    let lead = line.len() - line.trim_start_matches(' ').len();
    let (mut at, mut spaces, mut under) = (0, 0, None);
    for (c, columns_of_c) in measured(line) {
        if c != ' ' && spaces >= 2 && at > lead && at <= columns / 2 {
            under = Some(at);
        }
        spaces = if c == ' ' { spaces + 1 } else { 0 };
        at += columns_of_c;
    }
    under.filter(|under| under + TEXT_COLUMNS_MIN <= columns).unwrap_or(lead + 2)
}

/// The parts of a line that stay whole, each with the spaces behind it.
fn pieces(line: &str) -> Vec<&str> {
    let (mut pieces, mut start, mut before) = (Vec::new(), 0, None);
    for ((at, c), (_, columns)) in line.char_indices().zip(measured(line)) {
        let Some((last, last_columns)) = before.replace((c, columns)) else { continue };
        let after_space = last == ' ' && c != ' ';
        let between = (columns == 2 || last_columns == 2) && c != ' ';
        let may = between && !NOT_FIRST.contains(c) && !NOT_LAST.contains(last);
        // The space before the first word is its indent.
        if (after_space || may) && !line[..at].trim().is_empty() {
            pieces.push(&line[start..at]);
            start = at;
        }
    }
    pieces.push(&line[start..]);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_at_words_and_between_chinese_characters() {
        for (line, columns, broken) in [
            ("short", 10, "short"),
            ("one two three", 9, "one two\n  three"),
            ("  one two three", 11, "  one two\n    three"),
            ("误差合格，限值内", 10, "误差合格，\n  限值内"),
            ("限值（二级）内", 8, "限值（二\n  级）内"),
            ("a-very-long-word-stays x", 10, "a-very-long-word-stays\n  x"),
            ("│ a table is left alone │", 5, "│ a table is left alone │"),
        ] {
            assert_eq!(wrap(line, columns), broken, "{line}");
            assert_eq!(width(&wrap(line, columns).replace(['\n', ' '], "")), width(&line.replace(' ', "")));
        }
    }

    #[test]
    fn what_follows_stands_under_the_last_column() {
        let line = "      --visit <VISIT>  核查：@（当前核查）、投诉编号或其末尾几位（0417）；不写即 @";
        assert_eq!(
            wrap(line, 60),
            "      --visit <VISIT>  核查：@（当前核查）、投诉编号或其末尾\n                       几位（0417）；不写即 @"
        );
    }

    #[test]
    fn colours_take_no_room() {
        assert_eq!(width("\u{1b}[2m下一步\u{1b}[0m"), 6);
        assert_eq!(wrap("\u{1b}[2mone two\u{1b}[0m", 7), "\u{1b}[2mone two\u{1b}[0m");
    }
}
