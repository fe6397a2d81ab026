//! Chinese sentences about failures whose cause is told in English: by the system, a library or a detail of ours.

use std::fmt::Display;

/// What happened and what to do, with the cause in its own words on a line of its own.
pub fn apart(sentence: impl Display, cause: impl Display) -> String {
    let cause = cause.to_string();
    let lines = cause.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let cause = lines.collect::<Vec<_>>().join("\n    ");
    format!("{sentence}\n  原文：{cause}")
}

/// A failure of which nothing is told but its cause: one that says nothing in Chinese gets a sentence of its own.
pub fn told_in_chinese(cause: &str) -> String {
    let chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    if cause.contains(chinese) { cause.to_owned() } else { apart("没有完成", cause) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_in_english_stands_apart() {
        let told = apart("配置有误", "TOML parse error\n  |\n\nkey with no value\n");
        assert_eq!(told, "配置有误\n  原文：TOML parse error\n      |\n    key with no value");
        assert_eq!(told_in_chinese("disk gone"), "没有完成\n  原文：disk gone");
        assert_eq!(told_in_chinese(&told), told);
    }
}
