//! Rows of texts with their columns under one another, Chinese characters counted as wide as terminals draw them.

use unicode_width::UnicodeWidthStr;

/// The rows as lines, two spaces between columns.
pub(crate) fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let widest = rows.iter().map(|row| row[column].width()).max().unwrap_or(0);
            line.push_str(cell);
            line.push_str(&" ".repeat(widest - cell.width() + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_one_another_whatever_the_script() {
        let rows = [["登录名", "姓名"], ["carter", "James Carter"], ["lina", "李娜"]]
            .map(|row| row.map(String::from));
        assert_eq!(columns(&rows), "登录名  姓名\ncarter  James Carter\nlina    李娜\n");
    }
}
