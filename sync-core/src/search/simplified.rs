//! Traditional Chinese characters as simplified ones, one character at a time.
//!
//! Good for comparing, not for showing: 乾 may be 干 or 乾, but text and query are folded alike.

use std::sync::LazyLock;

const TABLE: &str = include_str!("simplified.txt");

/// Traditional and simplified, sorted by the first.
static PAIRS: LazyLock<Vec<(char, char)>> = LazyLock::new(|| {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    let chars: Vec<char> = lines.flat_map(str::chars).collect();
    chars.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
});

/// The simplified form of a character; every other character stays.
pub(super) fn simplified(c: char) -> char {
    // Below are no Chinese characters: Latin text pays nothing.
    if c < '\u{3400}' {
        return c;
    }
    PAIRS.binary_search_by_key(&c, |pair| pair.0).map_or(c, |at| PAIRS[at].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_ends_in_one_step() {
        assert!(PAIRS.len() > 3000);
        assert!(PAIRS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(PAIRS.iter().all(|(_, to)| simplified(*to) == *to));
    }

    #[test]
    fn traditional_characters_become_simplified_ones() {
        let folded: String = "電錶計量，瓦斯漏氣，投訴編號A1，电表".chars().map(simplified).collect();
        assert_eq!(folded, "电表计量，瓦斯漏气，投诉编号A1，电表");
    }
}
